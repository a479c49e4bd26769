/* Progress of a run on stderr: a line that is redrawn on a terminal, or a JSON object per epoch. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_begin(struct cli_progress_line *line, enum cli_progress kind) {
  if (kind == CLI_PROGRESS_AUTO) {
    kind = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
  }
  *line = (struct cli_progress_line){.kind = kind, .begin_ms = now_ms()};
}

static void print_watermark(int64_t watermark_ms) {
  time_t seconds = watermark_ms / 1000;
  struct tm broken_down;
  char text[32];
  if (watermark_ms <= 0 || gmtime_r(&seconds, &broken_down) == NULL) return;
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &broken_down);
  fprintf(stderr, "  watermark %s", text);
}

static void print_latency(const eagre_report *report) {
  if (report->latency_p50_us < 0) return;
  fprintf(stderr, "  p50 %.1f ms  p99 %.1f ms", (double)report->latency_p50_us / 1000,
          (double)report->latency_p99_us / 1000);
}

/* One line, redrawn in place; the escape clears what a longer one left. */
static void draw(struct cli_progress_line *line, const eagre_report *report) {
  int64_t elapsed_ms = now_ms() - line->begin_ms;
  double rate = elapsed_ms > 0 ? (double)line->row_count * 1000.0 / (double)elapsed_ms : 0;
  fprintf(stderr, "\r\033[K%.*s  epoch %" PRId64 "  %" PRIu64 " rows  %.0f rows/s  %" PRId64 " ms",
          (int)report->flow_size, report->flow, report->epoch, line->row_count, rate,
          report->duration_ms);
  print_latency(report);
  print_watermark(report->watermark_ms);
  fflush(stderr);
  line->is_drawn = true;
}

void cli_progress_report(void *context, const eagre_report *report) {
  struct cli_progress_line *line = context;
  line->row_count += report->input_rows;
  if (line->kind == CLI_PROGRESS_JSON) {
    fwrite(report->json, 1, report->json_size, stderr);
    fputc('\n', stderr);
  } else if (line->kind == CLI_PROGRESS_BAR) {
    draw(line, report);
  }
}

void cli_progress_end(struct cli_progress_line *line) {
  if (line->is_drawn) fputc('\n', stderr);
}

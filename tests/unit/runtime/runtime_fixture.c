/* Pipelines over a directory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_runtime.h"

static void print(void *context, struct eagre_text text) {
  eagre_buffer_append_text(&((struct fixture *)context)->printed, text);
}

static void on_report(void *context, const struct eagre_runtime_report *report) {
  struct fixture *fixture = context;
  eagre_buffer_append_text(&fixture->reports, report->json);
  eagre_buffer_append_char(&fixture->reports, '\n');
  fixture->report_count += 1;
  if (fixture->report_count == fixture->stop_after) eagre_runtime_stop(fixture->runtime);
}

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make_fast();
  fixture->options = (struct eagre_runtime_options){.core_count = 2,
                                                    .startup_timeout_us = 1000000,
                                                    .stop_timeout_us = 60000000,
                                                    .on_report = on_report,
                                                    .report_context = fixture,
                                                    .print = print,
                                                    .print_context = fixture};
  *state = fixture;
  return 0;
}

static void unbind(struct fixture *fixture) {
  eagre_runtime_free(fixture->runtime);
  eagre_pipeline_free(fixture->pipeline);
  fixture->runtime = NULL;
  fixture->pipeline = NULL;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  unbind(fixture);
  scratch_remove(fixture->directory);
  eagre_buffer_done(&fixture->printed);
  eagre_buffer_done(&fixture->reports);
  eagre_free(fixture);
  return 0;
}

static void bind_as(struct fixture *fixture, const char *sql, bool is_query) {
  struct eagre_buffer text = {0};
  unbind(fixture);
  for (const char *c = sql; *c != '\0'; c++) {
    if (c[0] == '$' && c[1] == 'D') {
      eagre_buffer_append_string(&text, fixture->directory);
      c += 1;
    } else {
      eagre_buffer_append_char(&text, *c);
    }
  }
  char storage[512];
  snprintf(storage, sizeof storage, "%s/storage", fixture->directory);
  const struct eagre_plan_request request = {.file_name = EAGRE_TEXT("f.sql"),
                                             .source = eagre_buffer_text(&text),
                                             .storage = eagre_text_of(storage),
                                             .is_query = is_query};
  if (eagre_plan_pipeline(&request, &fixture->pipeline, &fixture->error) != EAGRE_OK) {
    fail_msg("%s: %s\n%s", fixture->error.class_name, fixture->error.text, sql);
  }
  eagre_buffer_done(&text);
}

void bind(struct fixture *fixture, const char *sql) {
  bind_as(fixture, sql, false);
}

void bind_query(struct fixture *fixture, const char *sql) {
  bind_as(fixture, sql, true);
}

void write_input(struct fixture *fixture, uint32_t file_count, uint32_t row_count) {
  mkdir(scratch_path(fixture->directory, "in"), 0777);
  for (uint32_t file = 0; file < file_count; file++) {
    struct eagre_buffer text = {0};
    char name[32];
    for (uint32_t i = 0; i < row_count; i++) {
      uint32_t number = file * row_count + i;
      eagre_buffer_printf(&text, "{\"k\":\"k%u\",\"n\":%u,\"ts\":\"1970-01-01T00:%02u:%02uZ\"}\n",
                          number % 5, number, number / 60 % 60, number % 60);
    }
    snprintf(name, sizeof name, "in/%04u.json", file);
    scratch_write(scratch_path(fixture->directory, name), text.data, text.size);
    eagre_buffer_done(&text);
  }
}

enum eagre_status make(struct fixture *fixture) {
  eagre_runtime_free(fixture->runtime);
  fixture->runtime = NULL;
  fixture->report_count = 0;
  return eagre_runtime_new(fixture->pipeline, &fixture->options, &fixture->runtime,
                           &fixture->error);
}

enum eagre_status run(struct fixture *fixture) {
  fixture->failed_flow = eagre_text_make("", 0);
  EAGRE_TRY(make(fixture));
  return eagre_runtime_run(fixture->runtime, &fixture->failed_flow, &fixture->error);
}

static int compare_lines(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

char *take_lines(struct fixture *fixture) {
  char *text = eagre_text_duplicate(eagre_buffer_text(&fixture->printed));
  char **lines = eagre_allocate(sizeof *lines * (fixture->printed.size + 1));
  uint32_t count = 0;
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    lines[count++] = line;
  }
  qsort(lines, count, sizeof *lines, compare_lines);
  struct eagre_buffer sorted = {0};
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_printf(&sorted, "%s\n", lines[i]);
  }
  char *result = eagre_text_duplicate(eagre_buffer_text(&sorted));
  eagre_buffer_done(&sorted);
  eagre_free(lines);
  eagre_free(text);
  eagre_buffer_clear(&fixture->printed);
  return result;
}

bool exists(const struct fixture *fixture, const char *name) {
  return access(scratch_path(fixture->directory, name), F_OK) == 0;
}

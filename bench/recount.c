/* Recounts of the benches' events. */
#include "recount.h"

#include <inttypes.h>
#include <stdio.h>

enum { WINDOW_MS = 10000 };

/* Sums of products tell when the columns of different rows were mixed up; the checksums and bytes
 * of the "ok" events are for queries that give them out as they came. */
static const char *const sum_names[BENCH_DEVICE_SUM_COUNT] = {
    "rows",
    "n",
    "temperature_tenths",
    "device",
    "site",
    "time_ms",
    "n*device",
    "n*temperature_tenths",
    "device*time_ms",
    "n*site",
    "ok_rows",
    "ok_n",
    "ok_bytes",
    "ok_crc32",
};

void bench_recount_init(struct bench_recount *recount, enum bench_shape shape,
                        uint64_t event_count) {
  *recount = (struct bench_recount){.shape = shape};
  if (shape == BENCH_DEVICE) return;
  size_t count = BENCH_WORD_COUNT;
  if (shape != BENCH_WORDS) {
    recount->window_count = event_count / BENCH_YSB_EVENTS_PER_SECOND * 1000 / WINDOW_MS + 2;
    count = recount->window_count * BENCH_YSB_AD_COUNT;
  }
  recount->counts = eagre_allocate_zeroed(count, sizeof *recount->counts);
}

void bench_recount_done(struct bench_recount *recount) {
  eagre_free(recount->counts);
}

static void add_ysb(struct bench_recount *recount, const struct bench_ysb *event) {
  if (!event->is_view) return;
  uint64_t window = (uint64_t)(event->time_ms - BENCH_YSB_START_MS) / WINDOW_MS;
  recount->counts[window * BENCH_YSB_AD_COUNT + event->ad]++;
}

static void add_device(struct bench_recount *recount, const struct bench_device *event,
                       struct eagre_text text) {
  const uint64_t number = event->number;
  const uint64_t terms[BENCH_DEVICE_SUM_COUNT] = {
      1,
      number,
      event->temperature_tenths,
      event->device,
      event->site,
      event->time_ms,
      number * event->device,
      number * event->temperature_tenths,
      (uint64_t)event->device * event->time_ms,
      number * event->site,
      event->is_ok ? 1 : 0,
      event->is_ok ? number : 0,
      event->is_ok ? text.size : 0,
      event->is_ok ? eagre_crc32(0, text.data, text.size) : 0,
  };
  for (size_t i = 0; i < BENCH_DEVICE_SUM_COUNT; i++)
    recount->sums[i] += terms[i];
}

void bench_recount_add(struct bench_recount *recount, const struct bench_event *event,
                       struct eagre_text text) {
  switch (recount->shape) {
  case BENCH_DEVICE:
    add_device(recount, &event->device, text);
    break;
  case BENCH_WORDS:
    recount->counts[event->word]++;
    break;
  default:
    add_ysb(recount, &event->ysb);
  }
}

static void write_ysb(const struct bench_recount *recount, FILE *file) {
  for (uint64_t window = 0; window < recount->window_count; window++) {
    for (uint32_t ad = 0; ad < BENCH_YSB_AD_COUNT; ad++) {
      uint32_t count = recount->counts[window * BENCH_YSB_AD_COUNT + ad];
      char identifier[EAGRE_UUID_SIZE];
      if (count == 0) continue;
      bench_ysb_ad_id(ad, identifier);
      fprintf(file, "%s\t%" PRId64 "\t%" PRIu32 "\n", identifier,
              BENCH_YSB_START_MS + (int64_t)window * WINDOW_MS, count);
    }
  }
}

static void write_words(const struct bench_recount *recount, FILE *file) {
  for (uint32_t i = 0; i < BENCH_WORD_COUNT; i++) {
    char word[BENCH_WORD_SIZE];
    if (recount->counts[i] == 0) continue;
    bench_word(i, word);
    fprintf(file, "%s\t%" PRIu32 "\n", word, recount->counts[i]);
  }
}

static void write_sums(const struct bench_recount *recount, FILE *file) {
  for (size_t i = 0; i < BENCH_DEVICE_SUM_COUNT; i++) {
    fprintf(file, "%s\t%" PRIu64 "\n", sum_names[i], recount->sums[i]);
  }
}

bool bench_recount_write(const struct bench_recount *recount, const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) return false;
  if (recount->shape == BENCH_DEVICE) {
    write_sums(recount, file);
  } else if (recount->shape == BENCH_WORDS) {
    write_words(recount, file);
  } else {
    write_ysb(recount, file);
  }
  return fclose(file) == 0;
}

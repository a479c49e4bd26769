/* What queries over the benches' events must answer, counted from what was generated and not from
 * what was written.
 *
 * The file it is written to has lines of fields with tabs between them, by shape:
 *   ysb     ad_id, start of a window of 10 s in ms, number of its views; windows without are absent
 *   words   word, number of its events
 *   device  name of a sum, its value: of all events, and of those that are "ok" (recount.c) */
#pragma once

#include <stdint.h>

#include "events.h"

enum { BENCH_DEVICE_SUM_COUNT = 14 };

struct bench_recount {
  enum bench_shape shape;
  uint64_t window_count;
  uint32_t *counts; /* ysb: window_count * BENCH_YSB_AD_COUNT; words: BENCH_WORD_COUNT */
  uint64_t sums[BENCH_DEVICE_SUM_COUNT];
};

/* For up to `event_count` events of one generator. */
void bench_recount_init(struct bench_recount *recount, enum bench_shape shape,
                        uint64_t event_count);
void bench_recount_done(struct bench_recount *recount);
/* Counts one event; `text` is what was made of it. */
void bench_recount_add(struct bench_recount *recount, const struct bench_event *event,
                       struct eagre_text text);
/* Writes the file; whether all of it could be written. */
bool bench_recount_write(const struct bench_recount *recount, const char *path);

/* The events that benches read, seeded and reproducible: ysb (about 238 B, all values text), the
 * same with its members shuffled or pretty-printed, device (116 B), words (19 B).
 *
 * The ysb stream runs at BENCH_YSB_EVENTS_PER_SECOND of event time: time grows with the event's
 * number, jitters by 50 ms, and one event in 100,000 is late by up to 60 s. A third are views. */
#pragma once

#include <stdint.h>

#include "base/base.h"

enum bench_shape {
  BENCH_YSB,
  BENCH_YSB_SHUFFLED,
  BENCH_YSB_PRETTY,
  BENCH_DEVICE,
  BENCH_WORDS,
};

enum {
  BENCH_YSB_AD_COUNT = 1000,
  BENCH_YSB_ADS_PER_CAMPAIGN = 10, /* ad 0 to 9 belong to campaign 0 */
  BENCH_YSB_EVENTS_PER_SECOND = 10000,
  BENCH_YSB_LATENESS_MS_MAX = 60050, /* behind the greatest event time so far */
  BENCH_EVENT_SIZE_MAX = 512,
  BENCH_WORD_COUNT = 5000,
  BENCH_WORD_SIZE = 8, /* seven letters and a zero */
};
#define BENCH_YSB_START_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

struct bench_generator {
  enum bench_shape shape;
  struct eagre_random random;
  uint64_t number; /* of the next event */
};

/* The part of a ysb event that the query looks at. */
struct bench_ysb {
  uint32_t ad;
  bool is_view;
  int64_t time_ms;
};

/* What a device event says. */
struct bench_device {
  uint32_t device;
  uint32_t time_ms; /* behind BENCH_YSB_START_MS */
  uint32_t temperature_tenths;
  uint32_t number;
  uint32_t site;
  bool is_ok;
};

/* An event without its text, so that it can be counted; which member counts, the shape says. */
struct bench_event {
  union {
    struct bench_ysb ysb;
    struct bench_device device;
    uint32_t word;
  };
};

void bench_generator_init(struct bench_generator *generator, enum bench_shape shape, uint64_t seed);
/* Appends one event without newline. `out_event` may be NULL. */
void bench_generator_append(struct bench_generator *generator, struct eagre_buffer *out,
                            struct bench_event *out_event);
/* The identifier of an ad, of a campaign: 36 characters and a zero. */
void bench_ysb_ad_id(uint32_t ad, char out_text[EAGRE_UUID_SIZE]);
void bench_ysb_campaign_id(uint32_t campaign, char out_text[EAGRE_UUID_SIZE]);
void bench_word(uint32_t word, char out_text[BENCH_WORD_SIZE]);
/* Appends a view of ad 0 at `time_ms`: it closes windows before it. */
void bench_ysb_append_closing(struct eagre_buffer *out, int64_t time_ms);

/* `count` events in memory, 64 readable bytes behind each. */
struct bench_events {
  struct eagre_text *texts;
  uint32_t count;
  struct eagre_buffer bytes;
};
void bench_events_init(struct bench_events *events, enum bench_shape shape, uint32_t count);
void bench_events_done(struct bench_events *events);

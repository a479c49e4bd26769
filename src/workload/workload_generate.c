/* Records by number: every draw is a hash of (seed, number), so that any part of a workload can be
 * made again, alone. */
#include <string.h>

#include "value/value.h"
#include "workload/workload_record.h"

enum { YSB_ADS = 1000, YSB_USERS = 100, YSB_PAGES = 100, DEVICES = 10000, WORDS = 5000 };

static const char *const workload_names[EAGRE_WORKLOAD_count] = {"orders", "device", "ysb",
                                                                 "words"};

void eagre_workload_options_init(struct eagre_workload_options *options,
                                 enum eagre_workload_kind kind) {
  *options = (struct eagre_workload_options){
      .kind = kind,
      .seed = 1,
      .start_us = INT64_C(1767225600000000), /* 2026-01-01 */
      .step_us = 1000,
      .late_per_million = kind == EAGRE_WORKLOAD_ORDERS ? 2000 : 0,
      .malformed_per_million = kind == EAGRE_WORKLOAD_ORDERS ? 1000 : 0,
  };
}

enum eagre_status eagre_workload_parse(struct eagre_text name, enum eagre_workload_kind *out_kind,
                                       struct eagre_error *error) {
  for (int i = 0; i < EAGRE_WORKLOAD_count; i++) {
    if (!eagre_text_equal_string(name, workload_names[i])) continue;
    *out_kind = (enum eagre_workload_kind)i;
    return EAGRE_OK;
  }
  const char *nearest = eagre_text_nearest(name, workload_names, EAGRE_WORKLOAD_count);
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_WORKLOAD", "There is no workload '%.*s'.",
                  (int)name.size, name.data);
  eagre_error_hint(error, "%s%s",
                   nearest == NULL ? "there are orders, device, ysb, " : "did you mean ",
                   nearest == NULL ? "words" : nearest);
  return EAGRE_USAGE;
}

void eagre_workload_append_integer(struct eagre_buffer *out, int64_t value) {
  char text[32];
  eagre_buffer_append(out, text, eagre_value_print_integer(value, text));
}

static void put_digits(char *text, unsigned value, unsigned count) {
  for (unsigned i = count; i > 0; i--) {
    text[i - 1] = (char)('0' + value % 10);
    value /= 10;
  }
}

void eagre_workload_append_timestamp(struct eagre_buffer *out, int64_t us) {
  const int64_t day_us = INT64_C(86400000000);
  int64_t days = us / day_us - (us % day_us < 0);
  unsigned ms = (unsigned)((us - days * day_us) / 1000);
  int64_t year = 0;
  unsigned month = 0;
  unsigned day = 0;
  eagre_value_civil_from_days(days, &year, &month, &day);
  char text[] = "0000-00-00T00:00:00.000Z";
  put_digits(text, (unsigned)year, 4);
  put_digits(text + 5, month, 2);
  put_digits(text + 8, day, 2);
  put_digits(text + 11, ms / 3600000, 2);
  put_digits(text + 14, ms / 60000 % 60, 2);
  put_digits(text + 17, ms / 1000 % 60, 2);
  put_digits(text + 20, ms % 1000, 3);
  eagre_buffer_append(out, text, sizeof text - 1);
}

/* ---- Yahoo Streaming Benchmark
 * ---------------------------------------------------------------------- */

/* A UUID that depends on (seed, what, number) only. */
static void append_uuid(struct eagre_buffer *out, uint64_t seed, uint64_t what, uint64_t number) {
  static const char digits[] = "0123456789abcdef";
  uint64_t high = eagre_hash_integer(number, seed ^ (what << 56));
  uint64_t low = eagre_hash_integer(high, seed);
  char text[36];
  for (unsigned i = 0, nibble = 0; i < 36; i++) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      text[i] = '-';
      continue;
    }
    uint64_t half = nibble < 16 ? high : low;
    text[i] = digits[(half >> (nibble % 16 * 4)) & 15];
    nibble += 1;
  }
  eagre_buffer_append(out, text, sizeof text);
}

static void append_ysb(const struct eagre_workload_options *options, uint64_t number,
                       struct eagre_buffer *out) {
  static const char *const ad_types[] = {"banner", "modal", "sponsored-search", "mail", "mobile"};
  static const char *const event_types[] = {"view", "click", "purchase"};
  uint64_t lot = eagre_hash_integer(number, options->seed);
  eagre_buffer_append_string(out, "{\"user_id\":\"");
  append_uuid(out, options->seed, 1, lot % YSB_USERS);
  eagre_buffer_append_string(out, "\",\"page_id\":\"");
  append_uuid(out, options->seed, 2, (lot >> 8) % YSB_PAGES);
  eagre_buffer_append_string(out, "\",\"ad_id\":\"");
  append_uuid(out, options->seed, 3, (lot >> 16) % YSB_ADS);
  eagre_buffer_append_string(out, "\",\"ad_type\":\"");
  eagre_buffer_append_string(out, ad_types[(lot >> 32) % 5]);
  eagre_buffer_append_string(out, "\",\"event_type\":\"");
  eagre_buffer_append_string(out, event_types[(lot >> 40) % 3]);
  eagre_buffer_append_string(out, "\",\"event_time\":\"");
  eagre_workload_append_integer(out,
                                (options->start_us + (int64_t)number * options->step_us) / 1000);
  eagre_buffer_append_string(out, "\",\"ip_address\":\"1.2.3.4\"}");
}

/* ---- Device, words
 * ------------------------------------------------------------------------------------ */

static void append_device(const struct eagre_workload_options *options, uint64_t number,
                          struct eagre_buffer *out) {
  uint64_t lot = eagre_hash_integer(number, options->seed);
  eagre_buffer_append_string(out, "{\"device\":\"d");
  eagre_workload_append_integer(out, (int64_t)(lot % DEVICES));
  eagre_buffer_append_string(out, "\",\"ts\":\"");
  eagre_workload_append_timestamp(out, options->start_us + (int64_t)number * options->step_us);
  eagre_buffer_append_string(out, "\",\"temp\":");
  eagre_workload_append_integer(out, (int64_t)((lot >> 16) % 60));
  eagre_buffer_append_char(out, '.');
  eagre_buffer_append_char(out, (char)('0' + (lot >> 24) % 10));
  eagre_buffer_append_string(out, (lot >> 32) % 2 == 0 ? ",\"status\":\"ok\",\"n\":"
                                                       : ",\"status\":\"hot\",\"n\":");
  eagre_workload_append_integer(out, (int64_t)number);
  eagre_buffer_append_string(out, ",\"site\":\"site-");
  eagre_buffer_append_char(out, (char)('0' + (lot >> 40) % 10));
  eagre_buffer_append_char(out, (char)('0' + (lot >> 44) % 10));
  eagre_buffer_append_string(out, "\",\"fw\":\"1.4.2\"}");
}

static void append_word(const struct eagre_workload_options *options, uint64_t number,
                        struct eagre_buffer *out) {
  uint64_t lot = eagre_hash_integer(number, options->seed) % WORDS;
  uint64_t letters = eagre_hash_integer(lot, options->seed);
  eagre_buffer_append_string(out, "{\"word\": \"");
  for (unsigned i = 0; i < 7; i++) {
    eagre_buffer_append_char(out, (char)('a' + (letters >> (i * 8)) % 26));
  }
  eagre_buffer_append_string(out, "\"}");
}

void eagre_workload_append(const struct eagre_workload_options *options, uint64_t number,
                           struct eagre_buffer *out) {
  switch (options->kind) {
  case EAGRE_WORKLOAD_ORDERS:
    eagre_order_append(options, number, out);
    break;
  case EAGRE_WORKLOAD_DEVICE:
    append_device(options, number, out);
    break;
  case EAGRE_WORKLOAD_YSB:
    append_ysb(options, number, out);
    break;
  case EAGRE_WORKLOAD_WORDS:
    append_word(options, number, out);
    break;
  case EAGRE_WORKLOAD_count:
    break;
  }
}

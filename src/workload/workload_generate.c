/* Records by number: every draw is a hash of (seed, number), so that any part of a workload can be
 * made again, alone. */
#include <string.h>

#include "value/value.h"
#include "workload/workload_record.h"

enum { YSB_ADS = 1000, YSB_USERS = 100, YSB_PAGES = 100, DEVICES = 10000, WORDS = 5000 };

static const char *const workload_names[EAGRE_WORKLOAD_count] = {"orders", "device", "ysb", "words",
                                                                 "nexmark"};

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
                   nearest == NULL ? "there are orders, device, ysb, words, " : "did you mean ",
                   nearest == NULL ? "nexmark" : nearest);
  return EAGRE_USAGE;
}

uint64_t eagre_workload_original(const struct eagre_workload_options *options, uint64_t number) {
  while (number > 0) {
    uint64_t lot = eagre_hash_integer(number, ~options->seed) % 1000000;
    if (lot >= options->duplicate_per_million) break;
    number -= 1;
  }
  return number;
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

/* ---- Yahoo Streaming Benchmark --------------------------------------------------------------- */

/* Eight hexadecimal digits of `value`, lowest first, all at once: a nibble per byte, then '0' or,
 * from ten on, the distance to 'a' added. */
static void put_hexadecimal(char text[8], uint32_t value) {
  uint64_t spread = value;
  spread = (spread | spread << 16) & UINT64_C(0x0000ffff0000ffff);
  spread = (spread | spread << 8) & UINT64_C(0x00ff00ff00ff00ff);
  spread = (spread | spread << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  uint64_t letters = (spread + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
  spread += UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
  memcpy(text, &spread, sizeof spread);
}

/* A UUID that depends on (seed, what, number) only. */
static void append_uuid(struct eagre_buffer *out, uint64_t seed, uint64_t what, uint64_t number) {
  uint64_t high = eagre_hash_integer(number, seed ^ (what << 56));
  uint64_t low = eagre_hash_integer(high, seed);
  char digits[32];
  char text[36];
  put_hexadecimal(digits, (uint32_t)high);
  put_hexadecimal(digits + 8, (uint32_t)(high >> 32));
  put_hexadecimal(digits + 16, (uint32_t)low);
  put_hexadecimal(digits + 24, (uint32_t)(low >> 32));
  memcpy(text, digits, 8);
  memcpy(text + 9, digits + 8, 4);
  memcpy(text + 14, digits + 12, 4);
  memcpy(text + 19, digits + 16, 4);
  memcpy(text + 24, digits + 20, 12);
  text[8] = text[13] = text[18] = text[23] = '-';
  eagre_buffer_append(out, text, sizeof text);
}

/* The opening of a member behind the value before: `","name":"`, or `{"name":"` for the first. */
static void append_opening(struct eagre_buffer *out, const char *plain, const char *with_blanks,
                           bool has_blanks) {
  eagre_buffer_append_string(out, has_blanks ? with_blanks : plain);
}

static void append_ysb(const struct eagre_workload_options *options, uint64_t number,
                       struct eagre_buffer *out) {
  static const char *const ad_types[] = {"banner", "modal", "sponsored-search", "mail", "mobile"};
  static const char *const event_types[] = {"view", "click", "purchase"};
  uint64_t lot = eagre_hash_integer(number, options->seed);
  bool blanks = options->has_blanks;
  append_opening(out, "{\"user_id\":\"", "{\"user_id\": \"", blanks);
  append_uuid(out, options->seed, 1, lot % YSB_USERS);
  append_opening(out, "\",\"page_id\":\"", "\", \"page_id\": \"", blanks);
  append_uuid(out, options->seed, 2, (lot >> 8) % YSB_PAGES);
  append_opening(out, "\",\"ad_id\":\"", "\", \"ad_id\": \"", blanks);
  append_uuid(out, options->seed, 3, (lot >> 16) % YSB_ADS);
  append_opening(out, "\",\"ad_type\":\"", "\", \"ad_type\": \"", blanks);
  eagre_buffer_append_string(out, ad_types[(lot >> 32) % 5]);
  append_opening(out, "\",\"event_type\":\"", "\", \"event_type\": \"", blanks);
  eagre_buffer_append_string(out, event_types[(lot >> 40) % 3]);
  append_opening(out, "\",\"event_time\":\"", "\", \"event_time\": \"", blanks);
  eagre_workload_append_integer(out,
                                (options->start_us + (int64_t)number * options->step_us) / 1000);
  append_opening(out, "\",\"ip_address\":\"", "\", \"ip_address\": \"", blanks);
  eagre_buffer_append_string(out, "1.2.3.4\"}");
}

/* ---- Device, words --------------------------------------------------------------------------- */

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
  eagre_buffer_append_string(out, "\",\"fw\":\"1.4.2\"");
  if (options->has_send_time) {
    eagre_buffer_append_string(out, ",\"us\":");
    eagre_workload_append_integer(out, options->start_us + (int64_t)number * options->step_us);
  }
  eagre_buffer_append_char(out, '}');
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
  number = eagre_workload_original(options, number);
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
  case EAGRE_WORKLOAD_NEXMARK:
    eagre_nexmark_append(options, number, out);
    break;
  case EAGRE_WORKLOAD_count:
    break;
  }
}

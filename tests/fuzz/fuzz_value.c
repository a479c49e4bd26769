/* Bytes as text of every kind: numbers, dates, timestamps, intervals, zones, patterns, UTF-8, files
 * of the tz database. What can be read must be printable and read back the same. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "value/value.h"
#include "value/value_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PRINT_SIZE = 48 };

static void try_numbers(struct eagre_text text) {
  char printed[PRINT_SIZE];
  int64_t integer, integer_back;
  double number, number_back;
  float single, single_back;
  eagre_decimal decimal, decimal_back;
  bool boolean;
  if (eagre_value_parse_integer(text, &integer) == EAGRE_VALUE_OK) {
    size_t size = eagre_value_print_integer(integer, printed);
    eagre_assert(eagre_value_parse_integer(eagre_text_make(printed, size), &integer_back) ==
                 EAGRE_VALUE_OK);
    eagre_assert(integer == integer_back);
    eagre_assert(eagre_value_parse_integer_truncated(text, &integer_back) == EAGRE_VALUE_OK);
    eagre_assert(integer == integer_back);
  }
  if (eagre_value_parse_double(text, &number) == EAGRE_VALUE_OK) {
    size_t size = eagre_value_print_double(number, printed);
    eagre_assert(eagre_value_parse_double(eagre_text_make(printed, size), &number_back) ==
                 EAGRE_VALUE_OK);
    eagre_assert(isnan(number) || memcmp(&number, &number_back, sizeof number) == 0);
  }
  if (eagre_value_parse_decimal(text, EAGRE_DECIMAL_PRECISION_MAX, 9, &decimal) == EAGRE_VALUE_OK) {
    size_t size = eagre_value_print_decimal(decimal, 9, printed);
    eagre_assert(eagre_value_parse_decimal(eagre_text_make(printed, size),
                                           EAGRE_DECIMAL_PRECISION_MAX, 9,
                                           &decimal_back) == EAGRE_VALUE_OK);
    eagre_assert(decimal == decimal_back);
  }
  if (eagre_value_parse_float(text, &single) == EAGRE_VALUE_OK) {
    size_t size = eagre_value_print_float(single, printed);
    eagre_assert(eagre_value_parse_float(eagre_text_make(printed, size), &single_back) ==
                 EAGRE_VALUE_OK);
    eagre_assert(isnan(single) || memcmp(&single, &single_back, sizeof single) == 0);
  }
  eagre_value_json_double(text);
  eagre_value_parse_boolean(text, &boolean);
}

static void try_times(struct eagre_text text, const struct eagre_zone *zone) {
  char printed[PRINT_SIZE];
  int64_t us, us_back, months;
  int32_t days, days_back;
  if (eagre_value_parse_timestamp(text, zone, 0, &us) == EAGRE_VALUE_OK) {
    eagre_assert(eagre_value_parse_json_timestamp(text, zone, 0, &us_back) == EAGRE_VALUE_OK);
    eagre_assert(us == us_back);
    size_t size = eagre_value_print_timestamp(us, zone, printed);
    enum eagre_value_result result =
        eagre_value_parse_timestamp(eagre_text_make(printed, size), zone, 0, &us_back);
    /* In an overlap the text is that of the first of two instants. */
    eagre_assert(result == EAGRE_VALUE_OK ? us_back <= us : result == EAGRE_VALUE_OVERFLOW);
    eagre_value_print_json_timestamp(us, zone, printed);
  } else {
    eagre_value_parse_json_timestamp(text, zone, 0, &us);
  }
  if (eagre_value_parse_json_date(text, &days) == EAGRE_VALUE_OK) {
    size_t size = eagre_value_print_date(days, printed);
    eagre_assert(eagre_value_parse_date(eagre_text_make(printed, size), &days_back) ==
                 EAGRE_VALUE_OK);
    eagre_assert(days == days_back);
  }
  if (eagre_value_parse_interval(text, &months, &us) == EAGRE_VALUE_OK) {
    struct eagre_buffer out = {0};
    eagre_value_print_interval(us, &out);
    eagre_buffer_done(&out);
  }
}

static void try_interval_of(struct eagre_text text, const struct eagre_type *type) {
  int64_t value, back;
  if (eagre_value_parse_interval_as(text, type, &value) != EAGRE_VALUE_OK) return;
  struct eagre_buffer out = {0};
  eagre_value_print_interval_as(value, type, &out);
  eagre_assert(eagre_value_parse_interval_as(eagre_buffer_text(&out), type, &back) ==
               EAGRE_VALUE_OK);
  eagre_assert(value == back);
  eagre_buffer_done(&out);
}

/* Texts of the interval types, and of wall clocks. */
static void try_clocks(struct eagre_text text, const struct eagre_zone *zone) {
  char printed[PRINT_SIZE];
  int64_t us, us_back;
  for (unsigned first = 0; first < EAGRE_INTERVAL_UNIT_count; first++) {
    unsigned end = first <= EAGRE_INTERVAL_MONTH ? EAGRE_INTERVAL_DAY : EAGRE_INTERVAL_UNIT_count;
    for (unsigned last = first; last < end; last++) {
      try_interval_of(text, eagre_type_interval((enum eagre_interval_unit)first,
                                                (enum eagre_interval_unit)last));
    }
  }
  if (eagre_value_parse_timestamp_ntz(text, zone, true, &us) != EAGRE_VALUE_OK) return;
  size_t size = eagre_value_print_timestamp(us, eagre_zone_utc(), printed);
  eagre_assert(eagre_value_parse_timestamp_ntz(eagre_text_make(printed, size), zone, false,
                                               &us_back) == EAGRE_VALUE_OK);
  eagre_assert(us == us_back);
  eagre_value_print_json_timestamp_ntz(us, printed);
}

static void try_utf8(struct eagre_text text) {
  struct eagre_buffer out = {0};
  eagre_value_utf8_repair(text, &out);
  struct eagre_text repaired = eagre_buffer_text(&out);
  eagre_assert(eagre_value_utf8_is_valid(repaired));
  eagre_assert(eagre_text_equal(repaired, text) == eagre_value_utf8_is_valid(text));
  eagre_value_utf8_length(text);
  eagre_buffer_done(&out);
}

/* Both ends of the list can be asked, whatever the bytes have made of it. */
static void try_zone_file(struct eagre_text content) {
  struct eagre_zone *zone = eagre_allocate_zeroed(1, sizeof *zone);
  if (eagre_zone_parse_file(zone, content) || eagre_zone_add_rule(zone, content)) {
    eagre_zone_offset_at(zone, INT64_MIN);
    eagre_zone_offset_at(zone, INT64_MAX);
    eagre_zone_local_to_instant(zone, 0);
  }
  eagre_free(zone->instants);
  eagre_free(zone->local_limits);
  eagre_free(zone->offsets);
  eagre_free(zone);
}

/* Up to the first line end a pattern, behind it a text to read with it. */
static void try_pattern(struct eagre_text text, const struct eagre_zone *zone) {
  const char *line_end = text.size == 0 ? NULL : memchr(text.data, '\n', text.size);
  if (line_end == NULL) return;
  struct eagre_text pattern_text = eagre_text_make(text.data, (size_t)(line_end - text.data));
  struct eagre_text rest = eagre_text_make(line_end + 1, text.size - pattern_text.size - 1);
  struct eagre_pattern *pattern;
  struct eagre_error error;
  if (eagre_pattern_open(pattern_text, &pattern, &error) != EAGRE_OK) return;
  int64_t us = 0;
  int32_t days;
  eagre_pattern_parse_date(pattern, rest, zone, &days);
  eagre_pattern_parse(pattern, rest, zone, &us);
  struct eagre_buffer out = {0};
  eagre_pattern_format(pattern, us, zone, &out);
  eagre_buffer_done(&out);
  eagre_pattern_close(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_text text = eagre_text_make((const char *)data, size);
  struct eagre_error error;
  struct eagre_zone *zone = NULL, *named = NULL;
  eagre_assert(eagre_zone_open(EAGRE_TEXT("Europe/Paris"), &zone, &error) == EAGRE_OK);
  if (eagre_zone_open(text, &named, &error) == EAGRE_OK) {
    eagre_assert(eagre_zone_id(named).size > 0);
    eagre_zone_close(named);
  }
  try_numbers(text);
  try_times(text, zone);
  try_clocks(text, zone);
  try_utf8(text);
  try_zone_file(text);
  try_pattern(text, zone);
  eagre_zone_close(zone);
  return 0;
}

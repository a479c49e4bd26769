/* Dates and timestamps as text, and whole values. */
#include "test_value.h"

#include <inttypes.h>

static void check_timestamp(const struct eagre_zone *zone, int64_t us, const char *want,
                            const char *want_json) {
  char text[40];
  assert_text(text, eagre_value_print_timestamp(us, zone, text), want);
  assert_text(text, eagre_value_print_json_timestamp(us, zone, text), want_json);
}

static void test_timestamps(void **state) {
  (void)state;
  struct eagre_zone *utc = open_zone("UTC"), *paris = open_zone("Europe/Paris");
  struct eagre_zone *kolkata = open_zone("+05:30"), *odd = open_zone("-00:00:30");
  int64_t us = wall_us(2026, 1, 1, 0, 0, 0);
  check_timestamp(utc, us, "2026-01-01 00:00:00", "2026-01-01T00:00:00.000Z");
  check_timestamp(utc, us + 500000, "2026-01-01 00:00:00.5", "2026-01-01T00:00:00.500Z");
  check_timestamp(utc, us + 123456, "2026-01-01 00:00:00.123456", "2026-01-01T00:00:00.123Z");
  check_timestamp(utc, us + 1, "2026-01-01 00:00:00.000001", "2026-01-01T00:00:00.000Z");
  check_timestamp(utc, us + 999999, "2026-01-01 00:00:00.999999", "2026-01-01T00:00:00.999Z");
  check_timestamp(utc, -1, "1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999Z");
  check_timestamp(paris, us, "2026-01-01 01:00:00", "2026-01-01T01:00:00.000+01:00");
  check_timestamp(paris, wall_us(2026, 7, 1, 12, 0, 0), "2026-07-01 14:00:00",
                  "2026-07-01T14:00:00.000+02:00");
  check_timestamp(kolkata, us, "2026-01-01 05:30:00", "2026-01-01T05:30:00.000+05:30");
  check_timestamp(odd, us, "2025-12-31 23:59:30", "2025-12-31T23:59:30.000-00:00:30");
  check_timestamp(paris, wall_us(1900, 1, 1, 0, 0, 0), "1900-01-01 00:09:21",
                  "1900-01-01T00:09:21.000+00:09:21");
  check_timestamp(utc, INT64_MAX, "+294247-01-10 04:00:54.775807", "+294247-01-10T04:00:54.775Z");
  check_timestamp(utc, INT64_MIN, "-290308-12-21 19:59:05.224192", "-290308-12-21T19:59:05.224Z");
  eagre_zone_close(utc);
  eagre_zone_close(paris);
  eagre_zone_close(kolkata);
  eagre_zone_close(odd);
}

static void test_dates(void **state) {
  (void)state;
  static const struct {
    int32_t days;
    const char *text;
  } cases[] = {
      {0, "1970-01-01"},
      {20454, "2026-01-01"},
      {-719528, "0000-01-01"},
      {-719893, "-0001-01-01"},
      {2932896, "9999-12-31"},
      {2932897, "+10000-01-01"},
      {INT32_MAX, "+5881580-07-11"},
      {INT32_MIN, "-5877641-06-23"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    char text[40];
    size_t size = eagre_value_print_date(cases[i].days, text);
    assert_text(text, size, cases[i].text);
    int32_t days;
    assert_int_equal(eagre_value_parse_date(eagre_text_make(text, size), &days), EAGRE_VALUE_OK);
    assert_int_equal(days, cases[i].days);
  }
}

/* One row of one primitive kind, read from `data`. */
static void check_value(enum eagre_type_kind kind, void *data, const char *want) {
  struct eagre_zone *zone = open_zone("UTC");
  struct eagre_vector vector = {.type = eagre_type_of(kind), .data = data};
  struct eagre_buffer out = {0};
  assert_true(eagre_value_print(&vector, 0, zone, &out));
  assert_text(out.data, out.size, want);
  eagre_buffer_done(&out);
  eagre_zone_close(zone);
}

static void test_primitive_values(void **state) {
  (void)state;
  uint8_t bits = 1;
  int8_t tiny = -128;
  int16_t small = -32768;
  int32_t integer = INT32_MIN, days = 20454;
  int64_t big = INT64_MIN, us = wall_us(2026, 1, 1, 0, 0, 0.25), interval = 10000000;
  float single = 0.1f;
  double number = 1e10;
  struct eagre_text text = EAGRE_TEXT("caf\xc3\xa9");
  struct eagre_text bytes = EAGRE_TEXT("\x01\xff");
  check_value(EAGRE_TYPE_BOOLEAN, &bits, "true");
  check_value(EAGRE_TYPE_TINYINT, &tiny, "-128");
  check_value(EAGRE_TYPE_SMALLINT, &small, "-32768");
  check_value(EAGRE_TYPE_INT, &integer, "-2147483648");
  check_value(EAGRE_TYPE_BIGINT, &big, "-9223372036854775808");
  check_value(EAGRE_TYPE_FLOAT, &single, "0.1");
  check_value(EAGRE_TYPE_DOUBLE, &number, "1.0E10");
  check_value(EAGRE_TYPE_STRING, &text, "caf\xc3\xa9");
  check_value(EAGRE_TYPE_BINARY, &bytes, "\x01\xff");
  check_value(EAGRE_TYPE_DATE, &days, "2026-01-01");
  check_value(EAGRE_TYPE_TIMESTAMP, &us, "2026-01-01 00:00:00.25");
  check_value(EAGRE_TYPE_INTERVAL_DAY, &interval, "INTERVAL '0 00:00:10' DAY TO SECOND");
  bits = 0;
  check_value(EAGRE_TYPE_BOOLEAN, &bits, "false");
}

static void test_nulls(void **state) {
  (void)state;
  int32_t data[] = {7, 8};
  uint8_t validity[8] = {2};
  struct eagre_vector vector = {
      .type = eagre_type_of(EAGRE_TYPE_INT), .data = data, .validity = validity};
  struct eagre_buffer out = {0};
  assert_false(eagre_value_print(&vector, 0, NULL, &out));
  assert_int_equal(out.size, 0);
  assert_true(eagre_value_print(&vector, 1, NULL, &out));
  assert_text(out.data, out.size, "8");
  struct eagre_vector nothing = {.type = eagre_type_of(EAGRE_TYPE_NULL)};
  assert_false(eagre_value_print(&nothing, 0, NULL, &out));
  vector.is_constant = true;
  validity[0] = 1;
  out.size = 0;
  assert_true(eagre_value_print(&vector, 1000, NULL, &out));
  assert_text(out.data, out.size, "7");
  eagre_buffer_done(&out);
}

/* STRUCT<a: INT, b: STRING, c: STRUCT<d: BOOLEAN>> of two rows. */
static void test_structs(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_field inner_fields[] = {{EAGRE_TEXT("d"), eagre_type_of(EAGRE_TYPE_BOOLEAN), true}};
  const struct eagre_type *inner = eagre_type_struct(&arena, inner_fields, 1);
  struct eagre_field fields[] = {
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("b"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("c"), inner, true},
  };
  const struct eagre_type *outer = eagre_type_struct(&arena, fields, 3);
  struct eagre_vector vector;
  eagre_vector_init(&vector, outer, 2, &arena);
  int32_t *a = vector.children[0].data;
  struct eagre_text *b = vector.children[1].data;
  a[0] = 1;
  a[1] = 2;
  b[0] = EAGRE_TEXT("x, y");
  b[1] = EAGRE_TEXT("");
  eagre_bit_set(vector.children[2].children[0].data, 0);
  eagre_vector_set_null(&vector.children[0], 1, 2, &arena);
  eagre_vector_set_null(&vector.children[2], 1, 2, &arena);
  struct eagre_buffer out = {0};
  assert_true(eagre_value_print(&vector, 0, NULL, &out));
  assert_text(out.data, out.size, "{1, x, y, {true}}");
  out.size = 0;
  assert_true(eagre_value_print(&vector, 1, NULL, &out));
  assert_text(out.data, out.size, "{null, , null}");
  eagre_buffer_done(&out);
  eagre_arena_done(&arena);
}

int run_print_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_timestamps),       cmocka_unit_test(test_dates),
      cmocka_unit_test(test_primitive_values), cmocka_unit_test(test_nulls),
      cmocka_unit_test(test_structs),
  };
  return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}

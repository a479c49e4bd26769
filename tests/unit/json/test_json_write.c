/* to_json (spark-semantics 5.6) and rows read back from what it wrote. */
#include "json_case.h"
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct eagre_zone *open_zone(const char *name) {
  struct eagre_zone *zone = NULL;
  assert_int_equal(eagre_zone_open(eagre_text_of(name), &zone, NULL), EAGRE_OK);
  return zone;
}

/* Reads `json` by `schema` and writes it again. */
static void rewrite(const char *schema, const char *json, const char *zone_name, bool keeps_nulls,
                    struct eagre_buffer *out) {
  struct eagre_arena arena = {0};
  struct eagre_json_decoder *decoder = open_decoder(schema, NULL, 0, EAGRE_JSON_ISA_BEST, &arena);
  struct eagre_text text = eagre_text_of(json);
  struct eagre_vector texts;
  struct eagre_vector rows;
  make_texts(&texts, &text, 1, &arena);
  assert_int_equal(eagre_json_decode(decoder, &texts, 1, &rows, &arena, NULL, NULL), EAGRE_OK);
  struct eagre_zone *zone = open_zone(zone_name);
  struct eagre_json_write_options options = {.zone = zone, .keep_nulls = keeps_nulls};
  eagre_json_write_struct(&rows, 0, &options, out);
  eagre_zone_close(zone);
  eagre_json_decoder_free(decoder);
  eagre_arena_done(&arena);
}

static void check(const char *schema, const char *json, const char *zone, bool keeps_nulls,
                  const char *expected) {
  struct eagre_buffer out = {0};
  rewrite(schema, json, zone, keeps_nulls, &out);
  assert_string_equal(eagre_buffer_string(&out), expected);
  eagre_buffer_done(&out);
}

static void test_types(void **state) {
  (void)state;
  check("a TINYINT, b SMALLINT, c INT, d BIGINT, e BOOLEAN, f BOOLEAN",
        "{\"a\":200,\"b\":-5,\"c\":7,\"d\":9223372036854775807,\"e\":true,\"f\":false}", "UTC",
        false, "{\"a\":-56,\"b\":-5,\"c\":7,\"d\":9223372036854775807,\"e\":true,\"f\":false}");
  check("f FLOAT, d DOUBLE", "{\"f\":1,\"d\":1e10}", "UTC", false, "{\"f\":1.0,\"d\":1.0E10}");
  check("f FLOAT, d DOUBLE", "{\"f\":0.1,\"d\":1e-5}", "UTC", false, "{\"f\":0.1,\"d\":1.0E-5}");
  check("f FLOAT, d DOUBLE", "{\"f\":NaN,\"d\":\"-INF\"}", "UTC", false,
        "{\"f\":\"NaN\",\"d\":\"-Infinity\"}");
  check("x BINARY", "{\"x\":\"\"}", "UTC", false, "{\"x\":\"\"}");
  check("x BINARY", "{\"x\":\"SA==\"}", "UTC", false, "{\"x\":\"SA==\"}");
  check("x BINARY", "{\"x\":\"SGU=\"}", "UTC", false, "{\"x\":\"SGU=\"}");
  check("x BINARY", "{\"x\":\"SGVs+/==\"}", "UTC", false, "{\"x\":\"SGVs+w==\"}");
}

static void test_times(void **state) {
  (void)state;
  check("t TIMESTAMP, e DATE", "{\"t\":\"2026-01-01T00:00:00.1239Z\",\"e\":\"2020-02-29\"}", "UTC",
        false, "{\"t\":\"2026-01-01T00:00:00.123Z\",\"e\":\"2020-02-29\"}");
  check("t TIMESTAMP", "{\"t\":\"2026-07-01T00:00:00Z\"}", "+02:00", false,
        "{\"t\":\"2026-07-01T02:00:00.000+02:00\"}");
  check("t TIMESTAMP", "{\"t\":-1}", "UTC", false, "{\"t\":\"1969-12-31T23:59:59.000Z\"}");
}

static void test_nulls(void **state) {
  (void)state;
  const char *schema = "a INT, b STRUCT<c: INT, d: STRUCT<e: INT>>, f STRING";
  check(schema, "{}", "UTC", false, "{}");
  check(schema, "{}", "UTC", true, "{\"a\":null,\"b\":null,\"f\":null}");
  check(schema, "{\"b\":{}}", "UTC", false, "{\"b\":{}}");
  check(schema, "{\"b\":{\"d\":{}}}", "UTC", true,
        "{\"a\":null,\"b\":{\"c\":null,\"d\":{\"e\":null}},\"f\":null}");
  check(schema, "{\"f\":\"x\",\"b\":{\"d\":{\"e\":1}}}", "UTC", false,
        "{\"b\":{\"d\":{\"e\":1}},\"f\":\"x\"}");
  check(schema, "", "UTC", false, "null");
}

static void test_strings(void **state) {
  (void)state;
  check("a STRING", "{\"a\":\"\\\"\\\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\\u007f<>&\"}", "UTC", false,
        "{\"a\":\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001F\x7f<>&\"}");
  check("a STRING", "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\\u2028\"}", "UTC", false,
        "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8\"}");
  check("`a\"b` STRING", "{\"a\\\"b\":1}", "UTC", false, "{\"a\\\"b\":\"1\"}");
  /* A STRING column may hold bytes that are no UTF-8 (a cast from BINARY keeps them). */
  struct eagre_arena arena = {0};
  struct eagre_vector vector;
  eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_STRING), 1, &arena);
  EAGRE_VALUES(struct eagre_text, &vector)[0] = EAGRE_TEXT("a\xff\"");
  struct eagre_json_write_options options = {0};
  struct eagre_buffer out = {0};
  eagre_json_write_value(&vector, 0, &options, &out);
  assert_string_equal(eagre_buffer_string(&out), "\"a\xef\xbf\xbd\\\"\"");
  eagre_buffer_done(&out);
  eagre_arena_done(&arena);
}

/* What `text` is as a string of JSON; unlike what writes values, base looks at each byte. */
static void check_string(const char *text, size_t size) {
  struct eagre_text value = eagre_text_make(text, size);
  const struct eagre_vector vector = {.type = eagre_type_of(EAGRE_TYPE_STRING), .data = &value};
  const struct eagre_json_write_options options = {0};
  struct eagre_buffer out = {0};
  struct eagre_buffer expected = {0};
  eagre_buffer_append_json_string(&expected, value);
  eagre_json_write_value(&vector, 0, &options, &out);
  assert_string_equal(eagre_buffer_string(&out), eagre_buffer_string(&expected));
  eagre_buffer_done(&out);
  eagre_buffer_done(&expected);
}

/* Strings are copied in words: each kind of byte at each place of strings of each length. */
static void test_strings_of_all_lengths(void **state) {
  (void)state;
  static const char *const marks[] = {
      "a",  " ",    "!",    "\"",   "#",        "[",        "\\",           "]",
      "\n", "\x1f", "\x01", "\x7f", "\xc2\x80", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x98\x80"};
  for (size_t size = 0; size <= 33; size++) {
    for (size_t place = 0; place <= size; place++) {
      for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "%.*s%s%.*s", (int)place,
                              "abcdefghijklmnopqrstuvwxyz 0123456789", marks[i],
                              (int)(size - place), "ZYXWVUTSRQPONMLKJIHGFEDCBA~9876543210");
        check_string(text, (size_t)length);
      }
    }
  }
}

static void test_single_values(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_vector vector;
  struct eagre_json_write_options options = {0};
  struct eagre_buffer out = {0};
  eagre_vector_init_null(&vector, eagre_type_of(EAGRE_TYPE_BIGINT), &arena);
  eagre_json_write_value(&vector, 3, &options, &out);
  vector = (struct eagre_vector){.type = eagre_type_of(EAGRE_TYPE_NULL)};
  eagre_json_write_value(&vector, 3, &options, &out);
  int64_t interval_us = INT64_C(93784000000);
  vector = (struct eagre_vector){
      .type = eagre_type_of(EAGRE_TYPE_INTERVAL_DAY), .data = &interval_us, .is_constant = true};
  eagre_json_write_value(&vector, 3, &options, &out);
  assert_string_equal(eagre_buffer_string(&out), "nullnull\"INTERVAL '1 02:03:04' DAY TO SECOND\"");
  eagre_buffer_done(&out);
  eagre_arena_done(&arena);
}

int test_json_write(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_nulls),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_strings_of_all_lengths),
      cmocka_unit_test(test_single_values),
  };
  return cmocka_run_group_tests_name("json write", tests, NULL, NULL);
}

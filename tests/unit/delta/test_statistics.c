/* Statistics: how bounds are printed and text is cut. */
#include "test_delta.h"

#include <math.h>

#include "delta/delta_statistics.h"

static const char *print_bound(struct eagre_arena *arena, enum eagre_type_kind kind,
                               const void *value, size_t size, bool is_maximum) {
  struct eagre_vector vector;
  struct eagre_buffer out = {0};
  eagre_vector_init(&vector, eagre_type_of(kind), 1, arena);
  memcpy(vector.data, value, size);
  bool is_printed = eagre_delta_statistics_print_bound(&vector, is_maximum, &out);
  if (!is_printed) assert_int_equal(out.size, 0);
  const char *printed =
      is_printed ? eagre_arena_copy_text(arena, eagre_buffer_text(&out)).data : NULL;
  eagre_buffer_done(&out);
  return printed;
}

#define CHECK_BOUND(kind, type, value, expected)                                                   \
  assert_string_equal(print_bound(&arena, EAGRE_TYPE_##kind, &(type){value}, sizeof(type), false), \
                      expected)
#define CHECK_NO_BOUND(kind, type, value)                                                          \
  assert_null(print_bound(&arena, EAGRE_TYPE_##kind, &(type){value}, sizeof(type), false))

static void test_numbers(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  CHECK_BOUND(TINYINT, int8_t, -128, "-128");
  CHECK_BOUND(SMALLINT, int16_t, 32767, "32767");
  CHECK_BOUND(INT, int32_t, INT32_MIN, "-2147483648");
  CHECK_BOUND(BIGINT, int64_t, INT64_MIN, "-9223372036854775808");
  CHECK_BOUND(FLOAT, float, 0.1f, "0.1");
  CHECK_BOUND(DOUBLE, double, -0.0, "-0.0");
  CHECK_BOUND(DOUBLE, double, 1e300, "1.0E300");
  CHECK_BOUND(DOUBLE, double, INFINITY, "\"Infinity\"");
  CHECK_BOUND(FLOAT, float, -INFINITY, "\"-Infinity\"");
  eagre_arena_done(&arena);
}

static void test_decimals(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  static const struct {
    unsigned precision;
    unsigned scale;
    int64_t digits;
    const char *printed;
  } bounds[] = {
      {5, 2, 150, "1.50"}, {5, 2, -5, "-0.05"}, {38, 10, 0, "0.0000000000"}, {20, 0, 7, "7"}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(bounds); i++) {
    struct eagre_vector vector;
    struct eagre_buffer out = {0};
    const struct eagre_type *type =
        eagre_type_decimal(&arena, bounds[i].precision, bounds[i].scale);
    eagre_vector_init(&vector, type, 1, &arena);
    *EAGRE_VALUES(eagre_decimal, &vector) = bounds[i].digits;
    assert_true(eagre_delta_statistics_print_bound(&vector, false, &out));
    assert_string_equal(eagre_buffer_string(&out), bounds[i].printed);
    eagre_buffer_done(&out);
  }
  eagre_arena_done(&arena);
}

static void test_times(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  CHECK_BOUND(DATE, int32_t, 0, "\"1970-01-01\"");
  CHECK_BOUND(DATE, int32_t, -719162, "\"0001-01-01\"");
  CHECK_BOUND(DATE, int32_t, 2932896, "\"9999-12-31\"");
  CHECK_NO_BOUND(DATE, int32_t, -719163);
  CHECK_NO_BOUND(DATE, int32_t, 2932897);
  CHECK_NO_BOUND(DATE, int32_t, INT32_MAX);
  CHECK_BOUND(TIMESTAMP, int64_t, 1795226766123999, "\"2026-11-21T02:06:06.123Z\"");
  /* Floored before 1970 too. */
  CHECK_BOUND(TIMESTAMP, int64_t, -1, "\"1969-12-31T23:59:59.999Z\"");
  CHECK_BOUND(TIMESTAMP, int64_t, -1000, "\"1969-12-31T23:59:59.999Z\"");
  CHECK_BOUND(TIMESTAMP, int64_t, -1001, "\"1969-12-31T23:59:59.998Z\"");
  CHECK_NO_BOUND(TIMESTAMP, int64_t, INT64_MAX);
  CHECK_NO_BOUND(TIMESTAMP, int64_t, INT64_MIN);
  eagre_arena_done(&arena);
}

/* `count` times `character`, then `end`. */
static struct eagre_text repeat(struct eagre_arena *arena, const char *character, int count,
                                const char *end) {
  struct eagre_buffer text = {0};
  for (int i = 0; i < count; i++) {
    eagre_buffer_append_string(&text, character);
  }
  eagre_buffer_append_string(&text, end);
  struct eagre_text copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return copy;
}

static void check_text(struct eagre_text value, struct eagre_text minimum,
                       struct eagre_text maximum) {
  struct eagre_arena arena = {0};
  const char *printed = print_bound(&arena, EAGRE_TYPE_STRING, &value, sizeof value, false);
  assert_string_equal(printed, eagre_arena_printf(&arena, "\"%s\"", minimum.data).data);
  printed = print_bound(&arena, EAGRE_TYPE_STRING, &value, sizeof value, true);
  if (maximum.data == NULL) {
    assert_null(printed);
  } else {
    assert_string_equal(printed, eagre_arena_printf(&arena, "\"%s\"", maximum.data).data);
  }
  eagre_arena_done(&arena);
}

#define ASTRAL "\U0001F600" /* two UTF-16 units */
#define LAST "\U0010FFFF"

static void test_text_is_cut(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text none = {0};
  struct eagre_text x32 = repeat(&arena, "x", 32, "");
  check_text(EAGRE_TEXT(""), EAGRE_TEXT(""), EAGRE_TEXT(""));
  check_text(x32, x32, x32);
  check_text(repeat(&arena, "x", 33, ""), x32, repeat(&arena, "x", 32, "\x7f"));
  check_text(repeat(&arena, "x", 32, "~"), x32, repeat(&arena, "x", 32, "\x7f"));
  /* The first character left out must be below the tie breaker. */
  check_text(repeat(&arena, "x", 32, "\x7f"), x32, repeat(&arena, "x", 32, LAST));
  check_text(repeat(&arena, "x", 32, "\u00e9"), x32, repeat(&arena, "x", 32, LAST));
  check_text(repeat(&arena, "\u00e9", 40, ""), repeat(&arena, "\u00e9", 32, ""),
             repeat(&arena, "\u00e9", 32, LAST));
  /* A maximum counts UTF-16 units, a minimum characters. */
  check_text(repeat(&arena, ASTRAL, 40, ""), repeat(&arena, ASTRAL, 32, ""),
             repeat(&arena, ASTRAL, 16, LAST));
  /* A surrogate pair is not split. */
  check_text(repeat(&arena, "x", 31, ASTRAL "yy"), repeat(&arena, "x", 31, ASTRAL),
             repeat(&arena, "x", 31, ASTRAL "\x7f"));
  /* The last character of all is kept; at the end of the text all of it is. */
  check_text(repeat(&arena, "x", 32, LAST "y"), x32, repeat(&arena, "x", 32, LAST "\x7f"));
  check_text(repeat(&arena, "x", 32, LAST LAST), x32, repeat(&arena, "x", 32, LAST LAST));
  /* Up to twice 32 units, then there is no maximum. */
  struct eagre_text most = repeat(&arena, LAST, 32, "");
  check_text(most, most, most);
  check_text(repeat(&arena, LAST, 32, "y"), most, repeat(&arena, LAST, 32, "\x7f"));
  check_text(repeat(&arena, LAST, 33, ""), most, none);
  eagre_arena_done(&arena);
}

static void test_text_that_is_no_utf8(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text text = EAGRE_TEXT("a\xff");
  assert_null(print_bound(&arena, EAGRE_TYPE_STRING, &text, sizeof text, false));
  assert_null(print_bound(&arena, EAGRE_TYPE_STRING, &text, sizeof text, true));
  eagre_arena_done(&arena);
}

int run_statistics_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_decimals),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_text_is_cut),
      cmocka_unit_test(test_text_that_is_no_utf8),
  };
  return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}

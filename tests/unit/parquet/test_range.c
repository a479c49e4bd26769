/* Minimum and maximum, and how text bounds are cut. */
#include "test_parquet.h"

#include <math.h>

#include "parquet/parquet_range.h"

static void check_bound(const struct eagre_parquet_range *range, enum eagre_parquet_bound bound,
                        enum eagre_parquet_bound_result result, const void *bytes, size_t size) {
  struct eagre_buffer out = {0};
  assert_int_equal(eagre_parquet_range_append(range, bound, true, &out), result);
  assert_int_equal(out.size, size);
  if (size > 0) assert_memory_equal(out.data, bytes, size);
  eagre_buffer_done(&out);
}

static void test_integers(void **state) {
  (void)state;
  struct eagre_parquet_range range;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_INT32);
  assert_false(eagre_parquet_range_exists(&range));
  eagre_parquet_range_add(&range, (int32_t[]){3, -7, 5}, 3);
  eagre_parquet_range_add(&range, (int32_t[]){4}, 1);
  assert_true(eagre_parquet_range_exists(&range));
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, &(int32_t){-7}, 4);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, &(int32_t){5}, 4);
  eagre_parquet_range_done(&range);

  eagre_parquet_range_init(&range, EAGRE_PARQUET_INT64);
  eagre_parquet_range_add(&range, (int64_t[]){INT64_MAX, INT64_MIN}, 2);
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, &(int64_t){INT64_MIN}, 8);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, &(int64_t){INT64_MAX}, 8);
  eagre_parquet_range_done(&range);
}

/* The extremes may stand anywhere in any number of values. */
#define CHECK_PLACES(physical_type, value_type)                                                    \
  do {                                                                                             \
    for (uint32_t count = 2; count < 40; count++) {                                                \
      for (uint32_t place = 0; place < count; place++) {                                           \
        value_type values[40] = {0};                                                               \
        values[place] = -5;                                                                        \
        values[(place + 1) % count] = 9;                                                           \
        struct eagre_parquet_range range;                                                          \
        eagre_parquet_range_init(&range, physical_type);                                           \
        eagre_parquet_range_add(&range, values, count);                                            \
        check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, &(value_type){-5},   \
                    sizeof(value_type));                                                           \
        check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, &(value_type){9},    \
                    sizeof(value_type));                                                           \
        eagre_parquet_range_done(&range);                                                          \
      }                                                                                            \
    }                                                                                              \
  } while (0)

static void test_places_of_extremes(void **state) {
  (void)state;
  CHECK_PLACES(EAGRE_PARQUET_INT32, int32_t);
  CHECK_PLACES(EAGRE_PARQUET_INT64, int64_t);
  CHECK_PLACES(EAGRE_PARQUET_FLOAT, float);
  CHECK_PLACES(EAGRE_PARQUET_DOUBLE, double);
}

static void test_booleans(void **state) {
  (void)state;
  struct eagre_parquet_range range;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_BOOLEAN);
  eagre_parquet_range_add(&range, (uint8_t[]){1, 1}, 2);
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, "\1", 1);
  eagre_parquet_range_add(&range, (uint8_t[]){0}, 1);
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, "\0", 1);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, "\1", 1);
  eagre_parquet_range_done(&range);
}

static void test_zeros_widen_the_range(void **state) {
  (void)state;
  struct eagre_parquet_range range;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_DOUBLE);
  eagre_parquet_range_add(&range, (double[]){0.0}, 1);
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, &(double){-0.0}, 8);
  eagre_parquet_range_reset(&range);
  eagre_parquet_range_add(&range, (double[]){-0.0}, 1);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, &(double){0.0}, 8);
  eagre_parquet_range_done(&range);
}

/* Wherever it stands among those that are looked at together; bounds are those of the others. */
static void test_nan_is_seen_at_every_place(void **state) {
  (void)state;
  for (uint32_t count = 2; count < 12; count++) {
    for (uint32_t place = 0; place < count; place++) {
      struct eagre_parquet_range range;
      double values[12];
      for (uint32_t i = 0; i < count; i++) {
        values[i] = i == place ? NAN : 1.5 + i;
      }
      eagre_parquet_range_init(&range, EAGRE_PARQUET_DOUBLE);
      eagre_parquet_range_add(&range, values, count);
      assert_true(range.has_nan);
      assert_true(range.real_minimum == (place == 0 ? 2.5 : 1.5));
      assert_true(range.real_maximum == (place == count - 1 ? count - 0.5 : count + 0.5));
      eagre_parquet_range_done(&range);
    }
  }
}

static void test_nan_leaves_no_range(void **state) {
  (void)state;
  struct eagre_parquet_range range;
  struct eagre_parquet_range other;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_FLOAT);
  eagre_parquet_range_init(&other, EAGRE_PARQUET_FLOAT);
  eagre_parquet_range_add(&range, (float[]){1, NAN, 2}, 3);
  assert_false(eagre_parquet_range_exists(&range));
  eagre_parquet_range_add(&other, (float[]){1}, 1);
  eagre_parquet_range_merge(&other, &range);
  assert_false(eagre_parquet_range_exists(&other));
  eagre_parquet_range_reset(&range);
  eagre_parquet_range_add(&range, (float[]){INFINITY, -INFINITY}, 2);
  check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, &(float){-INFINITY}, 4);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, &(float){INFINITY}, 4);
  eagre_parquet_range_done(&range);
  eagre_parquet_range_done(&other);
}

static struct eagre_text make_text(struct eagre_random *random, struct eagre_arena *arena) {
  /* Few letters and long common prefixes, so that prefixes often tie. */
  size_t size = (size_t)eagre_random_below(random, 24);
  char *data = eagre_arena_allocate(arena, size);
  for (size_t i = 0; i < size; i++) {
    bool is_end = i + 2 >= size;
    data[i] = (char)(is_end ? eagre_random_below(random, 3) * 127 : 'x');
  }
  return eagre_text_make(data, size);
}

static void test_texts_order_by_bytes(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_random random;
  eagre_random_seed(&random, 29);
  for (int i = 0; i < 300; i++) {
    struct eagre_parquet_range range;
    eagre_parquet_range_init(&range, EAGRE_PARQUET_BYTE_ARRAY);
    struct eagre_text values[40];
    struct eagre_text minimum;
    struct eagre_text maximum;
    for (uint32_t k = 0; k < EAGRE_COUNT_OF(values); k++) {
      values[k] = make_text(&random, &arena);
      if (k == 0 || eagre_text_compare(values[k], minimum) < 0) minimum = values[k];
      if (k == 0 || eagre_text_compare(values[k], maximum) > 0) maximum = values[k];
    }
    eagre_parquet_range_add(&range, values, 20);
    eagre_parquet_range_add(&range, values + 20, 20);
    check_bound(&range, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, minimum.data,
                minimum.size);
    check_bound(&range, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, maximum.data,
                maximum.size);
    eagre_parquet_range_done(&range);
    eagre_arena_reset(&arena);
  }
  eagre_arena_done(&arena);
}

/* `count` times "x", then `end`. */
static struct eagre_text make_long(struct eagre_arena *arena, size_t count, const char *end) {
  struct eagre_buffer text = {0};
  for (size_t i = 0; i < count; i++) {
    eagre_buffer_append_char(&text, 'x');
  }
  eagre_buffer_append_string(&text, end);
  struct eagre_text copy = eagre_arena_copy_text(arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return copy;
}

static void check_cut(struct eagre_text value, enum eagre_parquet_bound_result result,
                      struct eagre_text minimum, struct eagre_text maximum) {
  struct eagre_parquet_range range;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_BYTE_ARRAY);
  eagre_parquet_range_add(&range, &value, 1);
  bool is_exact = result == EAGRE_PARQUET_BOUND_EXACT;
  check_bound(&range, EAGRE_PARQUET_MINIMUM,
              is_exact ? EAGRE_PARQUET_BOUND_EXACT : EAGRE_PARQUET_BOUND_CUT, minimum.data,
              minimum.size);
  check_bound(&range, EAGRE_PARQUET_MAXIMUM, result, maximum.data, maximum.size);
  eagre_parquet_range_done(&range);
}

static void test_long_texts_are_cut(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text exact = make_long(&arena, 64, "");
  check_cut(exact, EAGRE_PARQUET_BOUND_EXACT, exact, exact);
  check_cut(make_long(&arena, 65, ""), EAGRE_PARQUET_BOUND_CUT, exact, make_long(&arena, 63, "y"));
  /* A character that does not fit is left out whole. */
  check_cut(make_long(&arena, 63, "\u00fc"), EAGRE_PARQUET_BOUND_CUT, make_long(&arena, 63, ""),
            make_long(&arena, 62, "y"));
  /* U+007F and U+07FF grow by a byte when raised. */
  check_cut(make_long(&arena, 63, "\x7fz"), EAGRE_PARQUET_BOUND_CUT, make_long(&arena, 63, "\x7f"),
            make_long(&arena, 63, "\xc2\x80"));
  check_cut(make_long(&arena, 62, "\u07ffz"), EAGRE_PARQUET_BOUND_CUT,
            make_long(&arena, 62, "\u07ff"), make_long(&arena, 62, "\u0800"));
  /* Surrogates are skipped, the last character of all cannot be raised. */
  check_cut(make_long(&arena, 61, "퟿z"), EAGRE_PARQUET_BOUND_CUT, make_long(&arena, 61, "퟿"),
            make_long(&arena, 61, ""));
  check_cut(make_long(&arena, 60, "\U0010FFFFz"), EAGRE_PARQUET_BOUND_CUT,
            make_long(&arena, 60, "\U0010FFFF"), make_long(&arena, 59, "y"));
  eagre_arena_done(&arena);
}

static void test_some_texts_have_no_maximum(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_buffer text = {0};
  for (int i = 0; i < 20; i++) {
    eagre_buffer_append_string(&text, "\U0010FFFF");
  }
  check_cut(eagre_buffer_text(&text), EAGRE_PARQUET_BOUND_NONE, eagre_text_make(text.data, 64),
            EAGRE_TEXT(""));
  eagre_buffer_done(&text);
  eagre_arena_done(&arena);
}

static void test_bytes_are_cut_anywhere(void **state) {
  (void)state;
  struct eagre_parquet_range range;
  eagre_parquet_range_init(&range, EAGRE_PARQUET_BYTE_ARRAY);
  char bytes[70];
  memset(bytes, 0xff, sizeof bytes);
  bytes[10] = 5;
  struct eagre_text value = eagre_text_make(bytes, sizeof bytes);
  eagre_parquet_range_add(&range, &value, 1);
  struct eagre_buffer out = {0};
  assert_int_equal(eagre_parquet_range_append(&range, EAGRE_PARQUET_MINIMUM, false, &out),
                   EAGRE_PARQUET_BOUND_CUT);
  assert_int_equal(out.size, 64);
  eagre_buffer_clear(&out);
  assert_int_equal(eagre_parquet_range_append(&range, EAGRE_PARQUET_MAXIMUM, false, &out),
                   EAGRE_PARQUET_BOUND_CUT);
  assert_int_equal(out.size, 11);
  assert_int_equal(out.data[10], 6);
  eagre_buffer_clear(&out);
  bytes[10] = (char)0xff;
  eagre_parquet_range_add(&range, &value, 1);
  assert_int_equal(eagre_parquet_range_append(&range, EAGRE_PARQUET_MAXIMUM, false, &out),
                   EAGRE_PARQUET_BOUND_NONE);
  assert_int_equal(out.size, 0);
  /* Text that is no UTF-8 has a minimum all the same. */
  eagre_parquet_range_reset(&range);
  memset(bytes, 0x80, sizeof bytes);
  eagre_parquet_range_add(&range, &value, 1);
  assert_int_equal(eagre_parquet_range_append(&range, EAGRE_PARQUET_MINIMUM, true, &out),
                   EAGRE_PARQUET_BOUND_CUT);
  assert_int_equal(out.size, 64);
  eagre_buffer_done(&out);
  eagre_parquet_range_done(&range);
}

static void test_merge(void **state) {
  (void)state;
  struct eagre_parquet_range into;
  struct eagre_parquet_range from;
  eagre_parquet_range_init(&into, EAGRE_PARQUET_BYTE_ARRAY);
  eagre_parquet_range_init(&from, EAGRE_PARQUET_BYTE_ARRAY);
  eagre_parquet_range_merge(&into, &from);
  assert_false(eagre_parquet_range_exists(&into));
  eagre_parquet_range_add(&from, (struct eagre_text[]){EAGRE_TEXT("m"), EAGRE_TEXT("")}, 2);
  eagre_parquet_range_merge(&into, &from);
  eagre_parquet_range_reset(&from);
  eagre_parquet_range_add(&from, (struct eagre_text[]){EAGRE_TEXT("z"), EAGRE_TEXT("a")}, 2);
  eagre_parquet_range_merge(&into, &from);
  check_bound(&into, EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_BOUND_EXACT, "", 0);
  check_bound(&into, EAGRE_PARQUET_MAXIMUM, EAGRE_PARQUET_BOUND_EXACT, "z", 1);
  eagre_parquet_range_done(&into);
  eagre_parquet_range_done(&from);
}

static void test_bounds_compare(void **state) {
  (void)state;
  struct eagre_text minus = eagre_text_make((char *)&(int32_t){-1}, 4);
  struct eagre_text plus = eagre_text_make((char *)&(int32_t){1}, 4);
  assert_true(eagre_parquet_bound_compare(EAGRE_PARQUET_INT32, minus, plus) < 0);
  assert_true(eagre_parquet_bound_compare(EAGRE_PARQUET_BYTE_ARRAY, minus, plus) > 0);
  struct eagre_text real_minus = eagre_text_make((char *)&(double){-1}, 8);
  struct eagre_text real_plus = eagre_text_make((char *)&(double){1}, 8);
  assert_true(eagre_parquet_bound_compare(EAGRE_PARQUET_DOUBLE, real_minus, real_plus) < 0);
}

int run_range_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nan_is_seen_at_every_place),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_places_of_extremes),
      cmocka_unit_test(test_booleans),
      cmocka_unit_test(test_zeros_widen_the_range),
      cmocka_unit_test(test_nan_leaves_no_range),
      cmocka_unit_test(test_texts_order_by_bytes),
      cmocka_unit_test(test_long_texts_are_cut),
      cmocka_unit_test(test_some_texts_have_no_maximum),
      cmocka_unit_test(test_bytes_are_cut_anywhere),
      cmocka_unit_test(test_merge),
      cmocka_unit_test(test_bounds_compare),
  };
  return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}

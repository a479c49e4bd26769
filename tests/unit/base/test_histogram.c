/* Histograms: error bound over the whole range, percentiles against sorted values, merging. */
#include "test_base.h"

#include <stdlib.h>

static struct eagre_histogram *new_histogram(void) {
  struct eagre_histogram *histogram = eagre_allocate(sizeof *histogram);
  eagre_histogram_init(histogram);
  return histogram;
}

static void test_an_empty_histogram_answers_zero(void **state) {
  (void)state;
  struct eagre_histogram *histogram = new_histogram();
  assert_int_equal(eagre_histogram_percentile(histogram, 0.5), 0);
  assert_true(histogram->minimum == UINT64_MAX);
  eagre_histogram_add(histogram, 5, 0);
  assert_int_equal(histogram->count, 0);
  eagre_free(histogram);
}

/* The step of `value` is found by a second value far above, so that no clamping helps. */
static void check_step(uint64_t value) {
  struct eagre_histogram *histogram = new_histogram();
  eagre_histogram_add(histogram, value, 1);
  eagre_histogram_add(histogram, UINT64_MAX, 1);
  uint64_t step = eagre_histogram_percentile(histogram, 0.5);
  assert_true(step >= value);
  assert_true(step - value <= value / 64);
  eagre_free(histogram);
}

static void test_the_error_is_bounded_everywhere(void **state) {
  (void)state;
  for (uint64_t value = 0; value < 300; value++) {
    check_step(value);
  }
  for (int bit = 8; bit < 64; bit++) {
    uint64_t power = UINT64_C(1) << bit;
    check_step(power - 1);
    check_step(power);
    check_step(power + 1);
    check_step(power + power / 3);
  }
  check_step(UINT64_MAX);
}

static int compare_numbers(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a;
  uint64_t right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

static void test_percentiles_follow_sorted_values(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  struct eagre_random random;
  seed_test(&random);
  uint64_t values[COUNT];
  struct eagre_histogram *histogram = new_histogram();
  for (int i = 0; i < COUNT; i++) {
    values[i] = eagre_random_next(&random) >> eagre_random_below(&random, 64);
    eagre_histogram_add(histogram, values[i], 1);
  }
  qsort(values, COUNT, sizeof values[0], compare_numbers);
  for (int rank = 1; rank <= COUNT; rank++) {
    uint64_t exact = values[rank - 1];
    /* A rank in the middle of a step of the fraction, so that rounding cannot reach the next. */
    uint64_t found = eagre_histogram_percentile(histogram, (rank - 0.5) / COUNT);
    assert_true(found >= exact && found - exact <= exact / 64);
  }
  assert_true(eagre_histogram_percentile(histogram, 1.0) == values[COUNT - 1]);
  assert_true(histogram->minimum == values[0] && histogram->maximum == values[COUNT - 1]);
  eagre_free(histogram);
}

static void test_merging_equals_adding_to_one(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  struct eagre_histogram *one = new_histogram();
  struct eagre_histogram *left = new_histogram();
  struct eagre_histogram *right = new_histogram();
  for (int i = 0; i < 1000; i++) {
    uint64_t value = eagre_random_below(&random, 100000);
    uint64_t weight = 1 + eagre_random_below(&random, 5);
    eagre_histogram_add(one, value, weight);
    eagre_histogram_add(i % 2 == 0 ? left : right, value, weight);
  }
  eagre_histogram_merge(left, right);
  assert_memory_equal(left, one, sizeof *one);
  eagre_free(one);
  eagre_free(left);
  eagre_free(right);
}

static void test_splitting_counts_every_value_once(void **state) {
  (void)state;
  const uint64_t bounds[] = {10, 63, 1000};
  uint64_t counts[4];
  struct eagre_histogram *histogram = new_histogram();
  eagre_histogram_split(histogram, bounds, 3, counts);
  assert_int_equal(counts[0] + counts[1] + counts[2] + counts[3], 0);
  eagre_histogram_add(histogram, 0, 1);
  eagre_histogram_add(histogram, 10, 2);
  eagre_histogram_add(histogram, 11, 4);
  eagre_histogram_add(histogram, 63, 8);
  eagre_histogram_add(histogram, 500, 16);
  eagre_histogram_split(histogram, bounds, 3, counts);
  assert_int_equal(counts[0], 3);
  assert_int_equal(counts[1], 12);
  assert_int_equal(counts[2], 16);
  assert_int_equal(counts[3], 0);
  eagre_histogram_add(histogram, UINT64_MAX, 32);
  eagre_histogram_split(histogram, bounds, 3, counts);
  assert_int_equal(counts[2], 16);
  assert_int_equal(counts[3], 32);
  eagre_free(histogram);
}

int run_histogram_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_empty_histogram_answers_zero),
      cmocka_unit_test(test_the_error_is_bounded_everywhere),
      cmocka_unit_test(test_percentiles_follow_sorted_values),
      cmocka_unit_test(test_merging_equals_adding_to_one),
      cmocka_unit_test(test_splitting_counts_every_value_once),
  };
  return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}

/* Random numbers: reference values of xoshiro256**, ranges, evenness; UUIDs of version 4. */
#include "test_base.h"

#include <string.h>

static void test_follows_the_published_sequence(void **state) {
  (void)state;
  /* xoshiro256** from state {1, 2, 3, 4}, as published with the algorithm. */
  static const uint64_t expected[] = {11520u, 0u, 1509978240u, 1215971899390074240u};
  struct eagre_random random = {{1, 2, 3, 4}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(expected); i++) {
    assert_true(eagre_random_next(&random) == expected[i]);
  }
}

static void test_seeds_differ_and_repeat(void **state) {
  (void)state;
  struct eagre_random a;
  struct eagre_random b;
  struct eagre_random c;
  eagre_random_seed(&a, 1);
  eagre_random_seed(&b, 1);
  eagre_random_seed(&c, 2);
  uint64_t first = eagre_random_next(&a);
  assert_true(first == eagre_random_next(&b));
  assert_true(first != eagre_random_next(&c));
}

static void test_below_is_even_and_in_range(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  enum { BOUND = 7, DRAWS = 70000 };
  int counts[BOUND] = {0};
  for (int i = 0; i < DRAWS; i++) {
    uint64_t drawn = eagre_random_below(&random, BOUND);
    assert_true(drawn < BOUND);
    counts[drawn]++;
  }
  /* 10,000 each, standard deviation 93: eight of them are never seen. */
  for (int i = 0; i < BOUND; i++) {
    assert_in_range(counts[i], 10000 - 744, 10000 + 744);
  }
  assert_int_equal(eagre_random_below(&random, 1), 0);
}

static void test_unit_is_in_range(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  double sum = 0;
  for (int i = 0; i < 10000; i++) {
    double drawn = eagre_random_unit(&random);
    assert_true(drawn >= 0 && drawn < 1);
    sum += drawn;
  }
  assert_true(sum > 4700 && sum < 5300);
}

static void test_uuids_have_their_form_and_differ(void **state) {
  (void)state;
  char a[EAGRE_UUID_SIZE];
  char b[EAGRE_UUID_SIZE];
  eagre_uuid_make(a);
  eagre_uuid_make(b);
  assert_string_not_equal(a, b);
  assert_int_equal(strlen(a), 36);
  for (int i = 0; i < 36; i++) {
    bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    assert_non_null(strchr(is_dash ? "-" : "0123456789abcdef", a[i]));
  }
  assert_int_equal(a[14], '4');
  assert_non_null(strchr("89ab", a[19]));
}

int run_random_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_follows_the_published_sequence),
      cmocka_unit_test(test_seeds_differ_and_repeat),
      cmocka_unit_test(test_below_is_even_and_in_range),
      cmocka_unit_test(test_unit_is_in_range),
      cmocka_unit_test(test_uuids_have_their_form_and_differ),
  };
  return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}

/* The run-length / bit-packed hybrid: known bytes, and a decoder written from the format's text. */
#include "test_parquet.h"

#include "parquet/parquet_hybrid.h"

static void check_encoded(const uint32_t *values, uint32_t count, unsigned width,
                          const uint8_t *bytes, size_t size) {
  struct eagre_buffer out = {0};
  eagre_parquet_hybrid_append(&out, values, count, width);
  assert_int_equal(out.size, size);
  assert_memory_equal(out.data, bytes, size);
  eagre_buffer_done(&out);
}

static void test_packing_is_lowest_bit_first(void **state) {
  (void)state;
  /* The example of the format: 0..7 in 3 bits. */
  static const uint32_t values[] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const uint8_t bytes[] = {3, 0x88, 0xc6, 0xfa};
  check_encoded(values, 8, 3, bytes, sizeof bytes);
}

static void test_last_group_is_filled_up(void **state) {
  (void)state;
  static const uint32_t values[] = {1, 0, 1};
  static const uint8_t bytes[] = {3, 0x05};
  check_encoded(values, 3, 1, bytes, sizeof bytes);
}

static void test_equal_values_are_a_run(void **state) {
  (void)state;
  uint32_t values[1000];
  for (int i = 0; i < 1000; i++) {
    values[i] = 0x1234;
  }
  static const uint8_t bytes[] = {0xd0, 0x0f, 0x34, 0x12};
  check_encoded(values, 1000, 13, bytes, sizeof bytes);
}

static void test_zero_width(void **state) {
  (void)state;
  static const uint32_t values[5] = {0};
  static const uint8_t bytes[] = {10};
  check_encoded(values, 5, 0, bytes, sizeof bytes);
}

static void test_nothing_is_nothing(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  eagre_parquet_hybrid_append(&out, NULL, 0, 7);
  eagre_parquet_hybrid_append(&out, NULL, 0, 0);
  assert_int_equal(out.size, 0);
}

/* Stretches of noise and of equal values of all lengths. */
static uint32_t fill_values(struct eagre_random *random, uint32_t *values, uint32_t capacity,
                            unsigned width) {
  uint32_t count = (uint32_t)eagre_random_below(random, capacity + 1);
  uint32_t next = 0;
  while (next < count) {
    uint32_t stretch = 1 + (uint32_t)eagre_random_below(random, 70);
    bool is_run = eagre_random_below(random, 2) == 0;
    uint64_t value = eagre_random_below(random, UINT64_C(1) << width);
    for (uint32_t i = 0; i < stretch && next < count; i++) {
      values[next++] = (uint32_t)value;
      if (!is_run) value = eagre_random_below(random, UINT64_C(1) << width);
    }
  }
  return count;
}

static void test_random_values_come_back(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 17);
  uint32_t values[1500];
  uint32_t decoded[1500];
  for (unsigned width = 0; width <= 32; width++) {
    for (int i = 0; i < 30; i++) {
      struct eagre_buffer out = {0};
      uint32_t count = fill_values(&random, values, EAGRE_COUNT_OF(values), width);
      eagre_parquet_hybrid_append(&out, values, count, width);
      size_t used = decode_hybrid((const uint8_t *)out.data, out.size, width, decoded, count);
      assert_int_equal(used, out.size);
      if (count > 0) assert_memory_equal(values, decoded, count * sizeof *values);
      eagre_buffer_done(&out);
    }
  }
}

static void check_levels(const uint8_t *levels, uint32_t count, unsigned width) {
  struct eagre_buffer out = {0};
  eagre_parquet_levels_append(&out, levels, count, width);
  uint32_t size;
  memcpy(&size, out.data, sizeof size);
  assert_int_equal(size, out.size - sizeof size);
  uint32_t *decoded = eagre_allocate_zeroed(count + 1, sizeof *decoded);
  size_t used = decode_hybrid((const uint8_t *)out.data + sizeof size, size, width, decoded, count);
  assert_int_equal(used, size);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(decoded[i], levels[i]);
  }
  eagre_free(decoded);
  eagre_buffer_done(&out);
}

static void test_levels(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 19);
  uint8_t levels[5000];
  static const uint32_t counts[] = {1, 2, 7, 8, 9, 1023, 1024, 1025, 5000};
  for (uint32_t maximum = 1; maximum < 10; maximum++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(counts); i++) {
      memset(levels, (int)maximum, sizeof levels);
      check_levels(levels, counts[i], eagre_parquet_bit_width(maximum));
      levels[counts[i] / 2] = 0;
      check_levels(levels, counts[i], eagre_parquet_bit_width(maximum));
      for (uint32_t k = 0; k < counts[i]; k++) {
        levels[k] = (uint8_t)eagre_random_below(&random, maximum + 1);
      }
      check_levels(levels, counts[i], eagre_parquet_bit_width(maximum));
      /* Runs of all lengths: what is packed between them ends anywhere. */
      uint32_t words[5000];
      uint32_t count = fill_values(&random, words, counts[i], eagre_parquet_bit_width(maximum));
      for (uint32_t k = 0; k < count; k++) {
        levels[k] = (uint8_t)words[k];
      }
      check_levels(levels, count, eagre_parquet_bit_width(maximum));
    }
  }
}

static void test_equal_levels_take_few_bytes(void **state) {
  (void)state;
  uint8_t levels[20000];
  memset(levels, 1, sizeof levels);
  struct eagre_buffer out = {0};
  eagre_parquet_levels_append(&out, levels, sizeof levels, 1);
  assert_int_equal(out.size, 4 + 3 + 1);
  /* A few are packed: no longer than a run would be. */
  eagre_buffer_clear(&out);
  eagre_parquet_levels_append(&out, levels, 3, 1);
  assert_int_equal(out.size, 4 + 1 + 1);
  eagre_buffer_done(&out);
}

static void test_equal_levels_without_an_array(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 7, 8, 15, 16, 100, 20000};
  for (size_t i = 0; i < EAGRE_COUNT_OF(counts); i++) {
    struct eagre_buffer out = {0};
    eagre_parquet_equal_levels_append(&out, 5, counts[i], 3);
    uint32_t size;
    memcpy(&size, out.data, sizeof size);
    assert_int_equal(size, out.size - sizeof size);
    uint32_t *decoded = eagre_allocate_zeroed(counts[i], sizeof *decoded);
    const uint8_t *levels = (const uint8_t *)out.data + sizeof size;
    assert_int_equal(decode_hybrid(levels, size, 3, decoded, counts[i]), size);
    for (uint32_t k = 0; k < counts[i]; k++) {
      assert_int_equal(decoded[k], 5);
    }
    eagre_free(decoded);
    eagre_buffer_done(&out);
  }
}

static void test_bit_width(void **state) {
  (void)state;
  assert_int_equal(eagre_parquet_bit_width(0), 0);
  assert_int_equal(eagre_parquet_bit_width(1), 1);
  assert_int_equal(eagre_parquet_bit_width(2), 2);
  assert_int_equal(eagre_parquet_bit_width(255), 8);
  assert_int_equal(eagre_parquet_bit_width(256), 9);
  assert_int_equal(eagre_parquet_bit_width(UINT32_MAX), 32);
}

int run_hybrid_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_packing_is_lowest_bit_first),
      cmocka_unit_test(test_last_group_is_filled_up),
      cmocka_unit_test(test_equal_values_are_a_run),
      cmocka_unit_test(test_zero_width),
      cmocka_unit_test(test_nothing_is_nothing),
      cmocka_unit_test(test_random_values_come_back),
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_equal_levels_take_few_bytes),
      cmocka_unit_test(test_equal_levels_without_an_array),
      cmocka_unit_test(test_bit_width),
  };
  return cmocka_run_group_tests_name("hybrid", tests, NULL, NULL);
}

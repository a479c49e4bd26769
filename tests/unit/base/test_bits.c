/* Bitmaps against a slow model with one byte per bit, for all lengths and offsets around a word. */
#include "test_base.h"

#include <stdalign.h>
#include <string.h>

enum { BIT_COUNT = 320, BYTE_COUNT = BIT_COUNT / 8 + 64 };

struct bitmap {
  alignas(64) uint8_t bits[BYTE_COUNT];
};

static void fill_randomly(struct bitmap *map, struct eagre_random *random) {
  for (size_t i = 0; i < BYTE_COUNT; i++) {
    map->bits[i] = (uint8_t)eagre_random_next(random);
  }
}

static void test_bits_are_in_arrows_order(void **state) {
  (void)state;
  uint8_t bits[2] = {0};
  eagre_bit_set(bits, 0);
  eagre_bit_set(bits, 9);
  assert_int_equal(bits[0], 0x01);
  assert_int_equal(bits[1], 0x02);
  assert_true(eagre_bit_get(bits, 9));
  eagre_bit_clear(bits, 9);
  assert_false(eagre_bit_get(bits, 9));
  eagre_bit_put(bits, 3, true);
  eagre_bit_put(bits, 0, false);
  assert_int_equal(bits[0], 0x08);
}

static void test_sizes_are_whole_words(void **state) {
  (void)state;
  assert_int_equal(eagre_bits_size(0), 0);
  assert_int_equal(eagre_bits_size(1), 8);
  assert_int_equal(eagre_bits_size(64), 8);
  assert_int_equal(eagre_bits_size(65), 16);
}

static void test_count_ignores_bits_past_the_end(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  struct bitmap map;
  fill_randomly(&map, &random);
  size_t expected = 0;
  for (size_t count = 0; count <= BIT_COUNT; count++) {
    assert_int_equal(eagre_bits_count(map.bits, count), expected);
    expected += eagre_bit_get(map.bits, count);
  }
}

static void test_fill_writes_whole_words_and_no_more(void **state) {
  (void)state;
  for (size_t count = 0; count <= 130; count++) {
    struct bitmap map;
    memset(map.bits, 0x55, sizeof map.bits);
    eagre_bits_fill(map.bits, count, true);
    assert_int_equal(eagre_bits_count(map.bits, count), count);
    assert_int_equal(map.bits[eagre_bits_size(count)], 0x55);
    eagre_bits_fill(map.bits, count, false);
    assert_int_equal(eagre_bits_count(map.bits, count), 0);
  }
}

static void test_and_takes_null_for_all_ones(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  struct bitmap a;
  struct bitmap b;
  fill_randomly(&a, &random);
  fill_randomly(&b, &random);
  for (size_t count = 0; count < 200; count += 13) {
    struct bitmap both;
    struct bitmap only_b;
    struct bitmap all;
    eagre_bits_and(both.bits, a.bits, b.bits, count);
    eagre_bits_and(only_b.bits, NULL, b.bits, count);
    eagre_bits_and(all.bits, NULL, NULL, count);
    for (size_t i = 0; i < count; i++) {
      bool b_bit = eagre_bit_get(b.bits, i);
      assert_int_equal(eagre_bit_get(both.bits, i), eagre_bit_get(a.bits, i) && b_bit);
      assert_int_equal(eagre_bit_get(only_b.bits, i), b_bit);
      assert_true(eagre_bit_get(all.bits, i));
    }
  }
  struct bitmap in_place = a;
  eagre_bits_and(in_place.bits, in_place.bits, NULL, 100);
  assert_memory_equal(in_place.bits, a.bits, sizeof a.bits);
}

static void test_copy_moves_exactly_the_range(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int round = 0; round < 5000; round++) {
    struct bitmap from;
    struct bitmap out;
    fill_randomly(&from, &random);
    fill_randomly(&out, &random);
    struct bitmap before = out;
    size_t count = (size_t)eagre_random_below(&random, 160);
    size_t from_begin = (size_t)eagre_random_below(&random, 160);
    size_t out_begin = (size_t)eagre_random_below(&random, 160);
    eagre_bits_copy(out.bits, out_begin, from.bits, from_begin, count);
    for (size_t i = 0; i < BIT_COUNT; i++) {
      bool is_inside = i >= out_begin && i < out_begin + count;
      bool expected = is_inside ? eagre_bit_get(from.bits, from_begin + i - out_begin)
                                : eagre_bit_get(before.bits, i);
      assert_int_equal(eagre_bit_get(out.bits, i), expected);
    }
  }
}

static void test_put_range_writes_exactly_the_range(void **state) {
  (void)state;
  for (size_t begin = 0; begin < 130; begin += 3) {
    for (size_t count = 0; count < 150; count++) {
      for (int value = 0; value < 2; value++) {
        struct bitmap map;
        memset(map.bits, value ? 0 : 0xff, sizeof map.bits);
        eagre_bits_put_range(map.bits, begin, count, value);
        for (size_t i = 0; i < BIT_COUNT; i++) {
          bool is_inside = i >= begin && i < begin + count;
          assert_int_equal(eagre_bit_get(map.bits, i), is_inside == (value != 0));
        }
      }
    }
  }
}

int run_bits_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bits_are_in_arrows_order),
      cmocka_unit_test(test_sizes_are_whole_words),
      cmocka_unit_test(test_count_ignores_bits_past_the_end),
      cmocka_unit_test(test_fill_writes_whole_words_and_no_more),
      cmocka_unit_test(test_and_takes_null_for_all_ones),
      cmocka_unit_test(test_copy_moves_exactly_the_range),
      cmocka_unit_test(test_put_range_writes_exactly_the_range),
  };
  return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}

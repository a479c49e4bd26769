/* Hash and checksums: pinned values (they are part of the state format), published check values,
 * agreement of instruction and table, and that every input bit reaches every output bit. */
#include "test_base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_crc32c.h"

static void test_hash_values_never_change(void **state) {
  (void)state;
  static const struct {
    size_t size;
    uint64_t seed;
    uint64_t hash;
  } pinned[] = {
      {0, 0, 0xc86aa561435dbf3c},    {1, 3, 0x12df9e53dc7057f3},    {2, 6, 0x4d7a4d54bb86e8bf},
      {3, 9, 0x7ef7ba80e3378d57},    {4, 12, 0x4aa7216f25582fb5},   {5, 15, 0x6059f5c36c17a612},
      {7, 18, 0x7647e95620578e13},   {8, 21, 0x92f77a76c36804a7},   {9, 24, 0xaad8c513ea1e889a},
      {15, 27, 0x11871c2e1484cb8a},  {16, 30, 0x789f573f860e284a},  {17, 33, 0x8f032bf04f2ed83c},
      {24, 36, 0x1ac622fa3e5100ba},  {32, 39, 0xad571f7a2da90992},  {33, 42, 0x8f85fe23e25fcd52},
      {40, 45, 0xee90d9a3bbf94db2},  {64, 48, 0xd9abbe87db08ba52},  {65, 51, 0xd36c5c6817bda3f8},
      {128, 54, 0x2c9fcf5413f4c458}, {129, 57, 0xa412c2e69d9a5f6d}, {200, 60, 0xa38320f405cb8890},
      {256, 63, 0x774fcc9f91c05d0c},
  };
  uint8_t bytes[256];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)(i * 167 + 13);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(pinned); i++) {
    assert_true(eagre_hash_bytes(bytes, pinned[i].size, pinned[i].seed) == pinned[i].hash);
  }
  assert_true(eagre_hash_integer(1, 0) == UINT64_C(0x10e47b862d93249c));
  assert_true(eagre_hash_integer(UINT64_MAX, 7) == UINT64_C(0xf985f43308cc338a));
}

static void test_hash_does_not_depend_on_alignment(void **state) {
  (void)state;
  uint8_t bytes[300];
  uint8_t moved[310];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)rand();
  }
  for (size_t size = 0; size <= sizeof bytes; size++) {
    uint64_t expected = eagre_hash_bytes(bytes, size, 3);
    for (size_t offset = 1; offset < 9; offset++) {
      memcpy(moved + offset, bytes, size);
      assert_true(eagre_hash_bytes(moved + offset, size, 3) == expected);
    }
  }
}

/* Counts, for one flipped input bit, how often each output bit changes. */
static void count_changes(struct eagre_random *random, size_t size, size_t bit, int rounds,
                          int changes[64]) {
  uint8_t bytes[96];
  for (int round = 0; round < rounds; round++) {
    for (size_t i = 0; i < size; i++) {
      bytes[i] = (uint8_t)eagre_random_next(random);
    }
    uint64_t before = eagre_hash_bytes(bytes, size, 0);
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    uint64_t changed = before ^ eagre_hash_bytes(bytes, size, 0);
    for (int i = 0; i < 64; i++) {
      changes[i] += (changed >> i) & 1;
    }
  }
}

static void test_every_input_bit_reaches_every_output_bit(void **state) {
  (void)state;
  enum { ROUNDS = 256 };
  struct eagre_random random;
  seed_test(&random);
  for (size_t size = 3; size <= 96; size += size < 20 ? 1 : 19) {
    for (size_t bit = 0; bit < size * 8; bit++) {
      int changes[64] = {0};
      count_changes(&random, size, bit, ROUNDS, changes);
      for (int i = 0; i < 64; i++) {
        /* 128 expected, standard deviation 8: nine of them are never seen. */
        assert_in_range(changes[i], 128 - 72, 128 + 72);
      }
    }
  }
}

static int compare_hashes(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a;
  uint64_t right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* The fewest and the most that fall into one of 64 parts by the top six bits. */
static void check_evenness(const uint64_t *hashes, size_t count) {
  size_t parts[64] = {0};
  for (size_t i = 0; i < count; i++) {
    parts[hashes[i] >> 58]++;
  }
  size_t expected = count / 64;
  for (size_t i = 0; i < 64; i++) {
    assert_in_range(parts[i], expected * 85 / 100, expected * 115 / 100);
  }
}

static void test_similar_keys_spread_without_collisions(void **state) {
  (void)state;
  enum { COUNT = 200000 };
  uint64_t *hashes = eagre_allocate(COUNT * sizeof *hashes);
  for (int i = 0; i < COUNT; i++) {
    char key[64];
    size_t size = (size_t)snprintf(key, sizeof key, "campaign-%07d-eu", i);
    hashes[i] = eagre_hash_bytes(key, size, 0);
  }
  check_evenness(hashes, COUNT);
  qsort(hashes, COUNT, sizeof *hashes, compare_hashes);
  for (int i = 1; i < COUNT; i++) {
    assert_true(hashes[i] != hashes[i - 1]);
  }
  for (int i = 0; i < COUNT; i++) {
    hashes[i] = eagre_hash_integer((uint64_t)i, 0);
  }
  check_evenness(hashes, COUNT);
  eagre_free(hashes);
}

static void test_seed_and_length_matter(void **state) {
  (void)state;
  static const uint8_t zeros[200] = {0};
  uint64_t hashes[402];
  size_t count = 0;
  for (size_t size = 0; size <= 200; size++) {
    hashes[count++] = eagre_hash_bytes(zeros, size, 0);
    hashes[count++] = eagre_hash_bytes(zeros, size, 1);
  }
  qsort(hashes, count, sizeof hashes[0], compare_hashes);
  for (size_t i = 1; i < count; i++) {
    assert_true(hashes[i] != hashes[i - 1]);
  }
}

static void test_crc32c_has_the_published_values(void **state) {
  (void)state;
  uint8_t bytes[32] = {0};
  assert_int_equal(eagre_crc32c(0, NULL, 0), 0);
  assert_int_equal(eagre_crc32c(0, "123456789", 9), 0xe3069283);
  /* RFC 3720, B.4 */
  assert_int_equal(eagre_crc32c(0, bytes, 32), 0x8a9136aa);
  memset(bytes, 0xff, 32);
  assert_int_equal(eagre_crc32c(0, bytes, 32), 0x62a8ab43);
  for (int i = 0; i < 32; i++) {
    bytes[i] = (uint8_t)i;
  }
  assert_int_equal(eagre_crc32c(0, bytes, 32), 0x46dd794e);
}

static void test_crc32c_by_instruction_equals_table(void **state) {
  (void)state;
  enum { SIZE_MAX_TRIED = 20000 };
  struct eagre_random random;
  seed_test(&random);
  uint8_t *bytes = eagre_allocate(SIZE_MAX_TRIED + 8);
  for (size_t i = 0; i < SIZE_MAX_TRIED + 8; i++) {
    bytes[i] = (uint8_t)eagre_random_next(&random);
  }
  for (size_t size = 0; size <= SIZE_MAX_TRIED; size += size < 300 ? 1 : 337) {
    uint32_t begin = (uint32_t)eagre_random_next(&random);
    const uint8_t *from = bytes + size % 8;
    uint32_t whole = eagre_crc32c(begin, from, size);
    assert_int_equal(whole, eagre_crc32c_by_table(begin, from, size));
    size_t cut = size / 3;
    uint32_t first = eagre_crc32c(begin, from, cut);
    assert_int_equal(whole, eagre_crc32c(first, from + cut, size - cut));
  }
  eagre_free(bytes);
}

static void test_crc32_has_the_published_value(void **state) {
  (void)state;
  assert_int_equal(eagre_crc32(0, NULL, 0), 0);
  assert_int_equal(eagre_crc32(0, "123456789", 9), 0xcbf43926);
  assert_int_equal(eagre_crc32(eagre_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
  assert_int_equal(eagre_crc32(0xcbf43926, NULL, 0), 0xcbf43926);
}

int run_hash_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hash_values_never_change),
      cmocka_unit_test(test_hash_does_not_depend_on_alignment),
      cmocka_unit_test(test_every_input_bit_reaches_every_output_bit),
      cmocka_unit_test(test_similar_keys_spread_without_collisions),
      cmocka_unit_test(test_seed_and_length_matter),
      cmocka_unit_test(test_crc32c_has_the_published_values),
      cmocka_unit_test(test_crc32c_by_instruction_equals_table),
      cmocka_unit_test(test_crc32_has_the_published_value),
  };
  return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}

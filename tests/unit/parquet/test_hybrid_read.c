/* Reading the run-length / bit-packed hybrid: what our encoder wrote, known bytes, damage. */
#include "test_parquet.h"

#include "parquet/parquet_hybrid.h"
#include "parquet/parquet_hybrid_read.h"

enum { COUNT_MAX = 3000, PADDING = 64 };

static void fill_values(struct eagre_random *random, uint32_t *values, uint32_t count,
                        unsigned width) {
  uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
  for (uint32_t i = 0; i < count;) {
    bool is_run = eagre_random_below(random, 2) == 0;
    uint32_t length = 1 + (uint32_t)eagre_random_below(random, 60);
    uint32_t value = (uint32_t)eagre_random_next(random) & mask;
    for (; length > 0 && i < count; length--) {
      values[i++] = is_run ? value : (uint32_t)eagre_random_next(random) & mask;
    }
  }
}

static struct eagre_text with_padding(struct eagre_buffer *buffer) {
  struct eagre_text text = {eagre_buffer_reserve(buffer, PADDING) - buffer->size, buffer->size};
  return text;
}

static void test_every_width_in_pieces(void **state) {
  (void)state;
  static uint32_t values[COUNT_MAX];
  static uint32_t found[COUNT_MAX];
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  for (unsigned width = 0; width <= 32; width++) {
    struct eagre_buffer bytes = {0};
    fill_values(&random, values, COUNT_MAX, width);
    eagre_parquet_hybrid_append(&bytes, values, COUNT_MAX, width);
    struct eagre_parquet_hybrid hybrid;
    eagre_parquet_hybrid_init(&hybrid, with_padding(&bytes), width);
    for (uint32_t done = 0; done < COUNT_MAX;) {
      uint32_t piece = 1 + (uint32_t)eagre_random_below(&random, 70);
      if (piece > COUNT_MAX - done) piece = COUNT_MAX - done;
      assert_true(eagre_parquet_hybrid_read(&hybrid, found + done, piece));
      done += piece;
    }
    assert_memory_equal(found, values, sizeof values);
    eagre_buffer_done(&bytes);
  }
}

static void test_bytes_and_bits(void **state) {
  (void)state;
  static uint32_t values[COUNT_MAX];
  static uint8_t found[COUNT_MAX];
  static uint8_t bits[COUNT_MAX];
  struct eagre_random random;
  eagre_random_seed(&random, 2);
  for (unsigned width = 1; width <= 8; width++) {
    struct eagre_buffer bytes = {0};
    struct eagre_parquet_hybrid hybrid;
    fill_values(&random, values, COUNT_MAX, width);
    eagre_parquet_hybrid_append(&bytes, values, COUNT_MAX, width);
    eagre_parquet_hybrid_init(&hybrid, with_padding(&bytes), width);
    assert_true(eagre_parquet_hybrid_read_bytes(&hybrid, found, 5));
    assert_true(eagre_parquet_hybrid_read_bytes(&hybrid, found + 5, COUNT_MAX - 5));
    for (uint32_t i = 0; i < COUNT_MAX; i++) {
      assert_int_equal(found[i], values[i]);
    }
    if (width == 1) {
      eagre_parquet_hybrid_init(&hybrid, with_padding(&bytes), width);
      assert_true(eagre_parquet_hybrid_read_bits(&hybrid, bits, 3, 77));
      assert_true(eagre_parquet_hybrid_read_bits(&hybrid, bits, 80, COUNT_MAX - 80));
      for (uint32_t i = 0; i < COUNT_MAX - 3; i++) {
        assert_int_equal(eagre_bit_get(bits, i + 3), values[i]);
      }
    }
    eagre_buffer_done(&bytes);
  }
}

/* Reads `count` values of `width` bits from `size` bytes; whether there were as many. */
static bool can_read(const uint8_t *bytes, size_t size, unsigned width, uint32_t count) {
  uint8_t padded[256] = {0};
  uint32_t out[64];
  struct eagre_parquet_hybrid hybrid;
  if (size > 0) memcpy(padded, bytes, size);
  eagre_parquet_hybrid_init(&hybrid, eagre_text_make((const char *)padded, size), width);
  return eagre_parquet_hybrid_read(&hybrid, out, count);
}

static void test_damage(void **state) {
  (void)state;
  static const uint8_t run[] = {16, 0x34, 0x12};
  static const uint8_t packed[] = {3, 0x88, 0xc6, 0xfa};
  static const uint8_t empty_run[] = {0, 0, 0};
  static const uint8_t empty_packed[] = {1, 0, 0};
  static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  assert_true(can_read(run, 3, 13, 8));
  assert_false(can_read(run, 3, 13, 9));
  assert_false(can_read(run, 2, 13, 8));
  assert_true(can_read(packed, 4, 3, 8));
  assert_false(can_read(packed, 4, 3, 9));
  assert_false(can_read(empty_run, 3, 8, 1));
  assert_false(can_read(empty_packed, 3, 8, 1));
  assert_false(can_read(endless, sizeof endless, 8, 1));
  assert_false(can_read(NULL, 0, 3, 1));
}

static void test_a_cut_last_group_has_its_values(void **state) {
  (void)state;
  /* Two groups announced, 12 values of 3 bits there. */
  static const uint8_t bytes[] = {5, 0x88, 0xc6, 0xfa, 0x88, 0x06};
  assert_true(can_read(bytes, sizeof bytes, 3, 12));
  assert_false(can_read(bytes, sizeof bytes, 3, 14));
}

static void test_wide_values(void **state) {
  (void)state;
  for (unsigned width = 1; width <= 64; width++) {
    uint8_t packed[64 * 8 + PADDING] = {0};
    uint64_t found[64];
    uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    struct eagre_random random;
    eagre_random_seed(&random, width);
    uint64_t values[64];
    for (unsigned i = 0; i < 64; i++) {
      values[i] = eagre_random_next(&random) & mask;
      for (unsigned bit = 0; bit < width; bit++) {
        eagre_bit_put(packed, i * width + bit, values[i] >> bit & 1);
      }
    }
    eagre_parquet_unpack_wide(packed, width, 64, found);
    assert_memory_equal(found, values, sizeof values);
  }
}

int run_hybrid_read_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_width_in_pieces),
      cmocka_unit_test(test_bytes_and_bits),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_a_cut_last_group_has_its_values),
      cmocka_unit_test(test_wide_values),
  };
  return cmocka_run_group_tests_name("parquet hybrid, reading", tests, NULL, NULL);
}

/* Deltas, prefixes and byte streams: bytes written by hand from the format's text. */
#include "test_parquet.h"

#include "parquet/parquet_delta_read.h"

enum { PADDING = 64 };

static const char *read_integers(const uint8_t *bytes, size_t size, uint32_t count_max,
                                 uint32_t width, struct eagre_buffer *out, size_t *out_left) {
  char padded[512] = {0};
  if (size > 0) memcpy(padded, bytes, size);
  struct eagre_text text = eagre_text_make(padded, size);
  eagre_buffer_clear(out);
  const char *problem = eagre_parquet_delta_read_integers(&text, count_max, width, out);
  *out_left = text.size;
  return problem;
}

static void test_integers(void **state) {
  (void)state;
  /* The format's example: 7, 5, 3, 1, 2, 3, 4, 5; deltas -2 -2 -2 1 1 1 1, least -2, so 0 0 0 3 3 3
   * 3 in 2 bits. Block of 128 in 4 miniblocks. */
  static const uint8_t bytes[] = {0x80, 1,    4, 8, 14, 3, 2, 0, 0,   0,
                                  0xc0, 0x3f, 0, 0, 0,  0, 0, 0, 0xaa};
  static const int32_t expected[] = {7, 5, 3, 1, 2, 3, 4, 5};
  struct eagre_buffer out = {0};
  size_t left;
  assert_null(read_integers(bytes, sizeof bytes, 8, 4, &out, &left));
  assert_int_equal(out.size, sizeof expected);
  assert_memory_equal(out.data, expected, sizeof expected);
  assert_int_equal(left, 1);
  assert_null(read_integers(bytes, sizeof bytes, 100, 8, &out, &left));
  for (int i = 0; i < 8; i++) {
    assert_int_equal(((int64_t *)out.data)[i], expected[i]);
  }
  eagre_buffer_done(&out);
}

static void test_integers_wrap(void **state) {
  (void)state;
  /* INT32_MAX, INT32_MIN: a delta of 1. INT64_MIN, INT64_MAX: one of -1. */
  static const uint8_t up[] = {0x80, 1, 4, 2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 2, 0, 0, 0, 0};
  static const uint8_t down[] = {0x80, 1,    4,    2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 1, 1,    0,    0,    0,    0};
  struct eagre_buffer out = {0};
  size_t left;
  assert_null(read_integers(up, sizeof up, 2, 4, &out, &left));
  assert_int_equal(((int32_t *)out.data)[0], INT32_MAX);
  assert_int_equal(((int32_t *)out.data)[1], INT32_MIN);
  assert_null(read_integers(down, sizeof down, 2, 8, &out, &left));
  assert_true(((int64_t *)out.data)[0] == INT64_MIN);
  assert_true(((int64_t *)out.data)[1] == INT64_MAX);
  eagre_buffer_done(&out);
}

static void test_one_and_none(void **state) {
  (void)state;
  static const uint8_t one[] = {0x80, 1, 4, 1, 5};
  static const uint8_t none[] = {0x80, 1, 4, 0, 0};
  struct eagre_buffer out = {0};
  size_t left;
  assert_null(read_integers(one, sizeof one, 1, 4, &out, &left));
  assert_int_equal(((int32_t *)out.data)[0], -3);
  assert_null(read_integers(none, sizeof none, 0, 4, &out, &left));
  assert_int_equal(out.size, 0);
  eagre_buffer_done(&out);
}

static void test_damaged_integers(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0};
  static const uint8_t no_blocks[] = {0, 0, 8, 14};
  static const uint8_t odd_blocks[] = {0x80, 1, 3, 8, 14};
  static const uint8_t wide[] = {0x80, 1, 4, 2, 14, 3, 65, 0, 0, 0, 0};
  struct eagre_buffer out = {0};
  size_t left;
  /* The seven deltas end in the 12th byte; the rest fills the miniblock up. */
  for (size_t size = 0; size < 12; size++) {
    assert_non_null(read_integers(bytes, size, 8, 4, &out, &left));
  }
  assert_null(read_integers(bytes, 12, 8, 4, &out, &left));
  assert_non_null(read_integers(bytes, sizeof bytes, 7, 4, &out, &left));
  assert_non_null(read_integers(no_blocks, sizeof no_blocks, 8, 4, &out, &left));
  assert_non_null(read_integers(odd_blocks, sizeof odd_blocks, 8, 4, &out, &left));
  assert_non_null(read_integers(wide, sizeof wide, 8, 4, &out, &left));
  eagre_buffer_done(&out);
}

/* Lengths 2, 0, 3 as DELTA_BINARY_PACKED: least delta -2, deltas above it 0 and 5 in 3 bits. */
#define LENGTHS 0x80, 1, 4, 3, 4, 3, 3, 0, 0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

static void test_lengths(void **state) {
  (void)state;
  static const uint8_t bytes[128] = {LENGTHS, 'a', 'b', 'c', 'd', 'e'};
  struct eagre_buffer lengths = {0};
  struct eagre_buffer out = {0};
  struct eagre_text text = eagre_text_make((const char *)bytes, 27);
  assert_null(eagre_parquet_delta_read_lengths(text, 3, &lengths, &out));
  const struct eagre_text *texts = (const struct eagre_text *)out.data;
  assert_int_equal(out.size, 3 * sizeof *texts);
  assert_true(eagre_text_equal_string(texts[0], "ab"));
  assert_true(eagre_text_equal_string(texts[1], ""));
  assert_true(eagre_text_equal_string(texts[2], "cde"));
  text.size = 26;
  assert_non_null(eagre_parquet_delta_read_lengths(text, 3, &lengths, &out));
  eagre_buffer_done(&lengths);
  eagre_buffer_done(&out);
}

static const char *read_prefixed(const uint8_t *bytes, size_t size, char *memory,
                                 struct eagre_buffer *out) {
  struct eagre_buffer buffers[3] = {0};
  struct eagre_parquet_prefixed texts;
  const char *problem =
      eagre_parquet_delta_read_prefixed(eagre_text_make((const char *)bytes, size), 100,
                                        &buffers[0], &buffers[1], &buffers[2], &texts);
  if (problem == NULL) {
    assert_in_range(texts.total_size, 0, 100);
    eagre_parquet_prefixed_join(&texts, memory, out);
  }
  for (int i = 0; i < 3; i++) {
    eagre_buffer_done(&buffers[i]);
  }
  return problem;
}

static void test_prefixes(void **state) {
  (void)state;
  /* Prefixes 0, 2, 1: deltas 2, -1; least -1, above it 3 and 0 in 2 bits. */
  static const uint8_t bytes[128] = {0x80, 1, 4, 3, 0, 1, 2,       0,   0,   0,   0x03, 0,
                                     0,    0, 0, 0, 0, 0, LENGTHS, 'a', 'b', 'c', 'd',  'e'};
  /* The second text takes three bytes of the first, which has two. */
  uint8_t wrong[128];
  char memory[100];
  struct eagre_buffer out = {0};
  assert_null(read_prefixed(bytes, 45, memory, &out));
  const struct eagre_text *texts = (const struct eagre_text *)out.data;
  assert_int_equal(out.size, 3 * sizeof *texts);
  assert_true(eagre_text_equal_string(texts[0], "ab"));
  assert_true(eagre_text_equal_string(texts[1], "ab"));
  assert_true(eagre_text_equal_string(texts[2], "acde"));
  memcpy(wrong, bytes, sizeof wrong);
  wrong[5] = 0; /* least 0: deltas 3, 0 */
  assert_non_null(read_prefixed(wrong, 45, memory, &out));
  assert_non_null(read_prefixed(bytes, 44, memory, &out));
  eagre_buffer_done(&out);
}

static void test_streams(void **state) {
  (void)state;
  static const char bytes[] = "\x01\x05\x02\x06\x03\x07\x04\x08";
  char out[8];
  assert_null(eagre_parquet_streams_read(eagre_text_make(bytes, 8), 4, out));
  assert_memory_equal(out, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  assert_null(eagre_parquet_streams_read(eagre_text_make(bytes, 6), 3, out));
  assert_memory_equal(out, "\x01\x02\x03\x05\x06\x07", 6);
  assert_non_null(eagre_parquet_streams_read(eagre_text_make(bytes, 7), 4, out));
}

int run_delta_read_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),     cmocka_unit_test(test_integers_wrap),
      cmocka_unit_test(test_one_and_none), cmocka_unit_test(test_damaged_integers),
      cmocka_unit_test(test_lengths),      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_streams),
  };
  return cmocka_run_group_tests_name("parquet deltas, reading", tests, NULL, NULL);
}

/* Unit tests of `compress`: every codec gives back what it was given, and refuses damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compress/compress.h"

enum { SIZE_MAX_TRIED = 300000 };

/* Half noise, half text that repeats. */
static void fill(struct eagre_buffer *out, size_t size, struct eagre_random *random) {
  eagre_buffer_clear(out);
  while (out->size < size) {
    if (eagre_random_below(random, 2) == 0) {
      eagre_buffer_append_string(out, "a piece that repeats ");
    } else {
      uint64_t noise = eagre_random_next(random);
      eagre_buffer_append(out, &noise, sizeof noise);
    }
  }
  out->size = size;
}

static void compress_all(enum eagre_codec codec, int level, struct eagre_text input,
                         struct eagre_buffer *out) {
  struct eagre_error error;
  struct eagre_compressor *compressor = eagre_compressor_new(codec, level);
  /* Twice with one handle: nothing of the first may be left in the second. */
  assert_int_equal(eagre_compress(compressor, input, out, &error), EAGRE_OK);
  size_t size = out->size;
  eagre_buffer_clear(out);
  eagre_buffer_append_string(out, "in front");
  assert_int_equal(eagre_compress(compressor, input, out, &error), EAGRE_OK);
  assert_int_equal(out->size, size + strlen("in front"));
  memmove(out->data, out->data + strlen("in front"), size);
  out->size = size;
  eagre_compressor_free(compressor);
}

static void check_round_trip(enum eagre_codec codec, int level, struct eagre_text input) {
  struct eagre_error error;
  struct eagre_buffer compressed = {0};
  compress_all(codec, level, input, &compressed);
  char *output = eagre_allocate(input.size + 1);
  output[input.size] = '!';
  assert_int_equal(
      eagre_decompress(codec, eagre_buffer_text(&compressed), output, input.size, &error),
      EAGRE_OK);
  assert_true(eagre_text_equal(input, eagre_text_make(output, input.size)));
  assert_int_equal(output[input.size], '!');
  eagre_free(output);
  eagre_buffer_done(&compressed);
}

static void test_round_trips(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 63, 64, 4096, 65537, SIZE_MAX_TRIED};
  struct eagre_random random;
  eagre_random_seed(&random, 7);
  struct eagre_buffer input = {0};
  for (int codec = 0; codec < EAGRE_CODEC_count; codec++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++) {
      fill(&input, sizes[i], &random);
      check_round_trip((enum eagre_codec)codec, 0, eagre_buffer_text(&input));
    }
  }
  eagre_buffer_done(&input);
}

static void test_levels(void **state) {
  (void)state;
  static const int levels[] = {-5, 1, 9, 100};
  struct eagre_random random;
  eagre_random_seed(&random, 11);
  struct eagre_buffer input = {0};
  fill(&input, 10000, &random);
  for (int codec = 0; codec < EAGRE_CODEC_count; codec++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(levels); i++) {
      check_round_trip((enum eagre_codec)codec, levels[i], eagre_buffer_text(&input));
    }
  }
  eagre_buffer_done(&input);
}

static void test_repeating_input_shrinks(void **state) {
  (void)state;
  struct eagre_buffer input = {0};
  struct eagre_buffer compressed = {0};
  for (int i = 0; i < 1000; i++) {
    eagre_buffer_append_string(&input, "the same again, ");
  }
  for (int codec = EAGRE_CODEC_NONE + 1; codec < EAGRE_CODEC_count; codec++) {
    eagre_buffer_clear(&compressed);
    compress_all((enum eagre_codec)codec, 0, eagre_buffer_text(&input), &compressed);
    assert_true(compressed.size < input.size / 10);
  }
  eagre_buffer_done(&input);
  eagre_buffer_done(&compressed);
}

static void check_damaged(enum eagre_codec codec, struct eagre_text input, size_t output_size) {
  struct eagre_error error;
  char *output = eagre_allocate(output_size);
  assert_int_equal(eagre_decompress(codec, input, output, output_size, &error), EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "MALFORMED_COMPRESSED_DATA");
  eagre_free(output);
}

static void test_damaged_input_is_refused(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 13);
  struct eagre_buffer input = {0};
  struct eagre_buffer compressed = {0};
  fill(&input, 5000, &random);
  for (int i = 0; i < EAGRE_CODEC_count; i++) {
    enum eagre_codec codec = (enum eagre_codec)i;
    eagre_buffer_clear(&compressed);
    compress_all(codec, 0, eagre_buffer_text(&input), &compressed);
    struct eagre_text whole = eagre_buffer_text(&compressed);
    check_damaged(codec, whole, input.size - 1);
    check_damaged(codec, whole, input.size + 1);
    check_damaged(codec, eagre_text_make(whole.data, whole.size - 1), input.size);
    check_damaged(codec, eagre_text_make(whole.data, whole.size / 2), input.size);
    check_damaged(codec, EAGRE_TEXT(""), input.size);
    check_damaged(codec, EAGRE_TEXT("\xff\xff\xff\xff\xff\xff\xff\xff"), input.size);
  }
  eagre_buffer_done(&input);
  eagre_buffer_done(&compressed);
}

static void test_gzip_takes_several_members(void **state) {
  (void)state;
  struct eagre_error error;
  struct eagre_buffer compressed = {0};
  struct eagre_compressor *compressor = eagre_compressor_new(EAGRE_CODEC_GZIP, 0);
  eagre_compress(compressor, EAGRE_TEXT("one "), &compressed, &error);
  eagre_compress(compressor, EAGRE_TEXT("two"), &compressed, &error);
  eagre_compressor_free(compressor);
  char output[7];
  assert_int_equal(eagre_decompress(EAGRE_CODEC_GZIP, eagre_buffer_text(&compressed), output,
                                    sizeof output, &error),
                   EAGRE_OK);
  assert_memory_equal(output, "one two", sizeof output);
  eagre_buffer_done(&compressed);
}

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *name;
    enum eagre_codec codec;
  } names[] = {
      {"none", EAGRE_CODEC_NONE},     {"UNCOMPRESSED", EAGRE_CODEC_NONE},
      {"Snappy", EAGRE_CODEC_SNAPPY}, {"gzip", EAGRE_CODEC_GZIP},
      {"lz4", EAGRE_CODEC_LZ4_RAW},   {"LZ4_RAW", EAGRE_CODEC_LZ4_RAW},
      {"ZSTD", EAGRE_CODEC_ZSTD},
  };
  struct eagre_error error;
  enum eagre_codec codec;
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    assert_int_equal(eagre_codec_parse(eagre_text_of(names[i].name), &codec, &error), EAGRE_OK);
    assert_int_equal(codec, names[i].codec);
  }
  for (int i = 0; i < EAGRE_CODEC_count; i++) {
    struct eagre_text name = eagre_text_of(eagre_codec_name((enum eagre_codec)i));
    assert_int_equal(eagre_codec_parse(name, &codec, &error), EAGRE_OK);
    assert_int_equal(codec, i);
  }
}

static void test_unknown_name(void **state) {
  (void)state;
  struct eagre_error error;
  enum eagre_codec codec;
  assert_int_equal(eagre_codec_parse(EAGRE_TEXT("snapy"), &codec, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "COMPRESSION_CODEC_NOT_AVAILABLE");
  assert_string_equal(error.text, "the compression codec 'snapy' is not available");
  assert_string_equal(error.hint,
                      "use one of none, snappy, gzip, lz4, zstd; did you mean 'snappy'?");
  assert_int_equal(eagre_codec_parse(EAGRE_TEXT("brotli"), &codec, &error), EAGRE_USAGE);
  assert_string_equal(error.hint, "use one of none, snappy, gzip, lz4, zstd");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_repeating_input_shrinks),
      cmocka_unit_test(test_damaged_input_is_refused),
      cmocka_unit_test(test_gzip_takes_several_members),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_unknown_name),
  };
  return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}

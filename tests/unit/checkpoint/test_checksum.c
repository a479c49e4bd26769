/* Proves Hadoop's side files: exact bytes, and that every change of either file is found. */
#include "test_checkpoint.h"

static const char METADATA[] = "{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21\"}";

static void a_short_file_has_one_checksum(void **state) {
  (void)state;
  static const unsigned char expected[] = {0x63, 0x72, 0x63, 0x00, 0x00, 0x00,
                                           0x02, 0x00, 0x24, 0x2d, 0x1b, 0xb4};
  struct eagre_buffer side = {0};
  eagre_checkpoint_checksum_make(eagre_text_of(METADATA), &side);
  assert_int_equal(side.size, sizeof expected);
  assert_memory_equal(side.data, expected, sizeof expected);
  eagre_buffer_done(&side);
}

static void the_number_of_checksums_follows_the_size(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 511, 512, 513, 1024, 5000};
  static const size_t counts[] = {0, 1, 1, 1, 2, 2, 10};
  char content[5000];
  for (size_t i = 0; i < sizeof content; i++) {
    content[i] = (char)(i * 13);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(sizes); i++) {
    struct eagre_buffer side = {0};
    struct eagre_text text = eagre_text_make(content, sizes[i]);
    eagre_checkpoint_checksum_make(text, &side);
    assert_int_equal(side.size, 8 + 4 * counts[i]);
    assert_true(eagre_checkpoint_checksum_matches(eagre_buffer_text(&side), text));
    eagre_buffer_done(&side);
  }
}

static void other_steps_than_ours_are_understood(void **state) {
  (void)state;
  /* Two checksums of 4 bytes: CRC32("abcd") and CRC32("ef"). */
  static const unsigned char side[] = {'c',  'r',  'c',  0,    0,    0,    0,    4,
                                       0xed, 0x82, 0xcd, 0x11, 0x4d, 0xb1, 0x5a, 0xd4};
  uint32_t last = eagre_crc32(0, "ef", 2);
  unsigned char exact[sizeof side];
  memcpy(exact, side, sizeof side);
  for (int i = 0; i < 4; i++) {
    exact[12 + i] = (unsigned char)(last >> (24 - 8 * i));
  }
  struct eagre_text text = eagre_text_make((const char *)exact, sizeof exact);
  assert_true(eagre_checkpoint_checksum_matches(text, EAGRE_TEXT("abcdef")));
  assert_false(eagre_checkpoint_checksum_matches(text, EAGRE_TEXT("abcdeg")));
}

static void every_changed_byte_is_found(void **state) {
  (void)state;
  char content[700];
  for (size_t i = 0; i < sizeof content; i++) {
    content[i] = (char)(i * 31 + 5);
  }
  struct eagre_text text = eagre_text_make(content, sizeof content);
  struct eagre_buffer side = {0};
  eagre_checkpoint_checksum_make(text, &side);
  for (size_t i = 0; i < sizeof content; i++) {
    content[i] ^= 1;
    assert_false(eagre_checkpoint_checksum_matches(eagre_buffer_text(&side), text));
    content[i] ^= 1;
  }
  for (size_t i = 0; i < side.size; i++) {
    side.data[i] ^= 1;
    assert_false(eagre_checkpoint_checksum_matches(eagre_buffer_text(&side), text));
    side.data[i] ^= 1;
  }
  for (size_t size = 0; size < side.size; size++) {
    assert_false(eagre_checkpoint_checksum_matches(eagre_text_make(side.data, size), text));
  }
  text.size--;
  assert_false(eagre_checkpoint_checksum_matches(eagre_buffer_text(&side), text));
  eagre_buffer_done(&side);
}

int run_checksum_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_short_file_has_one_checksum),
      cmocka_unit_test(the_number_of_checksums_follows_the_size),
      cmocka_unit_test(other_steps_than_ours_are_understood),
      cmocka_unit_test(every_changed_byte_is_found),
  };
  return cmocka_run_group_tests_name("checksums", tests, NULL, NULL);
}

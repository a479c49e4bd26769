/* UTF-8. Repairs were run against Java 17's decoder. */
#include "test_value.h"

#include <stdio.h>

static bool is_valid(const char *data, size_t size) {
  return eagre_value_utf8_is_valid(eagre_text_make(data, size));
}

static void check_repaired(const char *data, size_t size, const char *want) {
  struct eagre_buffer out = {0};
  eagre_value_utf8_repair(eagre_text_make(data, size), &out);
  assert_text(out.size == 0 ? "" : out.data, out.size, want);
  assert_int_equal(is_valid(data, size), size == strlen(want) && memcmp(data, want, size) == 0);
  assert_true(is_valid(out.data, out.size));
  eagre_buffer_done(&out);
}

#define CHECK_REPAIRED(literal, want) check_repaired(literal, sizeof(literal) - 1, want)
#define R "\xef\xbf\xbd"

static void test_valid(void **state) {
  (void)state;
  CHECK_REPAIRED("", "");
  CHECK_REPAIRED("a", "a");
  CHECK_REPAIRED("\x7f", "\x7f");
  CHECK_REPAIRED("\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf");
  CHECK_REPAIRED("\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf");
  CHECK_REPAIRED("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
  CHECK_REPAIRED("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  CHECK_REPAIRED("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void test_repairs(void **state) {
  (void)state;
  CHECK_REPAIRED("\x80", R);
  CHECK_REPAIRED("a\xbf\x62", "a" R "b");
  CHECK_REPAIRED("\xc0\x80", R R);
  CHECK_REPAIRED("\xc1\xbf", R R);
  CHECK_REPAIRED("\xc3", R);
  CHECK_REPAIRED("\xc3\x28", R "(");
  CHECK_REPAIRED("\xe0\x80\x80", R R R);
  CHECK_REPAIRED("\xe0\x9f\xbf", R R R);
  CHECK_REPAIRED("\xe2\x82", R);
  CHECK_REPAIRED("\xe2\x82\x28", R "(");
  CHECK_REPAIRED("\xe2\x28\xa1", R "(" R);
  CHECK_REPAIRED("\xed\xa0\x80", R); /* a surrogate is one */
  CHECK_REPAIRED("\xed\xa0\x80\xed\xb0\x80", R R);
  CHECK_REPAIRED("\xed\xa0", R);
  CHECK_REPAIRED("\xf0\x80\x80\x80", R R R R);
  CHECK_REPAIRED("\xf0\x90\x80", R);
  CHECK_REPAIRED("\xf0\x90", R);
  CHECK_REPAIRED("\xf0\x90\x28\xbc", R "(" R);
  CHECK_REPAIRED("\xf0\x90\x80\x28", R "(");
  CHECK_REPAIRED("\xf4\x90\x80\x80", R R R R);
  CHECK_REPAIRED("\xf5\x80\x80\x80", R R R R);
  CHECK_REPAIRED("\xf8\x88\x80\x80\x80", R R R R R);
  CHECK_REPAIRED("\xfe\xff", R R);
}

/* An invalid byte at every place of texts of every length around the words that are read. */
static void test_every_place(void **state) {
  (void)state;
  for (size_t size = 1; size <= 80; size++) {
    char *text = eagre_allocate(size); /* to its last byte, for the sanitizer */
    memset(text, 'x', size);
    assert_true(is_valid(text, size));
    for (size_t i = 0; i < size; i++) {
      text[i] = (char)0x80;
      assert_false(is_valid(text, size));
      struct eagre_buffer out = {0};
      eagre_value_utf8_repair(eagre_text_make(text, size), &out);
      assert_int_equal(out.size, size + 2);
      assert_memory_equal(out.data + i, R, 3);
      assert_int_equal(eagre_value_utf8_length(eagre_text_make(out.data, out.size)), size);
      eagre_buffer_done(&out);
      text[i] = 'x';
    }
    eagre_free(text);
  }
}

static void test_repair_appends(void **state) {
  (void)state;
  struct eagre_buffer out = {0};
  eagre_buffer_append_string(&out, "before ");
  eagre_value_utf8_repair(EAGRE_TEXT("a\xff"), &out);
  eagre_value_utf8_repair(eagre_text_make(NULL, 0), &out);
  assert_text(out.data, out.size, "before a" R);
  eagre_buffer_done(&out);
}

static void test_length(void **state) {
  (void)state;
  assert_int_equal(eagre_value_utf8_length(eagre_text_make(NULL, 0)), 0);
  assert_int_equal(eagre_value_utf8_length(EAGRE_TEXT("abc")), 3);
  assert_int_equal(eagre_value_utf8_length(EAGRE_TEXT("caf\xc3\xa9")), 4);
  assert_int_equal(eagre_value_utf8_length(EAGRE_TEXT("\xf0\x9f\x98\x80\xe2\x82\xac")), 2);
  assert_int_equal(
      eagre_value_utf8_length(EAGRE_TEXT("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80xyz")),
      6);
}

/* What is repaired is valid, and what is valid is not changed. */
static void test_random_bytes(void **state) {
  (void)state;
  static const unsigned char bytes[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
                                        0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf4, 0xf5};
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < 200000; i++) {
    char text[12];
    size_t size = 1 + eagre_random_below(&random, sizeof text);
    for (size_t j = 0; j < size; j++) {
      text[j] = (char)bytes[eagre_random_below(&random, sizeof bytes)];
    }
    struct eagre_buffer out = {0};
    eagre_value_utf8_repair(eagre_text_make(text, size), &out);
    assert_true(is_valid(out.data, out.size));
    bool is_same = out.size == size && memcmp(out.data, text, size) == 0;
    assert_int_equal(is_same, is_valid(text, size));
    eagre_buffer_done(&out);
  }
}

int run_utf8_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_valid),       cmocka_unit_test(test_repairs),
      cmocka_unit_test(test_every_place), cmocka_unit_test(test_repair_appends),
      cmocka_unit_test(test_length),      cmocka_unit_test(test_random_bytes),
  };
  return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}

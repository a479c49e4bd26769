/* Texts: order, prefixes, trimming, nearest spelling. */
#include "test_base.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void test_order_is_by_unsigned_bytes(void **state) {
  (void)state;
  static const char *const ascending[] = {"", "A", "AB", "B", "a", "\x7f", "\x80", "\xff"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(ascending); i++) {
    for (size_t j = 0; j < EAGRE_COUNT_OF(ascending); j++) {
      int order = eagre_text_compare(eagre_text_of(ascending[i]), eagre_text_of(ascending[j]));
      assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
      assert_int_equal(eagre_text_equal_string(eagre_text_of(ascending[i]), ascending[j]), i == j);
    }
  }
  assert_int_equal(eagre_text_of(NULL).size, 0);
}

static void test_case_is_ignored_for_ascii_only(void **state) {
  (void)state;
  assert_true(eagre_text_equal_ignoring_case(EAGRE_TEXT("azAZ_09"), EAGRE_TEXT("AZaz_09")));
  assert_false(eagre_text_equal_ignoring_case(EAGRE_TEXT("a"), EAGRE_TEXT("ab")));
  assert_false(eagre_text_equal_ignoring_case(EAGRE_TEXT("@["), EAGRE_TEXT("`{")));
  assert_false(eagre_text_equal_ignoring_case(EAGRE_TEXT("\xc3\xa9"), EAGRE_TEXT("\xc3\x89")));
}

static void test_prefixes_and_suffixes(void **state) {
  (void)state;
  struct eagre_text text = EAGRE_TEXT("kafka.group");
  assert_true(eagre_text_starts_with(text, EAGRE_TEXT("kafka.")));
  assert_true(eagre_text_starts_with(text, EAGRE_TEXT("")));
  assert_false(eagre_text_starts_with(text, EAGRE_TEXT("kafka.groups")));
  assert_true(eagre_text_ends_with(text, EAGRE_TEXT("group")));
  assert_false(eagre_text_ends_with(text, EAGRE_TEXT("groups")));
  assert_true(eagre_text_ends_with((struct eagre_text){0}, EAGRE_TEXT("")));
}

static void test_trim_takes_controls_at_both_ends(void **state) {
  (void)state;
  struct eagre_text trimmed = eagre_text_trim(EAGRE_TEXT(" \t\n\x1f\x7f"
                                                         "a b\x01 "));
  assert_true(eagre_text_equal_string(trimmed, "a b"));
  assert_int_equal(eagre_text_trim(EAGRE_TEXT("  ")).size, 0);
  assert_int_equal(eagre_text_trim((struct eagre_text){0}).size, 0);
  assert_int_equal(eagre_text_trim(EAGRE_TEXT("\xc2\xa0")).size, 2);
}

static void test_nearest_forgives_a_third(void **state) {
  (void)state;
  static const char *const names[] = {"timestamp", "topic", "partition", "offset"};
  size_t count = EAGRE_COUNT_OF(names);
  assert_string_equal(eagre_text_nearest(EAGRE_TEXT("timestmap"), names, count), "timestamp");
  assert_string_equal(eagre_text_nearest(EAGRE_TEXT("OFSET"), names, count), "offset");
  assert_string_equal(eagre_text_nearest(EAGRE_TEXT("topics"), names, count), "topic");
  assert_null(eagre_text_nearest(EAGRE_TEXT("value"), names, count));
  assert_null(eagre_text_nearest(EAGRE_TEXT(""), names, count));
  assert_null(eagre_text_nearest(EAGRE_TEXT("topic"), names, 0));
}

static void test_nearest_refuses_huge_names(void **state) {
  (void)state;
  static char huge[100000];
  for (size_t i = 0; i + 1 < sizeof huge; i++) {
    huge[i] = 'x';
  }
  const char *const names[] = {huge, "y"};
  assert_null(eagre_text_nearest(eagre_text_of(huge), names, 2));
  assert_string_equal(eagre_text_nearest(EAGRE_TEXT("y"), names, 2), "y");
}

/* Words of the same bytes are equal wherever these stand: in the middle of others, or right before
 * memory that cannot be read. */
static void test_words_are_the_bytes_of_a_short_text(void **state) {
  (void)state;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(pages != MAP_FAILED);
  assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
  for (size_t size = 0; size <= EAGRE_TEXT_WORDS_SIZE_MAX; size++) {
    char bytes[EAGRE_TEXT_WORDS_SIZE_MAX] = {0};
    memset(pages, 'x', page);
    for (size_t i = 0; i < size; i++) {
      bytes[i] = pages[64 + i] = pages[page - size + i] = (char)(200 + i);
    }
    struct eagre_text_words words = eagre_text_words_make(eagre_text_make(pages + 64, size));
    struct eagre_text_words last =
        eagre_text_words_make(eagre_text_make(pages + page - size, size));
    assert_memory_equal(&words, bytes, sizeof words);
    assert_memory_equal(&last, bytes, sizeof last);
  }
  munmap(pages, 2 * page);
}

int run_text_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order_is_by_unsigned_bytes),
      cmocka_unit_test(test_case_is_ignored_for_ascii_only),
      cmocka_unit_test(test_prefixes_and_suffixes),
      cmocka_unit_test(test_trim_takes_controls_at_both_ends),
      cmocka_unit_test(test_nearest_forgives_a_third),
      cmocka_unit_test(test_nearest_refuses_huge_names),
      cmocka_unit_test(test_words_are_the_bytes_of_a_short_text),
  };
  return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

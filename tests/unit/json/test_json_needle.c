/* eagre_json_find_needle: what is found, and that nothing that may hold the needle is missed. */
#include "test_json.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PADDING = 64, TEXT_SIZE = 200, RANDOM_COUNT = 20000 };

/* Of one text, with as many readable bytes behind it as the door asks for and no more. */
static bool find(const char *text, size_t size, const char *needle) {
  char *bytes = eagre_allocate_zeroed(size + PADDING, 1);
  memcpy(bytes, text, size);
  struct eagre_text value = eagre_text_make(bytes, size);
  struct eagre_vector texts = {.type = eagre_type_of(EAGRE_TYPE_STRING), .data = &value};
  uint8_t rows[8] = {0};
  eagre_json_find_needle(eagre_text_of(needle), &texts, 1, rows);
  eagre_free(bytes);
  return eagre_bit_get(rows, 0);
}

static void needles_are_found_anywhere(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (size_t size = 4; size <= TEXT_SIZE; size++) {
    for (size_t at = 0; at + 4 <= size; at++) {
      memset(text, 'v', size);
      memcpy(text + at, "view", 4);
      assert_true(find(text, size, "view"));
    }
  }
}

static void what_only_looks_alike_is_not(void **state) {
  (void)state;
  assert_false(find("", 0, "view"));
  assert_false(find("vie", 3, "view"));
  assert_false(find("v__w view", 8, "view"));
  assert_false(find("VIEW", 4, "view"));
  assert_false(find("{\"s\":\"click\"}", 13, "view"));
}

static void a_backslash_may_stand_for_anything(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (size_t at = 0; at < TEXT_SIZE; at++) {
    memset(text, 'x', TEXT_SIZE);
    assert_false(find(text, TEXT_SIZE, "view"));
    text[at] = '\\';
    assert_true(find(text, TEXT_SIZE, "view"));
  }
}

static void of_a_long_needle_the_beginning_is_looked_for(void **state) {
  (void)state;
  static const char needle[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  assert_true(find(needle, sizeof needle - 1, needle));
  assert_true(find(needle, EAGRE_JSON_NEEDLE_SIZE_MAX, needle));
  assert_false(find(needle, EAGRE_JSON_NEEDLE_SIZE_MAX - 1, needle));
}

static void null_has_none(void **state) {
  (void)state;
  char bytes[4 + PADDING] = "view";
  struct eagre_text values[3];
  uint8_t validity[8] = {5};
  uint8_t rows[8] = {0xff};
  for (int i = 0; i < 3; i++)
    values[i] = eagre_text_make(bytes, 4);
  struct eagre_vector texts = {
      .type = eagre_type_of(EAGRE_TYPE_BINARY), .data = values, .validity = validity};
  eagre_json_find_needle(EAGRE_TEXT("view"), &texts, 3, rows);
  assert_int_equal(rows[0] & 7, 5);
}

/* Behind the end of a text anything may stand; what is in it is found for sure. */
static void random_texts_of_few_letters(void **state) {
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 7);
  for (uint32_t i = 0; i < RANDOM_COUNT; i++) {
    char text[TEXT_SIZE];
    char needle[8] = {0};
    size_t size = (size_t)eagre_random_below(&random, TEXT_SIZE);
    size_t needle_size = 1 + (size_t)eagre_random_below(&random, sizeof needle - 1);
    for (size_t j = 0; j < size; j++)
      text[j] = (char)('a' + eagre_random_below(&random, 3));
    for (size_t j = 0; j < needle_size; j++)
      needle[j] = (char)('a' + eagre_random_below(&random, 3));
    bool is_there = memmem(text, size, needle, needle_size) != NULL;
    assert_int_equal(find(text, size, needle), is_there);
  }
}

int test_json_needle(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(needles_are_found_anywhere),
      cmocka_unit_test(what_only_looks_alike_is_not),
      cmocka_unit_test(a_backslash_may_stand_for_anything),
      cmocka_unit_test(of_a_long_needle_the_beginning_is_looked_for),
      cmocka_unit_test(null_has_none),
      cmocka_unit_test(random_texts_of_few_letters),
  };
  return cmocka_run_group_tests_name("needle", tests, NULL, NULL);
}

/* The strict tree reader and the line splitter. */
#include "test_json.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_document(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_json_node *root = NULL;
  struct eagre_text text = EAGRE_TEXT(
      " {\"v\":1, \"name\":\"a\\u00e9\", \"parts\" : [ -12.5e3, true, false, null, {}, [] ],"
      "\"n\\u0061\":{\"x\":-7}} \n");
  assert_int_equal(eagre_json_read(&arena, text, &root, NULL), EAGRE_OK);
  assert_int_equal(root->kind, EAGRE_JSON_OBJECT);
  assert_int_equal(root->text.data[root->text.size - 1], '}');
  int64_t number = 0;
  assert_true(eagre_json_integer(eagre_json_member(root, "v"), &number));
  assert_int_equal(number, 1);
  assert_true(eagre_text_equal_string(eagre_json_member(root, "name")->text, "a\xc3\xa9"));
  const struct eagre_json_node *inner = eagre_json_member(eagre_json_member(root, "na"), "x");
  assert_true(eagre_json_integer(inner, &number));
  assert_int_equal(number, -7);
  static const enum eagre_json_kind kinds[] = {EAGRE_JSON_NUMBER, EAGRE_JSON_TRUE,
                                               EAGRE_JSON_FALSE,  EAGRE_JSON_NULL,
                                               EAGRE_JSON_OBJECT, EAGRE_JSON_ARRAY};
  const struct eagre_json_node *part = eagre_json_member(root, "parts")->child;
  assert_true(eagre_text_equal_string(part->text, "-12.5e3"));
  assert_false(eagre_json_integer(part, &number));
  for (size_t i = 0; i < EAGRE_COUNT_OF(kinds); i++, part = part->next) {
    assert_int_equal(part->kind, kinds[i]);
    assert_int_equal(part->name.size, 0);
  }
  assert_null(part);
  assert_null(eagre_json_member(root, "missing"));
  assert_null(eagre_json_member(eagre_json_member(root, "v"), "x"));
  assert_false(eagre_json_integer(eagre_json_member(root, "name"), &number));
  eagre_arena_done(&arena);
}

static void test_scalars(void **state) {
  (void)state;
  static const char *const texts[] = {"1", " null ", "\"x\"", "[]", "true", "-0.5E+1"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    struct eagre_arena arena = {0};
    const struct eagre_json_node *root = NULL;
    assert_int_equal(eagre_json_read(&arena, eagre_text_of(texts[i]), &root, NULL), EAGRE_OK);
    assert_null(root->next);
    eagre_arena_done(&arena);
  }
}

static void test_malformed(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",    " ",  "{",       "{}x",      "{} {}", "[1,]",  "{'a':1}",   "{a:1}", "NaN",
      "01",  "1x", "\"\\'\"", "\"\t\"",   "tru",   "[1 2]", "{\"a\"}",   "/**/1", "\xef\xbb\xbf{}",
      "\"x", "[",  "]",       "{\"a\":}", "+1",    "1.",    "\"\\u12\"",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    struct eagre_arena arena = {0};
    struct eagre_error error;
    eagre_error_init(&error);
    const struct eagre_json_node *root = NULL;
    if (eagre_json_read(&arena, eagre_text_of(texts[i]), &root, &error) != EAGRE_USAGE) {
      fail_msg("'%s' was read", texts[i]);
    }
    assert_string_equal(error.class_name, "MALFORMED_JSON");
    assert_non_null(strstr(error.text, "byte"));
    eagre_arena_done(&arena);
  }
}

static void test_depth(void **state) {
  (void)state;
  for (int depth = 1000; depth <= 1001; depth++) {
    struct eagre_arena arena = {0};
    struct eagre_buffer text = {0};
    const struct eagre_json_node *root = NULL;
    for (int i = 0; i < depth; i++)
      eagre_buffer_append_char(&text, '[');
    for (int i = 0; i < depth; i++)
      eagre_buffer_append_char(&text, ']');
    enum eagre_status expected = depth <= 1000 ? EAGRE_OK : EAGRE_USAGE;
    assert_int_equal(eagre_json_read(&arena, eagre_buffer_text(&text), &root, NULL), expected);
    eagre_buffer_done(&text);
    eagre_arena_done(&arena);
  }
}

/* ---- Lines ----------------------------------------------------------------------------------- */

struct line_case {
  const char *data;
  bool is_last;
  const char *expected; /* lines with '|' behind each */
  size_t consumed;
};

static const struct line_case line_cases[] = {
    {"", true, "", 0},
    {"a", true, "a|", 1},
    {"a", false, "", 0},
    {"a\n", false, "a|", 2},
    {"a\nb", false, "a|", 2},
    {"a\nb", true, "a|b|", 3},
    {"a\r\nb\r\n", false, "a|b|", 6},
    {"a\rb\rc", true, "a|b|c|", 5},
    {"a\r", false, "", 0},
    {"a\r", true, "a|", 2},
    {"a\rb\r", false, "a|", 2},
    {"\n\n", false, "||", 2},
    {"\r\r\n\n", false, "|||", 4},
    {"\n\r", true, "||", 2},
    {"a\n\rb\n", false, "a||b|", 5},
    {"long line, longer than a vector\r\nx\n", false, "long line, longer than a vector|x|", 35},
};

static void test_lines(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(line_cases); i++) {
    const struct line_case *line_case = &line_cases[i];
    struct eagre_text lines[8];
    size_t consumed = 99;
    bool is_ascii = false;
    uint32_t count = eagre_json_split_lines(line_case->data, strlen(line_case->data),
                                            line_case->is_last, lines, 8, &consumed, &is_ascii);
    struct eagre_buffer found = {0};
    for (uint32_t line = 0; line < count; line++) {
      eagre_buffer_append_text(&found, lines[line]);
      eagre_buffer_append_char(&found, '|');
    }
    assert_string_equal(eagre_buffer_string(&found), line_case->expected);
    assert_int_equal(consumed, line_case->consumed);
    assert_true(is_ascii);
    eagre_buffer_done(&found);
  }
}

static void test_line_limit(void **state) {
  (void)state;
  struct eagre_text lines[2];
  size_t consumed = 0;
  bool is_ascii = false;
  assert_int_equal(eagre_json_split_lines("a\nb\nc\n", 6, true, lines, 2, &consumed, &is_ascii), 2);
  assert_int_equal(consumed, 4);
  assert_int_equal(eagre_json_split_lines("c\n", 2, true, lines, 2, &consumed, &is_ascii), 1);
  assert_true(eagre_text_equal_string(lines[0], "c"));
}

/* Byte by byte, as the door describes it. */
static uint32_t split_slowly(const char *data, size_t size, bool is_last, struct eagre_text *lines,
                             uint32_t count_max, size_t *out_consumed) {
  size_t begin = 0;
  uint32_t count = 0;
  for (size_t i = 0; i < size && count < count_max; i++) {
    if (data[i] != '\n' && data[i] != '\r') continue;
    bool is_half = data[i] == '\r' && i + 1 == size && !is_last;
    if (is_half) break;
    lines[count++] = eagre_text_make(data + begin, i - begin);
    if (data[i] == '\r' && i + 1 < size && data[i + 1] == '\n') i++;
    begin = i + 1;
  }
  if (is_last && count < count_max && begin < size) {
    lines[count++] = eagre_text_make(data + begin, size - begin);
    begin = size;
  }
  *out_consumed = begin;
  return count;
}

/* Breaks at all distances from the ends of blocks, and of the buffer; now and then one that is
 * longer than what is looked at in one go. */
static void test_lines_of_any_length(void **state) {
  enum { ROUNDS = 20000, LENGTH_MAX = 300, LONG_LENGTH_MAX = 10000, LINES = 200 };
  (void)state;
  struct eagre_random random;
  eagre_random_seed(&random, 7);
  for (int round = 0; round < ROUNDS; round++) {
    struct eagre_text found[LINES];
    struct eagre_text expected[LINES];
    size_t size = eagre_random_below(&random, round % 20 == 0 ? LONG_LENGTH_MAX : LENGTH_MAX);
    uint64_t spread = 2 + eagre_random_below(&random, 100);
    char *data =
        eagre_allocate(size + 1); /* of this size: a sanitizer sees what is read behind it */
    bool is_ascii = true;
    for (size_t i = 0; i < size; i++) {
      uint64_t chance = eagre_random_below(&random, spread);
      data[i] = chance == 0 ? '\n' : chance == 1 ? '\r' : 'x';
      if (round % 2 == 0 && eagre_random_below(&random, 500) == 0) data[i] = '\xc3';
      is_ascii = is_ascii && data[i] != '\xc3';
    }
    bool is_last = round % 3 == 0;
    size_t consumed;
    size_t expected_consumed;
    bool is_said_ascii;
    uint32_t count =
        eagre_json_split_lines(data, size, is_last, found, LINES, &consumed, &is_said_ascii);
    assert_int_equal(count, split_slowly(data, size, is_last, expected, LINES, &expected_consumed));
    assert_int_equal(consumed, expected_consumed);
    for (uint32_t i = 0; i < count; i++) {
      assert_ptr_equal(found[i].data, expected[i].data);
      assert_int_equal(found[i].size, expected[i].size);
    }
    if (is_ascii) assert_true(is_said_ascii);
    if (is_said_ascii) assert_null(memchr(data, '\xc3', consumed));
    eagre_free(data);
  }
}

int test_json_tree(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_document),
      cmocka_unit_test(test_scalars),
      cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_line_limit),
      cmocka_unit_test(test_lines_of_any_length),
  };
  return cmocka_run_group_tests_name("json tree", tests, NULL, NULL);
}

/* get_json_object and the colon operator (spark-semantics 5.7, 5.8). The table of get_json_object
 * holds what Spark 4.2 answered; that of the colon operator follows Databricks' reference page. */
#include "test_json.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct path_case {
  const char *path;
  struct eagre_text json;
  const char *expected; /* NULL: SQL NULL */
};

#define DOCUMENT                                                                                   \
  "{\"a\":{\"b\":[1,2.50,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"w\\u00e9😀\"},\"a "            \
  "b\":1,\"a.b\":2,\"*\":3,\"\":4}"

#define PATH_CASE(path, json, expected)                                                            \
  { path, EAGRE_TEXT(json), expected }

static const struct path_case path_cases[] = {
    PATH_CASE(
        "$", DOCUMENT,
        "{\"a\":{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"},\"a "
        "b\":1,\"a.b\":2,\"*\":3,\"\":4}"),
    PATH_CASE("$.a", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$.a.b", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$.a.b[0]", DOCUMENT, "1"),
    PATH_CASE("$.a.b[1]", DOCUMENT, "2.5"),
    PATH_CASE("$.a.b[2]", DOCUMENT, "{\"c\":\"x y\"}"),
    PATH_CASE("$.a.b[2].c", DOCUMENT, "x y"),
    PATH_CASE("$.a.b[3]", DOCUMENT, NULL),
    PATH_CASE("$.a.d", DOCUMENT, NULL),
    PATH_CASE("$.a.e", DOCUMENT, "q\"wé😀"),
    PATH_CASE("$.a b", DOCUMENT, "1"),
    PATH_CASE("$[\"a\"]", DOCUMENT, NULL),
    PATH_CASE("$['a']", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$['a.b']", DOCUMENT, "2"),
    PATH_CASE("$.a.b[*]", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$.a.b[*].c", DOCUMENT, "\"x y\""),
    PATH_CASE("$.*", DOCUMENT, NULL),
    PATH_CASE("$['*']", DOCUMENT, NULL),
    PATH_CASE("$.a.*", DOCUMENT, NULL),
    PATH_CASE("$..a", DOCUMENT, NULL),
    PATH_CASE("$.a[-1]", DOCUMENT, NULL),
    PATH_CASE("$.a.b[ 0]", DOCUMENT, "1"),
    PATH_CASE("$.a.b[0 ]", DOCUMENT, NULL),
    PATH_CASE("$.a.b[ 0 ]", DOCUMENT, NULL),
    PATH_CASE("$ .a", DOCUMENT, NULL),
    PATH_CASE("$. a", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$.a .b", DOCUMENT, NULL),
    PATH_CASE(" $.a", DOCUMENT, NULL),
    PATH_CASE("$.a ", DOCUMENT, NULL),
    PATH_CASE("", DOCUMENT, NULL),
    PATH_CASE("a", DOCUMENT, NULL),
    PATH_CASE("$a", DOCUMENT, NULL),
    PATH_CASE("$.", DOCUMENT, NULL),
    PATH_CASE("$[", DOCUMENT, NULL),
    PATH_CASE("$[]", DOCUMENT, NULL),
    PATH_CASE("$.a.b[0", DOCUMENT, NULL),
    PATH_CASE("$.a.b[0,1]", DOCUMENT, NULL),
    PATH_CASE("$.A", DOCUMENT, NULL),
    PATH_CASE("$['']", DOCUMENT, NULL),
    PATH_CASE("$['a'].b", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$['a']['b'][2]['c']", DOCUMENT, "x y"),
    PATH_CASE("$.a['b']", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$[ 'a']", DOCUMENT, NULL),
    PATH_CASE("$['a' ]", DOCUMENT, NULL),
    PATH_CASE("$.a.b[00]", DOCUMENT, "1"),
    PATH_CASE("$.a.b[*", DOCUMENT, NULL),
    PATH_CASE("$.a.b.c", DOCUMENT, NULL),
    PATH_CASE("$.a.b[*].c.d", DOCUMENT, NULL),
    PATH_CASE("$.a[*]", DOCUMENT, NULL),
    PATH_CASE("$[0]", DOCUMENT, NULL),
    PATH_CASE("$.é", DOCUMENT, NULL),
    PATH_CASE("$.a.b[2].c ", DOCUMENT, NULL),
    PATH_CASE("$.a\t", DOCUMENT, NULL),
    PATH_CASE("$.a.b [0]", DOCUMENT, NULL),
    PATH_CASE("$.a. b", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$.\ta", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$['a\tb']", DOCUMENT, NULL),
    PATH_CASE("$.a?b", DOCUMENT, NULL),
    PATH_CASE("$['a?']", DOCUMENT, NULL),
    PATH_CASE("$.a]", DOCUMENT, NULL),
    PATH_CASE("$.a'b", DOCUMENT, NULL),
    PATH_CASE("$.a.b[*] .c", DOCUMENT, NULL),
    PATH_CASE("$[*]", DOCUMENT, NULL),
    PATH_CASE("$[*].a", DOCUMENT, NULL),
    PATH_CASE("$.a.b[*][*]", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$.a.b[0][*]", DOCUMENT, NULL),
    PATH_CASE("$.a", "{\"a\":NaN}", NULL),
    PATH_CASE("$.a", "{\"a\":1} x", "1"),
    PATH_CASE("$.a", "{\"a\":1", NULL),
    PATH_CASE("$.a", "{\"a\":1,", NULL),
    PATH_CASE("$.a", "{\"a\":1,\"b\":tru}", NULL),
    PATH_CASE("$.a", "{\"b\":tru,\"a\":1}", NULL),
    PATH_CASE("$.a", "{'a':'x'}", "x"),
    PATH_CASE("$.a", "{\"a\":\"x\ty\"}", "x\ty"),
    PATH_CASE("$.a", "{\"a\":1,\"a\":2}", "1"),
    PATH_CASE("$.a", "{\"a\":null,\"a\":2}", "2"),
    PATH_CASE("$.a", "{\"a\":\"\\ud83d\"}", NULL),
    PATH_CASE("$.a", "{\"a\":[\"\\ud83d\"]}", "[\"\\uD83D\"]"),
    PATH_CASE("$.a", "{\"a\":\"😀\"}", "😀"),
    PATH_CASE("$.a", "{\"a\":[\"😀\"]}", "[\"\\uD83D\\uDE00\"]"),
    PATH_CASE("$.a", "{\"a\":\"\377\"}", "\357\277\275"),
    PATH_CASE("$.a", "{\"a\":[\"\377\"]}", "[\"\357\277\275\"]"),
    PATH_CASE("$.a", "{\"a\":1e400}", "\"Infinity\""),
    PATH_CASE("$.a", "{\"a\":[1.50,1e2,-0,-0.0,12345678901234567890123]}",
              "[1.5,100.0,0,-0.0,12345678901234567890123]"),
    PATH_CASE("$.a", "{\"a\":true}", "true"),
    PATH_CASE("$.a", "{\"a\":\"\"}", ""),
    PATH_CASE("$.a", "null", NULL),
    PATH_CASE("$.a", "[]", NULL),
    PATH_CASE("$.a", "5", NULL),
    PATH_CASE("$.a", "\"x\"", NULL),
    PATH_CASE("$.a", "", NULL),
    PATH_CASE("$.a", "  ", NULL),
    PATH_CASE("$.a", "{\"a\":\"x\\q\"}", NULL),
    PATH_CASE("$.a", "{\"a\":\"it\\'s\"}", "it's"),
    PATH_CASE("$.a", "{\"a\":{\"b\":1,\"b\":2}}", "{\"b\":1,\"b\":2}"),
    PATH_CASE("$.a", "{\"a\":01}", NULL),
    PATH_CASE("$.a", "{a:1}", NULL),
    PATH_CASE("$.a", "\357\273\277{\"a\":1}", NULL),
    PATH_CASE("$.a", "{\"\\u0061\":1}", "1"),
    PATH_CASE("$.a", "{\"a\":\"x\"}{\"a\":\"y\"}", "x"),
    PATH_CASE("$.a", "{\"A\":1}", NULL),
    PATH_CASE("$.a", "{\"a\":/*c*/1}", NULL),
    PATH_CASE("$", "\"x\"", "x"),
    PATH_CASE("$", "5", "5"),
    PATH_CASE("$", "5x", NULL),
    PATH_CASE("$", "5 x", "5"),
    PATH_CASE("$", "nullx", NULL),
    PATH_CASE("$", "null", "null"),
    PATH_CASE("$", "[1, 2]", "[1,2]"),
    PATH_CASE("$", "[]", "[]"),
    PATH_CASE("$", "true", "true"),
    PATH_CASE("$", "{\"a\":null}", "{\"a\":null}"),
    PATH_CASE("$", "\"x", NULL),
    PATH_CASE("$", "{\"a\":1}x", "{\"a\":1}"),
    PATH_CASE("$", "{\"a\":1", NULL),
    PATH_CASE("$", "1.50", "1.5"),
    PATH_CASE("$", "\"😀\"", "😀"),
    PATH_CASE("$", "NaN", NULL),
    PATH_CASE("$", "", NULL),
    PATH_CASE("$.a[0]", "{\"a\":[null]}", "null"),
    PATH_CASE("$.a[0]", "{\"a\":[]}", NULL),
    PATH_CASE("$.a[0]", "{\"a\":[\"x\"]}", "x"),
    PATH_CASE("$.a[0]", "{\"a\":\"x\"}", NULL),
    PATH_CASE("$.a[0]", "{\"a\":[[1]]}", "[1]"),
    PATH_CASE("$.a[0]", "{\"a\":{\"0\":1}}", NULL),
    PATH_CASE("$.a[0]", "{\"a\":[1,tru]}", NULL),
    PATH_CASE("$.a[*]", "{\"a\":[\"x\"]}", "\"x\""),
    PATH_CASE("$.a[*]", "{\"a\":[\"x\",\"y\"]}", "[\"x\",\"y\"]"),
    PATH_CASE("$.a[*]", "{\"a\":[]}", NULL),
    PATH_CASE("$.a[*]", "{\"a\":[null]}", "null"),
    PATH_CASE("$.a[*]", "{\"a\":[null,1]}", "[null,1]"),
    PATH_CASE("$.a[*]", "{\"a\":[1]}", "1"),
    PATH_CASE("$.a[*]", "{\"a\":[[1,2]]}", "[1,2]"),
    PATH_CASE("$.a[*]", "{\"a\":[{\"b\":1}]}", "{\"b\":1}"),
    PATH_CASE("$.a[*]", "{\"a\":\"x\"}", NULL),
    PATH_CASE("$.a[*]", "{\"a\":[[\"x\"]]}", "[\"x\"]"),
    PATH_CASE("$.a[*].b", "{\"a\":[{\"b\":1},{\"b\":null},{\"c\":1},{\"b\":2}]}", "[1,2]"),
    PATH_CASE("$.a[*].b", "{\"a\":[{\"b\":\"x\"}]}", "\"x\""),
    PATH_CASE("$.a[*].b", "{\"a\":[{\"b\":[1,2]}]}", "[1,2]"),
    PATH_CASE("$.a[*].b", "{\"a\":[{\"b\":1},{\"b\":[1,2]}]}", "[1,[1,2]]"),
    PATH_CASE("$.a[*].b", "{\"a\":[1]}", NULL),
    PATH_CASE("$.a[*].b", "{\"a\":{\"b\":1}}", NULL),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "[[1,2],[3]]"),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":[]},{\"b\":[1,2]}]}", "[],[1,2]"),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":[1]}]}", "[1]"),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":[]},{\"b\":[]}]}", NULL),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":[\"x\"]},{\"b\":1}]}", "[\"x\"]"),
    PATH_CASE("$.a[*].b[*]", "{\"a\":[{\"b\":null},{\"b\":[\"y\",null]}]}", "[\"y\",null]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[[1,2],[3]]}", "[1,2,3]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[[1]]}", "[1]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[[]]}", NULL),
    PATH_CASE("$.a[*][*]", "{\"a\":[1,[2]]}", "[1,2]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[[[1,2],[3]],[[4]]]}", "[1,2,3,4]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[\"x\"]}", "[\"x\"]"),
    PATH_CASE("$.a[*][*]", "{\"a\":[]}", NULL),
    PATH_CASE("$.a[*][*].b", "{\"a\":[[{\"b\":1}],[{\"b\":2},{\"b\":[3,4]}]]}", NULL),
    PATH_CASE("$.a[*][*].b", "{\"a\":[[{\"b\":1}]]}", NULL),
    PATH_CASE("$.a[*][*][*]", "{\"a\":[[[1,2],[3]],[[4]]]}", "[[1,2,3],4]"),
    PATH_CASE("$.a[*][*][*]", "{\"a\":[[[1]]]}", "[1]"),
    PATH_CASE("$.a[*][0]", "{\"a\":[[1,2],[3]]}", "[1,3]"),
    PATH_CASE("$.a[*][0]", "{\"a\":[[1,2]]}", "1"),
    PATH_CASE("$.a[*][0]", "{\"a\":[[\"x\"]]}", "\"x\""),
    PATH_CASE("$.a[1][*]", "{\"a\":[[1,2],[3]]}", "[3]"),
    PATH_CASE("$.a[1][*]", "{\"a\":[1,[\"x\"]]}", "[\"x\"]"),
    PATH_CASE("$.a[1][*]", "{\"a\":[1,[]]}", NULL),
    PATH_CASE("$.a[1][*]", "{\"a\":[1,[1,2]]}", "[1,2]"),
    PATH_CASE("$.a[1][*]", "{\"a\":[1,5]}", NULL),
    PATH_CASE("$.a[0][*].b", "{\"a\":[[{\"b\":1},{\"b\":\"x\"}]]}", "[1,\"x\"]"),
    PATH_CASE("$.a[0][*].b", "{\"a\":[[{\"b\":1}]]}", "[1]"),
    PATH_CASE("$.a[0][*].b", "{\"a\":[[{\"c\":1}]]}", NULL),
    PATH_CASE("$.a[0][*][*]", "{\"a\":[[[1,2],[3]]]}", "[1,2,3]"),
    PATH_CASE("$.a[0][*][*]", "{\"a\":[[1]]}", "[1]"),
    PATH_CASE("$.a[0].b[*]", "{\"a\":[{\"b\":[1]}]}", "1"),
    PATH_CASE("$.a[0].b[*]", "{\"a\":[{\"b\":[1,2]}]}", "[1,2]"),
    PATH_CASE("$.a[*].b[0]", "{\"a\":[{\"b\":[1]}]}", "1"),
    PATH_CASE("$.a[*].b[0]", "{\"a\":[{\"b\":[1]},{\"b\":[\"x\"]}]}", "[1,\"x\"]"),
    PATH_CASE("$.a.b", "{\"a\":{\"c\":1},\"a\":{\"b\":2}}", "2"),
    PATH_CASE("$.a.b", "{\"a\":{\"b\":null},\"a\":{\"b\":2}}", "2"),
    PATH_CASE("$.a.b", "{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "1"),
    PATH_CASE("$.a.b", "{\"a\":[{\"b\":1}]}", NULL),
    PATH_CASE("$.a.b", "{\"a\":{\"b\":1,\"c\":tru}}", NULL),
    PATH_CASE("$[*].a", "[{\"a\":1},{\"a\":2}]", "[1,2]"),
    PATH_CASE("$[*].a", "[{\"a\":1}]", "1"),
    PATH_CASE("$[*].a", "{\"a\":1}", NULL),
    PATH_CASE("$.a.*", "{\"a\":{\"b\":1}}", NULL),
    PATH_CASE("$.*.a", "{\"b\":{\"a\":1}}", NULL),
    PATH_CASE("$.*.a", "[{\"a\":1}]", NULL),
    PATH_CASE(
        "$ ", DOCUMENT,
        "{\"a\":{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"},\"a "
        "b\":1,\"a.b\":2,\"*\":3,\"\":4}"),
    PATH_CASE("$ ['a']", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$ .*", DOCUMENT, NULL),
    PATH_CASE("$['a'] ", DOCUMENT,
              "{\"b\":[1,2.5,{\"c\":\"x y\"}],\"d\":null,\"e\":\"q\\\"wé\\uD83D\\uDE00\"}"),
    PATH_CASE("$.a.b[0] ", DOCUMENT, "1"),
    PATH_CASE("$['a '].b", DOCUMENT, NULL),
    PATH_CASE("$[' a'].b", DOCUMENT, "[1,2.5,{\"c\":\"x y\"}]"),
    PATH_CASE("$.a ['b']", DOCUMENT, NULL),
    PATH_CASE("$[\t0]", "[7]", "7"),
    PATH_CASE("$.a..b", DOCUMENT, NULL),
    PATH_CASE("$.*b", DOCUMENT, NULL),
    PATH_CASE("$['*'].b", DOCUMENT, NULL),
    PATH_CASE("$.a[*].b[*][*]", "{\"a\":[{\"b\":[[1,2],[3]]},{\"b\":[[4]]}]}", "[[1,2,3],[4]]"),
    PATH_CASE("$[0][0]", "[[1,2]]", "1"),
    PATH_CASE("$[1].x", "[{\"x\":1},{\"x\":[2,{\"y\":null}]}]", "[2,{\"y\":null}]"),
    PATH_CASE("$.a[*].b[0][*]", "{\"a\":[{\"b\":[[1,2]]},{\"b\":[[\"x\"]]}]}", "[[1,2],[\"x\"]]"),
    PATH_CASE("$[*]", "[]", NULL),
    PATH_CASE("$[*]", "[1]", "1"),
    PATH_CASE("$[*]", "[\"x\",null]", "[\"x\",null]"),
    PATH_CASE("$[*][*]", "[[]]", NULL),
    PATH_CASE("$.a[*].b.c[*]", "{\"a\":[{\"b\":{\"c\":[1]}},{\"b\":{\"c\":[2,3]}}]}",
              "[[1],[2,3]]"),
};

#define STORE                                                                                      \
  "{\"Owner\":\"amy\",\"zip "                                                                      \
  "code\":\"94025\",\"fb:testid\":\"1234\",\"none\":null,\"Twin\":1,\"twin\":2,"                   \
  "\"Odd\":3,\"ODD\":4,\"store\":{\"fruit\":[{\"weight\":8,\"type\":\"apple\"},{\"weight\":9,"     \
  "\"type\":"                                                                                      \
  "\"pear\"}],\"basket\":[[1,2,{\"b\":\"y\"}],[3,4],[5,6]],\"book\":[{\"t\":\"x\"},{\"isbn\":\"0-" \
  "553\"}]}}"

static const struct path_case colon_cases[] = {
    PATH_CASE("owner", STORE, "amy"),
    PATH_CASE("OWNER", STORE, "amy"),
    PATH_CASE("['Owner']", STORE, "amy"),
    PATH_CASE("[\"Owner\"]", STORE, "amy"),
    PATH_CASE("['owner']", STORE, NULL),
    PATH_CASE("`zip code`", STORE, "94025"),
    PATH_CASE("`Zip Code`", STORE, "94025"),
    PATH_CASE("['fb:testid']", STORE, "1234"),
    PATH_CASE("`fb:testid`", STORE, "1234"),
    PATH_CASE("none", STORE, NULL),
    PATH_CASE("missing", STORE, NULL),
    PATH_CASE("owner.x", STORE, NULL),
    PATH_CASE("Twin", STORE, "1"),
    PATH_CASE("twin", STORE, "2"),
    PATH_CASE("TWIN", STORE, NULL),
    PATH_CASE("odd", STORE, NULL),
    PATH_CASE("store.fruit[0]", STORE, "{\"weight\":8,\"type\":\"apple\"}"),
    PATH_CASE("STORE.Fruit[1].Type", STORE, "pear"),
    PATH_CASE("store['fruit'][1]['type']", STORE, "pear"),
    PATH_CASE("store . fruit [ 1 ] . type", STORE, "pear"),
    PATH_CASE("store.fruit[2]", STORE, NULL),
    PATH_CASE("store.fruit[*].weight", STORE, "[8,9]"),
    PATH_CASE("store.fruit[*].type", STORE, "[\"apple\",\"pear\"]"),
    PATH_CASE("store.book[*].isbn", STORE, "[null,\"0-553\"]"),
    PATH_CASE("store.basket[*]", STORE, "[[1,2,{\"b\":\"y\"}],[3,4],[5,6]]"),
    PATH_CASE("store.basket[*][0]", STORE, "[1,3,5]"),
    PATH_CASE("store.basket[0][*]", STORE, "[1,2,{\"b\":\"y\"}]"),
    PATH_CASE("store.basket[*][*]", STORE, "[1,2,{\"b\":\"y\"},3,4,5,6]"),
    PATH_CASE("store.basket[0][2].b", STORE, "y"),
    PATH_CASE("[1]", "[1,\"x\"]", "x"),
    PATH_CASE("[0]", "[null]", NULL),
    PATH_CASE("[*]", "[]", "[]"),
    PATH_CASE("[*]", "[\"x\"]", "[\"x\"]"),
    PATH_CASE("[*]", "5", NULL),
    PATH_CASE("a", "{\"a\":1", NULL),
    PATH_CASE("a", "{\"a\":\"x\"} rest", "x"),
    PATH_CASE("a", "not json", NULL),
    PATH_CASE("a", "", NULL),
    PATH_CASE("\xc3\xa9", "{\"\xc3\xa9\":1}", "1"),
    PATH_CASE("`a``b`", "{\"a`b\":1}", "1"),
    PATH_CASE("a", "{\"\\u0041\":1}", "1"),
};

static void check(const struct path_case *path_case, const struct eagre_json_path *path) {
  struct eagre_buffer out = {0};
  eagre_buffer_append_string(&out, "before ");
  bool is_found = eagre_json_path_get(path, path_case->json, &out);
  const char *found = is_found ? eagre_buffer_string(&out) + 7 : NULL;
  if (!is_found) assert_int_equal(out.size, 7);
  bool is_same = found == NULL || path_case->expected == NULL
                     ? found == path_case->expected
                     : strcmp(found, path_case->expected) == 0;
  if (!is_same) {
    fail_msg("path '%s' on '%.*s': expected '%s', got '%s'", path_case->path,
             (int)path_case->json.size, path_case->json.data,
             path_case->expected == NULL ? "NULL" : path_case->expected,
             found == NULL ? "NULL" : found);
  }
  eagre_buffer_done(&out);
}

static void test_get_json_object(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(path_cases); i++) {
    struct eagre_json_path *path = eagre_json_path_new(eagre_text_of(path_cases[i].path));
    check(&path_cases[i], path);
    eagre_json_path_free(path);
  }
}

static void test_colon(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(colon_cases); i++) {
    struct eagre_json_path *path = NULL;
    assert_int_equal(eagre_json_colon_path_new(eagre_text_of(colon_cases[i].path), &path, NULL),
                     EAGRE_OK);
    check(&colon_cases[i], path);
    eagre_json_path_free(path);
  }
}

static void test_colon_syntax(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",      ".",  "a.", "a..b",    "a[",    "a[]", "a[x]",  "a['x'", "a b",
      "a[-1]", "``", "`a", "a['x\"]", "a.[0]", "a-b", "a[0]b", "$.a",   "a[99999999999999999999]"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(wrong); i++) {
    struct eagre_json_path *path = NULL;
    struct eagre_error error;
    eagre_error_init(&error);
    assert_int_equal(eagre_json_colon_path_new(eagre_text_of(wrong[i]), &path, &error),
                     EAGRE_USAGE);
    assert_string_equal(error.class_name, "PARSE_SYNTAX_ERROR");
    assert_null(path);
  }
}

static void test_deep_paths(void **state) {
  (void)state;
  struct eagre_buffer path = {0};
  struct eagre_buffer json = {0};
  eagre_buffer_append_char(&path, '$');
  for (int i = 0; i < 900; i++) {
    eagre_buffer_append_string(&path, "[0]");
    eagre_buffer_append_char(&json, '[');
  }
  eagre_buffer_append_char(&json, '7');
  for (int i = 0; i < 900; i++)
    eagre_buffer_append_char(&json, ']');
  struct eagre_json_path *deep = eagre_json_path_new(eagre_buffer_text(&path));
  struct eagre_buffer out = {0};
  assert_true(eagre_json_path_get(deep, eagre_buffer_text(&json), &out));
  assert_true(eagre_text_equal_string(eagre_buffer_text(&out), "7"));
  eagre_json_path_free(deep);
  eagre_buffer_done(&path);
  eagre_buffer_done(&json);
  eagre_buffer_done(&out);
}

int test_json_path(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_get_json_object),
      cmocka_unit_test(test_colon),
      cmocka_unit_test(test_colon_syntax),
      cmocka_unit_test(test_deep_paths),
  };
  return cmocka_run_group_tests_name("json path", tests, NULL, NULL);
}

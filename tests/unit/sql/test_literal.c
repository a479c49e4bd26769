/* Constants: numbers, strings with their escapes, typed ones; comments. */
#include "test_sql.h"

static const struct tree_row constants[] = {
    {"'lit'", "'lit'"},
    {"\"dq\"", "'dq'"},
    {"1", "1"},
    {"1L", "1L"},
    {"1S", "1S"},
    {"1Y", "1Y"},
    {"1.5", "1.5m"},
    {"1.50", "1.50m"},
    {"1e3", "1e3d"},
    {"1.5D", "1.5d"},
    {"1.5F", "1.5f"},
    {"1BD", "1m"},
    {"true", "true"},
    {"NULL", "null"},
    {"X'1F'", "x'1F'"},
    {"DATE '2020-01-01'", "date'2020-01-01'"},
    {"TIMESTAMP '2020-01-01 00:00:00'", "ts'2020-01-01 00:00:00'"},
    {"TIMESTAMP '2020-01-01 00:00:00.5'", "ts'2020-01-01 00:00:00.5'"},
    {"'it''s'", "'it's'"},
    {"'a' 'b'", "'ab'"},
    {"r'a\\d'", "'a\\d'"},
    {"'a\\nb'", "'a\nb'"},
    {"'O\\'Brien'", "'O'Brien'"},
    {"'100\\%'", "'100\\%'"},
    {"'a\\_b'", "'a\\_b'"},
    {"'\\q'", "'q'"},
    {"'\\Z'", "'\032'"},
    {"\"it's\"", "'it's'"},
    {"\"a\"\"b\"", "'a\"b'"},
    {"'a\"b'", "'a\"b'"},
    {"'a' 'b' \"c\", 'it''s', \"say \"\"x\"\"\", 'a\"b'", "'abc', 'it's', 'say \"x\"', 'a\"b'"},
    {"r'a\\d', R\"x\\n\", r'', ''", "'a\\d', 'x\\n', '', ''"},
    {"'a\\tb', '\\\\', '\\'', '\\\"', 'a\\%b\\_c', '\\u00e9', '\\U0001F600', '\\101'",
     "'a\tb', '\\', ''', '\"', 'a\\%b\\_c', 'é', '😀', 'A'"},
    {"1, 1L, 1S, 1Y, 1BD, 1.5BD, 1D, 1F, 1e3F, 1.5e-3D, 12l, 1.e5, .5e1",
     "1, 1L, 1S, 1Y, 1m, 1.5m, 1d, 1f, 1e3f, 1.5e-3d, 12L, 1.e5d, .5e1d"},
    {"-1, - 1L, -1.5, -1e3, -9223372036854775808L, -128Y, 2147483648",
     "-1, -1L, -1.5m, -1e3d, -9223372036854775808L, -128Y, 2147483648"},
    {"X'', X'F', x'0aFF', x FROM t", "x'', x'0F', x'0AFF', x from t"},
    {"'\\ud83d\\ude00', '\\ud83d', '\\u12', '\\9', '\\377', '\\047', '\\U00110000'",
     "'😀', '?', 'u12', '9', '377', ''', '\?\?'"},
    {"'a''''b', '\\x41', '\\12', 'a\\\nb'", "'a''b', 'x41', '12', 'a\nb'"},
    {"/* c */ a -- x", "a"},
    {"a /* /* nested */ */ + /*+ hint */ b", "(+ a b)"},
    {"/*+ BROADCAST(t) */ a FROM t", "a from t"},
};

static void test_constants(void **state) {
  (void)state;
  CHECK_EXPRESSIONS(constants);
}

/* Bytes that a C string cannot hold. */
static void test_control_characters(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_sql_expression *literal = parse_expression(&arena, "'\\0\\b\\Z\\000\\001x'");
  assert_true(eagre_text_equal(literal->text, EAGRE_TEXT("\0\b\032\0\001x")));
  eagre_arena_done(&arena);
}

const struct CMUnitTest literal_tests[] = {
    cmocka_unit_test(test_constants),
    cmocka_unit_test(test_control_characters),
};
const size_t literal_test_count = EAGRE_COUNT_OF(literal_tests);

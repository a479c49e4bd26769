/* ${name}: in tokens, in strings, not in comments; places stay those of the file. */
#include "test_sql.h"

#define TEXT_OF(literal)                                                                           \
  { (literal), sizeof(literal) - 1 }

static const struct eagre_sql_define defines[] = {
    {TEXT_OF("brokers"), TEXT_OF("h1:9092,h2:9092")},     {TEXT_OF("table"), TEXT_OF("orders")},
    {TEXT_OF("condition"), TEXT_OF("a > 1 AND b")},       {TEXT_OF("empty"), TEXT_OF("")},
    {TEXT_OF("quote"), TEXT_OF("it's \"q\" \\ `b`")},     {TEXT_OF("a.b-c:d"), TEXT_OF("5")},
    {TEXT_OF("reference"), TEXT_OF("${table}")},          {TEXT_OF("string"), TEXT_OF("'x'")},
    {TEXT_OF("statements"), TEXT_OF("SELECT 1; SELECT")},
};

static const struct tree_row trees[] = {
    {"SELECT * FROM ${table}", "[select * from orders]"},
    {"SELECT * FROM ${table}_new x", "[select * from orders_new as x]"},
    {"SELECT * FROM new_${table}", "[select * from new_orders]"},
    {"SELECT a FROM t WHERE ${condition}", "[select a from t where (and (> a 1) b)]"},
    {"SELECT '${brokers}', 'x ${table} y ${table}'",
     "[select 'h1:9092,h2:9092', 'x orders y orders']"},
    {"SELECT a${empty}b, '${empty}', ${empty} c", "[select ab, '', c]"},
    {"SELECT ${a.b-c:d} + 1", "[select (+ 5 1)]"},
    {"SELECT ${string}, '${string}'", "[select 'x', ''x'']"},
    {"${statements} 2", "[select 1]; [select 2]"},
    {"SET k = ${brokers}", "set {k=h1:9092,h2:9092}"},
    {"CREATE SINK s USING kafka OPTIONS ('b' = '${brokers}')",
     "sink s using kafka {b=h1:9092,h2:9092}"},
    /* Inside quotes a value is content, whatever it has. */
    {"SELECT '${quote}'", "[select 'it's \"q\" \\ `b`']"},
    {"SELECT \"${quote}\"", "[select 'it's \"q\" \\ `b`']"},
    {"SELECT `${quote}`", "[select `it's \"q\" \\ `b``]"},
    {"SELECT 'a\\'${table}', 'b''${table}'", "[select 'a'orders', 'b'orders']"},
    {"SELECT r'${table}\\d'", "[select 'orders\\d']"},
    /* A value is not looked at again. */
    {"SELECT '${reference}'", "[select '${table}']"},
    /* No reference at all. */
    {"SELECT 'a$b', '$', '${', '${}', '${a b}', '${a', '$${table}'",
     "[select 'a$b', '$', '${', '${}', '${a b}', '${a', '$orders']"},
    {"SELECT 1 -- ${nothing} 'x\n, 2", "[select 1, 2]"},
    {"SELECT 1 /* ${nothing} ' /* ` */ */, '${table}'", "[select 1, 'orders']"},
    {"SELECT '-- ${table}', '/* ${table}'", "[select '-- orders', '/* orders']"},
};

static void test_values(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(trees); i++) {
    assert_tree_with(trees[i].source, defines, EAGRE_COUNT_OF(defines), trees[i].tree);
  }
}

static const struct error_row errors[] = {
    {"SELECT '${broker}'", "UNDEFINED_VARIABLE", 1, 9, 9, "'broker'", "Did you mean ${brokers}?"},
    {"SELECT a\nFROM ${nothing}", "UNDEFINED_VARIABLE", 2, 6, 10, "'nothing'",
     "--define nothing=VALUE"},
    {"SELECT ${TABLE}", "UNDEFINED_VARIABLE", 1, 8, 8, "'TABLE'", "Did you mean ${table}?"},
    {"SELECT r'${quote}'", "PARSE_SYNTAX_ERROR", 1, 10, 8, "raw string", "without r"},
    /* What is wrong inside a value is shown at its reference. */
    {"SELECT * FROM ${table} x y", "PARSE_SYNTAX_ERROR", 1, 26, 1, "near 'y'", NULL},
    {"SELECT * FROM x ${condition}", "PARSE_SYNTAX_ERROR", 1, 17, 12, "near '>'", NULL},
    {"SELECT * FROM t WHERE ${condition} c d", "PARSE_SYNTAX_ERROR", 1, 36, 1, "near 'c'", NULL},
    {"SELECT x${table}y z w", "PARSE_SYNTAX_ERROR", 1, 21, 1, "near 'w'", NULL},
    {"SELECT a b x${table}y", "PARSE_SYNTAX_ERROR", 1, 12, 10, "near 'xordersy'", NULL},
    {"SELECT ${empty}", "PARSE_SYNTAX_ERROR", 1, 16, 1, "end of input", NULL},
    {"SELECT ${statements}", "PARSE_SYNTAX_ERROR", 1, 8, 13, "near 'SELECT'", NULL},
    {"SELECT CAST(${table} AS ${table})", "UNSUPPORTED_DATATYPE", 1, 25, 6, "ORDERS", NULL},
};

static void test_errors(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(errors); i++) {
    assert_error_with(&errors[i], defines, EAGRE_COUNT_OF(defines));
  }
}

/* The source may go away: nothing in the tree points into it. */
static void test_source_is_copied(void **state) {
  (void)state;
  char source[] = "SELECT abc, 'def' FROM `ghi` WHERE jkl";
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  assert_int_equal(eagre_sql_parse(&arena, eagre_text_of(source), NULL, 0, &statement, &error),
                   EAGRE_OK);
  memset(source, 'x', sizeof source - 1);
  const struct eagre_sql_query *query = statement->query;
  assert_true(eagre_text_equal_string(query->items[0].expression->name.parts[0], "abc"));
  assert_true(eagre_text_equal_string(query->items[1].expression->text, "def"));
  assert_true(eagre_text_equal_string(query->from->name.parts[0], "ghi"));
  assert_true(eagre_text_equal_string(query->where->source, "jkl"));
  eagre_arena_done(&arena);
}

const struct CMUnitTest substitution_tests[] = {
    cmocka_unit_test(test_values),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_source_is_copied),
};
const size_t substitution_test_count = EAGRE_COUNT_OF(substitution_tests);

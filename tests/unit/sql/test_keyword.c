/* The table of keywords: its order, on which the search stands, and the search. */
#include "test_sql.h"

#include "sql/sql_token.h"

static void test_order(void **state) {
  (void)state;
  for (int keyword = 2; keyword < EAGRE_SQL_KEYWORD_count; keyword++) {
    const char *before = eagre_sql_keyword_name((enum eagre_sql_keyword)(keyword - 1));
    assert_true(strcmp(before, eagre_sql_keyword_name((enum eagre_sql_keyword)keyword)) < 0);
  }
}

static void test_search(void **state) {
  (void)state;
  for (int keyword = 1; keyword < EAGRE_SQL_KEYWORD_count; keyword++) {
    struct eagre_text name = eagre_text_of(eagre_sql_keyword_name((enum eagre_sql_keyword)keyword));
    assert_int_equal(eagre_sql_keyword_find(name), keyword);
  }
  assert_int_equal(eagre_sql_keyword_find(EAGRE_TEXT("sElEcT")), EAGRE_SQL_KEYWORD_SELECT);
  assert_int_equal(eagre_sql_keyword_find(EAGRE_TEXT("selec")), EAGRE_SQL_KEYWORD_NONE);
  assert_int_equal(eagre_sql_keyword_find(EAGRE_TEXT("selects")), EAGRE_SQL_KEYWORD_NONE);
  assert_int_equal(eagre_sql_keyword_find(EAGRE_TEXT("")), EAGRE_SQL_KEYWORD_NONE);
  assert_int_equal(eagre_sql_keyword_find(EAGRE_TEXT("a\0b")), EAGRE_SQL_KEYWORD_NONE);
}

/* Every keyword may be the name of a column, a field and an alias. */
static void test_every_keyword_is_a_name(void **state) {
  (void)state;
  for (int keyword = 1; keyword < EAGRE_SQL_KEYWORD_count; keyword++) {
    const char *name = eagre_sql_keyword_name((enum eagre_sql_keyword)keyword);
    bool is_constant = keyword == EAGRE_SQL_KEYWORD_NULL || keyword == EAGRE_SQL_KEYWORD_TRUE ||
                       keyword == EAGRE_SQL_KEYWORD_FALSE;
    bool is_call =
        keyword == EAGRE_SQL_KEYWORD_CURRENT_DATE || keyword == EAGRE_SQL_KEYWORD_CURRENT_TIMESTAMP;
    struct eagre_arena arena = {0};
    struct eagre_text text =
        eagre_arena_printf(&arena, "SELECT %s, a.%s AS %s FROM t", name, name, name);
    const struct eagre_sql_query *query =
        parse_statement(&arena, eagre_arena_copy_text(&arena, text).data)->query;
    assert_int_equal(query->item_count, 2);
    enum eagre_sql_expression_kind kind = is_constant ? EAGRE_SQL_LITERAL
                                          : is_call   ? EAGRE_SQL_CALL
                                                      : EAGRE_SQL_NAME;
    assert_int_equal(query->items[0].expression->kind, kind);
    assert_true(eagre_text_equal_string(query->items[1].expression->name.parts[1], name));
    assert_true(eagre_text_equal_string(query->items[1].alias, name));
    eagre_arena_done(&arena);
  }
}

const struct CMUnitTest keyword_tests[] = {
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_search),
    cmocka_unit_test(test_every_keyword_is_a_name),
};
const size_t keyword_test_count = EAGRE_COUNT_OF(keyword_tests);

/* Runs all unit tests of `sql`, and the checks they share. */
#include "test_sql.h"

#include "sql_tree.h"

static void fail_with_error(const char *source, const struct eagre_error *error) {
  fail_msg("%s\n  %s (%u, %u, %u): %s | %s", source, error->class_name, error->line, error->column,
           error->length, error->text, error->hint);
}

void assert_tree_with(const char *source, const struct eagre_sql_define *defines,
                      uint32_t define_count, const char *tree) {
  struct eagre_arena arena = {0};
  struct eagre_buffer printed = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_sql_parse(&arena, eagre_text_of(source), defines, define_count, &statement, &error);
  if (status != EAGRE_OK) fail_with_error(source, &error);
  for (; statement != NULL; statement = statement->next) {
    if (printed.size > 0) eagre_buffer_append_string(&printed, "; ");
    print_statement_tree(statement, &printed);
  }
  eagre_buffer_append_char(&printed, 0);
  if (strcmp(printed.data, tree) != 0) print_error("%s\n", source);
  assert_string_equal(printed.data, tree);
  eagre_buffer_done(&printed);
  eagre_arena_done(&arena);
}

void assert_tree(const char *source, const char *tree) {
  assert_tree_with(source, NULL, 0, tree);
}

static bool is_piece(const char *piece, const char *text) {
  return piece == NULL ? text[0] == 0 : strstr(text, piece) != NULL;
}

void assert_error_with(const struct error_row *row, const struct eagre_sql_define *defines,
                       uint32_t define_count) {
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status = eagre_sql_parse(&arena, eagre_text_of(row->source), defines,
                                             define_count, &statement, &error);
  if (status != EAGRE_USAGE) fail_msg("no error: %s", row->source);
  bool is_expected = error.status == EAGRE_USAGE &&
                     strcmp(error.class_name, row->class_name) == 0 && error.line == row->line &&
                     error.column == row->column && error.length == row->length &&
                     is_piece(row->text, error.text) && is_piece(row->hint, error.hint);
  if (!is_expected) fail_with_error(row->source, &error);
  eagre_arena_done(&arena);
}

void assert_error(const struct error_row *row) {
  assert_error_with(row, NULL, 0);
}

void check_statements(const struct tree_row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    assert_tree(rows[i].source, rows[i].tree);
  }
}

void check_expressions(const struct tree_row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct eagre_buffer source = {0}, tree = {0};
    eagre_buffer_printf(&source, "SELECT %s", rows[i].source);
    eagre_buffer_printf(&tree, "[select %s]", rows[i].tree);
    eagre_buffer_append_char(&source, 0);
    eagre_buffer_append_char(&tree, 0);
    assert_tree(source.data, tree.data);
    eagre_buffer_done(&source);
    eagre_buffer_done(&tree);
  }
}

void check_errors(const struct error_row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    assert_error(&rows[i]);
  }
}

struct eagre_sql_statement *parse_statement(struct eagre_arena *arena, const char *source) {
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_sql_parse(arena, eagre_text_of(source), NULL, 0, &statement, &error);
  if (status != EAGRE_OK) fail_with_error(source, &error);
  return statement;
}

const struct eagre_sql_select_item *parse_item(struct eagre_arena *arena, const char *source) {
  struct eagre_text text = eagre_arena_printf(arena, "SELECT %s", source);
  const struct eagre_sql_statement *statement =
      parse_statement(arena, eagre_arena_copy_text(arena, text).data);
  return &statement->query->items[0];
}

const struct eagre_sql_expression *parse_expression(struct eagre_arena *arena, const char *source) {
  return parse_item(arena, source)->expression;
}

int main(void) {
  static const struct {
    const char *name;
    const struct CMUnitTest *tests;
    const size_t *count;
  } groups[] = {
      {"call", call_tests, &call_test_count},
      {"caret", caret_tests, &caret_test_count},
      {"depth", depth_tests, &depth_test_count},
      {"error", error_tests, &error_test_count},
      {"expression", expression_tests, &expression_test_count},
      {"interval", interval_tests, &interval_test_count},
      {"keyword", keyword_tests, &keyword_test_count},
      {"literal", literal_tests, &literal_test_count},
      {"place", place_tests, &place_test_count},
      {"precedence", precedence_tests, &precedence_test_count},
      {"print", print_tests, &print_test_count},
      {"query", query_tests, &query_test_count},
      {"refusal", refusal_tests, &refusal_test_count},
      {"relation", relation_tests, &relation_test_count},
      {"statement", statement_tests, &statement_test_count},
      {"substitution", substitution_tests, &substitution_test_count},
  };
  int failures = 0;
  for (size_t i = 0; i < EAGRE_COUNT_OF(groups); i++) {
    failures +=
        _cmocka_run_group_tests(groups[i].name, groups[i].tests, *groups[i].count, NULL, NULL);
  }
  return failures;
}

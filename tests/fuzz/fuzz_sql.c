/* SQL made of arbitrary bytes: the parser reads nothing outside the text and never crashes, and
 *   - an error has a class, a sentence and a place inside the text, and can be shown with a caret;
 *   - what is accepted can be walked by recursion and printed;
 *   - the source of an item of a SELECT list, parsed alone, prints as the item does.
 * Every text is parsed twice: without names to replace, and with a few. */
#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static uint32_t count_lines(struct eagre_text text) {
  uint32_t count = 1;
  for (size_t i = 0; i < text.size; i++) {
    count += text.data[i] == '\n';
  }
  return count;
}

static void check_error(struct eagre_text text, const struct eagre_error *error) {
  struct eagre_buffer out = {0};
  require(error->status == EAGRE_USAGE && error->class_name[0] != 0 && error->text[0] != 0);
  require(error->line >= 1 && error->line <= count_lines(text));
  require(error->column >= 1 && error->column <= text.size + 1 && error->length >= 1);
  eagre_sql_caret(text, error, &out);
  require(out.size > 0 && memchr(out.data, '^', out.size) != NULL);
  eagre_buffer_done(&out);
}

static void walk_query(const struct eagre_sql_query *query, struct eagre_buffer *out);

static void walk_expression(const struct eagre_sql_expression *expression,
                            struct eagre_buffer *out) {
  if (expression == NULL) return;
  require(expression->height >= 1 && expression->height <= 1000);
  require(expression->position.line >= 1 && expression->position.length >= 1);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    require(expression->arguments[i].value->height < expression->height);
    walk_expression(expression->arguments[i].value, out);
  }
  walk_expression(expression->filter, out);
  if (expression->query != NULL) walk_query(expression->query, out);
}

static void walk_relation(const struct eagre_sql_relation *relation, struct eagre_buffer *out) {
  if (relation == NULL) return;
  require(relation->height >= 1 && relation->height <= 1000);
  walk_relation(relation->left, out);
  walk_relation(relation->right, out);
  walk_expression(relation->condition, out);
  for (uint32_t i = 0; i < relation->argument_count; i++) {
    walk_expression(relation->arguments[i].value, out);
  }
  for (uint32_t i = 0; i < relation->row_count * relation->column_count; i++) {
    walk_expression(relation->values[i], out);
  }
  if (relation->watermark != NULL) walk_expression(relation->watermark->expression, out);
  if (relation->query != NULL) walk_query(relation->query, out);
}

static void walk_query(const struct eagre_sql_query *query, struct eagre_buffer *out) {
  require(query->height >= 1 && query->height <= 1000);
  if (query->left != NULL) walk_query(query->left, out);
  if (query->right != NULL) walk_query(query->right, out);
  for (uint32_t i = 0; i < query->common_table_count; i++) {
    walk_query(query->common_tables[i].query, out);
  }
  for (uint32_t i = 0; i < query->item_count; i++) {
    walk_expression(query->items[i].expression, out);
    eagre_sql_print_column_name(query->items[i].expression, out);
  }
  walk_relation(query->from, out);
  walk_expression(query->where, out);
  walk_expression(query->having, out);
  walk_expression(query->limit, out);
  walk_expression(query->offset, out);
}

/* Parses "SELECT <source of item>" and compares what both print. */
static void check_item(const struct eagre_sql_expression *item) {
  struct eagre_arena arena = {0};
  struct eagre_buffer source = {0}, printed = {0}, again = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_buffer_append_string(&source, "SELECT ");
  eagre_buffer_append_text(&source, item->source);
  enum eagre_status status =
      eagre_sql_parse(&arena, eagre_buffer_text(&source), NULL, 0, &statement, &error);
  require(status == EAGRE_OK && statement->query->item_count == 1);
  eagre_sql_print_expression(item, &printed);
  eagre_sql_print_expression(statement->query->items[0].expression, &again);
  require(eagre_text_equal(eagre_buffer_text(&printed), eagre_buffer_text(&again)));
  eagre_buffer_done(&source);
  eagre_buffer_done(&printed);
  eagre_buffer_done(&again);
  eagre_arena_done(&arena);
}

static void check_statements(const struct eagre_sql_statement *statement, bool is_plain) {
  struct eagre_buffer out = {0};
  for (; statement != NULL; statement = statement->next) {
    if (statement->query == NULL) continue;
    walk_query(statement->query, &out);
    bool is_select = statement->kind == EAGRE_SQL_SELECT && is_plain;
    for (uint32_t i = 0; is_select && i < statement->query->item_count && i < 4; i++) {
      check_item(statement->query->items[i].expression);
    }
  }
  eagre_buffer_done(&out);
}

static void fuzz_text(struct eagre_text text, const struct eagre_sql_define *defines,
                      uint32_t define_count) {
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_sql_parse(&arena, text, defines, define_count, &statement, &error);
  if (status == EAGRE_OK) {
    check_statements(statement, define_count == 0);
  } else {
    check_error(text, &error);
  }
  eagre_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct eagre_sql_define defines[] = {
      {{"a", 1}, {"b + 1", 5}},
      {{"b", 1}, {"'\"`\\", 4}},
      {{"brokers", 7}, {"", 0}},
  };
  struct eagre_text text = eagre_text_make((const char *)data, size);
  fuzz_text(text, NULL, 0);
  fuzz_text(text, defines, EAGRE_COUNT_OF(defines));
  return 0;
}

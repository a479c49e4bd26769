/* The compact printer of trees. */
#include "sql_tree.h"

static void append(struct eagre_buffer *out, const char *string) {
  eagre_buffer_append_string(out, string);
}

static bool is_plain_name(struct eagre_text text) {
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '.';
    if (!is_word) return false;
  }
  return text.size > 0;
}

static void print_part(struct eagre_text part, struct eagre_buffer *out) {
  const char *quote = is_plain_name(part) ? "" : "`";
  append(out, quote);
  eagre_buffer_append_text(out, part);
  append(out, quote);
}

static void print_name(const struct eagre_sql_name *name, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < name->part_count; i++) {
    if (i > 0) append(out, ".");
    print_part(name->parts[i], out);
  }
}

/* ---- Expressions ----------------------------------------------------------------------------- */

static void print_bytes(struct eagre_text bytes, struct eagre_buffer *out) {
  append(out, "x'");
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(out, "%02X", (unsigned)(unsigned char)bytes.data[i]);
  }
  append(out, "'");
}

static void print_between(const char *before, struct eagre_text text, const char *behind,
                          struct eagre_buffer *out) {
  append(out, before);
  eagre_buffer_append_text(out, text);
  append(out, behind);
}

static const char *get_integer_suffix(enum eagre_type_kind kind) {
  switch (kind) {
  case EAGRE_TYPE_BIGINT:
    return "L";
  case EAGRE_TYPE_SMALLINT:
    return "S";
  case EAGRE_TYPE_TINYINT:
    return "Y";
  default:
    return "";
  }
}

static void print_literal(const struct eagre_sql_expression *literal, struct eagre_buffer *out) {
  switch (literal->literal) {
  case EAGRE_SQL_LITERAL_NULL:
    append(out, "null");
    break;
  case EAGRE_SQL_LITERAL_BOOLEAN:
    append(out, literal->boolean ? "true" : "false");
    break;
  case EAGRE_SQL_LITERAL_INTEGER:
    print_between("", literal->text, get_integer_suffix(literal->type_kind), out);
    break;
  case EAGRE_SQL_LITERAL_DECIMAL:
    print_between("", literal->text, "m", out);
    break;
  case EAGRE_SQL_LITERAL_FLOAT:
    print_between("", literal->text, "f", out);
    break;
  case EAGRE_SQL_LITERAL_DOUBLE:
    print_between("", literal->text, "d", out);
    break;
  case EAGRE_SQL_LITERAL_STRING:
    print_between("'", literal->text, "'", out);
    break;
  case EAGRE_SQL_LITERAL_BINARY:
    print_bytes(literal->text, out);
    break;
  case EAGRE_SQL_LITERAL_DATE:
    print_between("date'", literal->text, "'", out);
    break;
  case EAGRE_SQL_LITERAL_TIMESTAMP:
    print_between("ts'", literal->text, "'", out);
    break;
  case EAGRE_SQL_LITERAL_INTERVAL:
    print_between("{", literal->text, "}", out);
    break;
  }
}

static void print_argument_list(const struct eagre_sql_argument *arguments, uint32_t count,
                                const char *separator, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) append(out, separator);
    if (arguments[i].name.size > 0) {
      print_part(arguments[i].name, out);
      append(out, "=>");
    }
    print_expression_tree(arguments[i].value, out);
  }
}

static void print_edge(const struct eagre_sql_edge *edge, struct eagre_buffer *out) {
  static const char *const names[] = {"first", " preceding", "current", " following", "last"};
  if (edge->offset != NULL) print_expression_tree(edge->offset, out);
  append(out, names[edge->kind]);
}

static void print_over(const struct eagre_sql_over *over, struct eagre_buffer *out) {
  append(out, " over(");
  if (over->name.size > 0) print_part(over->name, out);
  for (uint32_t i = 0; i < over->partition_by_count; i++) {
    append(out, i == 0 ? "partition " : ", ");
    print_expression_tree(over->partition_by[i], out);
  }
  for (uint32_t i = 0; i < over->order_by_count; i++) {
    append(out, i == 0 ? " order " : ", ");
    print_expression_tree(over->order_by[i].expression, out);
    append(out, over->order_by[i].is_descending ? " desc" : " asc");
    append(out, over->order_by[i].nulls_first ? " first" : " last");
  }
  if (over->has_frame) {
    append(out, over->is_range ? " range " : " rows ");
    print_edge(&over->lower, out);
    append(out, "..");
    print_edge(&over->upper, out);
  }
  append(out, ")");
}

static void print_call(const struct eagre_sql_expression *call, struct eagre_buffer *out) {
  print_between(call->is_operator ? "(" : "", call->function, call->is_operator ? "" : "(", out);
  if (call->is_distinct) append(out, "distinct ");
  if (call->is_operator && call->argument_count > 0) append(out, " ");
  print_argument_list(call->arguments, call->argument_count, call->is_operator ? " " : ", ", out);
  append(out, ")");
  if (call->filter != NULL) {
    append(out, " filter(");
    print_expression_tree(call->filter, out);
    append(out, ")");
  }
  if (call->ignores_nulls) append(out, " ignore nulls");
  if (call->over != NULL) print_over(call->over, out);
}

static void print_case(const struct eagre_sql_expression *node, struct eagre_buffer *out) {
  uint32_t first = node->has_operand ? 1 : 0;
  uint32_t end = node->argument_count - (node->has_else ? 1 : 0);
  append(out, "case(");
  if (node->has_operand) {
    print_expression_tree(node->arguments[0].value, out);
    append(out, "; ");
  }
  for (uint32_t i = first; i < end; i++) {
    if (i > first) append(out, (i - first) % 2 == 0 ? ", " : ":");
    print_expression_tree(node->arguments[i].value, out);
  }
  if (node->has_else) {
    append(out, "; else ");
    print_expression_tree(node->arguments[end].value, out);
  }
  append(out, ")");
}

static void print_lambda(const struct eagre_sql_expression *lambda, struct eagre_buffer *out) {
  append(out, "(");
  for (uint32_t i = 0; i < lambda->name.part_count; i++) {
    print_between("", lambda->name.parts[i], " ", out);
  }
  append(out, "-> ");
  print_expression_tree(lambda->arguments[0].value, out);
  append(out, ")");
}

static void print_subquery(const struct eagre_sql_expression *subquery, struct eagre_buffer *out) {
  print_between("(", subquery->function, " ", out);
  if (subquery->argument_count > 0) {
    print_expression_tree(subquery->arguments[0].value, out);
    append(out, " ");
  }
  print_query_tree(subquery->query, out);
  append(out, ")");
}

static void print_cast(const struct eagre_sql_expression *cast, struct eagre_buffer *out) {
  append(out, cast->is_try ? "try_cast(" : "cast(");
  print_expression_tree(cast->arguments[0].value, out);
  append(out, " ");
  eagre_type_print(out, cast->type);
  append(out, ")");
}

/* (word a b text) */
static void print_postfix(const struct eagre_sql_expression *postfix, const char *word,
                          struct eagre_text before, struct eagre_text behind,
                          struct eagre_buffer *out) {
  append(out, word);
  eagre_buffer_append_text(out, before);
  append(out, " ");
  print_argument_list(postfix->arguments, postfix->argument_count, " ", out);
  if (behind.size > 0) append(out, " ");
  eagre_buffer_append_text(out, behind);
  append(out, ")");
}

void print_expression_tree(const struct eagre_sql_expression *expression,
                           struct eagre_buffer *out) {
  static const struct eagre_text none = {NULL, 0};
  switch (expression->kind) {
  case EAGRE_SQL_LITERAL:
    print_literal(expression, out);
    break;
  case EAGRE_SQL_NAME:
    print_name(&expression->name, out);
    break;
  case EAGRE_SQL_STAR:
    print_name(&expression->name, out);
    append(out, expression->name.part_count > 0 ? ".*" : "*");
    break;
  case EAGRE_SQL_CALL:
    print_call(expression, out);
    break;
  case EAGRE_SQL_CAST:
    print_cast(expression, out);
    break;
  case EAGRE_SQL_CASE:
    print_case(expression, out);
    break;
  case EAGRE_SQL_FIELD:
    print_postfix(expression, "(.", expression->text, none, out);
    break;
  case EAGRE_SQL_FIELD_STAR:
    print_postfix(expression, "(.*", none, none, out);
    break;
  case EAGRE_SQL_INDEX:
    print_postfix(expression, "(index", none, none, out);
    break;
  case EAGRE_SQL_COLON:
    print_postfix(expression, "(colon", none, expression->text, out);
    break;
  case EAGRE_SQL_LAMBDA:
    print_lambda(expression, out);
    break;
  case EAGRE_SQL_SUBQUERY:
    print_subquery(expression, out);
    break;
  }
}

/* ---- Relations ------------------------------------------------------------------------------- */

static void print_relation(const struct eagre_sql_relation *relation, struct eagre_buffer *out);

static void print_values(const struct eagre_sql_relation *relation, struct eagre_buffer *out) {
  append(out, "values(");
  for (uint32_t i = 0; i < relation->row_count * relation->column_count; i++) {
    append(out, i % relation->column_count == 0 ? "(" : " ");
    print_expression_tree(relation->values[i], out);
    if ((i + 1) % relation->column_count == 0) append(out, ")");
  }
  append(out, ")");
}

static void print_texts(const struct eagre_text *texts, uint32_t count, struct eagre_buffer *out) {
  append(out, "(");
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) append(out, " ");
    print_part(texts[i], out);
  }
  append(out, ")");
}

static void print_join(const struct eagre_sql_relation *join, struct eagre_buffer *out) {
  print_between("join(", join->join_kind, " ", out);
  print_relation(join->left, out);
  append(out, " ");
  print_relation(join->right, out);
  if (join->condition != NULL) {
    append(out, " on ");
    print_expression_tree(join->condition, out);
  }
  if (join->column_alias_count > 0) {
    append(out, " using");
    print_texts(join->column_aliases, join->column_alias_count, out);
  }
  append(out, ")");
}

static void print_watermark(const struct eagre_sql_watermark *watermark, struct eagre_buffer *out) {
  append(out, " wm(");
  print_expression_tree(watermark->expression, out);
  if (watermark->alias.size > 0) print_between(" as ", watermark->alias, "", out);
  if (watermark->delay_months != 0) {
    eagre_buffer_printf(out, " %lldmonths", (long long)watermark->delay_months);
  }
  eagre_buffer_printf(out, " %lldus)", (long long)watermark->delay_us);
}

static void print_relation_core(const struct eagre_sql_relation *relation,
                                struct eagre_buffer *out) {
  if (relation->is_lateral) append(out, "lateral:");
  if (relation->is_stream) append(out, "stream:");
  switch (relation->kind) {
  case EAGRE_SQL_RELATION_NAME:
    print_name(&relation->name, out);
    break;
  case EAGRE_SQL_RELATION_PATH:
    print_between("path(", relation->name.parts[0], " ", out);
    print_between("", relation->path, ")", out);
    break;
  case EAGRE_SQL_RELATION_FUNCTION:
    print_name(&relation->name, out);
    append(out, "(");
    print_argument_list(relation->arguments, relation->argument_count, ", ", out);
    append(out, ")");
    break;
  case EAGRE_SQL_RELATION_SUBQUERY:
    print_query_tree(relation->query, out);
    break;
  case EAGRE_SQL_RELATION_VALUES:
    print_values(relation, out);
    break;
  case EAGRE_SQL_RELATION_JOIN:
    print_join(relation, out);
    break;
  case EAGRE_SQL_RELATION_DEDUPLICATE:
    append(out, "deduplicate(");
    print_relation(relation->left, out);
    append(out, ")");
    break;
  }
}

static void print_relation(const struct eagre_sql_relation *relation, struct eagre_buffer *out) {
  print_relation_core(relation, out);
  bool has_options = relation->argument_count > 0 && relation->kind != EAGRE_SQL_RELATION_FUNCTION;
  if (has_options) {
    append(out, " with{");
    print_argument_list(relation->arguments, relation->argument_count, ", ", out);
    append(out, "}");
  }
  if (relation->watermark != NULL) print_watermark(relation->watermark, out);
  if (relation->kind == EAGRE_SQL_RELATION_JOIN) return;
  if (relation->alias.size > 0) print_between(" as ", relation->alias, "", out);
  if (relation->column_alias_count > 0) {
    print_texts(relation->column_aliases, relation->column_alias_count, out);
  }
}

/* ---- Queries --------------------------------------------------------------------------------- */

static void print_optional(const char *word, const struct eagre_sql_expression *expression,
                           struct eagre_buffer *out) {
  if (expression == NULL) return;
  append(out, word);
  print_expression_tree(expression, out);
}

static void print_grouping(const struct eagre_sql_query *query,
                           const struct eagre_sql_grouping *grouping, struct eagre_buffer *out) {
  static const char *const names[] = {"", "rollup", "cube", "sets"};
  append(out, names[grouping->kind]);
  bool is_single = grouping->kind == EAGRE_SQL_GROUPING_SET && grouping->item_count == 1;
  append(out, is_single ? "" : "(");
  for (uint32_t i = 0; i < grouping->item_count; i++) {
    if (i > 0) append(out, ", ");
    print_expression_tree(query->group_by[grouping->items[i]], out);
  }
  for (uint32_t i = 0; i < grouping->element_count; i++) {
    if (i > 0) append(out, ", ");
    print_grouping(query, &grouping->elements[i], out);
  }
  append(out, is_single ? "" : ")");
}

static void print_groups(const struct eagre_sql_query *query, struct eagre_buffer *out) {
  if (query->group_by_all) append(out, " group all");
  if (query->group_by_count == 0 && query->groupings == NULL) return;
  append(out, " group ");
  for (uint32_t i = 0; i < query->grouping_count; i++) {
    if (i > 0) append(out, ", ");
    print_grouping(query, &query->groupings[i], out);
  }
  for (uint32_t i = 0; query->groupings == NULL && i < query->group_by_count; i++) {
    if (i > 0) append(out, ", ");
    print_expression_tree(query->group_by[i], out);
  }
}

static void print_select(const struct eagre_sql_query *query, struct eagre_buffer *out) {
  append(out, query->is_distinct ? "select distinct " : "select ");
  for (uint32_t i = 0; i < query->item_count; i++) {
    if (i > 0) append(out, ", ");
    print_expression_tree(query->items[i].expression, out);
    if (query->items[i].alias.size == 0) continue;
    append(out, " as ");
    print_part(query->items[i].alias, out);
  }
  if (query->from != NULL) {
    append(out, " from ");
    print_relation(query->from, out);
  }
  print_optional(" where ", query->where, out);
  print_groups(query, out);
  print_optional(" having ", query->having, out);
  for (uint32_t i = 0; i < query->window_count; i++) {
    print_between(i == 0 ? " window " : " ", query->windows[i].name, "", out);
    print_over(&query->windows[i].over, out);
  }
}

static void print_set_operation(const struct eagre_sql_query *query, struct eagre_buffer *out) {
  print_between("", query->set_operation, " ", out);
  print_query_tree(query->left, out);
  append(out, " ");
  print_query_tree(query->right, out);
}

void print_query_tree(const struct eagre_sql_query *query, struct eagre_buffer *out) {
  append(out, "[");
  for (uint32_t i = 0; i < query->common_table_count; i++) {
    print_between(i == 0 ? "with " : "", query->common_tables[i].name, "=", out);
    print_query_tree(query->common_tables[i].query, out);
    append(out, " ");
  }
  if (query->set_operation.size > 0) {
    print_set_operation(query, out);
  } else {
    print_select(query, out);
  }
  for (uint32_t i = 0; i < query->order_by_count; i++) {
    const struct eagre_sql_order_item *item = &query->order_by[i];
    print_optional(i == 0 ? " order " : ", ", item->expression, out);
    append(out, item->is_descending ? " desc" : " asc");
    append(out, item->nulls_first ? " first" : " last");
  }
  print_optional(" limit ", query->limit, out);
  print_optional(" offset ", query->offset, out);
  append(out, "]");
}

/* ---- Statements ------------------------------------------------------------------------------ */

static void print_options(const struct eagre_sql_statement *statement, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < statement->option_count; i++) {
    print_between(i == 0 ? " {" : ", ", statement->options[i].key, "", out);
    if (statement->options[i].value.data != NULL) {
      print_between("=", statement->options[i].value, "", out);
    }
  }
  if (statement->option_count > 0) append(out, "}");
}

static void print_columns(const struct eagre_sql_statement *statement, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < statement->column_count; i++) {
    const struct eagre_sql_column *column = &statement->columns[i];
    append(out, i == 0 ? " (" : ", ");
    print_part(column->name, out);
    append(out, " ");
    eagre_type_print(out, column->type);
    if (column->is_not_null) append(out, " not null");
    if (column->comment.size > 0) print_between(" '", column->comment, "'", out);
  }
  if (statement->column_count > 0) append(out, ")");
  for (uint32_t i = 0; i < statement->constraint_count; i++) {
    const struct eagre_sql_constraint *constraint = &statement->constraints[i];
    print_between(" expect(", constraint->name, " ", out);
    print_expression_tree(constraint->condition, out);
    if (constraint->on_violation.size > 0) print_between(" ", constraint->on_violation, "", out);
    append(out, ")");
  }
}

static void print_definition(const struct eagre_sql_statement *statement,
                             struct eagre_buffer *out) {
  append(out, " ");
  print_name(&statement->name, out);
  if (statement->or_refresh) append(out, " or_refresh");
  if (statement->if_not_exists) append(out, " if_not_exists");
  print_columns(statement, out);
  if (statement->format.size > 0) print_between(" using ", statement->format, "", out);
  if (statement->location.size > 0) print_between(" location '", statement->location, "'", out);
  if (statement->partition_column_count > 0) {
    append(out, " partitioned");
    print_texts(statement->partition_columns, statement->partition_column_count, out);
  }
  if (statement->comment.size > 0) print_between(" comment '", statement->comment, "'", out);
  print_options(statement, out);
  for (uint32_t i = 0; i < statement->target_count; i++) {
    append(out, i == 0 ? " into " : ", ");
    print_name(&statement->targets[i], out);
  }
  if (statement->by_name) append(out, " by_name");
  if (statement->query == NULL) return;
  append(out, " ");
  print_query_tree(statement->query, out);
}

void print_statement_tree(const struct eagre_sql_statement *statement, struct eagre_buffer *out) {
  static const char *const names[] = {"set", "table", "sink", "flow", "view"};
  switch (statement->kind) {
  case EAGRE_SQL_OTHER:
    print_between("other(", statement->what, ")", out);
    break;
  case EAGRE_SQL_SELECT:
    print_query_tree(statement->query, out);
    break;
  case EAGRE_SQL_SET:
    append(out, "set");
    print_options(statement, out);
    break;
  default:
    append(out, names[statement->kind]);
    print_definition(statement, out);
  }
}

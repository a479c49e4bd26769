/* Queries:
 *   [WITH ...] term [ORDER BY ...] [LIMIT ...] [OFFSET ...]
 *   term: SELECT ... | FROM ... SELECT ... | VALUES ... | TABLE name | (query), joined by
 *         UNION, EXCEPT, MINUS and (tighter) INTERSECT
 *
 * What the tree has no shape for becomes a subquery that means the same:
 * (q LIMIT 1) LIMIT 2 is SELECT * FROM (q LIMIT 1) LIMIT 2. */
#include "sql/sql_parser.h"

static struct eagre_sql_query *new_query(struct eagre_sql_parser *parser) {
  return eagre_arena_allocate_zeroed(parser->arena, sizeof(struct eagre_sql_query));
}

/* ---- Height and place ------------------------------------------------------------------------ */

static void raise_height(uint32_t *height, const struct eagre_sql_expression *expression) {
  if (expression != NULL && expression->height > *height) *height = expression->height;
}

static void raise_height_query(uint32_t *height, const struct eagre_sql_query *query) {
  if (query != NULL && query->height > *height) *height = query->height;
}

/* Gives a query its place [first, cursor) and its height. */
static enum eagre_status finish_query(struct eagre_sql_parser *parser, uint32_t first,
                                      struct eagre_sql_query *query) {
  uint32_t height = query->from == NULL ? 0 : query->from->height;
  raise_height_query(&height, query->left);
  raise_height_query(&height, query->right);
  raise_height(&height, query->where);
  raise_height(&height, query->having);
  raise_height(&height, query->limit);
  raise_height(&height, query->offset);
  for (uint32_t i = 0; i < query->item_count; i++) {
    raise_height(&height, query->items[i].expression);
  }
  for (uint32_t i = 0; i < query->group_by_count; i++) {
    raise_height(&height, query->group_by[i]);
  }
  for (uint32_t i = 0; i < query->window_count; i++) {
    if (query->windows[i].over.height > height) height = query->windows[i].over.height;
  }
  for (uint32_t i = 0; i < query->order_by_count; i++) {
    raise_height(&height, query->order_by[i].expression);
  }
  for (uint32_t i = 0; i < query->common_table_count; i++) {
    raise_height_query(&height, query->common_tables[i].query);
  }
  query->height = height + 1;
  query->position = eagre_sql_position_from(parser, first);
  query->source = eagre_sql_source_of(parser, first);
  return eagre_sql_check_height(parser, query->height);
}

/* ---- Queries made here ----------------------------------------------------------------------- */

struct eagre_sql_query *eagre_sql_query_over(struct eagre_sql_parser *parser,
                                             struct eagre_sql_relation *relation) {
  struct eagre_sql_query *query = new_query(parser);
  struct eagre_sql_expression *star = eagre_sql_expression_new(parser, EAGRE_SQL_STAR);
  star->position = relation->position;
  star->name.position = relation->position;
  star->source = EAGRE_TEXT("*");
  star->height = 1;
  query->items = eagre_arena_allocate_zeroed(parser->arena, sizeof *query->items);
  query->items[0].expression = star;
  query->item_count = 1;
  query->from = relation;
  query->position = relation->position;
  query->height = relation->height + 1;
  return query;
}

static struct eagre_sql_relation *new_subquery(struct eagre_sql_parser *parser,
                                               struct eagre_sql_query *query) {
  struct eagre_sql_relation *relation =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *relation);
  relation->kind = EAGRE_SQL_RELATION_SUBQUERY;
  relation->query = query;
  relation->position = query->position;
  relation->height = query->height + 1;
  return relation;
}

struct eagre_sql_query *eagre_sql_query_rename(struct eagre_sql_parser *parser,
                                               struct eagre_sql_query *query,
                                               struct eagre_text name, struct eagre_text *columns,
                                               uint32_t column_count) {
  if (column_count == 0) return query;
  struct eagre_sql_relation *relation = new_subquery(parser, query);
  relation->alias = name;
  relation->column_aliases = columns;
  relation->column_alias_count = column_count;
  struct eagre_sql_query *renamed = eagre_sql_query_over(parser, relation);
  renamed->source = query->source;
  return renamed;
}

/* A query to which WITH, ORDER BY or LIMIT may be added: itself, or one around it. */
static struct eagre_sql_query *open_query(struct eagre_sql_parser *parser,
                                          struct eagre_sql_query *query) {
  bool is_open = query->common_table_count == 0 && query->order_by_count == 0 &&
                 query->limit == NULL && query->offset == NULL;
  return is_open ? query : eagre_sql_query_over(parser, new_subquery(parser, query));
}

/* ---- SELECT list ----------------------------------------------------------------------------- */

static enum eagre_status fail_string_alias(struct eagre_sql_parser *parser) {
  eagre_sql_fail_expected(parser, "an alias after AS");
  eagre_error_hint(parser->error, "A name with special characters stands in back quotes: `a b`.");
  return EAGRE_USAGE;
}

/* AS (a, b): names for the columns of a generator. */
static enum eagre_status parse_aliases(struct eagre_sql_parser *parser,
                                       struct eagre_sql_select_item *item) {
  return eagre_sql_take_identifier_list(parser, "a name", &item->column_aliases,
                                        &item->column_alias_count);
}

static enum eagre_status parse_alias(struct eagre_sql_parser *parser,
                                     struct eagre_sql_select_item *item) {
  struct eagre_text *out_alias = &item->alias;
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS)) {
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
      return parse_aliases(parser, item);
    }
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) return fail_string_alias(parser);
    return eagre_sql_take_identifier(parser, "an alias after AS", out_alias);
  }
  if (!eagre_sql_is_identifier(token) || eagre_sql_at_clause(parser, false)) return EAGRE_OK;
  parser->alias_index = parser->index;
  return eagre_sql_take_identifier(parser, "an alias", out_alias);
}

/* FROM and something to read; otherwise `from` is the name of a column. */
static bool is_from_clause(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  return eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_FROM) &&
         !eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_FROM) &&
         (eagre_sql_is_identifier(next) || next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN);
}

static enum eagre_status parse_items(struct eagre_sql_parser *parser,
                                     struct eagre_sql_query *query) {
  struct eagre_sql_list items = {0};
  do {
    struct eagre_sql_select_item item = {0};
    if (items.count > 0 && is_from_clause(parser)) {
      return eagre_sql_fail_range(parser, parser->index - 1, "TRAILING_COMMA_IN_SELECT",
                                  "Trailing comma detected in SELECT clause. Remove the trailing "
                                  "comma before the FROM clause.");
    }
    EAGRE_TRY(eagre_sql_parse_expression(parser, &item.expression));
    EAGRE_TRY(parse_alias(parser, &item));
    *(struct eagre_sql_select_item *)eagre_sql_list_append(parser, &items, sizeof item) = item;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  query->items = items.items;
  query->item_count = items.count;
  return EAGRE_OK;
}

/* ---- SELECT ---------------------------------------------------------------------------------- */

/* WHERE ... behind FROM. */
static enum eagre_status parse_select_tail(struct eagre_sql_parser *parser,
                                           struct eagre_sql_query *query) {
  EAGRE_TRY(eagre_sql_parse_lateral_views(parser, &query->from));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_WHERE)) {
    EAGRE_TRY(eagre_sql_parse_expression(parser, &query->where));
  }
  EAGRE_TRY(eagre_sql_parse_group_by(parser, query));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_HAVING)) {
    EAGRE_TRY(eagre_sql_parse_expression(parser, &query->having));
  }
  return eagre_sql_parse_windows(parser, query);
}

static enum eagre_status parse_select(struct eagre_sql_parser *parser,
                                      struct eagre_sql_query *query) {
  uint32_t first = parser->index;
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_SELECT, "SELECT"));
  query->is_distinct = eagre_sql_accept_quantifier(parser, EAGRE_SQL_KEYWORD_DISTINCT);
  if (!query->is_distinct) eagre_sql_accept_quantifier(parser, EAGRE_SQL_KEYWORD_ALL);
  EAGRE_TRY(parse_items(parser, query));
  if (query->from == NULL && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FROM)) {
    EAGRE_TRY(eagre_sql_parse_from(parser, &query->from));
  }
  EAGRE_TRY(parse_select_tail(parser, query));
  return finish_query(parser, first, query);
}

/* FROM t SELECT a ..., or FROM t alone. */
static enum eagre_status parse_from_first(struct eagre_sql_parser *parser,
                                          struct eagre_sql_query **out_query) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *from = NULL;
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_from(parser, &from));
  EAGRE_TRY(eagre_sql_parse_lateral_views(parser, &from));
  if (!eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_SELECT)) {
    *out_query = eagre_sql_query_over(parser, from);
    return finish_query(parser, first, *out_query);
  }
  *out_query = new_query(parser);
  (*out_query)->from = from;
  EAGRE_TRY(parse_select(parser, *out_query));
  return finish_query(parser, first, *out_query);
}

/* ---- Terms ----------------------------------------------------------------------------------- */

static enum eagre_status parse_values_query(struct eagre_sql_parser *parser,
                                            struct eagre_sql_query **out_query) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *values = NULL;
  EAGRE_TRY(eagre_sql_parse_values(parser, &values));
  *out_query = eagre_sql_query_over(parser, values);
  return finish_query(parser, first, *out_query);
}

/* TABLE name */
static enum eagre_status parse_table_query(struct eagre_sql_parser *parser,
                                           struct eagre_sql_query **out_query) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *relation =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *relation);
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of a table", &relation->name));
  relation->kind = EAGRE_SQL_RELATION_NAME;
  relation->position = relation->name.position;
  relation->source = eagre_sql_source_of(parser, first + 1);
  relation->height = 1;
  *out_query = eagre_sql_query_over(parser, relation);
  return finish_query(parser, first, *out_query);
}

static enum eagre_status parse_term(struct eagre_sql_parser *parser,
                                    struct eagre_sql_query **out_query) {
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    EAGRE_TRY(eagre_sql_parse_query(parser, out_query));
    return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the query");
  }
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_SELECT)) {
    *out_query = new_query(parser);
    return parse_select(parser, *out_query);
  }
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_FROM)) {
    return parse_from_first(parser, out_query);
  }
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_VALUES)) {
    return parse_values_query(parser, out_query);
  }
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_TABLE)) {
    return parse_table_query(parser, out_query);
  }
  return eagre_sql_fail_expected(parser, "a query");
}

/* The set operation at the cursor; NULL when there is none of this precedence. */
static const char *accept_set_operation(struct eagre_sql_parser *parser, bool is_intersect) {
  if (is_intersect) {
    return eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_INTERSECT) ? "intersect" : NULL;
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_UNION)) return "union";
  bool is_except = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_EXCEPT) ||
                   eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_MINUS);
  return is_except ? "except" : NULL;
}

static enum eagre_status parse_set_operations(struct eagre_sql_parser *parser, bool is_intersect,
                                              struct eagre_sql_query **out_query) {
  uint32_t first = parser->index;
  EAGRE_TRY(is_intersect ? parse_term(parser, out_query)
                         : parse_set_operations(parser, true, out_query));
  for (;;) {
    const char *operation = accept_set_operation(parser, is_intersect);
    if (operation == NULL) return EAGRE_OK;
    struct eagre_sql_query *query = new_query(parser);
    query->set_operation = eagre_text_of(operation);
    if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ALL)) {
      query->set_operation = eagre_arena_printf(parser->arena, "%s all", operation);
    } else {
      eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_DISTINCT);
    }
    query->left = *out_query;
    EAGRE_TRY(is_intersect ? parse_term(parser, &query->right)
                           : parse_set_operations(parser, true, &query->right));
    EAGRE_TRY(finish_query(parser, first, query));
    *out_query = query;
  }
}

/* ---- ORDER BY, LIMIT ------------------------------------------------------------------------- */

static enum eagre_status parse_order_item(struct eagre_sql_parser *parser,
                                          struct eagre_sql_order_item *item) {
  EAGRE_TRY(eagre_sql_parse_expression(parser, &item->expression));
  item->is_descending = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_DESC);
  if (!item->is_descending) eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ASC);
  item->nulls_first = !item->is_descending;
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_NULLS)) return EAGRE_OK;
  item->nulls_first = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FIRST);
  if (item->nulls_first) return EAGRE_OK;
  return eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_LAST, "FIRST or LAST after NULLS");
}

enum eagre_status eagre_sql_parse_order_items(struct eagre_sql_parser *parser,
                                              struct eagre_sql_order_item **out_items,
                                              uint32_t *out_count) {
  struct eagre_sql_list items = {0};
  do {
    struct eagre_sql_order_item item = {0};
    EAGRE_TRY(parse_order_item(parser, &item));
    *(struct eagre_sql_order_item *)eagre_sql_list_append(parser, &items, sizeof item) = item;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  *out_items = items.items;
  *out_count = items.count;
  return EAGRE_OK;
}

static enum eagre_status parse_order_by(struct eagre_sql_parser *parser,
                                        struct eagre_sql_query *query) {
  if (!eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_ORDER, EAGRE_SQL_KEYWORD_BY)) {
    return EAGRE_OK;
  }
  return eagre_sql_parse_order_items(parser, &query->order_by, &query->order_by_count);
}

static enum eagre_status refuse_distribution(struct eagre_sql_parser *parser) {
  static const enum eagre_sql_keyword words[] = {
      EAGRE_SQL_KEYWORD_CLUSTER, EAGRE_SQL_KEYWORD_DISTRIBUTE, EAGRE_SQL_KEYWORD_SORT};
  for (size_t i = 0; i < EAGRE_COUNT_OF(words); i++) {
    if (!eagre_sql_at_keywords(parser, words[i], EAGRE_SQL_KEYWORD_BY)) continue;
    return eagre_sql_fail_unsupported(parser, parser->index, "DISTRIBUTION",
                                      "CLUSTER BY, DISTRIBUTE BY and SORT BY are not supported.",
                                      "Use ORDER BY.");
  }
  return EAGRE_OK;
}

static bool is_tail_at(struct eagre_sql_parser *parser) {
  return eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_ORDER, EAGRE_SQL_KEYWORD_BY) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_LIMIT) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_OFFSET);
}

static enum eagre_status parse_tail(struct eagre_sql_parser *parser, uint32_t first,
                                    struct eagre_sql_query **query) {
  EAGRE_TRY(refuse_distribution(parser));
  if (!is_tail_at(parser)) return EAGRE_OK;
  *query = open_query(parser, *query);
  EAGRE_TRY(parse_order_by(parser, *query));
  EAGRE_TRY(refuse_distribution(parser));
  EAGRE_TRY(eagre_sql_parse_windows(parser, *query));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_LIMIT) &&
      !eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ALL)) {
    EAGRE_TRY(eagre_sql_parse_expression(parser, &(*query)->limit));
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_OFFSET)) {
    EAGRE_TRY(eagre_sql_parse_expression(parser, &(*query)->offset));
    if (eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_LIMIT)) {
      eagre_sql_fail_expected(parser, "the end of the query");
      eagre_error_hint(parser->error, "LIMIT stands before OFFSET.");
      return EAGRE_USAGE;
    }
  }
  return finish_query(parser, first, *query);
}

/* ---- WITH ------------------------------------------------------------------------------------ */

/* name [(columns)] [AS] (query) */
static enum eagre_status parse_common_table(struct eagre_sql_parser *parser,
                                            struct eagre_sql_common_table *table) {
  struct eagre_text *columns = NULL;
  uint32_t column_count = 0;
  EAGRE_TRY(eagre_sql_take_identifier(parser, "a name after WITH", &table->name));
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN) &&
      !eagre_sql_begins_query(parser, parser->index + 1)) {
    EAGRE_TRY(eagre_sql_take_identifier_list(parser, "a column", &columns, &column_count));
  }
  eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS);
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' and a query"));
  EAGRE_TRY(eagre_sql_parse_query(parser, &table->query));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the query"));
  table->query = eagre_sql_query_rename(parser, table->query, table->name, columns, column_count);
  return EAGRE_OK;
}

static enum eagre_status check_name(struct eagre_sql_parser *parser, uint32_t first,
                                    const struct eagre_sql_list *tables, struct eagre_text name) {
  const struct eagre_sql_common_table *known = tables->items;
  for (uint32_t i = 0; i < tables->count; i++) {
    if (!eagre_text_equal_ignoring_case(known[i].name, name)) continue;
    return eagre_sql_fail_range(parser, first, "DUPLICATED_CTE_NAMES",
                                "CTE definition can't have duplicate names.");
  }
  return EAGRE_OK;
}

static enum eagre_status parse_with(struct eagre_sql_parser *parser,
                                    struct eagre_sql_list *out_tables) {
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_WITH)) return EAGRE_OK;
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_RECURSIVE) &&
      eagre_sql_is_identifier(next) && !eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_AS)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "RECURSIVE_CTE",
                                      "WITH RECURSIVE is not supported.", NULL);
  }
  do {
    struct eagre_sql_common_table table = {0};
    uint32_t name = parser->index;
    EAGRE_TRY(parse_common_table(parser, &table));
    EAGRE_TRY(check_name(parser, name, out_tables, table.name));
    *(struct eagre_sql_common_table *)eagre_sql_list_append(parser, out_tables, sizeof table) =
        table;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_query(struct eagre_sql_parser *parser,
                                        struct eagre_sql_query **out_query) {
  uint32_t first = parser->index;
  struct eagre_sql_list tables = {0};
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(parse_with(parser, &tables));
  EAGRE_TRY(parse_set_operations(parser, false, out_query));
  EAGRE_TRY(parse_tail(parser, first, out_query));
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_PIPE_OPERATOR)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "PIPE_OPERATOR",
                                      "The pipe operator |> is not supported.",
                                      "Write the steps as subqueries or with WITH.");
  }
  if (tables.count > 0) {
    if ((*out_query)->common_table_count > 0) *out_query = open_query(parser, *out_query);
    (*out_query)->common_tables = tables.items;
    (*out_query)->common_table_count = tables.count;
    EAGRE_TRY(finish_query(parser, first, *out_query));
  }
  eagre_sql_leave(parser);
  return EAGRE_OK;
}

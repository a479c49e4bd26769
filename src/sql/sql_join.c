/* Relations joined by commas, JOIN and LATERAL VIEW.
 *
 * A JOIN node has `join_kind`, `left`, `right`, `condition` (ON) and, for USING (a, b), the columns
 * as `column_aliases`. A lateral view is a join with the function as its right side. */
#include "sql/sql_relation.h"

static enum eagre_status make_join(struct eagre_sql_parser *parser, struct eagre_text kind,
                                   struct eagre_sql_relation *right,
                                   struct eagre_sql_relation **relation) {
  struct eagre_sql_relation *join = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_JOIN);
  join->join_kind = kind;
  join->position = right->position;
  join->left = *relation;
  join->right = right;
  eagre_sql_relation_raise(join, join->left->height);
  eagre_sql_relation_raise(join, join->right->height);
  *relation = join;
  return eagre_sql_check_height(parser, join->height);
}

/* Reads [NATURAL] [LEFT] [OUTER] ... JOIN; empty *out_kind when no join stands here. */
static enum eagre_status parse_join_kind(struct eagre_sql_parser *parser,
                                         struct eagre_text *out_kind) {
  static const struct {
    enum eagre_sql_keyword first;
    enum eagre_sql_keyword second; /* NONE: no second word */
    const char *kind;
  } kinds[] = {
      {EAGRE_SQL_KEYWORD_LEFT, EAGRE_SQL_KEYWORD_SEMI, "left semi"},
      {EAGRE_SQL_KEYWORD_LEFT, EAGRE_SQL_KEYWORD_ANTI, "left anti"},
      {EAGRE_SQL_KEYWORD_LEFT, EAGRE_SQL_KEYWORD_OUTER, "left outer"},
      {EAGRE_SQL_KEYWORD_RIGHT, EAGRE_SQL_KEYWORD_OUTER, "right outer"},
      {EAGRE_SQL_KEYWORD_FULL, EAGRE_SQL_KEYWORD_OUTER, "full outer"},
      {EAGRE_SQL_KEYWORD_LEFT, EAGRE_SQL_KEYWORD_NONE, "left outer"},
      {EAGRE_SQL_KEYWORD_RIGHT, EAGRE_SQL_KEYWORD_NONE, "right outer"},
      {EAGRE_SQL_KEYWORD_FULL, EAGRE_SQL_KEYWORD_NONE, "full outer"},
      {EAGRE_SQL_KEYWORD_SEMI, EAGRE_SQL_KEYWORD_NONE, "left semi"},
      {EAGRE_SQL_KEYWORD_ANTI, EAGRE_SQL_KEYWORD_NONE, "left anti"},
      {EAGRE_SQL_KEYWORD_CROSS, EAGRE_SQL_KEYWORD_NONE, "cross"},
      {EAGRE_SQL_KEYWORD_INNER, EAGRE_SQL_KEYWORD_NONE, "inner"},
  };
  bool is_natural = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_NATURAL);
  const char *kind = NULL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(kinds) && kind == NULL; i++) {
    bool is_found = kinds[i].second == EAGRE_SQL_KEYWORD_NONE
                        ? eagre_sql_accept_keyword(parser, kinds[i].first)
                        : eagre_sql_accept_keywords(parser, kinds[i].first, kinds[i].second);
    if (is_found) kind = kinds[i].kind;
  }
  bool is_join = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_JOIN);
  if (!is_join && (is_natural || kind != NULL)) return eagre_sql_fail_expected(parser, "JOIN");
  if (!is_join) return EAGRE_OK;
  if (kind == NULL) kind = "inner";
  *out_kind =
      is_natural ? eagre_arena_printf(parser->arena, "natural %s", kind) : eagre_text_of(kind);
  return EAGRE_OK;
}

/* Joins behind a relation, one after the other. */
static enum eagre_status parse_joins(struct eagre_sql_parser *parser,
                                     struct eagre_sql_relation **relation) {
  for (;;) {
    struct eagre_text kind = {0};
    struct eagre_sql_relation *right = NULL;
    EAGRE_TRY(parse_join_kind(parser, &kind));
    if (kind.size == 0) return EAGRE_OK;
    EAGRE_TRY(eagre_sql_parse_relation(parser, &right));
    EAGRE_TRY(make_join(parser, kind, right, relation));
    struct eagre_sql_relation *join = *relation;
    if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ON)) {
      EAGRE_TRY(eagre_sql_parse_expression(parser, &join->condition));
      eagre_sql_relation_raise(join, join->condition->height);
    } else if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_USING)) {
      EAGRE_TRY(eagre_sql_take_identifier_list(parser, "a column", &join->column_aliases,
                                               &join->column_alias_count));
    }
  }
}

/* A comma binds as JOIN does: a, b JOIN c joins c with both of them, as in Spark. */
enum eagre_status eagre_sql_parse_from(struct eagre_sql_parser *parser,
                                       struct eagre_sql_relation **out_relation) {
  EAGRE_TRY(eagre_sql_parse_relation(parser, out_relation));
  EAGRE_TRY(parse_joins(parser, out_relation));
  while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA)) {
    struct eagre_sql_relation *right = NULL;
    EAGRE_TRY(eagre_sql_parse_relation(parser, &right));
    EAGRE_TRY(make_join(parser, EAGRE_TEXT("inner"), right, out_relation));
    EAGRE_TRY(parse_joins(parser, out_relation));
  }
  return EAGRE_OK;
}

/* LATERAL VIEW [OUTER] function(...) table [AS column, ...] */
static enum eagre_status parse_lateral_view(struct eagre_sql_parser *parser,
                                            struct eagre_sql_relation **relation) {
  struct eagre_sql_relation *view = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_FUNCTION);
  struct eagre_sql_list columns = {0};
  bool is_outer = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_OUTER);
  EAGRE_TRY(eagre_sql_take_name(parser, "a function after LATERAL VIEW", &view->name));
  view->position = view->name.position;
  EAGRE_TRY(eagre_sql_parse_table_function(parser, view));
  if (eagre_sql_is_identifier(eagre_sql_token_at(parser)) && !eagre_sql_at_clause(parser, true) &&
      !eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_AS)) {
    EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of the view", &view->alias));
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS)) {
    do {
      struct eagre_text column;
      EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a column", &column));
      *(struct eagre_text *)eagre_sql_list_append(parser, &columns, sizeof column) = column;
    } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  }
  view->column_aliases = columns.items;
  view->column_alias_count = columns.count;
  return make_join(parser, is_outer ? EAGRE_TEXT("lateral view outer") : EAGRE_TEXT("lateral view"),
                   view, relation);
}

enum eagre_status eagre_sql_parse_lateral_views(struct eagre_sql_parser *parser,
                                                struct eagre_sql_relation **relation) {
  while (eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_LATERAL, EAGRE_SQL_KEYWORD_VIEW)) {
    if (*relation == NULL) {
      return eagre_sql_fail_expected(parser, "FROM before LATERAL VIEW");
    }
    parser->index += 2;
    EAGRE_TRY(parse_lateral_view(parser, relation));
  }
  return EAGRE_OK;
}

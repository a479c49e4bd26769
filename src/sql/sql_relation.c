/* What stands behind FROM:
 *   [STREAM] name [WITH (option = value, ...)]      STREAM(name)
 *   [STREAM] function(argument, ...)
 *   format.`path`      (query)      (relation)      VALUES ...
 * each with [WATERMARK expression DELAY OF interval] and then [[AS] alias [(columns)]], joined by
 * commas and JOIN. Joins, lateral views and the like are read so that they can be refused by name.
 */
#include "sql/sql_parser.h"

static struct eagre_sql_relation *new_relation(struct eagre_sql_parser *parser,
                                               enum eagre_sql_relation_kind kind) {
  struct eagre_sql_relation *relation =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *relation);
  relation->kind = kind;
  relation->height = 1;
  return relation;
}

static void raise_height(struct eagre_sql_relation *relation, uint32_t below) {
  if (below + 1 > relation->height) relation->height = below + 1;
}

/* ---- Where an alias is a clause -------------------------------------------------------------- */

static bool is_by_next(const struct eagre_sql_parser *parser) {
  return eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_BY);
}

/* LIMIT and OFFSET in front of an operand, or at the end, where one is missing. */
static bool is_limit_clause(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  return !eagre_sql_is_behind_name(next) || next->kind == EAGRE_SQL_TOKEN_MINUS ||
         next->kind == EAGRE_SQL_TOKEN_END || next->kind == EAGRE_SQL_TOKEN_SEMICOLON ||
         next->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN;
}

static bool is_table_clause(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  switch (token->keyword) {
  case EAGRE_SQL_KEYWORD_WATERMARK:
    return !eagre_sql_is_behind_name(next);
  case EAGRE_SQL_KEYWORD_WITH:
  case EAGRE_SQL_KEYWORD_TABLESAMPLE:
  case EAGRE_SQL_KEYWORD_PIVOT:
  case EAGRE_SQL_KEYWORD_UNPIVOT:
    return next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || next->kind == EAGRE_SQL_TOKEN_WORD;
  default:
    return eagre_sql_keyword_role_of(token->keyword) == EAGRE_SQL_ROLE_JOIN;
  }
}

bool eagre_sql_at_clause(const struct eagre_sql_parser *parser, bool is_table) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (token->kind != EAGRE_SQL_TOKEN_WORD) return false;
  switch (token->keyword) {
  case EAGRE_SQL_KEYWORD_FROM:
  case EAGRE_SQL_KEYWORD_WHERE:
  case EAGRE_SQL_KEYWORD_HAVING:
  case EAGRE_SQL_KEYWORD_SELECT:
  case EAGRE_SQL_KEYWORD_UNION:
  case EAGRE_SQL_KEYWORD_EXCEPT:
  case EAGRE_SQL_KEYWORD_INTERSECT:
    return true;
  case EAGRE_SQL_KEYWORD_MINUS:
    return is_table || eagre_sql_begins_query(parser, parser->index + 1) ||
           eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_ALL) ||
           eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_DISTINCT);
  case EAGRE_SQL_KEYWORD_GROUP:
  case EAGRE_SQL_KEYWORD_ORDER:
  case EAGRE_SQL_KEYWORD_CLUSTER:
  case EAGRE_SQL_KEYWORD_DISTRIBUTE:
  case EAGRE_SQL_KEYWORD_SORT:
    return is_by_next(parser);
  case EAGRE_SQL_KEYWORD_LIMIT:
  case EAGRE_SQL_KEYWORD_OFFSET:
    return is_limit_clause(parser);
  case EAGRE_SQL_KEYWORD_WINDOW:
    return eagre_sql_is_identifier(next) &&
           eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_AS);
  case EAGRE_SQL_KEYWORD_LATERAL:
    return is_table || eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_VIEW);
  default:
    return is_table && is_table_clause(parser);
  }
}

/* ---- WATERMARK and alias --------------------------------------------------------------------- */

static bool is_delay_at(const struct eagre_sql_parser *parser) {
  return eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_DELAY) &&
         eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_OF);
}

static bool is_watermark_at(struct eagre_sql_parser *parser) {
  return eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_WATERMARK) &&
         eagre_sql_at_clause(parser, true);
}

static enum eagre_status parse_delay(struct eagre_sql_parser *parser,
                                     struct eagre_sql_watermark *watermark) {
  struct eagre_sql_expression *delay = NULL;
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_DELAY, "DELAY OF"));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_OF, "OF after DELAY"));
  if (!eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_INTERVAL)) {
    eagre_sql_fail_expected(parser, "INTERVAL");
    eagre_error_hint(parser->error, "Write the delay as INTERVAL 10 MINUTES.");
    return EAGRE_USAGE;
  }
  EAGRE_TRY(eagre_sql_parse_interval(parser, true, &delay));
  watermark->delay_months = delay->months;
  watermark->delay_us = delay->microseconds;
  return EAGRE_OK;
}

/* WATERMARK expression [[AS] name] DELAY OF interval, if it stands at the cursor. */
static enum eagre_status parse_watermark(struct eagre_sql_parser *parser,
                                         struct eagre_sql_relation *relation) {
  uint32_t first = parser->index;
  if (!is_watermark_at(parser)) return EAGRE_OK;
  struct eagre_sql_watermark *watermark =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *watermark);
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_expression(parser, &watermark->expression));
  bool has_as = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS);
  bool has_alias =
      has_as || (eagre_sql_is_identifier(eagre_sql_token_at(parser)) && !is_delay_at(parser));
  if (has_alias) {
    parser->alias_index = has_as ? parser->alias_index : parser->index;
    EAGRE_TRY(eagre_sql_take_identifier(parser, "a name after AS", &watermark->alias));
  }
  EAGRE_TRY(parse_delay(parser, watermark));
  watermark->position = eagre_sql_position_from(parser, first);
  raise_height(relation, watermark->expression->height);
  relation->watermark = watermark;
  return EAGRE_OK;
}

static enum eagre_status fail_late_watermark(struct eagre_sql_parser *parser,
                                             const struct eagre_sql_relation *relation) {
  eagre_sql_fail_expected(parser, "the end of the relation");
  eagre_error_hint(parser->error, "%s",
                   relation->watermark != NULL ? "A relation has one watermark."
                                               : "The WATERMARK clause stands before the alias.");
  return EAGRE_USAGE;
}

/* [AS] alias [(columns)] */
static enum eagre_status parse_alias(struct eagre_sql_parser *parser,
                                     struct eagre_sql_relation *relation) {
  bool has_as = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS);
  bool has_alias = has_as || (eagre_sql_is_identifier(eagre_sql_token_at(parser)) &&
                              !eagre_sql_at_clause(parser, true));
  if (has_alias) {
    if (!has_as) parser->alias_index = parser->index;
    EAGRE_TRY(eagre_sql_take_identifier(parser, "an alias", &relation->alias));
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
      EAGRE_TRY(eagre_sql_take_identifier_list(parser, "a column", &relation->column_aliases,
                                               &relation->column_alias_count));
    }
  }
  return is_watermark_at(parser) ? fail_late_watermark(parser, relation) : EAGRE_OK;
}

static enum eagre_status refuse_extension(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_paren = next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
  if (is_paren && eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_TABLESAMPLE)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "TABLESAMPLE",
                                      "TABLESAMPLE is not supported.", NULL);
  }
  bool is_pivot = eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_PIVOT) ||
                  eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_UNPIVOT);
  if (is_pivot && is_paren) {
    return eagre_sql_fail_unsupported(parser, parser->index, "PIVOT",
                                      "PIVOT and UNPIVOT are not supported.", NULL);
  }
  bool is_travel = (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_VERSION) ||
                    eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_TIMESTAMP)) &&
                   eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_AS) &&
                   eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_OF);
  if (is_travel) {
    return eagre_sql_fail_unsupported(parser, parser->index, "TIME_TRAVEL",
                                      "VERSION AS OF and TIMESTAMP AS OF are not supported.",
                                      "Use the option startingVersion of a Delta source.");
  }
  return EAGRE_OK;
}

/* What may stand behind any relation. */
static enum eagre_status finish_relation(struct eagre_sql_parser *parser,
                                         struct eagre_sql_relation *relation) {
  EAGRE_TRY(refuse_extension(parser));
  EAGRE_TRY(parse_watermark(parser, relation));
  EAGRE_TRY(parse_alias(parser, relation));
  EAGRE_TRY(refuse_extension(parser));
  return eagre_sql_check_height(parser, relation->height);
}

/* ---- Names and functions --------------------------------------------------------------------- */

/* format.`path`: two parts, the second quoted, and either looks like it. */
static bool is_path(const struct eagre_sql_parser *parser, uint32_t first,
                    const struct eagre_sql_name *name) {
  static const char *const formats[] = {"delta", "parquet", "json",       "csv",
                                        "text",  "orc",     "binaryfile", "avro"};
  if (name->part_count != 2 || parser->tokens[first + 2].kind != EAGRE_SQL_TOKEN_QUOTED) {
    return false;
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(formats); i++) {
    if (eagre_text_equal_ignoring_case(name->parts[0], eagre_text_of(formats[i]))) return true;
  }
  return memchr(name->parts[1].data, '/', name->parts[1].size) != NULL;
}

static enum eagre_status parse_function(struct eagre_sql_parser *parser,
                                        struct eagre_sql_relation *relation) {
  struct eagre_sql_list arguments = {0};
  relation->kind = EAGRE_SQL_RELATION_FUNCTION;
  EAGRE_TRY(eagre_sql_parse_arguments(parser, &arguments));
  relation->arguments = arguments.items;
  relation->argument_count = arguments.count;
  for (uint32_t i = 0; i < relation->argument_count; i++) {
    raise_height(relation, relation->arguments[i].value->height);
  }
  return EAGRE_OK;
}

/* A name, a path or a function; no alias yet. */
static enum eagre_status parse_named(struct eagre_sql_parser *parser,
                                     struct eagre_sql_relation *relation) {
  uint32_t first = parser->index;
  if (!eagre_sql_at_name(parser)) return eagre_sql_fail_expected(parser, "a table");
  EAGRE_TRY(eagre_sql_take_name(parser, "a table", &relation->name));
  relation->position = relation->name.position;
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    return parse_function(parser, relation);
  }
  relation->kind = EAGRE_SQL_RELATION_NAME;
  if (is_path(parser, first, &relation->name)) {
    relation->kind = EAGRE_SQL_RELATION_PATH;
    relation->path = relation->name.parts[1];
  }
  return EAGRE_OK;
}

/* WITH ('option' = value, ...) behind a name: kept as arguments with constant texts. */
static enum eagre_status parse_relation_options(struct eagre_sql_parser *parser,
                                                struct eagre_sql_relation *relation) {
  bool has_options = eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_WITH) &&
                     eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
  if (!has_options) return EAGRE_OK;
  struct eagre_sql_list options = {0};
  uint32_t first = parser->index;
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_options(parser, &options));
  relation->argument_count = options.count;
  relation->arguments =
      eagre_arena_allocate_zeroed(parser->arena, options.count * sizeof *relation->arguments);
  const struct eagre_sql_option *option = options.items;
  for (uint32_t i = 0; i < options.count; i++) {
    relation->arguments[i].name = option[i].key;
    relation->arguments[i].value = eagre_sql_string_new(parser, first, option[i].value);
    relation->arguments[i].value->position = option[i].position;
  }
  raise_height(relation, 1);
  return EAGRE_OK;
}

/* ---- STREAM ---------------------------------------------------------------------------------- */

/* STREAM in front of a name or a parenthesis; a table may be called stream. */
static bool is_stream_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_STREAM)) return false;
  if (next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || next->kind == EAGRE_SQL_TOKEN_QUOTED) return true;
  if (next->kind != EAGRE_SQL_TOKEN_WORD || eagre_sql_is_behind_name(next)) return false;
  /* FROM stream WATERMARK ts DELAY ...: the table. */
  bool is_watermark =
      eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_WATERMARK) &&
      !eagre_sql_is_behind_name(eagre_sql_token_ahead(parser, 2)) &&
      !eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_WATERMARK);
  return !is_watermark;
}

static enum eagre_status parse_stream(struct eagre_sql_parser *parser,
                                      struct eagre_sql_relation *relation) {
  relation->is_stream = true;
  eagre_sql_advance(parser);
  if (!eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    return parse_named(parser, relation);
  }
  if (eagre_sql_begins_query(parser, parser->index + 1)) {
    eagre_sql_advance(parser);
    eagre_sql_fail_expected(parser, "the name of a table, a view or a source");
    eagre_error_hint(parser->error, "STREAM stands in front of each table inside the subquery.");
    return EAGRE_USAGE;
  }
  eagre_sql_advance(parser);
  EAGRE_TRY(parse_named(parser, relation));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' of STREAM(...)");
}

/* ---- VALUES ---------------------------------------------------------------------------------- */

/* The values of one row: of (a, b), or of a single value without parentheses. */
static enum eagre_status take_row(struct eagre_sql_parser *parser, uint32_t first,
                                  struct eagre_sql_expression *row, struct eagre_sql_list *values,
                                  uint32_t *column_count) {
  bool is_row = row->kind == EAGRE_SQL_CALL && row->is_operator &&
                eagre_text_equal_string(row->function, "struct");
  uint32_t count = is_row ? row->argument_count : 1;
  if (values->count > 0 && count != *column_count) {
    return eagre_sql_fail_range(parser, first, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                                "This row has %u values, the first one has %u.", count,
                                *column_count);
  }
  *column_count = count;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_sql_expression **value =
        eagre_sql_list_append(parser, values, sizeof(struct eagre_sql_expression *));
    *value = is_row ? row->arguments[i].value : row;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_values(struct eagre_sql_parser *parser,
                                         struct eagre_sql_relation **out_relation) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *relation = new_relation(parser, EAGRE_SQL_RELATION_VALUES);
  struct eagre_sql_list values = {0};
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_VALUES, "VALUES"));
  do {
    uint32_t begin = parser->index;
    struct eagre_sql_expression *row = NULL;
    EAGRE_TRY(eagre_sql_parse_expression(parser, &row));
    EAGRE_TRY(take_row(parser, begin, row, &values, &relation->column_count));
    raise_height(relation, row->height);
    relation->row_count++;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  relation->values = values.items;
  relation->position = eagre_sql_position_from(parser, first);
  *out_relation = relation;
  return parse_alias(parser, relation);
}

/* ---- Parentheses ----------------------------------------------------------------------------- */

static enum eagre_status parse_subquery(struct eagre_sql_parser *parser,
                                        struct eagre_sql_relation **out_relation) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *relation = new_relation(parser, EAGRE_SQL_RELATION_SUBQUERY);
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_query(parser, &relation->query));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the query"));
  relation->position = eagre_sql_position_from(parser, first);
  raise_height(relation, relation->query->height);
  *out_relation = relation;
  return finish_relation(parser, relation);
}

/* (relation) [WATERMARK ...] [alias]: with either of them, SELECT * FROM relation. */
static enum eagre_status parse_grouped(struct eagre_sql_parser *parser,
                                       struct eagre_sql_relation **out_relation) {
  struct eagre_sql_relation *inner = NULL;
  EAGRE_TRY(eagre_sql_enter(parser));
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_from(parser, &inner));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')'"));
  eagre_sql_leave(parser);
  struct eagre_sql_relation *outer = new_relation(parser, EAGRE_SQL_RELATION_SUBQUERY);
  outer->position = inner->position;
  outer->query = eagre_sql_query_over(parser, inner);
  raise_height(outer, outer->query->height);
  EAGRE_TRY(finish_relation(parser, outer));
  *out_relation = outer->alias.size > 0 || outer->watermark != NULL ? outer : inner;
  return EAGRE_OK;
}

static bool is_values_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  return eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_VALUES) &&
         (next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || next->kind == EAGRE_SQL_TOKEN_NUMBER ||
          next->kind == EAGRE_SQL_TOKEN_STRING || next->kind == EAGRE_SQL_TOKEN_MINUS);
}

static enum eagre_status parse_primary(struct eagre_sql_parser *parser,
                                       struct eagre_sql_relation **out_relation) {
  if (eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_LATERAL)) {
    return eagre_sql_fail_unsupported(parser, parser->index, "LATERAL", "LATERAL is not supported.",
                                      NULL);
  }
  if (is_values_at(parser)) return eagre_sql_parse_values(parser, out_relation);
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    bool is_query = eagre_sql_begins_query(parser, parser->index + 1);
    return is_query ? parse_subquery(parser, out_relation) : parse_grouped(parser, out_relation);
  }
  struct eagre_sql_relation *relation = new_relation(parser, EAGRE_SQL_RELATION_NAME);
  EAGRE_TRY(is_stream_at(parser) ? parse_stream(parser, relation) : parse_named(parser, relation));
  EAGRE_TRY(parse_relation_options(parser, relation));
  *out_relation = relation;
  return finish_relation(parser, relation);
}

/* ---- Joins ----------------------------------------------------------------------------------- */

static enum eagre_status make_join(struct eagre_sql_parser *parser, struct eagre_text kind,
                                   struct eagre_sql_relation *right,
                                   struct eagre_sql_relation **relation) {
  struct eagre_sql_relation *join = new_relation(parser, EAGRE_SQL_RELATION_JOIN);
  join->join_kind = kind;
  join->position = right->position;
  join->left = *relation;
  join->right = right;
  raise_height(join, join->left->height);
  raise_height(join, join->right->height);
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
    EAGRE_TRY(parse_primary(parser, &right));
    EAGRE_TRY(make_join(parser, kind, right, relation));
    struct eagre_sql_relation *join = *relation;
    if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ON)) {
      EAGRE_TRY(eagre_sql_parse_expression(parser, &join->condition));
      raise_height(join, join->condition->height);
    } else if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_USING)) {
      EAGRE_TRY(eagre_sql_take_identifier_list(parser, "a column", &join->column_aliases,
                                               &join->column_alias_count));
    }
  }
}

enum eagre_status eagre_sql_parse_from(struct eagre_sql_parser *parser,
                                       struct eagre_sql_relation **out_relation) {
  EAGRE_TRY(parse_primary(parser, out_relation));
  EAGRE_TRY(parse_joins(parser, out_relation));
  while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA)) {
    struct eagre_sql_relation *right = NULL;
    EAGRE_TRY(parse_primary(parser, &right));
    EAGRE_TRY(parse_joins(parser, &right));
    EAGRE_TRY(make_join(parser, EAGRE_TEXT("inner"), right, out_relation));
  }
  return EAGRE_OK;
}

/* LATERAL VIEW [OUTER] function(...) table [AS column, ...] */
static enum eagre_status parse_lateral_view(struct eagre_sql_parser *parser,
                                            struct eagre_sql_relation **relation) {
  struct eagre_sql_relation *view = new_relation(parser, EAGRE_SQL_RELATION_FUNCTION);
  struct eagre_sql_list columns = {0};
  bool is_outer = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_OUTER);
  EAGRE_TRY(eagre_sql_take_name(parser, "a function after LATERAL VIEW", &view->name));
  view->position = view->name.position;
  EAGRE_TRY(parse_function(parser, view));
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

/* What stands behind FROM:
 *   [STREAM] name [WITH (option = value, ...)]      STREAM(name)
 *   [STREAM] function(argument, ...)                deduplicate(relation, argument, ...)
 *   format.`path`      (query)      (relation)      VALUES ...
 * each with [WATERMARK expression DELAY OF interval] and then [[AS] alias [(columns)]], functions
 * and queries with LATERAL in front. What joins them is in sql_join.c. */
#include "sql/sql_relation.h"

struct eagre_sql_relation *eagre_sql_relation_new(struct eagre_sql_parser *parser,
                                                  enum eagre_sql_relation_kind kind) {
  struct eagre_sql_relation *relation =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *relation);
  relation->kind = kind;
  relation->height = 1;
  return relation;
}

void eagre_sql_relation_raise(struct eagre_sql_relation *relation, uint32_t below) {
  if (below + 1 > relation->height) relation->height = below + 1;
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
  eagre_sql_relation_raise(relation, watermark->expression->height);
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
  return EAGRE_OK;
}

static bool is_travel_at(struct eagre_sql_parser *parser) {
  return (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_VERSION) ||
          eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_TIMESTAMP)) &&
         eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_AS) &&
         eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_OF);
}

/* VERSION AS OF n, TIMESTAMP AS OF time */
static enum eagre_status parse_travel(struct eagre_sql_parser *parser,
                                      struct eagre_sql_relation *relation) {
  if (!is_travel_at(parser)) return EAGRE_OK;
  bool is_table =
      relation->kind == EAGRE_SQL_RELATION_NAME || relation->kind == EAGRE_SQL_RELATION_PATH;
  if (!is_table || relation->is_stream) {
    return eagre_sql_fail_unsupported(parser, parser->index, "TIME_TRAVEL",
                                      "Only a table can be read as of a version or a time.", NULL);
  }
  bool is_version = eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_VERSION);
  struct eagre_sql_expression **out =
      is_version ? &relation->version_as_of : &relation->timestamp_as_of;
  for (int i = 0; i < 3; i++) {
    eagre_sql_advance(parser);
  }
  EAGRE_TRY(eagre_sql_parse_expression(parser, out));
  eagre_sql_relation_raise(relation, (*out)->height);
  return EAGRE_OK;
}

/* What may stand behind any relation. */
static enum eagre_status finish_relation(struct eagre_sql_parser *parser,
                                         struct eagre_sql_relation *relation) {
  EAGRE_TRY(refuse_extension(parser));
  EAGRE_TRY(parse_travel(parser, relation));
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

enum eagre_status eagre_sql_parse_table_function(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_relation *relation) {
  struct eagre_sql_list arguments = {0};
  relation->kind = EAGRE_SQL_RELATION_FUNCTION;
  EAGRE_TRY(eagre_sql_parse_arguments(parser, &arguments));
  relation->arguments = arguments.items;
  relation->argument_count = arguments.count;
  for (uint32_t i = 0; i < relation->argument_count; i++) {
    eagre_sql_relation_raise(relation, relation->arguments[i].value->height);
  }
  return EAGRE_OK;
}

/* deduplicate(relation, column, ..., name => value). */
static enum eagre_status parse_deduplicate(struct eagre_sql_parser *parser,
                                           struct eagre_sql_relation *relation) {
  struct eagre_sql_list arguments = {0};
  relation->kind = EAGRE_SQL_RELATION_DEDUPLICATE;
  EAGRE_TRY(eagre_sql_enter(parser));
  eagre_sql_advance(parser);
  uint32_t first = parser->index;
  EAGRE_TRY(eagre_sql_parse_relation(parser, &relation->left));
  relation->input_source = eagre_sql_source_of(parser, first);
  EAGRE_TRY(eagre_sql_parse_more_arguments(parser, &arguments));
  eagre_sql_leave(parser);
  relation->arguments = arguments.items;
  relation->argument_count = arguments.count;
  eagre_sql_relation_raise(relation, relation->left->height);
  for (uint32_t i = 0; i < relation->argument_count; i++) {
    eagre_sql_relation_raise(relation, relation->arguments[i].value->height);
  }
  return EAGRE_OK;
}

static enum eagre_status parse_name_or_function(struct eagre_sql_parser *parser,
                                                struct eagre_sql_relation *relation) {
  uint32_t first = parser->index;
  if (!eagre_sql_at_name(parser)) return eagre_sql_fail_expected(parser, "a table");
  EAGRE_TRY(eagre_sql_take_name(parser, "a table", &relation->name));
  relation->position = relation->name.position;
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    bool is_deduplicate =
        relation->name.part_count == 1 &&
        eagre_text_equal_ignoring_case(relation->name.parts[0], EAGRE_TEXT("deduplicate"));
    return is_deduplicate ? parse_deduplicate(parser, relation)
                          : eagre_sql_parse_table_function(parser, relation);
  }
  relation->kind = EAGRE_SQL_RELATION_NAME;
  if (is_path(parser, first, &relation->name)) {
    relation->kind = EAGRE_SQL_RELATION_PATH;
    relation->path = relation->name.parts[1];
  }
  return EAGRE_OK;
}

/* A name, a path or a function; no alias yet. */
static enum eagre_status parse_named(struct eagre_sql_parser *parser,
                                     struct eagre_sql_relation *relation) {
  uint32_t first = parser->index;
  EAGRE_TRY(parse_name_or_function(parser, relation));
  relation->source = eagre_sql_source_of(parser, first);
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
  eagre_sql_relation_raise(relation, 1);
  return EAGRE_OK;
}

/* ---- STREAM ---------------------------------------------------------------------------------- */

/* STREAM in front of a name or a parenthesis; a table may be called stream. */
static bool is_stream_at(const struct eagre_sql_parser *parser) {
  bool is_stream = eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_STREAM) &&
                   eagre_sql_begins_table(parser, 1);
  /* FROM stream WATERMARK ts DELAY OF ...: the table. */
  bool is_watermark =
      eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_WATERMARK) &&
      eagre_sql_begins_table(parser, 2) &&
      !eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_WATERMARK);
  return is_stream && !is_watermark;
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
  struct eagre_sql_relation *relation = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_VALUES);
  struct eagre_sql_list values = {0};
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_VALUES, "VALUES"));
  do {
    uint32_t begin = parser->index;
    struct eagre_sql_expression *row = NULL;
    EAGRE_TRY(eagre_sql_parse_expression(parser, &row));
    EAGRE_TRY(take_row(parser, begin, row, &values, &relation->column_count));
    eagre_sql_relation_raise(relation, row->height);
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
  struct eagre_sql_relation *relation = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_SUBQUERY);
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_query(parser, &relation->query));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the query"));
  relation->position = eagre_sql_position_from(parser, first);
  eagre_sql_relation_raise(relation, relation->query->height);
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
  struct eagre_sql_relation *outer = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_SUBQUERY);
  outer->position = inner->position;
  outer->query = eagre_sql_query_over(parser, inner);
  eagre_sql_relation_raise(outer, outer->query->height);
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

static enum eagre_status parse_plain(struct eagre_sql_parser *parser,
                                     struct eagre_sql_relation **out_relation) {
  if (is_values_at(parser)) return eagre_sql_parse_values(parser, out_relation);
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    bool is_query = eagre_sql_begins_query(parser, parser->index + 1);
    return is_query ? parse_subquery(parser, out_relation) : parse_grouped(parser, out_relation);
  }
  struct eagre_sql_relation *relation = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_NAME);
  EAGRE_TRY(is_stream_at(parser) ? parse_stream(parser, relation) : parse_named(parser, relation));
  EAGRE_TRY(parse_relation_options(parser, relation));
  *out_relation = relation;
  return finish_relation(parser, relation);
}

enum eagre_status eagre_sql_parse_relation(struct eagre_sql_parser *parser,
                                           struct eagre_sql_relation **out_relation) {
  if (!eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_LATERAL)) {
    return parse_plain(parser, out_relation);
  }
  uint32_t first = parser->index;
  eagre_sql_advance(parser);
  EAGRE_TRY(parse_plain(parser, out_relation));
  (*out_relation)->is_lateral = true;
  enum eagre_sql_relation_kind kind = (*out_relation)->kind;
  if (kind == EAGRE_SQL_RELATION_FUNCTION || kind == EAGRE_SQL_RELATION_SUBQUERY) return EAGRE_OK;
  return eagre_sql_fail_range(parser, first,
                              "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC",
                              "LATERAL can only be used with subquery and table-valued functions.");
}

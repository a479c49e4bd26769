/* Which statement begins here; SET; and the statements that are known by their first words only, so
 * that they can be refused by name. */
#include "sql/sql_parser.h"

static bool is_end(const struct eagre_sql_token *token) {
  return token->kind == EAGRE_SQL_TOKEN_END || token->kind == EAGRE_SQL_TOKEN_SEMICOLON;
}

static void skip_statement(struct eagre_sql_parser *parser) {
  while (!is_end(eagre_sql_token_at(parser))) {
    eagre_sql_advance(parser);
  }
}

void eagre_sql_make_other(struct eagre_sql_parser *parser, struct eagre_sql_statement *statement,
                          const char *what) {
  statement->kind = EAGRE_SQL_OTHER;
  statement->what = eagre_arena_copy_text(parser->arena, eagre_text_of(what));
  skip_statement(parser);
}

/* ---- SET ------------------------------------------------------------------------------------- */

static enum eagre_status fail_set(struct eagre_sql_parser *parser) {
  eagre_sql_fail_range(parser, parser->index, "INVALID_SET_SYNTAX",
                       "SET is written SET key = value.");
  eagre_error_hint(parser->error, "A key with special characters stands in back quotes, a value "
                                  "with a semicolon in quotes: SET `key` = 'value'.");
  return EAGRE_USAGE;
}

/* The statements that share the word SET with `SET key = value`. */
static const char *find_other_set(const struct eagre_sql_parser *parser) {
  static const struct {
    const char *word;
    const char *what;
  } rows[] = {
      {"catalog", "SET CATALOG"}, {"role", "SET ROLE"},         {"time", "SET TIME ZONE"},
      {"var", "SET VARIABLE"},    {"variable", "SET VARIABLE"},
  };
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (is_end(token)) return "SET";
  if (!eagre_sql_is_identifier(eagre_sql_token_ahead(parser, 1))) return NULL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    if (eagre_text_equal_ignoring_case(token->text, eagre_text_of(rows[i].word))) {
      return rows[i].what;
    }
  }
  return NULL;
}

/* SET TIME ZONE 'text' sets the session's zone. */
static bool accept_time_zone(struct eagre_sql_parser *parser, struct eagre_sql_option *option) {
  bool is_zone = eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_TIME, EAGRE_SQL_KEYWORD_ZONE) &&
                 eagre_sql_token_ahead(parser, 2)->kind == EAGRE_SQL_TOKEN_STRING &&
                 is_end(eagre_sql_token_ahead(parser, 3));
  if (!is_zone) return false;
  option->key = EAGRE_TEXT("spark.sql.session.timeZone");
  option->value = eagre_sql_token_ahead(parser, 2)->text;
  parser->index += 3;
  return true;
}

/* The raw text of the tokens up to `=` or the end, which has no space inside. */
static enum eagre_status take_set_key(struct eagre_sql_parser *parser,
                                      struct eagre_sql_option *option) {
  uint32_t first = parser->index;
  if (!eagre_sql_is_identifier(eagre_sql_token_at(parser))) return fail_set(parser);
  while (!is_end(eagre_sql_token_at(parser)) &&
         !eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_EQUAL)) {
    const struct eagre_sql_token *token = eagre_sql_token_at(parser);
    if (parser->index > first && token->begin != (token - 1)->end) return fail_set(parser);
    eagre_sql_advance(parser);
  }
  bool is_quoted =
      parser->index == first + 1 && parser->tokens[first].kind == EAGRE_SQL_TOKEN_QUOTED;
  option->key = is_quoted ? parser->tokens[first].text : eagre_sql_source_of(parser, first);
  option->position = eagre_sql_position_from(parser, first);
  return EAGRE_OK;
}

/* One string or quoted name loses its quotes; anything else is the text as written. */
static void take_set_value(struct eagre_sql_parser *parser, struct eagre_sql_option *option) {
  uint32_t first = parser->index;
  skip_statement(parser);
  option->value = EAGRE_TEXT("");
  if (parser->index == first) return;
  const struct eagre_sql_token *token = &parser->tokens[first];
  bool is_quoted = parser->index == first + 1 &&
                   (token->kind == EAGRE_SQL_TOKEN_STRING || token->kind == EAGRE_SQL_TOKEN_QUOTED);
  option->value = is_quoted ? token->text : eagre_sql_source_of(parser, first);
}

static enum eagre_status parse_set(struct eagre_sql_parser *parser,
                                   struct eagre_sql_statement *statement) {
  uint32_t first = parser->index;
  statement->kind = EAGRE_SQL_SET;
  statement->option_count = 1;
  statement->options = eagre_arena_allocate_zeroed(parser->arena, sizeof *statement->options);
  if (accept_time_zone(parser, statement->options)) {
    statement->options->position = eagre_sql_position_from(parser, first);
    return EAGRE_OK;
  }
  const char *other = find_other_set(parser);
  if (other != NULL) {
    statement->option_count = 0;
    eagre_sql_make_other(parser, statement, other);
    return EAGRE_OK;
  }
  EAGRE_TRY(take_set_key(parser, statement->options));
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_EQUAL)) {
    take_set_value(parser, statement->options);
  }
  return EAGRE_OK;
}

/* ---- Statements refused by name -------------------------------------------------------------- */

/* First words, and how many of them name the statement. */
static const struct {
  enum eagre_sql_keyword word;
  uint32_t size;
} other_statements[] = {
    {EAGRE_SQL_KEYWORD_ALTER, 2},    {EAGRE_SQL_KEYWORD_ANALYZE, 2},
    {EAGRE_SQL_KEYWORD_APPLY, 2},    {EAGRE_SQL_KEYWORD_BEGIN, 1},
    {EAGRE_SQL_KEYWORD_CACHE, 2},    {EAGRE_SQL_KEYWORD_CALL, 1},
    {EAGRE_SQL_KEYWORD_CLEAR, 2},    {EAGRE_SQL_KEYWORD_COMMENT, 2},
    {EAGRE_SQL_KEYWORD_COMMIT, 1},   {EAGRE_SQL_KEYWORD_DECLARE, 1},
    {EAGRE_SQL_KEYWORD_DELETE, 2},   {EAGRE_SQL_KEYWORD_DESC, 1},
    {EAGRE_SQL_KEYWORD_DESCRIBE, 1}, {EAGRE_SQL_KEYWORD_DROP, 2},
    {EAGRE_SQL_KEYWORD_EXECUTE, 2},  {EAGRE_SQL_KEYWORD_EXPLAIN, 1},
    {EAGRE_SQL_KEYWORD_GRANT, 1},    {EAGRE_SQL_KEYWORD_INSERT, 2},
    {EAGRE_SQL_KEYWORD_LOAD, 2},     {EAGRE_SQL_KEYWORD_MERGE, 2},
    {EAGRE_SQL_KEYWORD_MSCK, 1},     {EAGRE_SQL_KEYWORD_OPTIMIZE, 1},
    {EAGRE_SQL_KEYWORD_REFRESH, 2},  {EAGRE_SQL_KEYWORD_REORG, 2},
    {EAGRE_SQL_KEYWORD_REPLACE, 2},  {EAGRE_SQL_KEYWORD_RESET, 1},
    {EAGRE_SQL_KEYWORD_RESTORE, 2},  {EAGRE_SQL_KEYWORD_REVOKE, 1},
    {EAGRE_SQL_KEYWORD_SHOW, 2},     {EAGRE_SQL_KEYWORD_TRUNCATE, 2},
    {EAGRE_SQL_KEYWORD_UNCACHE, 2},  {EAGRE_SQL_KEYWORD_UPDATE, 1},
    {EAGRE_SQL_KEYWORD_USE, 1},      {EAGRE_SQL_KEYWORD_VACUUM, 1},
};

/* "DROP TABLE", "OPTIMIZE", "DESCRIBE HISTORY" */
static void make_named_other(struct eagre_sql_parser *parser, struct eagre_sql_statement *statement,
                             uint32_t size) {
  struct eagre_buffer what = {0};
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  enum eagre_sql_keyword word = eagre_sql_token_at(parser)->keyword;
  if (word == EAGRE_SQL_KEYWORD_DESC) word = EAGRE_SQL_KEYWORD_DESCRIBE;
  eagre_buffer_append_string(&what, eagre_sql_keyword_name(word));
  bool is_detail = word == EAGRE_SQL_KEYWORD_DESCRIBE &&
                   (eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_HISTORY) ||
                    eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_DETAIL));
  if (next->kind == EAGRE_SQL_TOKEN_WORD && (size == 2 || is_detail)) {
    eagre_buffer_append_char(&what, ' ');
    for (size_t i = 0; i < next->text.size; i++) {
      char character = next->text.data[i];
      bool is_lower = character >= 'a' && character <= 'z';
      eagre_buffer_append_char(&what, is_lower ? (char)(character - 32) : character);
    }
  }
  eagre_buffer_append_char(&what, 0);
  eagre_sql_make_other(parser, statement, what.data);
  eagre_buffer_done(&what);
}

static bool parse_other(struct eagre_sql_parser *parser, struct eagre_sql_statement *statement) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(other_statements); i++) {
    if (!eagre_sql_at_keyword(parser, other_statements[i].word)) continue;
    make_named_other(parser, statement, other_statements[i].size);
    return true;
  }
  return false;
}

/* ---- Statements ------------------------------------------------------------------------------ */

static bool is_query_at(struct eagre_sql_parser *parser) {
  return eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_SELECT) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_WITH) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_FROM) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_VALUES) ||
         eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_TABLE);
}

static enum eagre_status parse_kind(struct eagre_sql_parser *parser,
                                    struct eagre_sql_statement *statement) {
  bool is_known = false;
  if (is_query_at(parser)) {
    statement->kind = EAGRE_SQL_SELECT;
    return eagre_sql_parse_query(parser, &statement->query);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_SET)) return parse_set(parser, statement);
  if (eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_CREATE)) {
    EAGRE_TRY(eagre_sql_parse_create(parser, statement, &is_known));
    if (is_known) return EAGRE_OK;
    return eagre_sql_fail_expected(parser, "STREAMING TABLE, SINK, FLOW or TEMPORARY VIEW");
  }
  EAGRE_TRY(eagre_sql_parse_show(parser, statement, &is_known));
  if (is_known || parse_other(parser, statement)) return EAGRE_OK;
  return eagre_sql_fail_expected(parser, "a statement");
}

enum eagre_status eagre_sql_parse_statement(struct eagre_sql_parser *parser,
                                            struct eagre_sql_statement **out_statement) {
  uint32_t first = parser->index;
  struct eagre_sql_statement *statement =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *statement);
  EAGRE_TRY(parse_kind(parser, statement));
  statement->position = eagre_sql_position_from(parser, first);
  *out_statement = statement;
  return EAGRE_OK;
}

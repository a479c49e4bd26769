/* SHOW FUNCTIONS [LIKE 'a*|b'] and DESCRIBE FUNCTION [EXTENDED] name: queries over relations whose
 * names nobody can write by accident, `show functions` and `describe function`. The plan makes
 * their rows of the function table. */
#include "sql/sql_parser.h"
#include "sql/sql_relation.h"

static bool is_word(const struct eagre_sql_token *token, const char *word) {
  return token->kind == EAGRE_SQL_TOKEN_WORD &&
         eagre_text_equal_ignoring_case(token->text, eagre_text_of(word));
}

static void add_argument(struct eagre_sql_parser *parser, struct eagre_sql_relation *relation,
                         struct eagre_text text, uint32_t first) {
  struct eagre_sql_expression *literal = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  literal->literal = EAGRE_SQL_LITERAL_STRING;
  literal->type_kind = EAGRE_TYPE_STRING;
  literal->text = text;
  literal->height = 1;
  literal->position = eagre_sql_position_from(parser, first);
  literal->source = eagre_sql_source_of(parser, first);
  relation->arguments[relation->argument_count++].value = literal;
}

/* A string, or a name with dots. */
static enum eagre_status take_pattern(struct eagre_sql_parser *parser, const char *what,
                                      struct eagre_text *out_text) {
  if (eagre_sql_token_at(parser)->kind == EAGRE_SQL_TOKEN_STRING) {
    return eagre_sql_take_string(parser, what, out_text);
  }
  struct eagre_sql_name name;
  EAGRE_TRY(eagre_sql_take_name(parser, what, &name));
  *out_text = eagre_sql_join_name(parser, &name);
  return EAGRE_OK;
}

static struct eagre_sql_relation *new_relation(struct eagre_sql_parser *parser,
                                               struct eagre_text name) {
  enum { ARGUMENTS_MAX = 2 };
  struct eagre_sql_relation *relation = eagre_sql_relation_new(parser, EAGRE_SQL_RELATION_FUNCTION);
  relation->name.parts = eagre_arena_allocate_zeroed(parser->arena, sizeof *relation->name.parts);
  relation->name.parts[0] = name;
  relation->name.part_count = 1;
  relation->arguments =
      eagre_arena_allocate_zeroed(parser->arena, ARGUMENTS_MAX * sizeof *relation->arguments);
  return relation;
}

static enum eagre_status end_statement(struct eagre_sql_parser *parser, uint32_t first,
                                       struct eagre_sql_relation *relation,
                                       struct eagre_sql_statement *statement) {
  relation->position = eagre_sql_position_from(parser, first);
  relation->name.position = relation->position;
  relation->source = eagre_sql_source_of(parser, first);
  statement->kind = EAGRE_SQL_SELECT;
  statement->query = eagre_sql_query_over(parser, relation);
  statement->query->source = relation->source;
  return EAGRE_OK;
}

/* SHOW [ALL | SYSTEM] FUNCTIONS [[LIKE] pattern] */
static enum eagre_status parse_show(struct eagre_sql_parser *parser,
                                    struct eagre_sql_statement *statement) {
  uint32_t first = parser->index;
  struct eagre_sql_relation *relation = new_relation(parser, EAGRE_TEXT("show functions"));
  eagre_sql_advance(parser);
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FUNCTIONS)) {
    eagre_sql_advance(parser);
    eagre_sql_advance(parser);
  }
  bool has_like = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_LIKE);
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (has_like || token->kind == EAGRE_SQL_TOKEN_STRING || eagre_sql_is_identifier(token)) {
    struct eagre_text pattern;
    uint32_t begin = parser->index;
    EAGRE_TRY(take_pattern(parser, "a pattern of names", &pattern));
    add_argument(parser, relation, pattern, begin);
  }
  return end_statement(parser, first, relation, statement);
}

/* DESC[RIBE] FUNCTION [EXTENDED] name */
static enum eagre_status parse_describe(struct eagre_sql_parser *parser,
                                        struct eagre_sql_statement *statement) {
  uint32_t first = parser->index;
  struct eagre_text name;
  struct eagre_sql_relation *relation = new_relation(parser, EAGRE_TEXT("describe function"));
  eagre_sql_advance(parser);
  eagre_sql_advance(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool has_more = next->kind == EAGRE_SQL_TOKEN_STRING || eagre_sql_is_identifier(next);
  bool is_extended = has_more && is_word(eagre_sql_token_at(parser), "EXTENDED");
  if (is_extended) eagre_sql_advance(parser);
  uint32_t begin = parser->index;
  EAGRE_TRY(take_pattern(parser, "the name of a function", &name));
  add_argument(parser, relation, name, begin);
  if (is_extended) add_argument(parser, relation, EAGRE_TEXT("extended"), begin);
  return end_statement(parser, first, relation, statement);
}

enum eagre_status eagre_sql_parse_show(struct eagre_sql_parser *parser,
                                       struct eagre_sql_statement *statement, bool *out_is_known) {
  const struct eagre_sql_token *at = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  const struct eagre_sql_token *third = eagre_sql_token_ahead(parser, 2);
  bool is_qualified = is_word(next, "ALL") || is_word(next, "SYSTEM");
  *out_is_known = true;
  if (is_word(at, "SHOW") && is_word(is_qualified ? third : next, "FUNCTIONS")) {
    return parse_show(parser, statement);
  }
  if ((is_word(at, "DESCRIBE") || is_word(at, "DESC")) && is_word(next, "FUNCTION")) {
    return parse_describe(parser, statement);
  }
  *out_is_known = false;
  return EAGRE_OK;
}

/* Constants: numbers with their signs and suffixes, strings, TRUE, FALSE, NULL, and the typed ones
 * (DATE '...', TIMESTAMP '...', X'...'). */
#include "sql/sql_parser.h"

static bool is_number_at(const struct eagre_sql_parser *parser) {
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_NUMBER)) return true;
  return eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_MINUS) &&
         eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_NUMBER;
}

/* NAME 'text', where NAME is no keyword that a string may follow. */
static bool is_typed_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  return token->kind == EAGRE_SQL_TOKEN_WORD &&
         eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_STRING &&
         eagre_sql_keyword_role_of(token->keyword) == EAGRE_SQL_ROLE_PLAIN &&
         token->keyword != EAGRE_SQL_KEYWORD_CASE && token->keyword != EAGRE_SQL_KEYWORD_INTERVAL;
}

static bool is_word_constant_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  return eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_TRUE) ||
         eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_FALSE) ||
         eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_NULL);
}

bool eagre_sql_at_literal(const struct eagre_sql_parser *parser) {
  return eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING) || is_number_at(parser) ||
         is_word_constant_at(parser) || eagre_sql_at_interval(parser) || is_typed_at(parser);
}

static struct eagre_sql_expression *new_literal(struct eagre_sql_parser *parser,
                                                enum eagre_sql_literal_kind kind,
                                                enum eagre_type_kind type_kind) {
  struct eagre_sql_expression *literal = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  literal->literal = kind;
  literal->type_kind = type_kind;
  return literal;
}

struct eagre_sql_expression *eagre_sql_string_new(struct eagre_sql_parser *parser, uint32_t first,
                                                  struct eagre_text text) {
  struct eagre_sql_expression *literal =
      new_literal(parser, EAGRE_SQL_LITERAL_STRING, EAGRE_TYPE_STRING);
  literal->text = text;
  literal->height = 1;
  literal->position = eagre_sql_position_from(parser, first);
  literal->source = eagre_sql_source_of(parser, first);
  return literal;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static uint64_t get_limit(enum eagre_type_kind kind) {
  switch (kind) {
  case EAGRE_TYPE_TINYINT:
    return INT8_MAX;
  case EAGRE_TYPE_SMALLINT:
    return INT16_MAX;
  default:
    return INT64_MAX;
  }
}

static bool is_in_range(struct eagre_text digits, bool is_negative, enum eagre_type_kind kind) {
  uint64_t value = 0;
  for (size_t i = 0; i < digits.size; i++) {
    if (__builtin_mul_overflow(value, 10u, &value) ||
        __builtin_add_overflow(value, (uint64_t)(digits.data[i] - '0'), &value)) {
      return false;
    }
  }
  return value <= get_limit(kind) + (is_negative ? 1 : 0);
}

static enum eagre_status parse_number(struct eagre_sql_parser *parser, uint32_t first,
                                      struct eagre_sql_expression **out_literal) {
  bool is_negative = eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_MINUS);
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  eagre_sql_advance(parser);
  /* Without a suffix the type follows from the value (INT, BIGINT, DECIMAL): the binder's. */
  bool has_range =
      token->literal == EAGRE_SQL_LITERAL_INTEGER && token->type_kind != EAGRE_TYPE_INT;
  if (has_range && !is_in_range(token->text, is_negative, token->type_kind)) {
    struct eagre_text source = eagre_sql_source_of(parser, first);
    const struct eagre_type *type = eagre_type_of(token->type_kind);
    struct eagre_buffer name = {0};
    eagre_type_print_catalog(&name, type);
    eagre_sql_fail_range(parser, first, "INVALID_NUMERIC_LITERAL_RANGE",
                         "The number %.*s is outside the range of %.*s.", (int)source.size,
                         source.data, (int)name.size, name.data);
    eagre_buffer_done(&name);
    return EAGRE_USAGE;
  }
  *out_literal = new_literal(parser, token->literal, token->type_kind);
  (*out_literal)->text = token->text;
  if (is_negative) {
    (*out_literal)->text =
        eagre_arena_printf(parser->arena, "-%.*s", (int)token->text.size, token->text.data);
  }
  return EAGRE_OK;
}

/* ---- Typed constants ------------------------------------------------------------------------- */

static int read_hexadecimal(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  character |= 32;
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* X'1F': an odd number of digits gets a zero in front. */
static enum eagre_status make_binary(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_text digits,
                                     struct eagre_sql_expression **out_literal) {
  size_t size = (digits.size + 1) / 2;
  uint8_t *bytes = eagre_arena_allocate_zeroed(parser->arena, size + 1);
  for (size_t i = 0; i < digits.size; i++) {
    int digit = read_hexadecimal(digits.data[i]);
    if (digit < 0) {
      eagre_sql_fail_range(parser, first, "INVALID_TYPED_LITERAL",
                           "The text of the binary constant has a character that is no "
                           "hexadecimal digit.");
      eagre_error_hint(parser->error, "Write two digits 0-9, A-F for each byte: X'1F'.");
      return EAGRE_USAGE;
    }
    size_t place = i + digits.size % 2;
    bytes[place / 2] = (uint8_t)(bytes[place / 2] << 4 | digit);
  }
  *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_BINARY, EAGRE_TYPE_BINARY);
  (*out_literal)->text = eagre_text_make((const char *)bytes, size);
  return EAGRE_OK;
}

static enum eagre_status fail_typed(struct eagre_sql_parser *parser, uint32_t first) {
  struct eagre_text name = parser->tokens[first].text;
  eagre_sql_fail_range(parser, first, "UNSUPPORTED_TYPED_LITERAL",
                       "Constants of the type \"%.*s\" are not supported.", (int)name.size,
                       name.data);
  eagre_error_hint(parser->error,
                   "Known are DATE '...', TIMESTAMP '...', TIMESTAMP_NTZ '...', "
                   "INTERVAL '...' and X'...'; an alias is written after AS, in back quotes.");
  return EAGRE_USAGE;
}

static enum eagre_status parse_typed(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_sql_expression **out_literal) {
  enum eagre_sql_keyword keyword = eagre_sql_token_at(parser)->keyword;
  eagre_sql_advance(parser);
  struct eagre_text text = eagre_sql_token_at(parser)->text;
  eagre_sql_advance(parser);
  switch (keyword) {
  case EAGRE_SQL_KEYWORD_X:
    return make_binary(parser, first, text, out_literal);
  case EAGRE_SQL_KEYWORD_DATE:
    *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_DATE, EAGRE_TYPE_DATE);
    break;
  case EAGRE_SQL_KEYWORD_TIMESTAMP:
  case EAGRE_SQL_KEYWORD_TIMESTAMP_LTZ:
    *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_TIMESTAMP, EAGRE_TYPE_TIMESTAMP);
    break;
  case EAGRE_SQL_KEYWORD_TIMESTAMP_NTZ:
    *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_TIMESTAMP, EAGRE_TYPE_TIMESTAMP_NTZ);
    break;
  default:
    return fail_typed(parser, first);
  }
  (*out_literal)->text = text;
  return EAGRE_OK;
}

static enum eagre_status parse_word_constant(struct eagre_sql_parser *parser,
                                             struct eagre_sql_expression **out_literal) {
  enum eagre_sql_keyword keyword = eagre_sql_token_at(parser)->keyword;
  eagre_sql_advance(parser);
  if (keyword == EAGRE_SQL_KEYWORD_NULL) {
    *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_NULL, EAGRE_TYPE_NULL);
  } else {
    *out_literal = new_literal(parser, EAGRE_SQL_LITERAL_BOOLEAN, EAGRE_TYPE_BOOLEAN);
    (*out_literal)->boolean = keyword == EAGRE_SQL_KEYWORD_TRUE;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_literal(struct eagre_sql_parser *parser,
                                          struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  if (eagre_sql_at_interval(parser)) {
    return eagre_sql_parse_interval(parser, false, out_expression);
  }
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) {
    struct eagre_text text;
    EAGRE_TRY(eagre_sql_take_value(parser, "a string", &text));
    *out_expression = eagre_sql_string_new(parser, first, text);
  } else if (is_number_at(parser)) {
    EAGRE_TRY(parse_number(parser, first, out_expression));
  } else if (is_word_constant_at(parser)) {
    EAGRE_TRY(parse_word_constant(parser, out_expression));
  } else {
    EAGRE_TRY(parse_typed(parser, first, out_expression));
  }
  return eagre_sql_finish(parser, first, *out_expression);
}

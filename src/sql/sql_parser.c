/* The cursor over the tokens, names, error messages, and the entry point of the room. */
#include "sql/sql_parser.h"
#include "base/base_secret.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- Lists ----------------------------------------------------------------------------------- */

void *eagre_sql_list_append(struct eagre_sql_parser *parser, struct eagre_sql_list *list,
                            size_t item_size) {
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
    void *grown = eagre_arena_allocate(parser->arena, capacity * item_size);
    if (list->count > 0) memcpy(grown, list->items, list->count * item_size);
    list->items = grown;
    list->capacity = capacity;
  }
  void *item = (char *)list->items + (size_t)list->count * item_size;
  list->count++;
  return memset(item, 0, item_size);
}

/* ---- Cursor ---------------------------------------------------------------------------------- */

const struct eagre_sql_token *eagre_sql_token_at(const struct eagre_sql_parser *parser) {
  return &parser->tokens[parser->index];
}

const struct eagre_sql_token *eagre_sql_token_ahead(const struct eagre_sql_parser *parser,
                                                    uint32_t ahead) {
  uint32_t last = parser->token_count - 1;
  return &parser->tokens[ahead > last - parser->index ? last : parser->index + ahead];
}

bool eagre_sql_at_symbol(const struct eagre_sql_parser *parser, enum eagre_sql_token_kind kind) {
  return eagre_sql_token_at(parser)->kind == kind;
}

bool eagre_sql_is_keyword(const struct eagre_sql_token *token, enum eagre_sql_keyword keyword) {
  return token->kind == EAGRE_SQL_TOKEN_WORD && token->keyword == keyword;
}

bool eagre_sql_at_keyword(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword) {
  if (eagre_sql_is_keyword(eagre_sql_token_at(parser), keyword)) return true;
  if (parser->tried_index != parser->index) {
    parser->tried_index = parser->index;
    parser->tried_count = 0;
  }
  if (parser->tried_count < EAGRE_SQL_TRIED_MAX) {
    parser->tried[parser->tried_count++] = eagre_sql_keyword_name(keyword);
  }
  return false;
}

bool eagre_sql_at_keywords(struct eagre_sql_parser *parser, enum eagre_sql_keyword first,
                           enum eagre_sql_keyword second) {
  return eagre_sql_at_keyword(parser, first) &&
         eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), second);
}

void eagre_sql_advance(struct eagre_sql_parser *parser) {
  if (parser->index + 1 < parser->token_count) parser->index++;
}

bool eagre_sql_accept_symbol(struct eagre_sql_parser *parser, enum eagre_sql_token_kind kind) {
  if (!eagre_sql_at_symbol(parser, kind)) return false;
  eagre_sql_advance(parser);
  return true;
}

bool eagre_sql_accept_keyword(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword) {
  if (!eagre_sql_at_keyword(parser, keyword)) return false;
  eagre_sql_advance(parser);
  return true;
}

bool eagre_sql_accept_keywords(struct eagre_sql_parser *parser, enum eagre_sql_keyword first,
                               enum eagre_sql_keyword second) {
  if (!eagre_sql_at_keywords(parser, first, second)) return false;
  eagre_sql_advance(parser);
  eagre_sql_advance(parser);
  return true;
}

enum eagre_status eagre_sql_expect_symbol(struct eagre_sql_parser *parser,
                                          enum eagre_sql_token_kind kind, const char *what) {
  if (eagre_sql_accept_symbol(parser, kind)) return EAGRE_OK;
  return eagre_sql_fail_expected(parser, what);
}

enum eagre_status eagre_sql_expect_keyword(struct eagre_sql_parser *parser,
                                           enum eagre_sql_keyword keyword, const char *what) {
  if (eagre_sql_accept_keyword(parser, keyword)) return EAGRE_OK;
  return eagre_sql_fail_expected(parser, what);
}

enum eagre_status eagre_sql_enter(struct eagre_sql_parser *parser) {
  if (parser->nesting == EAGRE_SQL_NESTING_MAX) {
    eagre_sql_fail_range(parser, parser->index, "PARSE_TOO_DEEP",
                         "The text is nested deeper than %d levels here.", EAGRE_SQL_NESTING_MAX);
    eagre_error_hint(parser->error, "Split the query with WITH or temporary views.");
    return EAGRE_USAGE;
  }
  parser->nesting++;
  return EAGRE_OK;
}

void eagre_sql_leave(struct eagre_sql_parser *parser) {
  parser->nesting--;
}

/* ---- Places ---------------------------------------------------------------------------------- */

static const struct eagre_sql_token *get_last_token(const struct eagre_sql_parser *parser,
                                                    uint32_t first) {
  return &parser->tokens[parser->index > first ? parser->index - 1 : first];
}

struct eagre_text eagre_sql_source_of(const struct eagre_sql_parser *parser, uint32_t first) {
  uint32_t begin = parser->tokens[first].begin;
  uint32_t end = get_last_token(parser, first)->end;
  return eagre_text_make(parser->source->text.data + begin, end - begin);
}

struct eagre_sql_position eagre_sql_position_from(const struct eagre_sql_parser *parser,
                                                  uint32_t first) {
  const struct eagre_sql_token *begin = &parser->tokens[first];
  const struct eagre_sql_token *last = get_last_token(parser, first);
  struct eagre_sql_position position = begin->position;
  uint32_t end = last->position.line == position.line
                     ? last->position.column + last->position.length
                     : begin->line_end;
  position.length = end - position.column;
  return position;
}

/* ---- Errors ---------------------------------------------------------------------------------- */

enum { ERROR_TOKEN_SIZE_MAX = 60 };

/* Whether two neighbouring letters of `word` changed places: FORM for FROM. */
static bool is_swapped(struct eagre_text word, const char *keyword) {
  size_t at = 0;
  if (strlen(keyword) != word.size) return false;
  while (at < word.size && (word.data[at] & ~32) == keyword[at]) {
    at++;
  }
  if (at + 1 >= word.size || (word.data[at] & ~32) != keyword[at + 1] ||
      (word.data[at + 1] & ~32) != keyword[at]) {
    return false;
  }
  struct eagre_text rest = eagre_text_make(word.data + at + 2, word.size - at - 2);
  return eagre_text_equal_ignoring_case(rest, eagre_text_of(keyword + at + 2));
}

/* The word of `tried` nearest to the token, NULL when none is near. A keyword is no misspelt one.
 */
static const char *find_nearest(const struct eagre_sql_parser *parser,
                                const struct eagre_sql_token *token) {
  bool is_misspelt = token->kind == EAGRE_SQL_TOKEN_WORD &&
                     token->keyword == EAGRE_SQL_KEYWORD_NONE &&
                     parser->tried_index == parser->index;
  if (!is_misspelt) return NULL;
  for (uint32_t i = 0; i < parser->tried_count; i++) {
    if (is_swapped(token->text, parser->tried[i])) return parser->tried[i];
  }
  return eagre_text_nearest(token->text, parser->tried, parser->tried_count);
}

/* The place to blame: the cursor, or the misspelt keyword before it that was taken for an alias. */
static const struct eagre_sql_token *find_culprit(const struct eagre_sql_parser *parser,
                                                  const char **out_nearest) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  *out_nearest = NULL;
  if (parser->index > 0 && parser->alias_index == parser->index - 1) {
    const struct eagre_sql_token *alias = &parser->tokens[parser->alias_index];
    *out_nearest = find_nearest(parser, alias);
    if (*out_nearest != NULL) return alias;
  }
  *out_nearest = find_nearest(parser, token);
  return token;
}

enum eagre_status eagre_sql_fail_expected(struct eagre_sql_parser *parser, const char *what) {
  const char *nearest = NULL;
  const struct eagre_sql_token *token = find_culprit(parser, &nearest);
  bool is_alias = token != eagre_sql_token_at(parser);
  const char *separator = is_alias ? "" : ": expected ";
  if (is_alias) what = "";
  if (token->kind == EAGRE_SQL_TOKEN_END) {
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "Syntax error at or near end of input%s%s.", separator, what);
  } else {
    uint32_t size = token->end - token->begin;
    bool is_cut = size > ERROR_TOKEN_SIZE_MAX;
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "Syntax error at or near '%.*s%s'%s%s.",
                    (int)(is_cut ? ERROR_TOKEN_SIZE_MAX : size),
                    parser->source->text.data + token->begin, is_cut ? "..." : "", separator, what);
  }
  if (nearest != NULL) eagre_error_hint(parser->error, "Did you mean %s?", nearest);
  return eagre_sql_error_at(parser->error, token->position);
}

enum eagre_status eagre_sql_fail_range(struct eagre_sql_parser *parser, uint32_t first,
                                       const char *class_name, const char *format, ...) {
  char text[sizeof parser->error->text];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  eagre_error_set(parser->error, EAGRE_USAGE, class_name, "%s", text);
  return eagre_sql_error_at(parser->error, eagre_sql_position_from(parser, first));
}

enum eagre_status eagre_sql_fail_unsupported(struct eagre_sql_parser *parser, uint32_t first,
                                             const char *feature, const char *sentence,
                                             const char *hint) {
  char class_name[sizeof parser->error->class_name];
  snprintf(class_name, sizeof class_name, "UNSUPPORTED_FEATURE.%s", feature);
  eagre_sql_fail_range(parser, first, class_name, "%s", sentence);
  if (hint != NULL) eagre_error_hint(parser->error, "%s", hint);
  return EAGRE_USAGE;
}

/* ---- Names ----------------------------------------------------------------------------------- */

bool eagre_sql_is_identifier(const struct eagre_sql_token *token) {
  return token->kind == EAGRE_SQL_TOKEN_WORD || token->kind == EAGRE_SQL_TOKEN_QUOTED;
}

bool eagre_sql_is_behind_name(const struct eagre_sql_token *token) {
  switch (token->kind) {
  case EAGRE_SQL_TOKEN_WORD:
    return eagre_sql_keyword_role_of(token->keyword) != EAGRE_SQL_ROLE_PLAIN;
  case EAGRE_SQL_TOKEN_QUOTED:
  case EAGRE_SQL_TOKEN_STRING:
  case EAGRE_SQL_TOKEN_NUMBER:
  case EAGRE_SQL_TOKEN_UNKNOWN:
  case EAGRE_SQL_TOKEN_LEFT_PAREN:
  case EAGRE_SQL_TOKEN_TILDE:
    return false;
  default:
    return true;
  }
}

bool eagre_sql_begins_operand(const struct eagre_sql_parser *parser, uint32_t ahead) {
  const struct eagre_sql_token *token = eagre_sql_token_ahead(parser, ahead);
  switch (token->kind) {
  case EAGRE_SQL_TOKEN_MINUS:
  case EAGRE_SQL_TOKEN_PLUS:
  case EAGRE_SQL_TOKEN_BANG:
    return true;
  case EAGRE_SQL_TOKEN_WORD:
    break;
  default:
    return !eagre_sql_is_behind_name(token);
  }
  switch (eagre_sql_keyword_role_of(token->keyword)) {
  case EAGRE_SQL_ROLE_BREAK:
    return token->keyword == EAGRE_SQL_KEYWORD_NOT;
  case EAGRE_SQL_ROLE_INFIX:
    return false;
  case EAGRE_SQL_ROLE_BY:
    return !eagre_sql_is_keyword(eagre_sql_token_ahead(parser, ahead + 1), EAGRE_SQL_KEYWORD_BY);
  default:
    return true;
  }
}

bool eagre_sql_begins_table(const struct eagre_sql_parser *parser, uint32_t ahead) {
  const struct eagre_sql_token *token = eagre_sql_token_ahead(parser, ahead);
  bool is_name = token->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || eagre_sql_is_identifier(token);
  return is_name && eagre_sql_begins_operand(parser, ahead) &&
         eagre_sql_keyword_role_of(token->keyword) != EAGRE_SQL_ROLE_JOIN;
}

bool eagre_sql_accept_quantifier(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_name = eagre_sql_is_identifier(next) && /* DISTINCT offset) */
                 eagre_sql_is_behind_name(eagre_sql_token_ahead(parser, 2));
  bool is_quantifier =
      next->kind == EAGRE_SQL_TOKEN_STAR || is_name || eagre_sql_begins_operand(parser, 1);
  return is_quantifier && eagre_sql_accept_keyword(parser, keyword);
}

bool eagre_sql_at_name(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (!eagre_sql_is_identifier(token)) return false;
  switch (eagre_sql_keyword_role_of(token->keyword)) {
  case EAGRE_SQL_ROLE_BREAK:
    return eagre_sql_is_behind_name(next);
  case EAGRE_SQL_ROLE_BY:
    return !eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_BY);
  default:
    return true;
  }
}

static enum eagre_status fail_invalid_identifier(struct eagre_sql_parser *parser, uint32_t first) {
  struct eagre_text name = eagre_sql_source_of(parser, first);
  eagre_sql_fail_range(parser, first, "INVALID_IDENTIFIER",
                       "The unquoted identifier %.*s is invalid: it must begin with a letter or an "
                       "underscore and hold ASCII letters, digits and underscores only.",
                       (int)name.size, name.data);
  eagre_error_hint(parser->error, "Write it in back quotes: `%.*s`.", (int)name.size, name.data);
  return EAGRE_USAGE;
}

enum eagre_status eagre_sql_take_identifier(struct eagre_sql_parser *parser, const char *what,
                                            struct eagre_text *out_name) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (!eagre_sql_is_identifier(token)) return eagre_sql_fail_expected(parser, what);
  if (token->kind == EAGRE_SQL_TOKEN_QUOTED && token->text.size == 0) {
    return eagre_sql_fail_expected(parser, what);
  }
  eagre_sql_advance(parser);
  if (token->is_invalid) return fail_invalid_identifier(parser, parser->index - 1);
  *out_name = token->text;
  return EAGRE_OK;
}

/* `my-table`: words joined by hyphens without space, where no expression may stand. */
static bool is_hyphenated(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *before = &parser->tokens[parser->index - 1];
  const struct eagre_sql_token *hyphen = eagre_sql_token_at(parser);
  const struct eagre_sql_token *behind = eagre_sql_token_ahead(parser, 1);
  return hyphen->kind == EAGRE_SQL_TOKEN_MINUS && hyphen->begin == before->end &&
         (eagre_sql_is_identifier(behind) || behind->kind == EAGRE_SQL_TOKEN_NUMBER) &&
         behind->begin == hyphen->end;
}

enum eagre_status eagre_sql_take_name(struct eagre_sql_parser *parser, const char *what,
                                      struct eagre_sql_name *out_name) {
  uint32_t first = parser->index;
  struct eagre_sql_list parts = {0};
  do {
    struct eagre_text part;
    EAGRE_TRY(eagre_sql_take_identifier(parser, what, &part));
    *(struct eagre_text *)eagre_sql_list_append(parser, &parts, sizeof part) = part;
    uint32_t last = parser->index - 1;
    while (is_hyphenated(parser)) {
      eagre_sql_advance(parser);
      eagre_sql_advance(parser);
    }
    if (parser->index - 1 != last) return fail_invalid_identifier(parser, last);
    what = "a name after the dot";
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_DOT));
  *out_name = (struct eagre_sql_name){
      .parts = parts.items,
      .part_count = parts.count,
      .position = eagre_sql_position_from(parser, first),
  };
  return EAGRE_OK;
}

struct eagre_text eagre_sql_lower(struct eagre_sql_parser *parser, struct eagre_text text) {
  char *lower = eagre_arena_allocate(parser->arena, text.size);
  for (size_t i = 0; i < text.size; i++) {
    char character = text.data[i];
    lower[i] = character >= 'A' && character <= 'Z' ? (char)(character + 32) : character;
  }
  return eagre_text_make(lower, text.size);
}

struct eagre_text eagre_sql_join_name(struct eagre_sql_parser *parser,
                                      const struct eagre_sql_name *name) {
  size_t size = name->part_count - 1;
  for (uint32_t i = 0; i < name->part_count; i++) {
    size += name->parts[i].size;
  }
  char *joined = eagre_arena_allocate(parser->arena, size);
  char *at = joined;
  for (uint32_t i = 0; i < name->part_count; i++) {
    if (i > 0) *at++ = '.';
    memcpy(at, name->parts[i].data, name->parts[i].size);
    at += name->parts[i].size;
  }
  return eagre_text_make(joined, size);
}

enum eagre_status eagre_sql_take_identifier_list(struct eagre_sql_parser *parser, const char *what,
                                                 struct eagre_text **out_names,
                                                 uint32_t *out_count) {
  struct eagre_sql_list names = {0};
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  do {
    struct eagre_text name;
    EAGRE_TRY(eagre_sql_take_identifier(parser, what, &name));
    *(struct eagre_text *)eagre_sql_list_append(parser, &names, sizeof name) = name;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')'"));
  *out_names = names.items;
  *out_count = names.count;
  return EAGRE_OK;
}

/* What a secret stands for is looked up for options only. */
static enum eagre_status refuse_secret(struct eagre_sql_parser *parser, uint32_t first,
                                       struct eagre_text text) {
  struct eagre_secret secret;
  if (!eagre_secret_find(text, 0, &secret)) return EAGRE_OK;
  eagre_sql_fail_range(parser, first, "SECRET_NOT_ALLOWED", "A secret cannot stand here.");
  eagre_error_hint(parser->error,
                   "${env:...} and ${file:...} are for kafka.* options; other values "
                   "come with --define");
  return EAGRE_USAGE;
}

enum eagre_status eagre_sql_take_string(struct eagre_sql_parser *parser, const char *what,
                                        struct eagre_text *out_text) {
  uint32_t first = parser->index;
  EAGRE_TRY(eagre_sql_take_value(parser, what, out_text));
  return refuse_secret(parser, first, *out_text);
}

enum eagre_status eagre_sql_take_value(struct eagre_sql_parser *parser, const char *what,
                                       struct eagre_text *out_text) {
  if (!eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) {
    return eagre_sql_fail_expected(parser, what);
  }
  uint32_t first = parser->index;
  size_t size = 0;
  while (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) {
    size += eagre_sql_token_at(parser)->text.size;
    eagre_sql_advance(parser);
  }
  *out_text = parser->tokens[first].text;
  if (parser->index - first == 1) return EAGRE_OK;
  char *joined = eagre_arena_allocate(parser->arena, size);
  *out_text = eagre_text_make(joined, size);
  for (uint32_t i = first; i < parser->index; i++) {
    struct eagre_text piece = parser->tokens[i].text;
    if (piece.size > 0) memcpy(joined, piece.data, piece.size);
    joined += piece.size;
  }
  return EAGRE_OK;
}

/* ---- Entry ----------------------------------------------------------------------------------- */

static enum eagre_status parse_statements(struct eagre_sql_parser *parser,
                                          struct eagre_sql_statement **out_first) {
  struct eagre_sql_statement **place = out_first;
  *out_first = NULL;
  for (;;) {
    while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_SEMICOLON)) {
    }
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_END)) break;
    EAGRE_TRY(eagre_sql_parse_statement(parser, place));
    place = &(*place)->next;
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_END)) break;
    EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_SEMICOLON,
                                      "';' or the end of the statement"));
  }
  if (*out_first != NULL) return EAGRE_OK;
  parser->index = 0;
  eagre_sql_fail_range(parser, 0, "PARSE_EMPTY_STATEMENT", "There is no statement in the text.");
  return EAGRE_USAGE;
}

enum eagre_status eagre_sql_parse(struct eagre_arena *arena, struct eagre_text source,
                                  const struct eagre_sql_define *defines, uint32_t define_count,
                                  struct eagre_sql_statement **out_first,
                                  struct eagre_error *error) {
  struct eagre_sql_source text;
  struct eagre_sql_tokens tokens;
  struct eagre_error unwanted;
  if (error == NULL) error = &unwanted;
  EAGRE_TRY(eagre_sql_substitute(arena, source, defines, define_count, &text, error));
  EAGRE_TRY(eagre_sql_lex(arena, &text, &tokens, error));
  struct eagre_sql_parser parser = {
      .arena = arena,
      .source = &text,
      .tokens = tokens.items,
      .token_count = tokens.count,
      .alias_index = UINT32_MAX,
      .tried_index = UINT32_MAX,
      .error = error,
  };
  return parse_statements(&parser, out_first);
}

/* The parser: recursive descent over the token array, one file per part of the grammar.
 *
 *   sql_parser.c      the cursor, names, lists, error messages; the entry point
 *   sql_statement.c   which statement it is; SET; what is refused by its first words
 *   sql_create.c      CREATE STREAMING TABLE, SINK, FLOW, VIEW
 *   sql_option.c      ('key' = 'value', ...)
 *   sql_column.c      the columns and expectations of a table
 *   sql_query.c       WITH, SELECT, set operations, ORDER BY, LIMIT
 *   sql_group.c       GROUP BY
 *   sql_relation.c    FROM: names, STREAM, functions, WATERMARK, aliases
 *   sql_join.c        joins and lateral views
 *   sql_clause.c      where a word is a clause and not an alias
 *   sql_expression.c  operators by precedence
 *   sql_primary.c     operands and what may stand behind them
 *   sql_call.c        functions, and CASE
 *   sql_special.c     functions with a grammar of their own
 *   sql_suffix.c      WITHIN GROUP, FILTER, IGNORE NULLS
 *   sql_over.c        OVER (...), WINDOW name AS (...)
 *   sql_literal.c     constants
 *   sql_interval.c    INTERVAL in all its spellings
 *   sql_type.c        types, read by `column`
 *
 * Every function reads at the cursor, leaves it behind what it read, and returns a status; the
 * error is `parser->error`, which stands for the last parameter of the house rule. Trees are in
 * `parser->arena`.
 *
 * Keywords that were looked for at the cursor and not found are remembered in `tried`: when the
 * parser fails there, they are what could have stood in that place, and the one nearest to what was
 * written goes into the hint. A misspelt clause (`FROM t WEHRE a > 1`) is read as an alias first,
 * so that alias is remembered too. */
#pragma once

#include "sql/sql_token.h"

enum {
  /* Parentheses, subqueries, CASE ... inside each other. */
  EAGRE_SQL_NESTING_MAX = 500,
  /* Levels of a tree: a chain like a + b + c has one per operator. Whoever walks a tree may recurse
   * this deep. */
  EAGRE_SQL_HEIGHT_MAX = 1000,
  EAGRE_SQL_TRIED_MAX = 96,
};

struct eagre_sql_parser {
  struct eagre_arena *arena;
  const struct eagre_sql_source *source;
  const struct eagre_sql_token *tokens;
  uint32_t token_count;
  uint32_t index; /* of the token at the cursor */
  uint32_t nesting;
  uint32_t alias_index; /* of the last alias without AS; UINT32_MAX when there was none */
  uint32_t tried_index; /* token the `tried` words were looked for at */
  uint32_t tried_count;
  const char *tried[EAGRE_SQL_TRIED_MAX];
  struct eagre_error *error;
};

/* A list that grows in the arena. All zero is an empty list. */
struct eagre_sql_list {
  void *items;
  uint32_t count;
  uint32_t capacity;
};

/* The place of one more item of `item_size` bytes, zeroed. Valid until the next append. */
void *eagre_sql_list_append(struct eagre_sql_parser *parser, struct eagre_sql_list *list,
                            size_t item_size);

/* ---- Cursor (sql_parser.c) ------------------------------------------------------------------- */

const struct eagre_sql_token *eagre_sql_token_at(const struct eagre_sql_parser *parser);
/* The token `ahead` places behind the cursor; the END token when there are fewer. */
const struct eagre_sql_token *eagre_sql_token_ahead(const struct eagre_sql_parser *parser,
                                                    uint32_t ahead);
bool eagre_sql_at_symbol(const struct eagre_sql_parser *parser, enum eagre_sql_token_kind kind);
/* Whether the token at the cursor is that keyword; remembers the word when it is not. */
bool eagre_sql_at_keyword(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword);
bool eagre_sql_is_keyword(const struct eagre_sql_token *token, enum eagre_sql_keyword keyword);
bool eagre_sql_at_keywords(struct eagre_sql_parser *parser, enum eagre_sql_keyword first,
                           enum eagre_sql_keyword second);
void eagre_sql_advance(struct eagre_sql_parser *parser);
bool eagre_sql_accept_symbol(struct eagre_sql_parser *parser, enum eagre_sql_token_kind kind);
bool eagre_sql_accept_keyword(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword);
/* Both or none. */
bool eagre_sql_accept_keywords(struct eagre_sql_parser *parser, enum eagre_sql_keyword first,
                               enum eagre_sql_keyword second);
/* `what` says what stands there in a correct text: "')' after the arguments". */
enum eagre_status eagre_sql_expect_symbol(struct eagre_sql_parser *parser,
                                          enum eagre_sql_token_kind kind, const char *what);
enum eagre_status eagre_sql_expect_keyword(struct eagre_sql_parser *parser,
                                           enum eagre_sql_keyword keyword, const char *what);
/* One more level of nesting: PARSE_TOO_DEEP at the limit. Every `enter` has its `leave` on success;
 * after an error nobody counts any more. */
enum eagre_status eagre_sql_enter(struct eagre_sql_parser *parser);
void eagre_sql_leave(struct eagre_sql_parser *parser);

/* ---- Errors ---------------------------------------------------------------------------------- */

/* PARSE_SYNTAX_ERROR at the cursor: "Syntax error at or near 'x': expected <what>." */
enum eagre_status eagre_sql_fail_expected(struct eagre_sql_parser *parser, const char *what);
/* UNSUPPORTED_FEATURE.<feature>, over the tokens [first, cursor) (or the one at `first`). */
enum eagre_status eagre_sql_fail_unsupported(struct eagre_sql_parser *parser, uint32_t first,
                                             const char *feature, const char *sentence,
                                             const char *hint);
/* Any class, over the tokens [first, cursor). */
enum eagre_status eagre_sql_fail_range(struct eagre_sql_parser *parser, uint32_t first,
                                       const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- Names ----------------------------------------------------------------------------------- */

/* Whether the token is a WORD or a QUOTED identifier. */
bool eagre_sql_is_identifier(const struct eagre_sql_token *token);
/* Whether the word at the cursor, which is where an operand or a table may stand, is a name and not
 * the beginning of a clause (`SELECT a, FROM t`). */
bool eagre_sql_at_name(const struct eagre_sql_parser *parser);
/* Whether the token begins something that may follow a name: an operator, `,`, `)`, AS, FROM ... */
bool eagre_sql_is_behind_name(const struct eagre_sql_token *token);
/* Whether an operand may begin at the token `ahead` places behind the cursor: what stands in front
 * of it (NOT, DISTINCT, CASE, LIMIT ...) is then no name. False for a star. */
bool eagre_sql_begins_operand(const struct eagre_sql_parser *parser, uint32_t ahead);
/* The same for the name of a table. */
bool eagre_sql_begins_table(const struct eagre_sql_parser *parser, uint32_t ahead);
/* Moves over DISTINCT or ALL in front of expressions, unless the word is the name of a column. */
bool eagre_sql_accept_quantifier(struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword);
enum eagre_status eagre_sql_take_identifier(struct eagre_sql_parser *parser, const char *what,
                                            struct eagre_text *out_name);
/* a.b.c */
enum eagre_status eagre_sql_take_name(struct eagre_sql_parser *parser, const char *what,
                                      struct eagre_sql_name *out_name);
/* ( a, b ) */
enum eagre_status eagre_sql_take_identifier_list(struct eagre_sql_parser *parser, const char *what,
                                                 struct eagre_text **out_names,
                                                 uint32_t *out_count);
/* A copy of `text` with ASCII letters in lower case. */
struct eagre_text eagre_sql_lower(struct eagre_sql_parser *parser, struct eagre_text text);
/* The parts of a name joined by dots. */
struct eagre_text eagre_sql_join_name(struct eagre_sql_parser *parser,
                                      const struct eagre_sql_name *name);
/* One or more string literals side by side, joined. SECRET_NOT_ALLOWED when one refers to a secret.
 */
enum eagre_status eagre_sql_take_string(struct eagre_sql_parser *parser, const char *what,
                                        struct eagre_text *out_text);
/* The same with references to secrets: who takes them checks that they may stand there. */
enum eagre_status eagre_sql_take_value(struct eagre_sql_parser *parser, const char *what,
                                       struct eagre_text *out_text);

/* ---- Places ---------------------------------------------------------------------------------- */

/* Text and position of the tokens [first, cursor), which are at least one. */
struct eagre_text eagre_sql_source_of(const struct eagre_sql_parser *parser, uint32_t first);
struct eagre_sql_position eagre_sql_position_from(const struct eagre_sql_parser *parser,
                                                  uint32_t first);

/* ---- Expressions ----------------------------------------------------------------------------- */

enum eagre_status eagre_sql_parse_expression(struct eagre_sql_parser *parser,
                                             struct eagre_sql_expression **out_expression);
/* Without AND, OR, NOT and predicates (IN, LIKE, IS ...): Spark's valueExpression. */
enum eagre_status eagre_sql_parse_value(struct eagre_sql_parser *parser,
                                        struct eagre_sql_expression **out_expression);
/* An operand with its postfixes. */
enum eagre_status eagre_sql_parse_primary(struct eagre_sql_parser *parser,
                                          struct eagre_sql_expression **out_expression);
/* ( query ) as a value; the cursor is at the parenthesis. `which`: "scalar", "in", "exists". */
enum eagre_status eagre_sql_parse_subquery(struct eagre_sql_parser *parser, uint32_t first,
                                           const char *which,
                                           struct eagre_sql_expression **out_expression);
/* Whether a query begins at token `index` (behind a parenthesis). */
bool eagre_sql_begins_query(const struct eagre_sql_parser *parser, uint32_t index);

/* Whether a call (a name, then a parenthesis) begins at the cursor, and reads it. */
bool eagre_sql_at_call(const struct eagre_sql_parser *parser);
enum eagre_status eagre_sql_parse_call(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression);
enum eagre_status eagre_sql_parse_case(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression);
/* ( [name =>] value, ... ) of a table function; the cursor is at the parenthesis. Names may have
 * dots: kafka.security.protocol => 'SASL_SSL'. */
enum eagre_status eagre_sql_parse_arguments(struct eagre_sql_parser *parser,
                                            struct eagre_sql_list *out_arguments);
/* [, argument ...] and ')'. */
enum eagre_status eagre_sql_parse_more_arguments(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_list *out_arguments);
/* What follows ORDER BY. */
enum eagre_status eagre_sql_parse_order_items(struct eagre_sql_parser *parser,
                                              struct eagre_sql_order_item **out_items,
                                              uint32_t *out_count);
/* Behind a call: WITHIN GROUP, FILTER, IGNORE NULLS, OVER. `call` began at token `first`
 * (sql_suffix.c). */
enum eagre_status eagre_sql_parse_call_suffix(struct eagre_sql_parser *parser, uint32_t first,
                                              struct eagre_sql_expression *call);
/* Appends a constant TRUE to the arguments: first(x IGNORE NULLS) is first(x, true). */
void eagre_sql_add_ignore_nulls(struct eagre_sql_parser *parser, uint32_t first,
                                struct eagre_sql_list *arguments);
/* OVER ... behind a call, if it stands at the cursor, and WINDOW name AS (...), ... behind a query
 * (sql_over.c). */
enum eagre_status eagre_sql_parse_over(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression *call);
enum eagre_status eagre_sql_parse_windows(struct eagre_sql_parser *parser,
                                          struct eagre_sql_query *query);
/* Functions with a grammar of their own, CAST, EXTRACT, SUBSTRING, POSITION, TRIM, OVERLAY,
 * TIMESTAMPADD ... (sql_special.c). *out_expression stays NULL, and the cursor where it is, when
 * the call at the cursor is a plain one. */
enum eagre_status eagre_sql_parse_special_call(struct eagre_sql_parser *parser,
                                               struct eagre_sql_expression **out_expression);
/* The rest of a plain call whose first arguments were read: , value ... ) and suffixes. */
enum eagre_status eagre_sql_parse_call_rest(struct eagre_sql_parser *parser, uint32_t first,
                                            const char *function,
                                            struct eagre_sql_expression *first_argument,
                                            struct eagre_sql_expression **out_expression);
/* Whether a constant begins at the cursor, and reads it. */
bool eagre_sql_at_literal(const struct eagre_sql_parser *parser);
enum eagre_status eagre_sql_parse_literal(struct eagre_sql_parser *parser,
                                          struct eagre_sql_expression **out_expression);
/* Whether INTERVAL at the cursor begins an interval, and reads it. `needs_units` refuses the text
 * form INTERVAL '10 minutes'. */
bool eagre_sql_at_interval(const struct eagre_sql_parser *parser);
enum eagre_status eagre_sql_parse_interval(struct eagre_sql_parser *parser, bool needs_units,
                                           struct eagre_sql_expression **out_expression);
/* Reads a type. */
enum eagre_status eagre_sql_parse_type(struct eagre_sql_parser *parser,
                                       const struct eagre_type **out_type);

/* Makes a node; `finish` gives it its place [first, cursor) and height, and refuses a tree that is
 * too high. */
struct eagre_sql_expression *eagre_sql_expression_new(struct eagre_sql_parser *parser,
                                                      enum eagre_sql_expression_kind kind);
struct eagre_sql_expression *eagre_sql_call_new(struct eagre_sql_parser *parser,
                                                const char *function, uint32_t argument_count);
struct eagre_sql_expression *eagre_sql_string_new(struct eagre_sql_parser *parser, uint32_t first,
                                                  struct eagre_text text);
enum eagre_status eagre_sql_finish(struct eagre_sql_parser *parser, uint32_t first,
                                   struct eagre_sql_expression *expression);
/* PARSE_TOO_DEEP when a tree is higher than EAGRE_SQL_HEIGHT_MAX. */
enum eagre_status eagre_sql_check_height(struct eagre_sql_parser *parser, uint32_t height);

/* ---- Queries and statements ------------------------------------------------------------------ */

enum eagre_status eagre_sql_parse_query(struct eagre_sql_parser *parser,
                                        struct eagre_sql_query **out_query);
/* GROUP BY ..., if it stands at the cursor (sql_group.c). */
enum eagre_status eagre_sql_parse_group_by(struct eagre_sql_parser *parser,
                                           struct eagre_sql_query *query);
/* SELECT * FROM relation */
struct eagre_sql_query *eagre_sql_query_over(struct eagre_sql_parser *parser,
                                             struct eagre_sql_relation *relation);
/* SELECT * FROM (query) AS name(columns); `query` itself when there are no columns. */
struct eagre_sql_query *eagre_sql_query_rename(struct eagre_sql_parser *parser,
                                               struct eagre_sql_query *query,
                                               struct eagre_text name, struct eagre_text *columns,
                                               uint32_t column_count);
/* a, b JOIN c ON ...: what stands behind FROM. */
enum eagre_status eagre_sql_parse_from(struct eagre_sql_parser *parser,
                                       struct eagre_sql_relation **out_relation);
/* LATERAL VIEW ... behind `relation`, if any. */
enum eagre_status eagre_sql_parse_lateral_views(struct eagre_sql_parser *parser,
                                                struct eagre_sql_relation **relation);
/* VALUES (1, 'a'), ...; the cursor is at VALUES. */
enum eagre_status eagre_sql_parse_values(struct eagre_sql_parser *parser,
                                         struct eagre_sql_relation **out_relation);
/* Whether a clause begins at the cursor, so that the word there is not an alias. */
bool eagre_sql_at_clause(const struct eagre_sql_parser *parser, bool is_table);
/* ( key = value, ... ); the cursor is at the parenthesis. Appends struct eagre_sql_option. */
enum eagre_status eagre_sql_parse_options(struct eagre_sql_parser *parser,
                                          struct eagre_sql_list *options);
enum eagre_status eagre_sql_parse_statement(struct eagre_sql_parser *parser,
                                            struct eagre_sql_statement **out_statement);
/* Behind CREATE; false in *out_is_known when it is none of the statements of this file. */
enum eagre_status eagre_sql_parse_create(struct eagre_sql_parser *parser,
                                         struct eagre_sql_statement *statement, bool *out_is_known);
/* sql_show.c: SHOW FUNCTIONS, DESCRIBE FUNCTION; other statements are not known. */
enum eagre_status eagre_sql_parse_show(struct eagre_sql_parser *parser,
                                       struct eagre_sql_statement *statement, bool *out_is_known);
/* Makes `statement` one that is refused by name, and skips it. */
void eagre_sql_make_other(struct eagre_sql_parser *parser, struct eagre_sql_statement *statement,
                          const char *what);

/* The strict scalar tokenizer: what a JSON text is, byte by byte.
 *
 * A pull reader: `eagre_json_lexer_next` moves to the next token and describes it in the lexer. It
 * checks the whole grammar (RFC 8259 plus the options of the record), so a caller that has pulled
 * the token that closes the root value knows that everything up to there was well-formed. It never
 * looks behind the root value.
 *
 * States (what may come next):
 *
 *   VALUE -> DONE                          a scalar root value
 *   VALUE -> FIRST_NAME | FIRST_ELEMENT    { or [
 *   FIRST_NAME, NEXT_NAME -> VALUE         a name and its colon
 *   FIRST_ELEMENT, NEXT_ELEMENT, VALUE -> NEXT_NAME | NEXT_ELEMENT | DONE    after a value
 *   any -> FAILED                          a syntax error; it stays so
 *
 * Invariants
 *   1. `depth` containers are open, at most options->nesting_depth_max; bit d of the container bits
 *      says whether container d is an object. No recursion, whatever the depth.
 *   2. `next` never passes `end`; nothing is read at or behind `end`.
 *   3. `text` lies inside the input. It is raw: without quotes, with escapes. */
#pragma once

#include "json/json.h"

enum eagre_json_token {
  EAGRE_JSON_TOKEN_END, /* blank input, or the root value is complete */
  EAGRE_JSON_TOKEN_ERROR,
  EAGRE_JSON_TOKEN_OBJECT_BEGIN,
  EAGRE_JSON_TOKEN_OBJECT_END,
  EAGRE_JSON_TOKEN_ARRAY_BEGIN,
  EAGRE_JSON_TOKEN_ARRAY_END,
  EAGRE_JSON_TOKEN_NAME,
  EAGRE_JSON_TOKEN_STRING,
  EAGRE_JSON_TOKEN_INTEGER,
  EAGRE_JSON_TOKEN_DECIMAL,    /* a number with a fraction or an exponent */
  EAGRE_JSON_TOKEN_NON_NUMBER, /* NaN, Infinity, +Infinity, +INF, -Infinity, -INF */
  EAGRE_JSON_TOKEN_TRUE,
  EAGRE_JSON_TOKEN_FALSE,
  EAGRE_JSON_TOKEN_NULL,
};

enum eagre_json_lexer_state {
  EAGRE_JSON_LEXER_VALUE,
  EAGRE_JSON_LEXER_FIRST_NAME,
  EAGRE_JSON_LEXER_NEXT_NAME,
  EAGRE_JSON_LEXER_FIRST_ELEMENT,
  EAGRE_JSON_LEXER_NEXT_ELEMENT,
  EAGRE_JSON_LEXER_DONE,
  EAGRE_JSON_LEXER_FAILED,
};

enum {
  EAGRE_JSON_NAME_SIZE_MAX = 50000, /* UTF-16 units of a member's name */
  EAGRE_JSON_DEPTH_INLINE = 1024,   /* deeper nesting takes memory from the heap */
};

struct eagre_json_lexer {
  const struct eagre_json_options *options;
  const char *next;
  const char *end;
  enum eagre_json_lexer_state state;
  uint32_t depth;
  uint8_t container_bits[EAGRE_JSON_DEPTH_INLINE / 8];
  struct eagre_buffer container_more; /* bits of the levels behind the inline ones */

  /* The current token. */
  enum eagre_json_token token;
  const char *begin;      /* values: the first byte, quote or sign included */
  struct eagre_text text; /* names, strings: raw content; numbers: without sign and extra zeros */
  bool is_negative;       /* INTEGER, DECIMAL, NON_NUMBER */
  bool has_escape;        /* NAME, STRING: contains a backslash */
  bool has_high;          /* NAME, STRING: contains a byte >= 0x80 */
};

/* `options` is borrowed. The lexer holds no memory until a text nests deeper than
 * EAGRE_JSON_DEPTH_INLINE; `done` frees that. `begin` may be called for any number of texts. */
void eagre_json_lexer_init(struct eagre_json_lexer *lexer,
                           const struct eagre_json_options *options);
void eagre_json_lexer_done(struct eagre_json_lexer *lexer);
void eagre_json_lexer_begin(struct eagre_json_lexer *lexer, struct eagre_text text);

/* As if the text began inside an object at depth `depth` (from 1), where the value of a member must
 * stand: for a decoder that wants one value of a text it reads itself. */
void eagre_json_lexer_resume(struct eagre_json_lexer *lexer, struct eagre_text text,
                             uint32_t depth);

/* `at` points behind a backslash: the first byte behind the escape, or NULL when it is none. */
const char *eagre_json_skip_escape(const struct eagre_json_options *options, const char *at,
                                   const char *end);

/* Moves to the next token and returns it. */
enum eagre_json_token eagre_json_lexer_next(struct eagre_json_lexer *lexer);

/* When the current token opens a container: moves to the token that closes it. Does nothing on any
 * other token. False on a syntax error. */
bool eagre_json_lexer_skip(struct eagre_json_lexer *lexer);

/* A place to come back to. It is valid as long as no container that was open at the mark has been
 * closed by a token pulled since then (its own closing excepted). */
struct eagre_json_lexer_mark {
  const char *next;
  enum eagre_json_lexer_state state;
  uint32_t depth;
  enum eagre_json_token token;
  const char *begin;
  struct eagre_text text;
  bool is_negative;
  bool has_escape;
  bool has_high;
};
struct eagre_json_lexer_mark eagre_json_lexer_mark(const struct eagre_json_lexer *lexer);
void eagre_json_lexer_rewind(struct eagre_json_lexer *lexer,
                             const struct eagre_json_lexer_mark *mark);

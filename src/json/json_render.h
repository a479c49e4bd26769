/* Tokens -> compact JSON text, the way Jackson re-writes a value that Spark wants as a STRING:
 * no white space, numbers re-printed (1.50 -> 1.5, 1e2 -> 100.0, integers unchanged, -0 -> 0),
 * NaN and infinities in quotes, strings as `eagre_json_string_render` writes them. */
#pragma once

#include "json/json_lexer.h"
#include "json/json_string.h"

/* The current NAME or STRING token of `lexer`. */
struct eagre_json_string eagre_json_lexer_string(const struct eagre_json_lexer *lexer);

/* The current INTEGER, DECIMAL or NON_NUMBER token as a double, rounded once; integers are never
 * -0.0. */
double eagre_json_lexer_double(const struct eagre_json_lexer *lexer);

/* Puts the value whose first token is the current one and moves to its last token. False on a
 * syntax error inside it. */
bool eagre_json_render(struct eagre_json_lexer *lexer, struct eagre_json_output *output);

/* The current DECIMAL or NON_NUMBER token in memory of `arena`: short, so that counting it first
 * would be a waste. */
struct eagre_text eagre_json_render_number(const struct eagre_json_lexer *lexer,
                                           struct eagre_arena *arena);
/* How long the value whose first token is the current one becomes; the lexer comes back to that
 * token. *out_raw_size is how long it is as written. False on a syntax error inside it. */
bool eagre_json_render_measure(struct eagre_json_lexer *lexer, size_t *out_size,
                               size_t *out_raw_size);
/* A value that was measured, in memory of `arena`; moves to its last token. */
struct eagre_text eagre_json_render_text(struct eagre_json_lexer *lexer, size_t size,
                                         struct eagre_arena *arena);
/* The same behind the content of `buffer`. */
bool eagre_json_render_append(struct eagre_json_lexer *lexer, struct eagre_buffer *buffer);

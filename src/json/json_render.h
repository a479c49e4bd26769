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

/* The same into memory of `arena`; data is NULL on a syntax error. */
struct eagre_text eagre_json_render_text(struct eagre_json_lexer *lexer, struct eagre_arena *arena);
/* The same behind the content of `buffer`. */
bool eagre_json_render_append(struct eagre_json_lexer *lexer, struct eagre_buffer *buffer);

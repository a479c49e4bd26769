/* Re-writing of values as compact JSON text (json_render.h). */
#include "json/json_render.h"

#include <math.h>

#include "value/value.h"

struct eagre_json_string eagre_json_lexer_string(const struct eagre_json_lexer *lexer) {
  return (struct eagre_json_string){lexer->text, lexer->has_escape, lexer->has_high};
}

double eagre_json_lexer_double(const struct eagre_json_lexer *lexer) {
  double magnitude;
  if (lexer->token == EAGRE_JSON_TOKEN_NON_NUMBER) {
    magnitude = lexer->text.data[0] == 'N' ? (double)NAN : (double)INFINITY;
  } else {
    magnitude = eagre_value_json_double(lexer->text);
  }
  bool is_integer_zero = lexer->token == EAGRE_JSON_TOKEN_INTEGER && magnitude == 0;
  return lexer->is_negative && !is_integer_zero ? -magnitude : magnitude;
}

static void render_integer(const struct eagre_json_lexer *lexer, struct eagre_json_output *output) {
  bool is_zero = lexer->text.size == 1 && lexer->text.data[0] == '0';
  if (lexer->is_negative && !is_zero) eagre_json_put_char(output, '-');
  eagre_json_put(output, lexer->text.data, lexer->text.size);
}

static void render_double(const struct eagre_json_lexer *lexer, struct eagre_json_output *output) {
  char digits[32];
  double value = eagre_json_lexer_double(lexer);
  size_t size = eagre_value_print_double(value, digits);
  bool is_quoted = !isfinite(value);
  if (is_quoted) eagre_json_put_char(output, '"');
  eagre_json_put(output, digits, size);
  if (is_quoted) eagre_json_put_char(output, '"');
}

/* Puts the current token without the punctuation before it. */
static void render_token(const struct eagre_json_lexer *lexer, struct eagre_json_output *output) {
  switch (lexer->token) {
  case EAGRE_JSON_TOKEN_OBJECT_BEGIN:
    eagre_json_put_char(output, '{');
    break;
  case EAGRE_JSON_TOKEN_OBJECT_END:
    eagre_json_put_char(output, '}');
    break;
  case EAGRE_JSON_TOKEN_ARRAY_BEGIN:
    eagre_json_put_char(output, '[');
    break;
  case EAGRE_JSON_TOKEN_ARRAY_END:
    eagre_json_put_char(output, ']');
    break;
  case EAGRE_JSON_TOKEN_NAME:
    eagre_json_string_render(eagre_json_lexer_string(lexer), output);
    eagre_json_put_char(output, ':');
    break;
  case EAGRE_JSON_TOKEN_STRING:
    eagre_json_string_render(eagre_json_lexer_string(lexer), output);
    break;
  case EAGRE_JSON_TOKEN_INTEGER:
    render_integer(lexer, output);
    break;
  case EAGRE_JSON_TOKEN_DECIMAL:
  case EAGRE_JSON_TOKEN_NON_NUMBER:
    render_double(lexer, output);
    break;
  default:
    eagre_json_put(output, lexer->text.data, lexer->text.size);
    break;
  }
}

bool eagre_json_render(struct eagre_json_lexer *lexer, struct eagre_json_output *output) {
  uint32_t outside = lexer->depth;
  if (lexer->token == EAGRE_JSON_TOKEN_OBJECT_BEGIN ||
      lexer->token == EAGRE_JSON_TOKEN_ARRAY_BEGIN) {
    outside--;
  }
  render_token(lexer, output);
  enum eagre_json_token previous = lexer->token;
  while (lexer->depth > outside) {
    enum eagre_json_token token = eagre_json_lexer_next(lexer);
    if (token == EAGRE_JSON_TOKEN_ERROR) return false;
    bool is_first = previous == EAGRE_JSON_TOKEN_NAME ||
                    previous == EAGRE_JSON_TOKEN_OBJECT_BEGIN ||
                    previous == EAGRE_JSON_TOKEN_ARRAY_BEGIN;
    bool is_end = token == EAGRE_JSON_TOKEN_OBJECT_END || token == EAGRE_JSON_TOKEN_ARRAY_END;
    if (!is_first && !is_end) eagre_json_put_char(output, ',');
    render_token(lexer, output);
    previous = token;
  }
  return true;
}

struct eagre_text eagre_json_render_number(const struct eagre_json_lexer *lexer,
                                           struct eagre_arena *arena) {
  char text[40];
  struct eagre_json_output output = {.data = text};
  render_double(lexer, &output);
  return eagre_arena_copy_text(arena, eagre_text_make(text, output.size));
}

bool eagre_json_render_measure(struct eagre_json_lexer *lexer, size_t *out_size,
                               size_t *out_raw_size) {
  struct eagre_json_lexer_mark mark = eagre_json_lexer_mark(lexer);
  struct eagre_json_output output = {0};
  bool is_good = eagre_json_render(lexer, &output);
  *out_size = output.size;
  *out_raw_size = (size_t)(lexer->next - mark.begin);
  if (is_good) eagre_json_lexer_rewind(lexer, &mark);
  return is_good;
}

struct eagre_text eagre_json_render_text(struct eagre_json_lexer *lexer, size_t size,
                                         struct eagre_arena *arena) {
  struct eagre_json_output output = {.data = eagre_arena_allocate_text(arena, size)};
  eagre_json_render(lexer, &output);
  return eagre_text_make(output.data, output.size);
}

bool eagre_json_render_append(struct eagre_json_lexer *lexer, struct eagre_buffer *buffer) {
  size_t size;
  size_t raw_size;
  if (!eagre_json_render_measure(lexer, &size, &raw_size)) return false;
  struct eagre_json_output output = {.data = eagre_buffer_reserve(buffer, size)};
  eagre_json_render(lexer, &output);
  buffer->size += output.size;
  return true;
}

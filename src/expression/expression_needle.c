/* What a filter over a from_json says about the text before it is decoded:
 *
 *   WHERE e.type = 'view'     no text without these four bytes passes, unless a backslash in it
 *                             may stand for one of them
 *
 * A STRING field also takes numbers, and objects and arrays written anew, so that a literal which
 * may come of one of those is none of ours. true and false are the same bytes either way. */
#include <string.h>

#include "expression/expression_tree.h"

enum { SIZE_MIN = 2 };

/* A field of column `index`, or a field of that, ... */
static bool is_field_of(const struct eagre_expression *expression, uint32_t index) {
  uint32_t column;
  bool is_field = false;
  for (; eagre_expression_calls(expression, EAGRE_INTERNAL_FIELD); is_field = true) {
    expression = expression->arguments[0];
  }
  return is_field && eagre_expression_is_column(expression, &column) && column == index;
}

static bool is_ascii(struct eagre_text text) {
  for (size_t i = 0; i < text.size; i++) {
    if ((unsigned char)text.data[i] >= 0x80) return false;
  }
  return true;
}

/* Whether only a string of JSON, true or false has this content. One byte alone stands nearly
 * everywhere. */
static bool is_of_string(struct eagre_text text) {
  static const char *const numbers[] = {"NaN", "INF", "Infinity"};
  if (text.size < SIZE_MIN || !is_ascii(text)) return false;
  if (strchr("+-.0123456789{[\"", text.data[0]) != NULL) return false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(numbers); i++) {
    if (eagre_text_equal(text, eagre_text_of(numbers[i]))) return false;
  }
  return true;
}

/* When the condition is `field = literal`, or that turned round. */
static bool read_literal(const struct eagre_expression *condition, uint32_t index,
                         struct eagre_text *out) {
  struct eagre_expression *sides[2];
  bool is_null_safe;
  if (!eagre_expression_is_equality(condition, &sides[0], &sides[1], &is_null_safe)) return false;
  for (int i = 0; i < 2; i++) {
    if (is_field_of(sides[i], index) && eagre_expression_is_text(sides[1 - i], out))
      return is_of_string(*out);
  }
  return false;
}

/* The column whose bytes the from_json reads. */
static bool read_column(const struct eagre_expression *json, uint32_t *out) {
  const struct eagre_expression *text = json->arguments[0];
  bool is_cast = eagre_expression_calls(text, EAGRE_INTERNAL_CAST) &&
                 text->arguments[0]->type->kind == EAGRE_TYPE_BINARY;
  return eagre_expression_is_column(is_cast ? text->arguments[0] : text, out);
}

/* Whether rows may leave before it without anybody seeing. */
static bool lets_rows_leave(const struct eagre_expression *condition) {
  return !condition->can_fail && eagre_expression_is_deterministic(condition);
}

bool eagre_expression_find_needle(struct eagre_expression *const *conditions, uint32_t count,
                                  uint32_t index, const struct eagre_expression *json,
                                  struct eagre_needle *out) {
  *out = (struct eagre_needle){0};
  if (json->json == NULL || json->can_fail || !read_column(json, &out->column)) return false;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text text;
    bool is_longer = read_literal(conditions[i], index, &text) && text.size > out->text.size;
    if (is_longer) out->text = text;
    if (!lets_rows_leave(conditions[i])) break;
  }
  return out->text.size > 0;
}

/* Spark's implicit conversions under ANSI (AnsiTypeCoercion): the common type of two operands, and
 * which arguments a parameter takes.
 *
 * DECIMAL exists only as a literal here. It becomes DOUBLE beside FLOAT, DOUBLE and STRING; beside
 * an integral it would give a DECIMAL, which comparison avoids where the outcome is the same
 * (expression_bind_operator.c) and everything else refuses. */
#include <string.h>

#include "expression/expression_bind.h"

static const struct eagre_type *find_numeric_common(const struct eagre_type *a,
                                                    const struct eagre_type *b) {
  const struct eagre_type *wider = a->kind > b->kind ? a : b;
  const struct eagre_type *other = wider == a ? b : a;
  if (wider->kind == EAGRE_TYPE_DECIMAL) {
    return eagre_type_is_integral(other->kind) ? wider : eagre_type_of(EAGRE_TYPE_DOUBLE);
  }
  /* An integral does not fit into a FLOAT: both become DOUBLE. */
  if (wider->kind == EAGRE_TYPE_FLOAT) return eagre_type_of(EAGRE_TYPE_DOUBLE);
  return wider;
}

static const struct eagre_type *find_string_common(const struct eagre_type *other) {
  switch (other->kind) {
  case EAGRE_TYPE_TINYINT:
  case EAGRE_TYPE_SMALLINT:
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_BIGINT:
    return eagre_type_of(EAGRE_TYPE_BIGINT);
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
  case EAGRE_TYPE_DECIMAL:
    return eagre_type_of(EAGRE_TYPE_DOUBLE);
  case EAGRE_TYPE_BOOLEAN:
  case EAGRE_TYPE_BINARY:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_TIMESTAMP:
    return other;
  default:
    return NULL;
  }
}

static const struct eagre_type *find_struct_common(struct eagre_arena *arena,
                                                   const struct eagre_type *a,
                                                   const struct eagre_type *b) {
  if (a->field_count != b->field_count) return NULL;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, (size_t)a->field_count * sizeof *fields + 1);
  for (uint32_t i = 0; i < a->field_count; i++) {
    if (!eagre_text_equal_ignoring_case(a->fields[i].name, b->fields[i].name)) return NULL;
    fields[i] = a->fields[i];
    fields[i].type = eagre_coerce_common(arena, a->fields[i].type, b->fields[i].type);
    fields[i].nullable = a->fields[i].nullable || b->fields[i].nullable;
    if (fields[i].type == NULL) return NULL;
  }
  return eagre_type_struct(arena, fields, a->field_count);
}

const struct eagre_type *eagre_coerce_common(struct eagre_arena *arena, const struct eagre_type *a,
                                             const struct eagre_type *b) {
  if (a->kind == EAGRE_TYPE_NULL) return b;
  if (b->kind == EAGRE_TYPE_NULL) return a;
  if (a->kind == EAGRE_TYPE_DECIMAL && b->kind == EAGRE_TYPE_DECIMAL) return a;
  if (eagre_type_equal(a, b)) return a;
  if (eagre_type_is_numeric(a->kind) && eagre_type_is_numeric(b->kind)) {
    return find_numeric_common(a, b);
  }
  if (a->kind == EAGRE_TYPE_STRING) return find_string_common(b);
  if (b->kind == EAGRE_TYPE_STRING) return find_string_common(a);
  bool a_is_time = a->kind == EAGRE_TYPE_DATE || a->kind == EAGRE_TYPE_TIMESTAMP;
  bool b_is_time = b->kind == EAGRE_TYPE_DATE || b->kind == EAGRE_TYPE_TIMESTAMP;
  if (a_is_time && b_is_time) return eagre_type_of(EAGRE_TYPE_TIMESTAMP);
  if (a->kind == EAGRE_TYPE_STRUCT && b->kind == EAGRE_TYPE_STRUCT) {
    return find_struct_common(arena, a, b);
  }
  return NULL;
}

const struct eagre_type *eagre_expression_common_type(struct eagre_arena *arena,
                                                      const struct eagre_type *a,
                                                      const struct eagre_type *b) {
  return eagre_coerce_common(arena, a, b);
}

/* What a table column of the kind would take at INSERT (store assignment), and a text as any single
 * value. */
bool eagre_coerce_is_implicit(const struct eagre_type *from, enum eagre_type_kind to) {
  enum eagre_type_kind kind = from->kind;
  if (kind == to || kind == EAGRE_TYPE_NULL) return true;
  bool is_single = kind < EAGRE_TYPE_STRUCT;
  switch (to) {
  case EAGRE_TYPE_STRING:
    return is_single || kind == EAGRE_TYPE_DECIMAL || kind == EAGRE_TYPE_INTERVAL_DAY;
  case EAGRE_TYPE_BINARY:
    return kind == EAGRE_TYPE_STRING;
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_TIMESTAMP:
    return kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP;
  case EAGRE_TYPE_BOOLEAN:
    return kind == EAGRE_TYPE_STRING;
  case EAGRE_TYPE_TINYINT:
  case EAGRE_TYPE_SMALLINT:
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
    return kind == EAGRE_TYPE_STRING || eagre_type_is_numeric(kind);
  default:
    return false;
  }
}

/* ---- DECIMAL literals ----------------------------------------------------------------------- */

/* The digits before and after the point of a literal such as -12.50; no exponent is left in it. */
static void split_decimal(struct eagre_text text, bool *out_negative, struct eagre_text *out_whole,
                          struct eagre_text *out_fraction) {
  *out_negative = text.size > 0 && text.data[0] == '-';
  struct eagre_text rest = {text.data + *out_negative, text.size - *out_negative};
  const char *point = memchr(rest.data, '.', rest.size);
  size_t whole = point == NULL ? rest.size : (size_t)(point - rest.data);
  *out_whole = (struct eagre_text){rest.data, whole};
  *out_fraction = point == NULL ? (struct eagre_text){"", 0}
                                : (struct eagre_text){point + 1, rest.size - whole - 1};
}

bool eagre_coerce_decimal_is_whole(const struct eagre_expression *literal, int64_t *out_value) {
  bool is_negative;
  struct eagre_text whole, fraction;
  split_decimal(literal->text, &is_negative, &whole, &fraction);
  for (size_t i = 0; i < fraction.size; i++) {
    if (fraction.data[i] != '0') return false;
  }
  int64_t value = 0;
  for (size_t i = 0; i < whole.size; i++) {
    int64_t digit = is_negative ? -(whole.data[i] - '0') : whole.data[i] - '0';
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
      return false;
    }
  }
  *out_value = value;
  return true;
}

/* A DOUBLE holds every decimal of 15 digits, and no integral lies between such a decimal and its
 * DOUBLE. */
bool eagre_coerce_decimal_is_short(const struct eagre_expression *literal) {
  return literal->type->precision <= 15;
}

/* Spark's implicit conversions, under ANSI (AnsiTypeCoercion) and without (TypeCoercion): the
 * common type of two operands, and which arguments a parameter takes.
 *
 * Without ANSI a text beside something else makes a text of both where a value is chosen (CASE,
 * COALESCE, IN, UNION), and is read as the other's type where they are compared. */
#include "expression/expression_bind.h"

/* ---- DECIMAL -------------------------------------------------------------------------------- */

const struct eagre_type *eagre_coerce_decimal_of(struct eagre_arena *arena,
                                                 const struct eagre_type *type) {
  switch (type->kind) {
  case EAGRE_TYPE_TINYINT:
    return eagre_type_decimal(arena, 3, 0);
  case EAGRE_TYPE_SMALLINT:
    return eagre_type_decimal(arena, 5, 0);
  case EAGRE_TYPE_INT:
    return eagre_type_decimal(arena, 10, 0);
  case EAGRE_TYPE_BIGINT:
    return eagre_type_decimal(arena, 20, 0);
  case EAGRE_TYPE_FLOAT:
    return eagre_type_decimal(arena, 14, 7);
  case EAGRE_TYPE_DOUBLE:
    return eagre_type_decimal(arena, 30, 15);
  default:
    eagre_assert(type->kind == EAGRE_TYPE_DECIMAL);
    return type;
  }
}

/* A number that is written as such, without a CAST. */
bool eagre_coerce_is_bare_literal(const struct eagre_expression *expression) {
  return expression->kind == EAGRE_EXPRESSION_LITERAL && expression->parameters[2] == 0 &&
         !eagre_expression_is_null(expression);
}

/* A TINYINT stands for all of its kind, as in Spark. */
const struct eagre_type *eagre_coerce_decimal_of_literal(struct eagre_arena *arena,
                                                         const struct eagre_expression *literal) {
  int64_t value;
  switch (literal->type->kind) {
  case EAGRE_TYPE_SMALLINT:
    value = *EAGRE_VALUES(int16_t, &literal->value);
    break;
  case EAGRE_TYPE_INT:
    value = *EAGRE_VALUES(int32_t, &literal->value);
    break;
  case EAGRE_TYPE_BIGINT:
    value = *EAGRE_VALUES(int64_t, &literal->value);
    break;
  default:
    return eagre_coerce_decimal_of(arena, literal->type);
  }
  return eagre_type_decimal(arena, eagre_decimal_digit_count(value), 0);
}

/* Digits behind the point give way when both sides together need more than 38. */
static const struct eagre_type *
widen_decimals(struct eagre_arena *arena, const struct eagre_type *a, const struct eagre_type *b) {
  unsigned a_whole = a->precision - a->scale;
  unsigned b_whole = b->precision - b->scale;
  unsigned whole = a_whole > b_whole ? a_whole : b_whole;
  unsigned scale = a->scale > b->scale ? a->scale : b->scale;
  if (whole + scale > EAGRE_DECIMAL_PRECISION_MAX) scale = EAGRE_DECIMAL_PRECISION_MAX - whole;
  return eagre_type_decimal(arena, whole + scale, scale);
}

/* ---- Common types --------------------------------------------------------------------------- */

static const struct eagre_type *find_numeric_common(struct eagre_arena *arena, bool is_legacy,
                                                    const struct eagre_type *a,
                                                    const struct eagre_type *b) {
  const struct eagre_type *wider = a->kind > b->kind ? a : b;
  const struct eagre_type *other = wider == a ? b : a;
  bool is_real = other->kind == EAGRE_TYPE_FLOAT || other->kind == EAGRE_TYPE_DOUBLE;
  if (wider->kind == EAGRE_TYPE_DECIMAL && !is_real) {
    return widen_decimals(arena, wider, eagre_coerce_decimal_of(arena, other));
  }
  if (is_legacy && wider->kind == EAGRE_TYPE_FLOAT) return wider;
  /* An integral does not fit into a FLOAT, nor a DECIMAL: both become DOUBLE. */
  if (wider->kind == EAGRE_TYPE_FLOAT || is_real) return eagre_type_of(EAGRE_TYPE_DOUBLE);
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
  case EAGRE_TYPE_TIMESTAMP_NTZ:
  case EAGRE_TYPE_VARIANT:
    return other;
  default:
    return NULL;
  }
}

static bool is_single(enum eagre_type_kind kind) {
  return kind < EAGRE_TYPE_STRUCT || kind == EAGRE_TYPE_DECIMAL ||
         kind == EAGRE_TYPE_TIMESTAMP_NTZ || kind == EAGRE_TYPE_VARIANT ||
         eagre_type_is_interval(kind);
}

/* Spark's stringPromotion. */
static const struct eagre_type *promote_to_text(const struct eagre_type *other) {
  bool is_kept = other->kind == EAGRE_TYPE_BINARY || other->kind == EAGRE_TYPE_BOOLEAN;
  return is_single(other->kind) && !is_kept ? eagre_type_of(EAGRE_TYPE_STRING) : NULL;
}

/* DATE < TIMESTAMP_NTZ < TIMESTAMP; 0 for what is no point in time. */
static int rank_time(enum eagre_type_kind kind) {
  if (kind == EAGRE_TYPE_TIMESTAMP) return 3;
  if (kind == EAGRE_TYPE_TIMESTAMP_NTZ) return 2;
  return kind == EAGRE_TYPE_DATE;
}

/* The units of both. */
static const struct eagre_type *find_interval_common(const struct eagre_type *a,
                                                     const struct eagre_type *b) {
  if (a->kind != b->kind) return NULL;
  return eagre_type_interval(a->precision < b->precision ? a->precision : b->precision,
                             a->scale > b->scale ? a->scale : b->scale);
}

static const struct eagre_type *find_struct_common(struct eagre_arena *arena, bool is_legacy,
                                                   const struct eagre_type *a,
                                                   const struct eagre_type *b) {
  if (a->field_count != b->field_count) return NULL;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, (size_t)a->field_count * sizeof *fields + 1);
  for (uint32_t i = 0; i < a->field_count; i++) {
    if (!eagre_text_equal_ignoring_case(a->fields[i].name, b->fields[i].name)) return NULL;
    fields[i] = a->fields[i];
    fields[i].type = eagre_coerce_common(arena, is_legacy, a->fields[i].type, b->fields[i].type);
    fields[i].nullable = a->fields[i].nullable || b->fields[i].nullable;
    if (fields[i].type == NULL) return NULL;
  }
  return eagre_type_struct(arena, fields, a->field_count);
}

static const struct eagre_type *find_list_common(struct eagre_arena *arena, bool is_legacy,
                                                 const struct eagre_type *a,
                                                 const struct eagre_type *b) {
  const struct eagre_type *types[2];
  for (uint32_t i = 0; i < a->field_count; i++) {
    types[i] = eagre_coerce_common(arena, is_legacy, a->fields[i].type, b->fields[i].type);
    if (types[i] == NULL) return NULL;
  }
  return a->kind == EAGRE_TYPE_MAP ? eagre_type_map(arena, types[0], types[1])
                                   : eagre_type_array(arena, types[0]);
}

const struct eagre_type *eagre_coerce_common(struct eagre_arena *arena, bool is_legacy,
                                             const struct eagre_type *a,
                                             const struct eagre_type *b) {
  if (a->kind == EAGRE_TYPE_NULL) return b;
  if (b->kind == EAGRE_TYPE_NULL) return a;
  if (eagre_type_equal(a, b)) return a;
  if (eagre_type_is_numeric(a->kind) && eagre_type_is_numeric(b->kind)) {
    return find_numeric_common(arena, is_legacy, a, b);
  }
  if (a->kind == EAGRE_TYPE_STRING || b->kind == EAGRE_TYPE_STRING) {
    const struct eagre_type *other = a->kind == EAGRE_TYPE_STRING ? b : a;
    return is_legacy ? promote_to_text(other) : find_string_common(other);
  }
  if (rank_time(a->kind) > 0 && rank_time(b->kind) > 0) {
    return rank_time(a->kind) > rank_time(b->kind) ? a : b;
  }
  if (eagre_type_is_interval(a->kind)) return find_interval_common(a, b);
  if (a->kind == EAGRE_TYPE_STRUCT && b->kind == EAGRE_TYPE_STRUCT) {
    return find_struct_common(arena, is_legacy, a, b);
  }
  bool are_lists = a->kind == b->kind && eagre_type_is_list(a->kind);
  return are_lists ? find_list_common(arena, is_legacy, a, b) : NULL;
}

static bool has_text(const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_STRING) return true;
  return type->kind == EAGRE_TYPE_ARRAY && has_text(type->fields[0].type);
}

const struct eagre_type *eagre_bind_common_of(const struct eagre_bind *bind, uint32_t first,
                                              uint32_t end, uint32_t step) {
  const struct eagre_type *common = eagre_type_of(EAGRE_TYPE_NULL);
  bool is_legacy = bind->session->is_legacy;
  for (int pass = 0; pass < (is_legacy ? 2 : 1); pass++) {
    for (uint32_t i = first; i < end && common != NULL; i += step) {
      const struct eagre_type *type = bind->arguments[i]->type;
      bool is_due = !is_legacy || has_text(type) == (pass == 0);
      if (is_due) common = eagre_bind_common(bind, common, type);
    }
  }
  return common;
}

const struct eagre_type *eagre_bind_common_compared(const struct eagre_bind *bind,
                                                    const struct eagre_type *a,
                                                    const struct eagre_type *b) {
  bool a_is_text = a->kind == EAGRE_TYPE_STRING, b_is_text = b->kind == EAGRE_TYPE_STRING;
  const struct eagre_type *other = a_is_text ? b : a;
  if (!bind->session->is_legacy || a_is_text == b_is_text || !is_single(other->kind)) {
    return eagre_bind_common(bind, a, b);
  }
  if (eagre_type_is_interval(other->kind)) return NULL;
  if (other->kind == EAGRE_TYPE_NULL) return a_is_text ? a : b;
  return other->kind == EAGRE_TYPE_DECIMAL ? eagre_type_of(EAGRE_TYPE_DOUBLE) : other;
}

bool eagre_coerce_mixes_texts(const struct eagre_type *a, const struct eagre_type *b) {
  bool has_text = a->kind == EAGRE_TYPE_STRING || b->kind == EAGRE_TYPE_STRING;
  bool has_null = a->kind == EAGRE_TYPE_NULL || b->kind == EAGRE_TYPE_NULL;
  if (has_text && a->kind != b->kind && !has_null) return true;
  if (a->kind != b->kind) return false;
  for (uint32_t i = 0; i < a->field_count && i < b->field_count; i++) {
    if (eagre_coerce_mixes_texts(a->fields[i].type, b->fields[i].type)) return true;
  }
  return false;
}

bool eagre_coerce_mixes_decimals(const struct eagre_type *a, const struct eagre_type *b) {
  bool has_decimal = a->kind == EAGRE_TYPE_DECIMAL || b->kind == EAGRE_TYPE_DECIMAL;
  bool has_null = a->kind == EAGRE_TYPE_NULL || b->kind == EAGRE_TYPE_NULL;
  if (has_decimal && !has_null && !eagre_type_equal(a, b)) return true;
  if (a->kind != b->kind) return false;
  for (uint32_t i = 0; i < a->field_count && i < b->field_count; i++) {
    if (eagre_coerce_mixes_decimals(a->fields[i].type, b->fields[i].type)) return true;
  }
  return false;
}

const struct eagre_type *
eagre_expression_common_type(struct eagre_arena *arena, const struct eagre_type *a,
                             const struct eagre_type *b,
                             const struct eagre_expression_session *session) {
  return eagre_coerce_common(arena, session->is_legacy, a, b);
}

/* What a table column of the kind would take at INSERT (store assignment), and a text as any single
 * value; without ANSI as any but a BOOLEAN. */
bool eagre_coerce_is_implicit(const struct eagre_type *from, enum eagre_type_kind to,
                              bool is_legacy) {
  enum eagre_type_kind kind = from->kind;
  if (kind == to || kind == EAGRE_TYPE_NULL) return true;
  switch (to) {
  case EAGRE_TYPE_STRING:
    return is_single(kind);
  case EAGRE_TYPE_BINARY:
    return kind == EAGRE_TYPE_STRING;
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return kind == EAGRE_TYPE_STRING || rank_time(kind) > 0;
  case EAGRE_TYPE_BOOLEAN:
    return kind == EAGRE_TYPE_STRING && !is_legacy;
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

bool eagre_coerce_decimal_is_whole(const struct eagre_expression *literal, int64_t *out_value) {
  eagre_decimal value = *EAGRE_VALUES(eagre_decimal, &literal->value);
  eagre_decimal power = eagre_decimal_power(literal->type->scale);
  *out_value = (int64_t)(value / power);
  return value % power == 0 && *out_value == value / power;
}

/* A DOUBLE holds every decimal of 15 digits, and no integral lies between such a decimal and its
 * DOUBLE. */
bool eagre_coerce_decimal_is_short(const struct eagre_expression *literal) {
  return literal->type->precision <= 15;
}

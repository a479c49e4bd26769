/* CAST and TRY_CAST: which casts exist, what they mean for structs, and how they fail.
 *
 * The allowed pairs are those of Spark's canAnsiCast, without ANSI canCast. Kernels are per pair of
 * types: expression_cast_number.c, expression_cast_decimal.c, expression_cast_text.c,
 * expression_cast_time.c, expression_cast_interval.c, expression_cast_legacy.c,
 * expression_variant_cast.c. */
#include "expression/expression_cast.h"

#include <stdio.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_variant.h"

/* ---- Rows ------------------------------------------------------------------------------------ */

void *eagre_cast_out(struct eagre_cast *cast) {
  uint8_t *validity = cast->out->validity;
  const struct eagre_type *type = cast->out->type;
  eagre_vector_init(cast->out, type, cast->row_count, cast->call->arena);
  cast->out->validity = validity;
  return cast->out->data;
}

bool eagre_cast_is_live(const struct eagre_cast *cast, uint32_t row) {
  return cast->out->validity == NULL || eagre_bit_get(cast->out->validity, row);
}

/* The fields of a struct own their validity already (run_struct). */
void eagre_cast_set_null(struct eagre_cast *cast, uint32_t row) {
  if (cast->out == cast->call->out) {
    eagre_kernel_set_null(cast->call, row);
  } else {
    eagre_vector_set_null(cast->out, row, cast->row_count, cast->call->arena);
  }
}

/* A value as Spark writes it into messages: 'text', 5L, 1.5D. */
static void print_value(const struct eagre_vector *vector, uint32_t row,
                        const struct eagre_zone *zone, struct eagre_buffer *out) {
  enum eagre_type_kind kind = vector->type->kind;
  bool is_quoted = kind == EAGRE_TYPE_STRING;
  if (kind == EAGRE_TYPE_DATE) eagre_buffer_append_string(out, "DATE ");
  if (kind == EAGRE_TYPE_TIMESTAMP) eagre_buffer_append_string(out, "TIMESTAMP ");
  if (kind == EAGRE_TYPE_TIMESTAMP_NTZ) eagre_buffer_append_string(out, "TIMESTAMP_NTZ ");
  is_quoted |=
      kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP || kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  if (is_quoted) eagre_buffer_append_char(out, '\'');
  eagre_value_print(vector, row, zone, out);
  if (is_quoted) eagre_buffer_append_char(out, '\'');
  static const char *const suffixes[EAGRE_TYPE_count] = {
      [EAGRE_TYPE_TINYINT] = "Y", [EAGRE_TYPE_SMALLINT] = "S", [EAGRE_TYPE_BIGINT] = "L",
      [EAGRE_TYPE_DOUBLE] = "D",  [EAGRE_TYPE_DECIMAL] = "BD",
  };
  if (suffixes[kind] != NULL) eagre_buffer_append_string(out, suffixes[kind]);
}

/* A cast from or to an interval fails without ANSI too. */
static bool fails_always(enum eagre_type_kind from, enum eagre_type_kind to) {
  return eagre_type_is_interval(from) || eagre_type_is_interval(to);
}

static bool forgives(const struct eagre_cast *cast) {
  bool is_strict =
      eagre_cast_is_legacy(cast) && fails_always(cast->from->type->kind, cast->out->type->kind);
  return cast->call->node->is_try && !is_strict;
}

enum eagre_status eagre_cast_fail(struct eagre_cast *cast, uint32_t row, const char *class_name,
                                  const char *reason) {
  struct eagre_kernel_call *call = cast->call;
  if (forgives(cast)) {
    eagre_cast_set_null(cast, row);
    return EAGRE_OK;
  }
  struct eagre_buffer value = {0};
  print_value(cast->from, eagre_vector_index(cast->from, row), call->zone, &value);
  enum eagre_status status = eagre_kernel_fail_strictly(
      call, row, class_name, "The value %.200s of the type %s cannot be cast to %s %s",
      eagre_buffer_string(&value), eagre_expression_type_name(call->arena, cast->from->type),
      eagre_expression_type_name(call->arena, cast->out->type), reason);
  eagre_buffer_done(&value);
  eagre_error_hint(call->error, "use try_cast(...) to get NULL instead");
  return status;
}

enum eagre_status eagre_cast_fail_overflow(struct eagre_cast *cast, uint32_t row) {
  return eagre_cast_fail(cast, row, "CAST_OVERFLOW",
                         "due to an overflow. Use `try_cast` to tolerate overflow and return NULL "
                         "instead.");
}

enum eagre_status eagre_cast_fail_invalid(struct eagre_cast *cast, uint32_t row) {
  return eagre_cast_fail(
      cast, row, "CAST_INVALID_INPUT",
      "because it is malformed. Correct the value as per the syntax, or change its "
      "target type. Use `try_cast` to tolerate malformed input and return NULL "
      "instead.");
}

/* The value, between the two halves of the sentence. */
static enum eagre_status fail_digits(struct eagre_cast *cast, uint32_t row, const char *class_name,
                                     const char *before, const char *after) {
  struct eagre_kernel_call *call = cast->call;
  if (forgives(cast)) {
    eagre_cast_set_null(cast, row);
    return EAGRE_OK;
  }
  struct eagre_buffer value = {0};
  eagre_value_print(cast->from, eagre_vector_index(cast->from, row), call->zone, &value);
  enum eagre_status status = eagre_kernel_fail_strictly(call, row, class_name, "%s%.200s %s",
                                                        before, eagre_buffer_string(&value), after);
  eagre_buffer_done(&value);
  eagre_error_hint(call->error, "use try_cast(...) to get NULL instead");
  return status;
}

enum eagre_status eagre_cast_fail_range(struct eagre_cast *cast, uint32_t row) {
  const struct eagre_type *type = cast->out->type;
  struct eagre_text after = eagre_arena_printf(
      cast->call->arena, "cannot be represented as Decimal(%u, %u).", type->precision, type->scale);
  return fail_digits(cast, row, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "", after.data);
}

enum eagre_status eagre_cast_fail_overlong(struct eagre_cast *cast, uint32_t row) {
  return fail_digits(cast, row, "NUMERIC_OUT_OF_SUPPORTED_RANGE", "The value ",
                     "cannot be interpreted as a numeric since it has more than 38 digits.");
}

/* ---- Structs --------------------------------------------------------------------------------- */

static enum eagre_status run_struct(struct eagre_cast *cast);
static enum eagre_status run_list(struct eagre_cast *cast);

/* The same bytes under another type. */
static enum eagre_status run_retype(struct eagre_cast *cast) {
  const struct eagre_type *type = cast->out->type;
  uint8_t *validity = cast->out->validity;
  *cast->out = *cast->from;
  cast->out->type = type;
  cast->out->validity = validity;
  return EAGRE_OK;
}

static struct eagre_cast_rule find_rule(enum eagre_type_kind from, enum eagre_type_kind to) {
  bool from_bytes = from == EAGRE_TYPE_STRING || from == EAGRE_TYPE_BINARY;
  bool to_bytes = to == EAGRE_TYPE_STRING || to == EAGRE_TYPE_BINARY;
  if (from == EAGRE_TYPE_VARIANT && to != from) {
    return (struct eagre_cast_rule){eagre_cast_from_variant, true};
  }
  if (to == EAGRE_TYPE_VARIANT && to != from) {
    return (struct eagre_cast_rule){eagre_cast_to_variant, true};
  }
  if (from == EAGRE_TYPE_DECIMAL || to == EAGRE_TYPE_DECIMAL) {
    return eagre_cast_find_decimal(from, to);
  }
  if (eagre_type_is_interval(from) || eagre_type_is_interval(to)) {
    return eagre_cast_find_interval(from, to);
  }
  if (from == to) {
    if (eagre_type_is_list(from)) return (struct eagre_cast_rule){run_list, true};
    return (struct eagre_cast_rule){from == EAGRE_TYPE_STRUCT ? run_struct : run_retype,
                                    from == EAGRE_TYPE_STRUCT};
  }
  if (from_bytes && to_bytes) return (struct eagre_cast_rule){run_retype, false};
  if (from == EAGRE_TYPE_STRING || to == EAGRE_TYPE_STRING) return eagre_cast_find_text(from, to);
  struct eagre_cast_rule rule = eagre_cast_find_number(from, to);
  return rule.run != NULL ? rule : eagre_cast_find_time(from, to);
}

struct eagre_cast_rule eagre_cast_find(enum eagre_type_kind from, enum eagre_type_kind to,
                                       bool is_legacy) {
  struct eagre_cast_rule rule = find_rule(from, to);
  return rule.run == NULL && is_legacy ? eagre_cast_find_legacy(from, to) : rule;
}

/* A cast that exists; `cast` says between which types. */
static enum eagre_status run_rule(struct eagre_cast *cast) {
  return eagre_cast_find(cast->from->type->kind, cast->out->type->kind, eagre_cast_is_legacy(cast))
      .run(cast);
}

/* A field counts in the rows where the struct and the field have a value. */
static enum eagre_status cast_field(struct eagre_cast *cast, uint32_t index) {
  struct eagre_vector from = cast->from->children[index];
  struct eagre_arena *arena = cast->call->arena;
  if (!cast->from->is_constant && from.is_constant) {
    eagre_vector_flatten(&from, cast->row_count, arena);
  }
  uint8_t *validity = eagre_arena_allocate_vector(arena, eagre_bits_size(cast->row_count));
  if (from.type->kind == EAGRE_TYPE_NULL) {
    memset(validity, 0, eagre_bits_size(cast->row_count));
  } else {
    eagre_bits_fill(validity, cast->row_count, true);
    eagre_bits_and(validity, validity, cast->out->validity, cast->row_count);
    eagre_bits_and(validity, validity, from.validity, cast->row_count);
  }
  struct eagre_vector *out = &cast->out->children[index];
  if (from.type->kind == EAGRE_TYPE_NULL) {
    eagre_vector_init_null(out, out->type, arena);
    return EAGRE_OK;
  }
  out->validity = validity;
  struct eagre_cast field = {cast->call, &from, out, cast->row_count};
  EAGRE_TRY(run_rule(&field));
  out->is_constant = cast->from->is_constant;
  return EAGRE_OK;
}

static enum eagre_status run_struct(struct eagre_cast *cast) {
  const struct eagre_type *type = cast->out->type;
  cast->out->children = eagre_arena_allocate_zeroed(
      cast->call->arena, type->field_count * sizeof(struct eagre_vector) + 1);
  for (uint32_t i = 0; i < type->field_count; i++) {
    cast->out->children[i].type = type->fields[i].type;
    EAGRE_TRY(cast_field(cast, i));
  }
  return EAGRE_OK;
}

/* ---- Arrays and maps ------------------------------------------------------------------------- */

/* An error in element `element` is one of the row that holds it. */
static void place_element_error(const struct eagre_vector *list, struct eagre_error *error) {
  if (error == NULL || error->row < 0) return;
  int64_t row = 0;
  while (list->offsets[row + 1] <= error->row) {
    row++;
  }
  error->row = row;
}

static enum eagre_status cast_elements(struct eagre_cast *cast, const struct eagre_vector *list,
                                       uint32_t index, uint32_t count) {
  struct eagre_arena *arena = cast->call->arena;
  const struct eagre_vector *from = &list->children[index];
  struct eagre_vector *out = &cast->out->children[index];
  if (count == 0 || from->type->kind == EAGRE_TYPE_NULL) {
    eagre_vector_init_null(out, cast->out->type->fields[index].type, arena);
    eagre_vector_flatten(out, count, arena);
    return EAGRE_OK;
  }
  *out = (struct eagre_vector){.type = cast->out->type->fields[index].type};
  if (eagre_type_equal(from->type, out->type)) {
    *out = *from;
    return EAGRE_OK;
  }
  if (from->validity != NULL) {
    out->validity = eagre_arena_allocate_vector(arena, eagre_bits_size(count));
    memcpy(out->validity, from->validity, eagre_bits_size(count));
  }
  struct eagre_cast elements = {cast->call, from, out, count};
  enum eagre_status status = run_rule(&elements);
  if (status != EAGRE_OK) place_element_error(list, cast->call->error);
  return status;
}

/* A key of a map that cannot be cast fails under TRY too: NULL is no key. */
static enum eagre_status run_list(struct eagre_cast *cast) {
  struct eagre_vector list = *cast->from;
  struct eagre_arena *arena = cast->call->arena;
  list.is_constant = false;
  list.validity = cast->out->validity;
  uint32_t count = eagre_vector_tighten(&list, cast->row_count, arena);
  uint32_t field_count = cast->out->type->field_count;
  cast->out->offsets = list.offsets;
  cast->out->children = eagre_arena_allocate_zeroed(arena, field_count * sizeof *list.children);
  for (uint32_t i = 0; i < field_count; i++) {
    EAGRE_TRY(cast_elements(cast, &list, i, count));
  }
  return EAGRE_OK;
}

/* A cast from or to VARIANT is a matter of the whole type. */
static bool is_allowed_variant(const struct eagre_type *from, const struct eagre_type *to) {
  if (from->kind == EAGRE_TYPE_VARIANT) return eagre_variant_casts_to(to);
  return to->kind != EAGRE_TYPE_VARIANT || eagre_variant_casts_from(from, false);
}

/* Whether values of these types that a rule fails for may be there. */
static bool may_fail(const struct eagre_type *from, const struct eagre_type *to,
                     struct eagre_cast_rule rule, bool is_legacy) {
  if (is_legacy && !fails_always(from->kind, to->kind)) return false;
  return rule.can_fail && !eagre_cast_is_safe_decimal(from, to);
}

/* Whether every field can be cast; *inout_can_fail becomes true when one of the casts may fail. */
static bool check_struct(const struct eagre_type *from, const struct eagre_type *to, bool is_legacy,
                         bool *inout_can_fail) {
  if (from->field_count != to->field_count) return false;
  for (uint32_t i = 0; i < from->field_count; i++) {
    const struct eagre_type *a = from->fields[i].type;
    const struct eagre_type *b = to->fields[i].type;
    if (a->kind == EAGRE_TYPE_NULL && eagre_type_is_supported(b->kind)) continue;
    if (a->kind == b->kind && a->field_count > 0) {
      if (!check_struct(a, b, is_legacy, inout_can_fail)) return false;
      continue;
    }
    struct eagre_cast_rule rule = eagre_cast_find(a->kind, b->kind, is_legacy);
    if (rule.run == NULL || !is_allowed_variant(a, b)) return false;
    *inout_can_fail |= may_fail(a, b, rule, is_legacy);
  }
  return true;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static enum eagre_status run_cast(struct eagre_kernel_call *call) {
  struct eagre_cast cast = {call, call->arguments[0], call->out, call->row_count};
  return run_rule(&cast);
}

static const char *suggest_function(enum eagre_type_kind from, enum eagre_type_kind to) {
  if (from == EAGRE_TYPE_DATE && eagre_type_is_numeric(to)) return "`UNIX_DATE`";
  if (eagre_type_is_numeric(from) && to == EAGRE_TYPE_DATE) return "`DATE_FROM_UNIX_DATE`";
  return NULL;
}

/* Casts that Spark has with ANSI mode off. */
static bool is_legacy_cast(enum eagre_type_kind from, enum eagre_type_kind to) {
  bool from_time = from == EAGRE_TYPE_DATE || from == EAGRE_TYPE_TIMESTAMP;
  return (from_time && to == EAGRE_TYPE_BOOLEAN) ||
         (from == EAGRE_TYPE_BOOLEAN && to == EAGRE_TYPE_TIMESTAMP) ||
         (eagre_type_is_integral(from) && to == EAGRE_TYPE_BINARY);
}

static enum eagre_status refuse_type(const struct eagre_type *type,
                                     struct eagre_sql_position position,
                                     struct eagre_error *error) {
  struct eagre_buffer name = {0};
  eagre_type_print(&name, type);
  enum eagre_status status =
      eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE", "Unsupported data type \"%s\".",
                      eagre_buffer_string(&name));
  eagre_buffer_done(&name);
  eagre_sql_place_unplaced(position, error);
  return status;
}

static enum eagre_status refuse_cast(struct eagre_arena *arena, struct eagre_expression *value,
                                     const struct eagre_type *type, bool is_try, bool is_legacy,
                                     struct eagre_sql_position position,
                                     struct eagre_error *error) {
  enum eagre_type_kind from_kind = value->type->kind;
  const char *function = is_legacy ? NULL : suggest_function(from_kind, type->kind);
  bool exists_without_ansi = !is_try && !is_legacy && is_legacy_cast(from_kind, type->kind);
  const char *from = eagre_expression_type_name(arena, value->type);
  const char *to = eagre_expression_type_name(arena, type);
  const char *sql = eagre_expression_sql(arena, value);
  enum eagre_status status = eagre_error_set(
      error, EAGRE_USAGE,
      function != NULL      ? "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"
      : exists_without_ansi ? "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"
                            : "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
      "Cannot resolve \"CAST(%.*s AS %.*s)\" due to data type mismatch: cannot cast %s to %s%s.",
      (int)strlen(sql) - 2, sql + 1, (int)strlen(to) - 2, to + 1, from, to,
      exists_without_ansi ? " with ANSI mode on" : "");
  if (function != NULL) eagre_error_hint(error, "use the function %s instead", function);
  eagre_sql_place_unplaced(position, error);
  return status;
}

/* Whether the cast exists, and whether it may fail. */
static bool check_cast(const struct eagre_type *from, const struct eagre_type *to, bool is_legacy,
                       bool *out_can_fail) {
  *out_can_fail = false;
  if (from->kind == to->kind && (from->kind == EAGRE_TYPE_STRUCT || from->field_count > 0)) {
    return check_struct(from, to, is_legacy, out_can_fail);
  }
  if (!eagre_type_is_supported(from->kind)) return false;
  struct eagre_cast_rule rule = eagre_cast_find(from->kind, to->kind, is_legacy);
  *out_can_fail = may_fail(from, to, rule, is_legacy);
  return rule.run != NULL && is_allowed_variant(from, to);
}

/* Beside a DECIMAL, CAST(1 AS INT) is any INT, where 1 has one digit; and it does not adapt to a
 * minus sign. */
static struct eagre_expression *mark_cast(struct eagre_arena *arena,
                                          const struct eagre_expression *literal) {
  struct eagre_expression *marked = eagre_arena_allocate(arena, sizeof *marked);
  *marked = *literal;
  marked->parameters[2] = 1;
  return marked;
}

/* Integers that do not fit do not become NULL without ANSI. */
static bool may_be_null(const struct eagre_type *from, const struct eagre_type *to,
                        bool is_legacy) {
  bool can_fail = false;
  if (eagre_type_equal(from, to)) return false;
  check_cast(from, to, false, &can_fail);
  bool wraps = eagre_type_is_integral(to->kind) && eagre_type_is_integral(from->kind);
  return can_fail && !(is_legacy && wraps);
}

/* Whether a failure that gives NULL could make a key of a map NULL. */
static bool may_lose_key(const struct eagre_type *from, const struct eagre_type *to,
                         bool is_legacy) {
  for (uint32_t i = 0; from->kind == to->kind && i < from->field_count; i++) {
    if (may_lose_key(from->fields[i].type, to->fields[i].type, is_legacy)) return true;
  }
  if (from->kind != EAGRE_TYPE_MAP || to->kind != EAGRE_TYPE_MAP) return false;
  return may_be_null(from->fields[0].type, to->fields[0].type, is_legacy);
}

/* A call of type VOID (raise_error) must still be made, so only the literal is replaced. The kernel
 * is never reached: a NULL argument gives NULL before. */
static struct eagre_expression *cast_null(struct eagre_arena *arena, struct eagre_expression *value,
                                          const struct eagre_type *type,
                                          struct eagre_sql_position position) {
  if (value->kind == EAGRE_EXPRESSION_LITERAL) {
    return eagre_expression_new_null(arena, type, position);
  }
  return eagre_expression_new_call(arena, eagre_function_internal(EAGRE_INTERNAL_CAST), type,
                                   run_cast, &value, 1, position);
}

/* CAST('now' AS TIMESTAMP) and the like: only for a literal. */
static struct eagre_expression *find_special_time(struct eagre_arena *arena,
                                                  const struct eagre_expression *value,
                                                  const struct eagre_type *type,
                                                  const struct eagre_expression_session *session,
                                                  struct eagre_sql_position position) {
  struct eagre_text text;
  bool is_time = type->kind == EAGRE_TYPE_DATE || type->kind == EAGRE_TYPE_TIMESTAMP ||
                 type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  if (!is_time || !eagre_expression_is_text(value, &text)) return NULL;
  return eagre_literal_special_time(arena, text, type->kind, session, position);
}

/* '12:30:00' as a TIMESTAMP means another instant every day, so it is not folded. */
static bool needs_today(const struct eagre_expression *value, const struct eagre_type *type,
                        const struct eagre_expression_session *session) {
  if (value->type->kind != EAGRE_TYPE_STRING || type->kind != EAGRE_TYPE_TIMESTAMP) return false;
  struct eagre_text text;
  int64_t first = 0, second = 0;
  if (!eagre_expression_is_text(value, &text)) return true;
  const int64_t days_us = INT64_C(1000) * 86400 * 1000000;
  enum eagre_value_result result = eagre_value_parse_timestamp(text, session->zone, 0, &first);
  if (result != EAGRE_VALUE_OK) return false;
  return eagre_value_parse_timestamp(text, session->zone, days_us, &second) != EAGRE_VALUE_OK ||
         first != second;
}

enum eagre_status eagre_expression_cast(struct eagre_arena *arena, struct eagre_expression *value,
                                        const struct eagre_type *type, bool is_try,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error) {
  if (!eagre_type_is_supported(type->kind)) return refuse_type(type, position, error);
  if (eagre_type_equal(value->type, type)) {
    *out = value->kind == EAGRE_EXPRESSION_LITERAL ? mark_cast(arena, value) : value;
    return EAGRE_OK;
  }
  if (value->type->kind == EAGRE_TYPE_NULL) {
    *out = cast_null(arena, value, type, position);
    return EAGRE_OK;
  }
  *out = find_special_time(arena, value, type, session, position);
  if (*out != NULL) return EAGRE_OK;
  bool has_variant = value->type->kind == EAGRE_TYPE_VARIANT || type->kind == EAGRE_TYPE_VARIANT;
  bool can_fail, is_legacy = session->is_legacy && !is_try && !has_variant;
  bool is_lossy = (is_try || is_legacy) && may_lose_key(value->type, type, is_legacy);
  if (!check_cast(value->type, type, is_legacy, &can_fail) || is_lossy) {
    return refuse_cast(arena, value, type, is_try, is_legacy, position, error);
  }
  *out = eagre_expression_new_call(arena, eagre_function_internal(EAGRE_INTERNAL_CAST), type,
                                   run_cast, &value, 1, position);
  if (is_legacy) eagre_expression_set_legacy(*out);
  if (can_fail) eagre_expression_set_failing(*out);
  if (is_try) eagre_expression_set_try(*out);
  if (needs_today(value, type, session)) (*out)->is_constant = false;
  return EAGRE_OK;
}

enum eagre_status eagre_expression_coerce(struct eagre_arena *arena, struct eagre_expression *value,
                                          const struct eagre_type *type,
                                          const struct eagre_expression_session *session,
                                          struct eagre_sql_position position,
                                          struct eagre_expression **out,
                                          struct eagre_error *error) {
  *out = value;
  if (eagre_type_equal(value->type, type)) return EAGRE_OK;
  bool is_decimal = type->kind == EAGRE_TYPE_DECIMAL && (eagre_type_is_numeric(value->type->kind) ||
                                                         value->type->kind == EAGRE_TYPE_STRING);
  if (is_decimal || eagre_coerce_is_implicit(value->type, type->kind, session->is_legacy))
    return eagre_expression_cast(arena, value, type, false, session, position, out, error);
  eagre_error_set(error, EAGRE_USAGE, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                  "%s has the type %s, but %s is needed.", eagre_expression_sql(arena, value),
                  eagre_expression_type_name(arena, value->type),
                  eagre_expression_type_name(arena, type));
  eagre_sql_place_unplaced(value->position, error);
  return EAGRE_USAGE;
}

/* Binding: which kernel a call means for the types of its arguments, and which casts it needs. */
#pragma once

#include "expression/expression_tree.h"

/* One call being bound. `arguments` is the binder's own copy: casts replace its elements. */
struct eagre_bind {
  struct eagre_arena *arena;
  const struct eagre_function *function;
  struct eagre_expression **arguments;
  uint32_t argument_count;
  const struct eagre_expression_session *session;
  struct eagre_sql_position position;
  struct eagre_error *error;
};

static inline enum eagre_type_kind eagre_bind_kind(const struct eagre_bind *bind, uint32_t index) {
  return bind->arguments[index]->type->kind;
}

/* Whether spark.sql.ansi.enabled is false. */
static inline bool eagre_bind_is_legacy(const struct eagre_bind *bind) {
  return bind->session->is_legacy;
}

/* The node of the call with its present arguments. */
struct eagre_expression *eagre_bind_call(struct eagre_bind *bind, const struct eagre_type *type,
                                         eagre_kernel_fn *kernel);
/* The node of a call of another function, with arguments of its own. */
struct eagre_expression *eagre_bind_call_of(struct eagre_bind *bind,
                                            const struct eagre_function *function,
                                            const struct eagre_type *type, eagre_kernel_fn *kernel,
                                            struct eagre_expression *const *arguments,
                                            uint32_t argument_count);
/* Another function called inside this binding, at the same position. */
enum eagre_status eagre_bind_other(struct eagre_bind *bind, const char *function,
                                   struct eagre_expression *const *arguments,
                                   uint32_t argument_count, struct eagre_expression **out);
/* Casts argument `index` to `type`, allowed or not (USAGE when no such cast exists). */
enum eagre_status eagre_bind_cast(struct eagre_bind *bind, uint32_t index,
                                  const struct eagre_type *type);
/* Casts argument `index` when Spark does so implicitly for a parameter of `type`, else USAGE
 * DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE. */
enum eagre_status eagre_bind_parameter(struct eagre_bind *bind, uint32_t index,
                                       enum eagre_type_kind kind);
/* USAGE when argument `index` has a type that no vector has. */
enum eagre_status eagre_bind_require_value(struct eagre_bind *bind, uint32_t index);
/* Casts arguments [first, end) to their common type; USAGE DATA_DIFF_TYPES when there is none.
 */
enum eagre_status eagre_bind_unify(struct eagre_bind *bind, uint32_t first, uint32_t end,
                                   const struct eagre_type **out_type);
/* Argument `index` as a number of seconds with a fraction, for eagre_time_read_seconds. */
enum eagre_status eagre_bind_seconds(struct eagre_bind *bind, uint32_t index);
/* One unit of an interval, which is in the value's type: years and days as INT, seconds as
 * DECIMAL(8,6), others as TINYINT: what they are within the next larger unit. */
struct eagre_expression *eagre_bind_interval_field(struct eagre_bind *bind,
                                                   struct eagre_expression *interval,
                                                   enum eagre_interval_unit unit);
/* The text of argument `index`, which must be constant; USAGE NON_FOLDABLE_INPUT otherwise, and
 * UNEXPECTED_NULL when it is NULL. */
enum eagre_status eagre_bind_constant_text(struct eagre_bind *bind, uint32_t index,
                                           const char *name, struct eagre_text *out);

/* The pairs of argument `index`, map('key', 'value', ...), one after the other; NULL when there is
 * no such argument. USAGE INVALID_OPTIONS.NON_MAP_FUNCTION and .NON_STRING_TYPE. */
enum eagre_status eagre_bind_options(struct eagre_bind *bind, uint32_t index,
                                     struct eagre_text **out_texts, uint32_t *out_count);
/* "map('key', 'value')", so that equal calls are found equal; empty without options. */
struct eagre_text eagre_bind_join_options(struct eagre_arena *arena, const struct eagre_text *texts,
                                          uint32_t count);

/* ---- Refusals: each fills the error with Spark's class and sentence, and the position -------- */

enum eagre_status eagre_bind_fail(struct eagre_bind *bind, struct eagre_sql_position position,
                                  const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* DATATYPE_MISMATCH.<reason>: "Cannot resolve "f(a)" due to data type mismatch: ..." */
enum eagre_status eagre_bind_mismatch(struct eagre_bind *bind, const char *reason,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* UNEXPECTED_INPUT_TYPE; `required` is like "(\"NUMERIC\" or \"INTERVAL\")". */
enum eagre_status eagre_bind_unexpected(struct eagre_bind *bind, uint32_t index,
                                        const char *required);
/* DATA_DIFF_TYPES of arguments [first, end). */
enum eagre_status eagre_bind_refuse_different(struct eagre_bind *bind, uint32_t first,
                                              uint32_t end);
/* ---- Coercion (expression_coerce.c) ---------------------------------------------------------- */

/* The type both sides are cast to (Spark's findWiderTypeForTwo); NULL when there is none. Without
 * ANSI a text makes a text of what stands beside it. */
const struct eagre_type *eagre_coerce_common(struct eagre_arena *arena, bool is_legacy,
                                             const struct eagre_type *a,
                                             const struct eagre_type *b);
static inline const struct eagre_type *eagre_bind_common(const struct eagre_bind *bind,
                                                         const struct eagre_type *a,
                                                         const struct eagre_type *b) {
  return eagre_coerce_common(bind->arena, bind->session->is_legacy, a, b);
}
/* The common type of arguments [first, end), every `step`-th; NULL when there is none. Without ANSI
 * texts come first, so that the order of the arguments means nothing. */
const struct eagre_type *eagre_bind_common_of(const struct eagre_bind *bind, uint32_t first,
                                              uint32_t end, uint32_t step);
/* The type two operands are compared as (without ANSI: the other's type beside a text); NULL when
 * there is none. */
const struct eagre_type *eagre_bind_common_compared(const struct eagre_bind *bind,
                                                    const struct eagre_type *a,
                                                    const struct eagre_type *b);
/* Whether somewhere in the types a text stands beside something else: compared with each other or
 * put into one array, these are not converted. */
bool eagre_coerce_mixes_texts(const struct eagre_type *a, const struct eagre_type *b);
/* The same for a DECIMAL beside another type or another DECIMAL: not compared. */
bool eagre_coerce_mixes_decimals(const struct eagre_type *a, const struct eagre_type *b);
/* Whether a parameter of `to` takes an argument of `from` without a written cast. */
bool eagre_coerce_is_implicit(const struct eagre_type *from, enum eagre_type_kind to,
                              bool is_legacy);
static inline bool eagre_bind_takes(const struct eagre_bind *bind, const struct eagre_type *from,
                                    enum eagre_type_kind to) {
  return eagre_coerce_is_implicit(from, to, bind->session->is_legacy);
}
/* The DECIMAL that holds every value of a numeric type, and the narrowest for an integral literal
 * (not NULL): what they are beside a DECIMAL. */
const struct eagre_type *eagre_coerce_decimal_of(struct eagre_arena *arena,
                                                 const struct eagre_type *type);
bool eagre_coerce_is_bare_literal(const struct eagre_expression *expression);
const struct eagre_type *eagre_coerce_decimal_of_literal(struct eagre_arena *arena,
                                                         const struct eagre_expression *literal);
/* A DECIMAL literal (not NULL) that is a whole number in the range of BIGINT, and that number. */
bool eagre_coerce_decimal_is_whole(const struct eagre_expression *literal, int64_t *out_value);
/* Whether every comparison with the nearest DOUBLE gives what the DECIMAL literal would give. */
bool eagre_coerce_decimal_is_short(const struct eagre_expression *literal);
static inline bool eagre_expression_is_decimal(const struct eagre_expression *expression) {
  return expression->type->kind == EAGRE_TYPE_DECIMAL;
}

/* ---- Casts (expression_cast.c) --------------------------------------------------------------- */

/* "epoch", "now", "today" ... as a DATE or TIMESTAMP; NULL when `text` is no such word. */
struct eagre_expression *eagre_literal_special_time(struct eagre_arena *arena,
                                                    struct eagre_text text,
                                                    enum eagre_type_kind kind,
                                                    const struct eagre_expression_session *session,
                                                    struct eagre_sql_position position);

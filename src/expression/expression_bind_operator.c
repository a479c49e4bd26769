/* Binders of arithmetic over numbers: / div % pmod, signs, abs, bits and shifts, and TRY. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_operator.h"

/* ---- Numbers --------------------------------------------------------------------------------- */

static const char *const arithmetic_types =
    "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";

static enum eagre_status refuse_pair(struct eagre_bind *bind) {
  return eagre_bind_mismatch(
      bind, "BINARY_OP_DIFF_TYPES",
      "the left and right operands of the binary operator have incompatible types (%s and %s).",
      eagre_expression_type_name(bind->arena, bind->arguments[0]->type),
      eagre_expression_type_name(bind->arena, bind->arguments[1]->type));
}

static bool are_different(const struct eagre_bind *bind) {
  return bind->argument_count == 2 && eagre_bind_kind(bind, 0) != eagre_bind_kind(bind, 1);
}

static enum eagre_status refuse_type(struct eagre_bind *bind, const char *required,
                                     const struct eagre_type *actual) {
  return eagre_bind_mismatch(bind, "BINARY_OP_WRONG_TYPE",
                             "the binary operator requires the input type %s, not %s.", required,
                             eagre_expression_type_name(bind->arena, actual));
}

/* No operator for `actual`, the common type of the operands. */
static enum eagre_status refuse_operand(struct eagre_bind *bind, const char *required,
                                        const struct eagre_type *actual) {
  bool takes_type = false; /* one of them becomes what the other is */
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    takes_type |= kind == EAGRE_TYPE_NULL || kind == EAGRE_TYPE_STRING;
  }
  if (are_different(bind) && !takes_type) return refuse_pair(bind);
  return refuse_type(bind, required, actual);
}

/* Without ANSI a text is a DOUBLE among numbers. */
static enum eagre_status promote_texts(struct eagre_bind *bind) {
  for (uint32_t i = 0; i < 2 && eagre_bind_is_legacy(bind); i++) {
    if (eagre_bind_kind(bind, i) != EAGRE_TYPE_STRING) continue;
    EAGRE_TRY(eagre_bind_cast(bind, i, eagre_type_of(EAGRE_TYPE_DOUBLE)));
  }
  return EAGRE_OK;
}

/* Casts both operands to their common type, which must be a number. */
static enum eagre_status unify_numbers(struct eagre_bind *bind, const char *required,
                                       const struct eagre_type **out_type) {
  EAGRE_TRY(promote_texts(bind));
  const struct eagre_type *common =
      eagre_bind_common(bind, bind->arguments[0]->type, bind->arguments[1]->type);
  if (common == NULL) return refuse_pair(bind);
  if (common->kind == EAGRE_TYPE_NULL) common = eagre_type_of(EAGRE_TYPE_DOUBLE);
  if (!eagre_type_is_numeric(common->kind)) return refuse_operand(bind, required, common);
  for (uint32_t i = 0; i < 2; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, common));
  }
  *out_type = common;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_arithmetic(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                        struct eagre_expression **out) {
  const struct eagre_type *type;
  if (eagre_bind_is_decimal_pair(bind)) return eagre_bind_decimal_arithmetic(bind, operation, out);
  EAGRE_TRY(unify_numbers(bind, arithmetic_types, &type));
  *out = eagre_bind_call(bind, type, eagre_kernel_simple_arithmetic(operation, type->kind));
  if (!eagre_type_is_integral(type->kind)) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* Whether the divisor is a literal that is not zero: then no division fails, but that of the least
 * BIGINT by -1. */
static bool divides_safely(const struct eagre_bind *bind) {
  const struct eagre_expression *divisor = bind->arguments[1];
  if (divisor->kind != EAGRE_EXPRESSION_LITERAL || eagre_expression_is_null(divisor)) return false;
  switch (divisor->type->kind) {
  case EAGRE_TYPE_INT:
    return *EAGRE_VALUES(int32_t, &divisor->value) > 0;
  case EAGRE_TYPE_BIGINT:
    return *EAGRE_VALUES(int64_t, &divisor->value) > 0;
  case EAGRE_TYPE_DOUBLE:
    return *EAGRE_VALUES(double, &divisor->value) != 0;
  default:
    return false;
  }
}

/* Literals become literals of the type, so that divides_safely sees them. */
static enum eagre_status fold_literal_cast(struct eagre_bind *bind, uint32_t index) {
  struct eagre_expression *argument = bind->arguments[index];
  if (!eagre_expression_calls(argument, EAGRE_INTERNAL_CAST) || !argument->is_constant) {
    return EAGRE_OK;
  }
  if (argument->can_fail || eagre_type_width(argument->type->kind) == 0) return EAGRE_OK;
  struct eagre_vector value;
  EAGRE_TRY(eagre_expression_fold(bind->arena, argument, bind->session, &value, bind->error));
  if (eagre_vector_is_null(&value, 0)) return EAGRE_OK;
  bind->arguments[index] = eagre_expression_new_literal(bind->arena, argument->type->kind,
                                                        value.data, argument->position);
  return EAGRE_OK;
}

static enum eagre_status finish_division(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                         const struct eagre_type *type,
                                         struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_cast(bind, 0, type));
  EAGRE_TRY(eagre_bind_cast(bind, 1, type));
  EAGRE_TRY(fold_literal_cast(bind, 1));
  *out = eagre_bind_call(bind, type, eagre_kernel_division(operation, type->kind));
  if (divides_safely(bind)) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_divide(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_type_is_interval(eagre_bind_kind(bind, 0))) {
    return eagre_bind_divide_interval(bind, out);
  }
  const struct eagre_type *type;
  if (eagre_bind_is_decimal_pair(bind)) {
    return eagre_bind_decimal_arithmetic(bind, EAGRE_ARITHMETIC_DIVIDE, out);
  }
  EAGRE_TRY(unify_numbers(bind, "(\"DOUBLE\" or \"DECIMAL\")", &type));
  return finish_division(bind, EAGRE_ARITHMETIC_DIVIDE, eagre_type_of(EAGRE_TYPE_DOUBLE), out);
}

enum eagre_status eagre_bind_integral_divide(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  static const char *const required = "(\"BIGINT\" or \"DECIMAL\")";
  EAGRE_TRY(promote_texts(bind));
  for (uint32_t i = 0; i < 2; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    if (kind != EAGRE_TYPE_FLOAT && kind != EAGRE_TYPE_DOUBLE) continue;
    bool has_decimal = eagre_bind_kind(bind, 1 - i) == EAGRE_TYPE_DECIMAL;
    return has_decimal ? refuse_type(bind, required, eagre_type_of(EAGRE_TYPE_DOUBLE))
                       : refuse_operand(bind, required, bind->arguments[i]->type);
  }
  const struct eagre_type *type;
  if (eagre_bind_is_decimal_pair(bind)) {
    return eagre_bind_decimal_arithmetic(bind, EAGRE_ARITHMETIC_INTEGRAL, out);
  }
  EAGRE_TRY(unify_numbers(bind, required, &type));
  if (type->kind == EAGRE_TYPE_DOUBLE) { /* a DECIMAL beside a STRING */
    bool has_null = eagre_bind_kind(bind, 0) == EAGRE_TYPE_NULL;
    if (!has_null) return refuse_operand(bind, required, type);
  }
  return finish_division(bind, EAGRE_ARITHMETIC_INTEGRAL, eagre_type_of(EAGRE_TYPE_BIGINT), out);
}

enum eagre_status eagre_bind_remainder(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  if (eagre_bind_is_decimal_pair(bind)) {
    return eagre_bind_decimal_arithmetic(bind, EAGRE_ARITHMETIC_REMAINDER, out);
  }
  EAGRE_TRY(unify_numbers(bind, "\"NUMERIC\"", &type));
  return finish_division(bind, EAGRE_ARITHMETIC_REMAINDER, type, out);
}

enum eagre_status eagre_bind_modulus(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  if (eagre_bind_is_decimal_pair(bind)) {
    return eagre_bind_decimal_arithmetic(bind, EAGRE_ARITHMETIC_MODULUS, out);
  }
  EAGRE_TRY(unify_numbers(bind, "\"NUMERIC\"", &type));
  return finish_division(bind, EAGRE_ARITHMETIC_MODULUS, type, out);
}

/* ---- Signs ----------------------------------------------------------------------------------- */

/* Minus in front of an integer literal without suffix: the pair chooses its type anew, so that the
 * least INT and BIGINT can be written. */
static struct eagre_expression *negate_literal(struct eagre_bind *bind) {
  struct eagre_expression *literal = bind->arguments[0];
  if (literal->kind != EAGRE_EXPRESSION_LITERAL) return NULL;
  bool adapts = literal->parameters[0] != 0;
  int64_t value;
  if (!eagre_coerce_is_bare_literal(literal)) return NULL;
  if (eagre_expression_is_decimal(literal)) {
    eagre_decimal digits = -*EAGRE_VALUES(eagre_decimal, &literal->value);
    struct eagre_expression *negated =
        eagre_expression_new_value(bind->arena, literal->type, &digits, bind->position);
    if (!adapts || !eagre_coerce_decimal_is_whole(negated, &value)) return negated;
  } else if (!adapts) {
    return NULL;
  } else if (literal->type->kind == EAGRE_TYPE_INT) {
    value = -(int64_t)*EAGRE_VALUES(int32_t, &literal->value);
  } else {
    int64_t written = *EAGRE_VALUES(int64_t, &literal->value);
    if (written < 0) return NULL;
    value = -written;
  }
  if (value > 0) return NULL;
  enum eagre_type_kind kind = value == (int32_t)value ? EAGRE_TYPE_INT : EAGRE_TYPE_BIGINT;
  return eagre_expression_new_literal(bind->arena, kind, &value, bind->position);
}

static enum eagre_status bind_sign(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                   struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_NULL) {
    EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_DOUBLE)));
  }
  const struct eagre_type *type = bind->arguments[0]->type;
  if (type->kind == EAGRE_TYPE_DECIMAL) return eagre_bind_decimal_sign(bind, operation, out);
  eagre_kernel_fn *kernel = eagre_kernel_simple_arithmetic(operation, type->kind);
  if (kernel == NULL) return eagre_bind_unexpected(bind, 0, arithmetic_types);
  *out = eagre_bind_call(bind, type, kernel);
  if (eagre_type_is_interval(type->kind)) eagre_expression_set_strict(*out);
  if (type->kind == EAGRE_TYPE_FLOAT || type->kind == EAGRE_TYPE_DOUBLE) {
    eagre_expression_set_safe(*out);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_negative(struct eagre_bind *bind, struct eagre_expression **out) {
  *out = negate_literal(bind);
  if (*out != NULL) return EAGRE_OK;
  return bind_sign(bind, EAGRE_ARITHMETIC_NEGATE, out);
}

enum eagre_status eagre_bind_positive(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_NULL) {
    EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_DOUBLE)));
    kind = EAGRE_TYPE_DOUBLE;
  }
  if (!eagre_type_is_numeric(kind) && !eagre_type_is_interval(kind)) {
    return eagre_bind_unexpected(bind, 0, arithmetic_types);
  }
  *out = bind->arguments[0];
  return EAGRE_OK;
}

enum eagre_status eagre_bind_abs(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_sign(bind, EAGRE_ARITHMETIC_ABSOLUTE, out);
}

/* ---- TRY ------------------------------------------------------------------------------------- */

/* The casts around the operands of `call` give NULL where they fail. */
static void make_casts_try(struct eagre_arena *arena, struct eagre_expression *call) {
  for (uint32_t i = 0; i < call->argument_count; i++) {
    if (!eagre_expression_calls(call->arguments[i], EAGRE_INTERNAL_CAST)) continue;
    struct eagre_expression *cast = eagre_arena_allocate(arena, sizeof *cast);
    *cast = *call->arguments[i];
    cast->arguments = eagre_arena_allocate(arena, sizeof *cast->arguments);
    cast->arguments[0] = call->arguments[i]->arguments[0];
    make_casts_try(arena, cast);
    eagre_expression_set_try(cast);
    call->arguments[i] = cast;
  }
}

/* The operator `name`, whose own failures give NULL. With operands that are no numbers, Spark
 * forgives what fails inside them too; here that is their casts. */
static enum eagre_status bind_try(struct eagre_bind *bind, const char *name,
                                  struct eagre_expression **out) {
  bool are_numbers = eagre_type_is_numeric(eagre_bind_kind(bind, 0)) &&
                     eagre_type_is_numeric(eagre_bind_kind(bind, 1));
  EAGRE_TRY(eagre_bind_other(bind, name, bind->arguments, bind->argument_count, out));
  if ((*out)->kind != EAGRE_EXPRESSION_CALL) return EAGRE_OK;
  if (!are_numbers) make_casts_try(bind->arena, *out);
  eagre_expression_set_try(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_try_add(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_try(bind, "+", out);
}

enum eagre_status eagre_bind_try_subtract(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_try(bind, "-", out);
}

enum eagre_status eagre_bind_try_multiply(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_try(bind, "*", out);
}

enum eagre_status eagre_bind_try_divide(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_try(bind, "/", out);
}

enum eagre_status eagre_bind_try_mod(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_try(bind, "%", out);
}

/* ---- Bits ------------------------------------------------------------------------------------ */

static enum eagre_status bind_bits(struct eagre_bind *bind, enum eagre_bitwise operation,
                                   struct eagre_expression **out) {
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INT);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    type =
        i == 0 ? bind->arguments[0]->type : eagre_bind_common(bind, type, bind->arguments[i]->type);
    if (type == NULL) return refuse_pair(bind);
  }
  if (eagre_bind_is_legacy(bind) && type->kind == EAGRE_TYPE_STRING && are_different(bind)) {
    return refuse_pair(bind);
  }
  if (type->kind == EAGRE_TYPE_NULL) type = eagre_type_of(EAGRE_TYPE_INT);
  eagre_kernel_fn *kernel = eagre_kernel_bitwise(operation, type->kind);
  if (kernel == NULL) {
    return bind->argument_count == 1 ? eagre_bind_unexpected(bind, 0, "\"INTEGRAL\"")
                                     : refuse_operand(bind, "\"INTEGRAL\"", type);
  }
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, type));
  }
  *out = eagre_bind_call(bind, type, kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_bit_and(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_bits(bind, EAGRE_BITWISE_AND, out);
}

enum eagre_status eagre_bind_bit_or(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_bits(bind, EAGRE_BITWISE_OR, out);
}

enum eagre_status eagre_bind_bit_xor(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_bits(bind, EAGRE_BITWISE_XOR, out);
}

enum eagre_status eagre_bind_bit_not(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_bits(bind, EAGRE_BITWISE_NOT, out);
}

static enum eagre_status bind_shift(struct eagre_bind *bind, enum eagre_bitwise operation,
                                    struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_BIGINT) {
    EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_INT));
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  const struct eagre_type *type = bind->arguments[0]->type;
  *out = eagre_bind_call(bind, type, eagre_kernel_bitwise(operation, type->kind));
  return EAGRE_OK;
}

enum eagre_status eagre_bind_shiftleft(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_shift(bind, EAGRE_BITWISE_SHIFT_LEFT, out);
}

enum eagre_status eagre_bind_shiftright(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_shift(bind, EAGRE_BITWISE_SHIFT_RIGHT, out);
}

enum eagre_status eagre_bind_shiftrightunsigned(struct eagre_bind *bind,
                                                struct eagre_expression **out) {
  return bind_shift(bind, EAGRE_BITWISE_SHIFT_RIGHT_UNSIGNED, out);
}

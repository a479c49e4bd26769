/* Kernels of operators, by the type of their operands; chosen by expression_bind_operator.c. */
#pragma once

#include "expression/expression_kernel.h"

struct eagre_bind;

enum eagre_arithmetic {
  EAGRE_ARITHMETIC_ADD,
  EAGRE_ARITHMETIC_SUBTRACT,
  EAGRE_ARITHMETIC_MULTIPLY,
  EAGRE_ARITHMETIC_NEGATE,
  EAGRE_ARITHMETIC_ABSOLUTE,
  EAGRE_ARITHMETIC_DIVIDE,   /* DOUBLE */
  EAGRE_ARITHMETIC_INTEGRAL, /* div, BIGINT */
  EAGRE_ARITHMETIC_REMAINDER,
  EAGRE_ARITHMETIC_MODULUS, /* pmod */
  EAGRE_ARITHMETIC_count
};
/* TINYINT .. DOUBLE (INTERVAL_DAY counts as BIGINT); NULL when there is none. ADD to ABSOLUTE are
 * in expression_arithmetic.c, DIVIDE to MODULUS in expression_divide.c. */
eagre_kernel_fn *eagre_kernel_simple_arithmetic(enum eagre_arithmetic operation,
                                                enum eagre_type_kind kind);
eagre_kernel_fn *eagre_kernel_division(enum eagre_arithmetic operation, enum eagre_type_kind kind);

/* A row, which must be live, divides by zero. */
enum eagre_status eagre_kernel_fail_zero(struct eagre_kernel_call *call, uint32_t row,
                                         enum eagre_arithmetic operation);
/* Arithmetic of DECIMAL (expression_decimal.c). Whether one of two operands is a DECIMAL and the
 * other one too, an integral or a bare NULL; then `eagre_bind_decimal_arithmetic` binds any of ADD,
 * SUBTRACT, MULTIPLY, DIVIDE to MODULUS. `..._sign`: NEGATE and ABSOLUTE of a DECIMAL. */
bool eagre_bind_is_decimal_pair(const struct eagre_bind *bind);
enum eagre_status eagre_bind_decimal_arithmetic(struct eagre_bind *bind,
                                                enum eagre_arithmetic operation,
                                                struct eagre_expression **out);
enum eagre_status eagre_bind_decimal_sign(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                          struct eagre_expression **out);
/* + - * over numbers: casts both operands to their common type. */
enum eagre_status eagre_bind_arithmetic(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                        struct eagre_expression **out);

enum eagre_bitwise {
  EAGRE_BITWISE_AND,
  EAGRE_BITWISE_OR,
  EAGRE_BITWISE_XOR,
  EAGRE_BITWISE_NOT,
  EAGRE_BITWISE_SHIFT_LEFT,
  EAGRE_BITWISE_SHIFT_RIGHT,
  EAGRE_BITWISE_SHIFT_RIGHT_UNSIGNED,
  EAGRE_BITWISE_count
};
/* TINYINT .. BIGINT; shifts INT and BIGINT. */
eagre_kernel_fn *eagre_kernel_bitwise(enum eagre_bitwise operation, enum eagre_type_kind kind);

enum eagre_comparison {
  EAGRE_COMPARISON_EQUAL,
  EAGRE_COMPARISON_UNEQUAL,
  EAGRE_COMPARISON_LESS,
  EAGRE_COMPARISON_LESS_EQUAL,
  EAGRE_COMPARISON_GREATER,
  EAGRE_COMPARISON_GREATER_EQUAL,
  EAGRE_COMPARISON_count
};
/* Every supported kind. NaN equals itself and is greater than every number. */
eagre_kernel_fn *eagre_kernel_comparison(enum eagre_comparison operation,
                                         enum eagre_type_kind kind);
/* Writes the bits of `a operation b`; nulls are not looked at (strings: any valid text there). */
void eagre_compare_vectors(enum eagre_comparison operation, const struct eagre_vector *a,
                           const struct eagre_vector *b, uint32_t row_count, uint8_t *out);
/* Whether values of the type have an order: all but MAP and what holds one. */
bool eagre_compare_is_ordered(const struct eagre_type *type);
/* As eagre_compare_rows, with NULL before all values. */
int eagre_compare_nullable_rows(const struct eagre_vector *a, uint32_t a_row,
                                const struct eagre_vector *b, uint32_t b_row);
/* Negative, zero or positive for two rows that are not null. Fields of structs that are null come
 * first. */
int eagre_compare_rows(const struct eagre_vector *a, uint32_t a_row, const struct eagre_vector *b,
                       uint32_t b_row);

/* Conditions that say how far apart two times are, as sums: what a join of streams derives from
 * b.t BETWEEN a.t AND a.t + INTERVAL 1 HOUR. As Spark: a bare number is seconds, so that
 * CAST(t AS BIGINT) + 3600 means the same as t + INTERVAL 1 HOUR, and sums are DOUBLEs. */
#include <string.h>

#include "expression/expression_tree.h"

static const double MICROS_PER_SECOND = 1e6;

static bool is_called(const struct eagre_expression *expression, const char *name,
                      uint32_t argument_count) {
  return expression->kind == EAGRE_EXPRESSION_CALL &&
         expression->argument_count == argument_count &&
         strcmp(expression->function->info.name, name) == 0;
}

static bool add_column(const struct eagre_expression *column, bool is_negative,
                       struct eagre_time_sum *sum) {
  if (column->type->kind != EAGRE_TYPE_TIMESTAMP) return false;
  if (sum->column_count == EAGRE_TIME_SUM_COLUMNS) return false;
  sum->columns[sum->column_count].column = (uint32_t)column->parameters[0];
  sum->columns[sum->column_count++].is_negative = is_negative;
  return true;
}

static bool read_literal(const struct eagre_expression *literal, double *out_us) {
  if (eagre_vector_is_null(&literal->value, 0)) return false;
  const struct eagre_vector *value = &literal->value;
  switch (literal->type->kind) {
  case EAGRE_TYPE_INTERVAL_DAY:
    *out_us = (double)*EAGRE_VALUES(int64_t, value);
    return true;
  case EAGRE_TYPE_TINYINT:
    *out_us = *EAGRE_VALUES(int8_t, value) * MICROS_PER_SECOND;
    return true;
  case EAGRE_TYPE_SMALLINT:
    *out_us = *EAGRE_VALUES(int16_t, value) * MICROS_PER_SECOND;
    return true;
  case EAGRE_TYPE_INT:
    *out_us = *EAGRE_VALUES(int32_t, value) * MICROS_PER_SECOND;
    return true;
  case EAGRE_TYPE_BIGINT:
    *out_us = (double)*EAGRE_VALUES(int64_t, value) * MICROS_PER_SECOND;
    return true;
  case EAGRE_TYPE_FLOAT:
    *out_us = (double)*EAGRE_VALUES(float, value) * MICROS_PER_SECOND;
    return true;
  case EAGRE_TYPE_DOUBLE:
    *out_us = *EAGRE_VALUES(double, value) * MICROS_PER_SECOND;
    return true;
  default:
    return false;
  }
}

static bool add_literal(const struct eagre_expression *literal, bool is_negative,
                        struct eagre_time_sum *sum) {
  double micros;
  if (!read_literal(literal, &micros)) return false;
  sum->constant_us += is_negative ? -micros : micros;
  return true;
}

static bool is_cast_to_time(const struct eagre_expression *expression) {
  if (!eagre_expression_calls(expression, EAGRE_INTERNAL_CAST)) return false;
  enum eagre_type_kind kind = expression->type->kind;
  return eagre_type_is_numeric(kind) || kind == EAGRE_TYPE_TIMESTAMP;
}

static bool add_terms(const struct eagre_expression *expression, bool is_negative,
                      struct eagre_time_sum *sum) {
  if (expression->kind == EAGRE_EXPRESSION_COLUMN) return add_column(expression, is_negative, sum);
  if (expression->kind == EAGRE_EXPRESSION_LITERAL)
    return add_literal(expression, is_negative, sum);
  if (is_cast_to_time(expression)) return add_terms(expression->arguments[0], is_negative, sum);
  if (is_called(expression, "negative", 1))
    return add_terms(expression->arguments[0], !is_negative, sum);
  bool is_difference = is_called(expression, "-", 2);
  if (!is_difference && !is_called(expression, "+", 2)) return false;
  if (eagre_expression_calls(expression, EAGRE_INTERNAL_ADD_MONTHS)) return false;
  return add_terms(expression->arguments[0], is_negative, sum) &&
         add_terms(expression->arguments[1], is_negative != is_difference, sum);
}

bool eagre_expression_time_difference(const struct eagre_expression *condition,
                                      struct eagre_time_sum *out, bool *out_is_strict) {
  bool is_less = is_called(condition, "<", 2) || is_called(condition, "<=", 2);
  bool is_greater = is_called(condition, ">", 2) || is_called(condition, ">=", 2);
  if (!is_less && !is_greater) return false;
  *out = (struct eagre_time_sum){0};
  *out_is_strict = condition->function->info.name[1] == '\0';
  return add_terms(condition->arguments[0], is_greater, out) &&
         add_terms(condition->arguments[1], is_less, out);
}

/* Rewriting of bound trees for the planner: conjuncts of a condition, and a condition moved below
 * the projection it was written above. */
#include <string.h>

#include "expression/expression_tree.h"

static bool is_call_of(const struct eagre_expression *expression, const char *name) {
  return expression->kind == EAGRE_EXPRESSION_CALL &&
         strcmp(expression->function->info.name, name) == 0;
}

uint32_t eagre_expression_split_and(struct eagre_expression *condition,
                                    struct eagre_expression **out, uint32_t count_max) {
  if (!is_call_of(condition, "and") || count_max < 2) {
    out[0] = condition;
    return 1;
  }
  uint32_t count = eagre_expression_split_and(condition->arguments[0], out, count_max - 1);
  return count +
         eagre_expression_split_and(condition->arguments[1], out + count, count_max - count);
}

bool eagre_expression_is_equality(const struct eagre_expression *expression,
                                  struct eagre_expression **out_left,
                                  struct eagre_expression **out_right, bool *out_is_null_safe) {
  *out_is_null_safe = is_call_of(expression, "<=>");
  bool is_equal = is_call_of(expression, "=") || is_call_of(expression, "==");
  if (!*out_is_null_safe && !is_equal) return false;
  *out_left = expression->arguments[0];
  *out_right = expression->arguments[1];
  return eagre_type_equal((*out_left)->type, (*out_right)->type);
}

static const struct {
  const char *name;
  enum eagre_condition_kind kind;
  enum eagre_condition_kind turned; /* with its sides exchanged */
} conditions[] = {
    {"=", EAGRE_CONDITION_EQUAL, EAGRE_CONDITION_EQUAL},
    {"==", EAGRE_CONDITION_EQUAL, EAGRE_CONDITION_EQUAL},
    {"<", EAGRE_CONDITION_LESS, EAGRE_CONDITION_GREATER},
    {"<=", EAGRE_CONDITION_LESS_OR_EQUAL, EAGRE_CONDITION_GREATER_OR_EQUAL},
    {">", EAGRE_CONDITION_GREATER, EAGRE_CONDITION_LESS},
    {">=", EAGRE_CONDITION_GREATER_OR_EQUAL, EAGRE_CONDITION_LESS_OR_EQUAL},
};

static bool read_sides(struct eagre_expression *const *sides, bool is_turned,
                       struct eagre_condition *out) {
  out->constant = sides[is_turned ? 0 : 1];
  return out->constant->is_constant &&
         eagre_expression_is_column(sides[is_turned ? 1 : 0], &out->column);
}

bool eagre_expression_read_condition(const struct eagre_expression *expression,
                                     struct eagre_condition *out) {
  *out = (struct eagre_condition){.kind = EAGRE_CONDITION_IS_NULL};
  bool is_null = is_call_of(expression, "isnull");
  if (is_null || is_call_of(expression, "isnotnull")) {
    if (!is_null) out->kind = EAGRE_CONDITION_IS_NOT_NULL;
    return eagre_expression_is_column(expression->arguments[0], &out->column);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(conditions); i++) {
    if (!is_call_of(expression, conditions[i].name)) continue;
    bool is_turned = expression->arguments[0]->is_constant;
    out->kind = is_turned ? conditions[i].turned : conditions[i].kind;
    return read_sides(expression->arguments, is_turned, out);
  }
  return false;
}

bool eagre_expression_is_deterministic(const struct eagre_expression *expression) {
  if (expression->kind == EAGRE_EXPRESSION_CALL &&
      (expression->function->flags & EAGRE_FUNCTION_VOLATILE) != 0) {
    return false;
  }
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    if (!eagre_expression_is_deterministic(expression->arguments[i])) return false;
  }
  return true;
}

bool eagre_expression_has_json(const struct eagre_expression *expression) {
  if (expression->json != NULL) return true;
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    if (eagre_expression_has_json(expression->arguments[i])) return true;
  }
  return false;
}

struct eagre_expression *eagre_expression_substitute(struct eagre_arena *arena,
                                                     const struct eagre_expression *expression,
                                                     struct eagre_expression *const *replacements) {
  if (expression->kind == EAGRE_EXPRESSION_COLUMN) {
    return replacements[expression->parameters[0]];
  }
  struct eagre_expression *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *expression;
  if (copy->argument_count == 0) return copy;
  copy->arguments = eagre_arena_allocate(arena, copy->argument_count * sizeof *copy->arguments);
  for (uint32_t i = 0; i < copy->argument_count; i++) {
    copy->arguments[i] = eagre_expression_substitute(arena, expression->arguments[i], replacements);
    copy->can_fail = copy->can_fail || copy->arguments[i]->can_fail;
    copy->is_constant = copy->is_constant && copy->arguments[i]->is_constant;
  }
  return copy;
}

/* Binders of comparison, logic and choice: = <> < <= > >= <=> BETWEEN IN, AND OR NOT, CASE IF
 * COALESCE NULLIF NVL2, greatest least, and a few that are decided while binding. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_operator.h"
#include "expression/expression_program.h"

/* ---- Comparison ------------------------------------------------------------------------------ */

/* What arguments are compared as whose common type is the DECIMAL `common`: BIGINT or DOUBLE where
 * only literals are DECIMAL and the outcome is the same, which is faster. */
static const struct eagre_type *find_faster_type(const struct eagre_bind *bind,
                                                 const struct eagre_type *common) {
  bool all_whole = true, all_short = true, has_integral = false;
  int64_t whole;
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    const struct eagre_expression *argument = bind->arguments[i];
    has_integral |= eagre_type_is_integral(argument->type->kind);
    if (!eagre_expression_is_decimal(argument)) continue;
    bool is_known =
        argument->kind == EAGRE_EXPRESSION_LITERAL && !eagre_expression_is_null(argument);
    if (!is_known) return common;
    all_whole = all_whole && eagre_coerce_decimal_is_whole(argument, &whole);
    all_short = all_short && eagre_coerce_decimal_is_short(argument);
  }
  if (!has_integral || (!all_whole && !all_short)) return common;
  return eagre_type_of(all_whole ? EAGRE_TYPE_BIGINT : EAGRE_TYPE_DOUBLE);
}

static const struct eagre_type *find_common(struct eagre_bind *bind) {
  return eagre_bind_common_of(bind, 0, bind->argument_count, 1);
}

/* Casts the arguments to one comparable type; the caller has refused when there is none. */
static enum eagre_status unify_comparable(struct eagre_bind *bind,
                                          const struct eagre_type *common) {
  if (common->kind == EAGRE_TYPE_DECIMAL) common = find_faster_type(bind, common);
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, common));
  }
  return EAGRE_OK;
}

static enum eagre_status refuse_pair(struct eagre_bind *bind) {
  return eagre_bind_mismatch(
      bind, "BINARY_OP_DIFF_TYPES",
      "the left and right operands of the binary operator have incompatible types (%s and %s).",
      eagre_expression_type_name(bind->arena, bind->arguments[0]->type),
      eagre_expression_type_name(bind->arena, bind->arguments[1]->type));
}

/* An integral literal beside a DECIMAL that is none has only its own digits. */
static enum eagre_status cast_literals(struct eagre_bind *bind) {
  for (uint32_t i = 0; i < 2; i++) {
    const struct eagre_expression *literal = bind->arguments[i];
    bool is_integral = eagre_type_is_integral(literal->type->kind);
    bool has_decimal = eagre_bind_kind(bind, 1 - i) == EAGRE_TYPE_DECIMAL;
    if (!is_integral || !has_decimal || !eagre_coerce_is_bare_literal(literal)) continue;
    EAGRE_TRY(eagre_bind_cast(bind, i, eagre_coerce_decimal_of_literal(bind->arena, literal)));
  }
  return EAGRE_OK;
}

/* Without ANSI a BOOLEAN equals the numbers 1 and 0. */
static const struct eagre_type *find_common_of_boolean(const struct eagre_bind *bind) {
  const struct eagre_type *left = bind->arguments[0]->type, *right = bind->arguments[1]->type;
  bool left_is_boolean = left->kind == EAGRE_TYPE_BOOLEAN;
  const struct eagre_type *other = left_is_boolean ? right : left;
  bool has_boolean = left_is_boolean || right->kind == EAGRE_TYPE_BOOLEAN;
  bool is_pair = has_boolean && eagre_type_is_numeric(other->kind);
  if (!eagre_bind_is_legacy(bind) || !is_pair) return NULL;
  return other;
}

static enum eagre_status unify_pair(struct eagre_bind *bind, bool is_equality) {
  EAGRE_TRY(cast_literals(bind));
  const struct eagre_type *left = bind->arguments[0]->type, *right = bind->arguments[1]->type;
  const struct eagre_type *common = is_equality ? find_common_of_boolean(bind) : NULL;
  if (common == NULL) common = eagre_bind_common_compared(bind, left, right);
  bool is_mixed = left->field_count > 0 && (eagre_coerce_mixes_texts(left, right) ||
                                            eagre_coerce_mixes_decimals(left, right));
  if (common == NULL || is_mixed) return refuse_pair(bind);
  return unify_comparable(bind, common);
}

static enum eagre_status bind_comparison(struct eagre_bind *bind, enum eagre_comparison operation,
                                         struct eagre_expression **out) {
  bool is_equality = operation == EAGRE_COMPARISON_EQUAL || operation == EAGRE_COMPARISON_UNEQUAL;
  EAGRE_TRY(unify_pair(bind, is_equality));
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind == EAGRE_TYPE_NULL) {
    *out = eagre_expression_new_null(bind->arena, type, bind->position);
    return EAGRE_OK;
  }
  eagre_kernel_fn *kernel = eagre_kernel_comparison(operation, kind);
  if (kernel == NULL || !eagre_compare_is_ordered(bind->arguments[0]->type)) {
    return eagre_bind_mismatch(bind, "INVALID_ORDERING_TYPE",
                               "The `%s` does not support ordering on type %s.",
                               bind->function->info.name,
                               eagre_expression_type_name(bind->arena, bind->arguments[0]->type));
  }
  *out = eagre_bind_call(bind, type, kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_equal(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_EQUAL, out);
}

enum eagre_status eagre_bind_unequal(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_UNEQUAL, out);
}

enum eagre_status eagre_bind_less(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_LESS, out);
}

enum eagre_status eagre_bind_less_equal(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_LESS_EQUAL, out);
}

enum eagre_status eagre_bind_greater(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_GREATER, out);
}

enum eagre_status eagre_bind_greater_equal(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_comparison(bind, EAGRE_COMPARISON_GREATER_EQUAL, out);
}

enum eagre_status eagre_bind_null_safe_equal(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  EAGRE_TRY(unify_pair(bind, true));
  EAGRE_TRY(eagre_bind_require_order(bind, bind->arguments[0]->type));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), eagre_kernel_null_safe_equal);
  return EAGRE_OK;
}

/* a <=> TRUE or FALSE, so that a may be anything that compares with a BOOLEAN. */
static enum eagre_status bind_truth(struct eagre_bind *bind, bool wanted, eagre_kernel_fn *kernel,
                                    struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_BOOLEAN) {
    *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), kernel);
    return EAGRE_OK;
  }
  struct eagre_expression *sides[] = {
      bind->arguments[0],
      eagre_expression_new_literal(bind->arena, EAGRE_TYPE_BOOLEAN, &wanted, bind->position)};
  return eagre_bind_other(bind, "<=>", sides, 2, out);
}

enum eagre_status eagre_bind_istrue(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_truth(bind, true, eagre_kernel_istrue, out);
}

enum eagre_status eagre_bind_isfalse(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_truth(bind, false, eagre_kernel_isfalse, out);
}

enum eagre_status eagre_bind_between(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *low[] = {bind->arguments[0], bind->arguments[1]};
  struct eagre_expression *high[] = {bind->arguments[0], bind->arguments[2]};
  struct eagre_expression *both[2];
  EAGRE_TRY(eagre_bind_other(bind, ">=", low, 2, &both[0]));
  EAGRE_TRY(eagre_bind_other(bind, "<=", high, 2, &both[1]));
  return eagre_bind_other(bind, "and", both, 2, out);
}

/* Above this many items a hash set is faster than one comparison after the other. */
enum { IN_COMPARISONS_MAX = 8 };

static bool are_constant_items(const struct eagre_bind *bind) {
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    const struct eagre_expression *item = bind->arguments[i];
    if (!item->is_constant || item->can_fail) return false;
  }
  return true;
}

/* A constant item that turns out well becomes a literal, which cannot fail. */
static void fold_item(struct eagre_bind *bind, uint32_t index) {
  const struct eagre_expression *item = bind->arguments[index];
  struct eagre_vector value;
  struct eagre_error ignored;
  bool is_known = item->is_constant && item->can_fail && eagre_type_width(item->type->kind) > 0;
  if (!is_known) return;
  if (eagre_expression_fold(bind->arena, item, bind->session, &value, &ignored) != EAGRE_OK) return;
  bind->arguments[index] =
      eagre_vector_is_null(&value, 0)
          ? eagre_expression_new_null(bind->arena, item->type, item->position)
          : eagre_expression_new_value(bind->arena, item->type, value.data, item->position);
}

/* More items than this are evaluated all: each is a block within another. */
enum { IN_LAZY_MAX = 32 };

static bool may_item_fail(struct eagre_bind *bind) {
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    fold_item(bind, i);
  }
  if (bind->argument_count > IN_LAZY_MAX) return false;
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    if (bind->arguments[i]->can_fail) return true;
  }
  return false;
}

/* a = x OR a = y ...: what stands behind the item that a equals is not evaluated. */
static enum eagre_status bind_in_lazily(struct eagre_bind *bind, struct eagre_expression **out) {
  for (uint32_t i = bind->argument_count - 1; i > 0; i--) {
    struct eagre_expression *sides[] = {bind->arguments[0], bind->arguments[i]};
    struct eagre_expression *both[2] = {NULL, *out};
    EAGRE_TRY(eagre_bind_other(bind, "=", sides, 2, &both[0]));
    *out = both[0];
    if (both[1] != NULL) EAGRE_TRY(eagre_bind_other(bind, "or", both, 2, out));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_in(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *common = find_common(bind);
  if (common == NULL) return eagre_bind_refuse_different(bind, 0, bind->argument_count);
  EAGRE_TRY(unify_comparable(bind, common));
  EAGRE_TRY(eagre_bind_require_order(bind, bind->arguments[0]->type));
  *out = NULL;
  if (may_item_fail(bind)) return bind_in_lazily(bind, out);
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), eagre_kernel_in);
  (*out)->parameters[0] =
      bind->argument_count - 1 > IN_COMPARISONS_MAX && common->field_count == 0 &&
      eagre_bind_kind(bind, 0) != EAGRE_TYPE_DECIMAL && are_constant_items(bind);
  return EAGRE_OK;
}

/* A text beside something else is not converted here. */
static bool mixes_texts(const struct eagre_bind *bind) {
  bool has_text = false, has_other = false;
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    has_text |= kind == EAGRE_TYPE_STRING;
    has_other |= kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL;
  }
  return has_text && has_other;
}

static enum eagre_status bind_extreme(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                      struct eagre_expression **out) {
  const struct eagre_type *type;
  if (mixes_texts(bind)) return eagre_bind_refuse_different(bind, 0, bind->argument_count);
  EAGRE_TRY(eagre_bind_unify(bind, 0, bind->argument_count, &type));
  EAGRE_TRY(eagre_bind_require_order(bind, type));
  *out = type->kind == EAGRE_TYPE_NULL
             ? eagre_expression_new_null(bind->arena, type, bind->position)
             : eagre_bind_call(bind, type, kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_greatest(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_extreme(bind, eagre_kernel_greatest, out);
}

enum eagre_status eagre_bind_least(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_extreme(bind, eagre_kernel_least, out);
}

/* ---- Logic ----------------------------------------------------------------------------------- */

static enum eagre_status bind_logic(struct eagre_bind *bind, enum eagre_lazy_kind kind,
                                    struct eagre_expression **out) {
  const struct eagre_type *boolean = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  const struct eagre_type *common = find_common(bind);
  if (common == NULL) return refuse_pair(bind);
  if (common->kind != EAGRE_TYPE_BOOLEAN && common->kind != EAGRE_TYPE_NULL) {
    return eagre_bind_mismatch(bind, "BINARY_OP_WRONG_TYPE",
                               "the binary operator requires the input type \"BOOLEAN\", not %s.",
                               eagre_expression_type_name(bind->arena, common));
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, boolean));
  EAGRE_TRY(eagre_bind_cast(bind, 1, boolean));
  *out = eagre_bind_call(bind, boolean, NULL);
  (*out)->parameters[0] = kind;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_and(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_logic(bind, EAGRE_LAZY_AND, out);
}

enum eagre_status eagre_bind_or(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_logic(bind, EAGRE_LAZY_OR, out);
}

/* ---- Choice ---------------------------------------------------------------------------------- */

static const struct eagre_type *find_value_type(struct eagre_bind *bind, bool has_else) {
  uint32_t count = bind->argument_count;
  const struct eagre_type *common = eagre_bind_common_of(bind, 1, count - has_else, 2);
  if (common == NULL || !has_else) return common;
  return eagre_bind_common(bind, common, bind->arguments[count - 1]->type);
}

static enum eagre_status refuse_values(struct eagre_bind *bind, bool has_else) {
  struct eagre_buffer types = {0};
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    bool is_value = i % 2 == 1 || (has_else && i + 1 == bind->argument_count);
    if (!is_value) continue;
    if (types.size > 0) eagre_buffer_append_string(&types, ", ");
    eagre_buffer_append_string(&types,
                               eagre_expression_type_name(bind->arena, bind->arguments[i]->type));
  }
  enum eagre_status status = eagre_bind_mismatch(
      bind, "DATA_DIFF_TYPES", "Input to `casewhen` should all be the same type, but it's [%s].",
      eagre_buffer_string(&types));
  eagre_buffer_done(&types);
  return status;
}

enum eagre_status eagre_expression_case(struct eagre_arena *arena,
                                        struct eagre_expression *const *arguments,
                                        uint32_t argument_count, bool has_else,
                                        const struct eagre_expression_session *session,
                                        struct eagre_sql_position position,
                                        struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_bind bind = {
      .arena = arena,
      .function = eagre_function_internal(EAGRE_INTERNAL_CASE),
      .arguments = eagre_arena_allocate(arena, argument_count * sizeof *bind.arguments + 1),
      .argument_count = argument_count,
      .session = session,
      .position = position,
      .error = error,
  };
  eagre_assert(argument_count >= 2 && has_else == (argument_count % 2 == 1));
  memcpy(bind.arguments, arguments, argument_count * sizeof *arguments);
  const struct eagre_type *type = find_value_type(&bind, has_else);
  if (type == NULL) return refuse_values(&bind, has_else);
  for (uint32_t i = 0; i < argument_count; i++) {
    bool is_condition = i % 2 == 0 && i + 1 < argument_count;
    if (is_condition && eagre_bind_kind(&bind, i) != EAGRE_TYPE_BOOLEAN) {
      return eagre_bind_unexpected(&bind, i, "\"BOOLEAN\"");
    }
    if (!is_condition) EAGRE_TRY(eagre_bind_cast(&bind, i, type));
  }
  *out = eagre_bind_call(&bind, type, NULL);
  (*out)->parameters[0] = EAGRE_LAZY_CASE;
  return EAGRE_OK;
}

/* CASE WHEN condition THEN value ELSE otherwise END. Unlike there, the condition may be a bare
 * NULL. */
static enum eagre_status choose(struct eagre_bind *bind, struct eagre_expression *condition,
                                struct eagre_expression *value, struct eagre_expression *otherwise,
                                struct eagre_expression **out) {
  if (condition->type->kind == EAGRE_TYPE_NULL) {
    condition = eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_BOOLEAN),
                                          condition->position);
  }
  struct eagre_expression *arguments[] = {condition, value, otherwise};
  return eagre_expression_case(bind->arena, arguments, 3, true, bind->session, bind->position, out,
                               bind->error);
}

enum eagre_status eagre_bind_if(struct eagre_bind *bind, struct eagre_expression **out) {
  return choose(bind, bind->arguments[0], bind->arguments[1], bind->arguments[2], out);
}

enum eagre_status eagre_bind_nvl2(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *condition;
  EAGRE_TRY(eagre_bind_other(bind, "isnotnull", bind->arguments, 1, &condition));
  return choose(bind, condition, bind->arguments[1], bind->arguments[2], out);
}

/* b where a is NaN; a NULL stays NULL. */
enum eagre_status eagre_bind_nanvl(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  struct eagre_expression *condition;
  for (uint32_t i = 0; i < 2; i++) {
    bool has_parts = bind->arguments[i]->type->field_count > 0;
    if (has_parts) return eagre_bind_unexpected(bind, i, "(\"DOUBLE\" or \"FLOAT\")");
  }
  EAGRE_TRY(eagre_bind_unify(bind, 0, 2, &type));
  if (type->kind != EAGRE_TYPE_FLOAT) {
    EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DOUBLE));
    EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_DOUBLE));
  }
  EAGRE_TRY(eagre_bind_other(bind, "isnan", bind->arguments, 1, &condition));
  return choose(bind, condition, bind->arguments[1], bind->arguments[0], out);
}

enum eagre_status eagre_bind_nullif(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *condition;
  struct eagre_expression *null =
      eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_NULL), bind->position);
  EAGRE_TRY(eagre_bind_other(bind, "=", bind->arguments, 2, &condition));
  return choose(bind, condition, null, bind->arguments[0], out);
}

static struct eagre_expression *make_zero(struct eagre_bind *bind) {
  const int32_t zero = 0;
  return eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &zero, bind->position);
}

/* nullif(a, 0) */
enum eagre_status eagre_bind_nullifzero(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *arguments[] = {bind->arguments[0], make_zero(bind)};
  return eagre_bind_other(bind, "nullif", arguments, 2, out);
}

/* coalesce(a, 0) */
enum eagre_status eagre_bind_zeroifnull(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *arguments[] = {bind->arguments[0], make_zero(bind)};
  return eagre_bind_other(bind, "coalesce", arguments, 2, out);
}

enum eagre_status eagre_bind_coalesce(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  EAGRE_TRY(eagre_bind_unify(bind, 0, bind->argument_count, &type));
  *out = eagre_bind_call(bind, type, NULL);
  (*out)->parameters[0] = EAGRE_LAZY_COALESCE;
  return EAGRE_OK;
}

/* ---- LIKE ANY, LIKE ALL --------------------------------------------------------------------- */

/* value LIKE pattern of arguments [low, high], joined as a balanced tree. */
static enum eagre_status join_patterns(struct eagre_bind *bind, const char *like, bool is_negated,
                                       const char *join, uint32_t low, uint32_t high,
                                       struct eagre_expression **out) {
  if (low == high) {
    struct eagre_expression *pair[] = {bind->arguments[0], bind->arguments[low]};
    EAGRE_TRY(eagre_bind_other(bind, like, pair, 2, out));
    return is_negated ? eagre_bind_other(bind, "not", out, 1, out) : EAGRE_OK;
  }
  struct eagre_expression *halves[2];
  uint32_t middle = low + (high - low) / 2;
  EAGRE_TRY(join_patterns(bind, like, is_negated, join, low, middle, &halves[0]));
  EAGRE_TRY(join_patterns(bind, like, is_negated, join, middle + 1, high, &halves[1]));
  return eagre_bind_other(bind, join, halves, 2, out);
}

/* The name of the function says all: "not ilike any". */
enum eagre_status eagre_bind_like_list(struct eagre_bind *bind, struct eagre_expression **out) {
  const char *name = bind->function->info.name;
  bool is_negated = strncmp(name, "not ", 4) == 0;
  if (is_negated) name += 4;
  const char *like = name[0] == 'i' ? "ilike" : "like";
  const char *join = strcmp(name + strlen(name) - 3, "all") == 0 ? "and" : "or";
  return join_patterns(bind, like, is_negated, join, 1, bind->argument_count - 1, out);
}

/* ---- Decided while binding ------------------------------------------------------------------- */

enum eagre_status eagre_bind_typeof(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_buffer name = {0};
  eagre_type_print_catalog(&name, bind->arguments[0]->type);
  *out = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, eagre_buffer_text(&name),
                                   bind->position);
  eagre_buffer_done(&name);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_raise_error(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_NULL), eagre_kernel_raise_error);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_assert_true(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *message, *failure;
  if (bind->argument_count == 2) {
    message = bind->arguments[1];
  } else {
    const char *sql = eagre_expression_sql(bind->arena, bind->arguments[0]);
    struct eagre_text text =
        eagre_arena_printf(bind->arena, "'%.*s' is not true!", (int)strlen(sql) - 2, sql + 1);
    message = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING, text, bind->position);
  }
  EAGRE_TRY(eagre_bind_other(bind, "raise_error", &message, 1, &failure));
  struct eagre_expression *null =
      eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_NULL), bind->position);
  return choose(bind, bind->arguments[0], null, failure, out);
}

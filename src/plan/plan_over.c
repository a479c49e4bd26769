/* f(...) OVER (...): a call becomes a function of the OVER node, which stands between what the
 * SELECT list is bound against (above GROUP BY and HAVING) and the SELECT list; in the list stands
 * a column of that node. Functions with the same PARTITION BY and ORDER BY share a window. What
 * reads the result of another function stands in a node of its own above that one's. */
#include <string.h>

#include "plan/plan_bind.h"

/* ---- Which calls ----------------------------------------------------------------------------- */

const struct eagre_sql_expression *eagre_plan_find_over(const struct eagre_sql_expression *tree) {
  if (tree == NULL || tree->kind == EAGRE_SQL_SUBQUERY) return NULL;
  if (tree->over != NULL) return tree;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_expression *found = eagre_plan_find_over(tree->arguments[i].value);
    if (found != NULL) return found;
  }
  return NULL;
}

bool eagre_plan_has_over(const struct eagre_sql_query *query) {
  for (uint32_t i = 0; i < query->item_count; i++) {
    if (eagre_plan_find_over(query->items[i].expression) != NULL) return true;
  }
  return false;
}

/* The functions that mean something over a window only. */
struct window_function {
  const char *name;
  enum eagre_over_kind kind;
  uint32_t arity_min;
  uint32_t arity_max;
  int32_t direction; /* OFFSET: 1 looks behind, -1 in front */
};
static const struct window_function window_functions[] = {
    {"cume_dist", EAGRE_OVER_CUME_DIST, 0, 0, 0},
    {"dense_rank", EAGRE_OVER_DENSE_RANK, 0, 0, 0},
    {"lag", EAGRE_OVER_OFFSET, 1, 3, -1},
    {"lead", EAGRE_OVER_OFFSET, 1, 3, 1},
    {"nth_value", EAGRE_OVER_NTH_VALUE, 2, 2, 0},
    {"ntile", EAGRE_OVER_NTILE, 0, 1, 0},
    {"percent_rank", EAGRE_OVER_PERCENT_RANK, 0, 0, 0},
    {"rank", EAGRE_OVER_RANK, 0, 0, 0},
    {"row_number", EAGRE_OVER_ROW_NUMBER, 0, 0, 0},
};

static const struct window_function *find_function(struct eagre_text name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(window_functions); i++) {
    if (eagre_text_equal_string(name, window_functions[i].name)) return &window_functions[i];
  }
  return NULL;
}

const char *eagre_over_name(const struct eagre_over_function *function) {
  if (function->kind == EAGRE_OVER_AGGREGATE) return function->aggregate.info->name;
  if (function->kind == EAGRE_OVER_OFFSET) return function->count < 0 ? "lag" : "lead";
  for (size_t i = 0; i < EAGRE_COUNT_OF(window_functions); i++) {
    if (window_functions[i].kind == function->kind) return window_functions[i].name;
  }
  return "";
}

/* ---- Windows --------------------------------------------------------------------------------- */

static const struct eagre_sql_window *find_window(const struct eagre_sql_query *query,
                                                  struct eagre_text name, uint32_t end) {
  for (uint32_t i = 0; i < end; i++) {
    if (eagre_text_equal(query->windows[i].name, name)) return &query->windows[i];
  }
  return NULL;
}

/* What OVER name means: the definition of that name, or `tree` itself. */
static enum eagre_status find_definition(const struct eagre_sql_query *query,
                                         const struct eagre_sql_over *tree,
                                         const struct eagre_sql_over **out,
                                         struct eagre_error *error) {
  *out = tree;
  if (tree->name.size == 0) return EAGRE_OK;
  const struct eagre_sql_window *window = find_window(query, tree->name, query->window_count);
  if (window == NULL) {
    return eagre_plan_fail(error, tree->position, "MISSING_WINDOW_SPECIFICATION",
                           "Window specification is not defined in the WINDOW clause for `%.*s`.",
                           (int)tree->name.size, tree->name.data);
  }
  *out = &window->over;
  if (window->over.name.size > 0)
    *out = &find_window(query, window->over.name, query->window_count)->over;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_check_windows(const struct eagre_sql_query *query,
                                           struct eagre_error *error) {
  for (uint32_t i = 0; i < query->window_count; i++) {
    const struct eagre_sql_window *window = &query->windows[i];
    const struct eagre_text name = window->name, meant = window->over.name;
    if (find_window(query, name, i) != NULL) {
      return eagre_plan_fail(
          error, window->position, "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION",
          "The definition of window `%.*s` is repetitive.", (int)name.size, name.data);
    }
    if (meant.size == 0) continue;
    const struct eagre_sql_window *other = find_window(query, meant, query->window_count);
    if (other != NULL && other->over.name.size == 0) continue;
    return eagre_plan_fail(error, window->over.position,
                           other == NULL ? "INVALID_SQL_SYNTAX.UNRESOLVED_WINDOW_REFERENCE"
                                         : "INVALID_SQL_SYNTAX.INVALID_WINDOW_REFERENCE",
                           other == NULL ? "Cannot resolve window reference `%.*s`."
                                         : "Window reference `%.*s` is not a window specification.",
                           (int)meant.size, meant.data);
  }
  return EAGRE_OK;
}

static enum eagre_status bind_partition(struct plan_binder *binder, const struct plan_scope *scope,
                                        const struct eagre_sql_over *tree,
                                        struct eagre_over_window *window,
                                        struct eagre_error *error) {
  uint32_t count = tree->partition_by_count;
  window->partition_by = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  window->partition_by_count = count;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_sql_expression *each = tree->partition_by[i];
    EAGRE_TRY(eagre_plan_bind_expression(binder, scope, each, &window->partition_by[i], error));
    if (eagre_expression_is_ordered(eagre_expression_type(window->partition_by[i]))) continue;
    return eagre_plan_fail(error, each->position, "EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                           "PARTITION BY \"%.*s\": a MAP or VARIANT has no order.",
                           (int)each->source.size, each->source.data);
  }
  return EAGRE_OK;
}

static enum eagre_status bind_order(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_over *tree,
                                    struct eagre_over_window *window, struct eagre_error *error) {
  uint32_t count = tree->order_by_count;
  window->sort_keys =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *window->sort_keys * (count + 1));
  window->sort_key_count = count;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_sql_order_item *item = &tree->order_by[i];
    struct eagre_plan_sort_key *key = &window->sort_keys[i];
    key->is_descending = item->is_descending;
    key->nulls_first = item->nulls_first;
    EAGRE_TRY(eagre_plan_bind_expression(binder, scope, item->expression, &key->expression, error));
    if (eagre_expression_is_ordered(eagre_expression_type(key->expression))) continue;
    return eagre_plan_fail(error, item->expression->position,
                           "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                           "ORDER BY \"%.*s\": a map has no order.",
                           (int)item->expression->source.size, item->expression->source.data);
  }
  window->is_by_event_time =
      count > 0 && scope->aggregation == NULL &&
      eagre_plan_is_event_time(scope->relation, window->sort_keys[0].expression);
  return EAGRE_OK;
}

static bool are_equal_windows(const struct eagre_over_window *a,
                              const struct eagre_over_window *b) {
  if (a->partition_by_count != b->partition_by_count || a->sort_key_count != b->sort_key_count)
    return false;
  for (uint32_t i = 0; i < a->partition_by_count; i++) {
    if (!eagre_expression_equal(a->partition_by[i], b->partition_by[i])) return false;
  }
  for (uint32_t i = 0; i < a->sort_key_count; i++) {
    const struct eagre_plan_sort_key *left = &a->sort_keys[i], *right = &b->sort_keys[i];
    bool is_equal = left->is_descending == right->is_descending &&
                    left->nulls_first == right->nulls_first &&
                    eagre_expression_equal(left->expression, right->expression);
    if (!is_equal) return false;
  }
  return true;
}

/* Room for one more of `count` items. */
static void *grow(struct plan_binder *binder, void *items, size_t item_size, uint32_t count,
                  uint32_t *inout_capacity) {
  if (count < *inout_capacity) return items;
  *inout_capacity = *inout_capacity == 0 ? 4 : *inout_capacity * 2;
  void *grown = eagre_arena_allocate_zeroed(binder->arena, item_size * *inout_capacity);
  if (count > 0) memcpy(grown, items, item_size * count);
  return grown;
}

/* Index of an equal window, or of a new one. */
static uint32_t add_window(struct plan_binder *binder, struct plan_overs *overs,
                           const struct eagre_over_window *window) {
  for (uint32_t i = 0; i < overs->window_count; i++) {
    if (are_equal_windows(&overs->windows[i], window)) return i;
  }
  overs->windows =
      grow(binder, overs->windows, sizeof *window, overs->window_count, &overs->window_capacity);
  overs->windows[overs->window_count] = *window;
  return overs->window_count++;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static enum eagre_status check_arity(const struct eagre_sql_expression *tree,
                                     const struct window_function *known,
                                     struct eagre_error *error) {
  uint32_t count = tree->argument_count;
  if (count >= known->arity_min && count <= known->arity_max) return EAGRE_OK;
  if (known->arity_max == 0 && count > 0) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `%s` requires 0 parameters but the actual number is %u.",
                           known->name, count);
  }
  return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                         "The `%s` requires [%u, %u] parameters but the actual number is %u.",
                         known->name, known->arity_min, known->arity_max, count);
}

static enum eagre_status refuse_argument(const struct eagre_sql_expression *call, uint32_t index,
                                         const char *class_name, const char *what,
                                         struct eagre_error *error) {
  const struct eagre_sql_expression *argument = call->arguments[index].value;
  return eagre_plan_fail(
      error, argument->position, class_name,
      "Cannot resolve \"%.*s\" due to data type mismatch: argument %u, \"%.*s\", %s.",
      (int)call->source.size, call->source.data, index + 1, (int)argument->source.size,
      argument->source.data, what);
}

/* The whole number at argument `index`. */
static enum eagre_status read_count(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree, uint32_t index,
                                    bool *out_is_null, int64_t *out, struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INT);
  struct eagre_expression *value = NULL;
  struct eagre_vector folded;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[index].value, &value, error));
  bool is_exact = eagre_text_equal_string(tree->function, "ntile");
  if (is_exact && !eagre_type_equal(eagre_expression_type(value), type)) {
    return refuse_argument(tree, index, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "must be an INT",
                           error);
  }
  EAGRE_TRY(
      eagre_expression_coerce(binder->arena, value, type, session, tree->position, &value, error));
  if (!eagre_expression_is_constant(value)) {
    return refuse_argument(tree, index, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                           "must be a constant", error);
  }
  EAGRE_TRY(eagre_expression_fold(binder->arena, value, session, &folded, error));
  *out_is_null = eagre_vector_is_null(&folded, 0);
  *out = *out_is_null ? 0 : EAGRE_VALUES(int32_t, &folded)[0];
  return EAGRE_OK;
}

/* lead(value[, rows[, fallback]]) */
static enum eagre_status bind_offset(struct plan_binder *binder, const struct plan_scope *scope,
                                     const struct eagre_sql_expression *tree, int32_t direction,
                                     struct eagre_over_function *function,
                                     struct eagre_error *error) {
  int64_t rows = 1;
  bool is_null = false;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, &function->argument,
                                       error));
  function->result_type = eagre_expression_type(function->argument);
  if (tree->argument_count > 1)
    EAGRE_TRY(read_count(binder, scope, tree, 1, &is_null, &rows, error));
  if (is_null) {
    return refuse_argument(tree, 1, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "must not be NULL", error);
  }
  function->count = rows * direction;
  if (tree->argument_count < 3) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[2].value, &function->fallback,
                                       error));
  return eagre_expression_coerce(binder->arena, function->fallback, function->result_type,
                                 &binder->pipeline->expression_session, tree->position,
                                 &function->fallback, error);
}

/* nth_value(value, n), ntile([n]): n >= 1. */
static enum eagre_status bind_count(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree, uint32_t index,
                                    struct eagre_over_function *function,
                                    struct eagre_error *error) {
  bool is_null = false;
  function->count = 1;
  if (tree->argument_count <= index) return EAGRE_OK;
  EAGRE_TRY(read_count(binder, scope, tree, index, &is_null, &function->count, error));
  if (!is_null && function->count > 0) return EAGRE_OK;
  return refuse_argument(tree, index, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "must be at least 1",
                         error);
}

static const struct eagre_type *type_of_rank(enum eagre_over_kind kind) {
  bool is_share = kind == EAGRE_OVER_PERCENT_RANK || kind == EAGRE_OVER_CUME_DIST;
  return eagre_type_of(is_share ? EAGRE_TYPE_DOUBLE : EAGRE_TYPE_INT);
}

/* ---- Functions ------------------------------------------------------------------------------- */

static enum eagre_status check_window_call(const struct eagre_sql_expression *tree,
                                           const struct window_function *known,
                                           struct eagre_error *error) {
  if (tree->filter == NULL && !tree->is_distinct && tree->within_group_count == 0)
    return check_arity(tree, known, error);
  return eagre_plan_fail(error, tree->position,
                         "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                         "The function `%s` does not support %s.", known->name,
                         tree->is_distinct      ? "DISTINCT"
                         : tree->filter != NULL ? "FILTER"
                                                : "WITHIN GROUP");
}

static enum eagre_status
bind_window_function(struct plan_binder *binder, const struct plan_scope *scope,
                     const struct eagre_sql_expression *tree, const struct window_function *known,
                     struct eagre_over_function *function, struct eagre_error *error) {
  EAGRE_TRY(check_window_call(tree, known, error));
  function->kind = known->kind;
  function->result_type = type_of_rank(known->kind);
  function->ignores_nulls = tree->ignores_nulls;
  switch (known->kind) {
  case EAGRE_OVER_OFFSET:
    return bind_offset(binder, scope, tree, known->direction, function, error);
  case EAGRE_OVER_NTILE:
    return bind_count(binder, scope, tree, 0, function, error);
  case EAGRE_OVER_NTH_VALUE:
    EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value,
                                         &function->argument, error));
    function->result_type = eagre_expression_type(function->argument);
    return bind_count(binder, scope, tree, 1, function, error);
  default:
    return EAGRE_OK;
  }
}

static enum eagre_status bind_aggregate(struct plan_binder *binder, const struct plan_scope *scope,
                                        const struct eagre_sql_expression *tree,
                                        const struct eagre_sql_over *definition,
                                        struct eagre_over_function *function,
                                        struct eagre_error *error) {
  if (tree->is_distinct) {
    return eagre_plan_fail(error, tree->position, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
                           "Distinct window functions are not supported: \"%.*s\".",
                           (int)tree->source.size, tree->source.data);
  }
  if (tree->within_group_count > 0 && (definition->order_by_count > 0 || definition->has_frame)) {
    return eagre_plan_fail(error, tree->position, "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC",
                           "Cannot specify ORDER BY or a window frame for `%.*s`.",
                           (int)tree->function.size, tree->function.data);
  }
  function->kind = EAGRE_OVER_AGGREGATE;
  EAGRE_TRY(eagre_plan_bind_aggregate(binder, scope, tree, &function->aggregate,
                                      &function->argument, error));
  function->result_type = function->aggregate.result_type;
  return EAGRE_OK;
}

static enum eagre_status bind_function(struct plan_binder *binder, const struct plan_scope *scope,
                                       const struct eagre_sql_expression *tree,
                                       const struct eagre_sql_over *definition,
                                       struct eagre_over_function *function,
                                       struct eagre_error *error) {
  const struct window_function *known = find_function(tree->function);
  if (known != NULL) return bind_window_function(binder, scope, tree, known, function, error);
  if (eagre_function_is_aggregate(tree->function))
    return bind_aggregate(binder, scope, tree, definition, function, error);
  if (!eagre_function_exists(tree->function)) {
    struct eagre_expression *ignored = NULL;
    return eagre_expression_call(binder->arena, tree->function, NULL, 0,
                                 &binder->pipeline->expression_session, tree->position, &ignored,
                                 error);
  }
  return eagre_plan_fail(error, tree->position, "UNSUPPORTED_EXPR_FOR_WINDOW",
                         "Expression \"%.*s\" not supported within a window function.",
                         (int)tree->source.size, tree->source.data);
}

static bool are_equal_expressions(const struct eagre_expression *a,
                                  const struct eagre_expression *b) {
  return a == b || (a != NULL && b != NULL && eagre_expression_equal(a, b));
}

static bool are_equal_edges(const struct eagre_over_edge *a, const struct eagre_over_edge *b) {
  return a->kind == b->kind && a->rows == b->rows && are_equal_expressions(a->limit, b->limit);
}

static bool are_equal_functions(const struct eagre_over_function *a,
                                const struct eagre_over_function *b) {
  bool has_equal_frame =
      are_equal_edges(&a->lower, &b->lower) && are_equal_edges(&a->upper, &b->upper);
  bool has_equal_aggregate =
      a->kind != EAGRE_OVER_AGGREGATE || eagre_aggregate_equal(&a->aggregate, &b->aggregate);
  return a->kind == b->kind && a->window == b->window && a->count == b->count &&
         a->ignores_nulls == b->ignores_nulls && has_equal_frame &&
         are_equal_expressions(a->argument, b->argument) &&
         are_equal_expressions(a->fallback, b->fallback) && has_equal_aggregate;
}

/* What a function reads: its own expressions, then those of its window. */
static void mark_columns(const struct eagre_over_function *function,
                         const struct eagre_over_window *window, bool *used) {
  const struct eagre_expression *const read[] = {function->argument, function->fallback,
                                                 function->lower.limit, function->upper.limit};
  for (size_t i = 0; i < EAGRE_COUNT_OF(read); i++) {
    if (read[i] != NULL) eagre_expression_mark_columns(read[i], used);
  }
  for (uint32_t i = 0; i < window->partition_by_count; i++) {
    eagre_expression_mark_columns(window->partition_by[i], used);
  }
  for (uint32_t i = 0; i < window->sort_key_count; i++) {
    eagre_expression_mark_columns(window->sort_keys[i].expression, used);
  }
}

static uint32_t level_of(const struct plan_overs *overs,
                         const struct eagre_over_function *function) {
  uint32_t first = overs->first_column, level = 0;
  bool *used = eagre_allocate_zeroed(first + overs->function_count + 1, sizeof *used);
  mark_columns(function, &overs->windows[function->window], used);
  for (uint32_t i = 0; i < overs->function_count; i++) {
    if (used[first + i] && overs->levels[i] >= level) level = overs->levels[i] + 1;
  }
  eagre_free(used);
  return level;
}

static uint32_t add_function(struct plan_binder *binder, struct plan_overs *overs,
                             const struct eagre_over_function *function) {
  for (uint32_t i = 0; i < overs->function_count; i++) {
    if (are_equal_functions(&overs->functions[i], function)) return i;
  }
  uint32_t level = level_of(overs, function), capacity = overs->function_capacity;
  overs->levels =
      grow(binder, overs->levels, sizeof *overs->levels, overs->function_count, &capacity);
  overs->functions = grow(binder, overs->functions, sizeof *function, overs->function_count,
                          &overs->function_capacity);
  overs->levels[overs->function_count] = level;
  overs->functions[overs->function_count] = *function;
  return overs->function_count++;
}

/* ---- The call -------------------------------------------------------------------------------- */

static const char *class_of_refusal(const char *place) {
  bool is_clause = place != NULL && (strcmp(place, "WHERE") == 0 || strcmp(place, "HAVING") == 0);
  if (is_clause) return "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE";
  bool is_aggregate = place != NULL && strcmp(place, "an aggregate's argument") == 0;
  return is_aggregate ? "_LEGACY_ERROR_TEMP_1031" : "UNSUPPORTED_EXPR_FOR_OPERATOR";
}

static enum eagre_status check_place(const struct plan_scope *scope,
                                     const struct eagre_sql_expression *tree,
                                     struct eagre_error *error) {
  if (scope->overs != NULL) return EAGRE_OK;
  const char *place = scope->over_refusal != NULL ? scope->over_refusal : scope->aggregate_refusal;
  eagre_plan_fail(error, tree->position, class_of_refusal(place),
                  "It is not allowed to use the window function \"%.*s\" in %s.",
                  (int)tree->source.size, tree->source.data, place == NULL ? "this place" : place);
  eagre_error_hint(error, "compute it in a subquery in FROM and use its column here");
  return EAGRE_USAGE;
}

/* A call bound, but not yet part of the node. */
struct over_call {
  struct eagre_over_window window;
  struct eagre_over_function function;
};

static enum eagre_status bind_call(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   const struct eagre_sql_over *definition, struct over_call *out,
                                   struct eagre_error *error) {
  out->function.position = tree->position;
  EAGRE_TRY(bind_partition(binder, scope, definition, &out->window, error));
  EAGRE_TRY(bind_order(binder, scope, definition, &out->window, error));
  EAGRE_TRY(bind_function(binder, scope, tree, definition, &out->function, error));
  return eagre_plan_bind_frame(binder, definition, &out->window, &out->function, error);
}

/* Whether the call can be bound when names of earlier items are known, too. */
static bool reads_alias(struct plan_binder *binder, const struct plan_scope *inside,
                        const struct plan_scope *scope, const struct eagre_sql_expression *tree,
                        const struct eagre_sql_over *definition) {
  struct over_call ignored = {0};
  struct eagre_error ignored_error;
  struct plan_scope with_aliases = *inside;
  with_aliases.aliases = scope->aliases;
  return scope->aliases != NULL &&
         bind_call(binder, &with_aliases, tree, definition, &ignored, &ignored_error) == EAGRE_OK;
}

enum eagre_status eagre_plan_bind_over(struct plan_binder *binder, const struct plan_scope *scope,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_expression **out, struct eagre_error *error) {
  EAGRE_TRY(check_place(scope, tree, error));
  struct plan_overs *overs = scope->overs;
  struct plan_scope inside = *scope;
  inside.aliases = NULL;
  const struct eagre_sql_over *definition = NULL;
  struct over_call call = {0};
  EAGRE_TRY(find_definition(overs->query, tree->over, &definition, error));
  enum eagre_status status = bind_call(binder, &inside, tree, definition, &call, error);
  if (status != EAGRE_OK) {
    if (!reads_alias(binder, &inside, scope, tree, definition)) return status;
    return eagre_plan_fail(error, tree->position,
                           "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW",
                           "Referencing a lateral column alias in the window expression \"%.*s\" "
                           "is not supported.",
                           (int)tree->source.size, tree->source.data);
  }
  call.function.window = add_window(binder, overs, &call.window);
  uint32_t index = add_function(binder, overs, &call.function);
  *out = eagre_expression_column(binder->arena, overs->first_column + index,
                                 call.function.result_type, tree->position);
  return EAGRE_OK;
}

/* ---- The nodes ------------------------------------------------------------------------------- */

/* Puts a node of the functions of one level, without windows yet, on top. */
static struct eagre_plan_node *new_node(struct plan_binder *binder, struct plan_relation *relation,
                                        const struct plan_overs *overs, uint32_t level,
                                        struct eagre_sql_position position) {
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_OVER, relation->node, position);
  const struct eagre_type *input = relation->node->output;
  uint32_t capacity = input->field_count + overs->function_count;
  struct eagre_field *fields =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *fields * capacity);
  if (input->field_count > 0) memcpy(fields, input->fields, sizeof *fields * input->field_count);
  node->functions =
      eagre_arena_allocate(binder->arena, sizeof *node->functions * overs->function_count);
  for (uint32_t i = 0; i < overs->function_count; i++) {
    const struct eagre_over_function *function = &overs->functions[i];
    if (overs->levels[i] != level) continue;
    fields[input->field_count + node->function_count] = (struct eagre_field){
        eagre_arena_printf(binder->arena, "%s#%u", eagre_over_name(function), i),
        function->result_type, true};
    node->functions[node->function_count++] = *function;
  }
  node->output =
      eagre_type_struct(binder->arena, fields, input->field_count + node->function_count);
  for (uint32_t i = 0; i < relation->column_count; i++) {
    if (node->event_time < 0 && relation->columns[i].is_event_time) node->event_time = (int32_t)i;
  }
  relation->node = node;
  return node;
}

static void remap(struct plan_binder *binder, struct eagre_expression **expression,
                  const uint32_t *map) {
  if (*expression != NULL) *expression = eagre_expression_remap(binder->arena, *expression, map);
}

/* A copy of a window whose column i is column map[i]. */
static struct eagre_over_window remap_window(struct plan_binder *binder,
                                             const struct eagre_over_window *window,
                                             const uint32_t *map) {
  struct eagre_over_window out = *window;
  size_t partition_size = sizeof(void *) * (window->partition_by_count + 1);
  size_t order_size = sizeof *out.sort_keys * (window->sort_key_count + 1);
  out.partition_by = eagre_arena_allocate_zeroed(binder->arena, partition_size);
  out.sort_keys = eagre_arena_allocate_zeroed(binder->arena, order_size);
  for (uint32_t i = 0; i < window->partition_by_count; i++) {
    out.partition_by[i] = window->partition_by[i];
    remap(binder, &out.partition_by[i], map);
  }
  for (uint32_t i = 0; i < window->sort_key_count; i++) {
    out.sort_keys[i] = window->sort_keys[i];
    remap(binder, &out.sort_keys[i].expression, map);
  }
  return out;
}

/* Gives the functions of a node their windows, and everything its places in the node's input. */
static void place_functions(struct plan_binder *binder, const struct plan_overs *overs,
                            struct eagre_plan_node *node, const uint32_t *map) {
  struct plan_overs own = {0};
  for (uint32_t i = 0; i < node->function_count; i++) {
    struct eagre_over_function *function = &node->functions[i];
    const struct eagre_over_window window =
        remap_window(binder, &overs->windows[function->window], map);
    function->window = add_window(binder, &own, &window);
    remap(binder, &function->argument, map);
    remap(binder, &function->fallback, map);
    remap(binder, &function->lower.limit, map);
    remap(binder, &function->upper.limit, map);
  }
  node->windows = own.windows;
  node->window_count = own.window_count;
}

/* The columns in the order in which they were bound. */
static void add_order(struct plan_binder *binder, struct plan_relation *relation,
                      const uint32_t *map, struct eagre_sql_position position) {
  const struct eagre_type *input = relation->node->output;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, relation->node, position);
  struct eagre_field *fields =
      eagre_arena_allocate(binder->arena, sizeof *fields * input->field_count);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * input->field_count);
  node->expression_count = input->field_count;
  for (uint32_t i = 0; i < input->field_count; i++) {
    fields[i] = input->fields[map[i]];
    node->expressions[i] = eagre_expression_column(binder->arena, map[i], fields[i].type, position);
  }
  node->output = eagre_type_struct(binder->arena, fields, input->field_count);
  relation->node = node;
}

void eagre_plan_add_over(struct plan_binder *binder, struct plan_relation *relation,
                         const struct plan_overs *overs, struct eagre_sql_position position) {
  uint32_t first = overs->first_column, level_count = 0;
  uint32_t *map =
      eagre_arena_allocate(binder->arena, sizeof *map * (first + overs->function_count + 1));
  for (uint32_t i = 0; i < first + overs->function_count; i++) {
    map[i] = i;
  }
  for (uint32_t i = 0; i < overs->function_count; i++) {
    if (overs->levels[i] >= level_count) level_count = overs->levels[i] + 1;
  }
  eagre_assert(level_count == 0 || relation->node->output->field_count == first);
  for (uint32_t level = 0; level < level_count; level++) {
    uint32_t place = relation->node->output->field_count;
    struct eagre_plan_node *node = new_node(binder, relation, overs, level, position);
    place_functions(binder, overs, node, map);
    for (uint32_t i = 0; i < overs->function_count; i++) {
      if (overs->levels[i] == level) map[first + i] = place++;
    }
  }
  if (level_count > 1) add_order(binder, relation, map, position);
}

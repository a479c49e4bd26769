/* GROUPING SETS, ROLLUP and CUBE: every row leaves once for each set, with the grouping expressions
 * that are not in the set replaced by NULL and a number that tells sets apart, and is then grouped
 * by all of these. Aggregates read the columns of the row as they were.
 *
 *   GROUP BY ROLLUP (a, b)  ->  Aggregate by key1, key2, id
 *                                 Generate array((a, b, 0), (a, NULL, 1), (NULL, NULL, 3))
 *
 * The number is grouping_id(): one bit per expression, the last one lowest, set where the
 * expression is not in the set. When two sets are equal, their place is a key, too. */
#include <string.h>

#include "plan/plan_bind.h"

enum { SET_COUNT_MAX = 4096, EXPRESSION_COUNT_MAX = 64 };

/* Sets of expressions, as bits by number of the expression. */
struct set_list {
  uint64_t *sets;
  uint32_t count;
};

static enum eagre_status fail_size(struct eagre_sql_position position, struct eagre_error *error) {
  return eagre_plan_fail(error, position, "GROUPING_SIZE_LIMIT_EXCEEDED",
                         "Grouping sets size cannot be greater than %d expressions or %d sets.",
                         EXPRESSION_COUNT_MAX, SET_COUNT_MAX);
}

static struct set_list new_list(struct plan_binder *binder) {
  return (struct set_list){eagre_arena_allocate(binder->arena, sizeof(uint64_t) * SET_COUNT_MAX),
                           0};
}

/* ---- Which sets ------------------------------------------------------------------------------ */

/* `numbers`: of the query's grouping expressions, equal ones having one. */
static uint64_t bits_of(const struct eagre_sql_grouping *set, const uint32_t *numbers) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < set->item_count; i++) {
    bits |= (uint64_t)1 << numbers[set->items[i]];
  }
  return bits;
}

static enum eagre_status add_set(struct set_list *list, uint64_t set,
                                 struct eagre_sql_position position, struct eagre_error *error) {
  if (list->count == SET_COUNT_MAX) return fail_size(position, error);
  list->sets[list->count++] = set;
  return EAGRE_OK;
}

static uint64_t join_elements(const struct eagre_sql_grouping *grouping, const uint32_t *numbers,
                              uint64_t chosen) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < grouping->element_count; i++) {
    if ((chosen >> i) & 1) bits |= bits_of(&grouping->elements[i], numbers);
  }
  return bits;
}

/* (a, b), (a), () */
static enum eagre_status list_rollup(const struct eagre_sql_grouping *grouping,
                                     const uint32_t *numbers, struct set_list *out,
                                     struct eagre_error *error) {
  if (grouping->element_count > EXPRESSION_COUNT_MAX - 1)
    return fail_size(grouping->position, error);
  for (uint32_t count = grouping->element_count + 1; count-- > 0;) {
    uint64_t chosen = ((uint64_t)1 << count) - 1;
    EAGRE_TRY(add_set(out, join_elements(grouping, numbers, chosen), grouping->position, error));
  }
  return EAGRE_OK;
}

/* (a, b), (a), (b), () */
static enum eagre_status list_cube(const struct eagre_sql_grouping *grouping,
                                   const uint32_t *numbers, struct set_list *out,
                                   struct eagre_error *error) {
  if (grouping->element_count > 12) return fail_size(grouping->position, error);
  for (uint64_t chosen = (uint64_t)1 << grouping->element_count; chosen-- > 0;) {
    EAGRE_TRY(add_set(out, join_elements(grouping, numbers, chosen), grouping->position, error));
  }
  return EAGRE_OK;
}

static enum eagre_status list_sets(const struct eagre_sql_grouping *grouping,
                                   const uint32_t *numbers, struct set_list *out,
                                   struct eagre_error *error) {
  switch (grouping->kind) {
  case EAGRE_SQL_GROUPING_SET:
    return add_set(out, bits_of(grouping, numbers), grouping->position, error);
  case EAGRE_SQL_GROUPING_ROLLUP:
    return list_rollup(grouping, numbers, out, error);
  case EAGRE_SQL_GROUPING_CUBE:
    return list_cube(grouping, numbers, out, error);
  case EAGRE_SQL_GROUPING_SETS:
    break;
  }
  for (uint32_t i = 0; i < grouping->element_count; i++) {
    EAGRE_TRY(list_sets(&grouping->elements[i], numbers, out, error));
  }
  return EAGRE_OK;
}

/* The product of all elements of GROUP BY. */
static enum eagre_status list_product(struct plan_binder *binder,
                                      const struct eagre_sql_query *query, const uint32_t *numbers,
                                      struct set_list *out, struct eagre_error *error) {
  *out = new_list(binder);
  out->sets[out->count++] = 0;
  for (uint32_t i = 0; i < query->grouping_count; i++) {
    const struct eagre_sql_grouping *each = &query->groupings[i];
    struct set_list own = new_list(binder), product = new_list(binder);
    EAGRE_TRY(list_sets(each, numbers, &own, error));
    for (uint32_t left = 0; left < out->count; left++) {
      for (uint32_t right = 0; right < own.count; right++) {
        EAGRE_TRY(add_set(&product, out->sets[left] | own.sets[right], each->position, error));
      }
    }
    *out = product;
  }
  return EAGRE_OK;
}

static bool has_equal_sets(const struct set_list *list) {
  for (uint32_t i = 0; i < list->count; i++) {
    for (uint32_t j = 0; j < i; j++) {
      if (list->sets[i] == list->sets[j]) return true;
    }
  }
  return false;
}

/* ---- The rows of a set ----------------------------------------------------------------------- */

static struct eagre_expression *new_integer(struct plan_binder *binder, uint64_t value,
                                            struct eagre_sql_position position) {
  const struct eagre_sql_expression tree = {
      .kind = EAGRE_SQL_LITERAL,
      .literal = EAGRE_SQL_LITERAL_INTEGER,
      .type_kind = EAGRE_TYPE_BIGINT,
      .text = eagre_arena_printf(binder->arena, "%lld", (long long)value),
      .position = position};
  struct eagre_expression *literal = NULL;
  struct eagre_error error;
  enum eagre_status status = eagre_expression_literal(
      binder->arena, &tree, &binder->pipeline->expression_session, &literal, &error);
  eagre_assert(status == EAGRE_OK);
  return literal;
}

/* grouping_id() of a set of `count` expressions. */
static uint64_t id_of(uint64_t set, uint32_t count) {
  uint64_t id = 0;
  for (uint32_t i = 0; i < count; i++) {
    id = id << 1 | !((set >> i) & 1);
  }
  return id;
}

struct expansion {
  struct eagre_expression *const *expressions; /* the grouping expressions */
  uint32_t count;
  struct set_list sets;
  struct eagre_text *names; /* of the columns that are made: expressions, id, place */
  uint32_t column_count;
  struct eagre_sql_position position;
};

/* (a, NULL, 1): what the row of one set has. */
static struct eagre_expression *make_row(struct plan_binder *binder,
                                         const struct expansion *expansion, uint32_t place) {
  uint64_t set = expansion->sets.sets[place];
  struct eagre_expression **values =
      eagre_arena_allocate(binder->arena, sizeof(void *) * expansion->column_count);
  for (uint32_t i = 0; i < expansion->count; i++) {
    struct eagre_expression *value = expansion->expressions[i];
    bool is_in = (set >> i) & 1;
    values[i] = is_in ? value : eagre_plan_null(binder, eagre_expression_type(value));
  }
  values[expansion->count] = new_integer(binder, id_of(set, expansion->count), expansion->position);
  if (expansion->column_count > expansion->count + 1)
    values[expansion->count + 1] = new_integer(binder, place, expansion->position);
  return eagre_expression_struct(binder->arena, values, expansion->names, expansion->column_count,
                                 expansion->position);
}

static enum eagre_status make_rows(struct plan_binder *binder, const struct expansion *expansion,
                                   struct eagre_expression **out, struct eagre_error *error) {
  uint32_t count = expansion->sets.count;
  struct eagre_expression **rows = eagre_arena_allocate(binder->arena, sizeof(void *) * count);
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = make_row(binder, expansion, i);
  }
  return eagre_expression_call(binder->arena, EAGRE_TEXT("array"), rows, count,
                               &binder->pipeline->expression_session, expansion->position, out,
                               error);
}

/* Puts the GENERATE node on top; its columns are hidden, but carry what the expressions carry. */
static void add_columns(struct plan_binder *binder, const struct expansion *expansion,
                        struct eagre_expression *rows, const struct plan_column *carried,
                        struct plan_relation *relation) {
  const struct eagre_type *row = eagre_expression_type(rows)->fields[0].type;
  uint32_t before = relation->column_count;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_GENERATE, relation->node, expansion->position);
  struct plan_column *columns = eagre_arena_allocate_zeroed(
      binder->arena, sizeof *columns * (before + expansion->column_count));
  if (before > 0) memcpy(columns, relation->columns, sizeof *columns * before);
  for (uint32_t i = 0; i < expansion->column_count; i++) {
    if (i < expansion->count) columns[before + i] = carried[i];
    columns[before + i].qualifier = EAGRE_TEXT("");
    columns[before + i].name = expansion->names[i];
    columns[before + i].type = row->fields[i].type;
    columns[before + i].is_hidden = true;
  }
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = rows;
  node->expression_count = 1;
  node->spreads_struct = true;
  relation->node = node;
  relation->columns = columns;
  relation->column_count = before + expansion->column_count;
  eagre_plan_relation_seal(binder, relation);
}

static void name_columns(struct plan_binder *binder, struct expansion *expansion) {
  uint32_t count = expansion->count;
  expansion->names = eagre_arena_allocate(binder->arena, sizeof(struct eagre_text) * (count + 2));
  for (uint32_t i = 0; i < count; i++) {
    expansion->names[i] = eagre_arena_printf(binder->arena, "key%u", i + 1);
  }
  expansion->names[count] = EAGRE_TEXT("grouping_id");
  expansion->names[count + 1] = EAGRE_TEXT("grouping_place");
}

enum eagre_status eagre_plan_expand_groups(struct plan_binder *binder,
                                           const struct eagre_sql_query *query,
                                           const uint32_t *numbers, struct plan_relation *relation,
                                           struct plan_aggregation *aggregation,
                                           struct plan_column *columns, struct eagre_error *error) {
  struct expansion expansion = {.expressions = aggregation->keys,
                                .count = aggregation->key_count,
                                .position = query->groupings[0].position};
  if (expansion.count > EXPRESSION_COUNT_MAX) return fail_size(expansion.position, error);
  EAGRE_TRY(list_product(binder, query, numbers, &expansion.sets, error));
  aggregation->is_expanded = true;
  aggregation->written_keys = aggregation->keys;
  aggregation->written_count = aggregation->key_count;
  if (expansion.count == 0 && expansion.sets.count == 1) return EAGRE_OK; /* one group: () */
  expansion.column_count = expansion.count + 1 + has_equal_sets(&expansion.sets);
  name_columns(binder, &expansion);
  struct eagre_expression *rows = NULL;
  uint32_t before = relation->column_count;
  EAGRE_TRY(make_rows(binder, &expansion, &rows, error));
  add_columns(binder, &expansion, rows, columns, relation);
  aggregation->keys =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (expansion.column_count + 1));
  aggregation->key_count = expansion.column_count;
  for (uint32_t i = 0; i < expansion.column_count; i++) {
    aggregation->keys[i] =
        eagre_plan_column_reference(binder, relation, before + i, expansion.position);
    if (i < expansion.count) continue;
    columns[i] = relation->columns[before + i];
  }
  return EAGRE_OK;
}

/* ---- grouping(), grouping_id() --------------------------------------------------------------- */

bool eagre_plan_is_grouping_call(const struct eagre_sql_expression *tree) {
  return eagre_text_equal_string(tree->function, "grouping") ||
         eagre_text_equal_string(tree->function, "grouping_id");
}

static enum eagre_status fail_column(const struct eagre_sql_expression *tree, bool is_id,
                                     struct eagre_error *error) {
  return eagre_plan_fail(
      error, tree->position, is_id ? "GROUPING_ID_COLUMN_MISMATCH" : "GROUPING_COLUMN_MISMATCH",
      is_id ? "Columns of grouping_id (%.*s) do not match the grouping columns."
            : "Column of grouping (%.*s) can't be found in the grouping columns.",
      (int)tree->source.size, tree->source.data);
}

/* The number of the grouping expression that argument `index` is. */
static bool find_expression(struct plan_binder *binder, const struct plan_scope *scope,
                            const struct eagre_sql_expression *argument, uint32_t *out) {
  const struct plan_aggregation *aggregation = scope->aggregation;
  const struct plan_scope below = {.relation = aggregation->input, .window = scope->window};
  struct eagre_expression *bound = NULL;
  struct eagre_error ignored;
  if (eagre_plan_bind_expression(binder, &below, argument, &bound, &ignored) != EAGRE_OK)
    return false;
  for (*out = 0; *out < aggregation->written_count; (*out)++) {
    if (eagre_expression_equal(aggregation->written_keys[*out], bound)) return true;
  }
  return false;
}

static struct eagre_expression *grouping_id_of(struct plan_binder *binder,
                                               const struct plan_aggregation *aggregation,
                                               struct eagre_sql_position position) {
  if (aggregation->key_count == 0) return new_integer(binder, 0, position);
  return eagre_expression_column(binder->arena, aggregation->written_count,
                                 eagre_type_of(EAGRE_TYPE_BIGINT), position);
}

static enum eagre_status bind_grouping_id(struct plan_binder *binder,
                                          const struct plan_scope *scope,
                                          const struct eagre_sql_expression *tree,
                                          struct eagre_expression **out,
                                          struct eagre_error *error) {
  const struct plan_aggregation *aggregation = scope->aggregation;
  uint32_t number = 0;
  bool is_right = tree->argument_count == 0 || tree->argument_count == aggregation->written_count;
  for (uint32_t i = 0; is_right && i < tree->argument_count; i++) {
    is_right = find_expression(binder, scope, tree->arguments[i].value, &number) && number == i;
  }
  if (!is_right) return fail_column(tree, true, error);
  *out = grouping_id_of(binder, aggregation, tree->position);
  return EAGRE_OK;
}

/* One bit of the id, as a TINYINT. */
static enum eagre_status bind_grouping(struct plan_binder *binder, const struct plan_scope *scope,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_expression **out, struct eagre_error *error) {
  const struct plan_aggregation *aggregation = scope->aggregation;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  uint32_t number = 0;
  if (tree->argument_count != 1) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `grouping` requires 1 parameters but the actual number is %u.",
                           tree->argument_count);
  }
  if (!find_expression(binder, scope, tree->arguments[0].value, &number))
    return fail_column(tree, false, error);
  uint64_t bit = (uint64_t)1 << (aggregation->written_count - 1 - number);
  struct eagre_expression *sides[2] = {grouping_id_of(binder, aggregation, tree->position),
                                       new_integer(binder, bit, tree->position)};
  struct eagre_expression *masked = NULL, *is_set = NULL;
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("&"), sides, 2, session, tree->position,
                                  &masked, error));
  struct eagre_expression *compared[2] = {masked, new_integer(binder, 0, tree->position)};
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("<>"), compared, 2, session,
                                  tree->position, &is_set, error));
  return eagre_expression_cast(binder->arena, is_set, eagre_type_of(EAGRE_TYPE_TINYINT), false,
                               session, tree->position, out, error);
}

enum eagre_status eagre_plan_bind_grouping_call(struct plan_binder *binder,
                                                const struct plan_scope *scope,
                                                const struct eagre_sql_expression *tree,
                                                struct eagre_expression **out,
                                                struct eagre_error *error) {
  if (scope->aggregation == NULL || !scope->aggregation->is_expanded) {
    return eagre_plan_fail(error, tree->position, "UNSUPPORTED_GROUPING_EXPRESSION",
                           "grouping()/grouping_id() can only be used with "
                           "GroupingSets/Cube/Rollup.");
  }
  bool is_id = eagre_text_equal_string(tree->function, "grouping_id");
  return is_id ? bind_grouping_id(binder, scope, tree, out, error)
               : bind_grouping(binder, scope, tree, out, error);
}

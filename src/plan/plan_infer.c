/* Filters that follow from others, as Spark's optimizer infers them from constraints. What is known
 * of every row that a node gives is a set of facts, conditions over its columns:
 *
 *   a fact that is not true of a NULL      says that its columns are not NULL: k > 5, k IS NOT NULL
 *                                          (of a field, o.a > 5, that the field is not)
 *   a.k = b.k                              says of one column what is said of the other
 *
 * A side of a join may then leave out rows of which what follows is not true, and a watermark below
 * a filter that reads the event time sees only rows that have the filter's other columns. This is
 * meaning, as all moving of filters is (plan_push.c): a watermark rises by the rows it sees, and a
 * join of streams counts the rows it keeps.
 *
 * Inference is one round, as Spark's is, after filters were moved; what it finds is moved too. */
#include <string.h>

#include "plan/plan_push.h"

/* Joins over one key make facts of facts: more than so many are not looked at, which leaves filters
 * out and no row. */
enum { CONJUNCT_COUNT_MAX = 64, FACT_COUNT_MAX = 128, NOT_NULL_COUNT_MAX = 64 };

/* A set of conditions over one list of columns, of which none holds an equal one. */
struct facts {
  struct eagre_expression **items;
  uint32_t count;
  uint32_t capacity;
};

static bool holds(const struct facts *facts, const struct eagre_expression *fact) {
  for (uint32_t i = 0; i < facts->count; i++) {
    if (eagre_expression_equal(facts->items[i], fact)) return true;
  }
  return false;
}

/* Adds what is new and costs no from_json. */
static void add_fact(struct plan_binder *binder, struct facts *facts,
                     struct eagre_expression *fact) {
  if (!eagre_expression_is_deterministic(fact) || eagre_expression_has_json(fact)) return;
  if (facts->count == FACT_COUNT_MAX || holds(facts, fact)) return;
  if (facts->count == facts->capacity) {
    uint32_t capacity = facts->capacity == 0 ? 8 : facts->capacity * 2;
    struct eagre_expression **grown = eagre_arena_allocate(binder->arena, sizeof *grown * capacity);
    if (facts->count > 0) memcpy(grown, facts->items, sizeof *grown * facts->count);
    facts->items = grown;
    facts->capacity = capacity;
  }
  facts->items[facts->count++] = fact;
}

static void add_conjuncts(struct plan_binder *binder, struct facts *facts,
                          struct eagre_expression *condition) {
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(condition, conjuncts, CONJUNCT_COUNT_MAX);
  for (uint32_t i = 0; i < count; i++) {
    add_fact(binder, facts, conjuncts[i]);
  }
}

static void add_all(struct plan_binder *binder, struct facts *facts, const struct facts *more) {
  for (uint32_t i = 0; i < more->count; i++) {
    add_fact(binder, facts, more->items[i]);
  }
}

/* A call that cannot be refused: its arguments have the types of one that was bound. */
static struct eagre_expression *new_call(struct plan_binder *binder, struct eagre_text function,
                                         struct eagre_expression *const *arguments,
                                         uint32_t argument_count,
                                         struct eagre_sql_position position) {
  struct eagre_expression *call = NULL;
  enum eagre_status status =
      eagre_expression_call(binder->arena, function, arguments, argument_count,
                            &binder->pipeline->expression_session, position, &call, NULL);
  eagre_assert(status == EAGRE_OK);
  return call;
}

/* ---- What follows ---------------------------------------------------------------------------- */

/* The facts with column `column` replaced, but those that only say that something is not NULL and
 * the equality itself. */
static void replace_column(struct plan_binder *binder, const struct facts *facts,
                           const struct eagre_type *columns, uint32_t column,
                           struct eagre_expression *replacement, const struct eagre_expression *by,
                           struct facts *out) {
  struct eagre_expression **replacements =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (columns->field_count + 1));
  for (uint32_t i = 0; i < columns->field_count; i++) {
    replacements[i] = eagre_expression_column(binder->arena, i, columns->fields[i].type,
                                              eagre_expression_position(by));
  }
  replacements[column] = replacement;
  for (uint32_t i = 0; i < facts->count; i++) {
    struct eagre_condition test;
    bool is_test = eagre_expression_read_condition(facts->items[i], &test) &&
                   test.kind == EAGRE_CONDITION_IS_NOT_NULL;
    if (is_test || facts->items[i] == by) continue;
    add_fact(binder, out,
             eagre_expression_substitute(binder->arena, facts->items[i], replacements));
  }
}

/* What equalities of columns, and of a column with a cast of another, say of the columns. */
static void add_equal_columns(struct plan_binder *binder, const struct facts *facts,
                              const struct eagre_type *columns, struct facts *out) {
  for (uint32_t i = 0; i < facts->count; i++) {
    struct eagre_expression *sides[2];
    bool is_null_safe = false;
    if (!eagre_expression_is_equality(facts->items[i], &sides[0], &sides[1], &is_null_safe))
      continue;
    if (is_null_safe) continue;
    for (uint32_t side = 0; side < 2; side++) {
      uint32_t column = 0, other = 0;
      if (!eagre_expression_is_column(sides[side], &column)) continue;
      if (!eagre_expression_is_cast_column(sides[1 - side], &other)) continue;
      replace_column(binder, facts, columns, column, sides[1 - side], facts->items[i], out);
    }
  }
}

static void add_not_null(struct plan_binder *binder, const struct facts *facts, struct facts *out) {
  for (uint32_t i = 0; i < facts->count; i++) {
    struct eagre_expression *there[NOT_NULL_COUNT_MAX];
    uint32_t count = eagre_expression_list_not_null(facts->items[i], there, NOT_NULL_COUNT_MAX);
    struct eagre_sql_position position = eagre_expression_position(facts->items[i]);
    for (uint32_t each = 0; each < count; each++) {
      add_fact(binder, out, new_call(binder, EAGRE_TEXT("isnotnull"), &there[each], 1, position));
    }
  }
}

/* The facts and one round of what follows from them. */
static struct facts close_facts(struct plan_binder *binder, const struct facts *facts,
                                const struct eagre_type *columns) {
  struct facts closed = {0};
  add_all(binder, &closed, facts);
  add_equal_columns(binder, facts, columns, &closed);
  add_not_null(binder, facts, &closed);
  return closed;
}

/* ---- Facts of nodes -------------------------------------------------------------------------- */

static struct facts infer_below(struct plan_binder *binder, struct eagre_plan_node *node);

/* Those facts all of whose columns have a place in `map` (UINT32_MAX: none), over those places. */
static struct facts remap_facts(struct plan_binder *binder, const struct facts *facts,
                                const uint32_t *map, uint32_t column_count) {
  struct facts out = {0};
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  for (uint32_t i = 0; i < facts->count; i++) {
    bool is_kept = true;
    memset(used, 0, column_count);
    eagre_expression_mark_columns(facts->items[i], used);
    for (uint32_t column = 0; column < column_count; column++) {
      if (used[column] && map[column] == UINT32_MAX) is_kept = false;
    }
    if (is_kept)
      add_fact(binder, &out, eagre_expression_remap(binder->arena, facts->items[i], map));
  }
  eagre_free(used);
  return out;
}

/* Facts of an input as facts of a node whose output begins with `items` over its columns. */
static struct facts project_facts(struct plan_binder *binder, const struct facts *facts,
                                  struct eagre_expression *const *items, uint32_t item_count,
                                  uint32_t column_count) {
  uint32_t *map = eagre_allocate((column_count + 1) * sizeof *map);
  for (uint32_t column = 0; column < column_count; column++) {
    map[column] = UINT32_MAX;
  }
  for (uint32_t i = item_count; i-- > 0;) {
    uint32_t column = 0;
    if (eagre_expression_is_column(items[i], &column)) map[column] = i;
  }
  struct facts out = remap_facts(binder, facts, map, column_count);
  eagre_free(map);
  return out;
}

/* Facts of the right input of a join, over the columns of both. */
static struct facts shift_facts(struct plan_binder *binder, const struct facts *facts,
                                uint32_t left_count, uint32_t right_count) {
  uint32_t *map = eagre_allocate((right_count + 1) * sizeof *map);
  for (uint32_t column = 0; column < right_count; column++) {
    map[column] = left_count + column;
  }
  struct facts out = remap_facts(binder, facts, map, right_count);
  eagre_free(map);
  return out;
}

/* What all inputs of a UNION say. */
static struct facts common_facts(struct plan_binder *binder, struct eagre_plan_node *node) {
  struct facts common = infer_below(binder, node->inputs[0]);
  for (uint32_t i = 1; i < node->input_count; i++) {
    const struct facts other = infer_below(binder, node->inputs[i]);
    struct facts both = {0};
    for (uint32_t each = 0; each < common.count; each++) {
      if (holds(&other, common.items[each])) add_fact(binder, &both, common.items[each]);
    }
    common = both;
  }
  return common;
}

/* ---- Filters --------------------------------------------------------------------------------- */

static bool has_watermark(const struct eagre_plan_node *node) {
  if (node->kind == EAGRE_PLAN_WATERMARK) return true;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (has_watermark(node->inputs[i])) return true;
  }
  return false;
}

/* What follows from a filter is told already by the filter itself, unless it gets below a watermark
 * that the filter stays above. */
static struct facts infer_filter(struct plan_binder *binder, struct eagre_plan_node *filter) {
  const struct facts below = infer_below(binder, eagre_plan_input(filter));
  struct facts own = {0};
  add_all(binder, &own, &below);
  add_conjuncts(binder, &own, filter->expressions[0]);
  if (!has_watermark(eagre_plan_input(filter))) return own;
  const struct eagre_type *columns = filter->output;
  const struct facts known = close_facts(binder, &below, columns);
  const struct facts closed = close_facts(binder, &own, columns);
  for (uint32_t i = own.count; i < closed.count; i++) {
    struct eagre_expression *fact = closed.items[i];
    if (holds(&known, fact)) continue;
    struct eagre_plan_node **input = &filter->inputs[0];
    if (!eagre_plan_condition_passes(*input, fact)) continue;
    *input = eagre_plan_sink_condition(binder, *input, fact, filter->position);
  }
  return own;
}

/* ---- Joins ----------------------------------------------------------------------------------- */

/* Equal keys and what else the join asks, over the columns of both sides. */
static void add_join_condition(struct plan_binder *binder, const struct eagre_plan_node *join,
                               uint32_t left_count, uint32_t right_count, struct facts *facts) {
  uint32_t *map = eagre_allocate((right_count + 1) * sizeof *map);
  for (uint32_t column = 0; column < right_count; column++) {
    map[column] = left_count + column;
  }
  for (uint32_t i = 0; i < join->join_key_count; i++) {
    struct eagre_expression *sides[2] = {
        join->left_keys[i], eagre_expression_remap(binder->arena, join->right_keys[i], map)};
    add_fact(binder, facts, new_call(binder, EAGRE_TEXT("="), sides, 2, join->position));
  }
  eagre_free(map);
  if (join->expression_count > 0) add_conjuncts(binder, facts, join->expressions[0]);
}

/* Puts what is true of every row of that side which finds a match, and not known yet, below it. */
static void infer_side(struct plan_binder *binder, struct eagre_plan_node *join, uint32_t side,
                       const struct facts *all, const struct facts *known) {
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t right_count = join->inputs[1]->output->field_count;
  uint32_t *map = eagre_allocate((left_count + right_count + 1) * sizeof *map);
  for (uint32_t column = 0; column < left_count + right_count; column++) {
    bool is_left = column < left_count;
    map[column] = is_left != (side == 0) ? UINT32_MAX : is_left ? column : column - left_count;
  }
  const struct facts found = remap_facts(binder, all, map, left_count + right_count);
  const struct facts closed = close_facts(binder, known, join->inputs[side]->output);
  eagre_free(map);
  for (uint32_t i = 0; i < found.count; i++) {
    if (eagre_expression_is_constant(found.items[i]) || holds(&closed, found.items[i])) continue;
    join->inputs[side] =
        eagre_plan_sink_condition(binder, join->inputs[side], found.items[i], join->position);
  }
}

/* The facts of the rows it gives, of those of its sides and of the pairs. */
static struct facts join_facts(const struct eagre_plan_node *join, const struct facts *left,
                               const struct facts *right, const struct facts *pairs) {
  switch (join->join_kind) {
  case EAGRE_JOIN_INNER:
  case EAGRE_JOIN_CROSS:
    return *pairs;
  case EAGRE_JOIN_LEFT:
  case EAGRE_JOIN_LEFT_SEMI:
  case EAGRE_JOIN_LEFT_ANTI:
  case EAGRE_JOIN_LEFT_MARK:
    return *left;
  case EAGRE_JOIN_RIGHT:
    return *right;
  case EAGRE_JOIN_FULL:
    break;
  }
  return (struct facts){0};
}

static struct facts infer_join(struct plan_binder *binder, struct eagre_plan_node *join) {
  const struct facts left = infer_below(binder, join->inputs[0]);
  const struct facts right = infer_below(binder, join->inputs[1]);
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t right_count = join->inputs[1]->output->field_count;
  const struct eagre_type *columns = eagre_plan_join_columns(join, binder->arena);
  const struct facts left_closed = close_facts(binder, &left, join->inputs[0]->output);
  const struct facts right_closed = close_facts(binder, &right, join->inputs[1]->output);
  const struct facts shifted = shift_facts(binder, &right_closed, left_count, right_count);
  struct facts pairs = {0};
  add_all(binder, &pairs, &left_closed);
  add_all(binder, &pairs, &shifted);
  add_join_condition(binder, join, left_count, right_count, &pairs);
  struct facts equal = {0};
  add_all(binder, &equal, &pairs);
  add_equal_columns(binder, &pairs, columns, &equal);
  struct facts all = {0};
  add_all(binder, &all, &equal);
  add_not_null(binder, &equal, &all);
  if (eagre_plan_join_drops_rows(join, 0)) infer_side(binder, join, 0, &all, &left);
  if (eagre_plan_join_drops_rows(join, 1)) infer_side(binder, join, 1, &all, &right);
  const struct facts right_only = shift_facts(binder, &right, left_count, right_count);
  return join_facts(join, &left, &right_only, &pairs);
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Infers in the tree below, and tells what is true of the rows it gives. */
static struct facts infer_below(struct plan_binder *binder, struct eagre_plan_node *node) {
  switch (node->kind) {
  case EAGRE_PLAN_SOURCE:
  case EAGRE_PLAN_VALUES:
    return (struct facts){0};
  case EAGRE_PLAN_FILTER:
    return infer_filter(binder, node);
  case EAGRE_PLAN_UNION:
    return common_facts(binder, node);
  case EAGRE_PLAN_JOIN:
    return infer_join(binder, node);
  case EAGRE_PLAN_PROJECT:
  case EAGRE_PLAN_AGGREGATE:
    break;
  default: /* its output begins with the columns of its input */
    return infer_below(binder, eagre_plan_input(node));
  }
  const struct facts below = infer_below(binder, eagre_plan_input(node));
  bool is_project = node->kind == EAGRE_PLAN_PROJECT;
  return project_facts(binder, &below, is_project ? node->expressions : node->keys,
                       is_project ? node->expression_count : node->key_count,
                       eagre_plan_input(node)->output->field_count);
}

void eagre_plan_infer_filters(struct plan_binder *binder, struct eagre_plan_node *node) {
  (void)infer_below(binder, node);
}

/* JOIN: kinds, ON, USING and NATURAL; equalities between the sides become keys.
 *
 * While a condition is bound the joined relation has the left columns, then the right ones. USING
 * puts a PROJECT above: the named columns once, then the others; the columns that it leaves out are
 * still there behind them, hidden, for a.x and b.x. */
#include <string.h>

#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

static const char *const kind_names[] = {
    [EAGRE_JOIN_INNER] = "inner",         [EAGRE_JOIN_CROSS] = "cross",
    [EAGRE_JOIN_LEFT] = "left outer",     [EAGRE_JOIN_RIGHT] = "right outer",
    [EAGRE_JOIN_FULL] = "full outer",     [EAGRE_JOIN_LEFT_SEMI] = "left semi",
    [EAGRE_JOIN_LEFT_ANTI] = "left anti", [EAGRE_JOIN_LEFT_MARK] = "left existence",
};

const char *eagre_join_kind_name(enum eagre_join_kind kind) {
  return kind_names[kind];
}

static bool gives_left_only(enum eagre_join_kind kind) {
  return kind == EAGRE_JOIN_LEFT_SEMI || kind == EAGRE_JOIN_LEFT_ANTI;
}

uint32_t eagre_plan_join_left_count(const struct eagre_plan_node *join) {
  return join->inputs[0]->output->field_count;
}

const struct eagre_type *eagre_plan_join_columns(const struct eagre_plan_node *join,
                                                 struct eagre_arena *arena) {
  const struct eagre_type *left = join->inputs[0]->output;
  const struct eagre_type *right = join->inputs[1]->output;
  uint32_t count = left->field_count + right->field_count;
  struct eagre_field *fields = eagre_arena_allocate(arena, sizeof *fields * (count + 1));
  if (left->field_count > 0) memcpy(fields, left->fields, sizeof *fields * left->field_count);
  if (right->field_count > 0) {
    memcpy(fields + left->field_count, right->fields, sizeof *fields * right->field_count);
  }
  return eagre_type_struct(arena, fields, count);
}

/* ---- The node -------------------------------------------------------------------------------- */

/* Of two relations at rest the right one becomes the table, unless every right row must come out:
 * those then run past the left ones. */
static int32_t choose_static_input(enum eagre_join_kind kind, const struct plan_relation *left,
                                   const struct plan_relation *right) {
  if (left->is_stream && right->is_stream) return -1;
  if (left->is_stream) return 1;
  if (right->is_stream) return 0;
  return kind == EAGRE_JOIN_RIGHT ? 0 : 1;
}

void eagre_plan_join_begin(struct plan_binder *binder, enum eagre_join_kind kind,
                           const struct plan_relation *left, const struct plan_relation *right,
                           struct eagre_sql_position position, struct plan_relation *out) {
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_JOIN, NULL, position);
  node->inputs = eagre_arena_allocate(binder->arena, sizeof(void *) * 2);
  node->inputs[0] = left->node;
  node->inputs[1] = right->node;
  node->input_count = 2;
  node->join_kind = kind;
  node->written_kind = kind;
  node->static_input = choose_static_input(kind, left, right);
  node->is_refreshed = left->is_stream != right->is_stream;
  *out = (struct plan_relation){
      .node = node,
      .is_stream = left->is_stream || right->is_stream,
      .column_count = left->column_count + right->column_count,
  };
  out->columns =
      eagre_arena_allocate(binder->arena, sizeof *out->columns * (out->column_count + 1));
  for (uint32_t i = 0; i < out->column_count; i++) {
    bool is_left = i < left->column_count;
    out->columns[i] = is_left ? left->columns[i] : right->columns[i - left->column_count];
  }
  eagre_plan_relation_seal(binder, out);
}

void eagre_plan_join_end(struct plan_binder *binder, struct plan_relation *joined) {
  if (!gives_left_only(joined->node->join_kind)) return;
  joined->column_count = eagre_plan_join_left_count(joined->node);
  eagre_plan_relation_seal(binder, joined);
}

/* ---- Conditions ------------------------------------------------------------------------------ */

enum sides { READS_NOTHING, READS_LEFT, READS_RIGHT, READS_BOTH };

static enum sides find_sides(const struct eagre_expression *expression, uint32_t left_count,
                             uint32_t column_count) {
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  unsigned sides = READS_NOTHING;
  eagre_expression_mark_columns(expression, used);
  for (uint32_t i = 0; i < column_count; i++) {
    if (used[i]) sides |= i < left_count ? READS_LEFT : READS_RIGHT;
  }
  eagre_free(used);
  return (enum sides)sides;
}

struct eagre_expression *eagre_plan_join_over_right(struct plan_binder *binder,
                                                    const struct eagre_plan_node *join,
                                                    const struct eagre_expression *expression) {
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t column_count = left_count + join->inputs[1]->output->field_count;
  uint32_t *map = eagre_allocate_zeroed(column_count + 1, sizeof *map);
  for (uint32_t i = left_count; i < column_count; i++) {
    map[i] = i - left_count;
  }
  struct eagre_expression *copy = eagre_expression_remap(binder->arena, expression, map);
  eagre_free(map);
  return copy;
}

static struct eagre_expression **append_key(struct plan_binder *binder,
                                            struct eagre_expression **keys, uint32_t count,
                                            struct eagre_expression *key) {
  struct eagre_expression **grown =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  if (count > 0) memcpy(grown, keys, sizeof(void *) * count);
  grown[count] = key;
  return grown;
}

/* A key that is never NULL: a struct around it, whose field may be. */
static struct eagre_expression *wrap_key(struct plan_binder *binder, struct eagre_expression *key) {
  const struct eagre_text name = EAGRE_TEXT("key");
  return eagre_expression_struct(binder->arena, &key, &name, 1, eagre_expression_position(key));
}

static bool add_key(struct plan_binder *binder, struct eagre_plan_node *join,
                    struct eagre_expression *conjunct) {
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t column_count = left_count + join->inputs[1]->output->field_count;
  struct eagre_expression *left = NULL;
  struct eagre_expression *right = NULL;
  bool is_null_safe = false;
  if (!eagre_expression_is_equality(conjunct, &left, &right, &is_null_safe)) return false;
  if (!eagre_expression_is_deterministic(conjunct)) return false;
  if (find_sides(left, left_count, column_count) == READS_RIGHT) {
    struct eagre_expression *other = left;
    left = right;
    right = other;
  }
  if (find_sides(left, left_count, column_count) != READS_LEFT) return false;
  if (find_sides(right, left_count, column_count) != READS_RIGHT) return false;
  right = eagre_plan_join_over_right(binder, join, right);
  if (is_null_safe) {
    left = wrap_key(binder, left);
    right = wrap_key(binder, right);
  }
  join->left_keys = append_key(binder, join->left_keys, join->join_key_count, left);
  join->right_keys = append_key(binder, join->right_keys, join->join_key_count, right);
  join->join_key_count += 1;
  return true;
}

static void add_residual(struct plan_binder *binder, struct eagre_plan_node *join,
                         struct eagre_expression *conjunct) {
  if (join->expression_count == 0) {
    join->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
    join->expressions[0] = conjunct;
    join->expression_count = 1;
    return;
  }
  struct eagre_expression *both[2] = {join->expressions[0], conjunct};
  enum eagre_status status = eagre_expression_call(
      binder->arena, EAGRE_TEXT("and"), both, 2, &binder->pipeline->expression_session,
      eagre_expression_position(conjunct), &join->expressions[0], NULL);
  eagre_assert(status == EAGRE_OK);
}

void eagre_plan_join_add_condition(struct plan_binder *binder, struct eagre_plan_node *join,
                                   struct eagre_expression *condition) {
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(condition, conjuncts, CONJUNCT_COUNT_MAX);
  if (join->join_kind == EAGRE_JOIN_CROSS) join->join_kind = EAGRE_JOIN_INNER;
  for (uint32_t i = 0; i < count; i++) {
    if (!add_key(binder, join, conjuncts[i])) add_residual(binder, join, conjuncts[i]);
  }
}

enum eagre_status eagre_plan_bind_join_condition(struct plan_binder *binder,
                                                 const struct eagre_sql_expression *tree,
                                                 const struct plan_relation *joined,
                                                 struct eagre_expression **out,
                                                 struct eagre_error *error) {
  struct plan_scope scope = {.relation = joined, .aggregate_refusal = "JOIN"};
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree, out, error));
  const struct eagre_type *type = eagre_expression_type(*out);
  if (type->kind == EAGRE_TYPE_BOOLEAN) return EAGRE_OK;
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_plan_fail(error, tree->position, "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
                  "The join condition \"%.*s\" has the invalid type \"%s\", expected "
                  "\"BOOLEAN\".",
                  (int)tree->source.size, tree->source.data, eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static enum eagre_status bind_on(struct plan_binder *binder, const struct eagre_sql_relation *tree,
                                 const struct plan_relation *joined, struct eagre_error *error) {
  struct eagre_expression *condition = NULL;
  EAGRE_TRY(eagre_plan_bind_join_condition(binder, tree->condition, joined, &condition, error));
  eagre_plan_join_add_condition(binder, joined->node, condition);
  return EAGRE_OK;
}

/* ---- USING, NATURAL -------------------------------------------------------------------------- */

struct using_column {
  uint32_t left; /* of the joined relation, as is `right` */
  uint32_t right;
};
struct using_work {
  struct plan_binder *binder;
  const struct plan_relation *joined;
  uint32_t left_count;
  struct using_column *columns;
  uint32_t count;
};

/* The first visible column of [begin, end) with that name; `end` when there is none. */
static uint32_t find_visible(const struct plan_relation *relation, uint32_t begin, uint32_t end,
                             struct eagre_text name) {
  while (begin < end && (relation->columns[begin].is_hidden ||
                         !eagre_text_equal_ignoring_case(relation->columns[begin].name, name))) {
    begin++;
  }
  return begin;
}

static enum eagre_status fail_using(const struct plan_relation *joined, uint32_t begin,
                                    uint32_t end, struct eagre_text name,
                                    struct eagre_sql_position position, struct eagre_error *error) {
  const char *side = begin == 0 ? "left" : "right";
  struct eagre_buffer names = {0};
  for (uint32_t i = begin; i < end; i++) {
    if (joined->columns[i].is_hidden) continue;
    eagre_buffer_printf(&names, "%s`%.*s`", names.size > 0 ? ", " : "",
                        (int)joined->columns[i].name.size, joined->columns[i].name.data);
  }
  eagre_plan_fail(error, position, "UNRESOLVED_USING_COLUMN_FOR_JOIN",
                  "USING column `%.*s` cannot be resolved on the %s side of the join. The "
                  "%s-side columns: [%s].",
                  (int)name.size, name.data, side, side, eagre_buffer_string(&names));
  eagre_buffer_done(&names);
  return EAGRE_USAGE;
}

static enum eagre_status find_using(struct using_work *work, const struct eagre_sql_relation *tree,
                                    struct eagre_error *error) {
  const struct plan_relation *joined = work->joined;
  for (uint32_t i = 0; i < tree->column_alias_count; i++) {
    struct eagre_text name = tree->column_aliases[i];
    uint32_t left = find_visible(joined, 0, work->left_count, name);
    uint32_t right = find_visible(joined, work->left_count, joined->column_count, name);
    if (left == work->left_count)
      return fail_using(joined, 0, work->left_count, name, tree->position, error);
    if (right == joined->column_count)
      return fail_using(joined, work->left_count, right, name, tree->position, error);
    work->columns[work->count++] = (struct using_column){left, right};
  }
  return EAGRE_OK;
}

/* NATURAL: what both sides have, in the order of the left one. */
static void find_natural(struct using_work *work) {
  const struct plan_relation *joined = work->joined;
  for (uint32_t left = 0; left < work->left_count; left++) {
    if (joined->columns[left].is_hidden) continue;
    uint32_t right =
        find_visible(joined, work->left_count, joined->column_count, joined->columns[left].name);
    if (right < joined->column_count)
      work->columns[work->count++] = (struct using_column){left, right};
  }
}

static enum eagre_status add_equalities(struct using_work *work, struct eagre_sql_position position,
                                        struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  for (uint32_t i = 0; i < work->count; i++) {
    struct eagre_expression *sides[2] = {
        eagre_plan_column_reference(binder, work->joined, work->columns[i].left, position),
        eagre_plan_column_reference(binder, work->joined, work->columns[i].right, position),
    };
    struct eagre_expression *equality = NULL;
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("="), sides, 2,
                                    &binder->pipeline->expression_session, position, &equality,
                                    error));
    eagre_plan_join_add_condition(binder, work->joined->node, equality);
  }
  return EAGRE_OK;
}

/* The PROJECT above the join, item by item. */
struct using_output {
  struct eagre_expression **items;
  struct plan_column *columns;
  uint32_t count;
};

static void add_output(struct using_work *work, struct using_output *output, uint32_t column,
                       bool is_hidden) {
  output->items[output->count] =
      eagre_plan_column_reference(work->binder, work->joined, column, work->joined->node->position);
  output->columns[output->count] = work->joined->columns[column];
  if (is_hidden) output->columns[output->count].is_hidden = true;
  output->count += 1;
}

/* FULL: the value of the side that has one; a column of neither side. */
static enum eagre_status add_coalesced(struct using_work *work, struct using_output *output,
                                       struct using_column column, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  struct eagre_sql_position position = work->joined->node->position;
  struct eagre_expression *sides[2] = {
      eagre_plan_column_reference(binder, work->joined, column.left, position),
      eagre_plan_column_reference(binder, work->joined, column.right, position),
  };
  struct eagre_expression **item = &output->items[output->count];
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("coalesce"), sides, 2,
                                  &binder->pipeline->expression_session, position, item, error));
  output->columns[output->count++] = (struct plan_column){
      .name = work->joined->columns[column.left].name, .type = eagre_expression_type(*item)};
  return EAGRE_OK;
}

/* The named columns: what the kind makes of each, and in `is_taken` both of its sides. */
static enum eagre_status add_named(struct using_work *work, struct using_output *output,
                                   bool *is_taken, struct eagre_error *error) {
  enum eagre_join_kind kind = work->joined->node->join_kind;
  for (uint32_t i = 0; i < work->count; i++) {
    struct using_column column = work->columns[i];
    is_taken[column.left] = true;
    is_taken[column.right] = true;
    if (kind == EAGRE_JOIN_FULL) {
      EAGRE_TRY(add_coalesced(work, output, column, error));
    } else {
      add_output(work, output, kind == EAGRE_JOIN_RIGHT ? column.right : column.left, false);
    }
  }
  return EAGRE_OK;
}

/* The sides of the named columns that are not there yet. */
static void add_hidden(struct using_work *work, struct using_output *output) {
  enum eagre_join_kind kind = work->joined->node->join_kind;
  if (gives_left_only(kind)) return;
  for (uint32_t i = 0; i < work->count; i++) {
    bool is_left_hidden = kind == EAGRE_JOIN_RIGHT || kind == EAGRE_JOIN_FULL;
    if (is_left_hidden) add_output(work, output, work->columns[i].left, true);
    if (kind != EAGRE_JOIN_RIGHT) add_output(work, output, work->columns[i].right, true);
  }
}

static enum eagre_status project_using(struct using_work *work, struct plan_relation *out,
                                       struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  const struct plan_relation *joined = work->joined;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, joined->node, joined->node->position);
  uint32_t capacity = joined->column_count + work->count + 1;
  struct using_output output = {
      .items = eagre_arena_allocate(binder->arena, sizeof *output.items * capacity),
      .columns = eagre_arena_allocate(binder->arena, sizeof *output.columns * capacity),
  };
  bool *is_taken = eagre_arena_allocate_zeroed(binder->arena, capacity);
  EAGRE_TRY(add_named(work, &output, is_taken, error));
  uint32_t given =
      gives_left_only(joined->node->join_kind) ? work->left_count : joined->column_count;
  for (uint32_t i = 0; i < given; i++) {
    if (!is_taken[i]) add_output(work, &output, i, false);
  }
  add_hidden(work, &output);
  node->expressions = output.items;
  node->expression_count = output.count;
  *out = (struct plan_relation){node, output.columns, output.count, joined->is_stream};
  eagre_plan_relation_seal(binder, out);
  return EAGRE_OK;
}

static enum eagre_status bind_using(struct plan_binder *binder,
                                    const struct eagre_sql_relation *tree, bool is_natural,
                                    struct plan_relation *joined, struct plan_relation *out,
                                    struct eagre_error *error) {
  uint32_t left_count = eagre_plan_join_left_count(joined->node);
  uint32_t capacity = tree->column_alias_count + left_count + 1;
  struct using_work work = {
      .binder = binder,
      .joined = joined,
      .left_count = left_count,
      .columns = eagre_arena_allocate(binder->arena, sizeof *work.columns * capacity),
  };
  if (is_natural) {
    find_natural(&work);
  } else {
    EAGRE_TRY(find_using(&work, tree, error));
  }
  EAGRE_TRY(add_equalities(&work, tree->position, error));
  if (gives_left_only(joined->node->join_kind)) {
    struct plan_relation left = *joined;
    eagre_plan_join_end(binder, &left);
  }
  return project_using(&work, out, error);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static enum eagre_status read_kind(const struct eagre_sql_relation *tree,
                                   enum eagre_join_kind *out_kind, bool *out_is_natural,
                                   struct eagre_error *error) {
  struct eagre_text name = tree->join_kind;
  const struct eagre_text natural = EAGRE_TEXT("natural ");
  *out_is_natural = eagre_text_starts_with(name, natural);
  if (*out_is_natural) {
    name = eagre_text_make(name.data + natural.size, name.size - natural.size);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(kind_names); i++) {
    if (!eagre_text_equal_string(name, kind_names[i])) continue;
    *out_kind = (enum eagre_join_kind)i;
    return EAGRE_OK;
  }
  eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.LATERAL_VIEW",
                  "%.*s is not supported yet.", (int)name.size, name.data);
  eagre_error_hint(error, "a subquery of a JOIN or in FROM may not read the other side's columns");
  return EAGRE_USAGE;
}

enum eagre_status eagre_plan_bind_join(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error) {
  enum eagre_join_kind kind = EAGRE_JOIN_INNER;
  bool is_natural = false;
  struct plan_relation left;
  struct plan_relation right;
  EAGRE_TRY(read_kind(tree, &kind, &is_natural, error));
  EAGRE_TRY(eagre_plan_bind_relation(binder, tree->left, &left, error));
  if (tree->right->is_lateral) {
    bool is_bound = false;
    EAGRE_TRY(
        eagre_plan_bind_lateral(binder, tree, kind, is_natural, &left, out, &is_bound, error));
    if (is_bound) return EAGRE_OK;
    right = *out;
  } else {
    EAGRE_TRY(eagre_plan_bind_relation(binder, tree->right, &right, error));
  }
  bool has_condition = tree->condition != NULL || tree->column_alias_count > 0 || is_natural;
  if (kind == EAGRE_JOIN_INNER && !has_condition) kind = EAGRE_JOIN_CROSS;
  eagre_plan_join_begin(binder, kind, &left, &right, tree->position, out);
  if (is_natural || tree->column_alias_count > 0) {
    struct plan_relation *joined = eagre_arena_allocate(binder->arena, sizeof *joined);
    *joined = *out;
    return bind_using(binder, tree, is_natural, joined, out, error);
  }
  if (tree->condition != NULL) EAGRE_TRY(bind_on(binder, tree, out, error));
  eagre_plan_join_end(binder, out);
  return EAGRE_OK;
}

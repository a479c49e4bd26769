/* Aggregations over the result of a streaming aggregation (docs/decisions/0009).
 *
 * A result changes from epoch to epoch. Between two stateful nodes it is therefore a stream of
 * changes: a last column says how often a row counts, -1 takes back a row that was given before.
 * This rule, which runs last, adds that column to every node on the way and makes the aggregates
 * above ones that can take rows back.
 *
 * In update mode a row that was written cannot be unwritten, so the last aggregation must not lose
 * groups. It loses none when its keys are columns that stay the same whenever a row is replaced:
 * `is_fixed`, beginning with the keys of the aggregation below. */
#include <string.h>

#include "plan/plan_bind.h"

/* What leaves a node. */
struct change_flow {
  bool has_weight; /* its last column; otherwise rows are only added */
  bool *is_fixed;  /* per column before the weight: for each row that is taken back another one
                      comes that is equal in all of these; NULL: rows may go without one */
};

struct change_work {
  struct plan_binder *binder;
  struct eagre_arena *arena; /* the binder's */
  const struct eagre_expression_session *session;
  enum eagre_output_mode mode;
};

static enum eagre_status refuse(const struct eagre_plan_node *node, const char *what,
                                struct eagre_error *error) {
  eagre_plan_fail(error, node->position, "UNSUPPORTED_FEATURE.CHANGES",
                  "%s over the result of a streaming aggregation is not supported in update and "
                  "complete mode.",
                  what);
  eagre_error_hint(error, "write the inner result into a table, and read that from a second flow");
  return EAGRE_USAGE;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static const struct eagre_type *add_column(struct eagre_arena *arena,
                                           const struct eagre_type *columns) {
  uint32_t count = columns->field_count;
  struct eagre_field *fields = eagre_arena_allocate(arena, sizeof *fields * (count + 1));
  if (count > 0) memcpy(fields, columns->fields, sizeof *fields * count);
  fields[count] =
      (struct eagre_field){EAGRE_TEXT("weight"), eagre_type_of(EAGRE_TYPE_BIGINT), false};
  return eagre_type_struct(arena, fields, count + 1);
}

static struct eagre_expression *column_of(struct eagre_arena *arena,
                                          const struct eagre_plan_node *input, uint32_t index) {
  return eagre_expression_column(arena, index, input->output->fields[index].type, input->position);
}

/* The weight among the columns of a node that has one. */
static struct eagre_expression *weight_of(struct eagre_arena *arena,
                                          const struct eagre_plan_node *input) {
  return column_of(arena, input, input->output->field_count - 1);
}

/* A PROJECT of the columns picks[0..count) of `input`, then its weight or, without, `weight`. */
static struct eagre_plan_node *add_project(const struct change_work *work,
                                           struct eagre_plan_node *input, const uint32_t *picks,
                                           uint32_t count, struct eagre_expression *weight) {
  struct eagre_arena *arena = work->arena;
  struct eagre_plan_node *node =
      eagre_plan_node_new(work->binder, EAGRE_PLAN_PROJECT, input, input->position);
  struct eagre_field *fields = eagre_arena_allocate(arena, sizeof *fields * (count + 1));
  node->expressions = eagre_arena_allocate(arena, sizeof(void *) * (count + 1));
  node->expression_count = count + 1;
  for (uint32_t i = 0; i < count; i++) {
    fields[i] = input->output->fields[picks[i]];
    node->expressions[i] = column_of(arena, input, picks[i]);
  }
  node->expressions[count] = weight;
  node->output = add_column(arena, eagre_type_struct(arena, fields, count));
  return node;
}

/* A node that appends columns stands on one whose last column is the weight: moves it behind them.
 */
static struct eagre_plan_node *move_weight(const struct change_work *work,
                                           struct eagre_plan_node *node, uint32_t place) {
  uint32_t count = node->output->field_count;
  uint32_t *picks = eagre_arena_allocate(work->arena, sizeof *picks * count);
  uint32_t next = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (i != place) picks[next++] = i;
  }
  return add_project(work, node, picks, next, column_of(work->arena, node, place));
}

/* ---- Columns that stay ----------------------------------------------------------------------- */

static bool *new_flags(struct eagre_arena *arena, uint32_t count, bool value) {
  bool *flags = eagre_arena_allocate(arena, count + 1);
  memset(flags, value, count + 1);
  return flags;
}

/* Whether the expression has the same value for a row and the one that comes in its place. */
static bool is_fixed(const struct change_flow *flow, uint32_t column_count,
                     const struct eagre_expression *expression) {
  if (!flow->has_weight) return true;
  if (flow->is_fixed == NULL) return false;
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  bool result = true;
  eagre_expression_mark_columns(expression, used);
  for (uint32_t i = 0; i < column_count; i++) {
    if (used[i] && !flow->is_fixed[i]) result = false;
  }
  eagre_free(used);
  return result;
}

static bool are_fixed(const struct change_flow *flow, uint32_t column_count,
                      struct eagre_expression *const *expressions, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (!is_fixed(flow, column_count, expressions[i])) return false;
  }
  return true;
}

/* A row is computed again when it is taken back: to the same values. */
static enum eagre_status check_repeatable(const struct eagre_plan_node *node,
                                          struct eagre_expression *const *expressions,
                                          uint32_t count, struct eagre_error *error) {
  for (uint32_t i = 0; i < count; i++) {
    if (expressions[i] != NULL && !eagre_expression_is_deterministic(expressions[i]))
      return refuse(node, "A function whose value is another one in every epoch", error);
  }
  return EAGRE_OK;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static enum eagre_status change_project(const struct change_work *work,
                                        struct eagre_plan_node *node,
                                        const struct change_flow *below, struct change_flow *out,
                                        struct eagre_error *error) {
  uint32_t count = node->expression_count;
  uint32_t below_count = eagre_plan_input(node)->output->field_count - 1;
  EAGRE_TRY(check_repeatable(node, node->expressions, count, error));
  struct eagre_expression **grown = eagre_arena_allocate(work->arena, sizeof *grown * (count + 1));
  if (count > 0) memcpy(grown, node->expressions, sizeof *grown * count);
  grown[count] = weight_of(work->arena, eagre_plan_input(node));
  out->is_fixed = below->is_fixed == NULL ? NULL : new_flags(work->arena, count, false);
  for (uint32_t i = 0; i < count && out->is_fixed != NULL; i++) {
    out->is_fixed[i] = is_fixed(below, below_count, grown[i]);
  }
  node->expressions = grown;
  node->expression_count = count + 1;
  node->output = add_column(work->arena, node->output);
  return EAGRE_OK;
}

static enum eagre_status change_filter(struct eagre_plan_node *node,
                                       const struct change_flow *below, struct change_flow *out,
                                       struct eagre_error *error) {
  uint32_t below_count = eagre_plan_input(node)->output->field_count - 1;
  EAGRE_TRY(check_repeatable(node, node->expressions, 1, error));
  *out = *below;
  if (!is_fixed(below, below_count, node->expressions[0])) out->is_fixed = NULL;
  node->output = eagre_plan_input(node)->output;
  return EAGRE_OK;
}

/* WINDOW and GENERATE: some columns more behind those of the input. */
static enum eagre_status change_appending(const struct change_work *work,
                                          struct eagre_plan_node **link,
                                          const struct eagre_type *plain,
                                          const struct change_flow *below, struct change_flow *out,
                                          struct eagre_error *error) {
  struct eagre_plan_node *node = *link;
  uint32_t plain_count = plain->field_count;
  uint32_t added_count = node->output->field_count - plain_count;
  EAGRE_TRY(check_repeatable(node, node->expressions, node->expression_count, error));
  *out = (struct change_flow){.has_weight = true};
  if (are_fixed(below, plain_count, node->expressions, node->expression_count) &&
      below->is_fixed != NULL) {
    out->is_fixed = new_flags(work->arena, plain_count + added_count, true);
    memcpy(out->is_fixed, below->is_fixed, plain_count);
  }
  struct eagre_field *fields =
      eagre_arena_allocate(work->arena, sizeof *fields * (plain_count + added_count + 1));
  memcpy(fields, eagre_plan_input(node)->output->fields, sizeof *fields * (plain_count + 1));
  memcpy(fields + plain_count + 1, node->output->fields + plain_count,
         sizeof *fields * added_count);
  node->output = eagre_type_struct(work->arena, fields, plain_count + added_count + 1);
  *link = move_weight(work, node, plain_count);
  return EAGRE_OK;
}

/* Inputs that only add rows get the weight 1. */
static enum eagre_status change_union(const struct change_work *work, struct eagre_plan_node *node,
                                      const struct change_flow *below, struct change_flow *out,
                                      struct eagre_error *error) {
  static const struct eagre_sql_expression one_tree = {.kind = EAGRE_SQL_LITERAL,
                                                       .literal = EAGRE_SQL_LITERAL_INTEGER,
                                                       .type_kind = EAGRE_TYPE_BIGINT,
                                                       .text = {"1", 1}};
  struct eagre_expression *one;
  EAGRE_TRY(eagre_expression_literal(work->arena, &one_tree, work->session, &one, error));
  uint32_t count = node->output->field_count;
  uint32_t *all = eagre_arena_allocate(work->arena, sizeof *all * (count + 1));
  out->is_fixed = new_flags(work->arena, count, true);
  for (uint32_t i = 0; i < count; i++) {
    all[i] = i;
  }
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!below[i].has_weight) {
      node->inputs[i] = add_project(work, node->inputs[i], all, count, one);
      continue;
    }
    if (below[i].is_fixed == NULL) out->is_fixed = NULL;
    for (uint32_t j = 0; j < count && out->is_fixed != NULL; j++) {
      out->is_fixed[j] = out->is_fixed[j] && below[i].is_fixed[j];
    }
  }
  node->output = add_column(work->arena, node->output);
  return EAGRE_OK;
}

/* ---- Aggregations ---------------------------------------------------------------------------- */

/* Behind the aggregates: how many rows a group has; without any it is gone. */
static enum eagre_status count_group(const struct change_work *work, struct eagre_plan_node *node,
                                     struct eagre_aggregate *out,
                                     struct eagre_expression **out_argument,
                                     struct eagre_error *error) {
  const struct eagre_aggregate_call call = {.function = EAGRE_TEXT("count"),
                                            .position = node->position};
  return eagre_aggregate_bind(work->arena, &call, work->session, out, out_argument, error);
}

static enum eagre_status weigh_aggregates(const struct change_work *work,
                                          struct eagre_plan_node *node, struct eagre_error *error) {
  struct eagre_expression *weight = weight_of(work->arena, eagre_plan_input(node));
  uint32_t count = node->aggregate_count;
  EAGRE_TRY(check_repeatable(node, node->keys, node->key_count, error));
  EAGRE_TRY(check_repeatable(node, node->arguments, count, error));
  struct eagre_aggregate *aggregates =
      eagre_arena_allocate(work->arena, sizeof *aggregates * (count + 1));
  struct eagre_expression **arguments =
      eagre_arena_allocate(work->arena, sizeof *arguments * (count + 1));
  if (count > 0) memcpy(aggregates, node->aggregates, sizeof *aggregates * count);
  if (count > 0) memcpy(arguments, node->arguments, sizeof *arguments * count);
  EAGRE_TRY(count_group(work, node, &aggregates[count], &arguments[count], error));
  for (uint32_t i = 0; i <= count; i++) {
    EAGRE_TRY(eagre_aggregate_weigh(work->arena, weight, &aggregates[i], &arguments[i], error));
  }
  node->aggregates = aggregates;
  node->arguments = arguments;
  node->aggregate_count = count + 1;
  node->takes_changes = true;
  return EAGRE_OK;
}

static enum eagre_status refuse_loss(const struct eagre_plan_node *node,
                                     struct eagre_error *error) {
  eagre_plan_fail(error, node->position, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                  "Invalid streaming output mode: update. This output mode is not supported for "
                  "aggregations over changing rows that may lose groups.");
  eagre_error_hint(error,
                   "use complete mode, or group by columns that the inner aggregation groups by");
  return EAGRE_USAGE;
}

static enum eagre_status change_aggregate(const struct change_work *work,
                                          struct eagre_plan_node *node, bool is_last,
                                          const struct change_flow *below, struct change_flow *out,
                                          struct eagre_error *error) {
  uint32_t plain_count = node->output->field_count;
  bool keeps_groups = true;
  if (node->session_key >= 0) return refuse(node, "session_window", error);
  if (below->has_weight) {
    uint32_t below_count = eagre_plan_input(node)->output->field_count - 1;
    keeps_groups =
        node->key_count == 0 ||
        (below->is_fixed != NULL && are_fixed(below, below_count, node->keys, node->key_count));
    EAGRE_TRY(weigh_aggregates(work, node, error));
  }
  if (is_last && !keeps_groups && work->mode == EAGRE_MODE_UPDATE) return refuse_loss(node, error);
  if (is_last) return EAGRE_OK;
  node->gives_changes = true;
  node->output = add_column(work->arena, node->output);
  out->has_weight = true;
  out->is_fixed = keeps_groups ? new_flags(work->arena, plain_count, false) : NULL;
  if (keeps_groups) memset(out->is_fixed, true, node->key_count);
  return EAGRE_OK;
}

/* The first rows of each key: a row is replaced by one of the same key and number. */
static void give_changes_of_top(const struct change_work *work, struct eagre_plan_node *node,
                                struct change_flow *out) {
  uint32_t count = node->output->field_count;
  out->has_weight = true;
  out->is_fixed = new_flags(work->arena, count, false);
  out->is_fixed[count - 1] = true;
  for (uint32_t i = 0; i < node->key_count; i++) {
    uint32_t column = 0;
    if (eagre_expression_is_column(node->keys[i], &column)) out->is_fixed[column] = true;
  }
  node->gives_changes = true;
  node->output = add_column(work->arena, node->output);
}

/* ---- The tree -------------------------------------------------------------------------------- */

static enum eagre_status change_node(const struct change_work *work, struct eagre_plan_node **link,
                                     const struct eagre_type *plain,
                                     const struct change_flow *below, struct change_flow *out,
                                     struct eagre_error *error) {
  struct eagre_plan_node *node = *link;
  out->has_weight = true;
  switch (node->kind) {
  case EAGRE_PLAN_PROJECT:
    return change_project(work, node, below, out, error);
  case EAGRE_PLAN_FILTER:
    return change_filter(node, below, out, error);
  case EAGRE_PLAN_WINDOW:
  case EAGRE_PLAN_GENERATE:
    return change_appending(work, link, plain, below, out, error);
  case EAGRE_PLAN_UNION:
    return change_union(work, node, below, out, error);
  case EAGRE_PLAN_DEDUPLICATE:
    return refuse(node, "A deduplication", error);
  case EAGRE_PLAN_TOP:
    return refuse(node, "row_number", error);
  case EAGRE_PLAN_JOIN:
    return refuse(node, "A join", error);
  case EAGRE_PLAN_SORT:
    return refuse(node, "ORDER BY below an aggregation", error);
  case EAGRE_PLAN_LIMIT:
    return refuse(node, "LIMIT", error);
  case EAGRE_PLAN_WATERMARK:
    return refuse(node, "A WATERMARK", error);
  case EAGRE_PLAN_OVER:
    return refuse(node, "A window function", error);
  case EAGRE_PLAN_AGGREGATE:
  case EAGRE_PLAN_EXPECT:
  case EAGRE_PLAN_SOURCE:
  case EAGRE_PLAN_VALUES:
    break;
  }
  eagre_assert(!"no node that gets rows with weights");
  return EAGRE_OK;
}

/* `is_last`: nothing stateful is above. */
static enum eagre_status change_tree(const struct change_work *work, struct eagre_plan_node **link,
                                     bool is_last, struct change_flow *out,
                                     struct eagre_error *error) {
  struct eagre_plan_node *node = *link;
  struct change_flow below[EAGRE_PLAN_INPUTS_MAX] = {{0}};
  bool has_weight = false;
  bool is_below_last = is_last && !eagre_plan_is_stateful(node);
  *out = (struct change_flow){0};
  const struct eagre_type *plain = node->input_count == 1 ? node->inputs[0]->output : NULL;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (eagre_plan_is_static_input(node, i)) continue;
    EAGRE_TRY(change_tree(work, &node->inputs[i], is_below_last, &below[i], error));
    has_weight = has_weight || below[i].has_weight;
  }
  if (node->kind == EAGRE_PLAN_AGGREGATE)
    return change_aggregate(work, node, is_last, &below[0], out, error);
  if (node->kind == EAGRE_PLAN_TOP && !has_weight && !is_last) {
    give_changes_of_top(work, node, out);
    return EAGRE_OK;
  }
  return has_weight ? change_node(work, link, plain, below, out, error) : EAGRE_OK;
}

enum eagre_status eagre_plan_add_changes(struct plan_binder *binder, enum eagre_output_mode mode,
                                         struct eagre_plan_node **root, struct eagre_error *error) {
  const struct change_work work = {binder, binder->arena, &binder->pipeline->expression_session,
                                   mode};
  struct change_flow ignored;
  return change_tree(&work, root, true, &ignored, error);
}

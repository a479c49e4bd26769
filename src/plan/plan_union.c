/* Set operations: the inputs cast to common columns, then one node above them. UNION has a node of
 * its own; INTERSECT and EXCEPT are joins that ask whether the right side has the same row, NULLs
 * being the same, and the caller makes their rows distinct. With ALL (plan_union_all.c) rows are
 * counted on both sides. */
#include <string.h>

#include "plan/plan_bind.h"

static const char *ordinal_name(uint32_t number) {
  static const char *const names[] = {"first", "second",  "third",  "fourth", "fifth",
                                      "sixth", "seventh", "eighth", "ninth",  "tenth"};
  return number < EAGRE_COUNT_OF(names) ? names[number] : NULL;
}

/* ---- Inputs ---------------------------------------------------------------------------------- */

struct union_work {
  const char *operation; /* "UNION", "INTERSECT", "EXCEPT" */
  struct plan_relation inputs[EAGRE_PLAN_INPUTS_MAX];
  const struct eagre_sql_query *trees[EAGRE_PLAN_INPUTS_MAX];
  uint32_t count;
};

static bool is_union_all(const struct eagre_sql_query *tree) {
  return eagre_text_equal_string(tree->set_operation, "union all");
}

/* a UNION ALL b UNION ALL c is one union of three; what has its own ORDER BY or WITH is one of its
 * inputs. */
static bool may_be_flattened(const struct eagre_sql_query *tree) {
  return is_union_all(tree) && tree->order_by_count == 0 && tree->limit == NULL &&
         tree->offset == NULL && tree->common_table_count == 0;
}

static enum eagre_status add_inputs(struct plan_binder *binder, struct union_work *work,
                                    const struct eagre_sql_query *tree, struct eagre_error *error) {
  if (may_be_flattened(tree)) {
    EAGRE_TRY(add_inputs(binder, work, tree->left, error));
    return add_inputs(binder, work, tree->right, error);
  }
  if (work->count == EAGRE_PLAN_INPUTS_MAX) {
    return eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.UNION_TOO_WIDE",
                           "A UNION has at most %d inputs.", EAGRE_PLAN_INPUTS_MAX);
  }
  work->trees[work->count] = tree;
  return eagre_plan_bind_query(binder, tree, &work->inputs[work->count++], error);
}

static enum eagre_status check_inputs(const struct union_work *work, struct eagre_error *error) {
  const struct plan_relation *first = &work->inputs[0];
  for (uint32_t i = 1; i < work->count; i++) {
    const struct plan_relation *each = &work->inputs[i];
    if (each->column_count != first->column_count) {
      const char *name = ordinal_name(i);
      return eagre_plan_fail(error, work->trees[i]->position, "NUM_COLUMNS_MISMATCH",
                             "%s can only be performed on inputs with the same number of "
                             "columns, but the first input has %u columns and the %s input has %u "
                             "columns.",
                             work->operation, first->column_count, name == NULL ? "other" : name,
                             each->column_count);
    }
  }
  return EAGRE_OK;
}

static enum eagre_status check_union_of_streams(const struct union_work *work,
                                                struct eagre_sql_position position,
                                                struct eagre_error *error) {
  for (uint32_t i = 1; i < work->count; i++) {
    if (work->inputs[i].is_stream == work->inputs[0].is_stream) continue;
    eagre_plan_fail(error, position, "_LEGACY_ERROR_TEMP_3102",
                    "Union between streaming and batch DataFrames/Datasets is not supported");
    eagre_error_hint(error, "write STREAM in front of every source of the UNION");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static enum eagre_status refuse_types(const struct union_work *work, uint32_t input,
                                      uint32_t column, const struct eagre_type *common,
                                      struct eagre_error *error) {
  struct eagre_buffer first = {0};
  struct eagre_buffer other = {0};
  eagre_type_print(&first, common);
  eagre_type_print(&other, work->inputs[input].columns[column].type);
  const char *column_name = ordinal_name(column);
  const char *input_name = ordinal_name(input);
  eagre_plan_fail(error, work->trees[input]->position, "INCOMPATIBLE_COLUMN_TYPE",
                  "%s can only be performed on tables with compatible column types. The %s "
                  "column of the %s table is \"%s\" type which is not compatible with \"%s\" at "
                  "the same column of the first table.",
                  work->operation, column_name == NULL ? "named" : column_name,
                  input_name == NULL ? "other" : input_name, eagre_buffer_string(&other),
                  eagre_buffer_string(&first));
  eagre_buffer_done(&first);
  eagre_buffer_done(&other);
  return EAGRE_USAGE;
}

/* Names and qualities are those of the first input, as in Spark; a column keeps its event time only
 * when it keeps its type. */
static enum eagre_status find_columns(struct plan_binder *binder, const struct union_work *work,
                                      struct plan_relation *out, struct eagre_error *error) {
  const struct plan_relation *first = &work->inputs[0];
  out->column_count = first->column_count;
  out->columns =
      eagre_arena_allocate(binder->arena, sizeof *out->columns * (first->column_count + 1));
  for (uint32_t column = 0; column < first->column_count; column++) {
    struct plan_column *each = &out->columns[column];
    *each = first->columns[column];
    each->qualifier = eagre_text_make("", 0);
    for (uint32_t i = 1; i < work->count; i++) {
      const struct eagre_type *common = eagre_expression_common_type(
          binder->arena, each->type, work->inputs[i].columns[column].type,
          &binder->pipeline->expression_session);
      if (common == NULL) return refuse_types(work, i, column, each->type, error);
      each->type = common;
    }
  }
  return EAGRE_OK;
}

/* The input with its columns cast and named as those of the union. */
static enum eagre_status cast_input(struct plan_binder *binder, const struct plan_relation *input,
                                    const struct plan_relation *all, struct eagre_plan_node **out,
                                    struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct eagre_sql_position position = input->node->position;
  struct plan_relation cast = *all;
  cast.node = eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, input->node, position);
  cast.node->expression_count = all->column_count;
  cast.node->expressions =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (all->column_count + 1));
  for (uint32_t i = 0; i < all->column_count; i++) {
    struct eagre_expression **each = &cast.node->expressions[i];
    *each = eagre_plan_column_reference(binder, input, i, position);
    if (eagre_type_equal(input->columns[i].type, all->columns[i].type)) continue;
    EAGRE_TRY(eagre_expression_cast(binder->arena, *each, all->columns[i].type, false, session,
                                    position, each, error));
  }
  eagre_plan_relation_seal(binder, &cast);
  *out = cast.node;
  return EAGRE_OK;
}

/* ---- The operations -------------------------------------------------------------------------- */

static enum eagre_status bind_inputs(struct plan_binder *binder, const struct eagre_sql_query *tree,
                                     struct union_work *work, struct plan_relation *out,
                                     struct eagre_error *error) {
  EAGRE_TRY(add_inputs(binder, work, tree->left, error));
  EAGRE_TRY(add_inputs(binder, work, tree->right, error));
  EAGRE_TRY(check_inputs(work, error));
  EAGRE_TRY(check_union_of_streams(work, tree->position, error));
  EAGRE_TRY(find_columns(binder, work, out, error));
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_UNION, NULL, tree->position);
  node->inputs = eagre_arena_allocate(binder->arena, sizeof(void *) * work->count);
  node->input_count = work->count;
  for (uint32_t i = 0; i < work->count; i++) {
    EAGRE_TRY(cast_input(binder, &work->inputs[i], out, &node->inputs[i], error));
  }
  out->node = node;
  out->is_stream = work->inputs[0].is_stream;
  eagre_plan_relation_seal(binder, out);
  return EAGRE_OK;
}

static enum eagre_status check_streams(const struct union_work *work, bool is_intersect,
                                       struct eagre_sql_position position,
                                       struct eagre_error *error) {
  bool has_stream = work->inputs[0].is_stream || work->inputs[1].is_stream;
  if (is_intersect && has_stream) {
    return eagre_plan_fail(error, position, "_LEGACY_ERROR_TEMP_3102",
                           "Intersect of streaming DataFrames/Datasets is not supported");
  }
  if (!is_intersect && work->inputs[1].is_stream) {
    return eagre_plan_fail(error, position, "_LEGACY_ERROR_TEMP_3102",
                           "Except on a streaming DataFrame/Dataset on the right is not supported");
  }
  return EAGRE_OK;
}

/* Both inputs of INTERSECT or EXCEPT with the columns of the result. */
static enum eagre_status bind_sides(struct plan_binder *binder, const struct eagre_sql_query *tree,
                                    struct union_work *work, struct plan_relation sides[2],
                                    struct eagre_error *error) {
  bool is_intersect = eagre_text_starts_with(tree->set_operation, EAGRE_TEXT("intersect"));
  struct plan_relation columns = {0};
  work->trees[0] = tree->left;
  work->trees[1] = tree->right;
  work->count = 2;
  EAGRE_TRY(eagre_plan_bind_query(binder, tree->left, &work->inputs[0], error));
  EAGRE_TRY(eagre_plan_bind_query(binder, tree->right, &work->inputs[1], error));
  EAGRE_TRY(check_inputs(work, error));
  EAGRE_TRY(check_streams(work, is_intersect, tree->position, error));
  EAGRE_TRY(find_columns(binder, work, &columns, error));
  for (uint32_t i = 0; i < 2; i++) {
    sides[i] = columns;
    sides[i].is_stream = work->inputs[i].is_stream;
    EAGRE_TRY(cast_input(binder, &work->inputs[i], &columns, &sides[i].node, error));
  }
  for (uint32_t i = 0; i < columns.column_count; i++) {
    EAGRE_TRY(eagre_plan_check_distinct(&columns.columns[i], tree->position, error));
  }
  return EAGRE_OK;
}

/* Rows of the left input that the right one has, or has not. */
static enum eagre_status bind_join(struct plan_binder *binder, const struct eagre_sql_query *tree,
                                   struct union_work *work, struct plan_relation *out,
                                   struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  bool is_intersect = eagre_text_equal_string(tree->set_operation, "intersect");
  struct plan_relation sides[2];
  EAGRE_TRY(bind_sides(binder, tree, work, sides, error));
  eagre_plan_join_begin(binder, is_intersect ? EAGRE_JOIN_LEFT_SEMI : EAGRE_JOIN_LEFT_ANTI,
                        &sides[0], &sides[1], tree->position, out);
  uint32_t count = sides[0].column_count;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_expression *pair[2] = {
        eagre_plan_column_reference(binder, out, i, tree->position),
        eagre_plan_column_reference(binder, out, count + i, tree->position),
    };
    struct eagre_expression *equality = NULL;
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("<=>"), pair, 2, session,
                                    tree->position, &equality, error));
    eagre_plan_join_add_condition(binder, out->node, equality);
  }
  eagre_plan_join_end(binder, out);
  return EAGRE_OK;
}

static enum eagre_status bind_counted(struct plan_binder *binder,
                                      const struct eagre_sql_query *tree, struct union_work *work,
                                      struct plan_relation *out, struct eagre_error *error) {
  struct plan_relation sides[2];
  EAGRE_TRY(bind_sides(binder, tree, work, sides, error));
  if (sides[0].is_stream) {
    eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.SET_OPERATION",
                    "EXCEPT ALL of a stream is not supported yet.");
    eagre_error_hint(error, "EXCEPT is");
    return EAGRE_USAGE;
  }
  bool is_intersect = eagre_text_equal_string(tree->set_operation, "intersect all");
  return eagre_plan_count_rows(binder, sides, is_intersect, tree->position, out, error);
}

enum eagre_status eagre_plan_bind_union(struct plan_binder *binder,
                                        const struct eagre_sql_query *tree,
                                        struct plan_relation *out, struct eagre_error *error) {
  static const struct {
    const char *name;
    const char *operation;
    enum eagre_status (*bind)(struct plan_binder *binder, const struct eagre_sql_query *tree,
                              struct union_work *work, struct plan_relation *out,
                              struct eagre_error *error);
  } names[] = {
      {"union", "UNION", bind_inputs},       {"union all", "UNION", bind_inputs},
      {"intersect", "INTERSECT", bind_join}, {"intersect all", "INTERSECT ALL", bind_counted},
      {"except", "EXCEPT", bind_join},       {"except all", "EXCEPT ALL", bind_counted},
  };
  size_t row = 0;
  *out = (struct plan_relation){0};
  while (!eagre_text_equal_string(tree->set_operation, names[row].name)) {
    row++;
    eagre_assert(row < EAGRE_COUNT_OF(names));
  }
  struct union_work *work = eagre_allocate_zeroed(1, sizeof *work);
  work->operation = names[row].operation;
  enum eagre_status status = names[row].bind(binder, tree, work, out, error);
  eagre_free(work);
  return status;
}

/* Frames of window functions. A frame by values (RANGE with a number or an interval) has a limit
 * for each row: its sort key plus or minus the offset, in the type of the key. */
#include "plan/plan_bind.h"

static enum eagre_status refuse(const struct eagre_sql_over *tree, const char *reason,
                                const char *text, struct eagre_error *error) {
  struct eagre_buffer class_name = {0};
  eagre_buffer_printf(&class_name, "DATATYPE_MISMATCH.%s", reason);
  eagre_plan_fail(error, tree->position, eagre_buffer_string(&class_name),
                  "Cannot resolve the window due to data type mismatch: %s.", text);
  eagre_buffer_done(&class_name);
  return EAGRE_USAGE;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

static enum eagre_status bind_offset(struct plan_binder *binder, const struct eagre_sql_over *tree,
                                     const struct eagre_sql_edge *edge,
                                     struct eagre_expression **out, struct eagre_error *error) {
  static const struct plan_relation nothing = {0};
  const struct plan_scope scope = {.relation = &nothing, .aggregate_refusal = "a window frame"};
  enum eagre_status status = eagre_plan_bind_expression(binder, &scope, edge->offset, out, error);
  if (status != EAGRE_OK || !eagre_expression_is_constant(*out)) {
    return eagre_plan_fail(error, edge->position, "_LEGACY_ERROR_TEMP_0064",
                           "Frame bound value must be a literal.");
  }
  enum eagre_type_kind kind = eagre_expression_type(*out)->kind;
  if (eagre_type_is_numeric(kind) || eagre_type_is_interval(kind)) return EAGRE_OK;
  return refuse(tree, "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                "a bound of a window frame must be a number or an interval", error);
}

/* n PRECEDING is -n rows from the current one. */
static enum eagre_status bind_rows(struct plan_binder *binder, const struct eagre_sql_over *tree,
                                   const struct eagre_sql_edge *edge, struct eagre_over_edge *out,
                                   struct eagre_error *error) {
  struct eagre_expression *offset = NULL;
  struct eagre_vector folded;
  EAGRE_TRY(bind_offset(binder, tree, edge, &offset, error));
  if (eagre_expression_type(offset)->kind != EAGRE_TYPE_INT) {
    return refuse(tree, "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                  "a bound of a frame of ROWS must be an INT", error);
  }
  EAGRE_TRY(eagre_expression_fold(binder->arena, offset, &binder->pipeline->expression_session,
                                  &folded, error));
  int64_t rows = eagre_vector_is_null(&folded, 0) ? 0 : EAGRE_VALUES(int32_t, &folded)[0];
  out->kind = EAGRE_OVER_ROWS;
  out->rows = edge->kind == EAGRE_SQL_EDGE_PRECEDING ? -rows : rows;
  return EAGRE_OK;
}

/* Whether Spark adds such an offset to such a key. */
static bool are_summed(enum eagre_type_kind key, enum eagre_type_kind offset) {
  switch (key) {
  case EAGRE_TYPE_DATE:
    return offset == EAGRE_TYPE_INT || eagre_type_is_interval(offset);
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return eagre_type_is_interval(offset);
  default:
    return key == offset && (eagre_type_is_numeric(key) || eagre_type_is_interval(key));
  }
}

/* Offsets of a number become its type. */
static enum eagre_status convert_offset(struct plan_binder *binder,
                                        const struct eagre_sql_over *tree,
                                        const struct eagre_type *key,
                                        struct eagre_expression **offset,
                                        struct eagre_error *error) {
  bool is_number = eagre_type_is_numeric(key->kind) &&
                   eagre_type_is_numeric(eagre_expression_type(*offset)->kind);
  if (is_number) {
    EAGRE_TRY(eagre_expression_cast(binder->arena, *offset, key, false,
                                    &binder->pipeline->expression_session, tree->position, offset,
                                    error));
  }
  enum eagre_type_kind kind = eagre_expression_type(*offset)->kind;
  if (are_summed(key->kind, kind)) return EAGRE_OK;
  if (key->kind == EAGRE_TYPE_STRING && eagre_type_is_numeric(kind)) {
    return refuse(tree, "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                  "a bound of a RANGE frame over texts has no meaning", error);
  }
  return refuse(tree, "RANGE_FRAME_INVALID_TYPE",
                "the bound of a RANGE frame does not fit the type of ORDER BY", error);
}

static enum eagre_status bind_limit(struct plan_binder *binder, const struct eagre_sql_over *tree,
                                    const struct eagre_over_window *window,
                                    const struct eagre_sql_edge *edge, struct eagre_over_edge *out,
                                    struct eagre_error *error) {
  const struct eagre_plan_sort_key *key = &window->sort_keys[0];
  const struct eagre_type *type = eagre_expression_type(key->expression);
  struct eagre_expression *sides[2] = {key->expression, NULL};
  EAGRE_TRY(bind_offset(binder, tree, edge, &sides[1], error));
  EAGRE_TRY(convert_offset(binder, tree, type, &sides[1], error));
  bool goes_down = (edge->kind == EAGRE_SQL_EDGE_PRECEDING) != key->is_descending;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  EAGRE_TRY(eagre_expression_call(binder->arena, goes_down ? EAGRE_TEXT("-") : EAGRE_TEXT("+"),
                                  sides, 2, session, edge->position, &out->limit, error));
  out->kind = EAGRE_OVER_VALUE;
  if (eagre_type_equal(eagre_expression_type(out->limit), type)) return EAGRE_OK;
  if (type->kind == EAGRE_TYPE_DATE) { /* a DATE and hours */
    return refuse(tree, "RANGE_FRAME_INVALID_TYPE",
                  "the bound of a RANGE frame over a DATE must be whole days", error);
  }
  return eagre_expression_cast(binder->arena, out->limit, type, false, session, edge->position,
                               &out->limit, error);
}

static bool has_offset(const struct eagre_sql_over *tree) {
  return tree->lower.offset != NULL || tree->upper.offset != NULL;
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static enum eagre_status bind_edge(struct plan_binder *binder, const struct eagre_sql_over *tree,
                                   const struct eagre_over_window *window,
                                   const struct eagre_sql_edge *edge, struct eagre_over_edge *out,
                                   struct eagre_error *error) {
  switch (edge->kind) {
  case EAGRE_SQL_EDGE_FIRST:
    out->kind = EAGRE_OVER_FIRST;
    return EAGRE_OK;
  case EAGRE_SQL_EDGE_LAST:
    out->kind = EAGRE_OVER_LAST;
    return EAGRE_OK;
  case EAGRE_SQL_EDGE_CURRENT_ROW:
    out->kind = tree->is_range ? EAGRE_OVER_PEERS : EAGRE_OVER_ROWS;
    return EAGRE_OK;
  default:
    return tree->is_range ? bind_limit(binder, tree, window, edge, out, error)
                          : bind_rows(binder, tree, edge, out, error);
  }
}

static enum eagre_status check_order(const struct eagre_sql_over *tree,
                                     const struct eagre_over_window *window,
                                     struct eagre_error *error) {
  bool is_whole =
      tree->lower.kind == EAGRE_SQL_EDGE_FIRST && tree->upper.kind == EAGRE_SQL_EDGE_LAST;
  if (!tree->is_range || is_whole) return EAGRE_OK;
  if (window->sort_key_count == 0) {
    return refuse(tree, "RANGE_FRAME_WITHOUT_ORDER",
                  "a range window frame cannot be used in an unordered window specification",
                  error);
  }
  if (window->sort_key_count == 1 || !has_offset(tree)) return EAGRE_OK;
  return refuse(tree, "RANGE_FRAME_MULTI_ORDER",
                "a range window frame with value boundary cannot be used in a window "
                "specification with multiple order by expressions",
                error);
}

/* What an edge adds to the row or its value. */
static enum eagre_status signed_offset(struct plan_binder *binder,
                                       const struct eagre_sql_over *tree,
                                       const struct eagre_sql_edge *edge,
                                       struct eagre_expression **out, struct eagre_error *error) {
  EAGRE_TRY(bind_offset(binder, tree, edge, out, error));
  if (edge->kind == EAGRE_SQL_EDGE_FOLLOWING) return EAGRE_OK;
  return eagre_expression_call(binder->arena, EAGRE_TEXT("negative"), out, 1,
                               &binder->pipeline->expression_session, edge->position, out, error);
}

static enum eagre_status check_offsets(struct plan_binder *binder,
                                       const struct eagre_sql_over *tree,
                                       struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct eagre_expression *sides[2] = {NULL}, *is_less = NULL;
  struct eagre_vector folded;
  if (tree->lower.offset == NULL || tree->upper.offset == NULL) return EAGRE_OK;
  EAGRE_TRY(signed_offset(binder, tree, &tree->lower, &sides[0], error));
  EAGRE_TRY(signed_offset(binder, tree, &tree->upper, &sides[1], error));
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("<="), sides, 2, session,
                                  tree->position, &is_less, error));
  EAGRE_TRY(eagre_expression_fold(binder->arena, is_less, session, &folded, error));
  bool is_right = eagre_vector_is_null(&folded, 0) || eagre_bit_get(folded.data, 0);
  if (is_right) return EAGRE_OK;
  return refuse(tree, "SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                "the lower bound of a window frame must be less than or equal to the upper bound",
                error);
}

static enum eagre_status check_edges(struct plan_binder *binder, const struct eagre_sql_over *tree,
                                     struct eagre_error *error) {
  bool is_turned =
      tree->lower.kind == EAGRE_SQL_EDGE_LAST || tree->upper.kind == EAGRE_SQL_EDGE_FIRST;
  if (!is_turned) return check_offsets(binder, tree, error);
  return refuse(tree, "SPECIFIED_WINDOW_FRAME_INVALID_BOUND",
                "a frame does not begin at UNBOUNDED FOLLOWING nor end at UNBOUNDED PRECEDING",
                error);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static bool takes_frame(const struct eagre_over_function *function) {
  return function->kind == EAGRE_OVER_AGGREGATE || function->kind == EAGRE_OVER_NTH_VALUE;
}

static bool is_written_as(const struct eagre_sql_over *tree, bool is_range) {
  return tree->is_range == is_range && tree->lower.kind == EAGRE_SQL_EDGE_FIRST &&
         tree->upper.kind == EAGRE_SQL_EDGE_CURRENT_ROW;
}

static enum eagre_status check_ordered(const struct eagre_over_window *window,
                                       const struct eagre_over_function *function,
                                       struct eagre_error *error) {
  if (window->sort_key_count > 0 || function->kind == EAGRE_OVER_AGGREGATE) return EAGRE_OK;
  const char *name = eagre_over_name(function);
  return eagre_plan_fail(error, function->position, "WINDOW_FUNCTION_FRAME_NOT_ORDERED",
                         "Window function %s() requires window to be ordered, please add ORDER BY "
                         "clause. For example SELECT %s(value_expr) OVER (PARTITION BY "
                         "window_partition ORDER BY window_ordering) from table.",
                         name, name);
}

/* The functions that have a frame of their own. */
static enum eagre_status check_fixed(const struct eagre_sql_over *tree,
                                     const struct eagre_over_function *function,
                                     struct eagre_error *error) {
  bool is_range = function->kind == EAGRE_OVER_CUME_DIST;
  bool is_offset = function->kind == EAGRE_OVER_OFFSET;
  if (!tree->has_frame || (!is_offset && is_written_as(tree, is_range))) return EAGRE_OK;
  eagre_plan_fail(error, tree->position,
                  is_offset ? "_LEGACY_ERROR_TEMP_1035" : "_LEGACY_ERROR_TEMP_1036",
                  is_offset ? "Cannot specify window frame for %s function."
                            : "Window Frame must match the required frame of the function %s.",
                  eagre_over_name(function));
  eagre_error_hint(error, "leave the frame out");
  return EAGRE_USAGE;
}

enum eagre_status eagre_plan_bind_frame(struct plan_binder *binder,
                                        const struct eagre_sql_over *tree,
                                        const struct eagre_over_window *window,
                                        struct eagre_over_function *function,
                                        struct eagre_error *error) {
  struct eagre_over_edge lower = {0}, upper = {0};
  EAGRE_TRY(check_ordered(window, function, error));
  if (tree->has_frame) {
    EAGRE_TRY(check_order(tree, window, error));
    EAGRE_TRY(bind_edge(binder, tree, window, &tree->lower, &lower, error));
    EAGRE_TRY(bind_edge(binder, tree, window, &tree->upper, &upper, error));
    EAGRE_TRY(check_edges(binder, tree, error));
  } else {
    lower.kind = EAGRE_OVER_FIRST;
    upper.kind = window->sort_key_count > 0 ? EAGRE_OVER_PEERS : EAGRE_OVER_LAST;
  }
  if (!takes_frame(function)) return check_fixed(tree, function, error);
  function->lower = lower;
  function->upper = upper;
  return EAGRE_OK;
}

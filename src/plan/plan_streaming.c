/* What may run as a stream: operator x output mode (spark-semantics 3.9), with Spark's classes. */
#include "plan/plan_bind.h"

static enum eagre_status refuse_mode(const struct eagre_plan_node *query,
                                     enum eagre_output_mode mode, const char *reason,
                                     const char *hint, struct eagre_error *error) {
  eagre_plan_fail(error, query->position, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                  "Invalid streaming output mode: %s. This output mode is not supported for %s.",
                  eagre_output_mode_name(mode), reason);
  eagre_error_hint(error, "%s", hint);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_operation(const struct eagre_plan_node *node, const char *what,
                                          const char *hint, struct eagre_error *error) {
  eagre_plan_fail(error, node->position, "_LEGACY_ERROR_TEMP_3102", "%s", what);
  eagre_error_hint(error, "%s", hint);
  return EAGRE_USAGE;
}

struct stream_mode {
  enum eagre_output_mode mode;
  bool allows_changes; /* eagre.changes */
};

struct stream_shape {
  const struct eagre_plan_node *aggregate; /* the last one */
  const struct eagre_plan_node *top;       /* one of them without event time among its keys */
  bool has_top;
  bool has_changing_result; /* an aggregation or TOP */
  bool is_stateful_above_aggregate;
  bool is_without_event_time;                    /* one of them */
  const struct eagre_plan_node *session;         /* one of them, by sessions */
  const struct eagre_plan_node *watermark_above; /* of an aggregation's result */
  const struct eagre_plan_node *sort;
  const struct eagre_plan_node *limit;
  bool sort_is_above_aggregate;
};

/* Something whose result changes from epoch to epoch: an aggregation, or a TOP. */
static bool has_aggregate_below(const struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct eagre_plan_node *input = node->inputs[i];
    if (eagre_plan_is_static_input(node, i)) continue;
    bool changes = input->kind == EAGRE_PLAN_AGGREGATE || input->kind == EAGRE_PLAN_TOP;
    if (changes || has_aggregate_below(input)) return true;
  }
  return false;
}

/* Whether it drops rows that come late from below. Of deduplications Spark counts those whose keys
 * expire only. */
static bool may_lose_late_rows(const struct eagre_plan_node *node) {
  bool keeps_keys = node->kind == EAGRE_PLAN_DEDUPLICATE && node->event_time_key < 0 &&
                    !node->is_within_watermark;
  return eagre_plan_is_stateful(node) && !keeps_keys;
}

static struct stream_shape read_shape(const struct eagre_plan_tree *query) {
  struct stream_shape shape = {0};
  for (uint32_t i = 0; i < query->node_count; i++) {
    const struct eagre_plan_node *node = query->nodes[i];
    if (node->kind == EAGRE_PLAN_TOP) {
      shape.has_changing_result = true;
      shape.has_top = true;
      if (node->event_time_key < 0) shape.top = node;
    }
    if (node->kind == EAGRE_PLAN_AGGREGATE) {
      shape.has_changing_result = true;
      shape.aggregate = node;
      if (node->event_time_key < 0) shape.is_without_event_time = true;
      if (node->session_key >= 0) shape.session = node;
    }
    bool is_lost_on_changes = node->kind == EAGRE_PLAN_DEDUPLICATE && shape.has_top;
    if ((may_lose_late_rows(node) || is_lost_on_changes) && has_aggregate_below(node))
      shape.is_stateful_above_aggregate = true;
    if (node->kind == EAGRE_PLAN_WATERMARK && has_aggregate_below(node))
      shape.watermark_above = node;
    if (node->kind == EAGRE_PLAN_SORT) {
      shape.sort = node;
      shape.sort_is_above_aggregate = has_aggregate_below(node);
    }
    if (node->kind == EAGRE_PLAN_LIMIT) shape.limit = node;
  }
  return shape;
}

static enum eagre_status check_sort_and_limit(const struct stream_shape *shape,
                                              enum eagre_output_mode mode,
                                              struct eagre_error *error) {
  if (shape->sort != NULL && (mode != EAGRE_MODE_COMPLETE || !shape->sort_is_above_aggregate)) {
    return refuse_operation(shape->sort,
                            "Sorting is not supported on streaming DataFrames/Datasets, unless it "
                            "is on aggregated DataFrame/Dataset in Complete output mode.",
                            "remove ORDER BY", error);
  }
  if (shape->limit != NULL) {
    eagre_plan_fail(error, shape->limit->position, "UNSUPPORTED_FEATURE.STREAMING_LIMIT",
                    "LIMIT and OFFSET on a stream are not supported yet.");
    eagre_error_hint(error, "use `eagre query` on the written table, or remove LIMIT");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* ---- Joins ----------------------------------------------------------------------------------- */

/* A side whose rows must come out once the other one has ended is a side that must end. */
static enum eagre_status check_static_join(const struct eagre_plan_node *join,
                                           struct eagre_error *error) {
  bool is_left_static = join->static_input == 0;
  const char *hint =
      is_left_static ? "use RIGHT OUTER JOIN or INNER JOIN" : "use LEFT OUTER JOIN or INNER JOIN";
  switch (join->written_kind) {
  case EAGRE_JOIN_INNER:
  case EAGRE_JOIN_CROSS:
    return EAGRE_OK;
  case EAGRE_JOIN_RIGHT:
    if (is_left_static) return EAGRE_OK;
    return refuse_operation(join,
                            "RightOuter join with a streaming DataFrame/Dataset on the left and a "
                            "static DataFrame/DataSet on the right not supported",
                            hint, error);
  case EAGRE_JOIN_FULL:
    return refuse_operation(
        join,
        is_left_static ? "FullOuter joins with streaming DataFrames/Datasets on the right and "
                         "a static DataFrame/Dataset on the left is not supported"
                       : "FullOuter joins with streaming DataFrames/Datasets on the left and a "
                         "static DataFrame/Dataset on the right is not supported",
        hint, error);
  case EAGRE_JOIN_LEFT_MARK: /* of a subquery, which is no stream */
    return EAGRE_OK;
  case EAGRE_JOIN_LEFT:
    if (!is_left_static) return EAGRE_OK;
    return refuse_operation(join,
                            "LeftOuter join with a streaming DataFrame/Dataset on the right and a "
                            "static DataFrame/Dataset on the left is not supported",
                            hint, error);
  case EAGRE_JOIN_LEFT_SEMI:
    if (!is_left_static) return EAGRE_OK;
    return refuse_operation(
        join,
        "LeftSemi join with a streaming DataFrame/Dataset on the right and a static "
        "DataFrame/Dataset on the left is not supported",
        hint, error);
  case EAGRE_JOIN_LEFT_ANTI:
    if (!is_left_static) return EAGRE_OK;
    return refuse_operation(
        join,
        "LeftAnti joins with a streaming DataFrame/Dataset on the right are not "
        "supported",
        "read the right side without STREAM", error);
  }
  return EAGRE_OK;
}

static const char *class_of_join(enum eagre_join_kind kind) {
  switch (kind) {
  case EAGRE_JOIN_LEFT:
    return "LeftOuter";
  case EAGRE_JOIN_RIGHT:
    return "RightOuter";
  case EAGRE_JOIN_FULL:
    return "FullOuter";
  case EAGRE_JOIN_LEFT_SEMI:
    return "LeftSemi";
  case EAGRE_JOIN_LEFT_ANTI:
    return "LeftAnti";
  case EAGRE_JOIN_LEFT_MARK:
    return "ExistenceJoin";
  case EAGRE_JOIN_INNER:
  case EAGRE_JOIN_CROSS:
    break;
  }
  return "Inner";
}

/* Whether it can ever be known that a row finds no match. */
static bool has_end(const struct eagre_plan_node *join) {
  bool has_left = join->time_key >= 0 || join->join_sides[0].bound_count > 0;
  bool has_right = join->time_key >= 0 || join->join_sides[1].bound_count > 0;
  switch (join->written_kind) {
  case EAGRE_JOIN_INNER:
  case EAGRE_JOIN_CROSS:
    return true;
  case EAGRE_JOIN_RIGHT:
    return has_right;
  case EAGRE_JOIN_FULL:
    return has_left || has_right;
  default:
    return has_left;
  }
}

static enum eagre_status check_join_mode(const struct eagre_plan_node *join,
                                         const struct stream_mode *stream,
                                         struct eagre_error *error) {
  enum eagre_output_mode mode = stream->mode;
  bool is_outer = join->written_kind == EAGRE_JOIN_LEFT || join->written_kind == EAGRE_JOIN_RIGHT ||
                  join->written_kind == EAGRE_JOIN_FULL;
  bool takes_all = mode == EAGRE_MODE_UPDATE || stream->allows_changes;
  bool is_allowed = mode == EAGRE_MODE_APPEND || (takes_all && !is_outer);
  if (is_allowed) return EAGRE_OK;
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text,
                      "%s join between two streaming DataFrames/Datasets is not supported in %s "
                      "output mode, only in Append output mode",
                      class_of_join(join->written_kind),
                      mode == EAGRE_MODE_UPDATE ? "Update" : "Complete");
  enum eagre_status status =
      refuse_operation(join, eagre_buffer_string(&text), "use append mode", error);
  eagre_buffer_done(&text);
  return status;
}

static enum eagre_status check_join_end(const struct eagre_plan_node *join,
                                        struct eagre_error *error) {
  if (has_end(join)) return EAGRE_OK;
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text,
                      "Stream-stream %s join between two streaming DataFrame/Datasets is not "
                      "supported without a watermark in the join keys, or a watermark on the "
                      "nullable side and an appropriate range condition",
                      class_of_join(join->written_kind));
  enum eagre_status status = refuse_operation(
      join, eagre_buffer_string(&text),
      "give both sides a WATERMARK and say how far their times may be apart: ... AND b.t BETWEEN "
      "a.t AND a.t + INTERVAL 1 HOUR",
      error);
  eagre_buffer_done(&text);
  return status;
}

static enum eagre_status check_stream_join(const struct eagre_plan_node *join,
                                           const struct stream_mode *stream,
                                           struct eagre_error *error) {
  bool is_anti =
      join->written_kind == EAGRE_JOIN_LEFT_ANTI || join->written_kind == EAGRE_JOIN_LEFT_MARK;
  if (is_anti) {
    return refuse_operation(
        join, "LeftAnti joins with a streaming DataFrame/Dataset on the right are not supported",
        "read the right side without STREAM", error);
  }
  EAGRE_TRY(check_join_mode(join, stream, error));
  EAGRE_TRY(check_join_end(join, error));
  if (join->join_key_count == 0) {
    eagre_plan_fail(error, join->position, "_LEGACY_ERROR_TEMP_1181",
                    "Stream-stream join without equality predicate is not supported");
    eagre_error_hint(error, "say in ON which columns of both sides are equal");
    return EAGRE_USAGE;
  }
  if (join->join_sides[0].event_time_count <= 1 && join->join_sides[1].event_time_count <= 1)
    return EAGRE_OK;
  eagre_plan_fail(error, join->position, "_LEGACY_ERROR_TEMP_3077",
                  "More than one event time columns are available. Please ensure there is at most "
                  "one event time column in the stream.");
  eagre_error_hint(error,
                   "keep either the column with the WATERMARK or its window, or compute with "
                   "it: ts + INTERVAL 0 SECONDS");
  return EAGRE_USAGE;
}

static enum eagre_status check_joins(const struct eagre_plan_tree *query,
                                     const struct stream_mode *stream, struct eagre_error *error) {
  for (uint32_t i = 0; i < query->node_count; i++) {
    const struct eagre_plan_node *node = query->nodes[i];
    if (node->kind != EAGRE_PLAN_JOIN) continue;
    if (node->static_input >= 0) {
      EAGRE_TRY(check_static_join(node, error));
      continue;
    }
    EAGRE_TRY(check_stream_join(node, stream, error));
  }
  return EAGRE_OK;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

static enum eagre_status check_session_keys(const struct eagre_plan_node *session,
                                            struct eagre_error *error) {
  if (session->key_count > 1) return EAGRE_OK;
  eagre_plan_fail(error, session->position, "UNSUPPORTED_FEATURE.GLOBAL_SESSION_WINDOW",
                  "Global aggregation with session window in streaming query is not supported.");
  eagre_error_hint(error, "group by a column beside the session");
  return EAGRE_USAGE;
}

/* What was seen would have to be kept for ever. The static side of a join may have them. */
static enum eagre_status check_distinct(const struct eagre_plan_node *node,
                                        struct eagre_error *error) {
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    if (!node->aggregates[i].is_distinct) continue;
    return refuse_operation(
        node,
        "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
        "approx_count_distinct() instead.",
        "group by the value as well, or use approx_count_distinct", error);
  }
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (eagre_plan_is_static_input(node, i)) continue;
    EAGRE_TRY(check_distinct(node->inputs[i], error));
  }
  return EAGRE_OK;
}

static enum eagre_status refuse_changes(const struct eagre_plan_node *query,
                                        struct eagre_error *error) {
  return refuse_operation(
      query,
      "Detected pattern of possible 'correctness' issue due to global watermark. The query "
      "contains stateful operation which can emit rows older than the current watermark plus "
      "allowed late record delay, which are \"late rows\" in downstream stateful operations and "
      "these rows can be discarded.",
      "use append mode, with windows over a column with WATERMARK, or allow what Spark does not: "
      "SET eagre.changes = true",
      error);
}

static enum eagre_status check_over(const struct eagre_plan_tree *query,
                                    struct eagre_error *error) {
  for (uint32_t i = 0; i < query->node_count; i++) {
    const struct eagre_plan_node *node = query->nodes[i];
    if (node->kind != EAGRE_PLAN_OVER) continue;
    eagre_plan_fail(error, node->functions[0].position,
                    "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
                    "Window function is not supported in %s on streaming DataFrames/Datasets. "
                    "Structured Streaming only supports time-window aggregation using the WINDOW "
                    "function.",
                    eagre_over_name(&node->functions[0]));
    eagre_error_hint(error,
                     "group by window(ts, ...); the first row of each key is SELECT ... FROM "
                     "(SELECT *, row_number() OVER (PARTITION BY key ORDER BY ts) AS rn FROM "
                     "...) WHERE rn = 1, ts being the column with the WATERMARK; the first N rows "
                     "of each key, WHERE rn <= N, run with SET eagre.changes = true");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

static enum eagre_status refuse_open_top(const struct eagre_plan_node *top,
                                         struct eagre_error *error) {
  return refuse_mode(top, EAGRE_MODE_APPEND,
                     "the first rows of each key without watermark on streaming "
                     "DataFrames/Datasets",
                     "use update or complete mode, or partition by a window of a column with "
                     "WATERMARK",
                     error);
}

enum eagre_status eagre_plan_check_stream(const struct eagre_plan_tree *tree,
                                          enum eagre_output_mode mode, bool allows_changes,
                                          bool *out_has_changes, struct eagre_error *error) {
  const struct eagre_plan_node *query = tree->root;
  const struct stream_mode stream = {mode, allows_changes};
  *out_has_changes = false;
  struct stream_shape shape = read_shape(tree);
  EAGRE_TRY(check_over(tree, error));
  EAGRE_TRY(check_distinct(query, error));
  EAGRE_TRY(check_sort_and_limit(&shape, mode, error));
  if (shape.has_changing_result || mode != EAGRE_MODE_COMPLETE)
    EAGRE_TRY(check_joins(tree, &stream, error));
  if (mode == EAGRE_MODE_APPEND && shape.top != NULL) return refuse_open_top(shape.top, error);
  if (!shape.has_changing_result) {
    if (mode != EAGRE_MODE_COMPLETE) return EAGRE_OK;
    return refuse_mode(query, mode, "no streaming aggregations on streaming DataFrames/Datasets",
                       "use append mode", error);
  }
  *out_has_changes = shape.is_stateful_above_aggregate && mode != EAGRE_MODE_APPEND;
  if (*out_has_changes && !allows_changes) return refuse_changes(query, error);
  if (shape.session != NULL && mode == EAGRE_MODE_UPDATE) {
    return refuse_mode(shape.session, mode,
                       "session window streaming aggregations on streaming DataFrames/DataSets",
                       "use append mode", error);
  }
  if (shape.watermark_above != NULL) {
    eagre_plan_fail(error, shape.watermark_above->position,
                    "UNSUPPORTED_FEATURE.WATERMARK_ABOVE_AGGREGATION",
                    "A WATERMARK on the result of an aggregation is not supported yet.");
    eagre_error_hint(error, "put the WATERMARK behind the source");
    return EAGRE_USAGE;
  }
  if (mode == EAGRE_MODE_APPEND && shape.is_without_event_time) {
    return refuse_mode(query, mode,
                       "streaming aggregations without watermark on streaming "
                       "DataFrames/Datasets",
                       "group by window(ts, ...) of a column with WATERMARK, or use update or "
                       "complete mode",
                       error);
  }
  return shape.session == NULL ? EAGRE_OK : check_session_keys(shape.session, error);
}

uint32_t eagre_flow_owned_partitions(const struct eagre_flow *flow) {
  for (uint32_t i = 0; i < flow->query.node_count; i++) {
    if (flow->query.nodes[i]->kind == EAGRE_PLAN_SORT) return 1;
  }
  return flow->state_partition_count;
}

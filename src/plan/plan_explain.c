/* EXPLAIN: each flow as an indented list of nodes, or as JSON. */
#include <string.h>

#include "plan/plan_bind.h"

static const char *const kind_names[] = {
    [EAGRE_PLAN_SOURCE] = "Source",     [EAGRE_PLAN_VALUES] = "Values",
    [EAGRE_PLAN_FILTER] = "Filter",     [EAGRE_PLAN_PROJECT] = "Project",
    [EAGRE_PLAN_WINDOW] = "Window",     [EAGRE_PLAN_WATERMARK] = "Watermark",
    [EAGRE_PLAN_GENERATE] = "Generate", [EAGRE_PLAN_AGGREGATE] = "Aggregate",
    [EAGRE_PLAN_SORT] = "Sort",         [EAGRE_PLAN_DEDUPLICATE] = "Deduplicate",
    [EAGRE_PLAN_LIMIT] = "Limit",       [EAGRE_PLAN_UNION] = "Union",
    [EAGRE_PLAN_JOIN] = "Join",         [EAGRE_PLAN_OVER] = "Over",
    [EAGRE_PLAN_TOP] = "Top",           [EAGRE_PLAN_EXPECT] = "Expect",
};

static const char *const source_names[] = {"kafka", "files", "rate", "rate-micro-batch", "delta"};
static const char *const sink_names[] = {"delta", "files", "kafka", "console", "noop", "several"};

static void print_text(struct eagre_buffer *out, struct eagre_text text) {
  eagre_buffer_append_text(out, text);
}

/* "a, b": the wanted columns of a source. */
static void print_wanted(const struct eagre_plan_source *source, struct eagre_buffer *out) {
  bool is_first = true;
  for (uint32_t i = 0; i < source->schema->field_count; i++) {
    if (source->wanted != NULL && !source->wanted[i]) continue;
    if (!is_first) eagre_buffer_append_string(out, ", ");
    print_text(out, source->schema->fields[i].name);
    is_first = false;
  }
}

static void print_source(const struct eagre_plan_source *source, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%s", source_names[source->kind]);
  if (source->kind == EAGRE_SOURCE_FILES) {
    eagre_buffer_printf(out, " %.*s (%s)", (int)source->path.size, source->path.data,
                        eagre_file_format_name(source->format));
  }
  if (source->kind == EAGRE_SOURCE_DELTA) {
    eagre_buffer_printf(out, " %.*s version %lld", (int)source->path.size, source->path.data,
                        (long long)source->version);
  }
  if (source->kind == EAGRE_SOURCE_KAFKA) {
    struct eagre_text topics = eagre_option_text(&source->options, "subscribe");
    if (topics.size == 0) topics = eagre_option_text(&source->options, "subscribePattern");
    if (topics.size == 0) topics = eagre_option_text(&source->options, "assign");
    struct eagre_text servers = eagre_option_text(&source->options, "bootstrapServers");
    eagre_buffer_printf(out, " %.*s at %.*s", (int)topics.size, topics.data, (int)servers.size,
                        servers.data);
  }
  eagre_buffer_append_string(out, ", reads [");
  print_wanted(source, out);
  eagre_buffer_append_char(out, ']');
}

static void print_project(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < node->expression_count; i++) {
    struct eagre_text name = node->output->fields[i].name;
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_expression_print(node->expressions[i], eagre_plan_input(node)->output, out);
    eagre_buffer_printf(out, " AS %.*s", (int)name.size, name.data);
  }
  struct eagre_text needle = node->needle.text;
  if (needle.size == 0) return;
  eagre_buffer_printf(out, ", of rows that may hold '%.*s'", (int)needle.size, needle.data);
}

static void print_keys(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, "keys [");
  for (uint32_t i = 0; i < node->key_count; i++) {
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_expression_print(node->keys[i], eagre_plan_input(node)->output, out);
    if ((int32_t)i == node->event_time_key) eagre_buffer_append_string(out, " (event time)");
    if ((int32_t)i == node->session_key) eagre_buffer_append_string(out, " (session)");
  }
  eagre_buffer_append_char(out, ']');
}

static void print_deduplicate(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  print_keys(node, out);
  if (node->late_column >= 0) {
    struct eagre_text name = node->output->fields[node->late_column].name;
    eagre_buffer_printf(out, ", late by %.*s", (int)name.size, name.data);
  }
  if (node->is_within_watermark)
    eagre_buffer_printf(out, ", within %lld ms", (long long)(node->delay_us / 1000));
}

static void print_aggregate(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  print_keys(node, out);
  eagre_buffer_append_string(out, ", aggregates [");
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_aggregate_print(&node->aggregates[i], node->arguments[i], eagre_plan_input(node)->output,
                          out);
  }
  eagre_buffer_append_char(out, ']');
  if (node->takes_changes) eagre_buffer_append_string(out, ", takes changes");
  if (node->gives_changes) eagre_buffer_append_string(out, ", gives changes");
}

static void print_sort_keys(const struct eagre_plan_sort_key *keys, uint32_t count,
                            const struct eagre_type *input, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_expression_print(keys[i].expression, input, out);
    if (keys[i].is_descending) eagre_buffer_append_string(out, " DESC");
  }
}

static void print_top(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "first %lld rows, ", (long long)node->limit);
  print_keys(node, out);
  eagre_buffer_append_string(out, ", by ");
  print_sort_keys(node->sort_keys, node->sort_key_count, eagre_plan_input(node)->output, out);
  if (node->gives_changes) eagre_buffer_append_string(out, ", gives changes");
}

static void print_join(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  static const char *const sides[] = {"left", "right"};
  const struct eagre_type *left = node->inputs[0]->output;
  const struct eagre_type *right = node->inputs[1]->output;
  eagre_buffer_printf(out, "%s%s%s, keys [", eagre_join_kind_name(node->join_kind),
                      node->is_null_aware ? " where NULL may match" : "",
                      node->is_single ? " of one row at most" : "");
  for (uint32_t i = 0; i < node->join_key_count; i++) {
    if (i > 0) eagre_buffer_append_string(out, ", ");
    eagre_expression_print(node->left_keys[i], left, out);
    eagre_buffer_append_string(out, " = ");
    eagre_expression_print(node->right_keys[i], right, out);
  }
  eagre_buffer_append_char(out, ']');
  if (node->expression_count > 0) {
    struct eagre_arena arena = {0};
    eagre_buffer_append_string(out, ", condition ");
    eagre_expression_print(node->expressions[0], eagre_plan_join_columns(node, &arena), out);
    eagre_arena_done(&arena);
  }
  if (node->static_input >= 0) {
    eagre_buffer_printf(out, ", %s side is a table in memory%s", sides[node->static_input],
                        node->is_refreshed ? ", made at the start of every epoch" : "");
  }
}

static void print_edge(const struct eagre_over_edge *edge, const struct eagre_type *input,
                       struct eagre_buffer *out) {
  static const char *const names[] = {"first", "last", "", "peers", ""};
  eagre_buffer_append_string(out, names[edge->kind]);
  if (edge->kind == EAGRE_OVER_ROWS) eagre_buffer_printf(out, "%+lld", (long long)edge->rows);
  if (edge->limit != NULL) eagre_expression_print(edge->limit, input, out);
}

static void print_over_function(const struct eagre_over_function *function,
                                const struct eagre_type *input, struct eagre_buffer *out) {
  bool is_aggregate = function->kind == EAGRE_OVER_AGGREGATE;
  bool has_count = function->kind == EAGRE_OVER_NTILE || function->kind == EAGRE_OVER_OFFSET ||
                   function->kind == EAGRE_OVER_NTH_VALUE;
  if (is_aggregate) {
    eagre_aggregate_print(&function->aggregate, function->argument, input, out);
  } else {
    eagre_buffer_printf(out, "%s(", eagre_over_name(function));
    if (function->argument != NULL) eagre_expression_print(function->argument, input, out);
    if (function->argument != NULL) eagre_buffer_append_string(out, ", ");
    if (has_count) eagre_buffer_printf(out, "%lld", (long long)function->count);
    if (function->fallback != NULL) eagre_buffer_append_string(out, ", ");
    if (function->fallback != NULL) eagre_expression_print(function->fallback, input, out);
    eagre_buffer_append_char(out, ')');
  }
  if (function->ignores_nulls) eagre_buffer_append_string(out, " ignoring nulls");
  if (!is_aggregate && function->kind != EAGRE_OVER_NTH_VALUE) return;
  eagre_buffer_append_string(out, " of [");
  print_edge(&function->lower, input, out);
  eagre_buffer_append_string(out, " .. ");
  print_edge(&function->upper, input, out);
  eagre_buffer_append_char(out, ']');
}

/* "partition [k] order [t]: row_number(), sum(a) of [first .. peers]; partition ..." */
static void print_over(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  const struct eagre_type *input = eagre_plan_input(node)->output;
  for (uint32_t i = 0; i < node->window_count; i++) {
    const struct eagre_over_window *window = &node->windows[i];
    eagre_buffer_append_string(out, i > 0 ? "; partition [" : "partition [");
    for (uint32_t j = 0; j < window->partition_by_count; j++) {
      if (j > 0) eagre_buffer_append_string(out, ", ");
      eagre_expression_print(window->partition_by[j], input, out);
    }
    eagre_buffer_append_string(out, "] order [");
    print_sort_keys(window->sort_keys, window->sort_key_count, input, out);
    eagre_buffer_append_string(out, "]:");
    const char *separator = " ";
    for (uint32_t j = 0; j < node->function_count; j++) {
      if (node->functions[j].window != i) continue;
      eagre_buffer_append_string(out, separator);
      print_over_function(&node->functions[j], input, out);
      separator = ", ";
    }
  }
}

static void print_expect(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  static const char *const actions[] = {"", " else drop row", " else fail update"};
  for (uint32_t i = 0; i < node->expectation_count; i++) {
    const struct eagre_plan_expectation *expectation = &node->expectations[i];
    eagre_buffer_printf(out, "%s%.*s: ", i > 0 ? ", " : "", (int)expectation->name.size,
                        expectation->name.data);
    eagre_expression_print(node->expressions[i], eagre_plan_input(node)->output, out);
    eagre_buffer_append_string(out, actions[expectation->on_violation]);
  }
}

static void print_details(const struct eagre_plan_node *node, struct eagre_buffer *out) {
  switch (node->kind) {
  case EAGRE_PLAN_SOURCE:
    print_source(node->source, out);
    break;
  case EAGRE_PLAN_VALUES:
    eagre_buffer_printf(out, "%u rows", node->value_row_count);
    break;
  case EAGRE_PLAN_FILTER:
    eagre_expression_print(node->expressions[0], eagre_plan_input(node)->output, out);
    break;
  case EAGRE_PLAN_PROJECT:
    print_project(node, out);
    break;
  case EAGRE_PLAN_WINDOW:
    eagre_expression_print(node->expressions[0], eagre_plan_input(node)->output, out);
    if (node->is_session) break;
    eagre_buffer_printf(out, ", duration %lld us, slide %lld us, start %lld us",
                        (long long)node->window.duration_us, (long long)node->window.slide_us,
                        (long long)node->window.start_us);
    if (node->shares_slices) eagre_buffer_append_string(out, ", in shared slices");
    break;
  case EAGRE_PLAN_GENERATE:
    eagre_expression_print(node->expressions[0], eagre_plan_input(node)->output, out);
    if (node->has_place) eagre_buffer_append_string(out, ", with place");
    if (node->spreads_struct) eagre_buffer_append_string(out, ", as columns");
    if (node->keeps_empty) eagre_buffer_append_string(out, ", outer");
    break;
  case EAGRE_PLAN_WATERMARK: {
    struct eagre_text name = node->output->fields[node->event_time_column].name;
    eagre_buffer_printf(out, "%.*s, delay %lld ms", (int)name.size, name.data,
                        (long long)(node->delay_us / 1000));
    if (node->is_per_partition) eagre_buffer_append_string(out, ", per partition");
    if (node->has_future_limit)
      eagre_buffer_printf(out, ", rows up to %lld ms ahead raise it",
                          (long long)(node->future_limit_us / 1000));
    break;
  }
  case EAGRE_PLAN_AGGREGATE:
    print_aggregate(node, out);
    break;
  case EAGRE_PLAN_DEDUPLICATE:
    print_deduplicate(node, out);
    break;
  case EAGRE_PLAN_SORT:
    print_sort_keys(node->sort_keys, node->sort_key_count, eagre_plan_input(node)->output, out);
    break;
  case EAGRE_PLAN_UNION:
    eagre_buffer_printf(out, "%u inputs", node->input_count);
    break;
  case EAGRE_PLAN_JOIN:
    print_join(node, out);
    break;
  case EAGRE_PLAN_TOP:
    print_top(node, out);
    break;
  case EAGRE_PLAN_OVER:
    print_over(node, out);
    break;
  case EAGRE_PLAN_EXPECT:
    print_expect(node, out);
    break;
  case EAGRE_PLAN_LIMIT:
    eagre_buffer_printf(out, "%lld offset %lld", (long long)node->limit, (long long)node->offset);
    break;
  }
}

static void print_trigger(const struct eagre_trigger *trigger, struct eagre_buffer *out) {
  static const char *const names[] = {"default", "processing time", "once", "available now",
                                      "continuous"};
  eagre_buffer_append_string(out, names[trigger->kind]);
  if (trigger->kind == EAGRE_TRIGGER_PROCESSING_TIME || trigger->kind == EAGRE_TRIGGER_CONTINUOUS) {
    eagre_buffer_printf(out, " %lld ms", (long long)(trigger->interval_us / 1000));
  }
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void explain_nodes(const struct eagre_plan_node *node, unsigned depth,
                          struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%*s%s: ", (int)(depth * 2 + 2), "", kind_names[node->kind]);
  print_details(node, out);
  eagre_buffer_append_char(out, '\n');
  for (uint32_t i = 0; i < node->input_count; i++) {
    explain_nodes(node->inputs[i], depth + 1, out);
  }
}

static void explain_flow(const struct eagre_flow *flow, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "Flow %.*s\n", (int)flow->name.size, flow->name.data);
  for (uint32_t i = 0; i < eagre_plan_sink_count(flow->sink); i++) {
    const struct eagre_plan_sink *sink = eagre_plan_sink_at(flow->sink, i);
    enum eagre_side side;
    bool is_side = eagre_plan_is_side(flow->sink, sink, &side);
    eagre_buffer_printf(
        out, "  writes %s%s%s %.*s%s%.*s, mode %s\n", is_side ? eagre_side_name(side) : "",
        is_side ? " into " : "", sink_names[sink->kind], (int)sink->name.size, sink->name.data,
        sink->location.size > 0 ? " at " : "", (int)sink->location.size, sink->location.data,
        is_side ? "append" : eagre_output_mode_name(flow->mode));
  }
  eagre_buffer_append_string(out, "  trigger ");
  print_trigger(&flow->trigger, out);
  eagre_buffer_printf(out, ", checkpoint %.*s\n", (int)flow->checkpoint.size,
                      flow->checkpoint.data);
  if (flow->query.stateful_count > 0) {
    bool is_whole = eagre_flow_owned_partitions(flow) == 1;
    eagre_buffer_printf(out, "  state: %u partitions, owned by %s\n", flow->state_partition_count,
                        is_whole ? "one core" : "the cores in turn");
  }
  eagre_buffer_append_string(out, "  placement: fused (reader, decoder, operators and aggregator "
                                  "on each core)");
  if (eagre_flow_may_split(flow)) {
    eagre_buffer_append_string(out,
                               "; split (one core of two reads for the other) where topics have "
                               "at most half as many partitions as there are cores");
  }
  eagre_buffer_append_char(out, '\n');
  explain_nodes(flow->query.root, 0, out);
}

static void explain_text(const struct eagre_pipeline *pipeline, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, '\n');
    explain_flow(&pipeline->flows[i], out);
  }
  for (uint32_t i = 0; i < pipeline->query_count; i++) {
    eagre_buffer_printf(out, "Query %u\n", i + 1);
    explain_nodes(pipeline->queries[i].query.root, 0, out);
  }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void member(struct eagre_buffer *out, const char *name, struct eagre_text value) {
  char last = out->size == 0 ? '{' : out->data[out->size - 1];
  if (last != '{' && last != '[') eagre_buffer_append_char(out, ',');
  eagre_buffer_printf(out, "\"%s\":", name);
  eagre_buffer_append_json_string(out, value);
}

/* All nodes, static inputs of joins too, in data order. */
struct node_list {
  const struct eagre_plan_node **nodes;
  uint32_t count;
};

static void list_nodes(struct node_list *list, const struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    list_nodes(list, node->inputs[i]);
  }
  list->nodes = eagre_reallocate(list->nodes, sizeof *list->nodes * (list->count + 1));
  list->nodes[list->count++] = node;
}

static void json_inputs(const struct node_list *list, const struct eagre_plan_node *node,
                        struct eagre_buffer *out) {
  eagre_buffer_append_string(out, ",\"inputs\":[");
  for (uint32_t i = 0; i < node->input_count; i++) {
    uint32_t index = 0;
    while (list->nodes[index] != node->inputs[i]) {
      index++;
    }
    eagre_buffer_printf(out, "%s%u", i > 0 ? "," : "", list->count - 1 - index);
  }
  eagre_buffer_append_char(out, ']');
  if (node->kind == EAGRE_PLAN_JOIN && node->static_input >= 0) {
    eagre_buffer_printf(out, ",\"staticInput\":%d", (int)node->static_input);
  }
}

/* Root first; `inputs` are indexes of this list. */
static void json_nodes(const struct eagre_plan_tree *tree, struct eagre_buffer *out) {
  struct node_list list = {0};
  list_nodes(&list, tree->root);
  eagre_buffer_append_string(out, ",\"nodes\":[");
  for (uint32_t i = list.count; i-- > 0;) {
    const struct eagre_plan_node *each = list.nodes[i];
    struct eagre_buffer details = {0};
    struct eagre_buffer type = {0};
    if (each != tree->root) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_char(out, '{');
    print_details(each, &details);
    eagre_type_print(&type, each->output);
    member(out, "kind", eagre_text_of(kind_names[each->kind]));
    member(out, "details", eagre_buffer_text(&details));
    member(out, "output", eagre_buffer_text(&type));
    json_inputs(&list, each, out);
    eagre_buffer_append_char(out, '}');
    eagre_buffer_done(&details);
    eagre_buffer_done(&type);
  }
  eagre_buffer_append_char(out, ']');
  eagre_free(list.nodes);
}

static void json_sinks(const struct eagre_plan_sink *sinks, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, ",\"sinks\":[");
  for (uint32_t i = 0; i < eagre_plan_sink_count(sinks); i++) {
    const struct eagre_plan_sink *sink = eagre_plan_sink_at(sinks, i);
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    member(out, "sink", eagre_text_of(sink_names[sink->kind]));
    member(out, "target", sink->name);
    member(out, "location", sink->location);
    if (sink == sinks->sides[EAGRE_SIDE_DEAD_LETTERS])
      eagre_buffer_append_string(out, ",\"isDeadLetter\":true");
    if (sink == sinks->sides[EAGRE_SIDE_LATE_ROWS])
      eagre_buffer_append_string(out, ",\"isLateRows\":true");
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, ']');
}

static void json_flow(const struct eagre_flow *flow, struct eagre_buffer *out) {
  struct eagre_buffer trigger = {0};
  print_trigger(&flow->trigger, &trigger);
  eagre_buffer_append_char(out, '{');
  member(out, "flow", flow->name);
  json_sinks(flow->sink, out);
  member(out, "outputMode", eagre_text_of(eagre_output_mode_name(flow->mode)));
  member(out, "trigger", eagre_buffer_text(&trigger));
  member(out, "checkpoint", flow->checkpoint);
  eagre_buffer_printf(out, ",\"statePartitions\":%u",
                      flow->query.stateful_count == 0 ? 0 : flow->state_partition_count);
  json_nodes(&flow->query, out);
  eagre_buffer_append_char(out, '}');
  eagre_buffer_done(&trigger);
}

static void explain_json(const struct eagre_pipeline *pipeline, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, "{\"flows\":[");
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    json_flow(&pipeline->flows[i], out);
  }
  eagre_buffer_append_string(out, "],\"queries\":[");
  for (uint32_t i = 0; i < pipeline->query_count; i++) {
    eagre_buffer_printf(out, "%s{\"query\":%u", i > 0 ? "," : "", i + 1);
    json_nodes(&pipeline->queries[i].query, out);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_string(out, "]}\n");
}

void eagre_plan_explain(const struct eagre_pipeline *pipeline, bool as_json,
                        struct eagre_buffer *out) {
  if (as_json) {
    explain_json(pipeline, out);
  } else {
    explain_text(pipeline, out);
  }
}

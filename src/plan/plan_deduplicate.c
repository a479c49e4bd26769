/* deduplicate(relation, column, ..., withinWatermark => true): the first row of each key, which is
 * Spark's dropDuplicates and dropDuplicatesWithinWatermark. Without columns all of them are the
 * key. */
#include "plan/plan_bind.h"

static bool is_known(const struct eagre_plan_node *node, const struct eagre_expression *key) {
  for (uint32_t i = 0; i < node->key_count; i++) {
    if (eagre_expression_equal(node->keys[i], key)) return true;
  }
  return false;
}

enum eagre_status eagre_plan_check_distinct(const struct plan_column *column,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error) {
  if (eagre_expression_is_ordered(column->type)) return EAGRE_OK;
  bool is_variant = eagre_type_holds(column->type, EAGRE_TYPE_VARIANT);
  return eagre_plan_fail(error, position,
                         is_variant ? "UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE"
                                    : "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                         "The feature is not supported: Cannot have %s type columns in DataFrame "
                         "which calls set operations (INTERSECT, EXCEPT, etc.), but the type of "
                         "column `%.*s` is or has a %s.",
                         is_variant ? "VARIANT" : "MAP", (int)column->name.size, column->name.data,
                         is_variant ? "VARIANT" : "MAP");
}

static enum eagre_status add_key(struct plan_binder *binder, const struct plan_relation *relation,
                                 struct eagre_plan_node *node, uint32_t column,
                                 struct eagre_sql_position position, struct eagre_error *error) {
  struct eagre_expression *key = eagre_plan_column_reference(binder, relation, column, position);
  const struct plan_column *known = &relation->columns[column];
  if (is_known(node, key)) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_check_distinct(known, position, error));
  if (known->is_event_time) node->event_time_key = (int32_t)node->key_count;
  node->keys[node->key_count++] = key;
  return EAGRE_OK;
}

static enum eagre_status add_named_key(struct plan_binder *binder,
                                       const struct plan_relation *relation,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_plan_node *node, struct eagre_error *error) {
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "deduplicate()"};
  struct eagre_expression *key = NULL;
  uint32_t column = 0;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree, &key, error));
  bool is_column = tree->kind == EAGRE_SQL_NAME && eagre_expression_is_column(key, &column);
  if (is_column) return add_key(binder, relation, node, column, tree->position, error);
  eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.DEDUPLICATE_BY_EXPRESSION",
                  "deduplicate() takes columns, not the expression \"%.*s\".",
                  (int)tree->source.size, tree->source.data);
  eagre_error_hint(error, "give it a name in a subquery: deduplicate((SELECT *, ... AS key FROM "
                          "STREAM x), key)");
  return EAGRE_USAGE;
}

static enum eagre_status read_option(struct plan_binder *binder,
                                     const struct eagre_sql_argument *argument,
                                     struct eagre_plan_node *node, struct eagre_error *error) {
  struct eagre_text value;
  if (!eagre_text_equal_ignoring_case(argument->name, EAGRE_TEXT("withinWatermark"))) {
    eagre_plan_fail(error, argument->value->position, "UNRECOGNIZED_PARAMETER_NAME",
                    "Cannot invoke routine `deduplicate` because the routine call included a named "
                    "argument reference for the argument named `%.*s`, but this routine does not "
                    "include any signature containing an argument with this name.",
                    (int)argument->name.size, argument->name.data);
    eagre_error_hint(error, "did you mean withinWatermark?");
    return EAGRE_USAGE;
  }
  EAGRE_TRY(eagre_plan_constant_text(binder, argument->value, &value, error));
  node->is_within_watermark = eagre_text_equal_ignoring_case(value, EAGRE_TEXT("true"));
  if (node->is_within_watermark || eagre_text_equal_ignoring_case(value, EAGRE_TEXT("false")))
    return EAGRE_OK;
  return eagre_plan_fail(error, argument->value->position, "INVALID_PARAMETER_VALUE.BOOLEAN",
                         "withinWatermark is true or false, not \"%.*s\".", (int)value.size,
                         value.data);
}

/* The event time comes from the first WATERMARK, as in Spark from the first input of a UNION. */
static const struct eagre_plan_node *find_watermark(const struct eagre_plan_node *node) {
  if (node->kind == EAGRE_PLAN_WATERMARK) return node;
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct eagre_plan_node *found = find_watermark(node->inputs[i]);
    if (found != NULL) return found;
  }
  return NULL;
}

static void choose_event_time(const struct plan_relation *relation, struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < relation->column_count; i++) {
    if (!relation->columns[i].is_event_time) continue;
    node->late_column = (int32_t)i;
    const struct eagre_plan_node *watermark = find_watermark(eagre_plan_input(node));
    if (watermark != NULL) node->delay_us = watermark->delay_us;
    return;
  }
}

static enum eagre_status check_within_watermark(const struct plan_relation *relation,
                                                const struct eagre_plan_node *node,
                                                struct eagre_error *error) {
  if (!node->is_within_watermark || (relation->is_stream && node->late_column >= 0))
    return EAGRE_OK;
  eagre_plan_fail(error, node->position, "_LEGACY_ERROR_TEMP_3102", "%s",
                  relation->is_stream
                      ? "dropDuplicatesWithinWatermark is not supported on streaming "
                        "DataFrames/DataSets without watermark"
                      : "dropDuplicatesWithinWatermark is not supported with batch "
                        "DataFrames/DataSets");
  eagre_error_hint(error, "%s",
                   relation->is_stream ? "put WATERMARK ts DELAY OF INTERVAL ... behind the source"
                                       : "leave withinWatermark out");
  return EAGRE_USAGE;
}

static enum eagre_status bind_arguments(struct plan_binder *binder,
                                        const struct eagre_sql_relation *tree,
                                        const struct plan_relation *relation,
                                        struct eagre_plan_node *node, struct eagre_error *error) {
  uint32_t capacity = tree->argument_count + relation->column_count + 1;
  node->keys = eagre_arena_allocate(binder->arena, sizeof(void *) * capacity);
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_argument *argument = &tree->arguments[i];
    EAGRE_TRY(argument->name.size > 0
                  ? read_option(binder, argument, node, error)
                  : add_named_key(binder, relation, argument->value, node, error));
  }
  if (node->key_count > 0) return EAGRE_OK;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    EAGRE_TRY(add_key(binder, relation, node, i, tree->position, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_deduplicate(struct plan_binder *binder,
                                              const struct eagre_sql_relation *tree,
                                              struct plan_relation *out,
                                              struct eagre_error *error) {
  if (tree->is_stream) {
    eagre_plan_fail(error, tree->position, "PARSE_SYNTAX_ERROR",
                    "STREAM stands in front of what deduplicate() reads.");
    eagre_error_hint(error, "write deduplicate(STREAM x, ...)");
    return EAGRE_USAGE;
  }
  EAGRE_TRY(eagre_plan_bind_relation(binder, tree->left, out, error));
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_DEDUPLICATE, out->node, tree->position);
  EAGRE_TRY(bind_arguments(binder, tree, out, node, error));
  if (out->is_stream) choose_event_time(out, node);
  EAGRE_TRY(check_within_watermark(out, node, error));
  out->node = node;
  return EAGRE_OK;
}

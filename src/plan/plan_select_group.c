/* GROUP BY of a SELECT: its keys, the AGGREGATE node, and the aggregates that what stands above it
 * asks for. */
#include "plan/plan_select.h"

static const struct eagre_sql_expression *find_item_by_alias(const struct eagre_sql_query *tree,
                                                             struct eagre_text name) {
  for (uint32_t i = 0; i < tree->item_count; i++) {
    if (tree->items[i].alias.size > 0 &&
        eagre_text_equal_ignoring_case(tree->items[i].alias, name)) {
      return tree->items[i].expression;
    }
  }
  return NULL;
}

/* GROUP BY 2 and GROUP BY alias mean an item of the SELECT list; an input column wins over an
 * alias. */
static enum eagre_status resolve_group_item(struct plan_binder *binder, struct plan_select *work,
                                            const struct eagre_sql_expression *tree,
                                            const struct eagre_sql_expression **out,
                                            struct eagre_error *error) {
  const struct eagre_sql_query *query = work->tree;
  *out = tree;
  if (tree->kind == EAGRE_SQL_LITERAL && tree->literal == EAGRE_SQL_LITERAL_INTEGER) {
    int64_t ordinal = 0;
    EAGRE_TRY(eagre_plan_constant_integer(binder, tree, "GROUP BY position", &ordinal, error));
    if (ordinal < 1 || ordinal > query->item_count) {
      return eagre_plan_fail(
          error, tree->position, "GROUP_BY_POS_OUT_OF_RANGE",
          "GROUP BY position %lld is not in select list (valid range is [1, %u]).",
          (long long)ordinal, query->item_count);
    }
    *out = query->items[ordinal - 1].expression;
  } else if (tree->kind == EAGRE_SQL_NAME && tree->name.part_count == 1) {
    struct plan_scope below = {.relation = &work->relation, .window = &work->window};
    struct eagre_expression *ignored_expression = NULL;
    struct eagre_error ignored;
    if (eagre_plan_resolve_name(binder, &below, &tree->name, &ignored_expression, &ignored) !=
        EAGRE_OK) {
      const struct eagre_sql_expression *item = find_item_by_alias(query, tree->name.parts[0]);
      if (item != NULL) *out = item;
    }
  }
  if (eagre_plan_has_aggregate(*out)) {
    bool is_position = *out != tree && tree->kind == EAGRE_SQL_LITERAL;
    return eagre_plan_fail(error, tree->position,
                           is_position ? "GROUP_BY_POS_AGGREGATE" : "GROUP_BY_AGGREGATE",
                           "Aggregate functions are not allowed in GROUP BY, but found \"%.*s\".",
                           (int)(*out)->source.size, (*out)->source.data);
  }
  return EAGRE_OK;
}

/* GROUP BY ALL: every item without an aggregate. */
static uint32_t list_group_items(const struct eagre_sql_query *tree,
                                 const struct eagre_sql_expression **out) {
  uint32_t count = 0;
  if (!tree->group_by_all) {
    for (uint32_t i = 0; i < tree->group_by_count; i++) {
      out[count++] = tree->group_by[i];
    }
    return count;
  }
  for (uint32_t i = 0; i < tree->item_count; i++) {
    if (!eagre_plan_has_aggregate(tree->items[i].expression))
      out[count++] = tree->items[i].expression;
  }
  return count;
}

/* A key whose values have no order. */
static enum eagre_status refuse_key(const struct eagre_sql_expression *item,
                                    const struct eagre_type *type, struct eagre_error *error) {
  if (eagre_type_holds(type, EAGRE_TYPE_VARIANT)) {
    eagre_plan_fail(error, item->position, "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                    "The expression \"%.*s\" cannot be used as a grouping expression because its "
                    "data type is not an orderable data type: it is or has a VARIANT.",
                    (int)item->source.size, item->source.data);
    eagre_error_hint(error, "group by a cast of it: value:path::STRING");
    return EAGRE_USAGE;
  }
  eagre_plan_fail(error, item->position, "UNSUPPORTED_FEATURE.GROUP_BY_MAP",
                  "Grouping by \"%.*s\", which has a map, is not supported.",
                  (int)item->source.size, item->source.data);
  eagre_error_hint(error, "group by map_entries(...) or by single values of the map");
  return EAGRE_USAGE;
}

static enum eagre_status bind_key(struct plan_binder *binder, struct plan_select *work,
                                  const struct eagre_sql_expression *tree,
                                  struct eagre_expression **out, struct plan_column *column,
                                  struct eagre_error *error) {
  const struct plan_scope below = {
      .relation = &work->relation, .window = &work->window, .aggregate_refusal = "GROUP BY"};
  const struct eagre_sql_expression *item = NULL;
  EAGRE_TRY(resolve_group_item(binder, work, tree, &item, error));
  EAGRE_TRY(eagre_plan_bind_expression(binder, &below, item, out, error));
  if (!eagre_expression_is_ordered(eagre_expression_type(*out))) {
    return refuse_key(item, eagre_expression_type(*out), error);
  }
  uint32_t source_column = 0;
  *column = (struct plan_column){.name = eagre_plan_select_name(binder, item),
                                 .type = eagre_expression_type(*out)};
  column->is_event_time = eagre_plan_is_event_time(&work->relation, *out);
  if (eagre_expression_is_column(*out, &source_column)) {
    column->qualifier = work->relation.columns[source_column].qualifier;
    column->window_us = work->relation.columns[source_column].window_us;
    column->is_session = work->relation.columns[source_column].is_session;
  }
  return EAGRE_OK;
}

static uint32_t find_equal_key(const struct plan_aggregation *aggregation,
                               const struct eagre_expression *key) {
  uint32_t i = 0;
  while (i < aggregation->key_count && !eagre_expression_equal(aggregation->keys[i], key)) {
    i++;
  }
  return i;
}

/* Each expression once where there are sets, which are made of them. */
static enum eagre_status bind_keys(struct plan_binder *binder, struct plan_select *work,
                                   struct plan_column *columns, struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  uint32_t capacity = tree->group_by_count + tree->item_count + 1;
  const struct eagre_sql_expression **items =
      eagre_arena_allocate(binder->arena, sizeof(void *) * capacity);
  uint32_t *numbers = eagre_arena_allocate(binder->arena, sizeof *numbers * capacity);
  uint32_t count = list_group_items(tree, items);
  struct plan_aggregation *aggregation = &work->aggregation;
  aggregation->keys = eagre_arena_allocate(binder->arena, sizeof(void *) * capacity);
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_expression *key = NULL;
    struct plan_column column;
    EAGRE_TRY(bind_key(binder, work, items[i], &key, &column, error));
    numbers[i] = tree->groupings == NULL ? i : find_equal_key(aggregation, key);
    if (numbers[i] < aggregation->key_count) continue;
    columns[numbers[i]] = column;
    aggregation->keys[numbers[i]] = key;
    aggregation->key_count += 1;
  }
  if (tree->groupings == NULL) return EAGRE_OK;
  return eagre_plan_expand_groups(binder, tree, numbers, &work->relation, aggregation, columns,
                                  error);
}

/* A window makes the panes of the state, else the event time does; the event time wins. Sessions
 * make their own. */
enum eagre_status eagre_plan_select_pane(struct eagre_plan_node *node,
                                         const struct plan_column *column, uint32_t key,
                                         struct eagre_error *error) {
  bool has_time = column->is_event_time || column->window_us > 0 || column->is_session;
  if (!has_time) return EAGRE_OK;
  if (column->is_event_time && node->event_time_key >= 0) {
    eagre_plan_fail(
        error, node->position, "_LEGACY_ERROR_TEMP_3077",
        "More than one event time columns are available. Please ensure there is at most "
        "one event time column in the stream.");
    eagre_error_hint(error, "group by the window or by the event time, not by both");
    return EAGRE_USAGE;
  }
  if (column->is_event_time) node->event_time_key = (int32_t)key;
  if (column->is_session) {
    node->session_key = (int32_t)key;
    node->pane_key = -1;
  }
  if (node->session_key >= 0) return EAGRE_OK;
  if (node->pane_key >= 0 && !column->is_event_time) return EAGRE_OK;
  node->pane_key = (int32_t)key;
  node->pane_duration_us = column->window_us;
  return EAGRE_OK;
}

/* Makes the AGGREGATE node; aggregates are added to it while items are bound. */
enum eagre_status eagre_plan_select_group(struct plan_binder *binder, struct plan_select *work,
                                          struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  struct plan_column *columns = eagre_arena_allocate_zeroed(
      binder->arena, sizeof *columns * (tree->group_by_count + tree->item_count + 3));
  EAGRE_TRY(bind_keys(binder, work, columns, error));
  work->input = work->relation;
  work->aggregation.input = &work->input;
  work->aggregate_node =
      eagre_plan_node_new(binder, EAGRE_PLAN_AGGREGATE, work->relation.node, tree->position);
  for (uint32_t i = 0; i < work->aggregation.key_count; i++) {
    EAGRE_TRY(eagre_plan_select_pane(work->aggregate_node, &columns[i], i, error));
  }
  work->relation.node = work->aggregate_node;
  work->relation.columns = columns;
  work->relation.column_count = work->aggregation.key_count;
  return EAGRE_OK;
}

/* After everything above it is bound: the node gets its aggregates and its output type. */
static void end_aggregate(struct plan_binder *binder, struct plan_select *work) {
  struct plan_aggregation *aggregation = &work->aggregation;
  struct eagre_plan_node *node = work->aggregate_node;
  uint32_t count = aggregation->key_count + aggregation->aggregate_count;
  struct eagre_field *fields =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *fields * (count + 1));
  for (uint32_t i = 0; i < aggregation->key_count; i++) {
    fields[i] = (struct eagre_field){work->relation.columns[i].name,
                                     eagre_expression_type(aggregation->keys[i]), true};
  }
  for (uint32_t i = 0; i < aggregation->aggregate_count; i++) {
    fields[aggregation->key_count + i] = (struct eagre_field){
        eagre_arena_printf(binder->arena, "%s#%u", aggregation->aggregates[i].info->name, i),
        aggregation->aggregates[i].result_type, true};
  }
  node->keys = aggregation->keys;
  node->key_count = aggregation->key_count;
  node->aggregates = aggregation->aggregates;
  node->arguments = aggregation->arguments;
  node->aggregate_count = aggregation->aggregate_count;
  node->output = eagre_type_struct(binder->arena, fields, count);
}

/* Aggregates of everything that stands above the GROUP BY, before any of it is bound. */
enum eagre_status eagre_plan_select_collect_aggregates(struct plan_binder *binder,
                                                       struct plan_select *work,
                                                       const struct plan_scope *scope,
                                                       struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  for (uint32_t i = 0; i < tree->item_count; i++) {
    EAGRE_TRY(eagre_plan_collect_aggregates(binder, scope, tree->items[i].expression, error));
  }
  for (uint32_t i = 0; i < tree->order_by_count; i++) {
    EAGRE_TRY(eagre_plan_collect_aggregates(binder, scope, tree->order_by[i].expression, error));
  }
  if (tree->having == NULL) return EAGRE_OK;
  return eagre_plan_collect_aggregates(binder, scope, tree->having, error);
}

/* Subqueries are joined with the results of the aggregates, so these become columns of the
 * relation, which no name finds, before. */
enum eagre_status eagre_plan_select_close_group(struct plan_binder *binder,
                                                struct plan_select *work,
                                                const struct plan_scope *scope,
                                                struct eagre_error *error) {
  EAGRE_TRY(eagre_plan_select_collect_aggregates(binder, work, scope, error));
  uint32_t key_count = work->aggregation.key_count;
  uint32_t count = key_count + work->aggregation.aggregate_count;
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (count + 1));
  end_aggregate(binder, work);
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_field *field = &work->aggregate_node->output->fields[i];
    columns[i] = (struct plan_column){.name = field->name, .type = field->type, .is_hidden = true};
    if (i < key_count) columns[i] = work->relation.columns[i];
  }
  work->relation.columns = columns;
  work->relation.column_count = count;
  work->is_closed = true;
  return EAGRE_OK;
}

/* The nodes that stand above the AGGREGATE get its columns, of which some came after them. A closed
 * one must not have got more. */
enum eagre_status eagre_plan_select_finish_group(struct plan_binder *binder,
                                                 struct plan_select *work,
                                                 struct eagre_error *error) {
  struct eagre_plan_node *aggregate = work->aggregate_node;
  if (work->is_closed) {
    if (work->aggregation.aggregate_count == aggregate->aggregate_count) return EAGRE_OK;
    return eagre_plan_fail(error, work->tree->position, "UNSUPPORTED_FEATURE.SUBQUERY_EXPRESSION",
                           "Subqueries beside aggregates of a WINDOW clause are not supported.");
  }
  end_aggregate(binder, work);
  for (struct eagre_plan_node *node = work->relation.node; node != aggregate;
       node = eagre_plan_input(node)) {
    node->output = aggregate->output;
  }
  return EAGRE_OK;
}

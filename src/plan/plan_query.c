/* One SELECT: FROM, WHERE, window, GROUP BY, SELECT list, HAVING, DISTINCT, ORDER BY, LIMIT, in the
 * order they apply. */
#include "plan/plan_select.h"

static bool query_has_aggregate(const struct eagre_sql_query *tree) {
  bool is_grouped = tree->group_by_count > 0 || tree->group_by_all || tree->groupings != NULL;
  if (is_grouped || tree->having != NULL) return true;
  for (uint32_t i = 0; i < tree->item_count; i++) {
    if (eagre_plan_has_aggregate(tree->items[i].expression)) return true;
  }
  return false;
}

static const struct eagre_sql_expression *find_window(const struct eagre_sql_query *tree) {
  for (uint32_t i = 0; i < tree->group_by_count; i++) {
    const struct eagre_sql_expression *found = eagre_plan_find_window(tree->group_by[i]);
    if (found != NULL) return found;
  }
  for (uint32_t i = 0; i < tree->item_count; i++) {
    const struct eagre_sql_expression *found = eagre_plan_find_window(tree->items[i].expression);
    if (found != NULL) return found;
  }
  return NULL;
}

/* ---- FROM, WHERE, window --------------------------------------------------------------------- */

static enum eagre_status bind_from(struct plan_binder *binder, struct plan_select *work,
                                   struct eagre_error *error) {
  if (work->tree->from != NULL) {
    return eagre_plan_bind_relation(binder, work->tree->from, &work->relation, error);
  }
  work->relation.node = eagre_plan_node_new(binder, EAGRE_PLAN_VALUES, NULL, work->tree->position);
  work->relation.node->value_row_count = 1;
  eagre_plan_relation_seal(binder, &work->relation);
  return EAGRE_OK;
}

/* ---- HAVING, PROJECT, DISTINCT, ORDER BY, LIMIT ---------------------------------------------- */

static enum eagre_status bind_having(struct plan_binder *binder, struct plan_select *work,
                                     const struct plan_scope *scope, struct eagre_error *error) {
  if (work->tree->having == NULL) return EAGRE_OK;
  struct plan_aliases aliases = {work->aliases, work->items, work->item_count, PLAN_ALIAS_HAVING};
  struct plan_scope having = *scope;
  having.aliases = &aliases;
  having.overs = NULL;
  having.over_refusal = "HAVING";
  struct eagre_expression *condition = NULL;
  EAGRE_TRY(
      eagre_plan_bind_condition(binder, &having, work->tree->having, "HAVING", &condition, error));
  eagre_plan_add_filter(binder, &work->relation, condition, work->tree->having->position);
  return EAGRE_OK;
}

/* One sort key: a position, an alias or a name of the output, or an expression, which then becomes
 * a hidden item behind the visible ones. */
static enum eagre_status bind_sort_key(struct plan_binder *binder, struct plan_select *work,
                                       const struct plan_scope *scope, uint32_t visible_count,
                                       const struct eagre_sql_expression *tree,
                                       uint32_t *out_column, struct eagre_error *error) {
  if (tree->kind == EAGRE_SQL_LITERAL && tree->literal == EAGRE_SQL_LITERAL_INTEGER) {
    int64_t ordinal = 0;
    EAGRE_TRY(eagre_plan_constant_integer(binder, tree, "ORDER BY position", &ordinal, error));
    if (ordinal < 1 || ordinal > visible_count) {
      return eagre_plan_fail(
          error, tree->position, "ORDER_BY_POS_OUT_OF_RANGE",
          "ORDER BY position %lld is not in select list (valid range is [1, %u]).",
          (long long)ordinal, visible_count);
    }
    *out_column = (uint32_t)(ordinal - 1);
    return EAGRE_OK;
  }
  struct plan_aliases aliases = {work->aliases, work->items, visible_count, PLAN_ALIAS_ORDER};
  struct plan_scope order = *scope;
  order.aliases = &aliases;
  order.overs = NULL;
  order.over_refusal = "ORDER BY";
  struct eagre_expression *expression = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &order, tree, &expression, error));
  if (!eagre_expression_is_ordered(eagre_expression_type(expression))) {
    return eagre_plan_fail(error, tree->position, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                           "ORDER BY \"%.*s\": a MAP or VARIANT has no order.",
                           (int)tree->source.size, tree->source.data);
  }
  for (uint32_t i = 0; i < work->item_count; i++) {
    if (!eagre_expression_equal(work->items[i], expression)) continue;
    *out_column = i;
    return EAGRE_OK;
  }
  *out_column = work->item_count;
  eagre_plan_select_add(binder, work, expression, eagre_plan_select_name(binder, tree), tree);
  return EAGRE_OK;
}

static enum eagre_status bind_order(struct plan_binder *binder, struct plan_select *work,
                                    const struct plan_scope *scope, uint32_t visible_count,
                                    struct eagre_plan_sort_key **out_keys,
                                    struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  struct eagre_plan_sort_key *keys =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *keys * (tree->order_by_count + 1));
  for (uint32_t i = 0; i < tree->order_by_count; i++) {
    uint32_t column = 0;
    const struct eagre_sql_order_item *item = &tree->order_by[i];
    EAGRE_TRY(bind_sort_key(binder, work, scope, visible_count, item->expression, &column, error));
    keys[i].expression = eagre_expression_column(binder->arena, column, work->columns[column].type,
                                                 item->expression->position);
    keys[i].is_descending = item->is_descending;
    keys[i].nulls_first = item->nulls_first;
  }
  *out_keys = keys;
  return EAGRE_OK;
}

static void add_project(struct plan_binder *binder, struct plan_select *work) {
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, work->relation.node, work->tree->position);
  node->expressions = work->items;
  node->expression_count = work->item_count;
  work->relation.node = node;
  work->relation.columns = work->columns;
  work->relation.column_count = work->item_count;
  eagre_plan_relation_seal(binder, &work->relation);
}

/* SELECT DISTINCT is a GROUP BY of everything. */
static enum eagre_status add_distinct(struct plan_binder *binder, struct plan_relation *relation,
                                      struct eagre_sql_position position,
                                      struct eagre_error *error) {
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_AGGREGATE, relation->node, position);
  node->keys = eagre_arena_allocate(binder->arena, sizeof(void *) * (relation->column_count + 1));
  node->key_count = relation->column_count;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    node->keys[i] = eagre_plan_column_reference(binder, relation, i, position);
    EAGRE_TRY(eagre_plan_check_distinct(&relation->columns[i], position, error));
    EAGRE_TRY(eagre_plan_select_pane(node, &relation->columns[i], i, error));
  }
  relation->node = node;
  return EAGRE_OK;
}

static void add_sort(struct plan_binder *binder, struct plan_select *work,
                     struct eagre_plan_sort_key *keys, uint32_t visible_count) {
  struct eagre_plan_node *sort =
      eagre_plan_node_new(binder, EAGRE_PLAN_SORT, work->relation.node, work->tree->position);
  sort->sort_keys = keys;
  sort->sort_key_count = work->tree->order_by_count;
  work->relation.node = sort;
  if (visible_count == work->item_count) return;
  struct eagre_plan_node *project =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, sort, work->tree->position);
  project->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (visible_count + 1));
  project->expression_count = visible_count;
  for (uint32_t i = 0; i < visible_count; i++) {
    project->expressions[i] =
        eagre_plan_column_reference(binder, &work->relation, i, work->tree->position);
  }
  work->relation.node = project;
  work->relation.column_count = visible_count;
  eagre_plan_relation_seal(binder, &work->relation);
}

static enum eagre_status add_limit(struct plan_binder *binder, struct plan_select *work,
                                   struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  if (tree->limit == NULL && tree->offset == NULL) return EAGRE_OK;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_LIMIT, work->relation.node, tree->position);
  if (tree->limit != NULL) {
    EAGRE_TRY(eagre_plan_constant_integer(binder, tree->limit, "LIMIT", &node->limit, error));
  }
  if (tree->offset != NULL) {
    EAGRE_TRY(eagre_plan_constant_integer(binder, tree->offset, "OFFSET", &node->offset, error));
  }
  work->relation.node = node;
  return EAGRE_OK;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Subqueries in the SELECT list, HAVING and ORDER BY. */
static bool has_subqueries(const struct eagre_sql_query *tree) {
  for (uint32_t i = 0; i < tree->item_count; i++) {
    if (eagre_plan_has_subquery(tree->items[i].expression)) return true;
  }
  for (uint32_t i = 0; i < tree->order_by_count; i++) {
    if (eagre_plan_has_subquery(tree->order_by[i].expression)) return true;
  }
  return eagre_plan_has_subquery(tree->having);
}

static enum eagre_status attach_subqueries(struct plan_binder *binder, struct plan_select *work,
                                           struct plan_attached **attached,
                                           struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  struct plan_relation *relation = &work->relation;
  struct plan_aggregation *aggregation = work->is_aggregate ? &work->aggregation : NULL;
  for (uint32_t i = 0; i < tree->item_count; i++) {
    EAGRE_TRY(eagre_plan_attach_subqueries(binder, relation, aggregation, tree->items[i].expression,
                                           attached, error));
  }
  EAGRE_TRY(
      eagre_plan_attach_subqueries(binder, relation, aggregation, tree->having, attached, error));
  for (uint32_t i = 0; i < tree->order_by_count; i++) {
    EAGRE_TRY(eagre_plan_attach_subqueries(binder, relation, aggregation,
                                           tree->order_by[i].expression, attached, error));
  }
  return EAGRE_OK;
}

/* The functions of OVER stand behind all other columns, so aggregates must be known first. */
static enum eagre_status begin_over(struct plan_binder *binder, struct plan_select *work,
                                    struct plan_scope *scope, struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  work->overs = (struct plan_overs){.query = tree, .first_column = work->relation.column_count};
  scope->overs = &work->overs;
  EAGRE_TRY(eagre_plan_check_windows(tree, error));
  if (!work->is_aggregate || work->is_closed || !eagre_plan_has_over(tree)) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_select_collect_aggregates(binder, work, scope, error));
  work->overs.first_column = work->aggregation.key_count + work->aggregation.aggregate_count;
  return EAGRE_OK;
}

static enum eagre_status bind_select(struct plan_binder *binder, struct plan_select *work,
                                     struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  EAGRE_TRY(bind_from(binder, work, error));
  if (tree->where != NULL)
    EAGRE_TRY(eagre_plan_add_where(binder, &work->relation, tree->where, error));
  const struct eagre_sql_expression *window = find_window(tree);
  if (window != NULL) {
    EAGRE_TRY(eagre_plan_add_window(binder, &work->relation, window, &work->window, error));
  }
  work->is_aggregate = query_has_aggregate(tree);
  EAGRE_TRY(eagre_plan_select_generators(binder, work, error));
  if (work->is_aggregate) EAGRE_TRY(eagre_plan_select_group(binder, work, error));
  struct plan_attached *attached = NULL;
  struct plan_scope scope = {.relation = &work->relation,
                             .window = &work->window,
                             .aggregation = work->is_aggregate ? &work->aggregation : NULL};
  if (has_subqueries(tree)) {
    if (work->is_aggregate) EAGRE_TRY(eagre_plan_select_close_group(binder, work, &scope, error));
    EAGRE_TRY(attach_subqueries(binder, work, &attached, error));
    scope.attached = attached;
  }
  EAGRE_TRY(begin_over(binder, work, &scope, error));
  EAGRE_TRY(eagre_plan_select_items(binder, work, &scope, error));
  EAGRE_TRY(bind_having(binder, work, &scope, error));
  uint32_t visible_count = work->item_count;
  struct eagre_plan_sort_key *sort_keys = NULL;
  EAGRE_TRY(bind_order(binder, work, &scope, visible_count, &sort_keys, error));
  if (tree->is_distinct && work->item_count > visible_count) {
    return eagre_plan_fail(error, tree->position, "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                           "A column of ORDER BY cannot be resolved: with DISTINCT it may use "
                           "only columns of the SELECT list.");
  }
  if (work->is_aggregate) EAGRE_TRY(eagre_plan_select_finish_group(binder, work, error));
  eagre_plan_add_over(binder, &work->relation, &work->overs, tree->position);
  add_project(binder, work);
  if (tree->is_distinct) {
    EAGRE_TRY(add_distinct(binder, &work->relation, tree->position, error));
  }
  if (tree->order_by_count > 0) add_sort(binder, work, sort_keys, visible_count);
  return add_limit(binder, work, error);
}

/* A set operation with its ORDER BY and LIMIT: as SELECT * over it. */
static enum eagre_status bind_set_operation(struct plan_binder *binder, struct plan_select *work,
                                            struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  EAGRE_TRY(eagre_plan_bind_union(binder, tree, &work->relation, error));
  bool is_distinct = !eagre_text_ends_with(tree->set_operation, EAGRE_TEXT(" all"));
  if (is_distinct) EAGRE_TRY(add_distinct(binder, &work->relation, tree->position, error));
  if (tree->order_by_count > 0) {
    const struct plan_relation whole = work->relation;
    for (uint32_t i = 0; i < whole.column_count; i++) {
      eagre_plan_select_add(binder, work,
                            eagre_plan_column_reference(binder, &whole, i, tree->position),
                            whole.columns[i].name, NULL);
    }
    struct plan_scope scope = {.relation = &whole, .aggregate_refusal = "ORDER BY"};
    struct eagre_plan_sort_key *sort_keys = NULL;
    EAGRE_TRY(bind_order(binder, work, &scope, whole.column_count, &sort_keys, error));
    if (work->item_count > whole.column_count) add_project(binder, work);
    add_sort(binder, work, sort_keys, whole.column_count);
  }
  return add_limit(binder, work, error);
}

enum eagre_status eagre_plan_bind_query(struct plan_binder *binder,
                                        const struct eagre_sql_query *tree,
                                        struct plan_relation *out, struct eagre_error *error) {
  const struct eagre_sql_query *lifted = tree;
  struct plan_common *saved = binder->common_tables;
  if (tree->set_operation.size == 0 && query_has_aggregate(tree)) {
    EAGRE_TRY(eagre_plan_lift_generators(binder, &lifted, error));
  }
  for (uint32_t i = 0; i < tree->common_table_count; i++) {
    struct plan_common *table = eagre_arena_allocate_zeroed(binder->arena, sizeof *table);
    table->name = tree->common_tables[i].name;
    table->query = tree->common_tables[i].query;
    table->next = binder->common_tables;
    binder->common_tables = table;
  }
  struct plan_select work = {.tree = lifted};
  enum eagre_status status = tree->set_operation.size > 0 ? bind_set_operation(binder, &work, error)
                                                          : bind_select(binder, &work, error);
  binder->common_tables = saved;
  *out = work.relation;
  return status;
}

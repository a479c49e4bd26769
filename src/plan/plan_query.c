/* One SELECT: FROM, WHERE, window, GROUP BY, SELECT list, HAVING, DISTINCT, ORDER BY, LIMIT, in the
 * order they apply. */
#include <string.h>

#include "plan/plan_bind.h"

/* A SELECT under construction. */
struct select_work {
  const struct eagre_sql_query *tree;
  struct plan_relation relation; /* what the items are bound against */
  struct plan_relation input;    /* below the GROUP BY */
  struct plan_window window;
  struct {
    uint32_t first; /* columns of the relation; none of an item that is no generator */
    uint32_t end;
  } * generated; /* by item; NULL without a generator */
  struct plan_aggregation aggregation;
  struct plan_overs overs;
  bool is_aggregate;
  bool is_closed; /* the aggregates are known and columns of the relation */
  struct eagre_plan_node *aggregate_node;
  struct eagre_expression **items;           /* bound SELECT list, stars expanded */
  struct plan_column *columns;               /* its names and types */
  const struct eagre_sql_expression **trees; /* the tree of each item; NULL when from a star */
  struct eagre_text *aliases;                /* as written; empty when none */
  uint32_t item_count;
  uint32_t item_capacity;
};

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

/* ---- FROM, WHERE, window
 * --------------------------------------------------------------------------- */

static enum eagre_status bind_from(struct plan_binder *binder, struct select_work *work,
                                   struct eagre_error *error) {
  if (work->tree->from != NULL) {
    return eagre_plan_bind_relation(binder, work->tree->from, &work->relation, error);
  }
  work->relation.node = eagre_plan_node_new(binder, EAGRE_PLAN_VALUES, NULL, work->tree->position);
  work->relation.node->value_row_count = 1;
  eagre_plan_relation_seal(binder, &work->relation);
  return EAGRE_OK;
}

/* ---- GROUP BY
 * ------------------------------------------------------------------------------------------ */

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
static enum eagre_status resolve_group_item(struct plan_binder *binder, struct select_work *work,
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

static struct eagre_text expression_name(struct plan_binder *binder,
                                         const struct eagre_sql_expression *tree) {
  if (tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "window")) {
    return EAGRE_TEXT("window");
  }
  if (tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "session_window")) {
    return EAGRE_TEXT("session_window");
  }
  struct eagre_buffer printed = {0};
  eagre_sql_print_column_name(tree, &printed);
  struct eagre_text name = eagre_arena_copy_text(binder->arena, eagre_buffer_text(&printed));
  eagre_buffer_done(&printed);
  return name;
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

static enum eagre_status bind_key(struct plan_binder *binder, struct select_work *work,
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
  *column = (struct plan_column){.name = expression_name(binder, item),
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
static enum eagre_status bind_keys(struct plan_binder *binder, struct select_work *work,
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
static enum eagre_status choose_pane(struct eagre_plan_node *node, const struct plan_column *column,
                                     uint32_t key, struct eagre_error *error) {
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
static enum eagre_status begin_aggregate(struct plan_binder *binder, struct select_work *work,
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
    EAGRE_TRY(choose_pane(work->aggregate_node, &columns[i], i, error));
  }
  work->relation.node = work->aggregate_node;
  work->relation.columns = columns;
  work->relation.column_count = work->aggregation.key_count;
  return EAGRE_OK;
}

/* After everything above it is bound: the node gets its aggregates and its output type. */
static void end_aggregate(struct plan_binder *binder, struct select_work *work) {
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

/* ---- SELECT list
 * ------------------------------------------------------------------------------------- */

static void grow_items(struct plan_binder *binder, struct select_work *work) {
  uint32_t capacity = work->item_capacity == 0 ? 32 : work->item_capacity * 2;
  struct eagre_arena *arena = binder->arena;
  struct eagre_expression **items = eagre_arena_allocate(arena, sizeof *items * capacity);
  struct plan_column *columns = eagre_arena_allocate(arena, sizeof *columns * capacity);
  const struct eagre_sql_expression **trees = eagre_arena_allocate(arena, sizeof *trees * capacity);
  struct eagre_text *aliases = eagre_arena_allocate(arena, sizeof *aliases * capacity);
  if (work->item_count > 0) {
    memcpy(items, work->items, sizeof *items * work->item_count);
    memcpy(columns, work->columns, sizeof *columns * work->item_count);
    memcpy(trees, work->trees, sizeof *trees * work->item_count);
    memcpy(aliases, work->aliases, sizeof *aliases * work->item_count);
  }
  work->items = items;
  work->columns = columns;
  work->trees = trees;
  work->aliases = aliases;
  work->item_capacity = capacity;
}

static void add_item(struct plan_binder *binder, struct select_work *work,
                     struct eagre_expression *expression, struct eagre_text name,
                     const struct eagre_sql_expression *tree) {
  if (work->item_count == work->item_capacity) grow_items(binder, work);
  struct plan_column column = {.name = name, .type = eagre_expression_type(expression)};
  uint32_t source_column = 0;
  bool is_column = eagre_expression_is_column(expression, &source_column) &&
                   source_column < work->relation.column_count;
  if (is_column) {
    column.window_us = work->relation.columns[source_column].window_us;
    column.is_session = work->relation.columns[source_column].is_session;
  }
  column.is_event_time = eagre_plan_is_event_time(&work->relation, expression);
  work->items[work->item_count] = expression;
  work->columns[work->item_count] = column;
  work->trees[work->item_count] = tree;
  work->aliases[work->item_count] = name;
  work->item_count += 1;
}

static void add_struct_fields(struct plan_binder *binder, struct select_work *work,
                              struct eagre_expression *value, struct eagre_sql_position position) {
  const struct eagre_type *type = eagre_expression_type(value);
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct eagre_expression *field = eagre_expression_field(binder->arena, value, i, position);
    add_item(binder, work, field, type->fields[i].name, NULL);
  }
}

/* Column `index` of the input as an item; above a GROUP BY it must be one of the keys. */
static enum eagre_status add_star_column(struct plan_binder *binder, struct select_work *work,
                                         uint32_t index, const struct eagre_sql_expression *star,
                                         struct eagre_error *error) {
  const struct plan_relation *input = work->is_aggregate ? &work->input : &work->relation;
  struct eagre_expression *reference =
      eagre_plan_column_reference(binder, input, index, star->position);
  if (work->is_aggregate) {
    reference = eagre_plan_find_key(binder, &work->aggregation, reference, star->position);
    if (reference == NULL) {
      return eagre_plan_fail_not_grouped(star, &work->aggregation, error);
    }
  }
  add_item(binder, work, reference, input->columns[index].name, NULL);
  return EAGRE_OK;
}

/* The hidden columns of the star, or the others. The window column is not part of a star. */
static enum eagre_status add_star_columns(struct plan_binder *binder, struct select_work *work,
                                          const struct eagre_sql_expression *star, bool is_hidden,
                                          struct eagre_error *error) {
  const struct plan_relation *input = work->is_aggregate ? &work->input : &work->relation;
  for (uint32_t i = 0; i < input->column_count; i++) {
    const struct plan_column *column = &input->columns[i];
    bool is_added_window = work->window.is_used && i == work->window.column;
    bool is_wanted = star->name.part_count == 0 ||
                     (star->name.part_count == 1 &&
                      eagre_text_equal_ignoring_case(column->qualifier, star->name.parts[0]));
    if (!is_wanted || is_added_window || column->is_hidden != is_hidden) continue;
    EAGRE_TRY(add_star_column(binder, work, i, star, error));
  }
  return EAGRE_OK;
}

/* `*`, `alias.*` (the columns that USING hid first, as in Spark), or `column.*` of a struct column.
 */
static enum eagre_status add_star(struct plan_binder *binder, struct select_work *work,
                                  const struct plan_scope *scope,
                                  const struct eagre_sql_expression *star,
                                  struct eagre_error *error) {
  uint32_t before = work->item_count;
  bool is_bare = star->name.part_count == 0;
  if (!is_bare) EAGRE_TRY(add_star_columns(binder, work, star, true, error));
  EAGRE_TRY(add_star_columns(binder, work, star, false, error));
  if (is_bare || work->item_count > before) return EAGRE_OK;
  struct eagre_expression *value = NULL;
  const struct eagre_sql_expression name = {.kind = EAGRE_SQL_NAME,
                                            .position = star->position,
                                            .source = star->source,
                                            .name = star->name};
  struct eagre_error ignored;
  if (eagre_plan_bind_expression(binder, scope, &name, &value, &ignored) != EAGRE_OK) {
    return eagre_plan_fail(error, star->position, "CANNOT_RESOLVE_STAR_EXPAND",
                           "Cannot resolve %.*s: no table and no column has the name.",
                           (int)star->source.size, star->source.data);
  }
  if (eagre_expression_type(value)->kind != EAGRE_TYPE_STRUCT) {
    return eagre_plan_fail(error, star->position, "_LEGACY_ERROR_TEMP_1050",
                           "Can only star expand struct data types.");
  }
  add_struct_fields(binder, work, value, star->position);
  return EAGRE_OK;
}

static enum eagre_status add_field_star(struct plan_binder *binder, struct select_work *work,
                                        const struct plan_scope *scope,
                                        const struct eagre_sql_expression *star,
                                        struct eagre_error *error) {
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, star->arguments[0].value, &value, error));
  if (eagre_expression_type(value)->kind != EAGRE_TYPE_STRUCT) {
    return eagre_plan_fail(error, star->position, "_LEGACY_ERROR_TEMP_1050",
                           "Can only star expand struct data types.");
  }
  add_struct_fields(binder, work, value, star->position);
  return EAGRE_OK;
}

static enum eagre_status refuse_generator(struct eagre_sql_position position,
                                          struct eagre_error *error) {
  eagre_plan_fail(error, position, "UNSUPPORTED_FEATURE.GENERATOR_WITH_AGGREGATE",
                  "A generator beside aggregates or GROUP BY is not supported yet.");
  eagre_error_hint(error, "aggregate in a subquery and explode its result");
  return EAGRE_USAGE;
}

/* Puts the generator of item `index` on top of the relation, its columns hidden. */
static enum eagre_status add_item_generator(struct plan_binder *binder, struct select_work *work,
                                            uint32_t index, struct eagre_error *error) {
  const struct eagre_sql_select_item *item = &work->tree->items[index];
  struct plan_relation *relation = &work->relation;
  bool has_alias = item->alias.size > 0;
  uint32_t first = 0;
  EAGRE_TRY(eagre_plan_add_generator(binder, relation, item->expression, false, &first, error));
  EAGRE_TRY(eagre_plan_name_generated(
      binder, relation, first, has_alias ? &item->alias : item->column_aliases,
      has_alias ? 1 : item->column_alias_count, item->expression->position, error));
  for (uint32_t i = first; i < relation->column_count; i++) {
    relation->columns[i].is_hidden = true;
  }
  work->generated[index].first = first;
  work->generated[index].end = relation->column_count;
  return EAGRE_OK;
}

/* The generators of the SELECT list: of several, every row of one with every row of the next. Their
 * columns are none that names or stars find. */
static enum eagre_status bind_generators(struct plan_binder *binder, struct select_work *work,
                                         struct eagre_error *error) {
  uint32_t count = work->tree->item_count;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_sql_expression *tree = work->tree->items[i].expression;
    if (!eagre_plan_is_generator(tree)) continue;
    if (work->is_aggregate) return refuse_generator(tree->position, error);
    if (work->generated == NULL) {
      work->generated = eagre_arena_allocate_zeroed(binder->arena, sizeof *work->generated * count);
    }
    EAGRE_TRY(add_item_generator(binder, work, i, error));
  }
  return EAGRE_OK;
}

static void add_generated(struct plan_binder *binder, struct select_work *work, uint32_t index) {
  const struct eagre_sql_expression *tree = work->tree->items[index].expression;
  for (uint32_t i = work->generated[index].first; i < work->generated[index].end; i++) {
    struct eagre_expression *column =
        eagre_plan_column_reference(binder, &work->relation, i, tree->position);
    add_item(binder, work, column, work->relation.columns[i].name, NULL);
  }
}

static enum eagre_status bind_items(struct plan_binder *binder, struct select_work *work,
                                    struct plan_scope *scope, struct eagre_error *error) {
  struct plan_aliases aliases = {0};
  scope->aliases = &aliases;
  for (uint32_t i = 0; i < work->tree->item_count; i++) {
    const struct eagre_sql_select_item *item = &work->tree->items[i];
    const struct eagre_sql_expression *tree = item->expression;
    aliases =
        (struct plan_aliases){work->aliases, work->items, work->item_count, PLAN_ALIAS_LATERAL};
    if (tree->kind == EAGRE_SQL_STAR) {
      EAGRE_TRY(add_star(binder, work, scope, tree, error));
      continue;
    }
    if (tree->kind == EAGRE_SQL_FIELD_STAR) {
      EAGRE_TRY(add_field_star(binder, work, scope, tree, error));
      continue;
    }
    if (eagre_plan_is_generator(tree)) {
      add_generated(binder, work, i);
      continue;
    }
    if (item->column_alias_count > 0) {
      return eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.MULTI_ALIAS",
                             "Several names for an expression that is no generator.");
    }
    struct eagre_expression *expression = NULL;
    EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree, &expression, error));
    struct eagre_text name = item->alias.size > 0 ? item->alias : expression_name(binder, tree);
    add_item(binder, work, expression, name, tree);
  }
  scope->aliases = NULL;
  return EAGRE_OK;
}

/* ---- HAVING, PROJECT, DISTINCT, ORDER BY, LIMIT
 * ---------------------------------------------------- */

static enum eagre_status bind_having(struct plan_binder *binder, struct select_work *work,
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
static enum eagre_status bind_sort_key(struct plan_binder *binder, struct select_work *work,
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
  add_item(binder, work, expression, expression_name(binder, tree), tree);
  return EAGRE_OK;
}

static enum eagre_status bind_order(struct plan_binder *binder, struct select_work *work,
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

static void add_project(struct plan_binder *binder, struct select_work *work) {
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
    EAGRE_TRY(choose_pane(node, &relation->columns[i], i, error));
  }
  relation->node = node;
  return EAGRE_OK;
}

static void add_sort(struct plan_binder *binder, struct select_work *work,
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

static enum eagre_status add_limit(struct plan_binder *binder, struct select_work *work,
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

/* ---- The whole
 * ---------------------------------------------------------------------------------------- */

/* Aggregates of everything that stands above the GROUP BY, before any of it is bound. */
static enum eagre_status collect_aggregates(struct plan_binder *binder, struct select_work *work,
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

/* Subqueries are joined with the results of the aggregates, so these become columns of the
 * relation, which no name finds, before. */
static enum eagre_status close_aggregate(struct plan_binder *binder, struct select_work *work,
                                         const struct plan_scope *scope,
                                         struct eagre_error *error) {
  EAGRE_TRY(collect_aggregates(binder, work, scope, error));
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

static enum eagre_status attach_subqueries(struct plan_binder *binder, struct select_work *work,
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

/* The nodes that stand above the AGGREGATE get its columns, of which some came after them. A closed
 * one must not have got more. */
static enum eagre_status finish_aggregate(struct plan_binder *binder, struct select_work *work,
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

/* The functions of OVER stand behind all other columns, so aggregates must be known first. */
static enum eagre_status begin_over(struct plan_binder *binder, struct select_work *work,
                                    struct plan_scope *scope, struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  work->overs = (struct plan_overs){.query = tree, .first_column = work->relation.column_count};
  scope->overs = &work->overs;
  EAGRE_TRY(eagre_plan_check_windows(tree, error));
  if (!work->is_aggregate || work->is_closed || !eagre_plan_has_over(tree)) return EAGRE_OK;
  EAGRE_TRY(collect_aggregates(binder, work, scope, error));
  work->overs.first_column = work->aggregation.key_count + work->aggregation.aggregate_count;
  return EAGRE_OK;
}

static enum eagre_status bind_select(struct plan_binder *binder, struct select_work *work,
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
  EAGRE_TRY(bind_generators(binder, work, error));
  if (work->is_aggregate) EAGRE_TRY(begin_aggregate(binder, work, error));
  struct plan_attached *attached = NULL;
  struct plan_scope scope = {.relation = &work->relation,
                             .window = &work->window,
                             .aggregation = work->is_aggregate ? &work->aggregation : NULL};
  if (has_subqueries(tree)) {
    if (work->is_aggregate) EAGRE_TRY(close_aggregate(binder, work, &scope, error));
    EAGRE_TRY(attach_subqueries(binder, work, &attached, error));
    scope.attached = attached;
  }
  EAGRE_TRY(begin_over(binder, work, &scope, error));
  EAGRE_TRY(bind_items(binder, work, &scope, error));
  EAGRE_TRY(bind_having(binder, work, &scope, error));
  uint32_t visible_count = work->item_count;
  struct eagre_plan_sort_key *sort_keys = NULL;
  EAGRE_TRY(bind_order(binder, work, &scope, visible_count, &sort_keys, error));
  if (tree->is_distinct && work->item_count > visible_count) {
    return eagre_plan_fail(error, tree->position, "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                           "A column of ORDER BY cannot be resolved: with DISTINCT it may use "
                           "only columns of the SELECT list.");
  }
  if (work->is_aggregate) EAGRE_TRY(finish_aggregate(binder, work, error));
  eagre_plan_add_over(binder, &work->relation, &work->overs, tree->position);
  add_project(binder, work);
  if (tree->is_distinct) {
    EAGRE_TRY(add_distinct(binder, &work->relation, tree->position, error));
  }
  if (tree->order_by_count > 0) add_sort(binder, work, sort_keys, visible_count);
  return add_limit(binder, work, error);
}

/* A set operation with its ORDER BY and LIMIT: as SELECT * over it. */
static enum eagre_status bind_set_operation(struct plan_binder *binder, struct select_work *work,
                                            struct eagre_error *error) {
  const struct eagre_sql_query *tree = work->tree;
  EAGRE_TRY(eagre_plan_bind_union(binder, tree, &work->relation, error));
  bool is_distinct = !eagre_text_ends_with(tree->set_operation, EAGRE_TEXT(" all"));
  if (is_distinct) EAGRE_TRY(add_distinct(binder, &work->relation, tree->position, error));
  if (tree->order_by_count > 0) {
    const struct plan_relation whole = work->relation;
    for (uint32_t i = 0; i < whole.column_count; i++) {
      add_item(binder, work, eagre_plan_column_reference(binder, &whole, i, tree->position),
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
  struct select_work work = {.tree = lifted};
  enum eagre_status status = tree->set_operation.size > 0 ? bind_set_operation(binder, &work, error)
                                                          : bind_select(binder, &work, error);
  binder->common_tables = saved;
  *out = work.relation;
  return status;
}

/* A generator beside aggregates runs over their results:
 *
 *   SELECT k, explode(collect_list(v)) AS x FROM t GROUP BY k ORDER BY k
 *   SELECT k, explode(#1) AS x FROM (SELECT k, collect_list(v) AS #1 FROM t GROUP BY k) ORDER BY k
 *
 * This is done to the syntax tree, before anything is bound. */
#include "plan/plan_bind.h"

static uint32_t count_generators(const struct eagre_sql_query *query,
                                 struct eagre_sql_position *out_last) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < query->item_count; i++) {
    if (!eagre_plan_is_generator(query->items[i].expression)) continue;
    *out_last = query->items[i].expression->position;
    count++;
  }
  return count;
}

/* Stars would have other names, and OVER is computed behind the aggregates. */
static bool may_be_lifted(const struct eagre_sql_query *query) {
  for (uint32_t i = 0; i < query->item_count; i++) {
    enum eagre_sql_expression_kind kind = query->items[i].expression->kind;
    if (kind == EAGRE_SQL_STAR || kind == EAGRE_SQL_FIELD_STAR) return false;
  }
  return !eagre_plan_has_over(query);
}

/* The queries under construction. */
struct lift {
  struct eagre_arena *arena;
  struct eagre_sql_select_item *inner;
  uint32_t inner_count;
};

/* Makes `tree` an item of the inner query, at place `index`; returns the name of its column. */
static struct eagre_sql_expression *lift_value(struct lift *lift, uint32_t index,
                                               struct eagre_sql_expression *tree,
                                               struct eagre_text alias) {
  if (alias.size == 0) alias = eagre_arena_printf(lift->arena, "#%u", index);
  struct eagre_text *part = eagre_arena_allocate(lift->arena, sizeof *part);
  struct eagre_sql_expression *name = eagre_arena_allocate_zeroed(lift->arena, sizeof *name);
  *part = alias;
  *name = (struct eagre_sql_expression){
      .kind = EAGRE_SQL_NAME,
      .position = tree->position,
      .source = tree->source,
      .name = {.parts = part, .part_count = 1, .position = tree->position},
  };
  lift->inner[index] = (struct eagre_sql_select_item){.expression = tree, .alias = alias};
  return name;
}

/* The call over columns of the inner query: its first value stands in the place of the item, so
 * that positions in GROUP BY stay. Constants stay where they are. */
static struct eagre_sql_expression *lift_call(struct lift *lift, uint32_t item,
                                              const struct eagre_sql_expression *tree) {
  struct eagre_sql_expression *call = eagre_arena_allocate(lift->arena, sizeof *call);
  bool is_free = true;
  *call = *tree;
  call->arguments =
      eagre_arena_allocate(lift->arena, sizeof *call->arguments * (tree->argument_count + 1));
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    struct eagre_sql_expression *value = tree->arguments[i].value;
    call->arguments[i] = tree->arguments[i];
    if (value->kind == EAGRE_SQL_LITERAL) continue;
    uint32_t index = is_free ? item : lift->inner_count++;
    call->arguments[i].value = lift_value(lift, index, value, eagre_text_make("", 0));
    is_free = false;
  }
  if (is_free && tree->argument_count > 0) {
    lift_value(lift, item, tree->arguments[0].value, eagre_text_make("", 0));
  }
  return call;
}

static uint32_t count_values(const struct eagre_sql_query *query) {
  uint32_t count = query->item_count;
  for (uint32_t i = 0; i < query->item_count; i++) {
    count += query->items[i].expression->argument_count;
  }
  return count;
}

static struct eagre_text name_of(struct eagre_arena *arena,
                                 const struct eagre_sql_select_item *item) {
  if (item->alias.size > 0) return item->alias;
  struct eagre_buffer printed = {0};
  eagre_sql_print_column_name(item->expression, &printed);
  struct eagre_text name = eagre_arena_copy_text(arena, eagre_buffer_text(&printed));
  eagre_buffer_done(&printed);
  return name;
}

/* The outer SELECT list; fills the inner one. */
static struct eagre_sql_select_item *lift_items(struct lift *lift,
                                                const struct eagre_sql_query *query) {
  struct eagre_sql_select_item *outer =
      eagre_arena_allocate(lift->arena, sizeof *outer * query->item_count);
  for (uint32_t i = 0; i < query->item_count; i++) {
    const struct eagre_sql_select_item *item = &query->items[i];
    outer[i] = *item;
    if (eagre_plan_is_generator(item->expression)) {
      outer[i].expression = lift_call(lift, i, item->expression);
    } else {
      outer[i].alias = name_of(lift->arena, item);
      outer[i].expression = lift_value(lift, i, item->expression, item->alias);
    }
  }
  return outer;
}

/* The query with its generators above its aggregates. */
static const struct eagre_sql_query *lift_query(struct plan_binder *binder,
                                                const struct eagre_sql_query *query) {
  struct lift lift = {.arena = binder->arena, .inner_count = query->item_count};
  lift.inner = eagre_arena_allocate_zeroed(binder->arena, sizeof *lift.inner * count_values(query));
  struct eagre_sql_query *inner = eagre_arena_allocate(binder->arena, sizeof *inner);
  struct eagre_sql_query *outer = eagre_arena_allocate_zeroed(binder->arena, sizeof *outer);
  struct eagre_sql_relation *from = eagre_arena_allocate_zeroed(binder->arena, sizeof *from);
  *outer = (struct eagre_sql_query){
      .position = query->position,
      .height = query->height,
      .source = query->source,
      .is_distinct = query->is_distinct,
      .items = lift_items(&lift, query),
      .item_count = query->item_count,
      .from = from,
      .order_by = query->order_by,
      .order_by_count = query->order_by_count,
      .limit = query->limit,
      .offset = query->offset,
  };
  *inner = *query;
  inner->common_table_count = 0; /* in scope already */
  inner->items = lift.inner;
  inner->item_count = lift.inner_count;
  inner->is_distinct = false;
  inner->order_by_count = 0;
  inner->limit = NULL;
  inner->offset = NULL;
  *from = (struct eagre_sql_relation){.kind = EAGRE_SQL_RELATION_SUBQUERY,
                                      .height = query->height,
                                      .position = query->position,
                                      .query = inner};
  return outer;
}

enum eagre_status eagre_plan_lift_generators(struct plan_binder *binder,
                                             const struct eagre_sql_query **inout_query,
                                             struct eagre_error *error) {
  struct eagre_sql_position last;
  uint32_t count = count_generators(*inout_query, &last);
  if (count > 1) {
    return eagre_plan_fail(error, last, "UNSUPPORTED_GENERATOR.MULTI_GENERATOR",
                           "The generator is not supported: only one generator allowed per SELECT "
                           "clause with aggregates but found %u.",
                           count);
  }
  if (count == 1 && may_be_lifted(*inout_query)) *inout_query = lift_query(binder, *inout_query);
  return EAGRE_OK;
}

/* The SELECT list: expressions, stars expanded, generators. */
#include <string.h>

#include "plan/plan_select.h"

struct eagre_text eagre_plan_select_name(struct plan_binder *binder,
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

static void grow_items(struct plan_binder *binder, struct plan_select *work) {
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

void eagre_plan_select_add(struct plan_binder *binder, struct plan_select *work,
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

static void add_struct_fields(struct plan_binder *binder, struct plan_select *work,
                              struct eagre_expression *value, struct eagre_sql_position position) {
  const struct eagre_type *type = eagre_expression_type(value);
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct eagre_expression *field = eagre_expression_field(binder->arena, value, i, position);
    eagre_plan_select_add(binder, work, field, type->fields[i].name, NULL);
  }
}

/* Column `index` of the input as an item; above a GROUP BY it must be one of the keys. */
static enum eagre_status add_star_column(struct plan_binder *binder, struct plan_select *work,
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
  eagre_plan_select_add(binder, work, reference, input->columns[index].name, NULL);
  return EAGRE_OK;
}

/* The hidden columns of the star, or the others. The window column is not part of a star. */
static enum eagre_status add_star_columns(struct plan_binder *binder, struct plan_select *work,
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
static enum eagre_status add_star(struct plan_binder *binder, struct plan_select *work,
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

static enum eagre_status add_field_star(struct plan_binder *binder, struct plan_select *work,
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
static enum eagre_status add_item_generator(struct plan_binder *binder, struct plan_select *work,
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
enum eagre_status eagre_plan_select_generators(struct plan_binder *binder, struct plan_select *work,
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

static void add_generated(struct plan_binder *binder, struct plan_select *work, uint32_t index) {
  const struct eagre_sql_expression *tree = work->tree->items[index].expression;
  for (uint32_t i = work->generated[index].first; i < work->generated[index].end; i++) {
    struct eagre_expression *column =
        eagre_plan_column_reference(binder, &work->relation, i, tree->position);
    eagre_plan_select_add(binder, work, column, work->relation.columns[i].name, NULL);
  }
}

enum eagre_status eagre_plan_select_items(struct plan_binder *binder, struct plan_select *work,
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
    struct eagre_text name =
        item->alias.size > 0 ? item->alias : eagre_plan_select_name(binder, tree);
    eagre_plan_select_add(binder, work, expression, name, tree);
  }
  scope->aliases = NULL;
  return EAGRE_OK;
}

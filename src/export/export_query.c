/* What a query reads: found in the syntax tree, replaced in the text. Of two relations of which one
 * holds the other, the outer one is replaced. */
#include <string.h>

#include "export/export_inside.h"

struct walk {
  struct export_program *program;
  struct export_relations *relations;
};

static enum eagre_status walk_query(struct walk *walk, const struct eagre_sql_query *query);

static void add_relation(struct walk *walk, const struct eagre_sql_relation *relation) {
  struct export_relations *list = walk->relations;
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    const struct eagre_sql_relation **grown =
        eagre_arena_allocate(&walk->program->arena, capacity * sizeof *grown);
    if (list->count > 0) memcpy(grown, list->items, list->count * sizeof *grown);
    list->items = grown;
    list->capacity = capacity;
  }
  uint32_t place = list->count++;
  while (place > 0 && list->items[place - 1]->source.data > relation->source.data) {
    list->items[place] = list->items[place - 1];
    place--;
  }
  list->items[place] = relation;
}

static enum eagre_status walk_expression(struct walk *walk,
                                         const struct eagre_sql_expression *expression) {
  if (expression == NULL) return EAGRE_OK;
  if (expression->kind == EAGRE_SQL_COLON) {
    eagre_export_refuse(walk->program, expression->position,
                        "Spark has no %.*s on a text; that is Databricks' SQL.",
                        (int)expression->source.size, expression->source.data);
    eagre_error_hint(walk->program->error, "write get_json_object(value, '$.field')");
    return EAGRE_USAGE;
  }
  if (expression->over != NULL) {
    eagre_export_refuse(walk->program, expression->position, "Spark has no %.*s on a stream.",
                        (int)expression->source.size, expression->source.data);
    eagre_error_hint(walk->program->error,
                     "write the first row of each key as deduplicate(STREAM x, key)");
    return EAGRE_USAGE;
  }
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    EAGRE_TRY(walk_expression(walk, expression->arguments[i].value));
  }
  EAGRE_TRY(walk_expression(walk, expression->filter));
  return expression->query == NULL ? EAGRE_OK : walk_query(walk, expression->query);
}

/* explode(...) in FROM or LATERAL VIEW stays as it is written. */
static bool is_generator(const struct eagre_sql_relation *relation) {
  return relation->kind == EAGRE_SQL_RELATION_FUNCTION &&
         eagre_plan_is_generator_name(relation->name.parts[relation->name.part_count - 1]);
}

static enum eagre_status walk_relation(struct walk *walk,
                                       const struct eagre_sql_relation *relation) {
  if (relation == NULL) return EAGRE_OK;
  if (is_generator(relation)) {
    for (uint32_t i = 0; i < relation->argument_count; i++) {
      EAGRE_TRY(walk_expression(walk, relation->arguments[i].value));
    }
    return EAGRE_OK;
  }
  bool has_name = relation->kind == EAGRE_SQL_RELATION_NAME ||
                  relation->kind == EAGRE_SQL_RELATION_PATH ||
                  relation->kind == EAGRE_SQL_RELATION_FUNCTION ||
                  relation->kind == EAGRE_SQL_RELATION_DEDUPLICATE;
  if (has_name) add_relation(walk, relation);
  EAGRE_TRY(walk_relation(walk, relation->left));
  EAGRE_TRY(walk_relation(walk, relation->right));
  EAGRE_TRY(walk_expression(walk, relation->condition));
  for (uint32_t i = 0; i < relation->row_count * relation->column_count; i++) {
    EAGRE_TRY(walk_expression(walk, relation->values[i]));
  }
  if (relation->watermark != NULL) {
    EAGRE_TRY(walk_expression(walk, relation->watermark->expression));
  }
  return relation->query == NULL ? EAGRE_OK : walk_query(walk, relation->query);
}

static enum eagre_status walk_select(struct walk *walk, const struct eagre_sql_query *query) {
  for (uint32_t i = 0; i < query->item_count; i++) {
    EAGRE_TRY(walk_expression(walk, query->items[i].expression));
  }
  EAGRE_TRY(walk_relation(walk, query->from));
  EAGRE_TRY(walk_expression(walk, query->where));
  for (uint32_t i = 0; i < query->group_by_count; i++) {
    EAGRE_TRY(walk_expression(walk, query->group_by[i]));
  }
  EAGRE_TRY(walk_expression(walk, query->having));
  for (uint32_t i = 0; i < query->order_by_count; i++) {
    EAGRE_TRY(walk_expression(walk, query->order_by[i].expression));
  }
  return EAGRE_OK;
}

static enum eagre_status walk_query(struct walk *walk, const struct eagre_sql_query *query) {
  for (uint32_t i = 0; i < query->common_table_count; i++) {
    EAGRE_TRY(walk_query(walk, query->common_tables[i].query));
  }
  if (query->left != NULL) EAGRE_TRY(walk_query(walk, query->left));
  if (query->right != NULL) EAGRE_TRY(walk_query(walk, query->right));
  return walk_select(walk, query);
}

enum eagre_status eagre_export_find_relations(struct export_program *program,
                                              const struct eagre_sql_query *query,
                                              struct export_relations *out) {
  struct walk walk = {.program = program, .relations = out};
  *out = (struct export_relations){0};
  return walk_query(&walk, query);
}

/* Whether STREAM stands inside of a relation that has none in front: the view that replaces it is a
 * stream, and Spark wants to be told so in the text of another view. */
static bool hides_stream(const struct export_relations *relations,
                         const struct eagre_sql_relation *outer) {
  const char *end = outer->source.data + outer->source.size;
  if (outer->kind != EAGRE_SQL_RELATION_DEDUPLICATE || outer->is_stream) return false;
  for (uint32_t i = 0; i < relations->count; i++) {
    const struct eagre_sql_relation *inner = relations->items[i];
    bool is_inside = inner->source.data >= outer->source.data && inner->source.data < end;
    if (is_inside && inner->is_stream) return true;
  }
  return false;
}

struct eagre_text eagre_export_rewrite(struct export_program *program, struct eagre_text source,
                                       const struct export_relations *relations) {
  struct eagre_buffer text = {0};
  const char *from = source.data;
  const char *end = source.data + source.size;
  for (uint32_t i = 0; i < relations->count; i++) {
    const struct eagre_sql_relation *relation = relations->items[i];
    const struct export_made *made = eagre_export_find_made(program, relation);
    bool is_inside = relation->source.data >= from && relation->source.data < end;
    if (made == NULL || !is_inside) continue;
    eagre_buffer_append(&text, from, (size_t)(relation->source.data - from));
    if (hides_stream(relations, relation)) eagre_buffer_append_string(&text, "STREAM ");
    eagre_buffer_append_text(&text, made->name);
    from = relation->source.data + relation->source.size;
  }
  eagre_buffer_append(&text, from, (size_t)(end - from));
  struct eagre_text result = eagre_arena_copy_text(&program->arena, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  return result;
}

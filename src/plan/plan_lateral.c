/* LATERAL: what stands behind it may read columns of the relation in front of it.
 *
 *   left, LATERAL explode(left.list)                a GENERATE above left
 *   left, LATERAL (SELECT left.a + 1 AS b)          a PROJECT above left
 *   left, LATERAL (SELECT ... FROM r WHERE ...)     a JOIN of left and r, the list above it
 *
 * A query that can be bound alone is joined as if LATERAL were not there. For a LEFT JOIN the rows
 * of the query carry a mark, so that a row without a match has NULL for every item.
 *
 * The same generators stand in FROM alone, over one row without columns. */
#include <string.h>

#include "plan/plan_bind.h"

/* LATERAL under way. */
struct lateral_work {
  struct plan_binder *binder;
  const struct eagre_sql_relation *tree; /* the JOIN */
  enum eagre_join_kind kind;
  struct plan_relation left;
  struct plan_relation base; /* what the SELECT list is bound against: begins with `left` */
  struct eagre_expression *is_matched; /* LEFT: NULL in rows without a match; else NULL */
};

static enum eagre_status refuse(struct eagre_sql_position position, const char *what,
                                struct eagre_error *error) {
  eagre_plan_fail(error, position, "UNSUPPORTED_FEATURE.CORRELATED_SUBQUERY",
                  "%s behind LATERAL is not supported yet.", what);
  eagre_error_hint(error, "write it as a JOIN with a subquery that groups by the columns it is "
                          "compared by");
  return EAGRE_USAGE;
}

static enum eagre_status check_kind(const struct eagre_sql_relation *tree,
                                    enum eagre_join_kind kind, bool is_natural,
                                    struct eagre_error *error) {
  if (is_natural) {
    return eagre_plan_fail(error, tree->position, "INCOMPATIBLE_JOIN_TYPES",
                           "The join types LATERAL and NATURAL are incompatible.");
  }
  if (tree->column_alias_count > 0) {
    return eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING",
                           "JOIN USING with LATERAL correlation is not supported.");
  }
  if (kind == EAGRE_JOIN_INNER || kind == EAGRE_JOIN_CROSS || kind == EAGRE_JOIN_LEFT)
    return EAGRE_OK;
  return eagre_plan_fail(
      error, tree->position, "INVALID_LATERAL_JOIN_TYPE",
      "The %s JOIN with LATERAL correlation is not allowed because an OUTER subquery cannot "
      "correlate to its join partner. Remove the LATERAL correlation or use an INNER JOIN, or LEFT "
      "OUTER JOIN instead.",
      eagre_join_kind_name(kind));
}

/* ---- Generators ------------------------------------------------------------------------------ */

static struct eagre_sql_expression call_of(const struct eagre_sql_relation *function) {
  return (struct eagre_sql_expression){
      .kind = EAGRE_SQL_CALL,
      .position = function->position,
      .source = function->source,
      .function = function->name.parts[function->name.part_count - 1],
      .arguments = function->arguments,
      .argument_count = function->argument_count,
  };
}

static bool is_generator(const struct eagre_sql_relation *relation) {
  if (relation->kind != EAGRE_SQL_RELATION_FUNCTION) return false;
  const struct eagre_sql_expression call = call_of(relation);
  return eagre_plan_is_table_generator(&call);
}

/* Appends the columns of the function to `relation`. */
static enum eagre_status generate(struct plan_binder *binder,
                                  const struct eagre_sql_relation *function, bool is_outer,
                                  struct plan_relation *relation, struct eagre_error *error) {
  const struct eagre_sql_expression call = call_of(function);
  uint32_t first = 0;
  if (function->is_stream || function->watermark != NULL) {
    return eagre_plan_fail(error, function->position, "UNSUPPORTED_FEATURE.STREAM_OF_FUNCTION",
                           "`%.*s` is no stream: it has neither STREAM nor WATERMARK.",
                           (int)call.function.size, call.function.data);
  }
  EAGRE_TRY(eagre_plan_add_generator(binder, relation, &call, is_outer, &first, error));
  uint32_t count = relation->column_count - first;
  if (function->column_alias_count > 0 && function->column_alias_count != count) {
    return eagre_plan_fail(error, function->position, "NUM_TABLE_VALUE_ALIASES_MISMATCH",
                           "Number of given aliases does not match number of output columns. "
                           "Function name: `%.*s`; number of aliases: %u; number of output "
                           "columns: %u.",
                           (int)call.function.size, call.function.data,
                           function->column_alias_count, count);
  }
  for (uint32_t i = first; i < relation->column_count; i++) {
    relation->columns[i].qualifier = function->alias;
  }
  return eagre_plan_name_generated(binder, relation, first, function->column_aliases,
                                   function->column_alias_count, function->position, error);
}

enum eagre_status eagre_plan_bind_generator(struct plan_binder *binder,
                                            const struct eagre_sql_relation *tree,
                                            struct plan_relation *out, bool *out_is_one,
                                            struct eagre_error *error) {
  *out_is_one = is_generator(tree);
  if (!*out_is_one) return EAGRE_OK;
  *out = (struct plan_relation){
      .node = eagre_plan_node_new(binder, EAGRE_PLAN_VALUES, NULL, tree->position)};
  out->node->value_row_count = 1;
  eagre_plan_relation_seal(binder, out);
  return generate(binder, tree, false, out, error);
}

/* Without ON Spark's LEFT JOIN of a generator drops the rows for which it gives nothing. */
static bool keeps_rows(const struct lateral_work *work) {
  if (work->kind != EAGRE_JOIN_LEFT) return false;
  if (work->tree->condition != NULL) return true;
  eagre_plan_notice(work->binder,
                    "LEFT JOIN LATERAL of a generator without ON keeps no row for which it gives "
                    "nothing, as in Spark: write ON true");
  return false;
}

/* ON of what has become one relation: a filter. LEFT takes TRUE only, which leaves every row. */
static enum eagre_status add_condition(struct lateral_work *work, struct plan_relation *out,
                                       struct eagre_error *error) {
  struct eagre_expression *condition = NULL;
  const struct eagre_sql_expression *tree = work->tree->condition;
  if (tree == NULL) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_bind_join_condition(work->binder, tree, out, &condition, error));
  if (work->kind != EAGRE_JOIN_LEFT) {
    eagre_plan_add_filter(work->binder, out, condition, tree->position);
    return EAGRE_OK;
  }
  struct eagre_vector value;
  bool is_constant = eagre_expression_is_constant(condition);
  if (is_constant) {
    EAGRE_TRY(eagre_expression_fold(work->binder->arena, condition,
                                    &work->binder->pipeline->expression_session, &value, error));
  }
  bool is_true = is_constant && !eagre_vector_is_null(&value, 0) && eagre_bit_get(value.data, 0);
  if (is_true) return EAGRE_OK;
  return refuse(tree->position, "A condition of a LEFT JOIN", error);
}

/* ---- The SELECT list ------------------------------------------------------------------------- */

struct lateral_list {
  struct eagre_expression **items;
  struct plan_column *columns;
  uint32_t count;
};

static void add_item(struct lateral_work *work, struct lateral_list *list,
                     struct eagre_expression *item, const struct plan_column *column) {
  list->columns[list->count] = *column;
  list->columns[list->count].is_event_time = eagre_plan_is_event_time(&work->base, item);
  list->items[list->count++] = item;
}

static enum eagre_status add_computed(struct lateral_work *work, struct lateral_list *list,
                                      struct eagre_expression *item, struct eagre_text name,
                                      struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  const struct plan_column column = {
      .qualifier = work->tree->right->alias, .name = name, .type = eagre_expression_type(item)};
  if (work->is_matched != NULL) {
    struct eagre_expression *parts[3] = {work->is_matched, item,
                                         eagre_plan_null(binder, column.type)};
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("if"), parts, 3,
                                    &binder->pipeline->expression_session,
                                    eagre_expression_position(item), &item, error));
  }
  add_item(work, list, item, &column);
  return EAGRE_OK;
}

/* `*` and `alias.*` are columns of the query's own FROM. */
static enum eagre_status add_star(struct lateral_work *work, struct lateral_list *list,
                                  const struct eagre_sql_expression *star,
                                  struct eagre_error *error) {
  uint32_t before = list->count;
  for (uint32_t i = work->left.column_count; i < work->base.column_count; i++) {
    const struct plan_column *column = &work->base.columns[i];
    bool is_wanted = star->name.part_count == 0 ||
                     (star->name.part_count == 1 &&
                      eagre_text_equal_ignoring_case(column->qualifier, star->name.parts[0]));
    if (!is_wanted || column->is_hidden) continue;
    struct eagre_expression *reference =
        eagre_plan_column_reference(work->binder, &work->base, i, star->position);
    EAGRE_TRY(add_computed(work, list, reference, column->name, error));
  }
  if (list->count > before) return EAGRE_OK;
  return eagre_plan_fail(error, star->position, "CANNOT_RESOLVE_STAR_EXPAND",
                         "Cannot resolve %.*s: no table of the query has the name.",
                         (int)star->source.size, star->source.data);
}

static struct eagre_text name_of(struct plan_binder *binder,
                                 const struct eagre_sql_select_item *item) {
  if (item->alias.size > 0) return item->alias;
  struct eagre_buffer printed = {0};
  eagre_sql_print_column_name(item->expression, &printed);
  struct eagre_text name = eagre_arena_copy_text(binder->arena, eagre_buffer_text(&printed));
  eagre_buffer_done(&printed);
  return name;
}

static enum eagre_status add_items(struct lateral_work *work, struct lateral_list *list,
                                   struct eagre_error *error) {
  const struct eagre_sql_query *query = work->tree->right->query;
  const struct plan_scope scope = {.relation = &work->base,
                                   .inner_begin = work->left.column_count,
                                   .aggregate_refusal = "a query behind LATERAL"};
  for (uint32_t i = 0; i < query->item_count; i++) {
    const struct eagre_sql_expression *tree = query->items[i].expression;
    struct eagre_expression *item = NULL;
    if (tree->kind == EAGRE_SQL_STAR) {
      EAGRE_TRY(add_star(work, list, tree, error));
      continue;
    }
    EAGRE_TRY(eagre_plan_bind_expression(work->binder, &scope, tree, &item, error));
    EAGRE_TRY(add_computed(work, list, item, name_of(work->binder, &query->items[i]), error));
  }
  return EAGRE_OK;
}

static enum eagre_status name_columns(const struct lateral_work *work, struct lateral_list *list,
                                      struct eagre_error *error) {
  const struct eagre_sql_relation *right = work->tree->right;
  uint32_t count = list->count - work->left.column_count;
  if (right->column_alias_count == 0) return EAGRE_OK;
  if (right->column_alias_count != count) {
    return eagre_plan_fail(error, right->position, "ASSIGNMENT_ARITY_MISMATCH",
                           "Number of column aliases does not match number of columns. Number of "
                           "column aliases: %u; number of columns: %u.",
                           right->column_alias_count, count);
  }
  for (uint32_t i = 0; i < count; i++) {
    list->columns[work->left.column_count + i].name = right->column_aliases[i];
  }
  return EAGRE_OK;
}

/* The columns of `left`, then the items. */
static enum eagre_status project(struct lateral_work *work, struct plan_relation *out,
                                 struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  uint32_t capacity = work->left.column_count +
                      work->tree->right->query->item_count * (work->base.column_count + 1) + 1;
  struct lateral_list list = {
      .items = eagre_arena_allocate(binder->arena, sizeof *list.items * capacity),
      .columns = eagre_arena_allocate_zeroed(binder->arena, sizeof *list.columns * capacity),
  };
  for (uint32_t i = 0; i < work->left.column_count; i++) {
    struct eagre_expression *reference =
        eagre_plan_column_reference(binder, &work->base, i, work->tree->position);
    add_item(work, &list, reference, &work->left.columns[i]);
  }
  EAGRE_TRY(add_items(work, &list, error));
  EAGRE_TRY(name_columns(work, &list, error));
  *out = (struct plan_relation){
      .node =
          eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, work->base.node, work->tree->position),
      .columns = list.columns,
      .column_count = list.count,
      .is_stream = work->base.is_stream,
  };
  out->node->expressions = list.items;
  out->node->expression_count = list.count;
  eagre_plan_relation_seal(binder, out);
  return EAGRE_OK;
}

/* ---- Queries --------------------------------------------------------------------------------- */

static enum eagre_status check_query(const struct eagre_sql_query *query,
                                     struct eagre_error *error) {
  bool is_plain = query->set_operation.size == 0 && query->common_table_count == 0 &&
                  !query->is_distinct && query->order_by_count == 0 && query->limit == NULL &&
                  query->offset == NULL;
  if (!is_plain) {
    return refuse(query->position, "A set operation, WITH, DISTINCT, ORDER BY or LIMIT", error);
  }
  bool is_grouped = query->group_by_count > 0 || query->group_by_all || query->groupings != NULL ||
                    query->having != NULL;
  for (uint32_t i = 0; i < query->item_count; i++) {
    is_grouped = is_grouped || eagre_plan_has_aggregate(query->items[i].expression);
    if (!eagre_plan_is_generator(query->items[i].expression)) continue;
    eagre_plan_fail(error, query->items[i].expression->position,
                    "UNSUPPORTED_FEATURE.CORRELATED_SUBQUERY",
                    "A generator in a query behind LATERAL is not supported yet.");
    eagre_error_hint(error, "write LATERAL explode(...) AS t(column)");
    return EAGRE_USAGE;
  }
  return is_grouped ? refuse(query->position, "An aggregate", error) : EAGRE_OK;
}

/* A constant TRUE behind the columns of `relation`. */
static enum eagre_status append_mark(struct plan_binder *binder, struct plan_relation *relation,
                                     struct eagre_sql_position position,
                                     struct eagre_error *error) {
  static const struct eagre_sql_expression true_tree = {.kind = EAGRE_SQL_LITERAL,
                                                        .literal = EAGRE_SQL_LITERAL_BOOLEAN,
                                                        .type_kind = EAGRE_TYPE_BOOLEAN,
                                                        .boolean = true};
  uint32_t count = relation->column_count;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, relation->node, position);
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (count + 1));
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  node->expression_count = count + 1;
  for (uint32_t i = 0; i < count; i++) {
    columns[i] = relation->columns[i];
    node->expressions[i] = eagre_plan_column_reference(binder, relation, i, position);
  }
  EAGRE_TRY(eagre_expression_literal(binder->arena, &true_tree,
                                     &binder->pipeline->expression_session,
                                     &node->expressions[count], error));
  columns[count] = (struct plan_column){.name = EAGRE_TEXT("is_matched"),
                                        .type = eagre_type_of(EAGRE_TYPE_BOOLEAN),
                                        .is_hidden = true};
  relation->node = node;
  relation->columns = columns;
  relation->column_count = count + 1;
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

/* left JOIN r: the WHERE of the query is the condition of the join. */
static enum eagre_status join_from(struct lateral_work *work, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  const struct eagre_sql_query *query = work->tree->right->query;
  struct plan_relation inner;
  EAGRE_TRY(eagre_plan_bind_relation(binder, query->from, &inner, error));
  if (work->kind == EAGRE_JOIN_LEFT) {
    EAGRE_TRY(append_mark(binder, &inner, query->position, error));
  }
  eagre_plan_join_begin(binder, work->kind, &work->left, &inner, work->tree->position, &work->base);
  if (work->kind == EAGRE_JOIN_LEFT) {
    work->is_matched = eagre_plan_column_reference(binder, &work->base, work->base.column_count - 1,
                                                   query->position);
  }
  if (query->where == NULL) return EAGRE_OK;
  const struct plan_scope scope = {.relation = &work->base,
                                   .inner_begin = work->left.column_count,
                                   .aggregate_refusal = "WHERE"};
  struct eagre_expression *condition = NULL;
  EAGRE_TRY(eagre_plan_bind_condition(binder, &scope, query->where, "WHERE", &condition, error));
  eagre_plan_join_add_condition(binder, work->base.node, condition);
  return EAGRE_OK;
}

static enum eagre_status bind_correlated(struct lateral_work *work, struct plan_relation *out,
                                         struct eagre_error *error) {
  const struct eagre_sql_query *query = work->tree->right->query;
  EAGRE_TRY(check_query(query, error));
  if (work->tree->right->watermark != NULL) {
    return refuse(work->tree->right->watermark->position, "A WATERMARK", error);
  }
  work->base = work->left;
  if (query->from != NULL) {
    EAGRE_TRY(join_from(work, error));
  } else if (query->where != NULL) {
    if (work->kind == EAGRE_JOIN_LEFT)
      return refuse(query->where->position, "A WHERE without FROM in a LEFT JOIN", error);
    EAGRE_TRY(eagre_plan_add_where(work->binder, &work->base, query->where, error));
  }
  EAGRE_TRY(project(work, out, error));
  return add_condition(work, out, error);
}

/* Whether the error says that a name is not known, which may be one of the relation in front. */
static bool is_unresolved(const struct eagre_error *error) {
  return strncmp(error->class_name, "UNRESOLVED_COLUMN", 17) == 0 ||
         strcmp(error->class_name, "CANNOT_RESOLVE_STAR_EXPAND") == 0;
}

enum eagre_status eagre_plan_bind_lateral(struct plan_binder *binder,
                                          const struct eagre_sql_relation *tree,
                                          enum eagre_join_kind kind, bool is_natural,
                                          const struct plan_relation *left,
                                          struct plan_relation *out, bool *out_is_bound,
                                          struct eagre_error *error) {
  struct lateral_work work = {.binder = binder, .tree = tree, .kind = kind, .left = *left};
  *out_is_bound = true;
  EAGRE_TRY(check_kind(tree, kind, is_natural, error));
  if (is_generator(tree->right)) {
    *out = *left;
    EAGRE_TRY(generate(binder, tree->right, keeps_rows(&work), out, error));
    return add_condition(&work, out, error);
  }
  const struct plan_binder before = *binder;
  struct plan_relation right;
  struct eagre_error first;
  eagre_error_init(&first);
  enum eagre_status status = eagre_plan_bind_relation(binder, tree->right, &right, &first);
  bool may_be_correlated = status != EAGRE_OK && is_unresolved(&first) &&
                           tree->right->kind == EAGRE_SQL_RELATION_SUBQUERY;
  if (status == EAGRE_OK || !may_be_correlated) {
    if (status != EAGRE_OK && error != NULL) *error = first;
    *out_is_bound = false;
    *out = right;
    return status;
  }
  binder->sources = before.sources; /* what was bound in vain is bound again */
  binder->source_count = before.source_count;
  binder->watermark_count = before.watermark_count;
  return bind_correlated(&work, out, error);
}

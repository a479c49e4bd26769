/* Subqueries inside expressions, as joins with the relation that the expression is over.
 *
 *   WHERE [NOT] EXISTS (...), x [NOT] IN (...)   LEFT SEMI, LEFT ANTI
 *   the same anywhere else                       LEFT MARK: a hidden column, whether one matches
 *   (SELECT ...) as a value                      LEFT OUTER with one match at most: a hidden column
 *
 * A subquery may read columns of the relation around it in the conjuncts of its own WHERE, which
 * then become conditions of the join; under an aggregate they must be equalities, by which it is
 * grouped. Names are looked for inside first. What a conjunct reads is found out by binding it. */
#include <string.h>

#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

/* A subquery under way. */
struct subquery_work {
  struct plan_binder *binder;
  const struct eagre_sql_expression *tree;
  const struct plan_relation *outer;
  struct plan_aggregation *aggregation; /* whose results are columns of `outer`; NULL: none */
  struct plan_relation inner;
  uint32_t value_begin; /* columns of `inner` that are its SELECT list */
  uint32_t value_count;
  /* Conditions on both: trees, and for an aggregate equalities of trees over the outer relation
   * with the columns behind its value. */
  const struct eagre_sql_expression *correlated[CONJUNCT_COUNT_MAX];
  const struct eagre_sql_expression *outer_keys[CONJUNCT_COUNT_MAX];
  uint32_t correlated_count;
  uint32_t outer_key_count;
  bool is_grouped;
  bool is_counting; /* the aggregate of no rows is 0 */
};

static bool is_call(const struct eagre_sql_expression *tree, const char *function) {
  return tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, function);
}

bool eagre_plan_has_subquery(const struct eagre_sql_expression *tree) {
  if (tree == NULL) return false;
  if (tree->kind == EAGRE_SQL_SUBQUERY) return true;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_plan_has_subquery(tree->arguments[i].value)) return true;
  }
  return eagre_plan_has_subquery(tree->filter);
}

uint32_t eagre_plan_split_conjuncts(const struct eagre_sql_expression *tree,
                                    const struct eagre_sql_expression **out, uint32_t count_max) {
  if (!is_call(tree, "and") || count_max < 2) {
    out[0] = tree;
    return 1;
  }
  uint32_t count = eagre_plan_split_conjuncts(tree->arguments[0].value, out, count_max - 1);
  return count +
         eagre_plan_split_conjuncts(tree->arguments[1].value, out + count, count_max - count);
}

/* ---- Without the relation around it ---------------------------------------------------------- */

static enum eagre_status check_inner(const struct subquery_work *work, struct eagre_error *error) {
  const struct eagre_sql_expression *tree = work->tree;
  if (work->inner.is_stream) {
    eagre_plan_fail(error, tree->position, "INVALID_SUBQUERY_EXPRESSION.STREAMING_QUERY",
                    "Invalid subquery: Streaming query is not allowed in subquery expressions.");
    eagre_error_hint(error, "leave STREAM out, or write a JOIN");
    return EAGRE_USAGE;
  }
  if (eagre_text_equal_string(tree->function, "scalar") && work->value_count != 1) {
    return eagre_plan_fail(
        error, tree->position,
        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
        "Invalid subquery: Scalar subquery must return only one column, but got %u.",
        work->value_count);
  }
  return EAGRE_OK;
}

static enum eagre_status bind_alone(struct subquery_work *work, struct eagre_error *error) {
  EAGRE_TRY(eagre_plan_bind_query(work->binder, work->tree->query, &work->inner, error));
  work->value_count = work->inner.column_count;
  return EAGRE_OK;
}

/* ---- With it --------------------------------------------------------------------------------- */

static bool binds_over(struct plan_binder *binder, const struct plan_relation *relation,
                       const struct eagre_sql_expression *tree) {
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "WHERE"};
  struct eagre_expression *ignored = NULL;
  struct eagre_error ignored_error;
  return eagre_plan_bind_expression(binder, &scope, tree, &ignored, &ignored_error) == EAGRE_OK;
}

/* The conjuncts of the subquery's WHERE that can be decided inside stay there. */
static enum eagre_status split_where(struct subquery_work *work,
                                     const struct eagre_sql_expression **inside,
                                     uint32_t *out_count, struct eagre_error *error) {
  const struct eagre_sql_expression *all[CONJUNCT_COUNT_MAX];
  const struct eagre_sql_expression *where = work->tree->query->where;
  uint32_t count = eagre_plan_split_conjuncts(where, all, CONJUNCT_COUNT_MAX);
  *out_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool is_inside =
        eagre_plan_has_subquery(all[i]) || binds_over(work->binder, &work->inner, all[i]);
    if (is_inside) {
      inside[(*out_count)++] = all[i];
    } else {
      work->correlated[work->correlated_count++] = all[i];
    }
  }
  if (work->correlated_count > 0) return EAGRE_OK;
  return eagre_plan_fail(error, work->tree->position, "UNSUPPORTED_FEATURE.SUBQUERY_EXPRESSION",
                         "A subquery may read columns of the query around it in its WHERE only.");
}

/* The SELECT list as columns behind those of FROM. */
static enum eagre_status append_values(struct subquery_work *work, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  const struct eagre_sql_query *query = work->tree->query;
  struct plan_relation *inner = &work->inner;
  uint32_t before = inner->column_count;
  uint32_t count = before + query->item_count;
  struct eagre_plan_node *project =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, inner->node, work->tree->position);
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (count + 1));
  project->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  project->expression_count = count;
  const struct plan_scope scope = {.relation = inner, .aggregate_refusal = "a subquery"};
  for (uint32_t i = 0; i < count; i++) {
    if (i < before) {
      columns[i] = inner->columns[i];
      project->expressions[i] = eagre_plan_column_reference(binder, inner, i, work->tree->position);
      continue;
    }
    EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, query->items[i - before].expression,
                                         &project->expressions[i], error));
    columns[i].name = EAGRE_TEXT("value");
    columns[i].is_hidden = true;
    columns[i].type = eagre_expression_type(project->expressions[i]);
  }
  inner->node = project;
  inner->columns = columns;
  inner->column_count = count;
  eagre_plan_relation_seal(binder, inner);
  work->value_begin = before;
  work->value_count = query->item_count;
  return EAGRE_OK;
}

static enum eagre_status bind_plain(struct subquery_work *work, struct eagre_error *error) {
  const struct eagre_sql_expression *inside[CONJUNCT_COUNT_MAX];
  uint32_t count = 0;
  EAGRE_TRY(split_where(work, inside, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_plan_add_where(work->binder, &work->inner, inside[i], error));
  }
  if (eagre_text_equal_string(work->tree->function, "exists")) return EAGRE_OK;
  return append_values(work, error);
}

/* a AND b AND ... of a syntax tree again; NULL for none. */
static struct eagre_sql_expression *join_conjuncts(struct eagre_arena *arena,
                                                   const struct eagre_sql_expression **conjuncts,
                                                   uint32_t count) {
  struct eagre_sql_expression *joined = NULL;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_sql_expression *each = eagre_arena_allocate(arena, sizeof *each);
    *each = *conjuncts[i];
    if (joined != NULL) {
      struct eagre_sql_argument *sides = eagre_arena_allocate_zeroed(arena, sizeof *sides * 2);
      struct eagre_sql_expression *both = eagre_arena_allocate_zeroed(arena, sizeof *both);
      sides[0].value = joined;
      sides[1].value = each;
      *both = (struct eagre_sql_expression){.kind = EAGRE_SQL_CALL,
                                            .position = each->position,
                                            .source = each->source,
                                            .height = each->height,
                                            .function = EAGRE_TEXT("and"),
                                            .arguments = sides,
                                            .argument_count = 2,
                                            .is_operator = true};
      each = both;
    }
    joined = each;
  }
  return joined;
}

static enum eagre_status refuse_correlation(const struct eagre_sql_expression *tree,
                                            const char *what, struct eagre_error *error) {
  eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.CORRELATED_SUBQUERY",
                  "%s is not supported yet.", what);
  eagre_error_hint(error, "write it as a JOIN with a subquery that groups by the columns it is "
                          "compared by");
  return EAGRE_USAGE;
}

/* Takes apart "inner = outer": what it is grouped by, and what that is compared with. */
static enum eagre_status split_equality(struct subquery_work *work,
                                        const struct eagre_sql_expression *conjunct,
                                        struct eagre_sql_expression **out_inner,
                                        struct eagre_error *error) {
  if (!is_call(conjunct, "=")) {
    return refuse_correlation(conjunct, "An aggregate that is correlated by more than equality",
                              error);
  }
  for (uint32_t i = 0; i < 2; i++) {
    struct eagre_sql_expression *inner = conjunct->arguments[i].value;
    struct eagre_sql_expression *outer = conjunct->arguments[1 - i].value;
    if (!binds_over(work->binder, &work->inner, inner)) continue;
    work->outer_keys[work->outer_key_count++] = outer;
    *out_inner = inner;
    return EAGRE_OK;
  }
  return refuse_correlation(conjunct, "An equality that mixes columns of both queries on one side",
                            error);
}

static bool is_counting(const struct eagre_sql_expression *tree) {
  return is_call(tree, "count") || is_call(tree, "count_if");
}

/* An aggregate becomes one per group of what it is correlated by. */
static enum eagre_status bind_grouped(struct subquery_work *work, struct eagre_error *error) {
  struct eagre_arena *arena = work->binder->arena;
  const struct eagre_sql_expression *inside[CONJUNCT_COUNT_MAX];
  struct eagre_sql_query query = *work->tree->query;
  uint32_t count = 0;
  const struct eagre_sql_expression *item = query.items[0].expression;
  bool is_one_call = query.item_count == 1 && item->kind == EAGRE_SQL_CALL &&
                     eagre_function_is_aggregate(item->function);
  if (!is_one_call) {
    return refuse_correlation(
        work->tree, "A correlated subquery whose value is more than one aggregate", error);
  }
  EAGRE_TRY(split_where(work, inside, &count, error));
  uint32_t key_count = work->correlated_count;
  query.where = join_conjuncts(arena, inside, count);
  query.items = eagre_arena_allocate_zeroed(arena, sizeof *query.items * (key_count + 1));
  query.items[0] = work->tree->query->items[0];
  query.item_count = key_count + 1;
  query.group_by = eagre_arena_allocate_zeroed(arena, sizeof(void *) * (key_count + 1));
  query.group_by_count = key_count;
  for (uint32_t i = 0; i < key_count; i++) {
    EAGRE_TRY(split_equality(work, work->correlated[i], &query.group_by[i], error));
    query.items[i + 1].expression = query.group_by[i];
  }
  work->correlated_count = 0;
  work->is_grouped = true;
  work->is_counting = is_counting(query.items[0].expression);
  EAGRE_TRY(eagre_plan_bind_query(work->binder, &query, &work->inner, error));
  work->value_count = 1;
  return EAGRE_OK;
}

/* ---- Which of the two ------------------------------------------------------------------------ */

static bool may_be_correlated(const struct eagre_sql_query *query) {
  return query->set_operation.size == 0 && query->common_table_count == 0 && query->from != NULL &&
         query->where != NULL && query->group_by_count == 0 && !query->group_by_all &&
         query->having == NULL && query->limit == NULL && query->offset == NULL;
}

static bool has_aggregate(const struct eagre_sql_query *query) {
  for (uint32_t i = 0; i < query->item_count; i++) {
    if (eagre_plan_has_aggregate(query->items[i].expression)) return true;
  }
  return false;
}

static enum eagre_status bind_correlated(struct subquery_work *work, struct eagre_error *error) {
  const struct eagre_sql_query *query = work->tree->query;
  bool is_scalar = eagre_text_equal_string(work->tree->function, "scalar");
  struct plan_binder *binder = work->binder;
  const struct plan_binder before = *binder;
  EAGRE_TRY(eagre_plan_bind_relation(binder, query->from, &work->inner, error));
  if (!has_aggregate(query)) return bind_plain(work, error);
  if (!is_scalar) {
    return refuse_correlation(work->tree, "EXISTS or IN over a correlated aggregate", error);
  }
  binder->sources = before.sources; /* FROM is bound again, in its place */
  binder->source_count = before.source_count;
  return bind_grouped(work, error);
}

/* Binds the subquery alone if it can be, else by what it reads of the relation around it. */
static enum eagre_status bind_subquery(struct subquery_work *work, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  const struct plan_binder before = *binder;
  struct eagre_error first;
  eagre_error_init(&first);
  enum eagre_status status = bind_alone(work, &first);
  if (status != EAGRE_OK) {
    bool is_unresolved = strncmp(first.class_name, "UNRESOLVED_COLUMN", 17) == 0;
    if (!is_unresolved || !may_be_correlated(work->tree->query)) {
      if (error != NULL) *error = first;
      return status;
    }
    binder->sources = before.sources;
    binder->source_count = before.source_count;
    binder->watermark_count = before.watermark_count;
    EAGRE_TRY(bind_correlated(work, error));
  }
  return check_inner(work, error);
}

/* ---- Conditions of the join ------------------------------------------------------------------ */

/* What stands outside of the subquery. */
static struct plan_scope scope_of_outer(const struct subquery_work *work) {
  return (struct plan_scope){.relation = work->outer,
                             .aggregation = work->aggregation,
                             .aggregate_refusal = work->aggregation == NULL ? "WHERE" : NULL};
}

static enum eagre_status add_correlation(struct subquery_work *work,
                                         const struct plan_relation *joined,
                                         struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  uint32_t outer_count = work->outer->column_count;
  const struct plan_scope both = {
      .relation = joined, .inner_begin = outer_count, .aggregate_refusal = "WHERE"};
  const struct plan_scope outer = scope_of_outer(work);
  for (uint32_t i = 0; i < work->correlated_count; i++) {
    struct eagre_expression *condition = NULL;
    EAGRE_TRY(
        eagre_plan_bind_condition(binder, &both, work->correlated[i], "WHERE", &condition, error));
    eagre_plan_join_add_condition(binder, joined->node, condition);
  }
  for (uint32_t i = 0; i < work->outer_key_count; i++) {
    struct eagre_expression *sides[2] = {
        NULL,
        eagre_plan_column_reference(binder, joined, outer_count + 1 + i, work->tree->position)};
    struct eagre_expression *equality = NULL;
    EAGRE_TRY(eagre_plan_bind_expression(binder, &outer, work->outer_keys[i], &sides[0], error));
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("="), sides, 2,
                                    &binder->pipeline->expression_session, work->tree->position,
                                    &equality, error));
    eagre_plan_join_add_condition(binder, joined->node, equality);
  }
  return EAGRE_OK;
}

/* The values that IN looks for: x, or the parts of (x, y). */
static enum eagre_status list_searched(const struct subquery_work *work,
                                       const struct eagre_sql_argument **out,
                                       struct eagre_error *error) {
  const struct eagre_sql_argument *searched = work->tree->arguments;
  uint32_t count = 1;
  if (work->value_count > 1 && is_call(searched->value, "struct")) {
    count = searched->value->argument_count;
    searched = searched->value->arguments;
  }
  *out = searched;
  if (count == work->value_count) return EAGRE_OK;
  return eagre_plan_fail(error, work->tree->position,
                         "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                         "The number of columns in the left hand side of an IN subquery does not "
                         "match the number of columns in the output of subquery. Left hand side "
                         "columns(length: %u), right hand side columns(length: %u).",
                         count, work->value_count);
}

/* x = value; when NULL may equal anything: x = value OR (x = value) IS NULL. */
static enum eagre_status
make_in_condition(struct subquery_work *work, const struct plan_relation *joined,
                  const struct eagre_sql_expression *searched, uint32_t value, bool is_null_aware,
                  struct eagre_expression **out, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  struct eagre_sql_position position = work->tree->position;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  const struct plan_scope outer = scope_of_outer(work);
  uint32_t column = work->outer->column_count + work->value_begin + value;
  struct eagre_expression *sides[2] = {
      NULL, eagre_plan_column_reference(binder, joined, column, position)};
  EAGRE_TRY(eagre_plan_bind_expression(binder, &outer, searched, &sides[0], error));
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("="), sides, 2, session, position, out,
                                  error));
  if (!is_null_aware) return EAGRE_OK;
  struct eagre_expression *parts[2] = {*out, NULL};
  EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("isnull"), out, 1, session, position,
                                  &parts[1], error));
  return eagre_expression_call(binder->arena, EAGRE_TEXT("or"), parts, 2, session, position, out,
                               error);
}

static enum eagre_status add_in(struct subquery_work *work, const struct plan_relation *joined,
                                bool is_null_aware, struct eagre_error *error) {
  const struct eagre_sql_argument *searched = NULL;
  EAGRE_TRY(list_searched(work, &searched, error));
  for (uint32_t i = 0; i < work->value_count; i++) {
    struct eagre_expression *condition = NULL;
    EAGRE_TRY(
        make_in_condition(work, joined, searched[i].value, i, is_null_aware, &condition, error));
    eagre_plan_join_add_condition(work->binder, joined->node, condition);
  }
  return EAGRE_OK;
}

/* NOT IN of one value with nothing else to compare is a hash join of its own kind. */
static enum eagre_status add_not_in(struct subquery_work *work, const struct plan_relation *joined,
                                    struct eagre_error *error) {
  struct eagre_plan_node *node = joined->node;
  bool is_plain = node->join_kind == EAGRE_JOIN_LEFT_ANTI && work->value_count == 1 &&
                  work->correlated_count == 0;
  if (is_plain) {
    EAGRE_TRY(add_in(work, joined, false, error));
    node->is_null_aware = node->join_key_count == 1;
    if (node->is_null_aware) return EAGRE_OK;
    node->expression_count = 0;
  }
  return add_in(work, joined, true, error);
}

static enum eagre_status add_conditions(struct subquery_work *work,
                                        const struct plan_relation *joined, bool is_negated,
                                        struct eagre_error *error) {
  EAGRE_TRY(add_correlation(work, joined, error));
  if (!eagre_text_equal_string(work->tree->function, "in")) return EAGRE_OK;
  return is_negated ? add_not_in(work, joined, error) : add_in(work, joined, false, error);
}

/* ---- Joins ----------------------------------------------------------------------------------- */

/* Everything behind the first `count` columns is out of reach of names. */
static void hide_columns(struct plan_relation *relation, uint32_t count) {
  for (uint32_t i = count; i < relation->column_count; i++) {
    relation->columns[i].qualifier = EAGRE_TEXT("");
    relation->columns[i].is_hidden = true;
    relation->columns[i].is_event_time = false;
  }
}

enum eagre_status eagre_plan_join_subquery(struct plan_binder *binder,
                                           struct plan_relation *relation,
                                           const struct eagre_sql_expression *tree, bool is_negated,
                                           struct eagre_error *error) {
  struct plan_relation outer = *relation;
  struct subquery_work work = {.binder = binder, .tree = tree, .outer = &outer};
  struct plan_relation joined;
  EAGRE_TRY(bind_subquery(&work, error));
  eagre_plan_join_begin(binder, is_negated ? EAGRE_JOIN_LEFT_ANTI : EAGRE_JOIN_LEFT_SEMI, &outer,
                        &work.inner, tree->position, &joined);
  EAGRE_TRY(add_conditions(&work, &joined, is_negated, error));
  eagre_plan_join_end(binder, &joined);
  *relation = joined;
  return EAGRE_OK;
}

static void attach(struct plan_binder *binder, struct plan_attached **attached,
                   const struct eagre_sql_expression *tree, struct eagre_expression *value) {
  struct plan_attached *each = eagre_arena_allocate(binder->arena, sizeof *each);
  *each = (struct plan_attached){tree, value, *attached};
  *attached = each;
}

/* EXISTS or IN as a BOOLEAN column. */
static enum eagre_status attach_mark(struct plan_binder *binder, struct plan_relation *relation,
                                     struct plan_aggregation *aggregation,
                                     const struct eagre_sql_expression *tree, bool is_negated,
                                     struct plan_attached **attached, struct eagre_error *error) {
  struct plan_relation outer = *relation;
  struct subquery_work work = {
      .binder = binder, .tree = tree, .outer = &outer, .aggregation = aggregation};
  struct plan_relation joined;
  EAGRE_TRY(bind_subquery(&work, error));
  eagre_plan_join_begin(binder, EAGRE_JOIN_LEFT_MARK, &outer, &work.inner, tree->position, &joined);
  EAGRE_TRY(add_conditions(&work, &joined, is_negated, error));
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (outer.column_count + 1));
  for (uint32_t i = 0; i < outer.column_count; i++) {
    columns[i] = outer.columns[i];
  }
  columns[outer.column_count] =
      (struct plan_column){.name = EAGRE_TEXT("exists"), .type = eagre_type_of(EAGRE_TYPE_BOOLEAN)};
  joined.columns = columns;
  joined.column_count = outer.column_count + 1;
  hide_columns(&joined, outer.column_count);
  eagre_plan_relation_seal(binder, &joined);
  *relation = joined;
  attach(binder, attached, tree,
         eagre_plan_column_reference(binder, relation, outer.column_count, tree->position));
  return EAGRE_OK;
}

static enum eagre_status attach_value(struct plan_binder *binder, struct plan_relation *relation,
                                      const struct eagre_sql_expression *tree,
                                      struct plan_attached **attached, struct eagre_error *error) {
  struct plan_relation outer = *relation;
  struct subquery_work work = {.binder = binder, .tree = tree, .outer = &outer};
  EAGRE_TRY(bind_subquery(&work, error));
  eagre_plan_join_begin(binder, EAGRE_JOIN_LEFT, &outer, &work.inner, tree->position, relation);
  EAGRE_TRY(add_conditions(&work, relation, false, error));
  relation->node->is_single = true;
  hide_columns(relation, outer.column_count);
  struct eagre_expression *value = eagre_plan_column_reference(
      binder, relation, outer.column_count + work.value_begin, tree->position);
  if (work.is_counting) {
    struct eagre_expression *parts[2] = {value, NULL};
    const struct eagre_sql_expression zero = {.kind = EAGRE_SQL_LITERAL,
                                              .literal = EAGRE_SQL_LITERAL_INTEGER,
                                              .type_kind = EAGRE_TYPE_BIGINT,
                                              .position = tree->position,
                                              .text = EAGRE_TEXT("0")};
    const struct eagre_expression_session *session = &binder->pipeline->expression_session;
    EAGRE_TRY(eagre_expression_literal(binder->arena, &zero, session, &parts[1], error));
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("coalesce"), parts, 2, session,
                                    tree->position, &value, error));
  }
  attach(binder, attached, tree, value);
  return EAGRE_OK;
}

static enum eagre_status attach_all(struct plan_binder *binder, struct plan_relation *relation,
                                    struct plan_aggregation *aggregation,
                                    const struct eagre_sql_expression *tree, bool is_negated,
                                    struct plan_attached **attached, struct eagre_error *error) {
  if (tree == NULL) return EAGRE_OK;
  if (tree->kind == EAGRE_SQL_SUBQUERY) {
    bool is_value = eagre_text_equal_string(tree->function, "scalar");
    return is_value ? attach_value(binder, relation, tree, attached, error)
                    : attach_mark(binder, relation, aggregation, tree, is_negated, attached, error);
  }
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    EAGRE_TRY(attach_all(binder, relation, aggregation, tree->arguments[i].value,
                         is_call(tree, "not"), attached, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_attach_subqueries(struct plan_binder *binder,
                                               struct plan_relation *relation,
                                               struct plan_aggregation *aggregation,
                                               const struct eagre_sql_expression *tree,
                                               struct plan_attached **attached,
                                               struct eagre_error *error) {
  return attach_all(binder, relation, aggregation, tree, false, attached, error);
}

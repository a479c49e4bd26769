/* WHERE: one filter, or, where it holds subqueries, conjunct by conjunct: plain ones first, then
 * EXISTS and IN as joins, then filters over what the other subqueries gave. */
#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

void eagre_plan_add_filter(struct plan_binder *binder, struct plan_relation *relation,
                           struct eagre_expression *condition, struct eagre_sql_position position) {
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_FILTER, relation->node, position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = condition;
  node->expression_count = 1;
  relation->node = node;
}

static enum eagre_status filter_by(struct plan_binder *binder, struct plan_relation *relation,
                                   const struct eagre_sql_expression *tree,
                                   const struct plan_attached *attached,
                                   struct eagre_error *error) {
  const struct plan_scope scope = {
      .relation = relation, .attached = attached, .aggregate_refusal = "WHERE"};
  struct eagre_expression *condition = NULL;
  EAGRE_TRY(eagre_plan_bind_condition(binder, &scope, tree, "WHERE", &condition, error));
  eagre_plan_add_filter(binder, relation, condition, tree->position);
  return EAGRE_OK;
}

/* [NOT] EXISTS, [NOT] IN of a subquery: that; else NULL. */
static const struct eagre_sql_expression *find_predicate(const struct eagre_sql_expression *tree,
                                                         bool *out_is_negated) {
  *out_is_negated = tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "not");
  if (*out_is_negated) tree = tree->arguments[0].value;
  bool is_predicate =
      tree->kind == EAGRE_SQL_SUBQUERY && !eagre_text_equal_string(tree->function, "scalar");
  return is_predicate ? tree : NULL;
}

static enum eagre_status add_conjunct(struct plan_binder *binder, struct plan_relation *relation,
                                      const struct eagre_sql_expression *tree,
                                      struct eagre_error *error) {
  bool is_negated = false;
  const struct eagre_sql_expression *predicate = find_predicate(tree, &is_negated);
  if (predicate != NULL) {
    return eagre_plan_join_subquery(binder, relation, predicate, is_negated, error);
  }
  struct plan_attached *attached = NULL;
  EAGRE_TRY(eagre_plan_attach_subqueries(binder, relation, NULL, tree, &attached, error));
  return filter_by(binder, relation, tree, attached, error);
}

enum eagre_status eagre_plan_add_where(struct plan_binder *binder, struct plan_relation *relation,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_error *error) {
  if (!eagre_plan_has_subquery(tree)) return filter_by(binder, relation, tree, NULL, error);
  const struct eagre_sql_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_plan_split_conjuncts(tree, conjuncts, CONJUNCT_COUNT_MAX);
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_plan_has_subquery(conjuncts[i]))
      EAGRE_TRY(filter_by(binder, relation, conjuncts[i], NULL, error));
  }
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_plan_has_subquery(conjuncts[i]))
      EAGRE_TRY(add_conjunct(binder, relation, conjuncts[i], error));
  }
  return EAGRE_OK;
}

/* What filters right above a source say about its columns: `column OP constant` and IS [NOT] NULL
 * among the parts of their ANDs. The filters stay; a source may leave out what they would remove.
 */
#include <string.h>

#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

static bool has_order(enum eagre_type_kind kind) {
  return eagre_type_width(kind) > 0;
}

/* Folds the constant; false when it is NULL or cannot be computed, which the filter will tell. */
static bool fold_constant(struct plan_binder *binder, const struct eagre_expression *constant,
                          struct eagre_vector *out) {
  struct eagre_error ignored;
  eagre_error_init(&ignored);
  return eagre_expression_fold(binder->arena, constant, &binder->pipeline->expression_session, out,
                               &ignored) == EAGRE_OK &&
         !eagre_vector_is_null(out, 0);
}

static bool read_predicate(struct plan_binder *binder, const struct eagre_plan_source *source,
                           const struct eagre_expression *condition,
                           struct eagre_plan_predicate *out) {
  struct eagre_condition parts;
  if (!eagre_expression_read_condition(condition, &parts)) return false;
  const struct eagre_type *type = source->schema->fields[parts.column].type;
  *out = (struct eagre_plan_predicate){.column = parts.column, .kind = parts.kind};
  if (parts.constant == NULL) return true;
  return has_order(type->kind) && eagre_type_equal(type, eagre_expression_type(parts.constant)) &&
         fold_constant(binder, parts.constant, &out->constant);
}

static void tell_source(struct plan_binder *binder, struct eagre_plan_source *source,
                        struct eagre_expression *condition) {
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(condition, conjuncts, CONJUNCT_COUNT_MAX);
  struct eagre_plan_predicate *predicates =
      eagre_arena_allocate(binder->arena, (source->predicate_count + count) * sizeof *predicates);
  uint32_t kept = source->predicate_count;
  if (kept > 0) memcpy(predicates, source->predicates, kept * sizeof *predicates);
  for (uint32_t i = 0; i < count; i++) {
    if (read_predicate(binder, source, conjuncts[i], &predicates[kept])) kept++;
  }
  source->predicates = predicates;
  source->predicate_count = kept;
}

void eagre_plan_find_predicates(struct plan_binder *binder, struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    eagre_plan_find_predicates(binder, node->inputs[i]);
  }
  if (node->kind != EAGRE_PLAN_FILTER) return;
  const struct eagre_plan_node *below = node;
  while (below->kind == EAGRE_PLAN_FILTER) {
    below = eagre_plan_input(below);
  }
  if (below->kind == EAGRE_PLAN_SOURCE) tell_source(binder, below->source, node->expressions[0]);
}

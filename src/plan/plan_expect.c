/* CONSTRAINT name EXPECT (condition) [ON VIOLATION DROP ROW | FAIL UPDATE] of a table: the last
 * node of every flow that writes into it. The condition sees the columns of the table, as they are
 * written; a row meets it when it is true, so NULL violates it, as in a WHERE. */
#include "plan/plan_bind.h"

static enum eagre_violation violation_of(const struct eagre_sql_constraint *constraint) {
  if (eagre_text_equal_string(constraint->on_violation, "drop row")) return EAGRE_VIOLATION_DROP;
  if (eagre_text_equal_string(constraint->on_violation, "fail update")) return EAGRE_VIOLATION_FAIL;
  return EAGRE_VIOLATION_KEEP;
}

static enum eagre_status check_names(const struct eagre_sql_statement *table,
                                     struct eagre_error *error) {
  for (uint32_t i = 0; i < table->constraint_count; i++) {
    struct eagre_text name = table->constraints[i].name;
    for (uint32_t other = 0; other < i; other++) {
      if (!eagre_text_equal_ignoring_case(table->constraints[other].name, name)) continue;
      return eagre_plan_fail(
          error, table->constraints[i].position, "PIPELINE_DUPLICATE_IDENTIFIERS.EXPECTATION",
          "There are two expectations with the name `%.*s`.", (int)name.size, name.data);
    }
  }
  return EAGRE_OK;
}

/* The columns that are written, as the condition names them. */
static struct plan_relation written_rows(struct plan_binder *binder,
                                         const struct eagre_sql_statement *table,
                                         struct eagre_plan_node *root) {
  const struct eagre_type *type = root->output;
  struct plan_relation rows = {.node = root, .column_count = type->field_count, .is_stream = true};
  rows.columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *rows.columns * (type->field_count + 1));
  for (uint32_t i = 0; i < type->field_count; i++) {
    rows.columns[i] = (struct plan_column){
        .qualifier = table->name.parts[table->name.part_count - 1],
        .name = type->fields[i].name,
        .type = type->fields[i].type,
    };
  }
  return rows;
}

static enum eagre_status bind_conditions(struct plan_binder *binder,
                                         const struct eagre_sql_statement *table,
                                         const struct plan_relation *rows,
                                         struct eagre_plan_node *node, struct eagre_error *error) {
  const struct plan_scope scope = {.relation = rows, .aggregate_refusal = "EXPECT"};
  for (uint32_t i = 0; i < table->constraint_count; i++) {
    const struct eagre_sql_constraint *constraint = &table->constraints[i];
    struct eagre_expression *condition = NULL;
    EAGRE_TRY(eagre_plan_bind_condition(binder, &scope, constraint->condition, "EXPECT", &condition,
                                        error));
    EAGRE_TRY(eagre_expression_check_value(condition, error));
    node->expressions[i] = condition;
    node->expectations[i] = (struct eagre_plan_expectation){
        constraint->name, violation_of(constraint), constraint->position};
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_add_expectations(struct plan_binder *binder,
                                              const struct eagre_sql_statement *table,
                                              struct eagre_text flow_name,
                                              struct plan_relation *relation,
                                              struct eagre_error *error) {
  uint32_t count = table == NULL ? 0 : table->constraint_count;
  if (count == 0) return EAGRE_OK;
  EAGRE_TRY(check_names(table, error));
  const struct plan_relation rows = written_rows(binder, table, relation->node);
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_EXPECT, relation->node,
                                                     table->constraints[0].position);
  node->output = relation->node->output;
  node->flow_name = flow_name;
  node->expression_count = count + 1;
  node->expressions = eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * (count + 1));
  node->expectation_count = count;
  node->expectations = eagre_arena_allocate(binder->arena, sizeof *node->expectations * count);
  EAGRE_TRY(bind_conditions(binder, table, &rows, node, error));
  node->expressions[count] = eagre_expression_row_as_json(
      binder->arena, node->output, &binder->pipeline->expression_session, node->position);
  relation->node = node;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_check_expectations(const struct eagre_flow *flow,
                                                struct eagre_error *error) {
  const struct eagre_plan_node *expect = eagre_flow_expect(flow);
  bool has_letters = flow->sink->sides[EAGRE_SIDE_DEAD_LETTERS] != NULL;
  if (expect == NULL || !has_letters || flow->query.stateful_count == 0) return EAGRE_OK;
  for (uint32_t i = 0; i < expect->expectation_count; i++) {
    const struct eagre_plan_expectation *expectation = &expect->expectations[i];
    if (expectation->on_violation != EAGRE_VIOLATION_DROP) continue;
    eagre_plan_fail(error, expectation->position, "UNSUPPORTED_FEATURE.DEAD_LETTER_EXPECTATION",
                    "Behind aggregations, deduplications and joins of streams rows have no raw "
                    "records, so those that violate `%.*s` cannot become dead letters.",
                    (int)expectation->name.size, expectation->name.data);
    eagre_error_hint(error, "leave ON VIOLATION DROP ROW or deadLetter out, or ask for it in a "
                            "WHERE in front of the aggregation");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

const struct eagre_plan_node *eagre_flow_expect(const struct eagre_flow *flow) {
  const struct eagre_plan_node *root = flow->query.root;
  return root->kind == EAGRE_PLAN_EXPECT ? root : NULL;
}

/* INTERSECT ALL and EXCEPT ALL: how often a row stands on each side decides how often it comes out,
 * as Spark has it. NULLs are the same.
 *
 *   Project: columns
 *     Generate: sequence(1, n)               n rows of one
 *       Filter: n > 0
 *         Project: columns, n                EXCEPT: left - right, INTERSECT: the less of them
 *           Aggregate: by all columns, sums of both counts
 *             Union: left with (1, 0), right with (0, 1) */
#include "plan/plan_bind.h"

enum { SIDES = 2 };

static enum eagre_status make_number(struct plan_binder *binder, const char *digits,
                                     struct eagre_sql_position position,
                                     struct eagre_expression **out, struct eagre_error *error) {
  const struct eagre_sql_expression tree = {.kind = EAGRE_SQL_LITERAL,
                                            .literal = EAGRE_SQL_LITERAL_INTEGER,
                                            .type_kind = EAGRE_TYPE_BIGINT,
                                            .position = position,
                                            .text = eagre_text_of(digits)};
  return eagre_expression_literal(binder->arena, &tree, &binder->pipeline->expression_session, out,
                                  error);
}

static enum eagre_status call(struct plan_binder *binder, const char *function,
                              struct eagre_expression *left, struct eagre_expression *right,
                              struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *sides[2] = {left, right};
  return eagre_expression_call(binder->arena, eagre_text_of(function), sides, 2,
                               &binder->pipeline->expression_session,
                               eagre_expression_position(left), out, error);
}

/* A PROJECT above `relation` of its first `count` columns and, as BIGINTs, `numbers`. */
static void project(struct plan_binder *binder, struct plan_relation *relation, uint32_t count,
                    struct eagre_expression *const *numbers, uint32_t number_count) {
  struct eagre_sql_position position = relation->node->position;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, relation->node, position);
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (count + number_count + 1));
  node->expressions =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (count + number_count + 1));
  node->expression_count = count + number_count;
  for (uint32_t i = 0; i < count; i++) {
    columns[i] = relation->columns[i];
    node->expressions[i] = eagre_plan_column_reference(binder, relation, i, position);
  }
  for (uint32_t i = 0; i < number_count; i++) {
    columns[count + i] =
        (struct plan_column){.name = EAGRE_TEXT("rows"), .type = eagre_type_of(EAGRE_TYPE_BIGINT)};
    node->expressions[count + i] = numbers[i];
  }
  relation->node = node;
  relation->columns = columns;
  relation->column_count = count + number_count;
  eagre_plan_relation_seal(binder, relation);
}

/* The rows of both sides, with a count of 1 for their own side and of 0 for the other. */
static enum eagre_status unite(struct plan_binder *binder, const struct plan_relation sides[SIDES],
                               struct eagre_sql_position position, struct plan_relation *out,
                               struct eagre_error *error) {
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_UNION, NULL, position);
  node->inputs = eagre_arena_allocate(binder->arena, sizeof(void *) * SIDES);
  node->input_count = SIDES;
  for (uint32_t side = 0; side < SIDES; side++) {
    struct eagre_expression *numbers[SIDES];
    struct plan_relation counted = sides[side];
    for (uint32_t i = 0; i < SIDES; i++) {
      EAGRE_TRY(make_number(binder, i == side ? "1" : "0", position, &numbers[i], error));
    }
    project(binder, &counted, counted.column_count, numbers, SIDES);
    node->inputs[side] = counted.node;
    *out = counted;
  }
  out->node = node;
  eagre_plan_relation_seal(binder, out);
  return EAGRE_OK;
}

/* Groups by all columns but the two counts, which are summed up. */
static enum eagre_status group(struct plan_binder *binder, uint32_t count,
                               struct plan_relation *relation, struct eagre_error *error) {
  struct eagre_sql_position position = relation->node->position;
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_AGGREGATE, relation->node, position);
  node->keys = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  node->key_count = count;
  for (uint32_t i = 0; i < count; i++) {
    node->keys[i] = eagre_plan_column_reference(binder, relation, i, position);
  }
  node->aggregates = eagre_arena_allocate_zeroed(binder->arena, sizeof *node->aggregates * SIDES);
  node->arguments = eagre_arena_allocate(binder->arena, sizeof(void *) * SIDES);
  node->aggregate_count = SIDES;
  for (uint32_t i = 0; i < SIDES; i++) {
    struct eagre_expression *rows =
        eagre_plan_column_reference(binder, relation, count + i, position);
    const struct eagre_aggregate_call sum = {.function = EAGRE_TEXT("sum"),
                                             .arguments = &rows,
                                             .argument_count = 1,
                                             .position = position};
    EAGRE_TRY(eagre_aggregate_bind(binder->arena, &sum, &binder->pipeline->expression_session,
                                   &node->aggregates[i], &node->arguments[i], error));
  }
  relation->node = node;
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

/* The number of rows behind the columns, of those that have any. */
static enum eagre_status count(struct plan_binder *binder, uint32_t column_count, bool is_intersect,
                               struct plan_relation *relation, struct eagre_error *error) {
  struct eagre_sql_position position = relation->node->position;
  struct eagre_expression *rows[SIDES], *number, *zero, *condition;
  for (uint32_t i = 0; i < SIDES; i++) {
    rows[i] = eagre_plan_column_reference(binder, relation, column_count + i, position);
  }
  EAGRE_TRY(call(binder, is_intersect ? "least" : "-", rows[0], rows[1], &number, error));
  project(binder, relation, column_count, &number, 1);
  number = eagre_plan_column_reference(binder, relation, column_count, position);
  EAGRE_TRY(make_number(binder, "0", position, &zero, error));
  EAGRE_TRY(call(binder, ">", number, zero, &condition, error));
  eagre_plan_add_filter(binder, relation, condition, position);
  return EAGRE_OK;
}

/* Every row as often as its number says. */
static enum eagre_status repeat(struct plan_binder *binder, uint32_t column_count,
                                struct plan_relation *relation, struct eagre_error *error) {
  struct eagre_sql_position position = relation->node->position;
  struct eagre_expression *one, *list;
  EAGRE_TRY(make_number(binder, "1", position, &one, error));
  EAGRE_TRY(call(binder, "sequence", one,
                 eagre_plan_column_reference(binder, relation, column_count, position), &list,
                 error));
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_GENERATE, relation->node, position);
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (column_count + 3));
  for (uint32_t i = 0; i <= column_count; i++) {
    columns[i] = relation->columns[i];
  }
  columns[column_count + 1] = columns[column_count];
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = list;
  node->expression_count = 1;
  relation->node = node;
  relation->columns = columns;
  relation->column_count = column_count + 2;
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

enum eagre_status eagre_plan_count_rows(struct plan_binder *binder,
                                        const struct plan_relation sides[2], bool is_intersect,
                                        struct eagre_sql_position position,
                                        struct plan_relation *out, struct eagre_error *error) {
  uint32_t column_count = sides[0].column_count;
  EAGRE_TRY(unite(binder, sides, position, out, error));
  EAGRE_TRY(group(binder, column_count, out, error));
  EAGRE_TRY(count(binder, column_count, is_intersect, out, error));
  EAGRE_TRY(repeat(binder, column_count, out, error));
  project(binder, out, column_count, NULL, 0);
  return EAGRE_OK;
}

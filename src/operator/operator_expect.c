/* EXPECT: rows are held against the expectations of the table they are written into.
 *
 * Every condition is evaluated over all rows, so that the counts of one expectation do not depend
 * on the others. A batch that meets them costs an AND and a count of bits for each; only rows that
 * fail the flow or become dead letters are printed. */
#include "operator/operator_step.h"

struct expect_step {
  struct operator_step step;
  struct eagre_program *conditions;
  struct eagre_program *printer; /* the row as JSON */
  struct eagre_expectation_count *counts;
};

/* Bitmaps over the rows of a batch. */
struct verdict {
  uint8_t **met;     /* by expectation */
  uint8_t *written;  /* no expectation drops them */
  uint8_t *survived; /* no expectation fails the flow */
};

static struct expect_step *get_expect(const struct operator_step *step) {
  return (struct expect_step *)step;
}

/* ---- Conditions ------------------------------------------------------------------------------ */

/* The rows where a condition is true; NULL is not. */
static uint8_t *read_met(struct eagre_vector *condition, struct eagre_batch *batch) {
  uint32_t count = batch->row_count;
  eagre_vector_flatten(condition, count, &batch->arena);
  uint8_t *met = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(count));
  const uint8_t *valid = condition->validity == NULL ? condition->data : condition->validity;
  eagre_bits_and(met, condition->data, valid, count);
  return met;
}

static void judge(const struct expect_step *expect, struct eagre_vector *conditions,
                  struct eagre_batch *batch, struct verdict *out) {
  const struct eagre_plan_node *node = expect->step.node;
  uint32_t count = batch->row_count;
  out->met = eagre_arena_allocate(&batch->arena, sizeof(void *) * node->expectation_count);
  out->written = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(count));
  out->survived = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(count));
  eagre_bits_fill(out->written, count, true);
  eagre_bits_fill(out->survived, count, true);
  for (uint32_t i = 0; i < node->expectation_count; i++) {
    enum eagre_violation action = node->expectations[i].on_violation;
    uint8_t *met = read_met(&conditions[i], batch);
    out->met[i] = met;
    if (action == EAGRE_VIOLATION_DROP) eagre_bits_and(out->written, out->written, met, count);
    if (action == EAGRE_VIOLATION_FAIL) eagre_bits_and(out->survived, out->survived, met, count);
  }
}

/* Of rows that stay in an epoch that ends. */
static void count_rows(struct expect_step *expect, const struct verdict *verdict, uint32_t count) {
  for (uint32_t i = 0; i < expect->step.node->expectation_count; i++) {
    uint64_t passed = eagre_bits_count(verdict->met[i], count);
    expect->counts[i].passed += passed;
    expect->counts[i].failed += count - passed;
  }
}

/* ---- Rows that violate ----------------------------------------------------------------------- */

/* Some rows of a batch, printed. */
struct printed_rows {
  struct eagre_batch *batch;
  struct eagre_vector texts;
};

static enum eagre_status print_rows(const struct expect_step *expect,
                                    const struct eagre_batch *batch, const uint32_t *rows,
                                    uint32_t count, struct printed_rows *out,
                                    struct eagre_error *error) {
  struct eagre_batch *part = eagre_batch_new();
  out->batch = part;
  eagre_batch_set_columns(part, batch->column_count, count);
  for (uint32_t i = 0; i < batch->column_count; i++) {
    eagre_vector_gather(&part->columns[i], &batch->columns[i], rows, count, &part->arena);
  }
  EAGRE_TRY(
      eagre_program_run(expect->printer, part, &expect->step.chain->context, &out->texts, error));
  eagre_vector_flatten(&out->texts, count, &part->arena);
  return EAGRE_OK;
}

/* What is wrong with a row: the expectations with that action that it violates. */
static void describe(const struct expect_step *expect, const struct verdict *verdict, uint32_t row,
                     enum eagre_violation action, struct eagre_text printed,
                     struct eagre_error *out) {
  const struct eagre_plan_node *node = expect->step.node;
  struct eagre_buffer names = {0};
  struct eagre_sql_position position = {0};
  for (uint32_t i = 0; i < node->expectation_count; i++) {
    const struct eagre_plan_expectation *each = &node->expectations[i];
    if (each->on_violation != action || eagre_bit_get(verdict->met[i], row)) continue;
    if (names.size == 0) position = each->position;
    if (names.size > 0) eagre_buffer_append_string(&names, ", ");
    eagre_buffer_append_text(&names, each->name);
  }
  eagre_error_set(out, EAGRE_DATA, "EXPECTATION_VIOLATION.VERBOSITY_OUTPUT",
                  "Flow '%.*s' failed to meet the expectation. Violated expectations: '%s'. "
                  "Output record: '%.*s'",
                  (int)node->flow_name.size, node->flow_name.data, eagre_buffer_string(&names),
                  (int)printed.size, printed.data);
  eagre_error_hint(out, "mend the data or the query; ON VIOLATION DROP ROW leaves such rows out");
  eagre_sql_place_error(position, out);
  out->row = row;
  eagre_buffer_done(&names);
}

static enum eagre_status fail_row(const struct expect_step *expect, const struct verdict *verdict,
                                  const struct eagre_batch *batch, uint32_t row,
                                  struct eagre_error *error) {
  struct printed_rows printed = {0};
  enum eagre_status status = print_rows(expect, batch, &row, 1, &printed, error);
  if (status == EAGRE_OK && error != NULL) {
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, &printed.texts)[0];
    describe(expect, verdict, row, EAGRE_VIOLATION_FAIL, text, error);
    eagre_batch_place(batch, row, error);
  }
  eagre_batch_free(printed.batch);
  return status == EAGRE_OK ? EAGRE_DATA : status;
}

/* The rows whose bit is not set; *out_count of them. */
static uint32_t *list_cleared(const uint8_t *bits, struct eagre_batch *batch, uint32_t *out_count) {
  uint32_t *rows = eagre_arena_allocate_vector(&batch->arena, sizeof *rows * batch->row_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (!eagre_bit_get(bits, i)) rows[count++] = i;
  }
  *out_count = count;
  return rows;
}

static enum eagre_status give_away(const struct expect_step *expect, const struct verdict *verdict,
                                   const struct eagre_batch *batch, const uint32_t *rows,
                                   uint32_t count, struct eagre_error *error) {
  const struct operator_dead *dead = &expect->step.chain->dead;
  struct printed_rows printed = {0};
  enum eagre_status status = print_rows(expect, batch, rows, count, &printed, error);
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
    struct eagre_error failure;
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, &printed.texts)[i];
    describe(expect, verdict, rows[i], EAGRE_VIOLATION_DROP, text, &failure);
    status = dead->give(dead->context, batch, rows[i], &failure, error);
  }
  eagre_batch_free(printed.batch);
  return status;
}

static enum eagre_status leave_out(const struct expect_step *expect, const struct verdict *verdict,
                                   struct eagre_batch *batch, struct eagre_error *error) {
  uint32_t count = 0;
  const uint32_t *rows = list_cleared(verdict->written, batch, &count);
  if (count == 0) return EAGRE_OK;
  if (expect->step.chain->dead.give != NULL)
    EAGRE_TRY(give_away(expect, verdict, batch, rows, count, error));
  eagre_batch_filter(batch, verdict->written);
  return EAGRE_OK;
}

/* ---- The step -------------------------------------------------------------------------------- */

static enum eagre_status apply(struct expect_step *expect, struct eagre_batch *batch,
                               struct eagre_error *error) {
  struct verdict verdict;
  struct eagre_vector *conditions = eagre_arena_allocate_zeroed(
      &batch->arena, sizeof *conditions * expect->step.node->expectation_count);
  EAGRE_TRY(eagre_operator_run(&expect->step, expect->conditions, batch, conditions, error));
  uint32_t count = batch->row_count;
  judge(expect, conditions, batch, &verdict);
  if (eagre_bits_count(verdict.survived, count) < count) {
    uint32_t ignored = 0;
    uint32_t row = list_cleared(verdict.survived, batch, &ignored)[0];
    return fail_row(expect, &verdict, batch, row, error);
  }
  count_rows(expect, &verdict, count);
  if (eagre_bits_count(verdict.written, count) == count) return EAGRE_OK;
  return leave_out(expect, &verdict, batch, error);
}

static enum eagre_status push_expect(struct operator_step *step, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  enum eagre_status status = apply(get_expect(step), batch, error);
  if (status == EAGRE_OK) return eagre_operator_forward(step, batch, error);
  eagre_batch_free(batch);
  return status;
}

static void begin_expect(struct operator_step *step) {
  struct expect_step *expect = get_expect(step);
  for (uint32_t i = 0; i < step->node->expectation_count; i++) {
    expect->counts[i] = (struct eagre_expectation_count){0};
  }
}

static void free_expect(struct operator_step *step) {
  struct expect_step *expect = get_expect(step);
  eagre_program_free(expect->conditions);
  eagre_program_free(expect->printer);
  eagre_free(expect->counts);
  eagre_free(expect);
}

static const struct operator_kind expect_kind = {
    .push = push_expect,
    .begin = begin_expect,
    .free = free_expect,
};

struct operator_step *eagre_operator_expect_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session) {
  struct expect_step *expect = eagre_allocate_zeroed(1, sizeof *expect);
  uint32_t count = node->expectation_count;
  expect->step.kind = &expect_kind;
  expect->conditions = eagre_program_new(input, node->expressions, count, session);
  expect->printer = eagre_program_new(input, &node->expressions[count], 1, session);
  expect->counts = eagre_allocate_zeroed(count, sizeof *expect->counts);
  return &expect->step;
}

void eagre_operator_expect_count(const struct operator_step *step,
                                 struct eagre_expectation_count *inout) {
  if (step->kind != &expect_kind) return;
  for (uint32_t i = 0; i < step->node->expectation_count; i++) {
    inout[i].passed += get_expect(step)->counts[i].passed;
    inout[i].failed += get_expect(step)->counts[i].failed;
  }
}

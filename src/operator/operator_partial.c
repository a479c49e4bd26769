/* One core's rows of one epoch -> partial table (before the exchange). */
#include <string.h>

#include "operator/operator_final.h"

struct operator_partial {
  const struct eagre_plan_node *node;
  struct operator_layout layout;
  struct eagre_state_table *table;
  struct eagre_state_domain *domain; /* of the table, by the keys without the pane */
  struct eagre_arena expressions;    /* of the pane expression */
  struct eagre_arena texts;          /* and lists, sets, sketches that payloads keep in the epoch */
  struct eagre_program *program;     /* [pane], keys without the pane, arguments */
  uint32_t output_count;
  struct eagre_program_context context;
  struct operator_dead dead;
  struct operator_late *late;
};

uint32_t eagre_operator_aggregate_head(const struct eagre_plan_node *aggregate) {
  return eagre_operator_has_changes(aggregate) ? sizeof(struct operator_change_head) : 0;
}

void eagre_operator_layout_init(struct operator_layout *layout, const struct eagre_plan_node *node,
                                uint32_t head_size) {
  uint32_t text_count = 0;
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    text_count += node->aggregates[i].text_count;
  }
  uint32_t *text_offsets = eagre_allocate_zeroed(text_count + 1, sizeof *text_offsets);
  layout->offsets = eagre_allocate_zeroed(node->aggregate_count + 1, sizeof *layout->offsets);
  uint32_t size = head_size;
  text_count = 0;
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    const struct eagre_aggregate *aggregate = &node->aggregates[i];
    layout->offsets[i] = size;
    for (uint32_t j = 0; j < aggregate->text_count; j++) {
      uint32_t offset = aggregate->text_offset + j * (uint32_t)sizeof(struct eagre_text);
      text_offsets[text_count++] = size + offset;
    }
    size += aggregate->accumulator_size;
  }
  layout->state = (struct eagre_state_layout){
      .payload_size = size, .text_offsets = text_offsets, .text_count = text_count};
  layout->key_column_count = node->key_count - (node->pane_key >= 0) - (node->session_key >= 0);
}

void eagre_operator_layout_done(struct operator_layout *layout) {
  eagre_free((void *)layout->state.text_offsets);
  eagre_free(layout->offsets);
}

enum eagre_status eagre_operator_layout_update(const struct operator_layout *layout,
                                               const struct eagre_plan_node *node,
                                               struct eagre_vector *arguments, uint32_t row_count,
                                               char *const *payloads, struct eagre_arena *texts,
                                               struct eagre_error *error) {
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    const struct eagre_vector *argument = node->arguments[i] == NULL ? NULL : arguments++;
    EAGRE_TRY(eagre_aggregate_update(&node->aggregates[i], argument, row_count, payloads,
                                     layout->offsets[i], texts, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_operator_layout_merge(const struct operator_layout *layout,
                                              const struct eagre_plan_node *node, char *into,
                                              const char *from, struct eagre_arena *texts,
                                              struct eagre_error *error) {
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    uint32_t offset = layout->offsets[i];
    EAGRE_TRY(
        eagre_aggregate_merge(&node->aggregates[i], into + offset, from + offset, texts, error));
  }
  return EAGRE_OK;
}

/* The pane of a row: the end of its window, the start of its slice, or its event time. */
static struct eagre_expression *pane_expression(struct operator_partial *partial) {
  const struct eagre_plan_node *node = partial->node;
  struct eagre_expression *key = node->keys[node->pane_key];
  if (node->pane_duration_us == 0) return key;
  uint32_t field = node->shares_slices ? 0 : 1;
  return eagre_expression_field(&partial->expressions, key, field, node->position);
}

struct operator_partial *eagre_operator_partial_new(const struct eagre_stateful_options *options) {
  const struct eagre_plan_node *aggregate = options->node;
  struct operator_partial *partial = eagre_allocate_zeroed(1, sizeof *partial);
  partial->node = aggregate;
  partial->dead = options->dead;
  partial->late = options->late[0];
  eagre_operator_layout_init(&partial->layout, aggregate, eagre_operator_aggregate_head(aggregate));
  partial->table = eagre_state_table_new(&partial->layout.state);
  partial->domain = eagre_state_domain_new(partial->layout.key_column_count);
  struct eagre_expression **outputs =
      eagre_allocate_zeroed(aggregate->key_count + aggregate->aggregate_count + 1, sizeof(void *));
  uint32_t count = 0;
  if (aggregate->pane_key >= 0) outputs[count++] = pane_expression(partial);
  for (uint32_t i = 0; i < aggregate->key_count; i++) {
    if ((int32_t)i != aggregate->pane_key) outputs[count++] = aggregate->keys[i];
  }
  for (uint32_t i = 0; i < aggregate->aggregate_count; i++) {
    if (aggregate->arguments[i] != NULL) outputs[count++] = aggregate->arguments[i];
  }
  partial->program =
      eagre_program_new(eagre_plan_input(aggregate)->output, outputs, count, options->session);
  partial->output_count = count;
  eagre_free(outputs);
  return partial;
}

void eagre_operator_partial_free(struct operator_partial *partial) {
  if (partial == NULL) return;
  eagre_program_free(partial->program);
  eagre_state_domain_free(partial->domain);
  eagre_state_table_free(partial->table);
  eagre_operator_layout_done(&partial->layout);
  eagre_arena_done(&partial->expressions);
  eagre_arena_done(&partial->texts);
  eagre_free(partial);
}

struct eagre_state_table *eagre_operator_partial_table(const struct operator_partial *partial) {
  return partial->table;
}

void eagre_operator_partial_begin(struct operator_partial *partial, int64_t batch_timestamp_us) {
  partial->context.batch_timestamp_us = batch_timestamp_us;
  eagre_state_domain_reset(partial->domain);
  eagre_state_table_clear(partial->table);
  eagre_arena_reset(&partial->texts);
}

/* A NULL event time is neither late nor ever evicted: its pane is the last of all. */
static const int64_t *read_panes(struct eagre_vector *pane, struct eagre_batch *batch) {
  eagre_vector_flatten(pane, batch->row_count, &batch->arena);
  if (pane->validity == NULL) return EAGRE_VALUES(int64_t, pane);
  int64_t *panes = eagre_arena_allocate_vector(&batch->arena, sizeof *panes * batch->row_count);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    panes[i] = eagre_vector_is_null(pane, i) ? INT64_MAX : EAGRE_VALUES(int64_t, pane)[i];
  }
  return panes;
}

static enum eagre_status fold_batch(struct operator_partial *partial, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct eagre_arena *arena = &batch->arena;
  struct eagre_vector *outputs =
      eagre_arena_allocate_zeroed(arena, sizeof *outputs * (partial->output_count + 1));
  EAGRE_TRY(eagre_operator_dead_run(&partial->dead, partial->program, batch, &partial->context,
                                    outputs, error));
  EAGRE_TRY(eagre_operator_late_look(partial->late, batch, error));
  uint32_t row_count = batch->row_count;
  if (row_count == 0) return EAGRE_OK;
  const int64_t *panes = NULL;
  if (partial->node->pane_key >= 0) panes = read_panes(outputs++, batch);
  char **payloads = eagre_arena_allocate_vector(arena, sizeof *payloads * row_count);
  eagre_state_domain_get_groups(partial->domain, partial->table, panes, outputs, row_count, arena,
                                payloads);
  return eagre_operator_layout_update(&partial->layout, partial->node,
                                      outputs + partial->layout.key_column_count, row_count,
                                      payloads, &partial->texts, error);
}

enum eagre_status eagre_operator_partial_push(struct operator_partial *partial,
                                              struct eagre_batch *batch,
                                              struct eagre_error *error) {
  enum eagre_status status = fold_batch(partial, batch, error);
  if (status != EAGRE_OK && error != NULL) eagre_batch_place(batch, error->row, error);
  eagre_batch_free(batch);
  return status;
}

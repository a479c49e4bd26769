/* A chain: the steps of one core, in data order. */
#include "operator/operator_step.h"

static struct operator_step *new_step(const struct eagre_chain_options *options,
                                      const struct eagre_plan_node *node,
                                      const struct eagre_type *input) {
  const struct eagre_expression_session *session = options->session;
  switch (node->kind) {
  case EAGRE_PLAN_FILTER:
    return eagre_operator_filter_new(node, input, session);
  case EAGRE_PLAN_PROJECT:
    return eagre_operator_project_new(node, input, session);
  case EAGRE_PLAN_WINDOW:
    return eagre_operator_window_new(node, input, session);
  case EAGRE_PLAN_GENERATE:
    return eagre_operator_generate_new(node, input, session);
  case EAGRE_PLAN_WATERMARK:
    return eagre_operator_watermark_new(node);
  case EAGRE_PLAN_SORT:
    return eagre_operator_sort_new(node, session);
  case EAGRE_PLAN_LIMIT:
    return eagre_operator_limit_new(node);
  case EAGRE_PLAN_JOIN:
    return eagre_operator_join_new(node, options->tables[node->static_number], session);
  case EAGRE_PLAN_OVER:
    return eagre_operator_over_new(node, input, options->over_size_max, session);
  case EAGRE_PLAN_EXPECT:
    return eagre_operator_expect_new(node, input, session);
  case EAGRE_PLAN_SOURCE:
  case EAGRE_PLAN_VALUES:
  case EAGRE_PLAN_UNION:
  case EAGRE_PLAN_AGGREGATE:
  case EAGRE_PLAN_DEDUPLICATE:
  case EAGRE_PLAN_TOP:
    break;
  }
  eagre_assert(!"these begin a stage");
  return NULL;
}

struct eagre_chain *eagre_chain_new(const struct eagre_chain_options *options) {
  struct eagre_chain *chain = eagre_allocate_zeroed(1, sizeof *chain);
  chain->session = options->session;
  chain->output = options->output;
  chain->output_context = options->output_context;
  chain->dead = options->dead;
  struct operator_step **link = &chain->first;
  const struct eagre_type *input = options->input;
  for (uint32_t i = 0; i < options->node_count; i++) {
    const struct eagre_plan_node *node = options->nodes[i];
    struct operator_step *step = new_step(options, node, input);
    step->node = node;
    step->chain = chain;
    *link = step;
    link = &step->next;
    input = node->output;
  }
  return chain;
}

void eagre_chain_free(struct eagre_chain *chain) {
  if (chain == NULL) return;
  struct operator_step *step = chain->first;
  while (step != NULL) {
    struct operator_step *next = step->next;
    step->kind->free(step);
    step = next;
  }
  eagre_free(chain);
}

void eagre_chain_begin(struct eagre_chain *chain, int64_t batch_timestamp_us) {
  chain->context.batch_timestamp_us = batch_timestamp_us;
  for (struct operator_step *step = chain->first; step != NULL; step = step->next) {
    if (step->kind->begin != NULL) step->kind->begin(step);
  }
}

static enum eagre_status give(struct eagre_chain *chain, struct operator_step *step,
                              struct eagre_batch *batch, struct eagre_error *error) {
  if (batch->row_count == 0) {
    eagre_batch_free(batch);
    return EAGRE_OK;
  }
  if (step != NULL) return step->kind->push(step, batch, error);
  return chain->output(chain->output_context, batch, error);
}

enum eagre_status eagre_chain_push(struct eagre_chain *chain, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  return give(chain, chain->first, batch, error);
}

enum eagre_status eagre_operator_forward(struct operator_step *step, struct eagre_batch *batch,
                                         struct eagre_error *error) {
  return give(step->chain, step->next, batch, error);
}

/* A step that holds rows back gives them when the chain finishes, so what stands before it counts
 * and what stands behind it does not. */
bool eagre_chain_is_finished(const struct eagre_chain *chain) {
  for (const struct operator_step *step = chain->first; step != NULL; step = step->next) {
    if (step->kind->is_finished != NULL && step->kind->is_finished(step)) return true;
    if (step->kind->finish != NULL) return false;
  }
  return false;
}

enum eagre_status eagre_chain_finish(struct eagre_chain *chain, struct eagre_error *error) {
  for (struct operator_step *step = chain->first; step != NULL; step = step->next) {
    if (step->kind->finish != NULL) EAGRE_TRY(step->kind->finish(step, error));
  }
  return EAGRE_OK;
}

bool eagre_chain_event_time(const struct eagre_chain *chain, uint32_t watermark_number,
                            struct eagre_event_time *out) {
  for (const struct operator_step *step = chain->first; step != NULL; step = step->next) {
    if (!eagre_operator_is_watermark(step) || step->node->watermark_number != watermark_number)
      continue;
    *out = *eagre_operator_watermark_event_time(step);
    return true;
  }
  return false;
}

void eagre_chain_partition_times(const struct eagre_chain *chain,
                                 struct eagre_partition_times *out) {
  for (const struct operator_step *step = chain->first; step != NULL; step = step->next) {
    if (eagre_operator_is_watermark(step)) eagre_operator_watermark_partitions(step, out);
  }
}

void eagre_chain_expectations(const struct eagre_chain *chain,
                              struct eagre_expectation_count *inout) {
  for (const struct operator_step *step = chain->first; step != NULL; step = step->next) {
    eagre_operator_expect_count(step, inout);
  }
}

enum eagre_status eagre_operator_run(struct operator_step *step, struct eagre_program *program,
                                     struct eagre_batch *batch, struct eagre_vector *out,
                                     struct eagre_error *error) {
  const struct eagre_chain *chain = step->chain;
  return eagre_operator_dead_run(&chain->dead, program, batch, &chain->context, out, error);
}

enum eagre_status eagre_operator_run_filter(struct operator_step *step,
                                            struct eagre_program *program,
                                            struct eagre_batch *batch, uint8_t **out_keep,
                                            struct eagre_error *error) {
  const struct eagre_chain *chain = step->chain;
  return eagre_operator_dead_run_filter(&chain->dead, program, batch, &chain->context, out_keep,
                                        error);
}

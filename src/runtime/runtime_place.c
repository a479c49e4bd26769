/* Placement: which cores of a flow read.
 *
 *   fused   each core reads, decodes and works its own partitions
 *   split   cores come in pairs: core 2i reads what core 2i + 1 decodes and works, so that a
 *           partition gets two cores up to its first exchange; a last odd core is fused. State and
 *           sink writers are those of all cores in both, so that a flow may be placed otherwise
 *           at every start.
 *
 * Where nobody says, a flow is split when its topics have at most as many partitions as there are
 * pairs: fused, half of the cores would have nothing to read. With more, pairs had to share what
 * single cores have for themselves, and a core that reads is mostly idle beside one that works.
 * Open epochs stay fused: there a hand-over between two cores costs the time that they are about.
 */
#include <stdio.h>

#include "runtime/runtime_inside.h"

static uint32_t count_readers(const struct runtime_flow *flow) {
  uint32_t core_count = flow->runtime->core_count;
  return flow->is_split ? (core_count + 1) / 2 : core_count;
}

uint32_t eagre_runtime_reader_number(const struct runtime_task *task) {
  return task->flow->is_split ? task->core->index / 2 : task->core->index;
}

/* ---- Choosing -------------------------------------------------------------------------------- */

/* The source that most cores can read. */
static enum eagre_status find_width(struct runtime_flow *flow, uint32_t *out_width,
                                    struct eagre_error *error) {
  *out_width = 0;
  for (uint32_t i = 0; i < flow->plan->source_count; i++) {
    uint32_t width = 0;
    EAGRE_TRY(eagre_source_width(flow->sources[i], &width, error));
    if (width > *out_width) *out_width = width;
  }
  return EAGRE_OK;
}

static enum eagre_status choose(struct runtime_flow *flow, struct eagre_error *error) {
  uint32_t core_count = flow->runtime->core_count;
  uint32_t width = 0;
  if (core_count == 1 || !eagre_flow_may_split(flow->plan)) {
    snprintf(flow->placement, sizeof flow->placement, "fused");
    return EAGRE_OK;
  }
  EAGRE_TRY(find_width(flow, &width, error));
  flow->is_split = width > 0 && width <= core_count / 2;
  snprintf(flow->placement, sizeof flow->placement, "%s (%u %s on %u cores)",
           flow->is_split ? "split" : "fused", width, width == 1 ? "partition" : "partitions",
           core_count);
  return EAGRE_OK;
}

/* ---- Placing --------------------------------------------------------------------------------- */

static void pair_tasks(struct runtime_task *reader, struct runtime_task *worker) {
  reader->role = RUNTIME_READER;
  worker->role = RUNTIME_WORKER;
  worker->batches = eagre_ring_new(RUNTIME_PAIR_BATCHES);
  reader->batches = worker->batches;
  reader->worker = worker;
  reader->pool.returned = eagre_ring_new(2 * RUNTIME_PAIR_BATCHES);
}

enum eagre_status eagre_runtime_flow_place(struct runtime_flow *flow, struct eagre_error *error) {
  enum eagre_runtime_placement wanted = flow->runtime->options.placement;
  if (wanted == EAGRE_RUNTIME_AUTO) {
    EAGRE_TRY(choose(flow, error));
  } else {
    flow->is_split = wanted == EAGRE_RUNTIME_SPLIT;
    snprintf(flow->placement, sizeof flow->placement, "%s (as asked for)",
             flow->is_split ? "split" : "fused");
  }
  for (uint32_t i = 0; i < flow->plan->source_count; i++) {
    eagre_source_set_reader_count(flow->sources[i], count_readers(flow));
  }
  for (uint32_t i = 0; flow->is_split && i + 1 < flow->runtime->core_count; i += 2) {
    pair_tasks(&flow->tasks[i], &flow->tasks[i + 1]);
  }
  return EAGRE_OK;
}

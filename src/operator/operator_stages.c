/* The stages of a query on one core: a chain for each, an object for each stateful node, and the
 * wires between them. */
#include <inttypes.h>

#include "operator/operator_chain.h"
#include "operator/operator_stateful.h"

/* Where a chain gives its rows. */
struct stage_output {
  struct eagre_stages *stages;
  const struct eagre_plan_stage *stage;
};

/* Where a stateful node gives its rows. */
struct stage_input {
  struct eagre_stages *stages;
  uint32_t stage; /* the one that starts with it */
};

struct eagre_stages {
  struct eagre_stages_options options;
  const struct eagre_plan_tree *tree;
  struct eagre_chain **chains;       /* by stage */
  struct stage_output *outputs;      /* by stage */
  struct stage_input *inputs;        /* by stateful_number */
  struct eagre_stateful **stateful;  /* by stateful_number */
  struct eagre_state_table **tables; /* theirs */
  struct eagre_state_rows **rows;
  struct eagre_state_set state;
  struct eagre_state_tier *tier;   /* NULL: none */
  int64_t *eviction_watermarks_ms; /* by stateful_number */
  int64_t *late_watermarks_ms;
  struct operator_late **late; /* two by stateful_number */
};

/* ---- Wires ----------------------------------------------------------------------------------- */

static enum eagre_status give(void *context, struct eagre_batch *batch, struct eagre_error *error) {
  const struct stage_output *output = context;
  struct eagre_stages *stages = output->stages;
  int32_t target = output->stage->target;
  if (target < 0) return stages->options.output(stages->options.output_context, batch, error);
  const struct eagre_plan_node *start = stages->tree->stages[target].start;
  if (!eagre_plan_is_stateful(start)) return eagre_chain_push(stages->chains[target], batch, error);
  return eagre_stateful_push(stages->stateful[start->stateful_number], output->stage->side, batch,
                             error);
}

static enum eagre_status take(void *context, struct eagre_batch *batch, struct eagre_error *error) {
  const struct stage_input *input = context;
  return eagre_chain_push(input->stages->chains[input->stage], batch, error);
}

enum eagre_status eagre_stages_push(struct eagre_stages *stages, uint32_t stage,
                                    struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_chain_push(stages->chains[stage], batch, error);
}

/* Through the chains up to a stateful node, which may need every row. */
bool eagre_stages_is_finished(const struct eagre_stages *stages, uint32_t stage) {
  for (int32_t at = (int32_t)stage; at >= 0; at = stages->tree->stages[at].target) {
    bool is_behind_state =
        at != (int32_t)stage && eagre_plan_is_stateful(stages->tree->stages[at].start);
    if (is_behind_state) return false;
    if (eagre_chain_is_finished(stages->chains[at])) return true;
  }
  return false;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static struct eagre_chain *new_chain(struct eagre_stages *stages, uint32_t index) {
  const struct eagre_plan_stage *stage = &stages->tree->stages[index];
  stages->outputs[index] = (struct stage_output){stages, stage};
  const struct eagre_chain_options options = {
      .nodes = stage->nodes,
      .node_count = stage->node_count,
      .input = stage->start->output,
      .session = stages->options.session,
      .tables = stages->options.tables,
      .over_size_max = stages->options.over_size_max,
      .output = give,
      .output_context = &stages->outputs[index],
      .dead = {stages->options.dead_rows, stages->options.dead_rows_context},
  };
  return eagre_chain_new(&options);
}

static void list_state(struct eagre_stages *stages) {
  uint32_t count = stages->tree->stateful_count;
  stages->tables = eagre_allocate_zeroed(count + 1, sizeof(void *));
  stages->rows = eagre_allocate_zeroed(count * EAGRE_STATEFUL_ROWS_MAX + 1, sizeof(void *));
  stages->state = (struct eagre_state_set){.tables = stages->tables, .rows = stages->rows};
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_state_table *table = eagre_stateful_table(stages->stateful[i]);
    if (table != NULL) stages->tables[stages->state.count++] = table;
    stages->state.rows_count +=
        eagre_stateful_rows(stages->stateful[i], stages->rows + stages->state.rows_count);
  }
}

static struct eagre_state_tier *new_tier(const struct eagre_stages_options *options) {
  bool has_room = options->state_size_max >= EAGRE_STATE_TIER_SIZE_MIN;
  if (options->tier_directory == NULL || !has_room) return NULL;
  const struct eagre_state_tier_options own = {
      .io = options->io,
      .directory = options->tier_directory,
      .size_max = options->state_size_max,
  };
  return eagre_state_tier_new(&own);
}

static void list_late(struct eagre_stages *stages) {
  const struct eagre_stages_options *options = &stages->options;
  stages->late = eagre_allocate_zeroed(2 * stages->tree->stateful_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < stages->tree->stateful_count; i++) {
    const struct eagre_plan_node *node = stages->tree->stateful[i];
    for (uint32_t side = 0; side < node->input_count; side++) {
      const struct operator_late_options each = {
          .node = node,
          .side = side,
          .mode = options->mode,
          .session = options->session,
          .give = options->late_rows,
          .context = options->late_rows_context,
      };
      stages->late[2 * i + side] = eagre_operator_late_new(&each);
    }
  }
}

struct eagre_stages *eagre_stages_new(const struct eagre_stages_options *options) {
  const struct eagre_plan_tree *tree = options->tree;
  struct eagre_stages *stages = eagre_allocate_zeroed(1, sizeof *stages);
  stages->options = *options;
  stages->tree = tree;
  stages->tier = new_tier(options);
  stages->chains = eagre_allocate_zeroed(tree->stage_count, sizeof(void *));
  stages->outputs = eagre_allocate_zeroed(tree->stage_count, sizeof *stages->outputs);
  stages->stateful = eagre_allocate_zeroed(tree->stateful_count + 1, sizeof(void *));
  stages->eviction_watermarks_ms = eagre_allocate_zeroed(tree->stateful_count + 1, 8);
  stages->late_watermarks_ms = eagre_allocate_zeroed(tree->stateful_count + 1, 8);
  stages->inputs = eagre_allocate_zeroed(tree->stateful_count + 1, sizeof *stages->inputs);
  for (uint32_t i = 0; i < tree->stage_count; i++) {
    const struct eagre_plan_node *start = tree->stages[i].start;
    stages->chains[i] = new_chain(stages, i);
    if (eagre_plan_is_stateful(start))
      stages->inputs[start->stateful_number] = (struct stage_input){stages, i};
  }
  list_late(stages);
  for (uint32_t i = 0; i < tree->stateful_count; i++) {
    const struct eagre_stateful_options each = {
        .output = take,
        .output_context = &stages->inputs[i],
        .node = tree->stateful[i],
        .session = options->session,
        .mode = options->mode,
        .core = options->core,
        .core_count = options->core_count,
        .state_partition_count = options->state_partition_count,
        .tier = stages->tier,
        .dead = {options->dead_rows, options->dead_rows_context},
        .late = {stages->late[2 * i], stages->late[2 * i + 1]},
    };
    stages->stateful[i] = eagre_stateful_new(&each);
  }
  list_state(stages);
  return stages;
}

void eagre_stages_free(struct eagre_stages *stages) {
  if (stages == NULL) return;
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    eagre_chain_free(stages->chains[i]);
  }
  for (uint32_t i = 0; i < stages->tree->stateful_count; i++) {
    eagre_stateful_free(stages->stateful[i]);
    eagre_operator_late_free(stages->late[2 * i]);
    eagre_operator_late_free(stages->late[2 * i + 1]);
  }
  eagre_state_tier_free(stages->tier);
  eagre_free(stages->chains);
  eagre_free(stages->outputs);
  eagre_free(stages->inputs);
  eagre_free(stages->stateful);
  eagre_free(stages->tables);
  eagre_free(stages->rows);
  eagre_free(stages->eviction_watermarks_ms);
  eagre_free(stages->late_watermarks_ms);
  eagre_free(stages->late);
  eagre_free(stages);
}

/* ---- An epoch -------------------------------------------------------------------------------- */

void eagre_stages_begin(struct eagre_stages *stages, const struct eagre_stateful_epoch *epoch) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    eagre_chain_begin(stages->chains[i], epoch->batch_timestamp_us);
  }
  eagre_plan_watermarks(stages->tree, epoch->eviction_watermark_ms, stages->eviction_watermarks_ms);
  eagre_plan_watermarks(stages->tree, epoch->late_watermark_ms, stages->late_watermarks_ms);
  for (uint32_t i = 0; i < stages->tree->stateful_count; i++) {
    struct eagre_stateful_epoch own = *epoch;
    own.eviction_watermark_ms = stages->eviction_watermarks_ms[i];
    own.late_watermark_ms = stages->late_watermarks_ms[i];
    eagre_stateful_begin(stages->stateful[i], &own);
    eagre_operator_late_begin(stages->late[2 * i], &own);
    eagre_operator_late_begin(stages->late[2 * i + 1], &own);
  }
}

static enum eagre_status collect(struct eagre_stages *stages, uint32_t stage,
                                 struct eagre_stages *const *all, uint32_t count,
                                 struct eagre_error *error) {
  uint32_t number = stages->tree->stages[stage].start->stateful_number;
  for (uint32_t i = 0; i < count; i++) {
    if (all[i] != NULL)
      EAGRE_TRY(eagre_stateful_collect(stages->stateful[number], all[i]->stateful[number], error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_stages_collect_level(struct eagre_stages *stages, uint32_t level,
                                             struct eagre_stages *const *all, uint32_t count,
                                             struct eagre_error *error) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    const struct eagre_plan_stage *stage = &stages->tree->stages[i];
    if (stage->level == level && eagre_plan_moves_rows(stage->start))
      EAGRE_TRY(collect(stages, i, all, count, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_stages_end(struct eagre_stages *stages, uint32_t stage,
                                   struct eagre_stages *const *all, uint32_t count,
                                   struct eagre_error *error) {
  const struct eagre_plan_node *start = stages->tree->stages[stage].start;
  if (eagre_plan_is_stateful(start)) {
    EAGRE_TRY(collect(stages, stage, all, count, error));
    EAGRE_TRY(eagre_stateful_finish(stages->stateful[start->stateful_number], error));
  }
  return eagre_chain_finish(stages->chains[stage], error);
}

/* Stages stand in data order: what one still gives at its end is there when the next ends. */
enum eagre_status eagre_stages_end_level(struct eagre_stages *stages, uint32_t level,
                                         struct eagre_stages *const *all, uint32_t count,
                                         struct eagre_error *error) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    if (stages->tree->stages[i].level == level)
      EAGRE_TRY(eagre_stages_end(stages, i, all, count, error));
  }
  return EAGRE_OK;
}

const struct eagre_state_set *eagre_stages_state(const struct eagre_stages *stages) {
  return &stages->state;
}

static uint64_t measure_state(const struct eagre_state_set *set) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    struct eagre_state_metrics metrics;
    eagre_state_measure(set->tables[i], &metrics);
    size += metrics.memory_bytes;
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    struct eagre_state_rows_metrics metrics;
    eagre_state_rows_measure(set->rows[i], &metrics);
    size += metrics.memory_bytes;
  }
  return size;
}

enum eagre_status eagre_stages_relieve(struct eagre_stages *stages, struct eagre_error *error) {
  return eagre_state_relieve(&stages->state, error);
}

enum eagre_status eagre_stages_check_state(const struct eagre_stages *stages,
                                           struct eagre_error *error) {
  uint64_t size_max = stages->options.state_size_max;
  if (size_max == 0) return EAGRE_OK;
  uint64_t size = measure_state(&stages->state) + eagre_state_tier_memory(stages->tier);
  if (size <= size_max) return EAGRE_OK;
  eagre_error_set(error, EAGRE_IO, "STATE_MEMORY_LIMIT_EXCEEDED",
                  "The state of core %u takes %" PRIu64 " bytes, and may take %" PRIu64
                  ": an equal part of eagre.state.memoryLimit.",
                  stages->options.core, size, size_max);
  eagre_error_hint(error, "raise eagre.state.memoryLimit, and a new start continues; or touch "
                          "less in an epoch (maxOffsetsPerTrigger and the like), or keep less with "
                          "a shorter delay of the watermark or fewer keys");
  return EAGRE_IO;
}

void eagre_stages_measure(const struct eagre_stages *stages, struct eagre_stateful_metrics *out) {
  for (uint32_t i = 0; i < stages->tree->stateful_count; i++) {
    eagre_stateful_measure(stages->stateful[i], &out[i]);
  }
}

void eagre_stages_event_time(const struct eagre_stages *stages, uint32_t watermark_number,
                             struct eagre_event_time *out) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    if (eagre_chain_event_time(stages->chains[i], watermark_number, out)) return;
  }
  eagre_assert(!"no stage has that watermark");
}

void eagre_stages_partition_times(const struct eagre_stages *stages,
                                  struct eagre_partition_times *out) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    eagre_chain_partition_times(stages->chains[i], out);
  }
}

void eagre_stages_expectations(const struct eagre_stages *stages,
                               struct eagre_expectation_count *inout) {
  for (uint32_t i = 0; i < stages->tree->stage_count; i++) {
    eagre_chain_expectations(stages->chains[i], inout);
  }
}

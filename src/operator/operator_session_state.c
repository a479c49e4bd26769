/* The sessions one core owns: merging, giving, evicting (operator_session.h says how they stand in
 * the table). */
#include <string.h>

#include "operator/operator_session.h"

enum { ROWS_AT_ONCE = 1024 };

struct session_state {
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_layout layout;
  struct eagre_state_table *table;
  struct operator_expiring expiring;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
  uint64_t moved_count;                /* sessions whose start is that of another one now */
  const struct eagre_type **key_types; /* without the session */
  struct session_pieces pieces;        /* of the epoch */
  struct session_pieces merging;       /* of one key, with the sessions of the state they meet */
  struct eagre_buffer key;
  char *folded; /* room for accumulators */
};

/* ---- Life ------------------------------------------------------------------------------------ */

static bool expires(const struct session_state *state) {
  return state->node->event_time_key >= 0 && state->options.mode != EAGRE_MODE_COMPLETE;
}

struct session_state *
eagre_operator_session_state_new(const struct eagre_stateful_options *options) {
  struct session_state *state = eagre_allocate_zeroed(1, sizeof *state);
  const struct eagre_plan_node *node = options->node;
  state->options = *options;
  state->node = node;
  eagre_operator_layout_init(&state->layout, node, sizeof(struct session_head));
  state->layout.state.key_suffix_size = sizeof(int64_t);
  state->table = eagre_state_table_new(&state->layout.state);
  eagre_operator_expiring_init(&state->expiring, state->table, state->layout.state.payload_size);
  state->folded = eagre_allocate(state->layout.state.payload_size);
  state->key_types = eagre_allocate_zeroed(node->key_count, sizeof(void *));
  uint32_t count = 0;
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i != node->session_key)
      state->key_types[count++] = eagre_expression_type(node->keys[i]);
  }
  return state;
}

void eagre_operator_session_state_free(struct session_state *state) {
  if (state == NULL) return;
  eagre_operator_expiring_done(&state->expiring);
  eagre_state_table_free(state->table);
  eagre_operator_layout_done(&state->layout);
  eagre_buffer_done(&state->key);
  eagre_free(state->pieces.items);
  eagre_free(state->merging.items);
  eagre_free(state->key_types);
  eagre_free(state->folded);
  eagre_free(state);
}

struct eagre_state_table *eagre_operator_session_state_table(struct session_state *state) {
  return state->table;
}

static struct session_head head_of(const char *payload) {
  struct session_head head;
  memcpy(&head, payload, sizeof head);
  return head;
}

/* What expires at the end of the epoch. */
static int64_t bound_of(const struct session_state *state) {
  return expires(state) ? eagre_operator_expiring_bound(state->epoch.eviction_watermark_ms)
                        : EXPIRING_NEVER;
}

/* Complete mode drops late rows too, unlike that of other aggregations. */
int64_t eagre_operator_session_state_late_bound(const struct session_state *state) {
  return state->node->event_time_key >= 0
             ? eagre_operator_expiring_bound(state->epoch.late_watermark_ms)
             : INT64_MIN;
}

void eagre_operator_session_state_begin(struct session_state *state,
                                        const struct eagre_stateful_epoch *epoch) {
  state->epoch = *epoch;
  state->metrics = (struct eagre_stateful_metrics){0};
  state->moved_count = 0;
  state->pieces.count = 0;
  int64_t expired_us =
      expires(state) ? eagre_operator_session_state_late_bound(state) : EXPIRING_NEVER;
  eagre_operator_expiring_begin(&state->expiring, expired_us);
}

/* ---- Collecting ------------------------------------------------------------------------------ */

static bool owns(const struct session_state *state, uint64_t hash) {
  uint32_t partition = eagre_state_partition(hash, state->options.state_partition_count);
  return partition % state->options.core_count == state->options.core;
}

void eagre_operator_session_state_collect(struct session_state *state,
                                          struct session_partial *partial) {
  int64_t late_bound_us = eagre_operator_session_state_late_bound(state);
  struct eagre_state_cursor cursor = {0};
  struct session_piece piece;
  while (eagre_operator_session_partial_next(partial, &cursor, &piece)) {
    if (!owns(state, piece.hash)) continue;
    if (piece.end_us > late_bound_us) {
      eagre_operator_session_add_piece(&state->pieces, &piece);
    } else {
      state->metrics.rows_dropped_late += 1;
    }
  }
}

/* ---- Merging --------------------------------------------------------------------------------- */

static struct eagre_text key_without_start(const struct session_state *state, const char *payload) {
  struct eagre_text key = eagre_state_key_of(state->table, payload);
  return eagre_text_make(key.data, key.size - sizeof(int64_t));
}

/* Adds the sessions of the key that could meet [start_us, end_us]; returns how many do not. */
static uint64_t add_sessions(struct session_state *state, const struct session_piece *of,
                             int64_t start_us, int64_t end_us) {
  uint64_t position = 0;
  uint64_t apart = 0;
  char *payload;
  while ((payload = eagre_operator_index_next(&state->expiring.index, of->hash, &position)) !=
         NULL) {
    struct session_head head = head_of(payload);
    struct eagre_text key = key_without_start(state, payload);
    if (!eagre_text_equal(key, of->key)) continue;
    if (head.end_us < start_us || head.start_us > end_us) {
      apart++;
      continue;
    }
    const struct session_piece piece = {of->hash, key, head.start_us, head.end_us, payload, true};
    eagre_operator_session_add_piece(&state->merging, &piece);
  }
  return apart;
}

/* A new group, empty; one that is gone and had the same start may be there. */
static char *make_group(struct session_state *state, const struct session_piece *first,
                        int64_t pane) {
  eagre_buffer_clear(&state->key);
  eagre_buffer_append(&state->key, first->key.data, first->key.size);
  eagre_buffer_append(&state->key, (const char *)&first->start_us, sizeof first->start_us);
  struct eagre_text key = eagre_buffer_text(&state->key);
  const struct eagre_state_keys one = {&key, &first->hash};
  char *payload = NULL;
  eagre_state_get_groups(state->table, &pane, &one, 1, &payload);
  memset(payload, 0, state->layout.state.payload_size);
  return payload;
}

/* A session of the run whose pane is late enough for the end of them all, or NULL. */
static char *find_roomy(const struct session_piece *run, uint64_t count, int64_t end_us,
                        int64_t bound_us) {
  for (uint64_t i = 0; i < count; i++) {
    bool is_roomy =
        bound_us == EXPIRING_NEVER || (run[i].is_state && head_of(run[i].payload).pane >= end_us);
    if (run[i].is_state && is_roomy) return run[i].payload;
  }
  return NULL;
}

/* Merges the accumulators of the run, in its order, into those of `target`, which is one of the run
 * or empty. */
static enum eagre_status merge_accumulators(struct session_state *state,
                                            const struct session_piece *run, uint64_t count,
                                            char *target, int64_t pane, struct eagre_error *error) {
  struct eagre_arena *arena = eagre_state_pane_arena(state->table, pane);
  uint32_t size = state->layout.state.payload_size;
  bool is_first = run[0].payload == target;
  char *into = is_first ? target : state->folded;
  if (!is_first) memset(into, 0, size);
  for (uint64_t i = is_first; i < count; i++) {
    EAGRE_TRY(eagre_operator_layout_merge(&state->layout, state->node, into, run[i].payload, arena,
                                          error));
  }
  if (!is_first) memcpy(target, into, size);
  return EAGRE_OK;
}

/* Where the accumulators of the run are to be: a session of it, which then ends at `end_us`, or a
 * new one. */
static char *choose_target(struct session_state *state, const struct session_piece *run,
                           uint64_t count, int64_t end_us, bool *out_is_new) {
  int64_t bound_us = bound_of(state);
  char *target = find_roomy(run, count, end_us, bound_us);
  *out_is_new = target == NULL;
  if (target != NULL) {
    eagre_operator_expiring_extend(&state->expiring, target, end_us);
    return target;
  }
  int64_t pane = eagre_operator_expiring_pane(end_us, bound_us);
  target = make_group(state, run, pane);
  const struct session_head head = {.end_us = end_us, .pane = pane};
  memcpy(target, &head, sizeof head);
  return target;
}

static enum eagre_status merge_run(struct session_state *state, const struct session_piece *run,
                                   uint64_t count, int64_t end_us, struct eagre_error *error) {
  bool is_new = false;
  char *target = choose_target(state, run, count, end_us, &is_new);
  struct session_head head = head_of(target);
  EAGRE_TRY(merge_accumulators(state, run, count, target, head.pane, error));
  head.start_us = run[0].start_us;
  memcpy(target, &head, sizeof head);
  if (is_new) eagre_operator_expiring_add(&state->expiring, target);
  for (uint64_t i = 0; i < count; i++) {
    if (run[i].is_state && run[i].payload != target)
      eagre_operator_expiring_remove(&state->expiring, run[i].payload);
  }
  return EAGRE_OK;
}

static bool has_new_piece(const struct session_piece *run, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    if (!run[i].is_state) return true;
  }
  return false;
}

/* As Spark counts, which writes all sessions of a key that has rows, by their starts. */
static void count_run(struct session_state *state, const struct session_piece *run,
                      uint64_t count) {
  state->metrics.rows_updated += 1;
  for (uint64_t i = 0; i < count; i++) {
    if (run[i].is_state && run[i].start_us != run[0].start_us) state->moved_count += 1;
  }
}

/* Merges pieces [begin, end), which are those of one key. */
static enum eagre_status merge_key(struct session_state *state, uint64_t begin, uint64_t end,
                                   struct eagre_error *error) {
  const struct session_piece *first = &state->pieces.items[begin];
  struct session_pieces *merging = &state->merging;
  int64_t end_us = first->end_us;
  merging->count = 0;
  for (uint64_t i = begin; i < end; i++) {
    const struct session_piece *piece = &state->pieces.items[i];
    if (piece->end_us > end_us) end_us = piece->end_us;
    eagre_operator_session_add_piece(merging, piece);
  }
  state->metrics.rows_updated += add_sessions(state, first, first->start_us, end_us);
  eagre_operator_session_sort(merging);
  for (uint64_t i = 0; i < merging->count;) {
    uint64_t next = eagre_operator_session_run_end(merging->items, i, merging->count, &end_us);
    count_run(state, &merging->items[i], next - i);
    if (has_new_piece(&merging->items[i], next - i))
      EAGRE_TRY(merge_run(state, &merging->items[i], next - i, end_us, error));
    i = next;
  }
  return EAGRE_OK;
}

static enum eagre_status merge_pieces(struct session_state *state, struct eagre_error *error) {
  eagre_operator_session_sort(&state->pieces);
  for (uint64_t begin = 0; begin < state->pieces.count;) {
    uint64_t end = eagre_operator_session_key_end(&state->pieces, begin);
    EAGRE_TRY(merge_key(state, begin, end, error));
    begin = end;
  }
  return EAGRE_OK;
}

/* ---- Giving ---------------------------------------------------------------------------------- */

static void build_session_column(char *const *payloads, uint32_t count,
                                 const struct eagre_type *type, struct eagre_vector *out,
                                 struct eagre_arena *arena) {
  eagre_vector_init(out, type, count, arena);
  for (uint32_t i = 0; i < count; i++) {
    struct session_head head = head_of(payloads[i]);
    EAGRE_VALUES(int64_t, &out->children[0])[i] = head.start_us;
    EAGRE_VALUES(int64_t, &out->children[1])[i] = head.end_us;
  }
}

static void build_keys(const struct session_state *state, char *const *payloads, uint32_t count,
                       struct eagre_batch *batch) {
  const struct eagre_plan_node *node = state->node;
  struct eagre_arena *arena = &batch->arena;
  struct eagre_text *keys = eagre_arena_allocate_vector(arena, sizeof *keys * count);
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = key_without_start(state, payloads[i]);
  }
  uint32_t plain_count = state->layout.key_column_count;
  struct eagre_vector *plain =
      eagre_arena_allocate_zeroed(arena, sizeof *plain * (plain_count + 1));
  eagre_state_decode_keys(keys, count, state->key_types, plain_count, plain, arena);
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i == node->session_key) {
      build_session_column(payloads, count, eagre_expression_type(node->keys[i]),
                           &batch->columns[i], arena);
    } else {
      batch->columns[i] = *plain++;
    }
  }
}

static enum eagre_status build_batch(const struct session_state *state, char *const *payloads,
                                     uint32_t count, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  const struct eagre_plan_node *node = state->node;
  eagre_batch_set_columns(batch, node->key_count + node->aggregate_count, count);
  build_keys(state, payloads, count, batch);
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    EAGRE_TRY(eagre_aggregate_finish(&node->aggregates[i], payloads, state->layout.offsets[i],
                                     count, &batch->columns[node->key_count + i], &batch->arena,
                                     error));
  }
  return EAGRE_OK;
}

static enum eagre_status give(void *context, char *const *payloads, uint32_t count,
                              struct eagre_error *error) {
  const struct session_state *state = context;
  struct eagre_batch *batch = eagre_batch_new();
  enum eagre_status status = build_batch(state, payloads, count, batch, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  return state->options.output(state->options.output_context, batch, error);
}

static enum eagre_status give_all(struct session_state *state, struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[ROWS_AT_ONCE];
  char *payloads[ROWS_AT_ONCE];
  uint32_t count;
  while ((count = eagre_state_next(state->table, &cursor, EAGRE_STATE_ALL, INT64_MAX, groups,
                                   ROWS_AT_ONCE)) > 0) {
    uint32_t given = 0;
    for (uint32_t i = 0; i < count; i++) {
      if (head_of(groups[i].payload).end_us != EXPIRING_GONE) payloads[given++] = groups[i].payload;
    }
    if (given > 0) EAGRE_TRY(give(state, payloads, given, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_operator_session_state_finish(struct session_state *state,
                                                      struct eagre_error *error) {
  EAGRE_TRY(merge_pieces(state, error));
  state->pieces.count = 0;
  if (!expires(state)) return give_all(state, error);
  return eagre_operator_expiring_expire(&state->expiring, bound_of(state), give, state,
                                        &state->metrics.rows_removed, error);
}

void eagre_operator_session_state_measure(const struct session_state *state,
                                          struct eagre_stateful_metrics *out) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(state->table, &metrics);
  *out = state->metrics;
  out->rows_removed += state->moved_count;
  out->rows_total = state->expiring.index.count;
  out->memory_bytes = metrics.memory_bytes + eagre_operator_expiring_memory(&state->expiring) +
                      state->pieces.capacity * sizeof *state->pieces.items;
}

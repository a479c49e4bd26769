/* One core's rows of one epoch -> a group per key, start and end of the session a row opens.
 *
 * Groups of equal start and end are folded at once. When there are very many, for an epoch may be a
 * backlog of any size, those that meet are merged as well, so that memory follows the number of
 * sessions and not that of rows. */
#include <string.h>

#include "operator/operator_session.h"

enum { TIMES_SIZE = 2 * sizeof(int64_t), GROUPS_MAX = 1 << 20 };

/* A table and what its accumulators point to. */
struct session_groups {
  struct eagre_state_table *table;
  struct eagre_arena texts;
};

struct session_partial {
  const struct eagre_plan_node *node;
  struct operator_layout layout;
  struct session_groups groups;
  struct session_groups spare;
  uint64_t group_max;            /* merge when there are more */
  struct eagre_program *program; /* the session, other keys, arguments */
  uint32_t output_count;
  struct eagre_program_context context;
  struct operator_dead dead;
  struct operator_late *late;
  int64_t late_bound_us;
  uint64_t dropped;
};

/* ---- Life ------------------------------------------------------------------------------------ */

static void compile(struct session_partial *partial,
                    const struct eagre_expression_session *session) {
  const struct eagre_plan_node *node = partial->node;
  struct eagre_expression **outputs =
      eagre_allocate_zeroed(node->key_count + node->aggregate_count + 1, sizeof(void *));
  uint32_t count = 0;
  outputs[count++] = node->keys[node->session_key];
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i != node->session_key) outputs[count++] = node->keys[i];
  }
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    if (node->arguments[i] != NULL) outputs[count++] = node->arguments[i];
  }
  partial->program = eagre_program_new(eagre_plan_input(node)->output, outputs, count, session);
  partial->output_count = count;
  eagre_free(outputs);
}

struct session_partial *
eagre_operator_session_partial_new(const struct eagre_stateful_options *options) {
  const struct eagre_plan_node *node = options->node;
  struct session_partial *partial = eagre_allocate_zeroed(1, sizeof *partial);
  partial->node = node;
  partial->dead = options->dead;
  partial->late = options->late[0];
  eagre_operator_layout_init(&partial->layout, node, sizeof(struct session_head));
  partial->layout.state.key_suffix_size = TIMES_SIZE;
  partial->groups.table = eagre_state_table_new(&partial->layout.state);
  partial->spare.table = eagre_state_table_new(&partial->layout.state);
  compile(partial, options->session);
  return partial;
}

static void free_groups(struct session_groups *groups) {
  eagre_state_table_free(groups->table);
  eagre_arena_done(&groups->texts);
}

void eagre_operator_session_partial_free(struct session_partial *partial) {
  if (partial == NULL) return;
  eagre_program_free(partial->program);
  free_groups(&partial->groups);
  free_groups(&partial->spare);
  eagre_operator_layout_done(&partial->layout);
  eagre_free(partial);
}

static void clear_groups(struct session_groups *groups) {
  eagre_state_table_clear(groups->table);
  eagre_arena_reset(&groups->texts);
}

void eagre_operator_session_partial_begin(struct session_partial *partial,
                                          int64_t batch_timestamp_us, int64_t late_bound_us) {
  partial->context.batch_timestamp_us = batch_timestamp_us;
  partial->late_bound_us = late_bound_us;
  partial->dropped = 0;
  partial->group_max = GROUPS_MAX;
  clear_groups(&partial->groups);
}

uint64_t eagre_operator_session_partial_dropped(const struct session_partial *partial) {
  return partial->dropped;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

/* `key` with start and end behind it, as a key of the table, at `out`. */
static struct eagre_text put_times(char *out, struct eagre_text key, int64_t start_us,
                                   int64_t end_us) {
  if (key.size > 0) memcpy(out, key.data, key.size);
  memcpy(out + key.size, &start_us, sizeof start_us);
  memcpy(out + key.size + sizeof start_us, &end_us, sizeof end_us);
  return eagre_text_make(out, key.size + TIMES_SIZE);
}

static uint64_t hash_with_times(uint64_t hash, int64_t start_us, int64_t end_us) {
  return eagre_hash_integer((uint64_t)end_us, eagre_hash_integer((uint64_t)start_us, hash));
}

static void set_head(char *payload, int64_t start_us, int64_t end_us, uint64_t key_hash) {
  const struct session_head head = {.end_us = end_us, .key_hash = key_hash, .start_us = start_us};
  memcpy(payload, &head, sizeof head);
}

/* The groups of the sessions that rows open; those of a row are its payloads[i]. */
static void get_groups(struct session_partial *partial, const struct eagre_state_keys *keys,
                       const struct eagre_vector *sessions, struct eagre_batch *batch,
                       char **payloads) {
  struct eagre_arena *arena = &batch->arena;
  uint32_t count = batch->row_count;
  const int64_t *starts = EAGRE_VALUES(int64_t, &sessions->children[0]);
  const int64_t *ends = EAGRE_VALUES(int64_t, &sessions->children[1]);
  struct eagre_text *texts = eagre_arena_allocate_vector(arena, sizeof *texts * count);
  uint64_t *hashes = eagre_arena_allocate_vector(arena, sizeof *hashes * count);
  size_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    size += keys->keys[i].size + TIMES_SIZE;
  }
  char *bytes = eagre_arena_allocate(arena, size + 1);
  for (uint32_t i = 0; i < count; i++) {
    texts[i] = put_times(bytes, keys->keys[i], starts[i], ends[i]);
    hashes[i] = hash_with_times(keys->hashes[i], starts[i], ends[i]);
    bytes += texts[i].size;
  }
  const struct eagre_state_keys whole = {texts, hashes};
  eagre_state_get_groups(partial->groups.table, NULL, &whole, count, payloads);
  for (uint32_t i = 0; i < count; i++) {
    set_head(payloads[i], starts[i], ends[i], keys->hashes[i]);
  }
}

static struct session_piece piece_of(const struct eagre_state_group *group) {
  struct session_head head;
  memcpy(&head, group->payload, sizeof head);
  return (struct session_piece){
      .hash = head.key_hash,
      .key = eagre_text_make(group->key.data, group->key.size - TIMES_SIZE),
      .start_us = head.start_us,
      .end_us = head.end_us,
      .payload = group->payload,
  };
}

bool eagre_operator_session_partial_next(struct session_partial *partial,
                                         struct eagre_state_cursor *cursor,
                                         struct session_piece *out_piece) {
  struct eagre_state_group group;
  uint32_t count =
      eagre_state_next(partial->groups.table, cursor, EAGRE_STATE_ALL, INT64_MAX, &group, 1);
  if (count > 0) *out_piece = piece_of(&group);
  return count > 0;
}

/* ---- Very many ------------------------------------------------------------------------------- */

static void list_pieces(struct session_partial *partial, struct session_pieces *out) {
  struct eagre_state_cursor cursor = {0};
  struct session_piece piece;
  while (eagre_operator_session_partial_next(partial, &cursor, &piece)) {
    if (piece.end_us > partial->late_bound_us) {
      eagre_operator_session_add_piece(out, &piece);
    } else {
      partial->dropped += 1;
    }
  }
}

static enum eagre_status merge_run(struct session_partial *partial,
                                   const struct session_piece *pieces, uint64_t count,
                                   int64_t end_us, struct eagre_error *error) {
  const struct eagre_plan_node *node = partial->node;
  struct eagre_arena scratch = {0};
  char *bytes = eagre_arena_allocate(&scratch, pieces->key.size + TIMES_SIZE);
  struct eagre_text key = put_times(bytes, pieces->key, pieces->start_us, end_us);
  uint64_t hash = hash_with_times(pieces->hash, pieces->start_us, end_us);
  const struct eagre_state_keys one = {&key, &hash};
  char *payload = NULL;
  eagre_state_get_groups(partial->spare.table, NULL, &one, 1, &payload);
  eagre_arena_done(&scratch);
  set_head(payload, pieces->start_us, end_us, pieces->hash);
  for (uint64_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_operator_layout_merge(&partial->layout, node, payload, pieces[i].payload,
                                          &partial->spare.texts, error));
  }
  return EAGRE_OK;
}

static enum eagre_status merge_pieces(struct session_partial *partial,
                                      struct session_pieces *pieces, struct eagre_error *error) {
  eagre_operator_session_sort(pieces);
  for (uint64_t begin = 0; begin < pieces->count;) {
    uint64_t key_end = eagre_operator_session_key_end(pieces, begin);
    while (begin < key_end) {
      int64_t end_us = 0;
      uint64_t end = eagre_operator_session_run_end(pieces->items, begin, key_end, &end_us);
      EAGRE_TRY(merge_run(partial, &pieces->items[begin], end - begin, end_us, error));
      begin = end;
    }
  }
  return EAGRE_OK;
}

static uint64_t count_groups(const struct session_groups *groups) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(groups->table, &metrics);
  return metrics.group_count;
}

/* Merges the groups that meet. Where few do, the next time waits for twice as many. */
static enum eagre_status merge_groups(struct session_partial *partial, struct eagre_error *error) {
  struct session_pieces pieces = {0};
  list_pieces(partial, &pieces);
  enum eagre_status status = merge_pieces(partial, &pieces, error);
  eagre_free(pieces.items);
  struct session_groups merged = partial->spare;
  partial->spare = partial->groups;
  partial->groups = merged;
  clear_groups(&partial->spare);
  uint64_t count = count_groups(&partial->groups);
  partial->group_max = count * 2 > GROUPS_MAX ? count * 2 : GROUPS_MAX;
  return status;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Rows without a session (a NULL that came another way than from session_window) are left out. */
static enum eagre_status evaluate(struct session_partial *partial, struct eagre_batch *batch,
                                  struct eagre_vector *outputs, struct eagre_error *error) {
  EAGRE_TRY(eagre_operator_dead_run(&partial->dead, partial->program, batch, &partial->context,
                                    outputs, error));
  eagre_vector_flatten(&outputs[0], batch->row_count, &batch->arena);
  const uint8_t *validity = outputs[0].validity;
  if (validity == NULL || eagre_bits_count(validity, batch->row_count) == batch->row_count)
    return EAGRE_OK;
  eagre_batch_filter(batch, validity);
  EAGRE_TRY(eagre_program_run(partial->program, batch, &partial->context, outputs, error));
  eagre_vector_flatten(&outputs[0], batch->row_count, &batch->arena);
  return EAGRE_OK;
}

static enum eagre_status fold_batch(struct session_partial *partial, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct eagre_arena *arena = &batch->arena;
  struct eagre_vector *outputs =
      eagre_arena_allocate_zeroed(arena, sizeof *outputs * partial->output_count);
  EAGRE_TRY(evaluate(partial, batch, outputs, error));
  EAGRE_TRY(eagre_operator_late_look(partial->late, batch, error));
  if (batch->row_count == 0) return EAGRE_OK;
  uint32_t key_count = partial->layout.key_column_count;
  struct eagre_state_keys keys;
  eagre_state_encode_keys(outputs + 1, key_count, batch->row_count, arena, &keys);
  char **payloads = eagre_arena_allocate_vector(arena, sizeof *payloads * (batch->row_count + 1));
  get_groups(partial, &keys, &outputs[0], batch, payloads);
  return eagre_operator_layout_update(&partial->layout, partial->node, outputs + 1 + key_count,
                                      batch->row_count, payloads, &partial->groups.texts, error);
}

enum eagre_status eagre_operator_session_partial_push(struct session_partial *partial,
                                                      struct eagre_batch *batch,
                                                      struct eagre_error *error) {
  enum eagre_status status = fold_batch(partial, batch, error);
  if (status != EAGRE_OK && error != NULL) eagre_batch_place(batch, error->row, error);
  eagre_batch_free(batch);
  if (status == EAGRE_OK && count_groups(&partial->groups) > partial->group_max)
    status = merge_groups(partial, error);
  return status;
}

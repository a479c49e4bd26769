/* TOP: the first rows of each key in an order, numbered, at the core that owns the key
 * (docs/decisions/0009).
 *
 * Rows are added to their groups as they come, and groups put in order when they have many that are
 * not, and at the end of the epoch. Then a group is compared, number by number, with what it gave
 * before: rows that stand at another number than before are given, and with `gives_changes` those
 * that stood there are taken back. Complete mode gives all rows; append mode those of groups whose
 * time, the event time among the keys, the watermark has passed, which then leave.
 *
 * The pane of a group is that time; rows without one are never late and stay. */
#include <string.h>

#include "operator/operator_keyed.h"
#include "operator/operator_kind.h"
#include "operator/operator_top_rows.h"

enum {
  GROUPS_AT_ONCE = 256,
  ROWS_AT_ONCE = 16384, /* about as many are put in order at once */
  ADDED_COUNT_MAX = 64, /* or twice the limit: then a group is put in order at once */
};

/* What a group gave before this epoch. */
struct given_rows {
  struct eagre_text rows;
  uint32_t count;
};

/* Rows on their way out. */
struct top_output {
  int64_t weight;
  uint32_t count;
  int32_t numbers[EAGRE_BATCH_ROWS_MAX];
  struct eagre_text rows[EAGRE_BATCH_ROWS_MAX];
};

struct top {
  struct eagre_stateful base;
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_keyed *keyed;
  struct operator_top_order order;
  struct eagre_program *program;   /* values to sort by */
  const struct eagre_type **types; /* of the input's columns */
  uint32_t column_count;
  struct eagre_state_table *table;
  struct eagre_arena given_arena;
  struct eagre_buffer given; /* struct given_rows each */
  struct top_output added;
  struct top_output taken_back;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
};

static bool expires(const struct top *top) {
  return top->node->event_time_key >= 0 && top->options.mode != EAGRE_MODE_COMPLETE;
}

/* Whether it matters what groups gave before. */
static bool compares(const struct top *top) {
  return top->node->gives_changes || top->options.mode == EAGRE_MODE_UPDATE;
}

/* A watermark as the greatest pane it covers. */
static int64_t pane_bound(int64_t watermark_ms) {
  int64_t bound = 0;
  if (__builtin_mul_overflow(watermark_ms, 1000, &bound)) return INT64_MAX - 1;
  return bound;
}

/* ---- Rows that come -------------------------------------------------------------------------- */

/* The pane of each row; INT64_MAX without a time. */
static int64_t *find_panes(const struct top *top, const struct operator_keyed_rows *rows) {
  struct eagre_batch *batch = rows->batch;
  int64_t *panes = eagre_arena_allocate_zeroed(&batch->arena, sizeof *panes * batch->row_count);
  if (top->node->event_time_key < 0) return panes;
  struct eagre_vector column = rows->values[top->node->event_time_key];
  eagre_vector_flatten(&column, batch->row_count, &batch->arena);
  const struct eagre_vector *times =
      column.type->kind == EAGRE_TYPE_STRUCT ? &column.children[1] : &column;
  for (uint32_t i = 0; i < batch->row_count; i++) {
    bool is_null = eagre_vector_is_null(&column, i) || eagre_vector_is_null(times, i);
    panes[i] = is_null ? INT64_MAX : EAGRE_VALUES(int64_t, times)[i];
  }
  return panes;
}

/* Rows that are in time, in the form the table takes them. */
struct timely_rows {
  uint32_t *picks;
  int64_t *panes;
  struct eagre_text *keys;
  uint64_t *hashes;
  uint32_t count;
};

static void pick_timely(struct top *top, const struct operator_keyed_rows *rows,
                        struct timely_rows *out) {
  struct eagre_arena *arena = &rows->batch->arena;
  uint32_t count = rows->batch->row_count;
  const int64_t *panes = find_panes(top, rows);
  int64_t late_bound = expires(top) ? pane_bound(top->epoch.late_watermark_ms) : INT64_MIN;
  *out = (struct timely_rows){
      .picks = eagre_arena_allocate_vector(arena, sizeof *out->picks * count),
      .panes = eagre_arena_allocate_vector(arena, sizeof *out->panes * count),
      .keys = eagre_arena_allocate_vector(arena, sizeof *out->keys * count),
      .hashes = eagre_arena_allocate_vector(arena, sizeof *out->hashes * count),
  };
  for (uint32_t i = 0; i < count; i++) {
    if (panes[i] <= late_bound && expires(top)) {
      top->metrics.rows_dropped_late += 1;
      continue;
    }
    out->picks[out->count] = i;
    out->panes[out->count] = panes[i];
    out->keys[out->count] = rows->keys.keys[i];
    out->hashes[out->count++] = rows->keys.hashes[i];
  }
}

static enum eagre_status encode(struct top *top, struct eagre_batch *batch,
                                const struct timely_rows *timely, struct operator_top_entry *out,
                                struct eagre_error *error) {
  struct eagre_arena *arena = &batch->arena;
  struct eagre_program_context context = {.batch_timestamp_us = top->epoch.batch_timestamp_us};
  struct eagre_text *bodies = eagre_arena_allocate_vector(arena, sizeof *bodies * timely->count);
  struct eagre_vector *values =
      eagre_arena_allocate_zeroed(arena, sizeof *values * (top->order.sort_key_count + 1));
  enum eagre_status status = eagre_program_run(top->program, batch, &context, values, error);
  if (status != EAGRE_OK && error != NULL) eagre_batch_place(batch, error->row, error);
  if (status != EAGRE_OK) return status;
  eagre_state_encode_rows(values, top->order.sort_key_count, timely->picks, timely->count, arena,
                          bodies);
  for (uint32_t i = 0; i < timely->count; i++) {
    out[i].sort = bodies[i];
  }
  eagre_state_encode_rows(batch->columns, top->column_count, timely->picks, timely->count, arena,
                          bodies);
  for (uint32_t i = 0; i < timely->count; i++) {
    out[i].row = bodies[i];
  }
  return EAGRE_OK;
}

/* Before the first row of an epoch comes to a group. */
static void keep_given(struct top *top, struct operator_top_state *state) {
  if (state->given != 0 || !compares(top)) return;
  const struct given_rows given = {eagre_arena_copy_text(&top->given_arena, state->rows),
                                   state->kept_count};
  eagre_buffer_append(&top->given, &given, sizeof given);
  state->given = (uint32_t)(top->given.size / sizeof given);
}

static void add_rows(struct top *top, const struct timely_rows *timely,
                     const struct operator_top_entry *entries, char *const *payloads) {
  uint32_t added_max = 2 * top->order.limit;
  if (added_max < ADDED_COUNT_MAX) added_max = ADDED_COUNT_MAX;
  for (uint32_t i = 0; i < timely->count; i++) {
    struct operator_top_state *state = (struct operator_top_state *)payloads[i];
    struct eagre_arena *arena = eagre_state_pane_arena(top->table, timely->panes[i]);
    keep_given(top, state);
    eagre_operator_top_add(state, &entries[i], arena);
    if (state->added_count >= added_max) eagre_operator_top_tidy(&top->order, &state, &arena, 1);
  }
}

static enum eagre_status work(void *context, const struct operator_keyed_rows *rows,
                              struct eagre_error *error) {
  struct top *top = context;
  struct eagre_batch *batch = rows->batch;
  struct timely_rows timely;
  pick_timely(top, rows, &timely);
  struct operator_top_entry *entries =
      eagre_arena_allocate_vector(&batch->arena, sizeof *entries * timely.count);
  enum eagre_status status = encode(top, batch, &timely, entries, error);
  if (status == EAGRE_OK && timely.count > 0) {
    char **payloads = eagre_arena_allocate_vector(&batch->arena, sizeof *payloads * timely.count);
    const struct eagre_state_keys keys = {timely.keys, timely.hashes};
    eagre_state_get_groups(top->table, timely.panes, &keys, timely.count, payloads);
    add_rows(top, &timely, entries, payloads);
  }
  eagre_batch_free(batch);
  return status;
}

/* ---- Rows that go ---------------------------------------------------------------------------- */

static enum eagre_status flush(struct top *top, struct top_output *output,
                               struct eagre_error *error) {
  uint32_t count = output->count;
  if (count == 0) return EAGRE_OK;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, top->column_count + 1 + top->node->gives_changes, count);
  bool is_whole = eagre_state_decode_rows(output->rows, count, top->types, top->column_count,
                                          batch->columns, &batch->arena);
  eagre_assert(is_whole);
  struct eagre_vector *numbers = &batch->columns[top->column_count];
  eagre_vector_init(numbers, eagre_type_of(EAGRE_TYPE_INT), count, &batch->arena);
  memcpy(numbers->data, output->numbers, sizeof *output->numbers * count);
  struct eagre_vector *weights = top->node->gives_changes ? numbers + 1 : NULL;
  if (weights != NULL)
    eagre_vector_init(weights, eagre_type_of(EAGRE_TYPE_BIGINT), count, &batch->arena);
  for (uint32_t i = 0; weights != NULL && i < count; i++) {
    EAGRE_VALUES(int64_t, weights)[i] = output->weight;
  }
  output->count = 0;
  return top->options.output(top->options.output_context, batch, error);
}

static enum eagre_status put(struct top *top, struct top_output *output, struct eagre_text row,
                             uint32_t number, struct eagre_error *error) {
  if (output->count == EAGRE_BATCH_ROWS_MAX) EAGRE_TRY(flush(top, output, error));
  output->rows[output->count] = row;
  output->numbers[output->count++] = (int32_t)number;
  return EAGRE_OK;
}

static enum eagre_status flush_both(struct top *top, struct eagre_error *error) {
  EAGRE_TRY(flush(top, &top->taken_back, error));
  return flush(top, &top->added, error);
}

static enum eagre_status give_all(struct top *top, const struct operator_top_state *state,
                                  struct eagre_error *error) {
  size_t offset = 0;
  for (uint32_t i = 0; i < state->kept_count; i++) {
    struct operator_top_entry entry = eagre_operator_top_next(state->rows, &offset);
    EAGRE_TRY(put(top, &top->added, entry.row, i + 1, error));
  }
  return EAGRE_OK;
}

/* A group never has fewer rows than before. */
static enum eagre_status give_changed(struct top *top, struct operator_top_state *state,
                                      struct eagre_error *error) {
  struct given_rows given = {{NULL, 0}, 0};
  if (state->given == 0) return EAGRE_OK;
  memcpy(&given, top->given.data + sizeof given * (state->given - 1), sizeof given);
  state->given = 0;
  size_t offset = 0;
  size_t given_offset = 0;
  for (uint32_t i = 0; i < state->kept_count; i++) {
    struct operator_top_entry before = {{NULL, 0}, {NULL, 0}};
    struct operator_top_entry entry = eagre_operator_top_next(state->rows, &offset);
    bool was_there = i < given.count;
    if (was_there) before = eagre_operator_top_next(given.rows, &given_offset);
    if (was_there && eagre_text_equal(before.row, entry.row)) continue;
    if (was_there && top->node->gives_changes)
      EAGRE_TRY(put(top, &top->taken_back, before.row, i + 1, error));
    EAGRE_TRY(put(top, &top->added, entry.row, i + 1, error));
  }
  return EAGRE_OK;
}

/* Puts groups in order that are not. */
static void tidy_groups(struct top *top, const struct eagre_state_group *groups, uint32_t count) {
  struct operator_top_state *states[GROUPS_AT_ONCE];
  struct eagre_arena *arenas[GROUPS_AT_ONCE];
  uint32_t picked_count = 0;
  uint64_t row_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct operator_top_state *state = (struct operator_top_state *)groups[i].payload;
    if (state->added_count == 0) continue;
    states[picked_count] = state;
    arenas[picked_count++] = eagre_state_pane_arena(top->table, groups[i].pane);
    row_count += state->kept_count + state->added_count;
    if (row_count < ROWS_AT_ONCE) continue;
    eagre_operator_top_tidy(&top->order, states, arenas, picked_count);
    picked_count = 0;
    row_count = 0;
  }
  if (picked_count > 0) eagre_operator_top_tidy(&top->order, states, arenas, picked_count);
}

static enum eagre_status finish_changed(struct top *top, struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[GROUPS_AT_ONCE];
  uint32_t count;
  while ((count = eagre_state_next(top->table, &cursor, EAGRE_STATE_CHANGED, INT64_MAX, groups,
                                   GROUPS_AT_ONCE)) > 0) {
    tidy_groups(top, groups, count);
    for (uint32_t i = 0; i < count && compares(top); i++) {
      EAGRE_TRY(give_changed(top, (struct operator_top_state *)groups[i].payload, error));
    }
  }
  return EAGRE_OK;
}

static enum eagre_status finish_all(struct top *top, int64_t pane_max, struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[GROUPS_AT_ONCE];
  uint32_t count;
  while ((count = eagre_state_next(top->table, &cursor, EAGRE_STATE_ALL, pane_max, groups,
                                   GROUPS_AT_ONCE)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      EAGRE_TRY(give_all(top, (const struct operator_top_state *)groups[i].payload, error));
    }
  }
  return EAGRE_OK;
}

static enum eagre_status finish(struct eagre_stateful *stateful, struct eagre_error *error) {
  struct top *top = (struct top *)stateful;
  int64_t bound = pane_bound(top->epoch.eviction_watermark_ms);
  bool is_complete = top->options.mode == EAGRE_MODE_COMPLETE;
  struct eagre_state_metrics metrics;
  EAGRE_TRY(finish_changed(top, error));
  if (!compares(top)) EAGRE_TRY(finish_all(top, is_complete ? INT64_MAX : bound, error));
  EAGRE_TRY(flush_both(top, error));
  eagre_state_measure(top->table, &metrics);
  top->metrics.rows_updated = metrics.changed_count;
  if (expires(top)) top->metrics.rows_removed = eagre_state_evict(top->table, bound);
  return EAGRE_OK;
}

/* ---- The node -------------------------------------------------------------------------------- */

static void free_top(struct eagre_stateful *stateful) {
  struct top *top = (struct top *)stateful;
  eagre_operator_keyed_free(top->keyed);
  eagre_program_free(top->program);
  eagre_state_table_free(top->table);
  eagre_arena_done(&top->given_arena);
  eagre_buffer_done(&top->given);
  eagre_free(top->order.sort_types);
  eagre_free(top->types);
  eagre_free(top);
}

static struct eagre_state_table *table_of(struct eagre_stateful *stateful) {
  return ((struct top *)stateful)->table;
}

static void begin(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch) {
  struct top *top = (struct top *)stateful;
  top->epoch = *epoch;
  top->metrics = (struct eagre_stateful_metrics){0};
  top->added.count = 0;
  top->taken_back.count = 0;
  eagre_arena_reset(&top->given_arena);
  eagre_buffer_clear(&top->given);
  eagre_operator_keyed_begin(top->keyed, epoch->batch_timestamp_us);
  eagre_state_begin_epoch(top->table);
}

static enum eagre_status push(struct eagre_stateful *stateful, uint32_t side,
                              struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_operator_keyed_push(((struct top *)stateful)->keyed, side, batch, error);
}

static enum eagre_status collect(struct eagre_stateful *stateful, struct eagre_stateful *from,
                                 struct eagre_error *error) {
  return eagre_operator_keyed_collect(((struct top *)stateful)->keyed, ((struct top *)from)->keyed,
                                      error);
}

static void measure(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out) {
  const struct top *top = (const struct top *)stateful;
  struct eagre_state_metrics metrics;
  eagre_state_measure(top->table, &metrics);
  *out = top->metrics;
  out->rows_total = metrics.group_count;
  out->memory_bytes = metrics.memory_bytes + top->given_arena.allocated_size +
                      eagre_operator_keyed_memory(top->keyed);
}

static const struct operator_stateful_kind top_kind = {
    .free = free_top,
    .table = table_of,
    .begin = begin,
    .push = push,
    .collect = collect,
    .finish = finish,
    .measure = measure,
};

static void init_order(struct top *top) {
  const struct eagre_plan_node *node = top->node;
  uint32_t count = node->sort_key_count;
  struct eagre_expression **values = eagre_allocate_zeroed(count + 1, sizeof *values);
  top->order = (struct operator_top_order){
      .sort_keys = node->sort_keys,
      .sort_types = eagre_allocate_zeroed(count + 1, sizeof(void *)),
      .sort_key_count = count,
      .limit = (uint32_t)node->limit,
  };
  for (uint32_t i = 0; i < count; i++) {
    values[i] = node->sort_keys[i].expression;
    top->order.sort_types[i] = eagre_expression_type(values[i]);
  }
  top->program =
      eagre_program_new(eagre_plan_input(node)->output, values, count, top->options.session);
  eagre_free(values);
}

struct eagre_stateful *eagre_operator_top_new(const struct eagre_stateful_options *options) {
  static const uint32_t text_offset = offsetof(struct operator_top_state, rows);
  struct top *top = eagre_allocate_zeroed(1, sizeof *top);
  const struct eagre_plan_node *node = options->node;
  const struct eagre_type *columns = eagre_plan_input(node)->output;
  const struct eagre_state_layout layout = {.payload_size = sizeof(struct operator_top_state),
                                            .text_offsets = &text_offset,
                                            .text_count = 1};
  const struct operator_keyed_side side = {
      .columns = columns, .keys = node->keys, .key_count = node->key_count};
  const struct operator_keyed_options keyed = {
      .stateful = options, .sides = &side, .side_count = 1, .work = work, .context = top};
  top->base.kind = &top_kind;
  top->options = *options;
  top->node = node;
  top->column_count = columns->field_count;
  top->types = eagre_allocate_zeroed(top->column_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < top->column_count; i++) {
    top->types[i] = columns->fields[i].type;
  }
  top->added.weight = 1;
  top->taken_back.weight = -1;
  init_order(top);
  top->table = eagre_state_table_new(&layout);
  top->keyed = eagre_operator_keyed_new(&keyed);
  return &top->base;
}

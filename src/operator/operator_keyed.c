/* Rows to the core that owns their keys (operator_keyed.h). */
#include "operator/operator_keyed.h"

struct keyed_side {
  struct operator_keyed_side plan;
  struct eagre_program *program; /* its keys */
  struct operator_exchange *exchange;
};

struct operator_keyed {
  struct keyed_side *sides;
  uint32_t side_count;
  uint32_t core;
  uint32_t core_count;
  uint32_t partition_count;
  operator_keyed_fn *work;
  void *work_context;
  struct eagre_program_context context;
  struct operator_dead dead;
  struct operator_late *late[2]; /* by side */
};

/* ---- Life ------------------------------------------------------------------------------------ */

struct operator_keyed *eagre_operator_keyed_new(const struct operator_keyed_options *options) {
  const struct eagre_stateful_options *stateful = options->stateful;
  struct operator_keyed *keyed = eagre_allocate_zeroed(1, sizeof *keyed);
  keyed->core = stateful->core;
  keyed->core_count = stateful->core_count;
  keyed->partition_count = stateful->state_partition_count;
  keyed->work = options->work;
  keyed->work_context = options->context;
  keyed->dead = stateful->dead;
  keyed->late[0] = stateful->late[0];
  keyed->late[1] = stateful->late[1];
  keyed->side_count = options->side_count;
  keyed->sides = eagre_allocate_zeroed(options->side_count, sizeof *keyed->sides);
  for (uint32_t i = 0; i < options->side_count; i++) {
    const struct operator_keyed_side *side = &options->sides[i];
    keyed->sides[i].plan = *side;
    keyed->sides[i].program =
        eagre_program_new(side->columns, side->keys, side->key_count, stateful->session);
    keyed->sides[i].exchange = eagre_operator_exchange_new(side->columns, stateful->core_count);
  }
  return keyed;
}

void eagre_operator_keyed_free(struct operator_keyed *keyed) {
  if (keyed == NULL) return;
  for (uint32_t i = 0; i < keyed->side_count; i++) {
    eagre_program_free(keyed->sides[i].program);
    eagre_operator_exchange_free(keyed->sides[i].exchange);
  }
  eagre_free(keyed->sides);
  eagre_free(keyed);
}

void eagre_operator_keyed_begin(struct operator_keyed *keyed, int64_t batch_timestamp_us) {
  keyed->context.batch_timestamp_us = batch_timestamp_us;
  for (uint32_t i = 0; i < keyed->side_count; i++) {
    eagre_operator_exchange_clear(keyed->sides[i].exchange);
  }
}

uint64_t eagre_operator_keyed_memory(const struct operator_keyed *keyed) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < keyed->side_count; i++) {
    size += eagre_operator_exchange_memory(keyed->sides[i].exchange);
  }
  return size;
}

/* ---- Splitting ------------------------------------------------------------------------------- */

/* The rows of a batch by owner: those of owner i are rows[begins[i]] up to rows[begins[i + 1]]. */
struct split {
  uint32_t *rows;
  uint32_t *begins;
};

static void split_rows(const struct operator_keyed *keyed, const uint64_t *hashes, uint32_t count,
                       struct eagre_arena *arena, struct split *out) {
  uint16_t *owners = eagre_arena_allocate_vector(arena, count * sizeof *owners);
  /* While rows are placed, begins[i + 1] is where the next row of owner i goes. */
  uint32_t *begins = eagre_arena_allocate_zeroed(arena, (keyed->core_count + 2) * sizeof *begins);
  out->rows = eagre_arena_allocate_vector(arena, count * sizeof *out->rows);
  out->begins = begins;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t partition = eagre_state_partition(hashes[i], keyed->partition_count);
    owners[i] = (uint16_t)(partition % keyed->core_count);
    begins[owners[i] + 2]++;
  }
  for (uint32_t i = 2; i <= keyed->core_count; i++) {
    begins[i] += begins[i - 1];
  }
  for (uint32_t i = 0; i < count; i++) {
    out->rows[begins[owners[i] + 1]++] = i;
  }
}

/* Keeps rows[0..count), which ascend, of everything. */
static void keep_rows(struct operator_keyed_rows *all, uint32_t key_count, const uint32_t *rows,
                      uint32_t count) {
  struct eagre_batch *batch = all->batch;
  struct eagre_arena *arena = &batch->arena;
  struct eagre_vector *values =
      eagre_arena_allocate_zeroed(arena, (key_count + 1) * sizeof *values);
  for (uint32_t i = 0; i < key_count; i++) {
    eagre_vector_gather(&values[i], &all->values[i], rows, count, arena);
  }
  struct eagre_text *keys = eagre_arena_allocate_vector(arena, count * sizeof *keys);
  uint64_t *hashes = eagre_arena_allocate_vector(arena, count * sizeof *hashes);
  uint8_t *keep = eagre_arena_allocate_zeroed(arena, eagre_bits_size(batch->row_count));
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = all->keys.keys[rows[i]];
    hashes[i] = all->keys.hashes[rows[i]];
    eagre_bit_set(keep, rows[i]);
  }
  all->values = values;
  all->keys = (struct eagre_state_keys){keys, hashes};
  eagre_batch_filter(batch, keep);
}

/* Puts the rows of other cores into the exchange; what stays is ours. */
static void send_rows(struct operator_keyed *keyed, struct operator_keyed_rows *rows) {
  struct keyed_side *side = &keyed->sides[rows->side];
  uint32_t row_count = rows->batch->row_count;
  struct split split;
  split_rows(keyed, rows->keys.hashes, row_count, &rows->batch->arena, &split);
  for (uint32_t i = 0; i < keyed->core_count; i++) {
    const uint32_t *first = split.rows + split.begins[i];
    uint32_t count = split.begins[i + 1] - split.begins[i];
    if (i != keyed->core) eagre_operator_exchange_put(side->exchange, i, rows->batch, first, count);
  }
  uint32_t own_begin = split.begins[keyed->core];
  uint32_t own_count = split.begins[keyed->core + 1] - own_begin;
  if (own_count < row_count)
    keep_rows(rows, side->plan.key_count, split.rows + own_begin, own_count);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static enum eagre_status read_keys(struct operator_keyed *keyed, uint32_t number,
                                   struct eagre_batch *batch, struct operator_keyed_rows *out,
                                   struct eagre_error *error) {
  struct keyed_side *side = &keyed->sides[number];
  uint32_t key_count = side->plan.key_count;
  struct eagre_vector *values =
      eagre_arena_allocate_zeroed(&batch->arena, (key_count + 1) * sizeof *values);
  enum eagre_status status =
      eagre_operator_dead_run(&keyed->dead, side->program, batch, &keyed->context, values, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  *out = (struct operator_keyed_rows){.side = number, .batch = batch, .values = values};
  eagre_state_encode_keys(values, key_count, batch->row_count, &batch->arena, &out->keys);
  return EAGRE_OK;
}

enum eagre_status eagre_operator_keyed_push(struct operator_keyed *keyed, uint32_t side,
                                            struct eagre_batch *batch, struct eagre_error *error) {
  eagre_assert(side < keyed->side_count);
  struct operator_keyed_rows rows;
  EAGRE_TRY(read_keys(keyed, side, batch, &rows, error));
  enum eagre_status status = eagre_operator_late_look(keyed->late[side], batch, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  if (keyed->core_count > 1 && batch->row_count > 0) send_rows(keyed, &rows);
  if (batch->row_count > 0) return keyed->work(keyed->work_context, &rows, error);
  eagre_batch_free(batch);
  return EAGRE_OK;
}

/* Works a list of batches; after a failure the rest is dropped. */
static enum eagre_status work_list(struct operator_keyed *keyed, uint32_t side,
                                   struct eagre_batch *batch, struct eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  while (batch != NULL) {
    struct eagre_batch *next = batch->next;
    struct operator_keyed_rows rows;
    batch->next = NULL;
    if (status == EAGRE_OK) {
      status = read_keys(keyed, side, batch, &rows, error);
      if (status == EAGRE_OK) status = keyed->work(keyed->work_context, &rows, error);
    } else {
      eagre_batch_free(batch);
    }
    batch = next;
  }
  return status;
}

enum eagre_status eagre_operator_keyed_collect(struct operator_keyed *keyed,
                                               struct operator_keyed *from,
                                               struct eagre_error *error) {
  for (uint32_t i = 0; i < keyed->side_count; i++) {
    struct eagre_batch *first = eagre_operator_exchange_take(from->sides[i].exchange, keyed->core);
    EAGRE_TRY(work_list(keyed, i, first, error));
  }
  return EAGRE_OK;
}

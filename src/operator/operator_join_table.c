/* Rows of a join's static input, and the hash table over their keys.
 *
 * Rows are copied out of the batches they come in, so that nothing of the input has to live on, and
 * put one behind the other when the last is there: a match is then a row number, and columns of
 * matches are gathered from one vector each. A slot holds the hash of a key and its first row; rows
 * of one key are chained in their order. A key of one whole number of 4 or 8 bytes is decided by
 * its hash alone, which is a bijection of such numbers (`eagre_hash_integer`). */
#include "operator/operator_join_table.h"

#include <inttypes.h>
#include <string.h>

enum { PREFETCH_ROWS = 64, SLOT_COUNT_MIN = 16, HASH_SEED = 0x10f5 };

static const struct eagre_plan_node *input_of(const struct eagre_join_table *table) {
  return table->join->inputs[table->join->static_input];
}

static struct eagre_expression **keys_of(const struct eagre_plan_node *join) {
  return join->static_input == 0 ? join->left_keys : join->right_keys;
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct eagre_join_table *eagre_join_table_new(const struct eagre_plan_node *join,
                                              const struct eagre_expression_session *session,
                                              uint64_t size_max) {
  struct eagre_join_table *table = eagre_allocate_zeroed(1, sizeof *table);
  table->join = join;
  table->size_max = size_max;
  table->link = &table->first;
  const struct eagre_type *input = input_of(table)->output;
  uint32_t computed_count = 0;
  struct eagre_expression **computed =
      eagre_allocate_zeroed(join->join_key_count + 1, sizeof(void *));
  table->key_columns = eagre_allocate_zeroed(join->join_key_count + 1, sizeof *table->key_columns);
  for (uint32_t i = 0; i < join->join_key_count; i++) {
    struct eagre_expression *key = keys_of(join)[i];
    if (eagre_expression_is_column(key, &table->key_columns[i])) continue;
    table->key_columns[i] = input->field_count + computed_count;
    computed[computed_count++] = key;
  }
  table->stored_count = input->field_count + computed_count;
  table->program = eagre_program_new(input, computed, computed_count, session);
  eagre_free(computed);
  return table;
}

static void drop_batches(struct eagre_join_table *table) {
  while (table->first != NULL) {
    struct eagre_batch *batch = table->first;
    table->first = batch->next;
    eagre_batch_free(batch);
  }
  table->link = &table->first;
}

static void clear(struct eagre_join_table *table) {
  drop_batches(table);
  eagre_arena_done(&table->arena);
  eagre_free(table->slots);
  table->slots = NULL;
  table->filled_bytes = 0;
  table->row_count = 0;
  table->columns = NULL;
  table->next = NULL;
  table->matched = NULL;
}

void eagre_join_table_free(struct eagre_join_table *table) {
  if (table == NULL) return;
  clear(table);
  eagre_program_free(table->program);
  eagre_free(table->key_columns);
  eagre_free(table);
}

void eagre_join_table_begin(struct eagre_join_table *table, int64_t batch_timestamp_us) {
  clear(table);
  table->context.batch_timestamp_us = batch_timestamp_us;
}

void eagre_join_table_measure(const struct eagre_join_table *table,
                              struct eagre_join_table_metrics *out) {
  uint64_t slots = table->slots == NULL ? 0 : (table->slot_mask + 1) * sizeof *table->slots;
  *out = (struct eagre_join_table_metrics){
      .row_count = table->row_count,
      .memory_bytes = table->filled_bytes + table->arena.allocated_size + slots,
  };
}

/* ---- Filling --------------------------------------------------------------------------------- */

static bool is_null_constant(const struct eagre_vector *vector) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return true;
  return vector->is_constant && eagre_vector_is_null(vector, 0);
}

/* Columns that nobody reads come as constant NULLs, and stay such. */
static void store_column(struct eagre_join_table *table, struct eagre_batch *stored, uint32_t index,
                         const struct eagre_vector *from) {
  struct eagre_vector *into = &stored->columns[index];
  uint32_t count = stored->row_count;
  if (is_null_constant(from)) {
    eagre_vector_init_null(into, from->type, &stored->arena);
    return;
  }
  eagre_vector_init(into, from->type, count, &stored->arena);
  eagre_vector_append(into, 0, count, from, 0, count, true, &table->arena);
}

static enum eagre_status check_size(const struct eagre_join_table *table,
                                    struct eagre_error *error) {
  struct eagre_join_table_metrics metrics;
  eagre_join_table_measure(table, &metrics);
  if (metrics.memory_bytes <= table->size_max && metrics.row_count < UINT32_MAX / 2)
    return EAGRE_OK;
  eagre_error_set(error, EAGRE_DATA, "JOIN_TABLE_TOO_LARGE",
                  "The side of a join that is kept in memory takes more than %" PRIu64
                  " bytes (%" PRIu64 " rows so far).",
                  table->size_max, metrics.row_count);
  eagre_error_hint(error, "filter it, read fewer of its columns, or raise eagre.join.tableBytes");
  eagre_sql_place_error(table->join->position, error);
  return EAGRE_DATA;
}

static enum eagre_status store_batch(struct eagre_join_table *table, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  uint32_t input_count = input_of(table)->output->field_count;
  struct eagre_vector *computed = eagre_arena_allocate_zeroed(
      &batch->arena, sizeof *computed * (table->stored_count - input_count + 1));
  enum eagre_status status =
      eagre_program_run(table->program, batch, &table->context, computed, error);
  if (status != EAGRE_OK) {
    if (error != NULL) eagre_batch_place(batch, error->row, error);
    return status;
  }
  struct eagre_batch *stored = eagre_batch_new();
  eagre_batch_set_columns(stored, table->stored_count, batch->row_count);
  for (uint32_t i = 0; i < table->stored_count; i++) {
    store_column(table, stored, i,
                 i < input_count ? &batch->columns[i] : &computed[i - input_count]);
  }
  table->row_count += batch->row_count;
  table->filled_bytes += stored->arena.allocated_size;
  *table->link = stored;
  table->link = &stored->next;
  return check_size(table, error);
}

enum eagre_status eagre_join_table_add(struct eagre_join_table *table, struct eagre_batch *batch,
                                       struct eagre_error *error) {
  enum eagre_status status = store_batch(table, batch, error);
  eagre_batch_free(batch);
  return status;
}

/* ---- Sealing --------------------------------------------------------------------------------- */

static void join_column(struct eagre_join_table *table, uint32_t index,
                        const struct eagre_type *type) {
  struct eagre_vector *into = &table->columns[index];
  bool is_null = true;
  for (const struct eagre_batch *each = table->first; each != NULL; each = each->next) {
    is_null = is_null && is_null_constant(&each->columns[index]);
  }
  if (is_null) {
    eagre_vector_init_null(into, type, &table->arena);
    return;
  }
  uint32_t row = 0;
  eagre_vector_init(into, type, table->row_count, &table->arena);
  for (const struct eagre_batch *each = table->first; each != NULL; each = each->next) {
    eagre_vector_append(into, row, table->row_count, &each->columns[index], 0, each->row_count,
                        false, &table->arena);
    row += each->row_count;
  }
}

static void join_columns(struct eagre_join_table *table) {
  const struct eagre_type *input = input_of(table)->output;
  table->columns = eagre_arena_allocate_zeroed(&table->arena,
                                               sizeof *table->columns * (table->stored_count + 1));
  for (uint32_t i = 0; i < input->field_count; i++) {
    join_column(table, i, input->fields[i].type);
  }
  for (uint32_t i = 0; i < table->join->join_key_count; i++) {
    if (table->key_columns[i] < input->field_count) continue;
    join_column(table, table->key_columns[i], eagre_expression_type(keys_of(table->join)[i]));
  }
}

const uint8_t *eagre_join_key_validity(const struct eagre_vector *keys, uint32_t key_count,
                                       uint32_t row_count, struct eagre_arena *arena) {
  uint8_t *valid = NULL;
  for (uint32_t i = 0; i < key_count; i++) {
    if (!is_null_constant(&keys[i]) && (keys[i].is_constant || keys[i].validity == NULL)) continue;
    if (valid == NULL) {
      valid = eagre_arena_allocate_vector(arena, eagre_bits_size(row_count));
      eagre_bits_fill(valid, row_count, true);
    }
    if (is_null_constant(&keys[i])) {
      eagre_bits_fill(valid, row_count, false);
    } else {
      eagre_bits_and(valid, valid, keys[i].validity, row_count);
    }
  }
  return valid;
}

static bool has_exact_hash(const struct eagre_type *key) {
  switch (key->kind) {
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return true;
  default:
    return false;
  }
}

/* NULLs get the hash of any number: they are told by their validity. */
static void hash_numbers(const struct eagre_vector *key, uint32_t row_count, uint64_t *hashes) {
  if (eagre_type_width(key->type->kind) == sizeof(uint32_t)) {
    const uint32_t *values = key->data;
    for (uint32_t i = 0; i < row_count; i++) {
      hashes[i] = eagre_hash_integer(values[i], HASH_SEED);
    }
    return;
  }
  const uint64_t *values = key->data;
  for (uint32_t i = 0; i < row_count; i++) {
    hashes[i] = eagre_hash_integer(values[i], HASH_SEED);
  }
}

struct eagre_state_keys eagre_join_encode_keys(struct eagre_vector *keys, uint32_t key_count,
                                               uint32_t row_count, struct eagre_arena *arena) {
  struct eagre_state_keys encoded = {0};
  if (key_count > 1 || !has_exact_hash(keys[0].type)) {
    eagre_state_encode_keys(keys, key_count, row_count, arena, &encoded);
    return encoded;
  }
  uint64_t *hashes = eagre_arena_allocate_vector(arena, sizeof *hashes * row_count);
  eagre_vector_flatten(&keys[0], row_count, arena);
  hash_numbers(&keys[0], row_count, hashes);
  encoded.hashes = hashes;
  return encoded;
}

/* The slot of key `row` of `keys`: its own, or the free one where it belongs. */
static struct eagre_join_slot *find_slot(const struct eagre_join_table *table,
                                         const struct eagre_state_keys *keys, uint32_t row) {
  uint64_t hash = keys->hashes[row];
  for (uint64_t at = hash & table->slot_mask;; at = (at + 1) & table->slot_mask) {
    struct eagre_join_slot *slot = &table->slots[at];
    if (slot->head == 0) return slot;
    bool is_same =
        slot->hash == hash &&
        (keys->keys == NULL || eagre_text_equal(table->keys.keys[slot->head - 1], keys->keys[row]));
    if (is_same) return slot;
  }
}

/* From the last row to the first, so that chains go up. */
static void hash_rows(struct eagre_join_table *table, const uint8_t *validity) {
  uint64_t slot_count = SLOT_COUNT_MIN;
  while (slot_count < (uint64_t)table->row_count * 2) {
    slot_count *= 2;
  }
  table->slots = eagre_allocate_zeroed(slot_count, sizeof *table->slots);
  table->slot_mask = slot_count - 1;
  table->next = eagre_arena_allocate_vector(&table->arena, sizeof *table->next * table->row_count);
  for (uint32_t row = table->row_count; row-- > 0;) {
    table->next[row] = 0;
    if (validity != NULL && !eagre_bit_get(validity, row)) {
      table->has_null_key = true;
      continue;
    }
    struct eagre_join_slot *slot = find_slot(table, &table->keys, row);
    if (slot->head != 0) table->has_unique_keys = false;
    table->next[row] = slot->head;
    *slot = (struct eagre_join_slot){table->keys.hashes[row], row + 1};
  }
}

void eagre_join_table_seal(struct eagre_join_table *table) {
  uint32_t key_count = table->join->join_key_count;
  join_columns(table);
  drop_batches(table);
  table->filled_bytes = 0;
  table->has_unique_keys = true;
  table->has_null_key = false;
  if (table->join->join_kind == EAGRE_JOIN_FULL) {
    table->matched = eagre_arena_allocate_vector(&table->arena, eagre_bits_size(table->row_count));
    eagre_bits_fill(table->matched, table->row_count, false);
  }
  if (key_count == 0) return;
  struct eagre_vector *keys = eagre_arena_allocate(&table->arena, sizeof *keys * key_count);
  for (uint32_t i = 0; i < key_count; i++) {
    keys[i] = table->columns[table->key_columns[i]];
  }
  const uint8_t *validity =
      eagre_join_key_validity(keys, key_count, table->row_count, &table->arena);
  table->keys = eagre_join_encode_keys(keys, key_count, table->row_count, &table->arena);
  hash_rows(table, validity);
}

/* ---- Finding --------------------------------------------------------------------------------- */

void eagre_join_table_find(const struct eagre_join_table *table,
                           const struct eagre_state_keys *keys, const uint8_t *validity,
                           uint32_t row_count, uint32_t *heads) {
  for (uint32_t begin = 0; begin < row_count; begin += PREFETCH_ROWS) {
    uint32_t end = row_count - begin < PREFETCH_ROWS ? row_count : begin + PREFETCH_ROWS;
    for (uint32_t i = begin; i < end; i++) {
      __builtin_prefetch(&table->slots[keys->hashes[i] & table->slot_mask]);
    }
    for (uint32_t i = begin; i < end; i++) {
      heads[i] = find_slot(table, keys, i)->head;
    }
  }
  for (uint32_t i = 0; validity != NULL && i < row_count; i++) {
    if (!eagre_bit_get(validity, i)) heads[i] = 0;
  }
}

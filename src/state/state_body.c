/* Reading the tables and row stores of a snapshot file (format: docs/internals/state-format.md).
 *
 * Groups are read in batches: their places in a large table are on the way from memory while others
 * are looked at. What stands in a batch points into the input, and texts to where they stand there:
 * nothing more is asked of the input before the batch has been worked off. */
#include <string.h>

#include "state/state_cold.h"
#include "state/state_restore.h"

enum {
  BATCH_GROUPS = 64,
  MEASURED_GROUPS = 16384, /* after so many a table with a tier may have become too large */
};

/* ---- Numbers --------------------------------------------------------------------------------- */

static uint64_t *find_number(const struct eagre_state_numbers *set, uint64_t number) {
  uint64_t index = eagre_hash_integer(number, 0) & (set->capacity - 1);
  while (set->slots[index] != 0 && set->slots[index] != number) {
    index = (index + 1) & (set->capacity - 1);
  }
  return &set->slots[index];
}

static bool has_number(const struct eagre_state_numbers *set, uint64_t number) {
  return set->count > 0 && *find_number(set, number) != 0;
}

static void add_number(struct eagre_state_numbers *set, uint64_t number) {
  if (set->count * 2 >= set->capacity) {
    struct eagre_state_numbers old = *set;
    set->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    set->slots = eagre_allocate_zeroed(set->capacity, sizeof *set->slots);
    for (uint64_t i = 0; i < old.capacity; i++) {
      if (old.slots[i] != 0) *find_number(set, old.slots[i]) = old.slots[i];
    }
    eagre_free(old.slots);
  }
  uint64_t *slot = find_number(set, number);
  if (*slot == 0) set->count++;
  *slot = number;
}

static void add_numbers(struct eagre_state_numbers *set, const struct eagre_state_numbers *from) {
  for (uint64_t i = 0; i < from->capacity; i++) {
    if (from->slots[i] != 0) add_number(set, from->slots[i]);
  }
}

/* ---- What counts ----------------------------------------------------------------------------- */

static bool counts(const struct eagre_state_restore *restore) {
  return !restore->is_in_slice || restore->counts_slices;
}

static bool is_owned(struct eagre_state_restore *restore, uint64_t hash) {
  uint32_t partition = eagre_state_partition(hash, restore->snapshot->partition_count);
  bool is_ours = partition % restore->core_total == restore->snapshot->core;
  restore->foreign_count += !is_ours;
  return is_ours;
}

/* Whether the group or row is ours and not one that a newer file has evicted. */
static bool is_wanted(struct eagre_state_restore *restore, int64_t time, uint64_t hash) {
  return is_owned(restore, hash) && time > restore->evicted_max;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

struct found_group {
  struct eagre_text key;
  uint64_t hash;
  const char *payload; /* behind it sizes and bytes of texts */
};

/* How many bytes the next group has; more than are there when that much is needed to say. */
static uint64_t measure_group(const struct eagre_state_table *table,
                              const struct eagre_state_input *input) {
  const char *bytes = eagre_state_input_next(input);
  uint64_t there = eagre_state_input_there(input);
  uint64_t size = 4;
  if (there < size) return size;
  size += eagre_state_get_integer(bytes, 4) + table->payload_size;
  for (uint32_t i = 0; i < table->text_count; i++) {
    if (there < size + 4) return size + 4;
    uint64_t text_size = eagre_state_get_integer(bytes + size, 4);
    size += 4 + (text_size == EAGRE_STATE_TEXT_NONE ? 0 : text_size);
  }
  return size;
}

static void find_group(const char *bytes, struct found_group *out) {
  uint64_t key_size = eagre_state_get_integer(bytes, 4);
  out->key = eagre_text_make(bytes + 4, key_size);
  out->payload = bytes + 4 + key_size;
}

/* Takes up to `wanted` groups that stand in one piece; 0 when it fails. */
static uint32_t take_batch(const struct eagre_state_table *table, struct eagre_state_input *input,
                           uint64_t wanted, struct found_group *out) {
  uint32_t count = 0;
  while (count < wanted && count < BATCH_GROUPS) {
    uint64_t size = measure_group(table, input);
    if (size > eagre_state_input_there(input)) {
      if (count > 0) break;
      if (!eagre_state_input_need(input, size)) return 0;
      continue;
    }
    find_group(eagre_state_input_next(input), &out[count]);
    if (out[count].key.size < table->key_suffix_size) {
      eagre_state_input_refuse(input, "it has a key that is too short");
      return 0;
    }
    count++;
    eagre_state_input_skip(input, size);
  }
  return count;
}

/* Leaves those groups of a batch that are wanted. */
static uint32_t keep_wanted(struct eagre_state_restore *restore,
                            const struct eagre_state_table *table, int64_t end,
                            struct found_group *groups, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text key = groups[i].key;
    uint64_t hash =
        eagre_state_hash_key(eagre_text_make(key.data, key.size - table->key_suffix_size));
    if (!is_wanted(restore, end, hash)) continue;
    groups[kept] = groups[i];
    groups[kept++].hash = hash;
  }
  return kept;
}

/* What the file has in a text's place is never believed, for it would become a pointer. */
void eagre_state_payload_fill(const struct eagre_state_table *table, const char *bytes,
                              struct eagre_arena *arena, char *payload) {
  const char *next = bytes + table->payload_size;
  if (table->payload_size > 0) memcpy(payload, bytes, table->payload_size);
  for (uint32_t i = 0; i < table->text_count; i++) {
    struct eagre_text text = {0};
    uint64_t size = eagre_state_get_integer(next, 4);
    next += 4;
    if (size != EAGRE_STATE_TEXT_NONE) {
      text = eagre_arena_copy_growing(arena, eagre_text_make(next, size));
      next += size;
    }
    memcpy(payload + table->text_offsets[i], &text, sizeof text);
  }
}

static void put_groups(struct eagre_state_table *table, int64_t end,
                       const struct found_group *groups, uint32_t count) {
  if (count == 0) return;
  struct eagre_state_pane *pane = eagre_state_table_get_pane(table, end);
  const uint64_t *homes[BATCH_GROUPS];
  for (uint32_t i = 0; i < count; i++) {
    homes[i] = eagre_state_slot_home(eagre_state_slots_of(pane, groups[i].hash), groups[i].hash);
    __builtin_prefetch(homes[i]);
  }
  for (uint32_t i = 0; i < count; i++) {
    __builtin_prefetch(eagre_state_slot_group(*homes[i]));
  }
  for (uint32_t i = 0; i < count; i++) {
    bool is_new = false;
    struct eagre_state_record *group =
        eagre_state_pane_get(table, pane, groups[i].hash, groups[i].key, &is_new);
    if (is_new)
      eagre_state_payload_fill(table, groups[i].payload, &pane->arena, eagre_state_payload(group));
  }
}

/* Brings those into memory that a newer file has given and that have been spilled since. */
static void fetch_groups(struct eagre_state_restore *restore, struct eagre_state_table *table,
                         int64_t end, const struct found_group *groups, uint32_t count) {
  struct eagre_text keys[BATCH_GROUPS];
  uint64_t hashes[BATCH_GROUPS];
  int64_t panes[BATCH_GROUPS];
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = groups[i].key;
    hashes[i] = groups[i].hash;
    panes[i] = end;
  }
  const struct eagre_state_keys all = {keys, hashes};
  restore->input.status = eagre_state_fetch(table, panes, &all, count, restore->input.error);
}

static void put_batch(struct eagre_state_restore *restore, struct eagre_state_table *table,
                      int64_t end, const struct found_group *groups, uint32_t count) {
  struct eagre_state_input *input = &restore->input;
  if (eagre_state_is_cold(table)) fetch_groups(restore, table, end, groups, count);
  if (input->status != EAGRE_OK) return;
  put_groups(table, end, groups, count);
  restore->unmeasured_count += count;
  if (restore->unmeasured_count < MEASURED_GROUPS) return;
  restore->unmeasured_count = 0;
  if (eagre_state_is_full(restore->set))
    input->status = eagre_state_spill(restore->set, true, input->error);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

/* Room for a pane's groups at once, where they stay in memory: for those that follow, which are
 * ours in files of the same cores, and for those that are expected of all files. These numbers are
 * not verified yet: they are believed as far as the rest of the file can hold, and as a file has at
 * least one of EAGRE_STATE_SLICES_MAX groups. */
static void reserve_pane(struct eagre_state_restore *restore, struct eagre_state_table *table,
                         int64_t end, uint64_t count) {
  const struct eagre_state_input *input = &restore->input;
  uint64_t size_min = EAGRE_STATE_GROUP_SIZE_MIN + table->payload_size;
  uint64_t there = input->left / size_min;
  bool is_kept = end > restore->evicted_max && counts(restore) && table->cold.tier == NULL;
  if (input->status != EAGRE_OK || !is_kept) return;
  uint64_t believed = there < count ? there : count;
  uint64_t expected_max = there * EAGRE_STATE_SLICES_MAX;
  uint64_t expected =
      restore->expected_count < expected_max ? restore->expected_count : expected_max;
  restore->expected_count = 0;
  if (!restore->is_same_cores) {
    believed = 0;
    expected /= restore->core_total;
  }
  eagre_state_slots_reserve(table, eagre_state_table_get_pane(table, end),
                            expected > believed ? expected : believed);
}

/* Returns the number of groups in it. */
static uint64_t take_pane(struct eagre_state_restore *restore, struct eagre_state_table *table) {
  struct eagre_state_input *input = &restore->input;
  struct found_group groups[BATCH_GROUPS];
  int64_t end = (int64_t)eagre_state_input_integer(input, 8);
  uint64_t count = eagre_state_input_integer(input, 8);
  if (count == 0) eagre_state_input_refuse(input, "it has a pane without groups");
  reserve_pane(restore, table, end, count);
  for (uint64_t left = count; left > 0 && input->status == EAGRE_OK;) {
    uint32_t taken = take_batch(table, input, left, groups);
    if (counts(restore))
      put_batch(restore, table, end, groups, keep_wanted(restore, table, end, groups, taken));
    left -= taken;
  }
  return count;
}

/* Returns the number of groups in the panes. */
static uint64_t take_panes(struct eagre_state_restore *restore, struct eagre_state_table *table,
                           bool is_slice) {
  uint64_t pane_count = eagre_state_input_integer(&restore->input, 8);
  uint64_t seen = 0;
  restore->is_in_slice = is_slice;
  for (uint64_t i = 0; i < pane_count && restore->input.status == EAGRE_OK; i++) {
    seen += take_pane(restore, table);
  }
  return seen;
}

/* What this file says of evictions counts for the older files of the chain. */
static uint64_t take_table(struct eagre_state_restore *restore, uint32_t number) {
  struct eagre_state_input *input = &restore->input;
  struct eagre_state_table *table = restore->set->tables[number];
  int64_t *evicted_max = &restore->evicted_pane_max[number];
  restore->evicted_max = *evicted_max;
  int64_t evicted = (int64_t)eagre_state_input_integer(input, 8);
  uint64_t payload_size = eagre_state_input_integer(input, 4);
  uint64_t expected_count = eagre_state_input_integer(input, 4);
  restore->expected_count = restore->is_newest ? expected_count : 0;
  if (payload_size != table->payload_size)
    eagre_state_input_refuse(input, "its groups have not the size that its header says");
  uint64_t seen = take_panes(restore, table, false);
  if (restore->has_slices) seen += take_panes(restore, table, true);
  if (evicted > *evicted_max) *evicted_max = evicted;
  return seen;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* A row as it stands in the file. */
struct found_row {
  uint64_t number;
  int64_t time;
  uint32_t flags;
  uint32_t key_size;
  uint32_t body_size;
  const char *bytes; /* key, body */
};

static bool find_row(struct eagre_state_input *input, struct found_row *out) {
  if (!eagre_state_input_need(input, EAGRE_STATE_ROW_SIZE_MIN)) return false;
  const char *bytes = eagre_state_input_next(input);
  uint64_t key_size = eagre_state_get_integer(bytes + 20, 4);
  uint64_t body_size = eagre_state_get_integer(bytes + 24, 4);
  if (!eagre_state_input_need(input, EAGRE_STATE_ROW_SIZE_MIN + key_size + body_size)) return false;
  bytes = eagre_state_input_next(input);
  *out = (struct found_row){
      .number = eagre_state_get_integer(bytes, 8),
      .time = (int64_t)eagre_state_get_integer(bytes + 8, 8),
      .flags = (uint32_t)eagre_state_get_integer(bytes + 16, 4),
      .key_size = (uint32_t)key_size,
      .body_size = (uint32_t)body_size,
      .bytes = bytes + EAGRE_STATE_ROW_SIZE_MIN,
  };
  return true;
}

/* Its number stays where deltas may follow, which speak of it. */
static void put_row(const struct eagre_state_restore *restore, uint32_t store,
                    const struct found_row *found, uint64_t hash) {
  struct eagre_state_rows *rows = restore->set->rows[store];
  size_t size = (size_t)found->key_size + found->body_size;
  bool is_matched = (found->flags & EAGRE_STATE_ROW_MATCHED) != 0 ||
                    has_number(&restore->matched[store], found->number);
  if (is_matched && rows->drops_matched) return;
  struct eagre_state_row *row =
      eagre_state_rows_make(rows, found->time, found->key_size, found->body_size);
  if (size > 0) memcpy(row + 1, found->bytes, size);
  row->hash = hash;
  row->number = restore->is_same_cores ? found->number : rows->next_number++;
  row->flags = found->flags;
  if (is_matched) row->flags |= EAGRE_STATE_ROW_MATCHED;
  eagre_state_rows_link(rows, row);
}

static void take_row(struct eagre_state_restore *restore, uint32_t store, uint64_t next_number) {
  struct eagre_state_input *input = &restore->input;
  struct found_row found;
  if (!find_row(input, &found)) return;
  if (found.number == 0 || found.number >= next_number || found.flags > 3) {
    eagre_state_input_refuse(input, "a row makes no sense");
    return;
  }
  uint64_t hash = eagre_state_hash_key(eagre_text_make(found.bytes, found.key_size));
  if (counts(restore) && is_wanted(restore, found.time, hash))
    put_row(restore, store, &found, hash);
  eagre_state_input_skip(input,
                         EAGRE_STATE_ROW_SIZE_MIN + (uint64_t)found.key_size + found.body_size);
}

/* Returns how many of the rows it has taken. */
static uint64_t take_some_rows(struct eagre_state_restore *restore, uint32_t store, bool is_slice,
                               uint64_t count, uint64_t next_number) {
  uint64_t seen = 0;
  restore->is_in_slice = is_slice;
  while (seen < count && eagre_state_input_has(&restore->input, EAGRE_STATE_ROW_SIZE_MIN)) {
    take_row(restore, store, next_number);
    seen++;
  }
  return seen;
}

/* Numbers of rows that have found a match; `out` is empty. */
static void take_matched(struct eagre_state_input *input, uint64_t count,
                         struct eagre_state_numbers *out) {
  for (uint64_t i = 0; i < count && eagre_state_input_need(input, 8); i++) {
    uint64_t number = eagre_state_input_integer(input, 8);
    if (number == 0) {
      eagre_state_input_refuse(input, "a row makes no sense");
    } else {
      add_number(out, number);
    }
  }
}

/* What this file says of evictions and matches counts for the older files of the chain. */
static uint64_t take_rows(struct eagre_state_restore *restore, uint32_t store) {
  struct eagre_state_input *input = &restore->input;
  struct eagre_state_rows *rows = restore->set->rows[store];
  int64_t *evicted_max = &restore->evicted_time_max[store];
  restore->evicted_max = *evicted_max;
  int64_t evicted = (int64_t)eagre_state_input_integer(input, 8);
  uint64_t next_number = eagre_state_input_integer(input, 8);
  uint64_t matched_count = eagre_state_input_integer(input, 8);
  uint64_t new_count = eagre_state_input_integer(input, 8);
  uint64_t slice_count = restore->has_slices ? eagre_state_input_integer(input, 8) : 0;
  struct eagre_state_numbers matched = {0};
  take_matched(input, matched_count, &matched);
  uint64_t seen = take_some_rows(restore, store, false, new_count, next_number);
  seen += take_some_rows(restore, store, true, slice_count, next_number);
  add_numbers(&restore->matched[store], &matched);
  eagre_free(matched.slots);
  if (restore->is_same_cores && next_number > rows->next_number) rows->next_number = next_number;
  if (evicted > *evicted_max) *evicted_max = evicted;
  return seen;
}

/* ---- All ------------------------------------------------------------------------------------- */

void eagre_state_body_take(struct eagre_state_restore *restore, uint64_t item_count) {
  struct eagre_state_input *input = &restore->input;
  uint64_t seen = 0;
  for (uint32_t i = 0; i < restore->set->count && input->status == EAGRE_OK; i++) {
    seen += take_table(restore, i);
  }
  for (uint32_t i = 0; i < restore->set->rows_count && input->status == EAGRE_OK; i++) {
    seen += take_rows(restore, i);
  }
  if (input->left > 0) eagre_state_input_refuse(input, "something follows its last table");
  if (seen != item_count) eagre_state_input_refuse(input, "its number of groups is wrong");
}

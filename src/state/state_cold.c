/* Groups on their way into the tier and back. */
#include "state/state_cold.h"
#include "state/state_snapshot.h"

#include <stdlib.h>
#include <string.h>

/* ---- Keys ------------------------------------------------------------------------------------ */

static void put_big_endian(char *out, uint64_t value, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    out[i] = (char)(value >> 8 * (size - 1 - i));
  }
}

static uint64_t exchange_halves(uint64_t hash) {
  return hash << 32 | hash >> 32;
}

void eagre_state_cold_head(const struct eagre_state_table *table, int64_t pane, uint64_t hash,
                           char out[EAGRE_STATE_COLD_HEAD_SIZE]) {
  put_big_endian(out, table->cold.number, 4);
  put_big_endian(out + 4, (uint64_t)pane ^ UINT64_C(1) << 63, 8);
  put_big_endian(out + 12, exchange_halves(hash), 8);
}

uint64_t eagre_state_cold_hash(struct eagre_text tier_key) {
  uint64_t value = 0;
  for (uint32_t i = 12; i < EAGRE_STATE_COLD_HEAD_SIZE; i++) {
    value = value << 8 | (unsigned char)tier_key.data[i];
  }
  return exchange_halves(value);
}

/* ---- Order ----------------------------------------------------------------------------------- */

/* Slots have bits 16-31 of the hash on top (state_table.h), with which the order of the tier
 * begins. So the slots of a pane that is given up are its groups, all but in order, and sorting
 * takes no memory of its own. */
enum {
  BUCKETS = 1 << 16,
  ONE_BUCKET_MAX = 4096, /* groups that are sorted at once, without buckets */
};

struct entry {
  uint64_t order;
  struct eagre_state_record *group;
};

struct spill {
  struct eagre_state_tier *tier;
  struct eagre_error *error;
  bool takes_all;                        /* not only tables of which the tier has groups */
  const struct eagre_state_table *table; /* being spilled */
  struct eagre_buffer key;
  struct eagre_buffer value;
  struct eagre_buffer entries; /* struct entry each, of one bucket */
  uint64_t ends[BUCKETS];      /* of the buckets of a pane, once their slots are in place */
  uint64_t next[BUCKETS];      /* while they are placed: where the next slot of a bucket goes */
};

static int compare_entries(const void *a, const void *b, void *context) {
  const struct entry *left = a;
  const struct entry *right = b;
  if (left->order != right->order) return left->order < right->order ? -1 : 1;
  const struct spill *spill = context;
  return eagre_text_compare(eagre_state_key(spill->table, left->group),
                            eagre_state_key(spill->table, right->group));
}

static void close_gaps(struct eagre_state_slots *slots, uint64_t group_count) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < slots->capacity && count < group_count; i++) {
    if (slots->words[i] != 0) slots->words[count++] = slots->words[i];
  }
}

static void find_buckets(struct spill *spill, const struct eagre_state_pane *pane) {
  memset(spill->ends, 0, sizeof spill->ends);
  for (uint64_t i = 0; i < pane->count; i++) {
    spill->ends[pane->slots.words[i] >> EAGRE_STATE_ADDRESS_BITS]++;
  }
  uint64_t sum = 0;
  for (uint32_t i = 0; i < BUCKETS; i++) {
    spill->next[i] = sum;
    sum += spill->ends[i];
    spill->ends[i] = sum;
  }
}

/* Swaps every slot into its bucket. */
static void fill_buckets(struct spill *spill, uint64_t *slots) {
  for (uint32_t i = 0; i < BUCKETS; i++) {
    while (spill->next[i] < spill->ends[i]) {
      uint64_t slot = slots[spill->next[i]];
      uint64_t place = spill->next[slot >> EAGRE_STATE_ADDRESS_BITS]++;
      if (slot >> EAGRE_STATE_ADDRESS_BITS == i) continue; /* it was there */
      slots[spill->next[i]] = slots[place];
      slots[place] = slot;
    }
  }
}

/* ---- Spilling -------------------------------------------------------------------------------- */

static void print_value(struct spill *spill, const char *payload) {
  static const char zeros[sizeof(struct eagre_text)] = {0};
  const struct eagre_state_table *table = spill->table;
  struct eagre_buffer *value = &spill->value;
  eagre_buffer_clear(value);
  eagre_buffer_append(value, payload, table->payload_size);
  for (uint32_t i = 0; i < table->text_count; i++) {
    struct eagre_text text;
    char size[4];
    memcpy(&text, payload + table->text_offsets[i], sizeof text);
    memcpy(value->data + table->text_offsets[i], zeros, sizeof zeros);
    eagre_assert(text.size < EAGRE_STATE_TEXT_NONE);
    eagre_state_put_integer(size, text.data == NULL ? EAGRE_STATE_TEXT_NONE : text.size, 4);
    eagre_buffer_append(value, size, sizeof size);
    if (text.data != NULL) eagre_buffer_append(value, text.data, text.size);
  }
}

static enum eagre_status spill_group(struct spill *spill, int64_t pane,
                                     struct eagre_state_record *group) {
  char head[EAGRE_STATE_COLD_HEAD_SIZE];
  eagre_state_cold_head(spill->table, pane, group->hash, head);
  eagre_buffer_clear(&spill->key);
  eagre_buffer_append(&spill->key, head, sizeof head);
  eagre_buffer_append_text(&spill->key, eagre_state_key(spill->table, group));
  print_value(spill, eagre_state_payload(group));
  return eagre_state_tier_put(spill->tier, eagre_buffer_text(&spill->key),
                              eagre_buffer_text(&spill->value), spill->error);
}

static enum eagre_status spill_bucket(struct spill *spill, int64_t pane, const uint64_t *slots,
                                      uint64_t count) {
  eagre_buffer_clear(&spill->entries);
  struct entry *entries =
      (struct entry *)eagre_buffer_reserve(&spill->entries, count * sizeof *entries);
  for (uint64_t i = 0; i < count; i++) {
    __builtin_prefetch(eagre_state_slot_group(slots[i]));
  }
  for (uint64_t i = 0; i < count; i++) {
    entries[i].group = eagre_state_slot_group(slots[i]);
    entries[i].order = exchange_halves(entries[i].group->hash);
  }
  qsort_r(entries, count, sizeof *entries, compare_entries, spill);
  for (uint64_t i = 0; i < count; i++) {
    EAGRE_TRY(spill_group(spill, pane, entries[i].group));
  }
  return EAGRE_OK;
}

static enum eagre_status spill_pane(struct spill *spill, struct eagre_state_pane *pane) {
  uint64_t *slots = pane->slots.words;
  eagre_state_slots_end_move(pane);
  close_gaps(&pane->slots, pane->count);
  if (pane->count <= ONE_BUCKET_MAX) return spill_bucket(spill, pane->end, slots, pane->count);
  find_buckets(spill, pane);
  fill_buckets(spill, slots);
  uint64_t begin = 0;
  for (uint32_t i = 0; i < BUCKETS; i++) {
    uint64_t count = spill->ends[i] - begin;
    if (count > 0) EAGRE_TRY(spill_bucket(spill, pane->end, slots + begin, count));
    begin += count;
  }
  return EAGRE_OK;
}

/* Panes that were evicted, before others of their times may come. */
static enum eagre_status delete_evicted(struct eagre_state_table *table,
                                        struct eagre_error *error) {
  struct eagre_state_cold *cold = &table->cold;
  char from[EAGRE_STATE_COLD_HEAD_SIZE];
  char to[EAGRE_STATE_COLD_HEAD_SIZE] = {0};
  if (cold->evicted_max == INT64_MIN) return EAGRE_OK;
  eagre_state_cold_head(table, INT64_MIN, 0, from);
  /* Where the pane behind them would begin, or the next table. */
  if (cold->evicted_max < INT64_MAX) {
    eagre_state_cold_head(table, cold->evicted_max + 1, 0, to);
  } else {
    put_big_endian(to, cold->number + 1, 4);
  }
  EAGRE_TRY(eagre_state_tier_delete(cold->tier, eagre_text_make(from, sizeof from),
                                    eagre_text_make(to, sizeof to), error));
  cold->evicted_max = INT64_MIN;
  return EAGRE_OK;
}

static enum eagre_status delete_all_evicted(const struct eagre_state_set *set,
                                            struct eagre_error *error) {
  for (uint32_t i = 0; i < set->count; i++) {
    EAGRE_TRY(delete_evicted(set->tables[i], error));
  }
  return EAGRE_OK;
}

static bool leaves(const struct spill *spill, const struct eagre_state_table *table) {
  return table->cold.tier != NULL && (spill->takes_all || eagre_state_is_cold(table));
}

static enum eagre_status spill_tables(struct spill *spill, const struct eagre_state_set *set) {
  EAGRE_TRY(eagre_state_tier_begin_run(spill->tier, spill->error));
  for (uint32_t i = 0; i < set->count; i++) {
    const struct eagre_state_table *table = spill->table = set->tables[i];
    for (uint32_t j = 0; leaves(spill, table) && j < table->pane_count; j++) {
      if (table->panes[j]->count > 0) EAGRE_TRY(spill_pane(spill, table->panes[j]));
    }
  }
  return eagre_state_tier_end_run(spill->tier, spill->error);
}

/* Whatever was in memory is in the tier. A pass that walked memory ends with the first groups that
 * leave it. */
static void note_spilled(const struct eagre_state_set *set, struct eagre_state_table *table) {
  if (!eagre_state_is_cold(table) && table->group_count > 0) eagre_state_plan_failed(set);
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_pane *pane = table->panes[i];
    if (pane->count == 0) continue;
    pane->is_in_tier = true;
    pane->cold_count += pane->count;
    table->cold.count += pane->count;
    table->cold.is_used = true;
    eagre_state_pane_empty(pane);
  }
  table->changed_count = 0;
}

static struct eagre_state_tier *tier_of(const struct eagre_state_set *set) {
  for (uint32_t i = 0; i < set->count; i++) {
    if (set->tables[i]->cold.tier != NULL) return set->tables[i]->cold.tier;
  }
  return NULL;
}

enum eagre_status eagre_state_spill(const struct eagre_state_set *set, bool takes_all,
                                    struct eagre_error *error) {
  struct spill *spill = eagre_allocate_zeroed(1, sizeof *spill);
  spill->tier = tier_of(set);
  spill->error = error;
  spill->takes_all = takes_all;
  enum eagre_status status = delete_all_evicted(set, error);
  if (status == EAGRE_OK) status = spill_tables(spill, set);
  for (uint32_t i = 0; i < set->count && status == EAGRE_OK; i++) {
    if (leaves(spill, set->tables[i])) note_spilled(set, set->tables[i]);
  }
  eagre_buffer_done(&spill->key);
  eagre_buffer_done(&spill->value);
  eagre_buffer_done(&spill->entries);
  eagre_free(spill);
  return status;
}

bool eagre_state_is_full(const struct eagre_state_set *set) {
  const struct eagre_state_tier *tier = tier_of(set);
  uint64_t size = 0;
  if (tier == NULL) return false;
  for (uint32_t i = 0; i < set->count; i++) {
    struct eagre_state_metrics metrics;
    if (set->tables[i]->cold.tier == NULL) continue;
    eagre_state_measure(set->tables[i], &metrics);
    size += metrics.memory_bytes;
  }
  return size > eagre_state_tier_table_size(tier);
}

/* Whether a pass over the set may go on, or begin with the next file, as things are. */
static bool is_ready_for_pass(const struct eagre_state_set *set) {
  bool is_under_way = eagre_state_set_base(set, 0)->pass_first >= 0;
  for (uint32_t i = 0; i < set->count; i++) {
    const struct eagre_state_table *table = set->tables[i];
    bool has_old = eagre_state_is_cold(table) && table->group_count > table->cold.count;
    if (has_old && !is_under_way) return false;
  }
  return true;
}

enum eagre_status eagre_state_relieve(const struct eagre_state_set *set,
                                      struct eagre_error *error) {
  if (tier_of(set) == NULL) return EAGRE_OK;
  EAGRE_TRY(delete_all_evicted(set, error));
  bool is_full = eagre_state_is_full(set);
  if (!is_full && is_ready_for_pass(set)) return EAGRE_OK;
  return eagre_state_spill(set, is_full, error);
}

void eagre_state_table_use_tier(struct eagre_state_table *table, struct eagre_state_tier *tier) {
  eagre_assert(table->group_count == 0 && table->cold.tier == NULL);
  table->cold.tier = tier;
  table->cold.number = eagre_state_tier_add_table(tier);
}

bool eagre_state_has_cold(const struct eagre_state_table *table) {
  return table->cold.count > 0;
}

/* ---- Fetching -------------------------------------------------------------------------------- */

enum { SLOTS_AHEAD = 32 }; /* that are fetched into the processor's cache at once */

/* A group that is not in memory and may be in the tier. */
struct wanted {
  struct eagre_state_pane *pane;
  uint64_t order;
  struct eagre_text key;
};

static int compare_wanted(const void *a, const void *b) {
  const struct wanted *left = a;
  const struct wanted *right = b;
  if (left->pane->end != right->pane->end) return left->pane->end < right->pane->end ? -1 : 1;
  if (left->order != right->order) return left->order < right->order ? -1 : 1;
  return eagre_text_compare(left->key, right->key);
}

/* Whether the value of a pair can be a payload of the table. */
static bool is_value(const struct eagre_state_table *table, struct eagre_text value) {
  uint64_t size = table->payload_size;
  for (uint32_t i = 0; i < table->text_count; i++) {
    if (size + 4 > value.size) return false;
    uint64_t text_size = eagre_state_get_integer(value.data + size, 4);
    size += 4 + (text_size == EAGRE_STATE_TEXT_NONE ? 0 : text_size);
  }
  return size == value.size;
}

static void take_back(struct eagre_state_table *table, const struct wanted *wanted,
                      struct eagre_text value) {
  bool is_new = false;
  uint64_t hash = exchange_halves(wanted->order);
  struct eagre_state_record *group =
      eagre_state_pane_get(table, wanted->pane, hash, wanted->key, &is_new);
  if (!is_new) return; /* it was wanted twice */
  eagre_assert(is_value(table, value));
  eagre_state_payload_fill(table, value.data, &wanted->pane->arena, eagre_state_payload(group));
  wanted->pane->cold_count--;
  table->cold.count--;
  table->group_count--; /* counted already, in the tier */
}

static enum eagre_status fetch_some(struct eagre_state_table *table, const struct wanted *wanted,
                                    uint32_t count, struct eagre_arena *arena,
                                    struct eagre_error *error) {
  struct eagre_text keys[EAGRE_STATE_TIER_KEYS_MAX];
  struct eagre_text values[EAGRE_STATE_TIER_KEYS_MAX];
  for (uint32_t i = 0; i < count; i++) {
    size_t size = EAGRE_STATE_COLD_HEAD_SIZE + wanted[i].key.size;
    char *key = eagre_arena_allocate(arena, size);
    eagre_state_cold_head(table, wanted[i].pane->end, exchange_halves(wanted[i].order), key);
    memcpy(key + EAGRE_STATE_COLD_HEAD_SIZE, wanted[i].key.data, wanted[i].key.size);
    keys[i] = eagre_text_make(key, size);
  }
  EAGRE_TRY(eagre_state_tier_get(table->cold.tier, keys, count, values, error));
  for (uint32_t i = 0; i < count; i++) {
    if (values[i].data != NULL) take_back(table, &wanted[i], values[i]);
  }
  return EAGRE_OK;
}

/* Keeps of some groups those that are not in memory: most are not, so that the slots where they
 * would be are fetched ahead. */
static uint32_t keep_absent(const struct eagre_state_table *table, struct wanted *wanted,
                            uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_state_pane *pane = wanted[i].pane;
    uint64_t hash = exchange_halves(wanted[i].order);
    __builtin_prefetch(eagre_state_slot_home(eagre_state_slots_of(pane, hash), hash));
  }
  for (uint32_t i = 0; i < count; i++) {
    uint64_t hash = exchange_halves(wanted[i].order);
    if (eagre_state_pane_find(table, wanted[i].pane, hash, wanted[i].key) == NULL)
      wanted[kept++] = wanted[i];
  }
  return kept;
}

static uint32_t find_wanted(struct eagre_state_table *table, const int64_t *panes,
                            const struct eagre_state_keys *keys, uint32_t row_count,
                            struct wanted *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < row_count;) {
    uint32_t fresh = 0;
    for (; i < row_count && fresh < SLOTS_AHEAD; i++) {
      int64_t end = panes == NULL ? 0 : panes[i];
      struct eagre_state_pane *pane = eagre_state_table_get_pane(table, end);
      if (pane->cold_count == 0) continue;
      out[count + fresh++] = (struct wanted){pane, exchange_halves(keys->hashes[i]), keys->keys[i]};
    }
    count += keep_absent(table, out + count, fresh);
  }
  return count;
}

enum eagre_status eagre_state_fetch(struct eagre_state_table *table, const int64_t *panes,
                                    const struct eagre_state_keys *keys, uint32_t row_count,
                                    struct eagre_error *error) {
  if (table->cold.count == 0) return EAGRE_OK;
  struct eagre_arena arena = {0};
  struct wanted *wanted = eagre_arena_allocate_vector(&arena, row_count * sizeof *wanted);
  struct eagre_arena tier_keys = {0};
  uint32_t count = find_wanted(table, panes, keys, row_count, wanted);
  qsort(wanted, count, sizeof *wanted, compare_wanted);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i += EAGRE_STATE_TIER_KEYS_MAX) {
    uint32_t left = count - i;
    uint32_t part = left < EAGRE_STATE_TIER_KEYS_MAX ? left : EAGRE_STATE_TIER_KEYS_MAX;
    status = fetch_some(table, wanted + i, part, &tier_keys, error);
    eagre_arena_reset(&tier_keys);
  }
  eagre_arena_done(&tier_keys);
  eagre_arena_done(&arena);
  return status;
}

/* Open addressing with linear probing. A slot keeps 32 bits of the hash, so that probing and
 * growing rarely look at the values. */
#include "parquet/parquet_dictionary.h"

#include <endian.h>

enum { SLOT_COUNT_MIN = 1024 };

void eagre_parquet_dictionary_init(struct eagre_parquet_dictionary *dictionary,
                                   enum eagre_parquet_type physical) {
  eagre_assert(physical != EAGRE_PARQUET_BOOLEAN);
  *dictionary = (struct eagre_parquet_dictionary){.physical = physical};
}

void eagre_parquet_dictionary_done(struct eagre_parquet_dictionary *dictionary) {
  eagre_buffer_done(&dictionary->plain);
  eagre_free(dictionary->keys);
  eagre_free(dictionary->slots);
  *dictionary = (struct eagre_parquet_dictionary){.physical = dictionary->physical};
}

void eagre_parquet_dictionary_reset(struct eagre_parquet_dictionary *dictionary) {
  dictionary->count = 0;
  eagre_buffer_clear(&dictionary->plain);
  if (dictionary->slots == NULL) return;
  memset(dictionary->slots, 0, dictionary->slot_count * sizeof *dictionary->slots);
}

struct eagre_text eagre_parquet_dictionary_text(const struct eagre_parquet_dictionary *dictionary,
                                                uint32_t index) {
  const struct eagre_parquet_text_key *key = &dictionary->keys[index];
  return eagre_text_make(dictionary->plain.data + key->offset, key->size);
}

/* ---- Slots ---------------------------------------------------------------------------------- */

static void insert_slot(struct eagre_parquet_dictionary *dictionary,
                        struct eagre_parquet_slot slot) {
  uint32_t mask = dictionary->slot_count - 1;
  uint32_t position = slot.hash & mask;
  while (dictionary->slots[position].index != 0) {
    position = (position + 1) & mask;
  }
  dictionary->slots[position] = slot;
}

/* Doubles the table when `extra` more values could fill more than half of it. Callers add at most a
 * slice of rows at a time, so the loop of additions need not check. */
static void reserve_slots(struct eagre_parquet_dictionary *dictionary, uint32_t extra) {
  uint64_t needed = 2 * ((uint64_t)dictionary->count + extra);
  uint64_t slot_count = dictionary->slot_count == 0 ? SLOT_COUNT_MIN : dictionary->slot_count;
  while (slot_count < needed) {
    slot_count *= 2;
  }
  if (slot_count == dictionary->slot_count) return;
  eagre_assert(slot_count <= UINT32_MAX);
  struct eagre_parquet_slot *old_slots = dictionary->slots;
  uint32_t old_count = dictionary->slot_count;
  dictionary->slots = eagre_allocate_zeroed(slot_count, sizeof *dictionary->slots);
  dictionary->slot_count = (uint32_t)slot_count;
  for (uint32_t i = 0; i < old_count; i++) {
    if (old_slots[i].index != 0) insert_slot(dictionary, old_slots[i]);
  }
  eagre_free(old_slots);
}

static void reserve_keys(struct eagre_parquet_dictionary *dictionary, uint32_t extra) {
  uint32_t needed = dictionary->count + extra;
  if (needed <= dictionary->key_capacity) return;
  uint32_t capacity = needed > 2 * dictionary->key_capacity ? needed : 2 * dictionary->key_capacity;
  dictionary->keys = eagre_reallocate(dictionary->keys, capacity * sizeof *dictionary->keys);
  dictionary->key_capacity = capacity;
}

/* ---- Fixed width ---------------------------------------------------------------------------- */

/* Parquet's PLAIN is little-endian and so are the machines Eagre runs on. */
static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "values are copied as they are");

/* One text, two widths: the loop is inlined with a constant type each time. */
#define ADD_FIXED(value_type, hash_value)                                                          \
  do {                                                                                             \
    const value_type *from = values;                                                               \
    eagre_buffer_reserve(&dictionary->plain, count * sizeof(value_type));                          \
    value_type *known = (value_type *)dictionary->plain.data;                                      \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      uint32_t hash = (uint32_t)hash_value(from[i], 0);                                            \
      uint32_t position = hash & mask;                                                             \
      uint32_t index;                                                                              \
      while ((index = slots[position].index) != 0 && known[index - 1] != from[i]) {                \
        position = (position + 1) & mask;                                                          \
      }                                                                                            \
      if (index == 0) {                                                                            \
        known[dictionary->count] = from[i];                                                        \
        index = ++dictionary->count;                                                               \
        slots[position] = (struct eagre_parquet_slot){hash, index};                                \
      }                                                                                            \
      out_indexes[i] = index - 1;                                                                  \
    }                                                                                              \
    dictionary->plain.size = dictionary->count * sizeof(value_type);                               \
  } while (0)

static void add_words(struct eagre_parquet_dictionary *dictionary, const void *values,
                      uint32_t count, uint32_t *out_indexes) {
  struct eagre_parquet_slot *slots = dictionary->slots;
  uint32_t mask = dictionary->slot_count - 1;
  ADD_FIXED(uint32_t, eagre_hash_integer);
}

static void add_long_words(struct eagre_parquet_dictionary *dictionary, const void *values,
                           uint32_t count, uint32_t *out_indexes) {
  struct eagre_parquet_slot *slots = dictionary->slots;
  uint32_t mask = dictionary->slot_count - 1;
  ADD_FIXED(uint64_t, eagre_hash_integer);
}

static inline uint64_t hash_wide(unsigned __int128 value, uint64_t seed) {
  return eagre_hash_integer((uint64_t)value, eagre_hash_integer((uint64_t)(value >> 64), seed));
}

static void add_wide_words(struct eagre_parquet_dictionary *dictionary, const void *values,
                           uint32_t count, uint32_t *out_indexes) {
  struct eagre_parquet_slot *slots = dictionary->slots;
  uint32_t mask = dictionary->slot_count - 1;
  ADD_FIXED(unsigned __int128, hash_wide);
}

/* ---- Text ----------------------------------------------------------------------------------- */

enum { TEXT_BLOCK_COUNT = 64 }; /* texts added at a time */

static inline struct eagre_parquet_text_key make_key(struct eagre_text text) {
  struct eagre_parquet_text_key key = {.size = (uint32_t)text.size};
  if (text.size > EAGRE_TEXT_WORDS_SIZE_MAX) {
    key.words.first = eagre_hash_bytes(text.data, text.size, 0);
  } else {
    key.words = eagre_text_words_make(text);
  }
  return key;
}

/* Without branches but the caller's. */
static inline bool is_key_equal(const struct eagre_parquet_text_key *known,
                                const struct eagre_parquet_text_key *key) {
  return ((known->words.first ^ key->words.first) | (known->words.last ^ key->words.last) |
          (known->size ^ key->size)) == 0;
}

static uint32_t append_text(struct eagre_parquet_dictionary *dictionary,
                            struct eagre_parquet_text_key key, struct eagre_text text) {
  uint32_t size = htole32((uint32_t)text.size);
  eagre_buffer_append(&dictionary->plain, &size, sizeof size);
  eagre_assert(dictionary->plain.size + text.size <= UINT32_MAX);
  key.offset = (uint32_t)dictionary->plain.size;
  dictionary->keys[dictionary->count] = key;
  eagre_buffer_append_text(&dictionary->plain, text);
  return ++dictionary->count;
}

/* Finds the slot of a text, or the empty one where it belongs. */
static struct eagre_parquet_slot *find_text(const struct eagre_parquet_dictionary *dictionary,
                                            const struct eagre_parquet_text_key *key, uint32_t hash,
                                            const char *data) {
  uint32_t mask = dictionary->slot_count - 1;
  for (uint32_t position = hash & mask;; position = (position + 1) & mask) {
    struct eagre_parquet_slot *slot = &dictionary->slots[position];
    if (slot->index == 0) return slot;
    const struct eagre_parquet_text_key *known = &dictionary->keys[slot->index - 1];
    if (!is_key_equal(known, key)) continue;
    if (key->size <= EAGRE_TEXT_WORDS_SIZE_MAX) return slot;
    if (memcmp(dictionary->plain.data + known->offset, data, key->size) == 0) return slot;
  }
}

/* The index, from 1, of a text that is not in its home slot, or long, or new. */
static __attribute__((noinline)) uint32_t search_text(struct eagre_parquet_dictionary *dictionary,
                                                      const struct eagre_parquet_text_key *key,
                                                      uint32_t hash, struct eagre_text text) {
  struct eagre_parquet_slot *slot = find_text(dictionary, key, hash, text.data);
  if (slot->index == 0) {
    *slot = (struct eagre_parquet_slot){hash, append_text(dictionary, *key, text)};
  }
  return slot->index;
}

/* In two passes, each of which keeps many texts under way at once: the first waits for their bytes,
 * the second for slots. */
static void add_block(struct eagre_parquet_dictionary *dictionary, const struct eagre_text *values,
                      uint32_t count, uint32_t *out_indexes) {
  struct eagre_parquet_text_key block[TEXT_BLOCK_COUNT];
  uint32_t hashes[TEXT_BLOCK_COUNT];
  for (uint32_t i = 0; i < count; i++) {
    block[i] = make_key(values[i]);
    hashes[i] = eagre_text_words_hash(block[i].words, block[i].size);
  }
  const struct eagre_parquet_slot *slots = dictionary->slots;
  const struct eagre_parquet_text_key *keys = dictionary->keys;
  uint32_t mask = dictionary->slot_count - 1;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t index = slots[hashes[i] & mask].index;
    bool is_found = index != 0 && block[i].size <= EAGRE_TEXT_WORDS_SIZE_MAX &&
                    is_key_equal(&keys[index - 1], &block[i]);
    if (!is_found) index = search_text(dictionary, &block[i], hashes[i], values[i]);
    out_indexes[i] = index - 1;
  }
}

static void add_texts(struct eagre_parquet_dictionary *dictionary, const struct eagre_text *values,
                      uint32_t count, uint32_t *out_indexes) {
  reserve_keys(dictionary, count);
  for (uint32_t begin = 0; begin < count; begin += TEXT_BLOCK_COUNT) {
    uint32_t block = count - begin < TEXT_BLOCK_COUNT ? count - begin : TEXT_BLOCK_COUNT;
    add_block(dictionary, values + begin, block, out_indexes + begin);
  }
}

void eagre_parquet_dictionary_add(struct eagre_parquet_dictionary *dictionary, const void *values,
                                  uint32_t count, uint32_t *out_indexes) {
  reserve_slots(dictionary, count);
  switch (dictionary->physical) {
  case EAGRE_PARQUET_INT32:
  case EAGRE_PARQUET_FLOAT:
    add_words(dictionary, values, count, out_indexes);
    return;
  case EAGRE_PARQUET_INT64:
  case EAGRE_PARQUET_DOUBLE:
    add_long_words(dictionary, values, count, out_indexes);
    return;
  case EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY:
    add_wide_words(dictionary, values, count, out_indexes);
    return;
  case EAGRE_PARQUET_BYTE_ARRAY:
    add_texts(dictionary, values, count, out_indexes);
    return;
  default:
    break;
  }
  eagre_assert_failed("a type that has dictionaries", __FILE__, __LINE__);
}

/* Open addressing over an array of entries in order of insertion. Removing leaves a dead entry,
 * whose slot later probes pass; growing drops them. */
#include "delta/delta_map.h"

enum { SLOT_COUNT_MIN = 16 };

void eagre_delta_map_done(struct eagre_delta_map *map) {
  for (uint32_t i = 0; i < map->entry_count; i++) {
    eagre_free(map->entries[i].block);
  }
  eagre_free(map->entries);
  eagre_free(map->slots);
  *map = (struct eagre_delta_map){0};
}

/* The slot of `key`, or the empty one that ends its probe. Slots of removed entries are passed. */
static uint32_t find_slot(const struct eagre_delta_map *map, struct eagre_text key, uint64_t hash) {
  uint32_t mask = map->slot_count - 1;
  uint32_t position = (uint32_t)hash & mask;
  while (map->slots[position] != 0) {
    const struct eagre_delta_entry *entry = &map->entries[map->slots[position] - 1];
    if (entry->block != NULL && entry->hash == hash && eagre_text_equal(entry->key, key)) break;
    position = (position + 1) & mask;
  }
  return position;
}

static uint64_t hash_key(struct eagre_text key) {
  return eagre_hash_bytes(key.data, key.size, 0);
}

const struct eagre_delta_entry *eagre_delta_map_find(const struct eagre_delta_map *map,
                                                     struct eagre_text key) {
  if (map->slot_count == 0) return NULL;
  uint32_t slot = map->slots[find_slot(map, key, hash_key(key))];
  return slot == 0 ? NULL : &map->entries[slot - 1];
}

void eagre_delta_map_remove(struct eagre_delta_map *map, struct eagre_text key) {
  if (map->slot_count == 0) return;
  uint32_t slot = map->slots[find_slot(map, key, hash_key(key))];
  if (slot == 0) return;
  struct eagre_delta_entry *entry = &map->entries[slot - 1];
  eagre_free(entry->block);
  entry->block = NULL;
  map->live_count--;
}

/* Drops the removed entries and makes room for one more; slots stay at most half full. */
static void rebuild(struct eagre_delta_map *map) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < map->entry_count; i++) {
    if (map->entries[i].block != NULL) map->entries[kept++] = map->entries[i];
  }
  map->entry_count = kept;
  uint32_t slot_count = SLOT_COUNT_MIN;
  /* At least as many free entries as there are live ones, so that rebuilding is rare. */
  while (slot_count < 4 * (kept + 1)) {
    slot_count *= 2;
  }
  map->entry_capacity = slot_count / 2;
  map->entries = eagre_reallocate(map->entries, map->entry_capacity * sizeof *map->entries);
  eagre_free(map->slots);
  map->slots = eagre_allocate_zeroed(slot_count, sizeof *map->slots);
  map->slot_count = slot_count;
  for (uint32_t i = 0; i < kept; i++) {
    map->slots[find_slot(map, map->entries[i].key, map->entries[i].hash)] = i + 1;
  }
}

void eagre_delta_map_set(struct eagre_delta_map *map, struct eagre_text key,
                         struct eagre_text content, int64_t number) {
  char *block = eagre_allocate(key.size + content.size);
  if (key.size > 0) memcpy(block, key.data, key.size);
  if (content.size > 0) memcpy(block + key.size, content.data, content.size);
  eagre_delta_map_remove(map, key);
  if (map->entry_count == map->entry_capacity) rebuild(map);
  struct eagre_delta_entry *entry = &map->entries[map->entry_count++];
  *entry = (struct eagre_delta_entry){
      .key = eagre_text_make(block, key.size),
      .content = eagre_text_make(block + key.size, content.size),
      .number = number,
      .hash = hash_key(key),
      .block = block,
  };
  map->slots[find_slot(map, entry->key, entry->hash)] = map->entry_count;
  map->live_count++;
}

const struct eagre_delta_entry *eagre_delta_map_next(const struct eagre_delta_map *map,
                                                     uint32_t *position) {
  while (*position < map->entry_count) {
    const struct eagre_delta_entry *entry = &map->entries[(*position)++];
    if (entry->block != NULL) return entry;
  }
  return NULL;
}

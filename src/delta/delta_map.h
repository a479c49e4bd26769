/* A map from text to one line of JSON and a number, in order of insertion: live files by path,
 * tombstones by path, transactions by application. Owns its texts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct eagre_delta_entry {
  struct eagre_text key;
  struct eagre_text content;
  int64_t number;
  uint64_t hash;
  char *block; /* holds both texts; NULL = removed */
};

/* All zero is a valid empty map. */
struct eagre_delta_map {
  struct eagre_delta_entry *entries; /* in order; removed ones stay until the map grows */
  uint32_t entry_count;
  uint32_t entry_capacity;
  uint32_t live_count;
  uint32_t *slots; /* index of an entry + 1; 0 = empty */
  uint32_t slot_count;
};

void eagre_delta_map_done(struct eagre_delta_map *map);
/* Adds or replaces; both texts are copied. A replaced entry moves to the end of the order. */
void eagre_delta_map_set(struct eagre_delta_map *map, struct eagre_text key,
                         struct eagre_text content, int64_t number);
/* NULL when absent; valid until the map changes. */
const struct eagre_delta_entry *eagre_delta_map_find(const struct eagre_delta_map *map,
                                                     struct eagre_text key);
void eagre_delta_map_remove(struct eagre_delta_map *map, struct eagre_text key);
/* The next entry from `*position` (0 to begin), or NULL. Entries may be removed on the way. */
const struct eagre_delta_entry *eagre_delta_map_next(const struct eagre_delta_map *map,
                                                     uint32_t *position);

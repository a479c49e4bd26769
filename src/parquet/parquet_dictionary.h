/* The dictionary of one column chunk: distinct values in order of appearance, and the hash table
 * that finds them. Values are compared bit for bit, so NaNs and both zeros keep their bits. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet_format.h"

struct eagre_parquet_slot {
  uint32_t hash;
  uint32_t index; /* from 1; 0 = empty */
};

/* What is compared of a text: its words, or as the first one the hash of a text too long for them.
 */
struct eagre_parquet_text_key {
  struct eagre_text_words words;
  uint32_t size;
  uint32_t offset; /* of the bytes in `plain` */
};

struct eagre_parquet_dictionary {
  enum eagre_parquet_type physical;
  uint32_t count;
  struct eagre_buffer plain;           /* the values, PLAIN: the body of the dictionary page */
  struct eagre_parquet_text_key *keys; /* BYTE_ARRAY only: one per value */
  uint32_t key_capacity;
  struct eagre_parquet_slot *slots;
  uint32_t slot_count; /* a power of two, at most half full */
};

/* No memory is taken before the first value. `physical` is not BOOLEAN. */
void eagre_parquet_dictionary_init(struct eagre_parquet_dictionary *dictionary,
                                   enum eagre_parquet_type physical);
void eagre_parquet_dictionary_done(struct eagre_parquet_dictionary *dictionary);
/* Empties it and keeps its memory. */
void eagre_parquet_dictionary_reset(struct eagre_parquet_dictionary *dictionary);

/* Writes the index of each of `count` values (as `eagre_parquet_shred.values` holds them) to
 * `out_indexes`; new ones are added. `plain` stays below 4 GiB: the caller watches its size. */
void eagre_parquet_dictionary_add(struct eagre_parquet_dictionary *dictionary, const void *values,
                                  uint32_t count, uint32_t *out_indexes);

/* The value of an index of a BYTE_ARRAY dictionary, valid until the next addition. */
struct eagre_text eagre_parquet_dictionary_text(const struct eagre_parquet_dictionary *dictionary,
                                                uint32_t index);

/* Values of any type as bytes, as accumulators keep them. Inside of the room `expression`.
 *
 *   value   = 0 (NULL) | 1 content
 *   content = BOOLEAN: one byte; fixed width: its bytes; STRING, BINARY: uint32 size, bytes;
 *             STRUCT: the values of its fields; ARRAY: uint32 count, values;
 *             MAP: uint32 count, then key and value in turn
 *
 * Numbers are little-endian and not aligned. A value says where it ends, so what stands behind it
 * in an accumulator does not matter. The bytes were written by this process or come from a snapshot
 * whose checksum and fingerprint were checked: they are trusted. */
#pragma once

#include "expression/expression_aggregate.h"

void eagre_aggregate_value_append(struct eagre_buffer *out, const struct eagre_vector *vector,
                                  uint32_t row);
/* The same with equal values as equal bytes: -0.0 as 0.0, and one NaN. */
void eagre_aggregate_value_append_normal(struct eagre_buffer *out,
                                         const struct eagre_vector *vector, uint32_t row);
/* Moves the cursor behind the value. */
void eagre_aggregate_value_skip(const struct eagre_type *type, const char **cursor);
/* Spark's order: NULL first, NaN last, -0.0 equal to 0.0, bytes of texts unsigned, fields and
 * elements from the left. Moves both cursors, behind the values when they are equal. */
int eagre_aggregate_value_compare(const struct eagre_type *type, const char **a, const char **b);
/* Makes `out` of the values at `count` cursors, which move behind them. Texts point into the bytes,
 * which must have readable bytes behind them. */
void eagre_aggregate_value_read(const struct eagre_type *type, const char **cursors, uint32_t count,
                                struct eagre_vector *out, struct eagre_arena *arena);
/* Whether there is an order: no MAP inside. */
bool eagre_aggregate_value_is_orderable(const struct eagre_type *type);

/* Overwrites the beginning of a text that grows. What it held before is reused, so replacing leaves
 * as little behind in the arena as growing. */
static inline void eagre_aggregate_replace(struct eagre_arena *arena, struct eagre_text *inout_text,
                                           const void *bytes, size_t size) {
  if (inout_text->data == NULL || size > inout_text->size) {
    eagre_arena_grow_text(arena, inout_text, size - inout_text->size);
  }
  if (size > 0) memcpy((char *)inout_text->data, bytes, size);
}

/* Appends to a text that grows; DATA COLLECTION_SIZE_LIMIT_EXCEEDED where a snapshot could not hold
 * it any more. */
enum eagre_status eagre_aggregate_append(const struct eagre_aggregate *aggregate,
                                         struct eagre_arena *arena, struct eagre_text *inout_text,
                                         const void *bytes, size_t size, struct eagre_error *error);

/* ---- Sets ------------------------------------------------------------------------------------ */

/* Distinct values in the order in which they came, each with `extra` bytes of its owner in front of
 * it, zero at first. Part of an accumulator, with both texts listed. All zero is the empty set. */
struct eagre_aggregate_set {
  struct eagre_text entries;
  struct eagre_text
      slots; /* uint32 each: 1 + offset of an entry, 0 empty; a power of two of them */
  uint64_t count;
};
/* Finds or adds the value; *out_entry points to its extra bytes until the next call. */
enum eagre_status eagre_aggregate_set_get(const struct eagre_aggregate *aggregate,
                                          struct eagre_aggregate_set *set, struct eagre_text value,
                                          uint32_t extra, struct eagre_arena *arena,
                                          char **out_entry, struct eagre_error *error);
/* The value of the entry at `*offset`, which moves to the next entry; the first is at 0. */
struct eagre_text eagre_aggregate_set_next(const struct eagre_aggregate_set *set, uint32_t extra,
                                           uint32_t *offset);
/* The merge of kernels whose accumulator is a set without extra bytes. */
enum eagre_status eagre_aggregate_set_merge(const struct eagre_aggregate *aggregate, char *into,
                                            const char *from, struct eagre_arena *arena,
                                            struct eagre_error *error);

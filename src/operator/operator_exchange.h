/* Inside of the room `operator`: rows on their way to the cores that own them.
 *
 * The pushing core copies rows (texts included, so that fetch buffers go back at once) into
 * batches, one list per owner. An owner takes its list while nobody pushes; lists of different
 * owners have nothing in common, so owners may take at the same time. */
#pragma once

#include "column/column.h"

struct operator_exchange;

/* For rows of STRUCT type `columns`, which is borrowed. */
struct operator_exchange *eagre_operator_exchange_new(const struct eagre_type *columns,
                                                      uint32_t owner_count);
void eagre_operator_exchange_free(struct operator_exchange *exchange);
/* Drops what was not taken. */
void eagre_operator_exchange_clear(struct operator_exchange *exchange);
/* Copies rows rows[0..count) of the batch, in that order; `batch` gives memory for the moment. */
void eagre_operator_exchange_put(struct operator_exchange *exchange, uint32_t owner,
                                 struct eagre_batch *batch, const uint32_t *rows, uint32_t count);
/* The batches for `owner` in the order in which they were put, linked by `next`; they become the
 * caller's. NULL: none. */
struct eagre_batch *eagre_operator_exchange_take(struct operator_exchange *exchange,
                                                 uint32_t owner);
/* Bytes that wait, of all owners; also while owners take theirs. */
uint64_t eagre_operator_exchange_memory(const struct operator_exchange *exchange);

/* Inside of the room `column`: moving rows of ARRAY and MAP vectors. Each does for lists what the
 * function of that name in the door does for all vectors; validity is left to the caller. */
#pragma once

#include "column/column.h"

/* Offsets and children of `out`; a null row becomes an empty one. */
void eagre_list_gather(struct eagre_vector *out, const struct eagre_vector *from,
                       const uint32_t *rows, uint32_t count, struct eagre_arena *arena);
/* To be called before the validity of `into` changes. */
void eagre_list_scatter(struct eagre_vector *into, uint32_t into_count,
                        const struct eagre_vector *from, const uint32_t *rows, uint32_t row_count,
                        struct eagre_arena *arena);
/* The one row of a constant becomes `row_count` rows. */
void eagre_list_repeat(struct eagre_vector *vector, uint32_t row_count, struct eagre_arena *arena);
/* Rows must be appended in order; those that are left out become empty. */
void eagre_list_append(struct eagre_vector *into, uint32_t into_row,
                       const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                       struct eagre_arena *arena);

/* Inside of the room `runtime`: headers of the messages that a topic of a side gets, a column ARRAY
 * of STRUCT<key STRING, value BINARY> that is filled row by row. */
#pragma once

#include "column/column.h"

/* Room for `count_max` headers in all rows of `lists`, which eagre_vector_init has made. */
void eagre_runtime_headers_make(struct eagre_vector *lists, uint32_t count_max,
                                struct eagre_arena *arena);
/* Row `row` has no headers yet; the rows before it have theirs. */
void eagre_runtime_headers_begin(struct eagre_vector *lists, uint32_t row);
/* One more for `row`, the last one that was begun. The name is borrowed, the value copied. */
void eagre_runtime_header_add(struct eagre_vector *lists, uint32_t row, const char *name,
                              struct eagre_text value, struct eagre_arena *arena);

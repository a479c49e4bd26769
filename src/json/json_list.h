/* ARRAY and MAP fields of a schema.
 *
 * The elements of all rows of a batch stand in one list, with slots of their own (`plan`, made of
 * the type's fields: "element", or "key" and "value"). A row's slot holds the range of its elements.
 * Rows may come in any order, more than once, and leave elements behind that no range has: in the
 * end the elements are put in the order of the rows.
 *
 * The fast implementations leave these fields to the tokenizer. */
#pragma once

#include "json/json_convert.h"

struct eagre_json_range {
  uint32_t first;
  uint32_t size;
};

/* Empties the list before a batch, and gives the slot ranges for `row_count` rows. */
void eagre_json_list_begin(struct eagre_json_run *run, struct eagre_json_slot *slot,
                           uint32_t row_count);
/* Makes offsets and children of `vector` from the slot's ranges; its validity is not NULL. */
void eagre_json_list_end(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                         struct eagre_vector *vector, uint32_t row_count);
/* Writes the value whose first token is the current one. As eagre_json_convert; after BAD the lexer
 * stands on the value's last token, too. */
enum eagre_json_conversion eagre_json_list_convert(struct eagre_json_run *run,
                                                   const struct eagre_json_slot *slot,
                                                   uint32_t row);
/* The same for one element that stands where the array should be. */
enum eagre_json_conversion eagre_json_list_wrap(struct eagre_json_run *run,
                                                const struct eagre_json_slot *slot, uint32_t row);

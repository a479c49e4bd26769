/* The strict scalar decoder of one row: the definition of what from_json does. */
#pragma once

#include "json/json_convert.h"

/* The value of a field, of any type; the current token is its first. After DONE and PARTIAL the
 * lexer stands on the value's last token, after BAD on the last one that was looked at. */
enum eagre_json_conversion eagre_json_convert_member(struct eagre_json_run *run,
                                                     const struct eagre_json_slot *slot,
                                                     uint32_t row);

/* Decodes row `row` whose text is `text` (not NULL), whatever an implementation wrote there before:
 * values, NULLs, the row's own validity, the corrupt column. A malformed row is counted and stays
 * in run->failure; false when the mode is FAILFAST then. */
bool eagre_json_reference_row(struct eagre_json_run *run, uint32_t row, struct eagre_text text);

/* The strict scalar decoder of one row: the definition of what from_json does. */
#pragma once

#include "json/json_decoder.h"

/* Decodes row `row` whose text is `text` (not NULL), whatever an implementation wrote there before:
 * values, NULLs, the row's own validity, the corrupt column. A malformed row is counted and stays
 * in run->failure; false when the mode is FAILFAST then. */
bool eagre_json_reference_row(struct eagre_json_run *run, uint32_t row, struct eagre_text text);

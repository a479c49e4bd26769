/* One token -> one value of a column (spark-semantics 5.3). The STRUCT type is not here: it is a
 * matter of members (json_reference.c); lists are in json_list.c. */
#pragma once

#include "json/json_decoder.h"
#include "json/json_string.h"

enum eagre_json_conversion {
  EAGRE_JSON_CONVERSION_DONE,    /* a value or NULL was written */
  EAGRE_JSON_CONVERSION_BAD,     /* wrong type or not of the grammar; nothing was written */
  EAGRE_JSON_CONVERSION_PARTIAL, /* a STRUCT or a list was written, something in it was BAD */
  EAGRE_JSON_CONVERSION_SYNTAX,  /* broken JSON inside the value */
};

/* Writes the value whose first token is the current one of the run's lexer. After DONE the lexer
 * stands on the value's last token; after BAD it still stands on its first. */
enum eagre_json_conversion eagre_json_convert(struct eagre_json_run *run,
                                              const struct eagre_json_slot *slot, uint32_t row);

/* Writes a string token into a STRING, BINARY, TIMESTAMP or DATE column. False when it is too long
 * or not of the grammar. */
bool eagre_json_convert_string(struct eagre_json_run *run, const struct eagre_json_slot *slot,
                               uint32_t row, struct eagre_json_string string);

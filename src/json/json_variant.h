/* Inside of the room `json`: a JSON value, token by token, into a VARIANT. */
#pragma once

#include "json/json_lexer.h"

/* Memory of the texts and containers of one value; all zero is ready. */
struct eagre_json_variant_scratch {
  struct eagre_buffer text;
  struct eagre_buffer levels; /* the open containers */
};
void eagre_json_variant_scratch_done(struct eagre_json_variant_scratch *scratch);

/* Appends the value whose first token is the lexer's current one to `builder`. Afterwards the
 * current token is the last one of the value, but for MALFORMED. No recursion: as deep as the lexer
 * allows. */
enum eagre_json_variant_result eagre_json_variant_build(struct eagre_json_lexer *lexer,
                                                        struct eagre_json_variant_scratch *scratch,
                                                        struct eagre_variant_builder *builder);

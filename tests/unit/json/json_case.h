/* Tables of JSON texts and what from_json makes of them, run against every implementation. */
#pragma once

#include "json/json.h"

/* The verdict and the row: '+' good, '!' corrupt, '0' a NULL row; then the fields of the schema
 * (the corrupt column left out) with '|' between them. NULL is '~', a STRUCT stands in ( ), a DATE
 * is its days, a TIMESTAMP its microseconds, a BOOLEAN T or F, BINARY hexadecimal. */
struct json_case {
  struct eagre_text input;
  const char *expected;
};

#define CASE(input, expected)                                                                      \
  { EAGRE_TEXT(input), expected }

struct json_option {
  const char *name;
  const char *value;
};

struct json_group {
  const char *schema;
  struct json_option options[4];
  const struct json_case *cases;
  size_t case_count;
};

/* The implementations this machine has; returns their number. */
size_t list_implementations(enum eagre_json_isa out_isas[3]);

/* Opens what a group needs. `arena` holds the schema. */
struct eagre_json_decoder *open_decoder(const char *schema, const struct json_option *options,
                                        size_t option_count, enum eagre_json_isa isa,
                                        struct eagre_arena *arena);

/* Decodes texts and prints each row in the notation above, a zero byte behind each. */
void decode_rows(struct eagre_json_decoder *decoder, const struct eagre_text *texts,
                 uint32_t row_count, struct eagre_buffer *out);

/* Runs every case alone and all of them in one batch, on every implementation. */
void run_group(const struct json_group *group);

/* A vector over `texts`, each copied to a place with 64 readable bytes behind it. */
void make_texts(struct eagre_vector *vector, const struct eagre_text *texts, uint32_t row_count,
                struct eagre_arena *arena);
/* The row of a STRUCT vector in the notation above, without verdict. */
void print_row(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out);

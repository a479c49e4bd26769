/* What the functions and casts of VARIANT share. */
#pragma once

#include "expression/expression_bind.h"
#include "expression/expression_cast.h"
#include "expression/expression_kernel.h"

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Row `row` of argument `index`, which is a VARIANT and live. */
static inline struct eagre_variant eagre_kernel_variant(const struct eagre_kernel_call *call,
                                                        uint32_t index, uint32_t row) {
  return eagre_variant_open(eagre_kernel_text(call, index, row));
}

/* Makes texts of built values; all zero but `writer` at first. */
struct eagre_variant_output {
  struct eagre_variant_builder builder;
  struct eagre_text_writer writer;
};
/* What was built becomes *out. False when it is too large. */
bool eagre_variant_output_take(struct eagre_variant_output *output, struct eagre_text *out);
/* A part of a value as a value of its own. */
struct eagre_text eagre_variant_output_part(struct eagre_variant_output *output,
                                            struct eagre_variant part);
/* The row failed with VARIANT_SIZE_LIMIT. */
enum eagre_status eagre_variant_fail_size(struct eagre_kernel_call *call, uint32_t row,
                                          const char *function);

/* ---- Casts ----------------------------------------------------------------------------------- */

/* Whether CAST takes values of the type out of a VARIANT. */
bool eagre_variant_casts_to(const struct eagre_type *type);
/* Whether CAST makes a VARIANT of values of the type; with `takes_objects` to_variant_object. */
bool eagre_variant_casts_from(const struct eagre_type *type, bool takes_objects);
eagre_cast_fn eagre_cast_to_variant;
eagre_cast_fn eagre_cast_from_variant;

/* Parts of VARIANTs that are cast together. */
struct eagre_variant_items {
  struct eagre_variant *values;
  uint8_t *validity; /* a bit for each: whether there is a value */
  uint32_t *rows;    /* of the batch, for errors */
  uint32_t count;
};
/* Room for `count` items, none of them valid. */
struct eagre_variant_items eagre_variant_items_make(struct eagre_arena *arena, uint32_t count);
/* Casts the items to out->type; makes all of `out`. What cannot be cast is NULL under TRY, else
 * DATA INVALID_VARIANT_CAST. */
enum eagre_status eagre_variant_cast_items(struct eagre_kernel_call *call,
                                           const struct eagre_variant_items *items,
                                           struct eagre_vector *out);

/* ---- Paths ----------------------------------------------------------------------------------- */

/* "$.a[0]['b c']", compiled. */
struct eagre_variant_path;
/* NULL when the text is no path. Freed with `free`. */
struct eagre_variant_path *eagre_variant_path_new(struct eagre_text text);
void eagre_variant_path_free(struct eagre_variant_path *path);
/* The part of *inout_value that the path leads to; false when there is none. */
bool eagre_variant_path_follow(const struct eagre_variant_path *path,
                               struct eagre_variant *inout_value);
/* value:path of a VARIANT: `path` as it is written behind the colon. */
enum eagre_status eagre_variant_colon(struct eagre_arena *arena, struct eagre_expression *value,
                                      struct eagre_text path, struct eagre_sql_position position,
                                      struct eagre_expression **out, struct eagre_error *error);

/* VARIANT columns. A file holds one as a group of two REQUIRED byte arrays, `metadata` and `value`;
 * inside of this room it is such a STRUCT, and becomes one text, or two, at the room's door. */
#pragma once

#include "base/base.h"
#include "column/column.h"

/* STRUCT<metadata BINARY, value BINARY>. */
const struct eagre_type *eagre_parquet_variant_group(void);
/* A column of `count` rows (one, when it is a constant) with every VARIANT in it as such a STRUCT.
 * Memory from `arena`; texts are borrowed. */
struct eagre_vector eagre_parquet_variants_split(const struct eagre_vector *column, uint32_t count,
                                                 struct eagre_arena *arena);
/* The way back, in place: `type` says where VARIANTs are. Values are checked: DATA
 * MALFORMED_VARIANT and UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT. */
enum eagre_status eagre_parquet_variants_join(const struct eagre_type *type, uint32_t count,
                                              struct eagre_arena *arena,
                                              struct eagre_vector *column,
                                              struct eagre_error *error);

/* The schema of a file: a type tree flattened to leaf columns, and its form in the footer.
 *
 * Everything is OPTIONAL but the keys of a MAP. Definition levels count the OPTIONAL and REPEATED
 * nodes on the way to a leaf that are there, repetition levels say at which REPEATED one a value
 * begins anew:
 *
 *   STRUCT  optional group f { ... }                                                    +1
 *   ARRAY   optional group f (LIST) { repeated group list { optional T element } }       +2, +1
 *   MAP     optional group f (MAP) { repeated group key_value { required K key;          +2, +0
 *                                                               optional V value } }     +2, +1 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_format.h"
#include "parquet/parquet_thrift.h"

/* One container on the way from the vector of a top-level field to the vector of a leaf. */
struct eagre_parquet_step {
  enum eagre_type_kind kind; /* STRUCT, ARRAY or MAP */
  uint32_t child;            /* which of its children leads to the leaf */
};

struct eagre_parquet_leaf {
  const struct eagre_type *type;
  enum eagre_parquet_type physical;
  uint32_t column; /* index of the top-level field */
  uint32_t step_count;
  const struct eagre_parquet_step *steps;
  uint32_t path_count;
  const struct eagre_text *path; /* names from the top-level field down, as in the footer */
  bool is_required;              /* the key of a MAP */
  uint8_t definition_max;
  uint8_t repetition_max;
  /* A row whose first definition level is below this is NULL: the leaf itself or a STRUCT above is,
   * or the outermost ARRAY or MAP on the way. */
  uint8_t row_definition;
};

struct eagre_parquet_schema {
  const struct eagre_type *type;
  uint32_t leaf_count;
  struct eagre_parquet_leaf *leaves; /* depth first */
  uint32_t element_count;            /* SchemaElements, with the root */
};

/* Everything lives in `arena`, `type` too. USAGE UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE names the
 * column and its type, EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE a STRUCT without fields. */
enum eagre_status eagre_parquet_schema_build(struct eagre_arena *arena,
                                             const struct eagre_type *type,
                                             struct eagre_parquet_schema *out_schema,
                                             struct eagre_error *error);

/* Puts field `id`, the list of SchemaElements. */
void eagre_parquet_schema_put(const struct eagre_parquet_schema *schema,
                              struct eagre_parquet_thrift *thrift, int16_t id);

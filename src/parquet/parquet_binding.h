/* The columns asked for, bound to those of a file: which leaves to read, as what, and how to put
 * them together.
 *
 * Names are compared ignoring case (spark.sql.caseSensitive is false); what the file does not have
 * is NULL. A STRUCT, ARRAY or MAP none of whose leaves is wanted still reads the levels of one, to
 * know which rows are NULL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_convert.h"
#include "parquet/parquet_file.h"
#include "parquet/parquet_tree.h"

enum eagre_parquet_column_form {
  EAGRE_PARQUET_COLUMN_MISSING, /* always NULL */
  EAGRE_PARQUET_COLUMN_LEAF,
  EAGRE_PARQUET_COLUMN_STRUCT,
  EAGRE_PARQUET_COLUMN_LIST, /* ARRAY or MAP */
};

/* A *slot* is a place where the column has a value or NULL: a row, or an element of the ARRAY or
 * MAP around it. An entry begins a slot when its repetition level is at most `slot_repetition` and
 * its definition level at least `slot_definition`. */
struct eagre_parquet_column {
  enum eagre_parquet_column_form form;
  const struct eagre_type *type;
  uint8_t slot_repetition;
  uint8_t slot_definition;
  uint8_t definition;                    /* from which level on the slot is not NULL */
  uint8_t element_definition;            /* LIST: from which level on there is an element */
  uint32_t leaf;                         /* whose levels say all this; not of MISSING */
  struct eagre_parquet_column *children; /* as many as the type has fields */
};

struct eagre_parquet_bound_leaf {
  const struct eagre_parquet_node *node;
  const struct eagre_type *type; /* NULL: levels only */
  struct eagre_parquet_conversion conversion;
  bool keeps_levels;
};

struct eagre_parquet_binding {
  const struct eagre_type *type; /* STRUCT: the columns */
  struct eagre_parquet_column *columns;
  uint32_t leaf_count;
  struct eagre_parquet_bound_leaf *leaves;
};

/* Binds the fields of `type`, or all columns of the file as they are when it is NULL; everything
 * lives in `arena`. DATA FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH, PARQUET_TYPE_ILLEGAL,
 * _LEGACY_ERROR_TEMP_2093 (a name that several columns have). */
enum eagre_status eagre_parquet_bind(struct eagre_parquet_binding *binding,
                                     const struct eagre_parquet_file *file,
                                     const struct eagre_parquet_tree *tree,
                                     const struct eagre_type *type, struct eagre_arena *arena,
                                     struct eagre_error *error);

/* The child of a group by name; NULL when there is none. `*out_is_ambiguous`: there are several. */
const struct eagre_parquet_node *eagre_parquet_node_find(const struct eagre_parquet_node *group,
                                                         struct eagre_text name,
                                                         bool *out_is_ambiguous);

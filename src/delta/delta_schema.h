/* Delta's schemas: Spark's JSON of a struct type. */
#pragma once

#include "base/base.h"
#include "column/column.h"
#include "delta/delta.h"

/* Reads a schemaString into a type that lives in `arena`. UNSAFE DELTA_LOG_CORRUPT: no such JSON;
 * DELTA_UNSUPPORTED_FEATURES: a type we do not know or, for writing, a column that carries a rule
 * for writers (an invariant, a generated, identity or default value), by name. */
enum eagre_status eagre_delta_schema_read(struct eagre_arena *arena,
                                          struct eagre_text schema_string, bool is_for_writing,
                                          const struct eagre_type **out_type,
                                          struct eagre_error *error);

/* The schemaString of a new table: every column nullable, with comments (as struct
 * eagre_delta_commit has them). */
void eagre_delta_schema_print_new(const struct eagre_type *schema, const char *const *comments,
                                  struct eagre_buffer *out);

/* Whether a new table can have these columns; errors of eagre_delta_check_schema. */
enum eagre_status eagre_delta_schema_check_new(const struct eagre_type *schema,
                                               struct eagre_error *error);
/* Whether rows of `schema` can be appended to a table of type `table`; `out_map` may be NULL. */
enum eagre_status eagre_delta_schema_check(const struct eagre_type *table,
                                           const struct eagre_type *schema,
                                           struct eagre_arena *arena, uint32_t **out_map,
                                           struct eagre_error *error);

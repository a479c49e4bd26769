/* Values of partition columns, which tables and directories keep as text. */
#pragma once

#include "column/column.h"
#include "io/io.h"
#include "value/value.h"

/* Whether a partition column can have the type. */
bool eagre_source_partition_is_type(enum eagre_type_kind kind);
/* Reads `raw` (NULL when it has no data) into the constant vector `out`, made in `arena`, into
 * which the text is copied. False when it is no value of that type. */
bool eagre_source_partition_read(const struct eagre_type *type, struct eagre_text raw,
                                 const struct eagre_zone *zone, struct eagre_arena *arena,
                                 struct eagre_vector *out);

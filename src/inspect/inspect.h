/* Door of the room `inspect`: what people look at: rows as text, the build. */
#pragma once

#include "base/base.h"
#include "column/column.h"
#include "value/value.h"

/* Version, compiler, libraries, CPU features in use; one per line. */
void eagre_inspect_build(struct eagre_buffer *out);

/* ---- Rows of a query as text ------------------------------------------------------------------
 *   TABLE  a box drawn in ASCII, nothing cut: values as CAST(... AS STRING), NULL as NULL
 *   JSON   one object per line, as to_json writes it but with null members
 *   CSV    as RFC 4180 with a header and \n at line ends; NULL is an empty field, "" is quoted
 *   TSV    values as the spark-sql shell prints them, no header, NULL as NULL */
enum eagre_rows_format {
  EAGRE_ROWS_TABLE,
  EAGRE_ROWS_JSON,
  EAGRE_ROWS_CSV,
  EAGRE_ROWS_TSV,
};

struct eagre_rows;
/* `columns` (a STRUCT) and `zone` are borrowed. */
struct eagre_rows *eagre_rows_new(enum eagre_rows_format format, const struct eagre_type *columns,
                                  const struct eagre_zone *zone);
/* Appends what can be printed now to `out`; TABLE keeps everything until the end, to know widths.
 */
void eagre_rows_add(struct eagre_rows *rows, const struct eagre_batch *batch,
                    struct eagre_buffer *out);
void eagre_rows_end(struct eagre_rows *rows, struct eagre_buffer *out);
void eagre_rows_free(struct eagre_rows *rows);

/* The statistics of a data file, as the text in add.stats:
 *
 *   {"numRecords":n,"minValues":{..},"maxValues":{..},"nullCount":{..}}
 *
 * nested like the schema, for the first 32 leaf columns, an ARRAY or MAP counting as one. What
 * readers rely on: a minimum is at most, a maximum at least every value; timestamps are floored to
 * milliseconds, which readers know; NaN is larger than everything, so a column with NaNs has no
 * range; strings are cut so that any prefix rule of Spark's holds. */
#pragma once

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet.h"

/* Of a finished writer whose columns are those of `schema`. */
void eagre_delta_statistics_print(const struct eagre_parquet_writer *writer,
                                  const struct eagre_type *schema, struct eagre_buffer *out);

/* The JSON of a bound; false, and nothing appended, where it is better left out: text that is no
 * UTF-8, a maximum that cannot be cut, a year outside 1..9999. */
bool eagre_delta_statistics_print_bound(const struct eagre_vector *value, bool is_maximum,
                                        struct eagre_buffer *out);

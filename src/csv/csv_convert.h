/* Values of one column, converted. */
#pragma once

#include "csv/csv.h"

struct eagre_csv_converter {
  const struct eagre_csv_options *options;
  struct eagre_pattern *date_pattern;      /* NULL: the grammar of CAST */
  struct eagre_pattern *timestamp_pattern; /* likewise */
};

/* Converts `count` texts (no data: NULL) into the vector `out`, made for them. What cannot be read
 * becomes NULL and marks its row in `are_bad`. */
void eagre_csv_convert(const struct eagre_csv_converter *converter, const struct eagre_text *texts,
                       uint32_t count, struct eagre_vector *out, bool *are_bad,
                       struct eagre_arena *arena);

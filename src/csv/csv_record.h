/* Cutting a record into its values. */
#pragma once

#include "csv/csv.h"

struct eagre_csv_record {
  struct eagre_text
      *values; /* the first `capacity`; no data: there was nothing between separators */
  uint32_t capacity;
  uint32_t count; /* of all values */
  size_t longest; /* of them, in bytes */
};

/* Cuts a line; values point into it or into `arena`. `work` is a buffer of the caller. */
void eagre_csv_record_read(const struct eagre_csv_options *options, struct eagre_text line,
                           struct eagre_arena *arena, struct eagre_buffer *work,
                           struct eagre_csv_record *out);

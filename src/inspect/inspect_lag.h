/* Inside the room `inspect`: lag.
 *
 *   inspect_lag.c             the flows of a pipeline
 *   inspect_lag_checkpoint.c  one checkpoint, without its pipeline
 *   inspect_lag_files.c       files that wait
 *   inspect_lag_print.c       table and JSON */
#pragma once

#include "inspect/inspect_checkpoint.h"
#include "source/source.h"

/* A partition of Kafka, or a whole source of any other kind. Numbers below 0 are not known. */
struct eagre_inspect_lag_row {
  struct eagre_text flow; /* empty: asked by checkpoint */
  uint32_t source;
  enum eagre_inspect_source_kind kind;
  struct eagre_text name; /* topic, or folder */
  int64_t partition;      /* KAFKA */
  int64_t position;       /* offset of the next record; number of files taken */
  int64_t end;            /* offset behind the last record; number of all files */
  int64_t lag;            /* records; files */
};

struct eagre_inspect_lag {
  struct eagre_io *io;
  struct eagre_arena arena;
  const struct eagre_inspect_lag_options *options;
  struct eagre_text fetcher; /* eagre.kafka.client of the flow that is looked at */
  struct eagre_inspect_lag_row *rows;
  uint32_t row_count;
  uint32_t row_capacity;
};

/* Texts of `row` live in the arena, or longer. */
void eagre_inspect_lag_add(struct eagre_inspect_lag *lag, const struct eagre_inspect_lag_row *row);

/* Asks the source's end and adds a row per partition. `position` empty: the start that its options
 * say. */
enum eagre_status eagre_inspect_lag_kafka(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_row *prototype,
                                          const struct eagre_plan_source *plan,
                                          const struct eagre_zone *zone, struct eagre_text position,
                                          struct eagre_error *error);
/* Adds a row for the files of a folder, or behind a glob, that are not among `taken` (sorted here).
 */
enum eagre_status eagre_inspect_lag_files(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_row *prototype,
                                          const char *path, bool is_glob,
                                          struct eagre_inspect_file_log *taken,
                                          struct eagre_error *error);

void eagre_inspect_lag_print_table(const struct eagre_inspect_lag *lag, struct eagre_buffer *out);
void eagre_inspect_lag_print_json(const struct eagre_inspect_lag *lag, struct eagre_buffer *out);

/* Frame of both: opens what is needed; `end` prints unless `status` says that it failed, and frees.
 */
enum eagre_status eagre_inspect_lag_begin(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_options *options,
                                          struct eagre_error *error);
void eagre_inspect_lag_end(struct eagre_inspect_lag *lag, enum eagre_status status,
                           struct eagre_buffer *out);

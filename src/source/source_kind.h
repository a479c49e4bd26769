/* What a kind of source implements; source.c calls it. Inside the room only.
 *
 * A kind has one table of functions and two objects of its own, whose first member is the struct
 * below. The dispatcher allocates them zeroed, fills the base and calls `open`; it calls `close`
 * (which must cope with an object that `open` left half done) before it frees them. Effects,
 * threads and errors of the functions are those of source.h. A function that would do nothing may
 * be left out. */
#pragma once

#include <stddef.h>

#include "source/source.h"

struct eagre_source_methods {
  size_t source_size; /* of the kind's struct, which begins with struct eagre_source */
  size_t reader_size; /* of the kind's struct, which begins with struct eagre_source_reader */

  enum eagre_status (*complete)(struct eagre_plan_source *plan, struct eagre_arena *arena,
                                struct eagre_error *error);
  enum eagre_status (*validate)(const struct eagre_plan_source *plan, struct eagre_error *error);
  enum eagre_status (*open)(struct eagre_source *source, struct eagre_error *error);
  void (*close)(struct eagre_source *source);
  const char *(*description)(const struct eagre_source *source);
  /* NULL: any number. */
  enum eagre_status (*width)(struct eagre_source *source, uint32_t *out_width,
                             struct eagre_error *error);
  enum eagre_status (*start)(struct eagre_source *source, struct eagre_arena *arena,
                             struct eagre_text *out_position, struct eagre_error *error);
  enum eagre_status (*plan)(struct eagre_source *source, struct eagre_text start,
                            const struct eagre_source_limits *limits, struct eagre_arena *arena,
                            struct eagre_source_plan *out, struct eagre_error *error);
  enum eagre_status (*assign)(struct eagre_source *source, struct eagre_text start,
                              struct eagre_text end, struct eagre_error *error);
  /* NULL where no epoch may be open. */
  enum eagre_status (*assign_open)(struct eagre_source *source, struct eagre_text start,
                                   struct eagre_error *error);
  enum eagre_status (*look_open)(struct eagre_source *source, struct eagre_error *error);
  enum eagre_status (*reached)(struct eagre_source *source, struct eagre_arena *arena,
                               struct eagre_text *out_end, struct eagre_error *error);
  enum eagre_status (*committed)(struct eagre_source *source, struct eagre_text end,
                                 struct eagre_error *error);
  void (*metrics)(struct eagre_source *source, struct eagre_text end, struct eagre_buffer *out);
  int64_t (*lag)(struct eagre_source *source, struct eagre_text position);
  bool (*rest)(struct eagre_source *source); /* NULL: it cannot tell */

  enum eagre_status (*reader_open)(struct eagre_source_reader *reader, struct eagre_error *error);
  void (*reader_close)(struct eagre_source_reader *reader);
  enum eagre_status (*reader_begin)(struct eagre_source_reader *reader, struct eagre_error *error);
  enum eagre_status (*reader_read)(struct eagre_source_reader *reader, struct eagre_batch *batch,
                                   struct eagre_error *error);
  bool (*reader_has_more)(const struct eagre_source_reader *reader); /* NULL: it cannot tell */
  void (*reader_pause)(struct eagre_source_reader *reader);
  void (*reader_behind)(const struct eagre_source_reader *reader, eagre_source_partition_fn *each,
                        void *context);
};

/* The control half; what it points to outlives it. */
struct eagre_source {
  const struct eagre_source_methods *methods;
  const struct eagre_plan_source *plan;
  struct eagre_source_environment environment;
};

/* One core's half. */
struct eagre_source_reader {
  struct eagre_source *source;
  uint32_t core;
  struct eagre_io *io; /* of the core's thread */
};

extern const struct eagre_source_methods eagre_source_kafka_methods;
extern const struct eagre_source_methods eagre_source_files_methods;
extern const struct eagre_source_methods eagre_source_rate_methods;
extern const struct eagre_source_methods eagre_source_rate_micro_batch_methods;
extern const struct eagre_source_methods eagre_source_delta_methods;

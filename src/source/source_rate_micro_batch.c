/* The rate-micro-batch source: every epoch has `rowsPerBatch` rows, all of them at one time, which
 * is `advanceMillisPerBatch` later from epoch to epoch; as Spark's RatePerMicroBatchStream makes
 * them. The clock plays no part, so two runs have the same rows.
 *
 *   Position   {"offset":30,"timestamp":3000}: the rows made so far, and the time of the next ones
 *              in milliseconds since 1970
 *
 * Nothing is kept in sources/. Value v of an epoch belongs to core (v - first) modulo the number of
 * cores. */
#include <stdio.h>

#include "source/source_kind.h"
#include "json/json.h"

/* A position, read. */
struct progress {
  int64_t offset;
  int64_t timestamp_ms;
};

struct steps_source {
  struct eagre_source base;
  int64_t rows_per_batch;
  int64_t start_ms;
  int64_t advance_ms;
  bool has_fixed_end; /* AvailableNow */
  struct progress fixed_end;
  char description[160];
  /* The epoch: the cores read it while no other is assigned. */
  struct progress first;
  int64_t end; /* value */
};

struct steps_reader {
  struct eagre_source_reader base;
  int64_t next; /* value */
};

static struct steps_source *get_steps(struct eagre_source *source) {
  return (struct steps_source *)source;
}

/* ---- Positions ------------------------------------------------------------------------------- */

static enum eagre_status read_position(const struct steps_source *steps, struct eagre_text text,
                                       struct progress *out, struct eagre_error *error) {
  *out = (struct progress){0, steps->start_ms};
  if (text.size == 0) return EAGRE_OK;
  struct eagre_arena arena = {0};
  const struct eagre_json_node *root = NULL;
  bool is_valid = eagre_json_read(&arena, text, &root, error) == EAGRE_OK &&
                  root->kind == EAGRE_JSON_OBJECT &&
                  eagre_json_integer(eagre_json_member(root, "offset"), &out->offset) &&
                  eagre_json_integer(eagre_json_member(root, "timestamp"), &out->timestamp_ms) &&
                  out->offset >= 0;
  eagre_arena_done(&arena);
  if (is_valid) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                         "'%.*s' is no position of a rate-micro-batch source; one is "
                         "{\"offset\":30,\"timestamp\":3000}.",
                         (int)(text.size < 100 ? text.size : 100), text.data);
}

static struct eagre_text print_position(struct eagre_arena *arena, const struct progress *value) {
  return eagre_arena_printf(arena, "{\"offset\":%lld,\"timestamp\":%lld}", (long long)value->offset,
                            (long long)value->timestamp_ms);
}

/* Stays where numbers end, as Spark's does; the time as well. */
static struct progress step_from(const struct steps_source *steps, struct progress from) {
  struct progress next;
  if (__builtin_add_overflow(from.offset, steps->rows_per_batch, &next.offset)) {
    next.offset = INT64_MAX;
  }
  if (__builtin_add_overflow(from.timestamp_ms, steps->advance_ms, &next.timestamp_ms)) {
    next.timestamp_ms = INT64_MAX;
  }
  return next;
}

/* ---- Control --------------------------------------------------------------------------------- */

static enum eagre_status open_steps(struct eagre_source *source, struct eagre_error *error) {
  (void)error;
  struct steps_source *steps = get_steps(source);
  const struct eagre_options *options = &source->plan->options;
  steps->rows_per_batch = eagre_option_integer(options, "rowsPerBatch");
  steps->start_ms = eagre_option_integer(options, "startTimestamp");
  steps->advance_ms = eagre_option_integer(options, "advanceMillisPerBatch");
  snprintf(steps->description, sizeof steps->description,
           "RatePerMicroBatchStream[rowsPerBatch=%lld, numPartitions=default, startTimestamp=%lld, "
           "advanceMsPerBatch=%lld]",
           (long long)steps->rows_per_batch, (long long)steps->start_ms,
           (long long)steps->advance_ms);
  return EAGRE_OK;
}

static const char *describe_steps(const struct eagre_source *source) {
  return ((const struct steps_source *)source)->description;
}

static enum eagre_status start_steps(struct eagre_source *source, struct eagre_arena *arena,
                                     struct eagre_text *out_position, struct eagre_error *error) {
  (void)source;
  (void)arena;
  (void)error;
  *out_position = eagre_text_make("", 0);
  return EAGRE_OK;
}

static enum eagre_status plan_steps(struct eagre_source *source, struct eagre_text start,
                                    const struct eagre_source_limits *limits,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error) {
  struct steps_source *steps = get_steps(source);
  struct progress begin;
  EAGRE_TRY(read_position(steps, start, &begin, error));
  struct progress end = step_from(steps, begin);
  if (limits->fix_end && !steps->has_fixed_end) {
    steps->has_fixed_end = true;
    steps->fixed_end = end;
  }
  if (limits->fix_end) end = steps->fixed_end;
  out->end = print_position(arena, &end);
  out->latest = eagre_text_make("", 0); /* there is no last one */
  out->has_new = end.offset > begin.offset;
  out->is_at_fixed_end = limits->fix_end;
  return EAGRE_OK;
}

static enum eagre_status assign_steps(struct eagre_source *source, struct eagre_text start,
                                      struct eagre_text end, struct eagre_error *error) {
  struct steps_source *steps = get_steps(source);
  struct progress last;
  EAGRE_TRY(read_position(steps, start, &steps->first, error));
  EAGRE_TRY(read_position(steps, end, &last, error));
  steps->end = last.offset > steps->first.offset ? last.offset : steps->first.offset;
  if (steps->first.timestamp_ms > INT64_MAX / 1000 || steps->first.timestamp_ms < 0) {
    return eagre_error_set(error, EAGRE_DATA, "DATETIME_OVERFLOW",
                           "The time of the next rows, %lld ms since 1970, is beyond the range of "
                           "a TIMESTAMP.",
                           (long long)steps->first.timestamp_ms);
  }
  return EAGRE_OK;
}

static int64_t get_lag(struct eagre_source *source, struct eagre_text position) {
  (void)source; /* its rows are made when they are asked for */
  (void)position;
  return 0;
}

/* ---- Reader ---------------------------------------------------------------------------------- */

static enum eagre_status begin_reader(struct eagre_source_reader *reader,
                                      struct eagre_error *error) {
  (void)error;
  ((struct steps_reader *)reader)->next = get_steps(reader->source)->first.offset + reader->core;
  return EAGRE_OK;
}

static void fill_rows(const struct steps_source *steps, int64_t first, int64_t step,
                      struct eagre_batch *batch) {
  const struct eagre_type *schema = steps->base.plan->schema;
  eagre_vector_init(&batch->columns[0], schema->fields[0].type, batch->row_count, &batch->arena);
  eagre_vector_init(&batch->columns[1], schema->fields[1].type, batch->row_count, &batch->arena);
  int64_t *timestamps = EAGRE_VALUES(int64_t, &batch->columns[0]);
  int64_t *values = EAGRE_VALUES(int64_t, &batch->columns[1]);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    timestamps[row] = steps->first.timestamp_ms * 1000;
    values[row] = first + row * step;
  }
}

static enum eagre_status read_rows(struct eagre_source_reader *reader, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  (void)error;
  struct steps_reader *self = (struct steps_reader *)reader;
  const struct steps_source *steps = get_steps(reader->source);
  int64_t step = reader->source->environment.core_count;
  int64_t most = reader->source->environment.batch_rows_max;
  if (self->next >= steps->end) return EAGRE_END;
  int64_t count = (steps->end - self->next - 1) / step + 1;
  if (count > most) count = most;
  eagre_batch_set_columns(batch, 2, (uint32_t)count);
  fill_rows(steps, self->next, step, batch);
  batch->source_bytes = (uint64_t)count * 2 * sizeof(int64_t);
  self->next += count * step;
  return EAGRE_OK;
}

const struct eagre_source_methods eagre_source_rate_micro_batch_methods = {
    .source_size = sizeof(struct steps_source),
    .reader_size = sizeof(struct steps_reader),
    .open = open_steps,
    .description = describe_steps,
    .start = start_steps,
    .plan = plan_steps,
    .assign = assign_steps,
    .lag = get_lag,
    .reader_begin = begin_reader,
    .reader_read = read_rows,
};

/* The rate source: `rowsPerSecond` rows for every second since the query was first started, with
 * the columns timestamp and value (0, 1, 2, ...), as Spark's RateStreamProvider makes them.
 *
 *   Position     whole seconds since the start, as plain text: 17
 *   sources/I/0  v1
 *                1795226766946        the start, in milliseconds since 1970; written once
 *
 * The rows of an epoch are spread evenly over its time; value v of the range belongs to core
 * (v - first) modulo the number of cores. */
#include <math.h>
#include <stdio.h>

#include "source/source_kind.h"

struct rate_source {
  struct eagre_source base;
  int64_t rows_per_second;
  bool has_start;
  int64_t start_ms;
  int64_t latest_ms; /* never goes back, whatever the clock does */
  int64_t fixed_end; /* AvailableNow; -1 = not fixed */
  char description[128];
  /* The epoch: the cores read it while no other is assigned. */
  int64_t first; /* value */
  int64_t end;
  int64_t first_ms;
  double ms_per_row;
};

struct rate_reader {
  struct eagre_source_reader base;
  int64_t next; /* value */
};

static struct rate_source *get_rate(struct eagre_source *source) {
  return (struct rate_source *)source;
}

/* ---- Numbers as text ------------------------------------------------------------------------- */

/* A number of digits alone; false when it is none or does not fit. */
static bool read_number(struct eagre_text text, int64_t *out_value) {
  int64_t value = 0;
  if (text.size == 0) return false;
  for (size_t i = 0; i < text.size; i++) {
    int digit = text.data[i] - '0';
    if (digit < 0 || digit > 9) return false;
    if (__builtin_mul_overflow(value, 10, &value)) return false;
    if (__builtin_add_overflow(value, digit, &value)) return false;
  }
  *out_value = value;
  return true;
}

/* Seconds; 0 for the beginning. */
static enum eagre_status read_position(const struct rate_source *rate, struct eagre_text position,
                                       int64_t *out_seconds, struct eagre_error *error) {
  int64_t seconds_max = INT64_MAX / rate->rows_per_second;
  *out_seconds = 0;
  if (position.size == 0) return EAGRE_OK;
  if (!read_number(position, out_seconds)) {
    return eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                           "'%.*s' is no position of a rate source; one is a number of seconds.",
                           (int)(position.size < 100 ? position.size : 100), position.data);
  }
  if (*out_seconds <= seconds_max) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "INCORRECT_END_OFFSET",
                  "Max offset with %lld rowsPerSecond is %lld, but it's %lld now.",
                  (long long)rate->rows_per_second, (long long)seconds_max,
                  (long long)*out_seconds);
  eagre_error_hint(error, "use a smaller rowsPerSecond");
  return EAGRE_UNSAFE;
}

/* ---- The start ------------------------------------------------------------------------------- */

static void set_start(struct rate_source *rate, int64_t start_ms) {
  rate->has_start = true;
  rate->start_ms = start_ms;
  rate->latest_ms = start_ms;
}

/* What sources/I/0 says, if it is there. */
static enum eagre_status read_start(struct rate_source *rate, struct eagre_error *error) {
  struct eagre_checkpoint *checkpoint = rate->base.environment.checkpoint;
  uint32_t number = rate->base.plan->number;
  struct eagre_buffer content = {0};
  int64_t start_ms;
  if (checkpoint == NULL) return EAGRE_OK;
  enum eagre_status status = eagre_checkpoint_read_source(checkpoint, number, "0", &content, error);
  if (status == EAGRE_OK) {
    struct eagre_text text = eagre_buffer_text(&content);
    bool is_valid =
        eagre_text_starts_with(text, EAGRE_TEXT("v1\n")) &&
        read_number(eagre_text_trim(eagre_text_make(text.data + 3, text.size - 3)), &start_ms);
    if (is_valid) {
      set_start(rate, start_ms);
    } else {
      status = eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                               "log file %s/sources/%u/0 is malformed: it is no start of a rate "
                               "source",
                               eagre_checkpoint_path(checkpoint), number);
    }
  }
  eagre_buffer_done(&content);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status start_rate(struct eagre_source *source, struct eagre_arena *arena,
                                    struct eagre_text *out_position, struct eagre_error *error) {
  (void)arena;
  struct rate_source *rate = get_rate(source);
  *out_position = eagre_text_make("", 0);
  if (rate->has_start) return EAGRE_OK;
  set_start(rate, eagre_clock_wall_us() / 1000);
  if (source->environment.checkpoint == NULL) return EAGRE_OK;
  struct eagre_buffer content = {0};
  eagre_buffer_printf(&content, "v1\n%lld", (long long)rate->start_ms);
  enum eagre_status status =
      eagre_checkpoint_write_source(source->environment.checkpoint, source->plan->number, "0",
                                    eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  return status;
}

static enum eagre_status check_start(const struct rate_source *rate, struct eagre_error *error) {
  if (rate->has_start) return EAGRE_OK;
  eagre_error_set(
      error, EAGRE_UNSAFE, "MISSING_SOURCE_LOG",
      "%s/sources/%u/0 is missing, so it is not known when the rate source was started.",
      eagre_checkpoint_path(rate->base.environment.checkpoint), rate->base.plan->number);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

/* ---- Control --------------------------------------------------------------------------------- */

static enum eagre_status open_rate(struct eagre_source *source, struct eagre_error *error) {
  struct rate_source *rate = get_rate(source);
  rate->rows_per_second = eagre_option_integer(&source->plan->options, "rowsPerSecond");
  rate->fixed_end = -1;
  snprintf(rate->description, sizeof rate->description,
           "RateStreamV2[rowsPerSecond=%lld, rampUpTimeSeconds=0, numPartitions=default",
           (long long)rate->rows_per_second);
  return read_start(rate, error);
}

static const char *describe_rate(const struct eagre_source *source) {
  return ((const struct rate_source *)source)->description;
}

static int64_t get_latest(struct rate_source *rate) {
  int64_t now_ms = eagre_clock_wall_us() / 1000;
  if (now_ms > rate->latest_ms) rate->latest_ms = now_ms;
  return (rate->latest_ms - rate->start_ms) / 1000;
}

static enum eagre_status plan_rate(struct eagre_source *source, struct eagre_text start,
                                   const struct eagre_source_limits *limits,
                                   struct eagre_arena *arena, struct eagre_source_plan *out,
                                   struct eagre_error *error) {
  struct rate_source *rate = get_rate(source);
  int64_t begin;
  EAGRE_TRY(check_start(rate, error));
  EAGRE_TRY(read_position(rate, start, &begin, error));
  int64_t latest = get_latest(rate);
  if (limits->fix_end && rate->fixed_end < 0) rate->fixed_end = latest;
  int64_t end = limits->fix_end ? rate->fixed_end : latest;
  if (end < begin) end = begin; /* the clock was set back while nothing ran */
  out->end = eagre_arena_printf(arena, "%lld", (long long)end);
  out->latest = eagre_arena_printf(arena, "%lld", (long long)(latest > end ? latest : end));
  out->has_new = end > begin;
  out->is_at_fixed_end = limits->fix_end;
  EAGRE_TRY(read_position(rate, out->end, &end, error)); /* is it in range? */
  return EAGRE_OK;
}

static enum eagre_status assign_rate(struct eagre_source *source, struct eagre_text start,
                                     struct eagre_text end, struct eagre_error *error) {
  struct rate_source *rate = get_rate(source);
  int64_t begin_seconds;
  int64_t end_seconds;
  EAGRE_TRY(check_start(rate, error));
  EAGRE_TRY(read_position(rate, start, &begin_seconds, error));
  EAGRE_TRY(read_position(rate, end, &end_seconds, error));
  if (end_seconds < begin_seconds) end_seconds = begin_seconds;
  rate->first = begin_seconds * rate->rows_per_second;
  rate->end = end_seconds * rate->rows_per_second;
  rate->first_ms = rate->start_ms + begin_seconds * 1000;
  rate->ms_per_row = 1000.0 * (double)(end_seconds - begin_seconds) /
                     (double)(rate->end > rate->first ? rate->end - rate->first : 1);
  int64_t end_ms = rate->start_ms + end_seconds * 1000;
  if (rate->latest_ms < end_ms) rate->latest_ms = end_ms;
  return EAGRE_OK;
}

static int64_t get_lag(struct eagre_source *source, struct eagre_text position) {
  struct rate_source *rate = get_rate(source);
  int64_t seconds;
  if (!rate->has_start || read_position(rate, position, &seconds, NULL) != EAGRE_OK) return -1;
  int64_t late = get_latest(rate) - seconds;
  return late > 0 ? late * rate->rows_per_second : 0;
}

/* ---- Reader ---------------------------------------------------------------------------------- */

static enum eagre_status begin_reader(struct eagre_source_reader *reader,
                                      struct eagre_error *error) {
  (void)error;
  ((struct rate_reader *)reader)->next = get_rate(reader->source)->first + reader->core;
  return EAGRE_OK;
}

static void fill_rows(const struct rate_source *rate, int64_t first, int64_t step,
                      struct eagre_batch *batch) {
  const struct eagre_type *schema = rate->base.plan->schema;
  eagre_vector_init(&batch->columns[0], schema->fields[0].type, batch->row_count, &batch->arena);
  eagre_vector_init(&batch->columns[1], schema->fields[1].type, batch->row_count, &batch->arena);
  int64_t *timestamps = EAGRE_VALUES(int64_t, &batch->columns[0]);
  int64_t *values = EAGRE_VALUES(int64_t, &batch->columns[1]);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    int64_t value = first + row * step;
    double relative_ms = (double)(value - rate->first) * rate->ms_per_row;
    values[row] = value;
    timestamps[row] = (rate->first_ms + (int64_t)floor(relative_ms + 0.5)) * 1000;
  }
}

static enum eagre_status read_rows(struct eagre_source_reader *reader, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  (void)error;
  struct rate_reader *self = (struct rate_reader *)reader;
  const struct rate_source *rate = get_rate(reader->source);
  int64_t step = reader->source->environment.core_count;
  int64_t most = reader->source->environment.batch_rows_max;
  if (self->next >= rate->end) return EAGRE_END;
  int64_t count = (rate->end - self->next + step - 1) / step;
  if (count > most) count = most;
  eagre_batch_set_columns(batch, 2, (uint32_t)count);
  fill_rows(rate, self->next, step, batch);
  batch->source_bytes = (uint64_t)count * 2 * sizeof(int64_t);
  self->next += count * step;
  return EAGRE_OK;
}

const struct eagre_source_methods eagre_source_rate_methods = {
    .source_size = sizeof(struct rate_source),
    .reader_size = sizeof(struct rate_reader),
    .open = open_rate,
    .description = describe_rate,
    .start = start_rate,
    .plan = plan_rate,
    .assign = assign_rate,
    .lag = get_lag,
    .reader_begin = begin_reader,
    .reader_read = read_rows,
};

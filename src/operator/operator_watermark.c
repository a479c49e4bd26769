/* WATERMARK: passes rows on and remembers the greatest event time, of all rows and, when it is
 * asked for, of each partition of the sources below. */
#include "operator/operator_step.h"

/* What one partition gave in this epoch. */
struct watermark_partition {
  struct eagre_partition_time time;
  bool has_rows;
};

struct watermark_step {
  struct operator_step step;
  struct eagre_event_time event_time;
  struct watermark_partition *partitions; /* every one that ever gave rows here */
  uint32_t partition_count;
  uint32_t partition_capacity;
  uint32_t last;             /* the one of the last batch: most likely that of the next */
  struct eagre_arena topics; /* their names */
};

static int64_t floor_to_milliseconds(int64_t us) {
  int64_t ms = us / 1000;
  return us % 1000 < 0 ? ms - 1 : ms;
}

/* ---- Partitions ------------------------------------------------------------------------------ */

void eagre_partition_times_add(struct eagre_partition_times *times,
                               const struct eagre_partition_time *time) {
  if (times->count == times->capacity) {
    times->capacity = times->capacity == 0 ? 16 : times->capacity * 2;
    times->items = eagre_reallocate(times->items, sizeof *times->items * times->capacity);
  }
  times->items[times->count++] = *time;
}

void eagre_partition_times_done(struct eagre_partition_times *times) {
  eagre_free(times->items);
  *times = (struct eagre_partition_times){0};
}

/* Files have a name and no number: their source is one partition. */
static bool is_of(const struct watermark_partition *partition, const struct eagre_origin *origin) {
  const struct eagre_partition_time *time = &partition->time;
  return time->source == origin->source && time->partition == origin->partition &&
         (origin->partition < 0 || eagre_text_equal(time->topic, origin->topic));
}

static struct watermark_partition *add_partition(struct watermark_step *watermark,
                                                 const struct eagre_origin *origin) {
  if (watermark->partition_count == watermark->partition_capacity) {
    uint32_t capacity = watermark->partition_capacity == 0 ? 8 : watermark->partition_capacity * 2;
    watermark->partitions =
        eagre_reallocate(watermark->partitions, sizeof *watermark->partitions * capacity);
    watermark->partition_capacity = capacity;
  }
  watermark->last = watermark->partition_count++;
  struct watermark_partition *partition = &watermark->partitions[watermark->last];
  *partition = (struct watermark_partition){.time = {
                                                .watermark = watermark->step.node->watermark_number,
                                                .source = origin->source,
                                                .partition = origin->partition,
                                            }};
  if (origin->partition >= 0)
    partition->time.topic = eagre_arena_copy_text(&watermark->topics, origin->topic);
  return partition;
}

static struct watermark_partition *find_partition(struct watermark_step *watermark,
                                                  const struct eagre_origin *origin) {
  for (uint32_t i = 0; i < watermark->partition_count; i++) {
    uint32_t place = (watermark->last + i) % watermark->partition_count;
    if (!is_of(&watermark->partitions[place], origin)) continue;
    watermark->last = place;
    return &watermark->partitions[place];
  }
  return add_partition(watermark, origin);
}

static void see_partition(struct watermark_step *watermark, const struct eagre_origin *origin,
                          int64_t raising_ms) {
  struct watermark_partition *partition = find_partition(watermark, origin);
  partition->has_rows = true;
  if (raising_ms > partition->time.raising_ms) partition->time.raising_ms = raising_ms;
}

void eagre_operator_watermark_partitions(const struct operator_step *step,
                                         struct eagre_partition_times *out) {
  const struct watermark_step *watermark = (const struct watermark_step *)step;
  for (uint32_t i = 0; i < watermark->partition_count; i++) {
    if (watermark->partitions[i].has_rows)
      eagre_partition_times_add(out, &watermark->partitions[i].time);
  }
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The greatest event time of those at most `limit_us`; counts the others. */
static int64_t limit_maximum(const struct eagre_vector *column, uint32_t row_count,
                             int64_t limit_us, uint64_t *future_count) {
  const int64_t *values = EAGRE_VALUES(int64_t, column);
  int64_t maximum_us = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    if (eagre_vector_is_null(column, i)) continue;
    int64_t us = values[eagre_vector_index(column, i)];
    bool is_future = us > limit_us;
    *future_count += is_future;
    maximum_us = !is_future && us > maximum_us ? us : maximum_us;
  }
  return maximum_us;
}

/* How late an event time may be that raises the watermark; the latest there is when the sum would
 * not fit. */
static int64_t future_limit_of(const struct operator_step *step) {
  int64_t limit_us = 0;
  bool is_beyond = __builtin_add_overflow(step->chain->context.batch_timestamp_us,
                                          step->node->future_limit_us, &limit_us);
  return is_beyond ? INT64_MAX : limit_us;
}

/* What raises the watermark. A partition whose rows are all too far ahead has given nothing. */
static void see_raising(struct watermark_step *watermark, const struct eagre_batch *batch,
                        const struct eagre_vector *column, int64_t maximum_us) {
  const struct eagre_plan_node *node = watermark->step.node;
  struct eagre_event_time *seen = &watermark->event_time;
  int64_t limit_us = node->has_future_limit ? future_limit_of(&watermark->step) : INT64_MAX;
  uint64_t future_count = 0;
  if (maximum_us > limit_us)
    maximum_us = limit_maximum(column, batch->row_count, limit_us, &future_count);
  int64_t raising_ms = floor_to_milliseconds(maximum_us);
  seen->future_count += future_count;
  if (raising_ms > seen->raising_ms) seen->raising_ms = raising_ms;
  if (node->is_per_partition && future_count < batch->row_count)
    see_partition(watermark, &batch->origin, raising_ms);
}

/* A NULL event time counts as 1970, as in Spark: it cannot raise the maximum above a real one. */
static enum eagre_status push_watermark(struct operator_step *step, struct eagre_batch *batch,
                                        struct eagre_error *error) {
  struct watermark_step *watermark = (struct watermark_step *)step;
  struct eagre_event_time *seen = &watermark->event_time;
  const struct eagre_vector *column = &batch->columns[step->node->event_time_column];
  const int64_t *values = EAGRE_VALUES(int64_t, column);
  int64_t maximum_us = INT64_MIN;
  int64_t minimum_us = INT64_MAX;
  double sum_ms = 0;
  for (uint32_t i = 0; i < batch->row_count; i++) {
    bool is_null = eagre_vector_is_null(column, i);
    int64_t us = is_null ? 0 : values[eagre_vector_index(column, i)];
    maximum_us = us > maximum_us ? us : maximum_us;
    minimum_us = us < minimum_us ? us : minimum_us;
    sum_ms += (double)floor_to_milliseconds(us);
  }
  int64_t maximum_ms = floor_to_milliseconds(maximum_us);
  int64_t minimum_ms = floor_to_milliseconds(minimum_us);
  if (seen->count == 0 || maximum_ms > seen->maximum_ms) seen->maximum_ms = maximum_ms;
  if (seen->count == 0 || minimum_ms < seen->minimum_ms) seen->minimum_ms = minimum_ms;
  seen->count += batch->row_count;
  seen->sum_ms += sum_ms;
  see_raising(watermark, batch, column, maximum_us);
  return eagre_operator_forward(step, batch, error);
}

static void begin_watermark(struct operator_step *step) {
  struct watermark_step *watermark = (struct watermark_step *)step;
  watermark->event_time = (struct eagre_event_time){0};
  for (uint32_t i = 0; i < watermark->partition_count; i++) {
    watermark->partitions[i].has_rows = false;
    watermark->partitions[i].time.raising_ms = 0;
  }
}

static void free_watermark(struct operator_step *step) {
  struct watermark_step *watermark = (struct watermark_step *)step;
  eagre_free(watermark->partitions);
  eagre_arena_done(&watermark->topics);
  eagre_free(watermark);
}

static const struct operator_kind watermark_kind = {
    .push = push_watermark, .begin = begin_watermark, .free = free_watermark};

struct operator_step *eagre_operator_watermark_new(const struct eagre_plan_node *node) {
  struct watermark_step *watermark = eagre_allocate_zeroed(1, sizeof *watermark);
  watermark->step.kind = &watermark_kind;
  watermark->step.node = node;
  return &watermark->step;
}

bool eagre_operator_is_watermark(const struct operator_step *step) {
  return step->kind == &watermark_kind;
}

const struct eagre_event_time *
eagre_operator_watermark_event_time(const struct operator_step *step) {
  return &((const struct watermark_step *)step)->event_time;
}

/* The Kafka source, one core: records of a partition become a batch of Spark's seven columns, or
 * eight with includeHeaders. Keys and values point into what was fetched. */
#include <string.h>

#include "source/source_kafka.h"

/* The order of the schema that `plan` gives this source. */
enum kafka_column {
  COLUMN_KEY,
  COLUMN_VALUE,
  COLUMN_TOPIC,
  COLUMN_PARTITION,
  COLUMN_OFFSET,
  COLUMN_TIMESTAMP,
  COLUMN_TIMESTAMP_TYPE,
  COLUMN_HEADERS, /* with includeHeaders only */
  COLUMN_COUNT
};

static struct eagre_source_kafka_reader *get_reader(struct eagre_source_reader *reader) {
  return (struct eagre_source_kafka_reader *)reader;
}

static struct eagre_source_kafka *get_kafka(const struct eagre_source_reader *reader) {
  return (struct eagre_source_kafka *)reader->source;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static bool is_wanted(const struct eagre_plan_source *plan, enum kafka_column column) {
  return plan->wanted == NULL || plan->wanted[column];
}

static uint32_t list_parts(const struct eagre_plan_source *plan) {
  uint32_t parts = 0;
  bool has_headers = plan->schema->field_count > COLUMN_HEADERS;
  if (has_headers && is_wanted(plan, COLUMN_HEADERS)) parts |= EAGRE_KAFKA_HEADERS;
  if (is_wanted(plan, COLUMN_KEY) || plan->keeps_raw) parts |= EAGRE_KAFKA_KEY;
  if (is_wanted(plan, COLUMN_VALUE) || plan->keeps_raw) parts |= EAGRE_KAFKA_VALUE;
  if (is_wanted(plan, COLUMN_TIMESTAMP) || is_wanted(plan, COLUMN_TIMESTAMP_TYPE)) {
    parts |= EAGRE_KAFKA_TIMESTAMP;
  }
  return parts;
}

/* The client starts with the first partition: cores without one need no threads for it. */
enum eagre_status eagre_source_kafka_reader_open(struct eagre_source_reader *reader,
                                                 struct eagre_error *error) {
  (void)error;
  uint32_t column_count = reader->source->plan->schema->field_count;
  eagre_assert(column_count == COLUMN_COUNT || column_count == COLUMN_HEADERS);
  eagre_source_kafka_ahead_enter(get_reader(reader));
  return EAGRE_OK;
}

enum eagre_kafka_fetcher eagre_source_kafka_fetcher(const struct eagre_source *source) {
  struct eagre_text name = source->environment.fetcher;
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("native"))) return EAGRE_KAFKA_NATIVE;
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("librdkafka"))) return EAGRE_KAFKA_LIBRDKAFKA;
  return EAGRE_KAFKA_AUTO;
}

static enum eagre_status open_consumer(struct eagre_source_kafka_reader *reader,
                                       struct eagre_error *error) {
  const struct eagre_source_kafka *kafka = get_kafka(&reader->base);
  const struct eagre_kafka_consumer_options options = {
      .settings = &kafka->options.settings,
      .fetcher = eagre_source_kafka_fetcher(&kafka->base),
      .parts = list_parts(kafka->base.plan),
      .record_count_max = kafka->base.environment.batch_rows_max,
      .queue_size_bytes = kafka->base.environment.queue_size_bytes,
      .silence_timeout_us = kafka->options.silence_timeout_us,
      .fail_on_data_loss = kafka->options.fail_on_data_loss,
  };
  return eagre_kafka_consumer_open(&options, &reader->consumer, error);
}

/* The descriptor stays readable while records come that nobody reads, so it is watched only while
 * this reader waits for one. */
static enum eagre_status watch(struct eagre_source_kafka_reader *reader,
                               struct eagre_error *error) {
  if (reader->is_watched) return EAGRE_OK;
  EAGRE_TRY(
      eagre_io_watch(reader->base.io, eagre_kafka_consumer_descriptor(reader->consumer), error));
  reader->is_watched = true;
  return EAGRE_OK;
}

static void unwatch(struct eagre_source_kafka_reader *reader) {
  if (!reader->is_watched) return;
  eagre_io_unwatch(reader->base.io, eagre_kafka_consumer_descriptor(reader->consumer));
  reader->is_watched = false;
}

bool eagre_source_kafka_reader_has_more(const struct eagre_source_reader *base) {
  const struct eagre_source_kafka_reader *reader = (const struct eagre_source_kafka_reader *)base;
  return reader->consumer != NULL && eagre_kafka_consumer_has_more(reader->consumer);
}

void eagre_source_kafka_reader_pause(struct eagre_source_reader *reader) {
  unwatch(get_reader(reader));
}

void eagre_source_kafka_reader_close(struct eagre_source_reader *base) {
  struct eagre_source_kafka_reader *reader = get_reader(base);
  unwatch(reader);
  eagre_source_kafka_ahead_leave(reader);
  eagre_kafka_consumer_close(reader->consumer);
}

/* ---- An epoch -------------------------------------------------------------------------------- */

static struct eagre_kafka_range *list_ranges(const struct eagre_source_kafka_reader *reader,
                                             struct eagre_arena *arena, uint32_t *out_count) {
  const struct eagre_source_kafka *kafka = get_kafka(&reader->base);
  struct eagre_kafka_range *ranges =
      eagre_arena_allocate(arena, (kafka->ranges.count + 1) * sizeof *ranges);
  uint32_t count = 0;
  for (uint32_t i = 0; i < kafka->ranges.count; i++) {
    const struct eagre_source_kafka_range *range = &kafka->ranges.ranges[i];
    if (range->core != reader->base.core) continue;
    ranges[count++] =
        (struct eagre_kafka_range){range->topic, range->partition, range->begin, range->end};
  }
  *out_count = count;
  return ranges;
}

enum eagre_status eagre_source_kafka_reader_begin(struct eagre_source_reader *base,
                                                  struct eagre_error *error) {
  struct eagre_source_kafka_reader *reader = get_reader(base);
  struct eagre_arena arena = {0};
  uint32_t count = 0;
  enum eagre_status status = EAGRE_OK;
  struct eagre_kafka_range *ranges = list_ranges(reader, &arena, &count);
  if (reader->consumer == NULL && count > 0) status = open_consumer(reader, error);
  if (status == EAGRE_OK && reader->consumer != NULL) {
    status = eagre_kafka_consumer_assign(reader->consumer, ranges, count, error);
  }
  reader->has_begun = status == EAGRE_OK;
  eagre_arena_done(&arena);
  return status;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void fill_texts(struct eagre_vector *column, struct eagre_text *texts, uint8_t *validity) {
  column->data = texts;
  column->validity = validity;
}

static void fill_constant(struct eagre_vector *column, const void *value, size_t size,
                          struct eagre_arena *arena) {
  column->data = eagre_arena_allocate_vector(arena, size);
  memcpy(column->data, value, size);
  column->is_constant = true;
}

/* Kafka's milliseconds become microseconds where they are. */
static void fill_timestamps(struct eagre_vector *column, int64_t *timestamps, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    timestamps[i] *= 1000;
  }
  column->data = timestamps;
}

/* ARRAY<STRUCT<key, value>>; NULL where a record has none. */
static void fill_headers(struct eagre_vector *column, const struct eagre_kafka_records *records,
                         struct eagre_arena *arena) {
  const struct eagre_type *pair_type = column->type->fields[0].type;
  struct eagre_vector *pair = eagre_arena_allocate_zeroed(arena, sizeof *pair);
  struct eagre_vector *parts = eagre_arena_allocate_zeroed(arena, 2 * sizeof *parts);
  parts[0].type = pair_type->fields[0].type;
  fill_texts(&parts[0], records->header_keys, NULL);
  parts[1].type = pair_type->fields[1].type;
  fill_texts(&parts[1], records->header_values, records->header_value_validity);
  *pair = (struct eagre_vector){.type = pair_type, .children = parts};
  column->children = pair;
  column->offsets = records->header_offsets;
  for (uint32_t i = 0; i < records->count; i++) {
    bool has_some = records->header_offsets[i] < records->header_offsets[i + 1];
    if (!has_some) eagre_vector_set_null(column, i, records->count, arena);
  }
}

static void fill_column(struct eagre_vector *column, enum kafka_column which,
                        const struct eagre_kafka_records *records, struct eagre_arena *arena) {
  switch (which) {
  case COLUMN_KEY:
    fill_texts(column, records->keys, records->key_validity);
    break;
  case COLUMN_VALUE:
    fill_texts(column, records->values, records->value_validity);
    break;
  case COLUMN_TOPIC:
    fill_constant(column, &records->topic, sizeof records->topic, arena);
    break;
  case COLUMN_PARTITION:
    fill_constant(column, &records->partition, sizeof records->partition, arena);
    break;
  case COLUMN_OFFSET:
    column->data = records->offsets;
    break;
  case COLUMN_TIMESTAMP:
    fill_timestamps(column, records->timestamps_ms, records->count);
    break;
  case COLUMN_TIMESTAMP_TYPE:
    column->data = records->timestamp_types;
    break;
  case COLUMN_HEADERS:
    fill_headers(column, records, arena);
    break;
  case COLUMN_COUNT:
    break;
  }
}

/* Nobody changes the texts of a column where they are. */
static void keep_raw(struct eagre_batch *batch, const struct eagre_kafka_records *records) {
  batch->origin.keys = records->keys;
  batch->origin.values = records->values;
  batch->origin.key_validity = records->key_validity;
  batch->origin.value_validity = records->value_validity;
}

static void fill_batch(struct eagre_batch *batch, const struct eagre_plan_source *plan,
                       const struct eagre_kafka_records *records) {
  eagre_batch_set_columns(batch, plan->schema->field_count, records->count);
  for (uint32_t i = 0; i < plan->schema->field_count; i++) {
    struct eagre_vector *column = &batch->columns[i];
    const struct eagre_type *type = plan->schema->fields[i].type;
    if (is_wanted(plan, (enum kafka_column)i)) {
      column->type = type;
      fill_column(column, (enum kafka_column)i, records, &batch->arena);
    } else {
      eagre_vector_init_null(column, type, &batch->arena);
    }
  }
  batch->origin = (struct eagre_origin){.topic = records->topic,
                                        .partition = records->partition,
                                        .offsets = records->offsets,
                                        .written_ms = records->first_ms};
  if (plan->keeps_raw) keep_raw(batch, records);
  batch->source_bytes = records->size_bytes;
  batch->backing = records->lease;
  batch->release_backing = eagre_kafka_records_release;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The counters of the source lie on a line of all cores: where nothing was lost nobody writes it.
 * */
static void tell_losses(struct eagre_source_kafka_reader *reader) {
  struct eagre_source_kafka *kafka = get_kafka(&reader->base);
  struct eagre_kafka_losses losses = eagre_kafka_consumer_losses(reader->consumer);
  uint64_t out_of_range_count = losses.out_of_range_count - reader->told.out_of_range_count;
  uint64_t lost_offset_count = losses.lost_offset_count - reader->told.lost_offset_count;
  if (out_of_range_count == 0 && lost_offset_count == 0) return;
  atomic_fetch_add_explicit(&kafka->out_of_range_count, out_of_range_count, memory_order_relaxed);
  atomic_fetch_add_explicit(&kafka->lost_offset_count, lost_offset_count, memory_order_relaxed);
  reader->told = losses;
}

enum eagre_status eagre_source_kafka_reader_read(struct eagre_source_reader *base,
                                                 struct eagre_batch *batch,
                                                 struct eagre_error *error) {
  struct eagre_source_kafka_reader *reader = get_reader(base);
  struct eagre_kafka_records records;
  if (reader->consumer == NULL) return EAGRE_END;
  enum eagre_status status =
      eagre_kafka_consumer_read(reader->consumer, &batch->arena, &records, error);
  if (status == EAGRE_OK) {
    fill_batch(batch, base->source->plan, &records);
    return EAGRE_OK;
  }
  if (status == EAGRE_AGAIN) {
    EAGRE_TRY(watch(reader, error));
    return EAGRE_AGAIN;
  }
  unwatch(reader);
  tell_losses(reader);
  return status;
}

/* Late rows of one task: batches of the columns of plan_late.c, or messages of the same. */
#include "runtime/runtime_late.h"

#include <inttypes.h>

#include "runtime/runtime_headers.h"
#include "value/value.h"

enum late_column { /* in the order of plan_late.c */
                   LATE_ROW,
                   LATE_EVENT_TIME,
                   LATE_WATERMARK,
                   LATE_OPERATOR,
                   LATE_TOPIC,
                   LATE_PARTITION,
                   LATE_OFFSET,
                   LATE_EPOCH,
                   LATE_COLUMN_COUNT,
                   LATE_HEADERS = LATE_EVENT_TIME, /* of a message: all the others */
                   HEADER_COUNT = LATE_COLUMN_COUNT - LATE_HEADERS,
};

void eagre_runtime_late_begin(struct runtime_late *late, int64_t epoch) {
  late->epoch = epoch;
  late->row_count = 0;
}

/* A watermark may be further away than a TIMESTAMP goes. */
static int64_t to_micros(int64_t milliseconds) {
  int64_t micros = 0;
  if (!__builtin_mul_overflow(milliseconds, 1000, &micros)) return micros;
  return milliseconds < 0 ? INT64_MIN : INT64_MAX;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void put_place(struct eagre_batch *out, const struct eagre_batch *batch, uint32_t row) {
  const struct eagre_origin *origin = &batch->origin;
  struct eagre_vector *columns = out->columns;
  uint32_t count = out->row_count;
  bool has_offset =
      eagre_batch_find_offset(batch, row, &EAGRE_VALUES(int64_t, &columns[LATE_OFFSET])[row]);
  EAGRE_VALUES(struct eagre_text, &columns[LATE_TOPIC])[row] = origin->topic;
  EAGRE_VALUES(int32_t, &columns[LATE_PARTITION])[row] = origin->partition;
  if (origin->topic.size == 0) eagre_vector_set_null(&columns[LATE_TOPIC], row, count, &out->arena);
  if (origin->partition < 0)
    eagre_vector_set_null(&columns[LATE_PARTITION], row, count, &out->arena);
  if (!has_offset) eagre_vector_set_null(&columns[LATE_OFFSET], row, count, &out->arena);
}

static void fill_columns(const struct runtime_late *late, const struct eagre_late_rows *rows,
                         struct eagre_batch *out) {
  out->columns[LATE_ROW] = rows->batch->columns[0];
  out->columns[LATE_EVENT_TIME] = rows->batch->columns[1];
  for (uint32_t column = LATE_WATERMARK; column < LATE_COLUMN_COUNT; column++) {
    eagre_vector_init(&out->columns[column], late->columns->fields[column].type, out->row_count,
                      &out->arena);
  }
  for (uint32_t row = 0; row < out->row_count; row++) {
    EAGRE_VALUES(int64_t, &out->columns[LATE_WATERMARK])[row] = to_micros(rows->watermark_ms);
    EAGRE_VALUES(int32_t, &out->columns[LATE_OPERATOR])[row] = (int32_t)rows->operator_number;
    EAGRE_VALUES(int64_t, &out->columns[LATE_EPOCH])[row] = late->epoch;
    put_place(out, rows->batch, row);
  }
}

/* ---- Messages -------------------------------------------------------------------------------- */

/* Of the row at hand. */
struct message {
  struct eagre_vector *headers;
  struct eagre_arena *arena;
  uint32_t row;
};

static void add_text(const struct message *message, const char *name, struct eagre_text value) {
  eagre_runtime_header_add(message->headers, message->row, name, value, message->arena);
}

static void add_number(const struct message *message, const char *name, int64_t number) {
  add_text(message, name, eagre_arena_printf(message->arena, "%" PRId64, number));
}

/* In UTC, as JSON has times. */
static void add_time(const struct message *message, const char *name, int64_t micros) {
  char text[64];
  size_t size = eagre_value_print_json_timestamp(micros, eagre_zone_utc(), text);
  add_text(message, name, eagre_text_make(text, size));
}

static void fill_headers(const struct runtime_late *late, const struct eagre_late_rows *rows,
                         const struct message *message) {
  const struct eagre_origin *origin = &rows->batch->origin;
  int64_t offset = 0;
  eagre_runtime_headers_begin(message->headers, message->row);
  add_time(message, "eventTime", EAGRE_VALUES(int64_t, &rows->batch->columns[1])[message->row]);
  add_time(message, "watermark", to_micros(rows->watermark_ms));
  add_number(message, "operator", rows->operator_number);
  if (origin->topic.size > 0) add_text(message, "topic", origin->topic);
  if (origin->partition >= 0) add_number(message, "partition", origin->partition);
  if (eagre_batch_find_offset(rows->batch, message->row, &offset))
    add_number(message, "offset", offset);
  add_number(message, "epoch", late->epoch);
}

static void fill_messages(const struct runtime_late *late, const struct eagre_late_rows *rows,
                          struct eagre_batch *out) {
  struct eagre_vector *headers = &out->columns[LATE_HEADERS];
  out->columns[LATE_ROW] = rows->batch->columns[0];
  eagre_vector_init(headers, late->columns->fields[LATE_HEADERS].type, out->row_count, &out->arena);
  eagre_runtime_headers_make(headers, out->row_count * HEADER_COUNT, &out->arena);
  for (uint32_t row = 0; row < out->row_count; row++) {
    fill_headers(late, rows, &(struct message){headers, &out->arena, row});
  }
}

/* ---- Taking ---------------------------------------------------------------------------------- */

enum eagre_status eagre_runtime_late_take(void *context, const struct eagre_late_rows *rows,
                                          struct eagre_error *error) {
  struct runtime_late *late = context;
  uint32_t count = rows->batch->row_count;
  struct eagre_batch *out = eagre_batch_new();
  eagre_batch_set_columns(out, late->columns->field_count, count);
  if (late->columns->field_count == LATE_COLUMN_COUNT) {
    fill_columns(late, rows, out);
  } else {
    fill_messages(late, rows, out);
  }
  late->row_count += count;
  enum eagre_status status = eagre_sink_writer_write(late->writer, out, error);
  eagre_batch_free(out);
  return status;
}

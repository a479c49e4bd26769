/* Dead letters of one task: a failed record becomes a row of the columns of plan_dead.c. */
#include "runtime/runtime_dead.h"

#include <inttypes.h>

#include "runtime/runtime_headers.h"
#include "value/value.h"

enum { ROWS_MAX = 256 }; /* of a batch: they hold copies of whole records */

enum letter_column { /* in the order of plan_dead.c */
                     LETTER_KEY,
                     LETTER_VALUE,
                     LETTER_TOPIC,
                     LETTER_PARTITION,
                     LETTER_OFFSET,
                     LETTER_CLASS,
                     LETTER_MESSAGE,
                     LETTER_EPOCH,
                     LETTER_HEADERS = LETTER_TOPIC, /* of a message: all the others */
                     HEADER_COUNT = LETTER_EPOCH - LETTER_TOPIC + 1,
};

/* What stands beside the record. */
struct letter {
  struct eagre_text topic;
  int32_t partition;     /* -1: a file */
  const int64_t *offset; /* NULL: not known */
  struct eagre_text class_name;
  struct eagre_text message;
  int64_t epoch;
};

static bool is_message(const struct runtime_dead *dead) {
  return dead->columns->fields[LETTER_HEADERS].type->kind == EAGRE_TYPE_ARRAY;
}

static void start_batch(struct runtime_dead *dead) {
  uint32_t count = dead->columns->field_count;
  if (dead->batch == NULL) dead->batch = eagre_batch_new();
  eagre_batch_reset(dead->batch);
  eagre_batch_set_columns(dead->batch, count, ROWS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    eagre_vector_init(&dead->batch->columns[i], dead->columns->fields[i].type, ROWS_MAX,
                      &dead->batch->arena);
  }
  if (is_message(dead)) {
    eagre_runtime_headers_make(&dead->batch->columns[LETTER_HEADERS], ROWS_MAX * HEADER_COUNT,
                               &dead->batch->arena);
  }
  dead->batch->row_count = 0;
}

void eagre_runtime_dead_begin(struct runtime_dead *dead, int64_t epoch) {
  dead->epoch = epoch;
  dead->row_count = 0;
  if (dead->batch != NULL) start_batch(dead);
}

void eagre_runtime_dead_done(struct runtime_dead *dead) {
  eagre_batch_free(dead->batch);
  dead->batch = NULL;
}

/* ---- One row --------------------------------------------------------------------------------- */

static void put_text(struct eagre_batch *letters, enum letter_column column,
                     struct eagre_text text) {
  struct eagre_text *texts = letters->columns[column].data;
  texts[letters->row_count] = eagre_arena_copy_text(&letters->arena, text);
}

static void put_null(struct eagre_batch *letters, enum letter_column column) {
  struct eagre_vector *vector = &letters->columns[column];
  if (vector->type->kind == EAGRE_TYPE_BINARY) put_text(letters, column, EAGRE_TEXT(""));
  eagre_vector_set_null(vector, letters->row_count, ROWS_MAX, &letters->arena);
}

static void put_raw(struct eagre_batch *letters, enum letter_column column,
                    const struct eagre_text *texts, const uint8_t *validity, uint32_t source_row) {
  bool is_there = texts != NULL && (validity == NULL || eagre_bit_get(validity, source_row));
  if (is_there) put_text(letters, column, texts[source_row]);
  if (!is_there) put_null(letters, column);
}

static void put_columns(struct eagre_batch *letters, const struct letter *letter) {
  uint32_t row = letters->row_count;
  put_text(letters, LETTER_TOPIC, letter->topic);
  put_text(letters, LETTER_CLASS, letter->class_name);
  put_text(letters, LETTER_MESSAGE, letter->message);
  ((int32_t *)letters->columns[LETTER_PARTITION].data)[row] = letter->partition;
  ((int64_t *)letters->columns[LETTER_OFFSET].data)[row] =
      letter->offset == NULL ? 0 : *letter->offset;
  ((int64_t *)letters->columns[LETTER_EPOCH].data)[row] = letter->epoch;
  if (letter->partition < 0) put_null(letters, LETTER_PARTITION);
  if (letter->offset == NULL) put_null(letters, LETTER_OFFSET);
}

static void put_header(struct eagre_batch *letters, const char *name, struct eagre_text value) {
  eagre_runtime_header_add(&letters->columns[LETTER_HEADERS], letters->row_count, name, value,
                           &letters->arena);
}

static void put_number_header(struct eagre_batch *letters, const char *name, int64_t number) {
  put_header(letters, name, eagre_arena_printf(&letters->arena, "%" PRId64, number));
}

static void put_headers(struct eagre_batch *letters, const struct letter *letter) {
  eagre_runtime_headers_begin(&letters->columns[LETTER_HEADERS], letters->row_count);
  put_header(letters, "topic", letter->topic);
  if (letter->partition >= 0) put_number_header(letters, "partition", letter->partition);
  if (letter->offset != NULL) put_number_header(letters, "offset", *letter->offset);
  put_header(letters, "class", letter->class_name);
  put_header(letters, "message", letter->message);
  put_number_header(letters, "epoch", letter->epoch);
}

/* A message may quote bytes of the record that are no UTF-8; a STRING has none. */
static struct eagre_text repair(struct eagre_text message, struct eagre_arena *arena) {
  struct eagre_buffer repaired = {0};
  eagre_value_utf8_repair(message, &repaired);
  struct eagre_text text = eagre_arena_copy_text(arena, eagre_buffer_text(&repaired));
  eagre_buffer_done(&repaired);
  return text;
}

enum eagre_status eagre_runtime_dead_take(void *context, const struct eagre_batch *batch,
                                          uint32_t row, const struct eagre_error *failure,
                                          struct eagre_error *error) {
  struct runtime_dead *dead = context;
  if (dead->batch == NULL) start_batch(dead);
  struct eagre_batch *letters = dead->batch;
  const struct eagre_origin *origin = &batch->origin;
  uint32_t source_row = batch->origin_rows == NULL ? row : batch->origin_rows[row];
  const struct letter letter = {
      .topic = origin->topic,
      .partition = origin->partition,
      .offset = origin->offsets == NULL ? NULL : &origin->offsets[source_row],
      .class_name = eagre_text_of(failure->class_name),
      .message = repair(eagre_text_of(failure->text), &letters->arena),
      .epoch = dead->epoch,
  };
  put_raw(letters, LETTER_KEY, origin->keys, origin->key_validity, source_row);
  put_raw(letters, LETTER_VALUE, origin->values, origin->value_validity, source_row);
  if (is_message(dead)) put_headers(letters, &letter);
  if (!is_message(dead)) put_columns(letters, &letter);
  letters->row_count += 1;
  dead->row_count += 1;
  return letters->row_count == ROWS_MAX ? eagre_runtime_dead_flush(dead, error) : EAGRE_OK;
}

enum eagre_status eagre_runtime_dead_flush(struct runtime_dead *dead, struct eagre_error *error) {
  if (dead->batch == NULL || dead->batch->row_count == 0) return EAGRE_OK;
  enum eagre_status status = eagre_sink_writer_write(dead->writer, dead->batch, error);
  start_batch(dead);
  return status;
}

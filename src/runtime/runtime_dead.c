/* Dead letters of one task: a failed record becomes a row of the columns of plan_dead.c. */
#include "runtime/runtime_dead.h"

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
                     LETTER_COLUMN_COUNT,
};

static void start_batch(struct runtime_dead *dead) {
  if (dead->batch == NULL) dead->batch = eagre_batch_new();
  eagre_batch_reset(dead->batch);
  eagre_assert(dead->columns->field_count == LETTER_COLUMN_COUNT);
  eagre_batch_set_columns(dead->batch, LETTER_COLUMN_COUNT, ROWS_MAX);
  for (uint32_t i = 0; i < LETTER_COLUMN_COUNT; i++) {
    eagre_vector_init(&dead->batch->columns[i], dead->columns->fields[i].type, ROWS_MAX,
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

/* A message may quote bytes of the record that are no UTF-8; a STRING has none. */
static void put_message(struct eagre_batch *letters, struct eagre_text message) {
  struct eagre_buffer repaired = {0};
  eagre_value_utf8_repair(message, &repaired);
  put_text(letters, LETTER_MESSAGE, eagre_buffer_text(&repaired));
  eagre_buffer_done(&repaired);
}

static void put_raw(struct eagre_batch *letters, enum letter_column column,
                    const struct eagre_text *texts, const uint8_t *validity, uint32_t source_row) {
  bool is_there = texts != NULL && (validity == NULL || eagre_bit_get(validity, source_row));
  if (is_there) put_text(letters, column, texts[source_row]);
  if (!is_there) put_null(letters, column);
}

static void put_place(struct eagre_batch *letters, const struct eagre_origin *origin,
                      uint32_t source_row) {
  int32_t *partitions = letters->columns[LETTER_PARTITION].data;
  int64_t *offsets = letters->columns[LETTER_OFFSET].data;
  put_text(letters, LETTER_TOPIC, origin->topic);
  partitions[letters->row_count] = origin->partition;
  if (origin->partition < 0) put_null(letters, LETTER_PARTITION);
  offsets[letters->row_count] = origin->offsets == NULL ? 0 : origin->offsets[source_row];
  if (origin->offsets == NULL) put_null(letters, LETTER_OFFSET);
}

enum eagre_status eagre_runtime_dead_take(void *context, const struct eagre_batch *batch,
                                          uint32_t row, const struct eagre_error *failure,
                                          struct eagre_error *error) {
  struct runtime_dead *dead = context;
  if (dead->batch == NULL) start_batch(dead);
  struct eagre_batch *letters = dead->batch;
  const struct eagre_origin *origin = &batch->origin;
  uint32_t source_row = batch->origin_rows == NULL ? row : batch->origin_rows[row];
  put_raw(letters, LETTER_KEY, origin->keys, origin->key_validity, source_row);
  put_raw(letters, LETTER_VALUE, origin->values, origin->value_validity, source_row);
  put_place(letters, origin, source_row);
  put_text(letters, LETTER_CLASS, eagre_text_of(failure->class_name));
  put_message(letters, eagre_text_of(failure->text));
  ((int64_t *)letters->columns[LETTER_EPOCH].data)[letters->row_count] = dead->epoch;
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

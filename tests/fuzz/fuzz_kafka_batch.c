/* Record batches: any bytes give batches whose records lie inside of them, or an error that has a
 * class and a sentence. The first byte says whether checksums count. */
#include <stddef.h>
#include <stdint.h>

#include "kafka/kafka_batch.h"

enum { UNPACKED_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct eagre_text text, const struct eagre_kafka_batch_cursor *cursor) {
  eagre_assert(text.data == NULL || text.data + text.size <= cursor->end);
}

static void read_headers(const struct eagre_kafka_record *record,
                         const struct eagre_kafka_batch_cursor *cursor) {
  struct eagre_text headers = record->headers;
  struct eagre_text key;
  struct eagre_text value;
  for (uint32_t i = 0; i < record->header_count; i++) {
    if (!eagre_kafka_batch_next_header(&headers, &key, &value)) return;
    check_inside(key, cursor);
    check_inside(value, cursor);
  }
}

static void read_records(const struct eagre_kafka_batch *batch, struct eagre_text records) {
  struct eagre_kafka_batch_cursor cursor = eagre_kafka_batch_begin(batch, records);
  struct eagre_kafka_record record;
  while (cursor.left_count > 0 && eagre_kafka_batch_next(&cursor, &record)) {
    eagre_assert(record.offset >= batch->base_offset && record.offset <= batch->last_offset);
    check_inside(record.key, &cursor);
    check_inside(record.value, &cursor);
    read_headers(&record, &cursor);
  }
}

static void check_error(enum eagre_status status, const struct eagre_error *error) {
  eagre_assert(status == error->status);
  eagre_assert(error->class_name[0] != '\0' && error->text[0] != '\0');
}

static void read_batch(const struct eagre_kafka_batch *batch) {
  struct eagre_buffer unpacked = {0};
  struct eagre_error error;
  eagre_kafka_batch_is_abort(batch);
  if (batch->codec == EAGRE_KAFKA_CODEC_NONE) {
    read_records(batch, batch->records);
    return;
  }
  enum eagre_status status = eagre_kafka_batch_unpack(batch, UNPACKED_MAX, &unpacked, &error);
  if (status == EAGRE_OK) {
    eagre_assert(unpacked.size <= UNPACKED_MAX);
    read_records(batch, eagre_buffer_text(&unpacked));
  } else {
    check_error(status, &error);
  }
  eagre_buffer_done(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_kafka_batch batch;
  struct eagre_error error;
  if (size == 0) return 0;
  struct eagre_text bytes = eagre_text_make((const char *)data + 1, size - 1);
  enum eagre_status status;
  while ((status = eagre_kafka_batch_read(&bytes, data[0] != 0, &batch, &error)) == EAGRE_OK) {
    read_batch(&batch);
  }
  if (status != EAGRE_END) check_error(status, &error);
  return 0;
}

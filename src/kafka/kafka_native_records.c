/* Records of a backlog as arrays, read in one pass over the batches they lie in.
 *
 * Texts point into the blocks, which have readable bytes behind them; the lease keeps
 * the blocks. */
#include "kafka/kafka_native.h"

#include <inttypes.h>
#include <string.h>

enum {
  /* Arrays are made for as many records as the bytes of a read are likely to hold, and some. */
  SPARE_COUNT = 64,
  BLOCKS_MAX = 64, /* of one read: many batches of one answer are one block */
};

struct native_lease {
  struct eagre_kafka_lease base;
  uint32_t count;
  struct eagre_kafka_block *blocks[BLOCKS_MAX];
};

/* One read while it is made. */
struct taking {
  struct eagre_kafka_consumer *consumer;
  struct eagre_kafka_consumer_partition *partition;
  struct eagre_arena *arena;
  struct eagre_kafka_records *out;
  struct native_lease *lease;
  uint32_t capacity;
  int64_t expected; /* offset of the next record, when there is no hole */
  bool is_full;
  struct eagre_text *headers; /* of each record, unread; NULL: not wanted */
  uint32_t header_count;
  uint32_t *header_counts;
};

static void release(struct eagre_kafka_lease *base) {
  struct native_lease *lease = (struct native_lease *)base;
  for (uint32_t i = 0; i < lease->count; i++) {
    eagre_kafka_block_release(lease->blocks[i]);
  }
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* How many records the front of the backlog gives, roughly and at most. */
static uint32_t choose_capacity(const struct eagre_kafka_consumer *consumer,
                                const struct eagre_kafka_native_partition *partition) {
  uint64_t count = 0;
  uint64_t limit = consumer->options.record_count_max;
  for (uint32_t i = 0; i < partition->held_count && count < limit; i++) {
    uint32_t slot = (partition->held_begin + i) & (partition->held_capacity - 1);
    const struct eagre_kafka_held *held = &partition->held[slot];
    count += held->is_open ? held->cursor.left_count : held->batch.record_count;
  }
  const struct eagre_kafka_held *first = eagre_kafka_native_first(partition);
  bool is_plain = first->batch.codec == EAGRE_KAFKA_CODEC_NONE;
  uint64_t record_size = first->batch.records.size / first->batch.record_count;
  uint64_t likely = consumer->options.read_size_bytes / (record_size + 1) * 5 / 4 + SPARE_COUNT;
  if (is_plain && count > likely) count = likely;
  return (uint32_t)(count < limit ? count : limit);
}

static void make_arrays(struct taking *taking) {
  uint32_t parts = taking->consumer->options.parts;
  struct eagre_kafka_records *out = taking->out;
  struct eagre_arena *arena = taking->arena;
  size_t count = taking->capacity;
  out->offsets = eagre_arena_allocate_vector(arena, count * sizeof *out->offsets);
  if (parts & EAGRE_KAFKA_KEY) {
    out->keys = eagre_arena_allocate_vector(arena, count * sizeof *out->keys);
  }
  if (parts & EAGRE_KAFKA_VALUE) {
    out->values = eagre_arena_allocate_vector(arena, count * sizeof *out->values);
  }
  if (parts & EAGRE_KAFKA_TIMESTAMP) {
    out->timestamps_ms = eagre_arena_allocate_vector(arena, count * sizeof(int64_t));
    out->timestamp_types = eagre_arena_allocate_vector(arena, count * sizeof(int32_t));
  }
  if (parts & EAGRE_KAFKA_HEADERS) {
    taking->headers = eagre_arena_allocate(arena, count * sizeof *taking->headers);
    taking->header_counts = eagre_arena_allocate(arena, count * sizeof *taking->header_counts);
  }
}

static void set_null(uint8_t **validity, uint32_t row, uint32_t count, struct eagre_arena *arena) {
  if (*validity == NULL) {
    *validity = eagre_arena_allocate_vector(arena, eagre_bits_size(count));
    eagre_bits_fill(*validity, count, true);
  }
  eagre_bit_clear(*validity, row);
}

static inline void put_text(struct eagre_text *texts, uint8_t **validity, uint32_t row,
                            struct eagre_text text, const struct taking *taking) {
  if (texts == NULL) return;
  bool is_null = text.data == NULL;
  texts[row] = is_null ? EAGRE_TEXT("") : text;
  if (is_null) set_null(validity, row, taking->capacity, taking->arena);
}

static inline void put_record(struct taking *taking, const struct eagre_kafka_record *record,
                              bool is_log_append_time) {
  struct eagre_kafka_records *out = taking->out;
  uint32_t row = out->count++;
  if (row == 0) out->first_ms = record->timestamp_ms;
  out->offsets[row] = record->offset;
  put_text(out->keys, &out->key_validity, row, record->key, taking);
  put_text(out->values, &out->value_validity, row, record->value, taking);
  if (out->timestamps_ms != NULL) {
    out->timestamps_ms[row] = record->timestamp_ms;
    out->timestamp_types[row] = is_log_append_time;
  }
  if (taking->headers != NULL) {
    taking->headers[row] = record->headers;
    taking->header_counts[row] = record->header_count;
    taking->header_count += record->header_count;
  }
}

/* ---- Batches --------------------------------------------------------------------------------- */

static enum eagre_status fail_record(const struct eagre_kafka_consumer_partition *partition,
                                     int64_t offset, struct eagre_error *error) {
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, offset);
  return EAGRE_IO;
}

/* Unpacks the records into a block of their own, in place of the one they came in. */
static enum eagre_status unpack(struct eagre_kafka_native *native, struct eagre_kafka_held *held,
                                struct eagre_error *error) {
  struct eagre_kafka_block *block =
      eagre_kafka_block_new(native->pool, 4 * held->batch.records.size);
  enum eagre_status status =
      eagre_kafka_batch_unpack(&held->batch, native->unpacked_size_max, &block->bytes, error);
  if (status != EAGRE_OK) {
    eagre_kafka_block_release(block);
    return status;
  }
  eagre_kafka_block_seal(block);
  eagre_kafka_block_release(held->block);
  held->block = block;
  return EAGRE_OK;
}

static enum eagre_status open_batch(const struct taking *taking, struct eagre_kafka_held *held,
                                    struct eagre_error *error) {
  struct eagre_text records = held->batch.records;
  if (held->is_open) return EAGRE_OK;
  if (held->batch.codec != EAGRE_KAFKA_CODEC_NONE) {
    if (unpack(taking->consumer->native, held, error) != EAGRE_OK) {
      return fail_record(taking->partition, held->front, error);
    }
    records = eagre_buffer_text(&held->block->bytes);
  }
  held->cursor = eagre_kafka_batch_begin(&held->batch, records);
  held->is_open = true;
  return EAGRE_OK;
}

static void lease_block(struct native_lease *lease, struct eagre_kafka_block *block) {
  if (lease->count > 0 && lease->blocks[lease->count - 1] == block) return;
  eagre_kafka_block_acquire(block);
  lease->blocks[lease->count++] = block;
}

/* Whether there is no room for this record; one always has. */
static inline bool is_too_much(const struct taking *taking, uint64_t size) {
  const struct eagre_kafka_records *out = taking->out;
  if (out->count == taking->capacity) return true;
  return out->count > 0 && out->size_bytes + size > taking->consumer->options.read_size_bytes;
}

static inline uint64_t measure(const struct taking *taking,
                               const struct eagre_kafka_record *record) {
  uint64_t size = record->key.size + record->value.size;
  return taking->headers == NULL ? size : size + record->headers.size;
}

/* Records of the batch, until it or the range is at its end, or the read is full. */
static enum eagre_status take_batch(struct taking *taking, struct eagre_kafka_held *held,
                                    struct eagre_error *error) {
  struct eagre_kafka_batch_cursor cursor = held->cursor;
  struct eagre_kafka_record record;
  while (cursor.left_count > 0) {
    struct eagre_kafka_batch_cursor before = cursor;
    if (!eagre_kafka_batch_next(&cursor, &record)) {
      eagre_kafka_batch_fail("its records end too soon", error);
      return fail_record(taking->partition, taking->expected, error);
    }
    if (record.offset < held->front) continue;
    uint64_t size = measure(taking, &record);
    held->front = record.offset;
    taking->is_full = record.offset >= taking->partition->end || is_too_much(taking, size);
    if (taking->is_full) {
      held->cursor = before;
      return EAGRE_OK;
    }
    eagre_kafka_consumer_note_hole(taking->partition, taking->expected, record.offset,
                                   held->log_start);
    taking->expected = record.offset + 1;
    taking->out->size_bytes += size;
    held->front = taking->expected;
    put_record(taking, &record, cursor.is_log_append_time);
  }
  held->cursor = cursor;
  return EAGRE_OK;
}

/* ---- Headers --------------------------------------------------------------------------------- */

static enum eagre_status fill_headers_of(struct taking *taking, uint32_t row,
                                         struct eagre_error *error) {
  struct eagre_kafka_records *out = taking->out;
  struct eagre_text rest = taking->headers[row];
  int32_t end = out->header_offsets[row] + (int32_t)taking->header_counts[row];
  for (int32_t i = out->header_offsets[row]; i < end; i++) {
    struct eagre_text value;
    if (!eagre_kafka_batch_next_header(&rest, &out->header_keys[i], &value)) {
      eagre_kafka_batch_fail("its headers end too soon", error);
      return fail_record(taking->partition, out->offsets[row], error);
    }
    bool is_null = value.data == NULL;
    out->header_values[i] = is_null ? EAGRE_TEXT("") : value;
    if (is_null) {
      set_null(&out->header_value_validity, (uint32_t)i, taking->header_count, taking->arena);
    }
  }
  out->header_offsets[row + 1] = end;
  return EAGRE_OK;
}

static enum eagre_status fill_headers(struct taking *taking, struct eagre_error *error) {
  struct eagre_kafka_records *out = taking->out;
  size_t size = taking->header_count * sizeof(struct eagre_text);
  if (taking->headers == NULL) return EAGRE_OK;
  out->header_offsets =
      eagre_arena_allocate_vector(taking->arena, (out->count + 1) * sizeof(int32_t));
  out->header_keys = eagre_arena_allocate_vector(taking->arena, size);
  out->header_values = eagre_arena_allocate_vector(taking->arena, size);
  out->header_offsets[0] = 0;
  for (uint32_t i = 0; i < out->count; i++) {
    EAGRE_TRY(fill_headers_of(taking, i, error));
  }
  return EAGRE_OK;
}

/* ---- A read ---------------------------------------------------------------------------------- */

/* Batches from the front of the backlog; those that are read to their end are dropped. */
static enum eagre_status take_batches(struct taking *taking, struct eagre_error *error) {
  struct eagre_kafka_native_partition *native = taking->partition->native;
  while (native->held_count > 0 && !taking->is_full && taking->lease->count < BLOCKS_MAX) {
    struct eagre_kafka_held *held = eagre_kafka_native_first(native);
    EAGRE_TRY(open_batch(taking, held, error));
    lease_block(taking->lease, held->block);
    EAGRE_TRY(take_batch(taking, held, error));
    if (held->cursor.left_count == 0) eagre_kafka_native_drop_first(native);
  }
  return EAGRE_OK;
}

static enum eagre_status take_all(struct taking *taking, struct eagre_error *error) {
  struct eagre_kafka_records *out = taking->out;
  enum eagre_status status = take_batches(taking, error);
  /* What came before damage is given; the damage is met again by the next read. */
  if (status != EAGRE_OK && out->count == 0) return status;
  if (out->count == 0) return EAGRE_AGAIN;
  EAGRE_TRY(fill_headers(taking, error));
  eagre_kafka_consumer_move(taking->consumer, taking->partition, taking->expected);
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_native_take(struct eagre_kafka_consumer *consumer,
                                          struct eagre_kafka_consumer_partition *partition,
                                          struct eagre_arena *arena,
                                          struct eagre_kafka_records *out,
                                          struct eagre_error *error) {
  struct native_lease *lease = eagre_arena_allocate(arena, sizeof *lease);
  struct taking taking = {
      .consumer = consumer,
      .partition = partition,
      .arena = arena,
      .out = out,
      .lease = lease,
      .capacity = choose_capacity(consumer, partition->native),
      .expected = partition->position,
  };
  lease->base.release = release;
  lease->count = 0;
  *out = (struct eagre_kafka_records){
      .topic = eagre_arena_copy_text(arena, eagre_text_of(partition->topic->name)),
      .partition = partition->number,
      .lease = lease,
  };
  make_arrays(&taking);
  enum eagre_status status = take_all(&taking, error);
  if (status != EAGRE_OK) release(&lease->base);
  return status;
}

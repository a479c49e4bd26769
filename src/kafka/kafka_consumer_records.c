/* Messages of a backlog as arrays.
 *
 * Whoever reads a text here may look 64 bytes past its end (vector loads), and the bytes are
 * librdkafka's. Records lie behind each other in what was fetched, so the bytes behind a record are
 * nearly always those of the next ones; only the last few of a fetch are copied to where 64 bytes
 * follow. */
#include "kafka/kafka_consumer.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EAGRE_KAFKA_SEES_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define EAGRE_KAFKA_SEES_POISON 1
#endif
#ifdef EAGRE_KAFKA_SEES_POISON
#include <sanitizer/asan_interface.h>
#endif

enum {
  READABLE_BEHIND = 64,
  /* Between two addresses less than a page apart every page is mapped, whatever lies there. */
  NEIGHBOUR_DISTANCE_MAX = 4095,
  PREFETCH_DISTANCE = 8,
};

/* What `lease` of the door points to. */
struct records_lease {
  struct eagre_kafka_lease base;
  struct eagre_kafka_consumer_client *client;
  uint32_t count;
  rd_kafka_message_t *messages[];
};

/* ---- Choosing -------------------------------------------------------------------------------- */

static uint64_t measure_headers(const rd_kafka_message_t *message) {
  rd_kafka_headers_t *headers = NULL;
  const char *key;
  const void *value;
  uint64_t size = 0;
  size_t value_size;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &key, &value, &value_size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       i++) {
    size += strlen(key) + value_size;
  }
  return size;
}

/* How many of the front of the backlog go into one read, and their bytes. */
static uint32_t choose_count(const struct eagre_kafka_consumer *consumer,
                             const struct eagre_kafka_consumer_partition *partition,
                             uint64_t *out_size) {
  uint32_t limit = partition->message_count;
  if (limit > consumer->options.record_count_max) limit = consumer->options.record_count_max;
  uint64_t size = 0;
  uint32_t count = 0;
  for (; count < limit; count++) {
    if (count + PREFETCH_DISTANCE < limit) {
      __builtin_prefetch(eagre_kafka_consumer_backlog_at(partition, count + PREFETCH_DISTANCE));
    }
    const rd_kafka_message_t *message = eagre_kafka_consumer_backlog_at(partition, count);
    if (message->offset >= partition->end) break;
    uint64_t more = message->len + message->key_len;
    if (consumer->options.parts & EAGRE_KAFKA_HEADERS) more += measure_headers(message);
    if (count > 0 && size + more > consumer->options.read_size_bytes) break;
    size += more;
  }
  *out_size = size;
  return count;
}

static void release(struct eagre_kafka_lease *base) {
  struct records_lease *lease = (struct records_lease *)base;
  for (uint32_t i = 0; i < lease->count; i++) {
    rd_kafka_message_destroy(lease->messages[i]);
  }
  eagre_kafka_consumer_client_release(lease->client);
}

static struct records_lease *make_lease(struct eagre_kafka_consumer *consumer,
                                        struct eagre_kafka_consumer_partition *partition,
                                        uint32_t count, struct eagre_arena *arena) {
  struct records_lease *lease =
      eagre_arena_allocate(arena, sizeof *lease + count * sizeof(rd_kafka_message_t *));
  lease->base.release = release;
  lease->client = consumer->client;
  lease->count = count;
  atomic_fetch_add_explicit(&consumer->client->reference_count, 1, memory_order_relaxed);
  for (uint32_t i = 0; i < count; i++) {
    lease->messages[i] = eagre_kafka_consumer_backlog_pop(partition);
  }
  return lease;
}

/* ---- Filling --------------------------------------------------------------------------------- */

static void fill_offsets(struct eagre_kafka_records *out, const struct records_lease *lease,
                         struct eagre_kafka_consumer_partition *partition,
                         struct eagre_arena *arena) {
  int64_t *offsets = eagre_arena_allocate_vector(arena, lease->count * sizeof *offsets);
  int64_t expected = partition->position;
  for (uint32_t i = 0; i < lease->count; i++) {
    offsets[i] = lease->messages[i]->offset;
    if (offsets[i] != expected) eagre_kafka_consumer_note_hole(partition, expected, offsets[i], -1);
    expected = offsets[i] + 1;
  }
  out->offsets = offsets;
}

static void fill_timestamps(struct eagre_kafka_records *out, const struct records_lease *lease,
                            struct eagre_arena *arena) {
  out->timestamps_ms = eagre_arena_allocate_vector(arena, lease->count * sizeof(int64_t));
  out->timestamp_types = eagre_arena_allocate_vector(arena, lease->count * sizeof(int32_t));
  for (uint32_t i = 0; i < lease->count; i++) {
    rd_kafka_timestamp_type_t type;
    out->timestamps_ms[i] = rd_kafka_message_timestamp(lease->messages[i], &type);
    out->timestamp_types[i] = (int32_t)type - 1;
  }
}

static int64_t first_ms_of(const struct records_lease *lease) {
  rd_kafka_timestamp_type_t ignored;
  return rd_kafka_message_timestamp(lease->messages[0], &ignored);
}

/* The bytes from `begin` up to `readable_end` may be read. */
struct stretch {
  const char *begin;
  const char *readable_end;
};

static const char *message_begin(const rd_kafka_message_t *message) {
  const char *key = message->key;
  const char *value = message->payload;
  if (key == NULL) return value;
  return value == NULL || key < value ? key : value;
}

static const char *message_end(const rd_kafka_message_t *message) {
  const char *key_end = message->key == NULL ? NULL : (char *)message->key + message->key_len;
  const char *value_end = message->payload == NULL ? NULL : (char *)message->payload + message->len;
  return value_end == NULL || (key_end != NULL && key_end > value_end) ? key_end : value_end;
}

/* Two fetches may lie near each other too. What is between them may be read, as that cannot fail
 * and nobody looks at the bytes; AddressSanitizer does not know this, so it gets copies there. */
static bool is_forbidden(const char *begin, const char *end) {
#ifdef EAGRE_KAFKA_SEES_POISON
  return __asan_region_is_poisoned((void *)(uintptr_t)begin, (size_t)(end - begin)) != NULL;
#else
  (void)begin;
  (void)end;
  return false;
#endif
}

/* Goes from the message behind to this one. */
static void extend_stretch(struct stretch *stretch, const rd_kafka_message_t *message) {
  const char *begin = message_begin(message);
  const char *end = message_end(message);
  if (begin == NULL) return; /* neither key nor value */
  bool is_neighbour = stretch->begin != NULL && end <= stretch->begin &&
                      stretch->begin - end <= NEIGHBOUR_DISTANCE_MAX &&
                      !is_forbidden(end, stretch->begin);
  if (!is_neighbour) stretch->readable_end = end;
  stretch->begin = begin;
}

/* The bytes where they are, or a copy that has readable bytes behind it. */
static struct eagre_text make_readable(const void *data, size_t size, const struct stretch *stretch,
                                       struct eagre_arena *arena) {
  const char *bytes = data;
  if (bytes == NULL) return (struct eagre_text){"", 0};
  if (stretch->readable_end - (bytes + size) >= READABLE_BEHIND) {
    return eagre_text_make(bytes, size);
  }
  char *copy = eagre_arena_allocate_vector(arena, size);
  if (size > 0) memcpy(copy, bytes, size);
  return eagre_text_make(copy, size);
}

static void set_null(uint8_t **validity, uint32_t row, uint32_t count, struct eagre_arena *arena) {
  if (*validity == NULL) {
    *validity = eagre_arena_allocate_vector(arena, eagre_bits_size(count));
    eagre_bits_fill(*validity, count, true);
  }
  eagre_bit_clear(*validity, row);
}

/* Backwards: what may be read behind a record depends on those behind it. */
static void fill_texts(struct eagre_kafka_records *out, const struct records_lease *lease,
                       uint32_t parts, struct eagre_arena *arena) {
  struct stretch stretch = {NULL, NULL};
  size_t size = lease->count * sizeof(struct eagre_text);
  if (parts & EAGRE_KAFKA_KEY) out->keys = eagre_arena_allocate_vector(arena, size);
  if (parts & EAGRE_KAFKA_VALUE) out->values = eagre_arena_allocate_vector(arena, size);
  for (uint32_t i = lease->count; i-- > 0;) {
    const rd_kafka_message_t *message = lease->messages[i];
    extend_stretch(&stretch, message);
    if (out->keys != NULL) {
      out->keys[i] = make_readable(message->key, message->key_len, &stretch, arena);
      if (message->key == NULL) set_null(&out->key_validity, i, lease->count, arena);
    }
    if (out->values != NULL) {
      out->values[i] = make_readable(message->payload, message->len, &stretch, arena);
      if (message->payload == NULL) set_null(&out->value_validity, i, lease->count, arena);
    }
  }
}

/* The headers of all messages lie behind each other; each message's are parsed by now. */
static uint32_t count_headers(const struct records_lease *lease, int32_t *offsets) {
  offsets[0] = 0;
  for (uint32_t i = 0; i < lease->count; i++) {
    rd_kafka_headers_t *headers = NULL;
    bool has_some =
        rd_kafka_message_headers(lease->messages[i], &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
    offsets[i + 1] = offsets[i] + (has_some ? (int32_t)rd_kafka_header_cnt(headers) : 0);
  }
  return (uint32_t)offsets[lease->count];
}

static struct eagre_text copy_text(const void *data, size_t size, struct eagre_arena *arena) {
  char *copy = eagre_arena_allocate_text(arena, size);
  if (size > 0) memcpy(copy, data, size);
  return eagre_text_make(copy, size);
}

/* Those of message `row`, which has some. */
static void fill_headers_of(struct eagre_kafka_records *out, const struct records_lease *lease,
                            uint32_t row, struct eagre_arena *arena) {
  uint32_t begin = (uint32_t)out->header_offsets[row];
  uint32_t end = (uint32_t)out->header_offsets[row + 1];
  rd_kafka_headers_t *headers = NULL;
  rd_kafka_message_headers(lease->messages[row], &headers);
  for (uint32_t i = begin; i < end; i++) {
    const char *key = "";
    const void *value = NULL;
    size_t value_size = 0;
    rd_kafka_header_get_all(headers, i - begin, &key, &value, &value_size);
    out->header_keys[i] = copy_text(key, strlen(key), arena);
    out->header_values[i] = copy_text(value, value == NULL ? 0 : value_size, arena);
    if (value != NULL) continue;
    set_null(&out->header_value_validity, i, (uint32_t)out->header_offsets[out->count], arena);
  }
}

/* librdkafka parses headers into memory of its own, per message. */
static void fill_headers(struct eagre_kafka_records *out, const struct records_lease *lease,
                         struct eagre_arena *arena) {
  out->header_offsets = eagre_arena_allocate_vector(arena, (lease->count + 1) * sizeof(int32_t));
  uint32_t count = count_headers(lease, out->header_offsets);
  out->header_keys = eagre_arena_allocate_vector(arena, count * sizeof(struct eagre_text));
  out->header_values = eagre_arena_allocate_vector(arena, count * sizeof(struct eagre_text));
  for (uint32_t i = 0; i < lease->count; i++) {
    bool has_some = out->header_offsets[i] < out->header_offsets[i + 1];
    if (has_some) fill_headers_of(out, lease, i, arena);
  }
}

enum eagre_status eagre_kafka_consumer_take_records(
    struct eagre_kafka_consumer *consumer, struct eagre_kafka_consumer_partition *partition,
    struct eagre_arena *arena, struct eagre_kafka_records *out, struct eagre_error *error) {
  (void)error;
  uint64_t size = 0;
  uint32_t count = choose_count(consumer, partition, &size);
  eagre_assert(count > 0);
  struct records_lease *lease = make_lease(consumer, partition, count, arena);
  *out = (struct eagre_kafka_records){
      .topic = eagre_arena_copy_text(arena, eagre_text_of(partition->topic->name)),
      .partition = partition->number,
      .count = count,
      .first_ms = first_ms_of(lease),
      .size_bytes = size,
      .lease = lease,
  };
  fill_offsets(out, lease, partition, arena);
  uint32_t parts = consumer->options.parts;
  if (parts & (EAGRE_KAFKA_KEY | EAGRE_KAFKA_VALUE)) fill_texts(out, lease, parts, arena);
  if (parts & EAGRE_KAFKA_TIMESTAMP) fill_timestamps(out, lease, arena);
  if (parts & EAGRE_KAFKA_HEADERS) fill_headers(out, lease, arena);
  eagre_kafka_consumer_move(consumer, partition, out->offsets[count - 1] + 1);
  return EAGRE_OK;
}

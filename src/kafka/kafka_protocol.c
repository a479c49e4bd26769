/* Writing requests and reading answers, version by version. */
#include "kafka/kafka_protocol.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum {
  API_FETCH = 1,
  API_OFFSETS = 2,
  API_METADATA = 3,
  API_HANDSHAKE = 17,
  API_VERSIONS = 18,
  API_AUTHENTICATE = 36,
};

enum {
  FETCH_MIN = 4,
  FETCH_MAX = 16,
  METADATA_MIN = 1,
  METADATA_MAX = 12,
  OFFSETS_MIN = 2,
  OFFSETS_MAX = 3,
  HANDSHAKE_VERSION = 1,
  AUTHENTICATE_MAX = 1,
};

/* Where something came, or went, in the versions of Metadata and Fetch. */
enum {
  METADATA_CLUSTER = 2,
  METADATA_THROTTLE = 3,
  METADATA_NO_CREATION = 4,
  METADATA_OFFLINE = 5,
  METADATA_EPOCH = 7,
  METADATA_RIGHTS = 8,
  METADATA_COMPACT = 9,
  METADATA_ID = 10,
  METADATA_NO_CLUSTER_RIGHTS = 11,
  AUTHENTICATE_LIFETIME = 1,
  FETCH_LOG_START = 5,
  FETCH_SESSION = 7,
  FETCH_EPOCH = 9,
  FETCH_RACK = 11,
  FETCH_COMPACT = 12,
  FETCH_ID = 13,
  FETCH_NO_REPLICA = 15,
};

/* ---- Frames ---------------------------------------------------------------------------------- */

/* Returns where the frame begins. */
static size_t begin_request(struct eagre_buffer *out, int16_t key, int16_t version,
                            struct eagre_kafka_caller caller, bool is_compact) {
  size_t begin = out->size;
  eagre_kafka_wire_put_i32(out, 0);
  eagre_kafka_wire_put_i16(out, key);
  eagre_kafka_wire_put_i16(out, version);
  eagre_kafka_wire_put_i32(out, caller.number);
  eagre_kafka_wire_put_text(out, caller.client, false);
  eagre_kafka_wire_put_tags(out, is_compact);
  return begin;
}

static void end_request(struct eagre_buffer *out, size_t begin) {
  uint32_t size = htobe32((uint32_t)(out->size - begin - sizeof size));
  memcpy(out->data + begin, &size, sizeof size);
}

static struct eagre_kafka_wire begin_answer(struct eagre_text answer, bool is_compact) {
  struct eagre_kafka_wire wire = eagre_kafka_wire_over(answer);
  eagre_kafka_wire_take_i32(&wire); /* the number of the question */
  eagre_kafka_wire_skip_tags(&wire, is_compact);
  return wire;
}

int32_t eagre_kafka_protocol_number(struct eagre_text answer) {
  struct eagre_kafka_wire wire = eagre_kafka_wire_over(answer);
  int32_t number = eagre_kafka_wire_take_i32(&wire);
  return wire.is_broken ? -1 : number;
}

/* ---- What a broker speaks -------------------------------------------------------------------- */

void eagre_kafka_protocol_put_versions(struct eagre_buffer *out, struct eagre_kafka_caller caller) {
  end_request(out, begin_request(out, API_VERSIONS, 0, caller, false));
}

static int16_t choose_version(int16_t low, int16_t high, int16_t ours_low, int16_t ours_high) {
  int16_t version = high < ours_high ? high : ours_high;
  return version >= low && version >= ours_low ? version : -1;
}

bool eagre_kafka_protocol_read_versions(struct eagre_text answer,
                                        struct eagre_kafka_versions *out) {
  struct eagre_kafka_wire wire = begin_answer(answer, false);
  *out = (struct eagre_kafka_versions){-1, -1, -1, -1};
  int16_t error = eagre_kafka_wire_take_i16(&wire);
  uint32_t count = eagre_kafka_wire_take_count(&wire, false);
  for (uint32_t i = 0; i < count && !wire.is_broken; i++) {
    int16_t key = eagre_kafka_wire_take_i16(&wire);
    int16_t low = eagre_kafka_wire_take_i16(&wire);
    int16_t high = eagre_kafka_wire_take_i16(&wire);
    if (key == API_FETCH) out->fetch = choose_version(low, high, FETCH_MIN, FETCH_MAX);
    if (key == API_METADATA) out->metadata = choose_version(low, high, METADATA_MIN, METADATA_MAX);
    if (key == API_OFFSETS) out->offsets = choose_version(low, high, OFFSETS_MIN, OFFSETS_MAX);
    if (key == API_AUTHENTICATE) out->authenticate = choose_version(low, high, 0, AUTHENTICATE_MAX);
  }
  return !wire.is_broken && error == 0;
}

/* ---- Who we are ------------------------------------------------------------------------------ */

void eagre_kafka_protocol_put_handshake(struct eagre_buffer *out, struct eagre_kafka_caller caller,
                                        struct eagre_text mechanism) {
  size_t begin = begin_request(out, API_HANDSHAKE, HANDSHAKE_VERSION, caller, false);
  eagre_kafka_wire_put_text(out, mechanism, false);
  end_request(out, begin);
}

bool eagre_kafka_protocol_read_handshake(struct eagre_text answer, int16_t *out_error,
                                         char *out_offered, size_t offered_size) {
  struct eagre_kafka_wire wire = begin_answer(answer, false);
  size_t used = 0;
  *out_error = eagre_kafka_wire_take_i16(&wire);
  uint32_t count = eagre_kafka_wire_take_count(&wire, false);
  out_offered[0] = '\0';
  for (uint32_t i = 0; i < count && !wire.is_broken; i++) {
    struct eagre_text name = eagre_kafka_wire_take_text(&wire, false);
    if (used >= offered_size) continue;
    used += (size_t)snprintf(out_offered + used, offered_size - used, "%s%.*s", i == 0 ? "" : ", ",
                             (int)name.size, name.data);
  }
  return !wire.is_broken;
}

void eagre_kafka_protocol_put_authenticate(struct eagre_buffer *out, int16_t version,
                                           struct eagre_kafka_caller caller,
                                           struct eagre_text bytes) {
  size_t begin = begin_request(out, API_AUTHENTICATE, version, caller, false);
  eagre_kafka_wire_put_i32(out, (int32_t)bytes.size);
  eagre_buffer_append_text(out, bytes);
  end_request(out, begin);
}

bool eagre_kafka_protocol_read_authenticate(struct eagre_text answer, int16_t version,
                                            struct eagre_kafka_authenticated *out) {
  struct eagre_kafka_wire wire = begin_answer(answer, false);
  out->error = eagre_kafka_wire_take_i16(&wire);
  out->message = eagre_kafka_wire_take_text(&wire, false);
  out->bytes = eagre_kafka_wire_take_bytes(&wire, false);
  out->lifetime_ms = version >= AUTHENTICATE_LIFETIME ? eagre_kafka_wire_take_i64(&wire) : 0;
  return !wire.is_broken;
}

/* ---- Who leads ------------------------------------------------------------------------------- */

void eagre_kafka_protocol_put_metadata(struct eagre_buffer *out, int16_t version,
                                       struct eagre_kafka_caller caller,
                                       const struct eagre_text *topics, uint32_t count) {
  static const struct eagre_kafka_topic_id no_id;
  bool is_compact = version >= METADATA_COMPACT;
  size_t begin = begin_request(out, API_METADATA, version, caller, is_compact);
  /* Null is all topics. In the compact spelling that is a count of -1, too. */
  eagre_kafka_wire_put_count(out, topics == NULL ? UINT32_MAX : count, is_compact);
  for (uint32_t i = 0; topics != NULL && i < count; i++) {
    if (version >= METADATA_ID) eagre_buffer_append(out, no_id.bytes, sizeof no_id.bytes);
    eagre_kafka_wire_put_text(out, topics[i], is_compact);
    eagre_kafka_wire_put_tags(out, is_compact);
  }
  /* Topics are not to be created by asking. */
  if (version >= METADATA_NO_CREATION) eagre_kafka_wire_put_i8(out, 0);
  if (version >= METADATA_RIGHTS && version < METADATA_NO_CLUSTER_RIGHTS) {
    eagre_kafka_wire_put_i8(out, 0);
  }
  if (version >= METADATA_RIGHTS) eagre_kafka_wire_put_i8(out, 0);
  eagre_kafka_wire_put_tags(out, is_compact);
  end_request(out, begin);
}

static struct eagre_kafka_topic_id take_id(struct eagre_kafka_wire *wire) {
  struct eagre_kafka_topic_id id = {{0}};
  struct eagre_text bytes = eagre_kafka_wire_take(wire, sizeof id.bytes);
  if (bytes.size == sizeof id.bytes) memcpy(id.bytes, bytes.data, sizeof id.bytes);
  return id;
}

static void skip_numbers(struct eagre_kafka_wire *wire, bool is_compact) {
  uint32_t count = eagre_kafka_wire_take_count(wire, is_compact);
  eagre_kafka_wire_take(wire, count * sizeof(int32_t));
}

static void read_brokers(struct eagre_kafka_wire *wire, bool is_compact, struct eagre_arena *arena,
                         struct eagre_kafka_metadata *out) {
  uint32_t count = eagre_kafka_wire_take_count(wire, is_compact);
  out->brokers = eagre_arena_allocate_zeroed(arena, (count + 1) * sizeof *out->brokers);
  out->broker_count = count;
  for (uint32_t i = 0; i < count && !wire->is_broken; i++) {
    out->brokers[i].number = eagre_kafka_wire_take_i32(wire);
    out->brokers[i].host = eagre_kafka_wire_take_text(wire, is_compact);
    out->brokers[i].port = eagre_kafka_wire_take_i32(wire);
    eagre_kafka_wire_take_text(wire, is_compact); /* rack */
    eagre_kafka_wire_skip_tags(wire, is_compact);
  }
}

static void read_leader(struct eagre_kafka_wire *wire, int16_t version,
                        struct eagre_kafka_metadata_partition *out) {
  bool is_compact = version >= METADATA_COMPACT;
  out->error = eagre_kafka_wire_take_i16(wire);
  out->number = eagre_kafka_wire_take_i32(wire);
  out->leader = eagre_kafka_wire_take_i32(wire);
  if (version >= METADATA_EPOCH) eagre_kafka_wire_take_i32(wire);
  skip_numbers(wire, is_compact); /* replicas */
  skip_numbers(wire, is_compact); /* those in sync */
  if (version >= METADATA_OFFLINE) skip_numbers(wire, is_compact);
  eagre_kafka_wire_skip_tags(wire, is_compact);
}

static void read_topic(struct eagre_kafka_wire *wire, int16_t version, struct eagre_arena *arena,
                       struct eagre_kafka_metadata_topic *out) {
  bool is_compact = version >= METADATA_COMPACT;
  out->error = eagre_kafka_wire_take_i16(wire);
  out->name = eagre_kafka_wire_take_text(wire, is_compact);
  if (version >= METADATA_ID) out->id = take_id(wire);
  eagre_kafka_wire_take_i8(wire); /* is it Kafka's own */
  uint32_t count = eagre_kafka_wire_take_count(wire, is_compact);
  out->partitions = eagre_arena_allocate_zeroed(arena, (count + 1) * sizeof *out->partitions);
  out->partition_count = count;
  for (uint32_t i = 0; i < count && !wire->is_broken; i++) {
    read_leader(wire, version, &out->partitions[i]);
  }
  if (version >= METADATA_RIGHTS) eagre_kafka_wire_take_i32(wire);
  eagre_kafka_wire_skip_tags(wire, is_compact);
}

bool eagre_kafka_protocol_read_metadata(struct eagre_text answer, int16_t version,
                                        struct eagre_arena *arena,
                                        struct eagre_kafka_metadata *out) {
  bool is_compact = version >= METADATA_COMPACT;
  struct eagre_kafka_wire wire = begin_answer(answer, is_compact);
  *out = (struct eagre_kafka_metadata){0};
  if (version >= METADATA_THROTTLE) eagre_kafka_wire_take_i32(&wire);
  read_brokers(&wire, is_compact, arena, out);
  if (version >= METADATA_CLUSTER) eagre_kafka_wire_take_text(&wire, is_compact);
  eagre_kafka_wire_take_i32(&wire); /* controller */
  out->topic_count = eagre_kafka_wire_take_count(&wire, is_compact);
  out->topics = eagre_arena_allocate_zeroed(arena, (out->topic_count + 1) * sizeof *out->topics);
  for (uint32_t i = 0; i < out->topic_count && !wire.is_broken; i++) {
    read_topic(&wire, version, arena, &out->topics[i]);
  }
  return !wire.is_broken;
}

/* ---- Positions ------------------------------------------------------------------------------- */

/* How many wishes from `begin` on are of one topic. */
static uint32_t count_of_topic(const struct eagre_kafka_offset_wish *wishes, uint32_t begin,
                               uint32_t count) {
  uint32_t end = begin + 1;
  while (end < count && eagre_text_equal(wishes[end].topic, wishes[begin].topic)) {
    end++;
  }
  return end - begin;
}

void eagre_kafka_protocol_put_offsets(struct eagre_buffer *out, int16_t version,
                                      struct eagre_kafka_caller caller, bool is_committed_only,
                                      const struct eagre_kafka_offset_wish *wishes,
                                      uint32_t count) {
  size_t begin = begin_request(out, API_OFFSETS, version, caller, false);
  uint32_t topic_count = 0;
  for (uint32_t i = 0; i < count; i += count_of_topic(wishes, i, count)) {
    topic_count += 1;
  }
  eagre_kafka_wire_put_i32(out, -1); /* no replica */
  eagre_kafka_wire_put_i8(out, is_committed_only);
  eagre_kafka_wire_put_count(out, topic_count, false);
  for (uint32_t first = 0, size = 0; first < count; first += size) {
    size = count_of_topic(wishes, first, count);
    eagre_kafka_wire_put_text(out, wishes[first].topic, false);
    eagre_kafka_wire_put_count(out, size, false);
    for (uint32_t i = first; i < first + size; i++) {
      eagre_kafka_wire_put_i32(out, wishes[i].partition);
      eagre_kafka_wire_put_i64(out, wishes[i].time_ms);
    }
  }
  end_request(out, begin);
}

static void add_told(struct eagre_arena *arena, struct eagre_kafka_offset_answer *out,
                     struct eagre_kafka_offset_told told) {
  if (out->count == out->capacity) {
    uint32_t capacity = out->capacity == 0 ? 16 : out->capacity * 2;
    struct eagre_kafka_offset_told *grown =
        eagre_arena_allocate(arena, capacity * sizeof *out->partitions);
    if (out->count > 0) memcpy(grown, out->partitions, out->count * sizeof *grown);
    out->partitions = grown;
    out->capacity = capacity;
  }
  out->partitions[out->count++] = told;
}

bool eagre_kafka_protocol_read_offsets(struct eagre_text answer, struct eagre_arena *arena,
                                       struct eagre_kafka_offset_answer *out) {
  struct eagre_kafka_wire wire = begin_answer(answer, false);
  *out = (struct eagre_kafka_offset_answer){0};
  eagre_kafka_wire_take_i32(&wire); /* throttled for */
  uint32_t topic_count = eagre_kafka_wire_take_count(&wire, false);
  for (uint32_t i = 0; i < topic_count && !wire.is_broken; i++) {
    struct eagre_kafka_offset_told told = {.topic = eagre_kafka_wire_take_text(&wire, false)};
    uint32_t count = eagre_kafka_wire_take_count(&wire, false);
    for (uint32_t k = 0; k < count && !wire.is_broken; k++) {
      told.partition = eagre_kafka_wire_take_i32(&wire);
      told.error = eagre_kafka_wire_take_i16(&wire);
      eagre_kafka_wire_take_i64(&wire); /* the record's time */
      told.offset = eagre_kafka_wire_take_i64(&wire);
      if (!wire.is_broken) add_told(arena, out, told);
    }
  }
  return !wire.is_broken;
}

/* ---- Asking for records ---------------------------------------------------------------------- */

/* Of one topic; one that was made anew is another. */
static uint32_t count_group(const struct eagre_kafka_fetch_wish *wishes, uint32_t begin,
                            uint32_t count) {
  const struct eagre_kafka_fetch_wish *first = &wishes[begin];
  uint32_t end = begin + 1;
  while (end < count && eagre_text_equal(wishes[end].topic, first->topic) &&
         memcmp(&wishes[end].id, &first->id, sizeof first->id) == 0) {
    end++;
  }
  return end - begin;
}

static uint32_t count_topics(const struct eagre_kafka_fetch_wish *wishes, uint32_t count) {
  uint32_t topic_count = 0;
  for (uint32_t i = 0; i < count; i += count_group(wishes, i, count)) {
    topic_count += 1;
  }
  return topic_count;
}

static void put_wish(struct eagre_buffer *out, int16_t version,
                     const struct eagre_kafka_fetch_limits *limits,
                     const struct eagre_kafka_fetch_wish *wish) {
  eagre_kafka_wire_put_i32(out, wish->partition);
  if (version >= FETCH_EPOCH) eagre_kafka_wire_put_i32(out, -1); /* whatever the leader's epoch */
  eagre_kafka_wire_put_i64(out, wish->offset);
  if (version >= FETCH_COMPACT) eagre_kafka_wire_put_i32(out, -1);   /* epoch fetched last */
  if (version >= FETCH_LOG_START) eagre_kafka_wire_put_i64(out, -1); /* for replicas */
  eagre_kafka_wire_put_i32(out, limits->partition_bytes_max);
  eagre_kafka_wire_put_tags(out, version >= FETCH_COMPACT);
}

static void put_topic(struct eagre_buffer *out, int16_t version,
                      const struct eagre_kafka_fetch_wish *wish) {
  if (version >= FETCH_ID) {
    eagre_buffer_append(out, wish->id.bytes, sizeof wish->id.bytes);
  } else {
    eagre_kafka_wire_put_text(out, wish->topic, version >= FETCH_COMPACT);
  }
}

/* Partitions by topic: as they are wanted, or without `limits` their numbers alone. */
static void put_topics(struct eagre_buffer *out, int16_t version,
                       const struct eagre_kafka_fetch_limits *limits,
                       const struct eagre_kafka_fetch_wish *wishes, uint32_t count) {
  bool is_compact = version >= FETCH_COMPACT;
  eagre_kafka_wire_put_count(out, count_topics(wishes, count), is_compact);
  for (uint32_t begin = 0, size = 0; begin < count; begin += size) {
    size = count_group(wishes, begin, count);
    put_topic(out, version, &wishes[begin]);
    eagre_kafka_wire_put_count(out, size, is_compact);
    for (uint32_t i = begin; i < begin + size; i++) {
      if (limits != NULL) {
        put_wish(out, version, limits, &wishes[i]);
      } else {
        eagre_kafka_wire_put_i32(out, wishes[i].partition);
      }
    }
    eagre_kafka_wire_put_tags(out, is_compact);
  }
}

void eagre_kafka_protocol_put_fetch(struct eagre_buffer *out, int16_t version,
                                    struct eagre_kafka_caller caller,
                                    const struct eagre_kafka_fetch_limits *limits,
                                    const struct eagre_kafka_fetch_question *question) {
  bool is_compact = version >= FETCH_COMPACT;
  size_t begin = begin_request(out, API_FETCH, version, caller, is_compact);
  if (version < FETCH_NO_REPLICA) eagre_kafka_wire_put_i32(out, -1); /* no replica */
  eagre_kafka_wire_put_i32(out, limits->wait_ms);
  eagre_kafka_wire_put_i32(out, limits->size_bytes_min);
  eagre_kafka_wire_put_i32(out, limits->size_bytes_max);
  eagre_kafka_wire_put_i8(out, limits->is_committed_only ? 1 : 0);
  if (version >= FETCH_SESSION) {
    eagre_kafka_wire_put_i32(out, question->session);
    eagre_kafka_wire_put_i32(out, question->epoch);
  }
  put_topics(out, version, limits, question->wishes, question->wish_count);
  if (version >= FETCH_SESSION) {
    put_topics(out, version, NULL, question->forgotten, question->forgotten_count);
  }
  if (version >= FETCH_RACK) eagre_kafka_wire_put_text(out, EAGRE_TEXT(""), is_compact);
  eagre_kafka_wire_put_tags(out, is_compact);
  end_request(out, begin);
}

/* ---- Records that came ----------------------------------------------------------------------- */

static void read_aborted(struct eagre_kafka_wire *wire, bool is_compact, struct eagre_arena *arena,
                         struct eagre_kafka_fetched *out) {
  uint32_t count = eagre_kafka_wire_take_count(wire, is_compact);
  if (count == 0) return;
  out->aborted = eagre_arena_allocate_zeroed(arena, count * sizeof *out->aborted);
  out->aborted_count = count;
  for (uint32_t i = 0; i < count && !wire->is_broken; i++) {
    out->aborted[i].producer_id = eagre_kafka_wire_take_i64(wire);
    out->aborted[i].first_offset = eagre_kafka_wire_take_i64(wire);
    eagre_kafka_wire_skip_tags(wire, is_compact);
  }
}

static void read_fetched(struct eagre_kafka_wire *wire, int16_t version, struct eagre_arena *arena,
                         struct eagre_kafka_fetched *out) {
  bool is_compact = version >= FETCH_COMPACT;
  out->partition = eagre_kafka_wire_take_i32(wire);
  out->error = eagre_kafka_wire_take_i16(wire);
  out->end = eagre_kafka_wire_take_i64(wire);
  out->stable_end = eagre_kafka_wire_take_i64(wire);
  out->log_start_offset = version >= FETCH_LOG_START ? eagre_kafka_wire_take_i64(wire) : -1;
  read_aborted(wire, is_compact, arena, out);
  if (version >= FETCH_RACK) eagre_kafka_wire_take_i32(wire); /* a nearer replica */
  out->batches = eagre_kafka_wire_take_bytes(wire, is_compact);
  eagre_kafka_wire_skip_tags(wire, is_compact);
}

/* Room for so many more. */
static void grow_answer(struct eagre_kafka_fetch_answer *out, uint32_t more,
                        struct eagre_arena *arena) {
  if (out->capacity - out->count >= more) return;
  uint32_t capacity = out->count + more > 2 * out->capacity ? out->count + more : 2 * out->capacity;
  struct eagre_kafka_fetched *all = eagre_arena_allocate(arena, capacity * sizeof *all);
  if (out->count > 0) memcpy(all, out->partitions, out->count * sizeof *all);
  out->partitions = all;
  out->capacity = capacity;
}

/* Partitions of all topics stand in one array. */
static void read_fetched_topic(struct eagre_kafka_wire *wire, int16_t version,
                               struct eagre_arena *arena, struct eagre_kafka_fetch_answer *out) {
  bool is_compact = version >= FETCH_COMPACT;
  struct eagre_kafka_fetched topic = {0};
  if (version >= FETCH_ID) {
    topic.id = take_id(wire);
  } else {
    topic.topic = eagre_kafka_wire_take_text(wire, is_compact);
  }
  uint32_t count = eagre_kafka_wire_take_count(wire, is_compact);
  grow_answer(out, count, arena);
  for (uint32_t i = 0; i < count && !wire->is_broken; i++) {
    out->partitions[out->count] = topic;
    read_fetched(wire, version, arena, &out->partitions[out->count]);
    out->count += 1;
  }
  eagre_kafka_wire_skip_tags(wire, is_compact);
}

bool eagre_kafka_protocol_read_fetch(struct eagre_text answer, int16_t version,
                                     struct eagre_arena *arena,
                                     struct eagre_kafka_fetch_answer *out) {
  bool is_compact = version >= FETCH_COMPACT;
  struct eagre_kafka_wire wire = begin_answer(answer, is_compact);
  *out = (struct eagre_kafka_fetch_answer){0};
  eagre_kafka_wire_take_i32(&wire); /* throttled for */
  if (version >= FETCH_SESSION) {
    out->error = eagre_kafka_wire_take_i16(&wire);
    out->session = eagre_kafka_wire_take_i32(&wire);
  }
  uint32_t count = eagre_kafka_wire_take_count(&wire, is_compact);
  for (uint32_t i = 0; i < count && !wire.is_broken; i++) {
    read_fetched_topic(&wire, version, arena, out);
  }
  return !wire.is_broken;
}

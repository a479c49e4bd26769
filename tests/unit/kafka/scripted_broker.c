/* The scripted broker: frames in, answers out. */
#include "scripted_broker.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "batch_maker.h"
#include "kafka/kafka_wire.h"

enum {
  API_FETCH = 1,
  API_METADATA = 3,
  API_VERSIONS = 18,
  METADATA_VERSION = 12,
  FIRST_COMPACT = 12,
  FIRST_WITH_IDS = 13,
  SESSION_NOT_FOUND = 70,
  SESSION_EPOCH_INVALID = 71,
  UNKNOWN_TOPIC_ID = 100,
  FRAME_SIZE_MAX = 1 << 20,
};

static const struct eagre_text topic_name = {"clicks", 6};

/* ---- Life ------------------------------------------------------------------------------------ */

struct scripted_broker *scripted_broker_open(void) {
  struct scripted_broker *broker = eagre_allocate_zeroed(1, sizeof *broker);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(broker->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(broker->listener, 8), 0);
  assert_int_equal(getsockname(broker->listener, (struct sockaddr *)&address, &size), 0);
  broker->port = ntohs(address.sin_port);
  snprintf(broker->address, sizeof broker->address, "127.0.0.1:%d", broker->port);
  for (size_t i = 0; i < EAGRE_COUNT_OF(broker->connections); i++) {
    broker->connections[i] = -1;
  }
  broker->fetch_version = FIRST_WITH_IDS;
  broker->has_room = true;
  broker->batches_of_answer = 16;
  memset(&broker->id, 1, sizeof broker->id);
  return broker;
}

static void hang_up(struct scripted_broker *broker, size_t slot) {
  if (broker->connections[slot] >= 0) close(broker->connections[slot]);
  broker->connections[slot] = -1;
  eagre_buffer_clear(&broker->received[slot]);
}

void scripted_broker_hang_up(struct scripted_broker *broker) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(broker->connections); i++) {
    hang_up(broker, i);
  }
}

static void empty_topic(struct scripted_broker *broker) {
  for (size_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    struct scripted_partition *partition = &broker->partitions[i];
    for (int64_t offset = 0; offset < partition->end; offset++) {
      eagre_buffer_done(&partition->batches[offset]);
      partition->batches[offset] = (struct eagre_buffer){0};
    }
    partition->end = 0;
  }
}

void scripted_broker_renew_topic(struct scripted_broker *broker) {
  empty_topic(broker);
  broker->id.bytes[0] += 1;
}

void scripted_broker_close(struct scripted_broker *broker) {
  scripted_broker_hang_up(broker);
  for (size_t i = 0; i < EAGRE_COUNT_OF(broker->received); i++) {
    eagre_buffer_done(&broker->received[i]);
  }
  close(broker->listener);
  empty_topic(broker);
  eagre_free(broker);
}

void scripted_broker_append(struct scripted_broker *broker, int32_t number) {
  struct scripted_partition *partition = &broker->partitions[number];
  char value[24];
  struct batch_maker maker = {0};
  assert_true((size_t)partition->end < EAGRE_COUNT_OF(partition->batches));
  snprintf(value, sizeof value, "v%d", (int)partition->end);
  batch_add(&maker, 0, 0, EAGRE_TEXT("k"), eagre_text_of(value));
  batch_finish(&maker,
               (struct batch_shape){.base_offset = partition->end,
                                    .base_timestamp_ms = 1700000000000,
                                    .max_timestamp_ms = 1700000000000,
                                    .producer_id = -1},
               &partition->batches[partition->end]);
  partition->end += 1;
}

/* ---- Questions ------------------------------------------------------------------------------- */

struct question {
  int16_t version;
  int32_t number;
  bool is_compact;
  bool has_ids;
  struct scripted_fetch *fetch;
  bool is_wished[SCRIPTED_PARTITIONS];
  struct eagre_kafka_topic_id ids[SCRIPTED_PARTITIONS];
  int64_t offsets[SCRIPTED_PARTITIONS];
  bool is_forgotten[SCRIPTED_PARTITIONS];
};

static struct eagre_kafka_topic_id take_topic(struct eagre_kafka_wire *wire,
                                              const struct question *question) {
  struct eagre_kafka_topic_id id = {{0}};
  if (question->has_ids) {
    struct eagre_text bytes = eagre_kafka_wire_take(wire, sizeof id.bytes);
    assert_int_equal(bytes.size, sizeof id.bytes);
    memcpy(id.bytes, bytes.data, sizeof id.bytes);
  } else {
    struct eagre_text name = eagre_kafka_wire_take_text(wire, question->is_compact);
    assert_true(eagre_text_equal(name, topic_name));
  }
  return id;
}

static int32_t take_partition(struct eagre_kafka_wire *wire) {
  int32_t number = eagre_kafka_wire_take_i32(wire);
  assert_in_range(number, 0, SCRIPTED_PARTITIONS - 1);
  return number;
}

static void take_wishes(struct eagre_kafka_wire *wire, struct question *question) {
  uint32_t topic_count = eagre_kafka_wire_take_count(wire, question->is_compact);
  for (uint32_t i = 0; i < topic_count; i++) {
    struct eagre_kafka_topic_id id = take_topic(wire, question);
    uint32_t count = eagre_kafka_wire_take_count(wire, question->is_compact);
    for (uint32_t k = 0; k < count; k++) {
      int32_t number = take_partition(wire);
      assert_false(question->is_wished[number]);
      question->is_wished[number] = true;
      question->ids[number] = id;
      eagre_kafka_wire_take_i32(wire); /* epoch of the leader */
      question->offsets[number] = eagre_kafka_wire_take_i64(wire);
      if (question->is_compact) eagre_kafka_wire_take_i32(wire); /* epoch fetched last */
      eagre_kafka_wire_take_i64(wire);                           /* for replicas */
      eagre_kafka_wire_take_i32(wire);                           /* size of a partition */
      eagre_kafka_wire_skip_tags(wire, question->is_compact);
      question->fetch->wish_count += 1;
    }
    eagre_kafka_wire_skip_tags(wire, question->is_compact);
  }
}

/* One that is made anew may be forgotten and wished in one breath. */
static void take_forgotten(struct eagre_kafka_wire *wire, struct question *question) {
  uint32_t topic_count = eagre_kafka_wire_take_count(wire, question->is_compact);
  for (uint32_t i = 0; i < topic_count; i++) {
    struct eagre_kafka_topic_id id = take_topic(wire, question);
    uint32_t count = eagre_kafka_wire_take_count(wire, question->is_compact);
    for (uint32_t k = 0; k < count; k++) {
      int32_t number = take_partition(wire);
      bool is_another =
          question->has_ids && memcmp(&id, &question->ids[number], sizeof id.bytes) != 0;
      if (question->is_wished[number] && !is_another) fail_msg("both wished and forgotten");
      question->is_forgotten[number] = true;
      question->fetch->forgotten_count += 1;
    }
    eagre_kafka_wire_skip_tags(wire, question->is_compact);
  }
}

static void take_question(struct scripted_broker *broker, struct eagre_kafka_wire *wire,
                          struct question *question) {
  assert_true(broker->fetch_count < SCRIPTED_FETCHES_MAX);
  question->fetch = &broker->fetches[broker->fetch_count++];
  *question->fetch = (struct scripted_fetch){0};
  eagre_kafka_wire_take_i32(wire); /* replica */
  for (int i = 0; i < 3; i++) {
    eagre_kafka_wire_take_i32(wire); /* how long to wait, fewest and most bytes */
  }
  eagre_kafka_wire_take_i8(wire);
  question->fetch->session = eagre_kafka_wire_take_i32(wire);
  question->fetch->epoch = eagre_kafka_wire_take_i32(wire);
  take_wishes(wire, question);
  take_forgotten(wire, question);
  eagre_kafka_wire_take_text(wire, question->is_compact); /* rack */
  eagre_kafka_wire_skip_tags(wire, question->is_compact);
  assert_false(wire->is_broken);
  assert_int_equal(eagre_kafka_wire_left(wire), 0);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

static void begin_session(struct scripted_broker *broker) {
  broker->session = 0;
  for (size_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    broker->partitions[i].is_in_session = false;
  }
  if (!broker->has_room) return;
  broker->session = ++broker->session_count;
  broker->session_epoch = 1;
}

static int16_t judge(struct scripted_broker *broker, const struct question *question) {
  int16_t error = broker->next_error;
  broker->next_error = 0;
  if (error != 0) {
    if (error == SESSION_NOT_FOUND) broker->session = 0;
    return error;
  }
  if (question->fetch->epoch == 0) {
    assert_int_equal(question->fetch->forgotten_count, 0);
    begin_session(broker);
    return 0;
  }
  if (broker->session == 0 || question->fetch->session != broker->session) return SESSION_NOT_FOUND;
  if (question->fetch->epoch != broker->session_epoch) return SESSION_EPOCH_INVALID;
  broker->session_epoch += 1;
  return 0;
}

/* A session knows what it was told; what it is to forget it must know. */
static void update_session(struct scripted_broker *broker, const struct question *question) {
  for (size_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    struct scripted_partition *partition = &broker->partitions[i];
    if (question->is_forgotten[i]) {
      assert_true(partition->is_in_session);
      partition->is_in_session = false;
    }
    if (!question->is_wished[i]) continue;
    if (!partition->is_in_session) partition->told_end = -1;
    partition->is_in_session = true;
    partition->fetch_offset = question->offsets[i];
    partition->id = question->ids[i];
  }
}

/* ---- Answers --------------------------------------------------------------------------------- */

static size_t begin_answer(struct eagre_buffer *out, int32_t number, bool is_compact) {
  size_t begin = out->size;
  eagre_kafka_wire_put_i32(out, 0);
  eagre_kafka_wire_put_i32(out, number);
  eagre_kafka_wire_put_tags(out, is_compact);
  return begin;
}

static void end_answer(struct eagre_buffer *out, size_t begin) {
  uint32_t size = htobe32((uint32_t)(out->size - begin - sizeof size));
  memcpy(out->data + begin, &size, sizeof size);
}

static void answer_versions(const struct scripted_broker *broker, int32_t number,
                            struct eagre_buffer *out) {
  const int16_t keys[] = {API_FETCH, API_METADATA};
  const int16_t versions[] = {broker->fetch_version, METADATA_VERSION};
  size_t begin = begin_answer(out, number, false);
  eagre_kafka_wire_put_i16(out, 0);
  eagre_kafka_wire_put_count(out, EAGRE_COUNT_OF(keys), false);
  for (size_t i = 0; i < EAGRE_COUNT_OF(keys); i++) {
    eagre_kafka_wire_put_i16(out, keys[i]);
    eagre_kafka_wire_put_i16(out, 0);
    eagre_kafka_wire_put_i16(out, versions[i]);
  }
  end_answer(out, begin);
}

static void put_leader(struct eagre_buffer *out, int32_t partition) {
  eagre_kafka_wire_put_i16(out, 0);
  eagre_kafka_wire_put_i32(out, partition);
  eagre_kafka_wire_put_i32(out, 1);
  eagre_kafka_wire_put_i32(out, 0);
  for (int i = 0; i < 3; i++) {
    eagre_kafka_wire_put_count(out, 0, true); /* replicas, in sync, offline */
  }
  eagre_kafka_wire_put_tags(out, true);
}

static void answer_metadata(const struct scripted_broker *broker, int32_t number,
                            struct eagre_buffer *out) {
  size_t begin = begin_answer(out, number, true);
  eagre_kafka_wire_put_i32(out, 0);
  eagre_kafka_wire_put_count(out, 1, true);
  eagre_kafka_wire_put_i32(out, 1);
  eagre_kafka_wire_put_text(out, EAGRE_TEXT("127.0.0.1"), true);
  eagre_kafka_wire_put_i32(out, broker->port);
  eagre_kafka_wire_put_count(out, UINT32_MAX, true); /* no rack */
  eagre_kafka_wire_put_tags(out, true);
  eagre_kafka_wire_put_text(out, EAGRE_TEXT("cluster"), true);
  eagre_kafka_wire_put_i32(out, 1);
  eagre_kafka_wire_put_count(out, 1, true);
  eagre_kafka_wire_put_i16(out, 0);
  eagre_kafka_wire_put_text(out, topic_name, true);
  eagre_buffer_append(out, broker->id.bytes, sizeof broker->id.bytes);
  eagre_kafka_wire_put_i8(out, 0);
  eagre_kafka_wire_put_count(out, SCRIPTED_PARTITIONS, true);
  for (int32_t i = 0; i < SCRIPTED_PARTITIONS; i++) {
    put_leader(out, i);
  }
  eagre_kafka_wire_put_i32(out, 0);
  eagre_kafka_wire_put_tags(out, true);
  eagre_kafka_wire_put_tags(out, true);
  end_answer(out, begin);
}

struct piece {
  int32_t number;
  int16_t error;
  int64_t begin;
  int64_t end; /* of the batches that are given */
};

/* What is said of a partition, with as many batches as are left of the answer. False: nothing is.
 * A whole question is answered as one of a session that nobody goes on with. */
static bool choose_piece(struct scripted_broker *broker, const struct question *question,
                         int32_t number, uint32_t *left, struct piece *out) {
  struct scripted_partition *partition = &broker->partitions[number];
  int64_t begin = partition->fetch_offset;
  if (!partition->is_in_session) return false;
  *out = (struct piece){.number = number, .begin = begin, .end = begin};
  bool is_another =
      question->has_ids && memcmp(&partition->id, &broker->id, sizeof broker->id) != 0;
  if (is_another || begin > partition->end) out->error = is_another ? UNKNOWN_TOPIC_ID : 1;
  while (out->error == 0 && out->end<partition->end && * left> 0) {
    out->end += 1;
    *left -= 1;
  }
  int64_t end = out->error == 0 ? partition->end : -1;
  bool is_new = out->end > begin || out->error != 0 || end != partition->told_end;
  partition->told_end = end;
  return question->fetch->epoch == 0 || is_new;
}

static void put_piece(const struct scripted_broker *broker, const struct question *question,
                      const struct piece *piece, struct eagre_buffer *out) {
  const struct scripted_partition *partition = &broker->partitions[piece->number];
  struct eagre_buffer batches = {0};
  if (question->has_ids) {
    eagre_buffer_append(out, partition->id.bytes, sizeof partition->id.bytes);
  } else {
    eagre_kafka_wire_put_text(out, topic_name, question->is_compact);
  }
  eagre_kafka_wire_put_count(out, 1, question->is_compact);
  for (int64_t offset = piece->begin; offset < piece->end; offset++) {
    eagre_buffer_append_text(&batches, eagre_buffer_text(&partition->batches[offset]));
  }
  eagre_kafka_wire_put_i32(out, piece->number);
  eagre_kafka_wire_put_i16(out, piece->error);
  eagre_kafka_wire_put_i64(out, partition->end);
  eagre_kafka_wire_put_i64(out, partition->end);
  eagre_kafka_wire_put_i64(out, 0);                                  /* where it begins */
  eagre_kafka_wire_put_count(out, UINT32_MAX, question->is_compact); /* none was aborted */
  eagre_kafka_wire_put_i32(out, -1);                                 /* no nearer replica */
  eagre_kafka_wire_put_count(out, (uint32_t)batches.size, question->is_compact);
  eagre_buffer_append_text(out, eagre_buffer_text(&batches));
  eagre_kafka_wire_put_tags(out, question->is_compact);
  eagre_kafka_wire_put_tags(out, question->is_compact);
  eagre_buffer_done(&batches);
}

static void answer_fetch(struct scripted_broker *broker, struct eagre_kafka_wire *wire,
                         struct question *question, struct eagre_buffer *out) {
  struct piece pieces[SCRIPTED_PARTITIONS];
  uint32_t count = 0;
  uint32_t left = broker->batches_of_answer;
  take_question(broker, wire, question);
  int16_t error = judge(broker, question);
  if (error == 0) update_session(broker, question);
  for (uint32_t i = 0; i < SCRIPTED_PARTITIONS && error == 0; i++) {
    int32_t number = (int32_t)((i + broker->first) % SCRIPTED_PARTITIONS);
    if (choose_piece(broker, question, number, &left, &pieces[count])) count += 1;
  }
  broker->first += 1;
  size_t begin = begin_answer(out, question->number, question->is_compact);
  eagre_kafka_wire_put_i32(out, 0);
  eagre_kafka_wire_put_i16(out, error);
  eagre_kafka_wire_put_i32(out, error == 0 ? broker->session : 0);
  eagre_kafka_wire_put_count(out, count, question->is_compact);
  for (uint32_t i = 0; i < count; i++) {
    put_piece(broker, question, &pieces[i], out);
  }
  eagre_kafka_wire_put_tags(out, question->is_compact);
  end_answer(out, begin);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static void answer(struct scripted_broker *broker, struct eagre_text frame,
                   struct eagre_buffer *out) {
  struct eagre_kafka_wire wire = eagre_kafka_wire_over(frame);
  int16_t key = eagre_kafka_wire_take_i16(&wire);
  struct question question = {.version = eagre_kafka_wire_take_i16(&wire)};
  question.number = eagre_kafka_wire_take_i32(&wire);
  eagre_kafka_wire_take_text(&wire, false); /* the client */
  switch (key) {
  case API_VERSIONS:
    answer_versions(broker, question.number, out);
    break;
  case API_METADATA:
    assert_int_equal(question.version, METADATA_VERSION);
    answer_metadata(broker, question.number, out);
    break;
  case API_FETCH:
    assert_in_range(question.version, 11, broker->fetch_version);
    question.is_compact = question.version >= FIRST_COMPACT;
    question.has_ids = question.version >= FIRST_WITH_IDS;
    eagre_kafka_wire_skip_tags(&wire, question.is_compact);
    answer_fetch(broker, &wire, &question, out);
    break;
  default:
    fail_msg("request %d is not in the script", key);
  }
}

static void send_all(int descriptor, const struct eagre_buffer *bytes) {
  for (size_t sent = 0; sent < bytes->size;) {
    ssize_t size = send(descriptor, bytes->data + sent, bytes->size - sent, MSG_NOSIGNAL);
    if (size <= 0) return; /* the other end has gone: seen when it is read next */
    sent += (size_t)size;
  }
}

static void answer_frames(struct scripted_broker *broker, size_t slot) {
  struct eagre_buffer *received = &broker->received[slot];
  uint32_t size = 0;
  while (received->size >= sizeof size) {
    memcpy(&size, received->data, sizeof size);
    size = be32toh(size);
    assert_in_range(size, 1, FRAME_SIZE_MAX);
    if (received->size < sizeof size + size) return;
    struct eagre_buffer out = {0};
    answer(broker, eagre_text_make(received->data + sizeof size, size), &out);
    send_all(broker->connections[slot], &out);
    eagre_buffer_done(&out);
    size_t used = sizeof size + size;
    memmove(received->data, received->data + used, received->size - used);
    received->size -= used;
  }
}

static void accept_all(struct scripted_broker *broker) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(broker->connections); i++) {
    if (broker->connections[i] >= 0) continue;
    broker->connections[i] = accept4(broker->listener, NULL, NULL, SOCK_CLOEXEC);
    if (broker->connections[i] < 0) return;
  }
}

void scripted_broker_work(struct scripted_broker *broker) {
  char bytes[4096];
  accept_all(broker);
  for (size_t i = 0; i < EAGRE_COUNT_OF(broker->connections); i++) {
    ssize_t size;
    while (broker->connections[i] >= 0 &&
           (size = recv(broker->connections[i], bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
      if (size == 0) hang_up(broker, i);
      eagre_buffer_append(&broker->received[i], bytes, (size_t)size);
    }
    answer_frames(broker, i);
  }
}

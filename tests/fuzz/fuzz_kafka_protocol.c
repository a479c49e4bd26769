/* Answers of brokers: any bytes give arrays whose texts lie inside of them, or are refused; after
 * whatever an answer says of its session comes a question of it, or a whole one. The first byte
 * says which answer, the second its version. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kafka/kafka_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct eagre_text text, struct eagre_text answer) {
  if (text.size == 0) return;
  eagre_assert(text.data >= answer.data);
  eagre_assert(text.data + text.size <= answer.data + answer.size);
}

static void read_versions(struct eagre_text answer) {
  struct eagre_kafka_versions versions;
  if (!eagre_kafka_protocol_read_versions(answer, &versions)) return;
  eagre_assert(versions.fetch == -1 || (versions.fetch >= 4 && versions.fetch <= 16));
  eagre_assert(versions.metadata == -1 || (versions.metadata >= 1 && versions.metadata <= 12));
  eagre_assert(versions.offsets == -1 || (versions.offsets >= 2 && versions.offsets <= 3));
  eagre_assert(versions.authenticate >= -1 && versions.authenticate <= 1);
}

static void read_login(struct eagre_text answer, int16_t version) {
  char offered[20];
  int16_t failure = 0;
  struct eagre_kafka_authenticated told;
  if (eagre_kafka_protocol_read_handshake(answer, &failure, offered, sizeof offered)) {
    eagre_assert(strlen(offered) < sizeof offered);
  }
  if (!eagre_kafka_protocol_read_authenticate(answer, version, &told)) return;
  check_inside(told.message, answer);
  check_inside(told.bytes, answer);
}

static void read_offsets(struct eagre_text answer, struct eagre_arena *arena) {
  struct eagre_kafka_offset_answer told;
  if (!eagre_kafka_protocol_read_offsets(answer, arena, &told)) return;
  for (uint32_t i = 0; i < told.count; i++) {
    check_inside(told.partitions[i].topic, answer);
  }
}

static void read_metadata(struct eagre_text answer, int16_t version, struct eagre_arena *arena) {
  struct eagre_kafka_metadata metadata;
  if (!eagre_kafka_protocol_read_metadata(answer, version, arena, &metadata)) return;
  for (uint32_t i = 0; i < metadata.broker_count; i++) {
    check_inside(metadata.brokers[i].host, answer);
  }
  for (uint32_t i = 0; i < metadata.topic_count; i++) {
    check_inside(metadata.topics[i].name, answer);
    eagre_assert(metadata.topics[i].partition_count <= answer.size);
  }
}

static void hear(const struct eagre_kafka_fetch_answer *answer) {
  const int32_t epochs[] = {0, 1, INT32_MAX};
  for (size_t i = 0; i < EAGRE_COUNT_OF(epochs); i++) {
    struct eagre_kafka_native_session session = {.number = 7, .epoch = epochs[i]};
    eagre_kafka_native_session_hear(&session, answer);
    bool goes_on = eagre_kafka_native_session_goes_on(&session);
    eagre_assert(goes_on == (answer->error == 0 && answer->session != 0));
    eagre_assert(session.epoch >= 0 && (!goes_on || session.number == answer->session));
  }
}

static void read_fetch(struct eagre_text answer, int16_t version, struct eagre_arena *arena) {
  struct eagre_kafka_fetch_answer fetched;
  if (!eagre_kafka_protocol_read_fetch(answer, version, arena, &fetched)) return;
  for (uint32_t i = 0; i < fetched.count; i++) {
    check_inside(fetched.partitions[i].topic, answer);
    check_inside(fetched.partitions[i].batches, answer);
    eagre_assert(fetched.partitions[i].aborted_count <= answer.size);
  }
  hear(&fetched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_arena arena = {0};
  if (size < 2) return 0;
  struct eagre_text answer = eagre_text_make((const char *)data + 2, size - 2);
  switch (data[0] % 5) {
  case 0:
    read_versions(answer);
    break;
  case 1:
    read_metadata(answer, (int16_t)(1 + data[1] % 12), &arena);
    break;
  case 2:
    read_login(answer, data[1] % 2);
    break;
  case 3:
    read_offsets(answer, &arena);
    break;
  default:
    read_fetch(answer, (int16_t)(4 + data[1] % 13), &arena);
    break;
  }
  eagre_arena_done(&arena);
  return 0;
}

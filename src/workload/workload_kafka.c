/* Records of a workload into a topic. */
#include "workload/workload.h"

enum { SEND_COUNT = 1024 };

enum eagre_status eagre_workload_send(const struct eagre_workload_options *options,
                                      const struct eagre_workload_target *target,
                                      struct eagre_kafka_producer *producer, uint64_t from,
                                      uint64_t to, struct eagre_error *error) {
  struct eagre_kafka_message messages[SEND_COUNT];
  size_t ends[SEND_COUNT];
  struct eagre_buffer text = {0};
  enum eagre_status status = EAGRE_OK;
  while (from < to && status == EAGRE_OK) {
    uint32_t count = to - from < SEND_COUNT ? (uint32_t)(to - from) : SEND_COUNT;
    eagre_buffer_clear(&text);
    for (uint32_t i = 0; i < count; i++) {
      eagre_workload_append(options, from + i, &text);
      ends[i] = text.size;
    }
    for (uint32_t i = 0; i < count; i++) { /* the buffer does not move any more */
      size_t begin = i == 0 ? 0 : ends[i - 1];
      messages[i] = (struct eagre_kafka_message){
          .value = {text.data + begin, ends[i] - begin},
          .partition = (int32_t)((from + i) % target->partition_count),
      };
    }
    status = eagre_kafka_producer_send(producer, target->topic, messages, count, error);
    from += count;
  }
  eagre_buffer_done(&text);
  if (status == EAGRE_OK) status = eagre_kafka_producer_flush(producer, error);
  return status;
}

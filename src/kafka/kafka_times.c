/* Positions by time: the first record of a partition that is not older.
 *
 * librdkafka writes answers over the times that were asked for, and leaves those standing that
 * nobody answered before the time of the attempt was over. So an attempt that used its time up is
 * none. */
#include "kafka/kafka_handle.h"

enum {
  RETRY_PAUSE_MS = 100,
  UNANSWERED = -3, /* beside EAGRE_KAFKA_OFFSET_NONE and _BEHIND */
};

static rd_kafka_topic_partition_list_t *
list_unanswered(const int64_t *times, const struct eagre_kafka_offset *offsets, uint32_t count) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
  for (uint32_t i = 0; i < count; i++) {
    if (offsets[i].offset != UNANSWERED) continue;
    eagre_kafka_list_add(list, offsets[i].topic, offsets[i].partition, times[i]);
  }
  return list;
}

/* The list holds the unanswered ones in their order. The first failure. */
static rd_kafka_resp_err_t take_answers(const rd_kafka_topic_partition_list_t *list,
                                        struct eagre_kafka_offset *offsets, uint32_t count) {
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  int next = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (offsets[i].offset != UNANSWERED) continue;
    const rd_kafka_topic_partition_t *answer = &list->elems[next++];
    if (eagre_kafka_is_missing(answer->err)) {
      offsets[i].offset = EAGRE_KAFKA_OFFSET_NONE;
    } else if (answer->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure = answer->err;
    } else {
      offsets[i].offset = answer->offset < 0 ? EAGRE_KAFKA_OFFSET_BEHIND : answer->offset;
    }
  }
  return failure;
}

/* One attempt for those that have no answer yet. */
static rd_kafka_resp_err_t ask_times(struct eagre_kafka_handle *handle, const int64_t *times,
                                     struct eagre_kafka_offset *offsets, uint32_t count,
                                     int timeout_ms) {
  rd_kafka_topic_partition_list_t *list = list_unanswered(times, offsets, count);
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (list->cnt > 0) {
    int64_t begin_us = eagre_kafka_now_us();
    failure = eagre_kafka_handle_ask_offsets(handle, list, timeout_ms);
    bool is_late = eagre_kafka_now_us() - begin_us >= (int64_t)timeout_ms * 1000;
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR && is_late) failure = RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) failure = take_answers(list, offsets, count);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return failure;
}

/* Where an answer for all was refused because of one: each by itself. */
static rd_kafka_resp_err_t ask_each(struct eagre_kafka_handle *handle, const int64_t *times,
                                    struct eagre_kafka_offset *offsets, uint32_t count,
                                    int timeout_ms) {
  for (uint32_t i = 0; i < count; i++) {
    rd_kafka_resp_err_t failure = ask_times(handle, &times[i], &offsets[i], 1, timeout_ms);
    if (eagre_kafka_is_missing(failure)) {
      offsets[i].offset = EAGRE_KAFKA_OFFSET_NONE;
    } else if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return failure;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool are_answered(const struct eagre_kafka_offset *offsets, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (offsets[i].offset == UNANSWERED) return false;
  }
  return true;
}

/* Until all have an answer. */
static enum eagre_status ask_all(struct eagre_kafka_handle *handle, const int64_t *times,
                                 struct eagre_kafka_offset *offsets, uint32_t count,
                                 struct eagre_error *error) {
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  while (!are_answered(offsets, count)) {
    int attempt_ms = eagre_kafka_attempt_ms(deadline_us);
    rd_kafka_resp_err_t failure = ask_times(handle, times, offsets, count, attempt_ms);
    if (eagre_kafka_is_missing(failure)) {
      failure = ask_each(handle, times, offsets, count, attempt_ms);
    }
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (eagre_kafka_now_us() >= deadline_us || !eagre_kafka_is_passing(failure)) {
      return eagre_kafka_handle_fail(handle, failure, "Asking Kafka for offsets by time", error);
    }
    eagre_kafka_handle_serve(handle, RETRY_PAUSE_MS);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_handle_times(struct eagre_kafka_handle *handle,
                                           struct eagre_kafka_offset *offsets, uint32_t count,
                                           struct eagre_error *error) {
  int64_t *times = eagre_allocate(((size_t)count + 1) * sizeof *times);
  for (uint32_t i = 0; i < count; i++) {
    eagre_assert(offsets[i].offset >= 0);
    times[i] = offsets[i].offset;
    offsets[i].offset = UNANSWERED;
  }
  enum eagre_status status = ask_all(handle, times, offsets, count, error);
  eagre_free(times);
  return status;
}

/* The demo and the generators: checks and translation. */
#include <eagre/workload.h>

#include <stdatomic.h>
#include <unistd.h>

#include "base/base.h"
#include "io/io.h"
#include "kafka/kafka.h"
#include "workload/workload.h"

enum { CHUNK_RECORDS = 4096, PACED_CHUNKS_PER_SECOND = 100 };

enum eagre_status eagre_demo(const eagre_demo_request *request, eagre_error *error) {
  eagre_assert(request->size == sizeof *request);
  const struct eagre_demo_options options = {
      .event_count = request->event_count,
      .core_count = request->core_count,
      .folder = eagre_text_of(request->folder),
      .write = request->write,
      .write_context = request->write_context,
      .is_terminal = request->is_terminal != 0,
  };
  return eagre_demo_run(&options, error);
}

static enum eagre_status write_chunk(const eagre_generate_request *request,
                                     const struct eagre_workload_options *options,
                                     struct eagre_kafka_producer *producer, uint64_t from,
                                     uint64_t to, struct eagre_error *error) {
  if (producer != NULL) {
    const struct eagre_workload_target target = {
        .brokers = eagre_text_of(request->brokers),
        .topic = eagre_text_of(request->topic),
        .partition_count = request->partition_count == 0 ? 1 : request->partition_count,
    };
    return eagre_workload_send(options, &target, producer, from, to, error);
  }
  struct eagre_buffer text = {0};
  for (uint64_t number = from; number < to; number++) {
    eagre_workload_append(options, number, &text);
    eagre_buffer_append_char(&text, '\n');
  }
  request->write(request->write_context, text.data, text.size);
  eagre_buffer_done(&text);
  return EAGRE_OK;
}

/* Sleeps until record `number` is due. The schedule never waits for the receiver. */
static void pace(double rate, uint64_t number, int64_t begin_us) {
  int64_t due_us = begin_us + (int64_t)((double)number * 1e6 / rate);
  int64_t now_us = eagre_clock_wall_us();
  if (due_us > now_us) usleep((useconds_t)(due_us - now_us));
}

static enum eagre_status write_all(const eagre_generate_request *request,
                                   const struct eagre_workload_options *options,
                                   struct eagre_kafka_producer *producer,
                                   struct eagre_error *error) {
  uint64_t end = request->count == 0 ? UINT64_MAX : request->count;
  uint64_t chunk = CHUNK_RECORDS;
  if (request->rate > 0 && request->rate / PACED_CHUNKS_PER_SECOND < (double)chunk) {
    chunk = (uint64_t)(request->rate / PACED_CHUNKS_PER_SECOND) + 1;
  }
  int64_t begin_us = eagre_clock_wall_us();
  for (uint64_t next = 0; next < end;) {
    if (request->must_stop != NULL && *request->must_stop != 0) break;
    uint64_t count = end - next < chunk ? end - next : chunk;
    if (request->rate > 0) pace(request->rate, next, begin_us);
    EAGRE_TRY(write_chunk(request, options, producer, next, next + count, error));
    next += count;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_generate(const eagre_generate_request *request, eagre_error *error) {
  eagre_assert(request->size == sizeof *request);
  enum eagre_workload_kind kind;
  EAGRE_TRY(eagre_workload_parse(eagre_text_of(request->workload), &kind, error));
  struct eagre_workload_options options;
  eagre_workload_options_init(&options, kind);
  options.seed = request->seed;
  struct eagre_kafka_producer *producer = NULL;
  if (request->brokers != NULL) {
    if (request->topic == NULL) {
      return eagre_error_set(error, EAGRE_USAGE, "REQUIRED_PARAMETER_NOT_FOUND",
                             "A topic is needed to write to Kafka.");
    }
    const struct eagre_kafka_settings settings = {.brokers = eagre_text_of(request->brokers)};
    EAGRE_TRY(eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &producer, error));
  }
  enum eagre_status status = write_all(request, &options, producer, error);
  if (producer != NULL) eagre_kafka_producer_close(producer);
  return status;
}

/* ---- Latency against a promise --------------------------------------------------------------- */

static enum eagre_status check_sla(const eagre_sla_request *request, struct eagre_error *error) {
  const char *missing = request->brokers == NULL   ? "--brokers"
                        : request->topic == NULL   ? "--topic"
                        : !(request->rate > 0)     ? "--rate"
                        : !(request->limit_ms > 0) ? "--limit"
                                                   : NULL;
  if (missing != NULL) {
    return eagre_error_set(error, EAGRE_USAGE, "REQUIRED_PARAMETER_NOT_FOUND",
                           "%s is needed to measure latency.", missing);
  }
  if (!(request->percentile > 0 && request->percentile <= 100)) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_SLA",
                           "A percentile is above 0 and at most 100, not %g.", request->percentile);
  }
  if (!(request->warm_up_s < request->duration_s)) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_SLA",
                           "The warm-up (%g s) is not shorter than the test (%g s).",
                           request->warm_up_s, request->duration_s);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_sla(eagre_pipeline *pipeline, const eagre_sla_request *request,
                            eagre_error *error) {
  eagre_assert(request->size == sizeof *request);
  enum eagre_workload_kind kind;
  EAGRE_TRY(check_sla(request, error));
  EAGRE_TRY(eagre_workload_parse(eagre_text_of(request->workload), &kind, error));
  struct eagre_sla_options options = {
      .target = {.brokers = eagre_text_of(request->brokers),
                 .topic = eagre_text_of(request->topic),
                 .partition_count = request->partition_count == 0 ? 1 : request->partition_count},
      .rate = request->rate,
      .percentile = request->percentile,
      .limit_us = (int64_t)(request->limit_ms * 1000),
      .duration_us = (int64_t)(request->duration_s * 1e6),
      .warm_up_us = (int64_t)(request->warm_up_s * 1e6),
      .core_count = request->core_count,
      .write = request->write,
      .write_context = request->write_context,
  };
  eagre_workload_options_init(&options.workload, kind);
  options.workload.seed = request->seed;
  return eagre_sla_run(pipeline, &options, error);
}

/* Latency against a promise: an open-loop generator, the engine, and its own histogram of the time
 * from a record's time stamp to its result.
 *
 *   this thread        runs the flows until they are stopped
 *   generator thread   waits until the flows read, sends by the schedule, waits until all records
 *                      are worked, stops the flows
 *   floor thread       meanwhile reads the same records (workload_floor.c): what of the latency is
 *                      the generator's, the broker's and this machine's
 *   control threads    report epochs; one call at a time */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "io/io.h"
#include "runtime/runtime.h"
#include "workload/workload_floor.h"

static const int64_t DRAIN_US = 30000000;
static const int64_t LOOK_US = 10000;
enum { SEND_COUNT = 256, STOP_TIMEOUT_US = 10000000, STARTUP_TIMEOUT_US = 30000000 };

struct sla {
  const struct eagre_sla_options *options;
  struct eagre_runtime *runtime;
  struct eagre_kafka_producer *producer;
  uint64_t record_count;         /* to be sent */
  _Atomic int64_t count_from_us; /* epochs that began earlier are warm-up */
  _Atomic int64_t read_count;
  _Atomic bool has_ended;            /* the flows have */
  struct eagre_histogram latency_us; /* written by reports, read when the flows have ended */
  struct eagre_histogram late_us;    /* the generator's: handed over behind the schedule */
  struct eagre_histogram floor_us;   /* of a bare consumer; read when the flows have ended */
  enum eagre_status generator_status;
  struct eagre_error generator_error;
};

/* ---- Generator ------------------------------------------------------------------------------- */

static int64_t due_us(const struct sla *sla, int64_t begin_us, uint64_t number) {
  return begin_us + (int64_t)((double)number * 1e6 / sla->options->rate);
}

static void sleep_until(int64_t time_us) {
  const struct timespec time = {.tv_sec = time_us / 1000000, .tv_nsec = time_us % 1000000 * 1000};
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL);
}

/* All records that are due, at most SEND_COUNT; a record that is due waits for no other. */
static enum eagre_status send_due(struct sla *sla, int64_t begin_us, uint64_t *next,
                                  struct eagre_buffer *text, struct eagre_error *error) {
  const struct eagre_workload_target *target = &sla->options->target;
  struct eagre_kafka_message messages[SEND_COUNT];
  size_t ends[SEND_COUNT];
  uint32_t count = 0;
  int64_t now_us = eagre_clock_wall_us();
  eagre_buffer_clear(text);
  while (count < SEND_COUNT && *next + count < sla->record_count &&
         due_us(sla, begin_us, *next + count) <= now_us) {
    eagre_workload_append(&sla->options->workload, *next + count, text);
    ends[count++] = text->size;
  }
  for (uint32_t i = 0; i < count; i++) { /* the buffer does not move any more */
    size_t begin = i == 0 ? 0 : ends[i - 1];
    int64_t record_due_us = due_us(sla, begin_us, *next + i);
    messages[i] = (struct eagre_kafka_message){
        .value = {text->data + begin, ends[i] - begin},
        .partition = (int32_t)((*next + i) % target->partition_count),
        .timestamp_ms = record_due_us / 1000,
    };
    eagre_histogram_add(&sla->late_us, (uint64_t)(now_us - record_due_us), 1);
  }
  *next += count;
  return eagre_kafka_producer_send(sla->producer, target->topic, messages, count, error);
}

/* What a flow that starts at the latest record has not seen must not be part of the test. */
static void await_flows(const struct sla *sla) {
  while (!eagre_runtime_has_looked(sla->runtime) && !atomic_load(&sla->has_ended)) {
    sleep_until(eagre_clock_wall_us() + LOOK_US);
  }
}

static enum eagre_status send_all(struct sla *sla, struct eagre_error *error) {
  struct eagre_buffer text = {0};
  enum eagre_status status = EAGRE_OK;
  int64_t begin_us = eagre_clock_wall_us();
  atomic_store(&sla->count_from_us, begin_us + sla->options->warm_up_us);
  for (uint64_t next = 0; next < sla->record_count && status == EAGRE_OK;) {
    if (atomic_load(&sla->has_ended)) break;
    sleep_until(due_us(sla, begin_us, next));
    status = send_due(sla, begin_us, &next, &text, error);
  }
  eagre_buffer_done(&text);
  return status == EAGRE_OK ? eagre_kafka_producer_flush(sla->producer, error) : status;
}

/* Records count as worked when their epoch is committed. */
static void drain(const struct sla *sla) {
  int64_t deadline_us = eagre_clock_wall_us() + DRAIN_US;
  while (atomic_load(&sla->read_count) < (int64_t)sla->record_count &&
         !atomic_load(&sla->has_ended) && eagre_clock_wall_us() < deadline_us) {
    sleep_until(eagre_clock_wall_us() + LOOK_US);
  }
}

static enum eagre_status measure(struct sla *sla, struct eagre_error *error) {
  struct eagre_workload_floor *floor = NULL;
  EAGRE_TRY(eagre_workload_floor_begin(&sla->options->target, &sla->count_from_us, &floor, error));
  enum eagre_status status = send_all(sla, error);
  if (status == EAGRE_OK) drain(sla);
  enum eagre_status floor_status =
      eagre_workload_floor_end(floor, &sla->floor_us, status == EAGRE_OK ? error : NULL);
  return status == EAGRE_OK ? floor_status : status;
}

static void *generate(void *argument) {
  struct sla *sla = argument;
  await_flows(sla);
  sla->generator_status = measure(sla, &sla->generator_error);
  eagre_runtime_stop(sla->runtime);
  return NULL;
}

/* ---- Reports --------------------------------------------------------------------------------- */

static void take_report(void *context, const struct eagre_runtime_report *report) {
  struct sla *sla = context;
  if (!report->progress->has_run) return;
  if (report->progress->trigger_start_us >= atomic_load(&sla->count_from_us))
    eagre_histogram_merge(&sla->latency_us, report->latency_us);
  atomic_fetch_add(&sla->read_count, (int64_t)eagre_epoch_input_rows(report->progress->counts));
}

static double to_ms(uint64_t us) {
  return (double)us / 1000;
}

static void print_percentiles(const char *name, const struct eagre_histogram *times_us,
                              struct eagre_buffer *out) {
  static const double fractions[] = {0.5, 0.9, 0.99, 0.999};
  eagre_buffer_append_string(out, name);
  for (size_t i = 0; i < EAGRE_COUNT_OF(fractions); i++) {
    eagre_buffer_printf(out, " p%g %.1f ms ", fractions[i] * 100,
                        to_ms(eagre_histogram_percentile(times_us, fractions[i])));
  }
  eagre_buffer_printf(out, " max %.1f ms\n", to_ms(times_us->maximum));
}

static void print_table(const struct sla *sla, uint64_t found_us, bool is_met) {
  const struct eagre_histogram *latency = &sla->latency_us;
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text, "records  %llu at %.0f per second, %llu counted\n",
                      (unsigned long long)sla->record_count, sla->options->rate,
                      (unsigned long long)latency->count);
  print_percentiles("latency ", latency, &text);
  print_percentiles("floor   ", &sla->floor_us, &text);
  eagre_buffer_printf(&text, "generator behind its schedule  p99 %.1f ms  max %.1f ms\n",
                      to_ms(eagre_histogram_percentile(&sla->late_us, 0.99)),
                      to_ms(sla->late_us.maximum));
  eagre_buffer_printf(&text, "p%g %.1f ms, limit %.1f ms: %s\n", sla->options->percentile,
                      to_ms(found_us), to_ms((uint64_t)sla->options->limit_us),
                      is_met ? "met" : "not met");
  sla->options->write(sla->options->write_context, text.data, text.size);
  eagre_buffer_done(&text);
}

static enum eagre_status judge(const struct sla *sla, struct eagre_error *error) {
  uint64_t missing = sla->record_count - (uint64_t)atomic_load(&sla->read_count);
  if (atomic_load(&sla->read_count) >= (int64_t)sla->record_count) missing = 0;
  if (sla->latency_us.count == 0) {
    eagre_error_set(error, EAGRE_CHECK, "SLA_NO_RECORDS",
                    "No record was left to count: %llu of %llu came to a result.",
                    (unsigned long long)(sla->record_count - missing),
                    (unsigned long long)sla->record_count);
    eagre_error_hint(error, "look whether the flow reads the topic that is written, and give a "
                            "longer --duration or a shorter --warm-up");
    return EAGRE_CHECK;
  }
  uint64_t found_us = eagre_histogram_percentile(&sla->latency_us, sla->options->percentile / 100);
  bool is_met = found_us <= (uint64_t)sla->options->limit_us && missing == 0;
  print_table(sla, found_us, is_met);
  if (is_met) return EAGRE_OK;
  if (missing > 0) {
    return eagre_error_set(error, EAGRE_CHECK, "SLA_NOT_MET",
                           "%llu of %llu records had no result half a minute after the last.",
                           (unsigned long long)missing, (unsigned long long)sla->record_count);
  }
  return eagre_error_set(error, EAGRE_CHECK, "SLA_NOT_MET",
                         "The latency at p%g is %.1f ms, above the limit of %.1f ms.",
                         sla->options->percentile, to_ms(found_us),
                         to_ms((uint64_t)sla->options->limit_us));
}

/* ---- All of it ------------------------------------------------------------------------------- */

static enum eagre_status run(struct sla *sla, struct eagre_error *error) {
  pthread_t thread;
  int failure = pthread_create(&thread, NULL, generate, sla);
  if (failure != 0) {
    return eagre_error_system(error, EAGRE_IO, "THREAD_START_FAILED", failure,
                              "cannot start the generator");
  }
  enum eagre_status status = eagre_runtime_run(sla->runtime, NULL, error);
  atomic_store(&sla->has_ended, true);
  pthread_join(thread, NULL);
  EAGRE_TRY(status);
  if (sla->generator_status != EAGRE_OK) *error = sla->generator_error;
  EAGRE_TRY(sla->generator_status);
  return judge(sla, error);
}

/* The console is quiet: its rows are no results of this program. */
static void drop_rows(void *context, struct eagre_text text) {
  (void)context, (void)text;
}

enum eagre_status eagre_sla_run(struct eagre_pipeline *pipeline,
                                const struct eagre_sla_options *options,
                                struct eagre_error *error) {
  /* Those of a millisecond go out together: a request for each would measure the broker's CPU. */
  static const struct eagre_kafka_setting linger = {EAGRE_TEXT("linger.ms"), EAGRE_TEXT("1")};
  const struct eagre_kafka_settings settings = {options->target.brokers, &linger, 1};
  struct sla *sla = eagre_allocate_zeroed(1, sizeof *sla);
  const struct eagre_runtime_options runtime_options = {
      .core_count = options->core_count,
      .startup_timeout_us = STARTUP_TIMEOUT_US,
      .stop_timeout_us = STOP_TIMEOUT_US,
      .on_report = take_report,
      .report_context = sla,
      .print = drop_rows,
  };
  sla->options = options;
  sla->record_count = (uint64_t)(options->rate * (double)options->duration_us / 1e6);
  atomic_init(&sla->count_from_us, INT64_MAX);
  eagre_histogram_init(&sla->latency_us);
  eagre_histogram_init(&sla->late_us);
  eagre_histogram_init(&sla->floor_us);
  eagre_error_init(&sla->generator_error);
  enum eagre_status status =
      eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &sla->producer, error);
  if (status == EAGRE_OK)
    status = eagre_runtime_new(pipeline, &runtime_options, &sla->runtime, error);
  if (status == EAGRE_OK) status = run(sla, error);
  eagre_runtime_free(sla->runtime);
  eagre_kafka_producer_close(sla->producer);
  eagre_free(sla);
  return status;
}

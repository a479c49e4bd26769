/* The demo: a broker, a generator and the engine in one process, and a recount that shares no
 * code with the engine but the generator's own knowledge of what it made.
 *
 * Threads: the engine's, and one for the generator. The mock cluster keeps a few megabytes per
 * partition, so the generator waits for the slowest flow.
 *
 * Exactness: windows of records that are on time lie at or after the first record's minute, and
 * none
 * of those records can be late (workload_orders.c), so their counts must equal the recount. Late
 * records fall into earlier windows; how many of them were in time depends on the epochs, so their
 * number is only bounded. */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "plan/plan.h"
#include "runtime/runtime.h"
#include "value/value.h"
#include "workload/workload_record.h"
#include "json/json.h"

enum {
  DEFAULT_EVENTS = 2500000,
  PARTITIONS = 16,
  AHEAD_RECORDS_MAX = 300000, /* about 3 MB per partition */
  CHUNK_RECORDS = 20000,
  FLOW_COUNT = 2,
  SHOWN_ROWS = 15,
};

static const int64_t MINUTE_US = 60000000;
static const int64_t DELAY_MS = 10000;
static const int64_t CLOSING_US = INT64_C(7200000000); /* the last record, far behind all others */

extern const char eagre_demo_sql_begin[];
extern const char eagre_demo_sql_end[];
__asm__(".section .rodata\n"
        ".global eagre_demo_sql_begin\n"
        ".global eagre_demo_sql_end\n"
        "eagre_demo_sql_begin:\n"
        ".incbin \"" EAGRE_DEMO_SQL "\"\n"
        "eagre_demo_sql_end:\n"
        ".byte 0\n"
        ".previous\n");

/* One cell of the result: a minute of a region. */
struct demo_cell {
  int64_t orders;
  int64_t cents;
};

struct demo {
  const struct eagre_demo_options *options;
  struct eagre_workload_options workload;
  uint64_t event_count;
  struct eagre_kafka_mock *mock;
  struct eagre_pipeline *pipeline;
  struct eagre_runtime *runtime;
  pthread_t generator;
  enum eagre_status generator_status;
  struct eagre_error generator_error;
  _Atomic bool must_end; /* the generator's */
  _Atomic uint64_t generated;
  _Atomic uint64_t consumed[FLOW_COUNT]; /* per flow */
  _Atomic bool is_done[FLOW_COUNT];      /* the flow ran with the last watermark */
  int64_t closing_watermark_ms;
  int64_t begin_us;
  int64_t drawn_us;
  /* Results, written under the runtime's output lock, read after the run. */
  uint32_t minute_count;
  struct demo_cell *found; /* [minute][region] */
  struct demo_cell *expected;
  uint64_t found_late;
  uint64_t expected_late;
  uint64_t dropped_groups;
  uint64_t malformed;
};

static void say(const struct demo *demo, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct demo *demo, const char *format, ...) {
  struct eagre_buffer line = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&line, format, arguments);
  va_end(arguments);
  demo->options->write(demo->options->write_context, line.data, line.size);
  eagre_buffer_done(&line);
}

static struct demo_cell *cell_at(const struct demo *demo, struct demo_cell *cells, int64_t minute,
                                 uint32_t region) {
  if (minute < 0 || minute >= demo->minute_count) return NULL;
  return &cells[minute * EAGRE_ORDER_REGIONS + region];
}

static int64_t minute_of(const struct demo *demo, int64_t event_us) {
  int64_t since_us = event_us - demo->workload.start_us;
  return since_us < 0 ? -1 : since_us / MINUTE_US;
}

/* ---- Generator ------------------------------------------------------------------------------- */

static uint64_t slowest_flow(const struct demo *demo) {
  uint64_t slowest = UINT64_MAX;
  for (int i = 0; i < FLOW_COUNT; i++) {
    uint64_t each = atomic_load(&demo->consumed[i]);
    slowest = each < slowest ? each : slowest;
  }
  return slowest;
}

static void count_expected(struct demo *demo, uint64_t number) {
  struct eagre_order order;
  eagre_order_make(&demo->workload, number, &order);
  demo->malformed += order.is_malformed;
  if (order.is_malformed || !order.is_paid) return;
  if (order.is_late) {
    demo->expected_late += 1;
    return;
  }
  struct demo_cell *cell =
      cell_at(demo, demo->expected, minute_of(demo, order.event_us), order.region);
  cell->orders += 1;
  cell->cents += order.cents;
}

/* A paid order far in the future: it moves the watermark past every other window. */
static enum eagre_status send_closing(struct demo *demo, struct eagre_kafka_producer *producer,
                                      struct eagre_error *error) {
  struct eagre_buffer text = {0};
  eagre_buffer_append_string(&text, "{\"region\":\"eu\",\"status\":\"paid\",\"cents\":0,\"ts\":\"");
  eagre_workload_append_timestamp(&text, (demo->closing_watermark_ms + DELAY_MS) * 1000);
  eagre_buffer_append_string(&text, "\"}");
  const struct eagre_kafka_message message = {.value = eagre_buffer_text(&text), .partition = 0};
  enum eagre_status status =
      eagre_kafka_producer_send(producer, EAGRE_TEXT("orders"), &message, 1, error);
  if (status == EAGRE_OK) status = eagre_kafka_producer_flush(producer, error);
  eagre_buffer_done(&text);
  return status;
}

static enum eagre_status generate(struct demo *demo, struct eagre_kafka_producer *producer,
                                  struct eagre_error *error) {
  const struct eagre_workload_target target = {
      .brokers = eagre_text_of(eagre_kafka_mock_brokers(demo->mock)),
      .topic = EAGRE_TEXT("orders"),
      .partition_count = PARTITIONS,
  };
  uint64_t next = 0;
  while (next < demo->event_count && !atomic_load(&demo->must_end)) {
    if (next > slowest_flow(demo) + AHEAD_RECORDS_MAX) {
      usleep(1000);
      continue;
    }
    uint64_t left = demo->event_count - next;
    uint64_t count = left < CHUNK_RECORDS ? left : CHUNK_RECORDS;
    for (uint64_t i = 0; i < count; i++) {
      count_expected(demo, next + i);
    }
    EAGRE_TRY(eagre_workload_send(&demo->workload, &target, producer, next, next + count, error));
    next += count;
    atomic_store(&demo->generated, next);
  }
  return atomic_load(&demo->must_end) ? EAGRE_OK : send_closing(demo, producer, error);
}

static void *generator_main(void *argument) {
  struct demo *demo = argument;
  const struct eagre_kafka_settings settings = {
      .brokers = eagre_text_of(eagre_kafka_mock_brokers(demo->mock))};
  struct eagre_kafka_producer *producer = NULL;
  eagre_error_init(&demo->generator_error);
  demo->generator_status = eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &producer,
                                                     &demo->generator_error);
  if (demo->generator_status == EAGRE_OK) {
    demo->generator_status = generate(demo, producer, &demo->generator_error);
  }
  if (producer != NULL) eagre_kafka_producer_close(producer);
  if (demo->generator_status != EAGRE_OK) eagre_runtime_stop(demo->runtime);
  return NULL;
}

/* ---- Engine: what it reports and prints ------------------------------------------------------ */

static void draw(struct demo *demo) {
  int64_t now_us = eagre_clock_wall_us();
  if (!demo->options->is_terminal || now_us - demo->drawn_us < 100000) return;
  demo->drawn_us = now_us;
  double seconds = (double)(now_us - demo->begin_us) / 1e6;
  uint64_t generated = atomic_load(&demo->generated);
  uint64_t consumed = slowest_flow(demo);
  if (consumed > generated)
    consumed = generated; /* the record that closes the windows is no order */
  say(demo, "\r\033[K%llu generated, %llu in the table and the preview, %.2f million events/s",
      (unsigned long long)generated, (unsigned long long)consumed,
      seconds > 0 ? (double)consumed / seconds / 1e6 : 0.0);
}

static void take_report(void *context, const struct eagre_runtime_report *report) {
  struct demo *demo = context;
  int flow = eagre_text_equal_string(report->flow, "preview_flow");
  const struct eagre_epoch_progress *progress = report->progress;
  atomic_fetch_add(&demo->consumed[flow], eagre_epoch_input_rows(progress->counts));
  if (flow == 0) demo->dropped_groups += eagre_epoch_sum_state(progress->counts).rows_dropped_late;
  bool is_last = progress->has_run && progress->watermark_ms >= demo->closing_watermark_ms;
  if (is_last) atomic_store(&demo->is_done[flow], true);
  draw(demo);
  if (atomic_load(&demo->is_done[0]) && atomic_load(&demo->is_done[1])) {
    eagre_runtime_stop(demo->runtime);
  }
}

static int region_of(struct eagre_text name) {
  for (uint32_t i = 0; i < EAGRE_ORDER_REGIONS; i++) {
    if (eagre_text_equal_string(name, eagre_order_region(i))) return (int)i;
  }
  return -1;
}

static int64_t integer_member(const struct eagre_json_node *row, const char *name) {
  const struct eagre_json_node *member = eagre_json_member(row, name);
  int64_t value = -1;
  return member != NULL && eagre_json_integer(member, &value) ? value : -1;
}

static void count_found(struct demo *demo, const struct eagre_json_node *row) {
  const struct eagre_json_node *minute = eagre_json_member(row, "minute");
  const struct eagre_json_node *region = eagre_json_member(row, "region");
  int64_t start_us = 0;
  if (minute == NULL || region == NULL) return;
  if (eagre_value_parse_timestamp(minute->text, demo->pipeline->zone, 0, &start_us) !=
      EAGRE_VALUE_OK) {
    return;
  }
  int64_t index = minute_of(demo, start_us);
  int region_index = region_of(region->text);
  if (index < 0) {
    demo->found_late += (uint64_t)integer_member(row, "orders");
    return;
  }
  struct demo_cell *cell =
      region_index < 0 ? NULL : cell_at(demo, demo->found, index, (uint32_t)region_index);
  if (cell == NULL) return;
  cell->orders += integer_member(row, "orders");
  cell->cents += integer_member(row, "cents");
}

static void take_rows(void *context, struct eagre_text text) {
  struct demo *demo = context;
  struct eagre_arena arena = {0};
  const char *next = text.data;
  const char *end = text.data + text.size;
  while (next < end) {
    const char *newline = memchr(next, '\n', (size_t)(end - next));
    const char *line_end = newline == NULL ? end : newline;
    const struct eagre_json_node *row = NULL;
    struct eagre_text line = {next, (size_t)(line_end - next)};
    if (eagre_json_read(&arena, line, &row, NULL) == EAGRE_OK) count_found(demo, row);
    next = line_end + 1;
  }
  eagre_arena_done(&arena);
}

/* ---- Comparing and showing ------------------------------------------------------------------- */

static enum eagre_status compare(const struct demo *demo, struct eagre_error *error) {
  for (uint32_t i = 0; i < demo->minute_count * EAGRE_ORDER_REGIONS; i++) {
    const struct demo_cell *found = &demo->found[i];
    const struct demo_cell *expected = &demo->expected[i];
    if (found->orders == expected->orders && found->cents == expected->cents) continue;
    return eagre_error_set(error, EAGRE_CHECK, "DEMO_COUNTS_DIFFER",
                           "Minute %u, region %s: %lld orders of %lld cents were counted, %lld of "
                           "%lld were generated.",
                           i / EAGRE_ORDER_REGIONS, eagre_order_region(i % EAGRE_ORDER_REGIONS),
                           (long long)found->orders, (long long)found->cents,
                           (long long)expected->orders, (long long)expected->cents);
  }
  if (demo->found_late > demo->expected_late) {
    return eagre_error_set(error, EAGRE_CHECK, "DEMO_COUNTS_DIFFER",
                           "%llu late orders were counted, %llu were generated.",
                           (unsigned long long)demo->found_late,
                           (unsigned long long)demo->expected_late);
  }
  return EAGRE_OK;
}

static void append_minute(const struct demo *demo, uint32_t minute, struct eagre_buffer *out) {
  eagre_workload_append_timestamp(out, demo->workload.start_us + minute * MINUTE_US);
}

/* The recount beside the table, for other programs to compare with. */
static enum eagre_status write_recount(const struct demo *demo, struct eagre_io *io,
                                       struct eagre_error *error) {
  struct eagre_buffer json = {0};
  bool is_first = true;
  eagre_buffer_append_string(&json, "{\"rows\":[\n");
  for (uint32_t i = 0; i < demo->minute_count * EAGRE_ORDER_REGIONS; i++) {
    const struct demo_cell *cell = &demo->expected[i];
    if (cell->orders == 0) continue;
    eagre_buffer_append_string(&json, is_first ? "{\"minute\":\"" : ",\n{\"minute\":\"");
    append_minute(demo, i / EAGRE_ORDER_REGIONS, &json);
    eagre_buffer_printf(&json, "\",\"region\":\"%s\",\"orders\":%lld,\"cents\":%lld}",
                        eagre_order_region(i % EAGRE_ORDER_REGIONS), (long long)cell->orders,
                        (long long)cell->cents);
    is_first = false;
  }
  eagre_buffer_printf(&json, "\n],\"events\":%llu,\"late\":%llu,\"malformed\":%llu}\n",
                      (unsigned long long)demo->event_count,
                      (unsigned long long)demo->expected_late, (unsigned long long)demo->malformed);
  struct eagre_buffer path = {0};
  eagre_buffer_printf(&path, "%.*s/recount.json", (int)demo->options->folder.size,
                      demo->options->folder.data);
  struct eagre_io_file file = {.path = eagre_buffer_string(&path),
                               .content = eagre_buffer_text(&json),
                               .publish = EAGRE_IO_REPLACE};
  enum eagre_status status = eagre_io_write_files(io, &file, 1, error);
  eagre_buffer_done(&path);
  eagre_buffer_done(&json);
  return status;
}

static void show_table(const struct demo *demo) {
  uint32_t row_count = 0;
  uint32_t shown = 0;
  for (uint32_t i = 0; i < demo->minute_count * EAGRE_ORDER_REGIONS; i++) {
    row_count += demo->found[i].orders > 0;
  }
  say(demo, "\n%-24s %-8s %10s %14s\n", "minute", "region", "orders", "cents");
  for (uint32_t i = 0; i < demo->minute_count * EAGRE_ORDER_REGIONS && shown < SHOWN_ROWS; i++) {
    const struct demo_cell *cell = &demo->found[i];
    if (cell->orders == 0) continue;
    struct eagre_buffer minute = {0};
    append_minute(demo, i / EAGRE_ORDER_REGIONS, &minute);
    say(demo, "%-24s %-8s %10lld %14lld\n", eagre_buffer_string(&minute),
        eagre_order_region(i % EAGRE_ORDER_REGIONS), (long long)cell->orders,
        (long long)cell->cents);
    eagre_buffer_done(&minute);
    shown += 1;
  }
  if (row_count > shown) say(demo, "... %u more rows\n", row_count - shown);
}

static void show_end(const struct demo *demo) {
  double seconds = (double)(eagre_clock_wall_us() - demo->begin_us) / 1e6;
  show_table(demo);
  say(demo,
      "\n%llu events in %.1f s, through Kafka into two exactly-once flows. %llu were malformed, "
      "%llu late\n(%llu of these came before any watermark and were counted, the others were "
      "dropped).\nEvery count equals the generator's own recount.\n\nThe table is "
      "%.*s/tables/orders_per_minute:\n"
      "  python3 -c \"from deltalake import DeltaTable; "
      "print(DeltaTable('%.*s/tables/orders_per_minute').to_pandas())\"\n",
      (unsigned long long)demo->event_count, seconds, (unsigned long long)demo->malformed,
      (unsigned long long)demo->expected_late, (unsigned long long)demo->found_late,
      (int)demo->options->folder.size, demo->options->folder.data, (int)demo->options->folder.size,
      demo->options->folder.data);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static enum eagre_status open_pipeline(struct demo *demo, struct eagre_error *error) {
  const struct eagre_sql_define define = {EAGRE_TEXT("brokers"),
                                          eagre_text_of(eagre_kafka_mock_brokers(demo->mock))};
  const struct eagre_plan_request request = {
      .file_name = EAGRE_TEXT("examples/demo.sql"),
      .source = {eagre_demo_sql_begin, (size_t)(eagre_demo_sql_end - eagre_demo_sql_begin)},
      .defines = &define,
      .define_count = 1,
      .storage = demo->options->folder,
  };
  const struct eagre_runtime_options runtime_options = {
      .core_count = demo->options->core_count,
      .startup_timeout_us = 30000000,
      .stop_timeout_us = 10000000,
      .on_report = take_report,
      .report_context = demo,
      .print = take_rows,
      .print_context = demo,
  };
  EAGRE_TRY(eagre_plan_pipeline(&request, &demo->pipeline, error));
  return eagre_runtime_new(demo->pipeline, &runtime_options, &demo->runtime, error);
}

static void prepare(struct demo *demo) {
  eagre_workload_options_init(&demo->workload, EAGRE_WORKLOAD_ORDERS);
  demo->event_count = demo->options->event_count == 0 ? DEFAULT_EVENTS : demo->options->event_count;
  int64_t length_us = (int64_t)demo->event_count * demo->workload.step_us;
  demo->minute_count = (uint32_t)(length_us / MINUTE_US + 2); /* disorder may reach into one more */
  demo->closing_watermark_ms = (demo->workload.start_us + length_us + CLOSING_US) / 1000 - DELAY_MS;
  size_t cell_count = (size_t)demo->minute_count * EAGRE_ORDER_REGIONS;
  demo->found = eagre_allocate_zeroed(cell_count, sizeof *demo->found);
  demo->expected = eagre_allocate_zeroed(cell_count, sizeof *demo->expected);
}

static enum eagre_status run_both(struct demo *demo, struct eagre_error *error) {
  demo->begin_us = eagre_clock_wall_us();
  int failure = pthread_create(&demo->generator, NULL, generator_main, demo);
  if (failure != 0) {
    return eagre_error_system(error, EAGRE_IO, "THREAD_START_FAILED", failure,
                              "cannot start the generator");
  }
  enum eagre_status status = eagre_runtime_run(demo->runtime, NULL, error);
  atomic_store(&demo->must_end, true);
  pthread_join(demo->generator, NULL);
  if (status == EAGRE_OK && demo->generator_status != EAGRE_OK) {
    *error = demo->generator_error;
    status = demo->generator_status;
  }
  return status;
}

static enum eagre_status run_demo(struct demo *demo, struct eagre_io *io,
                                  struct eagre_error *error) {
  EAGRE_TRY(eagre_kafka_mock_open(1, &demo->mock, error));
  EAGRE_TRY(eagre_kafka_mock_create_topic(demo->mock, "orders", PARTITIONS, error));
  EAGRE_TRY(open_pipeline(demo, error));
  say(demo,
      "A broker with the topic `orders` (%d partitions) is up at %s, in this process.\n"
      "Generating %llu orders; two flows of examples/demo.sql read them as they come.\n",
      PARTITIONS, eagre_kafka_mock_brokers(demo->mock), (unsigned long long)demo->event_count);
  EAGRE_TRY(run_both(demo, error));
  if (!atomic_load(&demo->is_done[0]) || !atomic_load(&demo->is_done[1])) return EAGRE_CANCELLED;
  EAGRE_TRY(compare(demo, error));
  EAGRE_TRY(write_recount(demo, io, error));
  show_end(demo);
  return EAGRE_OK;
}

enum eagre_status eagre_demo_run(const struct eagre_demo_options *options,
                                 struct eagre_error *error) {
  struct demo demo = {.options = options};
  struct eagre_io *io = NULL;
  prepare(&demo);
  enum eagre_status status = eagre_io_open(NULL, &io, error);
  if (status == EAGRE_OK) status = run_demo(&demo, io, error);
  eagre_runtime_free(demo.runtime);
  eagre_pipeline_free(demo.pipeline);
  if (demo.mock != NULL) eagre_kafka_mock_close(demo.mock);
  eagre_io_close(io);
  eagre_free(demo.found);
  eagre_free(demo.expected);
  return status;
}

/* Question: what do expressions, windows and partial aggregation cost per event, alone and behind
 *   the decoder, as the plan of real SQL runs them on one core?
 * Why: it is the pipeline without source and sink: what the budget's lines add up to.
 * Unit: CPU ns per event that goes in. Feeds: "filter + project", "window aggregate", and the sum of
 *   all lines but fetch.
 *
 * `filter_project` and `window` get decoded columns; `ysb` gets JSON texts. A batch is 256 KiB of
 * ysb events. Setup recounts what comes out. */
#include <stdio.h>

#include "events.h"
#include "harness.h"
#include "operator/operator.h"
#include "plan/plan.h"
#include "value/value.h"

enum { ROW_COUNT = 1100, BATCH_COUNT = 16, COLUMN_COUNT_MAX = 3 };

struct pipeline_input {
  const char *sql;
  bool is_decoded; /* columns ad_id, event_type, event_time; else the JSON text */
};

struct pipeline_bench {
  const struct pipeline_input *input;
  struct bench_events events;
  struct bench_event *expected;
  struct eagre_arena arena;
  struct eagre_vector columns[BATCH_COUNT][COLUMN_COUNT_MAX];
  uint32_t column_count;
  struct eagre_pipeline *pipeline;
  const struct eagre_plan_tree *tree;
  struct eagre_stages *stages;
  struct eagre_batch_pool pool;
  uint64_t kept_count; /* events in the result: its rows, or the sum of their counts */
  uint32_t next;
};

static uint64_t sum_counts(const struct eagre_batch *batch) {
  const struct eagre_vector *counts = &batch->columns[batch->column_count - 1];
  uint64_t sum = 0;
  for (uint32_t row = 0; row < batch->row_count; row++) {
    sum += (uint64_t)EAGRE_VALUES(int64_t, counts)[row];
  }
  return sum;
}

static enum eagre_status take_batch(void *context, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct pipeline_bench *bench = context;
  (void)error;
  bench->kept_count += bench->tree->stateful_count > 0 ? sum_counts(batch) : batch->row_count;
  bench_keep(batch->columns[0].data);
  eagre_batch_free(batch);
  return EAGRE_OK;
}

static void plan_query(struct pipeline_bench *bench) {
  struct eagre_error error;
  const struct eagre_plan_request request = {.file_name = EAGRE_TEXT("bench.sql"),
                                             .source = eagre_text_of(bench->input->sql),
                                             .storage = EAGRE_TEXT("nowhere"),
                                             .is_query = true};
  eagre_error_init(&error);
  if (eagre_plan_pipeline(&request, &bench->pipeline, &error) != EAGRE_OK) {
    fprintf(stderr, "%s: %s\n", error.place, error.text);
    bench_require(false, "a query of the bench is wrong");
  }
  bench->tree = &bench->pipeline->queries[0].query;
}

static void begin_epoch(struct pipeline_bench *bench) {
  const struct eagre_stateful_epoch epoch = {.batch_timestamp_us = BENCH_YSB_START_MS * 1000};
  eagre_stages_begin(bench->stages, &epoch);
}

static void open_stages(struct pipeline_bench *bench) {
  const struct eagre_stages_options options = {
      .tree = bench->tree,
      .session = &bench->pipeline->expression_session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
      .output = take_batch,
      .output_context = bench,
  };
  bench->stages = eagre_stages_new(&options);
  begin_epoch(bench);
}

/* The same events again, as the generator made them. */
static void list_expected(struct pipeline_bench *bench) {
  struct bench_generator generator;
  struct eagre_buffer text = {0};
  bench->expected = eagre_allocate_zeroed(bench->events.count, sizeof *bench->expected);
  bench_generator_init(&generator, BENCH_YSB, 1);
  for (uint32_t i = 0; i < bench->events.count; i++) {
    eagre_buffer_clear(&text);
    bench_generator_append(&generator, &text, &bench->expected[i]);
  }
  eagre_buffer_done(&text);
}

static void fill_decoded(struct pipeline_bench *bench, uint32_t batch) {
  struct eagre_vector *columns = bench->columns[batch];
  for (uint32_t i = 0; i < COLUMN_COUNT_MAX; i++) {
    eagre_vector_init(&columns[i], eagre_type_of(EAGRE_TYPE_STRING), ROW_COUNT, &bench->arena);
  }
  for (uint32_t row = 0; row < ROW_COUNT; row++) {
    const struct bench_ysb *event = &bench->expected[batch * ROW_COUNT + row].ysb;
    char identifier[EAGRE_UUID_SIZE];
    bench_ysb_ad_id(event->ad, identifier);
    EAGRE_VALUES(struct eagre_text, &columns[0])
    [row] = eagre_arena_copy_text(&bench->arena, eagre_text_of(identifier));
    EAGRE_VALUES(struct eagre_text, &columns[1])
    [row] = event->is_view ? EAGRE_TEXT("view") : EAGRE_TEXT("click");
    EAGRE_VALUES(struct eagre_text, &columns[2])
    [row] = eagre_arena_printf(&bench->arena, "%lld", (long long)event->time_ms);
  }
}

static void fill_columns(struct pipeline_bench *bench) {
  bench->column_count = bench->input->is_decoded ? COLUMN_COUNT_MAX : 1;
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    if (bench->input->is_decoded) {
      fill_decoded(bench, i);
      continue;
    }
    bench->columns[i][0] = (struct eagre_vector){.type = eagre_type_of(EAGRE_TYPE_STRING),
                                                 .data = bench->events.texts + i * ROW_COUNT};
  }
}

static void push_next(struct pipeline_bench *bench) {
  struct eagre_error error;
  struct eagre_batch *batch = eagre_batch_pool_acquire(&bench->pool);
  eagre_batch_set_columns(batch, bench->column_count, ROW_COUNT);
  memcpy(batch->columns, bench->columns[bench->next], sizeof *batch->columns * bench->column_count);
  bench->next = (bench->next + 1) % BATCH_COUNT;
  eagre_error_init(&error);
  if (eagre_stages_push(bench->stages, 0, batch, &error) == EAGRE_OK) return;
  fprintf(stderr, "%s\n", error.text);
  bench_require(false, "a batch failed");
}

static void verify(struct pipeline_bench *bench) {
  uint64_t view_count = 0;
  struct eagre_error error;
  for (uint32_t i = 0; i < bench->events.count; i++) {
    view_count += bench->expected[i].ysb.is_view;
  }
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    push_next(bench);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t level = 0; level < bench->tree->level_count && status == EAGRE_OK; level++) {
    status = eagre_stages_end_level(bench->stages, level, &bench->stages, 1, &error);
  }
  bench_require(status == EAGRE_OK, "the result could not be had");
  bench_require(bench->kept_count == view_count, "the filter kept other rows than the views");
  begin_epoch(bench);
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct pipeline_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->input = parameter;
  bench_events_init(&bench->events, BENCH_YSB, BATCH_COUNT * ROW_COUNT);
  list_expected(bench);
  fill_columns(bench);
  plan_query(bench);
  open_stages(bench);
  verify(bench);
  *out_measure = (struct bench_measure){ROW_COUNT, bench->events.bytes.size / BATCH_COUNT};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  for (uint64_t i = 0; i < iteration_count; i++) {
    push_next(context);
  }
}

static void teardown(void *context) {
  struct pipeline_bench *bench = context;
  eagre_stages_free(bench->stages);
  eagre_batch_pool_done(&bench->pool);
  eagre_pipeline_free(bench->pipeline);
  eagre_arena_done(&bench->arena);
  bench_events_done(&bench->events);
  eagre_free(bench->expected);
  eagre_free(bench);
}

#define DECODED                                                                                    \
  "read_files('x', format => 'json', schema => 'ad_id STRING, event_type STRING, event_time "      \
  "STRING')"
#define TEXTS "read_files('x', format => 'text')"
#define JSON                                                                                       \
  "(SELECT e.ad_id, e.event_type, e.event_time FROM (SELECT from_json(value, 'user_id STRING, "    \
  "page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time STRING, "           \
  "ip_address STRING') AS e FROM " TEXTS "))"
#define TIME "timestamp_millis(CAST(event_time AS BIGINT))"
#define COUNT(source)                                                                              \
  "SELECT window.start AS start, ad_id, count(*) AS n FROM (SELECT ad_id, " TIME                   \
  " AS ts FROM " source " WHERE event_type = 'view') GROUP BY window(ts, '10 seconds'), ad_id"

static const struct pipeline_input filter_project = {
    "SELECT ad_id, event_time FROM " DECODED " WHERE event_type = 'view'", true};
static const struct pipeline_input filter_time = {
    "SELECT ad_id, " TIME " AS ts FROM " DECODED " WHERE event_type = 'view'", true};
static const struct pipeline_input window = {COUNT(DECODED), true};
static const struct pipeline_input ysb = {COUNT(JSON), false};
static const struct pipeline_input ysb_filter = {
    "SELECT ad_id, event_time FROM " JSON " WHERE event_type = 'view'", false};

static const struct bench_case cases[] = {
    {"pipeline/filter_project", setup, run, teardown, &filter_project},
    {"pipeline/filter_project_time", setup, run, teardown, &filter_time},
    {"pipeline/window", setup, run, teardown, &window},
    {"pipeline/ysb_filter", setup, run, teardown, &ysb_filter},
    {"pipeline/ysb", setup, run, teardown, &ysb},
};
const struct bench_suite bench_pipeline_suite = BENCH_SUITE(cases);

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

enum { ROW_COUNT = 1100, BATCH_COUNT = 16, NODE_COUNT_MAX = 16, COLUMN_COUNT_MAX = 3 };

struct pipeline_input {
  const char *sql;
  bool is_decoded; /* columns ad_id, event_type, event_time; else the JSON text */
};

struct pipeline_bench {
  const struct pipeline_input *input;
  struct bench_events events;
  struct bench_ysb *expected;
  struct eagre_arena arena;
  struct eagre_vector columns[BATCH_COUNT][COLUMN_COUNT_MAX];
  uint32_t column_count;
  struct eagre_pipeline *pipeline;
  struct eagre_plan_node *nodes[NODE_COUNT_MAX]; /* between source and aggregation */
  uint32_t node_count;
  struct eagre_plan_node *aggregate;
  struct eagre_chain *chain;
  struct eagre_partial *partial;
  struct eagre_batch_pool pool;
  uint64_t row_count_out;
  uint32_t next;
};

static enum eagre_status take_batch(void *context, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct pipeline_bench *bench = context;
  bench->row_count_out += batch->row_count;
  if (bench->partial != NULL) return eagre_partial_push(bench->partial, batch, error);
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
}

/* The nodes in front of the aggregation (all, when there is none), in data order. */
static const struct eagre_type *list_nodes(struct pipeline_bench *bench) {
  struct eagre_plan_node *node = bench->pipeline->queries[0].query;
  for (struct eagre_plan_node *each = node; each != NULL; each = each->input) {
    if (each->kind == EAGRE_PLAN_AGGREGATE) bench->aggregate = each;
  }
  if (bench->aggregate != NULL) node = bench->aggregate->input;
  uint32_t first = NODE_COUNT_MAX;
  for (; node->kind != EAGRE_PLAN_SOURCE; node = node->input) {
    bench_require(first > 0, "too many nodes");
    bench->nodes[--first] = node;
  }
  bench->node_count = NODE_COUNT_MAX - first;
  memmove(bench->nodes, bench->nodes + first, sizeof *bench->nodes * bench->node_count);
  return node->output;
}

static void open_chain(struct pipeline_bench *bench, const struct eagre_type *input) {
  const struct eagre_expression_session *session = &bench->pipeline->expression_session;
  bench->chain = eagre_chain_new(&(struct eagre_chain_options){bench->nodes, bench->node_count,
                                                               input, session, take_batch, bench});
  if (bench->aggregate != NULL) bench->partial = eagre_partial_new(bench->aggregate, session);
}

static void begin_epoch(struct pipeline_bench *bench) {
  eagre_chain_begin(bench->chain, BENCH_YSB_START_MS * 1000);
  if (bench->partial != NULL) eagre_partial_begin(bench->partial, BENCH_YSB_START_MS * 1000);
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
    const struct bench_ysb *event = &bench->expected[batch * ROW_COUNT + row];
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
  if (eagre_chain_push(bench->chain, batch, &error) == EAGRE_OK) return;
  fprintf(stderr, "%s\n", error.text);
  bench_require(false, "a batch failed");
}

static void verify(struct pipeline_bench *bench) {
  uint64_t view_count = 0;
  for (uint32_t i = 0; i < bench->events.count; i++) {
    view_count += bench->expected[i].is_view;
  }
  begin_epoch(bench);
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    push_next(bench);
  }
  bench_require(bench->row_count_out == view_count, "the filter kept other rows than the views");
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct pipeline_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->input = parameter;
  bench_events_init(&bench->events, BENCH_YSB, BATCH_COUNT * ROW_COUNT);
  list_expected(bench);
  fill_columns(bench);
  plan_query(bench);
  open_chain(bench, list_nodes(bench));
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
  eagre_chain_free(bench->chain);
  eagre_partial_free(bench->partial);
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

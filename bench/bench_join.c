/* Question: what does it cost to look a row up in the static side of a join?
 * Why: every row of a stream that is enriched pays it.
 * Unit: CPU ns per row, with encoding the key, finding the match and gathering two columns of the
 *   table. Feeds: "lookup join". Setup prints the memory per row of the table.
 *
 * Every key of the table is unique and every row finds its match; rows pick keys at random, from
 * 1 Mi drawn rows, so that neither caches nor predictors learn the order. `pairs` has two table
 * rows per key, and gives two rows for each. */
#include <inttypes.h>
#include <stdio.h>

#include "column/column.h"
#include "harness.h"
#include "operator/operator.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX, BATCH_COUNT = 256, COLUMN_COUNT = 3 };

struct join_input {
  uint32_t key_count;
  bool is_text;
  uint32_t rows_per_key;
};

struct join_bench {
  const struct join_input *input;
  struct eagre_arena arena; /* probe columns of all batches */
  struct eagre_vector batches[BATCH_COUNT][COLUMN_COUNT];
  struct eagre_pipeline *pipeline;
  const struct eagre_plan_tree *tree;
  struct eagre_join_table *table;
  struct eagre_stages *stages;
  struct eagre_batch_pool pool;
  uint64_t out_count;
  uint32_t next;
};

static enum eagre_status count_rows(void *context, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct join_bench *bench = context;
  (void)error;
  bench->out_count += batch->row_count;
  eagre_batch_free(batch);
  return EAGRE_OK;
}

static void bind_join(struct join_bench *bench) {
  char text[512];
  struct eagre_error error;
#define SIDE "read_files('/in', format => 'json', schema => 'id BIGINT, k STRING, n INT')"
  snprintf(text, sizeof text,
           "SELECT l.n, r.k, r.n FROM " SIDE " AS l LEFT JOIN " SIDE " AS r ON l.%s = r.%s",
           bench->input->is_text ? "k" : "id", bench->input->is_text ? "k" : "id");
#undef SIDE
  const struct eagre_plan_request request = {.file_name = EAGRE_TEXT("join.sql"),
                                             .source = eagre_text_of(text),
                                             .storage = EAGRE_TEXT("/s"),
                                             .is_query = true};
  bench_require(eagre_plan_pipeline(&request, &bench->pipeline, &error) == EAGRE_OK,
                "the join does not bind");
  bench->tree = &bench->pipeline->queries[0].query;
  bench->table = eagre_join_table_new(bench->tree->statics[0].join,
                                      &bench->pipeline->expression_session, UINT64_MAX);
}

/* Columns id, k and n of rows with the given keys. */
static void make_columns(const uint32_t *keys, uint32_t row_count, struct eagre_arena *arena,
                         struct eagre_vector *columns) {
  eagre_vector_init(&columns[0], eagre_type_of(EAGRE_TYPE_BIGINT), row_count, arena);
  eagre_vector_init(&columns[1], eagre_type_of(EAGRE_TYPE_STRING), row_count, arena);
  eagre_vector_init(&columns[2], eagre_type_of(EAGRE_TYPE_INT), row_count, arena);
  for (uint32_t row = 0; row < row_count; row++) {
    EAGRE_VALUES(int64_t, &columns[0])[row] = keys[row];
    EAGRE_VALUES(struct eagre_text, &columns[1])
    [row] = eagre_arena_printf(arena, "%08" PRIx32 "-1111-4111-8111-%012" PRIx32,
                               keys[row] * 2654435761u, keys[row]);
    EAGRE_VALUES(int32_t, &columns[2])[row] = (int32_t)row;
  }
}

static void fill_table(struct join_bench *bench) {
  struct eagre_error error;
  uint32_t keys[ROW_COUNT];
  uint32_t total = bench->input->key_count * bench->input->rows_per_key;
  eagre_join_table_begin(bench->table, 0);
  for (uint32_t begin = 0; begin < total; begin += ROW_COUNT) {
    uint32_t row_count = total - begin < ROW_COUNT ? total - begin : ROW_COUNT;
    struct eagre_batch *batch = eagre_batch_new();
    for (uint32_t row = 0; row < row_count; row++) {
      keys[row] = (begin + row) % bench->input->key_count;
    }
    eagre_batch_set_columns(batch, COLUMN_COUNT, row_count);
    make_columns(keys, row_count, &batch->arena, batch->columns);
    bench_require(eagre_join_table_add(bench->table, batch, &error) == EAGRE_OK,
                  "a row is refused");
  }
  eagre_join_table_seal(bench->table);
}

static void draw_batches(struct join_bench *bench) {
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    uint32_t keys[ROW_COUNT];
    for (uint32_t row = 0; row < ROW_COUNT; row++) {
      keys[row] = (uint32_t)eagre_random_below(&random, bench->input->key_count);
    }
    make_columns(keys, ROW_COUNT, &bench->arena, bench->batches[i]);
  }
}

static void probe(struct join_bench *bench, uint32_t index) {
  struct eagre_error error;
  struct eagre_batch *batch = eagre_batch_pool_acquire(&bench->pool);
  eagre_batch_set_columns(batch, COLUMN_COUNT, ROW_COUNT);
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
    batch->columns[i] = bench->batches[index][i];
  }
  bench_require(eagre_stages_push(bench->stages, 0, batch, &error) == EAGRE_OK, "the probe failed");
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct join_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->input = parameter;
  bind_join(bench);
  fill_table(bench);
  draw_batches(bench);
  const struct eagre_stages_options options = {
      .tree = bench->tree,
      .session = &bench->pipeline->expression_session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
      .tables = &bench->table,
      .output = count_rows,
      .output_context = bench,
  };
  const struct eagre_stateful_epoch epoch = {.is_first_epoch = true};
  bench->stages = eagre_stages_new(&options);
  eagre_stages_begin(bench->stages, &epoch);
  probe(bench, 0);
  bench_require(bench->out_count == (uint64_t)ROW_COUNT * bench->input->rows_per_key,
                "rows are missing");
  struct eagre_join_table_metrics metrics;
  eagre_join_table_measure(bench->table, &metrics);
  fprintf(stderr, "join: %" PRIu64 " table rows by %s keys take %.1f bytes each\n",
          metrics.row_count, bench->input->is_text ? "36 B text" : "BIGINT",
          (double)metrics.memory_bytes / (double)metrics.row_count);
  *out_measure = (struct bench_measure){ROW_COUNT, 0};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  struct join_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    probe(bench, bench->next);
    bench->next = (bench->next + 1) % BATCH_COUNT;
  }
}

static void teardown(void *context) {
  struct join_bench *bench = context;
  eagre_stages_free(bench->stages);
  eagre_join_table_free(bench->table);
  eagre_batch_pool_done(&bench->pool);
  eagre_pipeline_free(bench->pipeline);
  eagre_arena_done(&bench->arena);
  eagre_free(bench);
}

#define CASE(name, key_count, is_text, rows_per_key)                                               \
  {                                                                                                \
    "join/" name, setup, run, teardown, &(const struct join_input) {                               \
      key_count, is_text, rows_per_key                                                             \
    }                                                                                              \
  }

static const struct bench_case cases[] = {
    CASE("bigint/100", 100, false, 1),    CASE("bigint/10k", 10000, false, 1),
    CASE("bigint/1M", 1000000, false, 1), CASE("text36/100", 100, true, 1),
    CASE("text36/10k", 10000, true, 1),   CASE("pairs/bigint/10k", 10000, false, 2),
};
const struct bench_suite bench_join_suite = BENCH_SUITE(cases);

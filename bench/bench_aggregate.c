/* Question: what does it cost to find a row's group and count it, for few and for many groups, and
 *   how much memory does a group take?
 * Why: the aggregator's inner loop; beyond the caches it is bound by memory.
 * Unit: CPU ns per row. Feeds: "window aggregate, 100 keys / 1 M keys". Setup
 *   prints the memory per group (budget: 64 bytes in a window count of 10 M keys).
 *
 * Every group exists before the clock starts; rows pick groups at random, from 1 Mi drawn rows, so
 * that neither caches nor predictors learn the order. Keys are encoded before (bench_key.c). */
#include <inttypes.h>
#include <stdio.h>

#include "column/column.h"
#include "expression/expression.h"
#include "harness.h"
#include "state/state.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX, BATCH_COUNT = 256 };

struct aggregate_input {
  uint32_t group_count;
  bool is_text;
};

struct aggregate_bench {
  const struct aggregate_input *input;
  struct eagre_arena arena; /* keys of all batches */
  struct eagre_state_keys batches[BATCH_COUNT];
  struct eagre_state_table *table;
  struct eagre_aggregate count;
  char **payloads;
  uint32_t next;
};

/* Group numbers become keys: texts of 36 bytes, or BIGINT. */
static void encode_groups(struct aggregate_bench *bench, const uint32_t *groups, uint32_t row_count,
                          struct eagre_state_keys *out) {
  struct eagre_vector column;
  bool is_text = bench->input->is_text;
  eagre_vector_init(&column, eagre_type_of(is_text ? EAGRE_TYPE_STRING : EAGRE_TYPE_BIGINT),
                    row_count, &bench->arena);
  for (uint32_t row = 0; row < row_count; row++) {
    if (!is_text) {
      EAGRE_VALUES(int64_t, &column)[row] = groups[row];
      continue;
    }
    EAGRE_VALUES(struct eagre_text, &column)
    [row] = eagre_arena_printf(&bench->arena, "%08" PRIx32 "-1111-4111-8111-%012" PRIx32,
                               groups[row] * 2654435761u, groups[row]);
  }
  eagre_state_encode_keys(&column, 1, row_count, &bench->arena, out);
}

static void count_rows(struct aggregate_bench *bench, const struct eagre_state_keys *keys,
                       uint32_t row_count) {
  struct eagre_error error;
  eagre_state_get_groups(bench->table, NULL, keys, row_count, bench->payloads);
  bench_require(eagre_aggregate_update(&bench->count, NULL, row_count, bench->payloads, 0, NULL,
                                       &error) == EAGRE_OK,
                "count(*) failed");
}

static void make_groups(struct aggregate_bench *bench) {
  uint32_t groups[ROW_COUNT];
  for (uint32_t begin = 0; begin < bench->input->group_count; begin += ROW_COUNT) {
    struct eagre_arena_mark mark = eagre_arena_mark(&bench->arena);
    struct eagre_state_keys keys;
    uint32_t row_count = 0;
    while (row_count < ROW_COUNT && begin + row_count < bench->input->group_count) {
      groups[row_count] = begin + row_count;
      row_count++;
    }
    encode_groups(bench, groups, row_count, &keys);
    count_rows(bench, &keys, row_count);
    eagre_arena_rewind(&bench->arena, mark);
  }
}

static void draw_batches(struct aggregate_bench *bench) {
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  for (uint32_t i = 0; i < BATCH_COUNT; i++) {
    uint32_t groups[ROW_COUNT];
    for (uint32_t row = 0; row < ROW_COUNT; row++) {
      groups[row] = (uint32_t)eagre_random_below(&random, bench->input->group_count);
    }
    encode_groups(bench, groups, ROW_COUNT, &bench->batches[i]);
  }
}

static void bind_count(struct aggregate_bench *bench) {
  struct eagre_error error;
  struct eagre_expression *argument = NULL;
  const struct eagre_expression_session session = {0};
  const struct eagre_aggregate_call call = {.function = EAGRE_TEXT("count")};
  bench_require(eagre_aggregate_bind(&bench->arena, &call, &session, &bench->count, &argument,
                                     &error) == EAGRE_OK,
                "count(*) is no aggregate");
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct aggregate_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->input = parameter;
  bench->payloads = eagre_allocate_zeroed(ROW_COUNT, sizeof *bench->payloads);
  bind_count(bench);
  const struct eagre_state_layout layout = {bench->count.accumulator_size, NULL, 0};
  bench->table = eagre_state_table_new(&layout);
  make_groups(bench);
  draw_batches(bench);
  struct eagre_state_metrics metrics;
  eagre_state_measure(bench->table, &metrics);
  bench_require(metrics.group_count == bench->input->group_count, "the table lost groups");
  fprintf(stderr, "aggregate: %" PRIu64 " groups of %s keys take %.1f bytes each\n",
          metrics.group_count, bench->input->is_text ? "36 B text" : "BIGINT",
          (double)metrics.memory_bytes / (double)metrics.group_count);
  *out_measure = (struct bench_measure){ROW_COUNT, 0};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  struct aggregate_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    count_rows(bench, &bench->batches[bench->next], ROW_COUNT);
    bench->next = (bench->next + 1) % BATCH_COUNT;
  }
}

static void teardown(void *context) {
  struct aggregate_bench *bench = context;
  eagre_state_table_free(bench->table);
  eagre_arena_done(&bench->arena);
  eagre_free(bench->payloads);
  eagre_free(bench);
}

#define CASE(name, group_count, is_text)                                                           \
  {                                                                                                \
    "aggregate/" name, setup, run, teardown, &(const struct aggregate_input) {                     \
      group_count, is_text                                                                         \
    }                                                                                              \
  }

static const struct bench_case cases[] = {
    CASE("bigint/100", 100, false),    CASE("bigint/10k", 10000, false),
    CASE("bigint/1M", 1000000, false), CASE("text36/100", 100, true),
    CASE("text36/10k", 10000, true),   CASE("text36/1M", 1000000, true),
};
const struct bench_suite bench_aggregate_suite = BENCH_SUITE(cases);

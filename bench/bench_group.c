/* Question: what does it cost to find a row's group by its key columns, and count it: through the
 *   cells of a small domain, where there is one, and by keys?
 * Why: all that an aggregation does to a row in front of the exchange, its arguments aside.
 * Unit: CPU ns per row. Feeds: "window aggregate, 100 keys / 1 M keys".
 *
 * Every group exists before the clock starts. All of them come equally often, in an order that
 * neither caches nor predictors learn. */
#include <inttypes.h>
#include <stdio.h>

#include "column/column.h"
#include "expression/expression.h"
#include "harness.h"
#include "state/state.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX, BATCH_COUNT_MAX = 256, COLUMN_COUNT_MAX = 2 };

struct group_input {
  enum eagre_type_kind kinds[COLUMN_COUNT_MAX];
  uint32_t column_count;
  uint32_t group_count;
  uint32_t
      batch_count; /* few, where columns would not stay in the caches as they do in a pipeline */
  bool is_by_keys;
};

struct group_bench {
  const struct group_input *input;
  struct eagre_arena columns_arena;
  struct eagre_arena arena; /* of a batch */
  struct eagre_vector batches[BATCH_COUNT_MAX][COLUMN_COUNT_MAX];
  struct eagre_state_table *table;
  struct eagre_state_domain *domain;
  struct eagre_aggregate count;
  char **payloads;
  uint32_t next;
};

static void fill_row(struct group_bench *bench, struct eagre_vector *columns, uint32_t row,
                     uint32_t group) {
  for (uint32_t i = 0; i < bench->input->column_count; i++) {
    if (columns[i].type->kind == EAGRE_TYPE_BIGINT) {
      EAGRE_VALUES(int64_t, &columns[i])[row] = group;
      continue;
    }
    EAGRE_VALUES(struct eagre_text, &columns[i])
    [row] = eagre_arena_printf(&bench->columns_arena, "%08" PRIx32 "-1111-4111-8111-%012" PRIx32,
                               group * 2654435761u, group);
  }
}

static void count_rows(struct group_bench *bench, const struct eagre_vector *columns) {
  struct eagre_error error;
  eagre_arena_reset(&bench->arena);
  if (bench->input->is_by_keys) {
    struct eagre_state_keys keys;
    eagre_state_encode_keys(columns, bench->input->column_count, ROW_COUNT, &bench->arena, &keys);
    eagre_state_get_groups(bench->table, NULL, &keys, ROW_COUNT, bench->payloads);
  } else {
    eagre_state_domain_get_groups(bench->domain, bench->table, NULL, columns, ROW_COUNT,
                                  &bench->arena, bench->payloads);
  }
  bench_require(eagre_aggregate_update(&bench->count, NULL, ROW_COUNT, bench->payloads, 0, NULL,
                                       &error) == EAGRE_OK,
                "count(*) failed");
}

static void bind_count(struct group_bench *bench) {
  struct eagre_error error;
  struct eagre_expression *argument = NULL;
  const struct eagre_expression_session session = {0};
  const struct eagre_aggregate_call call = {.function = EAGRE_TEXT("count")};
  bench_require(eagre_aggregate_bind(&bench->columns_arena, &call, &session, &bench->count,
                                     &argument, &error) == EAGRE_OK,
                "count(*) is no aggregate");
}

/* The group of every row of all batches, shuffled. */
static uint32_t *draw_groups(const struct group_input *input) {
  struct eagre_random random;
  uint32_t row_count = input->batch_count * ROW_COUNT;
  uint32_t *groups = eagre_allocate(row_count * sizeof *groups);
  eagre_random_seed(&random, 1);
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t other = (uint32_t)eagre_random_below(&random, i + 1);
    groups[i] = groups[other];
    groups[other] = i % input->group_count;
  }
  return groups;
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct group_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->input = parameter;
  uint32_t *groups = draw_groups(bench->input);
  bench->payloads = eagre_allocate_zeroed(ROW_COUNT, sizeof *bench->payloads);
  bind_count(bench);
  const struct eagre_state_layout layout = {bench->count.accumulator_size, NULL, 0};
  bench->table = eagre_state_table_new(&layout);
  bench->domain = eagre_state_domain_new(bench->input->column_count);
  for (uint32_t i = 0; i < bench->input->batch_count; i++) {
    for (uint32_t column = 0; column < bench->input->column_count; column++) {
      eagre_vector_init(&bench->batches[i][column], eagre_type_of(bench->input->kinds[column]),
                        ROW_COUNT, &bench->columns_arena);
    }
    for (uint32_t row = 0; row < ROW_COUNT; row++) {
      fill_row(bench, bench->batches[i], row, groups[i * ROW_COUNT + row]);
    }
    count_rows(bench, bench->batches[i]);
  }
  eagre_free(groups);
  *out_measure = (struct bench_measure){ROW_COUNT, 0};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  struct group_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    count_rows(bench, bench->batches[bench->next]);
    bench->next = (bench->next + 1) % bench->input->batch_count;
  }
}

static void teardown(void *context) {
  struct group_bench *bench = context;
  eagre_state_domain_free(bench->domain);
  eagre_state_table_free(bench->table);
  eagre_arena_done(&bench->columns_arena);
  eagre_arena_done(&bench->arena);
  eagre_free(bench->payloads);
  eagre_free(bench);
}

#define INPUT(...) &(const struct group_input)__VA_ARGS__
#define KINDS(...)                                                                                 \
  { __VA_ARGS__ }
#define CASE(name, ...)                                                                            \
  {"group/" name, setup, run, teardown, INPUT({__VA_ARGS__, false})}, {                            \
    "group/" name "/keys", setup, run, teardown, INPUT({__VA_ARGS__, true})                        \
  }

static const struct bench_case cases[] = {
    CASE("bigint/100", {EAGRE_TYPE_BIGINT}, 1, 100, 16),
    CASE("bigint/10k", {EAGRE_TYPE_BIGINT}, 1, 10000, 16),
    CASE("bigint/1M", {EAGRE_TYPE_BIGINT}, 1, 1000000, 256),
    CASE("text36/100", {EAGRE_TYPE_STRING}, 1, 100, 4),
    CASE("text36/1000", {EAGRE_TYPE_STRING}, 1, 1000, 4),
    CASE("text36/1M", {EAGRE_TYPE_STRING}, 1, 1000000, 256),
    CASE("text36_bigint/100", KINDS(EAGRE_TYPE_STRING, EAGRE_TYPE_BIGINT), 2, 100, 4),
};
const struct bench_suite bench_group_suite = BENCH_SUITE(cases);

/* Question: what does it cost to encode and hash the group key of a row?
 * Why: every row of an aggregation pays it.
 * Unit: CPU ns per row. Feeds: "window aggregate" (its first half). */
#include <stdio.h>

#include "events.h"
#include "harness.h"
#include "state/state.h"

enum { ROW_COUNT = EAGRE_BATCH_ROWS_MAX, COLUMN_COUNT_MAX = 2 };

struct key_input {
  enum eagre_type_kind kinds[COLUMN_COUNT_MAX];
  uint32_t column_count;
};

struct key_bench {
  struct eagre_arena columns_arena;
  struct eagre_arena arena;
  struct eagre_vector columns[COLUMN_COUNT_MAX];
  uint32_t column_count;
};

static void fill_column(struct eagre_vector *column, struct eagre_random *random,
                        struct eagre_arena *arena) {
  for (uint32_t row = 0; row < ROW_COUNT; row++) {
    uint64_t ad = eagre_random_below(random, BENCH_YSB_AD_COUNT);
    if (column->type->kind == EAGRE_TYPE_BIGINT) {
      EAGRE_VALUES(int64_t, column)[row] = (int64_t)ad;
      continue;
    }
    char identifier[EAGRE_UUID_SIZE];
    bench_ysb_ad_id((uint32_t)ad, identifier);
    EAGRE_VALUES(struct eagre_text, column)
    [row] = eagre_arena_copy_text(arena, eagre_text_of(identifier));
  }
}

static uint32_t count_key_bytes(const struct eagre_state_keys *keys) {
  uint64_t sum = 0;
  for (uint32_t row = 0; row < ROW_COUNT; row++) {
    sum += keys->keys[row].size;
  }
  return (uint32_t)sum;
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  const struct key_input *input = parameter;
  struct key_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  bench->column_count = input->column_count;
  for (uint32_t i = 0; i < input->column_count; i++) {
    eagre_vector_init(&bench->columns[i], eagre_type_of(input->kinds[i]), ROW_COUNT,
                      &bench->columns_arena);
    fill_column(&bench->columns[i], &random, &bench->columns_arena);
  }
  struct eagre_state_keys keys;
  eagre_state_encode_keys(bench->columns, bench->column_count, ROW_COUNT, &bench->arena, &keys);
  bench_require(count_key_bytes(&keys) >= ROW_COUNT * sizeof(int64_t), "keys are too short");
  *out_measure = (struct bench_measure){ROW_COUNT, 0};
  return bench;
}

static void run(void *context, uint64_t iteration_count) {
  struct key_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    struct eagre_state_keys keys;
    eagre_arena_reset(&bench->arena);
    eagre_state_encode_keys(bench->columns, bench->column_count, ROW_COUNT, &bench->arena, &keys);
    bench_keep(keys.hashes);
  }
}

static void teardown(void *context) {
  struct key_bench *bench = context;
  eagre_arena_done(&bench->columns_arena);
  eagre_arena_done(&bench->arena);
  eagre_free(bench);
}

#define INPUT(...) &(const struct key_input)__VA_ARGS__

static const struct bench_case cases[] = {
    {"key/bigint", setup, run, teardown, INPUT({{EAGRE_TYPE_BIGINT}, 1})},
    {"key/text36", setup, run, teardown, INPUT({{EAGRE_TYPE_STRING}, 1})},
    {"key/text36_bigint", setup, run, teardown, INPUT({{EAGRE_TYPE_STRING, EAGRE_TYPE_BIGINT}, 2})},
    {"key/text36_text36", setup, run, teardown, INPUT({{EAGRE_TYPE_STRING, EAGRE_TYPE_STRING}, 2})},
};
const struct bench_suite bench_key_suite = BENCH_SUITE(cases);

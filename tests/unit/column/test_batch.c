/* Batches: life with and without a backing, filtering against a slow model, places of rows. */
#include "test_column.h"

#include <stdalign.h>
#include <string.h>

enum { ROWS_MAX = 300 };

static void count_release(void *backing) {
  ++*(int *)backing;
}

static void test_the_backing_is_released_once(void **state) {
  (void)state;
  int released = 0;
  struct eagre_batch *batch = eagre_batch_new();
  batch->release_backing = count_release;
  batch->backing = &released;
  eagre_batch_reset(batch);
  assert_int_equal(released, 1);
  eagre_batch_reset(batch);
  assert_int_equal(released, 1);
  batch->release_backing = count_release;
  batch->backing = &released;
  eagre_batch_free(batch);
  assert_int_equal(released, 2);
  eagre_batch_free(NULL);
}

static void test_reset_empties_and_keeps_memory(void **state) {
  (void)state;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, 3, 10);
  assert_int_equal(batch->column_count, 3);
  assert_int_equal(batch->row_count, 10);
  assert_null(batch->columns[2].data);
  batch->source_bytes = 7;
  eagre_arena_allocate(&batch->arena, 100000);
  eagre_batch_reset(batch);
  assert_int_equal(batch->row_count, 0);
  assert_int_equal(batch->column_count, 0);
  assert_null(batch->columns);
  assert_int_equal(batch->source_bytes, 0);
  assert_int_equal(batch->origin.partition, -1);
  /* What was in several chunks is one from the next filling on. */
  eagre_arena_allocate(&batch->arena, 100000);
  eagre_batch_reset(batch);
  assert_true(batch->arena.allocated_size >= 100000);
  eagre_batch_free(batch);
}

static void test_a_pool_gives_the_same_batch_again(void **state) {
  (void)state;
  struct eagre_batch_pool pool = {0};
  struct eagre_batch *batch = eagre_batch_pool_acquire(&pool);
  eagre_batch_set_columns(batch, 2, 5);
  eagre_batch_free(batch);
  assert_int_equal(pool.free_count, 1);
  struct eagre_batch *again = eagre_batch_pool_acquire(&pool);
  assert_ptr_equal(again, batch);
  assert_int_equal(again->column_count, 0);
  struct eagre_batch *another = eagre_batch_pool_acquire(&pool);
  assert_ptr_not_equal(another, again);
  eagre_batch_free(again);
  eagre_batch_free(another);
  assert_int_equal(pool.free_count, 2);
  eagre_batch_pool_done(&pool);
}

/* As between a reader and its worker: what the other thread frees comes back through the ring. */
static void test_a_pool_with_a_ring_gets_its_batches_back(void **state) {
  (void)state;
  struct eagre_batch_pool pool = {.returned = eagre_ring_new(2)};
  struct eagre_batch *batches[3];
  for (int i = 0; i < 3; i++) {
    batches[i] = eagre_batch_pool_acquire(&pool);
    eagre_batch_set_columns(batches[i], 1, 5);
  }
  for (int i = 0; i < 3; i++) {
    eagre_batch_free(batches[i]); /* the third finds the ring full and goes to the heap */
  }
  assert_int_equal(pool.free_count, 0);
  struct eagre_batch *again = eagre_batch_pool_acquire(&pool);
  assert_ptr_equal(again, batches[0]);
  assert_int_equal(again->column_count, 0);
  eagre_batch_pool_release(&pool, again); /* never left this thread */
  assert_int_equal(pool.free_count, 1);
  assert_ptr_equal(eagre_batch_pool_acquire(&pool), batches[0]);
  eagre_batch_free(batches[0]);
  eagre_batch_pool_done(&pool);
  assert_int_equal(eagre_ring_count(pool.returned), 0);
  eagre_ring_free(pool.returned);
}

static void test_a_block_is_kept_unless_it_is_very_large(void **state) {
  (void)state;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_buffer_append_string(&batch->block, "a record");
  const char *memory = batch->block.data;
  eagre_batch_reset(batch);
  assert_ptr_equal(batch->block.data, memory);
  assert_int_equal(batch->block.size, 0);
  eagre_buffer_reserve(&batch->block, 64 << 20);
  eagre_batch_reset(batch);
  assert_int_equal(batch->block.capacity, 0);
  eagre_batch_free(batch);
}

struct bits {
  alignas(64) uint8_t bytes[ROWS_MAX / 8 + 64];
};

/* One in `rarity` rows is kept; beyond the rows the bits are all ones, which must not matter. */
static void draw_kept(struct bits *keep, uint32_t row_count, uint32_t rarity,
                      struct eagre_random *random) {
  memset(keep->bytes, 0xff, sizeof keep->bytes);
  for (uint32_t row = 0; row < row_count; row++) {
    eagre_bit_put(keep->bytes, row, eagre_random_below(random, rarity) == 0);
  }
}

/* Filters and compares with the rows that a plain loop would keep; `sources` is their origin. */
static uint32_t filter_and_check(struct eagre_batch *batch, const struct bits *keep,
                                 uint32_t *sources) {
  struct eagre_vector before[2] = {batch->columns[0], batch->columns[1]};
  uint32_t kept[ROWS_MAX];
  uint32_t kept_count = 0;
  for (uint32_t row = 0; row < batch->row_count; row++) {
    if (eagre_bit_get(keep->bytes, row)) kept[kept_count++] = row;
  }
  eagre_batch_filter(batch, keep->bytes);
  assert_int_equal(batch->row_count, kept_count);
  for (uint32_t i = 0; i < kept_count; i++) {
    assert_rows_equal(&batch->columns[0], i, &before[0], kept[i]);
    assert_rows_equal(&batch->columns[1], i, &before[1], kept[i]);
    sources[i] = sources[kept[i]];
    if (batch->origin_rows != NULL) assert_int_equal(batch->origin_rows[i], sources[i]);
    if (batch->origin_rows == NULL) assert_int_equal(sources[i], i);
  }
  return kept_count;
}

static void test_filters_compact_rows_and_origins(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  struct eagre_arena type_arena = {0};
  const struct eagre_type *rich = make_rich_type(&type_arena);
  struct eagre_batch *batch = eagre_batch_new();
  for (int round = 0; round < 100; round++) {
    uint32_t sources[ROWS_MAX];
    uint32_t row_count = (uint32_t)eagre_random_below(&random, ROWS_MAX + 1);
    eagre_batch_set_columns(batch, 2, row_count);
    fill_randomly(&batch->columns[0], rich, row_count, true, &random, &batch->arena);
    eagre_vector_init_null(&batch->columns[1], rich, &batch->arena);
    for (uint32_t i = 0; i < row_count; i++) {
      sources[i] = i;
    }
    /* 1 keeps all; the chain ends with an empty batch at the latest. */
    static const uint32_t rarities[] = {1, 2, 1, 5, 1000000};
    for (size_t i = 0; i < EAGRE_COUNT_OF(rarities); i++) {
      struct bits keep;
      draw_kept(&keep, batch->row_count, rarities[i], &random);
      filter_and_check(batch, &keep, sources);
    }
    eagre_batch_reset(batch);
  }
  eagre_batch_free(batch);
  eagre_arena_done(&type_arena);
}

static void test_keeping_all_moves_nothing(void **state) {
  (void)state;
  struct eagre_batch *batch = eagre_batch_new();
  struct bits keep;
  memset(keep.bytes, 0xff, sizeof keep.bytes);
  eagre_batch_set_columns(batch, 1, 100);
  eagre_vector_init(&batch->columns[0], eagre_type_of(EAGRE_TYPE_BIGINT), 100, &batch->arena);
  const void *data = batch->columns[0].data;
  eagre_batch_filter(batch, keep.bytes);
  assert_ptr_equal(batch->columns[0].data, data);
  assert_null(batch->origin_rows);
  eagre_batch_free(batch);
}

static void check_place(const struct eagre_batch *batch, int64_t row, const char *expected) {
  struct eagre_error error;
  eagre_error_set(&error, EAGRE_DATA, "X", "text");
  eagre_batch_place(batch, row, &error);
  assert_string_equal(error.place, expected);
}

static void test_places_name_the_source_row(void **state) {
  (void)state;
  static const int64_t offsets[] = {100, 101, 105, 9000000000};
  uint32_t origin_rows[] = {1, 3};
  struct eagre_batch *batch = eagre_batch_new();
  batch->row_count = 4;
  check_place(batch, 0, "");
  batch->origin =
      (struct eagre_origin){.topic = EAGRE_TEXT("orders"), .partition = 3, .offsets = offsets};
  check_place(batch, 2, "topic orders, partition 3, offset 105");
  check_place(batch, -1, "topic orders, partition 3");
  check_place(batch, 4, "topic orders, partition 3");
  batch->row_count = 2;
  batch->origin_rows = origin_rows;
  check_place(batch, 1, "topic orders, partition 3, offset 9000000000");
  batch->origin.offsets = NULL;
  check_place(batch, 1, "topic orders, partition 3");
  batch->origin =
      (struct eagre_origin){.topic = EAGRE_TEXT("a.json"), .partition = -1, .offsets = offsets};
  check_place(batch, 0, "file a.json, line 101");
  eagre_batch_free(batch);
}

static void test_a_known_place_stays(void **state) {
  (void)state;
  struct eagre_error error;
  struct eagre_batch *batch = eagre_batch_new();
  batch->origin.topic = EAGRE_TEXT("orders");
  eagre_error_set(&error, EAGRE_DATA, "X", "text");
  eagre_error_place(&error, "query.sql:3:14");
  eagre_batch_place(batch, 0, &error);
  assert_string_equal(error.place, "query.sql:3:14");
  eagre_batch_free(batch);
}

int run_batch_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_backing_is_released_once),
      cmocka_unit_test(test_reset_empties_and_keeps_memory),
      cmocka_unit_test(test_a_pool_gives_the_same_batch_again),
      cmocka_unit_test(test_a_pool_with_a_ring_gets_its_batches_back),
      cmocka_unit_test(test_a_block_is_kept_unless_it_is_very_large),
      cmocka_unit_test(test_filters_compact_rows_and_origins),
      cmocka_unit_test(test_keeping_all_moves_nothing),
      cmocka_unit_test(test_places_name_the_source_row),
      cmocka_unit_test(test_a_known_place_stays),
  };
  return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}

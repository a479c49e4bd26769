/* How a chunk is cut into pages and when its dictionary is given up. Decoding is left to the
 * readers of tests/readers. */
#include "test_parquet.h"

#include <math.h>

#include "parquet/parquet_chunk.h"

struct fixture {
  struct eagre_arena arena;
  struct eagre_parquet_options options;
  struct eagre_parquet_schema schema;
  struct eagre_parquet_encoder encoder;
  struct eagre_parquet_chunk chunk;
  struct eagre_vector vector;
};

static void begin(struct fixture *fixture, enum eagre_type_kind kind, uint32_t row_count) {
  struct eagre_error error;
  const struct eagre_type *type = make_column(&fixture->arena, eagre_type_of(kind));
  eagre_parquet_schema_build(&fixture->arena, type, &fixture->schema, &error);
  eagre_parquet_encoder_init(&fixture->encoder, fixture->options.codec, false);
  eagre_parquet_chunk_init(&fixture->chunk, fixture->schema.leaves, &fixture->options);
  eagre_vector_init(&fixture->vector, eagre_type_of(kind), row_count, &fixture->arena);
}

static struct fixture *new_fixture(void) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_parquet_options_init(&fixture->options);
  return fixture;
}

static void end(struct fixture *fixture) {
  eagre_parquet_chunk_done(&fixture->chunk);
  eagre_parquet_encoder_done(&fixture->encoder);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
}

static void append(struct fixture *fixture, uint32_t from, uint32_t count) {
  struct eagre_error error;
  assert_int_equal(eagre_parquet_chunk_append(&fixture->chunk, &fixture->encoder, &fixture->vector,
                                              from, count, &error),
                   EAGRE_OK);
}

static void finish(struct fixture *fixture) {
  struct eagre_error error;
  assert_int_equal(eagre_parquet_chunk_finish(&fixture->chunk, &fixture->encoder, &error),
                   EAGRE_OK);
}

static void fill_modulo(struct fixture *fixture, uint32_t count, int64_t modulo) {
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(int64_t, &fixture->vector)[i] = i % modulo;
  }
}

static void test_few_values_use_the_dictionary(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_BIGINT, 50000);
  fill_modulo(fixture, 50000, 100);
  append(fixture, 0, 50000);
  finish(fixture);
  assert_int_equal(fixture->chunk.entry_count, 3);
  assert_int_equal(fixture->chunk.dictionary_page_count, 3);
  assert_int_equal(fixture->chunk.dictionary.count, 100);
  assert_true(fixture->chunk.dictionary_page.size > 0);
  assert_int_equal(fixture->chunk.entries[2].first_row, 40000);
  end(fixture);
}

static void test_unique_values_give_it_up_early(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_BIGINT, 50000);
  fill_modulo(fixture, 50000, 1000000);
  append(fixture, 0, 4096);
  assert_false(fixture->chunk.uses_dictionary);
  assert_int_equal(fixture->chunk.values.size, 4096 * 8);
  assert_memory_equal(fixture->chunk.values.data, fixture->vector.data, 4096 * 8);
  append(fixture, 4096, 50000 - 4096);
  finish(fixture);
  assert_int_equal(fixture->chunk.dictionary_page_count, 0);
  assert_int_equal(fixture->chunk.dictionary_page.size, 0);
  /* The next row group tries again. */
  eagre_parquet_chunk_reset(&fixture->chunk);
  assert_true(fixture->chunk.uses_dictionary);
  end(fixture);
}

static void test_ratio_gives_it_up_at_the_page_end(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_STRING, 20000);
  for (uint32_t i = 0; i < 20000; i++) {
    EAGRE_VALUES(struct eagre_text, &fixture->vector)
    [i] = eagre_arena_printf(&fixture->arena, "a rather long value, so that size is no reason %u",
                             i % 4001);
  }
  append(fixture, 0, 20000);
  finish(fixture);
  assert_int_equal(fixture->chunk.dictionary_page_count, 0);
  end(fixture);
}

static void test_size_gives_it_up_for_later_pages(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  fixture->options.dictionary_bytes = 8 * 1000;
  fixture->options.page_rows = 10000;
  begin(fixture, EAGRE_TYPE_BIGINT, 40000);
  fill_modulo(fixture, 10000, 500);
  for (uint32_t i = 10000; i < 40000; i++) {
    EAGRE_VALUES(int64_t, &fixture->vector)[i] = i / 10;
  }
  append(fixture, 0, 40000);
  finish(fixture);
  assert_int_equal(fixture->chunk.entry_count, 4);
  /* The second page overflows the dictionary and is the last with it. */
  assert_int_equal(fixture->chunk.dictionary_page_count, 2);
  assert_int_equal(fixture->chunk.dictionary.count, 1500);
  end(fixture);
}

static void test_no_dictionary_on_request(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  fixture->options.dictionary_bytes = 0;
  begin(fixture, EAGRE_TYPE_BIGINT, 1000);
  fill_modulo(fixture, 1000, 2);
  append(fixture, 0, 1000);
  finish(fixture);
  assert_int_equal(fixture->chunk.dictionary_page_count, 0);
  assert_int_equal(fixture->chunk.entry_count, 1);
  end(fixture);
}

static void test_pages_without_values_are_plain(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  fixture->options.page_rows = 100;
  begin(fixture, EAGRE_TYPE_BIGINT, 300);
  fill_modulo(fixture, 300, 3);
  for (uint32_t i = 0; i < 100; i++) {
    eagre_vector_set_null(&fixture->vector, i, 300, &fixture->arena);
  }
  append(fixture, 0, 300);
  finish(fixture);
  assert_int_equal(fixture->chunk.entry_count, 3);
  assert_false(fixture->chunk.entries[0].has_values);
  assert_int_equal(fixture->chunk.entries[0].null_count, 100);
  assert_int_equal(fixture->chunk.dictionary_page_count, 2);
  assert_int_equal(fixture->chunk.file_null_row_count, 100);
  end(fixture);
}

/* Nothing is written down until the first NULL; then what came before it is made up for. */
static void test_levels_begin_with_the_first_null(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_BIGINT, 6000);
  fill_modulo(fixture, 6000, 3);
  append(fixture, 0, 2000);
  assert_int_equal(fixture->chunk.definitions.size, 0);
  eagre_vector_set_null(&fixture->vector, 2500, 6000, &fixture->arena);
  append(fixture, 2000, 4000);
  assert_int_equal(fixture->chunk.definitions.size, 6000);
  for (uint32_t i = 0; i < 6000; i++) {
    assert_int_equal(fixture->chunk.definitions.data[i], i == 2500 ? 0 : 1);
  }
  finish(fixture);
  assert_int_equal(fixture->chunk.entry_count, 1);
  assert_int_equal(fixture->chunk.entries[0].null_count, 1);
  assert_int_equal(fixture->chunk.definitions.size, 0);
  end(fixture);
}

static void test_pages_keep_to_their_size(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  fixture->options.page_bytes = 10000;
  fixture->options.codec = EAGRE_CODEC_NONE;
  begin(fixture, EAGRE_TYPE_STRING, 3000);
  char *letters = eagre_arena_allocate(&fixture->arena, 30000);
  memset(letters, 'z', 30000);
  struct eagre_random random;
  eagre_random_seed(&random, 37);
  for (uint32_t i = 0; i < 3000; i++) {
    /* Now and then one that is larger than a page. */
    size_t size = (size_t)eagre_random_below(&random, i % 500 == 0 ? 30000 : 300);
    EAGRE_VALUES(struct eagre_text, &fixture->vector)[i] = eagre_text_make(letters, size);
  }
  append(fixture, 0, 3000);
  finish(fixture);
  uint64_t rows = 3000;
  for (uint32_t i = fixture->chunk.entry_count; i-- > 0;) {
    const struct eagre_parquet_page_entry *entry = &fixture->chunk.entries[i];
    uint64_t page_rows = rows - entry->first_row;
    assert_true(page_rows > 0);
    assert_true(entry->size < 10000 + 100 || page_rows == 1);
    rows = entry->first_row;
  }
  assert_int_equal(rows, 0);
  end(fixture);
}

static void test_noise_is_stored_uncompressed(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_BIGINT, 20000);
  struct eagre_random random;
  eagre_random_seed(&random, 41);
  for (uint32_t i = 0; i < 20000; i++) {
    EAGRE_VALUES(int64_t, &fixture->vector)[i] = (int64_t)eagre_random_next(&random);
  }
  append(fixture, 0, 20000);
  finish(fixture);
  assert_int_equal(fixture->chunk.codec, EAGRE_CODEC_NONE);
  eagre_parquet_chunk_reset(&fixture->chunk);
  fill_modulo(fixture, 20000, 1000000);
  append(fixture, 0, 20000);
  finish(fixture);
  assert_int_equal(fixture->chunk.codec, EAGRE_CODEC_ZSTD);
  end(fixture);
}

static void test_nan_pages_leave_no_index(void **state) {
  (void)state;
  struct fixture *fixture = new_fixture();
  begin(fixture, EAGRE_TYPE_DOUBLE, 10);
  for (uint32_t i = 0; i < 10; i++) {
    EAGRE_VALUES(double, &fixture->vector)[i] = i == 5 ? NAN : i;
  }
  append(fixture, 0, 10);
  finish(fixture);
  assert_true(fixture->chunk.has_unbounded_page);
  assert_false(eagre_parquet_range_exists(&fixture->chunk.file_range));
  end(fixture);
}

int run_chunk_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_values_use_the_dictionary),
      cmocka_unit_test(test_unique_values_give_it_up_early),
      cmocka_unit_test(test_ratio_gives_it_up_at_the_page_end),
      cmocka_unit_test(test_size_gives_it_up_for_later_pages),
      cmocka_unit_test(test_no_dictionary_on_request),
      cmocka_unit_test(test_pages_without_values_are_plain),
      cmocka_unit_test(test_levels_begin_with_the_first_null),
      cmocka_unit_test(test_pages_keep_to_their_size),
      cmocka_unit_test(test_noise_is_stored_uncompressed),
      cmocka_unit_test(test_nan_pages_leave_no_index),
  };
  return cmocka_run_group_tests_name("chunk", tests, NULL, NULL);
}

/* Dictionaries: equal values get equal indexes, in order of appearance, through growth. */
#include "test_parquet.h"

#include <sys/mman.h>
#include <unistd.h>

#include <math.h>

#include "parquet/parquet_dictionary.h"

static void test_integers(void **state) {
  (void)state;
  struct eagre_parquet_dictionary dictionary;
  eagre_parquet_dictionary_init(&dictionary, EAGRE_PARQUET_INT64);
  enum { COUNT = 20000, DISTINCT = 3000 };
  int64_t *values = eagre_allocate(COUNT * sizeof *values);
  uint32_t *indexes = eagre_allocate(COUNT * sizeof *indexes);
  struct eagre_random random;
  eagre_random_seed(&random, 31);
  for (int i = 0; i < COUNT; i++) {
    values[i] = (int64_t)eagre_random_below(&random, DISTINCT) * INT64_C(0x100000000) - 5;
  }
  for (int i = 0; i < COUNT; i += 1000) {
    eagre_parquet_dictionary_add(&dictionary, values + i, 1000, indexes + i);
  }
  const int64_t *known = (const int64_t *)dictionary.plain.data;
  assert_int_equal(dictionary.plain.size, dictionary.count * sizeof *known);
  assert_true(dictionary.count <= DISTINCT);
  uint32_t seen = 0;
  for (int i = 0; i < COUNT; i++) {
    assert_true(indexes[i] <= seen);
    if (indexes[i] == seen) seen++;
    assert_int_equal(known[indexes[i]], values[i]);
  }
  assert_int_equal(seen, dictionary.count);
  eagre_free(values);
  eagre_free(indexes);
  eagre_parquet_dictionary_done(&dictionary);
}

static void test_floats_keep_their_bits(void **state) {
  (void)state;
  struct eagre_parquet_dictionary dictionary;
  eagre_parquet_dictionary_init(&dictionary, EAGRE_PARQUET_FLOAT);
  float values[] = {0.0f, -0.0f, NAN, NAN, 0.0f};
  uint32_t indexes[5];
  eagre_parquet_dictionary_add(&dictionary, values, 5, indexes);
  static const uint32_t expected[] = {0, 1, 2, 2, 0};
  assert_memory_equal(indexes, expected, sizeof expected);
  eagre_parquet_dictionary_done(&dictionary);
}

/* All texts over {a, b} of up to 18 bytes that differ in one place, twice. */
static void test_texts(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_parquet_dictionary dictionary;
  eagre_parquet_dictionary_init(&dictionary, EAGRE_PARQUET_BYTE_ARRAY);
  struct eagre_text values[200];
  uint32_t count = 0;
  for (size_t size = 0; size <= 18; size++) {
    for (size_t place = 0; place <= size; place++) {
      char *data = eagre_arena_allocate(&arena, size + 1);
      memset(data, 'a', size);
      if (place < size) data[place] = 'b';
      values[count++] = eagre_text_make(data, size);
    }
  }
  assert_in_range(count, 150, EAGRE_COUNT_OF(values));
  uint32_t indexes[EAGRE_COUNT_OF(values)];
  for (int round = 0; round < 2; round++) {
    eagre_parquet_dictionary_add(&dictionary, values, count, indexes);
    assert_int_equal(dictionary.count, count);
    for (uint32_t i = 0; i < count; i++) {
      assert_int_equal(indexes[i], i);
      assert_true(
          eagre_text_equal(values[i], eagre_parquet_dictionary_text(&dictionary, indexes[i])));
    }
  }
  /* The page: 4-byte length and bytes of each. */
  size_t position = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size;
    memcpy(&size, dictionary.plain.data + position, sizeof size);
    assert_int_equal(size, values[i].size);
    position += sizeof size + size;
  }
  assert_int_equal(position, dictionary.plain.size);
  eagre_parquet_dictionary_done(&dictionary);
  eagre_arena_done(&arena);
}

/* A text at the very end of memory that may be read is the same as one in the middle of it. */
static void test_texts_at_the_end_of_memory(void **state) {
  (void)state;
  size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
  char *memory =
      mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(memory, MAP_FAILED);
  assert_int_equal(mprotect(memory + page_size, page_size, PROT_NONE), 0);
  struct eagre_parquet_dictionary dictionary;
  eagre_parquet_dictionary_init(&dictionary, EAGRE_PARQUET_BYTE_ARRAY);
  for (uint32_t size = 0; size <= 20; size++) {
    char *last = memory + page_size - size;
    memset(memory, 'z', page_size);
    memset(last, 'a', size);
    memset(memory + 100, 'a', size);
    const struct eagre_text values[] = {eagre_text_make(memory + 100, size),
                                        eagre_text_make(last, size)};
    uint32_t indexes[2];
    eagre_parquet_dictionary_add(&dictionary, values, 2, indexes);
    assert_int_equal(indexes[0], size);
    assert_int_equal(indexes[1], size);
  }
  uint32_t index;
  eagre_parquet_dictionary_add(&dictionary, &(const struct eagre_text){NULL, 0}, 1, &index);
  assert_int_equal(index, 0);
  eagre_parquet_dictionary_done(&dictionary);
  assert_int_equal(munmap(memory, 2 * page_size), 0);
}

static void test_reset_forgets(void **state) {
  (void)state;
  struct eagre_parquet_dictionary dictionary;
  eagre_parquet_dictionary_init(&dictionary, EAGRE_PARQUET_INT32);
  eagre_parquet_dictionary_reset(&dictionary);
  uint32_t indexes[2];
  eagre_parquet_dictionary_add(&dictionary, (int32_t[]){5, 6}, 2, indexes);
  eagre_parquet_dictionary_reset(&dictionary);
  assert_int_equal(dictionary.count, 0);
  eagre_parquet_dictionary_add(&dictionary, (int32_t[]){6, 5}, 2, indexes);
  assert_int_equal(indexes[0], 0);
  assert_int_equal(indexes[1], 1);
  eagre_parquet_dictionary_done(&dictionary);
}

int run_dictionary_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),      cmocka_unit_test(test_floats_keep_their_bits),
      cmocka_unit_test(test_texts),         cmocka_unit_test(test_texts_at_the_end_of_memory),
      cmocka_unit_test(test_reset_forgets),
  };
  return cmocka_run_group_tests_name("dictionary", tests, NULL, NULL);
}

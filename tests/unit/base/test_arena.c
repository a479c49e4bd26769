/* Arenas: alignment, independence of allocations, rewinding, reset keeping the memory. */
#include "test_base.h"

#include <string.h>

static void test_allocations_are_aligned_and_apart(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  unsigned char *pieces[500];
  for (size_t i = 0; i < EAGRE_COUNT_OF(pieces); i++) {
    pieces[i] = eagre_arena_allocate(&arena, i);
    assert_int_equal((uintptr_t)pieces[i] % 16, 0);
    memset(pieces[i], (int)(i & 0xff), i);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(pieces); i++) {
    for (size_t j = 0; j < i; j++) {
      assert_int_equal(pieces[i][j], i & 0xff);
    }
  }
  eagre_arena_done(&arena);
  assert_null(arena.chunk);
  assert_int_equal(arena.allocated_size, 0);
}

static void test_vectors_have_padding(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  for (size_t size = 0; size < 300; size += 7) {
    char *vector = eagre_arena_allocate_vector(&arena, size);
    assert_int_equal((uintptr_t)vector % 64, 0);
    memset(vector, 'v', size + 64); /* a sanitizer objects when the padding is missing */
    char *next = eagre_arena_allocate(&arena, 1);
    assert_true(next >= vector + size + 64 || next < vector);
  }
  eagre_arena_done(&arena);
}

/* Sums what may be read of and behind a text; a sanitizer objects when it may not. */
static unsigned read_behind(struct eagre_text text) {
  unsigned sum = 0;
  for (size_t i = 0; i < text.size + 64; i++) {
    sum += ((const volatile unsigned char *)text.data)[i];
  }
  return sum;
}

static void test_texts_are_readable_behind(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  for (int i = 0; i < 2000; i++) { /* texts end at every distance from the end of a chunk */
    struct eagre_text text = eagre_arena_copy_text(&arena, eagre_text_make("aaaaaaa", 1 + i % 7));
    struct eagre_arena_mark mark = eagre_arena_mark(&arena);
    eagre_arena_allocate(&arena, 5);
    eagre_arena_rewind(&arena, mark);
    assert_true(read_behind(text) >= 'a');
    char *room = eagre_arena_allocate_text(&arena, 3);
    memset(room, 'b', 3);
    assert_true(read_behind(eagre_text_make(room, 3)) >= 3 * 'b');
  }
  eagre_arena_done(&arena);
}

static void test_zeroed_memory_is_zero_after_reuse(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  memset(eagre_arena_allocate(&arena, 1000), 0xff, 1000);
  eagre_arena_reset(&arena);
  const char *zeros = eagre_arena_allocate_zeroed(&arena, 1000);
  for (size_t i = 0; i < 1000; i++) {
    assert_int_equal(zeros[i], 0);
  }
  eagre_arena_done(&arena);
}

static void test_a_large_allocation_gets_its_own_chunk(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  memset(eagre_arena_allocate(&arena, 10 << 20), 1, 10 << 20);
  assert_true(arena.allocated_size >= 10 << 20);
  memset(eagre_arena_allocate(&arena, 100), 2, 100);
  eagre_arena_done(&arena);
}

static void fill(struct eagre_arena *arena) {
  eagre_arena_allocate(arena, 100);
  eagre_arena_allocate(arena, 300000);
  eagre_arena_allocate(arena, 100000);
}

static void test_fill_and_reset_soon_use_one_chunk(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  fill(&arena);
  eagre_arena_reset(&arena);
  fill(&arena);
  struct eagre_arena_chunk *chunk = arena.chunk;
  size_t kept_size = arena.allocated_size;
  for (int i = 0; i < 3; i++) {
    eagre_arena_reset(&arena);
    fill(&arena);
    assert_ptr_equal(arena.chunk, chunk);
    assert_int_equal(arena.allocated_size, kept_size);
  }
  eagre_arena_done(&arena);
}

static void test_reset_does_not_keep_very_much(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  eagre_arena_allocate(&arena, 100 << 20);
  eagre_arena_reset(&arena);
  assert_int_equal(arena.allocated_size, 0);
  eagre_arena_done(&arena);
}

static void test_rewind_gives_back_what_came_after_the_mark(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text kept = eagre_arena_copy_text(&arena, EAGRE_TEXT("kept"));
  struct eagre_arena_mark mark = eagre_arena_mark(&arena);
  size_t size_before = arena.allocated_size;
  void *first = eagre_arena_allocate(&arena, 64);
  for (int i = 0; i < 100; i++) {
    eagre_arena_allocate(&arena, 5000);
  }
  assert_true(arena.allocated_size > size_before);
  eagre_arena_rewind(&arena, mark);
  assert_int_equal(arena.allocated_size, size_before);
  assert_ptr_equal(eagre_arena_allocate(&arena, 64), first);
  assert_true(eagre_text_equal(kept, EAGRE_TEXT("kept")));
  eagre_arena_done(&arena);
}

static void test_a_mark_of_an_empty_arena_rewinds_everything(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_arena_mark mark = eagre_arena_mark(&arena);
  void *first = eagre_arena_allocate(&arena, 32);
  eagre_arena_rewind(&arena, mark);
  assert_ptr_equal(eagre_arena_allocate(&arena, 32), first);
  eagre_arena_done(&arena);
}

static void test_copies_are_terminated(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text copy = eagre_arena_copy_text(&arena, eagre_text_make("abcdef", 3));
  assert_int_equal(copy.size, 3);
  assert_string_equal(copy.data, "abc");
  copy = eagre_arena_copy_text(&arena, (struct eagre_text){0});
  assert_string_equal(copy.data, "");
  assert_string_equal(eagre_arena_copy_string(&arena, "string"), "string");
  copy = eagre_arena_printf(&arena, "%d-%s", 42, "x");
  assert_int_equal(copy.size, 4);
  assert_string_equal(copy.data, "42-x");
  eagre_arena_done(&arena);
}

/* Grows two texts in turn; what the arena holds in the end is bounded by what they hold. */
static void test_texts_grow(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text texts[2] = {{NULL, 0}, {NULL, 0}};
  for (uint32_t i = 0; i < 100000; i++) {
    memcpy(eagre_arena_grow_text(&arena, &texts[i % 2], sizeof i), &i, sizeof i);
  }
  for (uint32_t i = 0; i < 100000; i++) {
    uint32_t value;
    memcpy(&value, texts[i % 2].data + (i / 2) * sizeof value, sizeof value);
    assert_int_equal(value, i);
  }
  assert_true(arena.allocated_size < 8 * (texts[0].size + texts[1].size));
  eagre_arena_done(&arena);
}

/* A copy has the room that its size promises. */
static void test_a_copy_goes_on_growing(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_text copy = eagre_arena_copy_growing(&arena, EAGRE_TEXT("abc"));
  const char *data = copy.data;
  memset(eagre_arena_grow_text(&arena, &copy, 61), 'x', 61);
  assert_ptr_equal(copy.data, data);
  assert_int_equal(copy.size, 64);
  memset(eagre_arena_grow_text(&arena, &copy, 1), 'y', 1);
  assert_ptr_not_equal(copy.data, data);
  assert_memory_equal(copy.data, "abcxxx", 6);
  assert_int_equal(copy.data[64], 'y');
  struct eagre_text empty = eagre_arena_copy_growing(&arena, (struct eagre_text){0});
  assert_non_null(empty.data);
  assert_int_equal(empty.size, 0);
  eagre_arena_done(&arena);
}

int run_arena_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_allocations_are_aligned_and_apart),
      cmocka_unit_test(test_vectors_have_padding),
      cmocka_unit_test(test_texts_are_readable_behind),
      cmocka_unit_test(test_zeroed_memory_is_zero_after_reuse),
      cmocka_unit_test(test_a_large_allocation_gets_its_own_chunk),
      cmocka_unit_test(test_fill_and_reset_soon_use_one_chunk),
      cmocka_unit_test(test_reset_does_not_keep_very_much),
      cmocka_unit_test(test_rewind_gives_back_what_came_after_the_mark),
      cmocka_unit_test(test_a_mark_of_an_empty_arena_rewinds_everything),
      cmocka_unit_test(test_copies_are_terminated),
      cmocka_unit_test(test_texts_grow),
      cmocka_unit_test(test_a_copy_goes_on_growing),
  };
  return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}

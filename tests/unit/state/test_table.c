/* Proves tables without snapshots: finding, growing, walking, evicting, giving texts back. */
#include "test_state.h"

#include <stdio.h>
#include <string.h>

/* Keys that are texts of numbers [0, count), with hashes of our choice. */
static void make_keys(uint32_t count, uint64_t hash_mask, struct eagre_arena *arena,
                      struct eagre_state_keys *out) {
  struct eagre_text *texts = eagre_arena_allocate(arena, count * sizeof *texts);
  for (uint32_t i = 0; i < count; i++) {
    texts[i] = eagre_arena_printf(arena, "%u", i);
  }
  encode_texts(texts, count, arena, out);
  uint64_t *hashes = eagre_arena_allocate(arena, count * sizeof *hashes);
  for (uint32_t i = 0; i < count; i++) {
    hashes[i] = out->hashes[i] & hash_mask;
  }
  out->hashes = hashes;
}

static void check_growth(uint32_t count, uint64_t hash_mask) {
  struct eagre_arena arena = {0};
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_keys keys;
  make_keys(count, hash_mask, &arena, &keys);
  char **first = eagre_arena_allocate(&arena, count * sizeof *first);
  char **second = eagre_arena_allocate(&arena, count * sizeof *second);
  eagre_state_get_groups(table, NULL, &keys, count, first);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(((struct payload *)first[i])->count, 0);
    ((struct payload *)first[i])->count = i;
  }
  eagre_state_get_groups(table, NULL, &keys, count, second);
  for (uint32_t i = 0; i < count; i++) {
    assert_ptr_equal(first[i], second[i]);
    assert_int_equal(((struct payload *)second[i])->count, i);
  }
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, count);
  assert_int_equal(metrics.changed_count, count);
  eagre_state_table_free(table);
  eagre_arena_done(&arena);
}

static void groups_are_found_again_while_it_grows(void **state) {
  (void)state;
  check_growth(1, UINT64_MAX);
  check_growth(100, UINT64_MAX);
  check_growth(300000, UINT64_MAX); /* slots and blocks on huge pages */
}

static void keys_under_one_hash_are_told_apart(void **state) {
  (void)state;
  check_growth(300, 0);
  check_growth(3000, 0xf000000000000000u);
}

static struct eagre_state_slots *old_slots_of(struct eagre_state_table *table) {
  return &eagre_state_table_get_pane(table, 0)->old_slots;
}

static void check_found(struct eagre_state_table *table, const struct eagre_state_keys *keys,
                        uint32_t begin, uint32_t count, char **expected) {
  char *found[64];
  const struct eagre_state_keys some = {keys->keys + begin, keys->hashes + begin};
  assert_true(count <= EAGRE_COUNT_OF(found));
  eagre_state_get_groups(table, NULL, &some, count, found);
  for (uint32_t i = 0; i < count; i++) {
    assert_ptr_equal(found[i], expected[begin + i]);
  }
}

/* Adds groups one by one, and finds some that are there after each. Returns how often groups were
 * moving. */
static uint32_t check_adding(struct eagre_state_table *table, const struct eagre_state_keys *keys,
                             uint32_t count, char **payloads) {
  struct eagre_random random;
  uint32_t moving_count = 0;
  eagre_random_seed(&random, 1);
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_state_keys one = {keys->keys + i, keys->hashes + i};
    eagre_state_get_groups(table, NULL, &one, 1, &payloads[i]);
    uint32_t begin = (uint32_t)eagre_random_below(&random, i + 1);
    check_found(table, keys, begin, i + 1 - begin < 20 ? i + 1 - begin : 20, payloads);
    struct eagre_state_metrics metrics;
    eagre_state_measure(table, &metrics);
    assert_int_equal(metrics.group_count, i + 1);
    uint64_t old_size = old_slots_of(table)->capacity * sizeof(uint64_t);
    assert_true(metrics.memory_bytes > 3 * old_size);
    moving_count += old_size > 0;
  }
  return moving_count;
}

/* Moves end with epochs, too. */
static void end_moves(struct eagre_state_table *table) {
  uint32_t epochs = 0;
  while (old_slots_of(table)->capacity > 0) {
    eagre_state_begin_epoch(table);
    epochs++;
  }
  assert_in_range(epochs, 1, 100);
}

/* In the middle of a move the epochs end it, the table is cleared, or its pane evicted. */
static void check_moving_groups(uint32_t count, uint64_t hash_bits) {
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  make_keys(count, UINT64_MAX, &arena, &keys);
  uint64_t *hashes = eagre_arena_allocate(&arena, count * sizeof *hashes);
  for (uint32_t i = 0; i < count; i++) {
    hashes[i] = keys.hashes[i] | hash_bits;
  }
  keys.hashes = hashes;
  char **payloads = eagre_arena_allocate(&arena, count * sizeof *payloads);
  for (int end = 0; end < 3; end++) {
    struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
    table->moving_capacity_min = 256;
    assert_true(check_adding(table, &keys, count, payloads) > count / 8);
    assert_true(old_slots_of(table)->capacity > 0);
    if (end == 0) end_moves(table);
    if (end == 1) eagre_state_table_clear(table);
    if (end == 2) assert_int_equal(eagre_state_evict(table, 0), count);
    if (end > 0) check_adding(table, &keys, count, payloads);
    for (uint32_t i = 0; i < count; i++) {
      check_found(table, &keys, i, 1, payloads);
    }
    eagre_state_table_free(table);
  }
  eagre_arena_done(&arena);
}

static void groups_are_found_while_they_move(void **state) {
  (void)state;
  check_moving_groups(5200, 0);
  /* Homes near to the last slot: many groups are pushed over the end. */
  check_moving_groups(1300, 0xff80000000000000u);
  check_moving_groups(1300, 0xffffff0000000000u);
}

static void equal_rows_of_a_batch_share_a_group(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  enum { ROWS = 1000 };
  struct eagre_text texts[ROWS];
  for (uint32_t i = 0; i < ROWS; i++) {
    texts[i] = i % 3 == 0 ? EAGRE_TEXT("x") : i % 3 == 1 ? EAGRE_TEXT("") : EAGRE_TEXT("y");
  }
  struct eagre_state_keys keys;
  char *payloads[ROWS];
  encode_texts(texts, ROWS, &arena, &keys);
  eagre_state_get_groups(table, NULL, &keys, ROWS, payloads);
  for (uint32_t i = 0; i < ROWS; i++) {
    ((struct payload *)payloads[i])->count++;
  }
  assert_int_equal(find_group(table, 0, "x")->count, 334);
  assert_int_equal(find_group(table, 0, "")->count, 333);
  assert_int_equal(find_group(table, 0, "y")->count, 333);
  eagre_state_table_free(table);
  eagre_arena_done(&arena);
}

static void panes_are_kept_apart_and_in_order(void **state) {
  (void)state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  for (int64_t i = 0; i < 100; i++) {
    add_to_group(table, i * 37 % 100 - 50, "key", (uint64_t)i);
  }
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group groups[7];
  int64_t expected = -50;
  uint32_t count;
  while ((count = eagre_state_next(table, &cursor, EAGRE_STATE_ALL, 29, groups, 7)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      assert_int_equal(groups[i].pane, expected++);
      assert_true(eagre_text_equal_string(groups[i].key, "key"));
      assert_true(groups[i].hash == eagre_state_hash_key(groups[i].key));
    }
  }
  assert_int_equal(expected, 30);
  eagre_state_table_free(table);
}

static void evicting_drops_whole_panes(void **state) {
  (void)state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.first_pane, INT64_MAX);
  for (int64_t pane = 1; pane <= 20; pane++) {
    add_to_group(table, pane, "a", 1);
    if (pane % 2 == 0) add_to_group(table, pane, "b", 1);
  }
  assert_int_equal(eagre_state_evict(table, 0), 0);
  assert_int_equal(eagre_state_evict(table, 10), 15);
  assert_null(find_group(table, 10, "b"));
  assert_non_null(find_group(table, 11, "a"));
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, 15);
  assert_int_equal(metrics.changed_count, 15);
  assert_int_equal(metrics.first_pane, 11);
  /* A pane that was evicted may come again, empty. */
  add_to_group(table, 10, "b", 5);
  assert_int_equal(find_group(table, 10, "b")->count, 5);
  assert_null(find_group(table, 10, "a"));
  assert_int_equal(eagre_state_evict(table, INT64_MAX), 16);
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, 0);
  eagre_state_table_free(table);
}

static void a_cleared_table_is_empty_and_works(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  for (uint32_t round = 0; round < 4; round++) {
    struct eagre_state_keys keys;
    uint32_t count = round % 2 == 0 ? 20000 : 3;
    make_keys(count, UINT64_MAX, &arena, &keys);
    char **payloads = eagre_arena_allocate(&arena, count * sizeof *payloads);
    eagre_state_get_groups(table, NULL, &keys, count, payloads);
    for (uint32_t i = 0; i < count; i++) {
      assert_int_equal(((struct payload *)payloads[i])->count, 0);
      assert_null(((struct payload *)payloads[i])->last.data);
      *(struct payload *)payloads[i] = (struct payload){~0ull, EAGRE_TEXT("x")};
    }
    struct eagre_state_metrics metrics;
    eagre_state_measure(table, &metrics);
    assert_int_equal(metrics.group_count, count);
    eagre_state_table_clear(table);
    eagre_state_measure(table, &metrics);
    assert_int_equal(metrics.group_count, 0);
    assert_int_equal(metrics.changed_count, 0);
  }
  eagre_state_table_free(table);
  eagre_arena_done(&arena);
}

/* Counts what a walk over changed groups gives; fails when a group comes twice or was not touched.
 */
static uint32_t count_changed(struct eagre_state_table *table, uint64_t touched_from) {
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group groups[100];
  uint32_t total = 0;
  uint32_t count;
  while ((count = eagre_state_next(table, &cursor, EAGRE_STATE_CHANGED, INT64_MAX, groups, 100))) {
    for (uint32_t i = 0; i < count; i++) {
      struct payload *payload = (struct payload *)groups[i].payload;
      assert_true(payload->count >= touched_from);
      payload->count = 0; /* a second visit would fail */
    }
    total += count;
  }
  return total;
}

static void changed_groups_are_those_of_this_epoch(void **state) {
  (void)state;
  static const uint32_t touched_counts[] = {0, 1, 1000, 1500, 5000, 20000};
  struct eagre_arena arena = {0};
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  enum { COUNT = 20000 };
  struct eagre_state_keys keys;
  make_keys(COUNT, UINT64_MAX, &arena, &keys);
  char **payloads = eagre_arena_allocate(&arena, COUNT * sizeof *payloads);
  eagre_state_get_groups(table, NULL, &keys, COUNT, payloads);
  for (size_t i = 0; i < EAGRE_COUNT_OF(touched_counts); i++) {
    eagre_state_begin_epoch(table);
    uint32_t touched = touched_counts[i];
    for (int twice = 0; twice < 2; twice++) {
      eagre_state_get_groups(table, NULL, &keys, touched, payloads);
    }
    for (uint32_t row = 0; row < touched; row++) {
      ((struct payload *)payloads[row])->count = i + 1;
    }
    struct eagre_state_metrics metrics;
    eagre_state_measure(table, &metrics);
    assert_int_equal(metrics.changed_count, touched);
    assert_int_equal(count_changed(table, i + 1), touched);
  }
  eagre_state_table_free(table);
  eagre_arena_done(&arena);
}

static void dead_texts_are_given_back(void **state) {
  (void)state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  static const char *const keys[] = {"a", "b", "c"};
  char text[1000];
  size_t largest = 0;
  for (int epoch = 0; epoch < 3000; epoch++) {
    eagre_state_begin_epoch(table);
    for (size_t i = 0; i < 3; i++) {
      add_to_group(table, 0, keys[i], 1);
      if (i == 2) continue; /* never has a text */
      memset(text, 'a' + epoch % 26, sizeof text);
      struct payload *payload = find_group(table, 0, keys[i]);
      payload->last = eagre_arena_copy_text(eagre_state_pane_arena(table, 0),
                                            eagre_text_make(text, sizeof text - i));
    }
    struct eagre_state_metrics metrics;
    eagre_state_measure(table, &metrics);
    if (metrics.memory_bytes > largest) largest = metrics.memory_bytes;
  }
  /* 6 MB were written; a megabyte may wait, and a chunk of the arena with it. */
  assert_true(largest < 4000000);
  for (size_t i = 0; i < 2; i++) {
    struct payload *payload = find_group(table, 0, keys[i]);
    assert_int_equal(payload->last.size, sizeof text - i);
    assert_memory_equal(payload->last.data, text, sizeof text - i);
  }
  assert_null(find_group(table, 0, "c")->last.data);
  eagre_state_table_free(table);
}

static void ten_million_like_groups_take_little_memory(void **state) {
  (void)state;
  /* The load of 10 M groups in 2^24 slots, at a 64th of the size. */
  enum { COUNT = 10000000 / 64, BATCH = 4096 };
  struct eagre_state_layout layout = {.payload_size = 8};
  struct eagre_state_table *table = eagre_state_table_new(&layout);
  for (uint32_t begin = 0; begin < COUNT; begin += BATCH) {
    struct eagre_arena arena = {0};
    uint32_t rows = COUNT - begin < BATCH ? COUNT - begin : BATCH;
    struct eagre_vector vector;
    struct eagre_state_keys keys;
    char *payloads[BATCH];
    eagre_vector_init(&vector, eagre_type_of(EAGRE_TYPE_BIGINT), rows, &arena);
    for (uint32_t i = 0; i < rows; i++) {
      EAGRE_VALUES(int64_t, &vector)[i] = begin + i;
    }
    eagre_state_encode_keys(&vector, 1, rows, &arena, &keys);
    eagre_state_get_groups(table, NULL, &keys, rows, payloads);
    eagre_arena_done(&arena);
  }
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  assert_int_equal(metrics.group_count, COUNT);
  /* Up to one block of 2 MiB is unused, which is nothing at the full size. */
  assert_true(metrics.memory_bytes - (2 << 20) < (uint64_t)COUNT * 64);
  eagre_state_table_free(table);
}

int run_table_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_are_found_again_while_it_grows),
      cmocka_unit_test(keys_under_one_hash_are_told_apart),
      cmocka_unit_test(groups_are_found_while_they_move),
      cmocka_unit_test(equal_rows_of_a_batch_share_a_group),
      cmocka_unit_test(panes_are_kept_apart_and_in_order),
      cmocka_unit_test(evicting_drops_whole_panes),
      cmocka_unit_test(a_cleared_table_is_empty_and_works),
      cmocka_unit_test(changed_groups_are_those_of_this_epoch),
      cmocka_unit_test(dead_texts_are_given_back),
      cmocka_unit_test(ten_million_like_groups_take_little_memory),
  };
  return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}

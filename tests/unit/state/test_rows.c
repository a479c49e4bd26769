/* Proves row stores against a plain list: what is found, what leaves and when, and that a snapshot
 * holds all of it; and the bytes of rows. */
#include "test_state.h"

#include <stdio.h>
#include <string.h>

#include "state/state_rows.h"

enum { MODEL_ROWS = 20000, KEYS = 40, PANE_US = 1000, CORES_MAX = 3 };

struct model_row {
  uint32_t key;
  int64_t time;
  bool is_unlinked;
  bool is_matched;
  bool is_there;
};

struct model {
  struct fixture *fixture;
  struct eagre_random random;
  struct model_row rows[MODEL_ROWS];
  uint32_t row_count;
  struct eagre_state_rows *stores[CORES_MAX];
  uint32_t core_count;
  bool drops_matched;
  int64_t now;
  int64_t version;
};

/* ---- Keys and bodies ------------------------------------------------------------------------- */

static void key_of(uint32_t number, struct eagre_arena *arena, struct eagre_state_keys *out) {
  struct eagre_text text = eagre_arena_printf(arena, "key %u", number);
  struct eagre_text *texts = eagre_arena_allocate(arena, sizeof *texts);
  *texts = text;
  encode_texts(texts, 1, arena, out);
}

static uint32_t owner_of(const struct model *model, uint64_t hash) {
  return eagre_state_partition(hash, PARTITIONS) % model->core_count;
}

static uint32_t number_of(const struct eagre_state_row *row) {
  struct eagre_text body = eagre_state_row_body(row);
  uint32_t number;
  assert_int_equal(body.size % 7, 4); /* no row is cut */
  memcpy(&number, body.data, sizeof number);
  return number;
}

static void add_row(struct model *model, uint32_t number) {
  struct eagre_arena arena = {0};
  struct model_row *row = &model->rows[number];
  struct eagre_text body = {eagre_arena_allocate_zeroed(&arena, 400), 4 + number % 50 * 7};
  memcpy((char *)body.data, &number, sizeof number);
  uint8_t flags[2] = {!row->is_unlinked, row->is_matched};
  struct eagre_state_rows_input input = {
      .bodies = &body,
      .times = &row->time,
      .matchable = &flags[0],
      .matched = &flags[1],
      .count = 1,
  };
  key_of(row->key, &arena, &input.keys);
  eagre_state_rows_add(model->stores[owner_of(model, input.keys.hashes[0])], &input);
  eagre_arena_done(&arena);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* The stored rows of a key, by a buffer of few pairs, so that searches go on where they ended. */
static uint32_t find_rows(struct model *model, uint32_t key, struct eagre_state_row **out) {
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  struct eagre_state_probe probe = {{0}};
  struct eagre_state_pair pairs[3];
  uint32_t count = 0;
  uint32_t part;
  key_of(key, &arena, &keys);
  const struct eagre_state_rows *store = model->stores[owner_of(model, keys.hashes[0])];
  while ((part = eagre_state_rows_probe(store, &keys, NULL, 1, &probe, pairs, 3)) > 0) {
    for (uint32_t i = 0; i < part; i++) {
      assert_int_equal(pairs[i].probe, 0);
      out[count++] = pairs[i].row;
    }
  }
  eagre_arena_done(&arena);
  return count;
}

static void compare_key(struct model *model, uint32_t key) {
  static struct eagre_state_row *found[MODEL_ROWS];
  static bool is_found[MODEL_ROWS];
  uint32_t count = find_rows(model, key, found);
  memset(is_found, 0, sizeof is_found);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t number = number_of(found[i]);
    assert_true(number < model->row_count && !is_found[number]);
    assert_int_equal(eagre_state_row_is_matched(found[i]), model->rows[number].is_matched);
    is_found[number] = true;
  }
  for (uint32_t i = 0; i < model->row_count; i++) {
    const struct model_row *row = &model->rows[i];
    assert_int_equal(is_found[i], row->is_there && !row->is_unlinked && row->key == key);
  }
}

static void compare_all(struct model *model) {
  uint64_t expected = 0;
  uint64_t actual = 0;
  for (uint32_t i = 0; i < model->row_count; i++) {
    expected += model->rows[i].is_there;
  }
  for (uint32_t i = 0; i < model->core_count; i++) {
    struct eagre_state_rows_metrics metrics;
    eagre_state_rows_measure(model->stores[i], &metrics);
    actual += metrics.row_count;
  }
  assert_int_equal(actual, expected);
  for (uint32_t key = 0; key < KEYS; key++) {
    compare_key(model, key);
  }
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static uint32_t below(struct model *model, uint32_t bound) {
  return (uint32_t)eagre_random_below(&model->random, bound);
}

static void add_some(struct model *model) {
  uint32_t count = below(model, 60);
  for (uint32_t i = 0; i < count && model->row_count < MODEL_ROWS; i++) {
    struct model_row *row = &model->rows[model->row_count];
    *row = (struct model_row){
        .key = below(model, KEYS),
        .time = below(model, 20) == 0 ? INT64_MAX : model->now - 2000 + below(model, 6000),
        .is_unlinked = below(model, 15) == 0,
        .is_matched = below(model, 4) == 0 && !model->drops_matched,
        .is_there = true,
    };
    add_row(model, model->row_count++);
  }
}

static void match_some(struct model *model) {
  static struct eagre_state_row *found[MODEL_ROWS];
  uint32_t key = below(model, KEYS);
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  uint32_t count = find_rows(model, key, found);
  key_of(key, &arena, &keys);
  for (uint32_t i = 0; i < count; i++) {
    if (below(model, 3) > 0) continue;
    eagre_state_row_match(model->stores[owner_of(model, keys.hashes[0])], found[i]);
    model->rows[number_of(found[i])].is_matched = true;
    if (model->drops_matched) model->rows[number_of(found[i])].is_there = false;
  }
  eagre_arena_done(&arena);
}

static void evict_some(struct model *model) {
  int64_t bound = model->now - 3000 + below(model, 2000);
  for (uint32_t i = 0; i < model->core_count; i++) {
    struct eagre_state_row *rows[7];
    uint32_t count;
    while ((count = eagre_state_rows_evict(model->stores[i], bound, rows, 7)) > 0) {
      for (uint32_t j = 0; j < count; j++) {
        struct model_row *row = &model->rows[number_of(rows[j])];
        assert_true(row->is_there && row->time <= bound);
        assert_int_equal(eagre_state_row_is_matched(rows[j]), row->is_matched);
        row->is_there = false;
      }
    }
  }
  for (uint32_t i = 0; i < model->row_count; i++) {
    assert_false(model->rows[i].is_there && model->rows[i].time <= bound);
  }
}

static void open_stores(struct model *model, uint32_t core_count) {
  model->core_count = core_count;
  for (uint32_t i = 0; i < core_count; i++) {
    model->stores[i] = eagre_state_rows_new(PANE_US);
    if (model->drops_matched) eagre_state_rows_drop_matched(model->stores[i]);
  }
}

static void close_stores(struct model *model) {
  for (uint32_t i = 0; i < model->core_count; i++) {
    eagre_state_rows_free(model->stores[i]);
  }
}

static struct eagre_state_snapshot snapshot_of(const struct model *model, uint32_t core) {
  struct eagre_state_snapshot snapshot = make_snapshot(model->fixture, model->version, "a");
  snapshot.core = core;
  return snapshot;
}

static void save_all(struct model *model) {
  model->version++;
  for (uint32_t i = 0; i < model->core_count; i++) {
    struct eagre_state_set set = {.rows = &model->stores[i], .rows_count = 1};
    struct eagre_state_snapshot snapshot = snapshot_of(model, i);
    uint64_t size = 0;
    if (eagre_state_save(&set, model->fixture->io, &snapshot, &size, &model->fixture->error) !=
        EAGRE_OK)
      fail_msg("%s", model->fixture->error.text);
  }
  /* What the version does not need is not there. */
  assert_int_equal(eagre_state_purge(model->fixture->io, model->fixture->directory, model->version,
                                     &model->fixture->error),
                   EAGRE_OK);
}

static void reload_all(struct model *model, uint32_t core_count) {
  uint32_t written = model->core_count;
  close_stores(model);
  open_stores(model, core_count);
  for (uint32_t i = 0; i < core_count; i++) {
    struct eagre_state_set set = {.rows = &model->stores[i], .rows_count = 1};
    struct eagre_state_snapshot snapshot = snapshot_of(model, i);
    if (eagre_state_load(&set, model->fixture->io, &snapshot, written, core_count,
                         &model->fixture->error) != EAGRE_OK)
      fail_msg("%s", model->fixture->error.text);
  }
}

static void compare_epochs(struct fixture *fixture, bool drops_matched) {
  for (uint64_t seed = 1; seed <= 6; seed++) {
    struct model *model = eagre_allocate_zeroed(1, sizeof *model);
    model->fixture = fixture;
    model->drops_matched = drops_matched;
    model->version = (int64_t)seed * 1000 + drops_matched * 100000;
    eagre_random_seed(&model->random, seed);
    open_stores(model, 1 + below(model, CORES_MAX));
    for (uint32_t epoch = 0; epoch < 120; epoch++) {
      model->now += below(model, 1500);
      for (uint32_t i = 0; i < model->core_count; i++) {
        eagre_state_rows_begin_epoch(model->stores[i]);
      }
      for (uint32_t step = below(model, 4); step > 0; step--) {
        add_some(model);
        match_some(model);
      }
      if (below(model, 3) > 0) evict_some(model);
      save_all(model);
      if (epoch % 8 == 0) compare_all(model);
      if (below(model, 6) == 0) {
        bool keeps_cores = below(model, 2) == 0;
        reload_all(model, keeps_cores ? model->core_count : 1 + below(model, CORES_MAX));
        compare_all(model);
      }
    }
    close_stores(model);
    eagre_free(model);
  }
}

static void rows_are_those_of_a_list(void **state) {
  compare_epochs(*state, false);
}

static void rows_leave_at_their_match(void **state) {
  compare_epochs(*state, true);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static uint64_t memory_of(const struct eagre_state_rows *rows) {
  struct eagre_state_rows_metrics metrics;
  eagre_state_rows_measure(rows, &metrics);
  return metrics.memory_bytes;
}

static void add_times(struct eagre_state_rows *rows, int64_t first, uint32_t count) {
  struct eagre_arena arena = {0};
  struct eagre_state_rows_input input = {.count = count};
  struct eagre_vector keys;
  eagre_vector_init(&keys, eagre_type_of(EAGRE_TYPE_BIGINT), count, &arena);
  int64_t *times = eagre_arena_allocate(&arena, count * sizeof *times);
  struct eagre_text *bodies = eagre_arena_allocate(&arena, count * sizeof *bodies);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(int64_t, &keys)[i] = times[i] = first + i;
    bodies[i] = EAGRE_TEXT("some bytes of a row that is neither long nor short");
  }
  eagre_state_encode_keys(&keys, 1, count, &arena, &input.keys);
  input.times = times;
  input.bodies = bodies;
  eagre_state_rows_add(rows, &input);
  eagre_arena_done(&arena);
}

static void evict_all(struct eagre_state_rows *rows, int64_t bound) {
  struct eagre_state_row *out[100];
  while (eagre_state_rows_evict(rows, bound, out, 100) > 0) {
  }
}

/* A window over times that move on: memory is that of the window, and none without rows. */
static void evicted_rows_give_their_memory_back(void **state) {
  (void)state;
  enum { STEP = 5000, WINDOW = 20000 };
  struct eagre_state_rows *rows = eagre_state_rows_new(PANE_US);
  uint64_t empty = memory_of(rows);
  uint64_t largest_early = 0;
  uint64_t largest_late = 0;
  for (int64_t now = 0; now < 100 * STEP; now += STEP) {
    eagre_state_rows_begin_epoch(rows);
    add_times(rows, now, STEP);
    evict_all(rows, now + STEP - WINDOW - 1);
    uint64_t *largest = now < 20 * STEP ? &largest_early : &largest_late;
    if (memory_of(rows) > *largest) *largest = memory_of(rows);
  }
  assert_true(largest_late <= largest_early);
  evict_all(rows, INT64_MAX - 1);
  assert_true(memory_of(rows) < empty + 4096);
  eagre_state_rows_free(rows);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *out_size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *bytes = eagre_allocate(1 << 20);
  *out_size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

static void write_file(const char *path, const char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

/* Every byte of a file with rows, changed; and every length it may be cut to. */
static void a_damaged_file_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_rows *rows = eagre_state_rows_new(PANE_US);
  struct eagre_state_set set = {.rows = &rows, .rows_count = 1};
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 1, "a");
  uint64_t written = 0;
  add_times(rows, 0, 5);
  assert_int_equal(eagre_state_save(&set, fixture->io, &snapshot, &written, &fixture->error),
                   EAGRE_OK);
  char path[4096];
  snprintf(path, sizeof path, "%s/1-0-a.full", fixture->directory);
  size_t size;
  char *bytes = read_file(path, &size);
  assert_int_equal(size, written);
  for (size_t i = 0; i < 2 * size; i++) {
    bool is_cut = i >= size;
    if (!is_cut) bytes[i] ^= 0x41;
    write_file(path, bytes, is_cut ? i - size : size);
    if (!is_cut) bytes[i] ^= 0x41;
    enum eagre_status status =
        eagre_state_load(&set, fixture->io, &snapshot, 1, 1, &fixture->error);
    assert_int_equal(status, EAGRE_UNSAFE);
    assert_true(strncmp(fixture->error.class_name, "STATE_STORE_", 12) == 0);
    struct eagre_state_rows_metrics metrics;
    eagre_state_rows_measure(rows, &metrics);
    assert_int_equal(metrics.row_count, 0);
  }
  write_file(path, bytes, size);
  assert_int_equal(eagre_state_load(&set, fixture->io, &snapshot, 1, 1, &fixture->error), EAGRE_OK);
  snapshot.fingerprint++;
  assert_int_equal(eagre_state_load(&set, fixture->io, &snapshot, 1, 1, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "STATE_STORE_SCHEMA_NOT_COMPATIBLE");
  eagre_free(bytes);
  eagre_state_rows_free(rows);
}

/* ---- Bytes of rows --------------------------------------------------------------------------- */

enum { CODEC_ROWS = 5 };

/* BIGINT, BOOLEAN, DOUBLE, STRING, STRUCT<INT, STRING>, ARRAY<STRING>, void; row 3 is all NULL. */
static uint32_t make_columns(struct eagre_vector *columns, const struct eagre_type **types,
                             struct eagre_arena *arena) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  const struct eagre_field fields[] = {{EAGRE_TEXT("x"), eagre_type_of(EAGRE_TYPE_INT), true},
                                       {EAGRE_TEXT("y"), text, true}};
  types[0] = eagre_type_of(EAGRE_TYPE_BIGINT);
  types[1] = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  types[2] = eagre_type_of(EAGRE_TYPE_DOUBLE);
  types[3] = text;
  types[4] = eagre_type_struct(arena, fields, 2);
  types[5] = eagre_type_array(arena, text);
  types[6] = eagre_type_of(EAGRE_TYPE_NULL);
  for (uint32_t i = 0; i < 7; i++) {
    eagre_vector_init(&columns[i], types[i], CODEC_ROWS, arena);
  }
  eagre_vector_init(&columns[5].children[0], text, 3 * CODEC_ROWS, arena);
  int32_t next = 0;
  for (uint32_t row = 0; row < CODEC_ROWS; row++) {
    EAGRE_VALUES(int64_t, &columns[0])[row] = row == 1 ? INT64_MIN : (int64_t)row * 1000;
    eagre_bit_put(columns[1].data, row, row % 2 == 0);
    EAGRE_VALUES(double, &columns[2])[row] = row == 1 ? -0.0 : __builtin_nan("5");
    EAGRE_VALUES(struct eagre_text, &columns[3])
    [row] = eagre_arena_printf(arena, "%0*u", (int)(row * 60), row);
    EAGRE_VALUES(int32_t, &columns[4].children[0])[row] = -(int32_t)row;
    EAGRE_VALUES(struct eagre_text, &columns[4].children[1])[row] = EAGRE_TEXT("inner");
    for (uint32_t i = 0; i < row; i++) {
      EAGRE_VALUES(struct eagre_text, &columns[5].children[0])
      [next++] = eagre_arena_printf(arena, "e%u", i);
    }
    columns[5].offsets[row + 1] = next;
    for (uint32_t i = 0; row == 3 && i < 6; i++) {
      eagre_vector_set_null(&columns[i], row, CODEC_ROWS, arena);
    }
  }
  eagre_vector_set_null(&columns[4].children[1], 2, CODEC_ROWS, arena);
  eagre_vector_set_null(&columns[5].children[0], 1, 3 * CODEC_ROWS, arena);
  return 7;
}

static void assert_same_bytes(const struct eagre_text *a, const struct eagre_text *b) {
  for (uint32_t i = 0; i < CODEC_ROWS; i++) {
    assert_true(eagre_text_equal(a[i], b[i]));
  }
}

/* What is decoded has the bytes of what was encoded: every value came back as it was. */
static void rows_come_back_as_they_were(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_vector columns[7];
  struct eagre_vector decoded[7];
  const struct eagre_type *types[7];
  struct eagre_text bodies[CODEC_ROWS];
  struct eagre_text again[CODEC_ROWS];
  uint32_t count = make_columns(columns, types, &arena);
  eagre_state_encode_rows(columns, count, NULL, CODEC_ROWS, &arena, bodies);
  assert_true(eagre_state_decode_rows(bodies, CODEC_ROWS, types, count, decoded, &arena));
  eagre_state_encode_rows(decoded, count, NULL, CODEC_ROWS, &arena, again);
  assert_same_bytes(bodies, again);
  assert_int_equal(EAGRE_VALUES(int64_t, &decoded[0])[1], INT64_MIN);
  assert_true(__builtin_signbit(EAGRE_VALUES(double, &decoded[2])[1]));
  assert_int_equal(EAGRE_VALUES(struct eagre_text, &decoded[3])[4].size, 240);
  assert_true(eagre_vector_is_null(&decoded[4].children[1], 2));
  assert_true(eagre_vector_is_null(&decoded[5], 3));
  assert_int_equal(decoded[5].offsets[3] - decoded[5].offsets[2], 2);
  assert_true(eagre_vector_is_null(&decoded[5].children[0], 1));
  /* Some rows, in another order; a row that is not there is NULLs. */
  const uint32_t picks[] = {4, 1};
  eagre_state_encode_rows(columns, count, picks, 2, &arena, again);
  assert_true(eagre_text_equal(again[0], bodies[4]) && eagre_text_equal(again[1], bodies[1]));
  again[0] = (struct eagre_text){0};
  assert_true(eagre_state_decode_rows(again, 2, types, count, decoded, &arena));
  for (uint32_t i = 0; i < count; i++) {
    assert_true(eagre_vector_is_null(&decoded[i], 0));
  }
  eagre_arena_done(&arena);
}

/* Cut anywhere, and with any byte changed, a body gives rows or a refusal: nothing is read that is
 * not there (watched by AddressSanitizer). */
static void damaged_bodies_are_refused(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_vector columns[7];
  struct eagre_vector decoded[7];
  const struct eagre_type *types[7];
  struct eagre_text bodies[CODEC_ROWS];
  uint32_t count = make_columns(columns, types, &arena);
  eagre_state_encode_rows(columns, count, NULL, CODEC_ROWS, &arena, bodies);
  for (size_t size = 0; size < bodies[2].size; size++) {
    char *copy = eagre_allocate(size + 1);
    memcpy(copy, bodies[2].data, size);
    struct eagre_text cut = eagre_text_make(copy, size);
    assert_false(eagre_state_decode_rows(&cut, 1, types, count, decoded, &arena));
    eagre_free(copy);
  }
  for (size_t i = 0; i < bodies[2].size; i++) {
    char *copy = eagre_allocate(bodies[2].size);
    memcpy(copy, bodies[2].data, bodies[2].size);
    copy[i] = (char)0xff;
    struct eagre_text changed = eagre_text_make(copy, bodies[2].size);
    (void)eagre_state_decode_rows(&changed, 1, types, count, decoded, &arena);
    eagre_free(copy);
  }
  eagre_arena_done(&arena);
}

int run_rows_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(rows_are_those_of_a_list),
      FIXTURE_TEST(rows_leave_at_their_match),
      FIXTURE_TEST(a_damaged_file_is_refused),
      cmocka_unit_test(evicted_rows_give_their_memory_back),
      cmocka_unit_test(rows_come_back_as_they_were),
      cmocka_unit_test(damaged_bodies_are_refused),
  };
  return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}

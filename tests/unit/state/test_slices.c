/* Proves rolling snapshots: each file is small, no version needs many files, and those it needs
 * hold all there is, whatever was made, changed, evicted or dropped while a pass was under way. */
#include "test_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_fault.h"

enum { TABLES = 2, STORES = 2, MEMBERS = TABLES + STORES, PANES = 6, KEYS = 60, ROWS_MAX = 4000 };

/* ---- Files ----------------------------------------------------------------------------------- */

static enum eagre_status try_save(struct fixture *fixture, const struct eagre_state_set *set,
                                  int64_t version, uint64_t *out_bytes) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, "a");
  return eagre_state_save(set, fixture->io, &snapshot, out_bytes, &fixture->error);
}

/* Returns the size of the file. */
static uint64_t save(struct fixture *fixture, const struct eagre_state_set *set, int64_t version) {
  uint64_t bytes = 0;
  if (try_save(fixture, set, version, &bytes) != EAGRE_OK) fail_msg("%s", fixture->error.text);
  return bytes;
}

static void load(struct fixture *fixture, const struct eagre_state_set *set, int64_t version) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, version, "a");
  if (eagre_state_load(set, fixture->io, &snapshot, 1, 1, &fixture->error) != EAGRE_OK)
    fail_msg("%s", fixture->error.text);
}

/* Leaves what `version` needs and nothing else. */
static void purge(struct fixture *fixture, int64_t version) {
  enum eagre_status status =
      eagre_state_purge(fixture->io, fixture->directory, version, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

static uint32_t count_files(struct fixture *fixture) {
  struct eagre_io_entry *entries = NULL;
  struct eagre_arena arena = {0};
  uint32_t count = 0;
  assert_int_equal(
      eagre_io_list(fixture->io, fixture->directory, &arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  eagre_arena_done(&arena);
  return count;
}

/* ---- One table ------------------------------------------------------------------------------- */

static void add_numbered(struct eagre_state_table *table, uint32_t begin, uint32_t count) {
  char key[16];
  for (uint32_t i = begin; i < begin + count; i++) {
    snprintf(key, sizeof key, "key%u", i);
    add_to_group(table, i % 4, key, 1);
  }
}

static uint64_t count_groups(const struct eagre_state_table *table) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  return metrics.group_count;
}

static uint64_t read_expected_count(struct fixture *fixture, const char *name) {
  size_t size = 0;
  char *bytes = scratch_read(scratch_path(fixture->directory, name), &size);
  uint64_t count = eagre_state_get_integer(bytes + EAGRE_STATE_HEADER_SIZE + 12, 4);
  eagre_free(bytes);
  return count;
}

/* Every file of a table with one pane says how many groups there are, so that loading makes room
 * once: as much as growing would have made. */
static void a_table_with_one_pane_says_how_many_groups_it_has(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  struct eagre_state_table *loaded = eagre_state_table_new(&payload_layout);
  char key[16];
  for (uint32_t i = 0; i < 2000; i++) {
    snprintf(key, sizeof key, "key%u", i);
    add_to_group(table, 7, key, 1);
  }
  save(fixture, &ONE_TABLE(table), 1);
  eagre_state_begin_epoch(table);
  add_to_group(table, 7, "key2000", 1);
  save(fixture, &ONE_TABLE(table), 2);
  assert_int_equal(read_expected_count(fixture, "1-0-a.full"), 2000);
  assert_int_equal(read_expected_count(fixture, "2-0-a.delta"), 2001);
  load(fixture, &ONE_TABLE(loaded), 2);
  assert_int_equal(count_groups(loaded), 2001);
  assert_true(loaded->panes[0]->slots.capacity == table->panes[0]->slots.capacity);
  add_to_group(table, 8, "key", 1);
  save(fixture, &ONE_TABLE(table), 3);
  assert_int_equal(read_expected_count(fixture, "3-0-a.delta"), 0);
  eagre_state_table_free(table);
  eagre_state_table_free(loaded);
}

/* A thousand groups of which three change: every file is a small part of the first, and a version
 * needs the files of two passes at most. */
static void files_are_small_and_few(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  add_numbered(table, 0, 1000);
  uint64_t full_size = save(fixture, &ONE_TABLE(table), 1);
  for (int64_t version = 2; version <= 300; version++) {
    eagre_state_begin_epoch(table);
    add_numbered(table, (uint32_t)version * 3, 3);
    uint64_t size = save(fixture, &ONE_TABLE(table), version);
    if (size > full_size / 20) fail_msg("version %d has %d bytes", (int)version, (int)size);
    purge(fixture, version);
    assert_true(count_files(fixture) <= 2 * 65);
  }
  struct eagre_state_table *loaded = eagre_state_table_new(&payload_layout);
  load(fixture, &ONE_TABLE(loaded), 300);
  assert_int_equal(count_groups(loaded), 1000);
  assert_int_equal(find_group(loaded, 0, "key600")->count, 2);
  assert_int_equal(find_group(loaded, 2, "key902")->count, 2);
  assert_int_equal(find_group(loaded, 3, "key903")->count, 1);
  eagre_state_table_free(loaded);
  eagre_state_table_free(table);
}

/* A pass does not run after what comes while it is under way. */
static void a_pass_ends_in_a_table_that_grows(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  enum { FIRST = 400, STEP = 40, LAST = 60 };
  add_numbered(table, 0, FIRST);
  save(fixture, &ONE_TABLE(table), 1);
  for (int64_t version = 2; version <= LAST; version++) {
    eagre_state_begin_epoch(table);
    add_numbered(table, FIRST + ((uint32_t)version - 2) * STEP, STEP);
    save(fixture, &ONE_TABLE(table), version);
  }
  purge(fixture, LAST);
  assert_true(count_files(fixture) < LAST - 5);
  struct eagre_state_table *loaded = eagre_state_table_new(&payload_layout);
  load(fixture, &ONE_TABLE(loaded), LAST);
  assert_int_equal(count_groups(loaded), FIRST + (LAST - 1) * STEP);
  eagre_state_table_free(loaded);
  eagre_state_table_free(table);
}

/* Starts that follow one another never let a pass come to its end: at last a full file does. */
static void chains_end_when_no_pass_does(void **state) {
  struct fixture *fixture = *state;
  struct eagre_state_table *table = eagre_state_table_new(&payload_layout);
  add_numbered(table, 0, 500);
  save(fixture, &ONE_TABLE(table), 1);
  uint32_t most = 0;
  for (int64_t version = 2; version <= 600; version++) {
    load(fixture, &ONE_TABLE(table), version - 1);
    eagre_state_begin_epoch(table);
    save(fixture, &ONE_TABLE(table), version);
    purge(fixture, version);
    uint32_t count = count_files(fixture);
    if (count > most) most = count;
  }
  assert_int_equal(most, 512);
  assert_int_equal(count_files(fixture), 600 - 512);
  assert_int_equal(count_groups(table), 500);
  eagre_state_table_free(table);
}

/* ---- A set, against a model ------------------------------------------------------------------ */

struct model_row {
  uint32_t store;
  int64_t time;
  bool is_there;
  bool is_matched;
};

struct model {
  struct fixture *fixture;
  struct eagre_random random;
  struct eagre_state_table *tables[TABLES];
  struct eagre_state_rows *stores[STORES];
  struct eagre_state_set set;
  uint64_t cells[TABLES][PANES][KEYS]; /* 0: no such group, or one that means nothing */
  int64_t pane_base;                   /* what is below has been evicted */
  struct model_row rows[ROWS_MAX];
  uint32_t row_count;
  int64_t now;
  int64_t version;
};

static uint32_t below(struct model *model, uint32_t bound) {
  return (uint32_t)eagre_random_below(&model->random, bound);
}

static void open_set(struct model *model) {
  for (uint32_t i = 0; i < TABLES; i++) {
    model->tables[i] = eagre_state_table_new(&payload_layout);
  }
  for (uint32_t i = 0; i < STORES; i++) {
    model->stores[i] = eagre_state_rows_new(1000);
  }
  model->set = (struct eagre_state_set){model->tables, TABLES, model->stores, STORES};
}

static void close_set(struct model *model) {
  for (uint32_t i = 0; i < TABLES; i++) {
    eagre_state_table_free(model->tables[i]);
  }
  for (uint32_t i = 0; i < STORES; i++) {
    eagre_state_rows_free(model->stores[i]);
  }
}

static bool is_nothing(const char *payload) {
  return ((const struct payload *)payload)->count == 0;
}

static void change_group(struct model *model, uint32_t table) {
  uint32_t pane = (uint32_t)model->pane_base + below(model, PANES - (uint32_t)model->pane_base);
  uint32_t key = below(model, KEYS);
  char name[16];
  snprintf(name, sizeof name, "k%u", key);
  bool ends = below(model, 4) == 0;
  add_to_group(model->tables[table], pane, name, 1);
  model->cells[table][pane][key]++;
  if (!ends) return;
  find_group(model->tables[table], pane, name)->count = 0;
  model->cells[table][pane][key] = 0;
}

/* All panes up to one leave; when none is left they come again. */
static void evict_panes(struct model *model) {
  model->pane_base = (model->pane_base + 1) % PANES;
  int64_t evicted_max = model->pane_base == 0 ? PANES : model->pane_base - 1;
  for (uint32_t i = 0; i < TABLES; i++) {
    eagre_state_evict(model->tables[i], evicted_max);
    for (int64_t pane = 0; pane < PANES && pane <= evicted_max; pane++) {
      memset(model->cells[i][pane], 0, sizeof model->cells[i][pane]);
    }
  }
}

static void add_row(struct model *model, uint32_t store) {
  if (model->row_count == ROWS_MAX) return;
  uint32_t number = model->row_count++;
  struct model_row *row = &model->rows[number];
  *row = (struct model_row){store, model->now + below(model, 4000), true, false};
  struct eagre_arena arena = {0};
  struct eagre_text key = eagre_arena_printf(&arena, "%u", number % 7);
  struct eagre_text body = eagre_arena_printf(&arena, "%u", number);
  struct eagre_state_rows_input input = {.bodies = &body, .times = &row->time, .count = 1};
  encode_texts(&key, 1, &arena, &input.keys);
  eagre_state_rows_add(model->stores[store], &input);
  eagre_arena_done(&arena);
}

static uint32_t number_of(const struct eagre_state_row *row) {
  char text[16] = {0};
  struct eagre_text body = eagre_state_row_body(row);
  memcpy(text, body.data, body.size);
  return (uint32_t)strtoul(text, NULL, 10);
}

static uint32_t find_rows(struct model *model, uint32_t store, uint32_t key,
                          struct eagre_state_pair *pairs) {
  struct eagre_arena arena = {0};
  struct eagre_text text = eagre_arena_printf(&arena, "%u", key);
  struct eagre_state_keys keys;
  struct eagre_state_probe probe = {{0}};
  encode_texts(&text, 1, &arena, &keys);
  uint32_t count =
      eagre_state_rows_probe(model->stores[store], &keys, NULL, 1, &probe, pairs, ROWS_MAX);
  eagre_arena_done(&arena);
  return count;
}

static void match_rows(struct model *model, uint32_t store) {
  static struct eagre_state_pair pairs[ROWS_MAX];
  uint32_t count = find_rows(model, store, below(model, 7), pairs);
  for (uint32_t i = 0; i < count; i++) {
    if (below(model, 3) > 0) continue;
    eagre_state_row_match(model->stores[store], pairs[i].row);
    model->rows[number_of(pairs[i].row)].is_matched = true;
  }
}

static void evict_rows(struct model *model, uint32_t store) {
  struct eagre_state_row *rows[5];
  while (eagre_state_rows_evict(model->stores[store], model->now, rows, 5) > 0) {
  }
  for (uint32_t i = 0; i < model->row_count; i++) {
    if (model->rows[i].store == store && model->rows[i].time <= model->now)
      model->rows[i].is_there = false;
  }
}

static void compare_tables(struct model *model) {
  char name[16];
  for (uint32_t table = 0; table < TABLES; table++) {
    for (uint32_t cell = 0; cell < PANES * KEYS; cell++) {
      snprintf(name, sizeof name, "k%u", cell % KEYS);
      const struct payload *payload = find_group(model->tables[table], cell / KEYS, name);
      uint64_t count = payload == NULL ? 0 : payload->count;
      assert_int_equal(count, model->cells[table][cell / KEYS][cell % KEYS]);
    }
  }
}

static void compare_rows(struct model *model) {
  static struct eagre_state_pair pairs[ROWS_MAX];
  uint32_t found = 0;
  uint32_t expected = 0;
  for (uint32_t key = 0; key < 7 * STORES; key++) {
    uint32_t count = find_rows(model, key / 7, key % 7, pairs);
    for (uint32_t i = 0; i < count; i++) {
      const struct model_row *row = &model->rows[number_of(pairs[i].row)];
      assert_true(row->is_there && row->store == key / 7);
      assert_int_equal(eagre_state_row_is_matched(pairs[i].row), row->is_matched);
    }
    found += count;
  }
  for (uint32_t i = 0; i < model->row_count; i++) {
    expected += model->rows[i].is_there;
  }
  assert_int_equal(found, expected); /* and no row twice */
}

static void begin_epoch(struct model *model) {
  model->now += below(model, 300);
  for (uint32_t i = 0; i < TABLES; i++) {
    eagre_state_begin_epoch(model->tables[i]);
    if (below(model, 6) == 0) eagre_state_drop_groups(model->tables[i], is_nothing);
  }
  for (uint32_t i = 0; i < STORES; i++) {
    eagre_state_rows_begin_epoch(model->stores[i]);
  }
}

static void change_some(struct model *model) {
  uint32_t change_count = below(model, 5) == 0 ? below(model, 60) : below(model, 8);
  for (uint32_t i = 0; i < change_count; i++) {
    uint32_t member = below(model, MEMBERS);
    if (member < TABLES) {
      change_group(model, member);
    } else {
      add_row(model, member - TABLES);
    }
  }
  for (uint32_t i = 0; i < STORES; i++) {
    if (below(model, 3) == 0) match_rows(model, i);
    if (below(model, 3) == 0) evict_rows(model, i);
  }
  if (below(model, 40) == 0) evict_panes(model);
}

/* Saves; now and then the disk is full first. */
static void save_model(struct model *model) {
  struct eagre_io *io = model->fixture->io;
  struct eagre_io_fault fault = {.kind = EAGRE_IO_SYNC, .nth = 1, .error_number = ENOSPC};
  uint64_t bytes = 0;
  model->version++;
  if (below(model, 30) == 0) {
    eagre_io_fault_install(io, &fault, 1);
    assert_int_equal(try_save(model->fixture, &model->set, model->version, &bytes), EAGRE_IO);
    eagre_io_fault_install(io, NULL, 0);
  }
  save(model->fixture, &model->set, model->version);
}

static void files_that_are_needed_hold_everything(void **state) {
  for (uint64_t seed = 1; seed <= 8; seed++) {
    struct model *model = eagre_allocate_zeroed(1, sizeof *model);
    model->fixture = *state;
    model->version = (int64_t)seed * 1000;
    eagre_random_seed(&model->random, seed);
    open_set(model);
    for (uint32_t epoch = 0; epoch < 250; epoch++) {
      begin_epoch(model);
      change_some(model);
      save_model(model);
      purge(model->fixture, model->version);
      if (below(model, 10) > 0) continue;
      close_set(model);
      open_set(model);
      load(model->fixture, &model->set, model->version);
      compare_tables(model);
      compare_rows(model);
    }
    close_set(model);
    eagre_free(model);
  }
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Two versions: all members as slices, then changes and a slice. */
static void make_versions(struct model *model) {
  open_set(model);
  for (int64_t version = 1; version <= 2; version++) {
    begin_epoch(model);
    for (uint32_t i = 0; i < (version == 1 ? 12 : 1); i++) {
      change_group(model, 0);
      change_group(model, 1);
      add_row(model, 0);
      add_row(model, 1);
    }
    save(model->fixture, &model->set, version);
  }
  close_set(model);
}

static enum eagre_status try_load(struct fixture *fixture, const struct eagre_state_set *set) {
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 2, "a");
  return eagre_state_load(set, fixture->io, &snapshot, 1, 1, &fixture->error);
}

/* Every byte of a file, changed; and every length it may be cut to. */
static void damage_file(struct model *model, const char *name) {
  struct fixture *fixture = model->fixture;
  char path[512];
  size_t size = 0;
  snprintf(path, sizeof path, "%s", scratch_path(fixture->directory, name));
  char *bytes = scratch_read(path, &size);
  for (size_t i = 0; i < 2 * size; i++) {
    bool is_cut = i >= size;
    if (!is_cut) bytes[i] ^= 0x21;
    scratch_write(path, bytes, is_cut ? i - size : size);
    if (!is_cut) bytes[i] ^= 0x21;
    if (try_load(fixture, &model->set) != EAGRE_UNSAFE) fail_msg("byte %zu was not missed", i);
    assert_int_equal(strncmp(fixture->error.class_name, "STATE_STORE_", 12), 0);
    assert_non_null(strstr(fixture->error.text, path));
    assert_int_equal(count_groups(model->tables[0]), 0);
  }
  scratch_write(path, bytes, size);
  eagre_free(bytes);
}

static void damage_to_changes_and_slices_is_refused(void **state) {
  struct model *model = eagre_allocate_zeroed(1, sizeof *model);
  model->fixture = *state;
  eagre_random_seed(&model->random, 1);
  make_versions(model);
  assert_string_equal(list_names(model->fixture), "1-0-a.full 2-0-a.delta");
  open_set(model);
  damage_file(model, "1-0-a.full");
  damage_file(model, "2-0-a.delta");
  assert_int_equal(try_load(model->fixture, &model->set), EAGRE_OK);
  compare_tables(model);
  compare_rows(model);
  close_set(model);
  eagre_free(model);
}

int run_slice_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_table_with_one_pane_says_how_many_groups_it_has),
      FIXTURE_TEST(files_are_small_and_few),
      FIXTURE_TEST(a_pass_ends_in_a_table_that_grows),
      FIXTURE_TEST(chains_end_when_no_pass_does),
      FIXTURE_TEST(files_that_are_needed_hold_everything),
      FIXTURE_TEST(damage_to_changes_and_slices_is_refused),
  };
  return cmocka_run_group_tests_name("slices", tests, NULL, NULL);
}

/* Proves the tier below memory: snapshots of tables that are in it stay small and few, a load that
 * does not fit goes there, memory is given back, and damage to it is found. */
#include "test_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "state/state_cold.h"

enum { MANY = 300000, SOME = 4096 };

struct tiered {
  struct fixture *fixture;
  struct eagre_state_tier *tier;
  struct eagre_state_table *table;
  char directory[512];
};

static void open_tiered(struct tiered *tiered, struct fixture *fixture, const char *name) {
  tiered->fixture = fixture;
  snprintf(tiered->directory, sizeof tiered->directory, "%s/tier/%s", fixture->directory, name);
  const struct eagre_state_tier_options options = {
      .io = fixture->io,
      .directory = tiered->directory,
      .size_max = EAGRE_STATE_TIER_SIZE_MIN,
  };
  tiered->tier = eagre_state_tier_new(&options);
  tiered->table = eagre_state_table_new(&payload_layout);
  eagre_state_table_use_tier(tiered->table, tiered->tier);
}

static void close_tiered(struct tiered *tiered) {
  eagre_state_table_free(tiered->table);
  eagre_state_tier_free(tiered->tier);
}

static void succeed(const struct tiered *tiered, enum eagre_status status) {
  if (status != EAGRE_OK) fail_msg("%s", tiered->fixture->error.text);
}

/* One more for `count` keys from `begin` on, each in pane number % 4. */
static enum eagre_status count_keys(struct tiered *tiered, uint32_t begin, uint32_t count) {
  struct eagre_arena arena = {0};
  struct eagre_text *texts = eagre_arena_allocate(&arena, count * sizeof *texts);
  int64_t *panes = eagre_arena_allocate(&arena, count * sizeof *panes);
  char **payloads = eagre_arena_allocate(&arena, count * sizeof *payloads);
  struct eagre_state_keys keys;
  for (uint32_t i = 0; i < count; i++) {
    texts[i] = eagre_arena_printf(&arena, "key%u", begin + i);
    panes[i] = (begin + i) % 4;
  }
  encode_texts(texts, count, &arena, &keys);
  struct eagre_error *error = &tiered->fixture->error;
  enum eagre_status status = eagre_state_fetch(tiered->table, panes, &keys, count, error);
  if (status == EAGRE_OK) {
    eagre_state_get_groups(tiered->table, panes, &keys, count, payloads);
    for (uint32_t i = 0; i < count; i++) {
      ((struct payload *)payloads[i])->count++;
    }
  }
  eagre_arena_done(&arena);
  return status;
}

static void count_many(struct tiered *tiered, uint32_t count) {
  for (uint32_t begin = 0; begin < count; begin += SOME) {
    succeed(tiered, count_keys(tiered, begin, count - begin < SOME ? count - begin : SOME));
  }
}

static uint64_t save(struct tiered *tiered, int64_t version) {
  struct eagre_state_snapshot snapshot = make_snapshot(tiered->fixture, version, "a");
  uint64_t bytes = 0;
  const struct eagre_state_set set = ONE_TABLE(tiered->table);
  struct eagre_error *error = &tiered->fixture->error;
  succeed(tiered, eagre_state_save(&set, tiered->fixture->io, &snapshot, &bytes, error));
  succeed(tiered, eagre_state_relieve(&set, error));
  return bytes;
}

static void spill(struct tiered *tiered) {
  succeed(tiered, eagre_state_spill(&ONE_TABLE(tiered->table), true, &tiered->fixture->error));
}

/* The groups of a table, and what they have counted. */
struct sums {
  uint64_t groups;
  uint64_t counts;
};

static struct sums sum_all(struct tiered *tiered) {
  struct eagre_state_reader *reader = eagre_state_reader_open(tiered->table, INT64_MAX);
  struct eagre_state_group groups[100];
  struct sums sums = {0};
  uint32_t count;
  do {
    succeed(tiered, eagre_state_reader_next(reader, groups, 100, &count, &tiered->fixture->error));
    for (uint32_t i = 0; i < count; i++) {
      sums.groups++;
      sums.counts += ((const struct payload *)groups[i].payload)->count;
    }
  } while (count > 0);
  eagre_state_reader_close(reader);
  return sums;
}

static uint64_t memory_of(const struct tiered *tiered) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(tiered->table, &metrics);
  return metrics.memory_bytes;
}

/* As files_are_small_and_few, of groups that memory does not hold. */
static void files_of_the_tier_are_small_and_few(void **state) {
  struct fixture *fixture = *state;
  struct tiered tiered;
  open_tiered(&tiered, fixture, "a");
  count_many(&tiered, 1000);
  uint64_t full_size = save(&tiered, 1);
  spill(&tiered);
  for (int64_t version = 2; version <= 300; version++) {
    eagre_state_begin_epoch(tiered.table);
    succeed(&tiered, count_keys(&tiered, (uint32_t)version * 3, 3));
    uint64_t size = save(&tiered, version);
    if (size > full_size / 20) fail_msg("version %d has %d bytes", (int)version, (int)size);
    succeed(&tiered, eagre_state_purge(fixture->io, fixture->directory, version, &fixture->error));
  }
  const char *names = list_names(fixture);
  uint32_t file_count = 1;
  for (const char *at = names; *at != 0; at++) {
    file_count += *at == ' ';
  }
  assert_true(file_count <= 2 * 65 + 1); /* and the directory of the tier */
  struct tiered loaded;
  open_tiered(&loaded, fixture, "b");
  struct eagre_state_snapshot snapshot = make_snapshot(fixture, 300, "a");
  succeed(&loaded, eagre_state_load(&ONE_TABLE(loaded.table), fixture->io, &snapshot, 1, 1,
                                    &fixture->error));
  struct sums sums = sum_all(&loaded);
  assert_int_equal(sums.groups, 1000);
  assert_int_equal(sums.counts, 1000 + 299 * 3);
  close_tiered(&loaded);
  close_tiered(&tiered);
}

/* Memory is given back when it is too much, also while a version is loaded by other cores. */
static void memory_is_bounded(void **state) {
  struct fixture *fixture = *state;
  struct tiered tiered;
  open_tiered(&tiered, fixture, "a");
  count_many(&tiered, MANY);
  uint64_t all_memory = memory_of(&tiered);
  save(&tiered, 1);
  assert_true(memory_of(&tiered) < all_memory / 100);
  eagre_state_begin_epoch(tiered.table);
  count_many(&tiered, MANY / 10);
  save(&tiered, 2);
  struct sums sums = sum_all(&tiered);
  assert_int_equal(sums.groups, MANY);
  assert_int_equal(sums.counts, MANY + MANY / 10);
  struct sums total = {0};
  for (uint32_t core = 0; core < 3; core++) {
    struct tiered loaded;
    open_tiered(&loaded, fixture, core == 0 ? "b" : core == 1 ? "c" : "d");
    struct eagre_state_snapshot snapshot = make_snapshot(fixture, 2, "a");
    snapshot.core = core;
    succeed(&loaded, eagre_state_load(&ONE_TABLE(loaded.table), fixture->io, &snapshot, 1, 3,
                                      &fixture->error));
    assert_true(eagre_state_has_cold(loaded.table));
    assert_true(memory_of(&loaded) < all_memory / 100);
    sums = sum_all(&loaded);
    total.groups += sums.groups;
    total.counts += sums.counts;
    close_tiered(&loaded);
  }
  assert_int_equal(total.groups, MANY);
  assert_int_equal(total.counts, MANY + MANY / 10);
  close_tiered(&tiered);
}

static void damage(const char *path) {
  int file = open(path, O_WRONLY);
  assert_true(file >= 0);
  char bytes[4096];
  memset(bytes, 'x', sizeof bytes);
  assert_int_equal(pwrite(file, bytes, sizeof bytes, 0), sizeof bytes);
  close(file);
}

static void damage_is_found(void **state) {
  struct fixture *fixture = *state;
  struct tiered tiered;
  open_tiered(&tiered, fixture, "a");
  count_many(&tiered, SOME);
  save(&tiered, 1);
  spill(&tiered);
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  struct eagre_arena arena = {0};
  succeed(&tiered,
          eagre_io_list(fixture->io, tiered.directory, &arena, &entries, &count, &fixture->error));
  for (uint32_t i = 0; i < count; i++) {
    if (strstr(entries[i].name, ".sst") != NULL)
      damage(eagre_arena_printf(&arena, "%s/%s", tiered.directory, entries[i].name).data);
  }
  eagre_state_begin_epoch(tiered.table);
  assert_int_equal(count_keys(&tiered, 0, SOME), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "STATE_TIER_FAILED");
  assert_non_null(strstr(fixture->error.text, tiered.directory));
  eagre_arena_done(&arena);
  close_tiered(&tiered);
}

static void put_file(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT, 0600);
  assert_true(file >= 0);
  close(file);
}

/* Files of a database that was never closed, beside a run that was never finished. */
static void what_a_dead_process_left_is_lost(void **state) {
  struct fixture *fixture = *state;
  struct eagre_arena arena = {0};
  struct tiered tiered;
  open_tiered(&tiered, fixture, "a");
  const char *database = eagre_arena_printf(&arena, "%s/000007.sst", tiered.directory).data;
  const char *run = eagre_arena_printf(&arena, "%s.run", tiered.directory).data;
  const char *parent = eagre_arena_printf(&arena, "%s/tier", fixture->directory).data;
  succeed(&tiered, eagre_state_tier_clean(fixture->io, parent, &fixture->error));
  for (int turn = 0; turn < 2; turn++) {
    succeed(&tiered, eagre_io_make_directories(fixture->io, tiered.directory, &fixture->error));
    put_file(database);
    put_file(run);
    if (turn == 0) succeed(&tiered, eagre_state_tier_clean(fixture->io, parent, &fixture->error));
    if (turn == 0) assert_int_not_equal(access(tiered.directory, F_OK), 0);
    if (turn == 0) assert_int_not_equal(access(run, F_OK), 0);
  }
  count_many(&tiered, 1);
  spill(&tiered);
  assert_int_equal(sum_all(&tiered).groups, 1);
  close_tiered(&tiered);
  assert_int_not_equal(access(tiered.directory, F_OK), 0);
  assert_int_not_equal(access(run, F_OK), 0);
  eagre_arena_done(&arena);
}

int run_tier_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(files_of_the_tier_are_small_and_few),
      FIXTURE_TEST(memory_is_bounded),
      FIXTURE_TEST(damage_is_found),
      FIXTURE_TEST(what_a_dead_process_left_is_lost),
  };
  return cmocka_run_group_tests_name("tier", tests, NULL, NULL);
}

/* Runs random flows over tables and a naive model side by side: rows, epochs, evictions, snapshots,
 * crashes that go back to the last snapshot with another number of cores, purges. After every epoch
 * both must hold the same groups, and the same ones must be changed. In half of the flows tables
 * have a tier, to which they are spilled at random; in most, groups move to more slots step by
 * step from the first ones on. */
#include "state/state_cold.h"
#include "test_state.h"

#include <stdio.h>
#include <string.h>

enum { PANES = 12, KEYS = 150, CORES_MAX = 5, EPOCHS = 60, ROWS_MAX = 700, SEEDS = 24 };

struct cell {
  bool is_there;
  bool is_changed;
  uint64_t count;
  uint64_t text; /* number of the text; 0: none */
};

struct model {
  struct cell cells[PANES][KEYS];
};

struct run {
  struct fixture *fixture;
  struct eagre_random random;
  struct eagre_state_table *tables[CORES_MAX];
  struct eagre_state_tier *tiers[CORES_MAX]; /* NULL: none */
  uint32_t core_count;
  uint32_t saved_core_count;
  int64_t version; /* saved last */
  char attempt[EAGRE_UUID_SIZE];
  struct model now;
  struct model saved;
  bool has_two_columns;
  bool has_tier;
  bool is_moving;
  uint32_t moving_count; /* panes seen while their groups moved */
  int64_t pane_base;     /* panes below are evicted */
};

static uint64_t draw(struct run *run, uint64_t bound) {
  return eagre_random_below(&run->random, bound);
}

/* ---- Keys and texts -------------------------------------------------------------------------- */

/* The texts of keys are of many lengths; some begin as NULL does. Key 0 is NULL itself. */
static struct eagre_text make_key_text(uint32_t key, struct eagre_arena *arena) {
  const char *prefix = key % 7 == 0 ? "\xff" : "";
  return eagre_arena_printf(arena, "%s%0*u", prefix, (int)(key % 40), key);
}

static void encode_key_numbers(struct run *run, const uint32_t *numbers, uint32_t count,
                               struct eagre_arena *arena, struct eagre_state_keys *out) {
  struct eagre_vector columns[2];
  eagre_vector_init(&columns[0], eagre_type_of(EAGRE_TYPE_STRING), count, arena);
  eagre_vector_init(&columns[1], eagre_type_of(EAGRE_TYPE_INT), count, arena);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(struct eagre_text, &columns[0])[i] = make_key_text(numbers[i], arena);
    EAGRE_VALUES(int32_t, &columns[1])[i] = (int32_t)numbers[i];
    if (numbers[i] == 0) eagre_vector_set_null(&columns[0], i, count, arena);
  }
  eagre_state_encode_keys(columns, run->has_two_columns ? 2 : 1, count, arena, out);
}

/* Finds a key's number by encoding all of them again. */
static uint32_t find_key_number(const struct eagre_state_keys *all, struct eagre_text key) {
  for (uint32_t i = 0; i < KEYS; i++) {
    if (eagre_text_equal(all->keys[i], key)) return i;
  }
  fail_msg("a group has a key that nobody gave it");
  return 0;
}

static struct eagre_text make_value_text(uint64_t number, struct eagre_arena *arena) {
  return eagre_arena_printf(arena, "%0*llu", (int)(number % 60), (unsigned long long)number);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void begin_epoch(struct run *run) {
  for (uint32_t core = 0; core < run->core_count; core++) {
    eagre_state_begin_epoch(run->tables[core]);
  }
  for (uint32_t i = 0; i < PANES * KEYS; i++) {
    run->now.cells[i / KEYS][i % KEYS].is_changed = false;
  }
}

static void update_group(struct run *run, int64_t pane, uint32_t key, uint32_t core,
                         char *payload_bytes) {
  struct payload *payload = (struct payload *)payload_bytes;
  struct cell *cell = &run->now.cells[pane][key];
  cell->is_there = true;
  cell->is_changed = true;
  cell->count++;
  payload->count++;
  if (draw(run, 4) != 0) return;
  cell->text = draw(run, 5) == 0 ? 0 : 1 + draw(run, 100000);
  struct eagre_arena *arena = eagre_state_pane_arena(run->tables[core], pane);
  payload->last = cell->text == 0 ? (struct eagre_text){0} : make_value_text(cell->text, arena);
}

/* The rows of one epoch, in one batch per core. */
static void feed_rows(struct run *run, uint32_t row_count) {
  struct eagre_arena arena = {0};
  uint32_t *numbers = eagre_arena_allocate(&arena, row_count * sizeof *numbers);
  uint32_t key_span = 1 + (uint32_t)draw(run, KEYS);
  for (uint32_t i = 0; i < row_count; i++) {
    numbers[i] = (uint32_t)draw(run, key_span);
  }
  struct eagre_state_keys keys;
  encode_key_numbers(run, numbers, row_count, &arena, &keys);
  for (uint32_t core = 0; core < run->core_count; core++) {
    struct eagre_text own_keys[ROWS_MAX];
    uint64_t own_hashes[ROWS_MAX];
    uint32_t own_numbers[ROWS_MAX];
    int64_t panes[ROWS_MAX];
    char *payloads[ROWS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_count; i++) {
      if (eagre_state_partition(keys.hashes[i], PARTITIONS) % run->core_count != core) continue;
      own_keys[count] = keys.keys[i];
      own_hashes[count] = keys.hashes[i];
      own_numbers[count] = numbers[i];
      panes[count++] = run->pane_base + (int64_t)draw(run, (uint64_t)(PANES - run->pane_base));
    }
    struct eagre_state_keys own = {own_keys, own_hashes};
    assert_int_equal(eagre_state_fetch(run->tables[core], panes, &own, count, &run->fixture->error),
                     EAGRE_OK);
    eagre_state_get_groups(run->tables[core], panes, &own, count, payloads);
    for (uint32_t i = 0; i < count; i++) {
      update_group(run, panes[i], own_numbers[i], core, payloads[i]);
    }
  }
  eagre_arena_done(&arena);
}

/* Evicts up to a random pane. Late rows may fill such a pane again: eviction is no promise. */
static void evict_panes(struct run *run) {
  int64_t pane_max = (int64_t)draw(run, PANES);
  uint64_t expected = 0;
  uint64_t removed = 0;
  for (int64_t pane = 0; pane <= pane_max; pane++) {
    for (uint32_t key = 0; key < KEYS; key++) {
      expected += run->now.cells[pane][key].is_there;
      run->now.cells[pane][key] = (struct cell){0};
    }
  }
  for (uint32_t core = 0; core < run->core_count; core++) {
    removed += eagre_state_evict(run->tables[core], pane_max);
  }
  assert_int_equal(removed, expected);
}

static void relieve_table(struct run *run, uint32_t core) {
  const struct eagre_state_set set = ONE_TABLE(run->tables[core]);
  if (run->has_tier && draw(run, 6) == 0)
    assert_int_equal(eagre_state_spill(&set, true, &run->fixture->error), EAGRE_OK);
  assert_int_equal(eagre_state_relieve(&set, &run->fixture->error), EAGRE_OK);
}

static void save_version(struct run *run) {
  eagre_uuid_make(run->attempt);
  run->version++;
  for (uint32_t core = 0; core < run->core_count; core++) {
    struct eagre_state_snapshot snapshot = make_snapshot(run->fixture, run->version, run->attempt);
    snapshot.core = core;
    uint64_t bytes = 0;
    assert_int_equal(eagre_state_save(&ONE_TABLE(run->tables[core]), run->fixture->io, &snapshot,
                                      &bytes, &run->fixture->error),
                     EAGRE_OK);
    assert_true(bytes >= EAGRE_STATE_HEADER_SIZE + EAGRE_STATE_TRAILER_SIZE);
    relieve_table(run, core);
  }
  run->saved_core_count = run->core_count;
  run->saved = run->now;
}

static void open_tier(struct run *run, uint32_t core) {
  struct eagre_arena arena = {0};
  const struct eagre_state_tier_options options = {
      .io = run->fixture->io,
      .directory = eagre_arena_printf(&arena, "%s/tier/%u", run->fixture->directory, core).data,
      .size_max = EAGRE_STATE_TIER_SIZE_MIN,
  };
  run->tiers[core] = eagre_state_tier_new(&options);
  eagre_state_table_use_tier(run->tables[core], run->tiers[core]);
  eagre_arena_done(&arena);
}

static void open_tables(struct run *run, uint32_t core_count) {
  for (uint32_t core = 0; core < run->core_count; core++) {
    eagre_state_table_free(run->tables[core]);
    eagre_state_tier_free(run->tiers[core]);
    run->tiers[core] = NULL;
  }
  run->core_count = core_count;
  for (uint32_t core = 0; core < core_count; core++) {
    run->tables[core] = eagre_state_table_new(&payload_layout);
    if (run->is_moving) run->tables[core]->moving_capacity_min = 1;
    if (run->has_tier) open_tier(run, core);
  }
}

/* What was not saved is lost. */
static void crash_and_load(struct run *run) {
  bool is_same = draw(run, 2) == 0;
  open_tables(run, is_same ? run->saved_core_count : 1 + (uint32_t)draw(run, CORES_MAX));
  for (uint32_t core = 0; core < run->core_count; core++) {
    struct eagre_state_snapshot snapshot = make_snapshot(run->fixture, run->version, run->attempt);
    snapshot.core = core;
    enum eagre_status status =
        eagre_state_load(&ONE_TABLE(run->tables[core]), run->fixture->io, &snapshot,
                         run->saved_core_count, run->core_count, &run->fixture->error);
    if (status != EAGRE_OK) fail_msg("%s", run->fixture->error.text);
  }
  run->now = run->saved;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void check_group(struct run *run, const struct eagre_state_group *group, uint32_t key,
                        bool must_be_changed) {
  struct eagre_arena arena = {0};
  const struct cell *cell = &run->now.cells[group->pane][key];
  const struct payload *payload = (const struct payload *)group->payload;
  assert_true(cell->is_there);
  if (must_be_changed) assert_true(cell->is_changed);
  assert_int_equal(payload->count, cell->count);
  if (cell->text == 0) {
    assert_null(payload->last.data);
  } else {
    assert_true(eagre_text_equal(payload->last, make_value_text(cell->text, &arena)));
  }
  eagre_arena_done(&arena);
}

/* Groups come pane by pane; what was changed comes again by itself. */
static void check_some(struct run *run, const struct eagre_state_keys *all,
                       const struct eagre_state_group *groups, uint32_t count, bool must_be_changed,
                       int64_t *last_pane) {
  for (uint32_t i = 0; i < count; i++) {
    assert_true(groups[i].pane >= *last_pane);
    *last_pane = groups[i].pane;
    check_group(run, &groups[i], find_key_number(all, groups[i].key), must_be_changed);
  }
}

static uint32_t check_reader(struct run *run, const struct eagre_state_keys *all, uint32_t core) {
  struct eagre_state_reader *reader = eagre_state_reader_open(run->tables[core], INT64_MAX);
  struct eagre_state_group groups[13];
  struct eagre_state_metrics metrics;
  int64_t last_pane = INT64_MIN;
  uint32_t total = 0;
  uint32_t count;
  do {
    assert_int_equal(eagre_state_reader_next(reader, groups, 13, &count, &run->fixture->error),
                     EAGRE_OK);
    check_some(run, all, groups, count, false, &last_pane);
    total += count;
  } while (count > 0);
  eagre_state_reader_close(reader);
  eagre_state_measure(run->tables[core], &metrics);
  assert_int_equal(metrics.group_count, total);
  return total;
}

static uint32_t check_changed(struct run *run, const struct eagre_state_keys *all, uint32_t core) {
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group groups[13];
  int64_t last_pane = INT64_MIN;
  uint32_t total = 0;
  uint32_t count;
  while ((count = eagre_state_next(run->tables[core], &cursor, EAGRE_STATE_CHANGED, INT64_MAX,
                                   groups, 13)) > 0) {
    check_some(run, all, groups, count, true, &last_pane);
    total += count;
  }
  return total;
}

static uint32_t check_walk(struct run *run, const struct eagre_state_keys *all,
                           uint32_t (*check)(struct run *run, const struct eagre_state_keys *all,
                                             uint32_t core)) {
  uint32_t total = 0;
  for (uint32_t core = 0; core < run->core_count; core++) {
    total += check(run, all, core);
  }
  return total;
}

static void count_moving(struct run *run) {
  for (uint32_t core = 0; core < run->core_count; core++) {
    for (uint32_t i = 0; i < run->tables[core]->pane_count; i++) {
      run->moving_count += run->tables[core]->panes[i]->old_slots.capacity > 0;
    }
  }
}

/* Equal numbers of groups that all are in the model: the same groups. */
static void check_all(struct run *run) {
  struct eagre_arena arena = {0};
  uint32_t numbers[KEYS];
  struct eagre_state_keys all;
  uint32_t there = 0;
  uint32_t changed = 0;
  for (uint32_t key = 0; key < KEYS; key++) {
    numbers[key] = key;
    for (int64_t pane = 0; pane < PANES; pane++) {
      there += run->now.cells[pane][key].is_there;
      changed += run->now.cells[pane][key].is_changed;
    }
  }
  encode_key_numbers(run, numbers, KEYS, &arena, &all);
  assert_int_equal(check_walk(run, &all, check_reader), there);
  assert_int_equal(check_walk(run, &all, check_changed), changed);
  count_moving(run);
  eagre_arena_done(&arena);
}

static void check_after_load(struct run *run) {
  for (uint32_t i = 0; i < PANES * KEYS; i++) {
    run->now.cells[i / KEYS][i % KEYS].is_changed = false;
  }
  check_all(run);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void run_epoch(struct run *run) {
  begin_epoch(run);
  if (draw(run, 5) > 0) feed_rows(run, (uint32_t)draw(run, draw(run, 3) == 0 ? ROWS_MAX : 20));
  if (draw(run, 6) == 0) evict_panes(run);
  if (draw(run, 6) == 0) feed_rows(run, (uint32_t)draw(run, 20));
  check_all(run);
  bool is_first = run->version == 0;
  if (is_first || draw(run, 8) > 0) save_version(run);
  if (draw(run, 5) == 0) {
    crash_and_load(run);
    check_after_load(run);
  }
  if (draw(run, 10) == 0)
    assert_int_equal(eagre_state_purge(run->fixture->io, run->fixture->directory,
                                       run->version - (int64_t)draw(run, 4), &run->fixture->error),
                     EAGRE_OK);
}

static void tables_agree_with_the_model(void **state) {
  struct fixture *fixture = *state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    print_message("model: seed %llu\n", (unsigned long long)seed);
    struct run *run = eagre_allocate_zeroed(1, sizeof *run);
    run->fixture = fixture;
    run->has_two_columns = seed % 2 == 0;
    run->has_tier = seed > SEEDS / 2;
    run->is_moving = seed % 3 > 0;
    eagre_random_seed(&run->random, seed);
    open_tables(run, 1 + (uint32_t)draw(run, CORES_MAX));
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      run_epoch(run);
    }
    crash_and_load(run);
    check_after_load(run);
    open_tables(run, 0);
    assert_int_equal(run->is_moving, run->moving_count > 0);
    eagre_free(run);
    scratch_remove(fixture->directory);
    fixture->directory = scratch_make_fast();
  }
}

int run_model_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(tables_agree_with_the_model),
  };
  return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}

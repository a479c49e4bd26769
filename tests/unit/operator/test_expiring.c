/* State that expires group by group: session windows and deduplication against naive models. Random
 * rows over several cores in batches of one row and of thousands, late rows, groups that grow, meet
 * and expire, state saved after every epoch and loaded by another number of cores; and how much
 * the state keeps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator/operator_index.h"
#include "test_operator.h"

enum { CORES_MAX = 3, EPOCHS = 40, ROWS_MAX = 120, SESSIONS_MAX = 4096, PARTITIONS = 8, SEEDS = 3 };
#define SECOND INT64_C(1000000)
static const int64_t DELAY_MS = 15000;

/* ---- Model ----------------------------------------------------------------------------------- */

struct session {
  char key[8];
  int64_t start_us;
  int64_t end_us;
  int64_t count;
  int64_t sum;
  char text[32]; /* the greatest */
};
struct model {
  struct session sessions[SESSIONS_MAX];
  uint32_t count;
  int64_t eviction_ms;
  int64_t late_ms;
  int64_t maximum_ms;
};

static void absorb(struct session *into, const struct session *from) {
  if (from->start_us < into->start_us) into->start_us = from->start_us;
  if (from->end_us > into->end_us) into->end_us = from->end_us;
  into->count += from->count;
  into->sum += from->sum;
  if (strcmp(from->text, into->text) > 0) memcpy(into->text, from->text, sizeof into->text);
}

static bool meet(const struct session *a, const struct session *b) {
  return strcmp(a->key, b->key) == 0 && a->start_us <= b->end_us && b->start_us <= a->end_us;
}

/* A session that takes in another one may meet a third. */
static void add_session(struct model *model, struct session session) {
  for (uint32_t i = 0; i < model->count;) {
    if (!meet(&model->sessions[i], &session)) {
      i++;
      continue;
    }
    absorb(&session, &model->sessions[i]);
    model->sessions[i] = model->sessions[--model->count];
    i = 0;
  }
  assert_true(model->count < SESSIONS_MAX);
  model->sessions[model->count++] = session;
}

static void print_session(const struct session *session, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "%s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%s\n", session->key,
                      session->start_us, session->end_us, session->count, session->sum,
                      session->text);
}

/* Appends what the epoch gives; returns how many sessions have expired. */
static uint64_t end_epoch(struct model *model, bool is_complete, struct eagre_buffer *out) {
  uint64_t removed = 0;
  for (uint32_t i = 0; i < model->count;) {
    bool is_over = !is_complete && model->sessions[i].end_us <= model->eviction_ms * 1000;
    if (is_over || is_complete) print_session(&model->sessions[i], out);
    if (is_over) {
      model->sessions[i] = model->sessions[--model->count];
      removed++;
    } else {
      i++;
    }
  }
  model->late_ms = model->eviction_ms;
  if (model->maximum_ms > model->eviction_ms) model->eviction_ms = model->maximum_ms;
  return removed;
}

static const char sessions[] =
    "SELECT k, w.start AS a, w.end AS b, count(*) AS c, sum(n) AS s, max(t) AS hi FROM (SELECT "
    "session_window(ts, CASE WHEN d > 0 THEN '4 seconds' ELSE '9500 milliseconds' END) AS w, k, "
    "n, CAST(n AS STRING) AS t FROM STREAM s WATERMARK ts DELAY OF INTERVAL 15 SECONDS) "
    "GROUP BY k, w";

/* ---- One run --------------------------------------------------------------------------------- */

struct run {
  struct plan plan;
  const struct eagre_plan_tree *tree;
  bool is_complete;
  uint32_t batch_rows;
  uint32_t core_count;
  struct eagre_stages *cores[CORES_MAX];
  struct output output;
  struct model model;
  struct eagre_random random;
  struct eagre_io *io;
  char *directory;
  struct eagre_error error;
};

static void open_cores(struct run *run) {
  for (uint32_t i = 0; i < run->core_count; i++) {
    const struct eagre_stages_options options = {.tree = run->tree,
                                                 .session = &run->plan.pipeline->expression_session,
                                                 .mode = run->is_complete ? EAGRE_MODE_COMPLETE
                                                                          : EAGRE_MODE_APPEND,
                                                 .core = i,
                                                 .core_count = run->core_count,
                                                 .state_partition_count = PARTITIONS,
                                                 .output = collect,
                                                 .output_context = &run->output};
    run->cores[i] = eagre_stages_new(&options);
  }
}

static void close_cores(struct run *run) {
  for (uint32_t i = 0; i < run->core_count; i++) {
    eagre_stages_free(run->cores[i]);
  }
}

static void open_run(struct run *run, const char *select, bool is_complete, uint32_t batch_rows,
                     uint64_t seed) {
  *run = (struct run){.is_complete = is_complete, .batch_rows = batch_rows, .core_count = 2};
  eagre_error_init(&run->error);
  eagre_random_seed(&run->random, seed);
  run->plan = plan_flow(is_complete ? "complete" : "append", select);
  run->tree = &run->plan.pipeline->flows[0].query;
  run->directory = scratch_make_fast();
  assert_int_equal(eagre_io_open(NULL, &run->io, &run->error), EAGRE_OK);
  open_cores(run);
}

static void close_run(struct run *run) {
  close_cores(run);
  eagre_io_close(run->io);
  scratch_remove(run->directory);
  output_clear(&run->output);
  free_plan(&run->plan);
}

static struct eagre_state_snapshot snapshot_of(const struct run *run, int64_t version,
                                               uint32_t core) {
  return (struct eagre_state_snapshot){.directory = run->directory,
                                       .version = version,
                                       .core = core,
                                       .attempt = "attempt",
                                       .partition_count = PARTITIONS,
                                       .fingerprint = run->tree->fingerprint};
}

/* Saves with these cores and goes on with another number of them. */
static void restart(struct run *run, int64_t version) {
  uint32_t written = run->core_count;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < written; i++) {
    struct eagre_state_snapshot snapshot = snapshot_of(run, version, i);
    assert_int_equal(eagre_state_save(eagre_stages_state(run->cores[i]), run->io, &snapshot, &bytes,
                                      &run->error),
                     EAGRE_OK);
  }
  if (eagre_random_below(&run->random, 4) == 0) return;
  close_cores(run);
  if (eagre_random_below(&run->random, 2) == 0)
    run->core_count = 1 + (uint32_t)eagre_random_below(&run->random, CORES_MAX);
  open_cores(run);
  for (uint32_t i = 0; i < run->core_count; i++) {
    struct eagre_state_snapshot snapshot = snapshot_of(run, version, i);
    assert_int_equal(eagre_state_load(eagre_stages_state(run->cores[i]), run->io, &snapshot,
                                      written, run->core_count, &run->error),
                     EAGRE_OK);
  }
}

static void begin_epoch(struct run *run) {
  const struct eagre_stateful_epoch epoch = {.eviction_watermark_ms = run->model.eviction_ms,
                                             .late_watermark_ms = run->model.late_ms};
  for (uint32_t i = 0; i < run->core_count; i++) {
    eagre_stages_begin(run->cores[i], &epoch);
  }
}

static void push_rows(struct run *run, const struct row *rows, uint32_t count) {
  for (uint32_t i = 0; i < count; i += run->batch_rows) {
    uint32_t size = count - i < run->batch_rows ? count - i : run->batch_rows;
    uint32_t core = (uint32_t)eagre_random_below(&run->random, run->core_count);
    assert_int_equal(
        eagre_stages_push(run->cores[core], 0, make_batch(rows + i, size), &run->error), EAGRE_OK);
  }
}

static struct eagre_stateful_metrics finish_epoch(struct run *run) {
  struct eagre_stateful_metrics sum = {0};
  for (uint32_t level = 0; level < run->tree->level_count; level++) {
    for (uint32_t i = 0; i < run->core_count; i++) {
      assert_int_equal(
          eagre_stages_end_level(run->cores[i], level, run->cores, run->core_count, &run->error),
          EAGRE_OK);
    }
  }
  for (uint32_t i = 0; i < run->core_count; i++) {
    struct eagre_stateful_metrics each;
    eagre_stages_measure(run->cores[i], &each);
    sum.rows_total += each.rows_total;
    sum.rows_removed += each.rows_removed;
    sum.rows_dropped_late += each.rows_dropped_late;
    sum.rows_duplicate += each.rows_duplicate;
    sum.memory_bytes += each.memory_bytes;
  }
  return sum;
}

/* ---- Random rows ----------------------------------------------------------------------------- */

static struct row draw_row(struct run *run, int epoch) {
  static const char *const keys[] = {NULL, "a", "b", "c", "d", "e", "f", "g", "h", "i"};
  int64_t second = 6 * epoch + (int64_t)eagre_random_below(&run->random, 50) - 25;
  if (second < 1) second = 1;
  return (struct row){
      .ts = second * SECOND + (int64_t)eagre_random_below(&run->random, 4) * SECOND / 4,
      .k = keys[eagre_random_below(&run->random, EAGRE_COUNT_OF(keys))],
      .n = (int32_t)eagre_random_below(&run->random, 2000) - 1000,
      .d = (double)eagre_random_below(&run->random, 2),
  };
}

static bool feed_row(struct run *run, const struct row *row) {
  struct session session = {.start_us = row->ts, .count = 1, .sum = row->n};
  session.end_us = row->ts + (row->d > 0 ? 4 * SECOND : 19 * SECOND / 2);
  snprintf(session.key, sizeof session.key, "%s", row->k == NULL ? "NULL" : row->k);
  snprintf(session.text, sizeof session.text, "%d", row->n);
  int64_t ms = row->ts / 1000 - DELAY_MS;
  if (ms > run->model.maximum_ms) run->model.maximum_ms = ms;
  bool is_late = session.end_us <= run->model.late_ms * 1000;
  if (!is_late) add_session(&run->model, session);
  return is_late;
}

static int compare_lines(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The lines of `text` in order; freed by the caller. */
static char *sort_lines(const char *text) {
  char *copy = eagre_text_duplicate(eagre_text_of(text));
  char **lines = eagre_allocate(sizeof *lines * (strlen(text) + 1));
  uint32_t count = 0;
  for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    lines[count++] = line;
  }
  qsort(lines, count, sizeof *lines, compare_lines);
  struct eagre_buffer sorted = {0};
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_printf(&sorted, "%s\n", lines[i]);
  }
  char *result = eagre_text_duplicate(eagre_buffer_text(&sorted));
  eagre_buffer_done(&sorted);
  eagre_free(lines);
  eagre_free(copy);
  return result;
}

static void run_epoch(struct run *run, int number) {
  struct row rows[ROWS_MAX];
  uint32_t count = (uint32_t)eagre_random_below(&run->random, ROWS_MAX + 1);
  uint64_t late = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = draw_row(run, number);
    late += feed_row(run, &rows[i]);
  }
  begin_epoch(run);
  push_rows(run, rows, count);
  struct eagre_stateful_metrics metrics = finish_epoch(run);
  struct eagre_buffer expected = {0};
  uint64_t removed = end_epoch(&run->model, run->is_complete, &expected);
  char *wanted = sort_lines(eagre_buffer_string(&expected));
  char *given = sort_lines(output_text(&run->output));
  assert_string_equal(given, wanted);
  assert_int_equal(metrics.rows_total, run->model.count);
  /* Sessions that others took in or that begin earlier now are counted too. */
  assert_true(metrics.rows_removed >= removed);
  /* Rows of one key and time are dropped as one. */
  assert_true(metrics.rows_dropped_late <= late);
  assert_int_equal(metrics.rows_dropped_late == 0, late == 0);
  eagre_free(given);
  eagre_free(wanted);
  eagre_buffer_done(&expected);
  output_clear(&run->output);
  restart(run, number + 1);
}

static void compare_with_model(bool is_complete, uint32_t batch_rows) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct run *run = eagre_allocate(sizeof *run);
    print_message("batches of %u rows, seed %" PRIu64 "\n", batch_rows, seed);
    open_run(run, sessions, is_complete, batch_rows, seed);
    for (int number = 0; number < EPOCHS; number++) {
      run_epoch(run, number);
    }
    close_run(run);
    eagre_free(run);
  }
}

static void sessions_are_those_of_the_model(void **state) {
  (void)state;
  compare_with_model(false, 1);
  compare_with_model(false, 4096);
}

static void complete_mode_gives_all_of_them(void **state) {
  (void)state;
  compare_with_model(true, 7);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* One session that never ends beside many that do: panes that are left behind go with the
 * watermark. */
static void state_follows_the_live_sessions(void **state) {
  (void)state;
  enum { ROUNDS = 3000, ROWS = 40, WARM_UP = 300 };
  struct run *run = eagre_allocate(sizeof *run);
  uint64_t warm_bytes = 0;
  open_run(run, sessions, false, ROWS, 9);
  for (int64_t round = 0; round < ROUNDS; round++) {
    struct row rows[ROWS];
    char keys[ROWS][32];
    for (int64_t i = 0; i < ROWS; i++) {
      snprintf(keys[i], sizeof keys[i], "session %" PRId64, round * ROWS + i);
      int64_t ts = (round + 1) * SECOND + i * SECOND / ROWS;
      rows[i] = (struct row){.ts = ts, .k = i == 0 ? "endless" : keys[i], .n = 1, .d = 1};
    }
    run->model.late_ms = run->model.eviction_ms;
    run->model.eviction_ms = round * 1000 - DELAY_MS > 0 ? round * 1000 - DELAY_MS : 0;
    begin_epoch(run);
    push_rows(run, rows, ROWS);
    struct eagre_stateful_metrics metrics = finish_epoch(run);
    output_clear(&run->output);
    if (round < WARM_UP) {
      if (metrics.memory_bytes > warm_bytes) warm_bytes = metrics.memory_bytes;
      continue;
    }
    /* Delay and gap are 19 seconds of rows. */
    assert_true(metrics.rows_total <= ROWS * 23);
    assert_true(metrics.memory_bytes <= warm_bytes * 3 / 2);
  }
  close_run(run);
  eagre_free(run);
}

/* More groups than are kept unmerged: every key has rows a second apart. */
static void a_long_epoch_is_merged_on_the_way(void **state) {
  (void)state;
  enum { ROWS = 4096, BATCHES = 600, KEYS = 64 };
  struct run *run = eagre_allocate(sizeof *run);
  struct row *rows = eagre_allocate(sizeof *rows * ROWS);
  char keys[KEYS][8];
  open_run(run, sessions, true, ROWS, 5);
  for (uint32_t i = 0; i < KEYS; i++) {
    snprintf(keys[i], sizeof keys[i], "k%u", i);
  }
  begin_epoch(run);
  for (int64_t batch = 0; batch < BATCHES; batch++) {
    for (int64_t i = 0; i < ROWS; i++) {
      int64_t number = batch * ROWS + i;
      rows[i] = (struct row){
          .ts = (1 + number / KEYS) * SECOND, .k = keys[number % KEYS], .n = 1, .d = 1};
    }
    push_rows(run, rows, ROWS);
  }
  assert_int_equal(finish_epoch(run).rows_total, KEYS);
  const char *first = strchr(output_text(&run->output), '|');
  int64_t last_us = (int64_t)BATCHES * ROWS / KEYS * SECOND + 4 * SECOND;
  char wanted[128];
  snprintf(wanted, sizeof wanted, "|%" PRId64 "|%" PRId64 "|%d|%d|1\n", SECOND, last_us,
           BATCHES * ROWS / KEYS, BATCHES * ROWS / KEYS);
  assert_non_null(first);
  assert_true(strncmp(first, wanted, strlen(wanted)) == 0);
  close_run(run);
  eagre_free(rows);
  eagre_free(run);
}

/* ---- Deduplication --------------------------------------------------------------------------- */

static const char unique_within[] =
    "SELECT k, ts FROM deduplicate((SELECT * FROM STREAM s WATERMARK ts DELAY OF INTERVAL 15 "
    "SECONDS), k, withinWatermark => true)";
static const char unique_times[] =
    "SELECT k, ts FROM deduplicate((SELECT * FROM STREAM s WATERMARK ts DELAY OF INTERVAL 15 "
    "SECONDS), k, ts)";
static const char unique_keys[] =
    "SELECT k, ts FROM deduplicate((SELECT * FROM STREAM s WATERMARK ts DELAY OF INTERVAL 15 "
    "SECONDS), k)";

enum { KEY_COUNT = 12 };

/* A key that was seen: of unique_times with its time. */
struct seen {
  int64_t ts_us;
  int64_t end_us;
  uint32_t key;
};
struct seen_keys {
  struct seen items[SESSIONS_MAX];
  uint32_t count;
};

/* Rows of one key and epoch have one time, so that it does not matter which of them comes first. */
static struct row draw_key(struct run *run, int epoch, const char *const *keys, uint32_t *out_key) {
  uint32_t key = (uint32_t)eagre_random_below(&run->random, KEY_COUNT);
  int64_t second = 6 * epoch + (key * 7 + (uint32_t)epoch * 5) % 45 - 20;
  *out_key = key;
  return (struct row){.ts = (second < 1 ? 1 : second) * SECOND, .k = keys[key], .n = 1, .d = 1};
}

static bool is_seen(const struct seen_keys *seen, uint32_t key, int64_t ts_us, bool with_time) {
  for (uint32_t i = 0; i < seen->count; i++) {
    if (seen->items[i].key == key && (!with_time || seen->items[i].ts_us == ts_us)) return true;
  }
  return false;
}

static uint64_t forget(struct seen_keys *seen, int64_t bound_us) {
  uint64_t removed = 0;
  for (uint32_t i = 0; i < seen->count;) {
    if (seen->items[i].end_us <= bound_us) {
      seen->items[i] = seen->items[--seen->count];
      removed++;
    } else {
      i++;
    }
  }
  return removed;
}

/* When a key that is first seen at that time expires. */
static int64_t end_of_key(const char *select, int64_t ts_us) {
  if (select == unique_keys) return INT64_MAX;
  return select == unique_within ? ts_us + DELAY_MS * 1000 : ts_us;
}

static void run_unique_epoch(struct run *run, const char *select, struct seen_keys *seen,
                             int number) {
  static const char *const keys[KEY_COUNT] = {"",  "a", "b", "c", "d", "e",
                                              "f", "g", "h", "i", "j", "longer than others"};
  struct row rows[ROWS_MAX];
  uint32_t count = (uint32_t)eagre_random_below(&run->random, ROWS_MAX / 4);
  uint64_t late = 0;
  uint64_t known = 0;
  struct eagre_buffer expected = {0};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t key = 0;
    rows[i] = draw_key(run, number, keys, &key);
    int64_t ms = rows[i].ts / 1000 - DELAY_MS;
    if (ms > run->model.maximum_ms) run->model.maximum_ms = ms;
    if (rows[i].ts <= run->model.late_ms * 1000) {
      late++;
    } else if (is_seen(seen, key, rows[i].ts, select == unique_times)) {
      known++;
    } else {
      eagre_buffer_printf(&expected, "%s|%" PRId64 "\n", keys[key], rows[i].ts);
      seen->items[seen->count++] = (struct seen){rows[i].ts, end_of_key(select, rows[i].ts), key};
    }
  }
  begin_epoch(run);
  push_rows(run, rows, count);
  struct eagre_stateful_metrics metrics = finish_epoch(run);
  uint64_t removed = forget(seen, run->model.eviction_ms * 1000);
  char *wanted = sort_lines(expected.size == 0 ? "" : eagre_buffer_string(&expected));
  char *given = sort_lines(output_text(&run->output));
  assert_string_equal(given, wanted);
  assert_int_equal(metrics.rows_total, seen->count);
  assert_int_equal(metrics.rows_removed, removed);
  assert_int_equal(metrics.rows_dropped_late, late);
  assert_int_equal(metrics.rows_duplicate, known);
  eagre_free(given);
  eagre_free(wanted);
  eagre_buffer_done(&expected);
  output_clear(&run->output);
  restart(run, number + 1);
  run->model.late_ms = run->model.eviction_ms;
  if (run->model.maximum_ms > run->model.eviction_ms)
    run->model.eviction_ms = run->model.maximum_ms;
}

static void deduplicate_as_the_model(const char *select, uint32_t batch_rows) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct run *run = eagre_allocate(sizeof *run);
    struct seen_keys *seen = eagre_allocate_zeroed(1, sizeof *seen);
    open_run(run, select, false, batch_rows, seed);
    for (int number = 0; number < EPOCHS; number++) {
      run_unique_epoch(run, select, seen, number);
    }
    close_run(run);
    eagre_free(seen);
    eagre_free(run);
  }
}

static void unique_rows_are_those_of_the_model(void **state) {
  (void)state;
  deduplicate_as_the_model(unique_within, 1);
  deduplicate_as_the_model(unique_within, 4096);
  deduplicate_as_the_model(unique_times, 1);
  deduplicate_as_the_model(unique_times, 4096);
  deduplicate_as_the_model(unique_keys, 5);
}

/* Keys that never come again, for a long time. */
static void keys_that_expired_take_no_memory(void **state) {
  (void)state;
  enum { ROUNDS = 3000, ROWS = 40, WARM_UP = 300 };
  struct run *run = eagre_allocate(sizeof *run);
  uint64_t warm_bytes = 0;
  open_run(run, unique_within, false, ROWS, 9);
  for (int64_t round = 0; round < ROUNDS; round++) {
    struct row rows[ROWS];
    char keys[ROWS][32];
    for (int64_t i = 0; i < ROWS; i++) {
      snprintf(keys[i], sizeof keys[i], "key %" PRId64, round * ROWS + i);
      rows[i] = (struct row){.ts = (round + 1) * SECOND + i * SECOND / ROWS, .k = keys[i]};
    }
    run->model.late_ms = run->model.eviction_ms;
    run->model.eviction_ms = round * 1000 - DELAY_MS > 0 ? round * 1000 - DELAY_MS : 0;
    begin_epoch(run);
    push_rows(run, rows, ROWS);
    struct eagre_stateful_metrics metrics = finish_epoch(run);
    output_clear(&run->output);
    if (round < WARM_UP) {
      if (metrics.memory_bytes > warm_bytes) warm_bytes = metrics.memory_bytes;
      continue;
    }
    /* Twice the delay, and a second for the epoch that raises the watermark. */
    assert_true(metrics.rows_total <= ROWS * 33);
    assert_true(metrics.memory_bytes <= warm_bytes * 3 / 2);
  }
  close_run(run);
  eagre_free(run);
}

/* ---- The index ------------------------------------------------------------------------------- */

static uint32_t count_payloads(const struct operator_index *index, uint64_t hash) {
  uint64_t position = 0;
  uint32_t count = 0;
  while (eagre_operator_index_next(index, hash, &position) != NULL) {
    count++;
  }
  return count;
}

/* Hashes repeat; what was removed is not found, everything else is. */
static void the_index_finds_what_is_there(void **state) {
  (void)state;
  enum { STEPS = 200000, HASHES = 500, ROOM = 4000 };
  static char payloads[ROOM];
  static uint16_t hash_of[ROOM];
  static bool is_there[ROOM];
  uint32_t counts[HASHES] = {0};
  struct operator_index index = {0};
  struct eagre_random random;
  eagre_random_seed(&random, 3);
  assert_int_equal(count_payloads(&index, 1), 0);
  for (uint32_t step = 0; step < STEPS; step++) {
    uint32_t i = (uint32_t)eagre_random_below(&random, ROOM);
    if (is_there[i]) {
      eagre_operator_index_remove(&index, hash_of[i], &payloads[i]);
      counts[hash_of[i]]--;
    } else {
      hash_of[i] = (uint16_t)eagre_random_below(&random, HASHES);
      eagre_operator_index_add(&index, hash_of[i], &payloads[i]);
      counts[hash_of[i]]++;
    }
    is_there[i] = !is_there[i];
    uint32_t hash = (uint32_t)eagre_random_below(&random, HASHES);
    assert_int_equal(count_payloads(&index, hash), counts[hash]);
  }
  for (uint32_t i = 0; i < ROOM; i++) {
    if (is_there[i]) eagre_operator_index_remove(&index, hash_of[i], &payloads[i]);
  }
  assert_int_equal(index.count, 0);
  assert_true(eagre_operator_index_memory(&index) <= 4096);
  eagre_operator_index_done(&index);
}

int run_expiring_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_are_those_of_the_model),
      cmocka_unit_test(complete_mode_gives_all_of_them),
      cmocka_unit_test(state_follows_the_live_sessions),
      cmocka_unit_test(a_long_epoch_is_merged_on_the_way),
      cmocka_unit_test(unique_rows_are_those_of_the_model),
      cmocka_unit_test(keys_that_expired_take_no_memory),
      cmocka_unit_test(the_index_finds_what_is_there),
  };
  return cmocka_run_group_tests_name("expiring", tests, NULL, NULL);
}

/* Streaming aggregation against a naive model: random rows over several cores, all output modes,
 * late rows, eviction, state saved and loaded between epochs by another number of cores. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_operator.h"

enum {
  CORES_MAX = 4,
  EPOCHS = 30,
  ROWS_MAX = 200,
  PANES = 80,
  KEYS = 6,
  PARTITIONS = 8,
  SEEDS = 4
};
#define PANE_US INT64_C(10000000)
static const int64_t DELAY_MS = 15000;

/* ---- Model ----------------------------------------------------------------------------------- */

struct cell {
  bool is_there;
  bool is_changed;
  int64_t count;
  int64_t sum;
  int64_t number_count;
  char low[16];
  char high[16];
};
/* Cell [p][k] is the window that begins at p * 10 s, or of the NULL time in key mode; key 0 =
 * NULL. */
struct model {
  struct cell cells[PANES][KEYS];
  int64_t eviction_ms;
  int64_t late_ms;
  int64_t maximum_ms;
};

static void add_to_cell(struct cell *cell, const struct row *row) {
  cell->is_there = true;
  cell->is_changed = true;
  cell->count += 1;
  if (row->n != NO_NUMBER) {
    cell->sum += row->n;
    cell->number_count += 1;
  }
  char text[16];
  snprintf(text, sizeof text, "%g", row->d);
  if (cell->count == 1 || strcmp(text, cell->low) < 0) memcpy(cell->low, text, sizeof text);
  if (cell->count == 1 || strcmp(text, cell->high) > 0) memcpy(cell->high, text, sizeof text);
}

/* ---- One run --------------------------------------------------------------------------------- */

struct run {
  struct plan plan;
  enum eagre_output_mode mode;
  struct eagre_plan_node *aggregate;
  uint32_t input_count; /* nodes before the aggregation */
  struct eagre_io *io;
  char *directory;
  struct eagre_random random;
  uint32_t core_count;
  struct eagre_chain *inputs[CORES_MAX];
  struct eagre_stateful *stateful[CORES_MAX];
  struct output output;
  struct eagre_chain *tail; /* what stands above the aggregation */
  struct model model;
  struct eagre_error error;
};

static enum eagre_status fold(void *context, struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_stateful_push(context, 0, batch, error);
}

static enum eagre_status push_tail(void *context, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  return eagre_chain_push(((struct run *)context)->tail, batch, error);
}

static void open_cores(struct run *run) {
  const struct eagre_expression_session *session = &run->plan.pipeline->expression_session;
  for (uint32_t i = 0; i < run->core_count; i++) {
    const struct eagre_stateful_options options = {.node = run->aggregate,
                                                   .session = session,
                                                   .mode = run->mode,
                                                   .core = i,
                                                   .core_count = run->core_count,
                                                   .state_partition_count = PARTITIONS,
                                                   .output = push_tail,
                                                   .output_context = run};
    run->stateful[i] = eagre_stateful_new(&options);
    const struct eagre_chain_options input = {.nodes = run->plan.nodes,
                                              .node_count = run->input_count,
                                              .input = run->plan.source->output,
                                              .session = session,
                                              .output = fold,
                                              .output_context = run->stateful[i]};
    run->inputs[i] = eagre_chain_new(&input);
  }
}

static void close_cores(struct run *run) {
  for (uint32_t i = 0; i < run->core_count; i++) {
    eagre_chain_free(run->inputs[i]);
    eagre_stateful_free(run->stateful[i]);
  }
}

static void open_run(struct run *run, enum eagre_output_mode mode, uint64_t seed) {
  *run = (struct run){.mode = mode};
  eagre_error_init(&run->error);
  eagre_random_seed(&run->random, seed);
  run->plan = plan_flow(
      eagre_output_mode_name(mode),
      "SELECT w.start AS start, k, count(*) AS c, sum(n) AS s, min(t) AS lo, max(t) AS hi FROM "
      "(SELECT window(ts, '10 seconds') AS w, k, n, CAST(CAST(d AS INT) AS STRING) AS t FROM "
      "STREAM s WATERMARK ts DELAY OF INTERVAL 15 SECONDS) GROUP BY w, k");
  run->aggregate = run->plan.pipeline->flows[0].query.stateful[0];
  while (run->plan.nodes[run->input_count] != run->aggregate) {
    run->input_count += 1;
  }
  const struct eagre_chain_options tail = {.nodes = run->plan.nodes + run->input_count + 1,
                                           .node_count =
                                               run->plan.node_count - run->input_count - 1,
                                           .input = run->aggregate->output,
                                           .session = &run->plan.pipeline->expression_session,
                                           .output = collect,
                                           .output_context = &run->output};
  run->tail = eagre_chain_new(&tail);
  run->directory = scratch_make_fast();
  assert_int_equal(eagre_io_open(NULL, &run->io, &run->error), EAGRE_OK);
  run->core_count = 2;
  open_cores(run);
}

static void close_run(struct run *run) {
  close_cores(run);
  eagre_chain_free(run->tail);
  eagre_io_close(run->io);
  scratch_remove(run->directory);
  output_clear(&run->output);
  free_plan(&run->plan);
}

/* ---- An epoch -------------------------------------------------------------------------------- */

static struct row draw_row(struct run *run, int epoch) {
  static const char *const keys[KEYS] = {NULL, "", "a", "b", "a longer key than others", "z"};
  int64_t second = 5 * epoch + (int64_t)eagre_random_below(&run->random, 40) - 30;
  if (second < 1) second = 1;
  return (struct row){
      .ts = second * 1000000 + (int64_t)eagre_random_below(&run->random, 1000000),
      .k = keys[eagre_random_below(&run->random, KEYS)],
      .n = eagre_random_below(&run->random, 10) == 0
               ? NO_NUMBER
               : (int32_t)eagre_random_below(&run->random, 2000) - 1000,
      .d = (double)eagre_random_below(&run->random, 100000),
  };
}

static uint32_t key_number(const char *key) {
  static const char *const keys[KEYS] = {NULL, "", "a", "b", "a longer key than others", "z"};
  for (uint32_t i = 1; key != NULL && i < KEYS; i++) {
    if (strcmp(keys[i], key) == 0) return i;
  }
  return 0;
}

static const char *key_text(uint32_t number) {
  static const char *const keys[KEYS] = {"NULL", "", "a", "b", "a longer key than others", "z"};
  return keys[number];
}

/* Late groups of the epoch's rows are dropped whole, as the partial table is. */
static void feed_model(struct run *run, const struct row *rows, uint32_t count,
                       uint64_t *out_dropped) {
  struct model *model = &run->model;
  bool is_dropped[PANES][KEYS] = {{false}};
  for (uint32_t p = 0; p < PANES; p++) {
    for (uint32_t k = 0; k < KEYS; k++) {
      model->cells[p][k].is_changed = false;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t p = (uint32_t)(rows[i].ts / PANE_US);
    uint32_t k = key_number(rows[i].k);
    int64_t end_us = (int64_t)(p + 1) * PANE_US;
    if (run->mode != EAGRE_MODE_COMPLETE && end_us <= model->late_ms * 1000) {
      is_dropped[p][k] = true;
      continue;
    }
    add_to_cell(&model->cells[p][k], &rows[i]);
    int64_t ms = rows[i].ts / 1000;
    if (ms - DELAY_MS > model->maximum_ms) model->maximum_ms = ms - DELAY_MS;
  }
  *out_dropped = 0;
  for (uint32_t p = 0; p < PANES; p++) {
    for (uint32_t k = 0; k < KEYS; k++) {
      *out_dropped += is_dropped[p][k];
    }
  }
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

/* What the epoch must emit; evicts. */
static char *expect(struct run *run, uint64_t *out_total, uint64_t *out_removed) {
  struct eagre_buffer text = {0};
  struct model *model = &run->model;
  *out_total = 0;
  *out_removed = 0;
  for (uint32_t p = 0; p < PANES; p++) {
    bool is_over = (int64_t)(p + 1) * PANE_US <= model->eviction_ms * 1000;
    for (uint32_t k = 0; k < KEYS; k++) {
      struct cell *cell = &model->cells[p][k];
      if (!cell->is_there) continue;
      bool is_emitted = run->mode == EAGRE_MODE_COMPLETE ||
                        (run->mode == EAGRE_MODE_UPDATE ? cell->is_changed : is_over);
      char sum[32] = "NULL";
      if (cell->number_count > 0) snprintf(sum, sizeof sum, "%" PRId64, cell->sum);
      if (is_emitted) {
        eagre_buffer_printf(&text, "%" PRId64 "|%s|%" PRId64 "|%s|%s|%s\n", (int64_t)p * PANE_US,
                            key_text(k), cell->count, sum, cell->low, cell->high);
      }
      if (is_over && run->mode != EAGRE_MODE_COMPLETE) {
        *cell = (struct cell){0};
        *out_removed += 1;
      }
      *out_total += cell->is_there;
    }
  }
  char *sorted = sort_lines(eagre_buffer_string(&text));
  eagre_buffer_done(&text);
  return sorted;
}

static void push_rows(struct run *run, const struct row *rows, uint32_t count) {
  const struct eagre_stateful_epoch epoch = {.eviction_watermark_ms = run->model.eviction_ms,
                                             .late_watermark_ms = run->model.late_ms};
  uint32_t next = 0;
  for (uint32_t i = 0; i < run->core_count; i++) {
    eagre_chain_begin(run->inputs[i], 0);
    eagre_stateful_begin(run->stateful[i], &epoch);
  }
  while (next < count) {
    uint32_t size = 1 + (uint32_t)eagre_random_below(&run->random, 40);
    if (size > count - next) size = count - next;
    uint32_t core = (uint32_t)eagre_random_below(&run->random, run->core_count);
    assert_int_equal(
        eagre_chain_push(run->inputs[core], make_batch(rows + next, size), &run->error), EAGRE_OK);
    next += size;
  }
}

static struct eagre_stateful_metrics finish_epoch(struct run *run) {
  struct eagre_stateful_metrics sum = {0};
  eagre_chain_begin(run->tail, 0);
  for (uint32_t i = 0; i < run->core_count; i++) {
    for (uint32_t j = 0; j < run->core_count; j++) {
      assert_int_equal(eagre_stateful_collect(run->stateful[i], run->stateful[j], &run->error),
                       EAGRE_OK);
    }
    assert_int_equal(eagre_stateful_finish(run->stateful[i], &run->error), EAGRE_OK);
    struct eagre_stateful_metrics each;
    eagre_stateful_measure(run->stateful[i], &each);
    sum.rows_total += each.rows_total;
    sum.rows_removed += each.rows_removed;
    sum.rows_dropped_late += each.rows_dropped_late;
  }
  return sum;
}

/* Saves with these cores and goes on with another number of them. */
static void restart(struct run *run, int64_t version) {
  struct eagre_state_snapshot snapshot = {.directory = run->directory,
                                          .version = version,
                                          .attempt = "attempt",
                                          .partition_count = PARTITIONS,
                                          .fingerprint = 1};
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < run->core_count; i++) {
    snapshot.core = i;
    struct eagre_state_table *table = eagre_stateful_table(run->stateful[i]);
    const struct eagre_state_set set = {&table, 1};
    assert_int_equal(eagre_state_save(&set, run->io, &snapshot, &bytes, &run->error), EAGRE_OK);
  }
  if (eagre_random_below(&run->random, 3) > 0) return;
  uint32_t written = run->core_count;
  close_cores(run);
  run->core_count = 1 + (uint32_t)eagre_random_below(&run->random, CORES_MAX);
  open_cores(run);
  for (uint32_t i = 0; i < run->core_count; i++) {
    snapshot.core = i;
    struct eagre_state_table *table = eagre_stateful_table(run->stateful[i]);
    const struct eagre_state_set set = {&table, 1};
    assert_int_equal(
        eagre_state_load(&set, run->io, &snapshot, written, run->core_count, &run->error),
        EAGRE_OK);
  }
}

static void run_epoch(struct run *run, int number) {
  struct row rows[ROWS_MAX];
  uint32_t count = (uint32_t)eagre_random_below(&run->random, ROWS_MAX + 1);
  uint64_t dropped = 0;
  uint64_t total = 0;
  uint64_t removed = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = draw_row(run, number);
  }
  feed_model(run, rows, count, &dropped);
  char *expected = expect(run, &total, &removed);
  push_rows(run, rows, count);
  struct eagre_stateful_metrics metrics = finish_epoch(run);
  char *actual = sort_lines(output_text(&run->output));
  assert_string_equal(actual, expected);
  assert_int_equal(metrics.rows_total, total);
  assert_int_equal(metrics.rows_removed, removed);
  /* Groups are counted where they are dropped: once per core whose partial table held them. */
  assert_true(metrics.rows_dropped_late >= dropped);
  assert_true(metrics.rows_dropped_late <= dropped * run->core_count);
  output_clear(&run->output);
  eagre_free(actual);
  eagre_free(expected);
  restart(run, number + 1);
  run->model.late_ms = run->model.eviction_ms;
  if (run->model.maximum_ms > run->model.eviction_ms) {
    run->model.eviction_ms = run->model.maximum_ms;
  }
}

static void run_mode(enum eagre_output_mode mode) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct run run;
    print_message("mode %s, seed %" PRIu64 "\n", eagre_output_mode_name(mode), seed);
    open_run(&run, mode, seed);
    for (int number = 0; number < EPOCHS; number++) {
      run_epoch(&run, number);
    }
    close_run(&run);
  }
}

static void append_emits_what_it_evicts(void **state) {
  (void)state;
  run_mode(EAGRE_MODE_APPEND);
}

static void update_emits_what_it_touched(void **state) {
  (void)state;
  run_mode(EAGRE_MODE_UPDATE);
}

static void complete_emits_everything(void **state) {
  (void)state;
  run_mode(EAGRE_MODE_COMPLETE);
}

/* ---- Cases of their own ---------------------------------------------------------------------- */

struct lone {
  struct plan plan;
  struct eagre_chain *input;
  struct eagre_stateful *stateful;
  struct output output;
};

/* A flow without a projection above its aggregation, on one core. */
static struct lone *open_lone(const char *mode, const char *select) {
  struct lone *lone = eagre_allocate_zeroed(1, sizeof *lone);
  lone->plan = plan_flow(mode, select);
  const struct eagre_flow *flow = &lone->plan.pipeline->flows[0];
  const struct eagre_expression_session *session = &lone->plan.pipeline->expression_session;
  uint32_t input_count = 0;
  struct eagre_plan_node *aggregate = flow->query.stateful[0];
  while (lone->plan.nodes[input_count] != aggregate) {
    input_count += 1;
  }
  const struct eagre_stateful_options options = {.node = aggregate,
                                                 .session = session,
                                                 .mode = flow->mode,
                                                 .core_count = 1,
                                                 .state_partition_count = 4,
                                                 .output = collect,
                                                 .output_context = &lone->output};
  lone->stateful = eagre_stateful_new(&options);
  const struct eagre_chain_options input = {.nodes = lone->plan.nodes,
                                            .node_count = input_count,
                                            .input = lone->plan.source->output,
                                            .session = session,
                                            .output = fold,
                                            .output_context = lone->stateful};
  lone->input = eagre_chain_new(&input);
  return lone;
}

static void close_lone(struct lone *lone) {
  eagre_chain_free(lone->input);
  eagre_stateful_free(lone->stateful);
  output_clear(&lone->output);
  free_plan(&lone->plan);
  eagre_free(lone);
}

/* Runs an epoch and gives its lines; valid until the next. */
static const char *run_lone(struct lone *lone, const struct row *rows, uint32_t count,
                            int64_t eviction_ms, int64_t late_ms) {
  const struct eagre_stateful_epoch epoch = {.eviction_watermark_ms = eviction_ms,
                                             .late_watermark_ms = late_ms};
  output_clear(&lone->output);
  eagre_chain_begin(lone->input, 0);
  eagre_stateful_begin(lone->stateful, &epoch);
  if (count > 0) {
    assert_int_equal(eagre_chain_push(lone->input, make_batch(rows, count), NULL), EAGRE_OK);
  }
  assert_int_equal(eagre_stateful_collect(lone->stateful, lone->stateful, NULL), EAGRE_OK);
  assert_int_equal(eagre_stateful_finish(lone->stateful, NULL), EAGRE_OK);
  return output_text(&lone->output);
}

static void without_keys_every_epoch_gives_a_row(void **state) {
  (void)state;
  const struct row row = {1, "a", 5, 0};
  struct lone *lone = open_lone("update", "SELECT count(*) AS c, sum(n) AS s FROM STREAM s");
  assert_string_equal(run_lone(lone, NULL, 0, 0, 0), "0|NULL\n");
  assert_string_equal(run_lone(lone, &row, 1, 0, 0), "1|5\n");
  assert_string_equal(run_lone(lone, NULL, 0, 0, 0), "1|5\n");
  close_lone(lone);
}

/* A NULL event time is never late and never evicted; equality is late. */
static void null_event_times_stay(void **state) {
  (void)state;
  const struct row rows[] = {
      {NO_TIME, "a", 1, 0}, {5000000, "a", 1, 0}, {5000001, "a", 1, 0}, {-1, "a", 1, 0}};
  struct lone *lone =
      open_lone("append", "SELECT ts, count(*) AS c FROM STREAM s WATERMARK ts DELAY OF INTERVAL 0 "
                          "SECONDS GROUP BY ts");
  assert_string_equal(run_lone(lone, rows, 4, 0, 0), "");
  struct eagre_stateful_metrics metrics;
  eagre_stateful_measure(lone->stateful, &metrics);
  assert_int_equal(metrics.rows_dropped_late,
                   1); /* -1: late watermark 0 drops what is before 1970 */
  assert_int_equal(metrics.rows_total, 3);
  assert_string_equal(run_lone(lone, rows, 1, 5000, 0), "5000000|1\n");
  assert_string_equal(run_lone(lone, rows, 4, 5000, 5000), "");
  eagre_stateful_measure(lone->stateful, &metrics);
  assert_int_equal(metrics.rows_dropped_late, 2);
  assert_string_equal(run_lone(lone, NULL, 0, INT64_MAX, 5000), "5000001|2\n");
  eagre_stateful_measure(lone->stateful, &metrics);
  assert_int_equal(metrics.rows_total, 1); /* NULL */
  close_lone(lone);
}

static void a_sum_that_overflows_in_the_merge_fails(void **state) {
  (void)state;
  const struct row row = {1, "a", 1, 0};
  struct lone *lone =
      open_lone("update", "SELECT k, sum(n + 9223372036854775806) AS s FROM STREAM s GROUP BY k");
  assert_string_equal(run_lone(lone, &row, 1, 0, 0), "a|9223372036854775807\n");
  eagre_chain_begin(lone->input, 0);
  const struct eagre_stateful_epoch epoch = {0};
  eagre_stateful_begin(lone->stateful, &epoch);
  assert_int_equal(eagre_chain_push(lone->input, make_batch(&row, 1), NULL), EAGRE_OK);
  struct eagre_error error;
  assert_int_equal(eagre_stateful_collect(lone->stateful, lone->stateful, &error), EAGRE_DATA);
  assert_string_equal(error.class_name, "ARITHMETIC_OVERFLOW");
  close_lone(lone);
}

int run_model_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(append_emits_what_it_evicts),
      cmocka_unit_test(update_emits_what_it_touched),
      cmocka_unit_test(complete_emits_everything),
      cmocka_unit_test(without_keys_every_epoch_gives_a_row),
      cmocka_unit_test(null_event_times_stay),
      cmocka_unit_test(a_sum_that_overflows_in_the_merge_fails),
  };
  return cmocka_run_group_tests_name("streaming aggregation", tests, NULL, NULL);
}

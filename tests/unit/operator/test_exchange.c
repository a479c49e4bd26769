/* Rows between cores: each comes to the one owner of its key, once, whole and in order. */
#include <stdio.h>
#include <string.h>

#include "operator/operator_keyed.h"
#include "test_operator.h"

/* ---- The exchange ---------------------------------------------------------------------------- */

/* Row i of a batch: texts of several sizes, some columns NULL. */
static void fill_rows(struct row *rows, uint32_t first, uint32_t count, char (*texts)[40]) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t number = first + i;
    snprintf(texts[i], sizeof texts[i], "%u-%.*s", number, (int)(number % 30),
             "abcdefghijklmnopqrstuvwxyzabcd");
    rows[i] = (struct row){number % 5 == 0 ? NO_TIME : number, number % 7 == 0 ? NULL : texts[i],
                           number % 11 == 0 ? NO_NUMBER : (int32_t)number, number / 8.0};
  }
}

static const struct eagre_type *row_type(struct eagre_arena *arena) {
  const struct eagre_field fields[] = {
      {EAGRE_TEXT("ts"), eagre_type_of(EAGRE_TYPE_TIMESTAMP), true},
      {EAGRE_TEXT("k"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("n"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("d"), eagre_type_of(EAGRE_TYPE_DOUBLE), true},
  };
  return eagre_type_struct(arena, fields, EAGRE_COUNT_OF(fields));
}

static void print_taken(struct operator_exchange *exchange, uint32_t owner, struct output *out) {
  struct eagre_batch *batch = eagre_operator_exchange_take(exchange, owner);
  while (batch != NULL) {
    struct eagre_batch *next = batch->next;
    assert_true(batch->row_count <= EAGRE_BATCH_ROWS_MAX);
    collect(out, batch, NULL);
    batch = next;
  }
}

/* Even rows go to owner 0, odd ones to owner 1; the batches they came from are gone by then. */
static void rows_come_whole_and_in_order(void **state) {
  (void)state;
  enum { BATCH = 1500, BATCHES = 9 };
  struct eagre_arena arena = {0};
  struct operator_exchange *exchange = eagre_operator_exchange_new(row_type(&arena), 2);
  struct output expected[2] = {{{0}, 0}, {{0}, 0}};
  static struct row rows[BATCH];
  static char texts[BATCH][40];
  for (uint32_t i = 0; i < BATCHES; i++) {
    fill_rows(rows, i * BATCH, BATCH, texts);
    struct eagre_batch *batch = make_batch(rows, BATCH);
    for (uint32_t owner = 0; owner < 2; owner++) {
      uint32_t picked[BATCH / 2];
      struct row picked_rows[BATCH / 2];
      for (uint32_t j = 0; j < BATCH / 2; j++) {
        picked[j] = j * 2 + owner;
        picked_rows[j] = rows[picked[j]];
      }
      eagre_operator_exchange_put(exchange, owner, batch, picked, BATCH / 2);
      collect(&expected[owner], make_batch(picked_rows, BATCH / 2), NULL);
    }
    eagre_batch_free(batch);
  }
  assert_true(eagre_operator_exchange_memory(exchange) > 0);
  for (uint32_t owner = 0; owner < 2; owner++) {
    struct output taken = {{0}, 0};
    print_taken(exchange, owner, &taken);
    assert_string_equal(output_text(&taken), output_text(&expected[owner]));
    assert_null(eagre_operator_exchange_take(exchange, owner));
    output_clear(&taken);
    output_clear(&expected[owner]);
  }
  assert_int_equal(eagre_operator_exchange_memory(exchange), 0);
  eagre_operator_exchange_free(exchange);
  eagre_arena_done(&arena);
}

/* What an epoch that failed has left is gone in the next. */
static void cleared_rows_do_not_come(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct operator_exchange *exchange = eagre_operator_exchange_new(row_type(&arena), 3);
  const struct row row = {1, "a", 1, 1};
  const uint32_t first = 0;
  struct eagre_batch *batch = make_batch(&row, 1);
  eagre_operator_exchange_put(exchange, 2, batch, &first, 1);
  eagre_batch_free(batch);
  eagre_operator_exchange_clear(exchange);
  assert_null(eagre_operator_exchange_take(exchange, 2));
  eagre_operator_exchange_free(exchange);
  eagre_arena_done(&arena);
}

/* ---- Rows to the owners of their keys -------------------------------------------------------- */

enum { CORES = 3, PARTITIONS = 7, NUMBERS = 20000 };

struct worker {
  struct operator_keyed *keyed;
  uint32_t core;
  uint32_t *seen; /* by number in column n: how often it was worked, by any core */
  uint32_t worked;
};

static enum eagre_status count_rows(void *context, const struct operator_keyed_rows *rows,
                                    struct eagre_error *error) {
  struct worker *worker = context;
  const struct eagre_batch *batch = rows->batch;
  (void)error;
  assert_true(batch->row_count > 0);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    uint32_t partition = eagre_state_partition(rows->keys.hashes[i], PARTITIONS);
    assert_int_equal(partition % CORES, worker->core);
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, &batch->columns[1])[i];
    struct eagre_text value = EAGRE_VALUES(struct eagre_text, &rows->values[0])[i];
    assert_true(eagre_text_equal(rows->keys.keys[i], text));
    assert_true(eagre_text_equal(value, text));
    int32_t number = EAGRE_VALUES(int32_t, &batch->columns[2])[i];
    char expected[16];
    snprintf(expected, sizeof expected, "%d", number % 1000);
    assert_true(eagre_text_equal(text, eagre_text_of(expected)));
    worker->seen[number]++;
  }
  worker->worked += batch->row_count;
  eagre_batch_free(rows->batch);
  return EAGRE_OK;
}

static void open_workers(struct worker *workers, uint32_t count, const struct plan *plan,
                         uint32_t *seen) {
  const struct eagre_plan_node *node = plan->pipeline->flows[0].query.stateful[0];
  const struct operator_keyed_side side = {eagre_plan_input(node)->output, node->keys, 1};
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_stateful_options stateful = {
        .session = &plan->pipeline->expression_session,
        .core = i,
        .core_count = count,
        .state_partition_count = PARTITIONS,
    };
    const struct operator_keyed_options options = {&stateful, &side, 1, count_rows, &workers[i]};
    workers[i] = (struct worker){eagre_operator_keyed_new(&options), i, seen, 0};
    eagre_operator_keyed_begin(workers[i].keyed, 0);
  }
}

static struct eagre_batch *number_batch(uint32_t first, uint32_t count) {
  struct row *rows = eagre_allocate_zeroed(count, sizeof *rows);
  char(*texts)[12] = eagre_allocate_zeroed(count, sizeof *texts);
  for (uint32_t i = 0; i < count; i++) {
    snprintf(texts[i], sizeof texts[i], "%u", (first + i) % 1000);
    rows[i] = (struct row){first + i, texts[i], (int32_t)(first + i), 0};
  }
  struct eagre_batch *batch = make_batch(rows, count);
  eagre_free(rows);
  eagre_free(texts);
  return batch;
}

/* All cores push a part, then all collect; several rounds as the slices of an epoch. */
static void each_row_is_worked_once_by_its_owner(void **state) {
  (void)state;
  struct plan plan = plan_flow("update", "SELECT k, max(ts) AS t, max(n) AS m, max(d) AS d, "
                                         "count(*) AS c FROM STREAM s GROUP BY k");
  uint32_t *seen = eagre_allocate_zeroed(NUMBERS, sizeof *seen);
  struct worker workers[CORES];
  struct eagre_random random;
  eagre_random_seed(&random, 1);
  open_workers(workers, CORES, &plan, seen);
  uint32_t pushed = 0;
  while (pushed < NUMBERS) {
    for (uint32_t i = 0; i < CORES && pushed < NUMBERS; i++) {
      uint32_t count = 1 + (uint32_t)(eagre_random_next(&random) % 1000);
      if (count > NUMBERS - pushed) count = NUMBERS - pushed;
      assert_int_equal(
          eagre_operator_keyed_push(workers[i].keyed, 0, number_batch(pushed, count), NULL),
          EAGRE_OK);
      pushed += count;
    }
    for (uint32_t i = 0; i < CORES; i++) {
      for (uint32_t j = 0; j < CORES; j++) {
        assert_int_equal(eagre_operator_keyed_collect(workers[i].keyed, workers[j].keyed, NULL),
                         EAGRE_OK);
      }
    }
    for (uint32_t i = 0; i < CORES; i++) {
      assert_int_equal(eagre_operator_keyed_memory(workers[i].keyed), 0);
    }
  }
  for (uint32_t i = 0; i < NUMBERS; i++) {
    assert_int_equal(seen[i], 1);
  }
  for (uint32_t i = 0; i < CORES; i++) {
    assert_true(workers[i].worked > 0);
    eagre_operator_keyed_free(workers[i].keyed);
  }
  eagre_free(seen);
  free_plan(&plan);
}

static enum eagre_status count_batch(void *context, const struct operator_keyed_rows *rows,
                                     struct eagre_error *error) {
  (void)error;
  *(uint32_t *)context += rows->batch->row_count;
  eagre_batch_free(rows->batch);
  return EAGRE_OK;
}

static void one_core_works_rows_at_once(void **state) {
  (void)state;
  struct plan plan = plan_flow("update", "SELECT k, max(ts) AS t, max(n) AS m, max(d) AS d, "
                                         "count(*) AS c FROM STREAM s GROUP BY k");
  const struct eagre_plan_node *node = plan.pipeline->flows[0].query.stateful[0];
  const struct operator_keyed_side side = {eagre_plan_input(node)->output, node->keys, 1};
  const struct eagre_stateful_options stateful = {
      .session = &plan.pipeline->expression_session, .core_count = 1, .state_partition_count = 7};
  uint32_t worked = 0;
  const struct operator_keyed_options options = {&stateful, &side, 1, count_batch, &worked};
  struct operator_keyed *keyed = eagre_operator_keyed_new(&options);
  assert_int_equal(eagre_operator_keyed_push(keyed, 0, number_batch(0, 100), NULL), EAGRE_OK);
  assert_int_equal(worked, 100);
  assert_int_equal(eagre_operator_keyed_memory(keyed), 0);
  eagre_operator_keyed_free(keyed);
  free_plan(&plan);
}

/* A key that fails names its row; the batch is gone. */
static void a_key_that_fails_has_a_place(void **state) {
  (void)state;
  struct plan plan =
      plan_flow("update", "SELECT k::int AS i, max(ts) AS t, max(n) AS m, max(d) AS d, "
                          "count(*) AS c FROM STREAM s GROUP BY k::int");
  const struct eagre_plan_node *node = plan.pipeline->flows[0].query.stateful[0];
  const struct operator_keyed_side side = {eagre_plan_input(node)->output, node->keys, 1};
  const struct eagre_stateful_options stateful = {
      .session = &plan.pipeline->expression_session, .core_count = 1, .state_partition_count = 7};
  uint32_t worked = 0;
  const struct operator_keyed_options options = {&stateful, &side, 1, count_batch, &worked};
  struct operator_keyed *keyed = eagre_operator_keyed_new(&options);
  const struct row rows[] = {{1, "1", 1, 1}, {1, "x", 1, 1}};
  struct eagre_error error;
  eagre_error_init(&error);
  assert_int_equal(eagre_operator_keyed_push(keyed, 0, make_batch(rows, 2), &error), EAGRE_DATA);
  assert_string_equal(error.class_name, "CAST_INVALID_INPUT");
  assert_string_equal(error.place, "file /in/a, line 2");
  assert_int_equal(worked, 0);
  eagre_operator_keyed_free(keyed);
  free_plan(&plan);
}

int run_exchange_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_come_whole_and_in_order),
      cmocka_unit_test(cleared_rows_do_not_come),
      cmocka_unit_test(each_row_is_worked_once_by_its_owner),
      cmocka_unit_test(one_core_works_rows_at_once),
      cmocka_unit_test(a_key_that_fails_has_a_place),
  };
  return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}

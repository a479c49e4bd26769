/* Open epochs: ends that are logged afterwards, ticks and their watermarks, what failures leave. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "epoch/epoch_flow.h"
#include "test_epoch.h"

/* Long enough that only the script closes epochs. */
static void open_epochs(struct world *world) {
  world->flow->trigger = (struct eagre_trigger){EAGRE_TRIGGER_CONTINUOUS, INT64_C(3600000000)};
}

static void set_ticks(struct world *world, const struct tick *ticks, uint32_t count) {
  world->ticks = ticks;
  world->tick_count = count;
}

/* One step that closes an epoch behind these ticks; the log of it. */
static const char *run_ticks(struct world *world, const struct tick *ticks, uint32_t count) {
  set_ticks(world, ticks, count);
  take_log(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  return take_log(world);
}

/* Ticks between the waits for the disk only, so that it is known how many there are. */
static struct world *open_without_meanwhile(void) {
  setenv("EAGRE_IO", "posix", 1);
  struct world *world = open_stateful("", "append");
  unsetenv("EAGRE_IO");
  return world;
}

/* A step that fails there and says so; then the process starts again. */
static void fail_and_restart(struct world *world, enum failure failure) {
  enum eagre_epoch_outcome outcome;
  world->failure = failure;
  world->failure_status = EAGRE_IO;
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  assert_string_equal(world->error.class_name, "SCRIPTED");
  world->failure = FAIL_NOWHERE;
  stop_world(world);
  start_world(world);
}

static struct eagre_checkpoint_offsets logged(struct world *world, int64_t number,
                                              struct eagre_arena *arena) {
  struct eagre_checkpoint_offsets offsets;
  assert_int_equal(
      eagre_checkpoint_read_offsets(world->checkpoint, number, arena, &offsets, &world->error),
      EAGRE_OK);
  return offsets;
}

static void ends_are_logged_where_reading_stopped(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 2, .behind = NOBODY}, {.rows = 3, .behind = NOBODY}};
  struct eagre_arena arena = {0};
  struct world *world = open_stateless("");
  open_epochs(world);
  start_world(world);
  assert_string_equal(
      run_ticks(world, ticks, 2),
      "open 0; begin 0; tick 0 evict 0 late 0; tick on 0 evict 0 late 0; prepare 0; "
      "commit 0; source done 5; purge 0");
  assert_true(eagre_text_equal_string(logged(world, 0, &arena).sources[0], "{\"n\":5}"));
  assert_int_equal(eagre_epoch_last(world->epoch)->counts->sources[0].rows, 5);
  assert_non_null(strstr(run_ticks(world, ticks, 1), "open 5; begin 1; tick 1"));
  eagre_arena_done(&arena);
  close_world(world);
}

static void nothing_new_leaves_an_epoch_open(void **state) {
  (void)state;
  static const struct tick some[] = {{.rows = 1, .behind = NOBODY}};
  struct world *world = open_stateless("");
  open_epochs(world);
  start_world(world);
  take_log(world);
  assert_int_equal(step(world), EAGRE_EPOCH_IDLE);
  assert_string_equal(take_log(world), "open 0; begin 0; tick 0 evict 0 late 0");
  assert_int_equal(step(world), EAGRE_EPOCH_IDLE);
  assert_string_equal(take_log(world), "open 0; tick on 0 evict 0 late 0");
  assert_int_equal(eagre_epoch_next(world->epoch), 0);
  assert_string_equal(
      run_ticks(world, some, 1),
      "open 0; tick on 0 evict 0 late 0; prepare 0; commit 0; source done 1; purge 0");
  close_world(world);
}

/* One partition moves the watermark with its rows, tick by tick; the epoch keeps in its log what it
 * began with, and the next process knows what its last tick evicted. */
static void the_watermark_moves_with_every_tick(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 15000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 25000}}, .behind = NOBODY},
      {.rows = 1, .behind = NOBODY}};
  struct eagre_arena arena = {0};
  struct world *world = open_stateful("", "append");
  open_epochs(world);
  assert_true(eagre_flow_ticks(world->flow));
  start_world(world);
  assert_non_null(strstr(run_ticks(world, ticks, 3),
                         "tick 0 evict 0 late 0; tick on 0 evict 14000 late 0; "
                         "tick on 0 evict 14000 late 14000; tick on 0 evict 24000 late 14000; "
                         "tick on 0 evict 24000 late 24000; prepare 0"));
  assert_int_equal(logged(world, 0, &arena).watermark_ms, 0);
  stop_world(world);
  start_world(world);
  assert_non_null(
      strstr(run_ticks(world, ticks + 2, 1), "tick 1 evict 24000 late 24000; prepare 1"));
  assert_int_equal(logged(world, 1, &arena).watermark_ms, 24000);
  eagre_arena_done(&arena);
  close_world(world);
}

/* A watermark that takes nothing out of the state makes no tick of its own; cores are told which
 * event time would raise it so far. */
static void a_tick_without_records_waits_until_it_is_due(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 1,
                                       .seen = {{.topic = {"t", 1}, .raising_ms = 15000}},
                                       .behind = NOBODY,
                                       .due_ms = 20000},
                                      {.rows = 1,
                                       .seen = {{.topic = {"t", 1}, .raising_ms = 25000}},
                                       .behind = NOBODY,
                                       .due_ms = 20000},
                                      {.rows = 1, .behind = NOBODY, .due_ms = 30000}};
  struct world *world = open_stateful("", "append");
  open_epochs(world);
  start_world(world);
  assert_non_null(strstr(run_ticks(world, ticks, 3),
                         "tick 0 evict 0 late 0; tick on 0 evict 14000 late 0; due 21000; "
                         "tick on 0 evict 24000 late 14000; due 21000; "
                         "tick on 0 evict 24000 late 24000; due 21000; prepare 0"));
  close_world(world);
}

/* Partition 1 has records that were not read: what they say decides, not how far partition 0 is. */
static void partitions_that_are_behind_hold_the_watermark(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 90000}}, .behind = {1, -1}},
      {.rows = 1,
       .seen = {{.partition = 1, .topic = {"t", 1}, .raising_ms = 31000}},
       .behind = {1, -1}},
      {.rows = 1,
       .seen = {{.partition = 1, .topic = {"t", 1}, .raising_ms = 41000}},
       .behind = {0, 1}},
      {.rows = 0, .behind = NOBODY}};
  const struct {
    uint32_t ticks;
    int64_t expected_ms;
  } rows[] = {{1, 0}, {2, 30000}, {3, 40000}, {4, 89000}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    int64_t watermark_ms = 0;
    struct world *world = open_stateful("", "append");
    open_epochs(world);
    start_world(world);
    run_ticks(world, ticks, rows[i].ticks);
    assert_int_equal(eagre_checkpoint_read_commit(world->checkpoint, 0, &watermark_ms, NULL),
                     EAGRE_OK);
    assert_int_equal(watermark_ms, rows[i].expected_ms);
    stop_world(world);
    /* Where each partition stands survives, too. */
    start_world(world);
    static const struct tick caught_up[] = {{.rows = 1, .behind = NOBODY}};
    run_ticks(world, caught_up, 1);
    assert_int_equal(eagre_checkpoint_read_commit(world->checkpoint, 1, &watermark_ms, NULL),
                     EAGRE_OK);
    assert_int_equal(watermark_ms, 89000);
    close_world(world);
  }
}

/* Before its ends are logged it never was: reading begins where the last one ended. */
static void an_epoch_without_ends_is_forgotten(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 2, .behind = NOBODY}, {.rows = 4, .behind = NOBODY}};
  struct world *world = open_stateless("");
  open_epochs(world);
  start_world(world);
  run_ticks(world, ticks, 1);
  set_ticks(world, ticks, 2);
  fail_and_restart(world, FAIL_RUN);
  assert_int_equal(eagre_epoch_next(world->epoch), 1);
  assert_non_null(strstr(run_ticks(world, ticks + 1, 1), "open 2; begin 1; tick 1"));
  assert_string_equal(sink_lines(world), "0:0..2 1:2..6");
  close_world(world);
}

/* With its ends logged it is run again as any epoch, and the next one is open again. */
static void an_epoch_with_ends_is_run_again(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 2, .seen = {{.topic = {"t", 1}, .raising_ms = 15000}}, .behind = NOBODY},
      {.rows = 4, .seen = {{.topic = {"t", 1}, .raising_ms = 25000}}, .behind = NOBODY}};
  struct world *world = open_stateful("", "append");
  open_epochs(world);
  start_world(world);
  set_ticks(world, ticks, 2);
  fail_and_restart(world, FAIL_PREPARE);
  take_log(world);
  world->partition = ticks[1].seen[0];
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(take_log(world), "assign 0..6; begin 0; run 0 evict 0 late 0; prepare 0; "
                                       "commit 0; source done 6; purge 0");
  /* Who was behind is not known of a second run: the next tick moves the watermark. */
  assert_non_null(strstr(run_ticks(world, ticks, 1), "tick 1 evict 0 late 0; prepare 1"));
  assert_int_equal(world->epoch->watermarks.eviction_ms, 24000);
  close_world(world);
}

/* Every epoch closes behind its first tick, and none is the last of the script. */
static void close_at_once(struct world *world) {
  world->flow->trigger = (struct eagre_trigger){EAGRE_TRIGGER_CONTINUOUS, 0};
}

/* Cores read on while the last epoch is closed, up to where the script wants an end. */
static void the_next_epoch_begins_while_one_is_closed(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 2, .behind = NOBODY}, {.rows = 3, .behind = NOBODY}, {.rows = 4, .behind = NOBODY}};
  struct world *world = open_stateless("");
  close_at_once(world);
  start_world(world);
  assert_string_equal(run_ticks(world, ticks, 3),
                      "open 0; begin 0; tick 0 evict 0 late 0; prepare 0; "
                      "open 2; begin 1; ahead 1; commit 0; source done 2; purge 0");
  assert_false(world->was_logged); /* cores waited for no disk */
  assert_int_equal(eagre_epoch_last(world->epoch)->counts->sources[0].rows, 2);
  assert_true(eagre_epoch_is_ahead(world->epoch));
  assert_int_equal(eagre_epoch_next(world->epoch), 1);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(take_log(world), "tick 1 evict 0 late 0; prepare 1; open 5; begin 2; "
                                       "ahead 2; commit 1; source done 5; purge 1");
  assert_int_equal(eagre_epoch_last(world->epoch)->counts->sources[0].rows, 3);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(take_log(world), "tick 2 evict 0 late 0; prepare 2; commit 2; "
                                       "source done 9; purge 2");
  assert_false(eagre_epoch_is_ahead(world->epoch));
  assert_string_equal(sink_lines(world), "0:0..2 1:2..5 2:5..9");
  close_world(world);
}

/* Results of ticks go out between any two waits for the disk. What the closed epoch leaves behind
 * is of its own ticks: watermarks that moved since are the next one's. */
static void ticks_go_on_while_an_epoch_is_closed(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 15000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 25000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 35000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 45000}}, .behind = NOBODY}};
  struct eagre_arena arena = {0};
  int64_t watermark_ms = 0;
  struct world *world = open_without_meanwhile();
  close_at_once(world);
  start_world(world);
  assert_string_equal(
      run_ticks(world, ticks, 4),
      "open 0; begin 0; tick 0 evict 0 late 0; prepare 0; open 1; begin 1; ahead 1; "
      "tick 1 evict 14000 late 0; ahead on 1; commit 0; "
      "tick on 1 evict 24000 late 14000; ahead on 1; source done 1; "
      "tick on 1 evict 34000 late 24000; ahead on 1; purge 0");
  assert_int_equal(eagre_checkpoint_read_commit(world->checkpoint, 0, &watermark_ms, NULL),
                   EAGRE_OK);
  assert_int_equal(watermark_ms, 14000);
  assert_int_equal(eagre_epoch_last(world->epoch)->counts->sources[0].rows, 1);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_int_equal(logged(world, 1, &arena).watermark_ms, 14000);
  assert_int_equal(eagre_epoch_last(world->epoch)->counts->sources[0].rows, 3);
  assert_string_equal(sink_lines(world), "0:0..1 1:1..4");
  eagre_arena_done(&arena);
  close_world(world);
}

/* While what an epoch gave the sink is under way nothing is committed, and ticks go on. */
static void ticks_go_on_until_all_has_arrived(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 1, .behind = NOBODY}, {.rows = 1, .behind = NOBODY},
                                      {.rows = 1, .behind = NOBODY}, {.rows = 1, .behind = NOBODY},
                                      {.rows = 1, .behind = NOBODY}, {.rows = 1, .behind = NOBODY}};
  struct world *world = open_without_meanwhile();
  close_at_once(world);
  start_world(world);
  world->unsettled_count = 2;
  assert_string_equal(
      run_ticks(world, ticks, 6),
      "open 0; begin 0; tick 0 evict 0 late 0; prepare 0; open 1; begin 1; ahead 1; not settled; "
      "tick 1 evict 0 late 0; ahead on 1; not settled; tick on 1 evict 0 late 0; ahead on 1; "
      "tick on 1 evict 0 late 0; ahead on 1; commit 0; tick on 1 evict 0 late 0; ahead on 1; "
      "source done 1; tick on 1 evict 0 late 0; ahead on 1; purge 0");
  assert_true(world->was_logged); /* no state is written before its epoch is logged */
  close_world(world);
}

/* What did not arrive is never committed. */
static void what_does_not_arrive_ends_the_epoch(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 2, .behind = NOBODY}, {.rows = 3, .behind = NOBODY}};
  struct world *world = open_stateless("");
  enum eagre_epoch_outcome outcome;
  close_at_once(world);
  start_world(world);
  set_ticks(world, ticks, 2);
  world->failure = FAIL_SETTLE;
  world->failure_status = EAGRE_IO;
  take_log(world);
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  assert_string_equal(take_log(world), "open 0; begin 0; tick 0 evict 0 late 0; prepare 0; open 2; "
                                       "begin 1; ahead 1; abort");
  assert_int_equal(access(scratch_path(world->directory, "c/eagre/prepared/0"), F_OK), -1);
  close_world(world);
}

/* What the next epoch has read is not logged: it is read anew. */
static void a_failure_while_closing_forgets_what_was_ahead(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 2, .behind = NOBODY}, {.rows = 3, .behind = NOBODY}};
  struct world *world = open_stateless("");
  enum eagre_epoch_outcome outcome;
  close_at_once(world);
  start_world(world);
  set_ticks(world, ticks, 2);
  world->failure = FAIL_COMMIT;
  world->failure_status = EAGRE_IO;
  take_log(world);
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  assert_string_equal(take_log(world), "open 0; begin 0; tick 0 evict 0 late 0; prepare 0; open 2; "
                                       "begin 1; ahead 1; abort");
  world->failure = FAIL_NOWHERE;
  stop_world(world);
  start_world(world);
  assert_int_equal(eagre_epoch_next(world->epoch), 0);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_non_null(strstr(run_ticks(world, ticks + 1, 1), "open 2; begin 1; tick 1"));
  assert_string_equal(sink_lines(world), "0:0..2 1:2..5");
  close_world(world);
}

/* Where the back end can, also while the disk works; what is committed is the same. */
static void ticks_go_on_while_the_disk_works(void **state) {
  (void)state;
  static const struct tick ticks[] = {
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 15000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 25000}}, .behind = NOBODY},
      {.rows = 1, .seen = {{.topic = {"t", 1}, .raising_ms = 35000}}, .behind = NOBODY}};
  int64_t watermark_ms = 0;
  struct world *world = open_stateful("", "append");
  close_at_once(world);
  start_world(world);
  const char *log = run_ticks(world, ticks, 3);
  const char *committed = strstr(log, "commit 0");
  assert_non_null(committed);
  assert_non_null(strstr(committed, "purge 0"));
  assert_int_equal(eagre_checkpoint_read_commit(world->checkpoint, 0, &watermark_ms, NULL),
                   EAGRE_OK);
  assert_int_equal(watermark_ms, 14000);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(sink_lines(world), "0:0..1 1:1..3");
  close_world(world);
}

/* A tick that fails while the disk works ends the flow as any other does. */
static void a_tick_that_fails_ahead_is_told(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 1, .behind = NOBODY}, {.rows = 1, .behind = NOBODY}};
  struct world *world = open_stateful("", "append");
  close_at_once(world);
  start_world(world);
  set_ticks(world, ticks, 2);
  fail_and_restart(world, FAIL_AHEAD);
  close_world(world);
}

/* The same checkpoint with epochs that have ends from the start, and back. */
static void triggers_may_change(void **state) {
  (void)state;
  static const struct tick ticks[] = {{.rows = 2, .behind = NOBODY}};
  struct world *world = open_stateless("");
  struct eagre_trigger planned = world->flow->trigger;
  open_epochs(world);
  start_world(world);
  run_ticks(world, ticks, 1);
  stop_world(world);
  world->flow->trigger = planned;
  world->available = 5;
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  stop_world(world);
  open_epochs(world);
  start_world(world);
  run_ticks(world, ticks, 1);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..5 2:5..7");
  close_world(world);
}

int run_open_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_are_logged_where_reading_stopped),
      cmocka_unit_test(nothing_new_leaves_an_epoch_open),
      cmocka_unit_test(the_watermark_moves_with_every_tick),
      cmocka_unit_test(a_tick_without_records_waits_until_it_is_due),
      cmocka_unit_test(partitions_that_are_behind_hold_the_watermark),
      cmocka_unit_test(an_epoch_without_ends_is_forgotten),
      cmocka_unit_test(an_epoch_with_ends_is_run_again),
      cmocka_unit_test(the_next_epoch_begins_while_one_is_closed),
      cmocka_unit_test(ticks_go_on_while_an_epoch_is_closed),
      cmocka_unit_test(ticks_go_on_until_all_has_arrived),
      cmocka_unit_test(what_does_not_arrive_ends_the_epoch),
      cmocka_unit_test(a_failure_while_closing_forgets_what_was_ahead),
      cmocka_unit_test(ticks_go_on_while_the_disk_works),
      cmocka_unit_test(a_tick_that_fails_ahead_is_told),
      cmocka_unit_test(triggers_may_change),
  };
  return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}

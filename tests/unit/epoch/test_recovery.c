/* The recovery table of docs/internals/epochs.md, case by case, and refused checkpoints. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_epoch.h"

/* Epoch 0 is done; epoch 1 gets as far as its offsets (FAIL_RUN), its prepared file (FAIL_COMMIT),
 * or its commit in the sink when `is_committed`. The world is stopped. */
static struct world *interrupt(struct world *world, enum failure failure, bool is_committed) {
  enum eagre_epoch_outcome outcome;
  world->limit = 2;
  world->available = 4;
  start_world(world);
  step(world);
  world->failure = failure;
  if (!is_committed) {
    assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  } else {
    step(world);
    unlink(scratch_path(world->directory, "c/commits/1"));
    unlink(scratch_path(world->directory, "c/commits/.1.crc"));
  }
  world->failure = FAIL_NOWHERE;
  world->available = 9; /* the logged end counts, not this */
  stop_world(world);
  take_log(world);
  return world;
}

static void a_committed_epoch_is_followed_by_the_next(void **state) {
  (void)state;
  struct world *world = open_stateful("", "update");
  world->available = 2;
  start_world(world);
  step(world);
  stop_world(world);
  take_log(world);
  world->available = 3;
  start_world(world);
  assert_string_equal(take_log(world), "load 1 of 2 cores");
  assert_int_equal(eagre_epoch_next(world->epoch), 1);
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..3");
  close_world(world);
}

static void what_the_sink_has_is_adopted(void **state) {
  (void)state;
  for (int is_stateful = 0; is_stateful < 2; is_stateful++) {
    struct world *world = interrupt(is_stateful ? open_stateful("", "update") : open_stateless(""),
                                    FAIL_NOWHERE, true);
    start_world(world);
    assert_string_equal(take_log(world),
                        is_stateful ? "load 2 of 2 cores; commit 1 again" : "commit 1 again");
    assert_int_equal(eagre_epoch_next(world->epoch), 2);
    step(world);
    assert_string_equal(sink_lines(world), "0:0..2 1:2..4 2:4..6");
    close_world(world);
  }
}

static void what_the_sink_lacks_is_run_again(void **state) {
  (void)state;
  for (int is_prepared = 0; is_prepared < 2; is_prepared++) {
    struct world *world =
        interrupt(open_stateful("", "update"), is_prepared ? FAIL_COMMIT : FAIL_RUN, false);
    start_world(world);
    assert_string_equal(take_log(world), "load 1 of 2 cores");
    assert_int_equal(eagre_epoch_next(world->epoch), 1);
    step(world);
    assert_string_equal(take_log(world),
                        "assign 2..4; begin 1; run 1 evict 0 late 0; prepare 1; commit 1; "
                        "source done 4; purge 1");
    step(world);
    assert_string_equal(sink_lines(world), "0:0..2 1:2..4 2:4..6");
    close_world(world);
  }
}

static void an_unknowing_sink_gets_the_epoch_again(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
  world->sink_knows = false;
  start_world(world);
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4 1:2..4");
  close_world(world);
}

/* The first epoch of all: its range begins at the source's start. */
static void epoch_zero_is_run_again_from_the_start(void **state) {
  (void)state;
  struct world *world = open_stateful("", "update");
  enum eagre_epoch_outcome outcome;
  world->available = 2;
  world->failure = FAIL_RUN;
  start_world(world);
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  world->failure = FAIL_NOWHERE;
  stop_world(world);
  take_log(world);
  start_world(world);
  assert_string_equal(take_log(world), "source start");
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2");
  close_world(world);
}

static void assert_refused(struct world *world, const char *class_name) {
  assert_int_equal(try_start(world), EAGRE_UNSAFE);
  assert_string_equal(world->error.class_name, class_name);
  close_world(world);
}

static void foreign_attempts_are_refused(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
  world->sink_claims = "11111111-2222-3333-4444-555555555555";
  assert_refused(world, "CONCURRENT_STREAM_LOG_UPDATE");
  world = interrupt(open_stateful("", "update"), FAIL_NOWHERE, true);
  unlink(scratch_path(world->directory, "c/eagre/prepared/1"));
  assert_refused(world, "CONCURRENT_STREAM_LOG_UPDATE");
}

/* No attempt: Spark committed it, whether or not we had prepared it. Only stateless flows may be
 * Spark's. */
static void an_epoch_of_spark_is_done(void **state) {
  (void)state;
  for (int is_prepared = 0; is_prepared < 2; is_prepared++) {
    struct world *world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
    if (!is_prepared) unlink(scratch_path(world->directory, "c/eagre/prepared/1"));
    world->sink_claims = "";
    start_world(world);
    assert_int_equal(eagre_epoch_next(world->epoch), 2);
    close_world(world);
    world = interrupt(open_stateful("", "update"), FAIL_NOWHERE, true);
    if (!is_prepared) unlink(scratch_path(world->directory, "c/eagre/prepared/1"));
    world->sink_claims = "";
    assert_refused(world, "CONCURRENT_STREAM_LOG_UPDATE");
  }
}

/* Removes what is ours, as if Spark had written the rest. */
static void make_spark_s(struct world *world) {
  assert_int_equal(rename(scratch_path(world->directory, "c/eagre"),
                          scratch_path(world->directory, "not-of-spark")),
                   0);
  world->sink_claims = "";
}

static void assert_locked(struct world *world) {
  struct eagre_checkpoint *second = NULL;
  const char *path = scratch_path(world->directory, "c");
  enum eagre_status status = eagre_checkpoint_open(world->io, path, NULL, &second, &world->error);
  assert_int_equal(status, EAGRE_UNSAFE);
  assert_string_equal(world->error.class_name, "CHECKPOINT_LOCKED");
}

/* Done, committed in the sink, and only planned: whichever it was, ours is the lock from here. */
static void a_checkpoint_of_spark_is_claimed(void **state) {
  (void)state;
  enum { DONE, COMMITTED, PLANNED, CASE_COUNT };
  for (int found = 0; found < CASE_COUNT; found++) {
    struct world *world =
        interrupt(open_stateless(""), found == PLANNED ? FAIL_RUN : FAIL_NOWHERE, found != PLANNED);
    if (found == DONE) {
      start_world(world);
      stop_world(world);
    }
    make_spark_s(world);
    start_world(world);
    assert_locked(world);
    step(world);
    step(world);
    const char *after_two = "0:0..2 1:2..4 2:4..6 3:6..8";
    assert_string_equal(sink_lines(world), found == PLANNED ? "0:0..2 1:2..4 2:4..6" : after_two);
    close_world(world);
  }
}

static void a_refused_checkpoint_of_spark_is_left_alone(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
  make_spark_s(world);
  world->sink_claims = "11111111-2222-3333-4444-555555555555";
  assert_int_equal(try_start(world), EAGRE_UNSAFE);
  assert_string_equal(world->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
  assert_int_not_equal(access(scratch_path(world->directory, "c/eagre"), F_OK), 0);
  close_world(world);
}

static void a_sink_that_is_ahead_is_refused(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
  unlink(scratch_path(world->directory, "c/offsets/1"));
  unlink(scratch_path(world->directory, "c/offsets/.1.crc"));
  assert_refused(world, "SINK_AHEAD_OF_CHECKPOINT");
}

/* Another directory: it has nothing, or not the last that is committed. What was not committed may
 * be missing. */
static void a_sink_that_is_behind_is_refused(void **state) {
  (void)state;
  for (int is_empty = 0; is_empty < 2; is_empty++) {
    struct world *world = open_stateless("");
    struct stat file;
    world->sink_notes = true;
    world->available = 2;
    start_world(world);
    step(world);
    assert_int_equal(stat(scratch_path(world->directory, "sink"), &file), 0);
    world->available = 3;
    step(world);
    stop_world(world);
    assert_int_equal(truncate(scratch_path(world->directory, "sink"), is_empty ? 0 : file.st_size),
                     0);
    assert_refused(world, "SINK_BEHIND_CHECKPOINT");
  }
  struct world *world = interrupt(open_stateless(""), FAIL_RUN, false);
  world->sink_notes = true;
  start_world(world);
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4");
  close_world(world);
}

/* ---- Checkpoints that cannot be used --------------------------------------------------------- */

static void forget(struct world *world, const char *folder, int number) {
  char name[64];
  snprintf(name, sizeof name, "c/%s/%d", folder, number);
  unlink(scratch_path(world->directory, name));
  snprintf(name, sizeof name, "c/%s/.%d.crc", folder, number);
  unlink(scratch_path(world->directory, name));
}

static struct world *after_two_epochs(struct world *world) {
  world->limit = 1;
  world->available = 2;
  start_world(world);
  step(world);
  step(world);
  stop_world(world);
  return world;
}

static void a_sink_is_told_what_it_has(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  start_world(world);
  assert_int_equal(world->claimed, -1);
  world->available = 2;
  step(world);
  stop_world(world);
  start_world(world);
  assert_int_equal(world->claimed, 0);
  close_world(world);
  world = interrupt(open_stateless(""), FAIL_COMMIT, false);
  start_world(world);
  assert_int_equal(world->claimed, 0);
  close_world(world);
  world = interrupt(open_stateless(""), FAIL_NOWHERE, true);
  start_world(world);
  assert_int_equal(world->claimed, 1);
  close_world(world);
}

/* Nobody asks a sink for an epoch that is committed here, or that never was prepared. */
static void what_is_not_in_doubt_may_be_forgotten(void **state) {
  (void)state;
  struct world *world = open_stateful("", "update");
  world->available = 2;
  world->sink_forgets = true;
  start_world(world);
  step(world);
  stop_world(world);
  start_world(world);
  assert_int_equal(eagre_epoch_next(world->epoch), 1);
  assert_int_equal(world->claimed, 0);
  close_world(world);
  world = interrupt(open_stateful("", "update"), FAIL_RUN, false);
  world->sink_forgets = true;
  start_world(world);
  assert_int_equal(eagre_epoch_next(world->epoch), 1);
  assert_int_equal(world->claimed, 0);
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4");
  close_world(world);
}

static void an_epoch_in_doubt_that_the_sink_forgot_is_for_people(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateful("", "update"), FAIL_COMMIT, false);
  world->sink_forgets = true;
  assert_int_equal(try_start(world), EAGRE_UNSAFE);
  assert_string_equal(world->error.class_name, "SINK_FORGOT_EPOCH");
  assert_non_null(strstr(world->error.hint, "--assume-committed 1 if they are, "
                                            "--assume-committed 0 if not"));
  stop_world(world);
  world->has_assumed = true;
  world->assumed_epoch = 2;
  assert_int_equal(try_start(world), EAGRE_USAGE);
  assert_string_equal(world->error.class_name, "INVALID_ASSUMED_EPOCH");
  stop_world(world);
  take_log(world);
  world->assumed_epoch = 1;
  start_world(world);
  assert_string_equal(take_log(world), "load 2 of 2 cores; commit 1 again");
  assert_int_equal(eagre_epoch_next(world->epoch), 2);
  assert_int_equal(world->claimed, 1);
  close_world(world);
}

static void an_epoch_assumed_to_be_lacking_is_run_again(void **state) {
  (void)state;
  struct world *world = interrupt(open_stateful("", "update"), FAIL_COMMIT, false);
  world->sink_forgets = true;
  world->has_assumed = true;
  world->assumed_epoch = 0;
  start_world(world);
  assert_int_equal(world->claimed, 0);
  step(world);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4");
  close_world(world);
}

/* A sink that is told of every epoch has the last one or the one before. */
static void an_old_memory_is_none(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  enum eagre_epoch_outcome outcome;
  world->limit = 2;
  world->available = 8;
  start_world(world);
  for (int i = 0; i < 3; i++) {
    step(world);
  }
  world->failure = FAIL_COMMIT;
  assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &world->error), EAGRE_IO);
  stop_world(world);
  scratch_write(scratch_path(world->directory, "sink"), "0 a 0 2\n", 8);
  world->failure = FAIL_NOWHERE;
  world->sink_remembers_every = true;
  assert_refused(world, "SINK_FORGOT_EPOCH");
}

static void missing_files_are_named(void **state) {
  (void)state;
  struct world *world = after_two_epochs(open_stateless(""));
  forget(world, "offsets", 0);
  forget(world, "offsets", 1);
  assert_refused(world, "CHECKPOINT_OFFSETS_MISSING");
  world = after_two_epochs(open_stateless(""));
  forget(world, "offsets", 1); /* commits/1 is there, so epoch 1 must not be planned anew */
  assert_refused(world, "CHECKPOINT_OFFSETS_MISSING");
  world = after_two_epochs(open_stateless(""));
  forget(world, "offsets", 0);
  forget(world, "commits", 1);
  world->sink_knows = false;
  assert_refused(world, "BATCH_METADATA_NOT_FOUND");
  world = after_two_epochs(open_stateful("", "update"));
  forget(world, "eagre/prepared", 1);
  assert_refused(world, "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY");
}

static void rewrite(struct world *world, const char *name, const char *content) {
  scratch_write(scratch_path(world->directory, name), content, strlen(content));
  char side[64];
  const char *slash = strrchr(name, '/');
  snprintf(side, sizeof side, "%.*s/.%s.crc", (int)(slash - name), name, slash + 1);
  unlink(scratch_path(world->directory, side));
}

#define OFFSETS(configuration, sources)                                                            \
  "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1763697000000,\"conf\":{" configuration        \
  "}}\n" sources

static void another_number_of_sources_is_refused(void **state) {
  (void)state;
  struct world *world = after_two_epochs(open_stateless(""));
  rewrite(world, "c/offsets/1", OFFSETS("", "{\"n\":1}\n{\"n\":2}"));
  assert_refused(world, "CHECKPOINT_SOURCES_DIFFER");
  world = after_two_epochs(open_stateless(""));
  forget(world, "commits", 1);
  world->sink_knows = false;
  rewrite(world, "c/offsets/0", OFFSETS("", "{\"n\":1}\n{\"n\":2}"));
  assert_refused(world, "CHECKPOINT_SOURCES_DIFFER");
}

static void the_checkpoint_fixes_the_number_of_partitions(void **state) {
  (void)state;
  struct world *world = after_two_epochs(open_stateful("", "update"));
  assert_int_equal(world->flow->state_partition_count, 64);
  rewrite(world, "c/offsets/1", OFFSETS("\"spark.sql.shuffle.partitions\":\"5\"", "{\"n\":2}"));
  start_world(world);
  assert_int_equal(world->flow->state_partition_count, 5);
  close_world(world);
  static const char *const wrong[] = {
      OFFSETS("\"spark.sql.shuffle.partitions\":\"0\"", "{\"n\":2}"),
      OFFSETS("\"spark.sql.shuffle.partitions\":\"many\"", "{\"n\":2}"),
      OFFSETS("\"spark.sql.shuffle.partitions\":\"99999999999999999999999\"", "{\"n\":2}"),
      OFFSETS("\"spark.sql.shuffle.partitions\":\"4294967296\"", "{\"n\":2}"),
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(wrong); i++) {
    world = after_two_epochs(open_stateful("", "update"));
    rewrite(world, "c/offsets/1", wrong[i]);
    assert_refused(world, "MALFORMED_LOG_FILE");
  }
}

static void state_must_fit_the_query(void **state) {
  (void)state;
  struct world *world = after_two_epochs(open_stateless(""));
  struct world *stateful = open_stateful("", "update");
  stateful->flow->checkpoint = world->flow->checkpoint;
  assert_int_equal(try_start(stateful), EAGRE_UNSAFE);
  assert_string_equal(stateful->error.class_name,
                      "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA");
  close_world(stateful);
  scratch_write(scratch_path(world->directory, "c/eagre/state/1-0-a.full"), "x", 1);
  assert_refused(world, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA");
  world = open_stateful("", "update");
  start_world(world);
  stop_world(world);
  scratch_write(scratch_path(world->directory, "c/eagre/state/1-0-a.full"), "x", 1);
  assert_refused(world, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY");
}

int run_recovery_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_committed_epoch_is_followed_by_the_next),
      cmocka_unit_test(what_the_sink_has_is_adopted),
      cmocka_unit_test(what_the_sink_lacks_is_run_again),
      cmocka_unit_test(an_unknowing_sink_gets_the_epoch_again),
      cmocka_unit_test(epoch_zero_is_run_again_from_the_start),
      cmocka_unit_test(foreign_attempts_are_refused),
      cmocka_unit_test(an_epoch_of_spark_is_done),
      cmocka_unit_test(a_checkpoint_of_spark_is_claimed),
      cmocka_unit_test(a_refused_checkpoint_of_spark_is_left_alone),
      cmocka_unit_test(a_sink_that_is_ahead_is_refused),
      cmocka_unit_test(a_sink_that_is_behind_is_refused),
      cmocka_unit_test(a_sink_is_told_what_it_has),
      cmocka_unit_test(what_is_not_in_doubt_may_be_forgotten),
      cmocka_unit_test(an_epoch_in_doubt_that_the_sink_forgot_is_for_people),
      cmocka_unit_test(an_epoch_assumed_to_be_lacking_is_run_again),
      cmocka_unit_test(an_old_memory_is_none),
      cmocka_unit_test(missing_files_are_named),
      cmocka_unit_test(another_number_of_sources_is_refused),
      cmocka_unit_test(the_checkpoint_fixes_the_number_of_partitions),
      cmocka_unit_test(state_must_fit_the_query),
  };
  return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}

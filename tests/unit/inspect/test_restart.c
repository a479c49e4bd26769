/* What a start would do, for every state a checkpoint of ours can be in. Checkpoints are written
 * through the door of `checkpoint`, as the protocol does. */
#include "test_inspect.h"

#include <stdio.h>
#include <unistd.h>

static const struct eagre_text position = EAGRE_TEXT("{\"clicks\":{\"0\":2}}");

/* How far the protocol came: epochs below `done` completely, then steps of epoch `done`. */
struct history {
  int64_t done;
  bool is_planned;
  bool is_prepared;
  bool has_state;
};

static void plan(struct fixture *fixture, struct eagre_checkpoint *checkpoint, int64_t epoch) {
  const struct eagre_checkpoint_offsets offsets = {
      .watermark_ms = 1000 * epoch,
      .timestamp_ms = 1795225821426,
      .sources = &position,
      .source_count = 1,
  };
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, epoch, &offsets, &fixture->error),
                   EAGRE_OK);
}

static void prepare(struct fixture *fixture, struct eagre_checkpoint *checkpoint, int64_t epoch,
                    bool has_state) {
  const struct eagre_checkpoint_prepared prepared = {
      .attempt = EAGRE_TEXT("the-attempt"),
      .epoch = epoch,
      .has_state = has_state,
      .state_version = epoch + 1,
      .core_count = has_state ? 1 : 0,
  };
  assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                   EAGRE_OK);
}

static void write_history(struct fixture *fixture, const struct history *history) {
  struct eagre_checkpoint *checkpoint = NULL;
  assert_int_equal(
      eagre_checkpoint_open(fixture->io, fixture->directory, NULL, &checkpoint, &fixture->error),
      EAGRE_OK);
  assert_int_equal(eagre_checkpoint_create(checkpoint, &fixture->error), EAGRE_OK);
  for (int64_t epoch = 0; epoch < history->done; epoch++) {
    plan(fixture, checkpoint, epoch);
    prepare(fixture, checkpoint, epoch, history->has_state);
    assert_int_equal(
        eagre_checkpoint_write_commit(checkpoint, epoch, 1000 * epoch + 500, &fixture->error),
        EAGRE_OK);
  }
  if (history->is_planned) plan(fixture, checkpoint, history->done);
  if (history->is_prepared) prepare(fixture, checkpoint, history->done, history->has_state);
  eagre_checkpoint_close(checkpoint);
}

static void remove_file(struct fixture *fixture, const char *name) {
  assert_int_equal(unlink(scratch_path(fixture->directory, name)), 0);
}

static void open_report(struct fixture *fixture, struct eagre_inspect_checkpoint *out) {
  enum eagre_status status =
      eagre_inspect_checkpoint_init(out, fixture->directory, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

static void expect(struct fixture *fixture, enum eagre_inspect_restart_action action, int64_t epoch,
                   const char *words) {
  struct eagre_inspect_checkpoint report;
  open_report(fixture, &report);
  assert_int_equal(report.restart.action, action);
  assert_int_equal(report.restart.epoch, epoch);
  if (strstr(report.restart.sentence.data, words) == NULL)
    fail_msg("'%s' is not in: %s", words, report.restart.sentence.data);
  eagre_inspect_checkpoint_done(&report);
}

static void test_nothing_planned(void **state) {
  struct fixture *fixture = *state;
  write_history(fixture, &(struct history){0});
  expect(fixture, EAGRE_INSPECT_BEGIN, 0, "plans epoch 0");
}

static void test_committed(void **state) {
  write_history(*state, &(struct history){.done = 3});
  expect(*state, EAGRE_INSPECT_NEXT, 3, "plans epoch 3, from where epoch 2 ended");
}

static void test_planned(void **state) {
  write_history(*state, &(struct history){.done = 3, .is_planned = true});
  expect(*state, EAGRE_INSPECT_RERUN, 3, "runs epoch 3 again");
}

static void test_first_epoch_planned(void **state) {
  write_history(*state, &(struct history){.is_planned = true});
  expect(*state, EAGRE_INSPECT_RERUN, 0, "runs epoch 0 again");
}

static void test_prepared(void **state) {
  write_history(*state, &(struct history){.done = 3, .is_planned = true, .is_prepared = true});
  expect(*state, EAGRE_INSPECT_ASK, 3, "attempt the-attempt");
}

static void test_planned_without_the_epoch_before(void **state) {
  write_history(*state, &(struct history){.done = 3, .is_planned = true});
  remove_file(*state, "offsets/2");
  expect(*state, EAGRE_INSPECT_REFUSE, -1, "BATCH_METADATA_NOT_FOUND");
}

static void test_commits_without_offsets(void **state) {
  write_history(*state, &(struct history){.done = 1});
  remove_file(*state, "offsets/0");
  expect(*state, EAGRE_INSPECT_REFUSE, -1, "CHECKPOINT_OFFSETS_MISSING");
}

static void test_a_commit_behind_the_last_offsets(void **state) {
  write_history(*state, &(struct history){.done = 3});
  remove_file(*state, "offsets/2");
  expect(*state, EAGRE_INSPECT_REFUSE, -1, "CHECKPOINT_OFFSETS_MISSING");
}

static void test_state_without_offsets(void **state) {
  struct fixture *fixture = *state;
  write_history(fixture, &(struct history){0});
  scratch_write(scratch_path(fixture->directory, "eagre/state/1-0-a.full"), "x", 1);
  expect(fixture, EAGRE_INSPECT_REFUSE, -1, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY");
}

static void test_state_that_is_missing(void **state) {
  struct fixture *fixture = *state;
  write_history(fixture, &(struct history){.done = 2, .has_state = true});
  scratch_write(scratch_path(fixture->directory, "eagre/state/1-0-the-attempt.full"), "x", 1);
  expect(fixture, EAGRE_INSPECT_REFUSE, -1, "STATE_STORE_MISSING_FILE");
  remove_file(fixture, "eagre/prepared/1");
  expect(fixture, EAGRE_INSPECT_REFUSE, -1, "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY");
}

/* State files of a first attempt that died are no state of a committed epoch. */
static void test_first_epoch_with_state_of_a_dead_attempt(void **state) {
  struct fixture *fixture = *state;
  write_history(fixture, &(struct history){.is_planned = true});
  scratch_write(scratch_path(fixture->directory, "eagre/state/1-0-dead.full"), "x", 1);
  expect(fixture, EAGRE_INSPECT_RERUN, 0, "runs epoch 0 again");
}

static void test_positions_and_watermarks(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_checkpoint report;
  write_history(fixture, &(struct history){.done = 3});
  open_report(fixture, &report);
  assert_true(report.is_by_eagre);
  assert_true(report.is_committed);
  assert_int_equal(report.offsets.watermark_ms, 2000);
  assert_int_equal(report.next_watermark_ms, 2500);
  assert_int_equal(report.source_count, 1);
  assert_int_equal(report.sources[0].position.partitions[0].offset, 2);
  assert_false(report.sources[0].is_start);
  eagre_inspect_checkpoint_done(&report);
}

static void test_start_of_kafka_before_anything_is_planned(void **state) {
  static const char content[] = "\0v1\n{\"clicks\":{\"0\":7}}";
  struct fixture *fixture = *state;
  struct eagre_inspect_checkpoint report;
  struct eagre_checkpoint *checkpoint = NULL;
  assert_int_equal(
      eagre_checkpoint_open(fixture->io, fixture->directory, NULL, &checkpoint, &fixture->error),
      EAGRE_OK);
  assert_int_equal(eagre_checkpoint_create(checkpoint, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_source(checkpoint, 0, "0",
                                                 eagre_text_make(content, sizeof content - 1),
                                                 &fixture->error),
                   EAGRE_OK);
  eagre_checkpoint_close(checkpoint);
  open_report(fixture, &report);
  assert_int_equal(report.source_count, 1);
  assert_true(report.sources[0].is_start);
  assert_int_equal(report.sources[0].position.partitions[0].offset, 7);
  eagre_inspect_checkpoint_done(&report);
}

static void test_an_empty_folder_is_no_checkpoint(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer out = {0};
  assert_int_equal(eagre_inspect_checkpoint(fixture->directory, false, &out, &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_NOT_FOUND");
  assert_int_equal(
      eagre_inspect_checkpoint_verify(fixture->directory, false, &out, &fixture->error),
      EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_NOT_FOUND");
  assert_int_equal(out.size, 0);
}

int run_restart_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(test_nothing_planned),
      FIXTURE_TEST(test_committed),
      FIXTURE_TEST(test_planned),
      FIXTURE_TEST(test_first_epoch_planned),
      FIXTURE_TEST(test_prepared),
      FIXTURE_TEST(test_planned_without_the_epoch_before),
      FIXTURE_TEST(test_commits_without_offsets),
      FIXTURE_TEST(test_a_commit_behind_the_last_offsets),
      FIXTURE_TEST(test_state_without_offsets),
      FIXTURE_TEST(test_state_that_is_missing),
      FIXTURE_TEST(test_first_epoch_with_state_of_a_dead_attempt),
      FIXTURE_TEST(test_positions_and_watermarks),
      FIXTURE_TEST(test_start_of_kafka_before_anything_is_planned),
      FIXTURE_TEST(test_an_empty_folder_is_no_checkpoint),
  };
  return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}

/* Proves the directory: what a start finds, the lock, exclusive creation, side files, purging. */
#include "test_checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io_fault.h"

static const struct eagre_checkpoint_options READ_ONLY = {.read_only = true};
static const struct eagre_checkpoint_options TAKE_OVER = {.take_over = true};

static bool is_there(const struct fixture *fixture, const char *name) {
  return access(scratch_path(fixture->path, name), F_OK) == 0;
}

static struct eagre_checkpoint *open_checkpoint(struct fixture *fixture,
                                                const struct eagre_checkpoint_options *options) {
  struct eagre_checkpoint *checkpoint = NULL;
  enum eagre_status status =
      eagre_checkpoint_open(fixture->io, fixture->path, options, &checkpoint, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
  return checkpoint;
}

static void assert_open_refused(struct fixture *fixture,
                                const struct eagre_checkpoint_options *options,
                                const char *class_name) {
  struct eagre_checkpoint *checkpoint = NULL;
  assert_int_equal(
      eagre_checkpoint_open(fixture->io, fixture->path, options, &checkpoint, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, class_name);
}

static void opening_touches_nothing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = open_checkpoint(fixture, NULL);
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(checkpoint);
  assert_false(summary->exists);
  assert_int_equal(summary->offsets_last, -1);
  assert_int_equal(summary->commits_last, -1);
  assert_false(summary->has_state || summary->is_from_spark || summary->has_spark_state);
  eagre_checkpoint_close(checkpoint);
  assert_int_not_equal(access(fixture->path, F_OK), 0);
}

static void creating_makes_metadata_once(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  char id[EAGRE_UUID_SIZE];
  memcpy(id, eagre_checkpoint_summary(checkpoint)->id, sizeof id);
  assert_int_equal(strlen(id), 36);
  size_t size = 0;
  char *content = scratch_read(scratch_path(fixture->path, "metadata"), &size);
  assert_int_equal(size, 45);
  eagre_free(content);
  assert_true(is_there(fixture, ".metadata.crc"));
  eagre_checkpoint_close(checkpoint);
  checkpoint = create_checkpoint(fixture);
  assert_true(eagre_checkpoint_summary(checkpoint)->exists);
  assert_string_equal(eagre_checkpoint_summary(checkpoint)->id, id);
  assert_int_equal(eagre_checkpoint_path(checkpoint)[0], '/');
  assert_string_equal(eagre_checkpoint_state_path(checkpoint),
                      scratch_path(fixture->path, "eagre/state"));
  eagre_checkpoint_close(checkpoint);
}

static void a_relative_path_becomes_absolute(void **state) {
  struct fixture *fixture = *state;
  char before[512];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(fixture->directory), 0);
  struct eagre_checkpoint *checkpoint = NULL;
  enum eagre_status status =
      eagre_checkpoint_open(fixture->io, "checkpoint/", NULL, &checkpoint, &fixture->error);
  assert_int_equal(chdir(before), 0);
  assert_int_equal(status, EAGRE_OK);
  assert_int_equal(eagre_checkpoint_path(checkpoint)[0], '/');
  assert_true(eagre_text_ends_with(eagre_text_of(eagre_checkpoint_path(checkpoint)),
                                   EAGRE_TEXT("/checkpoint")));
  eagre_checkpoint_close(checkpoint);
}

static void epochs_are_written_read_and_counted(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  for (int64_t epoch = 0; epoch < 12; epoch++) {
    struct eagre_checkpoint_offsets offsets = small_offsets;
    offsets.watermark_ms = epoch * 10;
    assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, epoch, &offsets, &fixture->error),
                     EAGRE_OK);
    struct eagre_checkpoint_prepared prepared;
    fill_prepared(&prepared, epoch, "attempt");
    assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                     EAGRE_OK);
    if (epoch == 11) continue;
    assert_int_equal(
        eagre_checkpoint_write_commit(checkpoint, epoch, epoch * 10 + 10, &fixture->error),
        EAGRE_OK);
  }
  eagre_checkpoint_close(checkpoint);
  checkpoint = open_checkpoint(fixture, &READ_ONLY);
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(checkpoint);
  assert_int_equal(summary->offsets_last, 11);
  assert_int_equal(summary->commits_last, 10);
  assert_false(summary->is_from_spark);
  struct eagre_checkpoint_offsets offsets;
  assert_int_equal(
      eagre_checkpoint_read_offsets(checkpoint, 11, &fixture->arena, &offsets, &fixture->error),
      EAGRE_OK);
  assert_int_equal(offsets.watermark_ms, 110);
  assert_true(eagre_text_equal(offsets.sources[0], small_offsets.sources[0]));
  int64_t watermark_ms = 0;
  assert_int_equal(eagre_checkpoint_read_commit(checkpoint, 10, &watermark_ms, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(watermark_ms, 110);
  assert_int_equal(eagre_checkpoint_read_commit(checkpoint, 11, &watermark_ms, NULL), EAGRE_END);
  assert_int_equal(eagre_checkpoint_read_offsets(checkpoint, 12, &fixture->arena, &offsets, NULL),
                   EAGRE_END);
  eagre_checkpoint_close(checkpoint);
}

static void a_second_creation_of_an_epoch_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, 0, &small_offsets, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_commit(checkpoint, 0, 5, &fixture->error), EAGRE_OK);
  char *offsets = scratch_read(scratch_path(fixture->path, "offsets/0"), NULL);
  struct eagre_checkpoint_offsets others = small_offsets;
  others.watermark_ms = 99;
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, 0, &others, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
  assert_int_equal(eagre_checkpoint_write_commit(checkpoint, 0, 6, &fixture->error), EAGRE_UNSAFE);
  char *now = scratch_read(scratch_path(fixture->path, "offsets/0"), NULL);
  assert_string_equal(now, offsets);
  struct eagre_checkpoint_offsets read;
  assert_int_equal(
      eagre_checkpoint_read_offsets(checkpoint, 0, &fixture->arena, &read, &fixture->error),
      EAGRE_OK);
  eagre_free(offsets);
  eagre_free(now);
  eagre_checkpoint_close(checkpoint);
}

/* ---- The lock -------------------------------------------------------------------------------- */

static void a_second_process_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  assert_open_refused(fixture, NULL, "CHECKPOINT_LOCKED");
  char holder[32];
  snprintf(holder, sizeof holder, "process %d", (int)getpid());
  assert_non_null(strstr(fixture->error.text, holder));
  struct eagre_checkpoint *reader = open_checkpoint(fixture, &READ_ONLY);
  eagre_checkpoint_close(reader);
  eagre_checkpoint_close(checkpoint);
  checkpoint = open_checkpoint(fixture, NULL);
  assert_open_refused(fixture, NULL, "CHECKPOINT_LOCKED");
  eagre_checkpoint_close(checkpoint);
}

static void a_take_over_goes_past_the_lock_and_is_fenced_by_names(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *old = create_checkpoint(fixture);
  struct eagre_checkpoint *new = open_checkpoint(fixture, &TAKE_OVER);
  assert_int_equal(eagre_checkpoint_create(new, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_offsets(new, 0, &small_offsets, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_offsets(old, 0, &small_offsets, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
  eagre_checkpoint_close(new);
  eagre_checkpoint_close(old);
}

static void of_two_that_start_at_once_one_creates(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *first = open_checkpoint(fixture, NULL);
  struct eagre_checkpoint *second = open_checkpoint(fixture, NULL);
  assert_int_equal(eagre_checkpoint_create(first, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_checkpoint_create(second, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_LOCKED");
  eagre_checkpoint_close(first);
  /* The first is gone, but what the second saw when it opened is no longer so. */
  assert_int_equal(eagre_checkpoint_create(second, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
  eagre_checkpoint_close(second);
}

/* ---- What a start finds ---------------------------------------------------------------------- */

/* Files as Spark leaves them, without side files. */
static void make_spark_checkpoint(struct fixture *fixture, int epochs) {
  assert_int_equal(mkdir(fixture->path, 0777), 0);
  assert_int_equal(mkdir(scratch_path(fixture->path, "offsets"), 0777), 0);
  assert_int_equal(mkdir(scratch_path(fixture->path, "commits"), 0777), 0);
  const char *metadata = "{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21\"}";
  scratch_write(scratch_path(fixture->path, "metadata"), metadata, strlen(metadata));
  for (int i = 0; i < epochs; i++) {
    char name[32];
    snprintf(name, sizeof name, "offsets/%d", i);
    scratch_write(scratch_path(fixture->path, name), "v1\n{}\n{}", 8);
    snprintf(name, sizeof name, "commits/%d", i);
    scratch_write(scratch_path(fixture->path, name), "v1\n{}", 5);
  }
}

static void a_checkpoint_of_spark_is_recognised(void **state) {
  struct fixture *fixture = *state;
  make_spark_checkpoint(fixture, 3);
  struct eagre_checkpoint *checkpoint = open_checkpoint(fixture, NULL);
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(checkpoint);
  assert_true(summary->exists && summary->is_from_spark);
  assert_false(summary->has_spark_state || summary->has_state);
  assert_int_equal(summary->offsets_last, 2);
  assert_string_equal(summary->id, "a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21");
  assert_false(is_there(fixture, "eagre"));
  assert_int_equal(eagre_checkpoint_create(checkpoint, &fixture->error), EAGRE_OK);
  assert_true(is_there(fixture, "eagre/lock"));
  eagre_checkpoint_close(checkpoint);
  /* Started, but no epoch of ours yet: still Spark's. */
  checkpoint = open_checkpoint(fixture, NULL);
  assert_true(eagre_checkpoint_summary(checkpoint)->is_from_spark);
  struct eagre_checkpoint_prepared prepared;
  fill_prepared(&prepared, 3, "attempt");
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, 3, &small_offsets, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                   EAGRE_OK);
  eagre_checkpoint_close(checkpoint);
  checkpoint = open_checkpoint(fixture, NULL);
  assert_false(eagre_checkpoint_summary(checkpoint)->is_from_spark);
  eagre_checkpoint_close(checkpoint);
}

static void the_state_of_spark_is_recognised(void **state) {
  struct fixture *fixture = *state;
  make_spark_checkpoint(fixture, 1);
  assert_int_equal(mkdir(scratch_path(fixture->path, "state"), 0777), 0);
  assert_int_equal(mkdir(scratch_path(fixture->path, "state/0"), 0777), 0);
  struct eagre_checkpoint *checkpoint = open_checkpoint(fixture, &READ_ONLY);
  assert_true(eagre_checkpoint_summary(checkpoint)->has_spark_state);
  assert_true(eagre_checkpoint_summary(checkpoint)->is_from_spark);
  eagre_checkpoint_close(checkpoint);
}

static void our_state_is_seen(void **state) {
  struct fixture *fixture = *state;
  eagre_checkpoint_close(create_checkpoint(fixture));
  scratch_write(scratch_path(fixture->path, "eagre/state/1-0-a.full"), "", 0);
  struct eagre_checkpoint *checkpoint = open_checkpoint(fixture, &READ_ONLY);
  assert_true(eagre_checkpoint_summary(checkpoint)->has_state);
  eagre_checkpoint_close(checkpoint);
}

static void epochs_without_metadata_are_refused(void **state) {
  struct fixture *fixture = *state;
  make_spark_checkpoint(fixture, 1);
  assert_int_equal(unlink(scratch_path(fixture->path, "metadata")), 0);
  assert_open_refused(fixture, NULL, "STREAMING_CHECKPOINT_MISSING_METADATA_FILE");
  assert_int_equal(unlink(scratch_path(fixture->path, "offsets/0")), 0);
  assert_open_refused(fixture, NULL, "STREAMING_CHECKPOINT_MISSING_METADATA_FILE");
  assert_int_equal(unlink(scratch_path(fixture->path, "commits/0")), 0);
  eagre_checkpoint_close(open_checkpoint(fixture, NULL));
}

static void malformed_metadata_is_refused(void **state) {
  struct fixture *fixture = *state;
  make_spark_checkpoint(fixture, 1);
  scratch_write(scratch_path(fixture->path, "metadata"), "", 0);
  assert_open_refused(fixture, NULL, "MALFORMED_LOG_FILE");
}

/* ---- Side files ------------------------------------------------------------------------------ */

static void an_edited_file_is_refused_until_its_side_file_goes(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, 0, &small_offsets, &fixture->error),
                   EAGRE_OK);
  scratch_write(scratch_path(fixture->path, "offsets/0"), "v1\n{}\n{}", 8);
  struct eagre_checkpoint_offsets offsets;
  assert_int_equal(
      eagre_checkpoint_read_offsets(checkpoint, 0, &fixture->arena, &offsets, &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED");
  assert_non_null(strstr(fixture->error.hint, "/offsets/.0.crc"));
  assert_int_equal(unlink(scratch_path(fixture->path, "offsets/.0.crc")), 0);
  assert_int_equal(
      eagre_checkpoint_read_offsets(checkpoint, 0, &fixture->arena, &offsets, &fixture->error),
      EAGRE_OK);
  eagre_checkpoint_close(checkpoint);
}

static void a_stale_side_file_is_replaced(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  scratch_write(scratch_path(fixture->path, "offsets/.0.crc"), "stale", 5);
  assert_int_equal(eagre_checkpoint_write_offsets(checkpoint, 0, &small_offsets, &fixture->error),
                   EAGRE_OK);
  struct eagre_checkpoint_offsets offsets;
  assert_int_equal(
      eagre_checkpoint_read_offsets(checkpoint, 0, &fixture->arena, &offsets, &fixture->error),
      EAGRE_OK);
  assert_true(is_there(fixture, "offsets/.0.crc"));
  eagre_checkpoint_close(checkpoint);
}

/* ---- Another process ------------------------------------------------------------------------- */

/* Who took over removes what lies behind its epochs, also what we were about to give its name. */
static void a_file_that_is_removed_while_it_is_written_names_another_process(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  struct eagre_checkpoint_prepared prepared;
  fill_prepared(&prepared, 0, "attempt");
  struct eagre_io_fault vanished[] = {
      {.kind = EAGRE_IO_LINK, .nth = 1, .error_number = ENOENT},
      {.kind = EAGRE_IO_RENAME, .nth = 1, .error_number = ENOENT},
  };
  eagre_io_fault_install(fixture->io, vanished, EAGRE_COUNT_OF(vanished));
  assert_int_equal(eagre_checkpoint_write_commit(checkpoint, 0, 7, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
  assert_non_null(strstr(fixture->error.text, "/commits/0 was removed"));
  eagre_io_fault_install(fixture->io, vanished, EAGRE_COUNT_OF(vanished));
  assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                   EAGRE_UNSAFE);
  assert_non_null(strstr(fixture->error.text, "/eagre/prepared/0 was removed"));
  eagre_io_fault_install(fixture->io, NULL, 0);
  eagre_checkpoint_close(checkpoint);
}

static void a_missing_directory_is_no_other_process(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  assert_int_equal(rmdir(scratch_path(fixture->path, "commits")), 0);
  assert_int_equal(eagre_checkpoint_write_commit(checkpoint, 0, 7, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
  eagre_checkpoint_close(checkpoint);
}

/* ---- Sources and purging --------------------------------------------------------------------- */

static void sources_keep_their_bytes(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  assert_int_equal(eagre_checkpoint_list_source(checkpoint, 0, &fixture->arena, &entries, &count,
                                                &fixture->error),
                   EAGRE_END);
  struct eagre_text content = EAGRE_TEXT("\0v1\n{\"clicks\":{\"0\":0,\"1\":0}}");
  assert_int_equal(eagre_checkpoint_write_source(checkpoint, 0, "0", content, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(
      eagre_checkpoint_write_source(checkpoint, 0, "9.compact", EAGRE_TEXT("v1"), &fixture->error),
      EAGRE_OK);
  assert_int_equal(
      eagre_checkpoint_write_source(checkpoint, 1, "0", EAGRE_TEXT("v1"), &fixture->error),
      EAGRE_OK);
  assert_int_equal(eagre_checkpoint_write_source(checkpoint, 0, "0", content, &fixture->error),
                   EAGRE_UNSAFE);
  struct eagre_buffer read = {0};
  assert_int_equal(eagre_checkpoint_read_source(checkpoint, 0, "0", &read, &fixture->error),
                   EAGRE_OK);
  assert_true(eagre_text_equal(eagre_buffer_text(&read), content));
  assert_int_equal(eagre_checkpoint_read_source(checkpoint, 2, "0", &read, NULL), EAGRE_END);
  eagre_buffer_done(&read);
  assert_int_equal(eagre_checkpoint_list_source(checkpoint, 0, &fixture->arena, &entries, &count,
                                                &fixture->error),
                   EAGRE_OK);
  assert_int_equal(count, 2);
  assert_string_equal(entries[0].name, "0");
  assert_string_equal(entries[1].name, "9.compact");
  eagre_checkpoint_close(checkpoint);
}

static void purging_removes_old_epochs_with_all_that_is_theirs(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = create_checkpoint(fixture);
  for (int64_t epoch = 0; epoch < 5; epoch++) {
    struct eagre_checkpoint_prepared prepared;
    fill_prepared(&prepared, epoch, "attempt");
    assert_int_equal(
        eagre_checkpoint_write_offsets(checkpoint, epoch, &small_offsets, &fixture->error),
        EAGRE_OK);
    assert_int_equal(eagre_checkpoint_write_commit(checkpoint, epoch, 0, &fixture->error),
                     EAGRE_OK);
    assert_int_equal(eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error),
                     EAGRE_OK);
  }
  static const char *const removed[] = {"offsets/.2.0b6f.tmp", "offsets/..2.crc.0b6f.tmp",
                                        "offsets/2",           "offsets/.2.crc",
                                        "commits/.0.crc",      "eagre/prepared/2"};
  static const char *const kept[] = {"offsets/.3.0b6f.tmp", "offsets/notes.txt", "offsets/.2.bak",
                                     "offsets/3",           "offsets/.3.crc",    "commits/4",
                                     "eagre/prepared/3",    "metadata"};
  for (size_t i = 0; i < 2; i++) {
    scratch_write(scratch_path(fixture->path, removed[i]), "", 0);
  }
  for (size_t i = 0; i < 3; i++) {
    scratch_write(scratch_path(fixture->path, kept[i]), "", 0);
  }
  for (int i = 0; i < 2; i++) {
    assert_int_equal(eagre_checkpoint_purge(checkpoint, 3, &fixture->error), EAGRE_OK);
    for (size_t j = 0; j < EAGRE_COUNT_OF(removed); j++) {
      if (is_there(fixture, removed[j])) fail_msg("%s is still there", removed[j]);
    }
    for (size_t j = 0; j < EAGRE_COUNT_OF(kept); j++) {
      if (!is_there(fixture, kept[j])) fail_msg("%s is gone", kept[j]);
    }
  }
  eagre_checkpoint_close(checkpoint);
}

int run_directory_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(opening_touches_nothing),
      FIXTURE_TEST(creating_makes_metadata_once),
      FIXTURE_TEST(a_relative_path_becomes_absolute),
      FIXTURE_TEST(epochs_are_written_read_and_counted),
      FIXTURE_TEST(a_second_creation_of_an_epoch_is_refused),
      FIXTURE_TEST(a_second_process_is_refused),
      FIXTURE_TEST(a_take_over_goes_past_the_lock_and_is_fenced_by_names),
      FIXTURE_TEST(of_two_that_start_at_once_one_creates),
      FIXTURE_TEST(a_checkpoint_of_spark_is_recognised),
      FIXTURE_TEST(the_state_of_spark_is_recognised),
      FIXTURE_TEST(our_state_is_seen),
      FIXTURE_TEST(epochs_without_metadata_are_refused),
      FIXTURE_TEST(malformed_metadata_is_refused),
      FIXTURE_TEST(an_edited_file_is_refused_until_its_side_file_goes),
      FIXTURE_TEST(a_stale_side_file_is_replaced),
      FIXTURE_TEST(a_file_that_is_removed_while_it_is_written_names_another_process),
      FIXTURE_TEST(a_missing_directory_is_no_other_process),
      FIXTURE_TEST(sources_keep_their_bytes),
      FIXTURE_TEST(purging_removes_old_epochs_with_all_that_is_theirs),
  };
  return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}

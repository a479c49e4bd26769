/* Proves over power losses and failing disks that a checkpoint stays readable: at every moment of a
 * recorded run each epoch's files are absent or complete, in order, and pass their checks. */
#include "test_checkpoint.h"

#include <errno.h>
#include <stdlib.h>

#include "../io/recording.h"
#include "io/io_fault.h"

enum { EPOCHS = 3, IMAGES_PER_MOMENT = 8 };

/* Creates a checkpoint and runs the file side of some epochs; `out_done` counts steps. */
static enum eagre_status run_epochs(struct fixture *fixture, int *out_done) {
  struct eagre_checkpoint *checkpoint = NULL;
  EAGRE_TRY(eagre_checkpoint_open(fixture->io, fixture->path, NULL, &checkpoint, &fixture->error));
  enum eagre_status status = eagre_checkpoint_create(checkpoint, &fixture->error);
  for (int64_t epoch = 0; epoch < EPOCHS && status == EAGRE_OK; epoch++) {
    struct eagre_checkpoint_prepared prepared;
    fill_prepared(&prepared, epoch, "attempt");
    status = eagre_checkpoint_write_offsets(checkpoint, epoch, &small_offsets, &fixture->error);
    if (status != EAGRE_OK) break;
    (*out_done)++;
    status = eagre_checkpoint_write_prepared(checkpoint, &prepared, &fixture->error);
    if (status != EAGRE_OK) break;
    status = eagre_checkpoint_write_commit(checkpoint, epoch, 7, &fixture->error);
  }
  eagre_checkpoint_close(checkpoint);
  return status;
}

/* Reads everything a start reads. True when all of it is whole and in order. */
static bool is_readable(struct eagre_io *io, const char *path, struct eagre_error *error) {
  struct eagre_checkpoint_options options = {.read_only = true};
  struct eagre_checkpoint *checkpoint = NULL;
  if (eagre_checkpoint_open(io, path, &options, &checkpoint, error) != EAGRE_OK) return false;
  struct eagre_arena arena = {0};
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(checkpoint);
  bool is_good = summary->commits_last <= summary->offsets_last &&
                 summary->offsets_last <= summary->commits_last + 1;
  for (int64_t epoch = 0; epoch <= summary->offsets_last && is_good; epoch++) {
    struct eagre_checkpoint_offsets offsets;
    struct eagre_checkpoint_prepared prepared;
    int64_t watermark_ms = 0;
    enum eagre_status prepared_status =
        eagre_checkpoint_read_prepared(checkpoint, epoch, &arena, &prepared, error);
    bool is_committed = epoch <= summary->commits_last;
    is_good =
        eagre_checkpoint_read_offsets(checkpoint, epoch, &arena, &offsets, error) == EAGRE_OK &&
        (prepared_status == EAGRE_OK || (prepared_status == EAGRE_END && !is_committed)) &&
        (!is_committed ||
         eagre_checkpoint_read_commit(checkpoint, epoch, &watermark_ms, error) == EAGRE_OK);
  }
  eagre_arena_done(&arena);
  eagre_checkpoint_close(checkpoint);
  return is_good;
}

static void a_power_loss_at_any_moment_leaves_it_readable(void **state) {
  struct fixture *fixture = *state;
  struct eagre_io *recorded = NULL;
  setenv("EAGRE_IO", "posix", 1);
  assert_int_equal(eagre_io_open(NULL, &recorded, &fixture->error), EAGRE_OK);
  unsetenv("EAGRE_IO");
  struct recording *recording = recording_install(recorded, fixture->directory);
  struct eagre_io *plain = fixture->io;
  fixture->io = recorded;
  int done = 0;
  assert_int_equal(run_epochs(fixture, &done), EAGRE_OK);
  eagre_io_close(recorded);
  fixture->io = plain;
  struct eagre_random random;
  uint64_t seed = 7042;
  print_message("power loss: %llu moments, seed %llu\n",
                (unsigned long long)recording_now(recording), (unsigned long long)seed);
  eagre_random_seed(&random, seed);
  for (uint64_t moment = 0; moment <= recording_now(recording); moment++) {
    for (int i = 0; i < IMAGES_PER_MOMENT; i++) {
      char *image = scratch_make();
      recording_replay(recording, moment, i % 4 * 0.333, &random, image);
      struct eagre_error error;
      eagre_error_init(&error);
      bool is_good = is_readable(fixture->io, scratch_path(image, "checkpoint"), &error);
      scratch_remove(image);
      if (!is_good) fail_msg("moment %llu: %s", (unsigned long long)moment, error.text);
    }
  }
  recording_free(recording);
}

static void a_failing_disk_at_any_operation_leaves_it_readable(void **state) {
  struct fixture *fixture = *state;
  static const enum eagre_io_kind kinds[] = {EAGRE_IO_OPEN, EAGRE_IO_WRITE,
                                             EAGRE_IO_SYNC, EAGRE_IO_RENAME,
                                             EAGRE_IO_LINK, EAGRE_IO_MAKE_DIRECTORY};
  for (size_t kind = 0; kind < EAGRE_COUNT_OF(kinds); kind++) {
    bool is_failed = true;
    for (uint64_t nth = 1; is_failed; nth++) {
      struct eagre_io_fault fault = {.kind = kinds[kind], .nth = nth, .error_number = ENOSPC};
      eagre_io_fault_install(fixture->io, &fault, 1);
      int done = 0;
      enum eagre_status status = run_epochs(fixture, &done);
      is_failed = status != EAGRE_OK;
      if (is_failed) {
        assert_int_equal(status, EAGRE_IO);
        assert_string_equal(fixture->error.class_name, "DISK_FULL");
      }
      eagre_io_fault_install(fixture->io, NULL, 0);
      struct eagre_error error;
      eagre_error_init(&error);
      if (!is_readable(fixture->io, fixture->path, &error))
        fail_msg("operation %d, the %lluth: %s", (int)kinds[kind], (unsigned long long)nth,
                 error.text);
      scratch_remove(fixture->directory);
      fixture->directory = scratch_make();
      fixture->path =
          (char *)eagre_arena_printf(&fixture->arena, "%s/checkpoint", fixture->directory).data;
    }
  }
}

int run_outage_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_power_loss_at_any_moment_leaves_it_readable),
      FIXTURE_TEST(a_failing_disk_at_any_operation_leaves_it_readable),
  };
  return cmocka_run_group_tests_name("outages", tests, NULL, NULL);
}

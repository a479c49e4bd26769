/* Proves the promise of eagre_io_write_files over power losses: at every moment of a recorded run,
 * in many images, an exclusive name is absent or complete, a replaced one old or complete, and
 * after the call has returned both are complete. A canary shows that the recorder finds a protocol
 * without syncs. */
#include "test_io.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording.h"

enum { IMAGES_PER_MOMENT = 40 };

static const char OLD[] = "what stood here before, longer than the new text";

/* A text of several pages, so that a torn one is found. */
static struct eagre_text make_text(char fill) {
  static char texts[2][20000];
  char *text = texts[fill & 1];
  memset(text, fill, sizeof texts[0]);
  return eagre_text_make(text, sizeof texts[0]);
}

static bool is_text(const char *path, struct eagre_text expected) {
  size_t size = 0;
  char *content = scratch_read(path, &size);
  bool is_equal = content != NULL && eagre_text_equal(eagre_text_make(content, size), expected);
  eagre_free(content);
  return is_equal;
}

/* Calls `judge` for images of every moment; true when it accepted all. */
static bool replay_all(const struct recording *recording,
                       bool (*judge)(const char *image, bool is_over)) {
  struct eagre_random random;
  uint64_t seed = 20240607;
  print_message("power loss: %llu moments, seed %llu\n",
                (unsigned long long)recording_now(recording), (unsigned long long)seed);
  eagre_random_seed(&random, seed);
  bool is_accepted = true;
  for (uint64_t moment = 0; moment <= recording_now(recording) && is_accepted; moment++) {
    for (int i = 0; i < IMAGES_PER_MOMENT && is_accepted; i++) {
      char *image = scratch_make();
      recording_replay(recording, moment, i % 5 * 0.25, &random, image);
      is_accepted = judge(image, moment == recording_now(recording));
      scratch_remove(image);
    }
  }
  return is_accepted;
}

static bool judge_group(const char *image, bool is_over) {
  const char *exclusive = scratch_path(image, "a/exclusive");
  const char *replaced = scratch_path(image, "b/replaced");
  bool is_first = is_text(exclusive, make_text('e'));
  bool is_second = is_text(replaced, make_text('r'));
  if (is_over) return is_first && is_second;
  return (is_first || access(exclusive, F_OK) != 0) &&
         (is_second || is_text(replaced, eagre_text_of(OLD)));
}

static void a_group_survives_power_loss_at_any_moment(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(mkdir(scratch_path(fixture->directory, "a"), 0777), 0);
  assert_int_equal(mkdir(scratch_path(fixture->directory, "b"), 0777), 0);
  scratch_write(scratch_path(fixture->directory, "b/replaced"), OLD, strlen(OLD));
  struct recording *recording = recording_install(fixture->io, fixture->directory);
  struct eagre_io_file files[] = {
      {.path = scratch_path(fixture->directory, "a/exclusive"),
       .content = make_text('e'),
       .publish = EAGRE_IO_EXCLUSIVE},
      {.path = scratch_path(fixture->directory, "b/replaced"),
       .content = make_text('r'),
       .publish = EAGRE_IO_REPLACE},
  };
  assert_int_equal(eagre_io_write_files(fixture->io, files, 2, &fixture->error), EAGRE_OK);
  assert_true(replay_all(recording, judge_group));
  eagre_io_close(fixture->io);
  fixture->io = NULL;
  recording_free(recording);
}

static bool judge_writer(const char *image, bool is_over) {
  return !is_over || is_text(scratch_path(image, "one/two/file"), make_text('r'));
}

static void a_finished_file_in_new_directories_survives(void **state) {
  struct fixture *fixture = *state;
  struct recording *recording = recording_install(fixture->io, fixture->directory);
  const char *directory = scratch_path(fixture->directory, "one/two");
  assert_int_equal(eagre_io_make_directories(fixture->io, directory, &fixture->error), EAGRE_OK);
  struct eagre_io_writer *writer = NULL;
  assert_int_equal(eagre_io_writer_open(fixture->io,
                                        scratch_path(fixture->directory, "one/two/file"), &writer,
                                        &fixture->error),
                   EAGRE_OK);
  struct eagre_text text = make_text('r');
  assert_int_equal(eagre_io_writer_append(writer, text.data, text.size, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_io_writer_finish(writer, &fixture->error), EAGRE_OK);
  assert_true(replay_all(recording, judge_writer));
  eagre_io_close(fixture->io);
  fixture->io = NULL;
  recording_free(recording);
}

/* Somebody made the directories and died before it synced them. */
static void what_lies_in_directories_of_the_dead_survives(void **state) {
  struct fixture *fixture = *state;
  struct recording *recording = recording_install(fixture->io, fixture->directory);
  static const char *const left[] = {"one", "one/two"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(left); i++) {
    struct eagre_io_operation make = {.kind = EAGRE_IO_MAKE_DIRECTORY,
                                      .path = scratch_path(fixture->directory, left[i])};
    assert_int_equal(eagre_io_run_one(fixture->io, make), 0);
  }
  struct eagre_io_file file = {
      .path = scratch_path(fixture->directory, "one/two/file"),
      .content = make_text('r'),
      .publish = EAGRE_IO_EXCLUSIVE,
  };
  eagre_io_sync_ancestors(fixture->io, file.path);
  assert_int_equal(eagre_io_write_files(fixture->io, &file, 1, &fixture->error), EAGRE_OK);
  assert_true(replay_all(recording, judge_writer));
  eagre_io_close(fixture->io);
  fixture->io = NULL;
  recording_free(recording);
}

static bool judge_careless(const char *image, bool is_over) {
  (void)is_over;
  const char *path = scratch_path(image, "file");
  return is_text(path, make_text('e')) || access(path, F_OK) != 0;
}

/* The canary: write, rename, and only then sync. */
static void a_rename_before_the_sync_is_caught(void **state) {
  struct fixture *fixture = *state;
  struct recording *recording = recording_install(fixture->io, fixture->directory);
  const char *temporary = scratch_path(fixture->directory, "file.tmp");
  int64_t descriptor = eagre_io_run_one(
      fixture->io, (struct eagre_io_operation){
                       .kind = EAGRE_IO_OPEN, .path = temporary, .flags = O_CREAT | O_WRONLY});
  struct eagre_text text = make_text('e');
  assert_int_equal(eagre_io_write_fully(fixture->io, (int)descriptor, text.data, text.size, 0), 0);
  assert_int_equal(eagre_io_rename(fixture->io, temporary, scratch_path(fixture->directory, "file"),
                                   &fixture->error),
                   EAGRE_OK);
  eagre_io_run_one(fixture->io, (struct eagre_io_operation){.kind = EAGRE_IO_SYNC,
                                                            .descriptor = (int)descriptor});
  close((int)descriptor);
  assert_false(replay_all(recording, judge_careless));
  eagre_io_close(fixture->io);
  fixture->io = NULL;
  recording_free(recording);
}

int run_power_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_group_survives_power_loss_at_any_moment),
      FIXTURE_TEST(a_finished_file_in_new_directories_survives),
      FIXTURE_TEST(what_lies_in_directories_of_the_dead_survives),
      FIXTURE_TEST(a_rename_before_the_sync_is_caught),
  };
  return cmocka_run_group_tests_name("power loss", tests, NULL, NULL);
}

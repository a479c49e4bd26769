/* Proves eagre_io_write_files without faults: who wins a name, what stays, in which order. */
#include "test_io.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void writes_a_group_over_several_directories(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(mkdir(scratch_path(fixture->directory, "a"), 0777), 0);
  assert_int_equal(mkdir(scratch_path(fixture->directory, "b"), 0777), 0);
  scratch_write(scratch_path(fixture->directory, "a/old"), "before", 6);
  struct eagre_io_file files[] = {
      GROUP_FILE(scratch_path(fixture->directory, "a/new"), "one", EAGRE_IO_EXCLUSIVE),
      GROUP_FILE(scratch_path(fixture->directory, "a/old"), "two", EAGRE_IO_REPLACE),
      GROUP_FILE(scratch_path(fixture->directory, "b/empty"), "", EAGRE_IO_EXCLUSIVE),
  };
  uint64_t sync_ns = 0;
  uint64_t sync_count = 0;
  assert_int_equal(eagre_io_write_files(fixture->io, files, 3, &fixture->error), EAGRE_OK);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(files[i].status, EAGRE_OK);
  }
  assert_file_is(files[0].path, "one");
  assert_file_is(files[1].path, "two");
  assert_file_is(files[2].path, "");
  assert_int_equal(scratch_count_temporaries(scratch_path(fixture->directory, "a")), 0);
  assert_int_equal(scratch_count_temporaries(scratch_path(fixture->directory, "b")), 0);
  eagre_io_sync_time(fixture->io, &sync_ns, &sync_count);
  assert_int_equal(sync_count, 5); /* three files, two directories */
  assert_true(sync_ns > 0);
}

static void an_exclusive_name_that_exists_stays_and_ends_the_group(void **state) {
  struct fixture *fixture = *state;
  scratch_write(scratch_path(fixture->directory, "taken"), "theirs", 6);
  struct eagre_io_file files[] = {
      GROUP_FILE(scratch_path(fixture->directory, "first"), "1", EAGRE_IO_EXCLUSIVE),
      GROUP_FILE(scratch_path(fixture->directory, "taken"), "ours", EAGRE_IO_EXCLUSIVE),
      GROUP_FILE(scratch_path(fixture->directory, "last"), "3", EAGRE_IO_REPLACE),
  };
  assert_int_equal(eagre_io_write_files(fixture->io, files, 3, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  assert_non_null(strstr(fixture->error.text, "/taken"));
  assert_int_equal(files[0].status, EAGRE_OK);
  assert_int_equal(files[1].status, EAGRE_UNSAFE);
  assert_int_equal(files[2].status, EAGRE_CANCELLED);
  assert_file_is(files[1].path, "theirs");
  assert_int_not_equal(access(files[2].path, F_OK), 0);
  assert_int_equal(scratch_count_temporaries(fixture->directory), 0);
}

static void a_missing_directory_publishes_nothing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_io_file files[] = {
      GROUP_FILE(scratch_path(fixture->directory, "here"), "1", EAGRE_IO_EXCLUSIVE),
      GROUP_FILE(scratch_path(fixture->directory, "missing/there"), "2", EAGRE_IO_EXCLUSIVE),
  };
  assert_int_equal(eagre_io_write_files(fixture->io, files, 2, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
  assert_int_equal(files[0].status, EAGRE_CANCELLED);
  assert_int_not_equal(access(files[0].path, F_OK), 0);
  assert_int_equal(scratch_count_temporaries(fixture->directory), 0);
}

enum { RACERS = 4, ROUNDS = 20 };

/* Tries for every name; writes which ones it won into a file of its own. */
static void race(const char *directory, int racer) {
  struct eagre_io *io = NULL;
  if (eagre_io_open(NULL, &io, NULL) != EAGRE_OK) _exit(1);
  char content[2] = {(char)('0' + racer), '\0'};
  for (int round = 0; round < ROUNDS; round++) {
    char name[32];
    snprintf(name, sizeof name, "name%d", round);
    struct eagre_io_file file = {
        .path = scratch_path(directory, name),
        .content = eagre_text_make(content, 1),
        .publish = EAGRE_IO_EXCLUSIVE,
    };
    enum eagre_status status = eagre_io_write_files(io, &file, 1, NULL);
    if (status != EAGRE_OK && status != EAGRE_UNSAFE) _exit(2);
    if (status == EAGRE_UNSAFE) continue;
    snprintf(name, sizeof name, "won%d-%d", round, racer);
    scratch_write(scratch_path(directory, name), "", 0);
  }
  eagre_io_close(io);
  _exit(0);
}

static void one_of_many_processes_wins_an_exclusive_name(void **state) {
  struct fixture *fixture = *state;
  pid_t children[RACERS];
  for (int i = 0; i < RACERS; i++) {
    children[i] = fork();
    if (children[i] == 0) race(fixture->directory, i);
  }
  for (int i = 0; i < RACERS; i++) {
    int status = 0;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  for (int round = 0; round < ROUNDS; round++) {
    char name[32];
    int winners = 0;
    int winner = -1;
    for (int racer = 0; racer < RACERS; racer++) {
      snprintf(name, sizeof name, "won%d-%d", round, racer);
      if (access(scratch_path(fixture->directory, name), F_OK) != 0) continue;
      winners++;
      winner = racer;
    }
    assert_int_equal(winners, 1);
    char expected[2] = {(char)('0' + winner), '\0'};
    snprintf(name, sizeof name, "name%d", round);
    assert_file_is(scratch_path(fixture->directory, name), expected);
  }
}

static void a_large_group_is_written(void **state) {
  struct fixture *fixture = *state;
  enum { COUNT = 150 }; /* more than the ring has entries */
  struct eagre_io_file files[COUNT];
  char names[COUNT][512];
  for (int i = 0; i < COUNT; i++) {
    snprintf(names[i], sizeof names[i], "%s/file%d", fixture->directory, i);
    files[i] = GROUP_FILE(names[i], "content", EAGRE_IO_EXCLUSIVE);
  }
  assert_int_equal(eagre_io_write_files(fixture->io, files, COUNT, &fixture->error), EAGRE_OK);
  for (int i = 0; i < COUNT; i++) {
    assert_file_is(names[i], "content");
  }
}

int run_publish_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(writes_a_group_over_several_directories),
      FIXTURE_TEST(an_exclusive_name_that_exists_stays_and_ends_the_group),
      FIXTURE_TEST(a_missing_directory_publishes_nothing),
      FIXTURE_TEST(one_of_many_processes_wins_an_exclusive_name),
      FIXTURE_TEST(a_large_group_is_written),
  };
  return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}

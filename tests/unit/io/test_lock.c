/* Proves that a lock excludes, names its holder and ends with it. */
#include "test_io.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_held_lock_is_refused_with_its_holder(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "lock");
  struct eagre_io_lock *first = NULL;
  struct eagre_io_lock *second = NULL;
  assert_int_equal(eagre_io_lock_acquire(path, &first, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_io_lock_acquire(path, &second, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_LOCKED");
  char holder[64];
  snprintf(holder, sizeof holder, "process %d on ", (int)getpid());
  assert_non_null(strstr(fixture->error.text, holder));
  assert_non_null(strstr(fixture->error.hint, "--take-over"));
  eagre_io_lock_release(first);
  assert_int_equal(eagre_io_lock_acquire(path, &second, &fixture->error), EAGRE_OK);
  eagre_io_lock_release(second);
}

static void a_lock_ends_with_its_process(void **state) {
  struct fixture *fixture = *state;
  const char *path = scratch_path(fixture->directory, "lock");
  int pipes[2];
  assert_int_equal(pipe(pipes), 0);
  pid_t child = fork();
  if (child == 0) {
    struct eagre_io_lock *lock = NULL;
    char answer = eagre_io_lock_acquire(path, &lock, NULL) == EAGRE_OK ? 'y' : 'n';
    if (write(pipes[1], &answer, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  assert_int_equal(read(pipes[0], &answer, 1), 1);
  assert_int_equal(answer, 'y');
  struct eagre_io_lock *lock = NULL;
  assert_int_equal(eagre_io_lock_acquire(path, &lock, &fixture->error), EAGRE_UNSAFE);
  char holder[64];
  snprintf(holder, sizeof holder, "process %d on ", (int)child);
  assert_non_null(strstr(fixture->error.text, holder));
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_int_equal(eagre_io_lock_acquire(path, &lock, &fixture->error), EAGRE_OK);
  eagre_io_lock_release(lock);
  close(pipes[0]);
  close(pipes[1]);
}

static void a_lock_without_a_directory_is_an_io_error(void **state) {
  struct fixture *fixture = *state;
  struct eagre_io_lock *lock = NULL;
  assert_int_equal(eagre_io_lock_acquire(scratch_path(fixture->directory, "missing/lock"), &lock,
                                         &fixture->error),
                   EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
}

int run_lock_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_held_lock_is_refused_with_its_holder),
      FIXTURE_TEST(a_lock_ends_with_its_process),
      FIXTURE_TEST(a_lock_without_a_directory_is_an_io_error),
  };
  return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}

/* Who holds a checkpoint's lock, asked without taking it. */
#include "test_inspect.h"

#include <sys/stat.h>
#include <unistd.h>

static void test_no_lock_file_means_free(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_lock lock;
  eagre_inspect_lock_read(fixture->directory, &lock);
  assert_false(lock.is_held);
  assert_int_not_equal(access(scratch_path(fixture->directory, "eagre"), F_OK), 0);
}

static void test_a_held_lock_names_its_holder_and_stays_held(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_lock lock;
  struct eagre_io_lock *held = NULL;
  struct eagre_io_lock *second = NULL;
  char host[128];
  assert_int_equal(gethostname(host, sizeof host), 0);
  assert_int_equal(mkdir(scratch_path(fixture->directory, "eagre"), 0777), 0);
  const char *path = eagre_arena_printf(&fixture->arena, "%s/eagre/lock", fixture->directory).data;
  assert_int_equal(eagre_io_lock_acquire(path, &held, &fixture->error), EAGRE_OK);
  eagre_inspect_lock_read(fixture->directory, &lock);
  assert_true(lock.is_held);
  assert_int_equal(lock.process, getpid());
  assert_string_equal(lock.host, host);
  assert_int_equal(eagre_io_lock_acquire(path, &second, &fixture->error), EAGRE_UNSAFE);
  eagre_io_lock_release(held);
  eagre_inspect_lock_read(fixture->directory, &lock);
  assert_false(lock.is_held);
  assert_int_equal(lock.process, 0);
  /* And having looked has not locked it. */
  assert_int_equal(eagre_io_lock_acquire(path, &second, &fixture->error), EAGRE_OK);
  eagre_io_lock_release(second);
}

static void test_a_holder_that_wrote_nonsense_is_still_a_holder(void **state) {
  struct fixture *fixture = *state;
  struct eagre_inspect_lock lock;
  struct eagre_io_lock *held = NULL;
  assert_int_equal(mkdir(scratch_path(fixture->directory, "eagre"), 0777), 0);
  const char *path = eagre_arena_printf(&fixture->arena, "%s/eagre/lock", fixture->directory).data;
  assert_int_equal(eagre_io_lock_acquire(path, &held, &fixture->error), EAGRE_OK);
  assert_int_equal(truncate(path, 0), 0);
  eagre_inspect_lock_read(fixture->directory, &lock);
  assert_true(lock.is_held);
  assert_int_equal(lock.process, 0);
  assert_string_equal(lock.host, "");
  eagre_io_lock_release(held);
}

int run_lock_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(test_no_lock_file_means_free),
      FIXTURE_TEST(test_a_held_lock_names_its_holder_and_stays_held),
      FIXTURE_TEST(test_a_holder_that_wrote_nonsense_is_still_a_holder),
  };
  return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}

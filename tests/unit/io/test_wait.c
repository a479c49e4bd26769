/* Proves waiting: what ends it, and that a wake is never lost. */
#include "test_io.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LONG_US = 30 * 1000000 };

static void a_wake_before_the_wait_is_not_lost(void **state) {
  struct fixture *fixture = *state;
  eagre_io_wake(fixture->io);
  eagre_io_wake(fixture->io);
  uint64_t begin = eagre_clock_monotonic_ns();
  eagre_io_wait(fixture->io, LONG_US);
  assert_true(eagre_clock_monotonic_ns() - begin < (uint64_t)LONG_US * 1000 / 2);
}

static void a_wait_ends_with_its_time(void **state) {
  struct fixture *fixture = *state;
  eagre_io_wait(fixture->io, 0);
  uint64_t begin = eagre_clock_monotonic_ns();
  eagre_io_wait(fixture->io, 20000);
  assert_true(eagre_clock_monotonic_ns() - begin >= 19000000);
}

static void a_wake_is_used_up_by_one_wait(void **state) {
  struct fixture *fixture = *state;
  eagre_io_wake(fixture->io);
  eagre_io_wait(fixture->io, LONG_US);
  uint64_t begin = eagre_clock_monotonic_ns();
  eagre_io_wait(fixture->io, 20000);
  assert_true(eagre_clock_monotonic_ns() - begin >= 19000000);
}

static void a_descriptor_ends_every_wait_while_it_is_readable(void **state) {
  struct fixture *fixture = *state;
  int descriptor = eventfd(1, EFD_NONBLOCK);
  assert_int_equal(eagre_io_watch(fixture->io, descriptor, &fixture->error), EAGRE_OK);
  uint64_t begin = eagre_clock_monotonic_ns();
  for (int i = 0; i < 3; i++) {
    eagre_io_wait(fixture->io, LONG_US);
  }
  assert_true(eagre_clock_monotonic_ns() - begin < (uint64_t)LONG_US * 1000 / 2);
  uint64_t count = 0;
  assert_int_equal(read(descriptor, &count, sizeof count), sizeof count);
  eagre_io_wait(fixture->io, 0); /* what was noticed before the read may end one more */
  begin = eagre_clock_monotonic_ns();
  eagre_io_wait(fixture->io, 20000);
  assert_true(eagre_clock_monotonic_ns() - begin >= 19000000);
  assert_int_equal(write(descriptor, &count, sizeof count), sizeof count);
  eagre_io_wait(fixture->io, LONG_US);
  eagre_io_unwatch(fixture->io, descriptor);
  begin = eagre_clock_monotonic_ns();
  eagre_io_wait(fixture->io, 20000);
  assert_true(eagre_clock_monotonic_ns() - begin >= 19000000);
  close(descriptor);
}

static void an_armed_descriptor_can_be_unwatched(void **state) {
  struct fixture *fixture = *state;
  int descriptors[2] = {eventfd(0, 0), eventfd(0, 0)};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(eagre_io_watch(fixture->io, descriptors[i], &fixture->error), EAGRE_OK);
  }
  eagre_io_wait(fixture->io, 1000);
  eagre_io_unwatch(fixture->io, descriptors[0]);
  eagre_io_unwatch(fixture->io, -7);
  eagre_io_wait(fixture->io, 1000);
  close(descriptors[0]);
  close(descriptors[1]); /* watched to the end of the handle, as by a caller in a hurry */
}

/* What was readable for a moment and is drained before anybody looked. */
static void a_descriptor_that_was_readable_can_be_unwatched(void **state) {
  struct fixture *fixture = *state;
  uint64_t count = 1;
  int descriptor = eventfd(0, EFD_NONBLOCK);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(eagre_io_watch(fixture->io, descriptor, &fixture->error), EAGRE_OK);
    eagre_io_wait(fixture->io, 100);
    assert_int_equal(write(descriptor, &count, sizeof count), sizeof count);
    assert_int_equal(read(descriptor, &count, sizeof count), sizeof count);
    eagre_io_unwatch(fixture->io, descriptor);
  }
  close(descriptor);
}

static void *open_and_wait(void *argument) {
  struct eagre_error error;
  struct eagre_io **io = argument;
  assert_int_equal(eagre_io_open(NULL, io, &error), EAGRE_OK);
  eagre_io_wait(*io, 1000);
  return NULL;
}

/* As a core's is, whose thread has ended without having taken its last wake. */
static void another_thread_closes_it_while_it_waits_for_a_wake(void **state) {
  (void)state;
  pthread_t thread;
  struct eagre_io *io = NULL;
  assert_int_equal(pthread_create(&thread, NULL, open_and_wait, &io), 0);
  pthread_join(thread, NULL);
  eagre_io_close(io);
}

enum { WAKES = 2000 };

struct pair {
  struct eagre_io *io;
  _Atomic int seen;
  _Atomic int sent;
};

static void *wake_again_and_again(void *argument) {
  struct pair *pair = argument;
  for (int i = 0; i < WAKES; i++) {
    while (atomic_load(&pair->seen) < i) {
    }
    atomic_store(&pair->sent, i + 1);
    eagre_io_wake(pair->io);
  }
  return NULL;
}

static void wakes_of_another_thread_arrive(void **state) {
  struct fixture *fixture = *state;
  struct pair pair = {.io = fixture->io};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, wake_again_and_again, &pair), 0);
  for (int i = 0; i < WAKES; i++) {
    while (atomic_load(&pair.sent) <= i) {
      uint64_t begin = eagre_clock_monotonic_ns();
      eagre_io_wait(fixture->io, LONG_US);
      assert_true(eagre_clock_monotonic_ns() - begin < (uint64_t)LONG_US * 1000 / 2);
    }
    atomic_store(&pair.seen, i + 1);
  }
  pthread_join(thread, NULL);
}

struct meanwhile {
  struct eagre_io *io;
  uint32_t count;
};

static void wait_a_little(void *context) {
  struct meanwhile *meanwhile = context;
  meanwhile->count++;
  eagre_io_wait(meanwhile->io, 1000);
}

static void write_file(struct fixture *fixture, const char *path, const char *text) {
  struct eagre_io_file file = {
      .path = path, .content = eagre_text_of(text), .publish = EAGRE_IO_REPLACE};
  if (eagre_io_write_files(fixture->io, &file, 1, &fixture->error) != EAGRE_OK)
    fail_msg("%s", fixture->error.text);
}

/* Only io_uring can; the files are the same in any case. */
static void something_is_done_while_the_disk_works(void **state) {
  enum { FILES = 50 }; /* not every sync takes long enough */
  struct fixture *fixture = *state;
  struct meanwhile meanwhile = {.io = fixture->io};
  bool can = strncmp(eagre_io_description(fixture->io), "io_uring", 8) == 0;
  const char *path = scratch_path(fixture->directory, "file");
  eagre_io_set_meanwhile(fixture->io, wait_a_little, &meanwhile);
  for (int i = 0; i < FILES; i++) {
    write_file(fixture, path, "text");
  }
  assert_int_equal(meanwhile.count > 0, can);
  eagre_io_set_meanwhile(fixture->io, NULL, NULL);
  meanwhile.count = 0;
  write_file(fixture, path, "more");
  assert_int_equal(meanwhile.count, 0);
  assert_file_is(path, "more");
}

int run_wait_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_wake_before_the_wait_is_not_lost),
      FIXTURE_TEST(a_wait_ends_with_its_time),
      FIXTURE_TEST(a_wake_is_used_up_by_one_wait),
      FIXTURE_TEST(a_descriptor_ends_every_wait_while_it_is_readable),
      FIXTURE_TEST(an_armed_descriptor_can_be_unwatched),
      FIXTURE_TEST(a_descriptor_that_was_readable_can_be_unwatched),
      FIXTURE_TEST(another_thread_closes_it_while_it_waits_for_a_wake),
      FIXTURE_TEST(wakes_of_another_thread_arrive),
      FIXTURE_TEST(something_is_done_while_the_disk_works),
  };
  return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}

/* Proves the choice of a back end, and runs all groups on both. */
#include "test_io.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make();
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) {
    print_error("%s\n", fixture->error.text);
    return -1;
  }
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_free(fixture);
  return 0;
}

void assert_file_is(const char *path, const char *expected) {
  char *content = scratch_read(path, NULL);
  assert_non_null(content);
  assert_string_equal(content, expected);
  eagre_free(content);
}

/* Runs `body` in a child, so that its limits and its environment are its own; its exit status. */
static int run_in_child(int (*body)(void)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(body());
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static int deny_io_uring(void) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {EAGRE_COUNT_OF(program), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int open_where_denied(void) {
  if (deny_io_uring() != 0) return 10;
  unsetenv("EAGRE_IO");
  struct eagre_io *io = NULL;
  struct eagre_error error;
  if (eagre_io_open(NULL, &io, &error) != EAGRE_OK) return 11;
  const char *expected = "posix (io_uring_setup: Operation not permitted)";
  int outcome = strcmp(eagre_io_description(io), expected) == 0 ? 0 : 12;
  eagre_io_close(io);
  return outcome;
}

static void falls_back_where_io_uring_is_denied(void **state) {
  (void)state;
  assert_int_equal(run_in_child(open_where_denied), 0);
}

static int demand_where_denied(void) {
  if (deny_io_uring() != 0) return 10;
  setenv("EAGRE_IO", "uring", 1);
  struct eagre_io *io = NULL;
  struct eagre_error error;
  if (eagre_io_open(NULL, &io, &error) != EAGRE_IO) return 11;
  return strcmp(error.class_name, "IO_UNAVAILABLE") == 0 && error.hint[0] != '\0' ? 0 : 12;
}

static void refuses_when_io_uring_is_demanded_and_denied(void **state) {
  (void)state;
  assert_int_equal(run_in_child(demand_where_denied), 0);
}

static int open_without_locked_memory(void) {
  setenv("EAGRE_IO", "uring", 1);
  /* Enough for the ring itself, too little for its buffers. */
  struct rlimit little = {256 * 1024, 256 * 1024};
  if (setrlimit(RLIMIT_MEMLOCK, &little) != 0) return 10;
  /* The right to lock memory beyond the limit goes with the user. */
  if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 11;
  struct eagre_io *io = NULL;
  struct eagre_error error;
  if (eagre_io_open(NULL, &io, &error) != EAGRE_OK) return 12;
  bool is_plain = strstr(eagre_io_description(io), "plain buffers") != NULL;
  eagre_io_close(io);
  return is_plain ? 0 : 13;
}

static void goes_without_registered_buffers_when_memory_cannot_be_locked(void **state) {
  (void)state;
  struct eagre_io *io = NULL;
  setenv("EAGRE_IO", "uring", 1);
  if (eagre_io_open(NULL, &io, NULL) != EAGRE_OK) skip();
  eagre_io_close(io);
  assert_int_equal(run_in_child(open_without_locked_memory), 0);
}

static void describes_the_ring_and_its_buffers(void **state) {
  (void)state;
  setenv("EAGRE_IO", "uring", 1);
  struct eagre_io *io = NULL;
  struct eagre_io_options options = {.registered_buffers_size = 512 * 1024};
  if (eagre_io_open(&options, &io, NULL) != EAGRE_OK) skip();
  const char *description = eagre_io_description(io);
  assert_memory_equal(description, "io_uring (", 10);
  assert_true(strstr(description, "2 registered buffers)") != NULL ||
              strstr(description, "plain buffers)") != NULL);
  eagre_io_close(io);
}

static void refuses_an_unknown_back_end(void **state) {
  (void)state;
  setenv("EAGRE_IO", "aio", 1);
  struct eagre_io *io = NULL;
  struct eagre_error error;
  assert_int_equal(eagre_io_open(NULL, &io, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "INVALID_IO_BACK_END");
}

static int run_choice_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(falls_back_where_io_uring_is_denied),
      cmocka_unit_test(refuses_when_io_uring_is_demanded_and_denied),
      cmocka_unit_test(goes_without_registered_buffers_when_memory_cannot_be_locked),
      cmocka_unit_test(describes_the_ring_and_its_buffers),
      cmocka_unit_test(refuses_an_unknown_back_end),
  };
  return cmocka_run_group_tests_name("choice of a back end", tests, NULL, NULL);
}

static bool is_available(const char *back_end) {
  setenv("EAGRE_IO", back_end, 1);
  struct eagre_io *io = NULL;
  bool is_there = eagre_io_open(NULL, &io, NULL) == EAGRE_OK;
  if (is_there) eagre_io_close(io);
  return is_there;
}

int main(void) {
  static const char *const back_ends[] = {"posix", "uring"};
  int failed = run_choice_tests();
  for (size_t i = 0; i < EAGRE_COUNT_OF(back_ends); i++) {
    if (!is_available(back_ends[i])) {
      fprintf(stderr, "this kernel has no %s\n", back_ends[i]);
      continue;
    }
    failed += run_fault_tests() + run_file_tests() + run_lock_tests() + run_publish_tests() +
              run_wait_tests() + run_writer_tests();
  }
  setenv("EAGRE_IO", "posix", 1);
  failed += run_power_tests();
  return failed;
}

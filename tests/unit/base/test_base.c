/* Runs all unit tests of `base`. */
#include "test_base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

void seed_test(struct eagre_random *random) {
  uint64_t seed = 0;
  const char *wanted = getenv("EAGRE_TEST_SEED");
  if (wanted != NULL) {
    seed = strtoull(wanted, NULL, 0);
  } else {
    assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
  }
  print_message("seed: EAGRE_TEST_SEED=0x%" PRIx64 "\n", seed);
  eagre_random_seed(random, seed);
}

static size_t read_all(int file, char *out_text, size_t capacity) {
  size_t size = 0;
  ssize_t got;
  while ((got = read(file, out_text + size, capacity - 1 - size)) > 0) {
    size += (size_t)got;
  }
  out_text[size] = '\0';
  return size;
}

int run_in_child(void (*action)(void), char *out_text, size_t capacity) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    action();
    _exit(0);
  }
  close(ends[1]);
  read_all(ends[0], out_text, capacity);
  close(ends[0]);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

int main(void) {
  int failures = 0;
  failures += run_arena_tests();
  failures += run_bits_tests();
  failures += run_crash_tests();
  failures += run_error_tests();
  failures += run_hash_tests();
  failures += run_histogram_tests();
  failures += run_log_tests();
  failures += run_memory_tests();
  failures += run_random_tests();
  failures += run_ring_schedule_tests();
  failures += run_ring_tests();
  failures += run_secret_tests();
  failures += run_text_tests();
  return failures == 0 ? 0 : 1;
}

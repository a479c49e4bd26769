/* Runs the tests of what looks at checkpoints. */
#include "test_inspect.h"

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  eagre_error_init(&fixture->error);
  fixture->directory = scratch_make_fast();
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

int main(void) {
  return run_position_tests() + run_file_log_tests() + run_state_files_tests() + run_lock_tests() +
         run_restart_tests() + run_lag_files_tests();
}

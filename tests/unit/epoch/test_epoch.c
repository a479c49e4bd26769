/* Runs the tests of the epoch protocol. */
#include "test_epoch.h"

int main(void) {
  return run_protocol_tests() + run_recovery_tests() + run_crash_tests() + run_watermark_tests() +
         run_open_tests() + run_progress_tests();
}

/* Runs the tests of the runtime. */
#include "test_runtime.h"

int main(void) {
  return run_trigger_tests() + run_query_tests() + run_flow_tests() + run_stop_tests() +
         run_latency_tests() + run_spin_tests();
}

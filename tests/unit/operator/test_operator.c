/* Runs the tests of operators. */
#include "test_operator.h"

int main(void) {
  return run_chain_tests() + run_window_tests() + run_sort_tests() + run_aggregate_tests() +
         run_over_tests() + run_model_tests() + run_exchange_tests() + run_join_tests() +
         run_expiring_tests();
}

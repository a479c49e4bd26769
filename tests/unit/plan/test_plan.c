/* Runs the tests of plans. */
#include "test_plan.h"

int main(void) {
  return run_case_tests() + run_refusal_tests() + run_option_tests() + run_flow_tests();
}

/* Runs all unit tests of `expression`. */
#include "test_expression.h"

int main(void) {
  int failed_count = run_function_tests();
  failed_count += run_case_tests();
  failed_count += run_kernel_tests();
  failed_count += run_program_tests();
  failed_count += run_aggregate_tests();
  failed_count += run_change_tests();
  return failed_count == 0 ? 0 : 1;
}

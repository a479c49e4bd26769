/* Runs all unit tests of `expression`. */
#include "test_expression.h"

int main(void) {
  return run_case_tests();
}

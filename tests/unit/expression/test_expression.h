/* The groups of unit tests of `expression`. */
#pragma once

#include "expression_case.h"

int run_aggregate_tests(void);
int run_case_tests(void);
int run_change_tests(void);
int run_function_tests(void);
int run_kernel_tests(void);
int run_program_tests(void);

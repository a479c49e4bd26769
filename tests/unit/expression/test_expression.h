/* The groups of unit tests of `expression`. */
#pragma once

#include "expression_case.h"

int run_case_tests(void);

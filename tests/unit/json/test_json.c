/* All groups of the room `json`. */
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int main(void) {
  int failure_count = 0;
  failure_count += test_json_grammar();
  failure_count += test_json_rows();
  failure_count += test_json_types();
  failure_count += test_json_options();
  failure_count += test_json_decoder();
  failure_count += test_json_limits();
  failure_count += test_json_needle();
  failure_count += test_json_path();
  failure_count += test_json_write();
  failure_count += test_json_tree();
  failure_count += test_json_difference();
  return failure_count != 0;
}

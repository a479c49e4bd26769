/* One function per file of tests; each returns the number of failed tests. */
#pragma once

int test_json_decoder(void);
int test_json_difference(void);
int test_json_grammar(void);
int test_json_limits(void);
int test_json_needle(void);
int test_json_options(void);
int test_json_path(void);
int test_json_rows(void);
int test_json_tree(void);
int test_json_types(void);
int test_json_write(void);

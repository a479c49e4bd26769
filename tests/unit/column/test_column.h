/* What the unit tests of `column` share: cmocka, the groups, a printed seed, a slow model of
 * vectors that prints a row as text. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "column/column.h"

int run_batch_tests(void);
int run_ddl_tests(void);
int run_type_tests(void);
int run_vector_tests(void);

/* Seeds `random` differently in every run, or from EAGRE_TEST_SEED; prints how to repeat it. */
void seed_test(struct eagre_random *random);

/* A type with every supported kind, structs in structs included. */
const struct eagre_type *make_rich_type(struct eagre_arena *arena);

/* Fills `vector` with `row_count` random rows of `type`; about one in four is null when
 * `has_nulls`; texts live in `arena`. Some children of structs become constants. */
void fill_randomly(struct eagre_vector *vector, const struct eagre_type *type, uint32_t row_count,
                   bool has_nulls, struct eagre_random *random, struct eagre_arena *arena);

/* The value of a row as text, "null" for a null: two rows are equal when their texts are. Living in
 * `arena`. */
struct eagre_text print_row(const struct eagre_vector *vector, uint32_t row,
                            struct eagre_arena *arena);
/* Asserts that the two rows have the same text. */
void assert_rows_equal(const struct eagre_vector *a, uint32_t a_row, const struct eagre_vector *b,
                       uint32_t b_row);

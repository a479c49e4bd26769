/* One expression, written as SQL, evaluated in the ways that must agree: all literals folded while
 * compiling, every literal a column of a batch, and such columns with NULLs (and garbage behind
 * them) between the rows that count. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expression/expression.h"
#include "json/json.h"

enum { CASE_ROWS = 70 }; /* more than a word of a bitmap */

enum case_mode {
  CASE_CONSTANT = 1,
  CASE_COLUMN = 2,
  CASE_SPARSE = 4,
  CASE_ALL = 7,
};

struct expression_case {
  const char *sql;
  const char *type;   /* as typeof() prints it; NULL when an error is expected */
  const char *result; /* printed value, "NULL", or the class of the error */
  unsigned modes;
};

/* Fails the test when an evaluation differs; prints all that do. */
void run_cases(const struct expression_case *cases, size_t count, const char *zone_name);
/* The same with spark.sql.ansi.enabled = false. */
void run_legacy_cases(const struct expression_case *cases, size_t count, const char *zone_name);

/* What one evaluation needs; the columns grow while binding. */
struct bench {
  struct eagre_arena arena;
  struct eagre_zone *zone;
  struct eagre_expression_session session;
  enum case_mode mode;
  struct eagre_batch *batch;
  const struct eagre_type *input; /* names of `columns`, for tests that bring their own */
  struct eagre_vector columns[64];
  uint32_t column_count;
};
void bench_init(struct bench *bench, enum case_mode mode, const char *zone_name);
void bench_done(struct bench *bench);
/* Binds `SELECT sql`; names are looked up in bench->input. */
enum eagre_status bench_bind(struct bench *bench, const char *sql, struct eagre_expression **out,
                             struct eagre_error *error);
/* Compiles and runs one expression over the bench's batch. */
enum eagre_status bench_run(struct bench *bench, struct eagre_expression *expression,
                            struct eagre_vector *out, struct eagre_error *error);
/* Row `row` as text in `out` ("NULL" for NULL). */
void bench_print(struct bench *bench, const struct eagre_vector *vector, uint32_t row,
                 struct eagre_buffer *out);

extern const int64_t case_now_us;

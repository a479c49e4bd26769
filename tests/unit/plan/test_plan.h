/* What the tests of plans share: files made of a prelude and one statement, bound or refused. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/plan.h"

/* A request for `text`, with storage "/s" and file name "f.sql". */
struct eagre_plan_request make_request(const char *text, bool is_query);
/* Binds; fails the test with the error's text when that is refused. */
struct eagre_pipeline *bind(const struct eagre_plan_request *request);
struct eagre_pipeline *bind_text(const char *text);
/* The class of the refusal and where: "CLASS at LINE:COLUMN"; valid until the next call. */
const char *refuse(const struct eagre_plan_request *request);
/* EXPLAIN's text; freed by the caller. */
char *explain(const struct eagre_pipeline *pipeline);

/* A line with a view `s` (a stream of ts, k, n, j, p.x, p.y), a batch view `b` of the same columns
 * and a sink `out`, then a line with the flow `f` that writes `select`; freed by the caller. */
char *make_flow(const char *select);
/* The line with the views, then `select`. */
char *make_query(const char *select);

int run_case_tests(void);
int run_refusal_tests(void);
int run_option_tests(void);
int run_flow_tests(void);

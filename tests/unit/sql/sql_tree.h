/* Trees as one line of text, for tests: everything that the parser decides is visible.
 *
 *   constants     5 5L 5S 5Y 1.5m 1.5f 1.5d 'text' true null x'1F' date'..' ts'..'
 *                 {INTERVAL '1' DAY}
 *   names         a.b   `a b`.c   *   t.*
 *   operators     (+ a b)          calls      f(a, n=>b)   f(distinct a) filter(b) over
 *   others        cast(a INT) try_cast(a INT) case(a; b:c; else d) (.field a) (.* a) (index a b)
 *                 (colon a path) (x y -> a) (scalar Q) (in a Q) (exists Q)
 *   queries       [with t=Q, select distinct a as b from R where a group a having a order a desc
 *                  last limit a offset a]   [union all Q Q]
 *   relations     t stream:t path(delta /x) f(a=>b) Q values((1 2)(3 4)) join(left outer R R on a)
 *                 with{a=b} wm(a as b 10us) as t(x y) */
#pragma once

#include "sql/sql.h"

void print_expression_tree(const struct eagre_sql_expression *expression, struct eagre_buffer *out);
void print_query_tree(const struct eagre_sql_query *query, struct eagre_buffer *out);
void print_statement_tree(const struct eagre_sql_statement *statement, struct eagre_buffer *out);

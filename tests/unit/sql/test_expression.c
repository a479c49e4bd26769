/* Operators and their precedence; keywords as names. */
#include "test_sql.h"

static const struct tree_row operators[] = {
    {"a + 1", "(+ a 1)"},
    {"a+1*2", "(+ a (* 1 2))"},
    {"-a", "(negative a)"},
    {"+a", "(positive a)"},
    {"- 5", "-5"},
    {"-5", "-5"},
    {"~a", "(~ a)"},
    {"NOT b", "(not b)"},
    {"!b", "(not b)"},
    {"a = 1", "(= a 1)"},
    {"a == 1", "(= a 1)"},
    {"a <> 1", "(!= a 1)"},
    {"a != 1", "(!= a 1)"},
    {"a <=> 1", "(<=> a 1)"},
    {"b AND b", "(and b b)"},
    {"b OR b AND b", "(or b (and b b))"},
    {"s || 'x'", "(|| s 'x')"},
    {"a DIV 2", "(div a 2)"},
    {"a % 2", "(% a 2)"},
    {"a & 1", "(& a 1)"},
    {"a | 1", "(| a 1)"},
    {"a ^ 1", "(^ a 1)"},
    {"a << 1", "(shiftleft a 1)"},
    {"a >> 1", "(shiftright a 1)"},
    {"a >>> 1", "(shiftrightunsigned a 1)"},
    {"a BETWEEN 1 AND 2", "(between a 1 2)"},
    {"a NOT BETWEEN 1 AND 2", "(not (between a 1 2))"},
    {"a IN (1, 2)", "(in a 1 2)"},
    {"a NOT IN (1, 2)", "(not (in a 1 2))"},
    {"s IN ('x', 'y')", "(in s 'x' 'y')"},
    {"s LIKE 'a%'", "(like s 'a%')"},
    {"s LIKE 'a%' ESCAPE '#'", "(like s 'a%' '#')"},
    {"s NOT LIKE 'a%'", "(not (like s 'a%'))"},
    {"s ILIKE 'a%'", "(ilike s 'a%')"},
    {"s RLIKE 'a'", "(rlike s 'a')"},
    {"s REGEXP 'a'", "(rlike s 'a')"},
    {"a IS NULL", "(isnull a)"},
    {"a IS NOT NULL", "(isnotnull a)"},
    {"b IS TRUE", "(istrue b)"},
    {"b IS NOT TRUE", "(not (istrue b))"},
    {"b IS FALSE", "(isfalse b)"},
    {"b IS UNKNOWN", "(isunknown b)"},
    {"b IS NOT UNKNOWN", "(not (isunknown b))"},
    {"a IS DISTINCT FROM 1", "(not (<=> a 1))"},
    {"a IS NOT DISTINCT FROM 1", "(<=> a 1)"},
    {"cast(a as STRING)", "cast(a STRING)"},
};

static const struct tree_row precedence[] = {
    {"a OR b AND c OR d", "(or (or a (and b c)) d)"},
    {"NOT NOT a", "(not (not a))"},
    {"NOT a IN (1) AND b", "(and (not (in a 1)) b)"},
    {"NOT a BETWEEN 1 AND 2 OR c", "(or (not (between a 1 2)) c)"},
    {"a = b IS NULL", "(isnull (= a b))"},
    {"a + b IS NOT NULL AND c", "(and (isnotnull (+ a b)) c)"},
    {"a < b = c > d", "(> (= (< a b) c) d)"},
    {"a | b & c ^ d << e + f * g", "(| a (^ (& b c) (shiftleft d (+ e (* f g)))))"},
    {"a - b - c", "(- (- a b) c)"},
    {"a / b * c % d DIV e", "(div (% (* (/ a b) c) d) e)"},
    {"-a * b", "(* (negative a) b)"},
    {"- - a", "(negative (negative a))"},
    {"-+~a", "(negative (positive (~ a)))"},
    {"a BETWEEN b + 1 AND c * 2 AND d", "(and (between a (+ b 1) (* c 2)) d)"},
    {"a BETWEEN b AND c = d", "(between a b (= c d))"},
    {"a LIKE b || '%'", "(like a (|| b '%'))"},
    {"a LIKE b AND c LIKE d", "(and (like a b) (like c d))"},
    {"a NOT LIKE b ESCAPE '!'", "(not (like a b '!'))"},
    {"a NOT ILIKE b, a NOT RLIKE b", "(not (ilike a b)), (not (rlike a b))"},
    {"a IS NOT FALSE", "(not (isfalse a))"},
    {"a IS DISTINCT FROM b + 1", "(not (<=> a (+ b 1)))"},
    {"a IN (b, c + 1, (d))", "(in a b (+ c 1) d)"},
    {"(a, b) IN ((1, 2), (3, 4))", "(in (struct a b) (struct 1 2) (struct 3 4))"},
    {"a >> b >>> c << d", "(shiftleft (shiftrightunsigned (shiftright a b) c) d)"},
    {"a::struct<x:int,y:struct<z:string>> > b",
     "(> cast(a STRUCT<x: INT, y: STRUCT<z: STRING>>) b)"},
    {"a::int < 3", "(< cast(a INT) 3)"},
    {"a::int[0]", "(index cast(a INT) 0)"},
    {"a::timestamp, b::date", "cast(a TIMESTAMP), cast(b DATE)"},
    {"CAST(a AS struct<>)", "cast(a STRUCT<>)"},
    {"a.b::int.c", "(.c cast(a.b INT))"},
    {"value:a.b['x y'][0].c::int AS v", "cast((colon value a.b['x y'][0].c) INT) as v"},
    {"value:[0].a", "(colon value [0].a)"},
    {"value:`a b`.c", "(colon value `a b`.c)"},
    {"value:a[*].b", "(colon value a[*].b)"},
    {"v.value:a::string = 'x'", "(= cast((colon v.value a) STRING) 'x')"},
};

static const struct tree_row keywords[] = {
    {"window.start, window.end", "window.start, window.end"},
    {"window.start AS start, `window`.`end` end", "window.start as start, window.end as end"},
    {"first, last, first(a), first.x", "first, last, first(a), first.x"},
    {"interval, interval + 1, interval - 1, interval - 5 days",
     "interval, (+ interval 1), (- interval 1), {INTERVAL '-5' DAY}"},
    {"interval '5' day, interval 5 day - interval 1 hour",
     "{INTERVAL '5' DAY}, (- {INTERVAL '5' DAY} {INTERVAL '01' HOUR})"},
    {"date, date.x, date '2020-01-01', date(a)", "date, date.x, date'2020-01-01', date(a)"},
    {"timestamp, timestamp(a), timestamp '2020-01-01 00:00:00'",
     "timestamp, timestamp(a), ts'2020-01-01 00:00:00'"},
    {"timestamp_ltz '2020-01-01'", "ts'2020-01-01'"},
    {"value, key, topic, partition, offset, timestamp FROM t",
     "value, key, topic, partition, offset, timestamp from t"},
    {"key AS value, value AS key FROM t", "key as value, value as key from t"},
    {"count(*) AS count, sum(a) sum FROM t", "count(*) as count, sum(a) as sum from t"},
    {"if, if(a, b, c), left, left(a, 1), replace(a, 'b')",
     "if, if(a, b, c), left, left(a, 1), replace(a, 'b')"},
    {"user, table, select.x, from.x FROM t", "user, table, select.x, from.x from t"},
    {"limit, offset, order, group, having, where FROM t",
     "limit, offset, order, group, having, where from t"},
    {"not, not.a, NOT (a), not a FROM t", "not, not.a, (not a), (not a) from t"},
    {"distinct, all FROM t", "distinct, all from t"},
    {"like, between, is, in FROM t", "like, between, is, in from t"},
    {"case, when, then, else FROM t", "case, when, then, else from t"},
    {"null, true AND false, NULL IS NULL", "null, (and true false), (isnull null)"},
    {"div, a DIV b, div(a, b)", "div, (div a b), div(a, b)"},
    {"stream(a), stream FROM t", "stream(a), stream from t"},
};

static void test_operators(void **state) {
  (void)state;
  CHECK_EXPRESSIONS(operators);
}

static void test_precedence(void **state) {
  (void)state;
  CHECK_EXPRESSIONS(precedence);
}

/* Nothing is reserved: what a word means follows from where it stands. */
static void test_keywords_as_names(void **state) {
  (void)state;
  CHECK_EXPRESSIONS(keywords);
}

const struct CMUnitTest expression_tests[] = {
    cmocka_unit_test(test_operators),
    cmocka_unit_test(test_precedence),
    cmocka_unit_test(test_keywords_as_names),
};
const size_t expression_test_count = EAGRE_COUNT_OF(expression_tests);

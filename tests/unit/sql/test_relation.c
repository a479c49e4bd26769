/* What stands behind FROM: names, paths, functions, STREAM, WATERMARK, joins. */
#include "test_sql.h"

static const struct tree_row relations[] = {
    {"SELECT * FROM t WATERMARK end DELAY OF INTERVAL 1 DAY",
     "[select * from t wm(end 86400000000us)]"},
    {"SELECT * FROM t WATERMARK delay DELAY OF INTERVAL 1 DAY delay",
     "[select * from t wm(delay 86400000000us) as delay]"},
    {"SELECT * FROM t watermark LEFT JOIN u", "[select * from join(left outer t as watermark u)]"},
    {"SELECT * FROM stream LEFT JOIN STREAM end",
     "[select * from join(left outer stream stream:end)]"},
    {"SELECT * FROM t WATERMARK (a) DELAY OF INTERVAL 1 DAY",
     "[select * from t wm(a 86400000000us)]"},
    {"SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x",
     "[select * from [with a=[select 1] select * from a] as x]"},
    {"SELECT * FROM VALUES (1), (2) v", "[select * from values((1)(2)) as v]"},
    {"SELECT * FROM values", "[select * from values]"},
    {"SELECT * FROM t a, u AS b, (SELECT 1) c",
     "[select * from join(inner join(inner t as a u as b) [select 1] as c)]"},
    {"SELECT * FROM a.b.c", "[select * from a.b.c]"},
    {"SELECT * FROM a.b c (d, e)", "[select * from a.b as c(d e)]"},
    {"SELECT * FROM `a b`.`c`", "[select * from `a b`.c]"},
    {"SELECT * FROM delta.`/data/x` d", "[select * from path(delta /data/x) as d]"},
    {"SELECT * FROM PARQUET.`s3://b/p`, db.`table`, other.`a/b`",
     "[select * from join(inner join(inner path(PARQUET s3://b/p) db.table) path(other a/b))]"},
    {"SELECT * FROM STREAM delta.`/x` WITH ('ignoreDeletes' = 'true', maxFiles = 10, a.b = TRUE, c "
     "= -1.5) s",
     "[select * from stream:path(delta /x) with{ignoreDeletes=>'true', maxFiles=>'10', "
     "a.b=>'true', c=>'-1.5'} as s]"},
    {"SELECT * FROM STREAM(a.b)", "[select * from stream:a.b]"},
    {"SELECT * FROM STREAM(read_files('in', format => 'json')) AS x",
     "[select * from stream:read_files('in', format=>'json') as x]"},
    {"SELECT * FROM STREAM read_kafka(bootstrapServers => 'h:9092', `kafka.security.protocol` => "
     "'SASL_SSL', kafka.sasl.mechanism => 'PLAIN', subscribe => 'a')",
     "[select * from stream:read_kafka(bootstrapServers=>'h:9092', "
     "kafka.security.protocol=>'SASL_SSL', kafka.sasl.mechanism=>'PLAIN', subscribe=>'a')]"},
    {"SELECT * FROM STREAM rate(rowsPerSecond => 10) WATERMARK timestamp DELAY OF INTERVAL 1 "
     "MINUTE",
     "[select * from stream:rate(rowsPerSecond=>10) wm(timestamp 60000000us)]"},
    {"SELECT * FROM read_files('in', schema => 'a INT, b STRING')",
     "[select * from read_files('in', schema=>'a INT, b STRING')]"},
    {"SELECT * FROM range(10)", "[select * from range(10)]"},
    {"SELECT * FROM stream", "[select * from stream]"},
    {"SELECT * FROM stream s", "[select * from stream:s]"},
    {"SELECT * FROM stream AS s", "[select * from stream as s]"},
    {"SELECT * FROM stream WHERE a", "[select * from stream where a]"},
    {"SELECT * FROM stream JOIN t", "[select * from join(inner stream t)]"},
    {"SELECT * FROM stream.t, STREAM `t u`", "[select * from join(inner stream.t stream:`t u`)]"},
    {"SELECT * FROM STREAM stream stream", "[select * from stream:stream as stream]"},
    {"SELECT * FROM stream WATERMARK ts DELAY OF INTERVAL 1 DAY",
     "[select * from stream wm(ts 86400000000us)]"},
    {"SELECT * FROM STREAM watermark WATERMARK ts DELAY OF INTERVAL 1 DAY",
     "[select * from stream:watermark wm(ts 86400000000us)]"},
    {"SELECT * FROM t WATERMARK ts DELAY OF INTERVAL '10' SECONDS x",
     "[select * from t wm(ts 10000000us) as x]"},
    {"SELECT * FROM t WATERMARK to_timestamp(a, 'x') AS ts DELAY OF INTERVAL 1 HOUR 30 MINUTES AS "
     "x (a, b)",
     "[select * from t wm(to_timestamp(a, 'x') as ts 5400000000us) as x(a b)]"},
    {"SELECT * FROM t WATERMARK a + b c DELAY OF INTERVAL '0 00:00:10' DAY TO SECOND",
     "[select * from t wm((+ a b) as c 10000000us)]"},
    {"SELECT * FROM (SELECT a FROM t) WATERMARK ts DELAY OF INTERVAL 0 SECONDS AS x WHERE a",
     "[select * from [select a from t] wm(ts 0us) as x where a]"},
    {"SELECT * FROM (SELECT 1), (t), (t a), (t) b, (t u JOIN v) w",
     "[select * from join(inner join(inner join(inner join(inner [select 1] t) t as a) [select * "
     "from t] as b) [select * from join(inner t as u v)] as w)]"},
    {"SELECT * FROM (t WATERMARK ts DELAY OF INTERVAL 1 DAY) x",
     "[select * from [select * from t wm(ts 86400000000us)] as x]"},
    {"SELECT * FROM t watermark", "[select * from t as watermark]"},
    {"SELECT * FROM t watermark WHERE a", "[select * from t as watermark where a]"},
    {"SELECT * FROM ((SELECT 1)), ((SELECT 1) UNION SELECT 2) y",
     "[select * from join(inner [select 1] [union [select 1] [select 2]] as y)]"},
    {"SELECT * FROM a JOIN b CROSS JOIN c INNER JOIN d ON x = y",
     "[select * from join(inner join(cross join(inner a b) c) d on (= x y))]"},
    {"SELECT * FROM a LEFT JOIN b ON x LEFT OUTER JOIN c USING (p, q) RIGHT JOIN d FULL OUTER JOIN "
     "e",
     "[select * from join(full outer join(right outer join(left outer join(left outer a b on x) c "
     "using(p q)) d) e)]"},
    {"SELECT * FROM a SEMI JOIN b LEFT ANTI JOIN c NATURAL LEFT JOIN d, e JOIN f ON g",
     "[select * from join(inner join(inner join(natural left outer join(left anti join(left semi a "
     "b) c) d) e) f on g)]"},
    {"SELECT * FROM a x JOIN b AS y ON x.i = y.i WHERE z",
     "[select * from join(inner a as x b as y on (= x.i y.i)) where z]"},
    {"SELECT * FROM t LATERAL VIEW OUTER explode(m) x AS k, v LATERAL VIEW posexplode(a) AS p",
     "[select * from join(lateral view join(lateral view outer t explode(m) as x(k v)) "
     "posexplode(a)(p))]"},
    {"SELECT * FROM t, LATERAL explode(a) x, LATERAL (SELECT b) y LEFT JOIN LATERAL f(c) ON d",
     "[select * from join(left outer join(inner join(inner t lateral:explode(a) as x) "
     "lateral:[select b] as y) lateral:f(c) on d)]"},
    {"SELECT * FROM (VALUES (1, 2)) AS v (a, b)",
     "[select * from [select * from values((1 2))] as v(a b)]"},
    {"SELECT window.start AS s, k, count(*) AS n FROM STREAM src GROUP BY window(ts, '5 seconds'), "
     "k",
     "[select window.start as s, k, count(*) as n from stream:src group window(ts, '5 seconds'), "
     "k]"},
    {"SELECT key, value::string:id::bigint AS id, timestamp FROM STREAM "
     "read_kafka(bootstrapServers => 'h:9092', subscribe => 'events', startingOffsets => "
     "'earliest')",
     "[select key, cast((colon cast(value STRING) id) BIGINT) as id, timestamp from "
     "stream:read_kafka(bootstrapServers=>'h:9092', subscribe=>'events', "
     "startingOffsets=>'earliest')]"},
    {"SELECT * FROM t WATERMARK delay DELAY OF INTERVAL 1 MONTH delay",
     "[select * from t wm(delay 1months 0us) as delay]"},
};

static void test_relations(void **state) {
  (void)state;
  CHECK_STATEMENTS(relations);
}

const struct CMUnitTest relation_tests[] = {
    cmocka_unit_test(test_relations),
};
const size_t relation_test_count = EAGRE_COUNT_OF(relation_tests);

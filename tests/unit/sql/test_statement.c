/* Statements: SET, CREATE, those refused by name; the two examples that ship. */
#include "test_sql.h"

static const struct tree_row sets[] = {
    {"SET a.b.c = value", "set {a.b.c=value}"},
    {"SET spark.sql.shuffle.partitions=8;", "set {spark.sql.shuffle.partitions=8}"},
    {"SET k = 'quoted value';", "set {k=quoted value}"},
    {"SET k = some raw  value, with = and (x) -- comment",
     "set {k=some raw  value, with = and (x)}"},
    {"SET k", "set {k}"},
    {"SET `a b` = `c d`", "set {a b=c d}"},
    {"SET k =", "set {k=}"},
    {"SET eagre.trigger = processing time '1 second'",
     "set {eagre.trigger=processing time '1 second'}"},
    {"SET kafka.x = s3://a/b?c=d#e", "set {kafka.x=s3://a/b?c=d#e}"},
    {"SET a-b.c:d = 1", "set {a-b.c:d=1}"},
    {"SET TIME ZONE 'Europe/Paris'", "set {spark.sql.session.timeZone=Europe/Paris}"},
    {"SET TIME ZONE LOCAL", "other(SET TIME ZONE)"},
    {"SET time.x = 1", "set {time.x=1}"},
    {"SET var.x = 1", "set {var.x=1}"},
    {"SET VARIABLE x = 1", "other(SET VARIABLE)"},
    {"SET VAR x = 1", "other(SET VARIABLE)"},
    {"SET", "other(SET)"},
    {"SET CATALOG c", "other(SET CATALOG)"},
    {"SET x = a @ b $ c \\ d", "set {x=a @ b $ c \\ d}"},
    {"SET x = -1", "set {x=-1}"},
};

static const struct tree_row definitions[] = {
    {"CREATE STREAMING TABLE t", "table t"},
    {"CREATE OR REFRESH STREAMING TABLE a.b.t AS SELECT 1", "table a.b.t or_refresh [select 1]"},
    {"CREATE STREAMING TABLE IF NOT EXISTS t AS SELECT 1", "table t if_not_exists [select 1]"},
    {"CREATE OR REFRESH STREAMING TABLE t (a INT, b STRING NOT NULL COMMENT 'x' 'y', c STRUCT<d: "
     "INT, e: STRING>, `f g` timestamp) USING DELTA LOCATION '/x' PARTITIONED BY (a, b) COMMENT "
     "'c' TBLPROPERTIES ('p' = 'q', r.s = 10) AS SELECT a FROM STREAM u",
     "table t or_refresh (a INT, b STRING not null 'xy', c STRUCT<d: INT, e: STRING>, `f g` "
     "TIMESTAMP) using delta location '/x' partitioned(a b) comment 'c' {p=q, r.s=10} [select a "
     "from stream:u]"},
    {"CREATE STREAMING TABLE t COMMENT 'c' USING parquet TBLPROPERTIES (a = 1) PARTITIONED BY (x) "
     "LOCATION 'y' AS (SELECT 1)",
     "table t using parquet location 'y' partitioned(x) comment 'c' {a=1} [select 1]"},
    {"CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (a > 1), CONSTRAINT d EXPECT (b IS NOT NULL) "
     "ON VIOLATION DROP ROW, a INT, CONSTRAINT e EXPECT (true) ON VIOLATION FAIL UPDATE) AS SELECT "
     "1",
     "table t (a INT) expect(c (> a 1)) expect(d (isnotnull b) drop row) expect(e true fail "
     "update) [select 1]"},
    {"CREATE STREAMING TABLE t (constraint INT, `constraint` STRING, constraint STRING NOT NULL)",
     "table t (constraint INT, constraint STRING, constraint STRING not null)"},
    {"CREATE STREAMING TABLE t (a INT NOT NULL, check STRING)",
     "table t (a INT not null, check STRING)"},
    {"CREATE STREAMING TABLE stream AS SELECT 1", "table stream [select 1]"},
    {"CREATE STREAMING TABLE t AS FROM u", "table t [select * from u]"},
    {"CREATE STREAMING TABLE t AS WITH a AS (SELECT 1) SELECT * FROM a",
     "table t [with a=[select 1] select * from a]"},
    {"CREATE SINK s USING kafka", "sink s using kafka"},
    {"CREATE SINK s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'h:9092', topic = 't', 'x' = "
     "true, y = 10)",
     "sink s using kafka {kafka.bootstrap.servers=h:9092, topic=t, x=true, y=10}"},
    {"CREATE SINK IF NOT EXISTS s COMMENT 'c' OPTIONS (a = 'b') USING noop",
     "sink s if_not_exists using noop comment 'c' {a=b}"},
    {"CREATE FLOW f AS INSERT INTO t SELECT 1", "flow f into t [select 1]"},
    {"CREATE FLOW f COMMENT 'c' OPTIONS ('outputMode' = 'update', 'trigger' = 'once') AS INSERT "
     "INTO a.t BY NAME SELECT a FROM STREAM u",
     "flow f comment 'c' {outputMode=update, trigger=once} into a.t by_name [select a from "
     "stream:u]"},
    {"CREATE FLOW f AS INSERT INTO TABLE t (SELECT 1)", "flow f into t [select 1]"},
    {"CREATE FLOW f AS INSERT INTO table SELECT 1", "flow f into table [select 1]"},
    {"CREATE FLOW f AS INSERT INTO table BY NAME SELECT 1", "flow f into table by_name [select 1]"},
    {"CREATE FLOW f AS INSERT INTO t WITH a AS (SELECT 1) SELECT * FROM a",
     "flow f into t [with a=[select 1] select * from a]"},
    {"CREATE FLOW f AS INSERT INTO t VALUES (1, 2)", "flow f into t [select * from values((1 2))]"},
    {"CREATE FLOW f AS INSERT INTO t FROM STREAM u SELECT a",
     "flow f into t [select a from stream:u]"},
    {"CREATE TEMPORARY VIEW v AS SELECT 1", "view v [select 1]"},
    {"CREATE TEMP VIEW v AS SELECT 1", "view v [select 1]"},
    {"CREATE OR REPLACE TEMPORARY VIEW v (a, b COMMENT 'x') COMMENT 'y' TBLPROPERTIES (p = 'q') AS "
     "SELECT 1, 2",
     "view v comment 'y' {p=q} [select * from [select 1, 2] as v(a b)]"},
    {"CREATE TEMPORARY VIEW IF NOT EXISTS v AS SELECT 1", "view v if_not_exists [select 1]"},
    {";;SELECT 1;;  ; SELECT 2;", "[select 1]; [select 2]"},
};

static const struct tree_row others[] = {
    {"CREATE STREAMING TABLE t FLOW AUTO CDC FROM STREAM(u) KEYS (a) SEQUENCE BY b",
     "other(AUTO CDC)"},
    {"CREATE FLOW f AS AUTO CDC INTO t FROM STREAM u KEYS (k) SEQUENCE BY s; SELECT 1",
     "other(AUTO CDC); [select 1]"},
    {"CREATE FLOW f AS APPLY CHANGES INTO t", "other(AUTO CDC)"},
    {"CREATE TEMPORARY VIEW v USING json OPTIONS (path 'x')", "other(CREATE TEMPORARY VIEW USING)"},
    {"CREATE VIEW v AS SELECT 1", "other(CREATE VIEW)"},
    {"CREATE OR REPLACE VIEW v AS SELECT 1", "other(CREATE VIEW)"},
    {"CREATE GLOBAL TEMPORARY VIEW v AS SELECT 1", "other(CREATE GLOBAL TEMPORARY VIEW)"},
    {"CREATE MATERIALIZED VIEW v AS SELECT 1", "other(CREATE MATERIALIZED VIEW)"},
    {"CREATE OR REFRESH MATERIALIZED VIEW v AS SELECT 1", "other(CREATE MATERIALIZED VIEW)"},
    {"CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1", "other(CREATE MATERIALIZED VIEW)"},
    {"CREATE TABLE t (a INT)", "other(CREATE TABLE)"},
    {"CREATE OR REPLACE TABLE t (a INT)", "other(CREATE TABLE)"},
    {"CREATE EXTERNAL TABLE t", "other(CREATE TABLE)"},
    {"CREATE FUNCTION f AS 'a'", "other(CREATE FUNCTION)"},
    {"CREATE OR REPLACE TEMPORARY FUNCTION f AS 'x'", "other(CREATE FUNCTION)"},
    {"CREATE DATABASE d; CREATE SCHEMA s; CREATE CATALOG c",
     "other(CREATE DATABASE); other(CREATE SCHEMA); other(CREATE CATALOG)"},
    {"CREATE OR REFRESH LIVE TABLE t AS SELECT 1", "other(CREATE LIVE TABLE)"},
    {"OPTIMIZE t; VACUUM t RETAIN 1 HOURS; DESCRIBE HISTORY t; DESC DETAIL t; DESCRIBE t; DESCRIBE "
     "EXTENDED t",
     "other(OPTIMIZE); other(VACUUM); other(DESCRIBE HISTORY); other(DESCRIBE DETAIL); "
     "other(DESCRIBE); other(DESCRIBE)"},
    {"SHOW COLUMNS; show tables; EXPLAIN SELECT 1; USE a; DROP TABLE t; drop view v; ALTER TABLE "
     "t ADD x",
     "other(SHOW COLUMNS); other(SHOW TABLES); other(EXPLAIN); other(USE); other(DROP TABLE); "
     "other(DROP VIEW); other(ALTER TABLE)"},
    {"INSERT INTO t SELECT 1; INSERT OVERWRITE t SELECT 1; MERGE INTO t USING s ON a; DELETE FROM "
     "t; UPDATE t SET a = 1; TRUNCATE TABLE t",
     "other(INSERT INTO); other(INSERT OVERWRITE); other(MERGE INTO); other(DELETE FROM); "
     "other(UPDATE); other(TRUNCATE TABLE)"},
    {"REFRESH TABLE t; CACHE TABLE t; UNCACHE TABLE t; CLEAR CACHE; ANALYZE TABLE t; GRANT x; "
     "REVOKE x; CALL f(); LOAD DATA x; MSCK REPAIR; RESET x; COMMENT ON t; DECLARE x; EXECUTE "
     "IMMEDIATE 'x'; RESTORE TABLE t; REORG TABLE t; COMMIT; REPLACE TABLE t; APPLY CHANGES INTO t",
     "other(REFRESH TABLE); other(CACHE TABLE); other(UNCACHE TABLE); other(CLEAR CACHE); "
     "other(ANALYZE TABLE); other(GRANT); other(REVOKE); other(CALL); other(LOAD DATA); "
     "other(MSCK); other(RESET); other(COMMENT ON); other(DECLARE); other(EXECUTE IMMEDIATE); "
     "other(RESTORE TABLE); other(REORG TABLE); other(COMMIT); other(REPLACE TABLE); other(APPLY "
     "CHANGES)"},
};

/* The examples of the manual. */
static const char *const example_views =
    "CREATE OR REFRESH STREAMING TABLE views_per_ad\n"
    "  LOCATION 'out/views'\n"
    "  TBLPROPERTIES ('eagre.checkpointLocation' = 'ckpt/views', 'eagre.trigger' = 'processing "
    "time 1 second')\n"
    "AS SELECT window.start AS minute, ad_id, count(*) AS views\n"
    "   FROM (SELECT v.ad_id, v.event_type, timestamp_millis(v.event_time::bigint) AS ts\n"
    "         FROM (SELECT from_json(value::string, 'ad_id STRING, event_type STRING, event_time "
    "STRING') AS v\n"
    "               FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => "
    "'ad-events', startingOffsets => 'earliest')))\n"
    "        WATERMARK ts DELAY OF INTERVAL 10 SECONDS\n"
    "   WHERE event_type = 'view'\n"
    "   GROUP BY window(ts, '1 minute'), ad_id;\n"
    "\n"
    "CREATE SINK alerts USING kafka OPTIONS ('kafka.bootstrap.servers' = '${brokers}', 'topic' = "
    "'alerts', 'delivery' = 'exactly-once');\n"
    "CREATE FLOW hot OPTIONS ('outputMode' = 'update', 'trigger' = 'processing time 1 second', "
    "'checkpointLocation' = 'ckpt/hot')\n"
    "AS INSERT INTO alerts SELECT device AS key, to_json(struct(*)) AS value FROM readings;\n";

static const char *const example_windows =
    "CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM read_files('in', format => 'json', schema "
    "=> 'ts TIMESTAMP, k STRING, v INT', maxFilesPerTrigger => 1)\n"
    "                             WATERMARK ts DELAY OF INTERVAL '10' SECONDS;\n"
    "CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');\n"
    "CREATE FLOW f OPTIONS ('outputMode' = 'update') AS INSERT INTO out\n"
    "SELECT window.start AS s, k, count(*) AS n FROM STREAM src GROUP BY window(ts, '5 seconds'), "
    "k;\n";

static const char *const example_views_tree =
    "table views_per_ad or_refresh location 'out/views' {eagre.checkpointLocation=ckpt/views, "
    "eagre.trigger=processing time 1 second} [select window.start as minute, ad_id, count(*) as "
    "views from [select v.ad_id, v.event_type, timestamp_millis(cast(v.event_time BIGINT)) as ts "
    "from [select from_json(cast(value STRING), 'ad_id STRING, event_type STRING, event_time "
    "STRING') as v from stream:read_kafka(bootstrapServers=>'h:9092', subscribe=>'ad-events', "
    "startingOffsets=>'earliest')]] wm(ts 10000000us) where (= event_type 'view') group window(ts, "
    "'1 minute'), ad_id]; sink alerts using kafka {kafka.bootstrap.servers=h:9092, topic=alerts, "
    "delivery=exactly-once}; flow hot {outputMode=update, trigger=processing time 1 second, "
    "checkpointLocation=ckpt/hot} into alerts [select device as key, to_json(struct(*)) as value "
    "from readings]";

static const char *const example_windows_tree =
    "view src [select * from stream:read_files('in', format=>'json', schema=>'ts TIMESTAMP, k "
    "STRING, v INT', maxFilesPerTrigger=>1) wm(ts 10000000us)]; sink out using console "
    "{format=json, includeBatchId=true}; flow f {outputMode=update} into out [select window.start "
    "as s, k, count(*) as n from stream:src group window(ts, '5 seconds'), k]";

static void test_set(void **state) {
  (void)state;
  CHECK_STATEMENTS(sets);
}

static void test_definitions(void **state) {
  (void)state;
  CHECK_STATEMENTS(definitions);
}

static void test_others(void **state) {
  (void)state;
  CHECK_STATEMENTS(others);
}

static void test_examples(void **state) {
  (void)state;
  static const struct eagre_sql_define define = {{"brokers", 7}, {"h:9092", 6}};
  assert_tree_with(example_views, &define, 1, example_views_tree);
  assert_tree(example_windows, example_windows_tree);
}

const struct CMUnitTest statement_tests[] = {
    cmocka_unit_test(test_set),
    cmocka_unit_test(test_definitions),
    cmocka_unit_test(test_others),
    cmocka_unit_test(test_examples),
};
const size_t statement_test_count = EAGRE_COUNT_OF(statement_tests);

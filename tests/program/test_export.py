"""`eagre export --to spark`: a program that Python reads, or a refusal that says why."""

import ast
from pathlib import Path

import pytest

from program import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SOURCE = "read_files('in', format => 'json', schema => 'ts TIMESTAMP, k STRING, v STRING', maxFilesPerTrigger => 1)"


def export(folder, sql, *arguments):
    (folder / "p.sql").write_text(sql)
    return run("export", "p.sql", "--to", "spark", *arguments, cwd=folder)


def program_of(folder, sql, *arguments):
    done = export(folder, sql, *arguments)
    assert done.returncode == 0, done.stderr
    ast.parse(done.stdout)
    assert not (folder / "eagre-data").exists()
    return done.stdout


def sql_texts(program):
    """The SQL of every spark.sql(...) call, in order."""
    calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
    calls = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "sql"]
    return [node.args[0].value.strip() for node in sorted(calls, key=lambda node: node.lineno)]


DEFINITIONS = ["brokers=localhost:9092", "products=products", "from=0", "to=9"]
REFUSED = {"clicks": "value::string:user", "replay": "SELECT_IN_PIPELINE"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.sql")), ids=lambda path: path.stem)
def test_examples_are_exported(tmp_path, path):
    text = path.read_text()
    definitions = [part for definition in DEFINITIONS for part in ("--define", definition)]
    if path.stem in REFUSED:
        done = export(tmp_path, text, *definitions)
        assert done.returncode == 2 and REFUSED[path.stem] in done.stderr
        return
    program = program_of(tmp_path, text, *definitions)
    assert '.option("kafka.bootstrap.servers", "localhost:9092")' in program
    assert ("--packages io.delta:" in program) == ("STREAMING TABLE" in text)
    assert "spark-sql-kafka" in program


def test_text_of_the_query_stays_as_it_is_but_for_the_source(tmp_path):
    query = f"SELECT k, 'it''s \"so\"\\n' AS x, r'\\d' AS y\n  FROM STREAM {SOURCE} WATERMARK ts DELAY OF INTERVAL 1 SECOND AS s"
    program = program_of(tmp_path, f"CREATE SINK o USING noop; CREATE FLOW f AS INSERT INTO o {query};")
    assert sql_texts(program) == [query.replace(SOURCE, "eagre_source_0")]


@pytest.mark.parametrize("function, source", [("rate", "rate"), ("rate_micro_batch", "rate-micro-batch")])
def test_made_up_rows_have_a_source_of_spark(tmp_path, function, source):
    name = "rowsPerSecond" if function == "rate" else "rowsPerBatch"
    program = program_of(tmp_path, f"""
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT * FROM STREAM {function}({name} => 5);""")
    assert f'.format("{source}")' in program and f'.option("{name}", "5")' in program


def test_views_are_made_once_and_before_they_are_read(tmp_path):
    program = program_of(tmp_path, f"""
CREATE TEMPORARY VIEW a AS SELECT * FROM STREAM {SOURCE};
CREATE TEMPORARY VIEW unused AS SELECT * FROM STREAM {SOURCE};
CREATE TEMPORARY VIEW b AS SELECT k FROM STREAM a;
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT k FROM STREAM b;
CREATE FLOW g AS INSERT INTO o SELECT * FROM STREAM a UNION ALL SELECT * FROM STREAM {SOURCE};
""")
    assert sql_texts(program) == [
        "CREATE OR REPLACE TEMPORARY VIEW `a` AS\nSELECT * FROM STREAM eagre_source_0",
        "CREATE OR REPLACE TEMPORARY VIEW `b` AS\nSELECT k FROM STREAM a", "SELECT k FROM STREAM b",
        "SELECT * FROM STREAM a UNION ALL SELECT * FROM STREAM eagre_source_1"]


def test_modes_triggers_checkpoints_and_settings(tmp_path):
    program = program_of(tmp_path, f"""
SET spark.sql.session.timeZone = 'Europe/Berlin';
SET spark.sql.shuffle.partitions = 8;
SET eagre.kafka.queueBytes = 2000000;
CREATE SINK o USING console OPTIONS ('numRows' = 5);
CREATE FLOW f OPTIONS ('outputMode' = 'complete', 'trigger' = 'processing time 2 seconds', 'checkpointLocation' = 'c')
AS INSERT INTO o SELECT k, count(*) AS n FROM STREAM {SOURCE} GROUP BY k;
""")
    for line in ('spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")',
                 'spark.conf.set("spark.sql.shuffle.partitions", "8")', '.format("console")',
                 '.option("numRows", "5")', '.outputMode("complete")', '.option("checkpointLocation", "c")',
                 '.trigger(processingTime="2000000 microseconds")'):
        assert line in program
    assert "eagre." not in program.replace("eagre export", "")


def test_a_flow_with_other_settings_makes_its_views_again(tmp_path):
    program = program_of(tmp_path, f"""
CREATE TEMPORARY VIEW a AS SELECT k, CAST(ts AS STRING) AS t FROM STREAM {SOURCE};
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT * FROM STREAM a;
CREATE FLOW g OPTIONS ('spark.sql.session.timeZone' = 'Asia/Tokyo') AS INSERT INTO o SELECT * FROM STREAM a;
""")
    assert program.count("CAST(ts AS STRING) AS t") == 2
    assert program.index("Asia/Tokyo") < program.rindex("CAST(ts AS STRING) AS t")


def test_declared_columns_of_a_table_are_cast(tmp_path):
    program = program_of(tmp_path, f"""
CREATE STREAMING TABLE t (k STRING, n BIGINT) LOCATION 'out';
CREATE FLOW f AS INSERT INTO t SELECT k, 1 FROM STREAM {SOURCE};
""")
    assert 'frame = frame.toDF("k", "n")' in program
    assert '"CAST(`n` AS BIGINT) AS `n`"' in program
    assert '.start("out")' in program


@pytest.mark.parametrize("generator", ["LATERAL VIEW explode(array(k, v)) x AS c", ", LATERAL explode(array(k, v)) AS x(c)"])
def test_generators_are_no_sources(generator, tmp_path):
    program = program_of(tmp_path, f"""
CREATE SINK o USING console;
CREATE FLOW f AS INSERT INTO o SELECT x.c FROM STREAM {SOURCE} {generator};
""")
    assert sql_texts(program) == [f"SELECT x.c FROM STREAM eagre_source_0 {generator}"]


def test_deduplication_is_said_in_python(tmp_path):
    program = program_of(tmp_path, f"""
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT d.k FROM deduplicate((SELECT * FROM STREAM {SOURCE}), k, v) AS d;
""")
    assert sql_texts(program) == ["SELECT * FROM (SELECT * FROM STREAM eagre_source_0)", "SELECT d.k FROM STREAM eagre_source_1 AS d"]
    assert '.dropDuplicates(["k", "v"])' in program


def test_deduplication_within_the_watermark(tmp_path):
    program = program_of(tmp_path, f"""
CREATE TEMPORARY VIEW a AS SELECT * FROM STREAM {SOURCE} WATERMARK ts DELAY OF INTERVAL 1 SECOND;
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT * FROM deduplicate(STREAM a, k, withinWatermark => true);
""")
    assert '.dropDuplicatesWithinWatermark(["k"])' in program
    assert sql_texts(program)[1:] == ["SELECT * FROM STREAM a", "SELECT * FROM STREAM eagre_source_1"]


def test_trigger_of_the_command_line(tmp_path):
    program = program_of(tmp_path, f"CREATE SINK o USING noop; CREATE FLOW f AS INSERT INTO o SELECT k FROM STREAM {SOURCE};",
                         "--available-now")
    assert ".trigger(availableNow=True)" in program


def test_what_spark_has_no_word_for_is_refused(tmp_path):
    done = export(tmp_path, f"CREATE SINK o USING noop;\nCREATE FLOW f AS INSERT INTO o SELECT v:a.b AS x FROM STREAM {SOURCE};")
    assert done.returncode == 2 and done.stdout == ""
    assert "[UNSUPPORTED_FEATURE.EXPORT_TO_SPARK]" in done.stderr
    assert "p.sql:2:" in done.stderr and "^" in done.stderr


def test_numbered_rows_are_refused(tmp_path):
    done = export(tmp_path, f"""
CREATE TEMPORARY VIEW a AS SELECT * FROM STREAM {SOURCE} WATERMARK ts DELAY OF INTERVAL 1 SECOND;
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT k FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY ts) AS rn FROM STREAM a)
WHERE rn = 1;
""")
    assert done.returncode == 2 and done.stdout == ""
    assert "[UNSUPPORTED_FEATURE.EXPORT_TO_SPARK]" in done.stderr and "p.sql:4:" in done.stderr
    assert "deduplicate" in done.stderr


def test_results_that_change_are_refused(tmp_path):
    done = export(tmp_path, f"""
SET eagre.changes = true;
CREATE SINK o USING noop;
CREATE FLOW f OPTIONS ('outputMode' = 'update') AS INSERT INTO o
SELECT k, count(*) AS c FROM (SELECT k, ts, count(*) AS c FROM STREAM {SOURCE} GROUP BY k, ts) GROUP BY k;
""")
    assert done.returncode == 2 and done.stdout == ""
    assert "[UNSUPPORTED_FEATURE.EXPORT_TO_SPARK]" in done.stderr and "in update mode" in done.stderr


def test_wrong_sql_is_refused_as_everywhere(tmp_path):
    done = export(tmp_path, "CREATE FLOW f AS INSERT INTO nowhere SELECT 1;")
    assert done.returncode == 2 and done.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["--to", "flink"]])
def test_the_target_is_named(tmp_path, arguments):
    (tmp_path / "p.sql").write_text("SELECT 1")
    done = run("export", "p.sql", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "spark" in done.stderr or "flink" in done.stderr


def test_directories_of_files(tmp_path):
    program = program_of(tmp_path, "CREATE SINK o USING parquet PARTITIONED BY (k) OPTIONS ('path' = 'out', 'compression' = 'zstd');"
                                   f"CREATE FLOW f AS INSERT INTO o SELECT * FROM STREAM {SOURCE};")
    assert '.format("parquet")' in program
    assert '.option("path", "out")' in program and '.option("compression", "zstd")' in program
    assert '.partitionBy("k")' in program


def test_transactions_are_refused(tmp_path):
    done = export(tmp_path, """CREATE SINK exact USING kafka OPTIONS ('kafka.bootstrap.servers' = 'localhost:9092',
                                                    'topic' = 't', 'delivery' = 'exactly-once');
CREATE FLOW f AS INSERT INTO exact SELECT value FROM STREAM read_kafka(bootstrapServers => 'localhost:9092', subscribe => 'a');""")
    assert done.returncode == 2
    assert "[UNSUPPORTED_FEATURE.EXPORT_TO_SPARK]" in done.stderr and "at least once" in done.stderr


def test_several_sinks_are_refused(tmp_path):
    done = export(tmp_path, f"CREATE SINK o USING noop; CREATE SINK p USING noop; CREATE FLOW f AS INSERT INTO o, p SELECT * FROM STREAM {SOURCE};")
    assert done.returncode == 2
    assert "one flow for each of them" in done.stderr


def test_options_of_kafka_as_spark_has_them(tmp_path):
    """Spark takes maxTriggerDelay as a number with a unit, and commits nothing to groups."""
    program = program_of(tmp_path, """
CREATE SINK o USING noop;
CREATE FLOW f AS INSERT INTO o SELECT headers FROM STREAM read_kafka(
  bootstrapServers => 'localhost:9092', subscribePattern => 'a.*', includeHeaders => true, startingTimestamp => 17,
  minOffsetsPerTrigger => 5, maxTriggerDelay => '10 minutes', `kafka.group.id` => 'g', commitOffsetsToKafka => true);""")
    for name, value in {"subscribePattern": "a.*", "includeHeaders": "true", "startingTimestamp": "17",
                        "minOffsetsPerTrigger": "5", "maxTriggerDelay": "600000ms",
                        "kafka.group.id": "g"}.items():
        assert f'.option("{name}", "{value}")' in program
    assert "commitOffsetsToKafka" not in program

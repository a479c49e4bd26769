"""VARIANT columns in Parquet files and Delta tables: what Eagre writes is read by Spark and pyarrow, and what Spark
writes by Eagre."""

import json
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "program"))
from program import run

from rig.spark_session import spark_session

TEXTS = ['{"a":1,"b":[1.5,"x",null]}', "null", None, '[{"k":1},{"l":true,"long":"' + "y" * 100 + '"}]', "12.50"]
FLOW = """
CREATE STREAMING TABLE t LOCATION 'out' AS
SELECT id, parse_json(j) AS v, array(parse_json(j), NULL) AS l, named_struct('x', parse_json(j)) AS s,
  map('k', parse_json(j)) AS m, parse_json('{"c":1}') AS c
FROM STREAM read_files('in', format => 'json', schema => 'id INT, j STRING');
"""


def wanted():
    """What Spark prints of the texts."""
    canonical = {"12.50": "12.5"}
    return [(i, canonical.get(text, text)) for i, text in enumerate(TEXTS)]


def lines(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.fixture(scope="module")
def spark():
    with spark_session(delta=True, spark_databricks_delta_snapshotPartitions="1") as session:
        yield session


@pytest.fixture
def table(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [{"id": i, "j": text} for i, text in enumerate(TEXTS)]
    (tmp_path / "in/rows.json").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (tmp_path / "flow.sql").write_text(FLOW)
    process = run("run", "--available-now", "flow.sql", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    return tmp_path / "out"


def test_the_protocol_names_the_feature(table):
    log = [json.loads(line) for line in (table / "_delta_log/00000000000000000000.json").read_text().splitlines()]
    protocol = next(action["protocol"] for action in log if "protocol" in action)
    assert protocol["minReaderVersion"] == 3 and protocol["minWriterVersion"] == 7
    assert protocol["readerFeatures"] == ["variantType"]
    assert "variantType" in protocol["writerFeatures"]


def test_spark_reads_the_files(table, spark):
    frame = spark.read.parquet(*map(str, table.glob("*.parquet")))
    assert dict(frame.dtypes)["v"] == "variant"
    rows = frame.selectExpr("id", "to_json(v) AS v", "to_json(l[0]) AS l", "l[1] IS NULL AS n", "to_json(s.x) AS s",
                            "to_json(m['k']) AS m", "to_json(c) AS c").orderBy("id").collect()
    assert [(row.id, row.v) for row in rows] == wanted()
    assert all(row.l == row.v == row.s == row.m and row.n and row.c == '{"c":1}' for row in rows)


def test_spark_reads_the_table(table, spark):
    frame = spark.read.format("delta").load(str(table))
    assert [tuple(row) for row in frame.selectExpr("id", "to_json(v)").orderBy("id").collect()] == wanted()


def test_pyarrow_reads_metadata_and_value(table):
    for file in table.glob("*.parquet"):
        column = pyarrow.parquet.read_table(file, columns=["v"]).column("v")
        for value in column.to_pylist():
            assert value is None or (value["metadata"][0] & 15 == 1 and len(value["value"]) > 0)


def test_eagre_reads_it_back(table):
    process = run("query", "--format", "json", f"SELECT id, to_json(v) AS v FROM delta.`{table}`")
    rows = sorted((row["id"], row.get("v")) for row in lines(process))
    assert rows == wanted()


def test_eagre_reads_files_of_spark(tmp_path, spark):
    frame = spark.createDataFrame(list(enumerate(TEXTS)), "id INT, j STRING")
    frame = frame.selectExpr("id", "parse_json(j) AS v", "array(parse_json(j)) AS l")
    spark.conf.set("spark.sql.variant.writeShredding.enabled", "false")
    frame.coalesce(1).write.parquet(str(tmp_path / "files"))
    spark.conf.unset("spark.sql.variant.writeShredding.enabled")
    for schema in ["", ", schema => 'id INT, v VARIANT, l ARRAY<VARIANT>'"]:
        source = f"read_files('{tmp_path}/files/*.parquet', format => 'parquet'{schema})"
        process = run("query", "--format", "json", f"SELECT id, to_json(v) AS v, to_json(l[0]) AS l FROM {source}")
        rows = sorted((row["id"], row.get("v"), row.get("l")) for row in lines(process))
        assert rows == [(i, text, text) for i, text in wanted()]


def test_shredded_columns_are_refused(tmp_path, spark):
    settings = {"spark.sql.variant.writeShredding.enabled": "true",
                "spark.sql.variant.forceShreddingSchemaForTest": "a INT"}
    for key, value in settings.items():
        spark.conf.set(key, value)
    frame = spark.createDataFrame([('{"a":1}',)], "j STRING").selectExpr("parse_json(j) AS v")
    frame.coalesce(1).write.parquet(str(tmp_path / "files"))
    for key in settings:
        spark.conf.unset(key)
    process = run("query", f"SELECT v FROM read_files('{tmp_path}/files/*.parquet', format => 'parquet', schema => 'v VARIANT')")
    assert process.returncode != 0
    assert "[UNSUPPORTED_FEATURE.SHREDDED_VARIANT]" in process.stderr, process.stderr

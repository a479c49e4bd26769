"""Delta tables of Spark, delta-rs and ourselves in FROM: by path, by name, as of a version or a time."""

import datetime
import json
import os
import shutil
import sys
from pathlib import Path

import deltalake
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "program"))
from program import run

from rig import cache
from rig.spark_session import spark_session


@pytest.fixture(scope="module")
def spark():
    if not cache.jars("spark-delta").exists():
        pytest.skip("scripts/setup-tests has not fetched Delta for Spark")
    with spark_session(delta=True) as session:
        yield session


def query(sql, cwd=None):
    process = run("query", "--format", "json", sql, cwd=cwd)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def fails(sql, class_name, cwd=None):
    process = run("query", sql, cwd=cwd)
    assert process.returncode != 0
    assert f"[{class_name}]" in process.stderr, process.stderr
    return process.stderr


def append(path, first, last, **options):
    numbers = list(range(first, last))
    data = pyarrow.table({"n": pyarrow.array(numbers, pyarrow.int64()), "s": [f"s{n % 7}" for n in numbers],
                          "k": pyarrow.array([n // 10 for n in numbers], pyarrow.int32())})
    deltalake.write_deltalake(str(path), data, mode="append", **options)


def numbers(path, rest=""):
    return sorted(row["n"] for row in query(f"SELECT n FROM delta.`{path}` {rest}"))


def drop_commits(path, *versions):
    for version in versions:
        (path / f"_delta_log/{version:020}.json").unlink()


def test_appends_and_removals(tmp_path):
    append(tmp_path, 0, 10)
    append(tmp_path, 10, 20)
    assert numbers(tmp_path) == list(range(20))
    deltalake.DeltaTable(str(tmp_path)).delete("n < 5")
    assert numbers(tmp_path) == list(range(5, 20))
    deltalake.DeltaTable(str(tmp_path)).optimize.compact()
    assert numbers(tmp_path) == list(range(5, 20))
    assert query(f"SELECT count(*) AS c, max(s) AS m FROM delta.`{tmp_path}` AS t WHERE t.k >= 1") == [{"c": 10, "m": "s6"}]


def test_partitions_and_files_left_out(tmp_path):
    append(tmp_path, 0, 40, partition_by=["k", "s"])
    assert numbers(tmp_path) == list(range(40))
    for file in tmp_path.glob("k=3/*/*.parquet"):
        file.write_text("damaged")
    assert run("query", f"SELECT n FROM delta.`{tmp_path}`").returncode != 0
    assert numbers(tmp_path, "WHERE k < 3") == list(range(30))
    assert numbers(tmp_path, "WHERE k = 1 AND s = 's3'") == [10, 17]
    assert numbers(tmp_path, "WHERE k IS NULL") == []
    assert numbers(tmp_path, "WHERE k IS NOT NULL AND k < 1") == list(range(10))


def test_statistics_leave_files_out(tmp_path):
    append(tmp_path, 0, 10)
    append(tmp_path, 100, 110)
    table = deltalake.DeltaTable(str(tmp_path))
    newest = [uri for uri in table.file_uris() if "/" in uri]
    for uri in newest:
        path = Path(uri.removeprefix("file://"))
        if pyarrow.parquet.read_table(path)["n"][0].as_py() >= 100:
            path.write_text("damaged")
    assert numbers(tmp_path, "WHERE n < 50") == list(range(10))
    assert numbers(tmp_path, "WHERE 9 >= n") == list(range(10))
    assert numbers(tmp_path, "WHERE n IS NOT NULL AND n < 50") == list(range(10))
    assert numbers(tmp_path, "WHERE n IS NULL") == []
    assert run("query", f"SELECT n FROM delta.`{tmp_path}` WHERE n > 50").returncode != 0


def test_odd_partition_values(tmp_path):
    values = ["a b", "ü/%", "x=y", None, "'"]
    data = pyarrow.table({"n": list(range(len(values))), "k": values})
    deltalake.write_deltalake(str(tmp_path), data, partition_by=["k"])
    rows = query(f"SELECT n, k FROM delta.`{tmp_path}`")
    assert {row["n"]: row["k"] for row in rows} == dict(enumerate(values))


def test_time_travel(tmp_path):
    for i in range(4):
        append(tmp_path, 10 * i, 10 * i + 10)
        moment = 1_700_000_000 + 60 * i
        os.utime(tmp_path / f"_delta_log/{i:020}.json", (moment, moment))
    assert numbers(tmp_path, "VERSION AS OF 0") == list(range(10))
    assert numbers(tmp_path, "VERSION AS OF '2'") == list(range(30))

    def moment(seconds):
        return datetime.datetime.fromtimestamp(1_700_000_000 + seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    assert numbers(tmp_path, f"TIMESTAMP AS OF '{moment(0)}'") == list(range(10))
    assert numbers(tmp_path, f"TIMESTAMP AS OF '{moment(119)}'") == list(range(20))
    fails(f"SELECT * FROM delta.`{tmp_path}` VERSION AS OF 9", "DELTA_VERSION_NOT_FOUND")
    fails(f"SELECT * FROM delta.`{tmp_path}` VERSION AS OF 'x'", "INVALID_TIME_TRAVEL_SPEC")
    fails(f"SELECT * FROM delta.`{tmp_path}` TIMESTAMP AS OF 'x'", "INVALID_TIME_TRAVEL_SPEC")
    fails(f"SELECT * FROM delta.`{tmp_path}` TIMESTAMP AS OF '{moment(-1)}'", "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION")
    fails(f"SELECT * FROM delta.`{tmp_path}` TIMESTAMP AS OF '{moment(999)}'", "DELTA_TIMESTAMP_GREATER_THAN_COMMIT")
    fails(f"SELECT * FROM delta.`{tmp_path}/none`", "DELTA_TABLE_NOT_FOUND")


def test_checkpoint_of_delta_rs(tmp_path):
    for i in range(5):
        append(tmp_path, 10 * i, 10 * i + 10, partition_by=["k"])
    deltalake.DeltaTable(str(tmp_path)).delete("n < 5")
    deltalake.DeltaTable(str(tmp_path)).create_checkpoint()
    append(tmp_path, 50, 60)
    drop_commits(tmp_path, *range(6))
    assert numbers(tmp_path) == list(range(5, 60))
    assert numbers(tmp_path, "VERSION AS OF 5") == list(range(5, 50))
    fails(f"SELECT * FROM delta.`{tmp_path}` VERSION AS OF 4", "DELTA_LOG_INCOMPLETE")


def split_checkpoint(path, as_json):
    """Makes the one checkpoint of the table one of version 2: its add and remove actions move to two sidecars."""
    log = path / "_delta_log"
    classic = next(log.glob("*.checkpoint.parquet"))
    rows = pyarrow.parquet.read_table(classic)
    has_file = pyarrow.compute.or_(rows["add"].is_valid(), rows["remove"].is_valid())
    actions = rows.filter(has_file).select(["add", "remove"])
    (log / "_sidecars").mkdir()
    half = actions.num_rows // 2
    for name, part in (("a.parquet", actions.slice(0, half)), ("b.parquet", actions.slice(half))):
        pyarrow.parquet.write_table(part, log / "_sidecars" / name)
    top = log / f"{classic.name[:20]}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.{'json' if as_json else 'parquet'}"
    rest = rows.filter(pyarrow.compute.invert(has_file)).select([n for n in rows.column_names if n != "sidecar"])
    if as_json:
        actions = [{"checkpointMetadata": {"version": int(classic.name[:20])}}]
        for row in rest.to_pylist(maps_as_pydicts="strict"):
            actions += [{name: body} for name, body in row.items() if body is not None]
        actions += [{"sidecar": {"path": name, "sizeInBytes": 1, "modificationTime": 1}} for name in ("a.parquet", "b.parquet")]
        top.write_text("".join(json.dumps(action, separators=(",", ":"), default=str) + "\n" for action in actions))
    else:
        assert rest.num_rows == 2  # protocol and metaData; a row may hold several actions
        sidecars = pyarrow.array([{"path": "a.parquet"}, {"path": "b.parquet"}])
        pyarrow.parquet.write_table(rest.append_column("sidecar", sidecars), top)
    classic.unlink()


@pytest.mark.parametrize("as_json", [True, False])
def test_checkpoint_of_version_2(tmp_path, as_json):
    for i in range(4):
        append(tmp_path, 10 * i, 10 * i + 10, partition_by=["k"])
    deltalake.DeltaTable(str(tmp_path)).delete("n < 5")
    deltalake.DeltaTable(str(tmp_path)).create_checkpoint()
    drop_commits(tmp_path, *range(5))
    split_checkpoint(tmp_path, as_json)
    assert numbers(tmp_path) == list(range(5, 40))
    (tmp_path / "_delta_log/_sidecars/b.parquet").unlink()
    fails(f"SELECT * FROM delta.`{tmp_path}`", "DELTA_LOG_CORRUPT")


def test_checkpoint_in_parts(tmp_path):
    for i in range(4):
        append(tmp_path, 10 * i, 10 * i + 10)
    deltalake.DeltaTable(str(tmp_path)).create_checkpoint()
    drop_commits(tmp_path, *range(4))
    log = tmp_path / "_delta_log"
    classic = next(log.glob("*.checkpoint.parquet"))
    rows = pyarrow.parquet.read_table(classic)
    names = [log / f"{classic.name[:20]}.checkpoint.{part:010}.0000000003.parquet" for part in (1, 2, 3)]
    for i, name in enumerate(names):
        pyarrow.parquet.write_table(rows.slice(2 * i, 2 if i < 2 else None), name)
    classic.unlink()
    assert numbers(tmp_path) == list(range(40))
    names[1].unlink()  # then it is no checkpoint, and nothing stands for the commits
    assert run("query", f"SELECT * FROM delta.`{tmp_path}`").returncode != 0


def test_checkpoint_that_is_damaged(tmp_path):
    append(tmp_path, 0, 10)
    deltalake.DeltaTable(str(tmp_path)).create_checkpoint()
    drop_commits(tmp_path, 0)
    next((tmp_path / "_delta_log").glob("*.checkpoint.parquet")).write_text("nonsense")
    fails(f"SELECT * FROM delta.`{tmp_path}`", "DELTA_LOG_CORRUPT")


WRITE = """
CREATE STREAMING TABLE numbers TBLPROPERTIES ('eagre.trigger' = 'available now', 'eagre.checkpointLocation' = 'cp')
AS SELECT n FROM STREAM read_files('in', format => 'json', schema => 'n BIGINT', maxFilesPerTrigger => 1);
"""


def test_our_own_table_by_name_and_without_its_first_commits(tmp_path):
    """The sink goes on where a checkpoint stands for the beginning of the log."""
    (tmp_path / "in").mkdir()
    (tmp_path / "f.sql").write_text(WRITE)
    for i in range(12):
        (tmp_path / f"in/{i:02}.json").write_text(json.dumps({"n": i}) + "\n")
    assert run("run", "f.sql", cwd=tmp_path).returncode == 0
    table = tmp_path / "eagre-data/tables/numbers"
    assert sorted(row["n"] for row in query("SELECT n FROM numbers", tmp_path)) == list(range(12))
    assert (table / "_delta_log/00000000000000000010.checkpoint.parquet").exists()
    drop_commits(table, *range(8))
    (tmp_path / "in/99.json").write_text('{"n": 99}\n')
    process = run("run", "f.sql", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert sorted(row["n"] for row in query("SELECT n FROM numbers", tmp_path)) == [*range(12), 99]
    fails("SELECT n FROM nombers", "TABLE_OR_VIEW_NOT_FOUND", tmp_path)


def test_tables_of_spark(tmp_path, spark):
    path = tmp_path / "t"
    spark.range(100).selectExpr("id AS n", "id % 4 AS k", "named_struct('a', id) AS o", "DATE'2024-01-01' + int(id % 3) AS d",
                                "timestamp_seconds(id) AS ts").repartition(3).write.format("delta").partitionBy("k", "d").save(str(path))
    spark.sql(f"DELETE FROM delta.`{path}` WHERE n < 10")
    rows = query(f"SELECT n, k, o.a AS a, d, ts FROM delta.`{path}` WHERE d > DATE'2024-01-01' AND ts < TIMESTAMP'1970-01-01 00:01:00'")
    expected = [n for n in range(10, 60) if n % 3 > 0]
    assert sorted(row["n"] for row in rows) == expected
    assert all(row["a"] == row["n"] and row["k"] == row["n"] % 4 for row in rows)


@pytest.mark.parametrize("settings, properties", [
    ({"spark.databricks.delta.checkpoint.partSize": "3"}, ""),
    ({}, "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2')"),
    ({"spark.databricks.delta.checkpointV2.topLevelFileFormat": "json"}, "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2')"),
    ({"spark.databricks.delta.checkpointV2.topLevelFileFormat": "parquet"}, "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2')"),
])
def test_checkpoints_of_spark(tmp_path, spark, settings, properties):
    path = tmp_path / "t"
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        spark.sql(f"CREATE TABLE delta.`{path}` (n BIGINT) USING delta {properties}")
        spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.checkpointInterval' = '6')")
        for i in range(11):
            spark.range(10 * i, 10 * i + 10).toDF("n").write.format("delta").mode("append").save(str(path))
    finally:
        for key in settings:
            spark.conf.unset(key)
    checkpoints = [each.name for each in (path / "_delta_log").iterdir() if ".checkpoint." in each.name and each.name[0] != "."]
    assert checkpoints
    last = max(int(name[:20]) for name in checkpoints)
    drop_commits(path, *range(last))
    assert numbers(path) == list(range(110))


def test_refused_by_name(tmp_path, spark):
    path = tmp_path / "mapped"
    spark.sql(f"CREATE TABLE delta.`{path}` (n BIGINT) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name')")
    assert "column mapping" in fails(f"SELECT * FROM delta.`{path}`", "DELTA_UNSUPPORTED_FEATURES_FOR_READ")
    path = tmp_path / "vectors"
    spark.sql(f"CREATE TABLE delta.`{path}` (n BIGINT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    spark.range(100).toDF("n").coalesce(1).write.format("delta").mode("append").save(str(path))
    assert numbers(path) == list(range(100))
    spark.sql(f"DELETE FROM delta.`{path}` WHERE n = 7")
    assert "deletion vector" in fails(f"SELECT * FROM delta.`{path}`", "DELTA_UNSUPPORTED_FEATURES_FOR_READ")
    assert numbers(path, "VERSION AS OF 1") == list(range(100))


def test_a_moved_table(tmp_path):
    append(tmp_path / "one", 0, 10)
    shutil.move(tmp_path / "one", tmp_path / "two words")
    assert numbers(tmp_path / "two words") == list(range(10))

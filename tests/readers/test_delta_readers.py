"""Delta tables of ours, read by delta-rs, polars and Spark, and written by them in turn."""

import json
import os
import random
import shutil
import uuid

import deltalake
import polars
import pyarrow
import pyarrow.parquet
import pytest

from readers import driver, reading, samples
from rig import cache
from rig.spark_session import spark_session

RANDOM_TABLES = int(os.environ.get("EAGRE_TEST_COUNT", "40")) // 4
SMALL = [("id", "long"), ("name", "string")]


@pytest.fixture(scope="module")
def spark():
    if not cache.jars("spark-delta").exists():
        pytest.skip("the jars of Delta are missing: run scripts/setup-tests")
    # Small tables: many partitions of nothing would take most of the time.
    with spark_session(delta=True, spark_databricks_delta_snapshotPartitions="1",
                       spark_default_parallelism="2") as session:
        yield session


def small_rows(epoch, count=3):
    return [(epoch * 100 + i, f"n {i}") for i in range(count)]


def read_delta_rs(location, fields):
    return reading.arrow_rows(fields, deltalake.DeltaTable(location).to_pyarrow_table())


def read_polars(location, fields):
    return reading.arrow_rows(fields, polars.read_delta(str(location)).to_arrow())


def read_spark(session, location, fields):
    frame = session.read.format("delta").load(str(location))
    return reading.spark_rows(frame, fields)


def sort(rows):
    return sorted(rows, key=repr)


def check(table, session=None):
    """Every reader finds the rows of `table`, in any order."""
    expected = sort(reading.canonical_rows(table.fields, table.rows))
    assert sort(read_delta_rs(table.location, table.fields)) == expected
    assert sort(read_polars(table.location, table.fields)) == expected
    if session is not None:
        assert sort(read_spark(session, table.location, table.fields)) == expected


# ---- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("name", ["every_type", "nested"])
def test_values_come_back(tmp_path, spark, name, codec):
    fields, rows = getattr(samples, name)()
    table = driver.Table(tmp_path / "t", fields)
    for files in (1, 3):
        table.append(rows, files=files, codec=codec)
    check(table, spark)


def test_wall_clocks_are_a_feature(tmp_path):
    """A table with TIMESTAMP_NTZ says so in its protocol, and its statistics have no zone."""
    fields, rows = samples.wall_clocks()
    table = driver.Table(tmp_path / "t", fields)
    for _ in range(2):
        table.append(rows)
    check(table)
    actions = table.log(0)
    protocol = next(action for name, action in actions if name == "protocol")
    assert protocol == {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["timestampNtz"],
                        "writerFeatures": ["timestampNtz", "invariants", "appendOnly"]}
    stats = json.loads(next(action for name, action in actions if name == "add")["stats"])
    assert stats["maxValues"]["n"] == "9999-12-31T23:59:59.999"
    assert stats["maxValues"]["t"] == "9999-12-31T23:59:59.999Z"


def test_wall_clocks_come_back_in_spark(tmp_path, spark):
    fields, rows = samples.wall_clocks()
    table = driver.Table(tmp_path / "t", fields)
    table.append(rows)
    check(table, spark)
    frame = spark.read.format("delta").load(str(table.location))
    assert dict(frame.dtypes)["n"] == "timestamp_ntz"
    assert frame.where("n > TIMESTAMP_NTZ'2026-01-01 00:00:00'").count() == 2


def test_epochs_without_rows(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append([])
    check(table, spark)
    table.append(small_rows(1))
    assert table.append([])["version"] == 2
    check(table, spark)


def test_complete_mode(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)
    versions = []
    for epoch in range(4):
        table.replace(small_rows(epoch, count=epoch), files=2)
        versions.append(table.rows)
        check(table, spark)
    for version, rows in enumerate(versions):
        frame = spark.read.format("delta").option("versionAsOf", version).load(str(table.location))
        assert sort(reading.spark_rows(frame, SMALL)) == sort(rows)


def test_checkpoint_alone_is_enough(tmp_path, spark):
    """All that counts of versions 0 to 10 stands in the checkpoint."""
    fields = SMALL + samples.nested()[0]
    nested_rows = samples.nested()[1]
    table = driver.Table(tmp_path / "t", fields)
    for epoch in range(12):
        rows = [small + nested for small, nested in
                zip(small_rows(epoch), nested_rows, strict=False)]
        if epoch == 4:
            table.replace(rows)
        else:
            table.append(rows, files=2)
    checkpoint = table.location / "_delta_log/00000000000000000010.checkpoint.parquet"
    assert checkpoint.exists()
    for version in range(10):
        (table.location / f"_delta_log/{version:020}.json").unlink()
    check(table, spark)
    assert deltalake.DeltaTable(table.location).transaction_version(table.application) == 11
    table.append(rows)
    check(table, spark)


CHECKPOINT_SCHEMA = """\
txn: struct<appId: string, version: int64, lastUpdated: int64>
add: struct<path: string, partitionValues: map<string, string>, size: int64, modificationTime: int64, dataChange: bool, tags: map<string, string>, deletionVector: struct<storageType: string, pathOrInlineDv: string, offset: int32, sizeInBytes: int32, cardinality: int64, maxRowIndex: int64>, baseRowId: int64, defaultRowCommitVersion: int64, clusteringProvider: string, stats: string>
remove: struct<path: string, deletionTimestamp: int64, dataChange: bool, extendedFileMetadata: bool, partitionValues: map<string, string>, size: int64, deletionVector: struct<storageType: string, pathOrInlineDv: string, offset: int32, sizeInBytes: int32, cardinality: int64, maxRowIndex: int64>, baseRowId: int64, defaultRowCommitVersion: int64>
metaData: struct<id: string, name: string, description: string, format: struct<provider: string, options: map<string, string>>, schemaString: string, partitionColumns: list<element: string>, configuration: map<string, string>, createdTime: int64>
protocol: struct<minReaderVersion: int32, minWriterVersion: int32, readerFeatures: list<element: string>, writerFeatures: list<element: string>>
domainMetadata: struct<domain: string, configuration: string, removed: bool>"""


def test_checkpoint_has_the_actions_of_the_log(tmp_path):
    table = driver.Table(tmp_path / "t", SMALL)
    for epoch in range(11):
        table.replace(small_rows(epoch)) if epoch == 3 else table.append(small_rows(epoch))
    file = pyarrow.parquet.read_table(
        table.location / "_delta_log/00000000000000000010.checkpoint.parquet")
    shape = "\n".join(f"{field.name}: {field.type}".replace(" ('key_value')", "")
                      .replace(" ('add')", "") for field in file.schema)
    assert _without_map_names(shape) == CHECKPOINT_SCHEMA
    found = {name: [row for row in file.column(name).to_pylist() if row is not None]
             for name in file.column_names}
    assert file.num_rows == sum(map(len, found.values())) == 2 + 1 + 8 + 3
    log = [action for version in range(11) for action in table.log(version)]
    removed = {body["path"] for name, body in log if name == "remove"}
    adds = {body["path"]: body for name, body in log
            if name == "add" and body["path"] not in removed}
    assert {row["path"] for row in found["add"]} == adds.keys()
    for row in found["add"]:
        add = adds[row["path"]]
        assert row["stats"] == add["stats"] and row["size"] == add["size"]
        assert row["modificationTime"] == add["modificationTime"]
        assert row["partitionValues"] == [] and row["dataChange"] is False
    assert {row["path"] for row in found["remove"]} == removed
    assert found["txn"] == [dict(log[-2][1])]
    assert found["protocol"] == [{"minReaderVersion": 1, "minWriterVersion": 2,
                                  "readerFeatures": None, "writerFeatures": None}]
    metadata = dict(table.log(0))["metaData"]
    assert found["metaData"][0]["schemaString"] == metadata["schemaString"]
    assert found["metaData"][0]["configuration"] == []
    last = json.loads((table.location / "_delta_log/_last_checkpoint").read_text())
    assert (last["version"], last["size"], last["numOfAddFiles"]) == (10, 14, 8)


def _without_map_names(shape):
    """pyarrow adds the names of fields that bear other names than its own."""
    for name in ("partitionValues", "tags", "options", "configuration"):
        shape = shape.replace(f" ('{name}')", "")
    return shape


def test_random_tables(tmp_path):
    seed = int(os.environ.get("EAGRE_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"EAGRE_TEST_SEED={seed}")
    for i in range(RANDOM_TABLES):
        source = random.Random(f"{seed} {i}")
        fields, rows = samples.random_table(source)
        table = driver.Table(tmp_path / str(i), fields)
        try:
            table.append(rows, files=source.randint(1, 4))
            table.append(rows[:10])
            check(table)
        except Exception as failure:
            raise AssertionError(f"seed {seed}, table {i}: {fields}") from failure


# ---- Statistics ----------------------------------------------------------------------------------

LAST = "\U0010ffff"
# Filters make readers skip files by their statistics: wrong ones lose rows.
PROBES = [
    "id = 17", "id > 480", "id < 3", "id IS NULL", "id IS NOT NULL",
    "s = 'key 0000000042'", "s > 'key 0000000490'", "s < 'key 0000000002'",
    "long >= 'llll'", "long < 'l'", f"top >= '{LAST}'",
    "d = 0.0", "d < -200", "f > 1000", "f < 10",
    "day >= DATE '1971-01-01'", "day < DATE '1969-12-31'",
    "t >= TIMESTAMP '2026-11-21 00:00:00.000001'", "t < TIMESTAMP '1969-12-31 23:59:59.9999'",
    "x > 100", "x IS NULL",
]


def probe_table(location):
    fields = [("id", "long"), ("s", "string"), ("long", "string"), ("top", "string"),
              ("d", "double"), ("f", "float"), ("day", "date"), ("t", "timestamp"),
              ("st", driver.struct(("x", "integer")))]
    day = 1795219200000000  # 2026-11-21
    rows = []
    for i in range(500):
        rows.append((None if i % 13 == 0 else i, f"key {i:010}", "l" * 80 + str(i),
                     LAST * (i // 10) + "z", -0.0 if i == 250 else i - 250.0,
                     float("nan") if i == 77 else float(i), i - 250,
                     day + i - 250 if i > 250 else i - 125, None if i % 7 == 0 else (i,)))
    table = driver.Table(location, fields)
    table.append(rows, files=50)
    return table


def _nested(condition):
    return condition.replace("x ", "st.x ") if condition.startswith("x ") else condition


def test_filters_find_their_rows_in_spark(tmp_path, spark):
    table = probe_table(tmp_path / "t")
    frame = spark.read.format("delta").load(str(table.location))
    # The judge filters in memory, without statistics: those of Spark's own cache miss NaNs.
    spark.conf.set("spark.sql.inMemoryColumnarStorage.partitionPruning", "false")
    judge = frame.cache()
    assert judge.count() == 500
    counts = {probe: judge.where(_nested(probe)).count() for probe in PROBES}
    judge.unpersist()
    fresh = spark.read.format("delta").load(str(table.location))
    found = {probe: fresh.where(_nested(probe)).count() for probe in PROBES}
    assert found == counts
    # The probes do have something to find.
    assert sum(1 for count in counts.values() if 0 < count < 500) >= 15


def test_filters_find_their_rows_in_delta_rs_and_polars(tmp_path):
    table = probe_table(tmp_path / "t")
    handle = deltalake.DeltaTable(table.location)
    in_memory = polars.from_arrow(handle.to_pyarrow_table())
    assert in_memory.height == 500
    for column, probe in [("id", polars.col("id") > 480), ("id", polars.col("id").is_null()),
                          ("s", polars.col("s") == "key 0000000042"),
                          ("long", polars.col("long") >= "llll"),
                          ("top", polars.col("top") >= LAST),
                          ("d", polars.col("d") < -200), ("f", polars.col("f") < 10),
                          ("day", polars.col("day") < polars.date(1969, 12, 31))]:
        found = polars.scan_delta(str(table.location)).filter(probe).collect().height
        assert found == in_memory.filter(probe).height > 0, column
    engine = deltalake.QueryBuilder().register("t", handle)
    expected = polars.SQLContext(t=in_memory)
    for probe in ["id > 480", "s = 'key 0000000042'", "long < 'l'", "d = 0.0", "id IS NULL"]:
        question = f"SELECT count(*) AS n FROM t WHERE {probe}"
        answer = pyarrow.table(engine.execute(question).read_all())["n"][0].as_py()
        assert answer == expected.execute(question, eager=True)["n"][0], probe


# ---- Beside Spark --------------------------------------------------------------------------------


def keys(value):
    """The names in a JSON value, in order, down to the innermost object."""
    if isinstance(value, dict):
        return [(name, keys(child)) for name, child in value.items()]
    return None


def test_commits_look_like_sparks(tmp_path, spark):
    """Names and order of all members of two micro-batches, ours beside Spark's own stream."""
    fields = [("id", "long"), ("name", "string"), ("d", "date")]
    source, location = tmp_path / "in", tmp_path / "spark"
    source.mkdir()
    for batch in range(2):
        (source / f"{batch}.json").write_text(
            '{"id":1,"name":"n","d":"2026-11-20"}\n{"id":2}\n')
        stream = spark.readStream.schema("id BIGINT, name STRING, d DATE").json(str(source))
        query = (stream.writeStream.format("delta").trigger(availableNow=True)
                 .option("checkpointLocation", str(tmp_path / "checkpoint")).start(str(location)))
        query.awaitTermination()
    theirs = driver.Table(location, fields)
    ours = driver.Table(tmp_path / "ours", fields)
    for batch in range(2):
        ours.append([(1, "n", 20000), (2, None, None)])
        assert [name for name, _ in ours.log(batch)] == [name for name, _ in theirs.log(batch)]
        for (name, mine), (_, spark_one) in zip(ours.log(batch), theirs.log(batch), strict=True):
            if name == "commitInfo":
                assert set(mine.pop("eagre")) == {"epoch", "attempt"}
                for member in ("operation", "isolationLevel", "isBlindAppend"):
                    assert mine[member] == spark_one[member]
                assert mine["operationParameters"]["epochId"] == str(batch)
            assert keys(mine) == keys(spark_one), name
            if name == "add":
                assert keys(json.loads(mine["stats"])) == keys(json.loads(spark_one["stats"]))
            if name in ("protocol",):
                assert mine == spark_one
            if name == "metaData":
                assert mine["schemaString"] == spark_one["schemaString"]


def test_writing_in_turn_with_spark(tmp_path, spark):
    """Past three checkpoints, each side reading and writing what the other left."""
    table = driver.Table(tmp_path / "t", SMALL)
    for turn in range(16):
        table.append(small_rows(turn))
        rows = [(turn * 100 + 50, "of Spark")]
        frame = spark.createDataFrame(rows, "id BIGINT, name STRING")
        frame.write.format("delta").mode("append").save(str(table.location))
        table.rows = table.rows + rows
    check(table, spark)
    assert deltalake.DeltaTable(table.location).version() == 31
    spark.sql(f"DELETE FROM delta.`{table.location}` WHERE name = 'of Spark'")
    table.rows = [row for row in table.rows if row[1] != "of Spark"]
    table.append(small_rows(16))
    spark.sql(f"OPTIMIZE delta.`{table.location}`")
    table.append(small_rows(17))
    check(table, spark)


def test_table_of_spark(tmp_path, spark):
    location = tmp_path / "t"
    for i in range(10):
        frame = spark.range(i, i + 1).selectExpr("id", "concat('n ', id) AS name")
        frame.write.format("delta").mode("append").save(str(location))
    table = driver.Table(location, SMALL)
    table.rows = [(i, f"n {i}") for i in range(10)]
    # Version 10: our checkpoint beside Spark's side files.
    assert table.append(small_rows(1))["version"] == 10
    table.append(small_rows(2))
    check(table, spark)
    table.replace(small_rows(3))
    check(table, spark)


def test_columns_by_name(tmp_path, spark):
    location = tmp_path / "t"
    spark.sql(f"CREATE TABLE delta.`{location}` (Name STRING, id BIGINT, extra INT) USING delta")
    writer = driver.Table(location, SMALL)
    writer.append([(1, "a"), (2, "b")])
    table = driver.Table(location, [("Name", "string"), ("id", "long"), ("extra", "integer")])
    table.rows = [("a", 1, None), ("b", 2, None)]
    check(table, spark)
    for fields in ([("id", "integer")], [("id", "long"), ("other", "long")]):
        with pytest.raises(driver.Refused) as refused:
            driver.Table(location, fields).append([])
        assert refused.value.status == 2 and "DELTA_METADATA_MISMATCH" in refused.value.text


def test_transactions_are_sparks(tmp_path, spark):
    """Spark skips a batch whose (application, version) our commits hold."""
    table = driver.Table(tmp_path / "t", SMALL)
    for epoch in range(3):
        table.append(small_rows(epoch))
    frame = spark.createDataFrame([(999, "x")], "id BIGINT, name STRING")

    def write(version):
        (frame.write.format("delta").mode("append").option("txnAppId", table.application)
         .option("txnVersion", version).save(str(table.location)))
    write(2)
    check(table, spark)
    write(3)
    table.rows.append((999, "x"))
    check(table, spark)
    # And the other way round: epoch 3 is Spark's, nobody may commit it again.
    with pytest.raises(driver.Refused) as refused:
        table.append(small_rows(3))
    assert refused.value.status == 4 and "DELTA_CONCURRENT_TRANSACTION" in refused.value.text


def test_stream_of_spark_reads_our_table(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)

    def stream():
        (spark.readStream.format("delta").load(str(table.location))
         .writeStream.format("delta").option("checkpointLocation", str(tmp_path / "c"))
         .trigger(availableNow=True).start(str(tmp_path / "out")).awaitTermination())
    for epoch in range(3):
        table.append(small_rows(epoch))
        stream()
    assert sort(read_spark(spark, tmp_path / "out", SMALL)) == sort(table.rows)


def test_history_and_comments(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0), description="views \"per\" ad", comments=["the key", None])
    table.replace(small_rows(1))
    history = spark.sql(f"DESCRIBE HISTORY delta.`{table.location}`").collect()
    assert [row.operation for row in history] == ["STREAMING UPDATE"] * 2
    assert [row.operationParameters["epochId"] for row in history] == ["1", "0"]
    assert history[0].operationMetrics["numRemovedFiles"] == "1"
    assert history[0].engineInfo.startswith("Eagre/")
    described = spark.sql(f"DESCRIBE DETAIL delta.`{table.location}`").collect()[0]
    assert described.description == "views \"per\" ad"
    columns = spark.sql(f"DESCRIBE TABLE delta.`{table.location}`").collect()
    assert {row.col_name: row.comment for row in columns if row.col_name == "id"} == {
        "id": "the key"}


def test_vacuum_keeps_what_is_needed(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0))
    table.replace(small_rows(1))
    before = sorted(path.name for path in table.location.glob("*.parquet"))
    spark.sql(f"VACUUM delta.`{table.location}`")
    assert sorted(path.name for path in table.location.glob("*.parquet")) == before
    check(table, spark)


def test_new_schema(tmp_path, spark):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0))
    table.fields = [("id", "string"), ("more", driver.array("double"))]
    table.replace([("a", [1.5, None]), (None, None)], overwriteSchema=True)
    check(table, spark)
    table.append([("b", [])])
    check(table, spark)


def test_deletion_vectors(tmp_path, spark):
    """We append beside them, and remove files together with them."""
    location = tmp_path / "t"
    spark.range(100).selectExpr("id", "concat('n ', id) AS name").coalesce(1).write.format(
        "delta").option("delta.enableDeletionVectors", "true").save(str(location))
    spark.sql(f"DELETE FROM delta.`{location}` WHERE id % 10 = 3")
    table = driver.Table(location, SMALL)
    table.rows = [(i, f"n {i}") for i in range(100) if i % 10 != 3]
    table.append(small_rows(5))
    assert sort(read_spark(spark, location, SMALL)) == sort(table.rows)
    table.replace(small_rows(6))
    assert sort(read_spark(spark, location, SMALL)) == sort(table.rows)


REFUSED_TABLES = {
    "partitioned": ("(id BIGINT, day STRING) USING delta PARTITIONED BY (day)", None),
    "column mapping": ("(id BIGINT) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = "
                       "'name')", None),
    "constraint": ("(id BIGINT) USING delta", "ALTER TABLE {} ADD CONSTRAINT small CHECK (id < 9)"),
    "row tracking": ("(id BIGINT) USING delta TBLPROPERTIES ('delta.enableRowTracking' = 'true')",
                     None),
    "commit timestamps": ("(id BIGINT) USING delta TBLPROPERTIES "
                          "('delta.enableInCommitTimestamps' = 'true')", None),
    "default": ("(id BIGINT, x INT DEFAULT 5) USING delta TBLPROPERTIES "
                "('delta.feature.allowColumnDefaults' = 'supported')", None),
}


@pytest.mark.parametrize("name", REFUSED_TABLES)
def test_refused_tables(tmp_path, spark, name):
    location = tmp_path / "t"
    create, then = REFUSED_TABLES[name]
    spark.sql(f"CREATE TABLE delta.`{location}` {create}")
    if then is not None:
        spark.sql(then.format(f"delta.`{location}`"))
    with pytest.raises(driver.Refused) as refused:
        driver.Table(location, [("id", "long")]).append([(1,)])
    assert refused.value.status == 4
    assert "DELTA_UNSUPPORTED_FEATURES" in refused.value.text
    assert list(location.glob("*.parquet")) == []


def test_not_null(tmp_path, spark):
    location = tmp_path / "t"
    spark.sql(f"CREATE TABLE delta.`{location}` (id BIGINT NOT NULL, name STRING) USING delta")
    table = driver.Table(location, SMALL)
    table.append([(1, None)])
    with pytest.raises(driver.Refused) as refused:
        table.append([(None, "a")])
    assert refused.value.status == 5
    assert "DELTA_NOT_NULL_CONSTRAINT_VIOLATED" in refused.value.text
    check(table, spark)
    assert len(list(location.glob("*.parquet"))) == 1


# ---- Beside delta-rs -----------------------------------------------------------------------------


def test_writing_in_turn_with_delta_rs(tmp_path):
    table = driver.Table(tmp_path / "t", SMALL)
    schema = pyarrow.schema([("id", pyarrow.int64()), ("name", pyarrow.string())])
    for turn in range(12):
        table.append(small_rows(turn))
        rows = [(turn * 100 + 50, "of delta-rs")]
        batch = pyarrow.table([[row[0] for row in rows], [row[1] for row in rows]], schema=schema)
        deltalake.write_deltalake(table.location, batch, mode="append")
        table.rows = table.rows + rows
    check(table)
    handle = deltalake.DeltaTable(table.location)
    assert handle.version() == 23
    handle.create_checkpoint()
    handle.optimize.compact()
    table.append(small_rows(20))
    handle = deltalake.DeltaTable(table.location)
    handle.delete("id = 50")
    table.rows = [row for row in table.rows if row[0] != 50]
    table.append(small_rows(21))
    check(table)


def test_table_of_delta_rs(tmp_path):
    location = tmp_path / "t"
    schema = pyarrow.schema([("id", pyarrow.int64()), ("name", pyarrow.string())])
    deltalake.write_deltalake(location, pyarrow.table([[1, 2], ["a", None]], schema=schema))
    table = driver.Table(location, SMALL)
    table.rows = [(1, "a"), (2, None)]
    table.append(small_rows(0))
    check(table)
    table.replace(small_rows(1))
    check(table)


# ---- Refusals and leftovers ----------------------------------------------------------------------


def test_another_checkpoint_with_our_id(tmp_path):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0))
    other = driver.Table(tmp_path / "t", SMALL, application=table.application)
    with pytest.raises(driver.Refused) as refused:
        other.append(small_rows(0))
    assert refused.value.status == 4 and "DELTA_CONCURRENT_TRANSACTION" in refused.value.text
    check(table)


def test_losing_attempts_are_purged(tmp_path):
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0))
    loser = driver.Table(tmp_path / "t", SMALL, application=table.application)
    with pytest.raises(driver.Refused):
        loser.append(small_rows(7))
    stranger = driver.Table(tmp_path / "t", SMALL, application=str(uuid.uuid4()))
    stranger.append(small_rows(8))
    table.rows += stranger.rows
    assert len(list(table.location.glob("*.parquet"))) == 3
    table.append(small_rows(1), purge=True)
    assert len(list(table.location.glob("*.parquet"))) == 3
    check(table)


def test_copied_table_is_the_same_table(tmp_path):
    """Nothing in it names a place."""
    table = driver.Table(tmp_path / "t", SMALL)
    table.append(small_rows(0))
    shutil.copytree(table.location, tmp_path / "copy")
    shutil.rmtree(table.location)
    table.location = tmp_path / "copy"
    table.append(small_rows(1))
    check(table)

"""Parquet files of ours, read by pyarrow, DuckDB, polars and Spark."""

import math
import os
import random

import duckdb
import polars
import pyarrow.parquet
import pytest

from readers import driver, reading, samples
from rig.spark_session import spark_session

CODECS = ["none", "snappy", "gzip", "lz4", "zstd"]
RANDOM_TABLES = int(os.environ.get("EAGRE_TEST_COUNT", "40"))


@pytest.fixture(scope="module")
def spark():
    with spark_session() as session:
        yield session


def check(path, fields, rows, readers=reading.READERS.values()):
    expected = reading.canonical_rows(fields, rows)
    for read in readers:
        assert read(path, fields) == expected, read.__name__


def write(tmp_path, fields, rows, **options):
    path = tmp_path / "t.parquet"
    said = driver.write_parquet(path, fields, rows, **options)
    assert said["size"] == path.stat().st_size
    assert said["rows"] == len(rows) * options.get("repeat", 1)
    return path, said


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["every_type", "nested", "wall_clocks"])
def test_values_come_back(tmp_path, name, codec):
    fields, rows = getattr(samples, name)()
    path, _ = write(tmp_path, fields, rows, codec=codec)
    check(path, fields, rows)


@pytest.mark.parametrize("name", ["every_type", "nested"])
@pytest.mark.parametrize("options", [
    {"dictionaryBytes": 0},
    {"pageRows": 1},
    {"pageRows": 10, "rowGroupRows": 25},
    {"pageBytes": 20, "batchRows": 7},
    {"rowGroupBytes": 1},
    {"checksums": True},
], ids=str)
def test_layout_does_not_matter(tmp_path, name, options):
    fields, rows = getattr(samples, name)()
    path, _ = write(tmp_path, fields, rows, **options)
    check(path, fields, rows)


def test_columns_have_their_types(tmp_path):
    fields, rows = samples.every_type()
    path, _ = write(tmp_path, fields, rows)
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(path)}
    assert types == {
        "c_boolean": "bool", "c_byte": "int8", "c_short": "int16", "c_integer": "int32",
        "c_long": "int64", "c_float": "float", "c_double": "double", "c_string": "string",
        "c_binary": "binary", "c_date": "date32[day]", "c_timestamp": "timestamp[us, tz=UTC]",
        **{samples.name_of(kind): kind.replace("decimal(", "decimal128(").replace(",", ", ") for kind in samples.DECIMALS}}
    created_by = pyarrow.parquet.read_metadata(path).created_by
    assert created_by.startswith("eagre version ") and " (build " in created_by


def test_wall_clocks_have_no_zone(tmp_path):
    """TIMESTAMP_NTZ is no instant: isAdjustedToUTC is false, and no converted type says otherwise."""
    fields, rows = samples.wall_clocks()
    path, _ = write(tmp_path, fields, rows)
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(path)}
    assert types["n"] == "timestamp[us]" and types["t"] == "timestamp[us, tz=UTC]"
    column = pyarrow.parquet.read_metadata(path).schema.column(1)
    assert "isAdjustedToUTC=false" in str(column.logical_type)
    assert column.converted_type == "NONE"


@pytest.mark.parametrize("name", ["every_type", "nested"])
def test_empty_file(tmp_path, name):
    fields, _ = getattr(samples, name)()
    path, _ = write(tmp_path, fields, [])
    check(path, fields, [])
    assert pyarrow.parquet.read_metadata(path).num_row_groups == 0


def test_columns_of_nulls(tmp_path):
    fields, _ = samples.every_type()
    fields = fields + samples.nested()[0]
    rows = [(None,) * len(fields)] * 50
    for constants in (False, True):
        (tmp_path / str(constants)).mkdir()
        path, said = write(tmp_path / str(constants), fields, rows, pageRows=20,
                           constants=constants)
        check(path, fields, rows)
        assert [leaf for leaf in said["leaves"] if leaf != {"nulls": 50}] == []


def test_constant_vectors(tmp_path):
    fields, rows = samples.nested()
    rows = [rows[4]] * 30 + [rows[0]] * 30
    path, _ = write(tmp_path, fields, rows, constants=True, batchRows=30)
    check(path, fields, rows)


def test_many_rows(tmp_path):
    fields = [("t", "timestamp"), ("id", "long"), ("kind", "string"), ("user", "string"),
              ("value", "double"), ("flag", "boolean"), ("l", driver.array("integer"))]
    rows = [(1795226766000000 + i * 137, (i * 0x9E3779B97F4A7C15) % 2 ** 62, f"kind {i % 7}",
             f"user-{i * 7919 % 100003}", i / 3, i % 3 == 0, list(range(i % 4)))
            for i in range(70000)]
    path, said = write(tmp_path, fields, rows, rowGroupRows=40000)
    check(path, fields, rows)
    metadata = pyarrow.parquet.read_metadata(path)
    assert [metadata.row_group(i).num_rows for i in range(2)] == [40000, 30000]
    has_dictionary = {metadata.row_group(0).column(i).path_in_schema:
                      metadata.row_group(0).column(i).has_dictionary_page for i in range(7)}
    assert has_dictionary == {"t": False, "id": False, "kind": True, "user": False, "value": False,
                              "flag": False, "l.list.element": True}
    assert said["leaves"][0] == {"nulls": 0, "minimum": rows[0][0], "maximum": rows[-1][0]}


def test_dictionary_given_up_midway(tmp_path):
    fields = [("s", "string"), ("n", "integer")]
    rows = [(f"text {i % 10}", i % 10) for i in range(20000)]
    rows += [(f"text {i}", i) for i in range(30000)]
    path, _ = write(tmp_path, fields, rows)
    check(path, fields, rows)
    column = pyarrow.parquet.read_metadata(path).row_group(0).column(0)
    assert column.has_dictionary_page and "PLAIN" in column.encodings


def test_first_page_without_values(tmp_path):
    """A PLAIN page before pages that use the dictionary."""
    fields = [("s", "string"), ("n", "integer")]
    rows = [(None, None)] * 100 + [(f"text {i % 3}", i % 3) for i in range(200)]
    rows += [(None, None)] * 100
    path, _ = write(tmp_path, fields, rows, pageRows=100)
    check(path, fields, rows)


def test_stretches_of_nulls(tmp_path):
    """Levels are runs and packed groups in turn, over many times the size of either."""
    source = random.Random(5)
    fields = [("n", "long"), ("l", driver.array("integer"))]
    rows = []
    while len(rows) < 30000:
        length, is_null, count = source.randint(1, 60), source.random() < 0.5, source.randint(0, 3)
        rows += [(None if is_null else i, [i] * count if is_null else None)
                 for i in range(length)]
    path, _ = write(tmp_path, fields, rows)
    check(path, fields, rows)


def test_one_value_takes_no_bits(tmp_path):
    fields = [("s", "string"), ("n", "integer")]
    path, _ = write(tmp_path, fields, [("same", 5)] * 30000)
    check(path, fields, [("same", 5)] * 30000)
    assert path.stat().st_size < 1500


def statistics_of(path):
    """By column path: the statistics of the only row group."""
    group = pyarrow.parquet.read_metadata(path).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    return {column.path_in_schema: column.statistics for column in columns}


def test_statistics_of_chunks(tmp_path):
    fields = [("n", "integer"), ("s", "string"), ("d", "double"), ("b", "binary"), ("none", "long")]
    rows = [(i - 5, f"value {i}", (i - 2) * 0.5, bytes([i, 255]), None) for i in range(10)]
    rows[3] = (None, None, 0.0, None, None)
    path, said = write(tmp_path, fields, rows)
    found = {name: (each.has_min_max and each.min, each.has_min_max and each.max, each.null_count)
             for name, each in statistics_of(path).items()}
    assert found == {"n": (-5, 4, 1), "s": ("value 0", "value 9", 1), "d": (-1.0, 3.5, 0),
                     "b": (b"\x00\xff", b"\x09\xff", 1), "none": (False, False, 10)}
    assert said["leaves"] == [
        {"nulls": 1, "minimum": -5, "maximum": 4},
        {"nulls": 1, "minimum": "value 0", "maximum": "value 9"},
        {"nulls": 0, "minimum": "-0x1p+0", "maximum": "0x1.cp+1"},
        {"nulls": 1},
        {"nulls": 10},
    ]


def test_nan_leaves_no_statistics(tmp_path):
    fields = [("d", "double"), ("f", "float"), ("z", "double")]
    rows = [(1.0, math.nan, 0.0), (math.nan, 2.0, -0.0), (3.0, 4.0, 0.0)]
    path, said = write(tmp_path, fields, rows, pageRows=1)
    check(path, fields, rows)
    statistics = statistics_of(path)
    assert not statistics["d"].has_min_max and not statistics["f"].has_min_max
    assert [math.copysign(1, each) for each in (statistics["z"].min, statistics["z"].max)] == [-1, 1]
    assert said["leaves"][:2] == [{"nulls": 0}, {"nulls": 0}]
    group = pyarrow.parquet.read_metadata(path).row_group(0)
    assert [group.column(i).has_column_index for i in range(3)] == [False, False, True]
    assert all(group.column(i).has_offset_index for i in range(3))


def test_long_text_is_cut_in_the_file_only(tmp_path):
    fields = [("s", "string"), ("b", "binary"), ("top", "string")]
    rows = [("é" * 40 + str(i), b"\xff" * 70 + bytes([i]), "\U0010ffff" * 20) for i in range(9)]
    path, said = write(tmp_path, fields, rows)
    statistics = statistics_of(path)
    assert statistics["s"].min == "é" * 32 and statistics["s"].max == "é" * 31 + "ê"
    # No byte, no character could be raised: there is no maximum.
    assert not statistics["b"].has_min_max and not statistics["top"].has_min_max
    assert said["leaves"][0] == {"nulls": 0, "minimum": rows[0][0], "maximum": rows[8][0]}
    check(path, fields, rows)


def test_nested_null_counts_are_deltas(tmp_path):
    fields, rows = samples.nested()
    _, said = write(tmp_path, fields, rows)
    nulls = [leaf["nulls"] for leaf in said["leaves"]]
    # s.a, s.b.c, l, ll, m (key, value), ml (key, value), ls (x, tags), ms (key, x, tags), by row:
    # a list counts when it is NULL itself, a field when it or a struct above it is.
    assert nulls == [21, 21, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]
    assert "minimum" in said["leaves"][0] and "minimum" not in said["leaves"][2]


# Filters make readers use statistics, dictionaries and the page index: wrong ones lose rows.
PROBES = [
    ("n", "n = 17"), ("n", "n > 480"), ("n", "n < 3"), ("n", "n IS NULL"),
    ("s", "s = 'key 0000000042'"), ("s", "s > 'key 0000000490'"), ("s", "s < 'key 0000000002'"),
    ("long", "long >= 'llll'"), ("long", "long < 'l'"),
    ("d", "d = 0.0"), ("d", "d < -200"), ("f", "f > 1000"),
    ("t", "t >= TIMESTAMP '2026-11-21 00:00:00+00'"),
]


def probe_rows():
    fields = [("n", "long"), ("s", "string"), ("long", "string"), ("d", "double"), ("f", "float"),
              ("t", "timestamp")]
    day = 1795219200000000  # 2026-11-21
    rows = []
    for i in range(500):
        n = None if i % 13 == 0 else i
        rows.append((n, f"key {i:010}", "l" * 80 + str(i), -0.0 if i == 250 else i - 250.0,
                     math.nan if i == 77 else float(i), day + (i - 400) * 1000000))
    return fields, rows


@pytest.mark.parametrize("options", [{"pageRows": 20}, {"pageRows": 20, "dictionaryBytes": 0},
                                     {"rowGroupRows": 30, "pageRows": 7}], ids=str)
def test_filters_find_their_rows(tmp_path, spark, options):
    fields, rows = probe_rows()
    path, _ = write(tmp_path, fields, rows, **options)
    # The judge reads everything and filters in memory.
    judge_table = pyarrow.parquet.read_table(path)
    assert reading.arrow_rows(fields, judge_table) == reading.canonical_rows(fields, rows)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE judge AS SELECT * FROM judge_table")
        for _, condition in PROBES:
            expected = connection.sql(f"SELECT count(*) FROM judge WHERE {condition}").fetchall()[0][0]
            found = connection.sql(
                f"SELECT count(*) FROM '{path}' WHERE {condition}").fetchall()[0][0]
            assert found == expected, f"DuckDB: {condition}"
            found = spark.read.parquet(str(path)).where(condition).count()
            assert found == expected, f"Spark: {condition}"
    context = polars.SQLContext(t=polars.scan_parquet(path))
    for column, condition in PROBES:
        if column == "t":
            continue  # polars has no zoned literals
        in_memory = polars.SQLContext(t=polars.from_arrow(judge_table))
        question = f"SELECT count(*) AS n FROM t WHERE {condition}"
        expected = in_memory.execute(question, eager=True)["n"][0]
        assert context.execute(question, eager=True)["n"][0] == expected, f"polars: {condition}"


@pytest.mark.parametrize("codec", CODECS)
def test_spark_reads_every_type(tmp_path, spark, codec):
    for name in ("every_type", "nested"):
        fields, rows = getattr(samples, name)()
        (tmp_path / name).mkdir()
        path, _ = write(tmp_path / name, fields, rows, codec=codec, pageRows=25)
        assert reading.read_spark(spark, path, fields) == reading.canonical_rows(fields, rows)


def test_refused_types(tmp_path):
    with pytest.raises(driver.Refused) as refused:
        write(tmp_path, [("a", "long"), ("v", "void")], [])
    assert refused.value.status == 2
    assert "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE" in refused.value.text
    assert "`v` of the type \"VOID\"" in refused.value.text
    assert list(tmp_path.iterdir()) == []


def test_random_tables(tmp_path):
    seed = int(os.environ.get("EAGRE_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"EAGRE_TEST_SEED={seed}")
    for i in range(RANDOM_TABLES):
        source = random.Random(f"{seed} {i}")
        fields, rows = samples.random_table(source)
        options = samples.random_options(source)
        path = tmp_path / f"{i}.parquet"
        driver.write_parquet(path, fields, rows, **options)
        try:
            check(path, fields, rows)
        except Exception as failure:
            raise AssertionError(f"seed {seed}, table {i}: {fields} {options}") from failure
        path.unlink()

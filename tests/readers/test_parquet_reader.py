"""Parquet files of pyarrow, DuckDB, polars and Spark, read by us, value by value."""

import math
import os
import random

import deltalake
import pyarrow
import pyarrow.parquet
import pytest
from py4j.protocol import Py4JJavaError

from readers import driver, foreign, reading, samples
from rig import cache
from rig.spark_session import spark_session

RANDOM_TABLES = int(os.environ.get("EAGRE_TEST_COUNT", "40"))
DATA = driver.CHECKOUT / "tests/fuzz/seeds/parquet"


@pytest.fixture(scope="module")
def spark():
    with spark_session(delta=cache.jars("spark-delta").exists()) as session:
        yield session


def read(path, fields, **options):
    """The rows as they were told, and the type of the columns as text."""
    kind, rows, counts, _ = driver.read_parquet(path, **options)
    heard = reading.canonical_rows(fields, driver.hear_rows(fields, rows))
    return kind, heard, counts


def check(path, fields, rows, **options):
    kind, heard, counts = read(path, fields, **options)
    assert heard == reading.canonical_rows(fields, rows)
    assert counts["rows"] == len(rows)
    return kind


def without_maps(fields, rows):
    """What polars can write."""
    kept = [i for i, (_, kind) in enumerate(fields) if "map" not in str(kind)]
    return [fields[i] for i in kept], [tuple(row[i] for i in kept) for row in rows]


def long_table():
    """Several pages and batches: runs, noise, NULLs, few and many different values."""
    source = random.Random(7)
    fields = [("id", "long"), ("kind", "string"), ("user", "string"), ("n", "integer"),
              ("d", "double"), ("flag", "boolean"), ("ts", "timestamp"),
              ("tags", driver.array("string")),
              ("m", driver.map_of("string", driver.struct(("a", "integer"), ("b", "double"))))]
    rows = []
    for i in range(30000):
        tags = None if i % 11 == 0 else [f"t{source.randint(0, 30)}"] * source.randint(0, 3)
        pairs = None if i % 7 == 0 else [
            (f"k{k}", None if source.random() < 0.2 else (k, source.random()))
            for k in range(source.randint(0, 2))]
        rows.append((i, f"kind {i // 900 % 5}", None if source.random() < 0.1 else
                     f"user {source.randint(0, 10 ** 6)}", source.randint(-5, 5),
                     source.gauss(0, 1), None if i % 13 == 0 else source.random() < 0.5,
                     1795226766123456 + 1000 * i, tags, pairs))
    return fields, rows


# ---- Our own writer


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "lz4", "zstd"])
@pytest.mark.parametrize("name", ["every_type", "nested"])
def test_our_files(tmp_path, name, codec):
    fields, rows = getattr(samples, name)()
    driver.write_parquet(tmp_path / "t.parquet", fields, rows, codec=codec, checksums=True)
    check(tmp_path / "t.parquet", fields, rows)


def test_our_random_files(tmp_path):
    source = random.Random(20261121)
    for i in range(RANDOM_TABLES):
        fields, rows = samples.random_table(source)
        path = tmp_path / f"{i}.parquet"
        driver.write_parquet(path, fields, rows, **samples.random_options(source))
        check(path, fields, rows)


def test_places_of_rows(tmp_path):
    fields, rows = [("n", "integer")], [(i,) for i in range(10000)]
    driver.write_parquet(tmp_path / "t.parquet", fields, rows, rowGroupRows=3000)
    _, heard, counts, places = driver.read_parquet(
        tmp_path / "t.parquet", predicates=[["n", ">=", "integer", 5000]])
    assert places == list(range(3000, 10000)) and heard == [[i] for i in places]
    assert counts == {"rows": 10000, "kept": 7000}


# ---- pyarrow


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "lz4", "zstd"])
@pytest.mark.parametrize("name", ["every_type", "nested"])
def test_pyarrow(tmp_path, name, codec, version):
    fields, rows = getattr(samples, name)()
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, compression=codec,
                          data_page_version=version, write_page_checksum=True)
    check(tmp_path / "t.parquet", fields, rows)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("options", [
    {},
    {"use_dictionary": False, "data_page_size": 1000},
    {"dictionary_pagesize_limit": 2000},
    {"row_group_size": 7001},
    {"max_rows_per_page": 100},
], ids=str)
def test_pyarrow_layouts(tmp_path, version, options):
    fields, rows = long_table()
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, data_page_version=version,
                          **options)
    check(tmp_path / "t.parquet", fields, rows)


ENCODINGS = {
    "integer": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "long": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "float": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "double": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "string": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "binary": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "decimal(20,3)": ["PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"],
    "boolean": ["PLAIN", "RLE"],
    "timestamp": ["DELTA_BINARY_PACKED"],
    "date": ["DELTA_BINARY_PACKED"],
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("kind, encoding",
                         [(kind, each) for kind, all_of in ENCODINGS.items() for each in all_of])
def test_pyarrow_encodings(tmp_path, kind, encoding, version):
    source = random.Random(f"{kind} {encoding}")
    fields = [("c", kind), ("l", driver.array(kind))]

    def value():
        if foreign.is_decimal(kind):
            return random_decimal(source, kind)
        return samples.random_value(source, kind, True)

    rows = [(None if source.random() < 0.2 else value(),
             None if source.random() < 0.2 else [value() for _ in range(source.randint(0, 3))])
            for _ in range(9001)]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, use_dictionary=False,
                          column_encoding={"c": encoding, "l.list.element": encoding},
                          data_page_version=version, data_page_size=20000)
    column = pyarrow.parquet.read_metadata(tmp_path / "t.parquet").row_group(0).column(0)
    assert encoding in column.encodings
    check(tmp_path / "t.parquet", fields, rows)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("encoding", ["PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY", None])
def test_fixed_bytes(tmp_path, encoding, version):
    """Several pages in a batch, whose bytes must all stay."""
    values = [None if i % 7 == 0 else b"%05d" % (i % 1000) for i in range(9000)]
    table = pyarrow.table({"b": pyarrow.array(values, pyarrow.binary(5))})
    pyarrow.parquet.write_table(
        table, tmp_path / "t.parquet", data_page_version=version, data_page_size=2000,
        write_batch_size=100, use_dictionary=encoding is None,
        column_encoding=None if encoding is None else {"b": encoding})
    check(tmp_path / "t.parquet", [("b", "binary")], [(value,) for value in values])


def random_decimal(source, kind):
    precision, _ = foreign.precision_and_scale(kind)
    digits = source.randint(1, precision)
    return source.randint(-10 ** digits + 1, 10 ** digits - 1)


@pytest.mark.parametrize("as_integer", [True, False])
def test_decimals(tmp_path, as_integer):
    source = random.Random(3)
    kinds = ["decimal(1,0)", "decimal(9,9)", "decimal(10,2)", "decimal(18,4)", "decimal(19,0)",
             "decimal(38,38)", "decimal(38,0)"]
    fields = [(f"c{i}", kind) for i, kind in enumerate(kinds)]
    rows = [tuple(None if source.random() < 0.1 else random_decimal(source, kind)
                  for kind in kinds) for _ in range(500)]
    rows.append(tuple(10 ** foreign.precision_and_scale(kind)[0] - 1 for kind in kinds))
    rows.append(tuple(1 - 10 ** foreign.precision_and_scale(kind)[0] for kind in kinds))
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, store_decimal_as_integer=as_integer)
    kind = check(tmp_path / "t.parquet", fields, rows)
    assert kind == "struct<" + ",".join(f"{name}:{each}" for name, each in fields) + ">"


def test_decimals_widened(tmp_path):
    foreign.write_pyarrow(tmp_path / "t.parquet", [("d", "decimal(5,2)"), ("n", "integer")],
                          [(-12345, -7), (1, 2147483647), (None, None)])
    wide = [("d", "decimal(38,4)"), ("n", "decimal(12,1)")]
    check(tmp_path / "t.parquet", wide, [(-1234500, -70), (100, 21474836470), (None, None)],
          columns=driver.struct(*wide))
    for narrow in ["decimal(5,1)", "decimal(5,3)", "decimal(4,2)"]:
        with pytest.raises(driver.Refused, match="PARQUET_COLUMN_DATA_TYPE_MISMATCH"):
            driver.read_parquet(tmp_path / "t.parquet", columns=driver.struct(("d", narrow)))


def test_unsigned_integers(tmp_path):
    bits = [8, 16, 32, 64]
    columns = {f"u{each}": pyarrow.array([0, 2 ** each - 1, 2 ** (each - 1), None],
                                         getattr(pyarrow, f"uint{each}")()) for each in bits}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    kind, rows, _, _ = driver.read_parquet(tmp_path / "t.parquet")
    assert kind == "struct<u8:smallint,u16:int,u32:bigint,u64:decimal(20,0)>"
    assert rows == [[0] * 4, [2 ** each - 1 for each in bits], [2 ** (each - 1) for each in bits],
                    [None] * 4]


@pytest.mark.parametrize("unit, version", [("ms", "2.6"), ("us", "2.6"), ("ns", "2.6"), ("ms", "1.0")])
def test_timestamps(tmp_path, unit, version):
    scale = {"ms": 1000, "us": 1, "ns": 0.001}[unit]
    values = [0, 1, -1, 1795226766123, -1795226766123456, None]
    table = pyarrow.table({"utc": pyarrow.array(values, pyarrow.timestamp(unit, "UTC")),
                           "ntz": pyarrow.array(values, pyarrow.timestamp(unit))})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", version=version)
    kind, rows, _, _ = driver.read_parquet(tmp_path / "t.parquet")
    expected = [None if each is None else math.floor(each * scale) if unit != "ns" else each // 1000
                for each in values]
    assert rows == [[each, each] for each in expected]
    assert kind == "struct<utc:timestamp,ntz:timestamp_ntz>"


def test_int96(tmp_path):
    values = [0, 1, -1, 1795226766123456, -62135596800000000, 253402300799999999, None]
    table = pyarrow.table({"ts": pyarrow.array(values, pyarrow.timestamp("us"))})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", use_deprecated_int96_timestamps=True)
    assert str(pyarrow.parquet.ParquetFile(tmp_path / "t.parquet").schema.column(0).physical_type
               ) == "INT96"
    kind, rows, _, _ = driver.read_parquet(tmp_path / "t.parquet")
    assert kind == "struct<ts:timestamp>" and rows == [[each] for each in values]


def test_always_null(tmp_path):
    table = pyarrow.table({"n": pyarrow.nulls(5), "a": pyarrow.array([[None], [], None, [None] * 2,
                                                                      []], pyarrow.list_(pyarrow.null()))})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    kind, rows, _, _ = driver.read_parquet(tmp_path / "t.parquet")
    assert kind == "struct<n:void,a:array<void>>"
    assert rows == [[None, [None]], [None, []], [None, None], [None, [None, None]], [None, []]]


def test_required_columns(tmp_path):
    inner = pyarrow.struct([pyarrow.field("x", pyarrow.int32(), nullable=False)])
    schema = pyarrow.schema([
        pyarrow.field("n", pyarrow.int64(), nullable=False),
        pyarrow.field("s", inner, nullable=False),
        pyarrow.field("o", inner),
        pyarrow.field("l", pyarrow.list_(pyarrow.field("element", pyarrow.int32(), nullable=False)),
                      nullable=False)])
    rows = [{"n": 1, "s": {"x": 2}, "o": None, "l": []},
            {"n": 3, "s": {"x": 4}, "o": {"x": 5}, "l": [6, 7]}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), tmp_path / "t.parquet")
    assert driver.read_parquet(tmp_path / "t.parquet")[1] == [[1, [2], None, []],
                                                              [3, [4], [5], [6, 7]]]


def test_long_arrays_make_small_batches(tmp_path):
    fields = [("l", driver.array("integer")), ("n", "integer")]
    rows = [(list(range(i, i + 1000)), i) for i in range(3000)]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows)
    check(tmp_path / "t.parquet", fields, rows)


def test_row_over_several_pages(tmp_path):
    fields = [("l", driver.array("string"))]
    rows = [([f"text {k}" for k in range(30000)],), ([],), (None,), (["a"] * 20000,)]
    for version in ["1.0", "2.0"]:
        foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, data_page_size=1000,
                              data_page_version=version, write_batch_size=64)
        check(tmp_path / "t.parquet", fields, rows)


# ---- Which columns, as what


def test_columns_by_name(tmp_path):
    fields = [("Id", "integer"), ("name", "string"), ("f", "float"),
              ("s", driver.struct(("A", "integer"), ("b", "string")))]
    rows = [(1, "x", 0.5, (7, "y")), (None, None, None, None), (3, "", math.inf, (None, None))]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows)
    wanted = [("F", "double"), ("new", "timestamp"), ("ID", "long"),
              ("s", driver.struct(("c", driver.array("long")), ("a", "long"))),
              ("gone", driver.struct(("x", "decimal(9,2)"), ("y", driver.map_of("string", "date"))))]
    expected = [(0.5, None, 1, (None, 7), None), (None, None, None, None, None),
                (math.inf, None, 3, (None, None), None)]
    check(tmp_path / "t.parquet", wanted, expected, columns=driver.struct(*wanted))


def test_struct_of_missing_fields_keeps_its_nulls(tmp_path):
    fields = [("s", driver.struct(("l", driver.array("integer")), ("b", "string"))),
              ("a", driver.array(driver.struct(("x", "integer"))))]
    rows = [((None, "y"), [(1,), None]), (None, []), (([1, 2], None), None), ((None, None), [(None,)])]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows)
    wanted = [("s", driver.struct(("new", "long"))), ("a", driver.array(driver.struct(("new", "date"))))]
    expected = [((None,), [(None,), None]), (None, []), ((None,), None), ((None,), [(None,)])]
    check(tmp_path / "t.parquet", wanted, expected, columns=driver.struct(*wanted))


def test_no_columns(tmp_path):
    driver.write_parquet(tmp_path / "t.parquet", [("n", "integer")], [(i,) for i in range(5000)])
    kind, rows, counts, places = driver.read_parquet(tmp_path / "t.parquet", columns=driver.struct())
    assert (kind, len(rows), places[-1]) == ("struct<>", 5000, 4999) and counts["rows"] == 5000


@pytest.mark.parametrize("stored, asked", [
    ("long", "integer"), ("integer", "short"), ("short", "byte"), ("double", "float"),
    ("string", "integer"), ("integer", "string"), ("timestamp", "timestamp_ntz"),
    ("timestamp", "long"), ("date", "integer"), ("boolean", "integer"), ("long", "double"),
    (driver.array("integer"), driver.array("string")), ("integer", driver.array("integer")),
    (driver.struct(("a", "integer")), "integer"),
    (driver.map_of("string", "integer"), driver.struct(("key", "string"))),
], ids=str)
def test_refused_types(tmp_path, stored, asked):
    foreign.write_pyarrow(tmp_path / "t.parquet", [("c", stored)], [])
    with pytest.raises(driver.Refused, match="PARQUET_COLUMN_DATA_TYPE_MISMATCH") as refused:
        driver.read_parquet(tmp_path / "t.parquet", columns=driver.struct(("c", asked)))
    assert refused.value.status == 5 and "t.parquet" in refused.value.text


def test_widened_types(tmp_path):
    stored = [("b", "byte"), ("s", "short"), ("i", "integer"), ("f", "float"), ("d", "date"),
              ("n", "timestamp_ntz"), ("x", "binary"), ("y", "string")]
    asked = [("b", "integer"), ("s", "long"), ("i", "double"), ("f", "double"),
             ("d", "timestamp_ntz"), ("n", "timestamp"), ("x", "string"), ("y", "binary")]
    foreign.write_pyarrow(tmp_path / "t.parquet", stored, [(-1, -2, 3, 0.5, -1, 7, b"q", "r")])
    check(tmp_path / "t.parquet", asked, [(-1, -2, 3.0, 0.5, -86400000000, 7, "q", b"r")],
          columns=driver.struct(*asked))


def test_ambiguous_name(tmp_path):
    fields = [("a", "integer"), ("A", "integer"), ("b", "integer")]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, [(1, 2, 3)])
    check(tmp_path / "t.parquet", fields, [(1, 2, 3)])
    check(tmp_path / "t.parquet", [("b", "integer")], [(3,)],
          columns=driver.struct(("b", "integer")))
    with pytest.raises(driver.Refused, match="duplicate field"):
        driver.read_parquet(tmp_path / "t.parquet", columns=driver.struct(("a", "integer")))


def test_types_we_do_not_have(tmp_path):
    table = pyarrow.table({"t": pyarrow.array([1], pyarrow.time64("us")), "n": [1],
                           "h": pyarrow.array([None], pyarrow.float16())})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(driver.Refused, match=r"PARQUET_TYPE_ILLEGAL: .*INT64 \(TIME\).*column t"):
        driver.read_parquet(tmp_path / "t.parquet")
    check(tmp_path / "t.parquet", [("n", "long")], [(1,)], columns=driver.struct(("n", "long")))


# ---- Row groups left out


@pytest.mark.parametrize("predicate, kept", [
    (["n", "=", "integer", 150], 1), (["n", "=", "integer", 1000], 0), (["N", "<", "integer", 100], 1),
    (["n", "<", "integer", 101], 2), (["n", "<=", "integer", 100], 2), (["n", ">", "integer", 299], 1),
    (["n", ">=", "integer", 299], 2), (["n", ">", "long", 398], 1), (["n", ">", "integer", 399], 0),
    (["s", "=", "string", "text 150"], 2), (["s", "<", "string", "text 2"], 2),
    (["d", "<", "double", 0.0], 0), (["d", ">", "double", 1e9], 4), (["d", "=", "double", 5.0], 1),
    (["nul", "IS NULL"], 1), (["nul", "IS NOT NULL"], 3), (["nul", "=", "integer", 150], 1),
    (["n", "IS NULL"], 0), (["n", "IS NOT NULL"], 4),
    (["none", "IS NULL"], 4), (["none", "IS NOT NULL"], 0), (["none", "=", "integer", 1], 0),
    (["l", "=", "integer", 1], 4), (["dec", ">", "decimal(10,2)", 39800], 1),
    (["ts", "<=", "timestamp", 99], 1), (["dt", ">", "date", 299], 1), (["b", "=", "boolean", True], 2),
    (["n", "=", "string", "x"], 4),
], ids=str)
def test_row_groups_left_out(tmp_path, predicate, kept):
    """Four groups of 100 rows; group 3 has a NaN, which statistics pass over and which is above all
    numbers, group 2 NULLs in `nul`."""
    fields = [("n", "integer"), ("s", "string"), ("d", "double"), ("nul", "integer"),
              ("l", driver.array("integer")), ("dec", "decimal(10,2)"), ("ts", "timestamp"),
              ("dt", "date"), ("b", "boolean")]
    rows = [(i, f"text {i}", math.nan if i == 350 else float(i),
             None if 200 <= i < 300 else i, [i], i * 100, i, i, i >= 200) for i in range(400)]
    foreign.write_pyarrow(tmp_path / "t.parquet", fields, rows, row_group_size=100)
    counts = driver.read_parquet(tmp_path / "t.parquet", predicates=[predicate])[2]
    assert counts == {"rows": 400, "kept": 100 * kept}


# ---- DuckDB, polars


@pytest.mark.parametrize("version", ["V1", "V2"])
@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "lz4_raw", "zstd"])
@pytest.mark.parametrize("name", ["every_type", "nested", "long"])
def test_duckdb(tmp_path, name, codec, version):
    fields, rows = long_table() if name == "long" else getattr(samples, name)()
    foreign.write_duckdb(tmp_path / "t.parquet", fields, rows, CODEC=codec, PARQUET_VERSION=version)
    check(tmp_path / "t.parquet", fields, rows)


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "lz4", "zstd"])
@pytest.mark.parametrize("name", ["every_type", "nested", "long"])
def test_polars(tmp_path, name, codec):
    fields, rows = without_maps(*(long_table() if name == "long" else getattr(samples, name)()))
    foreign.write_polars(tmp_path / "t.parquet", fields, rows, compression=codec, data_page_size=5000)
    check(tmp_path / "t.parquet", fields, rows)


def test_random_files_of_others(tmp_path):
    source = random.Random(11)
    for i in range(RANDOM_TABLES):
        fields, rows = samples.random_table(source)
        for name in ["pyarrow", "duckdb"]:
            path = tmp_path / f"{i}.{name}.parquet"
            options = {} if name == "duckdb" else {
                "data_page_version": source.choice(["1.0", "2.0"]),
                "data_page_size": source.choice([50, 1000, 1 << 20]),
                "row_group_size": source.choice([13, 500, 1 << 20]),
                "use_dictionary": source.random() < 0.5,
                "compression": source.choice(["none", "snappy", "zstd"]),
            }
            getattr(foreign, f"write_{name}")(path, fields, rows, **options)
            check(path, fields, rows)


# ---- Spark


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "lz4", "lz4_raw", "zstd"])
def test_spark(spark, tmp_path, codec, version):
    for name in ["every_type", "nested"]:
        fields, rows = getattr(samples, name)()
        options = {"compression": codec, "parquet.writer.version": version,
                   "parquet.page.size": "300"}
        path = foreign.write_spark(spark, tmp_path / name, fields, rows,
                                   tmp_path / f"{name}.parquet", **options)
        check(path, fields, rows)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("kind", ["INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"])
def test_spark_timestamps(spark, tmp_path, kind, version):
    spark.conf.set("spark.sql.parquet.outputTimestampType", kind)
    values = [None, 0, -1000, 1795226766123000, -62135596800000000, 253402300799999000]
    fields, rows = [("ts", "timestamp")], [(value,) for value in values]
    path = foreign.write_spark(spark, tmp_path / "t", fields, rows, tmp_path / "s.parquet",
                               **{"parquet.writer.version": version})
    spark.conf.unset("spark.sql.parquet.outputTimestampType")
    check(path, fields, rows)


def test_spark_long(spark, tmp_path):
    fields, rows = long_table()
    for version in ["v1", "v2"]:
        path = foreign.write_spark(spark, tmp_path / version, fields, rows,
                                   tmp_path / f"{version}.parquet",
                                   **{"parquet.writer.version": version, "parquet.page.size": "4000",
                                      "parquet.block.size": "200000"})
        assert pyarrow.parquet.read_metadata(path).num_row_groups > 1
        check(path, fields, rows)


def test_spark_legacy_format(spark, tmp_path):
    """Two-level arrays ("bag", "array"), MAP_KEY_VALUE, decimals as bytes."""
    spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
    try:
        fields, rows = samples.nested()
        path = foreign.write_spark(spark, tmp_path / "t", fields, rows, tmp_path / "s.parquet")
        check(path, fields, rows)
        frame = spark.sql("SELECT CAST(id - 5 AS DECIMAL(9, 2)) AS d, array(CAST(id AS INT)) AS a "
                          "FROM range(10)")
        frame.coalesce(1).write.parquet(str(tmp_path / "d"))
        path = next((tmp_path / "d").glob("part-*.parquet"))
        check(path, [("d", "decimal(9,2)"), ("a", driver.array("integer"))],
              [((i - 5) * 100, [i]) for i in range(10)])
    finally:
        spark.conf.unset("spark.sql.parquet.writeLegacyFormat")


STORED = {"boolean": True, "byte": -3, "short": -300, "integer": -70000, "long": -5 * 10 ** 9,
          "float": 0.5, "double": 0.25, "string": "abc", "binary": b"xyz", "date": -1,
          "timestamp": -1234567, "timestamp_ntz": -1234567, "decimal(5,2)": -12345,
          "decimal(12,2)": 123456, "decimal(25,2)": -123456}
ASKED = ["boolean", "byte", "short", "integer", "long", "float", "double", "string", "binary", "date",
         "timestamp", "timestamp_ntz", "decimal(10,0)", "decimal(10,2)", "decimal(22,2)",
         "decimal(30,4)"]
SQL_NAMES = {"byte": "tinyint", "short": "smallint", "integer": "int", "long": "bigint"}


def read_as_spark(spark, path, kind):
    """The one value of column `c` read as another type; raises what Spark raises."""
    plain = {"timestamp": "unix_micros(c)", "timestamp_ntz": "unix_micros(CAST(c AS TIMESTAMP))",
             "date": "unix_date(c)"}.get(kind, "c")
    frame = spark.read.schema(f"c {SQL_NAMES.get(kind, kind)}").parquet(str(path))
    value = frame.selectExpr(plain).collect()[0][0]
    if foreign.is_decimal(kind):
        return int(value.scaleb(foreign.precision_and_scale(kind)[1]))
    return reading.canonical(kind, value)


@pytest.mark.parametrize("stored", STORED)
def test_spark_reads_other_types_alike(spark, tmp_path, stored):
    """Whatever we read as another type, Spark reads alike or refuses (some DECIMALs)."""
    path = tmp_path / "t.parquet"
    foreign.write_pyarrow(path, [("c", stored)], [(STORED[stored],)], store_decimal_as_integer=True)
    read_kinds = []
    for kind in ASKED:
        try:
            _, heard, _ = read(path, [("c", kind)], columns=driver.struct(("c", kind)))
        except driver.Refused as refused:
            assert "PARQUET_COLUMN_DATA_TYPE_MISMATCH" in refused.text
            continue
        read_kinds.append(kind)
        try:
            assert heard[0][0] == read_as_spark(spark, path, kind), kind
        except Py4JJavaError as refused:
            assert "PARQUET_COLUMN_DATA_TYPE_MISMATCH" in str(refused)
            assert foreign.is_decimal(kind)
    assert stored in read_kinds or foreign.is_decimal(stored)


# ---- Checkpoints of the Delta log


def check_as_pyarrow(path):
    """A file whose rows pyarrow knows better than we do."""
    table = pyarrow.parquet.read_table(path)
    fields = [(field.name, foreign.kind_of(field.type)) for field in table.schema]
    _, heard, counts = read(path, fields)
    assert heard == reading.arrow_rows(fields, table)
    assert counts["rows"] == table.num_rows > 0
    return table


def test_checkpoint_of_delta_rs(tmp_path):
    fields = [("id", "long"), ("day", "date"), ("s", driver.struct(("a", "integer")))]
    for i in range(12):
        rows = [(i * 10 + k, 20000 + k % 3, (k,)) for k in range(7)]
        deltalake.write_deltalake(tmp_path / "t", foreign.arrow_table(fields, rows), mode="append",
                                  partition_by=["day"])
    table = deltalake.DeltaTable(tmp_path / "t")
    table.delete("id < 20")
    table.create_checkpoint()
    path = next((tmp_path / "t/_delta_log").glob("*.checkpoint.parquet"))
    actions = check_as_pyarrow(path)
    assert actions.num_rows > 30


def test_checkpoint_of_ours(tmp_path):
    fields = [("id", "long"), ("name", "string")]
    table = driver.Table(tmp_path / "t", fields)
    for i in range(11):
        table.append([(i, f"n {i}")])
    for path in (tmp_path / "t/_delta_log").glob("*.checkpoint.parquet"):
        check_as_pyarrow(path)
        break
    else:
        pytest.fail("no checkpoint was written")


def test_checkpoint_of_spark(spark, tmp_path):
    if not cache.jars("spark-delta").exists():
        pytest.skip("the jars of Delta are missing: run scripts/setup-tests")
    location = str(tmp_path / "t")
    for i in range(12):
        frame = spark.sql(f"SELECT id + {i * 10} AS id, CAST(id % 3 AS STRING) AS p, "
                          f"named_struct('a', id, 'b', array(id)) AS s FROM range(7)")
        frame.write.format("delta").mode("append").partitionBy("p").save(location)
    paths = list((tmp_path / "t/_delta_log").glob("*.checkpoint.parquet"))
    assert paths
    for path in paths:
        actions = check_as_pyarrow(path)
        wanted = [("ADD", driver.struct(("path", "string"), ("size", "long"),
                                        ("partitionValues", driver.map_of("string", "string")),
                                        ("deletionVector", driver.struct(("storageType", "string"))),
                                        ("notThere", "long")))]
        expected = [(each and (each["path"], each["size"], each["partitionValues"],
                               each["deletionVector"] and (each["deletionVector"]["storageType"],),
                               None),) for each in actions["add"].to_pylist()]
        check(path, wanted, expected, columns=driver.struct(*wanted))


# ---- Files that are wrong


def test_missing_file(tmp_path):
    with pytest.raises(driver.Refused, match="FAILED_READ_FILE.FILE_NOT_EXIST"):
        driver.read_parquet(tmp_path / "none.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 3, b"x" * 100,
                                     b"PAR1\x00\x00\x00\x00PAR1", b"PAR1\xff\xff\xff\xffPAR1"])
def test_no_parquet_file(tmp_path, content):
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(driver.Refused, match="CANNOT_READ_FILE_FOOTER") as refused:
        driver.read_parquet(tmp_path / "t.parquet")
    assert refused.value.status == 5


def test_encrypted_file(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PARE" + b"x" * 50 + b"\x20\x00\x00\x00PARE")
    with pytest.raises(driver.Refused, match="UNSUPPORTED_FEATURE.PARQUET_ENCRYPTION"):
        driver.read_parquet(tmp_path / "t.parquet")


def test_codec_we_do_not_have(tmp_path):
    foreign.write_pyarrow(tmp_path / "t.parquet", [("n", "integer")], [(1,)] * 100,
                          compression="brotli")
    with pytest.raises(driver.Refused, match="COMPRESSION_CODEC_NOT_AVAILABLE.*BROTLI"):
        driver.read_parquet(tmp_path / "t.parquet")


def test_checksums_are_verified(tmp_path):
    """A bit of every byte of the values, flipped."""
    fields, rows = [("s", "string")], [("abc",), ("def",), (None,)]
    path = tmp_path / "t.parquet"
    foreign.write_pyarrow(path, fields, rows, write_page_checksum=True, compression="none",
                          use_dictionary=False, write_statistics=False)
    whole = path.read_bytes()
    begin = whole.index(b"abc") - 4
    for place in range(begin, begin + 14):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(driver.Refused, match="checksum"):
            driver.read_parquet(path)


def test_cut_files_are_refused(tmp_path):
    fields, rows = samples.nested()
    path = tmp_path / "t.parquet"
    foreign.write_pyarrow(path, fields, rows)
    whole = path.read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:size])
        with pytest.raises(driver.Refused, match="FAILED_READ_FILE"):
            driver.read_parquet(path)


def test_damage_is_an_error_or_harmless(tmp_path):
    """Random bytes changed, in files without checksums: an error of ours, never a signal."""
    source = random.Random(9)
    for seed in sorted(DATA.iterdir()):
        for _ in range(20):
            path = tmp_path / "t.parquet"
            damaged = bytearray(seed.read_bytes())
            for _ in range(source.randint(1, 4)):
                damaged[source.randrange(len(damaged))] = source.randrange(256)
            path.write_bytes(damaged)
            try:
                driver.read_parquet(path, quiet=True)
            except driver.Refused as refused:
                assert refused.status == 5, refused.text

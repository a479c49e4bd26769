"""Partition columns: values that stand in the names of directories. Classes, types and values as Spark gives them."""

import json

import pytest
from program import run

SCHEMA = "a INT"


def write(root, *names):
    """A file of one JSON record in each of these directories below `root`."""
    for name in names:
        directory = root / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "x.json").write_text('{"a":1}\n')


def read(root, schema=SCHEMA, columns="*"):
    process = run("query", "--format", "json",
                  f"SELECT {columns} FROM read_files('{root}', format => 'json', schema => '{schema}')")
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def values(root, schema=SCHEMA):
    """The partition column `k` of all files, with its type."""
    rows = read(root, schema, "typeof(k) AS t, k")
    return {row["t"] for row in rows}, sorted((row["k"] for row in rows), key=str)


@pytest.mark.parametrize("names, kind, expected", [
    (["1", "2"], "int", [1, 2]),
    (["01", "-0", "+5"], "int", [0, 1, 5]),
    (["1", "3000000000"], "bigint", [1, 3000000000]),
    (["1", "2.5"], "double", [1.0, 2.5]),
    (["1f"], "double", [1.0]),
    ([" 1"], "double", [1.0]),
    (["3000000000", "2.5"], "string", ["2.5", "3000000000"]),
    (["1", "abc"], "string", ["1", "abc"]),
    (["true"], "string", ["true"]),
    (["1L"], "string", ["1L"]),
    (["1.50", "0x1"], "string", ["0x1", "1.50"]),
    (["a%20b%2Fc", "d e", "100%"], "string", ["100%", "a b/c", "d e"]),
    (["2024-01-02"], "date", ["2024-01-02"]),
    (["2024-02-30"], "string", ["2024-02-30"]),
    (["2024-1-5"], "string", ["2024-1-5"]),
    (["2024-01-02 03%3A04%3A05"], "timestamp", ["2024-01-02T03:04:05.000Z"]),
    (["2024-01-02", "2024-01-02 10%3A00%3A00"], "timestamp",
     ["2024-01-02T00:00:00.000Z", "2024-01-02T10:00:00.000Z"]),
    (["2024-01-02T03"], "string", ["2024-01-02T03"]),
    (["2024-01-02", "1"], "string", ["1", "2024-01-02"]),
    (["__HIVE_DEFAULT_PARTITION__", "1"], "int", [1, None]),
])
def test_types(tmp_path, names, kind, expected):
    write(tmp_path, *(f"k={name}" for name in names))
    assert values(tmp_path) == ({kind}, expected)


def test_the_schema_decides_the_type_and_not_the_place(tmp_path):
    write(tmp_path, "k=01", "k=2")
    assert values(tmp_path, "k STRING, a INT") == ({"string"}, ["01", "2"])
    assert list(read(tmp_path, "K BIGINT, a INT")[0]) == ["a", "K"]


def test_directories_between_and_beside(tmp_path):
    write(tmp_path, "plain/k=1/deeper", "k=2", "k=2/_hidden", "k=2/.hidden")
    (tmp_path / "beside.json").write_text('{"a":9}\n')
    assert values(tmp_path) == ({"int"}, [1, 2])


def test_without_partitions_only_files_of_the_directory(tmp_path):
    write(tmp_path, ".", "plain")
    assert read(tmp_path) == [{"a": 1}]


def test_two_columns_and_filters(tmp_path):
    write(tmp_path, "y=2023/m=12", "y=2024/m=1", "y=2024/m=2")
    rows = read(tmp_path, columns="*")
    assert sorted((row["y"], row["m"]) for row in rows) == [(2023, 12), (2024, 1), (2024, 2)]
    process = run("query", "--format", "json", f"SELECT m FROM read_files('{tmp_path}', format => 'json', "
                  "schema => 'a INT') WHERE y = 2024 AND m > 1")
    assert process.stdout == '{"m":2}\n'


@pytest.mark.parametrize("names, schema, class_name", [
    (["k=1", "m=1"], SCHEMA, "CONFLICTING_PARTITION_COLUMN_NAMES"),
    (["k=1", "k=2/m=1"], SCHEMA, "CONFLICTING_PARTITION_COLUMN_NAMES"),
    (["k="], SCHEMA, "EMPTY_PARTITION_COLUMN_VALUE"),
    (["=1"], SCHEMA, "EMPTY_PARTITION_COLUMN_NAME"),
    (["k=1/k=2"], SCHEMA, "COLUMN_ALREADY_EXISTS"),
    (["k=1", "k=abc"], "k INT, a INT", "INVALID_PARTITION_VALUE"),
    (["k=1"], "k STRUCT<b: INT>, a INT", "INVALID_PARTITION_COLUMN_DATA_TYPE"),
])
def test_refusals(tmp_path, names, schema, class_name):
    write(tmp_path, *names)
    process = run("query", f"SELECT * FROM read_files('{tmp_path}', format => 'json', schema => '{schema}')")
    assert process.returncode != 0
    assert f"[{class_name}]" in process.stderr


def test_stream_meets_a_new_partition(tmp_path):
    write(tmp_path / "in", "k=1")
    (tmp_path / "f.sql").write_text(
        "CREATE SINK out USING console OPTIONS ('format' = 'json');\n"
        "CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'cp') AS INSERT INTO out "
        "SELECT * FROM STREAM read_files('in', format => 'json', schema => 'a INT', maxFilesPerTrigger => 1);\n")
    assert run("run", "f.sql", cwd=tmp_path).stdout == '{"a":1,"k":1}\n'
    write(tmp_path / "in", "k=7", "k=8")
    assert sorted(run("run", "f.sql", cwd=tmp_path).stdout.split()) == ['{"a":1,"k":7}', '{"a":1,"k":8}']
    write(tmp_path / "in", "m=9")
    process = run("run", "f.sql", cwd=tmp_path)
    assert process.returncode != 0 and "CONFLICTING_PARTITION_COLUMN_NAMES" in process.stderr

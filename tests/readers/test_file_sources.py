"""read_files over Parquet files of pyarrow, DuckDB, polars and Spark, as batch and as stream."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars
import pyarrow
import pyarrow.parquet
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "program"))
import program as program_module
from program import program, run

DATA = Path(__file__).parents[1] / "fuzz/seeds/parquet"


def query(sql, cwd=None):
    process = run("query", "--format", "json", sql, cwd=cwd)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def fails(sql, class_name, cwd=None):
    process = run("query", sql, cwd=cwd)
    assert process.returncode != 0
    assert f"[{class_name}]" in process.stderr, process.stderr
    return process.stderr


def files(path, **options):
    given = "".join(f", {key} => '{value}'" for key, value in options.items())
    return f"read_files('{path}', format => 'parquet'{given})"


TABLE = {"id": [1, 2, None], "name": ["a", None, "ü"], "price": [1.5, float("nan"), None], "ok": [True, None, False]}
ROWS = [{"id": 1, "name": "a", "price": 1.5, "ok": True}, {"id": 2, "name": None, "price": "NaN", "ok": None},
        {"id": None, "name": "ü", "price": None, "ok": False}]


def write_pyarrow(path, **options):
    pyarrow.parquet.write_table(pyarrow.table(TABLE), path, **options)


def write_duckdb(path):
    content = pyarrow.table(TABLE)
    assert content.num_rows == 3  # DuckDB finds it by the name of the variable
    duckdb.sql(f"COPY (FROM content) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize("write", [
    write_pyarrow,
    lambda path: write_pyarrow(path, compression="gzip"),
    lambda path: write_pyarrow(path, compression="zstd", data_page_version="2.0"),
    lambda path: write_pyarrow(path, compression="lz4", use_dictionary=False),
    lambda path: write_pyarrow(path, compression="none"),
    write_duckdb,
    lambda path: polars.DataFrame(TABLE).write_parquet(path),
])
def test_columns_are_those_of_the_file(tmp_path, write):
    write(tmp_path / "a.parquet")
    assert query(f"SELECT * FROM {files(tmp_path)}") == ROWS
    assert query(f"SELECT count(*) AS n FROM {files(tmp_path)}") == [{"n": 3}]


@pytest.mark.parametrize("name", ["spark_types_v1", "pyarrow_types_v2", "duckdb_types_v2", "eagre_types"])
def test_recorded_files_have_rows(name):
    assert query(f"SELECT count(*) AS n FROM {files(DATA / name, schema='nothing INT')}")[0]["n"] > 0


def test_columns_by_name(tmp_path):
    write_pyarrow(tmp_path / "a.parquet")
    schema = "NAME STRING, missing DATE, Id BIGINT"
    assert query(f"SELECT * FROM {files(tmp_path, schema=schema)}") == [
        {"NAME": "a", "missing": None, "Id": 1}, {"NAME": None, "missing": None, "Id": 2},
        {"NAME": "ü", "missing": None, "Id": None}]


def test_wrong_type_names_file_and_column(tmp_path):
    write_pyarrow(tmp_path / "a.parquet")
    said = fails(f"SELECT name FROM {files(tmp_path, schema='name INT')}",
                 "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH")
    assert "a.parquet" in said and "name" in said
    assert query(f"SELECT count(id) AS n FROM {files(tmp_path, schema='name INT, id BIGINT')}") == [{"n": 2}]


def test_damage_names_the_file(tmp_path):
    (tmp_path / "b.parquet").write_text("no Parquet file")
    assert "b.parquet" in fails(f"SELECT * FROM {files(tmp_path)}", "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER")


def test_nothing_there(tmp_path):
    fails(f"SELECT * FROM {files(tmp_path)}", "UNABLE_TO_INFER_SCHEMA")
    fails(f"SELECT * FROM {files(tmp_path / 'none')}", "PATH_NOT_FOUND")
    assert query(f"SELECT * FROM {files(tmp_path, schema='a INT')}") == []


def test_partition_columns(tmp_path):
    for day in ("2024-01-01", "2024-01-02"):
        (tmp_path / f"day={day}").mkdir()
        write_pyarrow(tmp_path / f"day={day}" / "a.parquet")
    rows = query(f"SELECT day, count(*) AS n FROM {files(tmp_path)} WHERE day > DATE'2024-01-01' GROUP BY day")
    assert rows == [{"day": "2024-01-02", "n": 3}]
    assert list(query(f"SELECT * FROM {files(tmp_path)}")[0]) == ["id", "name", "price", "ok", "day"]


def test_row_groups_that_cannot_match_are_left_out(tmp_path):
    """A damaged page stands in a row group that the filter excludes."""
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"n": list(range(4000))}), path, row_group_size=1000,
                                compression="none", use_dictionary=False)
    chunk = pyarrow.parquet.read_metadata(path).row_group(3).column(0)
    content = bytearray(path.read_bytes())
    begin = chunk.data_page_offset
    content[begin:begin + 16] = b"\xff" * 16
    path.write_bytes(content)
    assert run("query", f"SELECT sum(n) FROM {files(tmp_path)}").returncode != 0
    assert query(f"SELECT count(*) AS n FROM {files(tmp_path)} WHERE n < 3000 AND 10 <= n") == [{"n": 2990}]
    assert query(f"SELECT count(*) AS n FROM {files(tmp_path)} WHERE n = 7") == [{"n": 1}]
    assert query(f"SELECT count(*) AS n FROM {files(tmp_path)} WHERE n IS NULL") == [{"n": 0}]


STREAM = """
CREATE STREAMING TABLE t LOCATION 'out' TBLPROPERTIES ('eagre.checkpointLocation' = 'cp', 'eagre.trigger' = 'available now')
AS SELECT n, day FROM STREAM read_files('in', format => 'parquet', schema => 'n BIGINT', maxFilesPerTrigger => 1);
"""


def test_stream_goes_on_where_it_stopped(tmp_path):
    (tmp_path / "f.sql").write_text(STREAM)

    def write(first, last):
        directory = tmp_path / "in" / f"day={first}"
        directory.mkdir(parents=True)
        pyarrow.parquet.write_table(pyarrow.table({"n": list(range(first, last))}), directory / "a.parquet")

    write(0, 5000)
    write(5000, 9000)
    assert run("run", "f.sql", cwd=tmp_path).returncode == 0
    write(9000, 9500)
    process = run("run", "f.sql", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    data = duckdb.sql(f"SELECT count(*), sum(n), count(DISTINCT day) FROM '{tmp_path}/out/*.parquet'").fetchall()
    assert data == [(9500, 9500 * 9499 // 2, 3)]
    assert sorted(path.name for path in (tmp_path / "cp/sources/0").iterdir() if path.name[0] != ".") == ["0", "1", "2"]


@pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ, reason="a sanitizer takes more memory")
def test_memory_is_bounded(tmp_path):
    """1 GB of values in one file, read with 200 MB of memory."""
    schema = pyarrow.schema([("n", pyarrow.int64()), ("d", pyarrow.float64())])
    with pyarrow.parquet.ParquetWriter(tmp_path / "big.parquet", schema, compression="none",
                                       use_dictionary=False) as writer:
        for i in range(64):
            numbers = range(i << 20, (i + 1) << 20)
            column = pyarrow.array(numbers, pyarrow.int64())
            writer.write_table(pyarrow.table([column, column.cast(pyarrow.float64())], schema=schema))
    assert (tmp_path / "big.parquet").stat().st_size > 1_000_000_000
    peak = Path(program_module.__file__).with_name("peak.py")
    process = subprocess.run(
        [sys.executable, peak, tmp_path / "peak", program(), "query", "--format", "json",
         f"SELECT count(*) AS n, max(n) AS m, sum(d) AS s FROM {files(tmp_path)}"],
        capture_output=True, text=True, timeout=600, check=True)
    assert json.loads(process.stdout)["n"] == 64 << 20
    assert int((tmp_path / "peak").read_text()) < 200 << 10

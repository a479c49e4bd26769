"""eagre.source.batchRows: every source gives the same rows in batches of any size.

What a query over many batches answers is the business of tests/oracle/matrix.py; here is every kind of file, and Delta.
"""

import json

import pytest

from program import run

ROWS = 5000  # more than one batch of 4096
PIPELINE = """
CREATE STREAMING TABLE t LOCATION 'table' TBLPROPERTIES ('eagre.trigger' = 'available now') AS
SELECT a, b, split(b, '') AS letters FROM STREAM read_files('json', format => 'json', schema => 'a INT, b STRING');
"""
SOURCES = {
    "json": "SELECT a, b FROM read_files('json', format => 'json', schema => 'a INT, b STRING')",
    "json-array": "SELECT a, b FROM read_files('array', format => 'json', schema => 'a INT, b STRING')",
    "csv": "SELECT a, b FROM read_files('csv', format => 'csv', schema => 'a INT, b STRING')",
    "text": "SELECT value FROM read_files('csv', format => 'text')",
    "parquet": "SELECT a, b, letters FROM read_files('table/*.parquet', format => 'parquet')",
    "delta": "SELECT a, b, letters FROM delta.`table`",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same rows in files of every kind."""
    folder = tmp_path_factory.mktemp("rows")
    objects = [json.dumps({"a": number, "b": f"text {number}"}) for number in range(ROWS)]
    contents = {"json": "\n".join(objects), "array": f"[{','.join(objects)}]",
                "csv": "\n".join(f"{number},text {number}" for number in range(ROWS))}
    for name, content in contents.items():
        (folder / name).mkdir()
        (folder / name / "part").write_text(content)
    (folder / "table.sql").write_text(PIPELINE)
    written = run("run", "table.sql", cwd=folder)
    assert written.returncode == 0, written.stderr
    return folder


@pytest.mark.parametrize("name", SOURCES)
def test_batches_of_any_size_hold_the_same_rows(folder, name):
    usual = run("query", "--format", "json", SOURCES[name], cwd=folder)
    assert usual.returncode == 0, usual.stderr
    assert len(usual.stdout.splitlines()) == ROWS
    for size in (1, 3, 4095):
        other = run("query", "--format", "json", "--set", f"eagre.source.batchRows={size}", SOURCES[name], cwd=folder)
        assert other.returncode == 0, other.stderr
        assert other.stdout == usual.stdout

"""read_files over CSV: refusals of options and types, headers of many files, partitions, restarts. What lines mean is in tests/oracle."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from program import program, run


def query(root, sql="SELECT *", schema="id INT, name STRING", **options):
    given = "".join(f", {key} => '{value}'" for key, value in options.items())
    return run("query", "--format", "json", f"{sql} FROM read_files('{root}', format => 'csv', schema => '{schema}'{given})")


def rows(*arguments, **options):
    process = query(*arguments, **options)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.parametrize("options, class_name", [
    ({"quote": "ab"}, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER"),
    ({"escape": "ab"}, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER"),
    ({"comment": "##"}, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER"),
    ({"quote": "«"}, "INVALID_OPTION_VALUE"),
    ({"sep": ""}, "INVALID_DELIMITER_VALUE.EMPTY_STRING"),
    ({"sep": "\\\\x"}, "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER"),
    ({"header": "maybe"}, "INVALID_OPTION_VALUE"),
    ({"unescapedQuoteHandling": "RAISE_ERROR"}, "INVALID_OPTION_VALUE"),
    ({"dateFormat": "bb"}, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"),
    ({"timeZone": "Nowhere"}, "INVALID_TIMEZONE"),
    ({"schema": "a STRUCT<b: INT>"}, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE"),
    ({"schema": "a INT, _corrupt_record INT"}, "INVALID_CORRUPT_RECORD_TYPE"),
    ({"sql": "SELECT _corrupt_record", "schema": "a INT, _corrupt_record STRING"},
     "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN"),
])
def test_refusals(tmp_path, options, class_name):
    process = query(tmp_path, **options)
    assert process.returncode != 0
    assert f"[{class_name}]" in process.stderr, process.stderr


def test_failures_say_file_and_line(tmp_path):
    (tmp_path / "bad.csv").write_text("1,one\n\n2,two\nx,three\n")
    process = query(tmp_path, mode="FAILFAST")
    assert process.returncode != 0
    assert "bad.csv, line 4" in process.stderr and "MALFORMED_RECORD_IN_PARSING" in process.stderr


def test_headers_and_partitions(tmp_path):
    for k in range(3):
        (tmp_path / f"k={k}").mkdir()
        (tmp_path / f"k={k}/a.csv").write_text(f"id,name\n{k},n{k}\n")
    assert rows(tmp_path, header="true", enforceSchema="false") == [{"id": k, "name": f"n{k}", "k": k} for k in range(3)]
    assert rows(tmp_path, "SELECT k", header="true") == [{"k": k} for k in range(3)]
    assert rows(tmp_path, "SELECT count(*) AS n") == [{"n": 6}]


def test_stream_goes_on(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "f.sql").write_text(
        "CREATE SINK out USING console OPTIONS ('format' = 'json');\n"
        "CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'cp') AS INSERT INTO out "
        "SELECT * FROM STREAM read_files('in', format => 'csv', schema => 'a INT', header => 'true', maxFilesPerTrigger => 1);\n")
    (tmp_path / "in/1.csv").write_text("a\n1\n")
    assert run("run", "f.sql", cwd=tmp_path).stdout == '{"a":1}\n'
    (tmp_path / "in/2.csv").write_text("a\n2\n")
    assert run("run", "f.sql", cwd=tmp_path).stdout == '{"a":2}\n'


def test_many_batches(tmp_path):
    """More lines than a batch has rows, and lines that cross blocks."""
    count = 50_000
    (tmp_path / "a.csv").write_text("id,name\n" + "".join(f'{i},"value, {i} {"x" * (i % 50)}"\n' for i in range(count)))
    answer = rows(tmp_path, "SELECT count(*) AS n, sum(id) AS s, sum(length(name)) AS l", header="true")
    assert answer == [{"n": count, "s": count * (count - 1) // 2,
                       "l": sum(len(f"value, {i} ") + i % 50 for i in range(count))}]


@pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ, reason="a sanitizer takes several times the memory")
def test_memory_is_bounded(tmp_path):
    """A file of 300 MB, read with 100 MB."""
    line = "12345,some text that is not long,2024-01-01 00:00:00,1.5\n"
    with open(tmp_path / "big.csv", "w", encoding="ascii") as out:
        for _ in range(300):
            out.write(line * ((1 << 20) // len(line)))
    sql = (f"SELECT count(*) AS n, count(t) AS t FROM read_files('{tmp_path}/big.csv', format => 'csv', "
           "schema => 'id INT, s STRING, t TIMESTAMP, d DOUBLE')")
    peak = Path(__file__).with_name("peak.py")
    process = subprocess.run([sys.executable, peak, tmp_path / "peak", program(), "query", "--format", "json", sql],
                             capture_output=True, text=True, timeout=300, check=True)
    expected = 300 * ((1 << 20) // len(line))
    assert json.loads(process.stdout) == {"n": expected, "t": expected}
    assert int((tmp_path / "peak").read_text()) < 100 << 10

"""Large files of lines are cut into parts for several cores: the same rows, and messages that name lines of the file."""

import json
import random

import pytest
from program import query_rows, run

ROWS = 40_000
PIPELINE = """
SET spark.sql.session.timeZone = 'UTC';
SET spark.sql.files.maxPartitionBytes = 65536;
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE late LOCATION 'late';
CREATE STREAMING TABLE t LOCATION 'table' TBLPROPERTIES ('eagre.trigger' = 'available now'{properties}) AS
{query};
"""
READ = "STREAM read_files('in', format => '{format}'{more})"


def write(folder, lines, end="\n", begin=""):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in/part").write_bytes((begin + end.join(lines)).encode())


def start(folder, cores, query, properties=""):
    (folder / "p.sql").write_text(PIPELINE.format(query=query, properties=properties))
    return run("run", "p.sql", "--cores", cores, "--progress", "json", cwd=folder, timeout=120)


def read_counts(done):
    """Rows that all epochs read."""
    reports = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return sum(report["numInputRows"] for report in reports)


def make_lines(kind, seed):
    """Rows (n, text) with texts of all lengths up to some that are longer than a part."""
    chance = random.Random(seed)
    for n in range(ROWS):
        size = 100_000 if n % 9_999 == 5_000 else chance.randrange(60)
        text = chance.choice("abcü") * size
        yield json.dumps({"n": n, "s": text}) if kind == "json" else f"{n},{text}"


FORMATS = {
    "json": ("json", ", schema => 'n BIGINT, s STRING'", "\n", "", "n, s"),
    "json-crlf": ("json", ", schema => 'n BIGINT, s STRING'", "\r\n", "\ufeff", "n, s"),
    "csv": ("csv", ", schema => 'n BIGINT, s STRING', header => 'true'", "\n", "n,s\n", "n, s"),
    "text": ("text", "", "\n", "", "CAST(split_part(value, ',', 1) AS BIGINT) AS n, split_part(value, ',', 2) AS s"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("cores", [2, 3])
def test_every_line_is_read_once(tmp_path, name, cores):
    kind, more, end, begin, columns = FORMATS[name]
    lines = list(make_lines(kind, name))
    write(tmp_path, lines, end, begin)
    done = start(tmp_path, cores, f"SELECT {columns} FROM {READ.format(format=kind, more=more)}")
    assert done.returncode == 0, done.stderr
    assert read_counts(done) == ROWS
    sizes = [len(json.loads(line)["s"] if kind == "json" else line.split(",")[1]) for line in lines]
    assert query_rows(tmp_path, "SELECT count(*) AS c, count(DISTINCT n) AS d, sum(n) AS n, sum(length(s)) AS s FROM delta.`table`") == [
        {"c": ROWS, "d": ROWS, "n": sum(range(ROWS)), "s": sum(sizes)}]
    files = query_rows(tmp_path, "SELECT count(*) AS c FROM read_files('table/*.parquet', format => 'parquet')")
    assert files == [{"c": ROWS}]


@pytest.mark.parametrize("query,line,source", [
    ("SELECT n FROM {source}", 31_234, "json"),
    ("SELECT 10 / (n - 20000) AS q FROM {source}", 20_001, "json"),
    ("SELECT CAST(split_part(value, ',', 1) AS INT) AS n FROM {source}", 7_777, "text"),
])
@pytest.mark.parametrize("cores", [1, 3])
def test_errors_name_the_line_of_the_file(tmp_path, query, line, source, cores):
    lines = list(make_lines(source, 7))
    if "/" not in query:
        lines[line - 1] = "{broken" if source == "json" else "word,"
    write(tmp_path, lines)
    more = ", schema => 'n BIGINT', mode => 'FAILFAST'" if source == "json" else ""
    done = start(tmp_path, cores, query.format(source=READ.format(format=source, more=more)))
    assert done.returncode == 5, done.stderr
    assert f"in/part, line {line}" in done.stderr


def test_late_rows_have_the_lines_of_the_file(tmp_path):
    """A second file whose rows are all before the watermark: its lines come back, on any number of cores."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a").write_text('{"n":0,"ts":"2026-01-02T00:00:00Z"}\n')
    (tmp_path / "in/b").write_text('{"n":0,"ts":"2026-01-03T00:00:00Z"}\n')
    (tmp_path / "in/c").write_text("".join(f'{{"n":{n},"ts":"2026-01-01T00:00:00Z"}}\n' for n in range(1, 10_001)))
    source = READ.format(format="json", more=", schema => 'n BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1")
    query = f"SELECT DISTINCT n, ts FROM (SELECT * FROM {source} WATERMARK ts DELAY OF INTERVAL 0 SECONDS)"
    done = start(tmp_path, 3, query, ", 'eagre.lateRows' = 'late'")
    assert done.returncode == 0, done.stderr
    rows = query_rows(tmp_path, "SELECT get_json_object(row, '$.n') AS n, `offset` FROM delta.`late`")
    assert len(rows) == 10_000
    assert all(row["n"] == str(row["offset"]) for row in rows)

"""Sinks into directories of files: what stands there, what its manifest says, and what is refused."""

import gzip
import json
import os

import pytest
from program import run

SOURCE = "read_files('in', format => 'json', schema => 'k STRING, n INT, t TIMESTAMP', maxFilesPerTrigger => 1)"
ALL = f"SELECT * FROM STREAM {SOURCE}"


def write_rows(folder, first, count):
    """Files of one row each, in order."""
    (folder / "in").mkdir(exist_ok=True)
    for n in range(first, first + count):
        path = folder / f"in/{n:04}.json"
        path.write_text(json.dumps({"k": "abc"[n % 3], "n": n, "t": f"2026-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z"}) + "\n")
        os.utime(path, (1_790_000_000 + n,) * 2)


def pipeline(using, query=ALL, mode="append", checkpoint="checkpoint"):
    return f"""SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE SINK out USING {using};
CREATE FLOW f OPTIONS ('outputMode' = '{mode}', 'trigger' = 'available now', 'checkpointLocation' = '{checkpoint}')
AS INSERT INTO out {query};
"""


def start(folder, *arguments, **options):
    (folder / "p.sql").write_text(pipeline(*arguments, **options))
    return run("run", "p.sql", cwd=folder, timeout=120)


def committed(directory):
    """The paths that the manifest names, from the newest compacted entry on."""
    entries = sorted((int(path.name.split(".")[0]), path) for path in (directory / "_spark_metadata").iterdir())
    compacted = [number for number, path in entries if path.suffix]
    paths = []
    for number, path in entries:
        if compacted and number < compacted[-1]:
            continue
        version, *lines = path.read_text().split("\n")
        assert version == "v1"
        paths += [json.loads(line) for line in lines]
    return paths


def rows_of(directory):
    rows = []
    for entry in committed(directory):
        path = entry["path"].removeprefix("file://")
        content = open(path, "rb").read()
        assert len(content) == entry["size"]
        text = gzip.decompress(content) if path.endswith(".gz") else content
        rows += [json.loads(line) for line in text.splitlines()]
    return rows


def test_every_row_once_over_many_epochs(tmp_path):
    """More epochs than a log keeps entries, in three runs: the newest compacted entry has them all."""
    for first in (0, 60, 125):
        write_rows(tmp_path, first, 65)
        done = start(tmp_path, "json OPTIONS ('path' = 'out')")
        assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "out")
    assert sorted(row["n"] for row in rows) == list(range(190))
    assert rows[0] == {"k": "a", "n": 0, "t": "2026-01-01T00:00:00.000Z"}
    names = sorted(path.name for path in (tmp_path / "out/_spark_metadata").iterdir())
    assert "189.compact" in names and "188" in names and "0" not in names


def test_an_epoch_without_rows_names_its_attempt(tmp_path):
    write_rows(tmp_path, 0, 3)
    assert start(tmp_path, "json OPTIONS ('path' = 'out')", ALL + " WHERE n = 1").returncode == 0
    assert [entry["size"] > 0 for entry in committed(tmp_path / "out")] == [False, True, False]
    assert [row["n"] for row in rows_of(tmp_path / "out")] == [1]
    write_rows(tmp_path, 3, 1)
    assert start(tmp_path, "json OPTIONS ('path' = 'out')", ALL + " WHERE n = 1").returncode == 0
    assert len(committed(tmp_path / "out")) == 4


@pytest.mark.parametrize("cores", [1, 2])
def test_directories_of_partitions(tmp_path, cores):
    (tmp_path / "in").mkdir()
    keys = ["a/b", "", None, "x=1%", "Grüße", "a/b"]
    lines = [json.dumps({"k": key, "n": n}) for n, key in enumerate(keys * 100)]
    (tmp_path / "in/0.json").write_text("\n".join(lines) + "\n")
    (tmp_path / "p.sql").write_text(pipeline("json PARTITIONED BY (k) OPTIONS ('path' = 'out', 'maxRecordsPerFile' = '150')"))
    done = run("run", "p.sql", "--cores", cores, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {}
    for path in (tmp_path / "out").rglob("part-*"):
        found.setdefault(path.parent.name, []).append(path.read_text().splitlines())
    assert sorted(found) == ["k=Grüße", "k=__HIVE_DEFAULT_PARTITION__", "k=a%2Fb", "k=x%3D1%25"]
    assert sorted(len(rows) for rows in found["k=a%2Fb"])[-1] <= 150
    numbers = sorted(json.loads(line)["n"] for rows in found["k=a%2Fb"] for line in rows)
    assert numbers == [n for n in range(600) if n % 6 in (0, 5)]
    assert all(set(json.loads(line)) == {"n"} for files in found.values() for rows in files for line in rows)


def test_text_and_compression(tmp_path):
    write_rows(tmp_path, 0, 2)
    query = f"SELECT concat(k, n) FROM STREAM {SOURCE}"
    assert start(tmp_path, "text OPTIONS ('path' = 'out', 'compression' = 'gzip')", query).returncode == 0
    texts = sorted(gzip.decompress(path.read_bytes()) for path in (tmp_path / "out").glob("*.txt.gz"))
    assert texts == [b"a0\n", b"b1\n"]


def test_csv(tmp_path):
    write_rows(tmp_path, 0, 3)
    query = f"SELECT n, IF(n = 1, NULL, concat(k, ',')) AS `a;k`, t FROM STREAM {SOURCE} WHERE n > 0"
    assert start(tmp_path, "csv OPTIONS ('path' = 'out', 'header' = 'true', 'sep' = ';')", query).returncode == 0
    texts = sorted(path.read_text() for path in (tmp_path / "out").glob("*.csv"))
    assert texts == ['n;"a;k";t\n', 'n;"a;k";t\n1;;2026-01-01T00:00:01.000Z\n',
                     'n;"a;k";t\n2;c,;2026-01-01T00:00:02.000Z\n']
    assert start(tmp_path, "csv OPTIONS ('path' = 'one')", f"SELECT CAST(NULL AS STRING) FROM STREAM {SOURCE}",
                 checkpoint="one.checkpoint").returncode == 0
    assert [path.read_text() for path in (tmp_path / "one").glob("*.csv")] == ['""\n'] * 3


def test_a_directory_belongs_to_one_checkpoint(tmp_path):
    write_rows(tmp_path, 0, 2)
    assert start(tmp_path, "json OPTIONS ('path' = 'out')").returncode == 0
    before = rows_of(tmp_path / "out")
    done = start(tmp_path, "json OPTIONS ('path' = 'out')", checkpoint="another")
    assert done.returncode == 4 and "SINK_DIRECTORY_OF_ANOTHER_QUERY" in done.stderr
    assert rows_of(tmp_path / "out") == before
    # Also when the other checkpoint has a history of its own.
    assert start(tmp_path, "json OPTIONS ('path' = 'out2')", checkpoint="another").returncode == 0
    done = start(tmp_path, "json OPTIONS ('path' = 'out')", checkpoint="another")
    assert done.returncode == 4 and "SINK_DIRECTORY_OF_ANOTHER_QUERY" in done.stderr


def test_a_damaged_manifest_is_not_continued(tmp_path):
    write_rows(tmp_path, 0, 4)
    assert start(tmp_path, "json OPTIONS ('path' = 'out')").returncode == 0
    entry = tmp_path / "out/_spark_metadata/2"
    content = entry.read_text()
    for damage, error in [(content[:-7], "MALFORMED_LOG_FILE"), ("", "MALFORMED_LOG_FILE"), (None, "FILE_LOG_INCOMPLETE"),
                          (content.replace("v1", "v2"), "INVALID_LOG_VERSION")]:
        entry.unlink()
        if damage is not None:
            entry.write_text(damage)
        done = start(tmp_path, "json OPTIONS ('path' = 'out')")
        assert done.returncode == 4 and error in done.stderr and "_spark_metadata/2" in done.stderr, done.stderr
        entry.write_text(content)
    write_rows(tmp_path, 4, 1)
    assert start(tmp_path, "json OPTIONS ('path' = 'out')").returncode == 0
    assert sorted(row["n"] for row in rows_of(tmp_path / "out")) == list(range(5))


COUNTS = f"SELECT k, count(*) AS c FROM STREAM {SOURCE} GROUP BY k"


@pytest.mark.parametrize("using, query, mode, error", [
    ("json", ALL, "append", "REQUIRED_PARAMETER_NOT_FOUND"),
    ("jsonn OPTIONS ('path' = 'out')", ALL, "append", "DATA_SOURCE_NOT_FOUND"),
    ("json OPTIONS ('path' = 'out')", COUNTS, "update", "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE"),
    ("parquet OPTIONS ('path' = 'out')", COUNTS, "complete", "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE"),
    ("text OPTIONS ('path' = 'out')", ALL, "append", "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE"),
    ("text OPTIONS ('path' = 'out')", f"SELECT k, k AS j FROM STREAM {SOURCE}", "append", "UNSUPPORTED_TEXT_COLUMNS"),
    ("json PARTITIONED BY (zz) OPTIONS ('path' = 'out')", ALL, "append", "PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA"),
    ("json PARTITIONED BY (k, n, t) OPTIONS ('path' = 'out')", ALL, "append", "ALL_PARTITION_COLUMNS_NOT_ALLOWED"),
    ("parquet OPTIONS ('path' = 'out')", f"SELECT INTERVAL '1' DAY AS i, k FROM STREAM {SOURCE}", "append",
     "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE"),
    ("json OPTIONS ('path' = 'out', 'compression' = 'snappy')", ALL, "append", "CODEC_NOT_AVAILABLE"),
    ("json OPTIONS ('path' = 's3://bucket/x')", ALL, "append", "UNSUPPORTED_FEATURE.OBJECT_STORE"),
    ("console PARTITIONED BY (k)", ALL, "append", "UNSUPPORTED_FEATURE.PARTITIONED_SINK"),
])
def test_what_cannot_be_written_is_refused(tmp_path, using, query, mode, error):
    write_rows(tmp_path, 0, 1)
    done = start(tmp_path, using, query, mode)
    assert done.returncode == 2 and error in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("using, format", [("json PARTITIONED BY (k)", "json"), ("parquet", "parquet"),
                                           ("parquet PARTITIONED BY (k)", "parquet")])
def test_what_was_committed_is_read_back(tmp_path, using, format):
    """As a table at rest and as a stream; what no entry names does not count."""
    write_rows(tmp_path, 0, 13)
    assert start(tmp_path, f"{using} OPTIONS ('path' = 'out')").returncode == 0
    litter = next((tmp_path / "out").rglob("part-*"))
    (litter.parent / litter.name.replace("c000", "c999")).write_bytes(litter.read_bytes())
    columns = "n INT, t TIMESTAMP" if "PARTITIONED" in using else "k STRING, n INT, t TIMESTAMP"
    schema = "" if format == "parquet" else f", schema => '{columns}'"
    query = f"SELECT k, n FROM read_files('out', format => '{format}'{schema}) ORDER BY n"
    done = run("query", "--format", "json", query, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = [{"k": "abc"[n % 3], "n": n} for n in range(13)]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected
    source = f"STREAM read_files('out', format => '{format}', schema => 'k STRING, n INT, t TIMESTAMP', maxFilesPerTrigger => 3)"
    done = start(tmp_path, "json OPTIONS ('path' = 'again')", f"SELECT k, n FROM {source}", checkpoint="again.checkpoint")
    assert done.returncode == 0, done.stderr
    assert sorted(rows_of(tmp_path / "again"), key=lambda row: row["n"]) == expected

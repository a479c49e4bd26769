"""Joins of two streams beyond what the oracle's small cases reach: an epoch of many slices, a state that does
not grow."""

import collections
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = """
CREATE TEMPORARY VIEW a AS SELECT * FROM STREAM
read_files('a', format => 'json', schema => 'k INT, t TIMESTAMP, v INT', maxFilesPerTrigger => 1)
WATERMARK t DELAY OF INTERVAL 10 SECONDS;
CREATE TEMPORARY VIEW b AS SELECT * FROM STREAM
read_files('b', format => 'json', schema => 'k INT, t TIMESTAMP, v INT', maxFilesPerTrigger => 1)
WATERMARK t DELAY OF INTERVAL 10 SECONDS;
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'false');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT a.v AS l, b.v AS r FROM STREAM a FULL JOIN STREAM b
ON a.k = b.k AND b.t BETWEEN a.t - INTERVAL 20 SECONDS AND a.t + INTERVAL 20 SECONDS;
"""


def write_rows(path, rows):
    """A file of (key, second, value)."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(
        f'{{"k":{key},"t":"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z","v":{value}}}\n'
        for key, second, value in rows))
    number = int(path.stem)
    os.utime(path, (1_750_000_000 + number * 10,) * 2)


def run(folder, *arguments):
    """The pairs that came out, and the progress of every epoch that ran."""
    program = ROOT / os.environ.get("EAGRE", "build/eagre")
    (folder / "join.sql").write_text(PIPELINE)
    process = subprocess.run([program, "run", "join.sql", "--progress", "json", *arguments], cwd=folder,
                             env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0, process.stderr
    pairs = collections.Counter((row.get("l"), row.get("r")) for row in map(json.loads, process.stdout.splitlines()))
    reports = [json.loads(line) for line in process.stderr.splitlines() if line.startswith('{"id"')]
    return pairs, [report for report in reports if "addBatch" in report["durationMs"]]


@pytest.mark.parametrize("arguments", [(), ("--cores", "2"), ("--cores", "2", "--placement", "split")])
def test_an_epoch_of_many_slices(tmp_path, arguments):
    """Each side has several times the rows of a slice, in one epoch; every key meets once."""
    count = 200_000
    write_rows(tmp_path / "a/0.json", ((key, 5, key) for key in range(count)))
    write_rows(tmp_path / "b/0.json", ((key, 6, -key) for key in reversed(range(count))))
    pairs, _ = run(tmp_path, *arguments)
    assert pairs == collections.Counter((key, -key) for key in range(count))


def test_the_state_does_not_grow(tmp_path):
    """Sixty epochs of ten seconds each: what is kept is what a minute needs, in rows and in bytes."""
    files = 60
    rows_per_file = 500
    for number in range(files):
        rows = range(number * rows_per_file, (number + 1) * rows_per_file)
        write_rows(tmp_path / f"a/{number}.json", ((row % 97, number * 10 + row % 10, row) for row in rows))
        write_rows(tmp_path / f"b/{number}.json", ((1000 + row % 97, number * 10 + row % 10, row) for row in rows))
    pairs, reports = run(tmp_path)
    states = [report["stateOperators"][0] for report in reports]
    for member in ("numRowsTotal", "memoryUsedBytes"):
        values = [state[member] for state in states]
        early, late = values[10:30], values[30:]
        assert max(late) <= max(early) * 1.25, (member, values)
    assert max(state["numRowsTotal"] for state in states) <= 2 * rows_per_file * 8
    # Nothing matches: whoever has left came out alone, once.
    assert all(None in pair and count == 1 for pair, count in pairs.items())
    assert len(pairs) == 2 * files * rows_per_file - states[-1]["numRowsTotal"]

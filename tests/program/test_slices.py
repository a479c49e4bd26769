"""Sliding windows over shared slices give what windows of every row give.

An aggregate that asks for the order of rows keeps a query from sharing slices (plan_slice.c), so the same query with
and without one has to agree.
"""

import json
import random

import pytest

from program import query_rows, run

SHAPES = ["'10 seconds', '5 seconds'", "'10 seconds', '3 seconds'", "'10 seconds', '3 seconds', '1 second'",
          "'60 seconds', '1 second'", "'7 seconds', '7 seconds'"]
SUMS = "count(*) AS c, count(v) AS n, sum(v) AS s, min(k) AS low, max(v) AS high, approx_count_distinct(v) AS d"
READ = "read_files('in', format => 'json', schema => 'k STRING, v BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1)"


def write_rows(folder, seed):
    """Five files of rows around one minute, out of order, some NULL, some of them late."""
    rows = random.Random(seed)
    folder.mkdir()
    for number in range(5):
        lines = [json.dumps({"k": rows.choice("abc"), "v": rows.choice([None, 1, 2, 3]),
                             "ts": rows.choice([None, f"2026-01-01T00:00:{rows.randrange(60):02}.{rows.randrange(10)}Z"])})
                 for _ in range(200)]
        (folder / f"{number}.json").write_text("\n".join(lines) + "\n")


def as_text(rows):
    """Rows in one order, without what the plain query has more."""
    return sorted(json.dumps({**row, "l": None}, sort_keys=True) for row in rows)


def query(folder, window, more=""):
    return as_text(query_rows(folder, f"SELECT window, k, {SUMS}{more} FROM {READ} GROUP BY window(ts, {window}), k"))


@pytest.mark.parametrize("window", SHAPES)
def test_batch(tmp_path, window):
    write_rows(tmp_path / "in", 1)
    assert query(tmp_path, window) == query(tmp_path, window, ", first(v) AS l")


PIPELINE = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = '{name}', 'outputMode' = '{mode}') AS INSERT INTO out
SELECT window, k, {sums} FROM STREAM {read} WATERMARK ts DELAY OF INTERVAL 1 SECOND GROUP BY window(ts, {window}), k;
"""


def run_flow(folder, name, mode, window, sums, *arguments):
    """What the flow prints, and what it says was late, epoch by epoch."""
    (folder / f"{name}.sql").write_text(PIPELINE.format(name=name, mode=mode, window=window, sums=sums, read=READ))
    done = run("run", f"{name}.sql", "--available-now", "--progress", "json", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    late = [json.loads(line)["stateOperators"][0]["numRowsDroppedByWatermark"]
            for line in done.stderr.splitlines() if line.startswith("{")]
    return as_text(rows), late


@pytest.mark.parametrize("cores", ["1", "2"])
@pytest.mark.parametrize("mode", ["append", "update", "complete"])
@pytest.mark.parametrize("window", SHAPES[:4])
def test_stream(tmp_path, window, mode, cores):
    write_rows(tmp_path / "in", 2)
    shared = run_flow(tmp_path, "shared", mode, window, SUMS, "--cores", cores)
    plain = run_flow(tmp_path, "plain", mode, window, SUMS + ", first(v) AS l", "--cores", cores)
    assert shared == plain
    assert len(shared[0]) > 10
    assert mode == "complete" or sum(shared[1]) > 0


def test_explain_tells(tmp_path):
    write_rows(tmp_path / "in", 1)
    (tmp_path / "f.sql").write_text(PIPELINE.format(name="c", mode="update", window=SHAPES[0], sums=SUMS, read=READ))
    assert "in shared slices" in run("explain", "f.sql", cwd=tmp_path).stdout
    (tmp_path / "f.sql").write_text(PIPELINE.format(name="c", mode="update", window=SHAPES[0],
                                                    sums="max(window.end) AS e", read=READ))
    assert "in shared slices" not in run("explain", "f.sql", cwd=tmp_path).stdout

"""State larger than eagre.state.memoryLimit: groups that do not fit go to a database below memory, and nothing else is different
but memory and time."""

import collections
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import program, query_rows, run

SQL = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('outputMode' = '{mode}', 'trigger' = 'available now', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO out {query}
"""
SOURCE = "STREAM read_files('in', format => 'csv', schema => 'k BIGINT, v INT, ts TIMESTAMP', maxFilesPerTrigger => 1)"
COUNTS = f"SELECT k, count(*) AS n, max(concat('value ', v)) AS m FROM {SOURCE} GROUP BY k"
WINDOWS = f"""SELECT window.end AS minute, k, count(*) AS n, max(concat('value ', v)) AS m
    FROM {SOURCE} WATERMARK ts DELAY OF INTERVAL 1 MINUTE GROUP BY window(ts, '1 minute'), k"""
LEAST = 32 << 20  # bytes for each core, of which tables take some 4 MiB before they are spilled
ROWS = 30_000  # of a file


def write_files(folder, numbers, keys, seed):
    """Files of rows whose keys are drawn at random; returns the rows: (key, value, minute)."""
    folder.mkdir(exist_ok=True)
    draws = random.Random(seed)
    rows = []
    for number in numbers:
        some = [(draws.randrange(keys), draws.randrange(1000), number // 4) for _ in range(ROWS)]
        path = folder / f"part-{number:03}.csv"
        path.write_text("".join(f"{k},{v},2026-01-01T00:{minute:02}:30Z\n" for k, v, minute in some))
        os.utime(path, (1_790_000_000 + number, 1_790_000_000 + number))
        rows += some
    return rows


def run_flow(folder, cores, limit):
    done = run("run", "p.sql", "--cores", cores, "--set", f"eagre.state.memoryLimit={limit}", "--progress", "none", cwd=folder,
               timeout=600)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def has_used_tier(folder):
    """The directory of a tier stays when its databases are gone."""
    tier = folder / "checkpoint/eagre/tier"
    return tier.is_dir() and not list(tier.iterdir())


def fold(rows, key):
    """Count and greatest value of the rows of each key."""
    groups = collections.defaultdict(lambda: [0, ""])
    for row in rows:
        group = groups[key(row)]
        group[0] += 1
        group[1] = max(group[1], f"value {row[1]}")
    return {name: tuple(group) for name, group in groups.items()}


@pytest.mark.parametrize("cores", [1, 2])
def test_counts_are_right_beyond_memory_and_through_starts(tmp_path, cores):
    """With a limit, again with it, on the other number of cores, and without one: the last row of each key counts."""
    (tmp_path / "p.sql").write_text(SQL.format(mode="update", query=COUNTS))
    last = {}
    rows = []
    for turn, (own_cores, limit) in enumerate([(cores, LEAST), (cores, LEAST), (3 - cores, LEAST), (cores, 0)]):
        rows += write_files(tmp_path / "in", range(6 * turn, 6 * turn + 6), 300_000, turn)
        given = run_flow(tmp_path, own_cores, limit * own_cores)
        last.update((row["k"], (row["n"], row["m"])) for row in given)
        if limit > 0:
            assert has_used_tier(tmp_path)
    assert last == fold(rows, lambda row: row[0])


def test_windows_close_beyond_memory(tmp_path):
    """Each window is written once, whole, although most of it was below memory; windows ascend."""
    (tmp_path / "p.sql").write_text(SQL.format(mode="append", query=WINDOWS))
    rows = write_files(tmp_path / "in", range(20), 150_000, 5)
    given = run_flow(tmp_path, 1, LEAST)
    assert has_used_tier(tmp_path)
    minutes = [row["minute"] for row in given]
    assert minutes == sorted(minutes)
    closed = [row for row in rows if row[2] < 3]  # the watermark stands one minute behind the last one
    expected = fold(closed, lambda row: (f"2026-01-01T00:{row[2] + 1:02}:00", row[0]))
    assert len(given) == len(expected)
    assert {(row["minute"][:19], row["k"]): (row["n"], row["m"]) for row in given} == expected


def test_everything_is_written_in_complete_mode(tmp_path):
    (tmp_path / "p.sql").write_text(SQL.format(mode="complete", query=COUNTS))
    rows = write_files(tmp_path / "in", range(8), 1_000_000, 6)
    given = run_flow(tmp_path, 1, LEAST)
    assert has_used_tier(tmp_path)
    newest = max(row["_batch_id"] for row in given)
    of_newest = [row for row in given if row["_batch_id"] == newest]
    expected = fold(rows, lambda row: row[0])
    assert len(of_newest) == len(expected)
    assert {row["k"]: (row["n"], row["m"]) for row in of_newest} == expected


def test_kills_lose_nothing_and_leave_nothing(tmp_path):
    """Killed after each fourth epoch, while groups are below memory; without a limit at last. Every window is written once."""
    (tmp_path / "p.sql").write_text(f"CREATE STREAMING TABLE t LOCATION 'table' TBLPROPERTIES ('eagre.trigger' = 'available now') "
                                    f"AS {WINDOWS};")
    rows = write_files(tmp_path / "in", range(20), 150_000, 8)
    commits = tmp_path / "eagre-data/checkpoints/t/commits"
    tier = tmp_path / "eagre-data/checkpoints/t/eagre/tier"
    left_something = False
    for epoch in range(3, 16, 4):
        process = subprocess.Popen([program(), "run", "p.sql", "--cores", "1", "--set", f"eagre.state.memoryLimit={LEAST}",
                                    "--progress", "none"], cwd=tmp_path, env={**os.environ, "TZ": "UTC"})
        deadline = time.monotonic() + 600
        while not (commits / str(epoch)).exists():
            assert process.poll() in (None, 0) and time.monotonic() < deadline
            time.sleep(0.001)
        process.kill()
        process.wait()
        left_something |= tier.is_dir() and bool(list(tier.iterdir()))
    assert left_something
    done = run("run", "p.sql", "--cores", "2", "--progress", "none", cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert not list(tier.iterdir())
    given = query_rows(tmp_path, "SELECT unix_seconds(minute) AS s, k, n, m FROM delta.`table`")
    closed = [row for row in rows if row[2] < 3]
    expected = fold(closed, lambda row: (1_767_225_600 + 60 * (row[2] + 1), row[0]))
    assert len(given) == len(expected)
    assert {(row["s"], row["k"]): (row["n"], row["m"]) for row in given} == expected


@pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ, reason="a sanitizer takes memory of its own")
def test_memory_stays_below_the_limit(tmp_path):
    """A state that takes some 90 MiB in memory, in 32: what the program takes beside its state is far less than the difference."""
    query = f"SELECT k, count(*) AS n FROM {SOURCE} WATERMARK ts DELAY OF INTERVAL 1 HOUR GROUP BY window(ts, '1 hour'), k"
    (tmp_path / "p.sql").write_text(SQL.format(mode="append", query=query))
    write_files(tmp_path / "in", range(60), 1 << 60, 7)
    peaks = {}
    for limit in (0, LEAST):
        subprocess.run(["rm", "-rf", tmp_path / "checkpoint"], check=True)
        peak = tmp_path / "peak"
        done = subprocess.run([sys.executable, Path(__file__).with_name("peak.py"), peak, program(), "run", "p.sql", "--cores", "1", "--set",
                               f"eagre.state.memoryLimit={limit}", "--progress", "none"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        peaks[limit] = int(peak.read_text()) << 10
    assert peaks[LEAST] < peaks[0] - (32 << 20)
    assert peaks[LEAST] < 3 * LEAST

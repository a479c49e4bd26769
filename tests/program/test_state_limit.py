"""eagre.state.memoryLimit: a flow whose state grows beyond it stops with its class, nothing is lost, and it goes on when
there is more room."""

import json
import os

import pytest
from program import run

SESSION = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('outputMode' = '{mode}', 'trigger' = 'available now', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO out {query}
"""
SOURCE = "STREAM read_files('{path}', format => 'json', schema => 'k BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1)"
COUNTS = SESSION.format(mode="update", query=f"SELECT k, count(*) AS n FROM {SOURCE.format(path='in')} GROUP BY k")
UNIQUE = f"CREATE TEMPORARY VIEW src AS SELECT * FROM {SOURCE.format(path='in')};" + SESSION.format(
    mode="append", query="SELECT k FROM deduplicate(STREAM src, k)")
JOIN = """
CREATE TEMPORARY VIEW a AS SELECT k AS ka, ts AS ta FROM {source} WATERMARK ts DELAY OF INTERVAL 1 HOUR;
CREATE TEMPORARY VIEW b AS SELECT k AS kb, ts AS tb FROM {source} WATERMARK ts DELAY OF INTERVAL 1 HOUR;
""".format(source=SOURCE.format(path="in")) + SESSION.format(
    mode="append", query="SELECT ka, kb FROM STREAM a JOIN STREAM b ON ka = kb AND ta = tb")
KEYS = 20_000  # of a file; so many take some megabytes in memory
LOW = 1 << 20
HIGH = 1 << 30


def write_keys(folder, number, count=KEYS):
    folder.mkdir(exist_ok=True)
    path = folder / f"part-{number:03}.json"
    path.write_text("".join(json.dumps({"k": number * KEYS + i, "ts": "2026-01-01T00:00:00Z"}) + "\n" for i in range(count)))
    os.utime(path, (1_790_000_000 + number, 1_790_000_000 + number))


def run_flow(tmp_path, limit, cores):
    return run("run", "p.sql", "--cores", str(cores), "--set", f"eagre.state.memoryLimit={limit}", "--progress", "none",
               cwd=tmp_path)


def rows_of(process):
    return [json.loads(line) for line in process.stdout.splitlines()]


def commits(tmp_path):
    return sorted(path.name for path in (tmp_path / "checkpoint/commits").iterdir())


def assert_stopped(process):
    assert process.returncode == 3, process.stderr
    assert "[STATE_MEMORY_LIMIT_EXCEEDED]" in process.stderr and "eagre.state.memoryLimit" in process.stderr


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("query", [COUNTS, UNIQUE, JOIN], ids=["counts", "unique", "join"])
def test_a_flow_stops_at_the_limit_and_goes_on_beyond_it(tmp_path, query, cores):
    """The first file fits, the second does not: its epoch is run again, with every row of it once."""
    (tmp_path / "p.sql").write_text(query)
    write_keys(tmp_path / "in", 0, 100)
    first = run_flow(tmp_path, LOW, cores)
    assert first.returncode == 0, first.stderr
    before = commits(tmp_path)
    write_keys(tmp_path / "in", 1)
    stopped = run_flow(tmp_path, LOW, cores)
    assert_stopped(stopped)
    assert stopped.stdout == "" and commits(tmp_path) == before
    done = run_flow(tmp_path, HIGH, cores)
    assert done.returncode == 0, done.stderr
    keys = [row.get("k", row.get("ka")) for row in rows_of(first) + rows_of(done)]
    assert sorted(keys) == sorted([*range(100), *range(KEYS, 2 * KEYS)])


@pytest.mark.parametrize("cores", [1, 2])
def test_a_start_that_does_not_fit_is_refused(tmp_path, cores):
    (tmp_path / "p.sql").write_text(COUNTS)
    write_keys(tmp_path / "in", 0)
    assert run_flow(tmp_path, 0, cores).returncode == 0  # no limit
    write_keys(tmp_path / "in", 1, 100)
    assert_stopped(run_flow(tmp_path, LOW, cores))
    assert not (tmp_path / "checkpoint/offsets/1").exists()
    assert run_flow(tmp_path, HIGH, cores).returncode == 0
    assert (tmp_path / "checkpoint/commits/1").exists()


def test_a_limit_is_a_number(tmp_path):
    (tmp_path / "p.sql").write_text(COUNTS)
    write_keys(tmp_path / "in", 0, 1)
    refused = run_flow(tmp_path, "-1", 1)
    assert refused.returncode == 2 and "eagre.state.memoryLimit" in refused.stderr
    assert not (tmp_path / "checkpoint").exists()

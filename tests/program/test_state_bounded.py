"""State that a watermark bounds stays bounded: in rows, and in the memory of the process.

A join of two streams and a deduplication run over an endless source in event time until they have read
EAGRE_STATE_EVENTS events (some millions; 50 million in test-long). Every epoch's rows must be exactly those that its
place in the stream asks for, and what the process holds in the last third of the run is compared with the third
before."""

import json
import os
import signal
import subprocess

import pytest
from program import program

ROWS = 50_000  # of an epoch and source; an epoch is one second of event time
EVENTS = int(os.environ.get("EAGRE_STATE_EVENTS", 4_000_000))
GROWTH = 1.05
SOURCE = f"rate_micro_batch(rowsPerBatch => {ROWS}, startTimestamp => 1750000000000, advanceMillisPerBatch => 1000)"
VIEW = """
CREATE TEMPORARY VIEW {name} AS SELECT timestamp AS t, value AS v, {key} AS k FROM STREAM {source}
WATERMARK timestamp DELAY OF INTERVAL 5 SECONDS;
"""
PIPELINE = """
{views}
CREATE SINK out USING noop;
CREATE FLOW f OPTIONS ('trigger' = 'processing time 0 seconds', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
{query};
"""


def view(name, key):
    return VIEW.format(name=name, key=key, source=SOURCE)


def joined_rows(epoch):
    """A row meets those of its second and of the three seconds before."""
    return ROWS * min(epoch + 1, 4)


def distinct_rows(_epoch):
    """Every key comes twice, in neighbouring rows."""
    return ROWS // 2


# Views, query, sources, the rows that come out of an epoch.
SHAPES = {
    "join": (
        view("a", f"value % {ROWS}") + view("b", f"value % {ROWS}"),
        "SELECT a.v AS l, b.v AS r FROM STREAM a JOIN STREAM b\n"
        "ON a.k = b.k AND b.t BETWEEN a.t AND a.t + INTERVAL 3 SECONDS",
        2, joined_rows),
    "deduplicate": (
        view("a", "value DIV 2"),
        "SELECT k, t FROM deduplicate(STREAM a, k, t)",
        1, distinct_rows),
    "within watermark": (
        view("a", "value DIV 2"),
        "SELECT k, t FROM deduplicate(STREAM a, k, withinWatermark => true)",
        1, distinct_rows),
}


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def observe(folder, cores, events):
    """Runs the pipeline until it has read so many events; an (epoch, rows out, KiB, state rows) for every epoch."""
    command = [program(), "run", "bounded.sql", "--progress", "json", "--cores", str(cores)]
    seen = []
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "TZ": "UTC"}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        read = 0
        for line in process.stderr:
            if not line.startswith('{"id"'):
                continue
            report = json.loads(line)
            read += report["numInputRows"]
            state = sum(each["numRowsTotal"] for each in report["stateOperators"])
            seen.append((report["batchId"], report["sink"]["numOutputRows"], resident_kib(process.pid), state))
            if read >= events:
                break
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(timeout=120) == 0
    assert read >= events, "the flow ended by itself"
    return seen


@pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ, reason="a sanitizer keeps what is given back")
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_memory_does_not_grow(tmp_path, shape, cores):
    views, query, sources, rows_of = SHAPES[shape]
    (tmp_path / "bounded.sql").write_text(PIPELINE.format(views=views, query=query))
    seen = observe(tmp_path, cores, EVENTS)
    for epoch, rows, _, _ in seen:
        assert rows == rows_of(epoch), (epoch, rows)
    third = len(seen) // 3
    middle, last = seen[third:2 * third], seen[2 * third:]
    assert max(state for *_, state in last) <= max(state for *_, state in middle)
    assert max(state for *_, state in last) <= ROWS * sources * 16
    before, after = (max(kib for _, _, kib, _ in part) for part in (middle, last))
    assert after <= before * GROWTH, f"{before} KiB in the middle third of the run, {after} in the last"

"""The option lateRows: rows that the watermark has passed go to a sink of their own."""

import json
import os
import random
import signal
from datetime import datetime, timedelta, timezone

import pytest
from program import query_rows, run

SOURCE = "read_files('in', format => 'json', schema => 'k STRING, n INT, ts TIMESTAMP', maxFilesPerTrigger => 1)"
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
WINDOWS = "SELECT window.start AS s, k, sum(n) AS n FROM STREAM src GROUP BY window(ts, '10 seconds'), k"
SLIDING = "SELECT window.start AS s, k, sum(n) AS n FROM STREAM src GROUP BY window(ts, '20 seconds', '10 seconds'), k"
BY_TIME = "SELECT ts, k, sum(n) AS n FROM STREAM src GROUP BY ts, k"
SESSIONS = "SELECT session_window.start AS s, k, sum(n) AS n FROM STREAM src GROUP BY session_window(ts, '5 seconds'), k"
DISTINCT = "SELECT DISTINCT * FROM STREAM src"
WITHIN = "SELECT k, n FROM deduplicate(STREAM src, k, n, withinWatermark => true)"
JOIN = "SELECT a.k, a.n, b.n AS m FROM STREAM src a JOIN STREAM other b ON a.k = b.k AND a.ts = b.ts"


def stamp(second):
    return (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(folder, number, rows, name="in"):
    """A file of rows (k, n, second)."""
    (folder / name).mkdir(exist_ok=True)
    path = folder / f"{name}/{number:04}.json"
    path.write_text("".join(json.dumps({"k": k, "n": n} if second is None else {"k": k, "n": n, "ts": stamp(second)}) + "\n" for k, n, second in rows))
    os.utime(path, (1_790_000_000 + number,) * 2)


def start(folder, query=WINDOWS, mode="append", late="late", extra="", crash_at=None, arguments=()):
    option = f", 'lateRows' = '{late}'" if late else ""
    (folder / "p.sql").write_text(f"""SET eagre.sink.commitIntervalMin = '0 seconds';
SET spark.sql.session.timeZone = 'UTC';
SET spark.sql.shuffle.partitions = 4;
CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM {SOURCE} WATERMARK ts DELAY OF INTERVAL 0 SECONDS;
CREATE TEMPORARY VIEW other AS SELECT * FROM STREAM {SOURCE.replace("'in'", "'in2'")} WATERMARK ts DELAY OF INTERVAL 0 SECONDS;
CREATE STREAMING TABLE late LOCATION 'late';
CREATE STREAMING TABLE narrow (row STRING) LOCATION 'narrow';
CREATE STREAMING TABLE strict (CONSTRAINT c EXPECT (epoch > 0)) LOCATION 'strict';
CREATE SINK lines USING json OPTIONS ('path' = 'lines');
CREATE SINK nameless USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1');
CREATE SINK out USING json OPTIONS ('path' = 'out');
CREATE SINK nothing USING noop;
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint', 'outputMode' = '{mode}'{option}{extra})
AS INSERT INTO {'out' if mode == 'append' else 'nothing'} {query};
""")
    environment = {"EAGRE_CRASH_AT": crash_at} if crash_at else {}
    return run("run", "p.sql", "--available-now", "--progress", "json", *arguments, cwd=folder, timeout=120, env=environment)


def reports(done):
    return [report for report in map(json.loads, (line for line in done.stderr.splitlines() if line.startswith("{"))) if report["numInputRows"] > 0]


def dropped(done):
    return [sum(each["numRowsDroppedByWatermark"] for each in report["stateOperators"]) for report in reports(done)]


def kept(done):
    return [int(report["sink"]["metrics"]["lateRows"]) for report in reports(done)]


def late_rows(folder):
    rows = query_rows(folder, "SELECT * FROM delta.`late`")
    return sorted(rows, key=lambda row: (row["epoch"], row["offset"] or 0, row["row"]))


def write_late(folder):
    """An epoch at 100 s, one that closes it, and one with rows before, at and behind the watermark of 100 s, and one without time."""
    write(folder, 0, [("a", 1, 100)])
    write(folder, 1, [("a", 2, 200)])
    write(folder, 2, [("a", 3, 50), ("b", 4, 201), ("a", 5, 150), ("a", 6, 100), ("c", 7, None)])


def test_what_is_told_of_a_late_row(tmp_path):
    write_late(tmp_path)
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr
    name = str(tmp_path / "in/0002.json")
    assert late_rows(tmp_path) == [
        {"row": json.dumps({"k": "a", "n": 3, "ts": stamp(50), "window": {"start": stamp(50), "end": stamp(60)}}, separators=(",", ":")),
         "event_time": stamp(60), "watermark": stamp(100), "operator": 0, "topic": name, "partition": None, "offset": 1, "epoch": 2}]
    assert kept(done) == dropped(done) == [0, 0, 1]


@pytest.mark.parametrize("query,mode,expected", [
    (WINDOWS, "append", [3]),
    (WINDOWS, "update", [3]),
    (SLIDING, "append", [3]),
    (BY_TIME, "append", [3, 6]),
    (SESSIONS, "append", [3]),
    (DISTINCT, "append", [3, 6]),
    (WITHIN, "append", [3, 6]),
    ("SELECT k, n FROM deduplicate(STREAM src, k, ts)", "append", [3, 6]),
    ("SELECT s, k, count(*) AS c FROM (SELECT window.start AS s, window_time(window) AS ts, k, sum(n) AS n FROM STREAM src GROUP BY window(ts, '10 seconds'), k) "
     "GROUP BY window(ts, '20 seconds'), s, k", "append", [3]),
], ids=["windows", "update", "sliding", "time", "sessions", "distinct", "within", "deduplicate", "twice"])
@pytest.mark.parametrize("cores", [1, 2])
def test_every_kind_of_state(tmp_path, query, mode, expected, cores):
    write_late(tmp_path)
    done = start(tmp_path, query, mode=mode, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    rows = late_rows(tmp_path)
    assert sorted({json.loads(row["row"])["n"] for row in rows}) == expected
    assert all(row["event_time"] <= row["watermark"] == stamp(100) and row["epoch"] == 2 for row in rows)
    assert sum(kept(done)) == sum(dropped(done)) == len(rows)


@pytest.mark.parametrize("cores", [1, 2])
def test_both_sides_of_a_join(tmp_path, cores):
    write_late(tmp_path)
    for number, rows in enumerate([[("a", 11, 100)], [("a", 12, 200)], [("a", 13, 10), ("a", 14, 20), ("b", 15, 201)]]):
        write(tmp_path, number, rows, "in2")
    done = start(tmp_path, JOIN, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    rows = [(json.loads(row["row"])["n"], row["topic"].split("/")[-2], row["offset"]) for row in late_rows(tmp_path)]
    assert sorted(rows) == [(3, "in", 1), (6, "in", 4), (13, "in2", 1), (14, "in2", 2)]
    assert kept(done) == dropped(done) == [0, 0, 4]


@pytest.mark.parametrize("query", [WINDOWS, SESSIONS, DISTINCT], ids=["windows", "sessions", "distinct"])
@pytest.mark.parametrize("cores", [1, 2])
def test_random_rows(tmp_path, query, cores):
    """Each row of its own key, so that late groups are late rows; every row is in the result or was late, once."""
    chance = random.Random(11)
    numbers = iter(range(1_000_000))
    count = 0
    for file in range(6):
        rows = [(f"k{n}", n, file * 60 + chance.randrange(-200, 60)) for n in (next(numbers) for _ in range(2500))]
        write(tmp_path, file, rows)
        count += len(rows)
    write(tmp_path, 6, [("end", -1, 100_000)])
    done = start(tmp_path, query, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    rows = late_rows(tmp_path)
    assert sum(kept(done)) == sum(dropped(done)) == len(rows) > 1000
    late = [json.loads(row["row"])["n"] for row in rows]
    timely = [json.loads(line)["n"] for path in (tmp_path / "out").glob("part-*") for line in path.read_text().splitlines()]
    assert sorted(late + [n for n in timely if n >= 0]) == list(range(count))


@pytest.mark.parametrize("point", ["epoch.mid_run:3", "epoch.after_run:3", "epoch.after_prepared:3", "sink.after_part:6", "epoch.after_commit:3"])
def test_after_a_crash_late_rows_are_there_once(tmp_path, point):
    write(tmp_path, 0, [("a", 0, 1000)])
    write(tmp_path, 1, [("a", 0, 1001)])
    for file in range(2, 5):
        write(tmp_path, file, [(f"k{n}", file * 1000 + n, n % 500) for n in range(1000)])
    assert start(tmp_path, DISTINCT, crash_at=point).returncode == -signal.SIGKILL
    done = start(tmp_path, DISTINCT)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(row["row"])["n"] for row in late_rows(tmp_path)) == list(range(2000, 5000))


def test_files_take_them_and_dead_letters_go_elsewhere(tmp_path):
    (tmp_path / "in").mkdir()
    for number, lines in enumerate([["a,100"], ["a,200"], ["a,50", "b,x", "b,210"]]):
        path = tmp_path / f"in/{number}.txt"
        path.write_text("".join(line + "\n" for line in lines))
        os.utime(path, (1_790_000_000 + number,) * 2)
    (tmp_path / "p.sql").write_text("""SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE dead LOCATION 'dead';
CREATE SINK lines USING json OPTIONS ('path' = 'lines');
CREATE STREAMING TABLE counts LOCATION 'counts' TBLPROPERTIES ('eagre.lateRows' = 'lines', 'eagre.deadLetter' = 'dead')
AS SELECT window.start AS s, k, count(*) AS c
FROM (SELECT split(value, ',')[0] AS k, timestamp_seconds(CAST(split(value, ',')[1] AS INT)) AS ts
      FROM STREAM read_files('in', format => 'text', maxFilesPerTrigger => 1)) WATERMARK ts DELAY OF INTERVAL 0 SECONDS
GROUP BY window(ts, '10 seconds'), k;
""")
    done = run("run", "p.sql", "--available-now", "--progress", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for path in (tmp_path / "lines").glob("part-*") for line in path.read_text().splitlines()]
    assert [(row["event_time"], row["offset"], json.loads(row["row"])["k"]) for row in rows] == [("1970-01-01T00:01:00.000Z", 1, "a")]
    assert [each["offset"] for each in query_rows(tmp_path, "SELECT offset FROM delta.`dead`")] == [2]
    assert '"metrics":{"deadLetters":"1","lateRows":"1"}' in done.stderr
    shown = run("explain", "p.sql", cwd=tmp_path)
    assert "writes dead letters into delta dead at dead, mode append" in shown.stdout
    assert "writes late rows into files lines at lines, mode append" in shown.stdout


TWICE = "SELECT m, count(*) AS c FROM (SELECT k, max(ts) AS m, window FROM STREAM src GROUP BY k, window(ts, '10 seconds')) GROUP BY m"


@pytest.mark.parametrize("late,query,mode,extra,message", [
    ("nowhere", WINDOWS, "append", "", "[TABLE_OR_VIEW_NOT_FOUND]"),
    ("out", WINDOWS, "append", "", "[INVALID_LATE_ROWS_TABLE]"),
    ("narrow", WINDOWS, "append", "", "[INVALID_LATE_ROWS_TABLE]"),
    ("strict", WINDOWS, "append", "", "[INVALID_LATE_ROWS_TABLE]"),
    ("nameless", WINDOWS, "append", "", "topic option required"),
    ("late", "SELECT k FROM STREAM src", "append", "", "[LATE_ROWS_WITHOUT_WATERMARK]"),
    ("late", WINDOWS, "complete", "", "[LATE_ROWS_WITHOUT_WATERMARK]"),
    ("late", "SELECT k, count(*) AS c FROM STREAM src GROUP BY k", "update", "", "[LATE_ROWS_WITHOUT_WATERMARK]"),
    ("late", TWICE, "complete", ", 'eagre.changes' = 'true'", "[UNSUPPORTED_FEATURE.LATE_ROWS_OF_CHANGES]"),
])
def test_refused(tmp_path, late, query, mode, extra, message):
    write_late(tmp_path)
    done = start(tmp_path, query, late=late, mode=mode, extra=extra)
    assert done.returncode == 2
    assert message in done.stderr and "^" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "p.sql"]


def test_without_the_option_nothing_is_said_of_them(tmp_path):
    write_late(tmp_path)
    done = start(tmp_path, late=None)
    assert done.returncode == 0 and dropped(done) == [0, 0, 1] and "lateRows" not in done.stderr

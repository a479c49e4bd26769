"""CONSTRAINT ... EXPECT of a table: rows are counted, left out or end the flow; those left out become dead letters."""

import json
import os
import random
import signal

import pytest
from program import query_rows, run

SOURCE = "read_files('in', format => 'text', maxFilesPerTrigger => 1)"
PARSED = f"(SELECT from_json(value, 'k STRING, n INT, ts TIMESTAMP') AS v FROM STREAM {SOURCE})"
ROWS = f"SELECT v.k AS k, v.n AS n FROM {PARSED}"


def write(folder, number, lines):
    (folder / "in").mkdir(exist_ok=True)
    path = folder / f"in/{number:04}.txt"
    path.write_text("".join(line + "\n" for line in lines))
    os.utime(path, (1_790_000_000 + number,) * 2)


def row(n, k="a", second=0):
    return json.dumps({"k": k, "n": n, "ts": f"2026-01-01T00:00:{second:02}Z"})


def start(folder, constraints, query=ROWS, columns="", mode="append", dead=None, crash_at=None, arguments=()):
    letters = f", 'deadLetter' = '{dead}'" if dead else ""
    elements = ", ".join([*([columns] if columns else []), *constraints])
    (folder / "p.sql").write_text(f"""SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE good ({elements}) LOCATION 'good';
CREATE STREAMING TABLE bad LOCATION 'bad';
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint', 'outputMode' = '{mode}'{letters}) AS INSERT INTO good {query};
""")
    environment = {"EAGRE_CRASH_AT": crash_at} if crash_at else {}
    return run("run", "p.sql", "--available-now", "--progress", "json", *arguments, cwd=folder, timeout=120, env=environment)


def observed(done):
    """What every epoch that ran has counted: {name: (passed, failed)} each."""
    reports = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return [{name: (each["passed_records"], each["failed_records"]) for name, each in report["observedMetrics"].items()}
            for report in reports if "observedMetrics" in report]


def good(folder):
    return sorted(each.get("n") or 0 for each in query_rows(folder, "SELECT n FROM delta.`good`"))


def test_rows_are_kept_and_counted(tmp_path):
    write(tmp_path, 0, [row(1), row(-1), row(None), row(2)])
    write(tmp_path, 1, [row(3)])
    done = start(tmp_path, ["CONSTRAINT positive EXPECT (n > 0)", "CONSTRAINT `known key` EXPECT (k IN ('a', 'b'))"])
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == [-1, 0, 1, 2, 3]
    assert observed(done) == [{"positive": (2, 2), "known key": (4, 0)}, {"positive": (1, 0), "known key": (1, 0)}]


@pytest.mark.parametrize("condition,kept", [
    ("n > 1", [2, 3]),
    ("NOT n > 1", [1]),
    ("n > 1 OR n IS NULL", [0, 2, 3]),
    ("NULL", []),
    ("true", [0, 1, 2, 3]),
    ("good.n BETWEEN 1 AND 2 AND k = 'a'", [1, 2]),
])
def test_a_condition_that_is_not_true_is_violated(tmp_path, condition, kept):
    write(tmp_path, 0, [row(1), row(2), row(3), row(None)])
    done = start(tmp_path, [f"CONSTRAINT c EXPECT ({condition}) ON VIOLATION DROP ROW"])
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == kept
    assert observed(done) == [{"c": (len(kept), 4 - len(kept))}]
    assert '"numOutputRows":%d' % len(kept) in done.stderr


@pytest.mark.parametrize("cores", [1, 2])
def test_each_is_counted_over_all_rows(tmp_path, cores):
    chance = random.Random(3)
    numbers = [[chance.randrange(100) for _ in range(6000)] for _ in range(3)]
    for file, each in enumerate(numbers):
        write(tmp_path, file, [row(n) for n in each])
    done = start(tmp_path, ["CONSTRAINT small EXPECT (n < 90) ON VIOLATION DROP ROW", "CONSTRAINT even EXPECT (n % 2 = 0)",
                            "CONSTRAINT large EXPECT (n >= 5) ON VIOLATION DROP ROW", "CONSTRAINT whole EXPECT (n >= 0) ON VIOLATION FAIL UPDATE"],
                 arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == sorted(n for each in numbers for n in each if 5 <= n < 90)
    rules = {"small": lambda n: n < 90, "even": lambda n: n % 2 == 0, "large": lambda n: n >= 5, "whole": lambda n: True}
    expected = [{name: (sum(map(rule, each)), len(each) - sum(map(rule, each))) for name, rule in rules.items()} for each in numbers]
    assert observed(done) == expected


def test_the_condition_sees_what_is_written(tmp_path):
    """Columns as the table declares them, in its order and of its types."""
    write(tmp_path, 0, [row(1), row(2)])
    done = start(tmp_path, ["CONSTRAINT c EXPECT (amount = '2') ON VIOLATION DROP ROW"], columns="key STRING, amount STRING")
    assert done.returncode == 0, done.stderr
    assert query_rows(tmp_path, "SELECT * FROM delta.`good`") == [{"key": "a", "amount": "2"}]


def test_a_violation_ends_the_flow(tmp_path):
    write(tmp_path, 0, [row(1), row(2)])
    write(tmp_path, 1, [row(3), row(-4, "b"), row(-5)])
    rules = ["CONSTRAINT positive EXPECT (n > 0) ON VIOLATION FAIL UPDATE", "CONSTRAINT known EXPECT (k = 'a') ON VIOLATION FAIL UPDATE",
             "CONSTRAINT odd EXPECT (n % 2 = 1)"]
    done = start(tmp_path, rules)
    assert done.returncode == 5
    assert "[EXPECTATION_VIOLATION.VERBOSITY_OUTPUT] Flow 'f' failed to meet the expectation. Violated expectations: 'positive, known'. " \
           "Output record: '{\"k\":\"b\",\"n\":-4}'" in done.stderr
    assert "0001.txt, line 2" in done.stderr and "2 | CREATE STREAMING TABLE good (CONSTRAINT positive" in done.stderr
    assert good(tmp_path) == [1, 2]
    done = start(tmp_path, ["CONSTRAINT positive EXPECT (n > 0) ON VIOLATION DROP ROW"])
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("cores", [1, 2])
def test_rows_that_are_left_out_become_dead_letters(tmp_path, cores):
    for file in range(3):
        write(tmp_path, file, [line for n in range(2000) for line in (row(n % 10), "{")[:1 + (n % 100 == 0)]])
    done = start(tmp_path, ["CONSTRAINT small EXPECT (n < 8) ON VIOLATION DROP ROW", "CONSTRAINT odd EXPECT (n <> 8) ON VIOLATION DROP ROW"], dead="bad",
                 arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == sorted(list(range(8)) * 600)
    assert observed(done) == [{"small": (1600, 400), "odd": (1800, 200)}] * 3
    letters = query_rows(tmp_path, "SELECT CAST(value AS STRING) AS value, offset, class, message, epoch FROM delta.`bad`")
    violated = [each for each in letters if each["class"] == "EXPECTATION_VIOLATION.VERBOSITY_OUTPUT"]
    assert len(violated) == 1200 and len(letters) == 1200 + 60
    assert {(each["value"], each["message"].split("'")[3]) for each in violated} == {(row(8), "small, odd"), (row(9), "small")}
    assert len({(each["epoch"], each["offset"]) for each in letters}) == len(letters)
    assert '"deadLetters":"420"' in done.stderr


@pytest.mark.parametrize("point", ["epoch.mid_run:1", "epoch.after_run:2", "epoch.after_prepared:2", "sink.after_part:3", "epoch.after_commit:2"])
def test_after_a_crash_each_row_is_somewhere_once(tmp_path, point):
    for file in range(3):
        write(tmp_path, file, [row(file), row(-1)] * 3000)
    rule = ["CONSTRAINT positive EXPECT (n >= 0) ON VIOLATION DROP ROW"]
    assert start(tmp_path, rule, dead="bad", crash_at=point).returncode == -signal.SIGKILL
    done = start(tmp_path, rule, dead="bad")
    assert done.returncode == 0, done.stderr
    assert query_rows(tmp_path, "SELECT n, count(*) AS c FROM delta.`good` GROUP BY n ORDER BY n") == [{"n": n, "c": 3000} for n in range(3)]
    counted = query_rows(tmp_path, "SELECT epoch, count(DISTINCT offset) AS d, count(*) AS c FROM delta.`bad` GROUP BY epoch ORDER BY epoch")
    assert counted == [{"epoch": n, "d": 3000, "c": 3000} for n in range(3)]


SUM = f"SELECT v.k AS k, CAST(sum(v.n) AS INT) AS n FROM {PARSED} GROUP BY v.k"
WINDOWS = f"""SELECT window.start AS s, k, CAST(sum(n) AS INT) AS n
FROM (SELECT v.k AS k, v.n AS n, v.ts AS ts FROM {PARSED}) WATERMARK ts DELAY OF INTERVAL 0 SECONDS GROUP BY window(ts, '10 seconds'), k"""
FIRST = f"SELECT k, n FROM deduplicate((SELECT v.k AS k, v.n AS n FROM {PARSED}), k, n)"


@pytest.mark.parametrize("query,mode,kept,counts", [
    (SUM, "complete", [6, 8], [(1, 1), (2, 0)]),
    (SUM + " ORDER BY k", "complete", [6, 8], [(1, 1), (2, 0)]),
    (WINDOWS, "append", [6], [(0, 0), (0, 0), (1, 1)]),
    (FIRST, "append", [4, 5], [(1, 2), (1, 1)]),
], ids=["complete", "ordered", "windows", "deduplicate"])
@pytest.mark.parametrize("cores", [1, 2])
def test_behind_state_results_are_looked_at(tmp_path, query, mode, kept, counts, cores):
    write(tmp_path, 0, [row(1), row(1), row(2, "b"), row(4)])
    write(tmp_path, 1, [row(1, "b", 30), row(5, "b", 30)])
    done = start(tmp_path, ["CONSTRAINT c EXPECT (n > 3) ON VIOLATION DROP ROW"], query, mode=mode, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == kept, done.stderr
    assert [each["c"] for each in observed(done)] == counts


def test_a_condition_that_fails_ends_the_flow_or_makes_a_letter(tmp_path):
    write(tmp_path, 0, [row(1), row(0), row(2)])
    rule = ["CONSTRAINT c EXPECT (10 / n > 1)"]
    done = start(tmp_path, rule)
    assert done.returncode == 5 and "[DIVIDE_BY_ZERO]" in done.stderr and "0000.txt, line 2" in done.stderr
    done = start(tmp_path, rule, dead="bad")
    assert done.returncode == 0, done.stderr
    assert good(tmp_path) == [1, 2]
    assert [each["class"] for each in query_rows(tmp_path, "SELECT class FROM delta.`bad`")] == ["DIVIDE_BY_ZERO"]
    assert observed(done) == [{"c": (2, 0)}]


def test_export_refuses_by_name(tmp_path):
    start(tmp_path, ["CONSTRAINT c EXPECT (n > 0)"])
    done = run("export", "p.sql", "--to", "spark", cwd=tmp_path)
    assert done.returncode == 2 and "[UNSUPPORTED_FEATURE.EXPORT_TO_SPARK]" in done.stderr
    assert "p.sql:2:30" in done.stderr and "expectations" in done.stderr

"""The option deadLetter: records that fail go to a sink of their own, as they came, and the flow goes on."""

import json
import os
import random
import signal

import pytest
from program import query_rows, run

SOURCE = "read_files('in', format => 'text', maxFilesPerTrigger => 1)"
PARSED = f"(SELECT from_json(value, 'k STRING, n STRING, ts TIMESTAMP') AS v, value FROM STREAM {SOURCE})"
CASTS = f"SELECT v.k AS k, CAST(v.n AS INT) AS n FROM {PARSED}"
TABLES = """SET eagre.sink.commitIntervalMin = '0 seconds';
SET spark.sql.session.timeZone = 'UTC';
CREATE STREAMING TABLE good LOCATION 'good';
CREATE STREAMING TABLE bad LOCATION 'bad';
CREATE STREAMING TABLE narrow (key BINARY, value BINARY) LOCATION 'narrow';
CREATE SINK lines USING json OPTIONS ('path' = 'lines');
CREATE SINK nameless USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1');
"""


def write(folder, number, lines):
    (folder / "in").mkdir(exist_ok=True)
    path = folder / f"in/{number:04}.txt"
    path.write_text("".join(line + "\n" for line in lines))
    os.utime(path, (1_790_000_000 + number,) * 2)


def start(folder, query=CASTS, dead="bad", mode="append", crash_at=None, arguments=()):
    option = f", 'deadLetter' = '{dead}'" if dead else ""
    (folder / "p.sql").write_text(TABLES + f"CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint', 'outputMode' = '{mode}'{option})"
                                           f" AS INSERT INTO good {query};\n")
    environment = {"EAGRE_CRASH_AT": crash_at} if crash_at else {}
    return run("run", "p.sql", "f", "--available-now", *arguments, cwd=folder, timeout=120, env=environment)


def letters(folder):
    rows = query_rows(folder, "SELECT key, CAST(value AS STRING) AS value, topic, partition, offset, class, message, epoch FROM delta.`bad`")
    return sorted(rows, key=lambda row: (row["topic"], row["offset"]))


def row(n, k="a", second=0):
    return json.dumps({"k": k, "n": str(n), "ts": f"2026-01-01T00:00:{second:02}Z"})


def test_malformed_records_and_casts(tmp_path):
    write(tmp_path, 0, [row(1), "{\"k\": ", row("x"), row(2), "", "[1]", row(3), "not json \u00e9"])
    write(tmp_path, 1, [row(4), row(2**40)])
    done = start(tmp_path, arguments=("--progress", "json"))
    assert done.returncode == 0, done.stderr
    good = query_rows(tmp_path, "SELECT n FROM delta.`good`")
    assert sorted(each["n"] or 0 for each in good) == [0, 1, 2, 3, 4]  # an empty text is NULL, not malformed
    dead = letters(tmp_path)
    assert [(each["offset"], each["value"], each["class"], each["epoch"]) for each in dead] == [
        (2, "{\"k\": ", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", 0),
        (3, row("x"), "CAST_INVALID_INPUT", 0),
        (6, "[1]", "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", 0),
        (8, "not json \u00e9", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", 0),
        (2, row(2**40), "CAST_INVALID_INPUT", 1),
    ]
    assert all(each["key"] is None and each["partition"] is None and each["topic"].startswith(str(tmp_path / "in")) for each in dead)
    assert "'x'" in dead[1]["message"]
    reports = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [report["sink"]["metrics"] for report in reports[:2]] == [{"deadLetters": "4"}, {"deadLetters": "1"}]
    assert [report["sink"]["numOutputRows"] for report in reports[:2]] == [4, 1]


def test_without_the_option_the_first_bad_record_ends_the_flow(tmp_path):
    write(tmp_path, 0, [row(1), row("x")])
    done = start(tmp_path, dead=None)
    assert done.returncode == 5
    assert "[CAST_INVALID_INPUT]" in done.stderr


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("rate", [0, 0.01, 0.5, 1])
def test_any_share_of_bad_records(tmp_path, cores, rate):
    """Each record is either in the result or a letter, never both, in batches of many rows."""
    chance = random.Random(7)
    bad = set()
    for file in range(4):
        lines = []
        for n in range(file * 5000, file * 5000 + 5000):
            is_bad = chance.random() < rate
            bad.update([n] if is_bad else [])
            lines.append(row(f"{n}!" if is_bad else n))
        write(tmp_path, file, lines)
    done = start(tmp_path, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    assert sorted(each["n"] for each in query_rows(tmp_path, "SELECT n FROM delta.`good`")) == [n for n in range(20000) if n not in bad]
    values = sorted(json.loads(each["value"])["n"] for each in letters(tmp_path))
    assert values == sorted(f"{n}!" for n in bad)


CONDITION = f"SELECT v.k AS k, v.n AS n FROM {PARSED} WHERE CAST(v.n AS INT) > 1"
SUM = f"SELECT v.k AS k, sum(CAST(v.n AS INT)) AS n FROM {PARSED} GROUP BY v.k"
KEY = f"SELECT k, n FROM deduplicate((SELECT v.k AS k, CAST(v.n AS INT) AS n FROM {PARSED}), n)"
LISTED = f"SELECT k, CAST(x AS INT) AS n FROM (SELECT v.k AS k, explode(split(v.n, ',')) AS x FROM {PARSED})"


@pytest.mark.parametrize("query_text,mode,expected", [
    (CONDITION, "append", [("a", "2"), ("a", "3")]),
    (SUM, "complete", [("a", 6)]),
    (KEY, "append", [("a", 1), ("a", 2), ("a", 3)]),
    (LISTED, "append", [("a", 1), ("a", 2), ("a", 3)]),
], ids=["where", "aggregate", "deduplicate", "explode"])
@pytest.mark.parametrize("cores", [1, 2])
def test_wherever_an_expression_stands(tmp_path, query_text, mode, expected, cores):
    write(tmp_path, 0, [row(1), row("x"), row(2), "{", row(3), row("y,")])
    done = start(tmp_path, query_text, mode=mode, arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    assert sorted((each["k"], each["n"]) for each in query_rows(tmp_path, "SELECT k, n FROM delta.`good`")) == expected
    dead = [each["value"] for each in letters(tmp_path)]
    assert set(dead) == {row("x"), "{", row("y,")}


@pytest.mark.parametrize("point", ["epoch.mid_run:1", "epoch.after_run:2", "epoch.after_prepared:2", "sink.after_part:3", "sink.mid_commit:3",
                                   "epoch.after_commit:2"])
def test_letters_are_written_once(tmp_path, point):
    for file in range(3):
        write(tmp_path, file, [row(f"{file}"), row(f"bad {file}")] * 3000)
    assert start(tmp_path, crash_at=point).returncode == -signal.SIGKILL
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr
    assert query_rows(tmp_path, "SELECT n, count(*) AS c FROM delta.`good` GROUP BY n ORDER BY n") == [{"n": n, "c": 3000} for n in range(3)]
    counted = query_rows(tmp_path, "SELECT epoch, count(DISTINCT offset) AS d, count(*) AS c FROM delta.`bad` GROUP BY epoch ORDER BY epoch")
    assert counted == [{"epoch": n, "d": 3000, "c": 3000} for n in range(3)]


@pytest.mark.parametrize("dead,text,message", [
    ("nowhere", CASTS, "[TABLE_OR_VIEW_NOT_FOUND]"),
    ("good", CASTS, "[INVALID_DEAD_LETTER_TABLE]"),
    ("narrow", CASTS, "[INVALID_DEAD_LETTER_TABLE]"),
    ("nameless", CASTS, "topic option required"),
    ("bad", "SELECT * FROM STREAM rate()", "[UNSUPPORTED_FEATURE.DEAD_LETTER_SOURCE]"),
])
def test_refused(tmp_path, dead, text, message):
    write(tmp_path, 0, [row(1)])
    done = start(tmp_path, text, dead=dead)
    assert done.returncode == 2
    assert message in done.stderr and "^" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "p.sql"]

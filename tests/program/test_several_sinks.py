"""One flow, several sinks: every sink gets every row, none twice, whatever it is and whenever the process dies."""

import json
import os
import signal

import pytest
from program import query_rows, run

SOURCE = "read_files('in', format => 'json', schema => 'k STRING, n INT', maxFilesPerTrigger => 1)"
SINKS = """SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE kept (k STRING, n INT) LOCATION 'kept';
CREATE STREAMING TABLE same (k STRING, n INT) LOCATION 'same';
CREATE STREAMING TABLE wider (k STRING, n BIGINT) LOCATION 'wider';
CREATE SINK lines USING json OPTIONS ('path' = 'lines');
CREATE SINK topic USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', 'topic' = 't', 'delivery' = 'exactly-once');
CREATE SINK other USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', 'topic' = 'u', 'delivery' = 'exactly-once');
CREATE SINK shown USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
"""


def write_rows(folder, first, count):
    (folder / "in").mkdir(exist_ok=True)
    for n in range(first, first + count):
        path = folder / f"in/{n:04}.json"
        path.write_text(json.dumps({"k": "abc"[n % 3], "n": n}) + "\n")
        os.utime(path, (1_790_000_000 + n,) * 2)


def start(folder, targets, query=f"SELECT * FROM STREAM {SOURCE}", crash_at=None, arguments=()):
    (folder / "p.sql").write_text(SINKS + f"CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') "
                                          f"AS INSERT INTO {targets} {query};\n")
    environment = {"EAGRE_CRASH_AT": crash_at} if crash_at else {}
    return run("run", "p.sql", "f", "--available-now", *arguments, cwd=folder, timeout=120, env=environment)


def rows_of_table(folder, name):
    return sorted(row["n"] for row in query_rows(folder, f"SELECT n FROM delta.`{name}`"))


def rows_of_lines(folder):
    return sorted(row["n"] for row in query_rows(folder, "SELECT n FROM read_files('lines', format => 'json', schema => 'n INT')"))


@pytest.mark.parametrize("cores", ["1", "2"])
def test_every_sink_has_every_row(tmp_path, cores):
    write_rows(tmp_path, 0, 6)
    done = start(tmp_path, "kept, lines, TABLE same, shown", arguments=("--cores", cores))
    assert done.returncode == 0, done.stderr
    printed = sorted(json.loads(line)["n"] for line in done.stdout.splitlines())
    assert printed == rows_of_table(tmp_path, "kept") == rows_of_table(tmp_path, "same") == rows_of_lines(tmp_path) == list(range(6))


@pytest.mark.parametrize("targets", ["kept, lines, same", "lines, kept, same"])
@pytest.mark.parametrize("point", ["epoch.after_prepared:2", "sink.after_part:4", "sink.after_part:5", "sink.after_part:6",
                                   "sink.mid_commit:4", "sink.mid_commit:5", "epoch.after_commit:2"])
def test_killed_between_commits(tmp_path, targets, point):
    """What one sink has all will have: the next start finishes the epoch from what was prepared."""
    write_rows(tmp_path, 0, 4)
    assert start(tmp_path, targets, crash_at=point).returncode == -signal.SIGKILL
    write_rows(tmp_path, 4, 1)
    done = start(tmp_path, targets)
    assert done.returncode == 0, done.stderr
    assert rows_of_table(tmp_path, "kept") == rows_of_table(tmp_path, "same") == rows_of_lines(tmp_path) == list(range(5))


def test_an_epoch_is_finished_from_what_was_prepared(tmp_path):
    """Without its input: the epoch is not run again."""
    write_rows(tmp_path, 0, 2)
    assert start(tmp_path, "kept, lines", crash_at="sink.after_part:3").returncode == -signal.SIGKILL
    assert rows_of_table(tmp_path, "kept") == [0, 1] and rows_of_lines(tmp_path) == [0]
    (tmp_path / "in/0001.json").unlink()
    done = start(tmp_path, "kept, lines")
    assert done.returncode == 0, done.stderr
    assert "epoch 1 is in the sink already and is adopted" in done.stderr
    assert rows_of_lines(tmp_path) == [0, 1]


def test_a_sink_that_is_added_gets_what_comes(tmp_path):
    write_rows(tmp_path, 0, 2)
    assert start(tmp_path, "kept").returncode == 0
    write_rows(tmp_path, 2, 2)
    done = start(tmp_path, "kept, lines")
    assert done.returncode == 0, done.stderr
    assert rows_of_table(tmp_path, "kept") == [0, 1, 2, 3]
    assert rows_of_lines(tmp_path) == [2, 3]


def test_a_sink_that_is_missing_when_an_epoch_is_unfinished(tmp_path):
    write_rows(tmp_path, 0, 2)
    assert start(tmp_path, "kept, lines, same", crash_at="sink.after_part:4").returncode == -signal.SIGKILL
    done = start(tmp_path, "kept, same")
    assert done.returncode == 4
    assert "[SINKS_OF_FLOW_CHANGED]" in done.stderr
    assert start(tmp_path, "kept, lines, same").returncode == 0
    assert rows_of_lines(tmp_path) == rows_of_table(tmp_path, "same") == [0, 1]


def test_progress_and_plan_name_all_sinks(tmp_path):
    write_rows(tmp_path, 0, 1)
    done = start(tmp_path, "kept, lines", arguments=("--progress", "json"))
    reports = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert reports[0]["sink"]["description"] == f"DeltaSink[{tmp_path}/kept], FileSink[file:{tmp_path}/lines]"
    assert reports[0]["sink"]["numOutputRows"] == 1
    plan = json.loads(run("explain", "p.sql", "--format", "json", cwd=tmp_path).stdout)
    assert [(sink["sink"], sink["target"]) for sink in plan["flows"][0]["sinks"]] == [("delta", "kept"), ("files", "lines")]


@pytest.mark.parametrize("targets,message", [
    ("kept, nowhere", "[TABLE_OR_VIEW_NOT_FOUND]"),
    ("kept, lines, kept", "[PIPELINE_DUPLICATE_IDENTIFIERS.TARGET]"),
    ("kept, wider", "[UNSUPPORTED_FEATURE.DIFFERENT_TARGET_COLUMNS]"),
    ("kept,", "[PARSE_SYNTAX_ERROR]"),
    ("topic, lines, other", "[UNSUPPORTED_FEATURE.SEVERAL_TRANSACTIONS]"),
])
def test_wrong_targets(tmp_path, targets, message):
    write_rows(tmp_path, 0, 1)
    done = start(tmp_path, targets, f"SELECT *, k AS value FROM STREAM {SOURCE}" if "topic" in targets else f"SELECT * FROM STREAM {SOURCE}")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and "^" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "p.sql"]

"""Aggregations over aggregations and the first rows of each key, on streams: after the last epoch they say what a batch query says of all rows."""

import json

import pytest
from changing import (FLEETING, LASTING, QUERIES, SETTINGS, as_set, batch_rows_of, final_rows, flow, flow_of, rows_of, source,
                      text_of, write_file)
from program import run

SHAPES = [(name, "complete") for name in QUERIES] + [(name, "update") for name in LASTING]


def batch_rows(tmp_path, name):
    return as_set(batch_rows_of(tmp_path, text_of(name, False)))


@pytest.mark.parametrize("number,name,mode", [(number, *shape) for number, shape in enumerate(SHAPES)])
def test_the_last_rows_are_those_of_a_batch_query(tmp_path, number, name, mode):
    cores = 1 + number % 2
    (tmp_path / "f.sql").write_text(flow(name, mode))
    for part in range(8):
        write_file(tmp_path / "in", part, 12, name)
    rows = rows_of(run("run", "f.sql", "--cores", cores, cwd=tmp_path))
    assert final_rows(rows, name, mode) == batch_rows(tmp_path, name)


@pytest.mark.parametrize("name", ["count-of-counts", "three-levels", "filtered-by-value", "by-changing-text", "last-three",
                                  "sum-by-other-column"])
def test_every_epoch_in_a_process_of_its_own(tmp_path, name):
    """More epochs than there are deltas behind a full snapshot, on one core and two in turn; each epoch is right."""
    (tmp_path / "f.sql").write_text(flow(name, "complete"))
    for part in range(13):
        write_file(tmp_path / "in", part, 10, name)
        rows = rows_of(run("run", "f.sql", "--cores", 1 + part // 2 % 2, cwd=tmp_path))
        assert final_rows(rows, name, "complete") == batch_rows(tmp_path, name), f"epoch {part}"


@pytest.mark.parametrize("name", ["by-inner-key", "by-function-of-key", "three-levels", "greatest", "least-texts",
                                  "sum-of-first"])
def test_update_mode_through_restarts(tmp_path, name):
    (tmp_path / "f.sql").write_text(flow(name, "update"))
    rows = []
    for part in range(12):
        write_file(tmp_path / "in", part, 10, name)
        rows += rows_of(run("run", "f.sql", "--cores", 1 + part % 3 % 2, cwd=tmp_path))
        assert final_rows(rows, name, "update") == batch_rows(tmp_path, name), f"epoch {part}"


def test_nothing_is_given_when_nothing_changes(tmp_path):
    """The greatest values come first: later epochs touch groups and change no result."""
    query = f"SELECT k, sum(m) AS m FROM (SELECT k, g, max(n) AS m FROM {source(True)} GROUP BY k, g) GROUP BY k"
    (tmp_path / "f.sql").write_text(flow_of(query, "update"))
    (tmp_path / "in").mkdir()
    for part, greatest in enumerate([9, 5, 9, 1]):
        lines = [json.dumps({"k": k, "g": g, "n": greatest - k}) for k in range(3) for g in "ab"]
        (tmp_path / "in" / f"{part}.json").write_text("\n".join(lines) + "\n")
    rows = rows_of(run("run", "f.sql", cwd=tmp_path))
    first = [row["_batch_id"] for row in rows]
    assert first == [0] * len(first)
    assert as_set(rows) == as_set({"k": k, "m": 2 * (9 - k)} for k in range(3))


def test_groups_that_are_gone_leave_the_state(tmp_path):
    """Each epoch all groups of the outer aggregation are others: metrics count those that are there, and what is
    gone is given back."""
    query = (f"SELECT m, count(*) AS rows FROM (SELECT k, max(n) AS m FROM {source(True)} GROUP BY k) GROUP BY m")
    (tmp_path / "f.sql").write_text(flow_of(query, "complete"))
    (tmp_path / "in").mkdir()
    for part in range(12):
        lines = [json.dumps({"k": k, "n": part * 1000 + k}) for k in range(700)]
        (tmp_path / "in" / f"{part:02}.json").write_text("\n".join(lines) + "\n")
    done = run("run", "f.sql", "--cores", 1, "--progress", "json", cwd=tmp_path)
    assert len([row for row in rows_of(done) if row["_batch_id"] == 11]) == 700
    epochs = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    totals = [[node["numRowsTotal"] for node in epoch["stateOperators"]] for epoch in epochs if epoch["numInputRows"]]
    assert totals == [[700, 700]] * 12


def test_windows_within_windows(tmp_path):
    """The busiest key of each window, in update mode with a watermark: panes of both levels are evicted."""
    inner = ("(SELECT window, k, count(*) AS c FROM (SELECT * FROM {source}) {watermark} "
             "GROUP BY window(ts, '10 seconds'), k)")
    query = "SELECT window.start AS start, max(c) AS most, sum(c) AS all_of FROM {inner} GROUP BY window"
    streamed = query.format(inner=inner.format(source=source(True), watermark="WATERMARK ts DELAY OF INTERVAL 5 SECONDS"))
    (tmp_path / "f.sql").write_text(flow_of(streamed, "update"))
    (tmp_path / "in").mkdir()
    for part in range(8):
        lines = [json.dumps({"k": (i * i + part) % 5, "ts": f"2026-01-01T00:{part:02}:{i % 60:02}Z"}) for i in range(90)]
        (tmp_path / "in" / f"{part:02}.json").write_text("\n".join(lines) + "\n")
    rows = rows_of(run("run", "f.sql", cwd=tmp_path))
    last = {row["start"]: row for row in rows}
    batch = query.format(inner=inner.format(source=source(False), watermark=""))
    assert as_set(last.values()) == as_set(rows_of(run("query", "--format", "json", batch, cwd=tmp_path)))


def refusal(tmp_path, query, mode="update", settings=SETTINGS):
    (tmp_path / "f.sql").write_text(flow_of(query, mode, settings))
    (tmp_path / "in").mkdir(exist_ok=True)
    done = run("run", "f.sql", cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "checkpoint").exists()
    return done.stderr


def test_the_first_rows_of_each_window_in_append_mode(tmp_path):
    """Given when the watermark closes the window, and never again: late rows are dropped and counted."""
    first = ("(SELECT *, row_number() OVER (PARTITION BY window, k ORDER BY c DESC, g) AS rn FROM "
             "(SELECT window, k, g, count(*) AS c FROM {source} GROUP BY window(ts, '10 seconds'), k, g)) WHERE rn <= 2")
    rows = ("(SELECT *, row_number() OVER (PARTITION BY window, k ORDER BY n DESC, id) AS rn FROM "
            "(SELECT id, k, n, window(ts, '10 seconds') AS window FROM {source})) WHERE rn <= 2")
    lines = [{"id": i, "k": i % 2, "g": "ab"[i * 7 % 3 % 2], "n": i * 37 % 101, "ts": f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z"}
             for i in range(400)]
    late = {"id": 1000, "k": 0, "g": "a", "n": 999, "ts": "2026-01-01T00:00:01Z"}
    (tmp_path / "in").mkdir()
    for part in range(4):
        these = lines[part * 100:part * 100 + 100] + ([late] if part == 3 else [])
        (tmp_path / "in" / f"{part}.json").write_text("".join(json.dumps(line) + "\n" for line in these))
    for name, query, columns in [("a", first, "window.start AS start, k, g, c, rn"),
                                 ("b", rows, "window.start AS start, k, id, n, rn")]:
        streamed = query.format(source=f"(SELECT * FROM {source(True)}) WATERMARK ts DELAY OF INTERVAL 5 SECONDS")
        text = flow_of(f"SELECT {columns} FROM {streamed}", "append").replace("'checkpoint'", f"'{name}'")
        (tmp_path / f"{name}.sql").write_text(text)
        done = run("run", f"{name}.sql", "--cores", 2, "--progress", "json", cwd=tmp_path)
        found = rows_of(done)
        batch = query.format(source=f"(SELECT * FROM {source(False)} WHERE id < 1000)")
        every = rows_of(run("query", "--format", "json", f"SELECT {columns} FROM {batch}", cwd=tmp_path))
        closed = [row for row in every if row["start"] < "2026-01-01T00:06:30.000Z"]  # the last time is 06:39
        assert as_set(found) == as_set(closed)
        epochs = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        assert sum(node["numRowsDroppedByWatermark"] for epoch in epochs for node in epoch["stateOperators"]) == 1
        assert sum(node["numRowsRemoved"] for epoch in epochs for node in epoch["stateOperators"]) > 0


def test_rows_of_one_key_in_one_epoch(tmp_path):
    """More of them than a group keeps unordered, and more than are put in order at once."""
    query = (f"SELECT * FROM (SELECT id, n, row_number() OVER (ORDER BY n, id) AS rn FROM {source(True)}) WHERE rn <= 9000")
    (tmp_path / "f.sql").write_text(flow_of(query, "complete"))
    (tmp_path / "in").mkdir()
    numbers = [i * 7919 % 40_009 for i in range(40_000)]
    (tmp_path / "in" / "0.json").write_text("".join(json.dumps({"id": i, "n": n}) + "\n" for i, n in enumerate(numbers)))
    rows = rows_of(run("run", "f.sql", "--cores", 2, cwd=tmp_path))
    assert [row["rn"] for row in rows] == list(range(1, 9001))
    assert [row["n"] for row in rows] == sorted(numbers)[:9000]


@pytest.mark.parametrize("mode", ["update", "complete"])
def test_without_the_setting_spark_s_refusal_names_it(tmp_path, mode):
    text = refusal(tmp_path, text_of("by-inner-key", True), mode, settings="")
    assert "[_LEGACY_ERROR_TEMP_3102] Detected pattern of possible 'correctness' issue" in text
    assert "SET eagre.changes = true" in text


@pytest.mark.parametrize("mode", ["append", "update", "complete"])
def test_the_first_rows_need_the_setting_too(tmp_path, mode):
    text = refusal(tmp_path, text_of("last-three", True), mode, settings="")
    assert "[NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING]" in text
    assert "SET eagre.changes = true" in text


@pytest.mark.parametrize("function,bound", [("rank()", "<= 3"), ("dense_rank()", "<= 3"), ("row_number()", ">= 3"),
                                            ("row_number()", "<= id"), ("row_number()", "<= 0")])
def test_other_window_functions_are_refused_with_it(tmp_path, function, bound):
    query = f"SELECT * FROM (SELECT *, {function} OVER (PARTITION BY k ORDER BY n) AS rn FROM {source(True)}) WHERE rn {bound}"
    assert "[NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING]" in refusal(tmp_path, query)


def test_the_first_rows_in_append_mode_need_a_window(tmp_path):
    text = refusal(tmp_path, text_of("last-three", True), "append")
    assert "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION]" in text
    assert "partition by a window of a column with WATERMARK" in text


@pytest.mark.parametrize("name", sorted(set(FLEETING) - {"of-all-fleeting"}))
def test_update_mode_refuses_groups_that_go_away(tmp_path, name):
    text = refusal(tmp_path, text_of(name, True))
    assert "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION]" in text
    assert "may lose groups" in text
    assert "use complete mode" in text


INNER = "(SELECT k, g, max(n) AS m, count(*) AS c FROM " + source(True) + " GROUP BY k, g)"


@pytest.mark.parametrize("query,what", [
    (f"SELECT k, first(m) AS f FROM {INNER} GROUP BY k", "[UNSUPPORTED_FEATURE.CHANGES_AGGREGATE] `first`"),
    (f"SELECT k, collect_list(m) AS f FROM {INNER} GROUP BY k", "[UNSUPPORTED_FEATURE.CHANGES_AGGREGATE] `collect_list`"),
    (f"SELECT k, max_by(g, m) AS f FROM {INNER} GROUP BY k", "[UNSUPPORTED_FEATURE.CHANGES_AGGREGATE] `max_by`"),
    (f"SELECT * FROM (SELECT k, g, row_number() OVER (PARTITION BY k ORDER BY m) AS rn FROM {INNER}) WHERE rn <= 2",
     "row_number over"),
    (f"SELECT k, sum(m) AS s FROM {INNER} WHERE m < unix_timestamp(now()) GROUP BY k", "A function whose value"),
    (f"SELECT i.k, sum(m) AS s FROM {INNER} i JOIN (VALUES (1)) AS v(k) ON i.k = v.k GROUP BY i.k", "A join over"),
    (f"SELECT a.k, sum(a.m) AS s FROM {INNER} a JOIN {INNER} b ON a.k = b.k GROUP BY a.k", "A join over"),
    (f"SELECT k, sum(m) AS s FROM {INNER} GROUP BY k, session_window(timestamp_seconds(m), '1 second')",
     "session_window over"),
])
def test_what_cannot_take_rows_back_is_refused_by_name(tmp_path, query, what):
    text = refusal(tmp_path, query, "complete")
    assert what in text


def test_the_plan_says_where_rows_change(tmp_path):
    (tmp_path / "f.sql").write_text(flow("by-inner-key", "update"))
    (tmp_path / "in").mkdir()
    text = run("explain", "f.sql", cwd=tmp_path).stdout
    assert "takes changes\n" in text
    assert "gives changes\n" in text
    assert text.index("takes changes") < text.index("gives changes")

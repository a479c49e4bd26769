"""WHERE rn = 1 over row_number() by event time is the deduplication that Spark was asked for.

Spark refuses the form itself (docs/differences-from-spark.md), so the answers are those of the cases with deduplicate().
"""

import dataclasses

import pytest

from oracle import case, eagre_engine, fixture, verdict


def is_asked(loaded):
    """Whether the case keeps the first row of keys of `src`, whose event time is `ts`."""
    views = [view for view in loaded.view if "deduplicate" in view]
    names_columns = all(view.get("columns") and not view.get("within_watermark") for view in views)
    return bool(views) and names_columns and views[0]["deduplicate"] == "src" and "ts" in loaded.watermark


def numbered(loaded):
    """The case, asked by number; its view has a column more."""
    views = [{**view, "numbered": "ts"} if view.get("deduplicate") == "src" else view for view in loaded.view]
    return dataclasses.replace(loaded, view=views)


NAMES = [name for name in case.names()
         if is_asked(case.load(name)) and "SELECT *" not in case.load(name).query and fixture.load(name).answer.error is None]


def test_there_are_cases():
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_those_of_the_deduplication(name):
    asked = numbered(case.load(name))
    expected = fixture.load(name).answer
    process, rows = eagre_engine.answer_case(asked)
    assert process.returncode == 0, process.stderr
    complaints = verdict.compare_rows(expected.rows(), rows)
    assert not complaints, "\n".join([asked.title, *complaints])
    assert eagre_engine.progress(process.stderr, asked.state) == expected.progress()


@pytest.mark.parametrize("condition", ["rn <= 1", "rn < 2", "1 = rn", "1 >= rn", "2 > rn", "rn = 1 AND v < 100"])
def test_other_spellings(condition):
    loaded = case.load("dedup-update")
    view = numbered(loaded)
    query = view.view_query(view.view[0]).replace("rn = 1", condition)
    asked = dataclasses.replace(loaded, view=[{"name": "d", "query": query.replace("STREAM ", "")}])
    process, rows = eagre_engine.answer_case(asked)
    assert process.returncode == 0, process.stderr
    assert not verdict.compare_rows(fixture.load("dedup-update").answer.rows(), rows)


def test_keys_may_be_expressions_and_the_number_is_one():
    loaded = case.load("dedup-update")
    query = """SELECT k, ts, v * rn AS v FROM (SELECT *, row_number() OVER (PARTITION BY upper(k) ORDER BY ts) AS rn FROM src)
               WHERE rn = 1"""
    asked = dataclasses.replace(loaded, view=[{"name": "d", "query": " ".join(query.split())}])
    process, rows = eagre_engine.answer_case(asked)
    assert process.returncode == 0, process.stderr
    assert not verdict.compare_rows(fixture.load("dedup-update").answer.rows(), rows)


@pytest.mark.parametrize("window, condition", [
    ("PARTITION BY k ORDER BY ts DESC", "rn = 1"), ("PARTITION BY k ORDER BY v", "rn = 1"), ("ORDER BY ts", "rn = 1"),
    ("PARTITION BY k ORDER BY ts, v", "rn = 1"), ("PARTITION BY k ORDER BY ts", "rn = 2"),
    ("PARTITION BY k ORDER BY ts", "rn <= 2"), ("PARTITION BY k ORDER BY ts", "rn >= 1"),
    ("PARTITION BY k ORDER BY ts", "rn = 1 OR v = 1")])
def test_what_is_no_deduplication_is_refused(window, condition):
    loaded = case.load("dedup-update")
    query = f"SELECT * FROM (SELECT *, row_number() OVER ({window}) AS rn FROM src) WHERE {condition}"
    asked = dataclasses.replace(loaded, view=[{"name": "d", "query": query}])
    process, _ = eagre_engine.answer_case(asked)
    assert process.returncode == verdict.EXIT_REFUSED
    assert "[NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING]" in process.stderr

"""Eagre answers every case as Spark did when it was recorded. Needs no JVM."""

import functools

import pytest

from oracle import case, differences, eagre_engine, fixture, verdict


@functools.cache
def answer(name):
    """Eagre's answer, computed once for all tests of a case."""
    return eagre_engine.answer_case(case.load(name))


@pytest.mark.parametrize("name", case.names())
def test_fixture_is_current(name):
    assert fixture.load(name).case_sha256 == case.load(name).sha256, \
        "the case changed since Spark answered it: run make fixtures"


@pytest.mark.parametrize("name", differences.REFUSED)
def test_what_is_not_there_yet_says_so(name):
    process, rows = answer(name)
    assert process.returncode == verdict.EXIT_REFUSED
    assert not rows and "error: [" in process.stderr


@pytest.mark.parametrize("name", differences.ANSWERED)
def test_rows(name):
    expected = fixture.load(name).answer
    process, rows = answer(name)
    complaints = verdict.compare_rows(expected.rows(), rows)
    complaints += verdict.compare_end(expected.error, process)
    assert not complaints, "\n".join([case.load(name).title, *complaints])


def without(progress, members):
    return [{key: value for key, value in batch.items() if key not in members} for batch in progress]


@pytest.mark.parametrize("name", differences.ANSWERED)
def test_progress(name):
    """Batch ids, watermarks, input rows and late rows, as the progress objects tell them."""
    process, _ = answer(name)
    members = differences.members(name)
    expected = fixture.load(name).answer.progress()
    reported = eagre_engine.progress(process.stderr, case.load(name).state)
    assert without(reported, members) == without(expected, members)

"""Spark, asked again now, still answers what was recorded; Eagre answers the same.

Runs under the Python of the test cache (scripts/setup-tests), one Spark session
for all. A sample (sample.py): all of it takes half an hour.
"""

import pytest

from oracle import (case, differences, eagre_engine, expressions, fixture, queries, spark_engine,
                    verdict)
from oracle.live.sample import sample
from rig.spark_session import spark_session

CASES = sample(case.names(), 50)
EXPRESSIONS = sample(expressions.sheets(), 6)


@pytest.fixture(scope="module")
def session():
    with spark_session() as started:
        yield started


@pytest.fixture(scope="module")
def live(session):
    """Spark's answer to a case, asked once."""
    answers = {}

    def ask(name):
        if name not in answers:
            answers[name] = spark_engine.answer_case(session, case.load(name))
        return answers[name]
    return ask


@pytest.mark.parametrize("name", CASES)
def test_fixture_is_what_spark_says(live, name):
    assert live(name) == fixture.load(name).answer


@pytest.mark.parametrize("name", [name for name in CASES if name in differences.ANSWERED])
def test_eagre_says_what_spark_says(live, name):
    process, rows = eagre_engine.answer_case(case.load(name))
    complaints = verdict.compare_rows(live(name).rows(), rows)
    complaints += verdict.compare_end(live(name).error, process)
    assert not complaints, "\n".join([case.load(name).title, *complaints])


@pytest.mark.parametrize("sheet", EXPRESSIONS, ids=lambda sheet: sheet.name)
def test_expressions_are_what_spark_says(session, sheet):
    recorded = expressions.load_answers()
    live = {expression.key: answer for expression, answer in expressions.answer_all(session, sheet).items()}
    assert {key: live[key] for key in live if live[key] != recorded.get(key)} == {}


@pytest.mark.parametrize("source", queries.sources(), ids=lambda path: path.stem)
def test_queries_are_what_spark_says(session, source):
    assert queries.answer_all(session, source) == queries.load_answers(source)

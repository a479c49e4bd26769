"""`eagre export --to spark` makes a program with which real Spark gives the recorded rows.

A seeded sample of the cases; EAGRE_EXPORTED_CASES=all takes all of them (`make test-long`).
"""

import os
import random

import pytest

from oracle import case, exported_engine, fixture, verdict
from rig.spark_session import spark_session

SAMPLE = 20


def chosen():
    """Cases that end well; static inputs have relative paths, which a running Spark looks for elsewhere."""
    names = [name for name in case.names() if fixture.load(name).answer.error is None and not case.load(name).static]
    if os.environ.get("EAGRE_EXPORTED_CASES") == "all":
        return names
    seed = int(os.environ.get("EAGRE_EXPORTED_SEED", "1"))
    return sorted(random.Random(seed).sample(names, min(SAMPLE, len(names))))


@pytest.fixture(scope="module")
def session():
    with spark_session() as running:
        yield running


@pytest.mark.parametrize("name", chosen())
def test_exported_program_gives_the_recorded_rows(session, name):
    rows, error = exported_engine.answer_case(session, case.load(name))
    assert error is None
    complaints = verdict.compare_rows(fixture.load(name).answer.rows(), rows)
    assert not complaints, "\n".join(complaints)

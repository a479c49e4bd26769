"""`eagre export --to spark` makes a program with which real Spark gives the recorded rows.

A sample of the cases (sample.py).
"""

import pytest

from oracle import case, exported_engine, fixture, verdict
from oracle.live.sample import sample
from rig.spark_session import spark_session


# v:path of a VARIANT: `export` looks at the text alone, where it may be that of a STRING, which Spark has not.
REFUSED = {"variant-aggregates", "variant-stateless", "variant-window"}


def chosen():
    """Cases that end well; static inputs have relative paths, which a running Spark looks for elsewhere."""
    names = [name for name in case.names() if fixture.load(name).answer.error is None and not case.load(name).static
             and name not in REFUSED]
    return sample(names, 20)


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

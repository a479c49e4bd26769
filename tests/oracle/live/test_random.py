"""Random cases on both engines: the same rows, watermarks and late rows, batch by batch.

EAGRE_RANDOM_CASES says how many (a few without it; `make test-long` takes 1,000), EAGRE_RANDOM_SEED with which seed to
begin. The seed is in the name of every test: `-k seed123` runs one again. EAGRE_RANDOM_WIDE=1 draws wide cases.
"""

import os

import pytest

from oracle import eagre_engine, spark_engine, verdict
from oracle.random_case import random_case
from rig.spark_session import spark_session

COUNT = int(os.environ.get("EAGRE_RANDOM_CASES", "15"))
WIDE = os.environ.get("EAGRE_RANDOM_WIDE", "0") == "1"
FIRST = int(os.environ.get("EAGRE_RANDOM_SEED", "1"))
# Spark pushes filters on columns of JSON files into its parser and counts the rows that are left.
UNCOMPARED = {"numInputRows"}


@pytest.fixture(scope="module")
def session():
    with spark_session() as started:
        yield started


def without(progress):
    return [{key: value for key, value in one.items() if key not in UNCOMPARED} for one in progress]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT), ids=lambda seed: f"seed{seed}")
def test_both_engines_give_the_same(session, seed):
    case = random_case(seed, wide=WIDE)
    expected = spark_engine.answer_case(session, case)
    process, rows = eagre_engine.answer_case(case)
    complaints = verdict.compare_rows(expected.rows(), rows)
    complaints += verdict.compare_end(expected.error, process)
    if expected.error is None and not complaints:
        reported = without(eagre_engine.progress(process.stderr, case.state))
        if reported != without(expected.progress()):
            complaints.append(f"progress {reported}\nnot {without(expected.progress())}")
    assert not complaints, "\n".join([case.query, case.output_mode, case.watermark, *complaints])

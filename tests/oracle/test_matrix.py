"""Every query gives the same rows: the recorded cases in drawn settings of the matrix (matrix.py).

EAGRE_MATRIX says how many, or `all`; EAGRE_MATRIX_SEED names another draw; EAGRE_MATRIX_PART=2/8 takes the second
eighth, so that all of it (`make test-long`) can be interrupted. The name of a test is its case and setting: `-k` runs one again.
"""

import os

import pytest

from oracle import matrix

COUNT = os.environ.get("EAGRE_MATRIX", "60")
SEED = os.environ.get("EAGRE_MATRIX_SEED", "1")
PART, PARTS = map(int, os.environ.get("EAGRE_MATRIX_PART", "1/1").split("/"))


def chosen():
    pairs = matrix.everything() if COUNT == "all" else matrix.sample(int(COUNT), SEED)
    return pairs[PART - 1::PARTS]


@pytest.mark.parametrize("name,setting", chosen(), ids=lambda value: str(value))
def test_the_setting_changes_nothing(name, setting):
    complaints = matrix.complaints(name, setting)
    assert not complaints, "\n".join([matrix.cases.load(name).title, *complaints])

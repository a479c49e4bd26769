"""Every query gives the same rows: the recorded cases, and random ones, in drawn settings of the matrix (matrix.py).

EAGRE_MATRIX says how many, or `all`; EAGRE_MATRIX_SEED names another draw; EAGRE_MATRIX_PART=2/8 takes the second
eighth, so that all of it (`make test-long`) can be interrupted. The name of a test is its case and setting: `-k` runs one again.
EAGRE_MATRIX_RANDOM says how many random cases, each in three settings against what we answer in the usual one: what Spark
answers to them is asked in live/test_random.py.
"""

import os
import random

import pytest

from oracle import matrix
from oracle.random_case import changing_case, random_case

COUNT = os.environ.get("EAGRE_MATRIX", "60")
SEED = os.environ.get("EAGRE_MATRIX_SEED", "1")
RANDOM = int(os.environ.get("EAGRE_MATRIX_RANDOM", "10"))
RANDOM_SETTINGS = 3
PART, PARTS = map(int, os.environ.get("EAGRE_MATRIX_PART", "1/1").split("/"))


def chosen():
    pairs = matrix.everything() if COUNT == "all" else matrix.sample(int(COUNT), SEED)
    return pairs[PART - 1::PARTS]


@pytest.mark.parametrize("name,setting", chosen(), ids=lambda value: str(value))
def test_the_setting_changes_nothing(name, setting):
    complaints = matrix.complaints(name, setting)
    assert not complaints, "\n".join([matrix.cases.load(name).title, *complaints])


SEEDS = range(int(SEED), int(SEED) + RANDOM)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_random_cases_do_not_depend_on_the_setting(seed):
    compare_settings(random_case(seed, wide=True), seed)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_results_that_change_do_not_depend_on_the_setting(seed):
    compare_settings(changing_case(seed), seed)


def compare_settings(case, seed):
    """Draws a few settings; our own answer in the usual one is the measure."""
    expected = matrix.plain_answer(case)
    for setting in random.Random(seed).sample(list(matrix.settings(len(expected.batches))), RANDOM_SETTINGS):
        complaints = matrix.judge(case, expected, set(), setting)
        assert not complaints, "\n".join([case.query, case.output_mode, case.watermark, str(setting), *complaints])

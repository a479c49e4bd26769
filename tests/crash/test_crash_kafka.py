"""SIGKILL while two flows read a topic of a real broker that is being written: nothing lost, nothing twice.

At every point of the protocol, each proven to be hit, and at random moments inside an epoch. The counts of
`make test-long` come from the same variables as those of test_crash.py.
"""

import os

import pytest

from numbered import crash_points
from numbered_topic import FLOWS

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "2")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_KILLS", "20"))
ONCE_PER_CHECKPOINT = {"checkpoint.after_metadata", "checkpoint.after_sources"}


@pytest.mark.parametrize("point", crash_points("topics"))
def test_killed_at_a_crash_point(new_site, point):
    """Each flow alone, then both in one process, where the other is killed wherever it happens to be."""
    for passage in [1] if point in ONCE_PER_CHECKPOINT else PASSAGES:
        site = new_site()
        crash_at = f"{point}:{passage}"
        for cores, flow in enumerate(FLOWS, 1):
            site.crash(crash_at, flow, cores=cores)
        if point not in ONCE_PER_CHECKPOINT:
            site.crash(crash_at, cores=2)
        site.finish()
        site.check()


def test_killed_at_every_point_in_turn(new_site):
    """One pair of checkpoints that dies everywhere, one death after the other, on changing numbers of cores."""
    site = new_site()
    for number, point in enumerate(crash_points("topics")):
        site.crash(f"{point}:1", cores=1 + number % 2)
    site.finish(cores=2)
    site.check()


def test_killed_at_random_moments(new_site, chance):
    site = new_site()
    site.kill_again_and_again(KILLS, chance)
    site.finish()
    site.check()

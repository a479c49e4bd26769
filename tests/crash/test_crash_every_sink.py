"""SIGKILL of flows with a Delta table, a directory, a topic by transactions and dead letters at once: each sink has every
number once. The counts of `make test-long` come from the same variables as those of test_crash.py.
"""

import os
import random
import time

import pytest

from every_sink import EverySinkSite
from numbered import crash_points
from numbered_topic import FLOWS

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "1")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_EVERY_SINK_KILLS", "6"))
EPOCHS_BETWEEN_KILLS = 5
ONCE_PER_START = {"checkpoint.after_metadata", "checkpoint.after_sources", "kafka.after_init"}
SINKS_OF_FLOWS = {"raw": 4, "counts": 3}


@pytest.fixture
def new_site(tmp_path, broker):
    sites = []

    def new():
        name = f"every-sink-{os.urandom(4).hex()}"
        sites.append(EverySinkSite(tmp_path / name, broker, name))
        return sites[-1]

    yield new
    for site in sites:
        site.close()


def passages(point, flow):
    """Behind each of the sinks at least once."""
    if point in ONCE_PER_START:
        return [1]
    sinks = SINKS_OF_FLOWS[flow]
    return range(sinks + 1, 2 * sinks + 1) if point == "sink.after_part" else PASSAGES


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("point", crash_points("every sink"))
def test_killed_at_a_crash_point(new_site, point, flow):
    """Again and again at the same point, on two cores; then to the end."""
    site = new_site()
    for passage in passages(point, flow):
        site.crash(f"{point}:{passage}", flow, cores=2)
        if point in ONCE_PER_START:
            break
    site.finish(cores=2)
    site.check()


def test_killed_at_random_moments(new_site):
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    chance = random.Random(seed)
    site = new_site()
    with site.topic.being_written():
        for kill in range(KILLS):
            flow = FLOWS[kill % len(FLOWS)]
            process = site.start(cores=2)
            site.kill_inside_epoch(process, flow, site.planned(flow) + 2 + chance.randrange(EPOCHS_BETWEEN_KILLS), chance)
    site.finish(cores=2)
    site.check()

"""Makes what stands beside the tests and the rig importable; a real broker for the tests that ask for one; a seed."""

import itertools
import os
import random
import sys
import time
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1])]

from rig.kafka_broker import KafkaBroker

from numbered_topic import TopicSite

numbers = itertools.count()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with KafkaBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def new_site(request, tmp_path, broker):
    """Makes sites of the kind the module names as SITE, each with a topic of its own."""
    sites = []

    def new(**settings):
        name = f"numbers-{next(numbers)}"
        sites.append(getattr(request.module, "SITE", TopicSite)(tmp_path / name, broker, name, **settings))
        return sites[-1]

    yield new
    for site in sites:
        site.close()


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    return random.Random(seed)

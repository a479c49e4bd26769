"""Makes what stands beside the tests and the rig importable; a real broker for the tests that ask for one."""

import itertools
import sys
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
def new_site(tmp_path, broker):
    """Makes sites, each with a topic of its own."""
    sites = []

    def new():
        number = next(numbers)
        sites.append(TopicSite(tmp_path / f"{number}", broker, f"numbers-{number}"))
        return sites[-1]

    yield new
    for site in sites:
        site.close()

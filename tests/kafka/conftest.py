"""A real broker for all tests here, a topic per test, and this folder and the rig to import from."""

import itertools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.kafka_broker import KafkaBroker  # noqa: E402

PROPERTIES = ["log.cleaner.backoff.ms=100", "log.initial.task.delay.ms=100",
              "log.retention.check.interval.ms=500", "delete.topic.enable=true"]
numbers = itertools.count()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with KafkaBroker(tmp_path_factory.mktemp("broker"), properties=PROPERTIES) as broker:
        yield broker


@pytest.fixture
def topic():
    """A name nobody has used."""
    return f"topic-{next(numbers)}"

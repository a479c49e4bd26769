"""A real broker for the pipelines of examples/, and the rig to import from."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1])]

from pipeline import Pipelines
from rig.kafka_broker import KafkaBroker


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with KafkaBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def pipelines(broker, tmp_path):
    return Pipelines(broker, tmp_path)

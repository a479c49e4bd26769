"""Makes `rig`, what stands beside the tests and the numbered rows of tests/crash importable; one Spark session and one broker per file of tests."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "program"), str(TESTS / "crash")]

from rig.kafka_broker import KafkaBroker
from rig.spark_session import spark_session


@pytest.fixture(scope="module")
def spark():
    with spark_session(kafka=True, delta=True, spark_databricks_delta_snapshotPartitions="1") as session:
        yield session


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with KafkaBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running

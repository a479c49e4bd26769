"""Nexmark over a real broker: the topic is filled in three steps, and every query is run to the end of each.

So each query has three runs and more epochs, and goes on from its checkpoint twice. The last step is one event of each
kind, years later: it closes all windows before it.
"""

import json
import sys
from pathlib import Path

import duckdb
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1])]

import nexmark_answers
from nexmark_site import EVENTS, FIRST_EVENTS, LAST_EVENTS, PARTITIONS, QUERIES, Site, call
from rig.kafka_broker import KafkaBroker


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """All queries, run to their end."""
    folder = tmp_path_factory.mktemp("nexmark")
    with KafkaBroker(folder / "broker") as broker:
        site = Site(folder, broker.address, {})
        lines = call("generate", "nexmark", "--count", str(EVENTS)).stdout.splitlines()
        last = [json.dumps(event) for event in LAST_EVENTS]
        site.events.write_text("".join(f"{line}\n" for line in lines + last))
        broker.create_topic("nexmark", partitions=PARTITIONS)
        call("generate", "nexmark", "--count", str(FIRST_EVENTS), "--brokers", broker.address, "--topic", "nexmark",
             "--partitions", str(PARTITIONS))
        site.run_all()
        for partition in range(PARTITIONS):
            rest = lines[FIRST_EVENTS + partition::PARTITIONS]
            broker.produce("nexmark", [(None, line.encode()) for line in rest], partition=partition)
        site.run_all()
        broker.produce("nexmark", [(None, line.encode()) for line in last], partition=0)
        site.run_all()
        yield site


@pytest.fixture(scope="session")
def duck(site):
    """DuckDB with the same events."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(nexmark_answers.EVENTS.format(path=site.events, side=QUERIES / "side_input.csv"))
    return connection

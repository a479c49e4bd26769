"""Pages of docs/guide that need a broker: for `make test-all`, which has a real one."""

import sys
from pathlib import Path

import pytest

from guide import pages, play

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.kafka_broker import KafkaBroker


@pytest.mark.parametrize("page", pages(needs_broker=True), ids=lambda page: page.stem)
def test_the_page_shows_what_happens(tmp_path, page):
    (tmp_path / "work").mkdir()
    with KafkaBroker(tmp_path / "broker") as broker:
        for topic in ("guide-orders", "guide-totals", "guide-paid"):
            broker.create_topic(topic, partitions=2)
        play(page, tmp_path / "work", BROKERS=broker.address)

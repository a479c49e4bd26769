"""Brokers that are away, fall silent or crash while a flow runs, and leaders that change."""

import json
import signal
import threading
import time

from confluent_kafka.admin import AdminClient, NewTopic
from rig.kafka_broker import KafkaBroker

from flow import Flow, values

USAGE = 2
IO = 3
TIMEOUT_SECONDS = 60


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


class Reader(threading.Thread):
    """Collects the rows of a run."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process = process
        self.rows = []
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.rows.append(json.loads(line)["value"])

    def wait_for(self, count):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(self.rows) < count:
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline, f"{len(self.rows)} rows of {count}"
            time.sleep(0.02)


def test_a_topic_that_is_not_there(broker, topic, tmp_path):
    broker.create_topic(f"{topic}-clicks")
    flow = Flow(tmp_path, broker, subscribe=f"{topic}-click")
    flow.fails(USAGE, "UNKNOWN_TOPIC_OR_PARTITION", f"did you mean '{topic}-clicks'")
    assert not (tmp_path / "checkpoint").exists()


def test_the_broker_crashes_and_comes_back(topic, tmp_path):
    with KafkaBroker(tmp_path / "broker") as own:
        own.create_topic(topic, partitions=2)
        own.produce(topic, numbered(0, 100))
        (tmp_path / "flow").mkdir()
        process = Flow(tmp_path / "flow", own, subscribe=topic).start()
        reader = Reader(process)
        try:
            reader.wait_for(100)
            own.kill()
            time.sleep(2)
            own.start()
            own.produce(topic, numbered(100, 100))
            reader.wait_for(200)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT_SECONDS)
        assert process.returncode == 0
        reader.join(TIMEOUT_SECONDS)
        assert sorted(map(int, reader.rows)) == list(range(200))


def test_a_broker_that_falls_silent(topic, tmp_path):
    with KafkaBroker(tmp_path / "broker") as own:
        own.create_topic(topic)
        own.produce(topic, numbered(0, 10))
        (tmp_path / "flow").mkdir()
        flow = Flow(tmp_path / "flow", own, subscribe=topic,
                    **{"kafka.default.api.timeout.ms": "2000", "kafka.request.timeout.ms": "1000"})
        process = flow.start()
        reader = Reader(process)
        reader.wait_for(10)
        own.pause()
        try:
            assert process.wait(TIMEOUT_SECONDS) == IO
        finally:
            own.resume()
        assert "KAFKA_REQUEST_FAILED" in process.stderr.read()
        own.produce(topic, numbered(10, 5))
        assert values(flow.rows()) == [str(number) for number in range(10, 15)]


def test_the_broker_crashes_in_the_middle_of_an_epoch(topic, tmp_path):
    """Small batches and small fetches make the one epoch long; where the crash falls in it is no matter."""
    with KafkaBroker(tmp_path / "broker") as own:
        own.create_topic(topic, partitions=2)
        for partition in range(2):
            own.produce(topic, numbered(10_000 * partition, 10_000), partition=partition, batch_num_messages=10)
        (tmp_path / "flow").mkdir()
        process = Flow(tmp_path / "flow", own, subscribe=topic,
                       **{"kafka.max.partition.fetch.bytes": "1000"}).start()
        reader = Reader(process)
        offsets = tmp_path / "flow/checkpoint/offsets/0"
        try:
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while not offsets.exists():
                assert time.monotonic() < deadline and process.poll() is None
            own.kill()
            own.start()
            reader.wait_for(20_000)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT_SECONDS)
        assert process.returncode == 0
        reader.join(TIMEOUT_SECONDS)
        assert sorted(map(int, reader.rows)) == list(range(20_000))


# ---- Leaders ---------------------------------------------------------------------------------------


def leaders(admin, topic):
    """Which broker leads each partition."""
    return {number: each.leader for number, each in admin.list_topics(topic, timeout=5).topics[topic].partitions.items()}


def test_a_leader_that_goes_away(topic, tmp_path):
    """Two brokers, each leads a partition; one crashes, the other leads both, nothing is lost or doubled."""
    replicated = ["offsets.topic.replication.factor=1", "unclean.leader.election.enable=false"]
    with KafkaBroker(tmp_path / "first", properties=replicated) as first, \
            KafkaBroker(tmp_path / "second", joins=first, properties=replicated) as second:
        admin = AdminClient({"bootstrap.servers": first.address})
        both = NewTopic(topic, num_partitions=2, replica_assignment=[[1, second.port], [second.port, 1]])
        admin.create_topics([both])[topic].result(TIMEOUT_SECONDS)
        wait_until(lambda: set(leaders(admin, topic).values()) == {1, second.port})
        for partition in range(2):
            first.produce(topic, numbered(100 * partition, 100), partition=partition)
        (tmp_path / "flow").mkdir()
        process = Flow(tmp_path / "flow", first, subscribe=topic,
                       bootstrapServers=f"{second.address},{first.address}").start()
        reader = Reader(process)
        try:
            reader.wait_for(200)
            second.kill()
            wait_until(lambda: set(leaders(admin, topic).values()) == {1})
            for partition in range(2):
                first.produce(topic, numbered(200 + 100 * partition, 100), partition=partition)
            reader.wait_for(400)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT_SECONDS)
        assert process.returncode == 0
        reader.join(TIMEOUT_SECONDS)
        assert sorted(map(int, reader.rows)) == list(range(400))


def wait_until(is_done):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.1)

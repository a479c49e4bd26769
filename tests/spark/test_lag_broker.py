"""`eagre lag` in records, with a real broker: by pipeline, and by a checkpoint of Eagre or of Spark."""

import json
from pathlib import Path

import pytest

from program import run

SPARK_CHECKPOINT = Path(__file__).resolve().parents[1] / "program/data/checkpoints/kafka"
PIPELINE = """
CREATE SINK out USING noop;
CREATE FLOW early AS INSERT INTO out SELECT value FROM STREAM
read_kafka(bootstrapServers => '${brokers}', subscribe => '${topic}', startingOffsets => 'earliest');
CREATE FLOW late AS INSERT INTO out SELECT value FROM STREAM
read_kafka(bootstrapServers => '${brokers}', subscribe => '${topic}');
"""


class Site:
    """A pipeline of two flows over one topic of two partitions; one begins with the first record, one with the next."""

    def __init__(self, folder, broker, topic):
        self.folder = folder
        self.broker = broker
        self.topic = topic
        (folder / "p.sql").write_text(PIPELINE.replace("${brokers}", broker.address).replace("${topic}", topic))
        broker.create_topic(topic, partitions=2)

    def produce(self, count, partition):
        self.broker.produce(self.topic, [(None, b"x")] * count, partition=partition)

    def run(self):
        done = run("run", "p.sql", "--available-now", cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def lag(self, *arguments):
        done = run("lag", *(arguments or ["p.sql"]), "--format", "json", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return [(row["flow"], row["topic"], row["partition"], row["position"], row["end"], row["lag"])
                for row in json.loads(done.stdout)]


@pytest.fixture
def site(tmp_path, broker, request):
    return Site(tmp_path, broker, request.node.name.replace("_", "-"))


def test_positions_ends_and_records_between(site):
    site.produce(5, partition=0)
    site.produce(2, partition=1)
    topic = site.topic
    assert site.lag() == [("early", topic, 0, 0, 5, 5), ("early", topic, 1, 0, 2, 2),
                          ("late", topic, 0, 5, 5, 0), ("late", topic, 1, 2, 2, 0)]
    assert not (site.folder / "eagre-data").exists()
    site.run()
    site.produce(3, partition=1)
    after = [(0, 5, 5, 0), (1, 2, 5, 3)]
    assert site.lag() == [(flow, topic, *row) for flow in ("early", "late") for row in after]
    assert site.lag("eagre-data/checkpoints/early", "--brokers", site.broker.address) == [
        ("", topic, *row) for row in after]
    site.run()
    assert {row[-1] for row in site.lag()} == {0}


def test_lag_as_table(site):
    site.produce(12, partition=0)
    site.produce(1, partition=1)
    width = len(site.topic) + 2
    assert run("lag", "p.sql", cwd=site.folder).stdout.splitlines() == [
        f"flow   {'source':{width}}  position  end  lag",
        f"early  {site.topic}-0  0         12   12 records",
        f"early  {site.topic}-1  0         1    1 record",
        f"late   {site.topic}-0  12        12   0 records",
        f"late   {site.topic}-1  1         1    0 records",
    ]


def test_a_new_partition_has_no_position_yet(site):
    from confluent_kafka.admin import AdminClient, NewPartitions
    site.run()
    admin = AdminClient({"bootstrap.servers": site.broker.address})
    admin.create_partitions([NewPartitions(site.topic, 3)])[site.topic].result(timeout=30)
    site.produce(4, partition=2)
    assert ("early", site.topic, 2, None, 4, None) in site.lag()


def test_records_that_are_gone_count_until_the_run_finds_them_missing(site):
    """Lag is a difference of offsets, as for every tool that tells it."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient
    site.produce(5, partition=0)
    site.run()
    site.produce(5, partition=0)
    admin = AdminClient({"bootstrap.servers": site.broker.address})
    admin.delete_records([TopicPartition(site.topic, 0, 8)])[TopicPartition(site.topic, 0)].result(timeout=30)
    assert ("early", site.topic, 0, 5, 10, 5) in site.lag()
    done = run("run", "p.sql", "--available-now", cwd=site.folder)
    assert done.returncode == 4 and "KAFKA_DATA_LOSS" in done.stderr


def test_a_checkpoint_of_spark(broker):
    broker.create_topic("clicks", partitions=2)
    broker.create_topic("views", partitions=1)
    for topic, partition, count in (("clicks", 0, 5), ("clicks", 1, 4), ("views", 0, 3)):
        broker.produce(topic, [(None, b"x")] * count, partition=partition)
    done = run("lag", SPARK_CHECKPOINT, "--brokers", broker.address, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [(row["source"], row["topic"], row["partition"], row["position"], row["end"], row["lag"])
            for row in json.loads(done.stdout)] == [
        (0, "clicks", 0, 2, 5, 3), (0, "clicks", 1, 4, 4, 0), (1, "views", 0, 1, 3, 2)]


def test_a_topic_that_is_gone(site):
    site.run()
    site.broker.delete_topic(site.topic)
    done = run("lag", "p.sql", cwd=site.folder)
    assert done.returncode == 2
    assert "error: [UNKNOWN_TOPIC_OR_PARTITION]" in done.stderr and site.topic in done.stderr

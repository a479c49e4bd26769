"""Records that are gone: the flow stops and says what is missing, or goes on where that is wanted."""

import json
import time

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from flow import Flow, values

TIMEOUT_SECONDS = 30
UNSAFE = 4
LOSSY = {"failOnDataLoss": "false", "fetchOffset.retryIntervalMs": "10"}


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


def delete_records(broker, topic, before, partition=0):
    admin = AdminClient({"bootstrap.servers": broker.address})
    place = TopicPartition(topic, partition, before)
    admin.delete_records([place])[place].result(TIMEOUT_SECONDS)


def make_anew(broker, topic, partitions=1):
    """Deletes the topic and creates it again, with nothing in it."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    broker.delete_topic(topic)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while topic in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    broker.create_topic(topic, partitions=partitions)


def read_some(broker, topic, folder, count=10):
    """A flow that has read the first `count` records of a new topic."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, count))
    flow = Flow(folder, broker, subscribe=topic, **{"fetchOffset.retryIntervalMs": "10"})
    assert len(flow.rows()) == count
    return flow


def test_retention_passed_the_position(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    broker.produce(topic, numbered(10, 20))
    delete_records(broker, topic, before=15)
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE", f"topic {topic}, partition 0",
               "offset 10", "15")
    assert values(flow.rows(**LOSSY)) == [str(number) for number in range(15, 30)]
    broker.produce(topic, numbered(30, 1))
    assert values(flow.rows()) == ["30"]


def test_everything_of_an_epoch_is_gone(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    broker.produce(topic, numbered(10, 20))
    delete_records(broker, topic, before=30)
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE")
    assert flow.rows(**LOSSY) == []
    broker.produce(topic, numbered(30, 2))
    assert values(flow.rows()) == ["30", "31"]


def test_a_given_start_is_gone(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 10))
    delete_records(broker, topic, before=4)
    flow = Flow(tmp_path, broker, subscribe=topic, startingOffsets=f'{{"{topic}":{{"0":1}}}}')
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE", "offset 1")
    assert values(flow.rows(**LOSSY)) == [str(number) for number in range(4, 10)]


def test_a_given_start_lies_behind_the_end(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 3))
    flow = Flow(tmp_path, broker, subscribe=topic, startingOffsets=f'{{"{topic}":{{"0":7}}}}',
                **{"fetchOffset.retryIntervalMs": "10"})
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", "from 7 to 3")
    assert flow.rows(**LOSSY) == []
    broker.produce(topic, numbered(3, 1))
    assert values(flow.rows()) == ["3"]


def test_a_topic_made_anew(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    make_anew(broker, topic)
    broker.produce(topic, numbered(100, 4))
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", f"{topic}-0", "from 10 to 4")
    assert not (tmp_path / "checkpoint/offsets/1").exists(), "nothing is logged of an epoch that cannot run"
    # As Spark: the lower end becomes the position, what lies before it is never read.
    assert flow.rows(**LOSSY) == []
    broker.produce(topic, numbered(104, 1))
    assert values(flow.rows()) == ["104"]


NATIVE = ("--set", "eagre.kafka.client=native")


def test_a_topic_made_anew_that_has_grown_past_the_position(broker, topic, tmp_path):
    """Offsets alone do not tell it from the old one; the native client keeps the topic's id beside them."""
    flow = read_some(broker, topic, tmp_path)
    assert flow.rows(*NATIVE) == []
    kept = (tmp_path / "checkpoint/eagre/topics/0/0").read_text().splitlines()
    assert len(kept) == 2 and kept[0] == "v1" and kept[1].endswith(f" {topic}")
    make_anew(broker, topic)
    broker.produce(topic, numbered(100, 12))
    for _ in range(2):
        done = flow.run(*NATIVE)
        assert done.returncode == UNSAFE and "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED" in done.stderr
        assert "made anew" in " ".join(done.stderr.split())
    assert not (tmp_path / "checkpoint/offsets/1").exists(), "nothing is logged of an epoch that cannot run"
    # Where losses are accepted, what lies before the position is not read, and the new topic is the known one.
    done = flow.run(*NATIVE, **LOSSY)
    assert done.returncode == 0 and "made anew" in done.stderr
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == ["110", "111"]
    broker.produce(topic, numbered(112, 1))
    assert values(flow.rows(*NATIVE)) == ["112"]


def test_ids_that_are_damaged(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    assert flow.rows(*NATIVE) == []
    path = tmp_path / "checkpoint/eagre/topics/0/0"
    path.write_bytes(path.read_bytes()[:-4])
    done = flow.run(*NATIVE)
    assert done.returncode == UNSAFE and "eagre/topics/0/0" in done.stderr


def test_partitions_deleted(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=2)
    broker.produce(topic, numbered(0, 4))
    flow = Flow(tmp_path, broker, subscribe=topic, **{"fetchOffset.retryIntervalMs": "10"})
    assert len(flow.rows()) == 4
    make_anew(broker, topic, partitions=1)
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITIONS_DELETED", f"{topic}-1")
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT",
               **{"kafka.group.id": "g"})


def test_a_topic_deleted(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    broker.delete_topic(topic)
    time.sleep(1)
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITIONS_DELETED", f"{topic}-0")


def test_a_topic_deleted_while_a_flow_reads_it(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 10))
    process = Flow(tmp_path, broker, subscribe=topic, **{"fetchOffset.retryIntervalMs": "10"}).start()
    rows = [process.stdout.readline() for _ in range(10)]
    broker.delete_topic(topic)
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert all(rows)
    assert process.returncode == UNSAFE, errors
    assert "KAFKA_DATA_LOSS.PARTITIONS_DELETED" in errors


def test_a_new_partition_that_lost_its_beginning(broker, topic, tmp_path):
    flow = read_some(broker, topic, tmp_path)
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.create_partitions([NewPartitions(topic, 2)])[topic].result(TIMEOUT_SECONDS)
    time.sleep(1)
    broker.produce(topic, numbered(0, 5), partition=1)
    delete_records(broker, topic, before=2, partition=1)
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO", f"{topic}-1")
    assert values(flow.rows(**LOSSY)) == ["2", "3", "4"]

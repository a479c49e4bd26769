"""Kafka to Kafka exactly once: what readers see of an epoch and when, what is left for the next start, what is refused.
That nothing is lost or doubled wherever a process dies is shown in tests/crash/test_crash_transactions.py.
"""

import json
import os
import signal
import subprocess

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from flow import call, program

TIMEOUT_SECONDS = 30
USAGE = 2

PIPELINE = """
CREATE SINK out USING kafka OPTIONS ({sink});
CREATE STREAMING TABLE beside (value STRING);
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO {into}
SELECT {columns} FROM STREAM read_kafka({source});
"""


def write_flow(folder, broker, source, columns, into="out", limit=1000, **sink):
    sink = {"kafka.bootstrap.servers": broker.address, "delivery": "exactly-once", **sink}
    source = {"bootstrapServers": broker.address, "subscribe": source, "startingOffsets": "earliest",
              "maxOffsetsPerTrigger": limit}
    text = ", ".join(f"'{name}' = '{value}'" for name, value in sink.items())
    (folder / "flow.sql").write_text(PIPELINE.format(sink=text, into=into, columns=columns, source=call(source)))


def run(folder, *arguments, crash_at=None):
    environment = {**os.environ, "TZ": "UTC"}
    if crash_at is not None:
        environment["EAGRE_CRASH_AT"] = crash_at
    return subprocess.run([program(), "run", "flow.sql", "--available-now", "--progress", "none", *arguments],
                          cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def finish(folder, *arguments):
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def crash(folder, crash_at, *arguments):
    done = run(folder, *arguments, crash_at=crash_at)
    assert done.returncode == -signal.SIGKILL, done.stderr


def read_topic(broker, topic, partitions=1, isolation="read_committed"):
    """The values of every partition, up to where that reader may read."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "look", "enable.partition.eof": True,
                         "isolation.level": isolation, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    found = {number: [] for number in range(partitions)}
    open_ends = partitions
    while open_ends:
        message = consumer.poll(TIMEOUT_SECONDS)
        assert message is not None
        if message.error():
            open_ends -= 1
        else:
            found[message.partition()].append(message.value())
    consumer.close()
    return found


def records(count):
    return [(f"k{number}".encode(), f"v{number}".encode()) for number in range(count)]


def values(count):
    return [f"v{number}".encode() for number in range(count)]


def test_topics_and_partitions_by_row(broker, topic, tmp_path):
    """Of topics that the client does not know yet, to partitions that the rows name."""
    broker.create_topic(topic)
    for number in range(2):
        broker.create_topic(f"{topic}-{number}", partitions=2)
    broker.produce(topic, records(100))
    write_flow(tmp_path, broker, topic,
               f"concat('{topic}-', CAST(offset % 2 AS STRING)) AS topic, value, "
               "CAST((offset % 4) DIV 2 AS INT) AS partition", limit=30, **{"kafka.delivery.timeout.ms": "20000"})
    finish(tmp_path, "--cores", "2")
    for number in range(2):
        found = read_topic(broker, f"{topic}-{number}", partitions=2)
        for partition in range(2):
            expected = [f"v{n}".encode() for n in range(100) if n % 2 == number and n % 4 // 2 == partition]
            assert found[partition] == expected


def test_rows_are_seen_when_their_epoch_ends(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(10))
    write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-out")
    crash(tmp_path, "kafka.after_flush:1", "--cores", "1")
    assert read_topic(broker, f"{topic}-out") == {0: []}
    assert read_topic(broker, f"{topic}-out", isolation="read_uncommitted") == {0: values(10)}
    finish(tmp_path)
    assert read_topic(broker, f"{topic}-out") == {0: values(10)}
    assert read_topic(broker, f"{topic}-out", isolation="read_uncommitted") == {0: values(10) * 2}


def read_marker(broker, folder, topic):
    """The offset that the last transaction of the flow has left. This client cannot read the text beside it, which has
    no NUL behind it; that it is there is what every restart shows.
    """
    group = "eagre-" + json.loads((folder / "checkpoint/metadata").read_text())["id"]
    admin = AdminClient({"bootstrap.servers": broker.address})
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
    answer = admin.list_consumer_group_offsets([asked])[group].result(timeout=TIMEOUT_SECONDS)
    return answer.topic_partitions[0].offset


def test_a_transaction_leaves_a_marker(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out", partitions=3)
    broker.produce(topic, records(10))
    write_flow(tmp_path, broker, topic, "key, value", limit=5, topic=f"{topic}-out")
    crash(tmp_path, "checkpoint.after_sources")
    assert read_marker(broker, tmp_path, f"{topic}-out") == 0  # in front of epoch 0
    finish(tmp_path)
    last = max(int(path.name) for path in (tmp_path / "checkpoint/commits").iterdir() if path.name.isdigit())
    assert last >= 1 and read_marker(broker, tmp_path, f"{topic}-out") == last + 1


@pytest.mark.parametrize("point", ["kafka.after_marker:2", "kafka.after_commit:2", "sink.after_part:1"])
def test_a_table_beside_the_topic(broker, topic, tmp_path, point):
    """The transaction decides, the table follows."""
    from deltalake import DeltaTable

    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(50))
    write_flow(tmp_path, broker, topic, "CAST(value AS STRING) AS value", into="beside, out", limit=20,
               topic=f"{topic}-out")
    crash(tmp_path, point)
    finish(tmp_path)
    assert read_topic(broker, f"{topic}-out") == {0: values(50)}
    table = DeltaTable(str(tmp_path / "eagre-data/tables/beside")).to_pyarrow_table()
    assert sorted(table["value"].to_pylist()) == sorted(value.decode() for value in values(50))


@pytest.mark.parametrize("settings, words", [
    ({"kafka.acks": "1"}, "Transactions need kafka.acks = all"),
    ({"kafka.enable.idempotence": "false"}, "Transactions need kafka.acks = all"),
    ({"kafka.transactional.id": "mine"}, "[UNSUPPORTED_KAFKA_SETTING]"),
    ({"delivery": "exactly-twice"}, "[INVALID_OPTION_VALUE]"),
])
def test_what_is_refused_before_anything_runs(broker, topic, tmp_path, settings, words):
    write_flow(tmp_path, broker, topic, "value", topic=f"{topic}-out", **settings)
    done = run(tmp_path)
    assert done.returncode == USAGE
    assert words in done.stderr and "flow.sql:2:" in done.stderr
    assert not (tmp_path / "checkpoint").exists()


def test_a_transaction_may_not_take_longer_than_the_brokers_allow(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    write_flow(tmp_path, broker, topic, "value", topic=f"{topic}-out", **{"kafka.transaction.timeout.ms": "3600000"})
    done = run(tmp_path)
    assert done.returncode == USAGE
    assert "The brokers refuse kafka.transaction.timeout.ms = 3600000." in done.stderr


def test_delivery_may_become_exact_later(broker, topic, tmp_path):
    """What was written at least once is taken as it is; the marker begins where the checkpoint stands."""
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(10))
    write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-out", delivery="at-least-once")
    finish(tmp_path)
    broker.produce(topic, records(10))
    write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-out")
    assert "is the last one in Kafka: it is set" in finish(tmp_path)
    assert read_topic(broker, f"{topic}-out") == {0: values(10) * 2}

"""Kafka to Kafka: what other clients find in the topic that a flow wrote."""

import os
import subprocess

import pytest
from confluent_kafka import Consumer, TopicPartition

from flow import call, program

TIMEOUT_SECONDS = 30
USAGE = 2
IO = 3

PIPELINE = """
CREATE SINK out USING kafka OPTIONS ({sink});
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT {columns} FROM STREAM read_kafka({source});
"""


def write_flow(folder, broker, source, columns, **sink):
    sink = {"kafka.bootstrap.servers": broker.address, **sink}
    source = {"bootstrapServers": broker.address, "subscribe": source, "startingOffsets": "earliest"}
    text = ", ".join(f"'{name}' = '{value}'" for name, value in sink.items())
    (folder / "flow.sql").write_text(PIPELINE.format(sink=text, columns=columns, source=call(source)))


def run(folder, *arguments):
    return subprocess.run([program(), "run", "flow.sql", "--available-now", "--progress", "none", *arguments],
                          cwd=folder, env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True,
                          timeout=60, check=False)


def read_topic(broker, topic, partitions=1):
    """Key and value of every message, per partition."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "look",
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    found = {number: [] for number in range(partitions)}
    open_ends = partitions
    while open_ends:
        message = consumer.poll(TIMEOUT_SECONDS)
        assert message is not None
        if message.error():
            open_ends -= 1
        else:
            found[message.partition()].append((message.key(), message.value()))
    consumer.close()
    return found


def records(count):
    return [(f"k{number}".encode(), f"v{number}".encode()) for number in range(count)]


def test_every_message_arrives(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=2)
    broker.create_topic(f"{topic}-out", partitions=3)
    broker.produce(topic, records(5000))
    write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-out")
    done = run(tmp_path, "--cores", "2")
    assert done.returncode == 0, done.stderr
    found = read_topic(broker, f"{topic}-out", partitions=3)
    assert sorted(message for part in found.values() for message in part) == sorted(records(5000))
    assert all(len(part) > 1000 for part in found.values())


def test_topics_and_partitions_by_row(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-0", partitions=2)
    broker.create_topic(f"{topic}-1", partitions=2)
    broker.produce(topic, records(100))
    write_flow(tmp_path, broker, topic,
               f"concat('{topic}-', CAST(offset % 2 AS STRING)) AS topic, value, "
               "CAST((offset % 4) DIV 2 AS INT) AS partition")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    for number in range(2):
        found = read_topic(broker, f"{topic}-{number}", partitions=2)
        for partition in range(2):
            expected = [f"v{n}".encode() for n in range(100) if n % 2 == number and n % 4 // 2 == partition]
            assert [value for _, value in found[partition]] == expected


def test_a_topic_that_is_not_there(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-results")
    write_flow(tmp_path, broker, topic, "value", topic=f"{topic}-result")
    done = run(tmp_path)
    assert done.returncode == USAGE
    assert "UNKNOWN_TOPIC_OR_PARTITION" in done.stderr and f"{topic}-results" in done.stderr
    assert not (tmp_path / "checkpoint").exists()


def test_a_message_the_broker_refuses(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out", max_message_bytes=1000)
    broker.produce(topic, [(None, b"x" * 5000)])
    write_flow(tmp_path, broker, topic, "value", topic=f"{topic}-out")
    done = run(tmp_path)
    assert done.returncode == IO
    assert "KAFKA_DELIVERY_FAILED" in done.stderr and f"topic {topic}-out, partition 0" in done.stderr
    assert not (tmp_path / "checkpoint/commits/0").exists()


@pytest.mark.parametrize("setting, value", [("acks", "1"), ("compression.type", "zstd"), ("linger.ms", "50")])
def test_settings_of_the_java_client(broker, topic, tmp_path, setting, value):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(10))
    write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-out", **{f"kafka.{setting}": value})
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_topic(broker, f"{topic}-out") == {0: records(10)}


def test_headers(broker, topic, tmp_path):
    """Messages with and without headers keep their order."""
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(300))
    write_flow(tmp_path, broker, topic,
               "value, CASE WHEN offset % 3 = 0 THEN array(named_struct('key', 'n', 'value', value), "
               "named_struct('key', 'none', 'value', CAST(NULL AS BINARY))) END AS headers", topic=f"{topic}-out")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "look"})
    consumer.assign([TopicPartition(f"{topic}-out", 0, 0)])
    found = [consumer.poll(TIMEOUT_SECONDS) for _ in range(300)]
    consumer.close()
    assert [message.value() for message in found] == [value for _, value in records(300)]
    assert [message.headers() for message in found] == [
        [("n", f"v{n}".encode()), ("none", None)] if n % 3 == 0 else None for n in range(300)]


@pytest.mark.parametrize("column, status, words", [
    ("'x' AS headers", USAGE, "headers attribute unsupported type string. headers must be a(n) "
                              "array<struct<key:string,value:binary>>."),
    ("array(named_struct('key', CAST(NULL AS STRING), 'value', value)) AS headers", 5, "[INVALID_KAFKA_HEADER]"),
])
def test_wrong_headers(broker, topic, tmp_path, column, status, words):
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-out")
    broker.produce(topic, records(1))
    write_flow(tmp_path, broker, topic, f"value, {column}", topic=f"{topic}-out")
    done = run(tmp_path)
    assert done.returncode == status, done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_another_topic_from_the_next_start_on(broker, topic, tmp_path, delivery):
    """The one written to may change; what was written stays where it is."""
    broker.create_topic(topic)
    written = []
    for end in ("a", "b", "a"):
        first = len(written)
        written += records(first + 10)[first:]
        broker.produce(topic, written[first:])
        if first < 20:
            broker.create_topic(f"{topic}-{end}")
        write_flow(tmp_path, broker, topic, "key, value", topic=f"{topic}-{end}", delivery=delivery)
        done = run(tmp_path)
        assert done.returncode == 0, done.stderr
    assert read_topic(broker, f"{topic}-a") == {0: written[:10] + written[20:]}
    assert read_topic(broker, f"{topic}-b") == {0: written[10:20]}

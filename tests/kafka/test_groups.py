"""commitOffsetsToKafka: the broker's own tools show the lag of a flow, and nothing else changes."""

import re
import signal
import subprocess
import time

from rig import cache

from flow import Flow

TIMEOUT_SECONDS = 60
COMMAND = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


def describe(broker, group):
    """What `kafka-consumer-groups --describe` says: (topic, partition) -> (position, end, lag)."""
    jars = cache.require(cache.jars("kafka"))
    done = subprocess.run(["java", "-cp", f"{jars}/*", COMMAND, "--bootstrap-server", broker.address,
                           "--describe", "--group", group], capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False)
    rows = re.findall(rf"^{re.escape(group)}\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", done.stdout, re.M)
    return {(topic, int(partition)): tuple(map(int, numbers)) for topic, partition, *numbers in rows}


def test_the_lag_is_that_of_the_last_epoch(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=2)
    for partition in range(2):
        broker.produce(topic, numbered(0, 10 + partition), partition=partition)
    flow = Flow(tmp_path, broker, subscribe=topic, **{"kafka.group.id": f"g-{topic}"})
    assert len(flow.rows()) == 21
    broker.produce(topic, numbered(0, 5), partition=1)
    assert describe(broker, f"g-{topic}") == {(topic, 0): (10, 10, 0), (topic, 1): (11, 16, 5)}


def test_within_one_epoch_of_a_flow_that_runs(broker, topic, tmp_path):
    """What an epoch has read is shown before there is another one: nothing more is written until it is."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 4))
    flow = Flow(tmp_path, broker, subscribe=topic, **{"kafka.group.id": f"g-{topic}"})
    process = flow.start()
    try:
        for count in (4, 9):
            deadline = time.monotonic() + TIMEOUT_SECONDS
            broker.produce(topic, numbered(count - 5, 5) if count > 4 else [])
            while describe(broker, f"g-{topic}") != {(topic, 0): (count, count, 0)}:
                assert time.monotonic() < deadline
            assert flow.ends()[-1] == {topic: {"0": count}}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_SECONDS)


def test_positions_stay_the_checkpoints(broker, topic, tmp_path):
    """Another flow of the same group has its own position; a new one does not begin at the group's."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 6))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        flow = Flow(tmp_path / name, broker, subscribe=topic, **{"kafka.group.id": f"g-{topic}"})
        assert len(flow.rows()) == 6


def test_a_killed_run_is_made_good_by_the_next(broker, topic, tmp_path):
    """The group is told where the checkpoint stands, also when there is nothing new to read."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 6))
    flow = Flow(tmp_path, broker, subscribe=topic)
    assert len(flow.rows()) == 6
    assert describe(broker, f"g-{topic}") == {}
    assert flow.rows(**{"kafka.group.id": f"g-{topic}"}) == []
    assert describe(broker, f"g-{topic}") == {(topic, 0): (6, 6, 0)}


def test_it_can_be_switched_off(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 6))
    flow = Flow(tmp_path, broker, subscribe=topic, commitOffsetsToKafka="false",
                **{"kafka.group.id": f"g-{topic}"})
    assert len(flow.rows()) == 6
    assert describe(broker, f"g-{topic}") == {}


def test_a_group_that_refuses_stops_nothing(broker, topic, tmp_path):
    """Somebody has joined the group: the broker refuses positions from outside. One line says so."""
    from confluent_kafka import Consumer
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 30))
    member = Consumer({"bootstrap.servers": broker.address, "group.id": f"g-{topic}"})
    member.subscribe([topic])
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not member.assignment():
        member.poll(0.1)
        assert time.monotonic() < deadline
    flow = Flow(tmp_path, broker, subscribe=topic, maxOffsetsPerTrigger="5",
                **{"kafka.group.id": f"g-{topic}"})
    done = flow.run()
    member.close()
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 30
    assert done.stderr.count(f"could not be committed to the group g-{topic}") == 1

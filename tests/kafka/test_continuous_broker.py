"""The trigger `continuous` against a real broker: files and exactly-once topics get every record once wherever a process
dies, two topics are read side by side, with both clients."""

import json
import signal
import time

import confluent_kafka
import pytest

from test_continuous import POLL_SECONDS, WAIT_SECONDS, running

CLIENTS = ["librdkafka", "native"]
POINTS = ["epoch.mid_run:2", "epoch.after_offsets:1", "epoch.after_prepared:1", "epoch.after_commit:2"]


class Topics:
    """Two topics to read, one to write."""

    def __init__(self, broker, name):
        self.address = broker.address
        self.sources = [f"{name}-a", f"{name}-b"]
        self.target = f"{name}-out"
        for each in [*self.sources, self.target]:
            broker.create_topic(each, partitions=2)
        self.producer = confluent_kafka.Producer({"bootstrap.servers": self.address, "linger.ms": 0})

    def write(self, number):
        """Record `number`, into one topic and partition after the other."""
        self.producer.produce(self.sources[number % 2], f"{number}", partition=number // 2 % 2)
        assert self.producer.flush(WAIT_SECONDS) == 0

    def read_committed(self, count):
        """At least `count` messages of the target, and what comes within a second behind them."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.address, "group.id": "look",
                                             "isolation.level": "read_committed"})
        consumer.assign([confluent_kafka.TopicPartition(self.target, number, 0) for number in range(2)])
        found, deadline = [], time.monotonic() + WAIT_SECONDS
        while True:
            message = consumer.poll(1)
            if message is not None and not message.error():
                found.append(message.value().decode())
            elif len(found) >= count:
                break
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages came"
        consumer.close()
        return found

    def select(self):
        reads = [f"SELECT CAST(value AS STRING) AS value FROM STREAM read_kafka(bootstrapServers => '{self.address}', "
                 f"subscribe => '{name}', startingOffsets => 'earliest')" for name in self.sources]
        return " UNION ALL ".join(reads)


@pytest.fixture
def topics(broker, topic):
    return Topics(broker, f"open-{topic}")


def write_flow(folder, topics, client, sink):
    (folder / "flow.sql").write_text(
        f"SET eagre.kafka.client = {client}; CREATE SINK out {sink}; CREATE FLOW f OPTIONS ('checkpointLocation' = 'c', "
        f"'trigger' = 'continuous 50 milliseconds') AS INSERT INTO out {topics.select()};")


def write_until_it_dies(folder, topics, point):
    sent = 0
    with running(folder, "--cores", "2", EAGRE_CRASH_AT=point) as flow:
        deadline = time.monotonic() + WAIT_SECONDS
        while flow.process.poll() is None:
            assert time.monotonic() < deadline, f"{point} was never passed"
            topics.write(sent)
            sent += 1
            time.sleep(POLL_SECONDS)
        assert flow.process.returncode == -signal.SIGKILL, (folder / "err.txt").read_text()
    topics.write(sent)
    return sent + 1


def committed_values(folder):
    """What the manifest of the directory names: files of lost attempts are no part of it."""
    log = folder / "out/_spark_metadata"
    paths = []
    for entry in log.glob("[0-9]*") if log.exists() else []:
        paths += [json.loads(line)["path"] for line in entry.read_text().splitlines()[1:]]
    names = {path.rsplit("/", 1)[1] for path in paths}
    return [json.loads(line)["value"] for name in names for line in (folder / "out" / name).read_text().splitlines()]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("point", POINTS)
def test_files_get_every_record_once(tmp_path, topics, client, point):
    write_flow(tmp_path, topics, client, f"USING json OPTIONS ('path' = '{tmp_path}/out')")
    count = write_until_it_dies(tmp_path, topics, point)
    with running(tmp_path) as flow:
        flow.wait_for(lambda: len(committed_values(tmp_path)) >= count, "records are missing")
        flow.stop()
    assert sorted(map(int, committed_values(tmp_path))) == list(range(count))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("point", POINTS)
def test_an_exact_topic_gets_every_record_once(tmp_path, topics, client, point):
    write_flow(tmp_path, topics, client, f"USING kafka OPTIONS ('kafka.bootstrap.servers' = '{topics.address}', "
               f"'topic' = '{topics.target}', 'delivery' = 'exactly-once')")
    count = write_until_it_dies(tmp_path, topics, point)
    with running(tmp_path) as flow:
        assert sorted(map(int, topics.read_committed(count))) == list(range(count))
        flow.stop()


@pytest.mark.parametrize("client", CLIENTS)
def test_rows_of_two_topics_come_out_at_once(tmp_path, topics, client):
    write_flow(tmp_path, topics, client, "USING console OPTIONS ('format' = 'json')")
    with running(tmp_path, "--cores", "2") as flow:
        for count in range(1, 9):
            topics.write(count - 1)
            flow.wait_for_rows(*({"value": f"{number}"} for number in range(count)))
        flow.stop()

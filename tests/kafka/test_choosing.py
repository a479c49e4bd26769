"""Which topics and which records a query reads: patterns, headers, times, and epochs that wait for more."""

import json
import os
import signal
import subprocess
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from flow import Flow, call, program, values

TIMEOUT_SECONDS = 60
USAGE = 2
UNSAFE = 4


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


def texts(first, count):
    return [str(number) for number in range(first, first + count)]


def query(folder, broker, columns, tail="", **options):
    """A batch query over read_kafka; the finished process."""
    sql = f"SELECT {columns} FROM read_kafka({call({'bootstrapServers': broker.address, **options})}) {tail}"
    return subprocess.run([program(), "query", "--format", "json", sql], cwd=folder, capture_output=True,
                          env={**os.environ, "TZ": "UTC"}, text=True, timeout=TIMEOUT_SECONDS, check=False)


def rows_of(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- Patterns ----------------------------------------------------------------------------------------


def test_a_pattern_is_found_anywhere_in_a_name(broker, topic, tmp_path):
    for name in (f"a-{topic}-x", f"b-{topic}-x", f"{topic}-y"):
        broker.create_topic(name)
        broker.produce(name, [(None, name.encode())])
    flow = Flow(tmp_path, broker, subscribePattern=f"{topic}-x")
    assert sorted(values(flow.rows())) == [f"a-{topic}-x", f"b-{topic}-x"]


@pytest.mark.parametrize("pattern, found", [("^{}-[0-9]$", {"{}-1", "{}-2"}), ("(?i){}-A", {"{}-a"}),
                                            ("{}-(?!1).*", {"{}-2", "{}-a"}), ("{}-\\\\d$", {"{}-1", "{}-2"})])
def test_patterns_of_java(broker, topic, tmp_path, pattern, found):
    for end in ("1", "2", "a"):
        broker.create_topic(f"{topic}-{end}")
        broker.produce(f"{topic}-{end}", numbered(0, 1))
    done = query(tmp_path, broker, "topic", subscribePattern=pattern.format(topic))
    assert {row["topic"] for row in rows_of(done)} == {name.format(topic) for name in found}


def test_topics_that_kafka_keeps_for_itself(broker, topic, tmp_path):
    """A committed position makes __consumer_offsets; a pattern that fits everything does not read it."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 1))
    Flow(tmp_path, broker, subscribe=topic, **{"kafka.group.id": topic}).rows()
    admin = AdminClient({"bootstrap.servers": broker.address})
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while "__consumer_offsets" not in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    done = query(tmp_path, broker, "DISTINCT topic", subscribePattern="_offsets|" + topic)
    assert rows_of(done) == [{"topic": topic}]


def wait_until_known(broker, name):
    admin = AdminClient({"bootstrap.servers": broker.address})
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while name not in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_topics_that_appear_while_a_flow_runs(broker, topic, tmp_path):
    """Nothing fits at first; new topics are read from their beginning whatever startingOffsets says."""
    process = Flow(tmp_path, broker, subscribePattern=f"^{topic}-", startingOffsets="latest").start()
    try:
        found = []
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not (tmp_path / "checkpoint/offsets/0").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        for number in range(2):
            name = f"{topic}-{number}"
            broker.create_topic(name, partitions=2)
            wait_until_known(broker, name)
            broker.produce(name, numbered(10 * number, 3), partition=1)
            found += [json.loads(process.stdout.readline()) for _ in range(3)]
        assert values(found) == ["0", "1", "2", "10", "11", "12"]
        assert {row["topic"] for row in found} == {f"{topic}-0", f"{topic}-1"}
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, errors
    assert "there is no such topic yet" in errors
    assert f"KafkaV2[SubscribePattern[^{topic}-]]" in errors


def test_topics_that_vanish_while_a_flow_runs(broker, topic, tmp_path):
    for end in ("a", "b"):
        broker.create_topic(f"{topic}-{end}")
        broker.produce(f"{topic}-{end}", numbered(0, 2))
    flow = Flow(tmp_path, broker, subscribePattern=topic, **{"fetchOffset.retryIntervalMs": "10"})
    process = flow.start()
    assert all(process.stdout.readline() for _ in range(4))
    broker.delete_topic(f"{topic}-a")
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == UNSAFE, errors
    assert "KAFKA_DATA_LOSS.PARTITIONS_DELETED" in errors and f"{topic}-a-0" in errors
    broker.produce(f"{topic}-b", numbered(2, 1))
    assert values(flow.rows(failOnDataLoss="false")) == ["2"]


# ---- Headers -----------------------------------------------------------------------------------------


def produce_with_headers(broker, topic, headers):
    producer = Producer({"bootstrap.servers": broker.address})
    for number, each in enumerate(headers):
        producer.produce(topic, f"{number}".encode(), headers=each)
    assert producer.flush(TIMEOUT_SECONDS) == 0


HEADERS = [None, [("a", b"1")], [("a", b"1"), ("a", b"2"), ("", b"")], [("n", None)], [],
           [("long", b"x" * 5000), ("\u00e9", "\u00fc".encode())]]
HEADERS_OUT = [None, [["a", "1"]], [["a", "1"], ["a", "2"], ["", ""]], [["n", None]], None,
               [["long", "x" * 5000], ["\u00e9", "\u00fc"]]]


@pytest.mark.parametrize("batch_rows", ["1", "4096"])
def test_headers(broker, topic, tmp_path, batch_rows):
    broker.create_topic(topic)
    produce_with_headers(broker, topic, HEADERS)
    columns = "transform(headers, h -> struct(h.key AS k, CAST(h.value AS STRING) AS v)) AS h, typeof(headers) AS t"
    rows = Flow(tmp_path, broker, columns, subscribe=topic, includeHeaders="true").rows(
        "--set", f"eagre.source.batchRows={batch_rows}")
    assert {row["t"] for row in rows} == {"array<struct<key:string,value:binary>>"}
    read = [row.get("h") and [[pair["k"], pair.get("v")] for pair in row["h"]] for row in rows]
    assert read == HEADERS_OUT


def test_headers_of_many_records(broker, topic, tmp_path):
    """More than one batch; and a query that has the column and does not read it."""
    broker.create_topic(topic, partitions=2)
    produce_with_headers(broker, topic, [[("n", f"{n}".encode())] for n in range(2000)])
    done = query(tmp_path, broker, "count(*) AS n, sum(CAST(CAST(headers[0].value AS STRING) AS INT)) AS s",
                 subscribe=topic, includeHeaders="true")
    assert rows_of(done) == [{"n": 2000, "s": 1999000}]
    done = query(tmp_path, broker, "count(*) AS n", subscribe=topic, includeHeaders="true")
    assert rows_of(done) == [{"n": 2000}]


def test_without_the_option_there_is_no_such_column(broker, topic, tmp_path):
    broker.create_topic(topic)
    done = query(tmp_path, broker, "headers", subscribe=topic)
    assert done.returncode == USAGE
    assert "UNRESOLVED_COLUMN" in done.stderr and "headers" in done.stderr


# ---- Times -------------------------------------------------------------------------------------------

BASE_MS = 1_700_000_000_000


def produce_at(broker, topic, partition, seconds):
    """A record "<seconds>" per item, with that time behind BASE_MS."""
    producer = Producer({"bootstrap.servers": broker.address})
    for second in seconds:
        producer.produce(topic, f"{second}".encode(), partition=partition, timestamp=BASE_MS + 1000 * second)
    assert producer.flush(TIMEOUT_SECONDS) == 0


@pytest.fixture
def timed(broker, topic):
    """Partition 0 has 0 s .. 9 s, partition 1 has 5 s .. 14 s."""
    broker.create_topic(topic, partitions=2)
    produce_at(broker, topic, 0, range(10))
    produce_at(broker, topic, 1, range(5, 15))
    return topic


def at(second):
    return str(BASE_MS + 1000 * second)


def read_parts(flow, **options):
    rows = flow.rows(**options)
    return [[int(value) for value in values(rows, partition)] for partition in range(2)]


@pytest.mark.parametrize("options, first", [
    ({"startingTimestamp": 7}, [7, 7]),
    ({"startingTimestamp": 0}, [0, 5]),
    ({"startingOffsetsByTimestamp": [3, 6]}, [3, 6]),
])
def test_a_stream_from_a_time(broker, timed, tmp_path, options, first):
    flow = Flow(tmp_path, broker, subscribe=timed)
    del flow.options["startingOffsets"]
    assert read_parts(flow, **spell(timed, options)) == [list(range(first[0], 10)), list(range(first[1], 15))]


def spell(topic, options):
    """7 -> milliseconds, [3, 6] -> JSON of milliseconds per partition."""
    def text(value):
        if isinstance(value, list):
            return json.dumps({topic: {str(i): int(at(second)) for i, second in enumerate(value)}})
        return at(value) if isinstance(value, int) else value
    return {name: text(value) for name, value in options.items()}


def test_the_time_goes_before_everything_else(broker, timed, tmp_path):
    """startingTimestamp, then startingOffsetsByTimestamp, then startingOffsets (earliest here)."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    both = spell(timed, {"startingTimestamp": 8, "startingOffsetsByTimestamp": [0, 5]})
    assert read_parts(Flow(tmp_path / "a", broker, subscribe=timed, **both)) == [[8, 9], list(range(8, 15))]
    one = spell(timed, {"startingOffsetsByTimestamp": [9, 14]})
    assert read_parts(Flow(tmp_path / "b", broker, subscribe=timed, **one)) == [[9], [14]]


def test_a_time_between_two_records(broker, timed, tmp_path):
    flow = Flow(tmp_path, broker, subscribe=timed, startingTimestamp=str(BASE_MS + 7001))
    assert read_parts(flow) == [[8, 9], list(range(8, 15))]


def test_no_record_is_that_late(broker, timed, tmp_path):
    flow = Flow(tmp_path, broker, subscribe=timed, startingTimestamp=at(12))
    flow.fails(USAGE, "NO_OFFSET_FOR_TIMESTAMP", f"{timed}-0 and timestamp {at(12)}", "flow.sql:", "^^^")
    assert not (tmp_path / "checkpoint/offsets").exists() or not flow.ends()
    latest = {"startingOffsetsByTimestampStrategy": "latest"}
    assert read_parts(flow, **latest) == [[], [12, 13, 14]]
    produce_at(broker, timed, 0, [20])
    assert read_parts(flow, **latest) == [[20], []]


def test_times_of_other_partitions(broker, timed, tmp_path):
    times = json.dumps({timed: {"0": BASE_MS}})
    flow = Flow(tmp_path, broker, subscribe=timed, startingOffsetsByTimestamp=times)
    flow.fails(USAGE, "KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED", f"{timed}-1", "^^^")


@pytest.mark.parametrize("options, found", [
    ({"startingTimestamp": 3, "endingTimestamp": 8}, [range(3, 8), range(5, 8)]),
    ({"endingTimestamp": 100}, [range(10), range(5, 15)]),
    ({"endingOffsetsByTimestamp": [2, 6]}, [range(2), range(5, 6)]),
    ({"endingOffsetsByTimestamp": [2, 6], "endingOffsets": "latest"}, [range(2), range(5, 6)]),
    ({"endingTimestamp": 6, "endingOffsetsByTimestamp": [2, 6]}, [range(6), range(5, 6)]),
    ({"startingTimestamp": 12, "startingOffsetsByTimestampStrategy": "latest"}, [range(0), range(12, 15)]),
])
def test_a_batch_between_times(broker, timed, tmp_path, options, found):
    done = query(tmp_path, broker, "partition AS p, CAST(CAST(value AS STRING) AS INT) AS v",
                 "ORDER BY p, offset", subscribe=timed, **spell(timed, options))
    rows = rows_of(done)
    assert [[row["v"] for row in rows if row["p"] == part] for part in range(2)] == [list(part) for part in found]


def test_a_batch_that_ends_before_it_begins(broker, timed, tmp_path):
    done = query(tmp_path, broker, "*", subscribe=timed,
                 **spell(timed, {"startingTimestamp": 8, "endingTimestamp": 7}))
    assert done.returncode == USAGE
    assert "START_OFFSET_GREATER_THAN_END_OFFSET" in done.stderr


# ---- Epochs that wait --------------------------------------------------------------------------------


def epochs(stderr):
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]


def test_an_epoch_waits_for_enough_records(broker, topic, tmp_path):
    """The first goes at once; then nothing goes before there are ten."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 3))
    flow = Flow(tmp_path, broker, subscribe=topic, minOffsetsPerTrigger="10")
    process = flow.start()
    try:
        found = [json.loads(process.stdout.readline()) for _ in range(3)]
        broker.produce(topic, numbered(3, 4))
        time.sleep(1.5)
        broker.produce(topic, numbered(7, 9))
        found += [json.loads(process.stdout.readline()) for _ in range(13)]
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, errors
    assert values(found) == texts(0, 16)
    assert {row["_batch_id"] for row in found[3:]} == {1}, "one epoch took all of them"


def test_an_epoch_waits_no_longer_than_it_may(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 3))
    flow = Flow(tmp_path, broker, subscribe=topic, minOffsetsPerTrigger="1000", maxTriggerDelay="1s")
    process = flow.start()
    try:
        found = [json.loads(process.stdout.readline()) for _ in range(3)]
        broker.produce(topic, numbered(3, 2))
        found += [json.loads(process.stdout.readline()) for _ in range(2)]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert values(found) == texts(0, 5)


def test_the_least_and_the_most_of_an_epoch(broker, topic, tmp_path):
    """AvailableNow as Spark: what is left when it is less than the least waits for the next run."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 100))
    flow = Flow(tmp_path, broker, subscribe=topic, minOffsetsPerTrigger="40", maxOffsetsPerTrigger="40")
    rows = flow.rows()
    assert flow.ends() == [{topic: {"0": 40}}, {topic: {"0": 80}}]
    assert values(rows) == texts(0, 80)
    assert values(flow.rows()) == texts(80, 20)


# ---- What is only accepted ---------------------------------------------------------------------------


def test_options_that_only_say_how_spark_would_read(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=3)
    for partition in range(3):
        broker.produce(topic, numbered(0, 50), partition=partition)
    flow = Flow(tmp_path, broker, subscribe=topic, minPartitions="8", maxRecordsPerPartition="7",
                groupIdPrefix="mine")
    rows = flow.rows("--cores", "2")
    assert [values(rows, partition) for partition in range(3)] == [texts(0, 50)] * 3


@pytest.mark.parametrize("options", [{"minPartitions": "0"}, {"maxRecordsPerPartition": "0"}, {"minPartitions": "x"},
                                     {"maxTriggerDelay": "soon"}, {"includeHeaders": "perhaps"}])
def test_numbers_that_are_none(broker, tmp_path, options):
    flow = Flow(tmp_path, broker, subscribe="t", **options)
    flow.fails(USAGE, "INVALID_OPTION_VALUE", next(iter(options)), "flow.sql:", "^")


@pytest.mark.parametrize("options", [{"startingTimestamp": "abc"}, {"startingTimestamp": "-1"},
                                     {"startingOffsetsByTimestampStrategy": "never"}])
def test_a_time_that_is_none(broker, tmp_path, options):
    flow = Flow(tmp_path, broker, subscribe="t", **options)
    flow.fails(USAGE, "INVALID_OPTION_VALUE", next(iter(options)), "flow.sql:", "^")


@pytest.mark.parametrize("setting", ["auto.offset.reset", "key.deserializer", "value.deserializer",
                                     "enable.auto.commit", "interceptor.classes"])
def test_settings_that_spark_refuses(broker, tmp_path, setting):
    flow = Flow(tmp_path, broker, subscribe="t", **{f"kafka.{setting}": "x"})
    flow.fails(USAGE, "UNSUPPORTED_KAFKA_SETTING", f"kafka.{setting}", "flow.sql:", "^")


def test_options_of_a_vendor(broker, tmp_path):
    flow = Flow(tmp_path, broker, subscribe="t", serviceCredential="c")
    flow.fails(USAGE, "UNSUPPORTED_FEATURE.OPTION", "serviceCredential", "kafka.sasl.", "^")


# ---- A checkpoint and another query ------------------------------------------------------------------


def test_another_list_of_topics(broker, topic, tmp_path):
    """New topics are read from their beginning; those that are not named any more are lost data."""
    for end in ("a", "b"):
        broker.create_topic(f"{topic}-{end}")
        broker.produce(f"{topic}-{end}", [(None, end.encode())])
    flow = Flow(tmp_path, broker, subscribe=f"{topic}-a")
    assert values(flow.rows()) == ["a"]
    assert values(flow.rows(subscribe=f"{topic}-a,{topic}-b", startingOffsets="latest")) == ["b"]
    flow.fails(UNSAFE, "KAFKA_DATA_LOSS.PARTITIONS_DELETED", f"{topic}-a-0", subscribe=f"{topic}-b")
    assert flow.rows(subscribe=f"{topic}-b", failOnDataLoss="false") == []


def test_other_limits(broker, topic, tmp_path):
    broker.create_topic(topic)
    flow = Flow(tmp_path, broker, subscribe=topic)
    for first, limit in ((0, "10"), (20, "7"), (40, "30")):
        broker.produce(topic, numbered(first, 20))
        assert values(flow.rows(maxOffsetsPerTrigger=limit)) == texts(first, 20)
    assert [end[topic]["0"] for end in flow.ends()] == [10, 20, 27, 34, 40, 60]

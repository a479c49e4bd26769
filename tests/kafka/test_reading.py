"""What a flow reads of a real topic: every record once, whatever the log looks like."""

import json
import re
import signal
import subprocess
import time

import deltalake
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from flow import Flow, call, program, values

TIMEOUT_SECONDS = 30


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


def texts(first, count):
    return [str(number) for number in range(first, first + count)]


def test_all_partitions_once_and_in_order(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=3)
    flow = Flow(tmp_path, broker, subscribe=topic)
    for partition in range(3):
        broker.produce(topic, numbered(partition * 1000, 1000), partition=partition)
    rows = flow.rows("--cores", "2")
    for partition in range(3):
        assert values(rows, partition) == texts(partition * 1000, 1000)
        assert [row["offset"] for row in rows if row["partition"] == partition] == list(range(1000))
    assert flow.first_position() == f'\0v1\n{{"{topic}":{{"0":0,"1":0,"2":0}}}}'.encode()
    assert flow.ends() == [{topic: {"0": 1000, "1": 1000, "2": 1000}}]
    broker.produce(topic, numbered(5000, 10), partition=1)
    assert values(flow.rows()) == texts(5000, 10)
    assert flow.rows() == []


@pytest.mark.parametrize("partitions, arguments, placement", [
    (1, ["--cores", "2"], "split (1 partition on 2 cores)"),
    (2, ["--cores", "5"], "split (2 partitions on 5 cores)"),
    (3, ["--cores", "5"], "fused (3 partitions on 5 cores)"),
    (1, ["--cores", "1"], "fused"),
    (1, ["--cores", "2", "--placement", "fused"], "fused (as asked for)"),
    (2, ["--cores", "2", "--placement", "split"], "split (as asked for)"),
])
def test_one_core_reads_for_another(broker, topic, tmp_path, partitions, arguments, placement):
    """The same rows in the same order, whoever reads and works them; the next start may be placed otherwise."""
    broker.create_topic(topic, partitions=partitions)
    flow = Flow(tmp_path, broker, subscribe=topic)
    for first in (0, 20000):
        for partition in range(partitions):
            broker.produce(topic, numbered(first, 20000), partition=partition)
        done = flow.run(*(arguments if first == 0 else ["--cores", "3"]))
        assert done.returncode == 0, done.stderr
        assert first > 0 or f", {arguments[1]} cores, {placement}, " in done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [values(rows, partition) for partition in range(partitions)] == [texts(first, 20000)] * partitions


def send_unevenly(broker, topic, counts, next_numbers):
    """So many more records to each partition, numbered on."""
    for partition, count in enumerate(counts):
        broker.produce(topic, numbered(next_numbers[partition], count), partition=partition)
        next_numbers[partition] += count


def test_partitions_that_move_between_cores(broker, topic, tmp_path):
    """Two long partitions of one core are parted, and again when others are long; while the flow stands still the
    records of an epoch gather."""
    broker.create_topic(topic, partitions=4)
    flow = Flow(tmp_path, broker, columns="partition, CAST(CAST(value AS STRING) AS INT) AS value", subscribe=topic)
    sent = [0, 0, 0, 0]
    send_unevenly(broker, topic, [70000, 100, 70000, 100], sent)
    flow.write()
    process = subprocess.Popen(flow.command("--cores", "2", "--log-level", "debug"), cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE, stderr=(tmp_path / "log").open("w"))
    rows = [json.loads(process.stdout.readline()) for _ in range(sum(sent))]
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)  # a question that is under way is answered before there is more
    first_count = sum(sent)
    send_unevenly(broker, topic, [70000, 100, 100, 70000], sent)
    process.send_signal(signal.SIGCONT)
    rows += [json.loads(process.stdout.readline()) for _ in range(sum(sent) - first_count)]
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, rest) == (0, "")
    for partition in range(4):
        assert values(rows, partition) == list(range(sent[partition]))
    dealt = re.findall(r"busiest core reads (\d+) records of this epoch instead of (\d+)", (tmp_path / "log").read_text())
    assert dealt == [("70100", "140000"), ("70100", "140000")]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_batches_of_any_size(broker, topic, tmp_path, size):
    broker.create_topic(topic, partitions=2)
    flow = Flow(tmp_path, broker, subscribe=topic)
    for partition in range(2):
        broker.produce(topic, numbered(partition * 5000, 5000), partition=partition)
    rows = flow.rows("--set", f"eagre.source.batchRows={size}")
    assert [values(rows, partition) for partition in range(2)] == [texts(0, 5000), texts(5000, 5000)]


def test_two_topics_and_named_partitions(broker, topic, tmp_path):
    for name in (f"{topic}-a", f"{topic}-b"):
        broker.create_topic(name, partitions=2)
        for partition in range(2):
            broker.produce(name, [(None, f"{name[-1]}{partition}".encode())], partition=partition)
    (tmp_path / "subscribe").mkdir()
    (tmp_path / "assign").mkdir()
    both = Flow(tmp_path / "subscribe", broker, subscribe=f" {topic}-b , {topic}-a ")
    assert sorted(values(both.rows())) == ["a0", "a1", "b0", "b1"]
    some = Flow(tmp_path / "assign", broker, assign=f'{{"{topic}-a":[1],"{topic}-b":[0]}}')
    assert sorted(values(some.rows())) == ["a1", "b0"]


def test_keys_tombstones_and_empty_values(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, [(b"k", None), (None, b""), (b"", b"v"), (None, None)])
    rows = Flow(tmp_path, broker, subscribe=topic).rows()
    assert [(row.get("key"), row.get("value")) for row in rows] == [
        ("k", None), (None, ""), ("", "v"), (None, None)]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_codecs(broker, topic, tmp_path, codec):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 5000), compression_type=codec, linger_ms=50)
    assert values(Flow(tmp_path, broker, subscribe=topic).rows()) == texts(0, 5000)


def test_both_kinds_of_timestamps(broker, topic, tmp_path):
    broker.create_topic(topic, message_timestamp_type="LogAppendTime")
    broker.create_topic(f"{topic}-create")
    before = time.time() - 1
    broker.produce(topic, numbered(0, 1))
    broker.produce(f"{topic}-create", numbered(0, 1))
    flow = Flow(tmp_path, broker, subscribe=f"{topic},{topic}-create",
                columns="topic, timestampType, CAST(timestamp AS DOUBLE) AS seconds")
    rows = {row["topic"]: row for row in flow.rows()}
    assert rows[topic]["timestampType"] == 1
    assert rows[f"{topic}-create"]["timestampType"] == 0
    assert all(before < row["seconds"] < time.time() + 1 for row in rows.values())


def test_large_records(broker, topic, tmp_path):
    broker.create_topic(topic, max_message_bytes=20_000_000)
    sizes = [3, 900_000, 10_000_000, 5]
    broker.produce(topic, [(None, b"x" * size) for size in sizes], message_max_bytes=20_000_000)
    flow = Flow(tmp_path, broker, subscribe=topic, columns="length(CAST(value AS STRING)) AS size")
    assert [row["size"] for row in flow.rows()] == sizes


LARGE = 5_000_000


@pytest.mark.parametrize("options", [{}, {"kafka.max.partition.fetch.bytes": "1000"},
                                     {"kafka.fetch.max.bytes": "1000000"}])
def test_records_larger_than_a_fetch_in_every_partition(broker, topic, tmp_path, options):
    """A broker puts a batch that is too large into an answer only when it comes first there."""
    broker.create_topic(topic, partitions=4, max_message_bytes=20_000_000)
    sizes = [LARGE, 1, LARGE, LARGE + 1, 2]
    for partition in range(4):
        broker.produce(topic, [(None, b"x" * (size + partition)) for size in sizes],
                       partition=partition, message_max_bytes=20_000_000)
    flow = Flow(tmp_path, broker, subscribe=topic,
                columns="partition, length(CAST(value AS STRING)) AS size", **options)
    rows = flow.rows("--cores", "2")
    for partition in range(4):
        read = [row["size"] for row in rows if row["partition"] == partition]
        assert read == [size + partition for size in sizes]


def client_settings(flow, broker, *arguments, **more):
    """What librdkafka's clients were told in a run that reads a record, as it prints it: name -> values."""
    broker.produce(flow.options["subscribe"], numbered(0, 1))
    arguments = ("--log-level", "debug", "--set", "eagre.kafka.client=librdkafka", *arguments)
    done = flow.run(*arguments, **{"kafka.debug": "conf", **more})
    assert done.returncode == 0, done.stderr
    found = {}
    for name, value in re.findall(r"CONF: .*?([a-z.]+) = (\S+)", done.stderr):
        found.setdefault(name, set()).add(value)
    return found


def test_the_queue_bounds_fetches(broker, topic, tmp_path):
    broker.create_topic(topic)
    flow = Flow(tmp_path, broker, subscribe=topic)
    usual = client_settings(flow, broker)
    assert {"8193"} <= usual["queued.max.messages.kbytes"]
    assert usual["fetch.max.bytes"] >= {"1048576"}
    assert usual["fetch.message.max.bytes"] >= {"262144"}
    larger = client_settings(flow, broker, "--set", "eagre.kafka.queueBytes=67108864")
    assert larger["queued.max.messages.kbytes"] >= {"65537"}
    assert larger["fetch.max.bytes"] >= {"8388608"}
    own = client_settings(flow, broker, **{"kafka.max.partition.fetch.bytes": "777777"})
    assert own["fetch.message.max.bytes"] == {"777777"}


# ---- Holes in the offsets --------------------------------------------------------------------------


def visible_offsets(broker, topic):
    """What another client sees of partition 0."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "look",
                         "enable.partition.eof": True, "isolation.level": "read_uncommitted"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    offsets = []
    while True:
        message = consumer.poll(TIMEOUT_SECONDS)
        assert message is not None
        if message.error():
            break
        offsets.append(message.offset())
    consumer.close()
    return offsets


def compact(broker, topic):
    """Writes until the cleaner has removed records; the offsets that are left."""
    broker.create_topic(topic, cleanup_policy="compact", segment_ms=200,
                        min_cleanable_dirty_ratio=0.01, max_compaction_lag_ms=300)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for turn in range(1000):
        assert time.monotonic() < deadline, "the cleaner did nothing"
        broker.produce(topic, [(f"{n % 7}".encode(), f"{turn}-{n}".encode()) for n in range(100)])
        time.sleep(0.5)
        offsets = visible_offsets(broker, topic)
        if len(offsets) < offsets[-1] // 2:
            return offsets
    return None


def test_compacted_topics(broker, topic, tmp_path):
    offsets = compact(broker, topic)
    flow = Flow(tmp_path, broker, subscribe=topic)
    rows = flow.rows(maxOffsetsPerTrigger="40")
    read = [row["offset"] for row in rows]
    # The cleaner may have gone on since: what is left now must have been read, nothing twice.
    assert set(visible_offsets(broker, topic)) <= set(read) <= set(range(offsets[-1] + 1))
    assert read == sorted(set(read))
    assert flow.ends()[-1] == {topic: {"0": offsets[-1] + 1}}


def transact(broker, topic, steps):
    """Each step is (number, commit?): one record in a transaction of its own."""
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": f"writer-{topic}"})
    producer.init_transactions(TIMEOUT_SECONDS)
    for number, commits in steps:
        producer.begin_transaction()
        producer.produce(topic, f"{number}".encode(), partition=0)
        producer.flush(TIMEOUT_SECONDS)
        if commits:
            producer.commit_transaction(TIMEOUT_SECONDS)
        else:
            producer.abort_transaction(TIMEOUT_SECONDS)


@pytest.mark.parametrize("level, expected", [
    (None, ["0", "1", "2", "3", "4"]),
    ("read_uncommitted", ["0", "1", "2", "3", "4"]),
    ("read_committed", ["0", "2", "3"]),
])
def test_transactions(broker, topic, tmp_path, level, expected):
    """The log ends with markers, and with aborted records: the end is reached by position."""
    broker.create_topic(topic)
    transact(broker, topic, [(0, True), (1, False), (2, True), (3, True), (4, False)])
    options = {} if level is None else {"kafka.isolation.level": level}
    flow = Flow(tmp_path, broker, subscribe=topic, **options)
    begin = time.monotonic()
    assert values(flow.rows()) == expected
    assert values(flow.rows()) == []
    assert flow.ends()[-1] == {topic: {"0": 10}}
    assert time.monotonic() - begin < 20


def test_epochs_that_hold_markers_only(broker, topic, tmp_path):
    broker.create_topic(topic)
    transact(broker, topic, [(number, False) for number in range(5)])
    flow = Flow(tmp_path, broker, subscribe=topic, **{"kafka.isolation.level": "read_committed"})
    assert flow.rows(maxOffsetsPerTrigger="1") == []
    assert flow.ends() == [{topic: {"0": end}} for end in range(1, 11)]


def test_open_transactions_end_a_committed_read(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 2))
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": f"open-{topic}"})
    producer.init_transactions(TIMEOUT_SECONDS)
    producer.begin_transaction()
    producer.produce(topic, b"2", partition=0)
    producer.flush(TIMEOUT_SECONDS)
    flow = Flow(tmp_path, broker, subscribe=topic, **{"kafka.isolation.level": "read_committed"})
    assert values(flow.rows()) == ["0", "1"]
    producer.commit_transaction(TIMEOUT_SECONDS)
    assert values(flow.rows()) == ["2"]


# ---- Limits, new partitions, positions ----------------------------------------------------------------


def test_a_limit_is_divided_as_spark_divides_it(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=4)
    for partition, size in enumerate([100, 10, 1]):
        broker.produce(topic, numbered(0, size), partition=partition)
    flow = Flow(tmp_path, broker, subscribe=topic, maxOffsetsPerTrigger="10")
    assert len(flow.rows()) == 111
    shares = [(9 * epoch, epoch) for epoch in range(1, 11)] + [(100, 10)]
    assert flow.ends() == [{topic: {"0": first, "1": second, "2": 1, "3": 0}} for first, second in shares]


def test_new_partitions_are_read_from_their_beginning(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 3))
    flow = Flow(tmp_path, broker, subscribe=topic, startingOffsets="latest")
    assert flow.rows() == []
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(TIMEOUT_SECONDS)
    wait_for_partitions(admin, topic, 3)
    broker.produce(topic, numbered(10, 2), partition=2)
    assert values(flow.rows()) == ["10", "11"]
    assert flow.ends()[-1] == {topic: {"0": 3, "1": 0, "2": 2}}


def test_new_partitions_are_found_while_a_flow_runs(broker, topic, tmp_path):
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 2))
    process = Flow(tmp_path, broker, subscribe=topic).start()
    rows = [process.stdout.readline() for _ in range(2)]
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.create_partitions([NewPartitions(topic, 2)])[topic].result(TIMEOUT_SECONDS)
    wait_for_partitions(admin, topic, 2)
    broker.produce(topic, numbered(2, 3), partition=1)
    rows += [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT_SECONDS) == 0
    assert values([json.loads(row) for row in rows]) == texts(0, 5)


def test_a_new_partition_waits_for_no_other(broker, topic, tmp_path):
    """What was there before a record of an old partition is read with it: the watermark may be ahead of it in the next epoch."""
    broker.create_topic(topic)
    broker.produce(topic, numbered(0, 2))
    flow = Flow(tmp_path, broker, subscribe=topic)
    process = flow.start()
    admin = AdminClient({"bootstrap.servers": broker.address})
    producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 0, "topic.metadata.refresh.interval.ms": 20})
    for _ in range(2):
        process.stdout.readline()
    for number in range(1, 6):
        admin.create_partitions([NewPartitions(topic, number + 1)])[topic].result(TIMEOUT_SECONDS)
        wait_for_partitions(admin, topic, number + 1)
        time.sleep(0.05)  # longer than a flow believes what it was told
        for partition in (number, 0):
            producer.produce(topic, b"0", partition=partition)
            assert producer.flush(TIMEOUT_SECONDS) == 0
        for _ in range(2):
            process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT_SECONDS) == 0
    for number in range(1, 6):
        behind_both = next(end[topic] for end in flow.ends() if end[topic]["0"] == 2 + number)
        assert behind_both.get(str(number)) == 1


def wait_for_partitions(admin, topic, count):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(admin.list_topics(topic, timeout=5).topics[topic].partitions) != count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_starting_offsets(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=3)
    for partition in range(3):
        broker.produce(topic, numbered(0, 5), partition=partition)
    start = f'{{"{topic}":{{"0":-2,"1":-1,"2":3}}}}'
    flow = Flow(tmp_path, broker, subscribe=topic, startingOffsets=start)
    rows = flow.rows()
    assert [values(rows, partition) for partition in range(3)] == [texts(0, 5), [], ["3", "4"]]


def test_a_batch_reads_a_range(broker, topic, tmp_path):
    broker.create_topic(topic, partitions=2)
    for partition in range(2):
        broker.produce(topic, numbered(0, 10), partition=partition)
    options = call({"bootstrapServers": broker.address, "subscribe": topic,
                    "startingOffsets": f'{{"{topic}":{{"0":2,"1":-2}}}}',
                    "endingOffsets": f'{{"{topic}":{{"0":5,"1":-1}}}}'})
    sql = f"SELECT count(*) AS n, min(offset) AS first FROM read_kafka({options}) GROUP BY partition ORDER BY first"
    done = subprocess.run([program(), "query", "--format", "json", sql], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == '{"n":10,"first":0}\n{"n":3,"first":2}\n'


BROKEN = [b"1", b"\xff\xfe", None, b"x", b"2"]


def dead_letter_flow(folder, broker, topic, sink, name):
    """Numbers, some of them none, from two partitions; those go to `sink`."""
    broker.create_topic(topic, partitions=2)
    for partition in (0, 1):
        records = [(None if n == 3 else f"k{n}".encode(), value) for n, value in enumerate(BROKEN)]
        broker.produce(topic, records, partition=partition)
    flow = Flow(folder, broker, subscribe=topic)
    flow.write()
    text = (folder / "flow.sql").read_text().replace("SELECT topic", "SELECT CAST(CAST(value AS STRING) AS INT) AS n, topic")
    (folder / "flow.sql").write_text(sink + text.replace("'checkpoint')", f"'checkpoint', 'deadLetter' = '{name}')"))
    done = subprocess.run(flow.command("--available-now", "--cores", "2"), cwd=folder, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted((row["partition"], row["offset"], row.get("n")) for row in rows) == [
        (partition, offset, n) for partition in (0, 1) for offset, n in ((0, 1), (2, None), (4, 2))]


def test_records_that_fail_are_put_aside_as_they_came(broker, topic, tmp_path):
    dead_letter_flow(tmp_path, broker, topic, "CREATE STREAMING TABLE failed LOCATION 'failed';", "failed")
    table = deltalake.DeltaTable(str(tmp_path / "failed")).to_pyarrow_table().to_pylist()
    assert sorted((row["partition"], row["offset"], row["key"], row["value"]) for row in table) == [
        (partition, offset, key, value) for partition in (0, 1) for offset, key, value in ((1, b"k1", b"\xff\xfe"), (3, None, b"x"))]
    assert {(row["topic"], row["class"], row["epoch"]) for row in table} == {(topic, "CAST_INVALID_INPUT", 0)}


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_records_that_fail_go_to_a_topic_with_headers(broker, topic, tmp_path, delivery):
    broker.create_topic(f"{topic}-dead", partitions=1)
    sink = (f"CREATE SINK dead USING kafka OPTIONS ('kafka.bootstrap.servers' = '{broker.address}', 'topic' = '{topic}-dead', "
            f"'delivery' = '{delivery}');")
    dead_letter_flow(tmp_path, broker, topic, sink, "dead")
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "look", "isolation.level": "read_committed"})
    consumer.assign([TopicPartition(f"{topic}-dead", 0, 0)])
    found = [consumer.poll(TIMEOUT_SECONDS) for _ in range(4)]
    consumer.close()
    assert all(message is not None and not message.error() for message in found)
    headers = [dict(message.headers()) for message in found]
    assert sorted((each["partition"], each["offset"], message.key(), message.value()) for each, message in zip(headers, found)) == [
        (partition, offset, key, value) for partition in (b"0", b"1")
        for offset, key, value in ((b"1", b"k1", b"\xff\xfe"), (b"3", None, b"x"))]
    assert {(each["topic"], each["class"], each["epoch"]) for each in headers} == {(topic.encode(), b"CAST_INVALID_INPUT", b"0")}
    assert all(b"cannot be cast" in each["message"] for each in headers)

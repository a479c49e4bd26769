"""ysb-kafka, fetch-clients and lag-memory: a pre-filled topic of a real broker, read to its end; idle-kafka: an
empty one.

The broker shares the machine: only CPU is compared, of the engine's process alone, in the same run.
"""

import contextlib
import itertools
import json
import pathlib
import tempfile
import time

import answers
import engine
import place
from figure import Figure
from process import START_TIMEOUT_S, measure

PARTITION_COUNT = 4
RECORDS_PER_EPOCH = 500_000

# Of topics that live readers follow. Memory that is touched for the first time has to come from the host of a virtual
# machine, which stops all of its CPUs meanwhile, for up to 60 ms here: what has been read is soon given back instead.
FLEETING = {"segment_bytes": 16 << 20, "retention_bytes": 64 << 20, "file_delete_delay_ms": 1000}
RETENTION_CHECKS = ("log.retention.check.interval.ms=1000", "log.initial.task.delay.ms=1000")


@contextlib.contextmanager
def broker():
    from rig.kafka_broker import KafkaBroker
    with tempfile.TemporaryDirectory(prefix="eagre-broker-", dir=place.topics()) as folder:
        with KafkaBroker(pathlib.Path(folder), heap="1g", properties=RETENTION_CHECKS) as running:
            yield running


def is_known(topic):
    """Whether all partitions of a topic, or of None, have a leader."""
    return topic is not None and len(topic.partitions) == PARTITION_COUNT and all(
        partition.leader >= 0 for partition in topic.partitions.values())


def create_topic(running, name, **config):
    """A topic that the broker knows when this returns: it says "created" a moment before, on a busy machine."""
    from confluent_kafka.admin import AdminClient
    running.create_topic(name, partitions=PARTITION_COUNT, **config)
    admin = AdminClient({"bootstrap.servers": running.address})
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_known(admin.list_topics(timeout=START_TIMEOUT_S).topics.get(name)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the broker does not know the topic {name} after {START_TIMEOUT_S} s")
        time.sleep(0.05)


numbers = itertools.count()


@contextlib.contextmanager
def new_topics(running, *names, fleeting=()):
    """Topics of these names and a number, gone afterwards: the disk would be full of old runs."""
    number = next(numbers)
    topics = [f"{name}-{number}" for name in names]
    for name, topic in zip(names, topics):
        create_topic(running, topic, **(FLEETING if name in fleeting else {}))
    try:
        yield topics
    finally:
        for topic in topics:
            running.delete_topic(topic)


def load_topic(running, folder, topic, event_count, shape="ysb"):
    """A topic of `event_count` events; the path of what the query must answer."""
    create_topic(running, topic)
    expected = folder / f"{topic}.tsv"
    if event_count > 0:
        measure([place.program("bench/load"), "kafka", shape, running.address, topic, PARTITION_COUNT, event_count,
                 expected])
    return expected


def consume_bare(running, topic, event_count):
    """A consumer that does nothing else, over the client that the engine uses."""
    usage = measure([place.program("bench/rival_librdkafka"), running.address, topic, PARTITION_COUNT])
    record_count = int(usage.output.split()[0])
    if record_count != event_count:
        raise answers.WrongResult(f"the bare consumer read {record_count} of {event_count} records")
    return usage


def epochs_of(event_count, limit):
    return -(-event_count // limit)


def ysb_kafka(folder, settings):
    million = settings.event_count / 1e6
    record_count = settings.event_count + PARTITION_COUNT
    ours, bare, ratio = [], [], []
    memory, rate = Figure("ysb-kafka: peak memory", "MB"), Figure("ysb-kafka: rate, broker beside it", "k/s")
    with broker() as running:
        expected = load_topic(running, folder, "ysb", settings.event_count)
        load_topic(running, folder, "empty", 0)
        for _ in range(settings.repetitions):
            start = engine.run(folder / "run", engine.from_kafka(running.address, "empty"))
            usage = engine.run(folder / "run", engine.from_kafka(running.address, "ysb", RECORDS_PER_EPOCH))
            engine.verify(folder / "run", expected, epochs_of(record_count, RECORDS_PER_EPOCH))
            bare_start = consume_bare(running, "empty", 0)
            bare_usage = consume_bare(running, "ysb", record_count)
            ours.append((usage.cpu_s - start.cpu_s) / million)
            bare.append((bare_usage.cpu_s - bare_start.cpu_s) / million)
            ratio.append(ours[-1] / bare[-1])
            memory.samples.append(usage.peak_mb)
            rate.samples.append(settings.event_count / 1000 / (usage.wall_s - start.wall_s))
    return [Figure("ysb-kafka: eagre", "CPU-s/M", ours), Figure("ysb-kafka: bare librdkafka", "CPU-s/M", bare),
            Figure("ysb-kafka: eagre / bare librdkafka", "x", ratio, 1.6), memory, rate]


FETCH = """
SET eagre.kafka.client = '{client}';
CREATE SINK out USING noop;
CREATE FLOW fetch OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT value, offset FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{topic}',
                                            startingOffsets => 'earliest');
"""


def fetch(running, folder, client, topic, record_count):
    """CPU of a flow that reads a topic and writes nothing; checked by the position that it ended at."""
    usage = engine.run(folder, FETCH.format(client=client, brokers=running.address, topic=topic))
    if record_count == 0:
        return usage.cpu_s
    newest = max((path for path in (folder / "checkpoint/offsets").iterdir() if path.name.isdigit()),
                 key=lambda path: int(path.name))
    position = json.loads(newest.read_text().split("\n")[2])
    if sum(position[topic].values()) != record_count:
        raise answers.WrongResult(f"the {client} client ended at {position}, not behind {record_count} records")
    return usage.cpu_s


def fetch_clients(folder, settings):
    million = settings.event_count / 1e6
    record_count = settings.event_count + PARTITION_COUNT
    cost = {client: [] for client in ("librdkafka", "native")}
    with broker() as running:
        load_topic(running, folder, "ysb", settings.event_count)
        load_topic(running, folder, "empty", 0)
        for _ in range(settings.repetitions):
            for client, samples in cost.items():
                start_s = fetch(running, folder / "run", client, "empty", 0)
                samples.append((fetch(running, folder / "run", client, "ysb", record_count) - start_s) / million)
    ratio = [native / librdkafka for native, librdkafka in zip(cost["native"], cost["librdkafka"])]
    return [*(Figure(f"fetch-clients: {client}", "CPU-s/M", samples) for client, samples in cost.items()),
            Figure("fetch-clients: native / librdkafka", "x", ratio, 0.5)]


def lag_memory(folder, settings):
    """Thirty million records behind: worked off with the memory of a small batch, whatever the lag."""
    event_count = settings.lag_count
    record_count = event_count + PARTITION_COUNT
    variants = (("one epoch", None), ("epochs of 1 M", 1_000_000))[:settings.lag_variants]
    figures = []
    with broker() as running:
        expected = load_topic(running, folder, "lag", event_count)
        for cores, (name, limit) in itertools.product((1, 2), variants):
            label = f"lag-memory: {name}, {cores} core{'s' if cores > 1 else ''}"
            memory = Figure(f"{label}, peak", "MB", bar=300, every=True)
            cpu = Figure(f"{label}, CPU", "CPU-s/M")
            for _ in range(settings.lag_repetitions):
                usage = engine.run(folder / "run", engine.from_kafka(running.address, "lag", limit), cores)
                engine.verify(folder / "run", expected, epochs_of(record_count, limit) if limit else 1)
                memory.samples.append(usage.peak_mb)
                cpu.samples.append(usage.cpu_s / (event_count / 1e6))
                print(f"  {name}, {cores} cores: {usage.peak_mb:.0f} MB, {usage.wall_s:.0f} s", flush=True)
            figures += [memory, cpu]
    return figures


def idle_kafka(folder, settings):
    """A flow that waits for records: what it costs that nothing happens."""
    figures = []
    with broker() as running:
        load_topic(running, folder, "empty", 0)
        for cores in (1, 2):
            share = Figure(f"idle-kafka: {cores} core{'s' if cores > 1 else ''}", "% CPU", bar=1)
            for _ in range(settings.repetitions):
                cpu_s, wall_s = engine.idle(folder / "run", engine.from_kafka(running.address, "empty"), cores,
                                            settings.idle_seconds)
                share.samples.append(100 * cpu_s / wall_s)
            figures.append(share)
    return figures

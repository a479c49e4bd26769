"""ysb, words, device-kafka, device-delta: pre-filled topics of a real broker, from JSON to where it belongs.

Each is run over a topic of --event-count events and one of --large-count; what the additional events cost is judged,
so that the start and what warms up cancel. The bare consumer of the same topics in the same run stands beside it.
"""

import contextlib
import pathlib
import shutil
from dataclasses import dataclass, field

import answers
import kafka
import place
from figure import Figure
from kafka import RECORDS_PER_EPOCH
from process import cpu_seconds, measure
from workloads import WORKLOADS, Place

RUN_TIMEOUT_S = 7200


@dataclass
class Topic:
    """A filled topic."""

    name: str
    event_count: int
    expected: pathlib.Path


def fill(running, folder, shape, counts):
    """One topic per number of events, smallest first."""
    if len(set(counts)) != len(counts):
        raise ValueError("the two topics must differ: set --event-count and --large-count")
    topics = [(f"{shape}-{count}", count) for count in sorted(counts)]
    return [Topic(name, count, kafka.load_topic(running, folder, name, count, shape)) for name, count in topics]


def warm(running, workload, topics):
    """Reads the topics once, so that nobody who is measured pays for a broker that has not read yet."""
    for topic in topics:
        consume_bare(running, workload, topic)


def write_campaigns(folder):
    path = folder / "campaigns.json"
    measure([place.program("bench/load"), "campaigns", path])
    return path


def clients():
    """The Kafka clients that this build can be told to use; [None] when it has one only."""
    options = measure([place.eagre(), "reference", "options"]).output
    return ["native", "librdkafka"] if "`eagre.kafka.client`" in options else [None]


@contextlib.contextmanager
def target_of(running, workload, folder):
    """An empty place for one run's results, gone afterwards: a topic, or the path of a table in `folder`."""
    if not workload.writes_topic:
        yield str(folder / "table")
        return
    with kafka.new_topics(running, f"{workload.name}-out") as (topic,):
        yield topic


def run_once(running, workload, topic, campaigns, folder, command_of, is_changelog=False):
    """One verified run of `command_of(workload, place, folder)`: what it took, and what it took of the broker."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with target_of(running, workload, folder) as target:
        site = Place(running.address, topic.name, target, campaigns, topic.expected)
        command = command_of(workload, site, folder)
        before_s = cpu_seconds(running.pid)
        usage = measure(command, cwd=folder, environment={"TZ": "UTC"}, timeout_s=RUN_TIMEOUT_S)
        broker_s = cpu_seconds(running.pid) - before_s
        workload.verify(site, is_changelog)
    return usage, broker_s


def write_pipeline(workload, site, folder, client):
    """The command that runs the workload on one core of Eagre."""
    (folder / "pipeline.sql").write_text(workload.sql(site, RECORDS_PER_EPOCH, client))
    return [place.eagre(), "run", "pipeline.sql", "--available-now", "--cores", "1", "--progress", "none"]


def run_eagre(running, workload, topic, campaigns, folder, client):
    """One run of Eagre, its checkpoints and commits verified too."""
    def command_of(*where):
        return write_pipeline(*where, client)
    taken = run_once(running, workload, topic, campaigns, folder, command_of)
    record_count = topic.event_count + workload.closing_count * kafka.PARTITION_COUNT
    epoch_count = kafka.epochs_of(record_count, RECORDS_PER_EPOCH) + workload.empty_epoch_count
    answers.verify_checkpoints(folder / "checkpoint", epoch_count)
    if not workload.writes_topic:
        answers.verify_commits(folder / "table", epoch_count)
    return taken


@dataclass
class Samples:
    """Of each repetition."""

    cpu: list = field(default_factory=list)  # s per million events
    broker_cpu: list = field(default_factory=list)  # empty where no broker is
    rate: list = field(default_factory=list)  # thousand events per second
    peak_mb: list = field(default_factory=list)

    def add(self, topics, runs):
        """The slope between the (usage, CPU of the broker) of the smaller and of the larger topic."""
        (small, small_broker_s), (large, large_broker_s) = runs
        million = (topics[1].event_count - topics[0].event_count) / 1e6
        self.cpu.append((large.cpu_s - small.cpu_s) / million)
        if large_broker_s is not None:
            self.broker_cpu.append((large_broker_s - small_broker_s) / million)
        self.rate.append(million * 1000 / (large.wall_s - small.wall_s))
        self.peak_mb.append(max(small.peak_mb, large.peak_mb))

    def figures(self, name, bar):
        return [Figure(name, "CPU-s/M", self.cpu, bar), Figure(f"{name}: rate, broker beside it", "k/s", self.rate),
                Figure(f"{name}: broker's CPU", "CPU-s/M", self.broker_cpu),
                Figure(f"{name}: peak memory", "MB", self.peak_mb)]


def consume_bare(running, workload, topic):
    """What a consumer that does nothing else takes of the topic, and of the broker."""
    before_s = cpu_seconds(running.pid)
    usage = kafka.consume_bare(running, topic.name, topic.event_count + workload.closing_count * kafka.PARTITION_COUNT)
    return usage, cpu_seconds(running.pid) - before_s


def measure_workload(workload, running, folder, settings):
    """Samples by client; None stands for the bare consumer."""
    topics = fill(running, folder, workload.shape, (settings.event_count, settings.large_count))
    warm(running, workload, topics)
    campaigns = write_campaigns(folder)
    samples = {client or "librdkafka": Samples() for client in clients()}
    samples["bare"] = Samples()
    for _ in range(settings.repetitions):
        for client in clients():
            runs = [run_eagre(running, workload, topic, campaigns, folder / "run", client) for topic in topics]
            samples[client or "librdkafka"].add(topics, runs)
        samples["bare"].add(topics, [consume_bare(running, workload, topic) for topic in topics])
    return samples


def check(name):
    """The check of one workload."""
    workload = WORKLOADS[name]
    bars = {"librdkafka": workload.bar, "native": workload.native_bar}

    def run(folder, settings):
        with kafka.broker() as running:
            samples = measure_workload(workload, running, folder, settings)
        bare = samples.pop("bare")
        figures = []
        for client, each in samples.items():
            label = f"{name}: eagre" if client == "librdkafka" else f"{name}: eagre, {client}"
            ratio = [ours / theirs for ours, theirs in zip(each.cpu, bare.cpu)]
            figures += [*each.figures(label, bars[client]), Figure(f"{label} / bare librdkafka", "x", ratio)]
        return figures + [Figure(f"{name}: bare librdkafka", "CPU-s/M", bare.cpu)]
    return run

"""latency: every member of device events decoded and written again, Kafka to Kafka, by each engine at rising loads.

Open loop, against the floor of the same run: the generator and the consumer without an engine between them. An engine
is one process through all loads, the least first, so that those on the JVM are warm when it counts. One that falls
behind, or takes so much of the machine that the generator is late, is not asked for more.
"""

import json
from dataclasses import asdict, dataclass, field

import answers
import engine
import fetch
import kafka
import latency
import paced
import peers
from process import ProcessFailed, running, wait_until
from workloads import Place

RATES = (10_000, 30_000, 100_000, 200_000)  # records per second
SECONDS, WARM_UP_S = 30, 10  # of each load
GOOD_ENDS = (0, 143)  # a JVM that was asked to end says 143
# Due long ago, so no result of it counts; one per partition shows that an engine is under way.
FIRST_EVENT = {"us": 0, "device": "d", "ts": "2026-01-01T00:00:00.000Z", "temp": 0.5, "status": "ok", "n": 0, "site": "s",
               "fw": "f"}


@dataclass(frozen=True)
class Job:
    """A workload as the programs of the peers know it."""

    name: str


@dataclass
class Row:
    """What one engine did."""

    peer: str
    version: str = ""
    settings: str = ""
    reason: str = None  # why there is nothing, or no more
    points: list = field(default_factory=list)  # a dict per load that it kept up with: rate, percentiles in us


LIVE, REAL_TIME = Job("device-live"), Job("device-live-real-time")


def prepare_eagre():
    def command(_job, site, folder):
        text = latency.pipeline("device", latency.CONTINUOUS, (site.brokers, site.source, site.target), folder)
        return engine.prepare(folder, text, cores=1)
    return peers.eagre_version(), command


ENGINES = (
    (peers.Peer("Eagre", "1 core, continuous, checkpoints every second", prepare_eagre), LIVE),
    (peers.Peer("Kafka Streams", "2 threads, commits every second", peers.prepare_streams), LIVE),
    (peers.Peer("Flink", "parallelism 2, checkpoints every second", peers.prepare_flink), LIVE),
    (peers.Peer("Spark, real-time mode", "local[4], epochs of a minute", peers.prepare_spark), REAL_TIME),
    (peers.Peer("Spark, micro-batches", "local[2], one as soon as there is data", peers.prepare_spark), LIVE),
)


def wait_for_results(broker, process, source, target):
    """Until the engine has passed on a record of every partition."""
    for partition in range(kafka.PARTITION_COUNT):
        broker.produce(source, [(None, json.dumps(FIRST_EVENT).encode())], partition=partition)
    wait_until(process, lambda: len(list(answers.read_topic(broker.address, target))) >= kafka.PARTITION_COUNT)


def observe_loads(row, broker, source, target):
    """All loads, or those up to the one that was too much."""
    for rate in RATES:
        load = paced.Load("device", rate, SECONDS, WARM_UP_S)
        try:
            seen, _ = paced.observe(broker, source, target, load)
        except paced.VoidRun as late:
            row.reason = str(late)
            return
        due_count = rate * load.counted_s
        if seen["count"] < due_count:
            row.reason = f"fell behind at {rate:,} records/s: {seen['count']:,} of {due_count:,} within {paced.DRAIN_S} s"
            return
        paced.verify_count(seen, due_count)
        row.points.append({"rate": rate, **seen})
        print(f"  {row.peer}, {rate:,}/s: p50 {seen['p50'] / 1000:.3g}, p99 {seen['p99'] / 1000:.3g} ms", flush=True)


def measure_floor(broker):
    row = Row("no engine", settings="the floor: generator, broker, consumer")
    with kafka.new_topics(broker, "floor", fleeting=["floor"]) as (topic,):
        observe_loads(row, broker, topic, topic)
    return row


def measure_engine(broker, peer, job, folder):
    try:
        version, command_of = peer.prepare()
    except fetch.NotMeasured as reason:
        return Row(peer.name, reason=str(reason))
    row = Row(peer.name, version, peer.settings)
    folder.mkdir()
    try:
        with kafka.new_topics(broker, "in", "out", fleeting=["in", "out"]) as (source, target):
            site = Place(broker.address, source, target, campaigns="", expected="")
            with running(command_of(job, site, folder), folder, GOOD_ENDS) as process:
                wait_for_results(broker, process, source, target)
                observe_loads(row, broker, source, target)
    except (ProcessFailed, answers.WrongResult) as problem:
        row.reason = f"failed: {str(problem).splitlines()[0]}"
    return row


def measure(folder):
    """A row per engine, the floor's first."""
    with kafka.broker() as broker:
        measure_floor(broker)  # a broker that has just come up, and compiles what it runs, is slow
        rows = [measure_floor(broker)]
        for number, (peer, job) in enumerate(ENGINES):
            rows.append(measure_engine(broker, peer, job, folder / str(number)))
            if rows[-1].reason:
                print(f"  {peer.name}: {rows[-1].reason}", flush=True)
    return [asdict(row) for row in rows]

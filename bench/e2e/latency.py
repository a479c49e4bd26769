"""latency and latency-device: from Kafka to Kafka, open loop, against the floor of the same run.

  A       stateless: part of the payload as base64
  B       count per id, update mode; a row carries when the newest record in it was due
  C       joined with 10,000 static rows
  device  stateless: every member of a device event decoded and written again

The floor is the same generator and consumer without an engine between them, the jitter what threads that only look at
the clock lose (bench/jitter.c), one per CPU, on a machine that nobody else may be using: nothing is faster than that.
"""

import json
import pathlib

import answers
import engine
import kafka
import place
from figure import Figure
from paced import Load, add, observe, verify_count
from process import measure, running, wait_until

ID_COUNT = 10_000
DEVICE_RATES = (10_000, 100_000)
STATELESS_BARS = {"p50": 1.8, "p99": 2.5, "p99.9": 1.5}
BARS = {"A": STATELESS_BARS, "B": {"p99": 3.5}, "C": STATELESS_BARS, "device": STATELESS_BARS}  # multiples of the floor
CONTINUOUS = "continuous 1 second"
TRANSACTIONS_MS = (10, 50)
JITTER_SECONDS = 5

HEAD = """
SET spark.sql.session.timeZone = 'UTC';
CREATE SINK target USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{target}',
                                        'delivery' = '{delivery}');
CREATE TEMPORARY VIEW messages AS
SELECT value::string AS value
FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{source}', startingOffsets => 'earliest');
CREATE TEMPORARY VIEW events AS
SELECT e.us, e.id, e.payload
FROM (SELECT from_json(value, 'us BIGINT, id STRING, payload STRING') AS e FROM STREAM messages);
CREATE TEMPORARY VIEW names AS
SELECT * FROM read_files('{names}', format => 'json', schema => 'id STRING, name STRING');
CREATE FLOW flow OPTIONS ('outputMode' = '{mode}', 'trigger' = '{trigger}', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO target
"""

QUERIES = {
    "A": ("append", """SELECT to_json(struct(us, base64(CAST(substring(payload, 1, 512) AS BINARY)) AS text)) AS value
                       FROM STREAM events;"""),
    "B": ("update", """SELECT id AS key, to_json(struct(max(us) AS us, id, count(*) AS n)) AS value
                       FROM STREAM events GROUP BY id;"""),
    "C": ("append", """SELECT to_json(struct(e.us, e.id, n.name, substring(e.payload, 1, 512) AS text)) AS value
                       FROM STREAM events AS e JOIN names AS n ON e.id = n.id;"""),
    "device": ("append", """SELECT to_json(from_json(value, 'us BIGINT, device STRING, ts STRING, temp DOUBLE,
                                           status STRING, n BIGINT, site STRING, fw STRING')) AS value
                            FROM STREAM messages;"""),
}


def pipeline(query, trigger, site, names, delivery="at-least-once"):
    """The text of one of QUERIES; `site` is (brokers, source, target), `names` the folder that C joins with."""
    brokers, source, target = site
    mode, text = QUERIES[query]
    return HEAD.format(brokers=brokers, source=source, target=target, names=names, mode=mode, trigger=trigger,
                       delivery=delivery) + text


def write_names(path):
    path.mkdir()
    rows = [json.dumps({"id": f"k{number}", "name": f"name of {number}"}) for number in range(ID_COUNT)]
    (path / "names.json").write_text("\n".join(rows) + "\n")
    return path


def observe_floor(broker, load):
    with kafka.new_topics(broker, "floor", fleeting=["floor"]) as (topic,):
        seen, _ = observe(broker, topic, topic, load)
    verify_count(seen, load.rate * load.counted_s)
    return seen


def add_jitter(figures, name):
    """Alone: beside the programs that are measured it would take the CPUs from them."""
    seen = json.loads(measure([place.program("bench/jitter"), JITTER_SECONDS]).output)
    add(figures, f"{name} jitter of this machine", seen)


def verify_groups(broker, topic, record_count):
    """The last counts of all ids make up all records."""
    last = {row["id"]: row["n"] for row in map(json.loads, answers.read_topic(broker.address, topic))}
    if sum(last.values()) != record_count:
        raise answers.WrongResult(f"{sum(last.values())} of {record_count} records were counted")


class Suite:
    """Runs of Eagre on one core between a generator and a consumer, their results verified."""

    def __init__(self, broker, folder):
        self.broker = broker
        self.folder = pathlib.Path(folder)
        self.names = write_names(self.folder / "names")

    def observe(self, query, trigger, load, delivery="at-least-once"):
        folder = self.folder / "run"
        fleeting = ["in"] if query == "B" else ["in", "out"]  # B's results are read again
        with kafka.new_topics(self.broker, "in", "out", fleeting=fleeting) as (source, target):
            site = self.broker.address, source, target
            command = engine.prepare(folder, pipeline(query, trigger, site, self.names, delivery), cores=1)
            with running(command, cwd=folder) as process:
                wait_until(process, (folder / "checkpoint/metadata").exists)
                seen, _ = observe(self.broker, source, target, load)
            if query == "B":
                verify_groups(self.broker, target, load.count)
            else:
                verify_count(seen, load.rate * load.counted_s)
        return seen

    def warm_up(self, query, load):
        """A broker that has just come up, and compiles what it runs, is slow, and so would be its floor."""
        observe_floor(self.broker, load)
        self.observe(query, CONTINUOUS, load)


def latency(folder, settings):
    figures = {}
    load = Load("suite", settings.latency_rate, settings.latency_seconds, settings.latency_warm_up)
    with kafka.broker() as broker:
        suite = Suite(broker, folder)
        suite.warm_up("A", load)
        for _ in range(settings.repetitions):
            add_jitter(figures, "latency")
            floor = observe_floor(broker, load)
            add(figures, "latency floor", floor)
            for query in ("A", "B", "C"):
                add(figures, f"latency {query}, default", suite.observe(query, "default", load), floor)
                add(figures, f"latency {query}, continuous", suite.observe(query, CONTINUOUS, load), floor, BARS[query])
            for interval_ms in TRANSACTIONS_MS:
                seen = suite.observe("A", f"continuous {interval_ms} milliseconds", load, "exactly-once")
                add(figures, f"latency A, transactions of {interval_ms} ms", seen, floor)
    return list(figures.values())


def latency_device(folder, settings):
    figures = {}
    with kafka.broker() as broker:
        suite = Suite(broker, folder)
        for rate in DEVICE_RATES:
            load = Load("device", rate, settings.latency_seconds, settings.latency_warm_up)
            name = f"latency device, {rate // 1000} k/s"
            suite.warm_up("device", load)
            for _ in range(settings.repetitions):
                add_jitter(figures, f"{name},")
                floor = observe_floor(broker, load)
                add(figures, f"{name}, floor", floor)
                add(figures, f"{name}", suite.observe("device", CONTINUOUS, load), floor, BARS["device"])
    return list(figures.values())

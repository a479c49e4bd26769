"""latency: the suite of latency from Kafka to Kafka, open loop, against the floor of the same run.

  A  stateless: part of the payload as base64
  B  count per id, update mode; a row carries when the newest record in it was due
  C  joined with 10,000 static rows

Records of 1.2 kB go out by a schedule that waits for nobody (bench/pace.c) and carry when they were due; a process
of its own takes the time at which results arrive (bench/arrive.c). The floor is the same pair without an engine
between them, the jitter what a thread that only looks at the clock loses (bench/jitter.c), on a machine that nobody else
may be using: nothing is faster than that. A run in which the generator itself was late is void.
"""

import concurrent.futures
import json
import pathlib
import shutil
import time

import answers
import kafka
import place
from figure import Figure
from process import measure, running, wait_until

PERCENTILES = ("p50", "p99", "p99.9")
GENERATOR_LATE_MS_MAX = 50  # at the 99th percentile
START_DELAY_S = 3  # until the two programs have their connections
DRAIN_S = 10  # after the last record is due
ID_COUNT = 10_000
STATELESS_BARS = {"p50": 1.8, "p99": 2.5, "p99.9": 1.5}
BARS = {"A": STATELESS_BARS, "B": {"p99": 3.5}, "C": STATELESS_BARS}  # of continuous flows, multiples of the floor
JITTER_SECONDS = 5

HEAD = """
SET spark.sql.session.timeZone = 'UTC';
CREATE SINK target USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{target}');
CREATE TEMPORARY VIEW events AS
SELECT e.us, e.id, e.payload
FROM (SELECT from_json(value::string, 'us BIGINT, id STRING, payload STRING') AS e
      FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{source}', startingOffsets => 'earliest'));
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
}


class VoidRun(Exception):
    """The generator was late: the run says nothing."""


def triggers():
    """Those of this build: by name, as the flow's option has them."""
    options = measure([place.eagre(), "reference", "options"]).output
    line = next(line for line in options.splitlines() if line.startswith("| `trigger`"))
    return {"default": "default", **({"continuous": "continuous 1 second"} if "continuous" in line else {})}


def write_names(path):
    path.mkdir()
    rows = [json.dumps({"id": f"k{number}", "name": f"name of {number}"}) for number in range(ID_COUNT)]
    (path / "names.json").write_text("\n".join(rows) + "\n")
    return path


def observe(broker, source, target, settings):
    """Generates into `source`, watches `target`: latencies in us, and how many records were due while they counted."""
    start_us = int((time.time() + START_DELAY_S) * 1e6)
    from_us = start_us + settings.latency_warm_up * 1_000_000
    until_us = start_us + settings.latency_seconds * 1_000_000
    count = settings.latency_rate * settings.latency_seconds
    end_us = until_us + DRAIN_S * 1_000_000
    with concurrent.futures.ThreadPoolExecutor() as pool:
        arrive = pool.submit(measure, [place.program("bench/arrive"), broker.address, target, kafka.PARTITION_COUNT,
                                       from_us, until_us, end_us])
        pace = pool.submit(measure, [place.program("bench/pace"), broker.address, source, kafka.PARTITION_COUNT,
                                     "suite", start_us, settings.latency_rate, count])
        late, seen = json.loads(pace.result().output), json.loads(arrive.result().output)
    if late["p99"] > GENERATOR_LATE_MS_MAX * 1000:
        raise VoidRun(f"the generator was {late['p99'] / 1000:.0f} ms late at p99: the machine is too busy for "
                      f"{settings.latency_rate} records/s")
    return seen, settings.latency_rate * (settings.latency_seconds - settings.latency_warm_up)


def observe_floor(broker, settings):
    with kafka.new_topics(broker, "floor") as (topic,):
        seen, due_count = observe(broker, topic, topic, settings)
    verify_count(seen, due_count)
    return seen


def observe_jitter():
    """Alone: beside the programs that are measured it would take a CPU from them."""
    return json.loads(measure([place.program("bench/jitter"), JITTER_SECONDS]).output)


def verify_count(seen, due_count):
    if seen["count"] != due_count:
        raise answers.WrongResult(f"{seen['count']} of {due_count} records arrived within {DRAIN_S} s")


def verify_groups(broker, topic, record_count):
    """The last counts of all ids make up all records."""
    last = {row["id"]: row["n"] for row in map(json.loads, answers.read_topic(broker.address, topic))}
    if sum(last.values()) != record_count:
        raise answers.WrongResult(f"{sum(last.values())} of {record_count} records were counted")


def pipeline(broker, source, target, names, query, trigger):
    mode, text = QUERIES[query]
    head = HEAD.format(brokers=broker.address, source=source, target=target, names=names, mode=mode, trigger=trigger)
    return head + text


def observe_query(broker, folder, names, query, trigger, settings):
    """One run of Eagre on one core, its results verified."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with kafka.new_topics(broker, "in", "out") as (source, target):
        (folder / "pipeline.sql").write_text(pipeline(broker, source, target, names, query, trigger))
        command = [place.eagre(), "run", "pipeline.sql", "--cores", "1", "--progress", "none"]
        with running(command, cwd=folder) as process:
            wait_until(process, (folder / "checkpoint/metadata").exists)
            seen, due_count = observe(broker, source, target, settings)
        if query == "B":
            verify_groups(broker, target, settings.latency_rate * settings.latency_seconds)
        else:
            verify_count(seen, due_count)
    return seen


def add(figures, name, seen, floor=None, bars=None):
    """The percentiles of a run in ms; those that have a bar are held against the floor's."""
    for percentile in PERCENTILES:
        label = f"latency {name}: {percentile}"
        figures.setdefault(label, Figure(label, "ms")).samples.append(seen[percentile] / 1000)
        if floor is not None:
            label += " / floor"
            bar = (bars or {}).get(percentile)
            figures.setdefault(label, Figure(label, "x", bar=bar)).samples.append(seen[percentile] / floor[percentile])


def latency(folder, settings):
    figures = {}
    names = write_names(pathlib.Path(folder) / "names")
    with kafka.broker(folder) as broker:
        observe_floor(broker, settings)  # a broker that has just come up is slow: its floor would flatter everybody
        for _ in range(settings.repetitions):
            add(figures, "jitter of this machine", observe_jitter())
            floor = observe_floor(broker, settings)
            add(figures, "floor", floor)
            for name, trigger in triggers().items():
                for query in QUERIES:
                    seen = observe_query(broker, folder / "run", names, query, trigger, settings)
                    add(figures, f"{query}, {name}", seen, floor, BARS[query] if name == "continuous" else None)
    return list(figures.values())

"""nexmark and orders: the pipelines of examples/, over what `eagre generate` makes, from a real broker into Delta tables.

The files are run as they are, but for the name of the topic and the size of an epoch. Every table is compared with what
DuckDB answers over the same events, and every run with the number of its checkpoints.
"""

import contextlib
import json
import pathlib
import string
from dataclasses import dataclass
from typing import Callable

import duckdb

import answers
import engine
import kafka
import place
from figure import Figure
from kafka import RECORDS_PER_EPOCH
from process import measure

from nexmark import nexmark_answers
from nexmark.nexmark_site import LAST_EVENTS

EXAMPLES = place.ROOT / "examples"
SIDE_INPUT = EXAMPLES / "nexmark/side_input.csv"
DUCKDB_THREADS = 2
EMPTY_TOPIC = "empty"

# Closes every window before it, and stays in one that is open.
LAST_ORDER = {"order_id": -1, "region": "none", "amount": 0.0, "cents": 0, "status": "paid", "ts": "2030-01-01T00:00:00.000Z"}

LOAD_ORDERS = """
CREATE TABLE orders AS SELECT * FROM read_json('{path}', format = 'newline_delimited', ignore_errors = true, columns = {{
  order_id: 'BIGINT', region: 'VARCHAR', status: 'VARCHAR', amount: 'DOUBLE', cents: 'BIGINT', ts: 'TIMESTAMPTZ'}});
"""
# Late orders lie before all others. A row is dropped by the watermark that the epoch before its own began with, so those
# of the first two epochs are counted.
ORDERS_PER_MINUTE = f"""
SELECT time_bucket(INTERVAL 1 MINUTE, ts), region, count(*), sum(cents), max(amount) FROM orders
WHERE status = 'paid' AND order_id >= 0
      AND (ts >= TIMESTAMPTZ '2026-01-01T00:00:00Z' OR order_id < {2 * RECORDS_PER_EPOCH})
GROUP BY ALL
"""


@dataclass(frozen=True)
class Example:
    """A pipeline of examples/, and how its table is judged."""

    name: str
    path: pathlib.Path
    closes_windows: bool  # an epoch without data follows those with data
    verify: Callable  # (connection of DuckDB with the events, path of the table); AssertionError if it is wrong

    def sql(self, workload, topic, brokers):
        """The file, reading `topic` in epochs."""
        named = f"subscribe => '{workload}'"
        text = self.path.read_text(encoding="utf-8")
        if named not in text:
            raise ValueError(f"{self.path} does not read the topic {workload}")
        text = text.replace(named, f"subscribe => '{topic}', maxOffsetsPerTrigger => {RECORDS_PER_EPOCH}")
        return string.Template(text).substitute(brokers=brokers, side_input=SIDE_INPUT)


@dataclass(frozen=True)
class Set:
    """Pipelines over the same events."""

    workload: str  # as `eagre generate` knows it
    last_events: list  # close all windows before them
    load: str  # makes the tables of DuckDB of the events at {path}
    examples: tuple


CLOSE_WINDOWS = {"q5", "q7", "q8", "q9", "q11"}


def nexmark_example(name):
    def verify(duck, table):
        nexmark_answers.compare(duck, name, table)
    return Example(f"nexmark: {name}", EXAMPLES / f"nexmark/{name}.sql", name in CLOSE_WINDOWS, verify)


def verify_orders(duck, table):
    nexmark_answers.compare_rows(duck, ORDERS_PER_MINUTE, table)


NEXMARK = Set("nexmark", LAST_EVENTS, nexmark_answers.EVENTS, tuple(map(nexmark_example, nexmark_answers.names())))
ORDERS = Set("orders", [LAST_ORDER], LOAD_ORDERS, (Example("orders", EXAMPLES / "orders.sql", True, verify_orders),))


@dataclass
class Site:
    """The events of one set in the broker and in DuckDB."""

    running: object  # the broker
    set: Set
    topic: str
    event_count: int
    duck: object
    folder: pathlib.Path


@contextlib.contextmanager
def filled(running, folder, chosen, event_count):
    """`event_count` events, the last ones among them, in a topic of the broker and in DuckDB.

    The last ones are counted and dealt to the partitions like all others, so that epochs are full and each takes as
    much of every partition: which events an epoch holds, and so whether one without data follows, is not left to chance.
    """
    topic, path = chosen.workload, folder / "events.json"
    generated_count = event_count - len(chosen.last_events)
    generate = [place.eagre(), "generate", chosen.workload, "--count", generated_count]
    kafka.create_topic(running, EMPTY_TOPIC)
    kafka.create_topic(running, topic)
    measure([*generate, "--brokers", running.address, "--topic", topic, "--partitions", kafka.PARTITION_COUNT])
    last = [json.dumps(event) for event in chosen.last_events]
    for number, line in enumerate(last, generated_count):
        running.produce(topic, [(None, line.encode())], partition=number % kafka.PARTITION_COUNT)
    measure(["sh", "-c", '"$0" "$@" > events.json', *generate], cwd=folder)
    with path.open("a", encoding="utf-8") as events:
        events.writelines(f"{line}\n" for line in last)
    with duckdb.connect(config={"threads": DUCKDB_THREADS}) as duck:
        duck.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        duck.execute(chosen.load.format(path=path, side=SIDE_INPUT))
        path.unlink()
        yield Site(running, chosen, topic, event_count, duck, folder / "run")


def run(site, example, topic):
    """One run to the end of `topic` on one core, in a new folder."""
    return engine.run(site.folder, example.sql(site.set.workload, topic, site.running.address))


def verify(site, example):
    """The table is DuckDB's, and every epoch has its checkpoint and its commit."""
    (table,) = (site.folder / "eagre-data/tables").iterdir()
    (checkpoint,) = (site.folder / "eagre-data/checkpoints").iterdir()
    epoch_count = kafka.epochs_of(site.event_count, RECORDS_PER_EPOCH) + example.closes_windows
    try:
        example.verify(site.duck, table)
    except AssertionError as wrong:
        raise answers.WrongResult(f"{example.name}: {wrong}") from None
    answers.verify_checkpoints(checkpoint, epoch_count)
    answers.verify_commits(table, epoch_count)


def measure_example(site, example, repetitions):
    cost, rate, memory = (Figure(f"{example.name}{what}", unit) for what, unit in
                          (("", "CPU-s/M"), (": rate, broker beside it", "k/s"), (": peak memory", "MB")))
    for _ in range(repetitions):
        start = run(site, example, EMPTY_TOPIC)
        usage = run(site, example, site.topic)
        verify(site, example)
        cost.samples.append((usage.cpu_s - start.cpu_s) / site.event_count * 1e6)
        rate.samples.append(site.event_count / 1e3 / (usage.wall_s - start.wall_s))
        memory.samples.append(usage.peak_mb)
    print(cost.line(), flush=True)
    return [cost, rate, memory]


def check(chosen):
    """The check of one set: no bar, as nobody else runs these files beside it."""
    def run_check(folder, settings):
        with kafka.broker() as running, filled(running, folder, chosen, settings.event_count) as site:
            return [figure for example in chosen.examples
                    for figure in measure_example(site, example, settings.repetitions)]
    return run_check

"""Records that go out by a schedule that waits for nobody (bench/pace.c) and carry when they were due, and their
results as a process of its own sees them arrive (bench/arrive.c). A run in which the generator itself was late is void.
"""

import concurrent.futures
import json
import math
import time
from dataclasses import dataclass

import answers
import kafka
import place
from figure import Figure
from process import measure

PERCENTILES = ("p50", "p99", "p99.9")
GENERATOR_LATE_MS_MAX = 50  # at the 99th percentile
START_DELAY_S = 3  # until the two programs have their connections
DRAIN_S = 10  # after the last record is due


class VoidRun(Exception):
    """The generator was late: the run says nothing."""


@dataclass(frozen=True)
class Load:
    """What goes out, and which of it counts: records due behind the warm-up."""

    shape: str  # as bench/pace knows it
    rate: int  # records per second
    seconds: int
    warm_up_s: int

    @property
    def count(self):
        return self.rate * self.seconds

    @property
    def counted_s(self):
        return self.seconds - self.warm_up_s

    def begin(self):
        """A whole second soon, in us since 1970: the first record is due then."""
        return math.ceil(time.time() + START_DELAY_S) * 1_000_000

    def span(self, begin_us):
        """From when until when what is due counts."""
        return begin_us + self.warm_up_s * 1_000_000, begin_us + self.seconds * 1_000_000


def send(broker, topic, load, begin_us):
    """Sends everything, and says how late the generator was, and of ysb what a second holds."""
    said = json.loads(measure([place.program("bench/pace"), broker.address, topic, kafka.PARTITION_COUNT, load.shape,
                               begin_us, load.rate, load.count]).output)
    if said["p99"] > GENERATOR_LATE_MS_MAX * 1000:
        raise VoidRun(f"the generator was {said['p99'] / 1000:.0f} ms late at p99: the machine is too busy for "
                      f"{load.rate} records/s")
    return said


def observe(broker, source, target, load, begin_us=None):
    """Sends into `source` and watches `target`: latencies in us, and what the generator said."""
    begin_us = begin_us or load.begin()
    from_us, until_us = load.span(begin_us)
    end_us = until_us + DRAIN_S * 1_000_000
    with concurrent.futures.ThreadPoolExecutor() as pool:
        arrive = pool.submit(measure, [place.program("bench/arrive"), broker.address, target, kafka.PARTITION_COUNT,
                                       from_us, until_us, end_us])
        sent = send(broker, source, load, begin_us)
        return json.loads(arrive.result().output), sent


def verify_count(seen, due_count):
    if seen["count"] != due_count:
        raise answers.WrongResult(f"{seen['count']} of {due_count} records arrived within {DRAIN_S} s")


def add(figures, name, seen, floor=None, bars=None):
    """The percentiles of a run in ms; with a floor, those that have a bar are held against the floor's multiples."""
    for percentile in PERCENTILES:
        label = f"{name}: {percentile}"
        bar = (bars or {}).get(percentile)
        figures.setdefault(label, Figure(label, "ms", bar=None if floor else bar)).samples.append(seen[percentile] / 1000)
        if floor is not None:
            label += " / floor"
            figures.setdefault(label, Figure(label, "x", bar=bar)).samples.append(seen[percentile] / floor[percentile])

"""bench/check NAME...: measured, bar, verdict of five repetitions; the raw samples go to perf/results/NAME.json.

Exit status 1 when a bar is missed, 2 for wrong usage. Every end-to-end run verifies what it computed: a wrong
result ends the check with an error, whatever its speed.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import place
import examples
import files
import freshness
import kafka
import latency
import machine
import micro
import slopes
import state
import tier
from answers import WrongResult
from figure import HEADING
from paced import VoidRun
from process import ProcessFailed

CHECKS = {
    "json": micro.json_decode,
    "json-write": micro.json_write,
    "ring": micro.ring,
    "pipeline": micro.pipeline,
    "aggregate": micro.aggregate,
    "parquet": micro.parquet,
    "ysb-file": files.ysb_file,
    "cores-scaling": files.cores_scaling,
    "sliding": files.sliding,
    "ysb-kafka": kafka.ysb_kafka,
    "fetch-clients": kafka.fetch_clients,
    "lag-memory": kafka.lag_memory,
    "idle-kafka": kafka.idle_kafka,
    "ysb": slopes.check("ysb"),
    "words": slopes.check("words"),
    "device-kafka": slopes.check("device-kafka"),
    "device-delta": slopes.check("device-delta"),
    "nexmark": examples.check(examples.NEXMARK),
    "orders": examples.check(examples.ORDERS),
    "latency": latency.latency,
    "latency-device": latency.latency_device,
    "window-close": freshness.window_close,
    "delta-visible": freshness.delta_visible,
    "checkpoint_pause": state.checkpoint_pause,
    "empty-epoch": state.empty_epoch,
    "recovery": state.recovery,
    "state_tier": tier.state_tier,
}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/check", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", choices=[*CHECKS, "all"], help=", ".join([*CHECKS, "all"]))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--event-count", type=int, default=5_000_000, help="events of the end-to-end benches")
    parser.add_argument("--large-count", type=int, default=20_000_000,
                        help="events of the larger of the two topics that ysb, words and device-* read")
    parser.add_argument("--lag-count", type=int, default=30_000_000, help="records of lag-memory")
    parser.add_argument("--lag-repetitions", type=int, default=1,
                        help="runs of each kind and number of cores of lag-memory")
    parser.add_argument("--lag-variants", type=int, default=2, help="1: one epoch only; 2: many epochs too")
    parser.add_argument("--latency-rate", type=int, default=10_000, help="records per second of latency")
    parser.add_argument("--latency-seconds", type=int, default=60,
                        help="how long each run of latency, window-close and delta-visible sends")
    parser.add_argument("--window-rate", type=int, default=400_000, help="events per second of window-close, a multiple of 4,000")
    parser.add_argument("--latency-warm-up", type=int, default=10, help="the first seconds of it, which do not count")
    parser.add_argument("--idle-seconds", type=int, default=20, help="how long idle-kafka watches each run")
    parser.add_argument("--tier-keys", type=int, default=8_000_000, help="keys of state_tier")
    parser.add_argument("--tier-limit", type=int, default=128 << 20, help="bytes of memory that state_tier gives their state")
    parser.add_argument("--note", default="", help="goes into the raw results: what else the machine did")
    parser.add_argument("--results", type=pathlib.Path, default=place.RESULTS)
    return parser.parse_args()


def check(name, settings):
    """Runs one check, prints and records its figures; whether every bar holds."""
    before = machine.describe()
    print(f"== {name} (load average {before['load_average_before']})", flush=True)
    with tempfile.TemporaryDirectory(prefix="eagre-bench-", dir=place.scratch()) as folder:
        figures = CHECKS[name](pathlib.Path(folder), settings)
    print(HEADING)
    for figure in figures:
        print(figure.line(), flush=True)
    settings.results.mkdir(parents=True, exist_ok=True)
    record = {"check": name, "machine": before, "note": settings.note, "repetitions": settings.repetitions,
              "event_count": settings.event_count, "large_count": settings.large_count,
              "figures": [figure.record() for figure in figures]}
    (settings.results / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    return all(figure.holds() for figure in figures)


def main():
    settings = parse_arguments()
    names = list(CHECKS) if "all" in settings.names else settings.names
    try:
        return 0 if all([check(name, settings) for name in names]) else 1
    except (ProcessFailed, WrongResult, VoidRun, FileNotFoundError) as problem:
        print(f"bench/check: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

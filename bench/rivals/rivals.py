"""bench/rivals/run [WORKLOAD...]: Eagre, a bare consumer and the peers over the same topics on this machine.

What comes out of every run is recounted as Eagre's own results are (bench/e2e/answers.py). The table, the plots and
the raw samples go to perf/rivals. A peer that cannot be measured stands in the table with the reason. Exit status 1
when a run failed or gave a wrong result.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import answers  # noqa: E402  the path has to be known first
import engine  # noqa: E402
import fetch  # noqa: E402
import files  # noqa: E402
import kafka  # noqa: E402
import live  # noqa: E402
import machine  # noqa: E402
import peers  # noqa: E402
import place  # noqa: E402
import report  # noqa: E402
import slopes  # noqa: E402
from process import ProcessFailed  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

FILE_WORKLOAD = "ysb-file"
LIVE_WORKLOAD = "latency"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/rivals/run", description=__doc__.splitlines()[0])
    names = [*WORKLOADS, FILE_WORKLOAD, LIVE_WORKLOAD]
    parser.add_argument("names", nargs="*", metavar="WORKLOAD", help=", ".join(names) + "; all without one")
    parser.add_argument("--events", type=int, default=5_000_000, help="of the smaller topic")
    parser.add_argument("--large-events", type=int, help="of the larger topic; four times the smaller one")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--peer-repetitions", type=int, help="of Spark, Flink and Kafka Streams; one of five of ours")
    parser.add_argument("--note", default="", help="goes into the report: what else the machine did")
    parser.add_argument("--results", type=pathlib.Path, default=place.ROOT / "perf/rivals")
    settings = parser.parse_args()
    unknown = set(settings.names) - set(names)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    settings.names = settings.names or names
    settings.large_events = settings.large_events or 4 * settings.events
    settings.peer_repetitions = settings.peer_repetitions or max(1, settings.repetitions // 5)
    return settings


def row(peer, version="", settings="", samples=None, reason=None):
    return {"peer": peer, "version": version, "settings": settings, "reason": reason,
            "samples": dataclasses.asdict(samples) if samples else None}


def repeat(name, repetitions, topics, once):
    """Samples of `once(topic)`, and why not when one run went wrong."""
    samples = slopes.Samples()
    try:
        for number in range(repetitions):
            samples.add(topics, [once(topic) for topic in topics])
            print(f"  {name}: {samples.cpu[number]:.3g} CPU-s/M, {samples.rate[number]:.0f} k/s", flush=True)
    except (ProcessFailed, answers.WrongResult) as problem:
        print(f"  {name}: {problem}", file=sys.stderr, flush=True)
        return None, str(problem).splitlines()[0]
    return samples, None


def measure_peer(peer, workload, site, settings):
    """A row of the table. `site` is (broker, topics, campaigns, folder)."""
    running, topics, campaigns, folder = site
    if workload.name in peer.refused:
        return row(peer.name, reason=peer.refused[workload.name])
    try:
        version, command_of = peer.prepare()
    except fetch.NotMeasured as reason:
        return row(peer.name, reason=str(reason))

    def once(topic):
        return slopes.run_once(running, workload, topic, campaigns, folder / "run", command_of, peer.is_changelog)
    repetitions = settings.repetitions if peer.is_ours else settings.peer_repetitions
    samples, reason = repeat(peer.name, repetitions, topics, once)
    return row(peer.name, version, peer.settings, samples, reason and f"failed: {reason}")


def measure_topics(name, folder, settings):
    """All engines on the topics of one workload."""
    workload = WORKLOADS[name]
    with kafka.broker() as running:
        topics = slopes.fill(running, folder, workload.shape, (settings.events, settings.large_events))
        slopes.warm(running, workload, topics)
        site = running, topics, slopes.write_campaigns(folder), folder
        rows = [measure_peer(peer, workload, site, settings) for peer in peers.all_peers()]
        samples, reason = repeat("bare librdkafka", settings.repetitions, topics,
                                 lambda topic: slopes.consume_bare(running, workload, topic))
    return [*rows, row("bare librdkafka consumer", "", "reads and does nothing", samples, reason)]


def measure_files(folder, settings):
    """ysb without its join over NDJSON files in memory: Eagre and DuckDB, which read no topics."""
    topics = []
    for count in (settings.events, settings.large_events):
        path, expected = files.load_files(folder / str(count), count)
        files.warm(path)
        topics.append(slopes.Topic(path, count, expected))

    def ours(topic):
        usage = engine.run(folder / "run", engine.from_files(topic.name, 1))
        engine.verify(folder / "run", topic.expected, files.FILE_COUNT)
        return usage, None

    def duckdb(topic):
        usage = files.duckdb(f"{topic.name}/*.json", 1)
        files.verify_duckdb(usage.output, topic.expected)
        return usage, None
    import duckdb as package
    rows = []
    for name, version, text, once in (("Eagre", peers.eagre_version(), "1 core, an epoch per file, to Delta", ours),
                                      ("DuckDB", package.__version__, "1 thread, one query", duckdb)):
        samples, reason = repeat(name, settings.repetitions, topics, once)
        rows.append(row(name, version, text, samples, reason and f"failed: {reason}"))
    return rows


def measure(name, folder, settings, record):
    """Puts what a workload took into the record."""
    if name == LIVE_WORKLOAD:
        record["latency"] = {"rates": live.RATES, "seconds": live.SECONDS, "warm_up_s": live.WARM_UP_S,
                             "rows": live.measure(folder)}
    elif name == FILE_WORKLOAD:
        record["workloads"][name] = measure_files(folder, settings)
    else:
        record["workloads"][name] = measure_topics(name, folder, settings)


def failures(record):
    """Of all rows, why those that failed did."""
    rows = [row for rows in record["workloads"].values() for row in rows]
    rows += record["latency"]["rows"] if record["latency"] else []
    return [row["reason"] for row in rows if (row["reason"] or "").startswith("failed")]


def main():
    settings = parse_arguments()
    record = {"machine": machine.describe(), "note": settings.note, "repetitions": settings.repetitions,
              "peer_repetitions": settings.peer_repetitions, "event_count": settings.events,
              "large_count": settings.large_events, "workloads": {}, "latency": None}
    for name in settings.names:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="eagre-rivals-", dir=place.scratch()) as folder:
            measure(name, pathlib.Path(folder), settings, record)
        report.write(record, settings.results)
        (settings.results / "rivals.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print((settings.results / "README.md").read_text(encoding="utf-8"))
    return 1 if failures(record) else 0


if __name__ == "__main__":
    sys.exit(main())

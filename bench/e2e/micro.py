"""Micro benchmarks: five repetitions of bench/micro, judged against the budget lines of perf/README.md."""

import json
from collections import defaultdict

import files
import place
from figure import Figure
from process import measure

# A batch of 256 KiB holds about this many ysb events: what a hop of one pointer is divided by.
EVENTS_PER_BATCH = 1100


def run_cases(pattern, repetitions):
    """CPU ns per item of every case whose name matches: name -> samples."""
    usage = measure([place.program("bench/micro"), f"--benchmark_filter={pattern}",
                     f"--benchmark_repetitions={repetitions}", "--benchmark_min_time=0.3",
                     "--benchmark_format=json"])
    samples = defaultdict(list)
    for row in json.loads(usage.output)["benchmarks"]:
        if row["run_type"] == "iteration" and not row.get("error_occurred"):
            samples[row["run_name"]].append(row["cpu_per_item"] * 1e9)
    return samples


def fastest(samples, words):
    names = [name for name in samples if words in name]
    return min(names, key=lambda name: min(samples[name]))


JSON_BARS = {"ysb": 2.5}  # times as fast as simdjson; the others 1.5


def json_figures(samples, event, bar):
    """Eagre's best instruction set against the fastest of simdjson's ways, both filling the same columns."""
    of_event = {name: values for name, values in samples.items() if name.startswith(f"json/{event}/")}
    rival = fastest(of_event, "simdjson")
    ours = f"json/{event}/avx2" if f"json/{event}/avx2" in of_event else f"json/{event}/scalar"
    ratio = [theirs / mine for mine, theirs in zip(of_event[ours], of_event[rival])]
    return [Figure(name, "ns", values) for name, values in of_event.items()] + [
        Figure(f"json/{event}: {rival.rsplit('/', 1)[1]} / eagre", "x", ratio, bar, at_most=False)]


def duckdb_figures(folder, settings, ours):
    """What DuckDB takes for the seven columns of a ysb event from a file, against the decoder on all of them."""
    path, _ = files.load_files(folder / "data", settings.event_count)
    cost = []
    for _ in range(settings.repetitions):
        files.warm(path)
        start_s = files.duckdb_columns("", 0)
        cost.append((files.duckdb_columns(f"{path}/*.json", settings.event_count) - start_s) * 1e9 / settings.event_count)
    ratio = [theirs / mine for mine, theirs in zip(ours, cost)]
    return [Figure("json/ysb: DuckDB, 1 thread", "ns", cost),
            Figure("json/ysb: DuckDB / eagre", "x", ratio, 5, at_most=False)]


def json_decode(folder, settings):
    samples = run_cases("^json/", settings.repetitions)
    figures = []
    for event in ("ysb", "ysb_query", "ysb_shuffled", "ysb_pretty", "device", "words"):
        figures += json_figures(samples, event, JSON_BARS.get(event, 1.5))
    figures += duckdb_figures(folder, settings, samples["json/ysb/avx2"])
    figures += [Figure(name, "ns", values) for name, values in samples.items() if "device_timestamp" in name]
    figures.append(Figure("budget: JSON -> columns of the query", "ns", samples["json/ysb_query/avx2"], 38))
    return figures


def judged(pattern, bars):
    """A check that prints all cases of `pattern` and holds some of them against a bar."""
    def check(_folder, settings):
        samples = run_cases(pattern, settings.repetitions)
        return [Figure(name, "ns", values, bars.get(name)) for name, values in samples.items()]
    return check


def ring(_folder, settings):
    samples = run_cases("^ring/", settings.repetitions)
    figures = [Figure(name, "ns", values) for name, values in samples.items()]
    per_event = [value / EVENTS_PER_BATCH for value in samples["ring/two_threads"]]
    return figures + [Figure("budget: ring hop per event", "ns", per_event, 3)]


json_write = judged("^json_write/", {})
pipeline = judged("^pipeline/", {"pipeline/filter_project": 2, "pipeline/ysb": 75})
aggregate = judged("^(aggregate|group|key)/", {"group/bigint/100": 3, "group/bigint/1M": 12})
parquet = judged("^parquet/", {"parquet/none": 15})

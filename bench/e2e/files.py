"""ysb-file, cores-scaling, sliding: the same pipeline over NDJSON files, where no broker shares the machine."""

import concurrent.futures
import itertools
import json
import os
import pathlib
import sys

import answers
import engine
import place
from figure import Figure
from process import measure

FILE_COUNT = 8
SCALING_TURNS = 5
SIBLINGS_MS = 20

COLUMNS = ", ".join(f"{member}: 'VARCHAR'" for member in (
    "user_id", "page_id", "ad_id", "ad_type", "event_type", "event_time", "ip_address"))

# In a process of its own: DuckDB's CPU and memory alone. Columns that the query does not need are not read.
DUCKDB = """
import json, sys, duckdb
files, threads = sys.argv[1], int(sys.argv[2])
duckdb.execute(f"SET threads = {threads}")
duckdb.execute("SET enable_progress_bar = false")
rows = []
if files:
    rows = duckdb.execute('''
        SELECT ad_id, event_time::BIGINT // 10000 * 10000 AS start, count(*) AS n
        FROM read_json($files, format = 'newline_delimited', columns = {%s})
        WHERE event_type = 'view' GROUP BY ALL''', {"files": files}).fetchall()
print(json.dumps(rows))
""" % COLUMNS

# All seven columns, and nothing with them but counting.
DUCKDB_COLUMNS = """
import sys, duckdb
files = sys.argv[1]
duckdb.execute("SET threads = 1")
duckdb.execute("SET enable_progress_bar = false")
counts = [0]
if files:
    counts = duckdb.execute('''
        SELECT count(user_id), count(page_id), count(ad_id), count(ad_type), count(event_type), count(event_time),
               count(ip_address)
        FROM read_json($files, format = 'newline_delimited', columns = {%s})''', {"files": files}).fetchone()
print(*sorted(set(counts)))
""" % COLUMNS

CLOSING_COUNT = 1  # events in the last file that close all windows


def load_files(folder, event_count, file_count=FILE_COUNT):
    """Files of `event_count` events in folder/in and what the query must answer; both paths."""
    path = pathlib.Path(folder) / "in"
    path.mkdir(parents=True)
    expected = path.parent / "expected.tsv"
    measure([place.program("bench/load"), "files", "ysb", path, file_count, event_count, expected])
    return path, expected


def write_nothing(folder):
    """A file without events: what a start costs."""
    path, _ = load_files(folder, 0, 1)
    (path / "part-00000.json").write_text("")
    return path


def warm(path):
    """Reads the files, so that the next run finds them in memory: a system may put aside what was idle for a while."""
    for file in path.iterdir():
        file.read_bytes()


def duckdb(files, threads):
    return measure([sys.executable, "-c", DUCKDB, files, threads])


def duckdb_columns(files, event_count):
    """CPU seconds in which DuckDB makes columns of the files, or ("", 0) of nothing."""
    usage = measure([sys.executable, "-c", DUCKDB_COLUMNS, files])
    if usage.output.split() != [str(event_count + CLOSING_COUNT if files else 0)]:
        raise answers.WrongResult(f"DuckDB counted {usage.output.strip()} values per column, expected {event_count}")
    return usage.cpu_s


def verify_duckdb(output, expected_path):
    """The same windows, and those of the closing events."""
    found = {(ad, start): n for ad, start, n in json.loads(output)}
    expected = answers.windows_of_ads(expected_path)
    if len(found) != len(expected) + CLOSING_COUNT or any(found.get(key) != n for key, n in expected.items()):
        raise answers.WrongResult("DuckDB counted something else")


def ysb_file(folder, settings):
    """One core, the files in memory: CPU per million events against DuckDB with one thread on the same bytes."""
    path, expected = load_files(folder / "data", settings.event_count)
    empty = write_nothing(folder / "nothing")
    ours, theirs, ratio = [], [], []
    memory = Figure("ysb-file: peak memory", "MB")
    million = settings.event_count / 1e6
    for _ in range(settings.repetitions):
        warm(path)
        start = engine.run(folder / "run", engine.from_files(empty))
        usage = engine.run(folder / "run", engine.from_files(path, 1))
        engine.verify(folder / "run", expected, FILE_COUNT)
        ours.append((usage.cpu_s - start.cpu_s) / million)
        memory.samples.append(usage.peak_mb)
        idle = duckdb("", 1)
        rival = duckdb(f"{path}/*.json", 1)
        verify_duckdb(rival.output, expected)
        theirs.append((rival.cpu_s - idle.cpu_s) / million)
        ratio.append(theirs[-1] / ours[-1])
    return [Figure("ysb-file: eagre", "CPU-s/M", ours), Figure("ysb-file: DuckDB, 1 thread", "CPU-s/M", theirs),
            Figure("ysb-file: DuckDB / eagre", "x", ratio, 3.0, at_most=False), memory]


class Halves:
    """The same number of events for two processes of one core each that share nothing but the machine, not even files:
    who reads what another has just read finds it in the caches."""

    def __init__(self, folder, event_count):
        self.folder = folder
        self.cpus = sorted(os.sched_getaffinity(0))[:2]
        self.loads = [load_files(folder / f"half-{cpu}", event_count // 2, FILE_COUNT) for cpu in self.cpus]

    def run(self, pipelines):
        """CPU seconds of both, at once."""
        with concurrent.futures.ThreadPoolExecutor(len(self.cpus)) as pool:
            usages = list(pool.map(lambda cpu, pipeline: engine.run(self.folder / f"cpu-{cpu}", pipeline, cpu=cpu),
                                   self.cpus, pipelines))
        return sum(usage.cpu_s for usage in usages)

    def work(self):
        for path, _ in self.loads:
            warm(path)
        cpu_s = self.run([engine.from_files(path, 2) for path, _ in self.loads])
        for cpu, (_, expected) in zip(self.cpus, self.loads):
            engine.verify(self.folder / f"cpu-{cpu}", expected, FILE_COUNT // 2)
        return cpu_s

    def start(self, empty):
        return self.run([engine.from_files(empty)] * len(self.cpus))


def least(usages):
    """(CPU, wall) seconds: what else happens on the machine only adds to a run of half a second."""
    return min(usage.cpu_s for usage in usages), min(usage.wall_s for usage in usages)


def observe_siblings():
    """How many times as fast a CPU adds alone as beside another one: 1, or 2 where they are one core for the moment."""
    return json.loads(measure([place.program("bench/siblings"), SIBLINGS_MS]).output)["ratio"]


def run_in_turns(folder, path, empty, expected):
    """By the number of cores (CPU, wall) of the events alone. Runs take turns, as what else happens comes and goes."""
    starts, runs = {1: [], 2: []}, {1: [], 2: []}
    for _, cores in itertools.product(range(SCALING_TURNS), runs):
        warm(path)
        starts[cores].append(engine.run(folder / "run", engine.from_files(empty), cores))
        runs[cores].append(engine.run(folder / "run", engine.from_files(path, 4), cores))
        engine.verify(folder / "run", expected, 2 * FILE_COUNT // 4)
    return {cores: [run - start for run, start in zip(least(runs[cores]), least(starts[cores]))] for cores in runs}


def cores_scaling(folder, settings):
    """CPU per event on two cores against one: what sharing costs when no broker shares the machine. Beside it what the
    machine takes for having both CPUs at work: two processes that share nothing, and plain additions."""
    path, expected = load_files(folder / "data", settings.event_count, 2 * FILE_COUNT)
    halves = Halves(folder, settings.event_count)
    empty = write_nothing(folder / "nothing")
    million = settings.event_count / 1e6
    per_core = {1: [], 2: []}
    speed, beside, siblings = [], [], []
    for _ in range(settings.repetitions):
        siblings.append(observe_siblings())
        events = run_in_turns(folder, path, empty, expected)
        siblings.append(observe_siblings())
        for cores, (cpu_s, _) in events.items():
            per_core[cores].append(cpu_s / million)
        speed.append(events[1][1] / events[2][1])
        pairs = [halves.work() for _ in range(SCALING_TURNS)]
        starts = [halves.start(empty) for _ in range(SCALING_TURNS)]
        beside.append((min(pairs) - min(starts)) / million / per_core[1][-1])
    ratio = [two / one for one, two in zip(per_core[1], per_core[2])]
    return [Figure("cores-scaling: 1 core", "CPU-s/M", per_core[1]),
            Figure("cores-scaling: 2 cores", "CPU-s/M", per_core[2]),
            Figure("cores-scaling: CPU on 2 / on 1", "x", ratio, 1.05),
            Figure("cores-scaling: CPU of two processes, half the files each / of one", "x", beside),
            Figure("cores-scaling: additions, one CPU alone / beside another", "x", siblings),
            Figure("cores-scaling: speed on 2 / on 1", "x", speed, 1.8, at_most=False)]


COUNTS = """
SET spark.sql.session.timeZone = 'UTC';
CREATE SINK out USING console OPTIONS ('format' = 'json');
CREATE FLOW counts OPTIONS ('outputMode' = 'append', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT unix_millis(window.start) AS start, event_type, count(*) AS n
FROM (SELECT event_type, timestamp_millis(CAST(event_time AS BIGINT)) AS ts
      FROM STREAM read_files('{path}', format => 'json', schema => 'event_type STRING, event_time STRING'))
     WATERMARK ts DELAY OF INTERVAL 70 SECONDS
GROUP BY window(ts, {window}), event_type;
"""
TUMBLING, SLIDING, PANES = "'1 second'", "'60 seconds', '1 second'", 60


def count_windows(folder, path, window):
    """CPU of a count per window, and the sum of what it counted."""
    usage = engine.run(folder, COUNTS.format(path=path, window=window))
    return usage.cpu_s, sum(json.loads(line)["n"] for line in usage.output.splitlines())


def sliding(folder, settings):
    """Windows of a minute that begin every second against windows of a second: as many results, sixty panes each."""
    path, _ = load_files(folder / "data", settings.event_count)
    empty = write_nothing(folder / "nothing")
    million = settings.event_count / 1e6
    cost = {TUMBLING: [], SLIDING: []}
    for _ in range(settings.repetitions):
        warm(path)
        counted = {}
        for window, samples in cost.items():
            start_s, _ = count_windows(folder / "run", empty, window)
            cpu_s, counted[window] = count_windows(folder / "run", path, window)
            samples.append((cpu_s - start_s) / million)
        if counted != {TUMBLING: settings.event_count, SLIDING: PANES * settings.event_count}:
            raise answers.WrongResult(f"{counted} of {settings.event_count} events were counted")
    ratio = [of_sliding / of_tumbling for of_tumbling, of_sliding in zip(*cost.values())]
    return [Figure("sliding: windows of one pane", "CPU-s/M", cost[TUMBLING]),
            Figure(f"sliding: of {PANES} panes", "CPU-s/M", cost[SLIDING]),
            Figure(f"sliding: {PANES} panes / one", "x", ratio, 1.3)]

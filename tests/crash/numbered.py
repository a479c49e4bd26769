"""Numbered rows: input whose every row is known, a pipeline over it, and the recount.

Row (p, n) of partition p carries event time n seconds, so a table that holds every (p, n) once, and windows
that count 10 of each partition, prove that nothing was lost and nothing doubled. Sessions of 25 rows, blocks
of 30 of which one row is kept and pairs of rows 23 apart reach over several files.
"""

import datetime
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 3
ROWS_PER_FILE = 20
WINDOW_SECONDS = 10
SESSION_ROWS = 25
SESSION_GAP_SECONDS = 2
ONLY_WITH = {"sink.after_part": ["several"]}  # the flows that pass a point which others do not have
NOT_OF_TRANSACTIONS = ["sink.mid_commit", "sink.after_part"]  # theirs begin with "kafka."
BLOCK_ROWS = 30
PAIR_ROWS = 23  # apart; of three rows one has no partner
PAIR_SECONDS = 30  # how long a row waits for its partner

PIPELINE = """
SET spark.sql.streaming.minBatchesToRetain = 3;
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE TEMPORARY VIEW src AS
SELECT * FROM STREAM read_files('in', format => 'json', schema => 'p INT, n BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1)
WATERMARK ts DELAY OF INTERVAL 0 SECONDS;
CREATE STREAMING TABLE raw AS SELECT p, n FROM STREAM src;
CREATE STREAMING TABLE counts AS
SELECT window.start AS start, p, count(*) AS rows, sum(n) AS total FROM STREAM src GROUP BY window(ts, '10 seconds'), p;
CREATE STREAMING TABLE sessions AS
SELECT session_window.start AS start, p, count(*) AS rows, sum(n) AS total
FROM STREAM src GROUP BY p, n div 25, session_window(ts, '2 seconds');
CREATE STREAMING TABLE unique AS
SELECT p, block FROM deduplicate((SELECT p, n div 30 AS block FROM STREAM src), p, block);
CREATE STREAMING TABLE pairs AS
SELECT a.p, a.n, b.m
FROM STREAM src a LEFT JOIN (SELECT p AS q, n AS m, ts AS tm FROM STREAM src WHERE n % 3 <> 2) b
  ON a.p = b.q AND b.m = a.n + 23 AND b.tm >= a.ts AND b.tm <= a.ts + INTERVAL 30 SECONDS;
CREATE SINK lines USING json PARTITIONED BY (p) OPTIONS ('path' = 'eagre-data/tables/lines');
CREATE FLOW lines AS INSERT INTO lines SELECT p, n FROM STREAM src;
CREATE SINK closed USING parquet OPTIONS ('path' = 'eagre-data/tables/closed');
CREATE FLOW closed AS INSERT INTO closed
SELECT window.start AS start, p, count(*) AS rows, sum(n) AS total FROM STREAM src GROUP BY window(ts, '10 seconds'), p;
CREATE STREAMING TABLE several (p INT, n BIGINT);
CREATE SINK several_lines USING json PARTITIONED BY (p) OPTIONS ('path' = 'eagre-data/tables/several_lines');
CREATE SINK several_rows USING parquet OPTIONS ('path' = 'eagre-data/tables/several_rows');
CREATE FLOW several AS INSERT INTO several_lines, several, several_rows SELECT p, n FROM STREAM src;
SET eagre.changes = true;
CREATE STREAMING TABLE chained TBLPROPERTIES ('eagre.outputMode' = 'complete') AS
SELECT rows, count(*) AS times, sum(top) AS tops, min(top) AS least
FROM (SELECT p, n div 7 AS seven, count(*) AS rows, max(n) AS top FROM STREAM src GROUP BY p, n div 7) GROUP BY rows;
CREATE STREAMING TABLE first TBLPROPERTIES ('eagre.outputMode' = 'complete') AS
SELECT p, n, rn FROM (SELECT p, n, row_number() OVER (PARTITION BY p, n div 40 ORDER BY n DESC) AS rn FROM STREAM src)
WHERE rn <= 3;
"""


def crash_points(flow):
    """Those of src/base/base_crash.def that this flow passes, in the order of the protocol."""
    text = (ROOT / "src/base/base_crash.def").read_text()
    points = re.findall(r'EAGRE_CRASH_POINT\("([^"]+)"', text)
    if flow == "every sink":
        return points
    if flow == "transactions":
        return [point for point in points if point not in NOT_OF_TRANSACTIONS]
    points = [point for point in points if not point.startswith("kafka.")]
    return [point for point in points if flow in ONLY_WITH.get(point, [flow])]


def program():
    path = Path(os.environ.get("EAGRE", ROOT / "build/eagre"))
    return str(path if path.is_absolute() else ROOT / path)


def write_files(folder, first, count, rows=ROWS_PER_FILE):
    """Files first .. first+count-1, a second apart, each with `rows` seconds of rows of every partition."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count):
        lines = []
        for step in range(rows):
            n = index * rows + step
            lines += [json.dumps({"p": p, "n": n, "ts": stamp(n)}) for p in range(PARTITIONS)]
        path = folder / f"part-{index:05}.json"
        path.write_text("\n".join(lines) + "\n")
        os.utime(path, (1_700_000_000 + index, 1_700_000_000 + index))


def stamp(seconds):
    moment = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=seconds)
    return moment.isoformat() + "Z"


class Site:
    """One folder with a pipeline, its input, checkpoint and tables."""

    def __init__(self, folder, file_count, rows_per_file=ROWS_PER_FILE):
        self.folder = folder
        self.file_count = file_count
        self.rows_per_file = rows_per_file
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pipeline.sql").write_text(PIPELINE)
        write_files(folder / "in", 0, file_count, rows_per_file)

    def add_files(self, count):
        write_files(self.folder / "in", self.file_count, count, self.rows_per_file)
        self.file_count += count

    def command(self, flow, cores):
        return [program(), "run", "pipeline.sql", flow, "--available-now", "--cores", str(cores),
                "--progress", "none"]

    def run(self, flow, crash_at=None, cores=1, timeout=120):
        environment = {**os.environ, "TZ": "UTC"}
        environment.pop("EAGRE_CRASH_AT", None)
        if crash_at is not None:
            environment["EAGRE_CRASH_AT"] = crash_at
        return subprocess.run(self.command(flow, cores), cwd=self.folder, env=environment, capture_output=True,
                              text=True, timeout=timeout, check=False)

    def start(self, flow, cores=1):
        return subprocess.Popen(self.command(flow, cores), cwd=self.folder, env={**os.environ, "TZ": "UTC"},
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def is_inside_epoch(self, flow):
        """Whether an epoch is planned (its files are chosen, or its offsets logged) and not committed."""
        checkpoint = self.folder / "eagre-data/checkpoints" / flow
        planned = max(newest(checkpoint / "offsets"), newest(checkpoint / "sources/0"))
        return planned > newest(checkpoint / "commits")

    def table(self, name):
        from deltalake import DeltaTable  # not there where `make test` uses this module

        return DeltaTable(str(self.folder / "eagre-data/tables" / name)).to_pyarrow_table().to_pylist()

    def check(self, flow):
        checks = {"raw": self.check_raw, "counts": self.check_counts, "sessions": self.check_sessions,
                  "unique": self.check_unique, "pairs": self.check_pairs, "chained": self.check_chained, "first": self.check_first,
                  "lines": self.check_lines, "closed": self.check_closed, "several": self.check_several}
        checks[flow]()

    def committed_files(self, name):
        """The files that the manifest of a directory names; there are no others of ours."""
        directory = self.folder / "eagre-data/tables" / name
        files = manifest_files(directory)
        there = set(directory.rglob("part-*"))
        assert set(files) == there, f"beside the manifest: {there - set(files)}, missing: {set(files) - there}"
        return files

    def check_raw(self, name="raw"):
        self.compare_numbered(sorted((row["p"], row["n"]) for row in self.table(name)))

    def check_several(self):
        """The same rows in a table and in two directories."""
        import pyarrow.parquet  # not there where `make test` uses this module

        self.check_raw("several")
        self.check_lines("several_lines")
        tables = [pyarrow.parquet.read_table(path) for path in self.committed_files("several_rows")]
        self.compare_numbered(sorted((row["p"], row["n"]) for table in tables for row in table.to_pylist()))

    def check_lines(self, name="lines"):
        found = []
        for path in self.committed_files(name):
            p = int(path.parent.name.removeprefix("p="))
            found += [(p, json.loads(line)["n"]) for line in path.read_text().splitlines()]
        self.compare_numbered(sorted(found))

    def compare_numbered(self, found):
        last = self.file_count * self.rows_per_file
        compare_rows(found, [(p, n) for p in range(PARTITIONS) for n in range(last)])

    def check_sessions(self):
        """Every session whose end, one gap behind its last row, the last event time has reached."""
        found = sorted((row["p"], row["start"].timestamp(), row["rows"], row["total"]) for row in self.table("sessions"))
        last = self.file_count * self.rows_per_file - 1
        expected = []
        for p in range(PARTITIONS):
            begin = 0
            while begin + SESSION_ROWS - 1 + SESSION_GAP_SECONDS <= last:
                numbers = range(begin, begin + SESSION_ROWS)
                expected.append((p, 1767225600.0 + begin, SESSION_ROWS, sum(numbers)))
                begin += SESSION_ROWS
        compare_rows(found, expected)

    def check_unique(self):
        found = sorted((row["p"], row["block"]) for row in self.table("unique"))
        last = (self.file_count * self.rows_per_file - 1) // BLOCK_ROWS
        compare_rows(found, [(p, block) for p in range(PARTITIONS) for block in range(last + 1)])

    def check_pairs(self):
        """Every row with the one behind it, and those without one whose time to wait the last event time has passed."""
        found = sorted((row["p"], row["n"], row["m"] or -1) for row in self.table("pairs"))
        last = self.file_count * self.rows_per_file
        expected = [(p, n, n + PAIR_ROWS) for p in range(PARTITIONS) for n in range(last - PAIR_ROWS) if n % 3]
        expected += [(p, n, -1) for p in range(PARTITIONS) for n in range(0, last - 1 - PAIR_SECONDS, 3)]
        compare_rows(found, sorted(expected))

    def check_first(self):
        """The three greatest numbers of every forty."""
        found = sorted((row["p"], row["n"], row["rn"]) for row in self.table("first"))
        last = self.file_count * self.rows_per_file
        expected = [(p, n, rn) for p in range(PARTITIONS) for begin in range(0, last, 40)
                    for rn, n in enumerate(range(min(begin + 40, last) - 1, begin - 1, -1)[:3], start=1)]
        compare_rows(found, sorted(expected))

    def check_chained(self):
        """How many sevens of numbers are whole, and how long those are that are not."""
        found = sorted((row["rows"], row["times"], row["tops"], row["least"]) for row in self.table("chained"))
        last = self.file_count * self.rows_per_file
        tops = {}
        for begin in range(0, last, 7):
            end = min(begin + 7, last)
            tops.setdefault(end - begin, []).extend([end - 1] * PARTITIONS)
        compare_rows(found, [(rows, len(each), sum(each), min(each)) for rows, each in tops.items()])

    def check_counts(self):
        """Every closed window: those whose end is at or below the last event time."""
        self.compare_counts(self.table("counts"))

    def check_closed(self):
        import pyarrow.parquet  # not there where `make test` uses this module

        files = self.committed_files("closed")
        self.compare_counts([row for path in files for row in pyarrow.parquet.read_table(path).to_pylist()])

    def compare_counts(self, rows):
        found = sorted((row["p"], row["start"].timestamp(), row["rows"], row["total"]) for row in rows)
        last = self.file_count * self.rows_per_file - 1
        expected = []
        for p in range(PARTITIONS):
            for begin in range(0, last // WINDOW_SECONDS * WINDOW_SECONDS, WINDOW_SECONDS):
                numbers = range(begin, begin + WINDOW_SECONDS)
                expected.append((p, 1767225600.0 + begin, WINDOW_SECONDS, sum(numbers)))
        compare_rows(found, expected)


def compare_rows(found, expected):
    """Says what is lost and what is there too often; a wrong count is one row lost and another too many."""
    lost = sorted((Counter(expected) - Counter(found)).elements())
    extra = sorted((Counter(found) - Counter(expected)).elements())
    assert not lost and not extra, f"rows lost: {len(lost)} {lost[:5]}; rows too many: {len(extra)} {extra[:5]}"


def newest(folder):
    """The highest batch id in a log folder, -1 when there is none."""
    if not folder.exists():
        return -1
    return max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=-1)


def manifest_files(directory):
    """The paths that DIRECTORY/_spark_metadata names: the newest compacted entry and all behind it."""
    entries = {}
    for path in (directory / "_spark_metadata").iterdir():
        number, _, suffix = path.name.partition(".")
        if number.isdigit():
            entries[int(number)] = (path, suffix == "compact")
    first = max((number for number, (_, is_compact) in entries.items() if is_compact), default=0)
    files = []
    for number in range(first, max(entries) + 1):
        version, *lines = entries[number][0].read_text().split("\n")
        assert version == "v1"
        files += [Path(json.loads(line)["path"].removeprefix("file://")) for line in lines]
    assert len(set(files)) == len(files)
    return files

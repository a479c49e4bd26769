"""A query that was changed between two starts of one checkpoint: what may change and what the rows are then, and what is
refused, with its class, before a file of the checkpoint or of a table is touched; the old query then goes on.

The rows of the table "Recovery semantics after changes in a streaming query" of Spark, and what is removed from a
checkpoint. Topics: tests/kafka/test_choosing.py and test_writing.py.
"""

import json
import os
import shutil

import pytest

from program import query_rows, run

UNSAFE = 4
FILES = 6

SOURCE = "STREAM read_files('{folder}', format => 'json', schema => 'k STRING, n INT, ts TIMESTAMP', maxFilesPerTrigger => {limit})"
SETTINGS = """
SET eagre.sink.commitIntervalMin = '0 seconds';
SET spark.sql.shuffle.partitions = 4;
"""

ROWS = "SELECT k, n FROM STREAM src"
LONGS = "SELECT CAST(n AS BIGINT) AS n FROM STREAM src"
BOTH = f"{ROWS} UNION ALL SELECT k, n FROM {SOURCE.format(folder='other', limit=1)}"
WINDOWS = "SELECT window.start AS s, k, {0} AS c FROM STREAM src GROUP BY window(ts, '10 seconds'), k"
COUNTS = WINDOWS.format("count(*)")
PLAIN = "SELECT ts AS s, k, CAST(n AS BIGINT) AS c FROM STREAM src"
UNIQUE = "SELECT ts AS s, k, CAST(n AS BIGINT) AS c FROM deduplicate((SELECT * FROM STREAM src), k, ts, n)"
COUNTS_OF_UNIQUE = COUNTS.replace("STREAM src", "deduplicate((SELECT k, n, ts FROM STREAM src), k, n, ts)")
JOIN = "SELECT a.k, a.n FROM STREAM src a JOIN (SELECT k AS q, n AS m, ts AS t FROM STREAM src) b ON {0} AND a.ts = b.t"
RATE = "SELECT value AS n FROM STREAM rate(rowsPerSecond => 1)"
STEPS = "SELECT value AS n FROM STREAM rate_micro_batch(rowsPerBatch => 1)"


def write_files(folder, first, count):
    """Files a second apart, each with two rows ten seconds behind those of the one before."""
    folder.mkdir(exist_ok=True)
    for index in range(first, first + count):
        moment = f"2026-01-01T00:{index // 6:02}:{index % 6}0Z"
        path = folder / f"f{index:04}.json"
        path.write_text("".join(json.dumps({"k": k, "n": index, "ts": moment}) + "\n" for k in "ab"))
        os.utime(path, (1_790_000_000 + index, 1_790_000_000 + index))


class Site:
    """A folder with input, one flow `t` and its checkpoint."""

    def __init__(self, folder):
        self.folder = folder
        self.file_count = 0
        (folder / "other").mkdir()
        self.add_files()

    def add_files(self):
        write_files(self.folder / "in", self.file_count, FILES)
        self.file_count += FILES

    def start(self, query, *more, mode="append", sink=None, settings="", delay=0, limit=1):
        """The flow to the end of what is there; `sink` is its USING, a Delta table where none is given."""
        view = f"""CREATE TEMPORARY VIEW src AS SELECT * FROM {SOURCE.format(folder='in', limit=limit)}
                   WATERMARK ts DELAY OF INTERVAL {delay} SECONDS;"""
        flow = f"CREATE STREAMING TABLE t TBLPROPERTIES ('eagre.outputMode' = '{mode}') AS {query};"
        if sink is not None:
            flow = f"CREATE SINK t USING {sink}; CREATE FLOW t OPTIONS ('outputMode' = '{mode}') AS INSERT INTO t {query};"
        (self.folder / "p.sql").write_text(SETTINGS + settings + view + flow)
        arguments = ["--available-now", "--cores", "1", "--progress", "none", *more]
        return run("run", "p.sql", "t", *arguments, cwd=self.folder)

    def run(self, query, **how):
        done = self.start(query, **how)
        assert done.returncode == 0, done.stderr
        return done

    def refuse(self, query, error_class, **how):
        """Nothing of it is begun."""
        before = self.fingerprint()
        done = self.start(query, **how)
        assert done.returncode == UNSAFE, done.stderr
        assert f"error: [{error_class}]" in done.stderr, done.stderr
        assert self.fingerprint() == before
        return done

    @property
    def checkpoint(self):
        return self.folder / "eagre-data/checkpoints/t"

    def fingerprint(self):
        """Of what is there but the input and the pipeline; whoever held the lock stays written in it."""
        left_out = {self.folder / "p.sql", self.checkpoint / "eagre/lock"}
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and path not in left_out}

    def table(self, columns, location="eagre-data/tables/t"):
        return sorted(tuple(row.values()) for row in query_rows(self.folder, f"SELECT {columns} FROM delta.`{location}`"))

    def lines(self, name):
        sql = f"SELECT k, n FROM read_files('{name}', format => 'json', schema => 'k STRING, n INT')"
        return sorted((row["n"], row["k"]) for row in query_rows(self.folder, sql))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def numbers(first, end, step=1):
    return [(n, k) for n in range(first, end, step) for k in "ab"]


# ---- Refused -----------------------------------------------------------------------------------------


DIFFERENT = {
    "two sources become one": (BOTH, ROWS, "CHECKPOINT_SOURCES_DIFFER"),
    "one source becomes two": (ROWS, BOTH, "CHECKPOINT_SOURCES_DIFFER"),
    "files become numbers": (LONGS, RATE, "CHECKPOINT_SOURCES_DIFFER"),
    "files become steps": (LONGS, STEPS, "CHECKPOINT_SOURCES_DIFFER"),
    "an aggregation is removed": (COUNTS, PLAIN, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA"),
    "an aggregation is added": (PLAIN, COUNTS, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA"),
    "a deduplication is removed": (UNIQUE, PLAIN, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA"),
    "another operator": (COUNTS, UNIQUE, "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "one operator more": (COUNTS, COUNTS_OF_UNIQUE, "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "one operator less": (COUNTS_OF_UNIQUE, COUNTS, "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "another type of key": (COUNTS, COUNTS.replace(" k,", " CAST(n AS STRING) AS k,").replace("), k", "), n"),
                            "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "another window": (COUNTS, COUNTS.replace("10 seconds", "20 seconds"), "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "another aggregate": (COUNTS, WINDOWS.format("sum(n)"), "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "another aggregate of the same type": (WINDOWS.format("min(n)"), WINDOWS.format("max(n)"),
                                           "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "one aggregate more": (COUNTS, WINDOWS.format("count(*) + sum(n)"), "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
    "another condition of a join": (JOIN.format("a.k = b.q"), JOIN.format("a.n = b.m"), "STATE_STORE_SCHEMA_NOT_COMPATIBLE"),
}


@pytest.mark.parametrize("change", DIFFERENT)
@pytest.mark.parametrize("has_new", [True, False])
def test_another_query_is_refused(site, change, has_new):
    """At the start already, whether there is something new or not: Spark sees it when a batch runs. Then the old goes on."""
    before, after, error_class = DIFFERENT[change]
    site.run(before)
    if has_new:
        site.add_files()
    site.refuse(after, error_class)
    site.add_files()
    site.run(before)


@pytest.mark.parametrize("query,lost,error_class", [
    (COUNTS, ["offsets", "commits"], "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY"),
    (COUNTS, ["offsets"], "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY"),
    (PLAIN, ["offsets"], "CHECKPOINT_OFFSETS_MISSING"),
    (PLAIN, ["metadata"], "STREAMING_CHECKPOINT_MISSING_METADATA_FILE"),
    (COUNTS, ["metadata"], "STREAMING_CHECKPOINT_MISSING_METADATA_FILE"),
    (COUNTS, ["eagre/prepared"], "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY"),
    (COUNTS, ["eagre/state"], "STATE_STORE_MISSING_FILE"),
])
def test_a_part_of_the_checkpoint_is_gone(site, tmp_path_factory, query, lost, error_class):
    """And with it back in its place everything goes on."""
    site.run(query)
    whole = shutil.copytree(site.checkpoint, tmp_path_factory.mktemp("whole") / "checkpoint")
    for name in lost:
        path = site.checkpoint / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    site.add_files()
    site.refuse(query, error_class)
    shutil.copytree(whole, site.checkpoint, dirs_exist_ok=True)
    site.run(query)
    rows = site.table("s, k, c")
    assert len(rows) == len(set(rows)) == 2 * (site.file_count - (query == COUNTS))


def test_another_output_directory_is_refused(site):
    site.run(ROWS, sink="json OPTIONS ('path' = 'first')")
    site.add_files()
    done = site.refuse(ROWS, "SINK_BEHIND_CHECKPOINT", sink="json OPTIONS ('path' = 'second')")
    assert f"has committed {FILES} epochs, of which FileSink[file:{site.folder}/second] holds 0" in done.stderr
    assert not (site.folder / "second").exists() or not list((site.folder / "second").rglob("part-*"))
    site.run(ROWS, sink="json OPTIONS ('path' = 'first')")
    assert site.lines("first") == numbers(0, site.file_count)


@pytest.mark.parametrize("sink", [None, "noop"])
def test_a_directory_in_place_of_another_sink_is_refused(site, sink):
    """As Spark's: it would not have the rows of the epochs before."""
    site.run(ROWS, sink=sink)
    site.refuse(ROWS, "SINK_BEHIND_CHECKPOINT", sink="parquet OPTIONS ('path' = 'out')")


def test_a_directory_that_was_emptied_is_refused(site):
    site.run(ROWS, sink="json OPTIONS ('path' = 'out')")
    shutil.rmtree(site.folder / "out")
    site.refuse(ROWS, "SINK_BEHIND_CHECKPOINT", sink="json OPTIONS ('path' = 'out')")


def test_a_directory_of_the_past_is_refused(site, tmp_path_factory):
    """The checkpoint went on, the directory was restored from a backup."""
    json_sink = "json OPTIONS ('path' = 'out')"
    site.run(ROWS, sink=json_sink)
    old = shutil.copytree(site.folder / "out", tmp_path_factory.mktemp("old") / "out")
    site.add_files()
    site.run(ROWS, sink=json_sink)
    shutil.rmtree(site.folder / "out")
    shutil.copytree(old, site.folder / "out")
    site.add_files()
    site.refuse(ROWS, "SINK_BEHIND_CHECKPOINT", sink=json_sink)


# ---- Allowed -----------------------------------------------------------------------------------------


def test_another_limit_of_an_epoch(site):
    site.run(ROWS)
    site.add_files()
    site.run(ROWS, limit=3)
    assert site.table("n, k") == numbers(0, 2 * FILES)
    assert sorted(int(path.name) for path in (site.checkpoint / "commits").glob("[0-9]*")) == list(range(FILES + 2))


def test_another_filter(site):
    site.run(ROWS)
    site.add_files()
    site.run(f"{ROWS} WHERE n % 2 = 0")
    site.add_files()
    site.run(ROWS)
    assert site.table("n, k") == numbers(0, FILES) + numbers(FILES, 2 * FILES, 2) + numbers(2 * FILES, 3 * FILES)


def test_another_projection_of_the_same_columns(site):
    site.run(ROWS)
    site.add_files()
    site.run("SELECT k, n + 100 AS n FROM STREAM src")
    assert site.table("n, k") == numbers(0, FILES) + numbers(100 + FILES, 100 + 2 * FILES)


def test_another_delta_table(site):
    """It gets what comes."""
    site.run(ROWS)
    site.add_files()
    (site.folder / "moved").mkdir()
    os.rename(site.folder / "eagre-data/tables/t", site.folder / "moved/t")
    site.run(ROWS)
    assert site.table("n, k", "moved/t") == numbers(0, FILES)
    assert site.table("n, k") == numbers(FILES, 2 * FILES)


def test_another_watermark_delay(site):
    """The new one counts from the next row on; the watermark itself does not fall."""
    site.run(COUNTS)
    assert len(site.table("s, k, c")) == 2 * (FILES - 1)
    site.add_files()
    site.run(COUNTS, delay=30)
    rows = site.table("s, k, c")
    assert [count for *_, count in rows] == [1] * len(rows)
    assert len(rows) == 2 * (2 * FILES - 1 - 3)
    site.add_files()
    site.run(COUNTS)
    rows = site.table("s, k, c")
    assert [count for *_, count in rows] == [1] * 2 * (3 * FILES - 1)


def test_another_output_mode(site):
    """Technically allowed, as in Spark: the rows of the state are those of both, what was given stays given."""
    site.run(COUNTS, sink="noop")
    site.add_files()
    site.run(COUNTS, sink="noop", mode="update")
    site.add_files()
    site.run(COUNTS, mode="append")
    rows = site.table("s, k, c")
    assert [count for *_, count in rows] == [1] * len(rows)
    assert len(rows) == 2 * FILES  # the window that was open, and those of the last files but one


@pytest.mark.parametrize("setting,value", [
    ("spark.sql.shuffle.partitions", "9"),
    ("spark.sql.streaming.multipleWatermarkPolicy", "'max'"),
    ("spark.sql.streaming.stateStore.providerClass",
     "'org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider'"),
])
def test_settings_that_the_checkpoint_fixes(site, setting, value):
    """What offsets/0 logged stays in every later one, and the rows are right."""
    site.run(COUNTS)
    logged = configuration(site, 0)
    site.add_files()
    site.run(COUNTS, settings=f"SET {setting} = {value};\n")
    last = max(int(path.name) for path in (site.checkpoint / "offsets").glob("[0-9]*"))
    assert last > FILES and configuration(site, last) == logged
    assert [count for *_, count in site.table("s, k, c")] == [1] * 2 * (2 * FILES - 1)


def configuration(site, epoch):
    return json.loads((site.checkpoint / f"offsets/{epoch}").read_text().split("\n")[1])["conf"]

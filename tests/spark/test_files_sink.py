"""Directories of files that Eagre writes, read and continued by real Spark, and the other way round."""

import datetime
import json
import os
import signal

import pytest

from program import run

ROWS_PER_FILE = 3
SCHEMA = "k STRING, n INT, t TIMESTAMP"
PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE SINK out USING {format} {partitioned} OPTIONS ('path' = 'table dir');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT * FROM STREAM read_files('in', format => 'json', schema => 'k STRING, n INT, t TIMESTAMP', maxFilesPerTrigger => 1);
"""


class Site:
    """A folder with input, checkpoint and directory, and the two engines that work on them."""

    def __init__(self, folder, spark, file_format, partition=None):
        self.folder, self.spark, self.format, self.partition = folder, spark, file_format, partition
        self.file_count = 0
        partitioned = f"PARTITIONED BY ({partition})" if partition else ""
        (folder / "p.sql").write_text(PIPELINE.format(format=file_format, partitioned=partitioned))
        self.table = folder / "table dir"

    def add_files(self, count):
        (self.folder / "in").mkdir(exist_ok=True)
        for index in range(self.file_count, self.file_count + count):
            path = self.folder / f"in/f{index:03}.json"
            numbers = range(index * ROWS_PER_FILE, (index + 1) * ROWS_PER_FILE)
            path.write_text("".join(json.dumps(self.row(n)) + "\n" for n in numbers))
            os.utime(path, (1_790_000_000 + index,) * 2)
        self.file_count += count

    @staticmethod
    def row(n):
        keys = ["a", "b/c", None, "x=1 %", "Grüße, 'so'"]
        return {"k": keys[n % len(keys)], "n": n, "t": f"2026-01-01T00:{n // 60:02}:{n % 60:02}.5Z"}

    def run_eagre(self, crash_at=None):
        done = run("run", "p.sql", "--cores", "2", cwd=self.folder, timeout=120,
                   env={"EAGRE_CRASH_AT": crash_at} if crash_at else None)
        assert done.returncode == (-signal.SIGKILL if crash_at else 0), done.stderr

    def run_spark(self):
        frame = (self.spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(str(self.folder / "in")))
        writer = frame.writeStream.format(self.format).option("checkpointLocation", str(self.folder / "checkpoint"))
        if self.partition:
            writer = writer.partitionBy(self.partition)
        query = writer.trigger(availableNow=True).start(str(self.table))
        assert query.awaitTermination(300), "Spark did not end"
        assert query.exception() is None, query.exception()

    def check(self):
        """Spark reads every row once."""
        reader = self.spark.read if self.format == "parquet" else self.spark.read.schema(SCHEMA)
        rows = reader.format(self.format).load(str(self.table)).select("k", "n", "t").collect()
        found = sorted((row.n, row.k, row.t) for row in rows)
        expected = []
        for n in range(self.file_count * ROWS_PER_FILE):
            moment = datetime.datetime(2026, 1, 1, 0, n // 60, n % 60, 500_000)
            expected.append((n, self.row(n)["k"], moment))
        assert found == expected


@pytest.mark.parametrize("partition", [None, "k"])
@pytest.mark.parametrize("file_format", ["parquet", "json"])
def test_spark_reads_what_eagre_committed(tmp_path, spark, file_format, partition):
    site = Site(tmp_path, spark, file_format, partition)
    site.add_files(12)
    site.run_eagre()
    site.add_files(1)
    site.run_eagre(crash_at="epoch.after_prepared:1")  # a file that no entry names
    site.file_count -= 1
    site.check()
    site.file_count += 1
    site.run_eagre()
    site.check()


@pytest.mark.parametrize("file_format", ["parquet", "json"])
def test_hand_over_and_back(tmp_path, spark, file_format):
    """Five times back and forth, over compacted entries, with deaths in the middle of epochs of ours."""
    site = Site(tmp_path, spark, file_format, "k")
    for turn, point in enumerate(["epoch.after_offsets", "epoch.after_prepared", "epoch.after_commit",
                                  "epoch.after_state", "sink.mid_commit"]):
        site.add_files(2)
        site.run_eagre()
        site.add_files(1)
        site.run_eagre(crash_at=f"{point}:1")
        site.add_files(2)
        site.run_spark()
        site.check()
        if turn % 2 == 0:
            site.add_files(1)
            site.run_eagre()
            site.check()
    assert (site.table / "_spark_metadata/19.compact").exists()


def test_eagre_reads_what_spark_committed(tmp_path, spark):
    site = Site(tmp_path, spark, "parquet", "k")
    site.add_files(11)
    site.run_spark()
    litter = next(site.table.rglob("*.parquet"))
    (litter.parent / "part-litter.parquet").write_bytes(litter.read_bytes())
    done = run("query", "--format", "json", "SELECT k, n FROM read_files('table dir', format => 'parquet') ORDER BY n",
               cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["n"], row.get("k")) for row in found] == [(n, site.row(n)["k"]) for n in range(33)]

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


TEXTS = ["a", "", None, " lead", "trail ", "\ttab", "a,b", 'say "hi"', '"', 'a"b', "a\\b", "a\\", "a\\,b", "a\nb", "a\rb",
         "#c", " #c", "null", "a;b", "😀", "\u0001", "\u00a0nb", "  ", ' "x', '\\"']
CSV_COLUMNS = {
    "two texts": ["k", "k AS j"],
    "one text": ["k"],
    "typed": ["n", "CAST(n AS DOUBLE) / 3 AS d", "CAST(n AS DECIMAL(38, 20)) / 10000000000 AS e", "t",
              "CAST(t AS TIMESTAMP_NTZ) AS u", "CAST(t AS DATE) AS day", "n % 2 = 0 AS even", "CAST(n AS TINYINT) AS tiny",
              "CAST(n AS FLOAT) AS f", "INTERVAL '1' DAY AS i"],
}


@pytest.mark.parametrize("header", ["false", "true"])
@pytest.mark.parametrize("columns", CSV_COLUMNS)
def test_csv_is_the_same_byte_for_byte(tmp_path, spark, columns, header):
    (tmp_path / "in").mkdir()
    texts = [text for text in TEXTS if text is not None or columns != "one text"]  # Spark leaves such a row out
    rows = [{"k": text, "n": n, "t": f"2026-01-01T00:00:{n:02}.1234{n % 10}6Z"} for n, text in enumerate(texts)]
    (tmp_path / "in/0.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "p.sql").write_text(f"""
CREATE SINK out USING csv OPTIONS ('path' = 'ours', 'header' = '{header}');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT {", ".join(CSV_COLUMNS[columns])} FROM STREAM read_files('in', format => 'json', schema => '{SCHEMA}');
""")
    done = run("run", "p.sql", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    frame = spark.readStream.schema(SCHEMA).json(str(tmp_path / "in")).selectExpr(*CSV_COLUMNS[columns])
    query = (frame.writeStream.format("csv").option("header", header).option("checkpointLocation", str(tmp_path / "spark"))
             .trigger(availableNow=True).start(str(tmp_path / "theirs")))
    assert query.awaitTermination(300)
    ours, theirs = (next((tmp_path / name).glob("*.csv")).read_bytes() for name in ("ours", "theirs"))
    assert ours == theirs

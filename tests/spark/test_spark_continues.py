"""A stateless job changes hands between Eagre and real Spark, with its checkpoint and its Delta table: no row is lost
and none is doubled, also when the one that hands over died in the middle of an epoch.

Rows are numbered, so that the table proves it: every number once.
"""

import json
import os
import signal

import pytest
from deltalake import DeltaTable

from program import run

ROWS_PER_FILE = 3
QUERY_TIMEOUT_SECONDS = 300

FILES = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE numbers LOCATION 'table' TBLPROPERTIES ('eagre.checkpointLocation' = 'checkpoint')
AS SELECT n FROM STREAM read_files('in', format => 'json', schema => 'n INT', maxFilesPerTrigger => 1);
"""

TOPIC = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE numbers LOCATION 'table' TBLPROPERTIES ('eagre.checkpointLocation' = 'checkpoint')
AS SELECT CAST(CAST(value AS STRING) AS INT) AS n
FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => '${topic}', startingOffsets => 'earliest',
                       maxOffsetsPerTrigger => 4);
"""

STATEFUL = """
CREATE SINK out USING noop;
CREATE FLOW counts OPTIONS ('outputMode' = 'complete', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT n, count(*) AS c FROM STREAM read_files('in', format => 'json', schema => 'n INT') GROUP BY n;
"""


class Site:
    """A folder with input, checkpoint and table, and the two engines that work on them."""

    def __init__(self, folder, spark):
        self.folder = folder
        self.spark = spark
        self.file_count = 0
        (folder / "files.sql").write_text(FILES)

    # ---- input

    def add_files(self, count):
        (self.folder / "in").mkdir(exist_ok=True)
        for index in range(self.file_count, self.file_count + count):
            path = self.folder / f"in/f{index:03}.json"
            first = index * ROWS_PER_FILE
            path.write_text("".join(f'{{"n":{n}}}\n' for n in range(first, first + ROWS_PER_FILE)))
            os.utime(path, (1_790_000_000 + index, 1_790_000_000 + index))
        self.file_count += count

    # ---- engines

    def run_eagre(self, crash_at=None):
        env = {"EAGRE_CRASH_AT": crash_at} if crash_at else None
        done = run("run", "files.sql", "--available-now", "--cores", "2", cwd=self.folder, env=env)
        assert done.returncode == (-signal.SIGKILL if crash_at else 0), done.stderr
        return done.stderr

    def read_files(self):
        reader = self.spark.readStream.format("json").schema("n INT").option("maxFilesPerTrigger", 1)
        return reader.load(str(self.folder / "in"))

    def run_spark(self, rows=None):
        writer = (self.read_files() if rows is None else rows).writeStream.format("delta").outputMode("append")
        wait(self.start(writer, str(self.folder / "table")))

    def run_spark_until_batch(self, failing):
        """Spark by foreachBatch, each batch written with the job's id and its number; one fails before it writes."""
        path = str(self.folder / "table")

        def write(rows, batch):
            if batch == failing:
                raise RuntimeError("this batch fails on purpose")
            writer = rows.write.format("delta").mode("append")
            writer.option("txnAppId", self.id()).option("txnVersion", batch).save(path)

        from pyspark.errors import StreamingQueryException
        with pytest.raises(StreamingQueryException, match="on purpose"):
            wait(self.start(self.read_files().writeStream.foreachBatch(write)))
        assert self.planned() == failing and self.committed() == failing - 1

    def start(self, writer, path=None):
        writer = writer.option("checkpointLocation", str(self.folder / "checkpoint")).trigger(availableNow=True)
        return writer.start(path) if path else writer.start()

    # ---- what is there

    def id(self):
        return json.loads((self.folder / "checkpoint/metadata").read_text())["id"]

    def planned(self):
        return newest(self.folder / "checkpoint/offsets")

    def committed(self):
        return newest(self.folder / "checkpoint/commits")

    def lose_last_commit(self):
        """As if the last one had died between the table's commit and the note of it."""
        last = self.committed()
        (self.folder / f"checkpoint/commits/{last}").unlink()
        (self.folder / f"checkpoint/commits/.{last}.crc").unlink()
        return last

    def show(self):
        done = run("checkpoint", "show", "checkpoint", "--format", "json", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def check(self, numbers=None):
        """Every number once, and a checkpoint in which nothing is missing."""
        table = DeltaTable(str(self.folder / "table"))
        expected = list(range(self.file_count * ROWS_PER_FILE)) if numbers is None else numbers
        assert sorted(table.to_pyarrow_table()["n"].to_pylist()) == expected
        assert table.transaction_version(self.id()) == self.committed()
        done = run("checkpoint", "verify", "checkpoint", cwd=self.folder)
        assert done.returncode == 0, done.stdout


def newest(folder):
    return max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=-1)


def wait(query):
    if not query.awaitTermination(QUERY_TIMEOUT_SECONDS):
        query.stop()
        raise TimeoutError(f"not done in {QUERY_TIMEOUT_SECONDS} s")


@pytest.fixture
def site(tmp_path, spark):
    return Site(tmp_path, spark)


# ---- in order --------------------------------------------------------------------------------------------------


def test_spark_continues_and_eagre_continues(site):
    """Four turns over 26 files: both write logs, and both compact the log of files."""
    site.add_files(7)
    site.run_eagre()
    site.check()
    assert site.show()["writtenBy"] == "Eagre"
    site.add_files(6)
    site.run_spark()
    site.check()
    assert site.show()["writtenBy"] == "Spark"
    assert site.show()["restart"] == {"action": "next", "epoch": 13,
                                      "sentence": "plans epoch 13, from where epoch 12 ended"}
    site.add_files(8)
    site.run_eagre()
    site.check()
    site.add_files(5)
    site.run_spark()
    site.check()
    assert {path.name for path in (site.folder / "checkpoint/sources/0").glob("*.compact")} == {"9.compact", "19.compact"}


def test_eagre_continues_what_spark_began(site):
    site.add_files(3)
    site.run_spark()
    site.check()
    began = site.id()
    site.add_files(2)
    assert "next epoch 3" in site.run_eagre()
    site.check()
    assert site.id() == began
    site.add_files(1)
    site.run_spark()
    site.check()


def test_nothing_new_changes_nothing(site):
    site.add_files(2)
    site.run_eagre()
    site.run_spark()
    site.run_eagre()
    site.run_spark()
    site.check()
    assert site.planned() == site.committed() == 1


# ---- after a crash ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["epoch.after_offsets", "epoch.mid_run", "epoch.after_prepared", "sink.mid_commit",
                                   "epoch.after_commit", "epoch.after_commits"])
def test_spark_continues_after_eagre_was_killed(site, point):
    site.add_files(4)
    site.run_eagre(crash_at=f"{point}:2")
    site.add_files(2)
    site.run_spark()
    site.check()
    site.add_files(2)
    site.run_eagre()
    site.check()


def test_eagre_asks_the_table_after_spark_died_behind_its_commit(site):
    site.add_files(3)
    site.run_spark()
    last = site.lose_last_commit()
    assert site.show()["restart"]["action"] == "ask"
    site.add_files(2)
    assert f"epoch {last} is in the sink already and is adopted" in site.run_eagre()
    site.check()
    site.add_files(1)
    site.run_spark()
    site.check()


def test_eagre_asks_the_table_after_one_epoch_of_spark_behind_its_own(site):
    site.add_files(2)
    site.run_eagre()
    site.add_files(1)
    site.run_spark()
    last = site.lose_last_commit()
    assert last == 2
    site.add_files(1)
    assert f"epoch {last} is in the sink already and is adopted" in site.run_eagre()
    site.check()


def test_eagre_asks_the_table_after_spark_finished_what_was_prepared(site):
    """Two deaths over one epoch: ours behind its prepared file, Spark's behind its commit."""
    site.add_files(2)
    site.run_eagre(crash_at="epoch.after_prepared:2")
    site.run_spark()
    assert site.lose_last_commit() == 1
    site.add_files(1)
    assert "epoch 1 is in the sink already and is adopted" in site.run_eagre()
    site.check()


def test_eagre_runs_the_batch_again_that_spark_did_not_write(site):
    site.add_files(4)
    site.run_spark_until_batch(failing=2)
    assert site.show()["restart"]["action"] == "ask"
    assert "epoch 2 was not finished and is run again" in site.run_eagre()
    site.check()


# ---- Kafka -----------------------------------------------------------------------------------------------------


class TopicSite(Site):
    """The same over a topic of two partitions: even numbers stand in one, odd ones in the other."""

    def __init__(self, folder, spark, broker, topic):
        super().__init__(folder, spark)
        self.broker = broker
        self.topic = topic
        self.numbers = []
        broker.create_topic(topic, partitions=2)
        text = TOPIC.replace("${brokers}", broker.address).replace("${topic}", topic)
        (folder / "files.sql").write_text(text)

    def produce(self, count):
        for n in range(len(self.numbers), len(self.numbers) + count):
            self.broker.produce(self.topic, [(None, str(n).encode())], partition=n % 2)
            self.numbers.append(n)

    def read_topic(self):
        reader = self.spark.readStream.format("kafka").option("kafka.bootstrap.servers", self.broker.address)
        reader = reader.option("subscribe", self.topic).option("startingOffsets", "earliest")
        return reader.option("maxOffsetsPerTrigger", 4).load()

    def run_spark(self, rows=None):
        super().run_spark(self.read_topic().selectExpr("CAST(CAST(value AS STRING) AS INT) AS n"))

    def check(self, numbers=None):
        """And the end of every partition, as the checkpoint shows it."""
        super().check(self.numbers)
        source, = self.show()["sources"]
        assert source["kind"] == "kafka"
        assert source["partitions"] == [
            {"topic": self.topic, "partition": partition, "offset": len(self.numbers[partition::2])}
            for partition in range(2)]


@pytest.fixture
def topic_site(tmp_path, spark, broker, request):
    return TopicSite(tmp_path, spark, broker, request.node.name.replace("_", "-"))


def test_a_topic_changes_hands(topic_site):
    topic_site.produce(10)
    topic_site.run_eagre()
    topic_site.check()
    topic_site.produce(7)
    topic_site.run_spark()
    topic_site.check()
    topic_site.produce(6)
    topic_site.run_eagre(crash_at="epoch.after_commit")
    topic_site.produce(3)
    topic_site.run_spark()
    topic_site.check()
    topic_site.lose_last_commit()
    topic_site.produce(2)
    topic_site.run_eagre()
    topic_site.check()


def test_eagre_continues_a_topic_that_spark_began(topic_site):
    topic_site.produce(9)
    topic_site.run_spark()
    topic_site.check()
    said = topic_site.show()
    epoch = topic_site.committed() + 1
    assert (said["writtenBy"], said["restart"]["action"], said["restart"]["epoch"]) == ("Spark", "next", epoch)
    assert (said["prepared"], said["lock"], said["state"]) == (None, None, [])
    topic_site.produce(6)
    assert f"next epoch {epoch}" in topic_site.run_eagre()
    topic_site.check()
    assert topic_site.show()["writtenBy"] == "Eagre"
    topic_site.produce(5)
    topic_site.run_spark()
    topic_site.check()


# ---- what cannot move ------------------------------------------------------------------------------------------


def test_state_does_not_change_hands(site):
    """Each says so, and touches nothing, instead of counting from zero."""
    (site.folder / "files.sql").write_text(STATEFUL)
    site.add_files(2)
    site.run_eagre()
    site.add_files(1)
    counts = site.read_files().groupBy("n").count().writeStream.format("noop").outputMode("complete")
    from pyspark.errors import StreamingQueryException
    with pytest.raises(StreamingQueryException):
        wait(site.start(counts))


def test_state_of_spark_is_refused(site):
    (site.folder / "files.sql").write_text(STATEFUL)
    site.add_files(2)
    counts = site.read_files().groupBy("n").count().writeStream.format("noop").outputMode("complete")
    wait(site.start(counts))
    committed = site.committed()
    done = run("run", "files.sql", "--available-now", cwd=site.folder)
    assert done.returncode == 4
    assert "error: [CHECKPOINT_STATE_OF_SPARK]" in done.stderr
    assert site.show()["restart"]["action"] == "refuse"
    assert site.committed() == committed and not (site.folder / "checkpoint/eagre").exists()


def test_windows_of_spark_over_a_topic_are_shown_verified_and_refused(topic_site):
    """Its state is measured, a changed bit in it is found, and Eagre neither continues it nor touches it."""
    from pyspark.sql import functions
    (topic_site.folder / "files.sql").write_text(STATEFUL)
    topic_site.produce(6)
    rows = topic_site.read_topic().withWatermark("timestamp", "1 hour")
    windows = rows.groupBy(functions.window("timestamp", "1 day"))
    wait(topic_site.start(windows.count().writeStream.format("noop").outputMode("update")))
    said = topic_site.show()
    source, = said["sources"]
    assert [(each["partition"], each["offset"]) for each in source["partitions"]] == [(0, 3), (1, 3)]
    state, = said["sparkState"]
    assert (said["writtenBy"], state["name"]) == ("Spark", "stateStoreSave")
    assert state["version"] == topic_site.committed() + 1
    assert said["restart"]["action"] == "refuse"
    assert run("checkpoint", "verify", "checkpoint", cwd=topic_site.folder).returncode == 0
    topic_site.add_files(1)
    done = run("run", "files.sql", "--available-now", cwd=topic_site.folder)
    assert done.returncode == 4 and "error: [CHECKPOINT_STATE_OF_SPARK]" in done.stderr
    assert not (topic_site.folder / "checkpoint/eagre").exists()
    damaged = max(topic_site.folder.glob("checkpoint/state/0/*/*.delta"), key=lambda path: path.stat().st_size)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0x10
    damaged.write_bytes(content)
    done = run("checkpoint", "verify", "checkpoint", cwd=topic_site.folder)
    assert done.returncode == 6 and f"state/0/{damaged.parent.name}/{damaged.name}" in done.stdout

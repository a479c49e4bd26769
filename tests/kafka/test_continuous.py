"""The trigger `continuous`: rows out at once, epochs closed afterwards. The cluster is librdkafka's small one inside this
process, which starts in no time: nothing here depends on what a broker keeps."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time

import confluent_kafka
import pytest

from flow import program

WAIT_SECONDS = 120
POLL_SECONDS = 0.01


class Cluster:
    """librdkafka's mock: topics make themselves, with four partitions."""

    def __init__(self):
        self.producer = confluent_kafka.Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1,
                                                  "log_level": 0, "linger.ms": 0})
        self.producer.list_topics("in", WAIT_SECONDS)
        brokers = self.producer.list_topics("out", WAIT_SECONDS).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def write(self, *values, partition=0, key=None):
        for value in values:
            self.producer.produce("in", value, key, partition=partition)
        assert self.producer.flush(WAIT_SECONDS) == 0

    def messages(self):
        """Those of the topic `out`, in any order, as they come: without an end."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.address, "group.id": "look", "log_level": 0})
        consumer.assign([confluent_kafka.TopicPartition("out", number, 0) for number in range(4)])
        deadline = time.monotonic() + WAIT_SECONDS
        with contextlib.closing(consumer):
            while True:
                assert time.monotonic() < deadline, "no more messages came"
                message = consumer.poll(POLL_SECONDS)
                if message is not None and not message.error():
                    yield message.value().decode()

    def read(self, count):
        """The first `count` messages; more are left alone."""
        return list(itertools.islice(self.messages(), count))

    def await_all(self, expected):
        """Every one of them comes, and no other; some may come again."""
        missing = set(expected)
        for message in self.messages():
            assert message in expected
            missing.discard(message)
            if not missing:
                return


@pytest.fixture
def cluster():
    return Cluster()


def source(cluster):
    return (f"STREAM read_kafka(bootstrapServers => '{cluster.address}', subscribe => 'in', "
            "startingOffsets => 'earliest')")


def write_flow(folder, cluster, query, sink="", mode="append", interval="1 hour", more=""):
    sink = sink or "CREATE SINK out USING console OPTIONS ('format' = 'json');"
    (folder / "flow.sql").write_text(
        f"{more}{sink} CREATE FLOW f OPTIONS ('checkpointLocation' = 'c', 'trigger' = 'continuous {interval}', "
        f"'outputMode' = '{mode}') AS INSERT INTO out {query.format(source=source(cluster))};")


class Running:
    """A run whose output grows in files."""

    def __init__(self, folder, *arguments, **environment):
        self.folder = folder
        self.out = folder / "out.txt"
        with self.out.open("w") as out, (folder / "err.txt").open("w") as err:
            self.process = subprocess.Popen([program(), "run", "flow.sql", "--progress", "none", *arguments],
                                            cwd=folder, stdout=out, stderr=err,
                                            env={**os.environ, "TZ": "UTC", **environment})

    def rows(self):
        lines = self.out.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, condition, what):
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self.process.poll() is None, (self.folder / "err.txt").read_text()
            assert time.monotonic() < deadline, f"{what}: {self.rows()[-5:]}"
            time.sleep(POLL_SECONDS)

    def wait_for_rows(self, *expected):
        self.wait_for(lambda: sorted(map(str, self.rows())) == sorted(map(str, expected)), f"never {expected}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(WAIT_SECONDS) == 0, (self.folder / "err.txt").read_text()

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_SECONDS)


@contextlib.contextmanager
def running(folder, *arguments, **environment):
    process = Running(folder, *arguments, **environment)
    try:
        yield process
    finally:
        process.kill()


def ends(folder):
    """The end position of every epoch that is logged."""
    numbers = sorted(int(path.name) for path in (folder / "c/offsets").iterdir() if path.name.isdigit())
    return [json.loads((folder / f"c/offsets/{number}").read_text().split("\n")[2]) for number in numbers]


def commits(folder):
    return sorted(int(path.name) for path in (folder / "c/commits").iterdir() if path.name.isdigit())


@pytest.mark.parametrize("cores", ["1", "2"])
def test_rows_come_out_while_the_epoch_is_open(tmp_path, cluster, cores):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v, partition FROM {source}")
    with running(tmp_path, "--cores", cores) as flow:
        cluster.write("a")
        flow.wait_for_rows({"v": "a", "partition": 0})
        cluster.write("b", partition=1)
        flow.wait_for_rows({"v": "a", "partition": 0}, {"v": "b", "partition": 1})
        assert ends(tmp_path) == []  # an hour is not over
        flow.stop()
    assert ends(tmp_path) == [{"in": {"0": 1, "1": 1, "2": 0, "3": 0}}]
    assert commits(tmp_path) == [0]


def test_epochs_close_by_their_interval_and_only_with_something_new(tmp_path, cluster):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v FROM {source}", interval="50 milliseconds")
    with running(tmp_path) as flow:
        cluster.write("a")
        flow.wait_for(lambda: (tmp_path / "c/commits").exists() and commits(tmp_path) == [0], "no epoch closed")
        time.sleep(0.5)  # ten intervals without a record
        assert commits(tmp_path) == [0]
        cluster.write("b")
        flow.wait_for(lambda: commits(tmp_path) == [0, 1], "no second epoch")
        flow.stop()
    assert ends(tmp_path)[1]["in"]["0"] == 2


def reports(folder):
    lines = (folder / "err.txt").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.mark.parametrize("client", ["librdkafka", "native"])
def test_progress_says_how_long_records_took(tmp_path, cluster, client):
    """A record written an hour ago has taken an hour, and every record is counted once."""
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v FROM {source}",
               more=f"SET eagre.kafka.client = {client};")
    with running(tmp_path, "--cores", "2", "--progress", "json") as flow:
        written_ms = int((time.time() - 3600) * 1000)
        cluster.producer.produce("in", "a", partition=0, timestamp=written_ms)
        assert cluster.producer.flush(WAIT_SECONDS) == 0
        cluster.write("b", "c", partition=1)
        flow.wait_for_rows({"v": "a"}, {"v": "b"}, {"v": "c"})
        flow.stop()
    eagre = [report["eagre"] for report in reports(tmp_path) if report["numInputRows"] > 0]
    assert len(eagre) == 1
    record, engine = eagre[0]["latencyMs"]["record"], eagre[0]["latencyMs"]["engine"]
    assert record["count"] == engine["count"] == 3
    assert 3_600_000 <= record["max"] < 3_600_000 + WAIT_SECONDS * 2000
    assert engine["max"] < WAIT_SECONDS * 1000
    assert record["p50"] <= record["p99"] <= record["max"]
    assert set(eagre[0]["phasesMs"]) == {"run", "offsets", "prepare", "sink", "commits", "purge"}


def test_kafka_to_kafka(tmp_path, cluster):
    sink = (f"CREATE SINK out USING kafka OPTIONS ('kafka.bootstrap.servers' = '{cluster.address}', "
            "'topic' = 'out');")
    write_flow(tmp_path, cluster, "SELECT upper(CAST(value AS STRING)) AS value FROM {source}", sink=sink)
    with running(tmp_path) as flow:
        cluster.write("a", "b")
        assert sorted(cluster.read(2)) == ["A", "B"]
        flow.stop()


def test_counts_come_out_tick_by_tick(tmp_path, cluster):
    """Two cores, keys of both: what a tick has changed comes out at once, exactly once."""
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v, count(*) AS n FROM {source} GROUP BY v",
               mode="update")
    with running(tmp_path, "--cores", "2") as flow:
        for partition, count in enumerate([1, 2, 3, 4]):
            cluster.write("x", partition=partition)
            flow.wait_for(lambda count=count: {"v": "x", "n": count} in flow.rows(), f"no count {count}")
        flow.stop()
    assert commits(tmp_path) == [0]
    with running(tmp_path, "--cores", "1") as flow:
        cluster.write("x", "y")
        flow.wait_for_rows({"v": "x", "n": 5}, {"v": "y", "n": 1})
        flow.stop()


@pytest.mark.parametrize("client", ["librdkafka", "native"])
def test_cores_that_look_instead_of_sleeping_give_the_same(tmp_path, cluster, client):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v, count(*) AS n FROM {source} GROUP BY v",
               mode="update", interval="50 milliseconds",
               more=f"SET eagre.kafka.client = {client}; SET eagre.busyPollMicros = 1000000;")
    with running(tmp_path, "--cores", "2") as flow:
        for count in range(1, 9):
            cluster.write("x", partition=count % 4)
            flow.wait_for(lambda count=count: {"v": "x", "n": count} in flow.rows(), f"no count {count}")
        flow.stop()
        flow.wait_for_rows(*({"v": "x", "n": count} for count in range(1, 9)))


WINDOWS = ("SELECT date_format(w.start, 'ss') AS s, n FROM (SELECT window(t, '10 seconds') AS w, count(*) AS n "
           "FROM (SELECT CAST(CAST(value AS STRING) AS TIMESTAMP) AS t FROM {source}) "
           "WATERMARK t DELAY OF INTERVAL 0 SECONDS GROUP BY window(t, '10 seconds'))")


def at(second):
    return f"2026-01-01 00:00:{second:02d}"


def test_windows_close_when_their_time_has_come(tmp_path, cluster):
    write_flow(tmp_path, cluster, WINDOWS)
    with running(tmp_path) as flow:
        cluster.write(at(1), at(5), at(12))
        flow.wait_for_rows({"s": "00", "n": 2})
        cluster.write(at(3), partition=0)  # late: its window is out
        cluster.write(at(21))
        flow.wait_for_rows({"s": "00", "n": 2}, {"s": "10", "n": 1})
        flow.stop()
    with running(tmp_path) as flow:  # what was late before the start is late behind it
        cluster.write(at(4), at(35))
        flow.wait_for_rows({"s": "20", "n": 1})
        flow.stop()


def test_a_partition_without_records_holds_nothing_back(tmp_path, cluster):
    write_flow(tmp_path, cluster, WINDOWS)
    with running(tmp_path, "--cores", "2") as flow:
        cluster.write(at(1), partition=2)
        cluster.write(at(15), partition=2)
        flow.wait_for_rows({"s": "00", "n": 1})
        flow.stop()


def test_a_backlog_is_not_late(tmp_path, cluster):
    """Partition 1 has old records when the flow starts, partition 0 new ones: none of them is lost."""
    cluster.write(*[at(50)] * 3000, partition=0)
    cluster.write(*[at(second) for second in range(40) for _ in range(200)], partition=1)
    write_flow(tmp_path, cluster, WINDOWS, mode="append", more="SET eagre.source.batchRows = 100;")
    with running(tmp_path) as flow:
        flow.wait_for_rows(*({"s": second, "n": 2000} for second in ("00", "10", "20", "30")))
        flow.stop()


def test_complete_results_come_once_per_epoch(tmp_path, cluster):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v, count(*) AS n FROM {source} GROUP BY v",
               sink="CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');",
               mode="complete", interval="20 milliseconds")
    with running(tmp_path, "--cores", "2") as flow:
        for count in range(1, 6):
            cluster.write("x", "y", partition=count % 4)
            flow.wait_for(lambda count=count: any(row["n"] == count for row in flow.rows()), f"no count {count}")
        flow.stop()
        keys = [(row["_batch_id"], row["v"]) for row in flow.rows()]
        assert len(keys) == len(set(keys))
        assert [row["n"] for row in flow.rows()[-2:]] == [5, 5]


JOIN = ("SELECT a.v FROM (SELECT CAST(value AS STRING) AS v FROM {source} WHERE partition = 0) a "
        "JOIN (SELECT CAST(value AS STRING) AS v FROM {source} WHERE partition = 1) b ON a.v = b.v")


def test_a_join_finds_its_rows_at_once(tmp_path, cluster):
    write_flow(tmp_path, cluster, JOIN)
    with running(tmp_path, "--cores", "2") as flow:
        cluster.write("a", "b", partition=0)
        cluster.write("b", partition=1)
        flow.wait_for_rows({"v": "b"})
        flow.stop()
    with running(tmp_path) as flow:
        cluster.write("a", partition=1)
        flow.wait_for_rows({"v": "a"})
        flow.stop()


def test_duplicates_are_dropped_over_ticks(tmp_path, cluster):
    write_flow(tmp_path, cluster, "SELECT v FROM deduplicate((SELECT CAST(value AS STRING) AS v FROM {source}), v)")
    with running(tmp_path, "--cores", "2") as flow:
        for partition in range(4):
            cluster.write("a", partition=partition)
        flow.wait_for_rows({"v": "a"})
        cluster.write("b")
        flow.wait_for_rows({"v": "a"}, {"v": "b"})
        flow.stop()


def test_the_trigger_may_change(tmp_path, cluster):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v FROM {source}")
    with running(tmp_path) as flow:
        cluster.write("a")
        flow.wait_for_rows({"v": "a"})
        flow.stop()
    cluster.write("b")
    done = subprocess.run([program(), "run", "flow.sql", "--available-now", "--progress", "none"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (0, '{"v":"b"}\n'), done.stderr
    with running(tmp_path) as flow:
        cluster.write("c")
        flow.wait_for_rows({"v": "c"})
        flow.stop()
    assert commits(tmp_path) == [0, 1, 2]


POINTS = ["epoch.mid_run:1", "epoch.after_run:1", "epoch.before_offsets:1", "epoch.after_offsets:1",
          "epoch.after_state:1", "epoch.after_prepared:1", "epoch.after_commit:1", "epoch.after_commits:1",
          "epoch.mid_run:2", "epoch.after_run:2", "epoch.after_offsets:2", "epoch.after_prepared:2"]


@pytest.mark.parametrize("point", POINTS)
def test_counts_are_exact_wherever_the_process_dies(tmp_path, cluster, point):
    write_flow(tmp_path, cluster, "SELECT CAST(value AS STRING) AS v, count(*) AS n FROM {source} GROUP BY v",
               mode="update", interval="20 milliseconds")
    sent = 0
    with running(tmp_path, "--cores", "2", EAGRE_CRASH_AT=point) as flow:
        deadline = time.monotonic() + WAIT_SECONDS
        while flow.process.poll() is None:
            assert time.monotonic() < deadline, f"{point} was never passed"
            cluster.write("x", partition=sent % 4)
            sent += 1
            time.sleep(POLL_SECONDS)
        assert flow.process.returncode == -signal.SIGKILL
    verified = subprocess.run([program(), "checkpoint", "verify", "c"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=WAIT_SECONDS, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with running(tmp_path) as flow:
        cluster.write("x")
        flow.wait_for(lambda: {"v": "x", "n": sent + 1} in flow.rows(), f"never {sent + 1}")
        flow.stop()
        assert max(row["n"] for row in flow.rows()) == sent + 1


@pytest.mark.parametrize("point", POINTS)
def test_no_message_is_missing_wherever_the_process_dies(tmp_path, cluster, point):
    """Without state the next epoch begins before the last one is logged: messages may come twice, never not at all."""
    sink = (f"CREATE SINK out USING kafka OPTIONS ('kafka.bootstrap.servers' = '{cluster.address}', "
            "'topic' = 'out');")
    write_flow(tmp_path, cluster, "SELECT value FROM {source}", sink=sink, interval="20 milliseconds")
    sent = 0
    with running(tmp_path, "--cores", "2", EAGRE_CRASH_AT=point) as flow:
        deadline = time.monotonic() + WAIT_SECONDS
        while flow.process.poll() is None:
            assert time.monotonic() < deadline, f"{point} was never passed"
            cluster.write(f"{sent}", partition=sent % 4)
            sent += 1
            time.sleep(POLL_SECONDS)
        assert flow.process.returncode == -signal.SIGKILL
    with running(tmp_path) as flow:
        cluster.write(f"{sent}")
        cluster.await_all({f"{number}" for number in range(sent + 1)})
        flow.stop()


TABLE_POINTS = ["epoch.mid_run:2", "epoch.after_run:1", "epoch.after_offsets:1", "epoch.after_state:1",
                "epoch.after_prepared:1", "sink.mid_commit:1", "epoch.after_commit:2", "epoch.after_commits:1"]


def count_table(folder):
    """Rows and different ones; none before the first commit."""
    if not list((folder / "eagre-data/tables/t/_delta_log").glob("*.json")):
        return 0, 0
    done = subprocess.run([program(), "query", "SELECT count(*) AS n, count(DISTINCT v) AS d FROM "
                           "delta.`eagre-data/tables/t`", "--format", "json"], cwd=folder,
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    return row["n"], row["d"]


@pytest.mark.parametrize("point", TABLE_POINTS)
def test_a_table_gets_every_row_once_wherever_the_process_dies(tmp_path, cluster, point):
    (tmp_path / "flow.sql").write_text(
        "SET eagre.trigger = continuous 20 milliseconds; CREATE STREAMING TABLE t AS "
        f"SELECT CAST(value AS STRING) AS v FROM {source(cluster)};")
    sent = 0
    with running(tmp_path, "--cores", "2", EAGRE_CRASH_AT=point) as flow:
        deadline = time.monotonic() + WAIT_SECONDS
        while flow.process.poll() is None:
            assert time.monotonic() < deadline, f"{point} was never passed"
            cluster.write(f"{sent}", partition=sent % 4)
            sent += 1
            time.sleep(POLL_SECONDS)
        assert flow.process.returncode == -signal.SIGKILL
    with running(tmp_path) as flow:
        cluster.write(f"{sent}")
        flow.wait_for(lambda: count_table(tmp_path)[0] >= sent + 1, "rows are missing")
        flow.stop()
    assert count_table(tmp_path) == (sent + 1, sent + 1)

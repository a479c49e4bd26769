"""Numbered rows through a topic: a producer that writes before and while Eagre runs, two flows over it, the recount.

Record (p, n) stands in partition p and carries event time n seconds. It is written in rounds that keep the partitions
together, a round apart at most, and the watermark waits for many rounds: no row is late, however reading is divided.
A partition that is added later begins with the number that the others have reached, and a round is a window.
"""

import concurrent.futures
import contextlib
import json
import os
import signal
import subprocess
import threading
import time

from numbered import PARTITIONS, WINDOW_SECONDS, compare_rows, newest, program, stamp

FLOWS = ("raw", "counts")
ROUND = 10
ROUND_PAUSE_SECONDS = 0.02
ROUNDS_BEFORE = 20
OFFSETS_PER_EPOCH = 150
DELAY_SECONDS = 120
BEGIN_SECONDS = 1_767_225_600  # stamp(0)
WAIT_SECONDS = 120
POLL_SECONDS = 0.0005
EPOCHS_BEFORE_HIT = 6
ROUNDS_FOR_BOTH = 10  # so that also the flow that was not inside an epoch is passed
IO, UNSAFE = 3, 4
# What stops who was passed: the logs of the checkpoint, the table's commit, or its data files, which who took over removed.
FENCES = ("CONCURRENT_STREAM_LOG_UPDATE", "DELTA_CONCURRENT_TRANSACTION", "DELTA_DATA_FILE_MISSING")

# What the flows of all sites read; with places for str.format, as PIPELINE.
VIEW = """CREATE TEMPORARY VIEW src AS
SELECT * FROM (SELECT partition, o.p, o.n, o.ts
               FROM (SELECT partition, from_json(value::string, 'p INT, n BIGINT, ts TIMESTAMP') AS o
                     FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{topic}',
                                            startingOffsets => 'earliest', maxOffsetsPerTrigger => {limit})))
WATERMARK ts DELAY OF INTERVAL {delay} SECONDS;
"""

PIPELINE = """
SET spark.sql.streaming.minBatchesToRetain = 3;
SET eagre.sink.commitIntervalMin = '0 seconds';
""" + VIEW + """CREATE STREAMING TABLE raw AS SELECT partition, p, n FROM STREAM src;
CREATE STREAMING TABLE counts AS
SELECT window.start AS start, p, count(*) AS rows, sum(n) AS total FROM STREAM src GROUP BY window(ts, '10 seconds'), p;
"""


class NumberedTopic:
    """A topic and the one who writes to it; numbers begins[p] .. end-1 of every partition p are acknowledged."""

    def __init__(self, broker, name):
        from confluent_kafka import Producer
        self.name = name
        self.end = 0
        self.begins = [0] * PARTITIONS
        self.lock = threading.Lock()  # a round is written, or a partition added
        self.broker = broker
        broker.create_topic(name, partitions=PARTITIONS)
        self.producer = Producer({"bootstrap.servers": broker.address, "acks": "all", "enable.idempotence": True,
                                  "linger.ms": 1,
                                  "log_level": 0})  # brokers that are killed are killed on purpose

    def write_round(self):
        with self.lock:
            self._write_round()

    def add_partition(self, wait=lambda: None):
        """Nothing is written until `wait` returns and the partition is there. What reads the topic must be at its end:
        it reads of a partition in proportion to what is left, and numbers that are far ahead would make others late."""
        with self.lock:
            wait()
            count = len(self.begins) + 1
            self.broker.set_partitions(self.name, count)
            deadline = time.monotonic() + WAIT_SECONDS
            while len(self.producer.list_topics(self.name, WAIT_SECONDS).topics[self.name].partitions) < count:
                assert time.monotonic() < deadline, f"{self.name} did not get {count} partitions"
                time.sleep(POLL_SECONDS)
            self.begins.append(self.end)

    def _write_round(self):
        failures = []
        for n in range(self.end, self.end + ROUND):
            for p in range(len(self.begins)):
                self.producer.produce(self.name, self.make_value(p, n), partition=p,
                                      on_delivery=lambda error, _: error and failures.append(error))
        left = self.producer.flush(WAIT_SECONDS)
        assert not left and not failures, f"{left} records unsent, failures: {failures[:3]}"
        self.end += ROUND

    def make_value(self, p, n):
        return json.dumps({"p": p, "n": n, "ts": stamp(n)})

    def write_rounds(self, count):
        for _ in range(count):
            self.write_round()

    @contextlib.contextmanager
    def being_written(self, pause_seconds=ROUND_PAUSE_SECONDS):
        """Round after round for as long as the block lasts."""
        is_over = threading.Event()

        def write():
            while not is_over.wait(pause_seconds):
                self.write_round()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            writer = pool.submit(write)
            try:
                yield
            finally:
                is_over.set()
            writer.result()


class TopicSite:
    """One folder with the pipeline of both flows, its checkpoints and tables, and the topic it reads.

    `brokers` is where it reads it, when that is not the broker's own address.
    """

    def __init__(self, folder, broker, topic, make_topic=NumberedTopic, brokers=None):
        self.folder = folder
        self.topic = make_topic(broker, topic)
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)
        text = PIPELINE.format(brokers=brokers or broker.address, topic=topic, limit=OFFSETS_PER_EPOCH,
                               delay=DELAY_SECONDS)
        (folder / "pipeline.sql").write_text(text)
        self.topic.write_rounds(ROUNDS_BEFORE)

    def close(self):
        """Ends what a failed test left; a producer that lives on would look for a broker that has ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_SECONDS)
        del self.topic.producer

    # ---- runs

    def command(self, *flows, cores, more=()):
        return [program(), "run", "pipeline.sql", *flows, "--cores", str(cores), "--progress", "none", *more]

    def environment(self, **more):
        return {**{name: value for name, value in os.environ.items() if name != "EAGRE_CRASH_AT"}, "TZ": "UTC", **more}

    def crash(self, crash_at, *flows, cores=1):
        """Runs these flows (none: both) while rows come until the process dies at that point, and proves it."""
        with self.topic.being_written():
            done = subprocess.run(self.command(*flows, cores=cores), cwd=self.folder, capture_output=True, text=True,
                                  env=self.environment(EAGRE_CRASH_AT=crash_at), timeout=WAIT_SECONDS, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert f"crash point {crash_at}\n" in done.stderr

    def start(self, cores, *flows, executable=None, **environment):
        """These flows (none: both), until somebody ends them; by another program than `eagre` where one is given."""
        with (self.folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(self.command(*flows, cores=cores), executable=executable, cwd=self.folder,
                                            env=self.environment(**environment), stderr=stderr)
        return self.process

    def run(self, *more, cores=1):
        """Both flows to the end of what was written."""
        return subprocess.run(self.command(cores=cores, more=["--available-now", *more]), cwd=self.folder,
                              capture_output=True, text=True, env=self.environment(), timeout=WAIT_SECONDS, check=False)

    def finish(self, *more, cores=1):
        done = self.run(*more, cores=cores)
        assert done.returncode == 0, done.stderr
        return done.stderr

    # ---- epochs

    def log(self, flow, name):
        return self.folder / "eagre-data/checkpoints" / flow / name

    def planned(self, flow):
        return newest(self.log(flow, "offsets"))

    def is_inside_epoch(self, flow):
        """Whether the newest epoch is planned and not committed. Of a process that runs: it was, a moment ago."""
        return self.planned(flow) > newest(self.log(flow, "commits"))

    def is_at_end(self, flow):
        """Whether the newest committed epoch reaches to the end of what was written."""
        last = newest(self.log(flow, "commits"))
        if last < 0:
            return False
        position = json.loads((self.log(flow, "offsets") / str(last)).read_text().split("\n")[2])[self.topic.name]
        return position == {str(p): self.topic.end - begin for p, begin in enumerate(self.topic.begins)}

    def add_partition(self, process):
        """While the process runs, once both flows have read everything."""
        self.topic.add_partition(lambda: self.wait_for(process, lambda: all(map(self.is_at_end, FLOWS))))

    def epoch_seconds(self, flow):
        """How long the newest committed epoch took, from plan to commit."""
        last = newest(self.log(flow, "commits"))
        begin, end = (self.log(flow, f"{name}/{last}").stat().st_mtime for name in ("offsets", "commits"))
        return end - begin

    def stop_inside_epoch(self, process, flow, epoch, chance):
        """Stops the process at a random moment of the epoch of that number, or of a later one when it was too quick.

        Judged while the process stands still: no machine is too slow or too fast for it.
        """
        while True:
            self.wait_for(process, lambda: self.planned(flow) >= epoch and self.is_inside_epoch(flow))
            time.sleep(chance.random() * self.epoch_seconds(flow))
            process.send_signal(signal.SIGSTOP)
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), self.said()
            if self.is_inside_epoch(flow):
                return
            process.send_signal(signal.SIGCONT)

    def kill_inside_epoch(self, process, flow, epoch, chance):
        self.stop_inside_epoch(process, flow, epoch, chance)
        process.kill()
        process.wait(WAIT_SECONDS)

    def aim(self, number, chance, cores=(1, 2)):
        """Starts both flows. Which of them is to be hit, turn by turn, and in which epoch: one is measured before."""
        flow = FLOWS[number % len(FLOWS)]
        epoch = self.planned(flow) + 2 + chance.randrange(EPOCHS_BEFORE_HIT)
        return self.start(chance.choice(cores)), flow, epoch

    def kill_again_and_again(self, kills, chance, cores=(1, 2)):
        """Inside an epoch of one flow and of the other, on the same checkpoints, while rows come."""
        with self.topic.being_written():
            for number in range(kills):
                self.kill_inside_epoch(*self.aim(number, chance, cores), chance)

    def pass_sleeper(self, number, chance, cores=(1, 2)):
        """A process that stands still inside an epoch is passed and wakes up: it must end by itself. What it said."""
        process, flow, epoch = self.aim(number, chance, cores)
        with self.topic.being_written():
            self.stop_inside_epoch(process, flow, epoch, chance)
        self.topic.write_rounds(ROUNDS_FOR_BOTH)
        assert self.run().returncode == UNSAFE
        assert f"process {process.pid} on" in self.finish("--take-over", cores=chance.choice(cores))
        self.check()
        process.send_signal(signal.SIGCONT)
        assert process.wait(WAIT_SECONDS) == UNSAFE, self.said()
        self.check()
        return self.said()

    def harm(self, process, flow, epoch, chance, harm):
        """`harm()` happens to a broker while the process stands still inside an epoch. It may go on or give up then."""
        with self.topic.being_written():
            self.stop_inside_epoch(process, flow, epoch, chance)
            harm()
            process.send_signal(signal.SIGCONT)
        self.end(process)

    def end(self, process):
        """In order, unless the broker has ended it."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) in (0, IO), self.said()

    def run_until_done(self, *more):
        """A broker that has just come up may refuse an epoch; whoever starts again continues."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (done := self.run(*more)).returncode != 0:
            assert done.returncode == IO, done.stderr
            assert time.monotonic() < deadline, f"not done in {WAIT_SECONDS} s; the last run said\n{done.stderr}"

    def wait_for(self, process, condition):
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s in vain\n{self.said()}"
            time.sleep(POLL_SECONDS)

    def said(self):
        return (self.folder / "stderr").read_text()

    # ---- the recount

    def table(self, name):
        from deltalake import DeltaTable

        return DeltaTable(str(self.folder / "eagre-data/tables" / name)).to_pyarrow_table().to_pylist()

    def numbers(self):
        """What was written, as partition, p and n."""
        return [(p, p, n) for p, begin in enumerate(self.topic.begins) for n in range(begin, self.topic.end)]

    def check(self):
        """Every number of every partition once, and every closed window with its ten."""
        self.check_raw()
        self.check_counts()

    def check_raw(self):
        compare_rows(sorted((row["partition"], row["p"], row["n"]) for row in self.table("raw")), self.numbers())

    def check_counts(self):
        found = sorted((row["p"], row["start"].timestamp(), row["rows"], row["total"]) for row in self.table("counts"))
        compare_rows(found, self.closed_windows())

    def closed_windows(self):
        """Those that end at or below the last watermark."""
        watermark = self.topic.end - 1 - DELAY_SECONDS
        begins = range(0, watermark // WINDOW_SECONDS * WINDOW_SECONDS, WINDOW_SECONDS)
        assert len(begins) > 0, "too few rows to close a window"
        return [(p, float(BEGIN_SECONDS + begin), WINDOW_SECONDS, sum(range(begin, begin + WINDOW_SECONDS)))
                for p, first in enumerate(self.topic.begins) for begin in begins if begin >= first]

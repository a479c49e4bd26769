"""One stateless flow from a topic to a Delta table goes from Spark to Eagre and back, again and again, while somebody
writes numbers to the topic all the time: each is in the table once, also when Eagre is killed in the middle of its turn.

Spark runs what `eagre export --to spark` makes of the same file, on the same checkpoint and table.
"""

import json
import os
import random
import signal
import time

import pytest

from numbered import newest
from numbered_topic import DELAY_SECONDS, VIEW, WAIT_SECONDS, TopicSite
from program import run

TURNS = int(os.environ.get("EAGRE_HAND_OVERS", "5"))
EPOCHS_OF_A_TURN = 3
OFFSETS_PER_EPOCH = 20000  # more than comes in an epoch of Spark, which takes seconds
ROUND_PAUSE_SECONDS = 0.25
PARTITION_IN_TURN = 2  # the topic gets one more then

PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
""" + VIEW + "CREATE STREAMING TABLE raw AS SELECT partition, p, n FROM STREAM src;"


class HandOver(TopicSite):
    """A site with the flow `raw` alone, which both engines run."""

    def __init__(self, folder, broker, topic):
        super().__init__(folder, broker, topic)
        (folder / "pipeline.sql").write_text(PIPELINE.format(brokers=broker.address, topic=topic, limit=OFFSETS_PER_EPOCH,
                                                             delay=DELAY_SECONDS))

    def committed(self):
        return newest(self.log("raw", "commits"))

    def written_by(self):
        done = run("checkpoint", "show", self.log("raw", ""), "--format", "json", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["writtenBy"]

    def run_spark(self):
        """To the end of what was there when it began, which is something: the writer may be between two rounds."""
        before = self.committed()
        self.topic.write_round()
        done = run("export", "pipeline.sql", "--available-now", "--to", "spark", "--storage", self.folder / "eagre-data",
                   cwd=self.folder)
        assert done.returncode == 0, done.stderr
        exec(compile(done.stdout, "exported.py", "exec"), {})
        assert self.committed() > before and self.written_by() == "Spark"

    def run_eagre(self, cores, is_killed, chance):
        """For a few epochs, until it is told to stop or is killed inside of one."""
        process = self.start(cores)
        epoch = self.planned("raw") + EPOCHS_OF_A_TURN
        if is_killed:
            self.kill_inside_epoch(process, "raw", epoch, chance)
            return
        self.wait_for(process, lambda: self.committed() >= epoch)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0, self.said()
        assert self.written_by() == "Eagre"


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    return random.Random(seed)


@pytest.mark.parametrize("is_killed", [False, True], ids=["in-order", "killed"])
def test_back_and_forth_while_rows_come(tmp_path, spark, broker, chance, is_killed):
    site = HandOver(tmp_path, broker, f"hand-over-{is_killed}".lower())
    try:
        with site.topic.being_written(ROUND_PAUSE_SECONDS):
            for turn in range(TURNS):
                site.run_spark()
                if turn == PARTITION_IN_TURN:
                    site.topic.add_partition()
                site.run_eagre(1 + turn % 2, is_killed, chance)
            site.run_spark()
        site.finish()
        site.check_raw()
        assert run("checkpoint", "verify", site.log("raw", ""), cwd=tmp_path).returncode == 0
    finally:
        site.close()

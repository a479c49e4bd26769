"""All faults at once, for as long as EAGRE_SOAK_SECONDS says (`make test-soak`: 30 minutes): two flows read a topic that
is being written, through a proxy, while the program is killed, stopped and continued, passed by another one, fails at
operations on files and at crash points, and while connections are cut and the broker is killed. Every number once.

EAGRE_FAULTS_SEED repeats the choices of a run.
"""

import os
import re
import signal
import time

from faulty import faulty_program
from numbered_topic import FLOWS, WAIT_SECONDS, TopicSite
from rig.kafka_proxy import ProxiedBroker

SOAK_SECONDS = float(os.environ.get("EAGRE_SOAK_SECONDS", "60"))
ROUND_PAUSE_SECONDS = 0.1
PARTITIONS_MAX = 8
LIVES_BETWEEN_CHECKS = 5
IO, UNSAFE = 3, 4
KINDS = ["open", "read", "write", "sync", "rename", "link", "unlink", "mkdir"]
WHATS = ["EIO", "ENOSPC", "EROFS"]
NTH_MAX = 400  # operations of one kind on one handle in a few seconds
POINTS = ["epoch.after_offsets", "epoch.mid_run", "epoch.after_state", "epoch.after_prepared", "sink.mid_commit",
          "epoch.after_commit", "epoch.after_commits", "epoch.mid_purge"]
PASSAGES_MAX = 20


class Soak:
    def __init__(self, site, broker, chance):
        self.site = site
        self.broker = broker
        self.chance = chance
        self.lives = 0
        self.counts = {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # ---- what happens to a process while it lives

    def wish(self):
        """What is to go wrong inside of it."""
        kind = self.chance.choice(["nothing", "file operation", "crash point"])
        if kind == "file operation":
            kind, what, nth = self.chance.choice(KINDS), self.chance.choice(WHATS), self.chance.randrange(1, NTH_MAX)
            return {"EAGRE_FAULT_AT": f"*:{kind}:{nth}:{what}"}
        if kind == "crash point":
            return {"EAGRE_CRASH_AT": f"{self.chance.choice(POINTS)}:{self.chance.randrange(1, PASSAGES_MAX)}"}
        return {}

    def disturb(self, process):
        """One thing from outside. A process that has ended by itself does not mind."""
        what = self.chance.choices(["pause", "cut", "delay", "freeze", "broker"], [8, 6, 3, 4, 1])[0]
        if what == "cut":
            self.broker.proxy.cut()
        elif what == "delay":
            self.broker.proxy.delay(self.chance.random() < 0.3)
        elif what == "freeze" and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(self.chance.random())
            process.send_signal(signal.SIGCONT)
        elif what == "broker":
            self.broker.kill()
            self.broker.start()
        self.count(what)
        time.sleep(self.chance.random() * 0.5)

    # ---- how it ends

    def holds(self, process, flow):
        lock = self.site.log(flow, "eagre/lock")
        return lock.exists() and lock.read_text().split()[:1] == [str(process.pid)]

    def has_begun(self, process):
        """Waits until it holds both checkpoints. False when it has ended before."""
        deadline = time.monotonic() + WAIT_SECONDS
        while process.poll() is None and not all(self.holds(process, flow) for flow in FLOWS):
            assert time.monotonic() < deadline, f"it does not begin: {self.site.said()}"
            time.sleep(0.01)
        return process.poll() is None

    def end(self, process):
        """Statuses it may end with."""
        how = self.chance.choice(["kill", "kill", "stop", "pass"])
        if how == "kill":
            process.kill()
            return {-signal.SIGKILL}
        if not self.has_begun(process):
            return set()
        self.count(how)
        return self.stop(process) if how == "stop" else self.take_over(process)

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        return {0}

    def take_over(self, process):
        process.send_signal(signal.SIGSTOP)
        passed = self.site.run("--take-over", cores=self.chance.choice((1, 2)))
        assert passed.returncode == 0, passed.stderr
        self.site.topic.write_rounds(10)  # what is left over of its epoch has no number any more
        passed = self.site.run("--take-over", cores=1)
        assert passed.returncode == 0, passed.stderr
        process.send_signal(signal.SIGCONT)
        return {UNSAFE, IO}

    def judge(self, process, allowed):
        """A process may always end by what was wished for it, and by nothing else."""
        status = process.wait(WAIT_SECONDS)
        said = self.site.said()
        if re.search(r"^fault: ", said, re.MULTILINE):
            allowed = allowed | {IO}
        if re.search(r"^crash point ", said, re.MULTILINE):
            allowed = allowed | {-signal.SIGKILL}
        assert status in allowed, f"ended with {status} and not {allowed}: {said}"
        self.count(f"ended with {status}")

    def remember(self, wish, cores, end):
        """What happened, for whoever looks for the reason of a failure."""
        self.lives += 1
        story = f"{cores} cores, {wish}, at the end {end}, to number {self.site.topic.end}\n{self.site.said()}"
        (self.site.folder / f"life-{self.lives:05}").write_text(story)

    def live(self):
        wish, cores = self.wish(), self.chance.choice((1, 2))
        process = self.site.start(cores=cores, executable=faulty_program(), **wish)
        for _ in range(self.chance.randrange(1, 12)):
            self.disturb(process)
        end = self.end(process)
        self.judge(process, end)
        self.remember(wish, cores, end)

    def check(self):
        self.site.finish(cores=self.chance.choice((1, 2)))
        self.site.check()
        if len(self.site.topic.begins) < PARTITIONS_MAX:
            self.site.topic.add_partition()


def test_everything_goes_wrong(tmp_path, chance):
    with ProxiedBroker(tmp_path / "broker", chance) as broker:
        site = TopicSite(tmp_path / "site", broker, "numbers", brokers=broker.proxied_address)
        soak = Soak(site, broker, chance)
        end = time.monotonic() + SOAK_SECONDS
        try:
            while time.monotonic() < end or soak.lives == 0:
                with site.topic.being_written(ROUND_PAUSE_SECONDS):
                    soak.live()
                if soak.lives % LIVES_BETWEEN_CHECKS == 0:
                    broker.proxy.delay(False)
                    soak.check()
            broker.proxy.delay(False)
            soak.check()
        finally:
            site.close()
        print(f"{soak.lives} lives, {site.topic.end} numbers in {len(site.topic.begins)} partitions: {soak.counts}")

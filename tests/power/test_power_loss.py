"""Power loss during whole epochs: whatever of the unsynced survives, no row is lost and none is there twice.

`eagre_traced` runs a flow and writes down every operation on files (traced_io.c); power.py makes of the record the
folders that a loss may leave; the program continues from each of them, with one more input file, and the rows are
counted. The default is a sample; EAGRE_POWER_LOSS=full takes every single deviation at every sync, and then reads the
tables and directories with other readers as well. EAGRE_POWER_SEED repeats a run.
"""

import os
import shutil
import signal

import pytest

import power
from numbered import Site
from recount import recount, recount_bytes
from traced import IS_FULL, record, run_traced

IMAGES = 60  # of a sample, per flow
DEATHS = 4  # of a sample: processes that die before the loss, per flow
IMAGES_AFTER_DEATH = 40 if IS_FULL else 10
# Twelve epochs compact the log of files and write a checkpoint of the table; six remove old epochs.
FILES = 12 if IS_FULL else 6
# Two tables of Delta, a directory of JSON files by partition and one of Parquet; with state or without.
FLOWS = ["raw", "counts", "lines", "closed"]


def written_files(trace):
    """Names of data files and their bytes as they were meant to be."""
    image = trace.image(trace.length, {})
    return {os.path.basename(path): content for path, content in image.items() if os.path.basename(path).startswith("part-")}


class Judge:
    """Lets the program continue from images, and counts rows."""

    def __init__(self, site, flow, trace, cores=1):
        self.site = site
        self.flow = flow
        self.trace = trace
        self.recount = recount if cores == 1 else recount_bytes
        self.written = written_files(trace)
        self.seen = set()

    def is_new(self, moment, outcomes):
        image = hash(frozenset(self.trace.image(moment, outcomes).items()))
        return image not in self.seen and not self.seen.add(image)

    def judge(self, moment, outcomes):
        data = self.site.folder / "eagre-data"
        shutil.rmtree(data, ignore_errors=True)
        power.write_image(self.trace.image(moment, outcomes), self.site.folder)
        try:
            done = self.site.run(self.flow)
            assert done.returncode == 0, f"recovery refused: {done.stderr}"
            self.recount(self.site, self.flow, self.written)
            if IS_FULL:
                self.site.check(self.flow)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{power.describe(self.trace, moment, outcomes)}") from error

    def judge_all(self, losses):
        for moment, outcomes in losses:
            self.judge(moment, outcomes)
        print(f"{self.flow}: {len(losses)} images of {len(self.trace.events)} events")


def all_losses(judge, since=0):
    trace = judge.trace
    return [(moment, outcomes) for moment in trace.boundaries(since)
            for outcomes in power.single_deviations(trace.unsafe(moment)) if judge.is_new(moment, outcomes)]


def combined_losses(judge, chance, count, since=0):
    trace = judge.trace
    moments = [chance.choice(trace.boundaries(since)) for _ in range(count)]
    return [(moment, power.random_combination(trace.unsafe(moment), chance)) for moment in moments]


@pytest.mark.parametrize("cores", [1, 2] if IS_FULL else [1])
@pytest.mark.parametrize("flow", FLOWS)
def test_power_loss_at_any_sync(folder, chance, flow, cores):
    site = Site(folder, file_count=FILES)
    judge = Judge(site, flow, record(site, flow, cores), cores)
    site.add_files(1)
    losses = all_losses(judge)
    assert len(losses) > IMAGES, "the record holds no epochs"
    if not IS_FULL:
        losses = chance.sample(losses, IMAGES)
    judge.judge_all(losses + combined_losses(judge, chance, len(losses) // 5))


@pytest.mark.parametrize("flow", FLOWS)
def test_power_loss_after_the_death_of_a_process(folder, chance, flow):
    """A process dies between two operations, another one goes on from what it sees, then the power fails: what the
    second one built upon must be safe by then."""
    for kill_after in deaths(record(Site(folder / "probe", file_count=3), flow), chance):
        site = Site(folder / f"{kill_after}", file_count=3)
        status, messages = run_traced(site, flow, KILL=kill_after)
        assert status == -signal.SIGKILL, messages
        trace = record(site, flow)
        judge = Judge(site, flow, trace)
        site.add_files(1)
        since = trace.processes[-1]
        losses = [(moment, outcomes) for moment in trace.boundaries(since)
                  for outcomes in deviations_of_the_dead(trace, moment, since) if judge.is_new(moment, outcomes)]
        losses = chance.sample(losses, min(len(losses), IMAGES_AFTER_DEATH))
        judge.judge_all(losses + combined_losses(judge, chance, 2, since))


def deaths(trace, chance):
    """After which operations processes die: those that give a file its name, before the name is synced, and a few
    others."""
    naming = [event.ended for event in trace.events if event.kind in ("link", "rename", "mkdir")]
    if not IS_FULL:
        return chance.sample(naming, DEATHS)
    others = set(range(1, trace.events[-1].ended)) - set(naming)
    return naming + chance.sample(sorted(others), 20)


def deviations_of_the_dead(trace, moment, since):
    """Everything of the living one kept, one thing or all things of the dead one dropped."""
    left = [event for event in trace.unsafe(moment) if event.begin < since]
    yield {event.number: power.DROPPED for event in left}
    for event in left:
        yield {event.number: power.DROPPED}

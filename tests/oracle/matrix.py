"""The matrix: a case, run in every way that must not change its answer.

A setting says how: on how many cores, with how many rows in a batch, with which decoder of JSON and which back end of
I/O, and what interrupts it: nothing, SIGKILL at a crash point at its n-th passage, or SIGKILL at the end of every epoch.

The console prints an epoch again that is run again. So whatever the setting: an epoch is printed with the rows that
Spark answered for it or not at all, it is printed by the run that reports it, no epoch is missing in the end, progress
objects say what Spark's say, and the last run ends as Spark did. A Delta table holds every row once.
"""

import dataclasses
import itertools
import pathlib
import random
import re
import signal
import tempfile

from oracle import case as cases, differences, eagre_engine, fixture, rows, verdict

# Cases have one sink, which is not Kafka.
CRASH_POINTS = tuple(point for point in re.findall(
    r'EAGRE_CRASH_POINT\("([^"]+)"', (eagre_engine.CHECKOUT / "src/base/base_crash.def").read_text())
    if point != "sink.after_part" and not point.startswith("kafka."))
ONCE_PER_CHECKPOINT = {"checkpoint.after_metadata", "checkpoint.after_sources"}
NOT_OF_A_CONSOLE = {"sink.mid_commit"}
# What a Delta table cannot hold: intervals, a column with a blank in its name.
NOT_FOR_A_TABLE = {"intervals-stateless", "json-escapes"}
# Not passed in every epoch: some have no rows, and there is nothing to purge in the first.
NOT_OF_EVERY_EPOCH = {"epoch.mid_run", "epoch.mid_purge", "epoch.after_purge"}
END_OF_EPOCH = "epoch.after_commits"
# So that there is something to purge after few epochs.
PURGING = ("--set", "spark.sql.streaming.minBatchesToRetain=2")
# Nothing is lost in a kill that stands in the memory of the machine, and syncs cost nothing there.
MEMORY = pathlib.Path("/dev/shm")


@dataclasses.dataclass(frozen=True)
class Setting:
    """One way to run a case."""
    cores: tuple = (1,)      # of the first run, the second, ..., and over again
    batch_rows: int = 4096
    json: str = ""           # EAGRE_JSON; empty: the best there is
    io: str = ""             # EAGRE_IO; empty: the best there is
    kill_at: str = ""        # a crash point; empty: nothing interrupts the run
    passage: int = 1         # of that point
    every_run: bool = False  # killed there again and again, not in the first run only
    into_table: bool = False  # a Delta table instead of the console

    def __str__(self):
        kill = f"{self.kill_at}:{self.passage}{'*' * self.every_run}" if self.kill_at else "whole"
        sink = "table," if self.into_table else ""
        cores = "+".join(map(str, self.cores))
        return f"{sink}{kill},cores={cores},rows={self.batch_rows},{self.json or 'best'},{self.io or 'best'}"


# ---- Which settings there are --------------------------------------------------------------------------------------------


def settings(epochs):
    """All settings of a case of so many epochs. What interrupts is crossed with few ways to run: they go round."""
    ways = [Setting(cores=(cores,), batch_rows=rows, json=decoder)
            for cores, rows, decoder in itertools.product((1, 2), (4096, 1), ("", "scalar"))]
    yield from ways
    yield Setting(json="reference", io="posix")
    if epochs == 0:
        return
    for cores in ((1,), (2,), (1, 2)):
        for rows in (4096, 1):
            yield Setting(cores=cores, batch_rows=rows, kill_at=END_OF_EPOCH, every_run=True)
    turns = itertools.cycle(ways)
    for point in CRASH_POINTS:
        if point not in NOT_OF_A_CONSOLE:
            for passage in range(1, 2 if point in ONCE_PER_CHECKPOINT else epochs + 1):
                yield dataclasses.replace(next(turns), kill_at=point, passage=passage)


def table_settings(epochs):
    """What interrupts a query into a table. Each point is passed once: the passages of epochs are the console's."""
    for cores in ((1,), (2,), (1, 2)):
        yield Setting(cores=cores, into_table=True)
        yield Setting(cores=cores, into_table=True, kill_at=END_OF_EPOCH, every_run=True)
    passages = itertools.cycle(range(1, epochs + 1))
    for point in CRASH_POINTS:
        passage = 1 if point in ONCE_PER_CHECKPOINT else next(passages)
        yield Setting(cores=(1, 2), into_table=True, kill_at=point, passage=passage)


def everything():
    """All pairs of case and setting."""
    pairs = []
    for name in differences.ANSWERED:
        expected = fixture.load(name).answer
        pairs += [(name, setting) for setting in settings(len(expected.batches))]
        if expected.batches and not expected.error and name not in NOT_FOR_A_TABLE and cases.load(name).output_mode != "update":
            pairs += [(name, setting) for setting in table_settings(len(expected.batches))]
    return pairs


def sample(count, seed):
    """`count` pairs, drawn of all; the same of the same seed."""
    return random.Random(seed).sample(everything(), count)


# ---- Running ---------------------------------------------------------------------------------------------------------------


def answer(case, setting):
    """Runs `case` to its end, through all kills; returns the processes, and the rows of its table if it has one."""
    with tempfile.TemporaryDirectory(prefix="eagre-matrix-", dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        folder = pathlib.Path(scratch)
        eagre_engine.write_case(case, folder, setting.into_table)
        processes = []
        for cores in itertools.cycle(setting.cores):
            kills = bool(setting.kill_at) and (setting.every_run or not processes)
            processes.append(run_once(folder, setting, cores, kills))
            if processes[-1].returncode != -signal.SIGKILL:
                return processes, eagre_engine.read_table(folder) if setting.into_table else None


def run_once(folder, setting, cores, kills):
    environment = {"EAGRE_JSON": setting.json, "EAGRE_IO": setting.io}
    if kills:
        environment["EAGRE_CRASH_AT"] = f"{setting.kill_at}:{setting.passage}"
    arguments = ["--cores", str(cores), "--set", f"eagre.source.batchRows={setting.batch_rows}", *PURGING]
    return eagre_engine.run_case(folder, arguments, environment)


# ---- Judging ---------------------------------------------------------------------------------------------------------------


def complaints(name, setting):
    """What is wrong with the answer to a recorded case in that setting; empty when nothing is."""
    return judge(cases.load(name), fixture.load(name).answer, differences.members(name), setting)


def judge(case, expected, different, setting):
    """What is wrong with the answer to `case` in that setting, but for `different` members of progress objects."""
    processes, table = answer(case, setting)
    runs = [Run(process, case.state) for process in processes]
    found = [complaint for run in runs for complaint in run.compare_progress(expected, different)]
    if setting.into_table:
        found += rows.differences(table_rows(case, expected), table)
    else:
        found += compare_prints(expected, runs)
    found += compare_kills(expected, setting, processes)
    return found + verdict.compare_end(expected.error, processes[-1])


def table_rows(case, expected):
    """What the table of a case holds in the end."""
    batches = expected.batches[-1:] if case.output_mode == "complete" else expected.batches
    return [row for batch in batches for row in batch["rows"]]


def compare_prints(expected, runs):
    """Whether every run printed whole epochs, those it reports among them, and all together every epoch."""
    printed = {batch for run in runs for batch in run.rows}
    missing = [f"batch {batch} was never printed" for batch in sorted(expected.rows().keys() - printed)]
    return missing + [complaint for run in runs for complaint in run.compare_rows(expected.rows())]


def plain_answer(case):
    """What we answer when nothing interrupts and everything is as usual, in the shape of a recorded answer."""
    process, rows = eagre_engine.answer_case(case)
    assert process.returncode == 0, process.stderr
    reports = eagre_engine.progress(process.stderr, case.state)
    return fixture.Answer(batches=[{**report, "rows": rows.get(report["id"], [])} for report in reports])


def compare_kills(expected, setting, processes):
    """Whether the kills that the setting asks for happened."""
    kills = len(processes) - 1
    if setting.every_run and expected.error is None:
        wanted = len(expected.batches)
        return [] if kills == wanted else [f"{kills} runs ended behind an epoch, not {wanted}"]
    is_certain = setting.kill_at and setting.kill_at not in NOT_OF_EVERY_EPOCH and expected.error is None
    if is_certain and kills == 0:
        return ["the crash point was not passed"]
    return [f"run {number} was killed elsewhere" for number, process in enumerate(processes[:-1])
            if f"crash point {setting.kill_at}:" not in process.stderr]


class Run:
    """What one run printed and reported."""

    def __init__(self, process, with_state):
        self.rows = eagre_engine.rows_by_batch(process.stdout)
        self.progress = eagre_engine.progress(process.stderr, with_state)

    def compare_rows(self, expected):
        """Against the rows of Spark by batch, as far as this run came."""
        told = self.rows.keys() | {one["id"] for one in self.progress}
        return verdict.compare_rows({batch: expected[batch] for batch in expected if batch in told}, self.rows)

    def compare_progress(self, expected, different):
        """Against Spark's progress, but for members that are different on purpose."""
        wanted = {one["id"]: one for one in expected.progress()}
        return [f"progress {one}\nnot {wanted.get(one['id'])}" for one in self.progress
                if without(one, different) != without(wanted.get(one["id"], {}), different)]


def without(progress, members):
    return {key: value for key, value in progress.items() if key not in members}

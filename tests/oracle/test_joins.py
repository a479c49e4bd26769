"""Joins of two streams answer the same however they are run: on several cores, with readers on cores of
their own, row by row, and by a process that dies after every epoch."""

import collections
import os
import subprocess

import pytest

from oracle import case, differences, eagre_engine, fixture, verdict

JOINS = [name for name in differences.ANSWERED
         if name.startswith("join-") and fixture.load(name).answer.error is None]
PLACEMENTS = {"two cores": ["--cores", "2"], "split": ["--cores", "2", "--placement", "split"]}
STARTS_MAX = 60


def run_once(scratch, arguments, crash_at=None):
    """One process over the case in `scratch`; its exit code and rows."""
    environment = {**os.environ, "TZ": "UTC"}
    if crash_at:
        environment["EAGRE_CRASH_AT"] = crash_at
    process = subprocess.run([eagre_engine.program(), "run", "case.sql", *arguments], cwd=scratch, env=environment,
                             stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
                             timeout=eagre_engine.RUN_TIMEOUT_SECONDS)
    return process, eagre_engine.rows_by_batch(process.stdout)


def prepare(scratch, name):
    one = case.load(name)
    one.write_input(scratch / "in")
    (scratch / "case.sql").write_text(one.pipeline("in", "checkpoint"))


def assert_same(name, rows):
    complaints = verdict.compare_rows(fixture.load(name).answer.rows(), rows)
    assert not complaints, "\n".join([case.load(name).title, *complaints])


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", JOINS)
def test_placement(name, placement, tmp_path):
    prepare(tmp_path, name)
    process, rows = run_once(tmp_path, PLACEMENTS[placement])
    assert process.returncode == 0, process.stderr
    assert_same(name, rows)


@pytest.mark.parametrize("cores", ["1", "2"])
@pytest.mark.parametrize("name", JOINS)
def test_restart_after_every_epoch(name, cores, tmp_path):
    """Each process commits one epoch and dies; the next takes its state up."""
    prepare(tmp_path, name)
    rows = collections.defaultdict(list)
    for _ in range(STARTS_MAX):
        process, each = run_once(tmp_path, ["--cores", cores], crash_at="epoch.after_commits")
        for batch, given in each.items():
            rows[batch] += given
        if process.returncode == 0:
            break
    assert process.returncode == 0, process.stderr
    assert_same(name, dict(rows))


def test_restart_on_another_number_of_cores(tmp_path):
    """Rows find their new owners."""
    name = "join-full-range"
    prepare(tmp_path, name)
    rows = collections.defaultdict(list)
    for start in range(STARTS_MAX):
        process, each = run_once(tmp_path, ["--cores", str(1 + start % 2)], crash_at="epoch.after_commits")
        for batch, given in each.items():
            rows[batch] += given
        if process.returncode == 0:
            break
    assert process.returncode == 0, process.stderr
    assert_same(name, dict(rows))

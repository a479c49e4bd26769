"""SIGKILL at every step of the epoch protocol and at random moments: nothing lost, nothing twice.

Every run at a named point proves that the point was hit. The counts that `make test-long` uses come from
EAGRE_CRASH_PASSAGES and EAGRE_CRASH_KILLS; the defaults keep this inside `make test-all`.
"""

import os
import random
import signal
import time

import pytest

from numbered import Site, crash_points, newest

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "1")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_KILLS", "10"))
FILES_BEFORE_KILL = 120
ROWS_BEFORE_KILL = 300
ONCE_PER_CHECKPOINT = {"checkpoint.after_metadata", "checkpoint.after_sources"}
FLOWS = ["raw", "counts", "sessions", "unique", "pairs", "chained", "first", "lines", "closed", "several"]


def passages(point):
    return [1] if point in ONCE_PER_CHECKPOINT else list(PASSAGES)


@pytest.mark.parametrize("point,flow", [(point, flow) for flow in FLOWS for point in crash_points(flow)])
def test_killed_at_a_crash_point(tmp_path, point, flow):
    for passage in passages(point):
        site = Site(tmp_path / f"{passage}", file_count=5 + 2 * passage)  # purging begins after a few epochs
        crash_at = f"{point}:{passage}"
        done = site.run(flow, crash_at=crash_at)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert f"crash point {crash_at}" in done.stderr
        site.add_files(2)
        done = site.run(flow)
        assert done.returncode == 0, done.stderr
        site.check(flow)


@pytest.mark.parametrize("flow", ["raw", "counts", "lines", "closed", "several"])
def test_killed_again_and_again_at_the_same_point(tmp_path, flow):
    site = Site(tmp_path, file_count=5)
    for point in ["epoch.after_offsets", "epoch.after_state", "epoch.after_prepared", "epoch.after_commit"] * 2:
        assert site.run(flow, crash_at=point).returncode == -signal.SIGKILL
    assert site.run(flow).returncode == 0
    site.check(flow)


@pytest.mark.parametrize("flow", ["counts", "sessions", "unique", "pairs", "chained", "first"])
def test_state_moves_between_core_counts(tmp_path, flow):
    site = Site(tmp_path, file_count=4)
    for cores in (1, 2, 3, 1):
        done = site.run(flow, cores=cores)
        assert done.returncode == 0, done.stderr
        site.check(flow)
        site.add_files(2)
    assert site.run(flow, crash_at="epoch.after_commit", cores=2).returncode == -signal.SIGKILL
    assert site.run(flow, cores=1).returncode == 0
    site.check(flow)


def test_killed_at_random_moments(tmp_path):
    """Kills while epochs run: nine of ten inside an epoch, one of ten wherever the process happens to be."""
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    chance = random.Random(seed)
    inside = 0
    for kill in range(KILLS):
        flow = ("raw", "counts", "lines", "closed", "several")[kill % 5]
        site = Site(tmp_path / f"{kill}", file_count=FILES_BEFORE_KILL, rows_per_file=ROWS_BEFORE_KILL)
        process = site.start(flow, cores=chance.choice((1, 2)))
        wait_for_epoch(site, flow, chance.randrange(FILES_BEFORE_KILL // 2))
        stop_at_a_random_moment(process, chance, lambda: kill % 10 == 9 or site.is_inside_epoch(flow))
        process.kill()
        process.wait(timeout=30)
        process.stderr.close()
        inside += site.is_inside_epoch(flow)
        assert site.run(flow, timeout=300).returncode == 0
        site.check(flow)
    assert inside >= 0.9 * KILLS, f"only {inside} of {KILLS} kills fell inside an epoch"


def stop_at_a_random_moment(process, chance, is_good):
    """Stops the process again and again, each time after a random pause, until it stands at a moment that is good.

    Judged while the process stands still, so that it does not matter how short an epoch is on this machine.
    """
    while True:
        time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "the run ended before it was killed: give it more files"
        if is_good():
            return
        process.send_signal(signal.SIGCONT)


def wait_for_epoch(site, flow, epoch):
    commits = site.folder / "eagre-data/checkpoints" / flow / "commits"
    for _ in range(60_000):
        if newest(commits) >= epoch:
            return
        time.sleep(0.001)
    raise AssertionError(f"epoch {epoch} was not committed within a minute")

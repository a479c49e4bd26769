"""Two processes on one checkpoint: the second is refused and told by whom; `--take-over` is the only way past a process
that hangs, and the one that was passed ends by itself. What the tables hold afterwards: tests/crash/test_take_over.py.
"""

import json
import os
import signal
import subprocess
import time

import pytest

from program import program, run

WAIT_SECONDS = 60
PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE SINK out USING noop;
CREATE FLOW numbers OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT n FROM STREAM read_files('in', format => 'json', schema => 'n INT', maxFilesPerTrigger => 1);
"""


class Site:
    """A pipeline over a folder of files, and the process that works on its checkpoint first."""

    def __init__(self, folder):
        self.folder = folder
        self.file_count = 0
        (folder / "in").mkdir()
        (folder / "p.sql").write_text(PIPELINE)
        self.add_file()
        with (folder / "stderr").open("wb") as stderr:
            self.first = subprocess.Popen([program(), "run", "p.sql", "--progress", "none"], cwd=folder, stderr=stderr)
        self.wait_for_commit(0)

    def add_file(self):
        path = self.folder / f"in/f{self.file_count:03}.json"
        path.with_suffix(".tmp").write_text(json.dumps({"n": self.file_count}) + "\n")
        path.with_suffix(".tmp").rename(path)
        os.utime(path, (1_790_000_000 + self.file_count, 1_790_000_000 + self.file_count))
        self.file_count += 1

    def wait_for_commit(self, epoch):
        deadline = time.monotonic() + WAIT_SECONDS
        while not (self.folder / f"checkpoint/commits/{epoch}").exists():
            assert self.first.poll() is None, self.said()
            assert time.monotonic() < deadline, f"epoch {epoch} was not committed in {WAIT_SECONDS} s"
            time.sleep(0.01)

    def said(self):
        return (self.folder / "stderr").read_text()

    def run_second(self, *more):
        return run("run", "p.sql", "--available-now", *more, cwd=self.folder)

    def stop_first(self):
        """It hangs: it holds the lock and does nothing."""
        self.first.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self.first.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), self.said()

    def resume_first(self):
        self.first.send_signal(signal.SIGCONT)

    def logs(self):
        """Names below the checkpoint, with their content."""
        return {str(path.relative_to(self.folder)): path.read_bytes()
                for path in (self.folder / "checkpoint").rglob("*") if path.is_file()}

    def assert_refused(self, done):
        assert done.returncode == 4
        lock = self.folder / "checkpoint/eagre/lock"
        assert done.stderr.splitlines()[-2:] == [
            "error: [CHECKPOINT_LOCKED] another process uses this checkpoint: "
            f"process {self.first.pid} on {os.uname().nodename} holds {lock}",
            "  help: stop the other process; if it hangs, --take-over goes past the lock and fences it off"]


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    if site.first.poll() is None:
        site.resume_first()
        site.first.kill()
        site.first.wait(WAIT_SECONDS)


def test_a_second_process_is_refused_and_told_by_whom(site):
    before = site.logs()
    site.assert_refused(site.run_second())
    assert site.logs() == before
    site.add_file()
    site.wait_for_commit(1)
    site.first.send_signal(signal.SIGTERM)
    assert site.first.wait(WAIT_SECONDS) == 0, site.said()
    assert site.run_second().returncode == 0


def test_the_lock_ends_with_the_process_however_that_ends(site):
    site.first.kill()
    site.first.wait(WAIT_SECONDS)
    site.add_file()
    done = site.run_second()
    assert done.returncode == 0, done.stderr
    assert (site.folder / "checkpoint/commits/1").exists()


def test_a_process_that_was_passed_ends_by_itself(site):
    site.stop_first()
    site.add_file()
    site.assert_refused(site.run_second())
    assert not (site.folder / "checkpoint/offsets/1").exists()
    done = site.run_second("--take-over")
    assert done.returncode == 0, done.stderr
    assert f"warning: taking over: another process uses this checkpoint: process {site.first.pid} on" in done.stderr
    assert (site.folder / "checkpoint/commits/1").exists()
    after = site.logs()
    site.resume_first()
    assert site.first.wait(WAIT_SECONDS) == 4, site.said()
    assert "error: [CONCURRENT_STREAM_LOG_UPDATE]" in site.said()
    assert site.logs() == after
    site.add_file()
    assert site.run_second().returncode == 0
    assert (site.folder / "checkpoint/commits/2").exists()


def test_take_over_of_nobody_is_an_ordinary_start(site):
    site.first.send_signal(signal.SIGTERM)
    assert site.first.wait(WAIT_SECONDS) == 0, site.said()
    done = site.run_second("--take-over")
    assert done.returncode == 0 and "taking over" not in done.stderr

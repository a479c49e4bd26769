"""Being asked to end: under a load that would last for hours, and again and again.

No moment is measured: an epoch that would take longer than the test may take proves that it was given up.
EAGRE_FAULTS_SEED repeats a run.
"""

import os
import signal
import subprocess
import time

import pytest

from faulty import check_rows, of_size
from numbered import Site, newest, program

STORMS = of_size(3, 10, 60)
SIGNALS = 40
WAIT_SECONDS = 120  # an epoch below takes hours
ROWS = 200_000_000_000

ENDLESS = f"""
CREATE STREAMING TABLE huge AS
SELECT value % 10 AS k, count(*) AS n, sum(length(sha2(CAST(value AS STRING), 512))) AS s
FROM STREAM rate_micro_batch(rowsPerBatch => {ROWS}) GROUP BY value % 10;
"""


def wait_for(process, condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def holds(process, checkpoint):
    """Whether it has the checkpoint's lock: then it listens to signals as well."""
    lock = checkpoint / "eagre/lock"
    return lock.exists() and lock.read_text().split()[:1] == [str(process.pid)]


@pytest.mark.parametrize("cores", ["1", "2"])
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]])
def test_an_epoch_without_end_is_given_up(folder, cores, signals):
    """By the time limit, or by a second signal: the epoch is planned and stays so, and may be begun again."""
    (folder / "huge.sql").write_text(ENDLESS.replace("CREATE STREAMING TABLE huge",
                                                     "CREATE STREAMING TABLE huge TBLPROPERTIES ('eagre.outputMode' = 'complete')"))
    timeout = "1" if len(signals) == 1 else "100000"
    command = [program(), "run", "huge.sql", "--cores", cores, "--stop-timeout", timeout, "--progress", "none"]
    checkpoint = folder / "eagre-data/checkpoints/huge"
    for _ in range(2):
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "TZ": "UTC"}, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        wait_for(process, lambda: holds(process, checkpoint) and newest(checkpoint / "offsets") == 0)
        for each in signals:
            process.send_signal(each)
        _, messages = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, messages
        assert newest(checkpoint / "commits") == -1
        assert not list((folder / "eagre-data/tables/huge").glob("_delta_log/*.json"))
    verified = subprocess.run([program(), "checkpoint", "verify", checkpoint], cwd=folder, capture_output=True,
                              text=True, timeout=60, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("flow", ["counts", "closed"])
def test_a_storm_of_signals(folder, chance, flow):
    """Ends in order, or by the signal when it comes before or after there is something to end in order."""
    site = Site(folder / "site", file_count=40)
    for _ in range(STORMS):
        process = site.start(flow, cores=chance.choice((1, 2)))
        for _ in range(SIGNALS):
            time.sleep(chance.random() * 0.005)
            process.send_signal(chance.choice((signal.SIGTERM, signal.SIGINT)))
        messages = process.communicate(timeout=WAIT_SECONDS)[1].decode()
        assert process.returncode in (0, -signal.SIGTERM, -signal.SIGINT), messages
    done = site.run(flow)
    assert done.returncode == 0, done.stderr
    check_rows(site, flow)

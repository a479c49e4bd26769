"""A process that is taken over while it stands still, at every operation of an epoch, and then wakes up.

The fences (exclusive creation of the logs, the attempt in every commit) must turn it away, and what it still writes
must not harm the process that took over: every row once, now and after the next start.
"""

import os
import signal
import subprocess

import pytest

from numbered import Site
from recount import recount
from traced import IS_FULL, record, start_traced

REFUSED = {3, 4}  # its files are gone; another process was here
STOPS = 6  # of a sample, per flow
FILES = 3


def operations_inside_epochs(trace):
    """Numbers of operations after which an epoch is planned and not committed."""
    inside, numbers = False, []
    for event in trace.events:
        name = os.path.dirname(event.new_path or "")
        if event.kind == "link" and name.endswith("/offsets"):
            inside = True
        if event.kind == "link" and name.endswith("/commits"):
            inside = False
        if inside:
            numbers.append(event.ended)
    return numbers


def take_over(site, flow):
    done = subprocess.run([*site.command(flow, cores=1), "--take-over"], cwd=site.folder, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def wake(process):
    process.send_signal(signal.SIGCONT)
    _, messages = process.communicate(timeout=120)
    assert process.returncode in REFUSED, f"the zombie ended with {process.returncode}: {messages}"


@pytest.mark.parametrize("flow", ["raw", "counts", "lines", "closed"])
def test_a_process_that_was_taken_over(folder, chance, flow):
    stops = operations_inside_epochs(record(Site(folder / "probe", file_count=FILES), flow))
    assert len(stops) > 10 * FILES, "the record holds no epochs"
    if not IS_FULL:
        stops = sorted(chance.sample(stops, STOPS))
    print(f"{flow}: stopped after operations {stops}")
    for stop in stops:
        site = Site(folder / f"{stop}", file_count=FILES)
        process = start_traced(site, flow, STOP=stop)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        take_over(site, flow)
        wake(process)
        recount(site, flow, {})
        site.add_files(1)
        done = site.run(flow)
        assert done.returncode == 0, f"stopped after operation {stop}: {done.stderr}"
        recount(site, flow, {})

"""A process that hangs inside an epoch is passed with `--take-over` and wakes up afterwards: it ends by itself,
whatever it was about to write, and every number is in the tables once.
"""

import os
import random
import signal
import time

import pytest

from numbered_topic import FLOWS, WAIT_SECONDS

PASSES = int(os.environ.get("EAGRE_CRASH_KILLS", "10"))
EPOCHS_BEFORE_STOP = 5
ROUNDS_FOR_BOTH = 10  # so that also the flow that was not inside an epoch is passed
# What stops it: the logs of the checkpoint, the table's commit, or its data files, which who took over has removed.
FENCES = ("CONCURRENT_STREAM_LOG_UPDATE", "DELTA_CONCURRENT_TRANSACTION", "DELTA_DATA_FILE_MISSING")
UNSAFE = 4


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    return random.Random(seed)


def test_a_second_process_is_refused(new_site):
    site = new_site()
    process = site.start(cores=1)
    site.wait_for(process, lambda: all(site.planned(flow) >= 1 for flow in FLOWS))
    for flow in FLOWS:
        done = site.run(flow)
        assert done.returncode == UNSAFE
        first = done.stderr.splitlines()[0]
        assert first.startswith("error: [CHECKPOINT_LOCKED] another process uses this checkpoint: process "
                                f"{process.pid} on {os.uname().nodename} holds {site.folder}/")
        assert first.endswith(f"/checkpoints/{flow}/eagre/lock")
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0, site.said()
    site.finish()
    site.check()


def test_who_wakes_up_after_it_was_passed_ends_by_itself(new_site, chance):
    site = new_site()
    for number in range(PASSES):
        flow = FLOWS[number % len(FLOWS)]
        epoch = site.planned(flow) + 2 + chance.randrange(EPOCHS_BEFORE_STOP)
        process = site.start(cores=chance.choice((1, 2)))
        with site.topic.being_written():
            site.stop_inside_epoch(process, flow, epoch, chance)
        site.topic.write_rounds(ROUNDS_FOR_BOTH)
        assert site.run().returncode == UNSAFE
        assert f"process {process.pid} on" in site.finish("--take-over", cores=chance.choice((1, 2)))
        site.check()
        process.send_signal(signal.SIGCONT)
        assert process.wait(WAIT_SECONDS) == UNSAFE, site.said()
        assert any(f"error: [{fence}]" in site.said() for fence in FENCES), site.said()
        site.check()
    site.finish()
    site.check()

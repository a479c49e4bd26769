"""A process that hangs inside an epoch is passed with `--take-over` and wakes up afterwards: it ends by itself,
whatever it was about to write, and every number is in the tables once.
"""

import os
import signal

from numbered_topic import FENCES, FLOWS, UNSAFE, WAIT_SECONDS

PASSES = int(os.environ.get("EAGRE_CRASH_KILLS", "10"))


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
        said = site.pass_sleeper(number, chance)
        assert any(f"error: [{fence}]" in said for fence in FENCES), said
    site.finish()
    site.check()

"""One process, measured: CPU of the process alone (user + system, all threads), wall time, peak memory."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass


@dataclass
class Usage:
    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str


class ProcessFailed(Exception):
    pass


def measure(command, cwd=None, environment=None, timeout_s=1800):
    """Runs `command` to its end; ProcessFailed with what it said when it does not end well.

    The resources come from wait4, so that children of this program that ran before do not count. Peak memory is
    the kernel's maximum of resident pages, file pages that the process touched included.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        begin = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=errors, env={**os.environ, **(environment or {})})
        status, usage = wait_with_limit(process, begin + timeout_s)
        wall_s = time.monotonic() - begin
        output.seek(0)
        errors.seek(0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise ProcessFailed(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}: "
                                f"{errors.read()[-2000:]}")
        return Usage(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024, output.read())


def wait_with_limit(process, deadline):
    """wait4 that kills at the deadline. The process is taken from Popen's hands."""
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, usage
        if time.monotonic() > deadline:
            process.kill()
            deadline += 60
        time.sleep(0.01)

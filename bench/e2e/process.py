"""One process, measured: CPU of the process alone (user + system, all threads), wall time, peak memory."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time
from dataclasses import dataclass

import place

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


@dataclass
class Usage:
    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str


class ProcessFailed(Exception):
    pass


def measure(command, cwd=None, environment=None, timeout_s=1800):
    """Runs `command` to its end; ProcessFailed with what it said when it does not end well."""
    with tempfile.TemporaryDirectory() as folder:
        figures = pathlib.Path(folder) / "figures"
        full = [str(part) for part in (place.program("bench/measured"), figures, *command)]
        process = subprocess.Popen(full, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
            raise ProcessFailed(f"{command[0]} did not end within {timeout_s} s") from None
        if process.returncode != 0:
            raise ProcessFailed(f"{command[0]} ended with {process.returncode}: {errors[-2000:]}")
        cpu_us, peak_kib, wall_us = map(int, figures.read_text().split())
        return Usage(cpu_us / 1e6, wall_us / 1e6, peak_kib / 1024, output)


@contextlib.contextmanager
def running(command, cwd, good_ends=(0,)):
    """A process that goes on until it is asked to end; ProcessFailed when it does not end well."""
    with tempfile.TemporaryFile(mode="w+") as errors:
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=errors)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=STOP_TIMEOUT_S)
        if process.returncode not in good_ends:
            errors.seek(0)
            raise ProcessFailed(f"{command[0]} ended with {process.returncode}: {errors.read()[-2000:]}")


def wait_until(process, condition):
    deadline = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"{process.args[0]} did not get under way")
        time.sleep(0.05)


def cpu_seconds(pid):
    """What the threads of a process that are there now have used."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

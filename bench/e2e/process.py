"""One process, measured: CPU of the process alone (user + system, all threads), wall time, peak memory."""

import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import place


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

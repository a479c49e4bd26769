"""Running `eagre_traced`, the program with every operation on files written down (traced_io.c)."""

import os
import subprocess
from pathlib import Path

import power
from numbered import program

IS_FULL = os.environ.get("EAGRE_POWER_LOSS", "sample") == "full"


def traced_program():
    path = Path(program()).resolve().parents[2] / "tests/power/eagre_traced"
    assert path.exists(), f"{path} does not exist: build with -Dtests=true"
    return str(path)


def start_traced(site, flow, cores=1, **settings):
    """Starts a run that is appended to the record; settings are KILL=n or STOP=n, which want one core: the order of
    operations is the same every time then."""
    environment = {**os.environ, "TZ": "UTC", "EAGRE_IO": "posix", "EAGRE_TRACE": str(site.folder / "trace")}
    environment.update({f"EAGRE_TRACE_{name}": str(value) for name, value in settings.items()})
    command = [traced_program(), *site.command(flow, cores)[1:]]
    return subprocess.Popen(command, cwd=site.folder, env=environment, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def run_traced(site, flow, cores=1, **settings):
    """Returns exit status and messages."""
    process = start_traced(site, flow, cores, **settings)
    _, messages = process.communicate(timeout=120)
    return process.returncode, messages


def record(site, flow, cores=1):
    """Runs to the end; the record of this and of earlier runs."""
    status, messages = run_traced(site, flow, cores)
    assert status == 0, messages
    return power.Trace(site.folder / "trace", site.folder)

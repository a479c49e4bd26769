"""Running the program `eagre` in tests: where it is, and one call that waits with a limit."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def program():
    """The program under test: $EAGRE, else build/eagre. Its absence fails the test."""
    path = Path(os.environ.get("EAGRE", ROOT / "build/eagre"))
    if not path.is_absolute():
        path = ROOT / path
    assert path.exists(), f"{path} does not exist: run make, or set EAGRE"
    return str(path)


def run(*arguments, cwd=None, env=None, timeout=60, stdin=None):
    """Runs `eagre ARGUMENTS`; returns the completed process with text output."""
    environment = {**os.environ, "TZ": "UTC", **(env or {})}
    return subprocess.run([program(), *map(str, arguments)], cwd=cwd, env=environment, input=stdin,
                          capture_output=True, text=True, timeout=timeout, check=False)


def query_rows(folder, sql):
    """The rows of a batch query that must succeed, as dictionaries."""
    done = run("query", sql, "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]

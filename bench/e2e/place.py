"""Where things are: the checkout, the release build, the programs, the scratch folder."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EAGRE_BENCH_BUILD") or ROOT / "build-bench").resolve()
RESULTS = ROOT / "perf/results"

sys.path.insert(0, str(ROOT / "tests"))  # for rig.kafka_broker


def program(path):
    """A program of the release build."""
    found = BUILD / path
    if not found.exists():
        raise FileNotFoundError(f"{path} is not in the release build: run scripts/bench, or set EAGRE_BENCH_BUILD")
    return found


def eagre():
    return program("src/cli/eagre")


def scratch():
    """The parent of temporary folders: a real file system, with room for the input."""
    return os.environ.get("EAGRE_BENCH_SCRATCH") or None

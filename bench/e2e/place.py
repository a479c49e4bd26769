"""Where things are: the checkout, the release build, the programs, the scratch folder."""

import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EAGRE_BENCH_BUILD") or ROOT / "build-bench").resolve()
RESULTS = ROOT / "perf/results"
MEMORY = pathlib.Path("/dev/shm")
MEMORY_MIN = 12 << 30  # bytes: 25 million events, what is made of them, and room to breathe

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


def topics():
    """The parent of a broker's folder: in memory where there is room, because engines are compared and not the disk
    behind the broker, whose cache other things of the machine may empty."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_MIN:
        return scratch()
    return str(MEMORY)

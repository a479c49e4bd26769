"""Makes the modules beside the tests, and the numbered rows of tests/crash, importable; a folder and a seed."""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))


@pytest.fixture
def folder():
    """In memory where that is possible: syncs are judged by the record, not by the disk."""
    memory = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(prefix="eagre-power-", dir=memory if os.access(memory, os.W_OK) else None))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_POWER_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_POWER_SEED={seed}")
    return random.Random(seed)

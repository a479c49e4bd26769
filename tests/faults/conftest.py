"""Makes the modules beside the tests, the numbered rows of tests/crash and the rig importable; a folder and a seed."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "crash"), str(HERE.parent)]


@pytest.fixture
def folder():
    """In memory where that is possible: how long a disk takes is not what is looked at."""
    memory = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(prefix="eagre-faults-", dir=memory if os.access(memory, os.W_OK) else None))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_FAULTS_SEED", "1"))
    print(f"EAGRE_FAULTS_SEED={seed}")
    return random.Random(seed)

"""Where `scripts/setup-tests` puts what the tests download.

The paths are computed, never checked on import: a test that needs something
calls `require()` and gets one sentence that says what to run.
"""

import os
import pathlib

ROOT = pathlib.Path(os.environ.get("EAGRE_TEST_CACHE") or pathlib.Path.home() / ".cache/eagre-test")


def python():
    """The interpreter that has pyspark, deltalake, duckdb and confluent-kafka."""
    return ROOT / "venv/bin/python"


def jars(name):
    """The directory with the jars of `tests/rig/jars/<name>.xml`."""
    return ROOT / "jars" / name


def require(path):
    """Returns `path`, or says how to get it."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run scripts/setup-tests")
    return path

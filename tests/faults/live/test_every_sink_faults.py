"""Operations on files and allocations that fail while flows write to a table, a directory, a topic by transactions and dead
letters at once: the next start is exactly right in each of them.

How many comes from EAGRE_FAULTS; EAGRE_FAULTS_SEED repeats the choices of a run.
"""

import re
import signal
import subprocess

import pytest

from every_sink import EverySinkSite
from faulty import ERRORS, faulty_program, of_size
from numbered_topic import IO, WAIT_SECONDS
from rig.kafka_broker import KafkaBroker

FILE_FAULTS = of_size(4, 8, 200)
ALLOCATIONS = of_size(3, 6, 200)
ROUNDS = 10  # written before each run, so that it has epochs
SHORTER = 4  # a run that goes on does so much less than the first one, which was counted
USAGE = 2
WHATS = {"open": ["EIO", "EROFS"], "write": ["EIO", "ENOSPC"], "sync": ["EIO", "late-EIO"], "link": ["EIO", "late-EIO"]}


@pytest.fixture
def site(tmp_path):
    with KafkaBroker(tmp_path / "broker") as broker:
        site = EverySinkSite(tmp_path / "site", broker, "numbers")
        try:
            yield site
        finally:
            site.close()


def run_faulty(site, **settings):
    """Both flows to the end of what is there, or of themselves; settings as in faulty.py."""
    site.topic.write_rounds(ROUNDS)
    return subprocess.run(site.command(cores=1, more=["--available-now"]), executable=faulty_program(), cwd=site.folder,
                          env=site.environment(**{f"EAGRE_{name}": str(value) for name, value in settings.items()}),
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


def count(site):
    """A run to its end: how often it does what, by handle and kind of operation, and for `allocations`."""
    done = run_faulty(site, FAULT_COUNTS=site.folder / "counts")
    assert done.returncode == 0, done.stderr
    counts = {}
    for line in (site.folder / "counts").read_text().splitlines():
        *what, number = line.split()
        counts[":".join(what)] = int(number)
    return counts


def recover(site):
    site.run_until_done()
    site.check()


def test_any_operation_fails(site, chance):
    """Those that may fail without harm are told apart in test_io_faults.py: here it is what is there afterwards."""
    counts = {place: number for place, number in count(site).items() if number > 0 and place.partition(":")[2] in WHATS}
    hit = 0
    for _ in range(FILE_FAULTS):
        place = chance.choice(sorted(counts))
        what = chance.choice(WHATS[place.partition(":")[2]])
        fault = f"{place}:{chance.randrange(1, counts[place] // SHORTER + 2)}:{what}"
        done = run_faulty(site, FAULT_AT=fault)
        assert done.returncode in (0, IO), f"{fault}: {done.stderr}"
        is_hit = re.search(r"^fault: ", done.stderr, re.MULTILINE) is not None
        if done.returncode == IO:
            assert is_hit, done.stderr
            assert f"error: [{ERRORS[what.removeprefix('late-')][0]}]" in done.stderr, f"{fault}: {done.stderr}"
        hit += is_hit
        recover(site)
    assert hit > 0, "no fault was hit"


def test_any_allocation_fails(site, chance):
    total = count(site)["allocations"]
    ended = 0
    for _ in range(ALLOCATIONS):
        number = chance.randrange(1, total + 1)
        done = run_faulty(site, FAULT_ALLOCATION=number)
        said = f"allocation {number} of {total}: {done.returncode} {done.stderr}"
        if done.returncode == USAGE:
            assert "cannot read" in done.stderr, said  # the pipeline file: nothing has begun
        elif done.returncode != 0:
            assert done.returncode == -signal.SIGABRT and "out of memory" in done.stderr, said
            ended += 1
        recover(site)
    assert ended > 0, "no allocation was hit"

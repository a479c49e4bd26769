"""Memory that runs out ends the process at once (docs/decisions/0002), and the next start is exactly right.

The nth allocation of the program itself gives nothing; which ones is chance. EAGRE_FAULTS_SEED repeats a run.
"""

import shutil
import signal

import pytest

from faulty import BACK_ENDS, check_rows, count_allocations, of_size, run_faulty
from numbered import Site

FILES = 6
ALLOCATIONS = of_size(8, 40, 1500)  # per flow
USAGE = 2


@pytest.mark.parametrize("flow", ["counts", "closed"])
def test_any_allocation_fails(folder, chance, flow):
    back_end = chance.choice(BACK_ENDS)
    total = count_allocations(Site(folder / "probe", file_count=FILES), flow, back_end)
    for number in chance.sample(range(1, total + 1), ALLOCATIONS):
        site = Site(folder / "site", file_count=FILES)
        outcome = run_faulty(site, flow, back_end, FAULT_ALLOCATION=number)
        said = f"allocation {number} of {total}: {outcome.status} {outcome.messages}"
        if outcome.status == 0:
            # The number of allocations differs a little from run to run: this one had fewer.
            assert number > total * 0.9, said
        elif outcome.status == USAGE:
            assert "cannot read" in outcome.messages, said  # the pipeline file: nothing has begun
        else:
            assert outcome.status == -signal.SIGABRT and "out of memory" in outcome.messages, said
        site.add_files(1)
        done = run_faulty(site, flow, back_end)
        assert done.status == 0, f"after {said}: {done.messages}"
        check_rows(site, flow)
        shutil.rmtree(site.folder)

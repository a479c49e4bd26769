"""Any operation on a file fails, once or from there on: nothing is lost, doubled or damaged, and the error says why.

`eagre_faulty` runs a flow whose nth open, read, write, sync, rename, link, unlink or mkdir gives an errno, comes up
short, or is done and reported as failed; the program then continues on a disk that works, with one more file, and the
rows are counted. Both back ends; a table of Delta, a directory of Parquet files, and several sinks of one flow. The default is a sample;
EAGRE_FAULTS=full takes every operation of twenty epochs. EAGRE_FAULTS_SEED repeats a run.
"""

import os
import shutil

import pytest

from faulty import BACK_ENDS, ERRORS, Fault, check_rows, count_operations, of_size, run_faulty
from numbered import Site

FILES = of_size(6, 20, 20)
FAULTS = of_size(6, 40, None)  # per flow and back end; None: every operation
IO = 3

WHATS = {
    "open": ["EMFILE", "EIO", "EROFS", "EDQUOT", "EACCES"],
    "read": ["EIO", "short"],
    "write": ["ENOSPC", "EIO", "EDQUOT", "EFBIG", "short"],
    "sync": ["EIO", "ENOSPC", "EDQUOT", "late-EIO"],
    "rename": ["EIO", "ENOSPC", "EROFS", "late-EIO"],
    "link": ["EIO", "ENOSPC", "EPERM", "late-EIO"],
    "unlink": ["EIO", "EROFS", "late-EIO"],
    "mkdir": ["EIO", "ENOSPC", "EROFS", "EDQUOT", "late-EIO"],
}


def all_faults(counts, chance):
    """One for every operation; which errno, and whether what follows fails as well, is chance."""
    for (handle, kind), number in sorted(counts.items()):
        for nth in range(1, number + 1):
            yield Fault(handle, kind, nth, chance.choice(WHATS[kind]), chance.choice(["1", "1", "3", "all"]))


def is_harmless(site, messages, kind, path):
    """Operations that may fail without ending the run: what is left behind then is only litter, or costs time."""
    name = os.path.basename(path)
    is_litter = kind == "unlink" and name.startswith(".") and name.endswith(".tmp")
    is_checkpoint_of_table = "/_delta_log/" in path and "checkpoint" in name or (
        kind in ("open", "sync") and name == "_delta_log" and "warning: no checkpoint of version" in messages)
    is_above = kind in ("open", "sync") and os.path.join(site.folder, "").startswith(os.path.join(path, ""))
    is_inside = kind in ("open", "sync") and path in above_of_ours(site)
    return is_litter or is_checkpoint_of_table or is_above or is_inside


def above_of_ours(site):
    """Directories that are synced in passing, because somebody else may have made them."""
    data = site.folder / "eagre-data"
    tables = [str(path) for path in (data / "tables").glob("*")]
    return [str(data), str(data / "checkpoints"), str(data / "tables"), *tables]


def judge(site, fault, outcome):
    """The faulty run told what happened, or went on where that is right."""
    hits = outcome.hits()
    assert hits, f"{fault} was not hit: {outcome.messages}"
    if outcome.status == 0:
        harmful = [hit for hit in hits if not is_harmless(site, outcome.messages, *hit)]
        assert fault.what == "short" or not harmful, f"{fault} was passed over: {outcome.messages}"
        return
    assert outcome.status == IO, f"{fault} ended with {outcome.status}: {outcome.messages}"
    name, text = outcome.error()
    class_name, words = ERRORS[fault.errno]
    assert name == class_name and text.endswith(words), f"{fault} was told as {outcome.messages}"
    folders = {os.path.dirname(path) for _, path in hits}
    assert any(folder in text for folder in folders), f"{fault} has another place: {outcome.messages}"
    is_of_the_file = " where: pipeline.sql:" in outcome.messages  # it was not even understood: nothing has begun
    assert is_of_the_file or "nothing is lost: the next start " in outcome.messages, outcome.messages


def attempt(folder, flow, back_end, fault, file_count=FILES):
    """One run with the fault, one without."""
    site = Site(folder, file_count)
    outcome = run_faulty(site, flow, back_end, FAULT_AT=fault)
    judge(site, fault, outcome)
    if outcome.status == 0:
        check_rows(site, flow)
    site.add_files(1)
    done = run_faulty(site, flow, back_end)
    assert done.status == 0, f"after {fault}: {done.messages}\nwhich had ended with {outcome.messages}"
    check_rows(site, flow)
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", ["sync", "write"])
def test_no_failure_is_passed_over(folder, chance, kind):
    """Each sync and write of two epochs fails once: a second try that goes well would prove nothing."""
    counts = count_operations(Site(folder / "probe", file_count=2), "counts", "posix")
    faults = [Fault(handle, kind, nth, "EIO") for (handle, each), number in counts.items() if each == kind
              for nth in range(1, number + 1)]
    assert len(faults) > 20, f"too few operations: {counts}"
    for fault in faults if FAULTS is None else chance.sample(faults, min(FAULTS, len(faults))):
        attempt(folder / "site", "counts", "posix", fault, file_count=2)


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize("flow", ["counts", "closed", "several"])
def test_any_operation_fails(folder, chance, flow, back_end):
    counts = count_operations(Site(folder / "probe", file_count=FILES), flow, back_end)
    faults = list(all_faults(counts, chance))
    assert len(faults) > 50 * FILES, f"too few operations: {counts}"
    if FAULTS is not None:
        faults = chance.sample(faults, FAULTS)
    for fault in faults:
        attempt(folder / "site", flow, back_end, fault)
    print(f"{flow} on {back_end}: {len(faults)} faults")

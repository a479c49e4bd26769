"""Defects planted on purpose (-Dplanted, docs/internals/epochs.md): each must make the suite fail, by its own symptom.

A suite that nothing can make fail proves nothing. The program is built with one defect, or with two where one defence
stands behind another, in build-planted; the tests that guard against it run against that program in a process of their
own; and this test passes only when they fail for the reason that is expected.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-planted"
PROGRAMS = ["src/cli/eagre", "tests/power/eagre_traced", "tests/faults/eagre_faulty"]

KILLED = "tests/crash/test_crash.py::test_killed_at_a_crash_point"
MOVED = "tests/crash/test_crash.py::test_state_moves_between_core_counts"
POWER_LOSS = "tests/power/test_power_loss.py::test_power_loss_at_any_sync"
NOT_PASSED_OVER = "tests/faults/test_io_faults.py::test_no_failure_is_passed_over"
TRANSACTION_KILLED = "tests/crash/test_crash_transactions.py::test_killed_at_a_crash_point"
DAMAGED = "tests/faults/test_damage.py::test_verify_names_every_damaged_file"
TAKEN_OVER = "tests/power/test_zombies.py::test_a_process_that_was_taken_over"

# Defects, a test that must fail, and what it must say.
PLANTED = [
    # The table's own fence still stands: the epoch is refused, not doubled.
    (["recovery_ignores_sink"], f"{KILLED}[epoch.after_commit-raw]", r"\[DELTA_CONCURRENT_TRANSACTION\]"),
    (["recovery_ignores_sink", "attempt_not_checked"], f"{KILLED}[epoch.after_commit-raw]",
     r"rows lost: 0 \[\]; rows too many: 60 "),
    (["attempt_not_checked"], f"{TAKEN_OVER}[raw]", r"rows lost: \[\]; rows twice: \[0, 1, 2, "),
    (["commits_before_sink"], f"{KILLED}[epoch.after_prepared-raw]", r"rows lost: 60 .*; rows too many: 0 "),
    (["state_not_loaded"], f"{KILLED}[epoch.after_commits-counts]", r"rows lost: [1-9]"),
    (["slices_forgotten"], f"{MOVED}[pairs]", r"rows lost: [1-9]"),
    (["offsets_unsynced"], f"{POWER_LOSS}[raw-1]",
     r"recovery refused: error: \[(CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED|MALFORMED_LOG_FILE)\] \S*/offsets/0 "),
    (["data_unsynced"], f"{POWER_LOSS}[raw-1]", r"rows lost: part-\S* (is damaged|has \d+ of \d+ bytes)"),
    (["table_unsynced"], f"{POWER_LOSS}[raw-1]", r"rows lost: \[0, 1, 2, "),
    (["sync_tried_again"], f"{NOT_PASSED_OVER}[sync]",
     r":sync:\d+:EIO:1 was passed over: [\s\S]*fault: sync \S*\.tmp EIO"),
    (["write_failure_forgotten"], f"{NOT_PASSED_OVER}[write]",
     r":write:\d+:EIO:1 was passed over: [\s\S]*fault: write "),
    (["marker_not_asked"], f"{TRANSACTION_KILLED}[kafka.after_commit]", r"rows lost: 0 \[\]; rows too many: [1-9]"),
    (["checksum_not_checked"], DAMAGED, r": byte \d+ changed: .*\"findings\":\[\]"),
]


def run(command, environment=None):
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=1800, check=False)


def build(defects):
    """One directory for all, so that only the rooms that have the defect are compiled again."""
    options = [f"-Dplanted={','.join(defects)}", "-Doptimization=0"]
    again = ["--reconfigure"] if (BUILD / "build.ninja").exists() else []
    for command in (["meson", "setup", *again, str(BUILD), *options], ["ninja", "-C", str(BUILD), *PROGRAMS]):
        done = run(command)
        assert done.returncode == 0, done.stdout[-4000:]


def test_every_defect_is_planted_here():
    option = re.search(r"option\('planted'.*?choices: \[(.*?)\]", (ROOT / "meson_options.txt").read_text(), re.DOTALL)
    assert set(re.findall(r"'(\w+)'", option.group(1))) == {name for defects, _, _ in PLANTED for name in defects}


@pytest.mark.parametrize("defects, test, symptom", PLANTED, ids=["+".join(defects) for defects, _, _ in PLANTED])
def test_a_planted_defect_is_found(defects, test, symptom):
    build(defects)
    # In full, tests go through their cases in order and end at the first that fails: always the same one.
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", test],
               {"EAGRE": str(BUILD / PROGRAMS[0]), "EAGRE_POWER_LOSS": "full", "EAGRE_FAULTS": "full", "COLUMNS": "200"})
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, f"{test} did not fail:\n{done.stdout[-4000:]}"
    assert "1 failed" in done.stdout
    assert re.search(symptom, done.stdout), f"{test} failed for another reason:\n{done.stdout[-4000:]}"

"""The full counts of the acceptance tests, one report per part.

    scripts/test-long [PART ...]      all parts, or those named

A report tests/reports/PART.json holds the commit, the seed, the counts, the time it took and whether it passed. A
part that passed on the current commit is skipped, so an interrupted run goes on where it stopped.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ROOT / "tests/reports"
LOG = ROOT / ".cache/test-long.log"
FUZZ_BUILD = ROOT / "build-fuzz"
FUZZ_SECONDS = 600
SOAK_SECONDS = 1800
TROUBLES_OF_A_KIND = 20
LAG_RECORDS = 300_000_000
MATRIX_PARTS = 16
MATRIX_RANDOM = 60  # random cases, per part


def run(command, env=None, timeout=7200):
    """Runs a command; its output goes to .cache/test-long.log, its end to the terminal too; it is returned with its status."""
    print("$", " ".join(map(str, command)), flush=True)
    process = subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False)
    LOG.parent.mkdir(exist_ok=True)
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(process.stdout)
    print(process.stdout[-4000:], flush=True)
    return process.returncode, process.stdout


def pytest(paths, env=None, timeout=7200):
    """Runs tests in this environment; returns status and what pytest counted."""
    status, output = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths], env, timeout)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)", output)}
    return status == 0, counts


def crash(seed):
    """Every crash point at three passages, then 50 kills at random moments; of flows with every kind of sink
    400, and brokers, connections, partitions and processes that come and go."""
    passed, counts = pytest(["tests/crash"], {"EAGRE_CRASH_PASSAGES": "3", "EAGRE_CRASH_KILLS": "50",
                                              "EAGRE_CRASH_EVERY_SINK_KILLS": "400",
                                              "EAGRE_CRASH_EVERY_SINK_TROUBLES": str(4 * TROUBLES_OF_A_KIND),
                                              "EAGRE_CRASH_SEED": str(seed)})
    return passed, {**counts, "passages_per_point": 3, "random_kills": 50, "random_kills_every_sink": 400,
                    "broker_crashes_cuts_partitions_and_take_overs_every_sink": TROUBLES_OF_A_KIND}


def power_loss(seed):
    """Every single deviation at every sync of twelve epochs, and deaths after every naming of a file."""
    return pytest(["tests/power"], {"EAGRE_POWER_LOSS": "full", "EAGRE_POWER_SEED": str(seed)})


def faults(paths, seed):
    return pytest(paths, {"EAGRE_FAULTS": "full", "EAGRE_FAULTS_SEED": str(seed)}, timeout=6 * 3600)


def faults_damage(seed):
    """Every byte of every checked file changed, every length it may be cut to."""
    return faults(["tests/faults/test_damage.py"], seed)


def faults_io(seed):
    """Every operation on files of twenty epochs fails."""
    return faults(["tests/faults/test_io_faults.py"], seed)


def faults_others(seed):
    """Full disks, stops under load, allocations that fail."""
    return faults(["tests/faults", "--ignore", "tests/faults/test_damage.py", "--ignore", "tests/faults/test_io_faults.py",
                   "--ignore", "tests/faults/live"], seed)


def faults_live(seed):
    """Brokers killed, connections delayed and cut, every sink of a flow at once."""
    return faults(["tests/faults/live", "--ignore", "tests/faults/live/test_soak.py"], seed)


def soak(seed):
    """Half an hour of everything at once."""
    passed, counts = pytest(["tests/faults/live/test_soak.py"], {"EAGRE_SOAK_SECONDS": str(SOAK_SECONDS),
                                                                 "EAGRE_FAULTS_SEED": str(seed)})
    return passed, {**counts, "soak_seconds": SOAK_SECONDS}


def oracle(_seed):
    """Every recorded case and expression, and the same live against real Spark."""
    return pytest(["tests/oracle"], {"EAGRE_LIVE": "all"})


def matrix(seed):
    """Every recorded case in every setting: cores, batch sizes, decoders, kills at every crash point, restarts. And random ones."""
    passed, total = True, collections.Counter()
    for part in range(1, MATRIX_PARTS + 1):
        good, counts = pytest(["tests/oracle/test_matrix.py"], {"EAGRE_MATRIX": "all",
                                                                "EAGRE_MATRIX_PART": f"{part}/{MATRIX_PARTS}",
                                                                "EAGRE_MATRIX_SEED": str(seed + part * MATRIX_RANDOM),
                                                                "EAGRE_MATRIX_RANDOM": str(MATRIX_RANDOM)})
        passed = passed and good
        total.update(counts)
    return passed, dict(total)


def random_cases(seed):
    """A thousand random cases on both engines."""
    passed, counts = pytest(["tests/oracle/live/test_random.py"], {"EAGRE_RANDOM_CASES": "1000",
                                                              "EAGRE_RANDOM_SEED": str(seed)})
    return passed, counts


def readers(_seed):
    """Every table and file we write, read by other programs."""
    return pytest(["tests/readers", "tests/spark"])


def kafka(_seed):
    """The Kafka source and sink against a real broker, and the pipelines of examples/."""
    return pytest(["tests/kafka", "tests/examples"])


def nexmark(_seed):
    """Every Nexmark query on Eagre, on Spark and on DuckDB."""
    return pytest(["tests/nexmark"], {"EAGRE_LIVE": "all"})


def json_fuzz(seed):
    """Ten minutes of differential fuzzing of the JSON implementations."""
    if not (FUZZ_BUILD / "build.ninja").exists():
        run(["meson", "setup", str(FUZZ_BUILD), "-Dfuzz=true", "-Db_sanitize=address,undefined",
             "-Db_lundef=false"], {"CC": "clang-14"})
    status, _ = run(["ninja", "-C", str(FUZZ_BUILD), "tests/fuzz/fuzz_json"])
    if status != 0:
        return False, {}
    with tempfile.TemporaryDirectory() as found:  # inputs that reach new code go to the first folder
        status, output = run([str(FUZZ_BUILD / "tests/fuzz/fuzz_json"), f"-max_total_time={FUZZ_SECONDS}",
                              f"-seed={seed}", found, str(ROOT / "tests/fuzz/seeds/json")])
    runs = re.findall(r"Done (\d+) runs", output)
    return status == 0, {"seconds": FUZZ_SECONDS, "runs": int(runs[-1]) if runs else 0}


def sanitized(half):
    """The suites once more, watched."""
    status, output = run(["scripts/test-sanitized", half])
    counted = re.findall(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    counts = {"passed": int(counted[-1][0]), "failed": int(counted[-1][1])} if counted else {}
    return status == 0 and bool(counted), counts


def sanitized_address(_seed):
    """The suites under AddressSanitizer with UBSan."""
    return sanitized("address")


def sanitized_thread(_seed):
    """The suites under ThreadSanitizer, on the POSIX back end."""
    return sanitized("thread")


# What `run` is given beside its own arguments, and the environment; the client of Kafka, the decoder and the placement that
# are not the default ones here.
SETTINGS = {
    "librdkafka": ("--set eagre.kafka.client=librdkafka", {}),
    "scalar": ("", {"EAGRE_JSON": "scalar"}),
    "split": ("--placement=split", {}),
}
SUITES = ["tests/program", "tests/kafka", "tests/examples", "tests/crash"]
# Not asked of any: it reads the program as a file, which here is a script that adds the setting.
ABOUT_THE_FILE = ["tests/program/test_reference.py::test_probes_are_in_the_program_with_their_arguments"]
# They are about the setting itself: which client is chosen, which core reads.
ABOUT_SETTINGS = {
    "librdkafka": ["tests/kafka/test_choosing.py"],
    "split": ["tests/kafka/test_reading.py::test_one_core_reads_for_another",
              "tests/kafka/test_reading.py::test_partitions_that_move_between_cores"],
}


def write_program(folder, arguments):
    """A program that is Eagre with these arguments of `run`."""
    path = pathlib.Path(folder) / "eagre"
    program = ROOT / "build/eagre"
    path.write_text(f'#!/bin/sh\nif [ "$1" = run ]; then shift; exec {program} run {arguments} "$@"; fi\nexec {program} "$@"\n')
    path.chmod(0o755)
    return path


def settings(_seed):
    """The suites unchanged with the other client of Kafka, the decoder without vectors, and readers on cores of their own."""
    passed, total = True, collections.Counter()
    for name, (arguments, environment) in SETTINGS.items():
        with tempfile.TemporaryDirectory() as folder:
            left_out = [f"--deselect={test}" for test in ABOUT_THE_FILE + ABOUT_SETTINGS.get(name, [])]
            good, counts = pytest([*SUITES, *left_out], {"EAGRE": str(write_program(folder, arguments)), **environment})
        passed = passed and good
        total.update({f"{name}, {what}": count for what, count in counts.items()})
    return passed, dict(total)


def state_bounded(_seed):
    """Fifty million events through a join and a deduplication: memory does not grow."""
    return pytest(["tests/program/test_state_bounded.py"], {"EAGRE_STATE_EVENTS": "50000000"})


def lag(_seed):
    """300 million records of 19 bytes are worked off inside 512 MiB, in one epoch and in ten."""
    passed, counts = pytest(["tests/kafka/test_lag_memory.py"], {"EAGRE_LAG_RECORDS": str(LAG_RECORDS)}, timeout=12 * 3600)
    return passed, {**counts, "records": LAG_RECORDS}


def state_tier(_seed):
    """A count of a hundred million keys whose state may take a gibibyte, against the same in memory: right, and in at most 20 times its CPU."""
    status, _ = run(["scripts/bench-build"])
    if status != 0:
        return False, {}
    status, output = run(["bench/check", "state_tier", "--tier-keys", "100000000", "--tier-limit", str(1 << 30), "--repetitions", "1"],
                         timeout=24 * 3600)
    figures = {name.strip(): float(value) for name, value in re.findall(r"state_tier: ([^\d]+?)\s+[\d.e+]+ / ([\d.e+]+) /", output)}
    return status == 0, figures


PARTS = {"crash": crash, "faults_damage": faults_damage, "faults_io": faults_io, "faults_live": faults_live,
         "faults_others": faults_others, "json_fuzz": json_fuzz, "kafka": kafka, "lag": lag, "matrix": matrix, "nexmark": nexmark, "oracle": oracle,
         "power_loss": power_loss, "random_cases": random_cases, "readers": readers, "sanitized_address": sanitized_address,
         "sanitized_thread": sanitized_thread, "settings": settings, "soak": soak, "state_bounded": state_bounded, "state_tier": state_tier}


def current_commit():
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout.strip()


def is_done(name, commit):
    path = REPORTS / f"{name}.json"
    if not path.exists():
        return False
    report = json.loads(path.read_text())
    return report["commit"] == commit and report["passed"]


def main(names):
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    commit = current_commit()
    failures = 0
    for name in names or PARTS:
        if is_done(name, commit):
            print(f"{name}: done before on this commit")
            continue
        seed = random.SystemRandom().randrange(1, 2**31)
        begin = time.monotonic()
        passed, counts = PARTS[name](seed)
        report = {"part": name, "commit": commit, "seed": seed, "passed": passed, "counts": counts,
                  "seconds": round(time.monotonic() - begin)}
        REPORTS.mkdir(exist_ok=True)
        (REPORTS / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
        print(f"{name}: {'passed' if passed else 'FAILED'} {counts}")
        failures += not passed
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(sys.argv[1:])

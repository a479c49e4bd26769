"""Running `eagre_faulty`, the program whose file operations and allocations fail by number (faulty_io.c)."""

import dataclasses
import datetime
import json
import os
import re
import subprocess
from pathlib import Path

from numbered import program

SIZE = os.environ.get("EAGRE_FAULTS", "sample")  # or some, or full
BACK_ENDS = ("uring", "posix")
RUN_TIMEOUT_SECONDS = 120

# errno -> class and text of the error that a person reads.
ERRORS = {
    "EACCES": ("PERMISSION_DENIED", "Permission denied"),
    "EDQUOT": ("DISK_FULL", "Disk quota exceeded"),
    "EFBIG": ("FILE_SIZE_LIMIT", "File too large"),
    "EIO": ("DISK_ERROR", "Input/output error"),
    "EMFILE": ("TOO_MANY_OPEN_FILES", "Too many open files"),
    "ENOSPC": ("DISK_FULL", "No space left on device"),
    "EPERM": ("PERMISSION_DENIED", "Operation not permitted"),
    "EROFS": ("READ_ONLY_FILE_SYSTEM", "Read-only file system"),
}


def faulty_program():
    path = Path(program()).resolve().parents[2] / "tests/faults/eagre_faulty"
    assert path.exists(), f"{path} does not exist: build with -Dtests=true"
    return str(path)


def of_size(sample, some, full):
    """How many of something are taken: in `make test`, in `make test-all`, in `make test-long`."""
    return {"sample": sample, "some": some, "full": full}[SIZE]


@dataclasses.dataclass(frozen=True)
class Fault:
    """The nth operation of a kind on a handle fails, and `count` in all ("all": whatever follows)."""
    handle: int
    kind: str
    nth: int
    what: str
    count: str = "1"

    def __str__(self):
        return f"{self.handle}:{self.kind}:{self.nth}:{self.what}:{self.count}"

    @property
    def errno(self):
        return self.what.removeprefix("late-")


@dataclasses.dataclass
class Outcome:
    status: int
    messages: str

    def hits(self):
        """(kind, path) of every operation that was spoilt, in their order."""
        found = re.findall(r"^fault: (\w+) (.*) \w+$", self.messages, re.MULTILINE)
        return [(kind, os.path.normpath(path)) for kind, path in found]

    def error(self):
        """Class and text of the error the program ended with; paths as in `hits`."""
        found = re.search(r"^error: \[([\w.]+)\] (.*)$", self.messages.replace("/./", "/"), re.MULTILINE)
        return found.groups() if found else ("", "")


def run_faulty(site, flow, back_end, cores=1, **settings):
    """Runs a flow; settings are FAULT_AT, FAULT_ALLOCATION or FAULT_COUNTS."""
    environment = {**os.environ, "TZ": "UTC", "EAGRE_IO": back_end}
    environment.update({f"EAGRE_{name}": str(value) for name, value in settings.items()})
    command = [faulty_program(), *site.command(flow, cores)[1:]]
    done = subprocess.run(command, cwd=site.folder, env=environment, capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_SECONDS, check=False)
    return Outcome(done.returncode, done.stderr)


def count_operations(site, flow, back_end):
    """Runs a flow to its end: (handle, kind) -> their number."""
    return {(int(key[0]), key[1]): number for key, number in read_counts(site, flow, back_end) if len(key) == 2}


def count_allocations(site, flow, back_end):
    return dict(read_counts(site, flow, back_end))[("allocations",)]


def read_counts(site, flow, back_end):
    """What a run to the end has written down, as (words, number)."""
    counts = site.folder / "counts"
    done = run_faulty(site, flow, back_end, FAULT_COUNTS=counts)
    assert done.status == 0, done.messages
    lines = [line.split() for line in counts.read_text().splitlines()]
    return [(tuple(words), int(number)) for *words, number in lines]


# ---- The recount, by the program itself: `make test` has no other reader

LINES = "read_files('{0}', format => 'json', schema => 'n BIGINT, p INT')"
PARQUET = "read_files('{0}', format => 'parquet')"
TABLES = {"raw": "delta.`{0}`", "counts": "delta.`{0}`", "lines": LINES, "closed": PARQUET,
          "several": "delta.`{0}`", "several_lines": LINES, "several_rows": PARQUET}


def read_table(site, flow, columns):
    table = TABLES[flow].format(site.folder / "eagre-data/tables" / flow)
    done = subprocess.run([program(), "query", "--format", "json", f"SELECT {columns} FROM {table}"], cwd=site.folder,
                          env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"rows lost: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_rows(site, flow):
    """Every number once, or every closed window with its ten."""
    if flow in ("raw", "lines", "several"):
        for table in ["several", "several_lines", "several_rows"] if flow == "several" else [flow]:
            site.compare_numbered(sorted((row["p"], row["n"]) for row in read_table(site, table, "p, n")))
        return
    rows = read_table(site, flow, "start, p, rows, total")
    for row in rows:
        row["start"] = datetime.datetime.fromisoformat(row["start"].replace("Z", "+00:00"))
    site.compare_counts(rows)

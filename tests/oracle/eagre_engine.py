"""Runs cases and queries on Eagre: the program that EAGRE names, build/eagre without it."""

import collections
import json
import os
import pathlib
import subprocess
import tempfile

from oracle import fixture

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
RUN_TIMEOUT_SECONDS = 60
PROGRESS_MEMBERS = ("watermark", "numInputRows", "numRowsDroppedByWatermark")


class Unusable(Exception):
    """The program is missing, hung, or printed what it must not print."""


def program():
    """The path of the program under test. A missing program is a failure, never a skip."""
    path = CHECKOUT / os.environ.get("EAGRE", "build/eagre")
    if not path.exists():
        raise Unusable(f"{path} does not exist: run make, or set EAGRE")
    return path


def run(arguments, directory, environment=None):
    """Runs the program to its end, in UTC; returns the completed process with texts."""
    try:
        return subprocess.run([program(), *arguments], cwd=directory,
                              env={**os.environ, "TZ": "UTC", **(environment or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", errors="backslashreplace",
                              timeout=RUN_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as hung:
        raise Unusable(f"not done in {RUN_TIMEOUT_SECONDS} s: {hung.cmd}") from hung


def answer_case(case):
    """Runs `case`; returns its process and the rows it printed by batch id."""
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as scratch:
        scratch = pathlib.Path(scratch)
        write_case(case, scratch)
        process = run_case(scratch)
    return process, rows_by_batch(process.stdout)


def write_case(case, folder, into_table=False):
    """What `run_case` reads: pipeline and input. It prints, or writes the table that `read_table` reads."""
    case.write_input(folder / "in")
    case.write_static(folder)
    text = case.table_pipeline("in", "checkpoint", "table") if into_table else case.pipeline("in", "checkpoint")
    (folder / "case.sql").write_text(text)


def read_table(folder):
    """The rows of the table of a case, as the console would print them."""
    process = run(["query", "--format", "json", "SELECT to_json(struct(*)) AS row FROM delta.`table`"], folder)
    if process.returncode != 0:
        raise Unusable(process.stderr)
    return [json.loads(line)["row"] for line in lines(process.stdout)]


def run_case(folder, arguments=(), environment=None):
    """Runs a case that was written, from where its checkpoint is."""
    return run(["run", "case.sql", "--progress", "json", *arguments], folder, environment)


def lines(text):
    """The lines of an output. Not splitlines(): a text in a row may hold U+2028 or U+0085."""
    return text.removesuffix("\n").split("\n") if text else []


def rows_by_batch(stdout):
    """Splits the console's rows by `_batch_id`, which is their first member."""
    batches = collections.defaultdict(list)
    for line in lines(stdout):
        head, comma, rest = line.partition(",")
        if not head.startswith('{"_batch_id":'):
            raise Unusable(f"not a row with a _batch_id: {line!r}")
        number = head.removeprefix('{"_batch_id":').removesuffix("" if comma else "}")
        batches[int(number)].append("{" + rest if comma else "{}")
    return dict(batches)


def progress(stderr, with_state=False):
    """The progress objects on stderr, in the shape that fixtures keep."""
    reports = [json.loads(line) for line in lines(stderr) if line.startswith('{"id"')]
    return [summarize(report, with_state) for report in reports if "addBatch" in report["durationMs"]]


def summarize(report, with_state):
    dropped = sum(state["numRowsDroppedByWatermark"] for state in report["stateOperators"])
    values = (report.get("eventTime", {}).get("watermark"), report["numInputRows"], dropped)
    state = {"state": fixture.state(report)} if with_state else {}
    return {"id": report["batchId"], **dict(zip(PROGRESS_MEMBERS, values)), **state}


def query(sql):
    """Runs one batch query; returns its process."""
    with tempfile.TemporaryDirectory(prefix="eagre-query-") as scratch:
        path = pathlib.Path(scratch) / "query.sql"
        path.write_text(sql)
        return run(["query", "--format", "json", "-f", path], scratch)

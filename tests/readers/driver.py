"""Calls the C programs that write: see rows.h for how rows are told.

In Python a row is a tuple. A DECIMAL is its digits without the point, a DATE a number of days, a
TIMESTAMP a number of microseconds, a STRUCT a tuple, an ARRAY a list, a MAP a list of pairs, BINARY bytes; NULL is None.
"""

import json
import math
import os
import pathlib
import subprocess
import time
import uuid

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 120


class Refused(Exception):
    """The program ended with an error: its status and what it said."""

    def __init__(self, status, text):
        super().__init__(f"exit {status}: {text}")
        self.status = status
        self.text = text


def program(name):
    """The path of a driver. A missing one is a failure, never a skip."""
    path = CHECKOUT / os.environ.get("EAGRE_BUILD", "build") / "tests/readers" / name
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: build it, or set EAGRE_BUILD")
    return path


def run(name, arguments, text):
    """Runs a driver with `text` on its standard input; returns what it printed, read as JSON."""
    done = subprocess.run([program(name), *map(str, arguments)], input=text.encode(),
                          capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        raise Refused(done.returncode, done.stderr.decode(errors="replace").strip())
    return json.loads(done.stdout)


def write_parquet(path, fields, rows, **options):
    """Writes a file of columns `fields` (pairs of name and type); returns what the writer says."""
    header = {"schema": struct(*fields), **options}
    return run("write_parquet", [path], lines(header, fields, rows))


def read_parquet(path, **options):
    """Reads a file with our reader: the type of its columns as text, the rows, row counts, and the
    place of each row in the file."""
    done = subprocess.run([program("read_parquet"), str(path), json.dumps(options)],
                          capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        raise Refused(done.returncode, done.stderr.decode(errors="replace").strip())
    # Only \n ends a line: strings may hold other ends of lines.
    lines = done.stdout.decode(errors="surrogateescape").split("\n")[:-1]
    told = [json.loads(line) for line in lines]
    rows = told[1:-1]
    return told[0], [row[1:] for row in rows], told[-1], [row[0] for row in rows]


def lines(header, fields, rows):
    """The input of a driver: the header and a line per row."""
    told = [json.dumps(header)]
    for row in rows:
        told.append(json.dumps([tell(kind, value) for (_, kind), value in
                                zip(fields, row, strict=True)]))
    return "\n".join(told) + "\n"


def struct(*fields):
    return {"type": "struct", "fields": [{"name": name, "type": kind, "nullable": True,
                                          "metadata": {}} for name, kind in fields]}


def array(element):
    return {"type": "array", "elementType": element, "containsNull": True}


def map_of(key, value):
    return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}


def fields_of(kind):
    """Name and type of the fields of a STRUCT type."""
    return [(field["name"], field["type"]) for field in kind["fields"]]


def tell(kind, value):
    """`value` as the drivers want to be told it."""
    if value is None:
        return None
    if kind == "binary":
        return value.hex()
    if kind in ("float", "double"):
        return _tell_real(value)
    if isinstance(kind, str):
        return value
    if kind["type"] == "struct":
        return [tell(child, each) for (_, child), each in zip(fields_of(kind), value, strict=True)]
    if kind["type"] == "array":
        return [tell(kind["elementType"], each) for each in value]
    return [[tell(kind["keyType"], key), tell(kind["valueType"], each)] for key, each in value]


def hear(kind, value):
    """What the reading driver told, as Python values: the opposite of `tell`."""
    if value is None:
        return None
    if kind == "binary":
        return bytes.fromhex(value)
    if kind in ("float", "double"):
        return float.fromhex(value)
    if isinstance(kind, str):
        return value
    if kind["type"] == "struct":
        return tuple(hear(child, each)
                     for (_, child), each in zip(fields_of(kind), value, strict=True))
    if kind["type"] == "array":
        return [hear(kind["elementType"], each) for each in value]
    return [(hear(kind["keyType"], key), hear(kind["valueType"], each)) for key, each in value]


def hear_rows(fields, rows):
    return [tuple(hear(kind, value) for (_, kind), value in zip(fields, row, strict=True))
            for row in rows]


def _tell_real(value):
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class Table:
    """A Delta table that our driver writes, one epoch per call, and the rows it must hold."""

    def __init__(self, location, fields, application=None):
        self.location = pathlib.Path(location)
        self.fields = fields
        self.application = application or str(uuid.uuid4())
        self.epoch = 0
        self.rows = []

    def append(self, rows, **options):
        """Appends `rows` as the next epoch; returns what the driver says of the table."""
        said = self.write(rows, **options)
        self.rows = self.rows + rows
        return said

    def replace(self, rows, **options):
        said = self.write(rows, replace=True, **options)
        self.rows = list(rows)
        return said

    def write(self, rows, **options):
        header = {"schema": struct(*self.fields), "application": self.application,
                  "epoch": self.epoch, "attempt": str(uuid.uuid4()),
                  "now": time.time_ns() // 1000000, **options}
        said = run("write_delta", [self.location], lines(header, self.fields, rows))
        self.epoch += 1
        return said

    def log(self, version):
        """The actions of a commit: pairs of name and body, in order."""
        text = (self.location / f"_delta_log/{version:020}.json").read_text()
        return [next(iter(json.loads(line).items())) for line in text.splitlines()]

"""Hostile messages of 100 MB: whatever they hold, the whole program takes at most three times the message and 64 MiB."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from program import program

SIZE = 100_000_000
LIMIT_KIB = (3 * SIZE + (64 << 20)) // 1024
pytestmark = pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ,
                                reason="a sanitizer takes several times the memory of the program")
SCHEMA = "a STRING, n INT, d DOUBLE, b BINARY, _corrupt_record STRING"


def repeat(before, unit, after=b""):
    """`before`, then `unit` until the message has its size, then `after`; in pieces."""
    count = (SIZE - len(before) - len(after)) // len(unit)
    yield before
    per_piece = (1 << 20) // len(unit)
    for _ in range(count // per_piece):
        yield unit * per_piece
    yield unit * (count % per_piece)
    yield after


def many_keys(before, after):
    yield before
    size = len(before)
    number = 0
    while size < SIZE - (1 << 20):
        piece = b"".join(b'"k%d":%d,' % (i, i % 10) for i in range(number, number + 1000))
        number += 1000
        size += len(piece)
        yield piece
    yield after


def random_bytes(forbidden):
    """Random bytes; `forbidden` ones are spaces."""
    randomness = random.Random(8259)
    table = bytes(ord(" ") if byte in forbidden else byte for byte in range(256))
    for _ in range(SIZE // 1_000_000):
        yield randomness.randbytes(1_000_000).translate(table)


# What the message is, and how many rows come out (None: as many as there are lines).
CASES = {
    "string": (lambda: repeat(b'{"a":"', b"x", b'"}'), 1),
    "strings": (lambda: repeat(b'{"a":[""', b',"0123456789abcdef"', b']}'), 1),
    "string_for_double": (lambda: repeat(b'{"d":"', b"\xff", b'"}'), 1),
    "string_for_binary": (lambda: repeat(b'{"b":"', b"SGVs\xff", b'"}'), 1),
    "open_string": (lambda: repeat(b'{"a":"', b"x"), 1),
    "brackets": (lambda: repeat(b"", b"["), 1),
    "brackets_in_member": (lambda: repeat(b'{"a":', b"["), 1),
    "braces": (lambda: repeat(b"", b'{"a":'), 1),
    "random": (lambda: random_bytes(b""), None),
    "random_line": (lambda: random_bytes(b"\r\n"), 1),
    "invalid_utf8": (lambda: repeat(b'{"a":"', b"\xff", b'"}'), 1),
    "invalid_utf8_often": (lambda: repeat(b'{"a":[""', b',"' + b"\xff" * 64 + b'"', b"]}"), 1),
    "number": (lambda: repeat(b'{"n":', b"7", b"}"), 1),
    "numbers": (lambda: repeat(b'{"a":[1', b",1e6", b"]}"), 1),
    "keys": (lambda: many_keys(b"{", b'"n":1}'), 1),
    "keys_in_member": (lambda: many_keys(b'{"a":{', b'"n":1}}'), 1),
    "escapes": (lambda: repeat(b'{"a":"', b"\\u00e9\\n", b'"}'), 1),
    "escapes_often": (lambda: repeat(b'{"a":[""', b',"\\u00e9\\n\\""', b"]}"), 1),
    "emoji": (lambda: repeat(b'{"a":[""', ',"\U0001f600"'.encode(), b"]}"), 1),
}
# Of an array, read_files makes a row per element and from_json one.
ARRAYS = {
    "array": b'[{"n":1}',
    "array_with_bad_element": b'[{"n":"x"}',
}
ELEMENT = b',{"n":1}'


def write(path, pieces):
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(piece)
    return path


def run_measured(sql, tmp_path):
    """Runs a query; the number of rows and the peak in KiB."""
    peak = tmp_path / "peak"
    command = [sys.executable, Path(__file__).parent / "peak.py", peak, program(), "query", "--format", "json", sql]
    rows = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TZ": "UTC"}) as process:
        while piece := process.stdout.read(1 << 20):
            rows += piece.count(b"\n")
    assert process.returncode == 0
    return rows, int(peak.read_text())


def read_as_json(path):
    return f"SELECT * FROM read_files('{path}', format => 'json', schema => '{SCHEMA}')"


def read_by_from_json(path):
    return f"SELECT from_json(value, '{SCHEMA}') AS o FROM read_files('{path}', format => 'text')"


@pytest.mark.parametrize("make_sql", [read_as_json, read_by_from_json])
@pytest.mark.parametrize("name", CASES)
def test_huge_message(name, make_sql, tmp_path):
    make_pieces, row_count = CASES[name]
    path = write(tmp_path / "message", make_pieces())
    rows, peak_kib = run_measured(make_sql(path), tmp_path)
    path.unlink()
    if row_count is not None:
        assert rows == row_count
    assert peak_kib <= LIMIT_KIB


@pytest.mark.parametrize("name", ARRAYS)
def test_huge_array(name, tmp_path):
    before = ARRAYS[name]
    path = write(tmp_path / "message", repeat(before, ELEMENT, b"]"))
    sql = f"SELECT n, _corrupt_record IS NULL AS good FROM read_files('{path}', format => 'json', schema => '{SCHEMA}')"
    rows, peak_kib = run_measured(sql, tmp_path)
    assert rows == 1 + (SIZE - len(before) - 1) // len(ELEMENT)
    assert peak_kib <= LIMIT_KIB
    rows, peak_kib = run_measured(read_by_from_json(path), tmp_path)
    path.unlink()
    assert rows == 1
    assert peak_kib <= LIMIT_KIB

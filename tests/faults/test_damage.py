"""A changed bit, or a file cut short: noticed by name, wherever there is a checksum; and without one, never followed
past what cannot be read.

`checkpoint verify` must name the file, and a start must refuse it with exit status 4 or not need it and count right.
Files of Parquet carry a checksum of each page's body: a reader refuses the file. The default is a sample of the bytes;
EAGRE_FAULTS=full takes every byte. EAGRE_FAULTS_SEED repeats a run.
"""

import json
import os
import shutil
import subprocess
import zlib

import pytest

from faulty import TABLES, check_rows, of_size
from numbered import Site, newest, program

UNSAFE = 4
CHECK = 6
FILES = 6
BYTES_PER_FILE = of_size(1, 12, None)  # None: all
STARTS_PER_FILE = of_size(1, 4, 200)
STARTED = of_size(6, None, None)  # files
PAGE_BYTES = of_size(12, 100, None)


def run(site, *arguments):
    return subprocess.run([program(), *map(str, arguments)], cwd=site.folder, env={**os.environ, "TZ": "UTC"},
                          capture_output=True, text=True, timeout=60, check=False)


def checkpoint_of(site):
    return site.folder / "eagre-data/checkpoints/counts"


@pytest.fixture
def site(folder):
    """Six epochs of windows that are counted; the seventh is in the table and not in the checkpoint."""
    site = Site(folder / "site", file_count=FILES)
    assert site.run("counts").returncode == 0
    site.add_files(1)
    assert site.run("counts", crash_at="epoch.after_commit").returncode != 0
    return site


def is_litter(path, file):
    """State that no epoch names any more: the version that the oldest epoch began with."""
    version = file.name.split("-")[0]
    return file.parent.name == "state" and not (path / f"eagre/prepared/{int(version) - 1}").exists()


def checked_files(path):
    """Files of a checkpoint that a checksum stands for, and the checksums themselves."""
    files = [each for each in sorted(path.rglob("*")) if each.is_file() and each.name != "lock"]
    assert not [each for each in files if each.name.endswith(".tmp")]
    return [each for each in files if not is_litter(path, each)]


def needed_files(path):
    """Those that a start looks at, whatever else is there."""
    planned, committed = newest(path / "offsets"), newest(path / "commits")
    files = [path / "metadata", path / f"offsets/{planned}", path / f"eagre/prepared/{planned}"]
    files += [path / f"eagre/prepared/{committed}"] if planned == committed else []
    files += (path / "eagre/state").glob(f"{planned + 1}-*")
    files += [each for each in (path / "sources/0").iterdir() if not each.name.startswith(".")]
    return {*files, *(side_of(each) for each in files if side_of(each).exists())}


def side_of(path):
    return path.with_name(f".{path.name}.crc")


def owner_of(path):
    """The file that a side file speaks of, or the file itself."""
    is_side = path.name.startswith(".") and path.name.endswith(".crc")
    return path.with_name(path.name[1:-4]) if is_side else path


def damages(path, count, chance):
    """(what, bytes) for every byte changed and every length it may be cut to, or for a sample."""
    whole = path.read_bytes()
    # Of how many bytes a sum is: a number that is too large says the same of a file that is smaller.
    says_nothing = range(4, 8) if owner_of(path) != path else ()
    places = [("flip", place) for place in range(len(whole)) if place not in says_nothing] + [("cut", size) for size in range(len(whole))]
    for what, place in places if count is None else chance.sample(places, min(2 * count, len(places))):
        if what == "cut":
            yield f"cut to {place} bytes", whole[:place]
        else:
            content = bytearray(whole)
            content[place] ^= 1 << chance.randrange(8)
            yield f"byte {place} changed", bytes(content)


class Damaged:
    """A file is damaged for as long as the block lasts."""

    def __init__(self, path, content):
        self.path, self.content = path, content
        self.whole = path.read_bytes()

    def __enter__(self):
        self.path.write_bytes(self.content)

    def __exit__(self, *_):
        self.path.write_bytes(self.whole)


def assert_named(done, path, file, what):
    """That `checkpoint verify` has found the file."""
    said = f"{file}: {what}: {done.stdout}{done.stderr}"
    assert done.returncode == CHECK, said
    findings = json.loads(done.stdout)["findings"]
    assert any(str(file.relative_to(path)) in each["file"] + each["reason"] for each in findings), said


def test_verify_names_every_damaged_file(site, chance):
    path = checkpoint_of(site)
    assert run(site, "checkpoint", "verify", path).returncode == 0
    files = checked_files(path)
    assert len(files) > 20
    for file in files:
        for what, content in damages(file, BYTES_PER_FILE, chance):
            with Damaged(file, content):
                done = run(site, "checkpoint", "verify", path, "--format", "json")
            assert_named(done, path, owner_of(file), f"{file.name}: {what}")


def test_a_start_refuses_what_it_needs_and_counts_right_without_the_rest(site, folder, chance):
    shutil.copytree(site.folder, folder / "whole")
    files = checked_files(checkpoint_of(site))
    for file in files if STARTED is None else chance.sample(files, STARTED):
        for what, content in damages(file, STARTS_PER_FILE, chance):
            with Damaged(file, content):
                has_run = start_damaged(site, file, what)
            if has_run:
                shutil.rmtree(site.folder)
                shutil.copytree(folder / "whole", site.folder)


def start_damaged(site, file, what):
    """Whether the start went on."""
    is_needed = file in needed_files(checkpoint_of(site))
    done = site.run("counts")
    said = f"{file}: {what}: {done.stderr}"
    assert done.returncode in (0, UNSAFE), said
    if done.returncode == UNSAFE:
        error = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
        assert str(owner_of(file)) in error.replace("/./", "/"), said
        return False
    assert not is_needed, said
    check_rows(site, "counts")
    return True


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def can_be_read(file, content):
    """Whether a log file without its checksum is one at all."""
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return False
    if file.name == "metadata":
        return is_json(content.decode())
    bodies = [line for line in lines[1:] if line not in ("", "-")]
    return lines[0] == "v1" and all(is_json(line) for line in bodies)


def test_without_checksums_nothing_unreadable_is_followed(site, chance):
    """As in a checkpoint of a Spark that writes no side files."""
    path = checkpoint_of(site)
    for side in path.rglob(".*.crc"):
        side.unlink()
    planned = newest(path / "offsets")
    for file in (path / "metadata", path / f"offsets/{planned}", path / f"commits/{planned - 1}", path / "sources/0/0"):
        for what, content in damages(file, BYTES_PER_FILE and 8 * BYTES_PER_FILE, chance):
            if can_be_read(file, content):
                continue
            with Damaged(file, content):
                done = run(site, "checkpoint", "verify", path, "--format", "json")
            assert_named(done, path, file, what)


# ---- Data files ------------------------------------------------------------------------------------


FIELD = 0x15  # of a header in Thrift's compact protocol: the next field, an i32
HEADER_BYTES_MAX = 100


def read_number(content, place):
    """An i32 (a varint, zigzag) and the place behind it."""
    number = shift = 0
    while True:
        byte = content[place]
        number |= (byte & 0x7f) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), place


def page_bytes(path):
    """The places of the bodies of pages: of them there is a checksum. A header begins with type, both sizes, checksum."""
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    place = 4
    while place < footer and content[place] == FIELD:
        fields = []
        while content[place] == FIELD:
            number, place = read_number(content, place + 1)
            fields.append(number)
        size, checksum = fields[2], fields[3] & 0xffffffff
        begin = next(begin for begin in range(place, place + HEADER_BYTES_MAX)
                     if zlib.crc32(content[begin:begin + size]) == checksum)
        yield from range(begin, begin + size)
        place = begin + size


@pytest.mark.parametrize("flow", ["raw", "closed"])
def test_a_damaged_page_is_refused(folder, chance, flow):
    site = Site(folder / "site", file_count=3)
    assert site.run(flow).returncode == 0
    table = site.folder / "eagre-data/tables" / flow
    columns = "p, n" if flow == "raw" else "start, p, rows, total"
    sql = f"SELECT {columns} FROM {TABLES[flow].format(table)} ORDER BY 1, 2"
    before = run(site, "query", sql)
    assert before.returncode == 0, before.stderr
    places = [(path, place) for path in sorted(table.glob("*.parquet")) for place in page_bytes(path)]
    assert len(places) > 100, "there are no pages"
    for path, place in places if PAGE_BYTES is None else chance.sample(places, PAGE_BYTES):
        content = bytearray(path.read_bytes())
        content[place] ^= 1 << chance.randrange(8)
        with Damaged(path, bytes(content)):
            done = run(site, "query", sql)
        said = f"{path}: byte {place} changed: {done.stdout}{done.stderr}"
        assert done.returncode != 0 and path.name in done.stderr and "checksum of a page" in done.stderr, said

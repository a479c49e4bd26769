"""Recounts a table or directory of numbered rows without a reader of Parquet: by the statistics of its files, by lines of
JSON, and by their bytes.

Files carry the least and the greatest row number and how many rows they hold; numbers are dense, so that a file's rows
follow from the three. That a file holds what was written is proved by comparing its bytes with the record's.
"""

import datetime
import json

from numbered import PARTITIONS, WINDOW_SECONDS, manifest_files

DIRECTORIES = ("lines", "closed")  # flows whose sink is a directory with a manifest


def live_files(table):
    """The actions `add` of a table that only grows, in the order of its log."""
    versions = sorted((table / "_delta_log").glob("*.json"))
    assert [int(path.stem) for path in versions] == list(range(len(versions))), "the log has a gap"
    actions = [json.loads(line) for path in versions for line in path.read_text().splitlines()]
    assert not any("remove" in action for action in actions)
    return [action["add"] for action in actions if "add" in action]


def check_bytes(table, files, written):
    """`written` maps names of files to their bytes; files that are not in it were written after the loss."""
    for file in files:
        path = table / file["path"]
        assert path.exists(), f"rows lost: {path.name} is gone"
        content = path.read_bytes()
        assert len(content) == file["size"], f"rows lost: {path.name} has {len(content)} of {file['size']} bytes"
        assert content == written.get(path.name, content), f"rows lost: {path.name} is damaged"


def numbers_of(file, column, read, step):
    """The row numbers of a file: all from the least to the greatest, once per partition."""
    statistics = json.loads(file["stats"])
    if statistics["numRecords"] == 0:
        return []
    first, last = (read(statistics[bound][column]) for bound in ("minValues", "maxValues"))
    numbers = list(range(first, last + 1, step))
    assert statistics["numRecords"] == PARTITIONS * len(numbers), f"{file['path']} is not dense: {statistics}"
    assert (statistics["minValues"]["p"], statistics["maxValues"]["p"]) == (0, PARTITIONS - 1)
    return numbers


def seconds_of(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.timestamp()) - 1767225600


def compare_numbers(found, expected):
    lost = sorted(set(expected) - set(found))
    twice = sorted({number for number in found if found.count(number) > 1})
    extra = sorted(set(found) - set(expected))
    assert not lost and not twice and not extra, f"rows lost: {lost}; rows twice: {twice}; rows too many: {extra}"


def recount_directory(site, flow, written):
    """Every file that the manifest names is there and whole; rows of JSON are counted. What no entry names is litter of
    lost attempts, which no reader of such directories sees."""
    files = manifest_files(site.folder / "eagre-data/tables" / flow)
    for path in files:
        assert path.exists(), f"rows lost: {path.name} is gone"
        assert path.read_bytes() == written.get(path.name, path.read_bytes()), f"rows lost: {path.name} is damaged"
    if flow == "lines":
        site.compare_numbered(sorted((int(path.parent.name.removeprefix("p=")), json.loads(line)["n"])
                                     for path in files for line in path.read_text().splitlines()))


def recount_bytes(site, flow, written):
    """Every file of the table is there and whole. Returns their actions."""
    if flow in DIRECTORIES:
        recount_directory(site, flow, written)
        return []
    table = site.folder / "eagre-data/tables" / flow
    files = live_files(table)
    check_bytes(table, files, written)
    return files


def recount(site, flow, written):
    """Every row once, and every window full. Of what one core wrote: several share the partitions of a window."""
    files = recount_bytes(site, flow, written)
    if flow in DIRECTORIES:
        return
    rows = site.file_count * site.rows_per_file
    if flow == "raw":
        found = [number for file in files for number in numbers_of(file, "n", int, 1)]
        compare_numbers(found, range(rows))
        return
    for file in files:
        statistics = json.loads(file["stats"])
        counts = {statistics[bound]["rows"] for bound in ("minValues", "maxValues") if statistics["numRecords"] > 0}
        assert counts <= {WINDOW_SECONDS}, f"rows lost or twice: windows of {counts} rows"
    found = [number for file in files for number in numbers_of(file, "start", seconds_of, WINDOW_SECONDS)]
    compare_numbers(found, range(0, (rows - 1) // WINDOW_SECONDS * WINDOW_SECONDS, WINDOW_SECONDS))

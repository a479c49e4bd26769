"""No allocation per row or batch, and no cache line that two cores write, on the data path.

The program is built in build-watched with a counter behind every write and allocation of our own code (watch.c). Each
pipeline runs over a little and over much, with two cores: what it allocates must be the same but for buffers that
double, and a cache line may change its writer only where a batch or a slice of rows is handed over.
"""

import collections
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-watched"
PROGRAMS = {name: BUILD / "tests/watched" / name for name in ("eagre_watched", "planted_watched")}

FILES = 4
LITTLE, MUCH = 50_000, 400_000  # rows of each file
BATCH_ROWS = 4096
# Allocations more, for 341 batches more: buffers double a few times; split, up to 18 batches are under way when the worker
# falls behind, with half a dozen each.
GROWTH_MAX = {"fused": 100, "split": 250}
HANDOVERS_MAX = 2 * FILES * MUCH // BATCH_ROWS  # of one line: there and back with each batch

SCHEMA = "ts TIMESTAMP, word STRING, number BIGINT, share DOUBLE"
FILES_OF = f"STREAM read_files('${{input}}', format => 'json', schema => '{SCHEMA}')"
TABLE = "CREATE OR REFRESH STREAMING TABLE result LOCATION '${output}/table' TBLPROPERTIES ('eagre.trigger' = 'available now') AS"
PIPELINES = {
    "projected": f"{TABLE} SELECT ts, upper(word) AS word, number * 2 AS number, share FROM {FILES_OF} WHERE number % 10 < 5",
    "counted": f"""{TABLE} SELECT window.start AS minute, word, count(*) AS rows, sum(number) AS total, max(share) AS most
                   FROM {FILES_OF} WATERMARK ts DELAY OF INTERVAL 10 SECONDS
                   WHERE number % 10 < 8 GROUP BY window(ts, '1 minute'), word""",
    "first of each": f"""{TABLE} SELECT word, number, ts
                         FROM (SELECT *, row_number() OVER (PARTITION BY number, word ORDER BY ts) AS place
                               FROM {FILES_OF} WATERMARK ts DELAY OF INTERVAL 1 SECOND) WHERE place = 1""",
}

Watched = collections.namedtuple("Watched", "writes lines allocations")


@pytest.fixture(scope="session", autouse=True)
def programs():
    commands = [["ninja", "-C", str(BUILD), *(str(path.relative_to(BUILD)) for path in PROGRAMS.values())]]
    if not (BUILD / "build.ninja").exists():
        commands.insert(0, ["meson", "setup", str(BUILD), "-Dwatched=true"])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=1800, check=False)
        assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """A folder for each number of rows; the same words and minutes in both, so that there are as many groups."""
    folders = {}
    for rows in (LITTLE, MUCH):
        folders[rows] = tmp_path_factory.mktemp(f"rows-{rows}")
        for number in range(FILES):
            chance = random.Random(number)
            with open(folders[rows] / f"{number}.json", "w", encoding="utf-8") as file:
                for row in range(rows):
                    minute, second = row * 60 // rows, row % 60
                    file.write(json.dumps({"ts": f"2026-01-01T00:{minute:02}:{second:02}.000Z",
                                           "word": f"w{chance.randrange(300)}", "number": chance.randrange(100),
                                           "share": round(chance.random(), 3)}) + "\n")
    return folders


def name_places(program, places):
    done = subprocess.run(["addr2line", "-f", "-s", "-e", program, *places], stdout=subprocess.PIPE, text=True,
                          timeout=60, check=True).stdout.split("\n")
    return " < ".join(f"{done[2 * i]} {done[2 * i + 1]}" for i in range(len(places)))


def watch(folder, command):
    """Runs a watched program; what its cores did, the greatest first, with names for the first few."""
    report = folder / "watched"
    done = subprocess.run(command, cwd=folder, env={**os.environ, "EAGRE_WATCH": str(report)}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    rows = collections.defaultdict(list)
    for line in report.read_text().splitlines():
        kind, count, *places = line.split()
        rows[kind].append((int(count), places))
    first = {kind: [(count, name_places(command[0], places)) for count, places in sorted(rows[kind], reverse=True)[:10]]
             for kind in ("line", "allocation")}
    print(json.dumps(first, indent=1))
    return Watched([count for count, _ in rows["writes"]], [count for count, _ in rows["line"]],
                   sum(count for count, _ in rows["allocation"]))


def run(tmp_path, inputs, rows, pipeline, placement):
    folder = tmp_path / f"{rows}"
    folder.mkdir()
    (folder / "pipeline.sql").write_text(f"{PIPELINES[pipeline]};\n")
    watched = watch(folder, [str(PROGRAMS["eagre_watched"]), "run", "pipeline.sql", "--cores", "2", "--placement",
                             placement, "--define", f"input={inputs[rows]}", "--define", f"output={folder}"])
    shutil.rmtree(folder)
    return watched


@pytest.mark.parametrize("placement", ["fused", "split"])
@pytest.mark.parametrize("pipeline", ["projected", "counted"])
def test_nothing_is_allocated_for_rows(tmp_path, inputs, pipeline, placement):
    little = run(tmp_path, inputs, LITTLE, pipeline, placement)
    much = run(tmp_path, inputs, MUCH, pipeline, placement)
    assert len(much.writes) == 2 and min(much.writes) > MUCH, "both cores take part"
    assert much.allocations - little.allocations <= GROWTH_MAX[placement]


@pytest.mark.parametrize("pipeline", ["projected", "counted"])
def test_fused_cores_share_no_line(tmp_path, inputs, pipeline):
    watched = run(tmp_path, inputs, MUCH, pipeline, "fused")
    assert len(watched.writes) == 2 and min(watched.writes) > MUCH, "both cores take part"
    assert watched.lines == []


@pytest.mark.parametrize("pipeline, placement",
                         [("projected", "split"), ("counted", "split"), ("first of each", "fused"),
                          ("first of each", "split")])
def test_lines_are_handed_over_with_their_batch(tmp_path, inputs, pipeline, placement):
    watched = run(tmp_path, inputs, MUCH, pipeline, placement)
    assert len(watched.writes) == 2 and min(watched.writes) > MUCH, "both cores take part"
    assert max(watched.lines, default=0) <= HANDOVERS_MAX


def test_readers_of_kafka_share_no_line(tmp_path):
    """What is left is written when readers open and close."""
    watched = watch(tmp_path, [str(PROGRAMS["eagre_watched"]), "demo", "--cores", "2", "--count", "400000"])
    assert len(watched.writes) == 2 and min(watched.writes) > 100_000, "both cores take part"
    assert max(watched.lines, default=0) <= 4


def test_the_watch_sees_what_is_planted(tmp_path):
    watched = watch(tmp_path, [str(PROGRAMS["planted_watched"])])
    assert len(watched.writes) == 2
    assert max(watched.lines) >= 1900  # two threads, a thousand times by turns
    assert watched.allocations == 2000

"""state_tier: what state beyond memory costs, against the same flow with all of it in memory, in the same run.

Every key comes twice, the second time when all others have come; a row is written for a key whose count is two. So
the state holds all keys, every row of the second half wants a group that was spilled long ago, and each key stands in
the output once when nothing was lost or counted twice.
"""

import os
import pathlib
import shutil
import subprocess

import place
from answers import WrongResult
from figure import Figure
from process import measure

FILE_KEYS = 500_000  # of one epoch
CORES = 2
PIPELINE = """
CREATE SINK out USING console OPTIONS ('format' = 'json');
CREATE FLOW counts OPTIONS ('outputMode' = 'update', 'trigger' = 'available now', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO out SELECT k, count(*) AS n
FROM STREAM read_files('in', format => 'csv', schema => 'k BIGINT', maxFilesPerTrigger => 1) GROUP BY k HAVING count(*) = 2;
"""


def write_files(folder, key_count):
    """Numbers one after the other are anywhere in the order of their hashes."""
    folder.mkdir()
    begins = list(range(0, key_count, FILE_KEYS))
    for number, begin in enumerate(begins + begins):
        path = folder / f"part-{number:05}.csv"
        with open(path, "wb") as out:
            subprocess.run(["seq", str(begin), str(min(begin + FILE_KEYS, key_count) - 1)], stdout=out, check=True)
        os.utime(path, (1_790_000_000 + number, 1_790_000_000 + number))


def verify(path, key_count):
    count, total = 0, 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            key, n = line.removeprefix('{"k":').removesuffix("}\n").split(',"n":')
            count += n == "2"
            total += int(key)
    if count != key_count or total != key_count * (key_count - 1) // 2:
        raise WrongResult(f"{count} keys came out twice counted, expected {key_count}, or others")


def run(folder, limit, key_count):
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    command = f"exec {place.eagre()} run pipeline.sql --cores {CORES} --set eagre.state.memoryLimit={limit} --progress none > output.json"
    usage = measure(["/bin/sh", "-c", command], cwd=folder, timeout_s=12 * 3600)
    verify(folder / "output.json", key_count)
    return usage


def state_tier(folder, settings):
    """The same rows with the limit and without one; CPU of the whole runs, start included."""
    folder = pathlib.Path(folder)
    (folder / "pipeline.sql").write_text(PIPELINE)
    write_files(folder / "in", settings.tier_keys)
    ratio = Figure("state_tier: CPU, beyond memory to within", "times", bar=20)
    speed = Figure("state_tier: CPU of a row beyond memory", "us")
    within = Figure("state_tier: peak memory within memory", "MB")
    beyond = Figure("state_tier: peak memory beyond it", "MB")
    for _ in range(settings.repetitions):
        free = run(folder, 0, settings.tier_keys)
        bound = run(folder, settings.tier_limit, settings.tier_keys)
        ratio.samples.append(bound.cpu_s / free.cpu_s)
        speed.samples.append(bound.cpu_s * 1e6 / (2 * settings.tier_keys))
        within.samples.append(free.peak_mb)
        beyond.samples.append(bound.peak_mb)
    return [ratio, speed, within, beyond]

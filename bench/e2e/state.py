"""checkpoint_pause, empty-epoch and recovery: what state costs an epoch, and a start after a kill."""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import answers
import place
from figure import Figure
from process import ProcessFailed, cpu_seconds, measure

KEY_COUNT = 1_000_000
RECOVERIES = ((KEY_COUNT, 1), (20_000_000, 5))  # keys, and the most seconds to the first row
CHANGE_COUNT = 10_000
SAVE_EPOCHS = 2_000  # so that one save of a thousand is more than one sample

# Keys that never leave; rows that change 10,000 of them, some of them new, so that update mode gives them out.
PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW counts OPTIONS ('outputMode' = 'update', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT k, count(*) AS n, sum(v) AS total
FROM STREAM read_files('in', format => 'json', schema => 'k BIGINT, v BIGINT', maxFilesPerTrigger => 1) GROUP BY k;
"""
CHANGE_EPOCHS = 100  # between the first epoch, which makes all keys, and the kill
READY_TIMEOUT_S = 300


# Windows of an hour that never close: the epochs write a version of the table without rows.
EMPTY_PIPELINE = """
SET spark.sql.session.timeZone = 'UTC';
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE counts LOCATION 'table' TBLPROPERTIES ('eagre.checkpointLocation' = 'checkpoint')
AS SELECT window.start AS start, k, count(*) AS n
FROM STREAM read_files('{path}', format => 'csv', schema => 'k BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1)
     WATERMARK ts DELAY OF INTERVAL 1 MINUTE
GROUP BY window(ts, '1 hour'), k;
"""
EMPTY_EPOCHS = 1_000
IN_MEMORY = pathlib.Path("/dev/shm")
OWN_PHASES = ("run", "offsets", "prepare", "sink", "commits", "purge")


def checkpoint_pause(folder, settings):
    """Saves of 2,000 epochs in memory and on the disk: CPU, which is what a core cannot do anything else in."""
    figures = {}

    def add(name, unit, value, bar=None):
        figures.setdefault(name, Figure(f"checkpoint_pause: {name}", unit, bar=bar)).samples.append(value)

    for _ in range(settings.repetitions):
        path = folder / "state"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        said = json.loads(measure([place.program("bench/state_pause"), path, KEY_COUNT, CHANGE_COUNT, SAVE_EPOCHS]).output)
        add("CPU, median", "ms", said["save_cpu_us"][0] / 1e3)
        add("CPU, p99.9", "ms", said["save_cpu_us"][1] / 1e3, 5)
        add("wall with the disk, median", "ms", said["save_wall_us"][0] / 1e3)
        add("wall with the disk, p99.9", "ms", said["save_wall_us"][1] / 1e3)
        add("written per epoch", "kB", said["save_bytes"] / 1e3)
        add("all of the state", "kB", said["full_bytes"] / 1e3)
        add("loading, CPU", "ms", said["load_cpu_us"] / 1e3)
        add("4,096 new groups, CPU, median", "ms", said["grow_cpu_us"][0] / 1e3)
        add("4,096 new groups, CPU, longest", "ms", said["grow_cpu_us"][2] / 1e3)
    return list(figures.values())


def write_empty_epochs(path):
    """A file that makes all keys, then files of one row, for a key that is there."""
    path.mkdir()
    for number in range(EMPTY_EPOCHS + 1):
        keys = range(KEY_COUNT) if number == 0 else (number,)
        file = path / f"part-{number:05}.csv"
        file.write_text("".join(f"{key},2026-01-01T00:00:00Z\n" for key in keys))
        os.utime(file, (1_790_000_000 + number, 1_790_000_000 + number))


def time_epochs(folder, path):
    """ms of every epoch but the first, and of each phase: phase -> samples; `all` is their sum."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pipeline.sql").write_text(EMPTY_PIPELINE.format(path=path))
    log = folder / "log"
    command = f"exec {place.eagre()} run pipeline.sql --cores 1 --available-now --progress json 2> {log}"
    measure(["/bin/sh", "-c", command], cwd=folder)
    answers.verify_commits(folder / "table", EMPTY_EPOCHS + 1)
    epochs = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    if [epoch["batchId"] for epoch in epochs] != list(range(EMPTY_EPOCHS + 1)):
        raise answers.WrongResult(f"there were {len(epochs)} epochs, expected {EMPTY_EPOCHS + 1}")
    if any(epoch["stateOperators"][0]["numRowsTotal"] != KEY_COUNT for epoch in epochs):
        raise answers.WrongResult(f"an epoch did not have {KEY_COUNT} keys")
    times = [epoch["eagre"]["phasesMs"] for epoch in epochs[1:]]
    return {**{phase: [each[phase] for each in times] for phase in OWN_PHASES},
            "all": [sum(each[phase] for phase in OWN_PHASES) for each in times]}


def empty_epoch(folder, settings):
    """An epoch of one row that gives nothing out, beside a million keys of state: where a sync takes no time what is left is
    our own, and the rest on the disk are syncs."""
    folder = pathlib.Path(folder)
    write_empty_epochs(folder / "in")
    own = Figure("empty-epoch: own work, median", "ms", bar=1)
    phases = {phase: Figure(f"empty-epoch: of it {phase}", "ms") for phase in OWN_PHASES}
    with_disk = Figure("empty-epoch: with the disk, median", "ms")
    with tempfile.TemporaryDirectory(prefix="eagre-bench-", dir=IN_MEMORY) as memory:
        for _ in range(settings.repetitions):
            times = time_epochs(pathlib.Path(memory) / "run", folder / "in")
            own.samples.append(statistics.median(times["all"]))
            for phase, figure in phases.items():
                figure.samples.append(statistics.median(times[phase]))
            with_disk.samples.append(statistics.median(time_epochs(folder / "run", folder / "in")["all"]))
    return [own, *phases.values(), with_disk]


def write_file(folder, number, keys):
    """One epoch's input, there at once and newer than those before."""
    path = folder / f"part-{number:05}.json"
    hidden = folder.parent / path.name
    hidden.write_text("".join(f'{{"k":{key},"v":{number}}}\n' for key in keys))
    os.utime(hidden, (1_790_000_000 + number, 1_790_000_000 + number))
    hidden.rename(path)


def start(folder, cores, output):
    command = [place.eagre(), "run", "pipeline.sql", "--cores", str(cores), "--progress", "none"]
    return subprocess.Popen([str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                            stderr=subprocess.PIPE, env={**os.environ, "TZ": "UTC"})


def wait_for(process, condition):
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"the flow did not get on: {process.stderr.read().decode()[-2000:]}")
        time.sleep(0.001)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()


def change_keys(number, key_count):
    """The keys of a change epoch: all over the table."""
    return [(number * 7919 + i * 97) % key_count for i in range(CHANGE_COUNT)]


def grow(folder, cores, key_count):
    """A flow that has made its keys and changed them in many epochs, killed."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    (folder / "pipeline.sql").write_text(PIPELINE)
    write_file(folder / "in", 0, range(key_count))
    for number in range(1, CHANGE_EPOCHS + 1):
        write_file(folder / "in", number, change_keys(number, key_count))
    with open(os.devnull, "wb") as nothing:
        process = start(folder, cores, nothing)
        wait_for(process, (folder / f"checkpoint/commits/{CHANGE_EPOCHS}").exists)
        kill(process)


def restart(folder, cores, key_count):
    """Seconds from the new start to its first row, and CPU until then; every row of the new epoch is checked."""
    number = CHANGE_EPOCHS + 1
    keys = change_keys(number, key_count)
    write_file(folder / "in", number, keys)
    path = folder / "output.json"
    with open(path, "wb") as output:
        begin_s = time.monotonic()
        process = start(folder, cores, output)
        wait_for(process, lambda: path.stat().st_size > 0)
        elapsed_s, used_s = time.monotonic() - begin_s, cpu_seconds(process.pid)
        wait_for(process, (folder / f"checkpoint/commits/{number}").exists)
        kill(process)
    rows = {row["k"]: row["n"] for row in map(json.loads, path.read_text().splitlines()) if row["_batch_id"] == number}
    counts = {key: 1 for key in keys}
    for each in range(1, number + 1):
        for key in change_keys(each, key_count):
            if key in counts:
                counts[key] += 1
    if rows != counts:
        raise answers.WrongResult(f"{len(rows)} keys came out after the kill, expected {len(counts)}, or with other counts")
    return elapsed_s, used_s


def recover(folder, settings, cores, key_count, bar):
    name = f"recovery, {key_count // 1_000_000} M keys, {cores} core{'s' * (cores > 1)}"
    wall = Figure(f"{name}: to the first row", "s", bar=bar)
    cpu = Figure(f"{name}: CPU until then", "s")
    for _ in range(settings.repetitions):
        grow(folder, cores, key_count)
        elapsed_s, used_s = restart(folder, cores, key_count)
        wall.samples.append(elapsed_s)
        cpu.samples.append(used_s)
    return [wall, cpu]


def recovery(folder, settings):
    """kill -9 with one and with twenty million keys in state, 100 epochs after they were made; on one core and on two."""
    figures = []
    for key_count, bar in RECOVERIES:
        for cores in (1, 2):
            figures += recover(pathlib.Path(folder) / "run", settings, cores, key_count, bar)
    return figures

"""`eagre checkpoint show` and `verify` on checkpoints of real Spark (data/checkpoints) and of Eagre.

What `show` says is compared with the files as this test reads them; what it foretells, with what the next run
does; and `verify` must name every file that was damaged or removed, and nothing of one that is sound.
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from program import program, run

DATA = Path(__file__).parent / "data/checkpoints"
KINDS = ("files", "files-broken", "files-window", "kafka", "kafka-window")
SPARK = [*KINDS, *(f"3.5/{kind}" for kind in KINDS)]  # of 4.2 where no version stands
STATEFUL = [name for name in SPARK if name.endswith("-window")]

PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
SET spark.sql.streaming.minBatchesToRetain = 5;
CREATE TEMPORARY VIEW src AS
SELECT * FROM STREAM read_files('in', format => 'json', schema => 'k STRING, n INT, ts TIMESTAMP', maxFilesPerTrigger => 1)
WATERMARK ts DELAY OF INTERVAL 0 SECONDS;
CREATE STREAMING TABLE raw AS SELECT k, n FROM STREAM src;
CREATE STREAMING TABLE counts AS
SELECT window.start AS start, k, count(*) AS n FROM STREAM src GROUP BY window(ts, '10 seconds'), k;
"""


# ---- helpers ---------------------------------------------------------------------------------------------------


@pytest.fixture
def spark(tmp_path):
    """Copies a recorded checkpoint to where it may be damaged."""
    def copy(name):
        return Path(shutil.copytree(DATA / name, tmp_path / name))
    return copy


def write_files(folder, first, count):
    folder.mkdir(exist_ok=True)
    for index in range(first, first + count):
        path = folder / f"f{index:04}.json"
        path.write_text(json.dumps({"k": "a", "n": index, "ts": f"2026-01-01T00:{index // 6:02}:{index % 6}0Z"}) + "\n")
        os.utime(path, (1_790_000_000 + index, 1_790_000_000 + index))


@pytest.fixture
def site(tmp_path):
    """A pipeline over four files, not run yet."""
    (tmp_path / "p.sql").write_text(PIPELINE)
    write_files(tmp_path / "in", 0, 4)
    return tmp_path


def checkpoint_of(site, flow):
    return site / "eagre-data/checkpoints" / flow


def run_flow(site, flow, crash_at=None, cores=1):
    env = {"EAGRE_CRASH_AT": crash_at} if crash_at else None
    return run("run", "p.sql", flow, "--available-now", "--cores", cores, cwd=site, env=env)


def show(path):
    done = run("checkpoint", "show", path, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def verify(path):
    """The findings; the exit status must agree with them."""
    done = run("checkpoint", "verify", path, "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == (6 if report["findings"] else 0), done.stderr
    return report["findings"]


def files_below(path):
    """Everything that `verify` may look at: no side files, no temporary ones."""
    return sorted(str(each.relative_to(path)) for each in path.rglob("*")
                  if each.is_file() and not each.name.startswith("."))


def fingerprint(path):
    """Names, sizes, times and content of everything below a folder."""
    return {str(each.relative_to(path)): (each.stat().st_mtime_ns, each.read_bytes() if each.is_file() else None)
            for each in [path, *path.rglob("*")]}


def flip(path):
    """Changes one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def last_epoch(path, log):
    return max((int(each.name) for each in (path / log).iterdir() if each.name.isdigit()), default=-1)


# ---- Spark's checkpoints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPARK)
def test_show_says_what_spark_wrote(name):
    path = DATA / name
    said = show(path)
    planned, committed = last_epoch(path, "offsets"), last_epoch(path, "commits")
    header, metadata, *positions = (path / f"offsets/{planned}").read_text().split("\n")
    metadata = json.loads(metadata)
    assert header == "v1"
    assert said["id"] == json.loads((path / "metadata").read_text())["id"]
    assert (said["writtenBy"], said["planned"], said["committed"]) == ("Spark", planned, committed)
    assert said["batchTimestampMs"] == metadata["batchTimestampMs"]
    assert said["watermarkMs"] == metadata["batchWatermarkMs"]
    assert said["configuration"] == metadata["conf"]
    assert [source["position"] for source in said["sources"]] == positions
    assert said["lock"] is None and said["prepared"] is None and said["state"] == []


@pytest.mark.parametrize("name", [name for name in SPARK if "files" in name])
def test_show_counts_the_files_of_the_log(name):
    path = DATA / name
    source = show(path)["sources"][0]
    entries = [json.loads(line) for file in (path / "sources/0").iterdir() if not file.name.startswith(".")
               for line in file.read_text().split("\n")[1:]]
    seen = {entry["path"] for entry in entries if entry["batchId"] <= source["logOffset"]}
    assert source["kind"] == "files"
    assert source["files"] == len(seen)
    assert "file://" + source["lastFile"] == max(seen)


@pytest.mark.parametrize("name", ["kafka", "3.5/kafka"])
def test_show_reads_partitions_of_two_kafka_sources(name):
    sources = show(DATA / name)["sources"]
    assert [source["kind"] for source in sources] == ["kafka", "kafka"]
    # As the file has them: Spark 3.5 does not sort.
    clicks = sorted(sources[0]["partitions"], key=lambda each: each["partition"])
    assert clicks == [{"topic": "clicks", "partition": 0, "offset": 2}, {"topic": "clicks", "partition": 1, "offset": 4}]
    assert sources[1]["partitions"] == [{"topic": "views", "partition": 0, "offset": 1}]


@pytest.mark.parametrize("version", ["", "3.5/"])
@pytest.mark.parametrize("kind,action,epoch", [
    ("files", "next", 5), ("kafka", "next", 2), ("files-broken", "ask", 2),
    ("files-window", "refuse", None), ("kafka-window", "refuse", None)])
def test_show_foretells_a_start_on_sparks_checkpoint(version, kind, action, epoch):
    name = version + kind
    restart = show(DATA / name)["restart"]
    assert (restart["action"], restart["epoch"]) == (action, epoch)
    if name in STATEFUL:
        assert "CHECKPOINT_STATE_OF_SPARK" in restart["sentence"]


@pytest.mark.parametrize("name", STATEFUL)
def test_show_measures_sparks_state(name):
    path = DATA / name
    operator, = show(path)["sparkState"]
    deltas = list(path.glob("state/0/[0-9]*/*.delta"))
    known_name = "" if name.startswith("3.5/") else "stateStoreSave"  # Spark 3.5 does not write it down
    assert (operator["operator"], operator["name"], operator["partitions"]) == (0, known_name, 2)
    assert operator["version"] == last_epoch(path, "commits") + 1
    assert (operator["files"], operator["bytes"]) == (len(deltas), sum(each.stat().st_size for each in deltas))


def test_show_as_text():
    path = DATA / "kafka"
    said = show(path)
    lines = run("checkpoint", "show", path).stdout.splitlines()
    assert lines == [
        f"checkpoint   {path}",
        f"id           {said['id']}",
        "written by   Spark",
        "planned      epoch 1",
        "committed    epoch 1",
        f"batch time   {said['batchTimestamp']} ({said['batchTimestampMs']} ms)",
        "watermark    none yet",
        "source 0     Kafka, 2 partitions",
        "             topic   partition  ends at",
        "             clicks          0  2",
        "             clicks          1  4",
        "source 1     Kafka, 1 partition",
        "             topic  partition  ends at",
        "             views          0  1",
        "lock         free",
        "a start      plans epoch 2, from where epoch 1 ended",
    ]


@pytest.mark.parametrize("name", SPARK)
def test_nothing_is_found_and_nothing_is_touched(spark, name):
    path = spark(name)
    before = fingerprint(path)
    assert verify(path) == []
    show(path)
    assert fingerprint(path) == before


def is_read(name, file):
    """Not schemas and names of state, and not entries of a file log that a compacted one repeats."""
    if file.endswith(("/schema", "_metadata/metadata")):
        return False
    return not name.endswith("files") or file not in ("sources/0/0", "sources/0/1")


@pytest.mark.parametrize("name", SPARK)
def test_a_changed_bit_in_any_file_of_spark_is_found(spark, name):
    path = spark(name)
    damaged = [each for each in files_below(path) if is_read(name, each)]
    assert len(damaged) > 5
    for each in damaged:
        content = (path / each).read_bytes()
        flip(path / each)
        finding, = verify(path)
        assert each in finding["file"] + finding["reason"]
        (path / each).write_bytes(content)
    assert verify(path) == []


@pytest.mark.parametrize("name,lost,found", [
    ("files", "metadata", "metadata"),
    ("files", "offsets/2", "offsets/2"),
    ("files", "offsets/4", "offsets/4"),
    ("files", "offsets/0", None),
    ("files", "commits/2", "commits/2"),
    ("files", "commits/4", None),
    ("files", "sources/0/2.compact", "sources/0"),
    ("files", "sources/0/3", "sources/0/3"),
    ("files", "sources/0/4", "sources/0"),
    ("files", "sources/0/0", None),
    ("files-broken", "offsets/1", "offsets/1"),
    ("files-broken", "commits/1", "commits/1"),
    ("files-window", "state/0/1/6.delta", "state/0/1/6"),
    ("files-window", "state/0/0/1.delta", "state/0/0/1"),
    ("kafka", "offsets/1", "offsets/1"),
])
def test_a_lost_file_is_found_when_something_needs_it(spark, name, lost, found):
    path = spark(name)
    (path / lost).unlink()
    findings = verify(path)
    if found is None:
        assert findings == []
    else:
        assert any(found in finding["file"] + finding["reason"] for finding in findings), findings


def test_findings_as_text_name_file_class_and_reason(spark):
    path = spark("files")
    (path / "offsets/3").write_text("v1\nnot json")
    (path / "offsets/.3.crc").unlink()
    done = run("checkpoint", "verify", path)
    assert done.returncode == 6
    first, last = done.stdout.splitlines()
    assert first.startswith("offsets/3: [MALFORMED_LOG_FILE] ")
    assert last == f"{path}: 14 files, 1 finding"
    assert "error: [CHECKPOINT_DAMAGED]" in done.stderr and "help: " in done.stderr


def test_a_newer_log_version_is_named(spark):
    path = spark("kafka")
    for each in path.glob("offsets/.*.crc"):
        each.unlink()
    text = (path / "offsets/1").read_text()
    (path / "offsets/1").write_text(text.replace("v1\n", "v2\n", 1))
    done = run("checkpoint", "show", path)
    assert done.returncode == 4
    assert "error: [INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION]" in done.stderr
    assert verify(path)[0]["class"] == "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION"


@pytest.mark.parametrize("action", ["show", "verify"])
def test_what_is_no_checkpoint_exits_2(tmp_path, action):
    (tmp_path / "empty").mkdir()
    for path in ("nowhere", "empty"):
        done = run("checkpoint", action, tmp_path / path)
        assert done.returncode == 2
        assert "error: [CHECKPOINT_NOT_FOUND]" in done.stderr and str(tmp_path / path) in done.stderr
        assert done.stdout == ""
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty"]


@pytest.mark.parametrize("arguments", [[], ["show"], ["look", "x"], ["show", "x", "y"], ["show", "x", "--format", "csv"]])
def test_wrong_usage_exits_2(arguments):
    done = run("checkpoint", *arguments)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr != ""


CONTINUED = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT k, n FROM STREAM read_files('in', format => 'json', schema => 'k STRING, n BIGINT, ts TIMESTAMP', maxFilesPerTrigger => 1);
"""


def move_input(path, folder):
    """Lets the file log name files of `folder`, as if Spark had read them there; without side files, as after an edit."""
    for log in (path / "sources/0").iterdir():
        if log.name.startswith("."):
            log.unlink()
        else:
            log.write_text(log.read_text().replace("file:///tmp/eagre-checkpoints/in", f"file://{folder}"))


@pytest.mark.parametrize("version", ["", "3.5/"])
@pytest.mark.parametrize("kind,first", [("files", 5), ("files-broken", 2)])
def test_a_stateless_checkpoint_of_spark_is_continued(tmp_path, version, kind, first):
    """From the epoch behind the last committed one: what is unfinished is run again, what is done is not read."""
    shutil.copytree(DATA / (version + kind), tmp_path / "checkpoint")
    move_input(tmp_path / "checkpoint", tmp_path / "in")
    write_files(tmp_path / "in", 0, 7)
    (tmp_path / "p.sql").write_text(CONTINUED)
    done = run("run", "p.sql", "--available-now", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows == [{"_batch_id": n, "k": "a", "n": n} for n in range(first, 7)]
    assert show(tmp_path / "checkpoint")["writtenBy"] == "Eagre" and verify(tmp_path / "checkpoint") == []


@pytest.mark.parametrize("name", [name for name in STATEFUL if "files" in name])
def test_a_stateful_checkpoint_of_spark_is_refused(tmp_path, name):
    path = shutil.copytree(DATA / name, tmp_path / "checkpoint")
    write_files(tmp_path / "in", 0, 7)
    (tmp_path / "p.sql").write_text(CONTINUED)
    before = fingerprint(path / "state")
    done = run("run", "p.sql", "--available-now", cwd=tmp_path)
    assert done.returncode == 4 and "error: [CHECKPOINT_STATE_OF_SPARK]" in done.stderr
    assert fingerprint(path / "state") == before


# ---- Eagre's checkpoints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow,version", [("raw", None), ("counts", 5)])
def test_show_says_what_eagre_wrote(site, flow, version):
    assert run_flow(site, flow, cores=2).returncode == 0
    path = checkpoint_of(site, flow)
    said = show(path)
    assert said["id"] == json.loads((path / "metadata").read_text())["id"]
    assert said["writtenBy"] == "Eagre"
    assert said["planned"] == said["committed"] == last_epoch(path, "commits")
    assert said["sources"][0]["files"] == 4
    assert said["prepared"]["epoch"] == said["committed"]
    assert said["prepared"]["stateVersion"] == version
    assert {(each["version"], each["core"]) for each in said["state"]} == (
        {(v, core) for v in range(1, 6) for core in range(2)} if version else set())
    assert said["restart"]["action"] == "next"
    assert said["restart"]["epoch"] == said["committed"] + 1
    assert verify(path) == []


@pytest.mark.parametrize("flow", ["raw", "counts"])
@pytest.mark.parametrize("point,action,then", [
    ("checkpoint.after_metadata", "begin", None),
    ("epoch.after_offsets", "rerun", "is run again"),
    ("epoch.after_state", "rerun", "is run again"),
    ("epoch.after_prepared", "ask", "is run again"),
    ("epoch.after_commit", "ask", "is adopted"),
    ("epoch.after_commits", "next", None),
])
def test_a_start_does_what_show_foretold(site, flow, point, action, then):
    assert run_flow(site, flow, crash_at=point).returncode == -signal.SIGKILL
    path = checkpoint_of(site, flow)
    before = fingerprint(path)
    said = show(path)
    assert verify(path) == []
    assert fingerprint(path) == before
    assert said["restart"]["action"] == action
    assert said["restart"]["epoch"] == {"next": 1}.get(action, 0)
    done = run_flow(site, flow)
    assert done.returncode == 0, done.stderr
    assert (then is None) == ("is run again" not in done.stderr and "is adopted" not in done.stderr)
    assert then is None or f"epoch 0 {'' if 'adopted' in then else 'was not finished and '}" in done.stderr
    assert then is None or then in done.stderr


def test_a_changed_bit_in_any_file_that_eagre_needs_is_found(site):
    assert run_flow(site, "counts", cores=2).returncode == 0
    path = checkpoint_of(site, "counts")
    said = show(path)
    newest = said["prepared"]["stateVersion"]
    needed = [each for each in files_below(path)
              if each != "eagre/lock" and (not each.startswith("eagre/state/") or f"/{newest}-" in each)]
    assert sum(each.startswith("eagre/state/") for each in needed) == 2
    for each in needed:
        content = (path / each).read_bytes()
        flip(path / each)
        finding, = verify(path)
        assert each in finding["file"] + finding["reason"]
        (path / each).write_bytes(content[:-1])
        finding, = verify(path)
        assert each in finding["file"] + finding["reason"]
        (path / each).write_bytes(content)
    assert verify(path) == []


def state_file(path, version):
    found, = (path / "eagre/state").glob(f"{version}-0-*")
    return found


def test_a_version_needs_files_back_to_the_pass_it_names(site):
    """Windows stay open, so that versions behind the first are deltas; each takes a part of what is there."""
    (site / "p.sql").write_text(PIPELINE.replace("DELAY OF INTERVAL 0 SECONDS", "DELAY OF INTERVAL 1 HOUR"))
    assert run_flow(site, "counts").returncode == 0
    path = checkpoint_of(site, "counts")
    states = {each["version"]: each for each in show(path)["state"]}
    newest = max(states)
    assert states[newest]["kind"] == "delta"
    first, last = struct.unpack_from("<qq", state_file(path, newest).read_bytes(), 132)  # docs/internals/state-format.md
    assert 1 < first < last < newest
    state_file(path, first - 1).unlink()
    assert verify(path) == []
    needed = state_file(path, first)
    content = needed.read_bytes()
    needed.unlink()
    finding, = verify(path)
    assert finding["class"] == "STATE_STORE_MISSING_FILE" and f"{first}-0-" in finding["reason"]
    restart = show(path)["restart"]
    assert restart["action"] == "refuse" and f"{first}-0-" in restart["sentence"]
    done = run_flow(site, "counts")
    assert done.returncode == 4 and "STATE_STORE_MISSING_FILE" in done.stderr
    needed.write_bytes(content)
    write_files(site / "in", 4, 1)
    assert run_flow(site, "counts").returncode == 0


def test_lost_prepared_file_of_a_stateful_flow_is_foretold(site):
    assert run_flow(site, "counts").returncode == 0
    path = checkpoint_of(site, "counts")
    last = last_epoch(path, "eagre/prepared")
    (path / f"eagre/prepared/{last}").unlink()
    assert verify(path)[0]["file"] == f"eagre/prepared/{last}"
    assert show(path)["restart"]["action"] == "refuse"
    write_files(site / "in", 4, 1)
    done = run_flow(site, "counts")
    assert done.returncode == 4
    assert "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY" in done.stderr


# ---- While a process is at work --------------------------------------------------------------------------------


@pytest.fixture
def running(site):
    """A run that goes on until the test ends."""
    process = subprocess.Popen([program(), "run", "p.sql", "counts", "--cores", "1", "--progress", "none"], cwd=site,
                               env={**os.environ, "TZ": "UTC"}, stderr=subprocess.DEVNULL)
    wait_for_epoch(checkpoint_of(site, "counts"), 0)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def wait_for_epoch(path, epoch):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if (path / "commits").exists() and last_epoch(path, "commits") >= epoch:
            return
        time.sleep(0.01)
    raise AssertionError(f"epoch {epoch} was not committed within 30 s")


def test_show_names_the_process_that_holds_the_lock(site, running):
    said = show(checkpoint_of(site, "counts"))
    assert said["lock"] == {"process": running.pid, "host": os.uname().nodename}
    text = run("checkpoint", "show", checkpoint_of(site, "counts")).stdout
    assert f"\nlock         held by process {running.pid} on {os.uname().nodename}\n" in text


def test_looking_at_a_checkpoint_in_use_finds_nothing_wrong(site, running):
    """Epochs come and old files go (minBatchesToRetain 5) while it is looked at."""
    path = checkpoint_of(site, "counts")
    first = last_epoch(path, "commits")
    for index in range(4, 44):
        write_files(site / "in", index, 1)
        assert verify(path) == []
        assert show(path)["restart"]["action"] in ("next", "rerun", "ask")
    wait_for_epoch(path, first + 10)
    assert not (path / "offsets/0").exists()

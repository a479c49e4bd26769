"""eagre doctor: every finding has a verdict and, when it is not good, advice; bad ones make the exit status 6."""

import json
import os
from pathlib import Path

import pytest
from program import run

PIPELINE = """
CREATE SINK out USING console;
CREATE FLOW f OPTIONS ('checkpointLocation' = '{checkpoint}') AS INSERT INTO out
SELECT CAST(value AS STRING) AS v FROM STREAM read_kafka(bootstrapServers => '127.0.0.1:1', subscribe => 't');
"""


def findings(*arguments, cwd):
    done = run("doctor", "--format", "json", *arguments, cwd=cwd)
    found = json.loads(done.stdout)
    for finding in found:
        assert finding["verdict"] in ("good", "note", "bad") and finding["found"]
        assert ("advice" in finding) == (finding["verdict"] != "good")
    assert done.returncode == (6 if any(finding["verdict"] == "bad" for finding in found) else 0), done.stderr
    return {finding["check"]: finding for finding in found}


def test_host(tmp_path):
    found = findings(cwd=tmp_path)
    assert {"kernel", "io", "cores", "jitter", "file system", "free space", "durability"} <= found.keys()
    assert found["durability"]["found"].startswith("a small file is durable in ")
    assert ("siblings" in found) == (len(os.sched_getaffinity(0)) > 1)
    assert list(tmp_path.iterdir()) == []


def test_table_says_the_same(tmp_path):
    lines = run("doctor", cwd=tmp_path).stdout.splitlines()
    checks = [line[6:19].strip() for line in lines if line[:5].strip() in ("good", "note", "bad")]
    assert checks == list(findings(cwd=tmp_path))
    for line, following in zip(lines, lines[1:] + [""]):
        if line.startswith(("note", "bad")):
            assert following.lstrip().startswith("-> ")


def test_plain_system_calls_are_noted(tmp_path):
    done = run("doctor", "--format", "json", cwd=tmp_path, env={"EAGRE_IO": "posix"})
    (found,) = [finding for finding in json.loads(done.stdout) if finding["check"] == "io"]
    assert found["verdict"] == "note" and found["found"].startswith("posix")


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no /dev/shm")
def test_pipeline_without_broker_on_memory(tmp_path):
    checkpoint = Path("/dev/shm") / f"eagre-doctor-{os.getpid()}" / "checkpoint"
    (tmp_path / "p.sql").write_text(PIPELINE.format(checkpoint=checkpoint))
    found = findings("p.sql", "--startup-timeout", "1", cwd=tmp_path)
    assert found["file system"]["verdict"] == "bad" and "tmpfs" in found["file system"]["found"]
    assert found["source"]["verdict"] == "bad" and "127.0.0.1:1" in found["source"]["found"]
    assert not checkpoint.parent.exists()


def test_directory_that_cannot_be_written(tmp_path):
    if os.geteuid() == 0:
        checkpoint = "/proc/1"  # not even root makes a file there
    else:
        checkpoint = "/"
    (tmp_path / "p.sql").write_text(PIPELINE.format(checkpoint=checkpoint))
    found = findings("p.sql", "--startup-timeout", "1", cwd=tmp_path)
    assert found["durability"]["verdict"] == "bad"


def test_arguments(tmp_path):
    done = run("doctor", "a.sql", "b.sql", cwd=tmp_path)
    assert done.returncode == 2 and "one pipeline file" in done.stderr
    assert run("doctor", "missing.sql", cwd=tmp_path).returncode == 2

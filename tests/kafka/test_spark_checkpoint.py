"""Stateless checkpoints of two topics that Spark wrote (tests/program/make_checkpoints.py) are continued: what it had read is
not read again."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flow import call, program

DATA = Path(__file__).resolve().parents[1] / "program/data/checkpoints"
READ_BY_SPARK = {("clicks", 0): 2, ("clicks", 1): 4, ("views", 0): 1}

PIPELINE = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT topic, partition, offset FROM STREAM read_kafka({clicks}) UNION ALL
SELECT topic, partition, offset FROM STREAM read_kafka({views});
"""


@pytest.fixture(scope="module")
def topics(broker):
    """Names of the recorded topics, with what Spark had read and three records more in each partition."""
    broker.create_topic("clicks", partitions=2)
    broker.create_topic("views", partitions=1)
    for (topic, partition), count in READ_BY_SPARK.items():
        broker.produce(topic, [(None, b"x")] * (count + 3), partition=partition)


@pytest.mark.parametrize("name", ["kafka", "3.5/kafka"])
def test_a_union_of_two_topics_is_continued(broker, topics, tmp_path, name):
    shutil.copytree(DATA / name, tmp_path / "checkpoint")
    options = {topic: call({"bootstrapServers": broker.address, "subscribe": topic, "startingOffsets": "earliest"})
               for topic in ("clicks", "views")}
    (tmp_path / "flow.sql").write_text(PIPELINE.format(**options))
    done = subprocess.run([program(), "run", "flow.sql", "--available-now", "--progress", "none"], cwd=tmp_path,
                          env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["_batch_id"] for row in rows} == {2}
    assert sorted((row["topic"], row["partition"], row["offset"]) for row in rows) == [
        (topic, partition, offset) for (topic, partition), count in READ_BY_SPARK.items()
        for offset in range(count, count + 3)]

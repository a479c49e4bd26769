"""Records that have piled up are worked off in bounded memory, in one epoch and in many: each is counted once.

A foreign producer fills a topic with records of 19 bytes. The default is a sample; EAGRE_LAG_RECORDS=300000000 (`lag` of
scripts/test-long) puts some 10 GB on the disk, which are removed at the end.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from rig import cache
from rig.kafka_broker import KafkaBroker

from flow import call, program

RECORDS = int(os.environ.get("EAGRE_LAG_RECORDS", "3000000"))
RECORD_BYTES = 19
PARTITIONS = 3
MEMORY_KIB_MAX = 512 << 10
DISK_BYTES_PER_RECORD = 50  # 33 in the log of the broker, and some air
TIMEOUT_SECONDS = 600 + RECORDS // 20_000
PRODUCER = "org.apache.kafka.tools.ProducerPerformance"
PEAK = Path(__file__).resolve().parents[1] / "program/peak.py"

PIPELINE = """
CREATE SINK out USING console OPTIONS ('format' = 'json');
CREATE FLOW f OPTIONS ('outputMode' = 'complete', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT partition, count(*) AS records, min(offset) AS first, max(offset) AS last, sum(offset) AS offsets,
       sum(length(value)) AS bytes
FROM STREAM read_kafka({options}) GROUP BY partition;
"""

pytestmark = pytest.mark.skipif("EAGRE_TEST_SANITIZED" in os.environ,
                                reason="a sanitizer takes several times the memory of the program")


def produce(broker, topic):
    jars = cache.require(cache.jars("kafka"))
    subprocess.run(["java", "-Xmx256m", "-cp", f"{jars}/*", PRODUCER, "--topic", topic, "--num-records", str(RECORDS),
                    "--record-size", str(RECORD_BYTES), "--throughput", "-1", "--producer-props",
                    f"bootstrap.servers={broker.address}", "acks=all", "batch.size=262144", "linger.ms=20"],
                   stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=True)


def find_ends(broker, topic):
    from confluent_kafka import Consumer, TopicPartition
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "ends"})
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
            for partition in range(PARTITIONS)]
    consumer.close()
    return ends


@pytest.fixture(scope="module")
def backlog():
    """A broker with a topic `lag`, and its ends; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="eagre-lag-") as folder:
        needed = RECORDS * DISK_BYTES_PER_RECORD + (1 << 30)
        assert shutil.disk_usage(folder).free > needed, f"{needed >> 20} MiB of free disk are needed in {folder}"
        with KafkaBroker(folder) as own:
            own.create_topic("lag", partitions=PARTITIONS)
            produce(own, "lag")
            ends = find_ends(own, "lag")
            assert sum(ends) == RECORDS, "the producer wrote some twice"
            yield own, ends


def run_measured(folder):
    """The rows of the last epoch, by partition, and the peak in KiB."""
    command = [sys.executable, PEAK, folder / "peak", program(), "run", "flow.sql", "--available-now", "--progress", "none",
               "--cores", "2"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    rows = {row["partition"]: row for row in map(json.loads, done.stdout.splitlines())}
    return [rows[partition] for partition in sorted(rows)], int((folder / "peak").read_text())


@pytest.mark.parametrize("epochs", [1, 10])
def test_a_backlog_in_bounded_memory(backlog, tmp_path, epochs):
    broker, ends = backlog
    limit = {} if epochs == 1 else {"maxOffsetsPerTrigger": str(-(-RECORDS // epochs))}
    options = call({"bootstrapServers": broker.address, "subscribe": "lag", "startingOffsets": "earliest", **limit})
    (tmp_path / "flow.sql").write_text(PIPELINE.format(options=options))
    rows, peak = run_measured(tmp_path)
    assert rows == [{"partition": partition, "records": end, "first": 0, "last": end - 1, "offsets": end * (end - 1) // 2,
                     "bytes": end * RECORD_BYTES} for partition, end in enumerate(ends)]
    assert len(list((tmp_path / "checkpoint/commits").glob("[0-9]*"))) >= epochs
    assert peak <= MEMORY_KIB_MAX, f"{peak >> 10} MiB"

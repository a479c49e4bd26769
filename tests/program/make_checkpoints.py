#!/usr/bin/env python3
"""Records checkpoints that real Spark writes, for the tests of `eagre checkpoint`.

    scripts/python tests/program/make_checkpoints.py
    ~/.cache/eagre-test/spark-3.5/bin/python tests/program/make_checkpoints.py

Needs what scripts/setup-tests installs, and for Spark 3.5 `scripts/setup-spark-3.5`. This is the only program that
writes to tests/program/data/checkpoints/ and, by Spark 3.5, to 3.5/ there: whole directories as Spark left them, side
files included.

    files          stateless, one file per batch, a compacted file log (interval 3)
    files-window   a windowed count over files: state of Spark's
    files-broken   its last batch failed: offsets/2 without commits/2
    kafka          stateless, a union: source 0 with two partitions, source 1 with one
    kafka-window   a windowed count over a topic: state of Spark's
"""

import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rig.kafka_broker import KafkaBroker
from rig.spark_session import is_old_spark, spark_session

DATA = pathlib.Path(__file__).resolve().parent / "data/checkpoints"
# Paths of files stand in the checkpoints, so that this one is always the same.
SCRATCH = pathlib.Path("/tmp/eagre-checkpoints")
QUERY_TIMEOUT_SECONDS = 120
SCHEMA = "k STRING, n BIGINT, ts TIMESTAMP"


def folder():
    """Where this Spark's checkpoints stand."""
    return DATA / "3.5" if is_old_spark() else DATA


def write_files(folder, count):
    """Files of two rows each, a second apart."""
    folder.mkdir(parents=True)
    for index in range(count):
        rows = [{"k": key, "n": index, "ts": f"2026-01-01T00:00:{index * 10:02}Z"} for key in "ab"]
        path = folder / f"f{index:04}.json"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        os.utime(path, (1_790_000_000 + index, 1_790_000_000 + index))


def read_files(session, folder):
    return session.readStream.format("json").schema(SCHEMA).option("maxFilesPerTrigger", 1).load(str(folder))


def read_topic(session, broker, topic):
    reader = session.readStream.format("kafka").option("kafka.bootstrap.servers", broker.address)
    return reader.option("subscribe", topic).option("startingOffsets", "earliest").load()


def count_windows(frame):
    from pyspark.sql import functions
    return frame.withWatermark("ts", "10 seconds").groupBy("k", functions.window("ts", "10 seconds")).count()


def run(frame, name, each_batch=None):
    """Runs a query over what is there, with its checkpoint below SCRATCH."""
    writer = frame.writeStream.foreachBatch(each_batch or (lambda rows, batch: rows.collect()))
    writer = writer.option("checkpointLocation", str(SCRATCH / name)).outputMode("update")
    query = writer.trigger(availableNow=True).start()
    assert query.awaitTermination(QUERY_TIMEOUT_SECONDS)


def record_files(session):
    session.conf.set("spark.sql.streaming.fileSource.log.compactInterval", "3")
    write_files(SCRATCH / "in", 5)
    run(read_files(session, SCRATCH / "in"), "files")
    session.conf.unset("spark.sql.streaming.fileSource.log.compactInterval")
    run(count_windows(read_files(session, SCRATCH / "in")), "files-window")


def record_broken(session):
    from pyspark.errors import StreamingQueryException

    def fail_at_two(rows, batch):
        rows.collect()
        if batch == 2:
            raise RuntimeError("this batch fails on purpose")

    try:
        run(read_files(session, SCRATCH / "in"), "files-broken", fail_at_two)
    except StreamingQueryException:
        return
    raise AssertionError("batch 2 did not fail")


def record_kafka(session, broker):
    broker.create_topic("clicks", partitions=2)
    broker.create_topic("views", partitions=1)
    for partition in range(2):
        broker.produce("clicks", [(None, b'{"k":"a"}')] * (partition + 2), partition=partition)
    broker.produce("views", [(None, b"x")], partition=0)
    clicks, views = read_topic(session, broker, "clicks"), read_topic(session, broker, "views")
    run(clicks.select("value").union(views.select("value")), "kafka")
    run(count_windows(clicks.selectExpr("'a' AS k", "timestamp AS ts")), "kafka-window")
    broker.produce("clicks", [(None, b"{}")], partition=1)
    run(clicks.select("value").union(views.select("value")), "kafka")


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    with spark_session(kafka=True) as session, KafkaBroker(SCRATCH / "broker") as broker:
        record_files(session)
        record_broken(session)
        record_kafka(session, broker)
    for name in ("files", "files-window", "files-broken", "kafka", "kafka-window"):
        shutil.rmtree(folder() / name, ignore_errors=True)
        shutil.copytree(SCRATCH / name, folder() / name)
    shutil.rmtree(SCRATCH)


if __name__ == "__main__":
    main()

"""What came out of a workload, whoever computed it, against the recount of the generator (bench/recount.h)."""

import json
import os
import time
import zlib
from collections import Counter

import duckdb
from deltalake import DeltaTable

READ_TIMEOUT_S = 60  # without a record
BATCH_SIZE = 10_000
BATCH_TIMEOUT_S = 0.2  # a batch that is not full is waited for so long

# The sums of bench/recount.c over a table. Every table holds the columns of the event under their names.
TABLE_SUMS = """
SELECT count(*) AS rows, sum(n) AS n, sum(t) AS temperature_tenths, sum(d) AS device, sum(s) AS site,
       sum(ms) AS time_ms, sum(n * d) AS "n*device", sum(n * t) AS "n*temperature_tenths",
       sum(d * ms) AS "device*time_ms", sum(n * s) AS "n*site",
       count(*) FILTER (status = 'ok') AS ok_rows, coalesce(sum(n) FILTER (status = 'ok'), 0) AS ok_n
FROM (SELECT n, status, round(temp * 10)::BIGINT AS t, substr(device, 2)::BIGINT AS d, substr(site, 6)::BIGINT AS s,
             epoch_ms(ts) % 60000 AS ms FROM read_parquet($files) WHERE fw = '1.4.2')
"""


class WrongResult(Exception):
    pass


def read_lines(path):
    """The fields of each line of a recount."""
    with open(path, encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


def windows_of_ads(path):
    """(ad_id, start in ms) -> number of views."""
    return {(ad, int(start)): int(count) for ad, start, count in read_lines(path)}


def windows_of_campaigns(path, campaigns_path):
    """(campaign_id, start in ms) -> number of views."""
    with open(campaigns_path, encoding="utf-8") as lines:
        campaigns = {row["ad_id"]: row["campaign_id"] for row in map(json.loads, lines)}
    counts = Counter()
    for (ad, start), count in windows_of_ads(path).items():
        counts[campaigns[ad], start] += count
    return dict(counts)


def counts_of_words(path):
    counts = Counter()
    for word, count in read_lines(path):
        counts[word] += int(count)
    return dict(counts)


def sums_of_devices(path):
    return {name: int(value) for name, value in read_lines(path)}


def compare(what, expected, found):
    """WrongResult with the first difference of two dictionaries."""
    if found != expected:
        wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
        raise WrongResult(f"{len(wrong)} of {len(expected)} {what} differ, first {wrong[0]}: expected "
                          f"{expected.get(wrong[0])}, found {found.get(wrong[0])}")


def read_topic(address, topic):
    """The values of a topic to its end, in the order of each partition."""
    from confluent_kafka import Consumer, KafkaError, TopicPartition
    consumer = Consumer({"bootstrap.servers": address, "group.id": "recount", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    try:
        partitions = consumer.list_topics(topic, timeout=READ_TIMEOUT_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        left, last_s = len(partitions), time.monotonic()
        while left > 0:
            messages = consumer.consume(BATCH_SIZE, timeout=BATCH_TIMEOUT_S)
            if messages:
                last_s = time.monotonic()
            elif time.monotonic() > last_s + READ_TIMEOUT_S:
                raise WrongResult(f"{topic} cannot be read: nothing came for {READ_TIMEOUT_S} s")
            for message in messages:
                if message.error() is None:
                    yield message.value()
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    left -= 1
                else:
                    raise WrongResult(f"{topic} cannot be read: {message.error()}")
    finally:
        consumer.close()


def verify_windows(address, topic, expected, is_changelog=False):
    """Every window of every campaign, once; in a changelog the last value counts. Windows behind those that were
    counted are of the closing events."""
    last_start = max(start for _, start in expected)
    found = {}
    for row in map(json.loads, read_topic(address, topic)):
        key = row["campaign_id"], row["start"]
        if key in found and not is_changelog:
            raise WrongResult(f"window {key} came out twice")
        if row["start"] <= last_start:
            found[key] = row["n"]
    compare("windows", expected, found)


def verify_words(address, topic, expected):
    """The counts of a word rise, and the last one is its count."""
    found = {}
    for row in map(json.loads, read_topic(address, topic)):
        if found.get(row["word"], 0) >= row["n"]:
            raise WrongResult(f"the count of {row['word']} went from {found[row['word']]} to {row['n']}")
        found[row["word"]] = row["n"]
    compare("words", expected, found)


def verify_passed_on(address, topic, expected):
    """Every "ok" event came out, byte for byte as it went in."""
    row_count, byte_count, checksum = 0, 0, 0
    for value in read_topic(address, topic):
        row_count += 1
        byte_count += len(value)
        checksum += zlib.crc32(value)
    names = ("ok_rows", "ok_bytes", "ok_crc32")
    compare("sums", {name: expected[name] for name in names}, dict(zip(names, (row_count, byte_count, checksum))))


def verify_table(path, expected):
    """Every event is in the Delta table, with all of its columns."""
    table = DeltaTable(str(path))
    with duckdb.connect() as connection:
        cursor = connection.execute(TABLE_SUMS, {"files": table.file_uris()})
        found = dict(zip([column[0] for column in cursor.description], map(int, cursor.fetchone())))
    compare("sums", {name: expected[name] for name in found}, found)


def verify_commits(path, commit_count):
    """The Delta table has so many versions."""
    version = DeltaTable(str(path)).version()
    if version != commit_count - 1:
        raise WrongResult(f"{version + 1} commits, expected {commit_count}")


def verify_checkpoints(checkpoint, epoch_count):
    """One commit per epoch, one after the other."""
    found = sorted(int(name) for name in os.listdir(checkpoint / "commits") if name.isdigit())
    if found != list(range(epoch_count)):
        raise WrongResult(f"{len(found)} checkpoints, expected {epoch_count}")

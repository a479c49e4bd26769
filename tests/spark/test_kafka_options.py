"""The same options of a Kafka source given to Spark and to Eagre: the same rows, epoch by epoch, or both refuse."""

import json

import pytest
from confluent_kafka import Producer

from program import run

BASE_MS = 1_700_000_000_000
TIMEOUT_SECONDS = 60

HEADERS = [None, [("a", b"1")], [("a", b"1"), ("a", b"2"), ("", b"")], [("n", None)], []]


def produce(broker, topic, partition, seconds, headers=lambda second: None):
    producer = Producer({"bootstrap.servers": broker.address})
    for second in seconds:
        producer.produce(topic, f"{second}".encode(), partition=partition, headers=headers(second),
                         timestamp=BASE_MS + 1000 * second)
    assert producer.flush(TIMEOUT_SECONDS) == 0


@pytest.fixture(scope="module")
def filled(broker):
    """timed: 0 s .. 9 s and 5 s .. 14 s; hundred: one partition; headed: records with and without headers."""
    broker.create_topic("timed", partitions=2)
    produce(broker, "timed", 0, range(10))
    produce(broker, "timed", 1, range(5, 15))
    broker.create_topic("hundred")
    produce(broker, "hundred", 0, range(100))
    broker.create_topic("headed")
    produce(broker, "headed", 0, range(5), headers=lambda second: HEADERS[second])
    return broker


def at(second):
    return str(BASE_MS + 1000 * second)


def times(*seconds):
    return json.dumps({"timed": {str(number): int(at(second)) for number, second in enumerate(seconds)}})


def offsets(*numbers):
    return json.dumps({"timed": {str(number): offset for number, offset in enumerate(numbers)}})


TIMED = {"subscribe": "timed"}
EARLIEST = {"startingOffsets": "earliest"}
BATCHES = [
    TIMED,
    {"subscribe": " timed, hundred ,,timed"},
    {"assign": '{"timed":[1]}'},
    {"subscribePattern": "ime"}, {"subscribePattern": "^tim.d$"}, {"subscribePattern": "nothing"},
    {"subscribePattern": "(?i)TIMED|hund"}, {"subscribePattern": "[^d]$"},
    {**TIMED, "startingOffsets": offsets(3, -2)}, {**TIMED, "endingOffsets": offsets(3, -1)},
    {**TIMED, "startingOffsets": offsets(2, 9), "endingOffsets": offsets(2, -1)},
    {**TIMED, "startingTimestamp": at(7)}, {**TIMED, "startingTimestamp": at(-5)},
    {**TIMED, "startingTimestamp": at(3), "endingTimestamp": at(8)}, {**TIMED, "endingTimestamp": at(0)},
    {**TIMED, "endingTimestamp": at(99)}, {**TIMED, "endingOffsetsByTimestamp": times(2, 6)},
    {**TIMED, "startingOffsetsByTimestamp": times(9, 14)},
    {**TIMED, "startingTimestamp": at(8), "startingOffsetsByTimestamp": "rubbish", "startingOffsets": "rubbish"},
    {**TIMED, "startingTimestamp": at(12), "startingOffsetsByTimestampStrategy": "latest"},
    {**TIMED, "startingOffsetsByTimestamp": times(10, 15), "startingOffsetsByTimestampStrategy": "latest"},
    {**TIMED, "minPartitions": "7", "maxRecordsPerPartition": "3"}, {**TIMED, "maxOffsetsPerTrigger": "3"},
    # Refused by both.
    {}, {**TIMED, "subscribePattern": "a"}, {"subscribe": " , "}, {"subscribePattern": " "}, {"subscribePattern": "a("},
    {"assign": "timed"}, {"subscribe": "nowhere"},
    {**TIMED, "startingOffsets": "latest"}, {**TIMED, "startingOffsets": offsets(-1, 0)},
    {**TIMED, "startingOffsets": offsets(1)}, {**TIMED, "startingOffsets": "first"},
    {**TIMED, "endingOffsets": "earliest"}, {**TIMED, "endingOffsets": offsets(-2, 0)},
    {**TIMED, "endingOffsets": offsets(1)},
    {**TIMED, "startingOffsets": offsets(5, 0), "endingOffsets": offsets(4, 0)},
    {**TIMED, "startingTimestamp": at(8), "endingTimestamp": at(7)}, {**TIMED, "startingTimestamp": at(12)},
    {**TIMED, "startingTimestamp": "soon"}, {**TIMED, "startingOffsetsByTimestamp": "5"},
    {**TIMED, "startingOffsetsByTimestamp": json.dumps({"timed": {"0": BASE_MS}})},
    {**TIMED, "endingOffsetsByTimestamp": json.dumps({"timed": {"0": BASE_MS}})},
    {**TIMED, "startingTimestamp": at(1), "startingOffsetsByTimestampStrategy": "never"},
    {**TIMED, "minOffsetsPerTrigger": "6", "maxOffsetsPerTrigger": "5"}, {**TIMED, "minPartitions": "0"},
    {**TIMED, "maxRecordsPerPartition": "0", "minPartitions": "3"},
    *({**TIMED, f"kafka.{name}": "x"} for name in ("auto.offset.reset", "key.deserializer", "value.deserializer",
                                                   "enable.auto.commit", "interceptor.classes")),
]
STREAMS = [
    {**TIMED, **EARLIEST}, {**TIMED, **EARLIEST, "maxOffsetsPerTrigger": "7"}, TIMED,
    {"subscribe": "timed,hundred", **EARLIEST, "maxOffsetsPerTrigger": "10"},
    {"subscribe": "hundred", **EARLIEST, "minOffsetsPerTrigger": "40", "maxOffsetsPerTrigger": "40"},
    {"subscribe": "hundred", **EARLIEST, "minOffsetsPerTrigger": "1000"},
    {"subscribe": "hundred", **EARLIEST, "minOffsetsPerTrigger": "30", "maxOffsetsPerTrigger": "35"},
    {"subscribe": "hundred", **EARLIEST, "minOffsetsPerTrigger": "30", "maxOffsetsPerTrigger": "35",
     "maxTriggerDelay": "0ms"},
    {"subscribePattern": " tim", **EARLIEST}, {**TIMED, "startingTimestamp": at(7), "maxOffsetsPerTrigger": "4"},
    {**TIMED, "startingOffsetsByTimestamp": times(4, 8)},
    {**TIMED, "startingTimestamp": at(12), "startingOffsetsByTimestampStrategy": "latest"},
    # Refused by both.
    {**TIMED, "endingOffsets": "latest"}, {**TIMED, "endingOffsetsByTimestamp": times(1, 1)},
    {**TIMED, "startingTimestamp": at(12)}, {**TIMED, "startingOffsetsByTimestamp": json.dumps({"timed": {"0": 1}})},
    {**TIMED, "minOffsetsPerTrigger": "6", "maxOffsetsPerTrigger": "5"},
]


def name_of(options):
    return ",".join(f"{name}={value}" for name, value in options.items()) or "none"


def reader(spark_reader, broker, options):
    return spark_reader.format("kafka").option("kafka.bootstrap.servers", broker.address).options(**options).load()


def arguments(broker, options):
    given = {"bootstrapServers": broker.address, **options}
    return ", ".join(f"`{name}` => '{value}'" for name, value in given.items())


COLUMNS = "topic, partition, offset, CAST(value AS STRING) AS value"


def of_spark_batch(spark, broker, options):
    from pyspark.errors import PySparkException
    from py4j.protocol import Py4JError
    try:
        rows = reader(spark.read, broker, options).selectExpr(*COLUMNS.split(", ")).collect()
    except (PySparkException, Py4JError):
        return "refused"
    return sorted(map(tuple, rows))


def of_eagre_batch(folder, broker, options):
    done = run("query", "--format", "json", f"SELECT {COLUMNS} FROM read_kafka({arguments(broker, options)})", cwd=folder)
    if done.returncode != 0:
        assert "error: [" in done.stderr
        return "refused"
    rows = map(json.loads, done.stdout.splitlines())
    return sorted((row["topic"], row["partition"], row["offset"], row["value"]) for row in rows)


def test_batches(spark, filled, tmp_path):
    differing = {}
    for options in BATCHES:
        expected, found = of_spark_batch(spark, filled, options), of_eagre_batch(tmp_path, filled, options)
        if expected != found:
            differing[name_of(options)] = (expected, found)
    assert not differing


def of_spark_stream(spark, broker, options, folder):
    from pyspark.errors import PySparkException
    epochs = []

    def keep(frame, number):
        rows = frame.selectExpr(*COLUMNS.split(", ")).collect()
        epochs.append((number, sorted(map(tuple, rows))))
    try:
        query = (reader(spark.readStream, broker, options).writeStream.trigger(availableNow=True)
                 .option("checkpointLocation", str(folder)).foreachBatch(keep).start())
        query.awaitTermination()
    except PySparkException:
        return "refused"
    return [(number, rows) for number, rows in epochs if rows]


def of_eagre_stream(folder, broker, options):
    (folder / "p.sql").write_text(f"""
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT {COLUMNS} FROM STREAM read_kafka({arguments(broker, options)});""")
    done = run("run", "p.sql", "--available-now", cwd=folder)
    if done.returncode != 0:
        assert "error: [" in done.stderr
        return "refused"
    epochs = {}
    for row in map(json.loads, done.stdout.splitlines()):
        epochs.setdefault(row["_batch_id"], []).append((row["topic"], row["partition"], row["offset"], row["value"]))
    return [(number, sorted(rows)) for number, rows in sorted(epochs.items())]


def test_streams(spark, filled, tmp_path):
    differing = {}
    for number, options in enumerate(STREAMS):
        folder = tmp_path / str(number)
        folder.mkdir()
        expected = of_spark_stream(spark, filled, options, folder / "spark")
        found = of_eagre_stream(folder, filled, options)
        if expected != found:
            differing[name_of(options)] = (expected, found)
    assert not differing


def test_headers(spark, filled, tmp_path):
    options = {"subscribe": "headed", "includeHeaders": "true"}
    sql = "to_json(struct(offset, transform(headers, h -> struct(h.key AS k, CAST(h.value AS STRING) AS v)) AS headers)) AS row"
    expected = sorted(row.row for row in reader(spark.read, filled, options).selectExpr(sql).collect())
    done = run("query", "--format", "json", f"SELECT {sql} FROM read_kafka({arguments(filled, options)})", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["row"] for line in done.stdout.splitlines()) == expected

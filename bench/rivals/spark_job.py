"""One workload as a Spark job on local[2], to the end of its topic.

    spark_job.py WORKLOAD BROKERS SOURCE TARGET CAMPAIGNS FOLDER

TARGET is a topic, for device-delta the path of a table; FOLDER gets the checkpoint. Epochs of a million records, so
that the price of an epoch is spread over many. device-live goes on until it is told to end, an epoch as soon as there
is data; device-live-real-time too, in real-time mode, which wants a core per partition.
"""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))  # for rig

from rig.spark_session import spark_session  # noqa: E402  the path has to be known first

RECORDS_PER_EPOCH = 1_000_000
PARTITION_COUNT = 4
STOP_LOOK_S = 1
REAL_TIME = "device-live-real-time"
YSB = ("user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time STRING, "
       "ip_address STRING")
DEVICE = "device STRING, ts {ts}, temp DOUBLE, status STRING, n BIGINT, site STRING, fw STRING"


def events(session, brokers, topic, schema, is_live=False):
    """A view `events` of the records of the topic, parsed."""
    reader = (session.readStream.format("kafka").option("kafka.bootstrap.servers", brokers).option("subscribe", topic)
              .option("startingOffsets", "earliest"))
    records = (reader if is_live else reader.option("maxOffsetsPerTrigger", RECORDS_PER_EPOCH)).load()
    parsed = records.selectExpr(f"from_json(CAST(value AS STRING), '{schema}') AS e")
    parsed.select("e.*").createOrReplaceTempView("events")


def ysb(session, brokers, source, campaigns):
    events(session, brokers, source, YSB)
    session.read.schema("ad_id STRING, campaign_id STRING").json(campaigns).createOrReplaceTempView("campaigns")
    views = session.sql("""
        SELECT /*+ BROADCAST(campaigns) */ campaign_id, timestamp_millis(CAST(event_time AS BIGINT)) AS ts
        FROM events JOIN campaigns USING (ad_id) WHERE event_type = 'view'""")
    views.withWatermark("ts", "70 seconds").createOrReplaceTempView("views")
    return session.sql("""
        SELECT campaign_id AS key, to_json(struct(campaign_id, unix_millis(window.start) AS start, n)) AS value
        FROM (SELECT campaign_id, window, count(*) AS n FROM views
              GROUP BY window(ts, '10 seconds'), campaign_id)"""), "append"


def words(session, brokers, source, _campaigns):
    events(session, brokers, source, "word STRING")
    return session.sql("""
        SELECT word AS key, to_json(struct(word, n)) AS value
        FROM (SELECT word, count(*) AS n FROM events GROUP BY word)"""), "update"


def device_kafka(session, brokers, source, _campaigns):
    events(session, brokers, source, DEVICE.format(ts="STRING"))
    return session.sql("SELECT to_json(struct(*)) AS value FROM events WHERE status = 'ok'"), "append"


def device_delta(session, brokers, source, _campaigns):
    events(session, brokers, source, DEVICE.format(ts="TIMESTAMP"))
    return session.sql("SELECT * FROM events"), "append"


def device_live(session, brokers, source, _campaigns):
    events(session, brokers, source, "us BIGINT, " + DEVICE.format(ts="STRING"), is_live=True)
    return session.sql("SELECT to_json(struct(*)) AS value FROM events"), "update"


QUERIES = {"ysb": ysb, "words": words, "device-kafka": device_kafka, "device-delta": device_delta,
           "device-live": device_live, REAL_TIME: device_live}
TRIGGERS = {"device-live": {"processingTime": "0 seconds"}, REAL_TIME: {"realTime": "1 minute"}}


def wait_for_end(query):
    """Until the query ends, or the process is told to: the handler may not talk to the JVM that the process talks to."""
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    while not told and not query.awaitTermination(STOP_LOOK_S):
        pass
    query.stop()


def main(workload, brokers, source, target, campaigns, folder):
    is_table = workload == "device-delta"
    with spark_session(kafka=True, delta=is_table, memory="3g", cores=PARTITION_COUNT if workload == REAL_TIME else 2,
                       **{"spark.sql.parquet.compression.codec": "zstd"}) as session:
        frame, mode = QUERIES[workload](session, brokers, source, campaigns)
        writer = frame.writeStream.outputMode(mode).trigger(**TRIGGERS.get(workload, {"availableNow": True}))
        writer = writer.option("checkpointLocation", f"{folder}/checkpoint")
        if is_table:
            query = writer.format("delta").start(target)
        else:
            writer = writer.format("kafka").option("kafka.bootstrap.servers", brokers).option("topic", target)
            query = (writer.option("kafka.linger.ms", 1) if workload in TRIGGERS else writer).start()
        wait_for_end(query)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The four workloads from a broker: what Eagre runs, and how what came out is verified.

  ysb           keep views, join their ads with the campaigns, count per campaign and 10 s -> Kafka
  words         count per word, update mode -> Kafka
  device-kafka  keep half of the events -> Kafka, each as JSON again
  device-delta  every event -> a Delta table, zstd
"""

from dataclasses import dataclass
from typing import Callable

import answers

SETTINGS = """
SET spark.sql.session.timeZone = 'UTC';
SET eagre.sink.commitIntervalMin = '0 seconds';
"""

SOURCE = """STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{source}', startingOffsets => 'earliest',
                         maxOffsetsPerTrigger => {records_per_epoch})"""

SINK = SETTINGS + """
CREATE SINK target USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{target}');
"""

YSB = SINK + """
CREATE TEMPORARY VIEW campaigns AS
SELECT * FROM read_files('{campaigns}', format => 'json', schema => 'ad_id STRING, campaign_id STRING');
CREATE TEMPORARY VIEW views AS
SELECT e.ad_id, timestamp_millis(CAST(e.event_time AS BIGINT)) AS ts
FROM (SELECT from_json(value::string, 'user_id STRING, page_id STRING, ad_id STRING, ad_type STRING,
             event_type STRING, event_time STRING, ip_address STRING') AS e FROM """ + SOURCE + """)
WHERE e.event_type = 'view';
CREATE FLOW flow OPTIONS ('outputMode' = 'append', 'checkpointLocation' = 'checkpoint') AS INSERT INTO target
SELECT campaign_id AS key, to_json(struct(campaign_id, unix_millis(window.start) AS start, n)) AS value
FROM (SELECT campaign_id, window, count(*) AS n
      FROM (SELECT c.campaign_id, v.ts FROM STREAM views AS v JOIN campaigns AS c ON v.ad_id = c.ad_id)
           WATERMARK ts DELAY OF INTERVAL 70 SECONDS
      GROUP BY window(ts, '10 seconds'), campaign_id);
"""

WORDS = SINK + """
CREATE FLOW flow OPTIONS ('outputMode' = 'update', 'checkpointLocation' = 'checkpoint') AS INSERT INTO target
SELECT word AS key, to_json(struct(word, count(*) AS n)) AS value
FROM (SELECT from_json(value::string, 'word STRING').word AS word FROM """ + SOURCE + """) GROUP BY word;
"""

DEVICE_KAFKA = SINK + """
CREATE FLOW flow OPTIONS ('outputMode' = 'append', 'checkpointLocation' = 'checkpoint') AS INSERT INTO target
SELECT to_json(e) AS value
FROM (SELECT from_json(value::string, 'device STRING, ts STRING, temp DOUBLE, status STRING, n BIGINT, site STRING,
             fw STRING') AS e FROM """ + SOURCE + """) WHERE e.status = 'ok';
"""

DEVICE_DELTA = SETTINGS + """
CREATE STREAMING TABLE target LOCATION 'table' TBLPROPERTIES ('eagre.checkpointLocation' = 'checkpoint')
AS SELECT e.* FROM (SELECT from_json(value::string, 'device STRING, ts TIMESTAMP, temp DOUBLE, status STRING,
                           n BIGINT, site STRING, fw STRING') AS e FROM """ + SOURCE + """);
"""


@dataclass(frozen=True)
class Place:
    """Where one run reads and writes."""

    brokers: str
    source: str
    target: str  # the topic; for device-delta the path of the table
    campaigns: str  # the file of the table that ysb joins
    expected: str  # the recount of the source


@dataclass(frozen=True)
class Workload:
    name: str
    shape: str  # of its events, as bench/load knows it
    pipeline: str
    bar: float  # CPU-s per million events, on librdkafka
    native_bar: float  # the same on the native client
    closing_count: int  # records per partition behind the events
    empty_epoch_count: int  # epochs without data at the end: they close windows
    writes_topic: bool
    verify: Callable  # (place, is_changelog)

    def sql(self, place, records_per_epoch, client=None):
        """The pipeline; `client` None leaves the choice of the Kafka client to Eagre."""
        choice = f"SET eagre.kafka.client = '{client}';" if client else ""
        return choice + self.pipeline.format(
            brokers=place.brokers, source=place.source, target=place.target, campaigns=place.campaigns,
            records_per_epoch=records_per_epoch)


def verify_ysb(place, is_changelog=False):
    expected = answers.windows_of_campaigns(place.expected, place.campaigns)
    answers.verify_windows(place.brokers, place.target, expected, is_changelog)


def verify_words(place, _is_changelog=False):
    answers.verify_words(place.brokers, place.target, answers.counts_of_words(place.expected))


def verify_device_kafka(place, _is_changelog=False):
    answers.verify_passed_on(place.brokers, place.target, answers.sums_of_devices(place.expected))


def verify_device_delta(place, _is_changelog=False):
    answers.verify_table(place.target, answers.sums_of_devices(place.expected))


WORKLOADS = {workload.name: workload for workload in (
    Workload("ysb", "ysb", YSB, 0.68, 0.15, 1, 1, True, verify_ysb),
    Workload("words", "words", WORDS, 0.38, 0.06, 0, 0, True, verify_words),
    Workload("device-kafka", "device", DEVICE_KAFKA, 0.70, 0.40, 0, 0, True, verify_device_kafka),
    Workload("device-delta", "device", DEVICE_DELTA, 0.65, 0.32, 0, 0, False, verify_device_delta),
)}

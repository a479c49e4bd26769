"""window-close and delta-visible: how old results are when somebody can see them, open loop.

  window-close   ysb at 400,000 events per second, count per campaign and second: from the end of a window to its rows in the target
                 topic. The watermark follows the slowest partition and has no delay: events of a partition are in order, so that none
                 is late
  delta-visible  device events into a Delta table: from when an event was due to the entry of the log that shows its row, against the
                 150 ms that are ours and the sync of the disk, timed in the same run
"""

import collections
import json
import os
import pathlib
import time

import duckdb

import answers
import engine
import kafka
import latency
import paced
import slopes
from figure import Figure
from paced import Load, add
from process import running, wait_until

CAMPAIGN_COUNT = 100
CORES = 2
WINDOW_BARS = {"p99": 20}  # ms
DELTA_RATES = (10_000, 100_000)
DELTA_BAR_MS = 150  # at p99, beside a sync of the disk
SYNC_COUNT = 200
SYNC_BYTES = 65536

WINDOWS = """
SET spark.sql.session.timeZone = 'UTC';
SET eagre.watermark.perPartition = true;
CREATE SINK target USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{target}');
CREATE TEMPORARY VIEW campaigns AS
SELECT * FROM read_files('{campaigns}', format => 'json', schema => 'ad_id STRING, campaign_id STRING');
CREATE TEMPORARY VIEW views AS
SELECT e.ad_id, timestamp_millis(CAST(e.event_time AS BIGINT)) AS ts
FROM (SELECT from_json(value::string, 'ad_id STRING, event_type STRING, event_time STRING') AS e
      FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{source}', startingOffsets => 'earliest'))
WHERE e.event_type = 'view';
CREATE FLOW flow OPTIONS ('outputMode' = 'append', 'trigger' = 'continuous 1 second', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO target
SELECT campaign_id AS key, to_json(struct(unix_micros(window.end) AS us, campaign_id, n)) AS value
FROM (SELECT campaign_id, window, count(*) AS n
      FROM (SELECT c.campaign_id, v.ts FROM STREAM views AS v JOIN campaigns AS c ON v.ad_id = c.ad_id)
           WATERMARK ts DELAY OF INTERVAL 0 SECONDS
      GROUP BY window(ts, '1 second'), campaign_id);
"""

TABLE = """
SET spark.sql.session.timeZone = 'UTC';
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE target LOCATION 'table' TBLPROPERTIES ('eagre.checkpointLocation' = 'checkpoint')
AS SELECT e.* FROM (SELECT from_json(value::string, 'us BIGINT, device STRING, ts TIMESTAMP, temp DOUBLE, status STRING,
                           n BIGINT, site STRING, fw STRING') AS e
                    FROM STREAM read_kafka(bootstrapServers => '{brokers}', subscribe => '{source}',
                                           startingOffsets => 'earliest'));
"""

AGES = """
SELECT count(*), quantile_disc(seen.us - event.us, [0.5, 0.99, 0.999])
FROM read_parquet($files, filename = true) AS event JOIN seen ON seen.file = event.filename
WHERE event.us >= $from_us AND event.us < $until_us
"""


# ---- Windows -----------------------------------------------------------------------------------------


def verify_windows(broker, target, load, begin_us, views_per_second):
    """Every window that counts came out, each campaign of it once, and has all of its views."""
    counts = collections.Counter()
    keys = set()
    from_us, until_us = load.span(begin_us)
    for row in map(json.loads, answers.read_topic(broker.address, target)):
        key = row["us"], row["campaign_id"]
        if key in keys:
            raise answers.WrongResult(f"window {key} came out twice")
        keys.add(key)
        if from_us <= row["us"] < until_us:
            counts[row["us"]] += row["n"]
    ends = range(from_us, until_us, 1_000_000)
    answers.compare("windows", {end: views_per_second for end in ends}, counts)


def observe_windows(broker, folder, campaigns, load):
    with kafka.new_topics(broker, "in", "out", fleeting=["in"]) as (source, target):
        pipeline = WINDOWS.format(brokers=broker.address, source=source, target=target, campaigns=campaigns)
        command = engine.prepare(folder, pipeline, CORES)
        with running(command, cwd=folder) as process:
            wait_until(process, (folder / "checkpoint/metadata").exists)
            begin_us = load.begin()
            seen, sent = paced.observe(broker, source, target, load, begin_us)
        paced.verify_count(seen, load.counted_s * CAMPAIGN_COUNT)
        verify_windows(broker, target, load, begin_us, sent["views_per_second"])
    return seen


def window_close(folder, settings):
    load = Load("ysb", settings.window_rate, settings.latency_seconds, settings.latency_warm_up)
    figures = {}
    campaigns = slopes.write_campaigns(folder)
    with kafka.broker() as broker:
        observe_windows(broker, folder / "run", campaigns, load)  # as latency's warm_up
        for _ in range(settings.repetitions):
            add(figures, "window-close", observe_windows(broker, folder / "run", campaigns, load), bars=WINDOW_BARS)
    return list(figures.values())


# ---- A table -----------------------------------------------------------------------------------------


def time_sync(folder):
    """ms that the disk takes for a sync, at the 99th percentile."""
    path = folder / "sync"
    samples = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(SYNC_COUNT):
            file.write(bytes(SYNC_BYTES))
            begin_s = time.monotonic()
            os.fsync(file.fileno())
            samples.append((time.monotonic() - begin_s) * 1e3)
    path.unlink()
    return sorted(samples)[int(0.99 * SYNC_COUNT)]


def visible_since(table):
    """(file, us) of every data file: when its entry of the log got its name."""
    for entry in sorted((table / "_delta_log").glob("*.json")):
        seen_us = entry.stat().st_ctime_ns // 1000
        for action in map(json.loads, entry.read_text().splitlines()):
            if "add" in action:
                yield str(table / action["add"]["path"]), seen_us


def measure_ages(table, load, begin_us):
    """Percentiles in us, of every event that counts."""
    seen = list(visible_since(table))
    from_us, until_us = load.span(begin_us)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE seen(file VARCHAR, us BIGINT)")
        connection.executemany("INSERT INTO seen VALUES (?, ?)", seen)
        count, quantiles = connection.execute(AGES, {"files": [file for file, _ in seen], "from_us": from_us,
                                                     "until_us": until_us}).fetchone()
    if count != load.rate * load.counted_s:
        raise answers.WrongResult(f"{count} of {load.rate * load.counted_s} events are in the table")
    return dict(zip(paced.PERCENTILES, quantiles))


def observe_table(broker, folder, load):
    with kafka.new_topics(broker, "in", fleeting=["in"]) as (source,):
        command = engine.prepare(folder, TABLE.format(brokers=broker.address, source=source), CORES)
        with running(command, cwd=folder) as process:
            wait_until(process, (folder / "checkpoint/metadata").exists)
            begin_us = load.begin()
            paced.send(broker, source, load, begin_us)
            time.sleep(paced.DRAIN_S)
    return measure_ages(folder / "table", load, begin_us)


def delta_visible(folder, settings):
    folder = pathlib.Path(folder)
    figures = {}
    with kafka.broker() as broker:
        load = Load("device", DELTA_RATES[0], settings.latency_seconds, settings.latency_warm_up)
        latency.observe_floor(broker, load)  # as latency's warm_up
        for rate in DELTA_RATES:
            load = Load("device", rate, settings.latency_seconds, settings.latency_warm_up)
            name = f"delta-visible, {rate // 1000} k/s"
            for _ in range(settings.repetitions):
                sync_ms = time_sync(folder)
                seen = observe_table(broker, folder / "run", load)
                figures.setdefault("sync", Figure("delta-visible: a sync of the disk, p99", "ms")).samples.append(sync_ms)
                add(figures, name, seen)
                label = f"{name}: p99 without a sync"
                figures.setdefault(label, Figure(label, "ms", bar=DELTA_BAR_MS)).samples.append(
                    seen["p99"] / 1000 - sync_ms)
    return list(figures.values())

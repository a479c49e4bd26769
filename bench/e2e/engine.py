"""Runs of `eagre run` over ysb events, each verified: the rows, their values, the number of checkpoints.

The query is ysb without its join: keep views, count per ad_id and 10 s, into a Delta table. The watermark is later
than the latest event, so nothing is dropped, and a closing event ends all windows.
"""

import pathlib
import shutil
import time

from deltalake import DeltaTable

import answers
import place
from process import cpu_seconds, measure, running, wait_until

SETTLE_SECONDS = 2  # after the first epoch

MEMBERS = ("user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time STRING, "
           "ip_address STRING")

PIPELINE = """
SET spark.sql.session.timeZone = 'UTC';
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE STREAMING TABLE counts AS
SELECT window.start AS start, ad_id, count(*) AS n
FROM (SELECT ad_id, event_type, timestamp_millis(CAST(event_time AS BIGINT)) AS ts FROM ({source}))
     WATERMARK ts DELAY OF INTERVAL 70 SECONDS
WHERE event_type = 'view'
GROUP BY window(ts, '10 seconds'), ad_id;
"""

FILES = f"SELECT * FROM STREAM read_files('{{path}}', format => 'json', schema => '{MEMBERS}'{{limit}})"

KAFKA = f"""SELECT e.ad_id, e.event_type, e.event_time
FROM (SELECT from_json(value::string, '{MEMBERS}') AS e
      FROM STREAM read_kafka(bootstrapServers => '{{brokers}}', subscribe => '{{topic}}',
                             startingOffsets => 'earliest'{{limit}}))"""


def from_files(path, files_per_epoch=None):
    limit = f", maxFilesPerTrigger => {files_per_epoch}" if files_per_epoch else ""
    return PIPELINE.format(source=FILES.format(path=path, limit=limit))


def from_kafka(brokers, topic, records_per_epoch=None):
    limit = f", maxOffsetsPerTrigger => {records_per_epoch}" if records_per_epoch else ""
    return PIPELINE.format(source=KAFKA.format(brokers=brokers, topic=topic, limit=limit))


CHECKPOINT = pathlib.Path("eagre-data/checkpoints/counts")


def prepare(folder, pipeline, cores):
    """A new folder with the pipeline; the command that runs it there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pipeline.sql").write_text(pipeline)
    return [place.eagre(), "run", "pipeline.sql", "--cores", str(cores), "--progress", "none"]


def run(folder, pipeline, cores=1, cpu=None):
    """Runs the pipeline in a new folder until everything that is there is worked off; on that CPU alone, if given."""
    command = prepare(folder, pipeline, cores)
    place_of_its_own = [] if cpu is None else ["taskset", "--cpu-list", cpu]
    return measure([*place_of_its_own, *command, "--available-now"], cwd=folder, environment={"TZ": "UTC"})


def idle(folder, pipeline, cores, seconds):
    """CPU and wall time of `seconds` in which the pipeline, whose source is empty, waits."""
    command = prepare(folder, pipeline, cores)
    with running(command, cwd=folder) as process:
        wait_until(process, (folder / CHECKPOINT / "commits/0").exists)
        time.sleep(SETTLE_SECONDS)
        begin_s, begin_cpu_s = time.monotonic(), cpu_seconds(process.pid)
        time.sleep(seconds)
        return cpu_seconds(process.pid) - begin_cpu_s, time.monotonic() - begin_s


def verify(folder, expected_path, data_epoch_count):
    """Every counted window is in the table, once, with its count, and nothing else; the checkpoint has the epochs of
    the data and the one without data that closed the windows, one after the other."""
    expected = answers.windows_of_ads(expected_path)
    table = DeltaTable(str(pathlib.Path(folder) / "eagre-data/tables/counts")).to_pyarrow_table()
    starts = [int(value.timestamp() * 1000) for value in table.column("start").to_pylist()]
    keys = list(zip(table.column("ad_id").to_pylist(), starts))
    found = dict(zip(keys, table.column("n").to_pylist()))
    if len(found) != len(keys):
        raise answers.WrongResult(f"{len(keys) - len(found)} windows are in the table twice")
    answers.compare("windows", expected, found)
    answers.verify_checkpoints(pathlib.Path(folder) / CHECKPOINT, data_epoch_count + 1)
    return len(expected)

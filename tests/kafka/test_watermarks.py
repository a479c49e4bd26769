"""Watermarks of a topic whose partitions are not equally far (eagre.watermark.*)."""

import json

import pytest

from flow import Flow

WINDOWS = """
{settings}
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT date_format(window.start, 'mm:ss') AS s, count(*) AS n
FROM (SELECT partition, CAST(CAST(value AS STRING) AS TIMESTAMP) AS ts FROM STREAM read_kafka({options}))
     WATERMARK ts DELAY OF INTERVAL 0 SECONDS
GROUP BY window(ts, '10 seconds');
"""
PER_PARTITION = "SET eagre.watermark.perPartition = true;"


class Windows(Flow):
    """Counts by windows of ten seconds, to the end of the topic."""

    def __init__(self, folder, broker, settings, **options):
        super().__init__(folder, broker, **options)
        self.settings = settings

    def write(self, **more):
        options = ", ".join(f"`{name}` => '{value}'" for name, value in {**self.options, **more}.items())
        (self.folder / "flow.sql").write_text(WINDOWS.format(settings=self.settings, options=options))

    def windows(self, *arguments):
        """What came out, and how many groups were late."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        reports = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{"id"')]
        late = sum(state["numRowsDroppedByWatermark"] for report in reports for state in report["stateOperators"])
        return sorted((row["s"], row["n"]) for row in map(json.loads, done.stdout.splitlines())), late


def at(*seconds):
    return [(None, f"2025-01-01 00:{second // 60:02}:{second % 60:02}".encode()) for second in seconds]


def send(broker, topic, fast, slow):
    broker.produce(topic, at(*fast), partition=0)
    broker.produce(topic, at(*slow), partition=1)


@pytest.mark.parametrize("settings, expected", [
    (PER_PARTITION, [([], 0), ([("00:00", 2)], 0), ([("00:10", 1), ("00:20", 1)], 0)]),
    ("", [([("00:00", 1), ("01:00", 1)], 0), ([("01:10", 2)], 2), ([("01:20", 1)], 2)]),
])
def test_a_partition_that_lags_behind(broker, topic, tmp_path, settings, expected):
    broker.create_topic(topic, partitions=2)
    flow = Windows(tmp_path, broker, settings, subscribe=topic)
    answers = []
    for number, (fast, slow) in enumerate((([60, 70], [1]), ([71, 80], [9, 12]), ([90], [22, 31]))):
        send(broker, topic, fast, slow)
        answers.append(flow.windows("--cores", str(1 + number % 2)))
    assert answers == expected


def test_a_partition_that_stops(broker, topic, tmp_path):
    """Two epochs are more than a millisecond apart, however fast the machine is: what stopped is idle at once."""
    broker.create_topic(topic, partitions=2)
    settings = PER_PARTITION + "SET eagre.watermark.idleTimeout = '1 millisecond';"
    flow = Windows(tmp_path, broker, settings, subscribe=topic)
    send(broker, topic, [60, 70], [1])
    flow.windows()
    send(broker, topic, [80], [])
    assert flow.windows() == ([("00:00", 1), ("01:00", 1), ("01:10", 1)], 0)

"""Watermarks that follow partitions, and rows from the future: eagre.watermark.*."""

import json

import pytest
from program import run

FAST = '{{"k":"fast","ts":"2025-01-01T00:00:{:02}Z"}}\n'
SLOW = '{{"k":"slow","ts":"2025-01-01T00:00:{:02}Z"}}\n'


def pipeline(tmp_path, settings):
    def source(name):
        return (f"STREAM read_files('{tmp_path}/{name}', format => 'json', schema => 'k STRING, ts TIMESTAMP', "
                "maxFilesPerTrigger => 1)")
    return f"""{settings}
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = '{tmp_path}/c') AS INSERT INTO out
SELECT window.start AS s, k, count(*) AS n
FROM (SELECT * FROM {source('fast')} UNION ALL SELECT * FROM {source('slow')}) WATERMARK ts DELAY OF INTERVAL 0 SECONDS
GROUP BY window(ts, '10 seconds'), k;
"""


def write(directory, number, *lines):
    directory.mkdir(exist_ok=True)
    path = directory / f"{number}.json"
    path.write_text("".join(lines))


def run_flow(tmp_path, settings, cores=1):
    (tmp_path / "f.sql").write_text(pipeline(tmp_path, settings))
    process = run("run", "f.sql", "--cores", cores, "--progress", "json", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    reports = [json.loads(line) for line in process.stderr.splitlines() if line.startswith('{"id"')]
    rows = [json.loads(line) for line in process.stdout.splitlines()]
    return rows, [report for report in reports if "addBatch" in report["durationMs"]]


def marks(reports):
    return [report["eventTime"]["watermark"][14:19] for report in reports]


def late(reports):
    return sum(state["numRowsDroppedByWatermark"] for report in reports for state in report["stateOperators"])


def write_two_speeds(tmp_path):
    """The second source is half a minute behind the first."""
    for number in range(3):
        write(tmp_path / "fast", number, FAST.format(30 + 10 * number))
        write(tmp_path / "slow", number, SLOW.format(1 + 10 * number), SLOW.format(9 + 10 * number))


@pytest.mark.parametrize("cores", [1, 2])
def test_the_slower_source_is_not_late(tmp_path, cores):
    write_two_speeds(tmp_path)
    rows, reports = run_flow(tmp_path, "SET eagre.watermark.perPartition = true;", cores)
    assert late(reports) == 0
    assert marks(reports)[:3] == ["00:00", "00:09", "00:19"]
    assert [row["n"] for row in rows if row["k"] == "slow"] == [2, 2]


def test_without_the_setting_it_is(tmp_path):
    write_two_speeds(tmp_path)
    _, reports = run_flow(tmp_path, "")
    assert late(reports) == 1


def test_partitions_are_known_after_a_restart_with_other_cores(tmp_path):
    write(tmp_path / "fast", 0, FAST.format(40))
    write(tmp_path / "slow", 0, SLOW.format(5))
    run_flow(tmp_path, "SET eagre.watermark.perPartition = true;", 2)
    write(tmp_path / "fast", 1, FAST.format(50))
    _, reports = run_flow(tmp_path, "SET eagre.watermark.perPartition = true;", 1)
    assert marks(reports) == ["00:05"]
    write(tmp_path / "slow", 1, SLOW.format(25))
    _, reports = run_flow(tmp_path, "SET eagre.watermark.perPartition = true;", 2)
    assert marks(reports) == ["00:05", "00:25"]
    assert late(reports) == 0


def test_the_checkpoint_tells_which_partition_lags(tmp_path):
    write(tmp_path / "fast", 0, FAST.format(40))
    write(tmp_path / "slow", 0, SLOW.format(5))
    run_flow(tmp_path, "SET eagre.watermark.perPartition = true;")
    shown = run("checkpoint", "show", "c", cwd=tmp_path).stdout
    assert "watermark 0, source 0: 2025-01-01T00:00:40.000Z" in shown
    assert "watermark 0, source 1: 2025-01-01T00:00:05.000Z" in shown
    partitions = json.loads(run("checkpoint", "show", "c", "--format", "json", cwd=tmp_path).stdout)["prepared"]["partitions"]
    assert {(each["source"], each["watermarkMs"] % 60000) for each in partitions if each["source"] is not None} == {
        (0, 40000), (1, 5000)}


def test_a_clock_that_runs_ahead_makes_no_row_late(tmp_path):
    write(tmp_path / "fast", 0, FAST.format(10), '{"k":"ahead","ts":"2999-01-01T00:00:00Z"}\n')
    write(tmp_path / "slow", 0, SLOW.format(5))
    write(tmp_path / "fast", 1, FAST.format(30))
    write(tmp_path / "slow", 1, SLOW.format(31))
    rows, reports = run_flow(tmp_path, "SET eagre.watermark.maxFuture = '5 minutes';")
    assert marks(reports) == ["00:00", "00:10", "00:31"]
    assert late(reports) == 0
    assert [report["eventTime"].get("rowsBeyondMaxFuture") for report in reports] == ["1", None, None]
    assert sorted((row["k"], row["n"]) for row in rows) == [("fast", 1), ("slow", 1)]


def test_the_settings_of_a_flow_are_its_own(tmp_path):
    write_two_speeds(tmp_path)
    text = pipeline(tmp_path, "").replace("OPTIONS ('trigger'", "OPTIONS ('eagre.watermark.perPartition' = 'true', 'trigger'")
    (tmp_path / "f.sql").write_text(text)
    process = run("explain", "f.sql", cwd=tmp_path)
    assert "Watermark: ts, delay 0 ms, per partition" in process.stdout


@pytest.mark.parametrize("setting", ["eagre.watermark.perPartition = true", "eagre.watermark.maxFuture = '1 hour'"])
def test_spark_has_nothing_like_it(tmp_path, setting):
    (tmp_path / "f.sql").write_text(pipeline(tmp_path, f"SET {setting};"))
    process = run("export", "f.sql", "--to", "spark", cwd=tmp_path)
    assert process.returncode == 2
    assert "UNSUPPORTED_FEATURE.EXPORT_TO_SPARK" in process.stderr and "eagre.watermark" in process.stderr


@pytest.mark.parametrize("settings, sentence", [
    ("SET eagre.watermark.idleTimeout = '30 seconds';", "means nothing without eagre.watermark.perPartition"),
    ("SET eagre.watermark.perPartition = true; SET eagre.watermark.idleTimeout = '0 seconds';", "less than a millisecond"),
])
def test_settings_without_sense_are_refused(tmp_path, settings, sentence):
    (tmp_path / "f.sql").write_text(pipeline(tmp_path, settings))
    process = run("validate", "f.sql", cwd=tmp_path)
    assert process.returncode == 2
    assert "INVALID_SETTING.WATERMARK" in process.stderr and sentence in process.stderr
    assert "f.sql:1:" in process.stderr

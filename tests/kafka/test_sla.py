"""`eagre sla`: a limit that is kept, one that is not, numbers that make no sense. The cluster is librdkafka's small one
inside this process."""

import re
import subprocess

import pytest

from flow import program
from test_continuous import WAIT_SECONDS, Cluster, source

KAFKA_SINK = "CREATE SINK out USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = 'out');"
QUERIES = {
    "stateless": ("append", "SELECT upper(CAST(value AS STRING)) AS value FROM {source}"),
    "counts": ("update", "SELECT CAST(count(*) AS STRING) AS value FROM {source} GROUP BY partition"),
}


@pytest.fixture
def cluster():
    return Cluster()


def measure(folder, cluster, *options, query="stateless", sink=KAFKA_SINK, starts="earliest"):
    mode, select = QUERIES[query]
    select = select.format(source=source(cluster).replace("earliest", starts))
    (folder / "flow.sql").write_text(
        sink.format(brokers=cluster.address) +
        "CREATE FLOW f OPTIONS ('checkpointLocation' = 'c', 'trigger' = 'continuous 100 milliseconds', "
        f"'outputMode' = '{mode}') AS INSERT INTO out {select};")
    return subprocess.run([program(), "sla", "flow.sql", "--brokers", cluster.address, "--topic", "in", "--partitions",
                           "4", "--cores", "2", *options], cwd=folder, capture_output=True, text=True,
                          timeout=WAIT_SECONDS, check=False)


SHORT = ("--rate", "300", "--duration", "2", "--warm-up", "0.5")


@pytest.mark.parametrize("query", QUERIES)
def test_a_limit_that_is_kept(tmp_path, cluster, query):
    done = measure(tmp_path, cluster, *SHORT, "--limit", "60000", query=query)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    sent, counted = re.fullmatch(r"records  (\d+) at 300 per second, (\d+) counted", lines[0]).groups()
    assert int(sent) == 600
    assert 0 < int(counted) < 600  # not those of the warm-up
    percentiles = r" p50 \d+\.\d ms  p90 \d+\.\d ms  p99 \d+\.\d ms  p99\.9 \d+\.\d ms  max (\d+\.\d) ms"
    assert re.fullmatch("latency " + percentiles, lines[1])
    floor_max = re.fullmatch("floor   " + percentiles, lines[2]).group(1)
    assert float(floor_max) > 0  # it has read some
    assert re.fullmatch(r"p99 \d+\.\d ms, limit 60000\.0 ms: met", lines[-1])


def test_a_flow_that_starts_at_the_latest_record_misses_none(tmp_path, cluster):
    done = measure(tmp_path, cluster, *SHORT, "--limit", "60000", starts="latest")
    assert done.returncode == 0, done.stderr


def test_a_limit_that_is_not_kept(tmp_path, cluster):
    done = measure(tmp_path, cluster, *SHORT, "--limit", "0.001", "--percentile", "50")
    assert done.returncode == 6, done.stderr
    assert done.stdout.splitlines()[-1].endswith("limit 0.0 ms: not met")
    assert "[SLA_NOT_MET] The latency at p50 is " in done.stderr


def test_a_table_counts_from_its_commit(tmp_path, cluster):
    """No row of a file is seen before its epoch closes, so the latency follows the interval."""
    sink = f"CREATE SINK out USING json OPTIONS ('path' = '{tmp_path}/out');"
    done = measure(tmp_path, cluster, *SHORT, "--limit", "60000", sink=sink)
    assert done.returncode == 0, done.stderr
    p90_ms = float(re.search(r"p90 (\d+\.\d) ms", done.stdout).group(1))
    assert p90_ms > 20  # records of the first half of 100 ms wait for its end


@pytest.mark.parametrize(("options", "message"), [
    (("--rate", "10"), "[REQUIRED_PARAMETER_NOT_FOUND] --limit is needed"),
    (("--limit", "10"), "[REQUIRED_PARAMETER_NOT_FOUND] --rate is needed"),
    (("--rate", "10", "--limit", "5", "--percentile", "101"), "[INVALID_SLA] A percentile is above 0"),
    (("--rate", "10", "--limit", "5", "--duration", "3", "--warm-up", "3"), "[INVALID_SLA] The warm-up (3 s)"),
    (("--rate", "10", "--limit", "5", "--workload", "device2"), "[UNKNOWN_WORKLOAD]"),
    (("--rate", "0", "--limit", "5"), "'0' is no positive number"),
])
def test_numbers_that_make_no_sense(tmp_path, cluster, options, message):
    done = measure(tmp_path, cluster, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (tmp_path / "c").exists()

"""`eagre export --to spark` with Kafka and Delta: the exported program gives the table that Eagre gives, and a stateless
one goes on from Eagre's checkpoint."""

import os

import pytest
from deltalake import DeltaTable

from program import run

PIPELINE = """
SET eagre.sink.commitIntervalMin = '0 seconds';
CREATE TEMPORARY VIEW orders AS
SELECT o.* FROM (SELECT from_json(value::string, 'region STRING, cents BIGINT, status STRING, ts TIMESTAMP') AS o
                 FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => '${topic}',
                                        startingOffsets => 'earliest', maxOffsetsPerTrigger => 700));
CREATE STREAMING TABLE per_minute
AS SELECT window.start AS minute, region, count(*) AS orders, sum(cents) AS cents
   FROM STREAM orders WATERMARK ts DELAY OF INTERVAL 10 SECONDS WHERE status = 'paid'
   GROUP BY window(ts, '1 minute'), region;
CREATE STREAMING TABLE paid (region STRING, cents BIGINT)
AS SELECT cents, region FROM STREAM orders WHERE status = 'paid';
"""


class Site:
    def __init__(self, folder, broker, topic):
        self.folder = folder
        self.arguments = ["p.sql", "--define", f"brokers={broker.address}", "--define", f"topic={topic}",
                          "--available-now"]
        self.generate = ["generate", "orders", "--brokers", broker.address, "--topic", topic, "--partitions", "2"]
        (folder / "p.sql").write_text(PIPELINE)
        broker.create_topic(topic, partitions=2)

    def produce(self, count):
        done = run(*self.generate, "--count", str(count), cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def run_eagre(self, storage, *flows):
        first, *rest = self.arguments
        done = run("run", first, *flows, *rest, "--storage", storage, cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def export(self, storage, source="p.sql"):
        done = run("export", source, *self.arguments[1:], "--to", "spark", "--storage", storage, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, storage, table):
        rows = DeltaTable(self.folder / storage / "tables" / table).to_pyarrow_table().to_pylist()
        return sorted(tuple(row.items()) for row in rows)


@pytest.fixture
def site(tmp_path, broker, request, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the exported program's relative paths lie
    return Site(tmp_path, broker, request.node.name.replace("_", "-"))


def test_two_engines_one_file(site, spark):
    site.produce(3000)
    site.run_eagre("ours")
    exec(compile(site.export(os.path.abspath("theirs")), "exported.py", "exec"), {})
    for table in ("per_minute", "paid"):
        assert site.rows("ours", table), table
        assert site.rows("theirs", table) == site.rows("ours", table)


def test_a_stateless_flow_moves_to_spark_with_its_checkpoint(site, spark):
    paid_only = PIPELINE.replace(PIPELINE[PIPELINE.index("CREATE STREAMING TABLE per_minute"):
                                          PIPELINE.index("CREATE STREAMING TABLE paid")], "")
    (site.folder / "paid.sql").write_text(paid_only)
    site.produce(2000)
    site.run_eagre("ours", "paid")
    before = len(site.rows("ours", "paid"))
    site.produce(1000)
    exec(compile(site.export(os.path.abspath("ours"), "paid.sql"), "exported.py", "exec"), {})
    site.run_eagre("all", "paid")
    assert len(site.rows("ours", "paid")) > before
    assert site.rows("ours", "paid") == site.rows("all", "paid")

"""Numbered rows of which some are broken, from a topic to a Delta table, a directory of Parquet files, a topic by transactions
and dead letters, all of one flow; and windowed sums to a table and a topic of another.
"""

import json

from numbered import WINDOW_SECONDS, compare_rows, manifest_files, stamp
from numbered_topic import BEGIN_SECONDS, DELAY_SECONDS, OFFSETS_PER_EPOCH, VIEW, NumberedTopic
from transactional_topic import TransactionalSite

BROKEN = "broken "

PIPELINE = """
SET spark.sql.streaming.minBatchesToRetain = 3;
SET eagre.sink.commitIntervalMin = '0 seconds';
""" + VIEW + """CREATE STREAMING TABLE raw_table (source INT, p INT, n BIGINT, value STRING) LOCATION 'eagre-data/tables/raw_table';
CREATE SINK raw_files USING parquet OPTIONS ('path' = 'eagre-data/tables/raw_files');
CREATE SINK raw_topic USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{topic}-raw', 'delivery' = 'exactly-once');
CREATE STREAMING TABLE failed LOCATION 'eagre-data/tables/failed';
CREATE STREAMING TABLE counts_table LOCATION 'eagre-data/tables/counts_table';
CREATE SINK counts_topic USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{topic}-counts',
                                              'delivery' = 'exactly-once');
CREATE STREAMING TABLE counts_failed LOCATION 'eagre-data/tables/counts_failed';
CREATE FLOW raw OPTIONS ('deadLetter' = 'failed') AS INSERT INTO raw_table, raw_files, raw_topic
SELECT partition AS source, p, n, to_json(struct(partition AS source, p, n)) AS value FROM STREAM src;
CREATE FLOW counts OPTIONS ('deadLetter' = 'counts_failed') AS INSERT INTO counts_table, counts_topic
SELECT start, p, rows, total, to_json(struct(*)) AS value
FROM (SELECT window.start AS start, p, count(*) AS rows, sum(n) AS total FROM STREAM src GROUP BY window(ts, '10 seconds'), p);
"""


def is_broken(n):
    return n % 7 == 3


class BrokenTopic(NumberedTopic):
    """Every seventh record is no JSON; what it was can still be seen."""

    def make_value(self, p, n):
        value = super().make_value(p, n)
        return BROKEN + value if is_broken(n) else value


class EverySinkSite(TransactionalSite):
    def __init__(self, folder, broker, topic, brokers=None):
        super().__init__(folder, broker, topic, BrokenTopic, brokers)
        (folder / "pipeline.sql").write_text(PIPELINE.format(brokers=brokers or broker.address, topic=topic, limit=OFFSETS_PER_EPOCH,
                                                             delay=DELAY_SECONDS))

    def delta(self, name):
        from deltalake import DeltaTable

        return DeltaTable(str(self.folder / "eagre-data/tables" / name)).to_pyarrow_table().to_pylist()

    def files(self, name):
        import pyarrow.parquet

        directory = self.folder / "eagre-data/tables" / name
        files = manifest_files(directory)
        assert set(files) == set(directory.rglob("part-*"))
        return [row for path in files for row in pyarrow.parquet.read_table(path).to_pylist()]

    def numbers(self, broken=False):
        return [row for row in super().numbers() if is_broken(row[2]) == broken]

    def check(self):
        self.check_raw()
        expected = self.closed_windows()
        for rows in (self.delta("counts_table"), self.table("counts")):
            compare_rows(sorted((row["p"], row["start"].timestamp(), row["rows"], row["total"]) for row in rows), expected)
        self.check_letters("counts_failed")

    def check_raw(self):
        """Every good number once in each of three sinks, every broken one once among the dead letters."""
        for rows in (self.delta("raw_table"), self.files("raw_files"), self.table("raw")):
            compare_rows(sorted((row["source"], row["p"], row["n"]) for row in rows), self.numbers())
        self.check_letters("failed")

    def check_letters(self, name):
        rows = self.delta(name)
        values = [json.loads(row["value"].decode().removeprefix(BROKEN)) for row in rows]
        compare_rows(sorted((row["partition"], value["p"], value["n"]) for row, value in zip(rows, values)),
                     self.numbers(broken=True))
        assert {row["class"] for row in rows} == {"MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION"}
        assert len({(row["partition"], row["offset"]) for row in rows}) == len(rows)
        assert all(value["ts"] == stamp(value["n"]) for value in values)

    def closed_windows(self):
        """Of the good numbers, those that end at or below the last watermark."""
        last = max(n for n in range(self.topic.end) if not is_broken(n))
        begins = range(0, (last - DELAY_SECONDS) // WINDOW_SECONDS * WINDOW_SECONDS, WINDOW_SECONDS)
        assert len(begins) > 0, "too few rows to close a window"
        good = {begin: [n for n in range(begin, begin + WINDOW_SECONDS) if not is_broken(n)] for begin in begins}
        return [(p, float(BEGIN_SECONDS + begin), len(good[begin]), sum(good[begin]))
                for p, first in enumerate(self.topic.begins) for begin in begins if begin >= first]

"""Wrong SQL and Spark's answers to it: its error conditions, or that it takes the statement.

`refusals/*.sql` hold one query per line; blank lines and lines that begin with `#` are for the reader.
Lines that begin with CREATE make the views that all queries of the file read; a line

    STREAM name (columns) [WATERMARK column DELAY OF interval]

makes a streaming one. A query behind `append:`, `update:` or `complete:` is a flow in that output mode, others
are batch queries. `«` stands where the caret of Eagre's message begins; without it the message has no place.

`refusals/expected/<file>.json` maps each query, without its mark, to either

    {"classes": [...], "phase": ...}    as the `error` of a fixture
    {"accepted": true}
"""

import dataclasses
import hashlib
import pathlib
import re
import tempfile

from oracle import answers
from oracle.case import quote

DIRECTORY = pathlib.Path(__file__).parent / "refusals"
EXPECTED = DIRECTORY / "expected"
MODES = ("append", "update", "complete")
MARK = "«"
SETTLE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Query:
    line: str

    @property
    def key(self):
        return self.line.replace(MARK, "")

    @property
    def mode(self):
        """The output mode of a flow, None for a batch query."""
        head = self.line.partition(":")[0]
        return head if head in MODES else None

    @property
    def marked(self):
        return self.line.partition(":")[2].strip() if self.mode else self.line

    @property
    def sql(self):
        return self.marked.replace(MARK, "")


@dataclasses.dataclass(frozen=True)
class File:
    """One file: its views, (name, columns, watermark clause) of its streams, its queries."""
    name: str
    views: list
    streams: list
    queries: list

    def with_stream(self, sql):
        """`sql` with STREAM in front of the streams it reads, as Eagre wants it."""
        names = "|".join(name for name, _, _ in self.streams)
        return re.sub(rf"\b(FROM|JOIN)\s+({names})\b", r"\1 STREAM \2", sql) if names else sql


def sources():
    return sorted(DIRECTORY.glob("*.sql"))


def load(source):
    """One file; a query that stands twice is an error."""
    lines = [line.strip() for line in source.read_text().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    views = [line for line in lines if line.startswith("CREATE ")]
    streams = [line for line in lines if line.startswith("STREAM ")]
    queries = [Query(line) for line in lines if line not in views and line not in streams]
    keys = [query.key for query in queries]
    if len(set(keys)) != len(keys):
        raise ValueError(f"repeated: {sorted({key for key in keys if keys.count(key) > 1})}")
    return File(source.stem, views, [read_stream(line) for line in streams], queries)


def read_stream(line):
    name, columns, watermark = re.fullmatch(r"STREAM (\w+) \((.*?)\)( WATERMARK .*)?", line).groups()
    return name, columns, watermark or ""


def answers_of(source):
    return EXPECTED / f"{source.stem}.json"


def sha256(source):
    """Over everything but the marks."""
    return hashlib.sha256(source.read_text().replace(MARK, "").encode()).hexdigest()


def is_stale(source):
    return answers.is_stale(answers_of(source), sha256(source))


def load_answers(source):
    """Spark's answers by query; none when they were never recorded."""
    return answers.read(answers_of(source))


def record(session, source):
    """Asks Spark about one file and writes its answers, one a line."""
    answers.write(answers_of(source), session, sha256(source), answer_all(session, source))


def answer_all(session, source):
    """Spark's answers to one file, by query."""
    file = load(source)
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as scratch:
        for view in file.views:
            session.sql(view.replace("CREATE TEMPORARY", "CREATE OR REPLACE TEMPORARY", 1))
        for name, columns, watermark in file.streams:
            frame = session.readStream.schema(columns).json(scratch)
            frame.createOrReplaceTempView(f"{name}_files")
            session.sql(f"SELECT * FROM {name}_files{watermark}").createOrReplaceTempView(name)
        return {query.key: answer(session, query) for query in file.queries}


def answer(session, query):
    from oracle.spark_engine import describe, failures_of_spark
    try:
        frame = session.sql(query.sql)
        if query.mode is None:
            frame.collect()
        else:
            start(frame, query.mode)
    except failures_of_spark() as error:
        return describe(error, may_be_bare=True)
    return {"accepted": True}


def start(frame, mode):
    """Runs a flow over no rows to its end."""
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as checkpoint:
        writer = frame.writeStream.format("noop").outputMode(mode).trigger(availableNow=True)
        started = writer.option("checkpointLocation", checkpoint).start()
        if not started.awaitTermination(SETTLE_SECONDS):
            started.stop()
            raise TimeoutError(f"not done in {SETTLE_SECONDS} s")


def pipeline(file, query):
    """A flow as a file of Eagre, whose last line is the query."""
    streams = "".join(
        f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM STREAM read_files('in', format => 'json', "
        f"schema => {quote(columns)}){watermark};\n" for name, columns, watermark in file.streams)
    views = "".join(f"{view};\n" for view in file.views)
    return (f"{streams}{views}CREATE SINK out USING noop;\n"
            f"CREATE FLOW f OPTIONS ('outputMode' = '{query.mode}') AS INSERT INTO out\n"
            f"{file.with_stream(query.sql)};\n")


def batch(file, query):
    """A batch query and its views as a file of Eagre."""
    return "".join(f"{view};\n" for view in file.views) + query.sql + "\n"

"""Scalar expressions and Spark's answers to them.

`expressions/*.txt` hold one SQL expression per line; blank lines and lines that
begin with `#` are for the reader. The expressions of `rows-*.txt` are evaluated
for every row of `expressions/rows.json` (schema below), those of `aggregates-*.txt`
over all rows of `expressions/aggregate-rows.json` and then for each `g` of them in
its order, NULL first, the others once. A file whose first line is `# zone: NAME` is
evaluated in that session time zone, the others in UTC. Every file is evaluated twice, which
makes two sheets of it: with spark.sql.ansi.enabled as it is by default, and without
(`<file>.ansi-off`).

`expressions/expected/<sheet>.json` maps each expression to either

    {"type": ..., "values": [...]}      typeof, and per row CAST(... AS STRING)
                                        (BINARY: hex, as casting keeps any bytes)
    {"classes": [...], "phase": ...}    as the `error` of a fixture; no class where Spark
                                        lets an exception of Java through
"""

import contextlib
import dataclasses
import functools
import hashlib
import pathlib

from oracle import answers

DIRECTORY = pathlib.Path(__file__).parent / "expressions"
EXPECTED = DIRECTORY / "expected"
ROWS = DIRECTORY / "rows.json"
ROWS_SCHEMA = ("n INT, p BOOLEAN, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, "
               "c STRING, x BINARY, day DATE, ts TIMESTAMP, o STRUCT<a: INT, b: STRING>")

AGGREGATE_ROWS = DIRECTORY / "aggregate-rows.json"
AGGREGATE_ROWS_SCHEMA = ("g STRING, n INT, p BOOLEAN, t TINYINT, s SMALLINT, i INT, b BIGINT, h BIGINT, f FLOAT, "
                         "d DOUBLE, c STRING, x BINARY, day DATE, ts TIMESTAMP, o STRUCT<a: INT, b: STRING>")


@dataclasses.dataclass(frozen=True)
class Sheet:
    """One file of expressions under one setting of spark.sql.ansi.enabled."""

    file: str
    ansi: bool

    @property
    def name(self):
        return self.file if self.ansi else f"{self.file}.ansi-off"

    @property
    def source(self):
        return DIRECTORY / f"{self.file}.txt"

    @property
    def answers(self):
        """Where Spark's answers to it are written down."""
        return EXPECTED / f"{self.name}.json"

    def expressions(self):
        """Its expressions, in order; one that stands twice is an error."""
        found = [Expression(self.file, line.strip(), self.ansi) for line in self.source.read_text().splitlines()
                 if line.strip() and not line.startswith("#")]
        if len(set(found)) != len(found):
            raise ValueError(f"repeated: {sorted({e.key for e in found if found.count(e) > 1})}")
        return found

    def is_stale(self):
        return answers.is_stale(self.answers, sha256(self.source))


@dataclasses.dataclass(frozen=True)
class Expression:
    file: str
    text: str
    ansi: bool = True

    @property
    def sheet(self):
        return Sheet(self.file, self.ansi)

    @property
    def key(self):
        return f"{self.sheet.name}: {self.text}"

    @property
    def over_rows(self):
        return self.file.startswith("rows-")

    @property
    def zone(self):
        return zone_of(self.file)

    @property
    def is_aggregate(self):
        return self.file.startswith("aggregates-")

    @property
    def rows(self):
        """File and schema of the rows it is evaluated over."""
        return (AGGREGATE_ROWS, AGGREGATE_ROWS_SCHEMA) if self.is_aggregate else (ROWS, ROWS_SCHEMA)


@functools.cache
def zone_of(file):
    """The session time zone of one file."""
    with open(DIRECTORY / f"{file}.txt") as lines:
        head = lines.readline().strip()
    return head.removeprefix("# zone: ") if head.startswith("# zone: ") else "UTC"


def sheets():
    files = sorted(path.stem for path in DIRECTORY.glob("*.txt"))
    return [Sheet(file, ansi) for file in files for ansi in (True, False)]


def load():
    """All expressions of all sheets, in order."""
    return [expression for sheet in sheets() for expression in sheet.expressions()]


def sha256(source):
    """One hash over everything that decides the answers to one file."""
    digest = hashlib.sha256(source.read_bytes())
    if source.stem.startswith("rows-"):
        digest.update(ROWS_SCHEMA.encode())
        digest.update(ROWS.read_bytes())
    if source.stem.startswith("aggregates-"):
        digest.update(AGGREGATE_ROWS_SCHEMA.encode())
        digest.update(AGGREGATE_ROWS.read_bytes())
    return digest.hexdigest()


def load_answers():
    """Spark's answers by key, of all files."""
    return {f"{path.stem}: {text}": answer for path in EXPECTED.glob("*.json")
            for text, answer in answers.read(path).items()}


def as_text(expression, type_name):
    """SQL that turns the expression into the text that is compared."""
    if type_name == "binary":
        return f"hex({expression.text})"
    return f"CAST({expression.text} AS STRING)"


def record(session, sheet):
    """Asks Spark about one sheet and writes its answers, one a line."""
    found = {expression.text: answer for expression, answer in answer_all(session, sheet).items()}
    answers.write(sheet.answers, session, sha256(sheet.source), found)


def answer_all(session, sheet):
    """Spark's answers to one sheet, by expression."""
    settings = {"spark.sql.session.timeZone": zone_of(sheet.file), "spark.sql.ansi.enabled": str(sheet.ansi).lower()}
    with settings_of(session, settings):
        session.read.schema(ROWS_SCHEMA).json(str(ROWS)).coalesce(1).createOrReplaceTempView("rows")
        aggregate_rows = session.read.schema(AGGREGATE_ROWS_SCHEMA).json(str(AGGREGATE_ROWS)).coalesce(1)
        aggregate_rows.createOrReplaceTempView("aggregate_rows")
        return {expression: answer(session, expression) for expression in sheet.expressions()}


@contextlib.contextmanager
def settings_of(session, settings):
    """The session with other settings, for a while."""
    before = {key: session.conf.get(key) for key in settings}
    for key, value in settings.items():
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            session.conf.set(key, value)


def answer(session, expression):
    from oracle.spark_engine import describe, failures_of_spark
    relation, orders = "", [""]
    if expression.over_rows:
        relation, orders = " FROM rows", [" ORDER BY n"]
    if expression.is_aggregate:
        relation, orders = " FROM aggregate_rows", ["", " GROUP BY g ORDER BY g"]
    try:
        schema = session.sql(f"SELECT {expression.text} AS v{relation}").schema
        type_name = schema["v"].dataType.simpleString()
        text = as_text(expression, type_name)
        rows = [row for order in orders
                for row in session.sql(f"SELECT {text} AS v{relation}{order}").collect()]
    except failures_of_spark() as error:
        return describe(error, may_be_bare=True)
    return {"type": type_name, "values": [row.v for row in rows]}

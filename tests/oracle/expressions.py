"""Scalar expressions and Spark's answers to them.

`expressions/*.txt` hold one SQL expression per line; blank lines and lines that
begin with `#` are for the reader. The expressions of `rows-*.txt` are evaluated
for every row of `expressions/rows.json` (schema below), the others once.

`expressions/expected.json` maps "<file>: <expression>" to either

    {"type": ..., "values": [...]}      typeof, and per row CAST(... AS STRING)
                                        (BINARY: hex, as casting keeps any bytes)
    {"classes": [...], "phase": ...}    as the `error` of a fixture
"""

import dataclasses
import hashlib
import json
import pathlib

DIRECTORY = pathlib.Path(__file__).parent / "expressions"
EXPECTED = DIRECTORY / "expected.json"
ROWS = DIRECTORY / "rows.json"
ROWS_SCHEMA = ("n INT, p BOOLEAN, t TINYINT, s SMALLINT, i INT, b BIGINT, f FLOAT, d DOUBLE, "
               "c STRING, x BINARY, day DATE, ts TIMESTAMP, o STRUCT<a: INT, b: STRING>")


@dataclasses.dataclass(frozen=True)
class Expression:
    file: str
    text: str

    @property
    def key(self):
        return f"{self.file}: {self.text}"

    @property
    def over_rows(self):
        return self.file.startswith("rows-")


def sources():
    return sorted(DIRECTORY.glob("*.txt"))


def load():
    """All expressions, in order; one that stands twice in a file is an error."""
    found = [Expression(path.stem, line.strip()) for path in sources()
             for line in path.read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    if len(set(found)) != len(found):
        raise ValueError(f"repeated: {sorted({e.key for e in found if found.count(e) > 1})}")
    return found


def sha256():
    """One hash over everything that decides the answers."""
    digest = hashlib.sha256(ROWS_SCHEMA.encode())
    for path in [ROWS, *sources()]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_stale():
    return not EXPECTED.exists() or json.loads(EXPECTED.read_text())["sha256"] != sha256()


def load_answers():
    return json.loads(EXPECTED.read_text())["answers"]


def as_text(expression, type_name):
    """SQL that turns the expression into the text that is compared."""
    if type_name == "binary":
        return f"hex({expression.text})"
    return f"CAST({expression.text} AS STRING)"


def record(session):
    """Asks Spark for every answer and writes expected.json, one answer per line."""
    from rig.spark_session import java_version
    head = {"spark": session.version, "java": java_version(session), "sha256": sha256()}
    lines = [f" {spell(key)}: {spell(value)}" for key, value in answer_all(session).items()]
    EXPECTED.write_text(spell(head)[:-1] + ', "answers": {\n' + ",\n".join(lines) + "\n}}\n")


def spell(value):
    return json.dumps(value, ensure_ascii=False)


def answer_all(session):
    """Spark's answers by key."""
    session.read.schema(ROWS_SCHEMA).json(str(ROWS)).coalesce(1).createOrReplaceTempView("rows")
    return {expression.key: answer(session, expression) for expression in load()}


def answer(session, expression):
    from oracle.spark_engine import describe, failures_of_spark
    relation, order = (" FROM rows", " ORDER BY n") if expression.over_rows else ("", "")
    try:
        schema = session.sql(f"SELECT {expression.text} AS v{relation}").schema
        type_name = schema["v"].dataType.simpleString()
        text = as_text(expression, type_name)
        rows = session.sql(f"SELECT {text} AS v{relation}{order}").collect()
    except failures_of_spark() as error:
        return describe(error)
    return {"type": type_name, "values": [row.v for row in rows]}

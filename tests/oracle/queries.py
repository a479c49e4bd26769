"""Batch queries and Spark's answers to them.

`queries/*.sql` hold one statement per line; blank lines and lines that begin with `#` are for the
reader. Lines that begin with CREATE make the views that all queries of the file read.

`queries/expected/<file>.json` maps each query to either

    {"rows": [...]}                     JSON texts of rows with their NULLs, sorted
    {"classes": [...], "phase": ...}    as the `error` of a fixture
"""

import hashlib
import pathlib

from oracle import answers

DIRECTORY = pathlib.Path(__file__).parent / "queries"
EXPECTED = DIRECTORY / "expected"


def sources():
    return sorted(DIRECTORY.glob("*.sql"))


def load(source):
    """The views and the queries of one file; a query that stands twice is an error."""
    lines = [line.strip() for line in source.read_text().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    views = [line for line in lines if line.startswith("CREATE ")]
    queries = [line for line in lines if not line.startswith("CREATE ")]
    if len(set(queries)) != len(queries):
        raise ValueError(f"repeated: {sorted({q for q in queries if queries.count(q) > 1})}")
    return views, queries


def answers_of(source):
    return EXPECTED / f"{source.stem}.json"


def sha256(source):
    return hashlib.sha256(source.read_bytes()).hexdigest()


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
    views, queries = load(source)
    for view in views:
        session.sql(view.replace("CREATE TEMPORARY", "CREATE OR REPLACE TEMPORARY", 1))
    return {query: answer(session, query) for query in queries}


def answer(session, query):
    from oracle.spark_engine import describe, failures_of_spark
    try:
        frame = session.sql(query)
        rows = frame.selectExpr("to_json(struct(*), map('ignoreNullFields', 'false')) AS row").collect()
    except failures_of_spark() as error:
        return describe(error)
    return {"rows": sorted(row.row for row in rows)}

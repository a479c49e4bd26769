"""Subqueries inside expressions, INTERSECT and EXCEPT: rows and errors as Spark 4.2 gives them."""

import json

import pytest
from program import run

VIEWS = """
CREATE TEMPORARY VIEW a AS SELECT * FROM VALUES (1, 'a'), (2, 'b'), (NULL, 'n') AS v(k, x);
CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES (1, 'A'), (3, 'C'), (NULL, 'N') AS v(k, y);
CREATE TEMPORARY VIEW c AS SELECT * FROM VALUES (1L, 10), (2L, 20) AS v(k, z);
"""

ROWS = {
    "SELECT x FROM a WHERE k IN (SELECT k FROM b)": [("a",)],
    "SELECT x FROM a WHERE k NOT IN (SELECT k FROM b)": [],
    "SELECT x FROM a WHERE k NOT IN (SELECT k FROM b WHERE k IS NOT NULL)": [("b",)],
    "SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k)": [("a",)],
    "SELECT x FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k)": [("b",), ("n",)],
    "SELECT x, (SELECT max(y) FROM b) AS m FROM a": [("a", "N"), ("b", "N"), ("n", "N")],
    "SELECT x, (SELECT max(y) FROM b WHERE b.k = a.k) AS m FROM a": [("a", "A"), ("b", None), ("n", None)],
    "SELECT x, (SELECT count(*) FROM b WHERE b.k = a.k) AS m FROM a": [("a", 1), ("b", 0), ("n", 0)],
    "SELECT x, (SELECT y FROM b WHERE b.k = a.k) AS m FROM a": [("a", "A"), ("b", None), ("n", None)],
    "SELECT x FROM a WHERE k IN (SELECT k FROM b) OR x = 'n'": [("a",), ("n",)],
    "SELECT x, k IN (SELECT k FROM b) AS i FROM a": [("a", True), ("b", False), ("n", False)],
    "SELECT x, EXISTS (SELECT 1 FROM b WHERE b.k = a.k) AS e FROM a": [("a", True), ("b", False), ("n", False)],
    "SELECT x FROM a WHERE (k, x) IN (SELECT k, lower(y) FROM b)": [("a",)],
    "SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k > a.k)": [("a",), ("b",)],
    "SELECT k FROM a INTERSECT SELECT k FROM b": [(1,), (None,)],
    "SELECT k FROM a EXCEPT SELECT k FROM b": [(2,)],
}

ERRORS = {
    "SELECT x, (SELECT k FROM c) AS m FROM a": (5, "SCALAR_SUBQUERY_TOO_MANY_ROWS", "(SELECT k FROM c)"),
    "SELECT x FROM a WHERE k = (SELECT k FROM c)": (5, "SCALAR_SUBQUERY_TOO_MANY_ROWS", "(SELECT k FROM c)"),
    "SELECT x, (SELECT k, z FROM c) AS m FROM a": (
        2, "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "(SELECT k, z FROM c)"),
    "SELECT x FROM a WHERE k IN (SELECT k, y FROM b)": (
        2, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "k IN (SELECT k, y FROM b)"),
    "SELECT x FROM a WHERE k IN (SELECT y FROM b)": (5, "CAST_INVALID_INPUT", "k IN (SELECT y FROM b)"),
    "SELECT k FROM a INTERSECT SELECT k, y FROM b": (2, "NUM_COLUMNS_MISMATCH", None),
    "SELECT k FROM a EXCEPT ALL SELECT k, y FROM b": (2, "NUM_COLUMNS_MISMATCH", None),
}


def ask(query):
    return run("query", "--format", "json", VIEWS + query)


@pytest.mark.parametrize("query", ROWS)
def test_rows(query):
    done = ask(query)
    assert done.returncode == 0, done.stderr
    rows = [tuple(json.loads(line).values()) for line in done.stdout.splitlines()]
    assert sorted(rows, key=repr) == sorted(ROWS[query], key=repr)


@pytest.mark.parametrize("query", ERRORS)
def test_errors_have_class_and_caret(query):
    status, error_class, marked = ERRORS[query]
    done = ask(query)
    assert done.returncode == status and done.stdout == "", done.stderr
    assert f"[{error_class}]" in done.stderr
    if marked is not None:
        carets = next(line for line in done.stderr.splitlines() if set(line) <= set(" |^") and "^" in line)
        source = next(line for line in done.stderr.splitlines() if query in line)
        assert source[carets.index("^"):carets.rindex("^") + 1] == marked


STREAMS = """
CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM read_files('in', format => 'json', schema => 'k INT, n INT');
CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES (1, 'A'), (3, 'C'), (3, 'D') AS v(k, y);
CREATE SINK out USING console OPTIONS ('format' = 'json');
CREATE FLOW f OPTIONS ('trigger' = 'available now') AS INSERT INTO out
"""


@pytest.mark.parametrize("query, rows", [
    ("SELECT n FROM STREAM src WHERE k IN (SELECT k FROM b)", ['{"n":10}', '{"n":30}']),
    ("SELECT n FROM STREAM src WHERE k NOT IN (SELECT k FROM b)", ['{"n":20}']),
    ("SELECT n, (SELECT count(*) FROM b WHERE b.k = src.k) AS c FROM STREAM src",
     ['{"n":10,"c":1}', '{"n":20,"c":0}', '{"n":30,"c":2}', '{"n":40,"c":0}']),
])
def test_a_stream_asks_a_table(tmp_path, query, rows):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/1.json").write_text('{"k":1,"n":10}\n{"k":2,"n":20}\n{"k":3,"n":30}\n{"n":40}\n')
    (tmp_path / "f.sql").write_text(STREAMS + query)
    done = run("run", "f.sql", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == rows


def test_a_subquery_reads_no_stream(tmp_path):
    (tmp_path / "f.sql").write_text(STREAMS + "SELECT n FROM STREAM src WHERE k IN (SELECT k FROM STREAM src)")
    done = run("run", "f.sql", cwd=tmp_path)
    assert done.returncode == 2 and "[INVALID_SUBQUERY_EXPRESSION.STREAMING_QUERY]" in done.stderr

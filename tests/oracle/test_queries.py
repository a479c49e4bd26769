"""Every batch query gives the rows that Spark gave, or its error."""

import pytest

from oracle import eagre_engine, queries, rows, verdict

ANSWERS = {source.stem: queries.load_answers(source) for source in queries.sources()}
VIEWS = {source.stem: queries.load(source)[0] for source in queries.sources()}
ALL = [(source.stem, query) for source in queries.sources() for query in queries.load(source)[1]]


@pytest.mark.parametrize("source", queries.sources(), ids=lambda path: path.stem)
def test_answers_are_current(source):
    assert not queries.is_stale(source), "queries changed since Spark answered: run make fixtures"


@pytest.mark.parametrize("file, query", ALL, ids=lambda value: value)
def test_query(file, query):
    expected = ANSWERS[file][query]
    process = eagre_engine.query(";\n".join([*VIEWS[file], query]) + ";\n")
    if "classes" in expected:
        assert not verdict.compare_end(expected, process)
        return
    assert process.returncode == 0, process.stderr
    complaints = rows.differences(expected["rows"], eagre_engine.lines(process.stdout))
    assert not complaints, "\n".join([query, *complaints])

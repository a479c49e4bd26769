"""What Spark refuses, Eagre refuses with the same class and points at the place; what it takes, Eagre takes."""

import pathlib
import tempfile
import tomllib

import pytest

from oracle import eagre_engine, refusals, verdict

FILES = {source.stem: refusals.load(source) for source in refusals.sources()}
ANSWERS = {source.stem: refusals.load_answers(source) for source in refusals.sources()}
ALL = [(name, query) for name, file in FILES.items() for query in file.queries]


def different():
    """Keys of queries whose class differs on purpose, with ours; "accepted" when there is none."""
    table = tomllib.loads((pathlib.Path(__file__).parent / "not_yet.toml").read_text())
    return {key: row["class"] for row in table.get("other_class", []) for key in row["queries"]}


DIFFERENT = different()


def run(file, query):
    """The process that was asked about the query; nothing is started."""
    if query.mode is None:
        return eagre_engine.query(refusals.batch(file, query))
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as scratch:
        (pathlib.Path(scratch) / "in").mkdir()
        (pathlib.Path(scratch) / "flow.sql").write_text(refusals.pipeline(file, query))
        return eagre_engine.run(["validate", "flow.sql"], scratch)


def text_under_caret(stderr):
    """The text that begins where the carets begin, None without carets."""
    lines = stderr.splitlines()
    for above, below in zip(lines, lines[1:]):
        if "^" in below and set(below.replace("|", "").strip()) == {"^"}:
            return above[below.index("^"):]
    return None


@pytest.mark.parametrize("source", refusals.sources(), ids=lambda path: path.stem)
def test_answers_are_current(source):
    assert not refusals.is_stale(source), "queries changed since Spark answered: run make fixtures"


@pytest.mark.parametrize("name, query", ALL, ids=lambda value: getattr(value, "key", value))
def test_refusal(name, query):
    expected = ANSWERS[name][query.key]
    file = FILES[name]
    process = run(file, query)
    key = f"{name}: {query.key}"
    if key in DIFFERENT:
        expected = {"phase": "run", "classes": [DIFFERENT[key]]}
    if expected.get("accepted") or expected["classes"] == ["accepted"]:
        assert process.returncode == 0, process.stderr
        return
    allowed = {verdict.EXIT_REFUSED, verdict.exit_status(expected)}
    assert process.returncode in allowed, process.stdout + process.stderr
    classes = [f"error: [{condition}]" for condition in expected["classes"]]
    assert not classes or any(condition in process.stderr for condition in classes), process.stderr
    check_caret(file.with_stream(query.marked), process.stderr)


def check_caret(marked, stderr):
    under = text_under_caret(stderr)
    assert (under is not None) == (refusals.MARK in marked), stderr
    if under is not None:
        wanted = marked.partition(refusals.MARK)[2]
        assert under.removesuffix(";") == wanted, stderr


def test_there_are_enough_cases():
    refused = [query for name, query in ALL if "classes" in ANSWERS[name].get(query.key, {})]
    assert len(refused) >= 170


def test_the_list_names_queries_that_exist():
    assert DIFFERENT.keys() <= {f"{name}: {query.key}" for name, query in ALL}

"""Every scalar expression gives what Spark gave: the value, its type, or the error.

Expressions that succeed are asked for fifty at a time; when such a query fails,
its expressions are asked for one by one, so that one gap shows as one failure.
"""

import functools
import json
import pathlib
import tomllib

import pytest

from oracle import eagre_engine, expressions, verdict
from oracle.case import quote

COLUMNS_PER_QUERY = 50

ALL = expressions.load()
ANSWERS = expressions.load_answers()


def listed(name):
    """Keys of one table of not_yet.toml."""
    table = tomllib.loads((pathlib.Path(__file__).parent / "not_yet.toml").read_text())
    return {key for row in table[name] for key in row["expressions"]}


NOT_YET = listed("refused")
DIFFERENT = listed("different")


def is_error(expression):
    return "classes" in ANSWERS[expression.key]


def is_in(keys, expression):
    """A key without `.ansi-off` names the expression under both settings."""
    return not keys.isdisjoint({expression.key, f"{expression.file}: {expression.text}"})


ANSWERED = [e for e in ALL if e.key in ANSWERS and not is_in(NOT_YET | DIFFERENT, e)]
SUCCEEDING = [e for e in ANSWERED if not is_error(e)]
FAILING = [e for e in ANSWERED if is_error(e)]
REFUSED = [e for e in ALL if is_in(NOT_YET, e)]


def relation(expression):
    path, schema = expression.rows
    return f" FROM read_files({quote(path)}, format => 'json', schema => {quote(schema)})"


def select(chosen, group=""):
    """One SELECT with the text and the type of each expression, in columns c0, t0, c1, t1, ..."""
    columns = ["n"] if chosen[0].over_rows else ["g"] if group else []
    for index, expression in enumerate(chosen):
        text = expressions.as_text(expression, ANSWERS[expression.key].get("type"))
        columns += [f"{text} AS c{index}", f"typeof({expression.text}) AS t{index}"]
    settings = "" if chosen[0].zone == "UTC" else f"SET TIME ZONE {quote(chosen[0].zone)};\n"
    settings += "" if chosen[0].ansi else "SET spark.sql.ansi.enabled = false;\n"
    over = relation(chosen[0]) + group if chosen[0].over_rows or chosen[0].is_aggregate else ""
    return settings + "SELECT " + ",\n  ".join(columns) + over + "\n"


def batches():
    """SUCCEEDING in runs of at most COLUMNS_PER_QUERY of one sheet."""
    runs = []
    for expression in SUCCEEDING:
        full = not runs or len(runs[-1]) == COLUMNS_PER_QUERY
        if full or runs[-1][0].sheet != expression.sheet:
            runs.append([])
        runs[-1].append(expression)
    return [tuple(run) for run in runs]


@functools.cache
def ask(chosen):
    """The rows of one query over `chosen`, None when it was refused or failed on its data; with it, its stderr."""
    rows = []
    for group in ["", " GROUP BY g"] if chosen[0].is_aggregate else [""]:
        process = eagre_engine.query(select(chosen, group))
        if process.returncode != 0:
            assert process.returncode in {verdict.EXIT_REFUSED, verdict.EXIT_FAILED_ON_DATA}, process.stderr
            return None, process.stderr
        found = [json.loads(line) for line in eagre_engine.lines(process.stdout)]
        rows += sorted(found, key=lambda row: (row.get("n", 0), row.get("g") or ""))
    return rows, process.stderr


def ask_for(expression):
    """The answer to one expression: from its batch if that worked, else alone."""
    batch = next(batch for batch in BATCHES if expression in batch)
    rows, stderr = ask(batch)
    index = batch.index(expression)
    if rows is None:
        rows, stderr = ask((expression,))
        index = 0
    assert rows is not None, stderr
    return {"type": rows[0][f"t{index}"], "values": [row[f"c{index}"] for row in rows]}


BATCHES = batches()


@pytest.mark.parametrize("sheet", expressions.sheets(), ids=lambda sheet: sheet.name)
def test_answers_are_current(sheet):
    assert not sheet.is_stale(), "expressions changed since Spark answered: run make fixtures"


@pytest.mark.parametrize("expression", SUCCEEDING, ids=lambda e: e.key)
def test_value(expression):
    assert ask_for(expression) == ANSWERS[expression.key]


@pytest.mark.parametrize("expression", FAILING, ids=lambda e: e.key)
def test_error(expression):
    """A constant may fail while it is folded (refused) or when it is evaluated."""
    error = ANSWERS[expression.key]
    process = eagre_engine.query(select([expression]))
    if expression.is_aggregate and process.returncode == 0:
        process = eagre_engine.query(select([expression], " GROUP BY g"))
    allowed = {verdict.EXIT_REFUSED, verdict.exit_status(error)}
    assert process.returncode in allowed, process.stdout + process.stderr
    assert not error["classes"] or any(name in process.stderr for name in error["classes"]), process.stderr


@pytest.mark.parametrize("expression", REFUSED, ids=lambda e: e.key)
def test_what_is_not_there_yet_says_so(expression):
    process = eagre_engine.query(select([expression]))
    assert process.returncode == verdict.EXIT_REFUSED, process.stdout + process.stderr
    assert "[UNRESOLVED_ROUTINE]" in process.stderr or "[UNSUPPORTED_" in process.stderr \
        or "[WRONG_NUM_ARGS" in process.stderr, process.stderr


def test_the_list_names_expressions_that_exist():
    assert NOT_YET | DIFFERENT <= {e.key for e in ALL}

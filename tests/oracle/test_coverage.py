"""Every function has at least four recorded expressions, one of them with NULL, and one that fails where it can."""

import re

import pytest

from oracle import eagre_engine, expressions

TABLE = eagre_engine.CHECKOUT / "src" / "expression" / "expression_functions.def"
ROW = re.compile(r'^EAGRE_FUNCTION(?:_BOUND|_AGGREGATE)?\("([^"]+)"', re.MULTILINE)
EXPRESSIONS_MIN = 4
FUNCTIONS_MIN = 400

# How operators are written, beside a call by their name.
OPERATORS = {
    "and": r"\bAND\b", "or": r"\bOR\b", "not": r"\bNOT\b", "between": r"\bBETWEEN\b", "in": r"\bIN\b",
    "like": r"\bLIKE\b", "ilike": r"\bILIKE\b", "rlike": r"\bRLIKE\b", "regexp": r"\bREGEXP\b", "div": r"\bdiv\b",
    "isnull": r"\bIS NULL\b", "isnotnull": r"\bIS NOT NULL\b", "istrue": r"\bIS (NOT )?TRUE\b",
    "isfalse": r"\bIS (NOT )?FALSE\b", "isunknown": r"\bIS (NOT )?UNKNOWN\b", "mod": r"%",
    "shiftleft": r"<<", "shiftright": r">>", "shiftrightunsigned": r">>>", "negative": r"(^|\()-\w",
    "extract": r"\bEXTRACT\s*\(", "position": r"\bPOSITION\s*\(",
}

# Functions that have no expression of their own kind, or no way to fail, and why.
ELSEWHERE = {
    "json_tuple": "a generator: queries/json-tuple.sql",
    **dict.fromkeys(["variant_explode", "variant_explode_outer"], "generators: queries/lateral.sql"),
    **dict.fromkeys(["cume_dist", "dense_rank", "lag", "lead", "nth_value", "ntile", "percent_rank", "rank", "row_number"],
                    "a window function: queries/window-functions.sql"),
    **dict.fromkeys(["grouping", "grouping_id"], "of grouping sets: queries/grouping-sets.sql"),
}
CANNOT_FAIL = {"isnull", "isnotnull", "isfalse", "is_variant_null"}


def names():
    """The names of all functions, in the order of the table."""
    return ROW.findall(TABLE.read_text())


def pattern(name):
    """How an expression spells a use of the function."""
    if not re.fullmatch(r"\w+", name):
        words = " ".join(re.escape(word) for word in name.split())
        return re.compile(words if name.isascii() and not name[0].isalpha() else rf"\b{words}\b", re.IGNORECASE)
    call = rf"(?<![\w.]){name}\s*\("
    return re.compile(f"{call}|{OPERATORS[name]}" if name in OPERATORS else call, re.IGNORECASE)


def uses(name):
    wanted = pattern(name)
    return [expression for expression in expressions.load() if wanted.search(expression.text)]


ANSWERS = expressions.load_answers()


@pytest.mark.parametrize("name", [name for name in names() if name not in ELSEWHERE])
def test_function_is_covered(name):
    found = uses(name)
    assert len(found) >= EXPRESSIONS_MIN, [expression.key for expression in found]
    assert any("NULL" in e.text.upper() or e.over_rows or e.is_aggregate for e in found), "none with NULL"
    assert name in CANNOT_FAIL or any("classes" in ANSWERS.get(e.key, {}) for e in found), "none that fails"


def test_there_are_enough_functions():
    assert len(names()) >= FUNCTIONS_MIN
    assert ELSEWHERE.keys() <= set(names())

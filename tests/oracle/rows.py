"""Rows as JSON text, compared without losing what JSON readers usually lose.

Two rows are equal when they have the same members in the same order and every
number is spelled the same: `1`, `1.0` and `1.00` are three different answers.
"""

import collections
import json


class Number(str):
    """A number kept as it was spelled; unlike a text it shows without quotes."""

    def __repr__(self):
        return str(self)


def refuse_constant(word):
    raise ValueError(f"{word} is not JSON")


def normal(text):
    """One spelling for all equal rows: objects as tuples of (name, value), repeated names kept."""
    return repr(json.loads(text, object_pairs_hook=tuple, parse_int=Number, parse_float=Number,
                           parse_constant=refuse_constant))


def differences(expected, actual):
    """What is missing and what is too much, as multisets of rows; empty when equal."""
    wanted = collections.Counter(map(normal, expected))
    found = collections.Counter(map(normal, actual))
    spelling = {normal(row): row for row in [*expected, *actual]}
    return ([f"missing {count} x {spelling[row]}" for row, count in (wanted - found).items()]
            + [f"unexpected {count} x {spelling[row]}" for row, count in (found - wanted).items()])

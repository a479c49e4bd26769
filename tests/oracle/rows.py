"""Rows as JSON text, compared without losing what JSON readers usually lose.

Two rows are equal when they have the same members in the same order and every
number is spelled the same: `1`, `1.0` and `1.00` are three different answers.
"""

import collections
import json


class Number(str):
    """A number kept as it was spelled."""

    def __repr__(self):
        return str(self)


def parse(text):
    """One row: objects as lists of (name, value), numbers as spelled."""
    return json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number,
                      parse_constant=refuse_constant)


def refuse_constant(word):
    raise ValueError(f"{word} is not JSON")


class Members(tuple):
    """The members of an object, in order, repeated names included."""

    def __new__(cls, pairs):
        return super().__new__(cls, map(tuple, pairs))


def normal(text):
    """A spelling of the row that two equal rows share."""
    return repr(freeze(parse(text)))


def freeze(value):
    if isinstance(value, Members):
        return {"object": [(name, freeze(member)) for name, member in value]}
    if isinstance(value, list):
        return [freeze(element) for element in value]
    return value


def differences(expected, actual):
    """What is missing and what is too much, as multisets of rows; empty when equal."""
    wanted = collections.Counter(map(normal, expected))
    found = collections.Counter(map(normal, actual))
    spelling = {normal(row): row for row in [*expected, *actual]}
    return ([f"missing {count} x {spelling[row]}" for row, count in (wanted - found).items()]
            + [f"unexpected {count} x {spelling[row]}" for row, count in (found - wanted).items()])

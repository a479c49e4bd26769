#!/usr/bin/env python3
"""Asks real Spark for the expected answers and writes them down (`make fixtures`).

    make_fixtures.py             everything whose file changed since it was recorded
    make_fixtures.py --all       everything
    make_fixtures.py NAME...     these cases; `expressions/strings`, `expressions/strings.ansi-off`, `queries/joins` are files

Needs what scripts/setup-tests installs, and its Python. This is the only
program that writes to expected/, expressions/expected/, queries/expected/ and refusals/expected/.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracle import case, expressions, fixture, queries, refusals, spark_engine
from rig.spark_session import java_version, spark_session

EXPRESSIONS = {f"expressions/{sheet.name}": sheet for sheet in expressions.sheets()}
QUERIES = {f"queries/{source.stem}": source for source in queries.sources()}
REFUSALS = {f"refusals/{source.stem}": source for source in refusals.sources()}


def main():
    arguments = parse_arguments()
    everything = [*EXPRESSIONS, *QUERIES, *REFUSALS, *case.names()]
    stale = [name for name in everything if arguments.all or is_stale(name)]
    names = arguments.names or stale
    remove_orphans()
    if not names:
        print("all fixtures are up to date")
        return
    with spark_session() as session:
        for name in names:
            print(f"recording {name}", flush=True)
            record(session, name)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="also what is up to date")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    return parser.parse_args()


def is_stale(name):
    """Whether it was never recorded, or changed since."""
    if name in EXPRESSIONS:
        return EXPRESSIONS[name].is_stale()
    if name in QUERIES:
        return queries.is_stale(QUERIES[name])
    if name in REFUSALS:
        return refusals.is_stale(REFUSALS[name])
    if not fixture.path(name).exists():
        return True
    return fixture.load(name).case_sha256 != case.load(name).sha256


def record(session, name):
    if name in EXPRESSIONS:
        expressions.record(session, EXPRESSIONS[name])
        return
    if name in QUERIES:
        queries.record(session, QUERIES[name])
        return
    if name in REFUSALS:
        refusals.record(session, REFUSALS[name])
        return
    one = case.load(name)
    answer = spark_engine.answer_case(session, one)
    fixture.Fixture(session.version, java_version(session), one.sha256, answer).save(name)


def remove_orphans():
    """Deletes answers whose case is gone."""
    for path in fixture.DIRECTORY.glob("*.json"):
        if path.stem not in case.names():
            path.unlink()
    for path in expressions.EXPECTED.glob("*.json"):
        if f"expressions/{path.stem}" not in EXPRESSIONS:
            path.unlink()
    for path in queries.EXPECTED.glob("*.json"):
        if f"queries/{path.stem}" not in QUERIES:
            path.unlink()
    for path in refusals.EXPECTED.glob("*.json"):
        if f"refusals/{path.stem}" not in REFUSALS:
            path.unlink()


if __name__ == "__main__":
    main()

"""Random queries over results that change, against DuckDB's batch answers over the same files.

EAGRE_CHANGES_CASES and EAGRE_CHANGES_SEED choose how many and which.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "program"))

from changing import flow_of, last_epoch_rows, source, write_file  # noqa: E402
from random_changes import random_query  # noqa: E402

CASES = int(os.environ.get("EAGRE_CHANGES_CASES", "40"))
SEED = int(os.environ.get("EAGRE_CHANGES_SEED", "1"))
PARTS = 5
DUCK_COLUMNS = "{id: 'INT', k: 'INT', g: 'VARCHAR', n: 'INT', x: 'DOUBLE', b: 'BOOLEAN', ts: 'TIMESTAMP'}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("changes")
    for part in range(PARTS):
        write_file(folder / "in", part, 30, "live")
    return folder


@pytest.fixture(scope="module")
def duck(folder):
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT * FROM read_json('{folder}/in/*.json', "
                           f"format = 'newline_delimited', columns = {DUCK_COLUMNS})")
        yield connection


def streamed(folder, tmp_path, query, cores):
    (tmp_path / "in").symlink_to(folder / "in")
    (tmp_path / "f.sql").write_text(flow_of(query.format(source=source(True)), "complete"))
    return last_epoch_rows(tmp_path, cores)


def texts_of(names, rows):
    """Rows as the console writes them, without NULLs; whole numbers and decimals by value."""
    def plain(value):
        return value if isinstance(value, bool | int | float | str) else float(value)
    return sorted(json.dumps({name: plain(value) for name, value in zip(names, row, strict=True) if value is not None},
                             sort_keys=True) for row in rows)


def by_value(texts):
    return [{name: float(value) if isinstance(value, int | float) else value for name, value in json.loads(text).items()}
            for text in texts]


def same(found, expected):
    assert sorted(map(repr, map(sorted, map(dict.items, by_value(found))))) == \
        sorted(map(repr, map(sorted, map(dict.items, by_value(expected)))))


@pytest.mark.parametrize("seed", range(SEED, SEED + CASES))
def test_random_queries_end_with_what_duckdb_says(duck, folder, tmp_path, seed):
    query = random_query(seed)
    print(query)
    answer = duck.execute(query.format(source="rows"))
    names = [column[0] for column in answer.description]
    same(streamed(folder, tmp_path, query, 1 + seed % 3), texts_of(names, answer.fetchall()))

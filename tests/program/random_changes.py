"""Random queries over results that change, of SQL that Eagre, DuckDB and Spark read alike.

Columns are integers, doubles whose sums are exact, and texts; what they are called says which.
"""

import random

BASE = {"k": "integer", "n": "integer", "x": "double", "g": "text", "id": "integer"}
AGGREGATES = {
    "integer": ["count({})", "sum({})", "min({})", "max({})"],
    "double": ["count({})", "sum({})", "min({})", "max({})"],
    "text": ["count({})", "min({})", "max({})"],
}


def random_keys(chance, columns):
    return chance.sample(sorted(columns), min(len(columns), chance.choice([0, 1, 1, 1, 2, 2])))


def random_aggregates(chance, columns, level):
    """Their texts by name, and the types of the columns they make."""
    texts, types = {}, {}
    for number in range(chance.randint(1, 4)):
        column = chance.choice(sorted(columns))
        text = chance.choice([*AGGREGATES[columns[column]], "count(*)"]).format(column)
        if chance.random() < 0.15:
            text += f" FILTER (WHERE {random_condition(chance, columns)})"
        name = f"a{level}{number}"
        texts[name] = text
        types[name] = "integer" if text.startswith("count") else columns[column]
    return texts, types


def random_condition(chance, columns):
    column = chance.choice(sorted(columns))
    if columns[column] == "text":
        return f"{column} {chance.choice(['>=', '<>'])} '{chance.choice('abcd')}'"
    limit = chance.randint(-3, 8)
    return chance.choice([f"{column} > {limit}", f"{column} <= {limit}", f"{column} IS NOT NULL"])


def aggregate(chance, relation, columns, level):
    keys = random_keys(chance, columns)
    texts, types = random_aggregates(chance, columns, level)
    where = f" WHERE {random_condition(chance, columns)}" if chance.random() < 0.35 else ""
    items = ", ".join([*keys, *(f"{text} AS {name}" for name, text in texts.items())])
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    return f"SELECT {items} FROM {relation}{where}{group}", {**{key: columns[key] for key in keys}, **types}


def first_rows(chance, relation):
    keys = chance.sample(["k", "g"], chance.randint(0, 2))
    partition = f"PARTITION BY {', '.join(keys)} " if keys else ""
    order = chance.choice(["n DESC NULLS LAST", "x NULLS FIRST", "g NULLS LAST", "n NULLS FIRST, x DESC NULLS LAST"])
    query = (f"SELECT * FROM (SELECT k, n, x, g, id, row_number() OVER ({partition}ORDER BY {order}, id) AS rn "
             f"FROM {relation}) AS numbered WHERE rn <= {chance.randint(1, 5)}")
    return query, {**BASE, "rn": "integer"}


def random_query(seed):
    """A query with {source} in the place of its rows: two to four levels."""
    chance = random.Random(f"changes {seed}")
    query, columns = first_rows(chance, "{source}") if chance.random() < 0.3 else aggregate(chance, "{source}", BASE, 0)
    for level in range(1, chance.choice([2, 2, 2, 3, 3, 4])):
        query, columns = aggregate(chance, f"({query}) AS level{level}", columns, level)
    return query

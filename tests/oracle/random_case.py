"""Random cases: a query and its input, made of a seed. The same seed makes the same case on every machine.

Input: rows with nulls, missing members, members of another type, repeated rows, broken lines, times that run ahead and
fall behind, times missing. Queries: filters and projections, windows (tumbling, sliding, session), keys, HAVING, UNION
ALL, joins with VALUES, in the output modes that each allows.

Numbers stay small and doubles are binary fractions, so that no sum depends on the order of rows; nothing depends on a
clock or on the order within a batch.
"""

import json
import random

from oracle.case import Case

SCHEMA = "k STRING, g STRING, i INT, l BIGINT, d DOUBLE, f BOOLEAN, ts TIMESTAMP, o STRUCT<a: INT, b: STRING>"
WATERMARKS = ("INTERVAL 0 SECONDS", "INTERVAL 5 SECONDS", "INTERVAL 20 SECONDS", "INTERVAL 1 MINUTE")
WINDOWS = ("window(ts, '10 seconds')", "window(ts, '20 seconds', '10 seconds')", "window(ts, '15 seconds', '5 seconds', '2 seconds')",
           "window(ts, '1 minute')")
SESSIONS = ("session_window(ts, '5 seconds')", "session_window(ts, '12 seconds')")
BROKEN = ("{", "nonsense", '{"k":"x","i":}', '[1,2]', '"text"', "", '{"i":1}trailing', "null")


def random_case(seed):
    """The case of that seed."""
    chance = random.Random(seed)
    batches = [batch(chance, number) for number in range(chance.randint(2, 5))]
    watermark = chance.choice(WATERMARKS) if chance.random() < 0.8 else None
    query, mode = QueryMaker(chance, watermark is not None).make()
    return Case(name=f"random-{seed}", sha256="", title=f"random case of seed {seed}", schema=SCHEMA, query=query,
                batches=batches, output_mode=mode,
                watermark=f" WATERMARK ts DELAY OF {watermark}" if watermark else "")


# ---- Input -------------------------------------------------------------------------------------------------------------


def batch(chance, number):
    """One file of lines."""
    lines = []
    for _ in range(chance.choice((0, 1, 3, 8, 25))):
        if lines and chance.random() < 0.1:
            lines.append(chance.choice(lines))
        elif chance.random() < 0.05:
            lines.append(chance.choice(BROKEN))
        else:
            lines.append(json.dumps(row(chance, number), separators=(",", ":")))
    return "".join(f"{line}\n" for line in lines).encode()


def row(chance, number):
    values = {"k": chance.choice(("a", "b", "c", "", "\u00e9", "A")), "g": f"g{chance.randrange(20)}", "i": chance.randint(-50, 50),
              "l": chance.randint(-10**12, 10**12), "d": chance.randint(-64, 64) / 8, "f": chance.random() < 0.5,
              "ts": time(chance, number), "o": {"a": chance.randint(0, 3), "b": chance.choice(("x", "y", None))}}
    for name in values:
        fate = chance.random()
        if fate < 0.06:
            values[name] = None
        elif fate < 0.08:
            values[name] = chance.choice(("text", 3, [1], True))
    return {name: value for name, value in values.items() if chance.random() > 0.04}


def time(chance, number):
    """Batch after batch twenty seconds on; some rows ahead, some behind, few very late."""
    seconds = 100 + 20 * number + chance.choice((0, 0, 0, 5, 15, -10, -40, -90)) + chance.randrange(20)
    return f"2025-01-01T00:{max(seconds, 0) // 60:02}:{max(seconds, 0) % 60:02}.{chance.randrange(1000):03}Z"


# ---- Queries -----------------------------------------------------------------------------------------------------------


class QueryMaker:
    """Draws one query over `src` and an output mode it is allowed in."""

    def __init__(self, chance, has_watermark):
        self.chance = chance
        self.has_watermark = has_watermark

    def make(self):
        shapes = [self.stateless, self.stateless, self.by_key, self.by_window, self.by_window, self.enriched]
        if self.has_watermark:
            shapes += [self.by_window, self.by_session, self.by_session_and_key]
        return self.chance.choice(shapes)()

    # Expressions by type. All are total: none fails on any row.

    def integer(self, depth=2):
        a = self.integer if depth > 0 else lambda _: "i"
        return self.draw("i", "CAST(l % 1000 AS INT)", "o.a", "length(k)", "hour(ts)", "second(ts)", str(self.chance.randint(-3, 9)),
                         lambda: f"({a(depth - 1)} + {a(depth - 1)})", lambda: f"({a(depth - 1)} * 2 - 1)",
                         lambda: f"coalesce({a(depth - 1)}, 0)", lambda: f"abs({a(depth - 1)})", lambda: f"pmod({a(depth - 1)}, 7)",
                         lambda: f"if({self.condition(depth - 1)}, {a(depth - 1)}, {a(depth - 1)})",
                         lambda: f"greatest({a(depth - 1)}, 3)")

    def text(self, depth=2):
        t = self.text if depth > 0 else lambda _: "k"
        return self.draw("k", "g", "o.b", "'z'", lambda: f"upper({t(depth - 1)})", lambda: f"concat({t(depth - 1)}, '-', {t(depth - 1)})",
                         lambda: f"substring({t(depth - 1)}, 1, 2)", lambda: f"CAST({self.integer(depth - 1)} AS STRING)",
                         lambda: f"CASE WHEN {self.condition(depth - 1)} THEN {t(depth - 1)} ELSE 'else' END",
                         lambda: f"nvl({t(depth - 1)}, 'none')", lambda: f"date_format(ts, 'HH:mm:ss')", lambda: f"md5({t(depth - 1)})")

    def condition(self, depth=2):
        c = self.condition if depth > 0 else lambda _: "f"
        return self.draw("f", "k IS NOT NULL", "ts IS NULL", "k = 'a'", "k IN ('a', 'b')", "g LIKE 'g1%'", "d > 0",
                         "k <=> o.b", "i BETWEEN -10 AND 20", lambda: f"{self.integer(depth - 1)} > {self.integer(depth - 1)}",
                         lambda: f"({c(depth - 1)} AND {c(depth - 1)})", lambda: f"({c(depth - 1)} OR {c(depth - 1)})",
                         lambda: f"NOT {c(depth - 1)}")

    def value(self):
        return self.draw(self.integer, self.text, self.condition, "d", "l", "d * 2 + i", "l - i", "ts", "CAST(ts AS DATE)", "o",
                         "date_trunc('MINUTE', ts)", "CAST(d AS INT)", "round(d, 1)", "to_json(o)")

    def aggregate(self):
        return self.draw("count(*)", lambda: f"count({self.value()})", lambda: f"sum({self.integer()})", "sum(d)", "avg(i)", "sum(l)",
                         lambda: f"min({self.text()})", lambda: f"max({self.integer()})", "min(ts)", "max(d)", "min(f)",
                         lambda: f"count_if({self.condition()})", lambda: f"bool_or({self.condition()})",
                         lambda: f"count(*) FILTER (WHERE {self.condition()})", lambda: f"sum({self.integer()}) FILTER (WHERE f)")

    def draw(self, *choices):
        choice = self.chance.choice(choices)
        return choice() if callable(choice) else choice

    def sometimes(self, share, text):
        return text if self.chance.random() < share else ""

    # Clauses.

    def where(self):
        return self.sometimes(0.4, f" WHERE {self.condition()}")

    def having(self):
        return self.sometimes(0.2, f" HAVING count(*) > {self.chance.randint(0, 2)}")

    def source(self):
        """`src`, or a subquery or a union over it; always with all columns."""
        return self.draw("src", "src", "src", lambda: f"(SELECT * FROM src WHERE {self.condition()})",
                         "(SELECT * FROM src UNION ALL SELECT * FROM src WHERE f)")

    def columns(self, makers, prefix):
        return ", ".join(f"{maker()} AS {prefix}{number}" for number, maker in enumerate(makers))

    def aggregates(self):
        return self.columns([self.aggregate] * self.chance.randint(1, 4), "v")

    # Shapes.

    def stateless(self):
        columns = self.columns([self.value] * self.chance.randint(1, 5), "c")
        return f"SELECT {columns} FROM {self.source()}{self.where()}", "append"

    def by_key(self):
        key = self.draw("k", "f", "o.b", "i % 3", "upper(k)", "o")
        query = f"SELECT {key} AS key, {self.aggregates()} FROM {self.source()}{self.where()} GROUP BY {key}{self.having()}"
        return query, self.chance.choice(("update", "complete"))

    def by_window(self):
        window = self.chance.choice(WINDOWS)
        keys, names = self.draw(("", ""), (", k", ", k"), (", f, k", ", f, k"))
        query = (f"SELECT window.start AS s, window.end AS e{names}, {self.aggregates()} FROM {self.source()}{self.where()} "
                 f"GROUP BY {window}{keys}{self.having()}")
        modes = ("append", "append", "update", "complete") if self.has_watermark else ("update", "complete")
        return query, self.chance.choice(modes)

    def by_session(self):
        query = (f"SELECT session_window.start AS s, session_window.end AS e, {self.aggregates()} FROM src{self.where()} "
                 f"GROUP BY {self.chance.choice(SESSIONS)}, k")
        return query, "append"

    def by_session_and_key(self):
        query = (f"SELECT session_window AS w, k, f, {self.aggregates()} FROM src GROUP BY {self.chance.choice(SESSIONS)}, k, f")
        return query, self.chance.choice(("append", "complete"))

    def enriched(self):
        join = self.chance.choice(("JOIN", "LEFT JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN"))
        right = "" if "SEMI" in join or "ANTI" in join else ", t.name, t.weight"
        condition = self.draw("src.k = t.code", "src.k = t.code AND src.i > t.weight", "src.o.a = t.weight")
        query = (f"SELECT src.k, src.i{right} FROM src {join} VALUES ('a', 'first', 1), ('b', 'second', 2), "
                 f"('b', 'twice', 3), (NULL, 'nobody', 0) AS t(code, name, weight) ON {condition}")
        return query, "append"

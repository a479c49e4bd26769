"""Random cases: a query and its input, made of a seed. The same seed makes the same case on every machine.

Input: rows with nulls, missing members, members of another type, repeated rows, broken lines, times that run ahead and
fall behind, times missing. Queries: filters and projections, windows (tumbling, sliding, session), keys, HAVING, UNION
ALL, joins with VALUES, in the output modes that each allows. Wide cases also draw lists, maps, lambdas, dates, decimals,
explode, windows of windows, deduplication, and joins with a second stream.

Numbers stay small and doubles are binary fractions, so that no sum depends on the order of rows; nothing depends on a
clock or on the order within a batch.
"""

import dataclasses
import json
import random

from oracle.case import Case, Input

SCHEMA = ("k STRING, g STRING, i INT, l BIGINT, d DOUBLE, f BOOLEAN, ts TIMESTAMP, o STRUCT<a: INT, b: STRING>, "
          "p DECIMAL(10, 2), tags ARRAY<STRING>, m MAP<STRING, INT>, e ARRAY<STRUCT<x: INT, y: STRING>>, day DATE")
OTHER_SCHEMA = "k STRING, i INT, d DOUBLE, ts TIMESTAMP, tags ARRAY<STRING>"
WATERMARKS = ("INTERVAL 0 SECONDS", "INTERVAL 5 SECONDS", "INTERVAL 20 SECONDS", "INTERVAL 1 MINUTE")
WINDOWS = ("window(ts, '10 seconds')", "window(ts, '20 seconds', '10 seconds')", "window(ts, '15 seconds', '5 seconds', '2 seconds')",
           "window(ts, '1 minute')")
SESSIONS = ("session_window(ts, '5 seconds')", "session_window(ts, '12 seconds')")
BROKEN = ("{", "nonsense", '{"k":"x","i":}', '[1,2]', '"text"', "", '{"i":1}trailing', "null")


def random_case(seed, wide=False):
    """The case of that seed; `wide` draws from more kinds of queries and expressions."""
    return make_case(seed, lambda maker: maker.make(), wide)


def changing_case(seed):
    """A case that Spark refuses, with results that change below others: aggregations, the first rows of each key."""
    case = make_case(seed, lambda maker: maker.changing(), wide=False)
    return dataclasses.replace(case, settings={"eagre.changes": "true"})


def make_case(seed, make, wide):
    """Input of that seed, and what `make` draws with its maker of queries."""
    chance = random.Random(seed)
    batches = [batch(chance, number) for number in range(chance.randint(2, 5))]
    watermark = chance.choice(WATERMARKS) if chance.random() < 0.8 else None
    maker = QueryMaker(chance, watermark is not None, wide)
    query, mode = make(maker)
    right = other_input(chance, len(batches)) if maker.reads_other else None
    return Case(name=f"random-{seed}", sha256="", title=f"random case of seed {seed}", schema=SCHEMA, query=query,
                batches=batches, output_mode=mode, view=maker.views, right=right,
                watermark=f" WATERMARK ts DELAY OF {watermark}" if watermark else "")


def other_input(chance, count):
    """The second stream, of `count` files."""
    names = [column.split()[0] for column in OTHER_SCHEMA.split(", ")]
    batches = [batch(chance, number, names) for number in range(count)]
    return Input(OTHER_SCHEMA, batches, f" WATERMARK ts DELAY OF {chance.choice(WATERMARKS)}")


# ---- Input -------------------------------------------------------------------------------------------------------------


def batch(chance, number, names=None):
    """One file of lines, of objects with these members only."""
    lines = []
    for _ in range(chance.choice((0, 1, 3, 8, 25))):
        if lines and chance.random() < 0.1:
            lines.append(chance.choice(lines))
        elif chance.random() < 0.05:
            lines.append(chance.choice(BROKEN))
        else:
            members = row(chance, number)
            kept = {name: members[name] for name in members if names is None or name in names}
            lines.append(json.dumps(kept, separators=(",", ":")))
    return "".join(f"{line}\n" for line in lines).encode()


def row(chance, number):
    values = {"k": chance.choice(("a", "b", "c", "", "\u00e9", "A")), "g": f"g{chance.randrange(20)}", "i": chance.randint(-50, 50),
              "l": chance.randint(-10**12, 10**12), "d": chance.randint(-64, 64) / 8, "f": chance.random() < 0.5,
              "ts": time(chance, number), "o": {"a": chance.randint(0, 3), "b": chance.choice(("x", "y", None))},
              "p": chance.randint(-10**5, 10**5) / 4, "tags": words(chance), 
              "m": {word: chance.randint(0, 9) for word in words(chance, "")},
              "e": [{"x": chance.randint(0, 3), "y": word} for word in words(chance)], "day": f"2025-01-{chance.randint(1, 28):02}"}
    for name in values:
        fate = chance.random()
        if fate < 0.06:
            values[name] = None
        elif fate < 0.08:
            values[name] = chance.choice(("text", 3, [1], True))
    return {name: value for name, value in values.items() if chance.random() > 0.04}


def words(chance, missing=None):
    """A short list, some of it missing."""
    return [chance.choice(("a", "b", "\u00e9", missing)) for _ in range(chance.choice((0, 1, 1, 2, 4)))]


def time(chance, number):
    """Batch after batch twenty seconds on; some rows ahead, some behind, few very late."""
    seconds = 100 + 20 * number + chance.choice((0, 0, 0, 5, 15, -10, -40, -90)) + chance.randrange(20)
    return f"2025-01-01T00:{max(seconds, 0) // 60:02}:{max(seconds, 0) % 60:02}.{chance.randrange(1000):03}Z"


# ---- Queries -----------------------------------------------------------------------------------------------------------


class QueryMaker:
    """Draws one query over `src` and an output mode it is allowed in."""

    def __init__(self, chance, has_watermark, wide):
        self.chance = chance
        self.has_watermark = has_watermark
        self.wide = wide
        self.views = []
        self.reads_other = False

    def make(self):
        shapes = [self.stateless, self.stateless, self.by_key, self.by_window, self.by_window, self.enriched]
        if self.has_watermark:
            shapes += [self.by_window, self.by_session, self.by_session_and_key]
        if self.wide:
            shapes += [self.exploded, self.unique, self.matched]
        if self.wide and self.has_watermark:
            shapes += [self.by_window_twice, self.unique_then_window, self.matched_in_time, self.matched_in_time,
                       self.matched_then_window, self.matched_where]
        return self.chance.choice(shapes)()

    # Expressions by type. All are total: none fails on any row.

    def integer(self, depth=2):
        a = self.integer if depth > 0 else lambda _: "i"
        return self.draw("i", "CAST(l % 1000 AS INT)", "o.a", "length(k)", "hour(ts)", "second(ts)", str(self.chance.randint(-3, 9)),
                         lambda: f"({a(depth - 1)} + {a(depth - 1)})", lambda: f"({a(depth - 1)} * 2 - 1)",
                         lambda: f"coalesce({a(depth - 1)}, 0)", lambda: f"abs({a(depth - 1)})", lambda: f"pmod({a(depth - 1)}, 7)",
                         lambda: f"if({self.condition(depth - 1)}, {a(depth - 1)}, {a(depth - 1)})",
                         lambda: f"greatest({a(depth - 1)}, 3)",
                         wide=("size(tags)", "get(e, 0).x", "m['a']", "day(day)"))

    def text(self, depth=2):
        t = self.text if depth > 0 else lambda _: "k"
        return self.draw("k", "g", "o.b", "'z'", lambda: f"upper({t(depth - 1)})", lambda: f"concat({t(depth - 1)}, '-', {t(depth - 1)})",
                         lambda: f"substring({t(depth - 1)}, 1, 2)", lambda: f"CAST({self.integer(depth - 1)} AS STRING)",
                         lambda: f"CASE WHEN {self.condition(depth - 1)} THEN {t(depth - 1)} ELSE 'else' END",
                         lambda: f"nvl({t(depth - 1)}, 'none')", lambda: f"date_format(ts, 'HH:mm:ss')", lambda: f"md5({t(depth - 1)})",
                         wide=("get(tags, 0)", "array_join(tags, '+', '?')", "get(e, 1).y"))

    def condition(self, depth=2):
        c = self.condition if depth > 0 else lambda _: "f"
        return self.draw("f", "k IS NOT NULL", "ts IS NULL", "k = 'a'", "k IN ('a', 'b')", "g LIKE 'g1%'", "d > 0",
                         "k <=> o.b", "i BETWEEN -10 AND 20", lambda: f"{self.integer(depth - 1)} > {self.integer(depth - 1)}",
                         lambda: f"({c(depth - 1)} AND {c(depth - 1)})", lambda: f"({c(depth - 1)} OR {c(depth - 1)})",
                         lambda: f"NOT {c(depth - 1)}",
                         wide=("array_contains(tags, k)", "size(m) > 1", "exists(e, x -> x.x > 1)", "p > 0", "day < DATE'2025-01-15'"))

    def value(self):
        return self.draw(self.integer, self.text, self.condition, "d", "l", "d * 2 + i", "l - i", "ts", "CAST(ts AS DATE)", "o",
                         "date_trunc('MINUTE', ts)", "CAST(d AS INT)", "round(d, 1)", "to_json(o)",
                         wide=("p", "p * 2 - i", "CAST(p AS INT)", "tags", "m", "e", "day", "date_add(day, i)", "sort_array(tags)",
                               "transform(tags, t -> upper(t))", "filter(e, x -> x.x > 0)", "map_keys(m)", "to_json(e)", "e.y",
                               "aggregate(e, 0, (a, x) -> a + coalesce(x.x, 0))", "array_distinct(tags)", "struct(tags, m AS n)"))

    def aggregate(self):
        return self.draw("count(*)", lambda: f"count({self.value()})", lambda: f"sum({self.integer()})", "sum(d)", "avg(i)", "sum(l)",
                         lambda: f"min({self.text()})", lambda: f"max({self.integer()})", "min(ts)", "max(d)", "min(f)",
                         lambda: f"count_if({self.condition()})", lambda: f"bool_or({self.condition()})",
                         lambda: f"count(*) FILTER (WHERE {self.condition()})", lambda: f"sum({self.integer()}) FILTER (WHERE f)",
                         wide=("sum(p)", "avg(p)", "max(day)", "min(o)", "sort_array(collect_set(k))", "approx_count_distinct(g)",
                               "size(collect_list(i))", "max(size(tags))"))

    def draw(self, *choices, wide=()):
        choice = self.chance.choice(choices + (wide if self.wide else ()))
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
        key = self.draw("k", "f", "o.b", "i % 3", "upper(k)", "o", wide=("tags", "day", "p", "e"))
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

    def exploded(self):
        what = self.draw("explode(tags) AS t", "explode_outer(tags) AS t", "posexplode(tags) AS (place, t)", "inline(e) AS (n, t)")
        if self.chance.random() < 0.5:
            return f"SELECT k, i, {what} FROM src{self.where()}", "append"
        totals = self.columns([lambda: self.draw("count(*)", "sum(i)", "min(k)")] * 2, "v")
        query = f"SELECT t, {totals} FROM (SELECT k, i, {what} FROM src) GROUP BY t"
        return query, self.chance.choice(("update", "complete"))

    def deduplicated(self):
        """A view of the first rows of `src` by some columns."""
        keys = self.draw(["k"], ["k", "f"], ["o", "i"], ["tags"], ["k", "ts"], ["day", "p"])
        within = {"within_watermark": True} if self.has_watermark and self.chance.random() < 0.4 else {}
        # Which of equal keys of one epoch is the first is free: only the keys are read.
        self.views.append({"name": "firsts", "deduplicate": "src", "columns": keys, **within})
        return keys

    def unique(self):
        keys = self.deduplicated()
        return f"SELECT {', '.join(keys)} FROM firsts", "append"

    def unique_then_window(self):
        within = {"within_watermark": True} if self.chance.random() < 0.5 else {}
        self.views.append({"name": "firsts", "deduplicate": "src", "columns": ["k", "ts"], **within})
        return (f"SELECT window.start AS s, k, count(*) AS n FROM firsts GROUP BY {self.chance.choice(WINDOWS)}, k"), "append"

    def by_window_twice(self):
        window = self.chance.choice(WINDOWS)
        inner = f"SELECT window AS w, k, count(*) AS n, sum(i) AS t FROM src{self.where()} GROUP BY {window}, k"
        outer = self.draw("w.start AS s, max(n) AS most, sum(t) AS total", "w.start AS s, count(*) AS keys, min(k) AS first")
        self.views.append({"name": "counts", "query": inner})
        return f"SELECT {outer} FROM counts GROUP BY w", "append"

    # Joins with the second stream.

    def matched(self):
        self.reads_other = True
        keys = self.draw("src.k = other.k", "src.k = other.k AND src.i = other.i", "src.tags = other.tags",
                         "src.k <=> other.k AND src.d = other.d")
        more = self.sometimes(0.4, " AND src.i > other.i")
        return f"SELECT src.k, src.i, src.ts, other.k AS k2, other.i AS i2, other.d FROM src JOIN other ON {keys}{more}", "append"

    def matched_in_time(self):
        self.reads_other = True
        kind = self.draw("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN")
        right = "" if "SEMI" in kind else ", other.k AS k2, other.i AS i2, other.ts AS ts2"
        keys = self.draw("src.k = other.k", "src.k = other.k AND src.i = other.i", "src.tags = other.tags")
        before, after = self.chance.choice(("0", "5", "20")), self.chance.choice(("0", "10", "30"))
        span = f"src.ts BETWEEN other.ts - INTERVAL {before} SECONDS AND other.ts + INTERVAL {after} SECONDS"
        more = self.sometimes(0.3, " AND src.d > other.d")
        return f"SELECT src.k, src.i, src.ts{right} FROM src {kind} other ON {keys} AND {span}{more}", "append"

    def matched_where(self):
        """An outer join, or SEMI by a field of a struct, under a WHERE: some make it a narrower join."""
        self.reads_other = True
        kind = self.draw("LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN")
        keys = self.draw("src.k = other.k", "src.o.b = other.k", "src.k = other.k AND src.i <=> other.i")
        before, after = self.chance.choice(("0", "5", "20")), self.chance.choice(("0", "10", "30"))
        on = f"{keys} AND src.ts BETWEEN other.ts - INTERVAL {before} SECONDS AND other.ts + INTERVAL {after} SECONDS"
        left = self.draw("src.i > 0", "src.l < 0 OR src.f", "src.o.a >= 1", "coalesce(src.i, 1) > 0", "src.k IS NULL", "src.tags IS NOT NULL")
        if "SEMI" in kind:
            return f"SELECT src.k, src.i, src.ts FROM src {kind} other ON {on} WHERE {left}", "append"
        right = self.draw("other.i > 0", "other.d < 0 OR other.i > 10", "other.k IS NULL", "coalesce(other.i, 1) > 0", "size(other.tags) > 0")
        where = self.draw(left, right, f"{left} AND {right}", f"({left}) OR ({right})", "src.i > other.i", "src.d <=> other.d")
        return f"SELECT src.k, src.i, src.ts, other.k AS k2, other.i AS i2, other.ts AS ts2 FROM src {kind} other ON {on} WHERE {where}", "append"

    def matched_then_window(self):
        self.reads_other = True
        window = self.chance.choice(WINDOWS)
        joined = ("SELECT src.k AS k, src.ts AS ts, other.i AS i FROM src JOIN other ON src.k = other.k AND "
                  "src.ts BETWEEN other.ts - INTERVAL 5 SECONDS AND other.ts + INTERVAL 10 SECONDS")
        self.views.append({"name": "pairs", "query": joined})
        return f"SELECT window.start AS s, k, count(*) AS n, sum(i) AS t FROM pairs GROUP BY {window}, k", "append"

    # Results that change below others.

    def changing(self):
        return self.chance.choice((self.totals_of_counts, self.counts_of_counts, self.first_rows, self.totals_of_first_rows))()

    def totals_of_counts(self):
        inner = self.draw("k, f", "k, o.b", "k, i % 3")
        outer = self.columns([lambda: self.draw("count(*)", "sum(n)", "avg(t)", "max(m)", "min(n)", "sum(t)")] * 3, "v")
        query = (f"SELECT k, {outer} FROM (SELECT k, count(*) AS n, sum(i) AS t, max(d) AS m FROM src{self.where()} "
                 f"GROUP BY {inner}) GROUP BY k")
        return query, self.chance.choice(("update", "complete"))

    def counts_of_counts(self):
        key = self.draw("g", "k", "i")
        return f"SELECT n, count(*) AS keys FROM (SELECT {key}, count(*) AS n FROM src GROUP BY {key}) GROUP BY n", "complete"

    def ranked(self):
        """The first rows of each key; rows that are equal in the order are equal in all that is read."""
        key, order = self.draw("k", "g", "f"), self.draw("l DESC, d", "d, l", "l DESC, d NULLS LAST")
        numbered = f"SELECT {key} AS key, l, d, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS place FROM src"
        return f"(SELECT * FROM ({numbered}) WHERE place <= {self.chance.randint(1, 3)})"

    def first_rows(self):
        return f"SELECT key, l, d, place FROM {self.ranked()}", self.chance.choice(("update", "complete"))

    def totals_of_first_rows(self):
        query = f"SELECT key, count(*) AS n, sum(l) AS t, max(d) AS m FROM {self.ranked()} GROUP BY key"
        return query, self.chance.choice(("update", "complete"))

"""Queries whose results change, the input they read, and what a batch query says of the same rows."""

import json
import os
import random

from program import run

SCHEMA = "id INT, k INT, g STRING, n INT, x DOUBLE, b BOOLEAN, ts TIMESTAMP"
SETTINGS = "SET eagre.changes = true;\nSET spark.sql.streaming.minBatchesToRetain = 3;\n"
SINK = "CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');\n"

INNER = """(SELECT k, g, count(*) AS c, sum(n) AS s, max(n) AS m, min(x) AS lo, avg(x) AS mean, bool_or(b) AS b,
  max(g) AS t, sum(CAST(n AS DECIMAL(30, 3))) AS d FROM {source} GROUP BY k, g)"""
# Groups of these never go away, so update mode can write them: name -> (keys of the result, query).
LASTING = {
    "by-inner-key": (["k"], "SELECT k, count(*) AS rows, sum(c) AS c, avg(m) AS m, min(m) AS lo, max(m) AS hi, "
                            "sum(lo) AS x, count(lo) AS xs FROM {inner} GROUP BY k"),
    "by-function-of-key": (["p"], "SELECT k % 3 AS p, sum(s) AS s, max(t) AS t, sum(d) AS d, avg(d) AS ad, "
                                  "bit_xor(c) AS bits, every(b) AS e, count_if(b) AS bs FROM {inner} GROUP BY k % 3"),
    "of-all": ([], "SELECT count(*) AS rows, sum(m) AS m, min(lo) AS lo, max(t) AS t, max(struct(m, k)).k AS top "
                   "FROM {inner}"),
    "filtered-by-key": (["g"], "SELECT g, sum(c) AS c, percentile(m, 0.5D) AS p, median(s) AS middle "
                               "FROM {inner} WHERE k > 1 GROUP BY g"),
    "aggregate-filter": (["k"], "SELECT k, count(*) FILTER (WHERE c > 2) AS many, sum(m) FILTER (WHERE lo < 1) AS m, "
                                "approx_count_distinct(m) AS distinct_m FROM {inner} GROUP BY k"),
    "three-levels": (["p"], "SELECT p, sum(ss) AS ss, max(cc) AS cc, min(ss) AS lo FROM (SELECT k, k % 2 AS p, "
                            "sum(s) AS ss, count(*) AS cc FROM {inner} GROUP BY k) GROUP BY p"),
    "union": (["k"], "SELECT k, sum(v) AS v, count(*) AS rows FROM (SELECT k, s AS v FROM {inner} "
                     "UNION ALL SELECT k, n AS v FROM {source}) GROUP BY k"),
    "exploded": (["k", "e"], "SELECT k, e, sum(c) AS c FROM {inner} LATERAL VIEW explode(array(k, k + 1)) AS e "
                             "GROUP BY k, e"),
}
# Groups of these come and go.
FLEETING = {
    "count-of-counts": (["c"], "SELECT c, count(*) AS rows, min(k) AS lo, max(g) AS hi FROM {inner} GROUP BY c"),
    "by-changing-text": (["t"], "SELECT t, sum(s) AS s, sum(lo) AS lo, avg(m) AS m FROM {inner} GROUP BY t"),
    "filtered-by-value": (["g"], "SELECT g, sum(m) AS m, count(*) AS rows FROM {inner} WHERE c < 4 GROUP BY g"),
    "three-levels-fleeting": (["rows"], "SELECT rows, count(*) AS times, sum(c) AS c FROM (SELECT c, count(*) AS rows "
                                        "FROM {inner} GROUP BY c) GROUP BY rows"),
    "exploded-value": (["e"], "SELECT e, count(*) AS rows, max(k) AS k FROM {inner} "
                              "LATERAL VIEW explode(array(c % 3, c % 2)) AS e GROUP BY e"),
    "having": (["c"], "SELECT c, count(*) AS rows FROM {inner} GROUP BY c HAVING count(*) > 1"),
    "of-all-fleeting": ([], "SELECT count(*) AS rows, sum(m) AS m, max(m) AS hi FROM {inner} WHERE c < 3"),
}
# The first rows of each key: nothing goes but for something better.
FIRST = """(SELECT id, k, g, n, x, row_number() OVER (PARTITION BY k{more} ORDER BY {order}) AS rn
  FROM {{source}}) WHERE rn {bound}"""
TOPS = {
    "greatest": (["k"], "SELECT * FROM " + FIRST.format(more="", order="n DESC, id", bound="= 1")),
    "last-three": (["k", "rn"], "SELECT * FROM " + FIRST.format(more="", order="id DESC", bound="<= 3")),
    "least-texts": (["k", "gg", "rn"], "SELECT k, length(g) + ascii(g) AS gg, rn, id, x FROM " + FIRST.format(
        more=", length(g) + ascii(g)", order="g NULLS LAST, -x DESC NULLS FIRST, id", bound="< 3") + " AND k > 0"),
    "only-the-second": (["k"], "SELECT k, id, n FROM " + FIRST.format(more="", order="x, id", bound="= 2")),
    "of-everything": (["rn"], "SELECT rn, id, k, n FROM (SELECT *, row_number() OVER (ORDER BY n DESC, id) AS rn "
                              "FROM {source}) WHERE rn <= 100"),
    "sum-of-first": (["k"], "SELECT k, sum(n) AS n, count(*) AS rows, min(x) AS x, max(g) AS g FROM "
                     + FIRST.format(more="", order="n DESC, id", bound="<= 4") + " GROUP BY k"),
    "sum-by-number": (["rn"], "SELECT rn, sum(n) AS n, count(g) AS gs FROM "
                      + FIRST.format(more=", g", order="n, id", bound="<= 2") + " GROUP BY rn"),
}
LASTING.update(TOPS)
FLEETING["sum-by-other-column"] = (["g"], "SELECT g, sum(n) AS n, count(*) AS rows FROM " + FIRST.format(
    more="", order="n DESC, id", bound="<= 5") + " GROUP BY g")
QUERIES = {**LASTING, **FLEETING}


def source(streams, files_per_epoch=1):
    start = "STREAM " if streams else ""
    limit = f", maxFilesPerTrigger => {files_per_epoch}" if streams else ""
    return f"{start}read_files('in', format => 'json', schema => '{SCHEMA}'{limit})"


def text_of(name, streams, files_per_epoch=1):
    _, query = QUERIES[name]
    inner = INNER.format(source=source(streams, files_per_epoch))
    return query.format(inner=inner, source=source(streams, files_per_epoch))


def flow_of(query, mode, settings=SETTINGS):
    options = f"OPTIONS ('outputMode' = '{mode}', 'trigger' = 'available now', 'checkpointLocation' = 'checkpoint')"
    return f"{settings}{SINK}CREATE FLOW f {options} AS INSERT INTO out {query};\n"


def flow(name, mode, files_per_epoch=1):
    return flow_of(text_of(name, True, files_per_epoch), mode)


def rows_of(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def batch_rows_of(folder, query):
    return rows_of(run("query", "--format", "json", query, cwd=folder))


def last_epoch_rows(folder, cores):
    """Runs the flow to its end: all rows of its last epoch, which may have none."""
    done = run("run", "f.sql", "--cores", cores, "--progress", "json", cwd=folder)
    rows = rows_of(done)
    last = max(json.loads(line)["batchId"] for line in done.stderr.splitlines() if line.startswith("{"))
    return as_set(row for row in rows if row["_batch_id"] == last)


def write_file(folder, part, rows, seed):
    """Rows whose sums are exact in any order; every column may be NULL."""
    chance = random.Random(f"{seed}/{part}")
    folder.mkdir(exist_ok=True)
    path = folder / f"{part:03}.json"
    with path.open("w") as lines:
        for number in range(rows):
            row = {"k": chance.randrange(6), "g": chance.choice("abcde"), "n": chance.randrange(-50, 50),
                   "x": chance.randrange(-64, 64) / 16, "b": chance.random() < 0.5}
            row = {name: value for name, value in row.items() if chance.random() > 0.08}
            lines.write(json.dumps({"id": part * 1000 + number, **row}) + "\n")
    os.utime(path, (1_700_000_000 + part, 1_700_000_000 + part))


def as_set(rows):
    """Rows as they may be compared: the console leaves out what is NULL."""
    return sorted(json.dumps({name: value for name, value in row.items() if name != "_batch_id" and value is not None},
                             sort_keys=True) for row in rows)


def final_rows(rows, name, mode):
    """What a reader of all epochs ends up with: the last of each key, or all of the last epoch."""
    if mode == "complete":
        last = max((row["_batch_id"] for row in rows), default=0)
        return as_set(row for row in rows if row["_batch_id"] == last)
    keys, _ = QUERIES[name]
    return as_set({tuple(row.get(key) for key in keys): row for row in rows}.values())

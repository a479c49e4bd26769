"""GROUPING SETS, ROLLUP and CUBE on streams: what a batch query says of all rows is what the stream says after its last
epoch, through restarts and on several cores; with a window, groups leave when it is over."""

import json
import os

import pytest
from program import run

SCHEMA = "ts TIMESTAMP, r STRING, k STRING, v INT"
SOURCE = f"read_files('in', format => 'json', schema => '{SCHEMA}'"
QUERIES = {
    "rollup": "SELECT r, k, grouping_id() AS g, count(*) AS n, sum(v) AS total FROM {source} GROUP BY ROLLUP (r, k)",
    "cube": "SELECT r, k, grouping(r) AS gr, grouping(k) AS gk, max(v) AS m, min(k) AS lo FROM {source} GROUP BY CUBE (r, k)",
    "equal sets": "SELECT r, count(*) AS n, max(v) AS m FROM {source} GROUP BY GROUPING SETS ((r), (r), ())",
    "sets and a plain key": "SELECT v % 3 AS rest, r, count(k) AS n FROM {source} GROUP BY v % 3, GROUPING SETS ((r), ())",
    "aggregate of a key": "SELECT k, sum(v) AS s, count(k) AS c FROM {source} GROUP BY ROLLUP (k) HAVING count(*) > 1",
}
PARTS = 4


def write_part(folder, part):
    """Rows of one file, some of them with NULL keys, which are not the NULLs of subtotals."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{part}.json"
    with path.open("w") as lines:
        for i in range(part * 50, part * 50 + 50):
            row = {"ts": f"2025-01-01T00:{part:02}:{i % 50:02}Z", "v": i}
            if i % 7:
                row["r"] = "nesw"[i % 4]
            if i % 5:
                row["k"] = f"k{i * 31 % 6}"
            lines.write(json.dumps(row) + "\n")
    os.utime(path, (1_700_000_000 + part, 1_700_000_000 + part))


def rows_of(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def without_nulls(rows):
    return sorted(json.dumps({key: value for key, value in row.items() if value is not None and key != "_batch_id"},
                             sort_keys=True) for row in rows)


def write_flow(folder, query, mode, watermark=""):
    text = query.format(source="STREAM src").replace("", "")
    (folder / "flow.sql").write_text(f"""
CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM {SOURCE}, maxFilesPerTrigger => 1){watermark};
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('outputMode' = '{mode}', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
{text};
""")


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("name", QUERIES)
def test_complete_results_are_those_of_a_batch_query(tmp_path, name, cores):
    write_flow(tmp_path, QUERIES[name], "complete")
    for part in range(PARTS):
        write_part(tmp_path / "in", part)
        rows = rows_of(run("run", "flow.sql", "--available-now", "--cores", str(cores), cwd=tmp_path))
        asked = QUERIES[name].format(source=SOURCE + ")").replace("", "")
        expected = rows_of(run("query", "--format", "json", asked, cwd=tmp_path))
        assert len(expected) > 1
        assert without_nulls(rows) == without_nulls(expected)


def test_updates_end_in_the_same_result(tmp_path):
    query = QUERIES["rollup"]
    write_flow(tmp_path, query, "update")
    last = {}
    for part in range(PARTS):
        write_part(tmp_path / "in", part)
        for row in rows_of(run("run", "flow.sql", "--available-now", cwd=tmp_path)):
            last[row.get("r"), row.get("k"), row["g"]] = row
    expected = rows_of(run("query", "--format", "json", query.format(source=SOURCE + ")"), cwd=tmp_path))
    assert without_nulls(last.values()) == without_nulls(expected)


def test_groups_of_a_window_leave_together_once(tmp_path):
    query = ("SELECT window.start AS w, r, grouping(r) AS g, count(*) AS n FROM {source} "
             "GROUP BY window(ts, '1 minute'), ROLLUP (r)")
    write_flow(tmp_path, query, "append", " WATERMARK ts DELAY OF INTERVAL 5 SECONDS")
    for part in range(PARTS):
        write_part(tmp_path / "in", part)
    rows = rows_of(run("run", "flow.sql", "--available-now", cwd=tmp_path))
    expected = rows_of(run("query", "--format", "json", query.format(source=SOURCE + ")"), cwd=tmp_path))
    minutes = sorted({row["w"] for row in expected})
    assert without_nulls(rows) == without_nulls(row for row in expected if row["w"] < minutes[-1])
    assert len({row["_batch_id"] for row in rows}) == len(minutes) - 1


def test_without_a_window_there_is_no_append_mode(tmp_path):
    write_part(tmp_path / "in", 0)
    write_flow(tmp_path, QUERIES["rollup"], "append")
    done = run("run", "flow.sql", "--available-now", cwd=tmp_path)
    assert done.returncode == 2
    assert "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION]" in done.stderr

"""Accumulators of any size (lists, sets, sketches, texts): kept through restarts, merged across cores, given back.

What a batch query says about all rows is what the stream must say after its last epoch.
"""

import json
import os

import pytest
from program import run

SOURCE = "read_files('in', format => 'json', schema => 'k INT, n INT, c STRING'"
# The same whatever comes first.
UNORDERED = """
SELECT k, count(*) AS rows, approx_count_distinct(n) AS distinct_n, approx_count_distinct(c, 0.1D) AS distinct_c,
  median(n) AS middle, percentile(n, 0.9D) AS high, percentile_disc(0.25D) WITHIN GROUP (ORDER BY n) AS low,
  mode(n % 10, true) AS mode_n, max_by(c, n) AS c_of_max, min_by(c, n) AS c_of_min, bit_xor(n) AS bits,
  max(struct(n % 7 AS a, c AS b)) AS greatest, listagg(c, ',') WITHIN GROUP (ORDER BY n DESC) AS texts
FROM {source} GROUP BY k
"""
# Decided by which row comes first or last.
ORDERED = """
SELECT k, first(c) AS first_c, first(c, true) AS first_text, last(c) AS last_c, last(c, true) AS last_text,
  any_value(n) AS any_n, listagg(c, '+') AS texts, percentile_approx(n, 0.5D) AS middle
FROM {source} GROUP BY k
"""
FLOW = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('outputMode' = 'complete', 'trigger' = 'available now', 'checkpointLocation' = 'checkpoint')
AS INSERT INTO out
"""


def write_rows(folder, part, count):
    """Rows of one file: texts of all lengths up to 300 bytes, some NULL; every n once."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{part:03}.json"
    with path.open("w") as lines:
        for i in range(part * count, part * count + count):
            row = {"k": i % 5, "n": i * 7919 % 1_000_003}
            if i % 4:
                row["c"] = f"{i}:" + "x" * (i * 31 % 300)
            lines.write(json.dumps(row) + "\n")
    os.utime(path, (1_700_000_000 + part, 1_700_000_000 + part))


def by_key(rows):
    """Without what is NULL: the console leaves it out."""
    return {row["k"]: {name: value for name, value in row.items() if name != "_batch_id" and value is not None}
            for row in rows}


def rows_of(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def ask(tmp_path, query):
    """The answer of a batch query over all files."""
    return by_key(rows_of(run("query", "--format", "json", query.format(source=SOURCE + ")"), cwd=tmp_path)))


def last_epoch(rows):
    last = max(row["_batch_id"] for row in rows)
    return by_key(row for row in rows if row["_batch_id"] == last)


@pytest.mark.parametrize("query", [UNORDERED, ORDERED], ids=["unordered", "ordered"])
def test_state_is_kept_through_restarts(tmp_path, query):
    """More epochs than there are deltas behind a full snapshot, each of a process of its own."""
    (tmp_path / "f.sql").write_text(FLOW + query.format(source=f"STREAM {SOURCE}, maxFilesPerTrigger => 1)"))
    for part in range(13):
        write_rows(tmp_path / "in", part, 40)
        rows = rows_of(run("run", "f.sql", "--cores", 1, cwd=tmp_path))
    assert rows[0]["_batch_id"] == 12
    assert last_epoch(rows) == ask(tmp_path, query)


def test_many_epochs_of_one_process(tmp_path):
    """Texts that grow and are replaced for long enough that the state table gathers them."""
    (tmp_path / "f.sql").write_text(FLOW + ORDERED.format(source=f"STREAM {SOURCE}, maxFilesPerTrigger => 1)"))
    for part in range(60):
        write_rows(tmp_path / "in", part, 200)
    assert last_epoch(rows_of(run("run", "f.sql", "--cores", 1, cwd=tmp_path))) == ask(tmp_path, ORDERED)


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_any_number_of_cores_gives_the_same_rows(tmp_path, cores):
    (tmp_path / "f.sql").write_text(FLOW + UNORDERED.format(source=f"STREAM {SOURCE}, maxFilesPerTrigger => 4)"))
    for part in range(10):
        write_rows(tmp_path / "in", part, 300)
    assert last_epoch(rows_of(run("run", "f.sql", "--cores", cores, cwd=tmp_path))) == ask(tmp_path, UNORDERED)


def test_the_number_of_cores_may_change_between_epochs(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW + UNORDERED.format(source=f"STREAM {SOURCE}, maxFilesPerTrigger => 3)"))
    for step, cores in enumerate([1, 2, 3, 1, 2]):
        for part in range(3 * step, 3 * step + 3):
            write_rows(tmp_path / "in", part, 60)
        rows = rows_of(run("run", "f.sql", "--cores", cores, cwd=tmp_path))
    assert last_epoch(rows) == ask(tmp_path, UNORDERED)


def test_another_percentage_is_another_state(tmp_path):
    """The constants of a call are part of what the state means."""
    write_rows(tmp_path / "in", 0, 20)
    text = FLOW + "SELECT percentile(n, 0.5D) AS p FROM STREAM " + SOURCE + ")"
    (tmp_path / "f.sql").write_text(text)
    rows_of(run("run", "f.sql", cwd=tmp_path))
    write_rows(tmp_path / "in", 1, 20)
    (tmp_path / "f.sql").write_text(text.replace("0.5D", "0.9D"))
    done = run("run", "f.sql", cwd=tmp_path)
    assert done.returncode != 0 and "[STATE_STORE_" in done.stderr, done.stderr


@pytest.mark.parametrize("cores", ["1", "2", "3"])
def test_sorted_results_are_sorted_on_any_number_of_cores(tmp_path, cores):
    """ORDER BY in complete mode: one order over all groups, also behind a restart with another number of cores."""
    (tmp_path / "in").mkdir()
    (tmp_path / "p.sql").write_text(
        "CREATE SINK out USING console OPTIONS ('format' = 'json');\n"
        "CREATE FLOW f OPTIONS ('outputMode' = 'complete', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out\n"
        "SELECT k, count(*) AS n FROM STREAM read_files('in', format => 'json', schema => 'k INT') GROUP BY k ORDER BY k DESC;\n")
    for run_number, count in enumerate((1, int(cores))):
        rows = "".join(json.dumps({"k": k}) + "\n" for k in range(300))
        (tmp_path / f"in/{run_number}.json").write_text(rows)
        done = run("run", "p.sql", "--available-now", "--cores", count, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert found == [{"k": k, "n": run_number + 1} for k in reversed(range(300))]

"""A stream joined with files: read again for every epoch, the same on any number of cores, continued after a restart."""

import json
import os
import shutil

import pytest
from program import run

FLOW = """
CREATE TEMPORARY VIEW dim AS SELECT * FROM read_files('dim', format => 'json', schema => 'k INT, name STRING');
CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM read_files('in', format => 'json', schema => 'k INT, n INT',
  maxFilesPerTrigger => 1);
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT src.k, n, name FROM STREAM src LEFT JOIN dim ON src.k = dim.k
"""


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def rows_of(process):
    assert process.returncode == 0, process.stderr
    return sorted(process.stdout.splitlines())


def test_the_table_is_read_again_for_every_epoch(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "one"}])
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}, {"k": 2, "n": 20}])
    assert rows_of(run("run", "f.sql", cwd=tmp_path)) == [
        '{"_batch_id":0,"k":1,"n":10,"name":"one"}', '{"_batch_id":0,"k":2,"n":20}']
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "eins"}, {"k": 2, "name": "zwei"}])
    write(tmp_path / "in/2.json", [{"k": 1, "n": 11}, {"k": 2, "n": 21}])
    assert rows_of(run("run", "f.sql", cwd=tmp_path)) == [
        '{"_batch_id":1,"k":1,"n":11,"name":"eins"}', '{"_batch_id":1,"k":2,"n":21,"name":"zwei"}']


def test_only_the_stream_is_a_source_of_the_checkpoint(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "one"}])
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}])
    rows_of(run("run", "f.sql", cwd=tmp_path))
    assert os.listdir(tmp_path / "checkpoint/sources") == ["0"]
    assert len((tmp_path / "checkpoint/offsets/0").read_text().splitlines()) == 3


def test_an_epoch_that_was_interrupted_is_run_again_with_the_table_as_it_is_then(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "one"}])
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}])
    killed = run("run", "f.sql", cwd=tmp_path, env={"EAGRE_CRASH_AT": "epoch.after_offsets:1"})
    assert killed.returncode < 0 and killed.stdout == "", killed
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "later"}])
    assert rows_of(run("run", "f.sql", cwd=tmp_path)) == ['{"_batch_id":0,"k":1,"n":10,"name":"later"}']


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_any_number_of_cores_gives_the_same_rows(tmp_path, cores):
    text = FLOW.replace("maxFilesPerTrigger => 1", "maxFilesPerTrigger => 4").replace(
        "SELECT src.k, n, name FROM", "SELECT name, count(*) AS c, sum(n) AS total FROM") + "GROUP BY name"
    (tmp_path / "f.sql").write_text(text.replace("OPTIONS ('trigger'", "OPTIONS ('outputMode' = 'complete', 'trigger'"))
    write(tmp_path / "dim/a.json", [{"k": k % 100, "name": f"n{k % 7}"} for k in range(150)])
    for part in range(8):
        write(tmp_path / f"in/{part}.json", [{"k": i % 130, "n": i} for i in range(part * 1000, part * 1000 + 1000)])
        os.utime(tmp_path / f"in/{part}.json", (1_700_000_000 + part, 1_700_000_000 + part))
    expected = {}
    for i in range(8000):
        names = [f"n{k % 7}" for k in range(150) if k % 100 == i % 130] or [None]
        for name in names:
            count, total = expected.get(name, (0, 0))
            expected[name] = (count + 1, total + i)
    rows = [json.loads(row) for row in rows_of(run("run", "f.sql", "--cores", cores, cwd=tmp_path))]
    last = {row.get("name"): (row["c"], row["total"]) for row in rows if row["_batch_id"] == 1}
    assert last == expected


def test_a_table_that_is_too_large_stops_the_flow_by_name(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "dim/a.json", [{"k": k, "name": "a text of some length " * 4} for k in range(20_000)])
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}])
    done = run("run", "f.sql", "--set", "eagre.join.tableBytes=1048576", cwd=tmp_path)
    assert done.returncode == 5 and done.stdout == ""
    assert "[JOIN_TABLE_TOO_LARGE]" in done.stderr and "1048576 bytes" in done.stderr
    assert "eagre.join.tableBytes" in done.stderr and "JOIN dim" in done.stderr


def test_a_table_that_is_missing_stops_the_flow_before_anything_is_written(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}])
    done = run("run", "f.sql", cwd=tmp_path)
    assert done.returncode in (2, 3) and done.stdout == ""
    assert "dim" in done.stderr
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "one"}])
    assert rows_of(run("run", "f.sql", cwd=tmp_path)) == ['{"_batch_id":0,"k":1,"n":10,"name":"one"}']


def test_explain_says_what_is_a_table(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    text = run("explain", "f.sql", cwd=tmp_path)
    assert "Join: left outer, keys [k = k], right side is a table in memory, made at the start of every epoch" \
        in text.stdout, text
    nodes = json.loads(run("explain", "f.sql", "--format", "json", cwd=tmp_path).stdout)["flows"][0]["nodes"]
    join = next(node for node in nodes if node["kind"] == "Join")
    assert join["staticInput"] == 1
    assert [nodes[i]["kind"] for i in join["inputs"]] == ["Project", "Project"]


def test_the_input_is_untouched_by_a_second_run(tmp_path):
    (tmp_path / "f.sql").write_text(FLOW)
    write(tmp_path / "dim/a.json", [{"k": 1, "name": "one"}])
    write(tmp_path / "in/1.json", [{"k": 1, "n": 10}])
    rows_of(run("run", "f.sql", cwd=tmp_path))
    shutil.rmtree(tmp_path / "dim")
    assert rows_of(run("run", "f.sql", cwd=tmp_path)) == []  # nothing new: the table is not read


def test_twenty_joins_over_one_key(tmp_path):
    """What is inferred of conditions is bounded: facts of facts of twenty sides would never end."""
    write(tmp_path / "t/a.json", [{"k": "a", "n": 5, "m": 9}, {"k": "x", "n": 5, "m": 9}])
    table = "(SELECT * FROM read_files('t', format => 'json', schema => 'k STRING, n INT, m INT'))"
    joins = "".join(f" JOIN {table} t{i} ON t{i - 1}.k = t{i}.k AND t{i - 1}.n = t{i}.n AND t{i - 1}.n + t{i}.m > t{i - 1}.m"
                    for i in range(1, 20))
    query = f"SELECT t0.n, t19.m FROM {table} t0{joins} WHERE t0.n > 3 AND t0.k <> 'x' AND t0.n + t1.n > t0.m"
    assert rows_of(run("query", "--format", "json", query, cwd=tmp_path)) == ['{"n":5,"m":9}']

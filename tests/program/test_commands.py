"""The commands as a person uses them: help, versions, queries in every format, exit statuses."""

import json

import pytest

from program import run


def test_help_lists_the_commands():
    done = run("--help")
    assert done.returncode == 0
    for command in ("run", "query", "validate", "explain", "version"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", ["run", "query", "validate", "explain"])
def test_every_command_has_help_with_examples(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Examples:" in done.stdout


def test_version_says_version_and_cpu():
    done = run("version")
    assert done.returncode == 0
    assert done.stdout.startswith("eagre ")
    assert "cpu " in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["run"], ["query"], ["query", "--format", "xml", "SELECT 1"],
                                       ["run", "--cores", "none", "x.sql"], ["run", "missing.sql"]])
def test_wrong_usage_exits_2(arguments, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr != ""


QUERY = "SELECT * FROM VALUES (1, 'a, b', 1.5D), (2, NULL, 0D) AS t(n, s, d) ORDER BY n DESC"


def test_query_as_table():
    assert run("query", QUERY).stdout.splitlines() == [
        "+---+------+-----+",
        "| n | s    | d   |",
        "+---+------+-----+",
        "| 2 | NULL | 0.0 |",
        "| 1 | a, b | 1.5 |",
        "+---+------+-----+",
    ]


def test_query_as_json_keeps_nulls():
    lines = run("query", "--format", "json", QUERY).stdout.splitlines()
    assert lines == ['{"n":2,"s":null,"d":0.0}', '{"n":1,"s":"a, b","d":1.5}']
    assert json.loads(lines[0]) == {"n": 2, "s": None, "d": 0.0}


def test_query_as_csv_and_tsv():
    assert run("query", "--format", "csv", QUERY).stdout == 'n,s,d\n2,,0.0\n1,"a, b",1.5\n'
    assert run("query", "--format", "tsv", QUERY).stdout == "2\tNULL\t0.0\n1\ta, b\t1.5\n"


def test_union_all_comes_input_by_input():
    groups = "SELECT k, count(*) AS n FROM (SELECT 'b' AS k UNION ALL SELECT 'b') GROUP BY k"
    done = run("query", "--format", "csv", f"{groups} UNION ALL SELECT 'c', 1.5D UNION ALL SELECT 'a', 0")
    assert done.stdout.splitlines() == ["k,n", "b,2.0", "c,1.5", "a,0.0"]


def test_query_from_file_and_stdin(tmp_path):
    (tmp_path / "q.sql").write_text("SELECT 1 AS one;")
    assert run("query", "-f", tmp_path / "q.sql", "--format", "tsv").stdout == "1\n"
    assert run("query", "-f", "-", "--format", "tsv", stdin="SELECT '${x}' AS x").returncode == 2
    assert run("query", "-f", "-", "--format", "tsv", "--define", "x=7", stdin="SELECT '${x}' AS x").stdout == "7\n"


def test_query_reads_files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.json").write_text('{"k":"a","v":1}\n{"k":"b","v":2}\n{"k":"a","v":3}\n')
    sql = ("SELECT k, sum(v) AS s, count(*) AS n FROM read_files('in', format => 'json', schema => 'k STRING, v INT') "
           "GROUP BY k ORDER BY k")
    assert run("query", "--format", "tsv", sql, cwd=tmp_path).stdout == "a\t4\t2\nb\t2\t1\n"


def test_data_error_exits_5_and_names_the_place(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.json").write_text('{"v":"1"}\n{"v":"x"}\n')
    sql = "SELECT CAST(v AS INT) AS n FROM read_files('in', format => 'json', schema => 'v STRING')"
    done = run("query", sql, cwd=tmp_path)
    assert done.returncode == 5
    assert "error: [CAST_INVALID_INPUT]" in done.stderr
    assert "a.json" in done.stderr and "line 2" in done.stderr


def test_explain_shows_nodes_and_json(tmp_path):
    (tmp_path / "p.sql").write_text(
        "CREATE STREAMING TABLE t AS SELECT k, v + 1 AS w FROM STREAM read_files('in', format => 'json', "
        "schema => 'k STRING, v INT, z INT') WHERE k = 'a';")
    text = run("explain", "p.sql", cwd=tmp_path).stdout
    assert "Filter:" in text and "reads [k, v]" in text
    plan = json.loads(run("explain", "p.sql", "--format", "json", cwd=tmp_path).stdout)
    assert [node["kind"] for node in plan["flows"][0]["nodes"]] == ["Project", "Filter", "Source"]


@pytest.mark.parametrize("source, options, may_split", [
    ("read_kafka(bootstrapServers => 'nowhere:1', subscribe => 'a')", "", True),
    ("read_kafka(bootstrapServers => 'nowhere:1', subscribe => 'a')", "'trigger' = 'continuous', ", False),
    ("rate()", "", False),
])
def test_explain_says_who_reads(tmp_path, source, options, may_split):
    (tmp_path / "p.sql").write_text(
        "CREATE SINK out USING noop;"
        f"CREATE FLOW f OPTIONS ({options}'checkpointLocation' = 'c') AS INSERT INTO out SELECT value FROM STREAM {source};")
    text = run("explain", "p.sql", cwd=tmp_path).stdout
    assert "  placement: fused (" in text
    assert ("split (one core of two reads for the other) where topics have at most half" in text) == may_split


def test_validate_starts_nothing(tmp_path):
    (tmp_path / "p.sql").write_text(
        "CREATE STREAMING TABLE t AS SELECT * FROM STREAM read_kafka(bootstrapServers => 'nowhere:1', subscribe => 'a');")
    done = run("validate", "p.sql", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 flow" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.sql"]

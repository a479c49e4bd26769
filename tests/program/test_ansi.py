"""spark.sql.ansi.enabled: which statements it holds for, and what stays an error without it."""

import json

from program import run

SINK = "CREATE SINK screen USING console OPTIONS ('format' = 'json');\n"
SOURCE = "read_files('in', format => 'json', schema => 'c STRING, i INT')"
ROWS = ['{"c":"12","i":2147483647}', '{"c":"x","i":0}']


def directory(tmp_path, text):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.json").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "f.sql").write_text(text)
    return tmp_path


def printed(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_a_query_has_the_setting_of_the_set_before_it(tmp_path):
    text = "SET spark.sql.ansi.enabled = false;\nSELECT CAST('x' AS INT) AS a;\nSET spark.sql.ansi.enabled = true;\n"
    process = run("query", "--format", "json", "-f", "f.sql", cwd=directory(tmp_path, text))
    assert printed(process) == [{"a": None}]
    (tmp_path / "f.sql").write_text(text + "SELECT CAST('x' AS INT) AS a;\n")
    process = run("query", "--format", "json", "-f", "f.sql", cwd=tmp_path)
    assert process.returncode != 0
    assert "[CAST_INVALID_INPUT]" in process.stderr


def test_a_flow_may_have_it_among_its_options(tmp_path):
    text = f"""{SINK}CREATE FLOW f OPTIONS ('spark.sql.ansi.enabled' = 'false')
AS INSERT INTO screen SELECT CAST(c AS INT) AS n, i + 1 AS more, 1 / i AS part FROM STREAM {SOURCE};"""
    process = run("run", "f.sql", "--available-now", cwd=directory(tmp_path, text))
    rows = sorted(printed(process), key=lambda row: row["more"])
    assert [(row.get("n"), row["more"], "part" in row) for row in rows] == [(12, -2147483648, True), (None, 1, False)]


def test_the_command_line_wins(tmp_path):
    text = f"SET spark.sql.ansi.enabled = false;\nSELECT CAST(c AS INT) AS n FROM {SOURCE};\n"
    process = run("query", "-f", "f.sql", "--set", "spark.sql.ansi.enabled=true", cwd=directory(tmp_path, text))
    assert "[CAST_INVALID_INPUT]" in process.stderr


def test_a_restart_may_change_it(tmp_path):
    text = f"""{SINK}CREATE FLOW f AS INSERT INTO screen SELECT sum(i) AS total, sum(c) AS texts FROM STREAM {SOURCE};"""
    directory(tmp_path, text.replace("AS INSERT", "OPTIONS ('outputMode' = 'complete') AS INSERT"))
    arguments = ["run", "f.sql", "--available-now"]
    process = run(*arguments, "--set", "spark.sql.ansi.enabled=false", cwd=tmp_path)
    assert printed(process) == [{"total": 2147483647, "texts": 12.0}]
    (tmp_path / "in" / "1.json").write_text('{"c":"3","i":1}\n')
    assert printed(run(*arguments, cwd=tmp_path)) == [{"total": 2147483648, "texts": 15.0}]


def test_declared_columns_take_what_fits_only(tmp_path):
    text = f"""SET spark.sql.ansi.enabled = false;
CREATE STREAMING TABLE t (n TINYINT) LOCATION 'out';
CREATE FLOW f AS INSERT INTO t SELECT i FROM STREAM {SOURCE};"""
    process = run("run", "f.sql", "--available-now", cwd=directory(tmp_path, text))
    assert process.returncode == 5, process.stderr
    assert "[CAST_OVERFLOW]" in process.stderr
    assert "2147483647" in process.stderr


def test_a_long_list_of_texts_is_a_list_of_what_they_say(tmp_path):
    days = ", ".join(f"'{1900 + i // 5}-01-0{i % 5 + 1}'" for i in range(2000))
    text = f"SELECT DATE'1950-01-03' IN ({days}) AS a, DATE'2950-01-03' IN ({days}) AS b;\n"
    process = run("query", "--format", "json", "-f", "f.sql", cwd=directory(tmp_path, text))
    assert printed(process) == [{"a": True, "b": False}]

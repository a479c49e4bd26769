"""Static sides of a stream: a Delta table and files, beside rows that arrive."""

import json

from program import run

TABLE = """
CREATE STREAMING TABLE dim LOCATION 'dim' TBLPROPERTIES ('eagre.trigger' = 'available now', 'eagre.checkpointLocation' = 'cp-dim')
AS SELECT id, name FROM STREAM read_files('names', format => 'csv', schema => 'id INT, name STRING', header => 'true');
"""
JOIN = """
CREATE SINK out USING console OPTIONS ('format' = 'json');
CREATE FLOW f OPTIONS ('trigger' = 'available now', 'checkpointLocation' = 'cp') AS INSERT INTO out
SELECT s.id, d.name, c.name AS again
FROM STREAM read_files('in', format => 'json', schema => 'id INT') AS s
JOIN delta.`dim` AS d ON s.id = d.id
JOIN read_files('names', format => 'csv', schema => 'id INT, name STRING', header => 'true') AS c ON s.id = c.id;
"""


def test_stream_joined_with_a_table_and_with_files(tmp_path):
    for name in ("names", "in"):
        (tmp_path / name).mkdir()
    (tmp_path / "names/a.csv").write_text("id,name\n1,one\n2,two\n,none\n")
    (tmp_path / "in/a.json").write_text('{"id":1}\n{"id":2}\n{"id":3}\n{}\n')
    (tmp_path / "dim.sql").write_text(TABLE)
    (tmp_path / "join.sql").write_text(JOIN)
    assert run("run", "dim.sql", cwd=tmp_path).returncode == 0
    process = run("run", "join.sql", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    rows = sorted((json.loads(line) for line in process.stdout.splitlines()), key=lambda row: row["id"])
    assert rows == [{"id": 1, "name": "one", "again": "one"}, {"id": 2, "name": "two", "again": "two"}]
    process = run("query", "--format", "json", "SELECT count(*) AS n FROM delta.`dim` WHERE id IS NOT NULL", cwd=tmp_path)
    assert process.stdout == '{"n":2}\n'

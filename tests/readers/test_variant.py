"""VARIANT columns in Delta tables: the protocol, the group that pyarrow sees, and the way back."""

import json
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "program"))
from program import run

TEXTS = ['{"a":1,"b":[1.5,"x",null]}', "null", None, '[{"k":1},{"l":true,"long":"' + "y" * 100 + '"}]', "12.50"]
FLOW = """
CREATE STREAMING TABLE t LOCATION 'out' AS
SELECT id, parse_json(j) AS v, array(parse_json(j), NULL) AS l, named_struct('x', parse_json(j)) AS s,
  map('k', parse_json(j)) AS m, parse_json('{"c":1}') AS c
FROM STREAM read_files('in', format => 'json', schema => 'id INT, j STRING');
"""


def wanted():
    """What Spark prints of the texts."""
    canonical = {"12.50": "12.5"}
    return [(i, canonical.get(text, text)) for i, text in enumerate(TEXTS)]


def lines(process):
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.fixture
def table(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [{"id": i, "j": text} for i, text in enumerate(TEXTS)]
    (tmp_path / "in/rows.json").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (tmp_path / "flow.sql").write_text(FLOW)
    process = run("run", "--available-now", "flow.sql", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    return tmp_path / "out"


def test_the_protocol_names_the_feature(table):
    log = [json.loads(line) for line in (table / "_delta_log/00000000000000000000.json").read_text().splitlines()]
    protocol = next(action["protocol"] for action in log if "protocol" in action)
    assert protocol["minReaderVersion"] == 3 and protocol["minWriterVersion"] == 7
    assert protocol["readerFeatures"] == ["variantType"]
    assert "variantType" in protocol["writerFeatures"]


def test_pyarrow_reads_metadata_and_value(table):
    for file in table.glob("*.parquet"):
        column = pyarrow.parquet.read_table(file, columns=["v"]).column("v")
        for value in column.to_pylist():
            assert value is None or (value["metadata"][0] & 15 == 1 and len(value["value"]) > 0)


def test_eagre_reads_it_back(table):
    process = run("query", "--format", "json", f"SELECT id, to_json(v) AS v FROM delta.`{table}`")
    rows = sorted((row["id"], row.get("v")) for row in lines(process))
    assert rows == wanted()

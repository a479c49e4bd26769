"""SHOW FUNCTIONS and DESCRIBE FUNCTION: the one function table as rows."""

import json

from program import run


def rows(sql):
    process = run("query", "--format", "json", sql)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def functions(pattern=""):
    return [row["function"] for row in rows(f"SHOW FUNCTIONS {pattern}")]


def test_all_of_them():
    found = functions()
    assert found == sorted(found) and len(found) == len(set(found))
    assert {"abs", "parse_json", "sum", "!="} <= set(found)
    assert functions("LIKE '*'") == found


def test_patterns():
    assert functions("LIKE 'PARSE_JSON'") == ["parse_json"]
    assert functions("'parse_json|upper'") == ["parse_json", "upper"]
    assert functions("LIKE 'is_*variant*'") == ["is_valid_variant", "is_variant_null"]
    assert functions("LIKE '*_variant | upper'") == ["is_valid_variant", "schema_of_variant", "upper"]
    assert functions("LIKE 'no*such'") == []
    assert functions("upper") == ["upper"]
    assert [row["function"] for row in rows("SHOW ALL FUNCTIONS LIKE 'upper'")] == ["upper"]


def test_one_of_them():
    texts = [row["function_desc"] for row in rows("DESCRIBE FUNCTION Upper")]
    assert texts[0] == "Function: upper"
    assert texts[1].startswith("Usage: upper(") and len(texts) == 2
    assert [row["function_desc"] for row in rows("DESC FUNCTION EXTENDED upper")] == [*texts, "Group: string"]
    assert rows("DESCRIBE FUNCTION '!='")[0]["function_desc"] == "Function: !="


def test_none_of_them():
    process = run("query", "DESCRIBE FUNCTION uper")
    assert process.returncode != 0
    assert "[UNRESOLVED_ROUTINE]" in process.stderr and "upper" in process.stderr
    process = run("query", "DESCRIBE FUNCTION")
    assert "[PARSE_SYNTAX_ERROR]" in process.stderr
    process = run("query", "SHOW TABLES")
    assert process.returncode != 0

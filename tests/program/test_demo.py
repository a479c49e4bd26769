"""`eagre demo`: ends by itself, and every cell of its table equals the recount it left beside it."""

import json

from program import run


def test_demo_counts_equal_the_recount(tmp_path):
    done = run("demo", "--count", "300000", "--storage", "data", cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Every count equals the generator's own recount." in done.stdout
    folder = next((tmp_path / "data").iterdir())
    recount = json.loads((folder / "recount.json").read_text())
    assert recount["events"] == 300000
    assert sum(row["orders"] for row in recount["rows"]) > 200000
    assert recount["late"] > 0 and recount["malformed"] > 0

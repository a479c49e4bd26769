"""The table that `eagre demo` leaves, read by deltalake: its rows are the generator's recount."""

import json
import os
import pathlib
import subprocess

from deltalake import DeltaTable

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_deltalake_reads_the_demo_table(tmp_path):
    program = ROOT / os.environ.get("EAGRE", "build/eagre")
    subprocess.run([program, "demo", "--storage", tmp_path], check=True, capture_output=True, timeout=120)
    folder = next(tmp_path.iterdir())
    recount = json.loads((folder / "recount.json").read_text())
    assert recount["events"] >= 2_000_000
    expected = sorted((row["minute"][:19], row["region"], row["orders"], row["cents"]) for row in recount["rows"])
    table = DeltaTable(str(folder / "tables/orders_per_minute")).to_pyarrow_table().to_pylist()
    first = expected[0][0]
    found = sorted((row["minute"].strftime("%Y-%m-%dT%H:%M:%S"), row["region"], row["orders"], row["cents"])
                   for row in table)
    # Late orders that came before any watermark stand in windows before the first of the others.
    assert [row for row in found if row[0] >= first] == expected

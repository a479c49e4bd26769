"""The same files as programs of real Spark (`eagre export --to spark`): their tables hold the same answers.

A few of them here, all in `make test-long` (EAGRE_LIVE=all): each takes Spark half a minute, sliding windows more.
"""

import os

import pytest

import nexmark_answers
from nexmark_site import QUERIES, call
from rig.spark_session import spark_session

FEW = ["q8", "q9", "q11"]


def chosen():
    names = nexmark_answers.names() if os.environ.get("EAGRE_LIVE") == "all" else FEW
    return [name for name in names if name not in {*nexmark_answers.BEYOND_SPARK, nexmark_answers.OF_THE_CLOCK}]


@pytest.fixture(scope="module")
def spark():
    with spark_session(kafka=True, delta=True, spark_databricks_delta_snapshotPartitions="1") as session:
        yield session


@pytest.mark.parametrize("name", chosen())
def test_spark_gives_the_same_table(site, duck, spark, name):
    program = call("export", str(QUERIES / f"{name}.sql"), "--to", "spark", "--available-now",
                   "--storage", str(site.folder / "spark"), "--define", f"brokers={site.brokers}",
                   "--define", f"side_input={QUERIES / 'side_input.csv'}").stdout
    exec(compile(program, f"{name}.py", "exec"), {})
    nexmark_answers.compare(duck, name, site.folder / "spark/tables" / name)

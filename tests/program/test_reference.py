"""docs/reference is what the program prints from its tables, and what it prints can be read."""

import re
import subprocess

import pytest

from program import ROOT, program, run

TOPICS = ["options", "functions", "metrics", "probes", "statuses"]


def page(topic):
    done = run("reference", topic)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text):
    """Cells of every row of every table; `\\|` is a bar inside a cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("\0", "|") for cell in line.replace("\\|", "\0").strip("|").split("|")]
            for line in lines]


@pytest.mark.parametrize("topic", TOPICS)
def test_the_committed_page_is_what_the_program_prints(topic):
    path = ROOT / "docs/reference" / f"{topic}.md"
    assert path.read_text() == page(topic), f"stale: build/eagre reference {topic} > docs/reference/{topic}.md"


@pytest.mark.parametrize("topic,columns", [("options", 5), ("functions", 2), ("metrics", 3), ("probes", 3),
                                           ("statuses", 3)])
def test_tables_are_whole(topic, columns):
    cells = rows(page(topic))
    assert len(cells) > 5
    assert {len(row) for row in cells} == {columns}
    assert all(row[-1] for row in cells), "a row says nothing"


def test_options_hold_every_row_of_the_table():
    table = (ROOT / "src/plan/plan_options.def").read_text()
    count = sum(line.startswith("EAGRE_OPTION(") for line in table.splitlines())
    headers = page("options").count("| option |")
    assert len(rows(page("options"))) - headers == count


def test_probes_are_in_the_program_with_their_arguments():
    notes = subprocess.run(["readelf", "--notes", "--wide", program()], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"Provider: eagre\s+Name: (\w+)\s+.*\s+Arguments: (.*)", notes)
    counts = {name: len(arguments.split()) for name, arguments in found}
    assert counts == {row[0].strip("`"): len(row[1].split(",")) for row in rows(page("probes"))[1:]}


def test_statuses_are_the_exit_statuses_of_the_table():
    exits = {row[0].strip("`"): row[1] for row in rows(page("statuses"))[1:]}
    assert exits["OK"] == "0" and exits["UNSAFE"] == "4" and exits["CHECK"] == "6"


def test_functions_are_grouped_once():
    text = page("functions")
    groups = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(groups) == len(set(groups)) > 5
    assert "| `upper(" in text


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["options", "functions"]])
def test_wrong_topics_exit_2(arguments):
    done = run("reference", *arguments)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr != ""


def test_help_lists_it_apart():
    text = run("--help").stdout
    commands, documentation = text.split("Documentation:")
    assert "reference" not in commands and "\n  reference " in documentation

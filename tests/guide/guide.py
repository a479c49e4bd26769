"""Reading and executing the pages of docs/guide.

A page is a list of blocks between fences:

    ```sh       run by bash, in the folder of the page, with `eagre` on the PATH; must succeed
    ```python   run by this Python when it has deltalake (that is, in `make test-all`), else left out
    ```console  for the reader: not run
    ```text     right behind one of them: what it prints, stdout and stderr together

In a shown line `...` stands for any text, and alone on a line for any number of lines. Lines that begin with `{` are
rows, and rows that follow each other may come in any order. A page that begins with `<!-- needs: broker -->` gets
the address of one, with the topics that it asks for, in BROKERS.
"""

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guide"
BLOCK_TIMEOUT_SECONDS = 120
BROKER_MARK = "<!-- needs: broker -->"


@dataclass
class Block:
    language: str
    line: int
    text: str
    shown: str | None = None


def pages(needs_broker):
    found = [page for page in sorted(GUIDE.glob("*.md")) if page.read_text().startswith(BROKER_MARK) == needs_broker]
    assert found, "docs/guide has no such page"
    return found


def blocks(page):
    """The blocks of a page; a `text` block is attached to the one right above it."""
    found = []
    inside, begin, lines = None, 0, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if inside is None and line.startswith("```"):
            inside, begin, lines = line[3:], number, []
        elif line == "```":
            add_block(found, Block(inside, begin, "".join(f"{each}\n" for each in lines)))
            inside = None
        elif inside is not None:
            lines.append(line)
    assert inside is None, f"{page.name}: the block of line {begin} does not end"
    return found


def add_block(found, block):
    if block.language == "text":
        assert found and found[-1].shown is None, f"line {block.line}: output of nothing"
        found[-1].shown = block.text
    elif block.language != "console":
        assert block.language in ("sh", "python"), f"line {block.line}: a block of '{block.language}'"
        found.append(block)


def play(page, folder, **variables):
    """Executes the blocks of a page in `folder`; fails at the first one that does not do what is shown."""
    found = blocks(page)
    assert sum(block.shown is not None for block in found) >= 3, "the page shows next to nothing"
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": path_with_program(folder), **variables}
    for block in found:
        output = execute(block, folder, environment, f"{page.name}:{block.line}")
        if output is not None and block.shown is not None:
            compare(output, block.shown, f"{page.name}:{block.line}")


def path_with_program(folder):
    """A PATH that begins with a folder that holds `eagre` and nothing else."""
    program = Path(os.environ.get("EAGRE", "build/eagre"))
    program = program if program.is_absolute() else ROOT / program
    assert program.exists(), f"{program} does not exist: run make, or set EAGRE"
    tools = folder.parent / f"{folder.name}-bin"
    tools.mkdir()
    (tools / "eagre").symlink_to(program)
    return f"{tools}:{os.environ['PATH']}"


def execute(block, folder, environment, place):
    """Runs a block and returns its output; None when it was left out."""
    if block.language == "python" and importlib.util.find_spec("deltalake") is None:
        return None
    command = ["bash", "-euc"] if block.language == "sh" else [sys.executable, "-c"]
    done = subprocess.run([*command, block.text], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=BLOCK_TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, f"{place}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


def compare(output, shown, place):
    wanted = sort_rows(shown.splitlines())
    got = sort_rows(output.splitlines())
    assert matches(wanted, got), f"{place}\nshown:\n{shown}\nprinted:\n{output}"


def sort_rows(lines):
    """Sorts each run of rows: their order inside an epoch is free."""
    result, rows = [], []
    for line in lines:
        if line.startswith("{"):
            rows.append(line)
            continue
        result += sorted(rows) + [line]
        rows = []
    return result + sorted(rows)


def matches(wanted, got):
    """Whether the lines fit; `...` alone on a line takes any number of them."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(matches(wanted[1:], got[skipped:]) for skipped in range(len(got) + 1))
    return bool(got) and fits(wanted[0], got[0]) and matches(wanted[1:], got[1:])


def fits(wanted, got):
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, got) is not None

"""House rules that a machine can check. `make tidy`, and part of `make test`.

Standard library only. Every rule is a function that yields (path, line, message); a new rule is one more
function in RULES. Exceptions stand in tests/tidy/allow.txt with a reason.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINE_LENGTH_MAX = 100
FILE_LINES_MAX = 1000
FUNCTION_LINES_MAX = 100
THIRD_PARTY = {
    "liburing.h": {"io"},
    "librdkafka/rdkafka.h": {"kafka"},
    "librdkafka/rdkafka_mock.h": {"kafka"},
    "zstd.h": {"compress"},
    "lz4.h": {"compress"},
    "lz4frame.h": {"compress"},
    "snappy-c.h": {"compress"},
    "libdeflate.h": {"base"},
    "zlib.h": {"compress"},
    "pcre2.h": {"expression"},
    "rocksdb/c.h": {"state"},
}
# Headers of `base` that few files need and that base.h leaves out.
SIDE_DOORS = {"base/base_secret.h"}
THIRD_PARTY_PREFIXES = {"unicode/": {"value", "expression"}, "openssl/": {"expression", "kafka"}}


def tracked(*patterns):
    """Files git knows or would add, so that a forgotten file is checked too."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def sources():
    return tracked("src/*.c", "src/*.h", "src/*.def", "include/*.h", "include/*.def",
                   "tests/*.c", "tests/*.h", "bench/*.c", "bench/*.h", "examples/*.c")


def read(path):
    return path.read_text(encoding="utf-8")


def room_of(path):
    """The room a source stands in, or None."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def allowed_includes():
    """The table of src/README.md: room -> rooms whose doors it may include."""
    table = {}
    for line in read(ROOT / "src/README.md").splitlines():
        match = re.match(r"\| *\d+ *\| `(\w+)` \|[^|]*\|([^|]*)\|", line)
        if match:
            table[match.group(1)] = set(match.group(2).split())
    return table


def check_includes():
    table = allowed_includes()
    for path in tracked("src/*.c", "src/*.h"):
        room = room_of(path)
        if room is None:
            continue
        if room not in table:
            yield path, 1, f"room {room} is missing in the table of src/README.md"
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'#include ["<]([^">]+)[">]', line)
            if match:
                yield from check_include(path, number, room, match.group(1), table)


def check_include(path, number, room, header, table):
    owners = THIRD_PARTY.get(header)
    for prefix, rooms in THIRD_PARTY_PREFIXES.items():
        owners = rooms if header.startswith(prefix) else owners
    if owners is not None and room not in owners:
        yield path, number, f"{header} belongs to {', '.join(sorted(owners))}"
    other = header.split("/")[0]
    if other == room or other not in table:
        return
    if room == "cli":
        yield path, number, "cli includes <eagre/...> only"
    elif other not in table[room]:
        yield path, number, f"{room} may not include {other} (src/README.md)"
    elif header != f"{other}/{other}.h" and header not in SIDE_DOORS:
        yield path, number, f"only the door {other}/{other}.h may be included from {room}"


def check_lines():
    for path in sources():
        for number, line in enumerate(read(path).splitlines(), 1):
            if len(line) > LINE_LENGTH_MAX and path.suffix != ".def" and '"' not in line:
                yield path, number, f"longer than {LINE_LENGTH_MAX} columns"
            if re.search(r"(^|[;{} ])//(?!/)", re.sub(r'"([^"\\]|\\.)*"', '""', line)) \
                    and "://" not in line and "/*" not in line and " * " not in line:
                yield path, number, "// comments are for your desk: use /* */"
            if re.fullmatch(r" \* -{8,} \*/", line):
                yield path, number, f"a section's line was broken: it is longer than {LINE_LENGTH_MAX} columns"
            if re.search(r"\b(TODO|FIXME)\b(?!\(#\d+\))", line):
                yield path, number, "a TODO needs an issue number"
            if re.search(r"\b(strcpy|strcat|sprintf|gets|atoi)\s*\(", line):
                yield path, number, "unsafe function"


def check_sizes():
    for path in sources():
        count = len(read(path).splitlines())
        if count > FILE_LINES_MAX and path.suffix != ".def":
            yield path, 1, f"{count} lines: is there a second room in it?"
        yield from check_functions(path)


def check_functions(path):
    """Functions begin at column 0 with a brace at the end of the line and end with a brace at column 0."""
    if path.suffix != ".c":
        return
    begin = None
    for number, line in enumerate(read(path).splitlines(), 1):
        if begin is None and line.endswith("{") and line[:1] not in " \t#}/" \
                and "=" not in line and not line.startswith(("struct", "enum", "union", "extern")):
            begin = number
        elif begin is None and re.match(r"\s+.*\) \{$", line) and not line.startswith("  if"):
            begin = None
        elif line == "}" and begin is not None:
            if number - begin + 1 > FUNCTION_LINES_MAX:
                yield path, begin, f"a function of {number - begin + 1} lines"
            begin = None


def check_names():
    seen = {}
    for path in tracked("src/*.c", "src/*.h"):
        if re.search(r"(^|_)(util|utils|common|helper|helpers|misc)(_|\.|$)", path.name):
            yield path, 1, "say what it is for: no util, common, helpers, misc"
        room = room_of(path)
        if room and path.name != "meson.build" and not path.name.startswith(room):
            if path.parent.name == room:
                yield path, 1, f"files of {room} begin with '{room}'"
        if path.name in seen:
            yield path, 1, f"the name is taken by {seen[path.name].relative_to(ROOT)}"
        seen[path.name] = path


def check_words():
    benchmarks = re.compile(r"\b(ysb|nexmark)\b", re.IGNORECASE)
    for path in tracked("src/*.c", "src/*.h"):
        if room_of(path) in ("workload", "cli", None):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if benchmarks.search(line):
                yield path, number, "benchmark names stand in workload only"


def check_paths():
    """Nothing of the machine it was written on: its home, the folder of the checkout, a build folder."""
    places = {Path.home(), ROOT.parent} - {Path("/"), Path(tempfile.gettempdir())}
    stray = re.compile("|".join(["/tmp/(?=build)", *(f"{re.escape(str(place))}/" for place in places)]))
    for path in tracked():
        if path.suffix in (".parquet", ".png"):
            continue
        try:
            text = read(path)
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if stray.search(line):
                yield path, number, "a path of this machine"


def check_doors():
    """Every room has a door, and every file opens with what it is for."""
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir() and any(folder.glob("*.c")) and folder.name != "cli":
            if not (folder / f"{folder.name}.h").exists():
                if folder.name != "api":
                    yield folder, 1, f"no door {folder.name}.h"
    for path in tracked("src/*.c", "src/*.h", "include/*.h"):
        if not read(path).startswith("/*"):
            yield path, 1, "a file opens with a comment that says what it is for"


COVERAGE = ROOT / "tests/kafka/coverage.toml"
# What may be different when a checkpoint meets a query again: all that Spark's guide and its code tell apart.
CHANGES_OF_A_QUERY = {"lost-logs", "lost-offsets", "lost-metadata", "lost-state", "sources", "topics", "limits", "filters",
                      "projections", "sink-topic", "sink-directory", "operators", "state-schema", "session", "output-mode",
                      "watermark-delay"}


def has_test(test):
    """Whether PATH::NAME is a function of that file of Python or C."""
    path, _, name = test.partition("::")
    file = ROOT / path
    start = "def " if path.endswith(".py") else "static void "
    return file.is_file() and bool(re.search(rf"^{start}{re.escape(name)}\(", read(file), re.M))


def check_coverage():
    """Every row of the table of what Spark's Kafka promises names tests that exist; every option and every change of
    a query has a row."""
    table = tomllib.loads(read(COVERAGE))
    for area, rows in table.items():
        for name, row in rows.items():
            if not row.get("rule") or not row.get("tests"):
                yield COVERAGE, 1, f"{area}.{name} lacks a rule or tests"
            for test in row.get("tests", ()):
                if not has_test(test):
                    yield COVERAGE, 1, f"{area}.{name}: there is no test {test}"
    options = re.findall(r'^EAGRE_OPTION\(READ_KAFKA, "([^"]+)"', read(ROOT / "src/plan/plan_options.def"), re.M)
    for option in options:
        if option not in table["source"]:
            yield COVERAGE, 1, f"there is no row source.{option}"
    for change in sorted(CHANGES_OF_A_QUERY ^ table["checkpoint"].keys()):
        yield COVERAGE, 1, f"checkpoint.{change} stands in one of the two lists only"


RULES = [check_includes, check_lines, check_sizes, check_names, check_words, check_paths, check_doors,
         check_coverage]


def read_allowances():
    """allow.txt: RULE PATH REASON; a path may end in * ."""
    allowances = []
    for line in read(ROOT / "tests/tidy/allow.txt").splitlines():
        if line.strip() and not line.startswith("#"):
            rule, path, _reason = line.split(maxsplit=2)
            allowances.append((rule, path))
    return allowances


def is_allowed(allowances, rule, path):
    return any(rule == name and (path == pattern or
                                 (pattern.endswith("*") and path.startswith(pattern[:-1])))
               for name, pattern in allowances)


def main():
    allowances = read_allowances()
    count = 0
    for rule in RULES:
        for path, line, message in rule():
            relative = str(path.relative_to(ROOT))
            if is_allowed(allowances, rule.__name__, relative):
                continue
            print(f"{relative}:{line}: {message}")
            count += 1
    print(f"tidy: {count} findings" if count else "tidy: the house is in order")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())

"""Where the nanoseconds of a workload go: perf(1) samples one run over a topic of a real broker.

Prints a table per workload, in Markdown: ns of CPU per event by thread and room, and the functions that take most. A
function belongs to the room that its file is named after, one of a library to the library, one of the kernel to
copying bytes or to the rest. The shares are those of the samples, the sum that of a run without perf; a start over
nothing is in it.
"""

import argparse
import collections
import pathlib
import shutil
import subprocess
import sys
import tempfile

import kafka
import place
import slopes
from workloads import WORKLOADS

FREQUENCY_HZ = 2000
FUNCTION_COUNT = 14
THREADS = {"eagre": "control", "rdk": "librdkafka's threads", "iou": "workers of io_uring"}
SEPARATOR = "\t"


ROOMS = {path.name for path in (place.ROOT / "src").iterdir() if path.is_dir()}


def files_of(program):
    """File by function of the symbol table, as far as it knows."""
    listed = subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    symbols = [line.split() for line in listed.splitlines()]
    functions = [(address, name) for address, kind, name in symbols if kind in "tT"]
    asked = "\n".join(address for address, _ in functions)
    files = subprocess.run(["addr2line", "-e", program], input=asked, capture_output=True, text=True, check=True).stdout
    return {name: pathlib.Path(file.split(":")[0]).name for (_, name), file in zip(functions, files.splitlines())}


def name_room(function, files):
    """Doors say by their names where they lead."""
    words = [files.get(function, "").removesuffix(".c").split("_")[0], *function.split("_")[1:2]]
    return next((word for word in words if word in ROOMS), "base")


def name_thread(name):
    if name.startswith("eagre-core"):
        return "core"
    return THREADS.get(name.split(":")[0].split("-")[0], name)


def name_place(library, function, files):
    if library.startswith("[kernel"):
        return "kernel: copies" if "copy" in function else "kernel: the rest"
    if library == "eagre":
        return name_room(function, files)
    return library.split(".so")[0]


def watch(command, data):
    """The command under perf."""
    return ["perf", "record", "-q", "-F", str(FREQUENCY_HZ), "-o", data, "--", *map(str, command)]


def read_samples(data):
    """(share, thread, library, function), the largest first."""
    options = ["-i", data, "--stdio", "--sort", "comm,dso,symbol", "--field-separator", SEPARATOR]
    said = subprocess.run(["perf", "report", *options], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        share, thread, library, function = [part.strip() for part in line.split(SEPARATOR)[:4]]
        yield float(share.rstrip("%")) / 100, thread, library, function[4:]  # behind "[.] "


def print_table(name, samples, files, event_ns):
    by_place = collections.Counter()
    by_function = collections.Counter()
    for share, thread, library, function in samples:
        where = name_place(library, function, files)
        by_place[name_thread(thread), where] += share
        by_function[function, where] += share
    print(f"\n## {name}: {event_ns:.0f} ns of CPU per event\n\n| thread | room | ns |\n|---|---|---|")
    for (thread, where), share in by_place.most_common():
        if share * event_ns >= 0.5:
            print(f"| {thread} | {where} | {share * event_ns:.1f} |")
    print("\n| function | room | ns |\n|---|---|---|")
    for (function, where), share in by_function.most_common(FUNCTION_COUNT):
        print(f"| `{function}` | {where} | {share * event_ns:.1f} |")


def profile(name, running, folder, event_count, client, files):
    workload = WORKLOADS[name]
    topic = slopes.fill(running, folder, workload.shape, [event_count])[0]
    campaigns = slopes.write_campaigns(folder)
    data = str(folder / "perf.data")

    def plain(*where):
        return slopes.write_pipeline(*where, client)

    def watched(workload, site, run_folder):
        return watch(plain(workload, site, run_folder), data)

    usage, _ = slopes.run_once(running, workload, topic, campaigns, folder / "run", plain)
    slopes.run_once(running, workload, topic, campaigns, folder / "run", watched)
    print_table(f"{name}, {client}", list(read_samples(data)), files, usage.cpu_s / event_count * 1e9)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="bench/profile")
    parser.add_argument("names", nargs="+", metavar="NAME", choices=list(WORKLOADS), help=", ".join(WORKLOADS))
    parser.add_argument("--event-count", type=int, default=5_000_000)
    parser.add_argument("--client", choices=["native", "librdkafka"], default="native")
    settings = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("bench/profile: needs perf (Debian's linux-perf)")
    files = files_of(place.eagre())
    with tempfile.TemporaryDirectory(prefix="eagre-profile-", dir=place.scratch()) as scratch:
        with kafka.broker() as running:
            for name in settings.names:
                folder = pathlib.Path(scratch) / name
                folder.mkdir()
                profile(name, running, folder, settings.event_count, settings.client, files)


if __name__ == "__main__":
    main()

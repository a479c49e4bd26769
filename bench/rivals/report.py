"""The comparison as one markdown table, and as bars in SVG."""

import statistics
from xml.sax.saxutils import escape

import live_report

LABEL_WIDTH, BAR_WIDTH, VALUE_WIDTH, ROW_HEIGHT, TITLE_HEIGHT = 260, 420, 90, 22, 34
OURS, OTHERS = "#1f6f8b", "#b5bec6"

# File: heading, unit, and the samples whose median is drawn.
PLOTS = {"throughput": ("events per second", "k/s", "rate"), "cpu": ("CPU per million events", "s", "cpu"),
         "memory": ("peak memory", "MB", "peak_mb")}


def spread(values, digits=3):
    """Median and, of several, least and greatest."""
    text = f"{statistics.median(values):.{digits}g}"
    return f"{text} ({min(values):.{digits}g}–{max(values):.{digits}g})" if len(values) > 1 else text


def whole(values):
    return f"{statistics.median(values):,.0f}"


def row_line(workload, row, ours):
    """One line of the table; `ours` is Eagre's median CPU in this workload, None when it was not measured."""
    if row["samples"] is None:
        return f"| {workload} | {row['peer']} | not measured: {row['reason']} | | | | | |"
    samples = row["samples"]
    ratio = f"{statistics.median(samples['cpu']) / ours:.3g}×" if ours else ""
    return (f"| {workload} | {row['peer']} {row['version']} | {whole(samples['rate'])} | {spread(samples['cpu'])} | "
            f"{ratio} | {whole(samples['peak_mb'])} | {broker_text(samples)} | {row['settings']} |")


def broker_text(samples):
    return spread(samples["broker_cpu"]) if samples["broker_cpu"] else ""


def our_cpu(rows):
    """The median of Eagre's first client, None when there is none."""
    samples = rows[0]["samples"]
    return statistics.median(samples["cpu"]) if samples and rows[0]["peer"].startswith("Eagre") else None


def table(record):
    """The markdown page."""
    machine = record["machine"]
    lines = [
        "# Eagre and its peers", "",
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB, kernel {machine['kernel']}; commit "
        f"{machine['commit']}; load average before {machine['load_average_before']}. {record['note']}".rstrip(), "",
        f"The slope between {record['event_count']:,} and {record['large_count']:,} events: median (least–greatest) of "
        f"{record['repetitions']} repetitions, of Spark, Flink and Kafka Streams {record['peer_repetitions']}. CPU is "
        "user + system of the engine's process alone; every result was recounted. Made by `bench/rivals/run`.", "",
        "| workload | engine | k events/s | CPU-s per million events | CPU / Eagre's | peak MB | "
        "broker's CPU-s per million | settings |",
        "|---|---|---|---|---|---|---|---|"]
    for workload, rows in record["workloads"].items():
        ours = our_cpu(rows)
        lines += [row_line(workload, row, ours) for row in rows]
    return "\n".join(lines) + "\n"


def bar(top, label, value, greatest, is_ours):
    """One bar with its label and value."""
    width = max(1, BAR_WIDTH * value / greatest)
    return (f'<text x="{LABEL_WIDTH - 8}" y="{top + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{top + 3}" width="{width:.1f}" height="{ROW_HEIGHT - 6}" '
            f'fill="{OURS if is_ours else OTHERS}"/>'
            f'<text x="{LABEL_WIDTH + width + 6:.1f}" y="{top + 15}">{value:,.3g}</text>')


def plot(record, kind):
    """One figure of all workloads, a group of bars each, as SVG."""
    title, unit, key = PLOTS[kind]
    parts, top = [], TITLE_HEIGHT
    for workload, rows in record["workloads"].items():
        values = [(row["peer"], statistics.median(row["samples"][key])) for row in rows if row["samples"]]
        if not values:
            continue
        parts.append(f'<text x="8" y="{top + 15}" font-weight="bold">{escape(workload)}</text>')
        top += ROW_HEIGHT
        greatest = max(value for _, value in values)
        for label, value in values:
            parts.append(bar(top, label, value, greatest, label.startswith("Eagre")))
            top += ROW_HEIGHT
    width = LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + 8}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/><text x="8" y="20" font-size="15">'
            f"{title} ({unit})</text>{''.join(parts)}</svg>\n")


def write(record, folder):
    """README.md and the plots into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {kind: (PLOTS[kind][0], plot(record, kind)) for kind in PLOTS}
    page = table(record)
    if record["latency"]:
        page += live_report.table(record["latency"])
        plots["latency"] = live_report.TITLE, live_report.plot(record["latency"])
    images = "".join(f"\n![{title}]({kind}.svg)\n" for kind, (title, _) in plots.items())
    (folder / "README.md").write_text(page + images, encoding="utf-8")
    for kind, (_, text) in plots.items():
        (folder / f"{kind}.svg").write_text(text, encoding="utf-8")

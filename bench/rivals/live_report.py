"""Latency against load as a markdown table, and as lines in SVG."""

import math
from xml.sax.saxutils import escape

import paced

TITLE = "latency against load"
LEFT, TOP, WIDTH, HEIGHT, LEGEND_WIDTH = 60, 40, 420, 300, 190
COLOURS = ("#444444", "#1f6f8b", "#c8553d", "#e09f3e", "#6a4c93", "#6b8f71")  # of the rows in their order
DASHES = {"p50": "2 4", "p99": "none"}


def cell(point):
    """ "1.29 / 3.07 / 8.9" ms."""
    return " / ".join(f"{point[percentile] / 1000:.3g}" for percentile in paced.PERCENTILES)


def row_line(row, rates):
    points = {point["rate"]: point for point in row["points"]}
    cells = [cell(points[rate]) if rate in points else "–" for rate in rates]
    remark = ". ".join(text for text in (row["settings"], row["reason"]) if text)
    name = f"{row['peer']} {row['version']}".rstrip()
    return f"| {name} | {' | '.join(cells)} | {remark} |"


def table(latency):
    """The section of the page; `latency` is {rates, seconds, warm_up_s, rows}."""
    rates = latency["rates"]
    head = " | ".join(f"{rate // 1000} k/s" for rate in rates)
    return "\n".join([
        "", f"## {TITLE.capitalize()}", "",
        "Every member of device events decoded and written again, Kafka to Kafka, checkpoints every second, open loop: p50 / p99 "
        "/ p99.9 in ms from when a record was due until a consumer outside has its result. One process per engine through "
        f"all loads, {latency['seconds']} s each, of which the first {latency['warm_up_s']} do not count.", "",
        f"| engine | {head} | settings, and why no more |", "|---" * (len(rates) + 2) + "|",
        *(row_line(row, rates) for row in latency["rows"])]) + "\n"


def scale(value, least, greatest, length):
    """Where a value lies on a logarithmic axis."""
    return length * math.log(value / least) / math.log(greatest / least)


def line(points, dash, colour):
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    return (f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.8" '
            f'stroke-dasharray="{dash}"/>{dots}')


def axes(rates, ticks, place):
    """`place(rate, us)` is where a value lies."""
    parts = []
    for rate in rates:
        x, y = place(rate, ticks[0])
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{rate // 1000} k/s</text>')
    for tick in ticks:
        x, y = place(rates[0], tick)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick / 1000:,.3g}</text>'
                     f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
    return parts


def legend(rows):
    parts = []
    for number, row in enumerate(rows):
        y = TOP + 12 + 20 * number
        parts.append(f'<rect x="{LEFT + WIDTH + 24}" y="{y - 9}" width="12" height="10" fill="{COLOURS[number]}"/>'
                     f'<text x="{LEFT + WIDTH + 42}" y="{y}">{escape(row["peer"])}</text>')
    return parts


def plot(latency):
    """Lines of p50 and p99 of each row over the loads, both axes logarithmic, as SVG."""
    rates, rows = latency["rates"], latency["rows"]
    values = [point[percentile] for row in rows for point in row["points"] for percentile in DASHES]
    powers = range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)
    ticks = [10 ** power for power in powers]

    def place(rate, us):
        return (LEFT + scale(rate, rates[0], rates[-1], WIDTH),
                TOP + HEIGHT - scale(us, ticks[0], ticks[-1], HEIGHT))
    parts = axes(rates, ticks, place) + legend(rows)
    for colour, row in zip(COLOURS, rows):
        for percentile, dash in DASHES.items():
            parts.append(line([place(point["rate"], point[percentile]) for point in row["points"]], dash, colour))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + LEGEND_WIDTH}" height="{TOP + HEIGHT + 32}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
            f'<text x="8" y="20" font-size="15">{TITLE} (ms; line p99, dots p50)</text>{"".join(parts)}</svg>\n')

"""The pipelines of examples/ do what their first lines say."""

import collections
import contextlib
import datetime
import decimal
import json
import random

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def stamp(seconds):
    return (START + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def windows_of(rides):
    """What each window of a zone must say in the end: rides and mean fare."""
    fares = collections.defaultdict(list)
    for ride in rides:
        last = ride["at"] // 30 * 30
        for begin in (last - 30, last):
            fares[ride["zone"], stamp(begin)].append(ride["fare"])
    return {key: (len(values), half_up(sum(values) / len(values))) for key, values in fares.items()}


def half_up(value):
    """Two places; round() of Python takes the even neighbour of a half."""
    return float(decimal.Decimal(repr(value)).quantize(decimal.Decimal("0.01"), decimal.ROUND_HALF_UP))


def minutes_of(orders):
    """Paid orders and cents of each minute and region that is over ten seconds before the newest order."""
    newest = max(order["ts"] for order in orders)
    closed = datetime.datetime.fromisoformat(newest) - datetime.timedelta(seconds=10)
    found = collections.defaultdict(lambda: [0, 0])
    for order in orders:
        minute = datetime.datetime.fromisoformat(order["ts"]).replace(second=0, microsecond=0)
        if order["status"] == "paid" and minute + datetime.timedelta(minutes=1) <= closed:
            cell = found[minute.isoformat(), order["region"]]
            cell[0] += 1
            cell[1] += order["cents"]
    return {key: tuple(cell) for key, cell in found.items()}


def test_orders_per_minute(pipelines):
    count = ["--count", "100000"]
    pipelines.broker.create_topic("orders", partitions=2)
    pipelines.call("generate", "orders", *count, "--topic", "orders", "--partitions", "2", "--brokers", pipelines.broker.address)
    pipelines.run("orders")
    orders = []
    for line in pipelines.call("generate", "orders", *count).splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # some are cut off, which the pipeline leaves out too
            orders.append(json.loads(line))
    expected = minutes_of(orders)
    rows = pipelines.rows("orders_per_minute")
    assert {(row["minute"], row["region"]): (row["orders"], row["cents"]) for row in rows} == expected
    assert len(rows) == len(expected) > 5


def test_rides_from_topic_to_topic(pipelines):
    chance = random.Random(5)
    rides = [{"ride_id": f"r{number}", "zone": chance.choice(["north", "south"]), "fare": chance.randint(8, 400) / 4,
              "at": number + chance.randint(-20, 0)} for number in range(100, 400)]
    for topic in ("rides", "rides-per-zone"):
        pipelines.broker.create_topic(topic)
    for begin in range(0, len(rides), 100):
        records = [{**ride, "ts": stamp(ride["at"])} for ride in rides[begin:begin + 100]]
        pipelines.produce("rides", [*records, b"no ride"])
        pipelines.run("rides")
    messages = pipelines.messages("rides-per-zone")
    last = {(value["zone"], value["start"]): (value["rides"], value["fare"]) for _, value in messages}
    assert last == windows_of(rides)
    assert len(messages) > len(last), "windows that go on are told again"
    assert {key for key, _ in messages} == {f"{zone} {start[:19].replace('T', ' ')}" for zone, start in last}


def test_profiles_with_json_keys(pipelines):
    pipelines.broker.create_topic("profiles")
    pipelines.produce("profiles", keys=[{"tenant": "acme", "id": 7}, {"tenant": "acme", "id": 7}, {"tenant": "acme", "id": 8}],
                      values=[{"name": {"first": "Ann", "last": "Li"}, "tags": ["a", "b"], "born": "1990-02-03"}, None, b"{oops"])
    pipelines.run("profiles")
    rows = sorted(pipelines.rows("profiles"), key=lambda row: row["offset"])
    assert [(row["tenant"], row["id"], row["first_name"], row["last_name"], row["born"], row["tags"], row["is_deleted"],
             row["broken"]) for row in rows] == [
        ("acme", 7, "Ann", "Li", "1990-02-03", "a,b", False, None),
        ("acme", 7, None, None, None, None, True, None),
        ("acme", 8, None, None, None, None, False, "{oops")]
    assert [(row["topic"], row["partition"]) for row in rows] == [("profiles", 0)] * 3


def test_clicks_by_path(pipelines):
    pipelines.broker.create_topic("clicks")
    pipelines.produce("clicks", [{"user": "u1", "page": {"path": "/a", "tags": ["x", "y"]}, "ms": 12}, {"user": "u2"},
                                 {"page": {"path": "/b"}}, b"no json"])
    pipelines.run("clicks")
    rows = sorted(pipelines.rows("clicks"), key=lambda row: row["user"])
    assert [(row["user"], row["path"], row["first_tag"], row["ms"]) for row in rows] == [
        ("u1", "/a", "x", 12), ("u2", None, None, None)]


def test_sales_with_products(pipelines):
    products = pipelines.folder / "products.csv"
    pipelines.broker.create_topic("sales")
    for price in ("1.50", "2.25"):
        products.write_text(f"sku,name,price\np1,Pen,{price}\n")
        pipelines.produce("sales", [{"sku": "p1", "units": 2, "ts": stamp(0)}, {"sku": "p2", "units": 1, "ts": stamp(1)}])
        pipelines.run("sales", products=products)
    found = collections.Counter((row["sku"], row["name"], row["units"], row["total"]) for row in pipelines.rows("priced_sales"))
    assert found == {("p1", "Pen", 2, decimal.Decimal("3.00")): 1, ("p1", "Pen", 2, decimal.Decimal("4.50")): 1,
                     ("p2", None, 1, None): 2}


def test_a_range_of_offsets_once_more(pipelines):
    pipelines.broker.delete_topic("sales")
    pipelines.broker.create_topic("sales")
    pipelines.produce("sales", [{"sku": f"p{number}", "units": number} for number in range(50)])
    rows = pipelines.query("replay", **{"from": 10, "to": 13})
    assert [(row["offset"], row["sku"], row["units"]) for row in rows] == [(10, "p10", 10), (11, "p11", 11), (12, "p12", 12)]
    assert [row["offset"] for row in pipelines.query("replay", **{"from": 48, "to": -1})] == [48, 49]
    assert pipelines.query("replay", **{"from": 10, "to": 13}) == rows

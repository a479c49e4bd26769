"""Schemas and rows for the reader tests: chosen ones and random ones."""

import math
import struct

from readers import driver

INTEGERS = {"byte": 8, "short": 16, "integer": 32, "long": 64}
# A physical type each: INT32, INT64 and bytes, with digits on one or both sides of the point.
DECIMALS = {"decimal(1,0)": 1, "decimal(9,2)": 9, "decimal(18,6)": 18, "decimal(20,0)": 20, "decimal(38,38)": 38,
            "decimal(38,10)": 38}
PRIMITIVES = ["boolean", *INTEGERS, "float", "double", "string", "binary", "date", "timestamp", *DECIMALS]
KEYS = ["byte", "integer", "long", "string", "date"]

# What Python's date and datetime can say.
DATE_LEAST, DATE_MOST = -719162, 2932896
TIMESTAMP_LEAST, TIMESTAMP_MOST = -62135596800000000, 253402300799999999

EXTREMES = {
    "boolean": [True, False],
    "float": [0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 2.0 ** -149, 3.4028234663852886e38],
    "double": [0.0, -0.0, 0.1, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308],
    "string": ["", "a", "ab", "abcdefg", "abcdefgh", "sixteen bytes ok", "more than sixteen bytes",
               "Grüße", "日本語", "😀" * 20, "z" * 1000, "\x00", "a\tb\n\"c\"\\", "\U0010ffff" * 30],
    "binary": [b"", b"\x00", b"\xff" * 100, bytes(range(256))],
    "date": [0, -1, 20000, DATE_LEAST, DATE_MOST],
    "timestamp": [0, -1, 1795226766123456, TIMESTAMP_LEAST, TIMESTAMP_MOST],
    **{kind: [0, 1, -1, 2 ** (bits - 1) - 1, -2 ** (bits - 1)] for kind, bits in INTEGERS.items()},
    # Without the point.
    **{kind: [0, 1, -1, 10 ** digits - 1, 1 - 10 ** digits] for kind, digits in DECIMALS.items()},
}


def name_of(kind):
    """A column name that every reader takes: c_decimal_9_2."""
    return "c_" + kind.replace("(", "_").replace(",", "_").replace(")", "")


def every_type():
    """A column of each primitive type, with extremes and NULLs at different rows."""
    fields = [(name_of(kind), kind) for kind in PRIMITIVES]
    rows = []
    for i in range(60):
        values = [EXTREMES[kind][i % len(EXTREMES[kind])] for kind in PRIMITIVES]
        rows.append(tuple(None if (i + k) % 7 == 3 else value for k, value in enumerate(values)))
    return fields, rows


def wall_clocks():
    """TIMESTAMP_NTZ, plain and in a struct, beside a TIMESTAMP."""
    fields = [("id", "integer"), ("n", "timestamp_ntz"), ("t", "timestamp"),
              ("s", driver.struct(("n", "timestamp_ntz"), ("x", "integer")))]
    values = [*EXTREMES["timestamp"], None]
    rows = [(i, value, value, None if i % 4 == 3 else (value, i)) for i, value in enumerate(values)]
    return fields, rows


def nested():
    """Structs, lists and maps in each other, with NULL and emptiness at every level."""
    point = driver.struct(("x", "double"), ("tags", driver.array("string")))
    fields = [
        ("s", driver.struct(("a", "integer"), ("b", driver.struct(("c", "string"))))),
        ("l", driver.array("long")),
        ("ll", driver.array(driver.array("string"))),
        ("m", driver.map_of("string", "integer")),
        ("ml", driver.map_of("integer", driver.array("boolean"))),
        ("ls", driver.array(point)),
        ("ms", driver.map_of("string", point)),
    ]
    rows = [
        ((1, ("x",)), [1, 2, 3], [["a"], ["b", "c"]], [("k", 1)], [(1, [True])], [(0.5, ["t"])],
         [("p", (1.0, ["u", "v"]))]),
        (None, None, None, None, None, None, None),
        ((None, None), [], [], [], [], [], []),
        ((2, (None,)), [None], [[]], [("k", None)], [(1, None)], [None], [("p", None)]),
        ((None, ("y",)), [None, 4, None], [None, [], [None], ["d"]], [("a", 1), ("b", None)],
         [(1, []), (2, [None, False])], [(None, None), (1.5, []), (2.5, [None])],
         [("p", (None, None)), ("q", (2.0, [None]))]),
    ]
    return fields, rows * 7


def random_type(random, depth=0):
    if depth < 3 and random.random() < 0.3:
        form = random.choice(["struct", "array", "map"])
        if form == "array":
            return driver.array(random_type(random, depth + 1))
        if form == "map":
            return driver.map_of(random.choice(KEYS), random_type(random, depth + 1))
        return driver.struct(*((f"f{i}", random_type(random, depth + 1))
                               for i in range(random.randint(1, 3))))
    return random.choice(PRIMITIVES)


def random_value(random, kind, is_required=False):
    if not is_required and random.random() < 0.15:
        return None
    if isinstance(kind, str):
        if random.random() < 0.2:
            return random.choice(EXTREMES[kind])
        return _random_primitive(random, kind)
    if kind["type"] == "struct":
        return tuple(random_value(random, child) for _, child in driver.fields_of(kind))
    count = random.choice([0, 1, 1, 2, 5])
    if kind["type"] == "array":
        return [random_value(random, kind["elementType"]) for _ in range(count)]
    keys = {random_value(random, kind["keyType"], True) for _ in range(count)}
    return [(key, random_value(random, kind["valueType"])) for key in keys]


def _random_primitive(random, kind):
    if kind == "boolean":
        return random.random() < 0.5
    if kind in INTEGERS:
        # Few values or many: with and without a dictionary.
        bits = random.choice([3, INTEGERS[kind] - 1])
        return random.randint(-2 ** bits, 2 ** bits - 1)
    if kind in DECIMALS:
        most = 10 ** random.choice([1, DECIMALS[kind]]) - 1
        return random.randint(-most, most)
    if kind == "float":
        return struct.unpack("<f", struct.pack("<f", random.gauss(0, 100)))[0]
    if kind == "double":
        return random.choice([random.gauss(0, 1e10), float(random.randint(0, 5))])
    if kind == "date":
        return random.randint(DATE_LEAST, DATE_MOST)
    if kind == "timestamp":
        return random.randint(TIMESTAMP_LEAST, TIMESTAMP_MOST)
    if kind == "binary":
        return random.randbytes(random.choice([0, 1, 15, 16, 17, 200]))
    letters = random.choice(["ab", "abcdefghijklmnopqrstuvwxyz 0123456789", "äöüß€", "😀\U0010ffff"])
    return "".join(random.choices(letters, k=random.choice([0, 1, 3, 4, 7, 8, 9, 16, 17, 40, 70])))


def random_table(random):
    fields = [(f"c{i}", random_type(random)) for i in range(random.randint(1, 6))]
    count = random.choice([0, 1, 2, 100, 1500])
    if random.random() < 0.3:
        # Few different rows, many times: runs and dictionaries.
        few = [tuple(random_value(random, kind) for _, kind in fields) for _ in range(3)]
        return fields, [random.choice(few) for _ in range(count)]
    return fields, [tuple(random_value(random, kind) for _, kind in fields) for _ in range(count)]


def random_options(random):
    return {
        "codec": random.choice(["none", "snappy", "gzip", "lz4", "zstd"]),
        "pageRows": random.choice([1, 7, 100, 20000]),
        "pageBytes": random.choice([50, 1000, 1 << 20]),
        "rowGroupRows": random.choice([13, 500, 1 << 20]),
        "rowGroupBytes": random.choice([1000, 128 << 20]),
        "dictionaryBytes": random.choice([0, 100, 1 << 20]),
        "batchRows": random.choice([1, 10, 333, 4096]),
        "checksums": random.random() < 0.5,
        "constants": random.random() < 0.5,
    }

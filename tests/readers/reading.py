"""Reads files with other programs, into the rows `driver` is told."""

import datetime
import decimal
import fractions
import math

import duckdb
import polars
import pyarrow
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
DAY_ZERO = datetime.date(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def canonical(kind, value):
    """`value` as it came from a reader, or as it was told, in the one form that compares."""
    if value is None:
        return None
    if kind in ("float", "double"):
        return "nan" if math.isnan(value) else value.hex()
    if kind == "date":
        return (value - DAY_ZERO).days if isinstance(value, datetime.date) else value
    if kind in ("timestamp", "timestamp_ntz"):
        return _microseconds(value) if isinstance(value, datetime.datetime) else value
    if isinstance(value, decimal.Decimal):
        return _unscaled(value, kind)
    if kind == "binary":
        return bytes(value)
    if isinstance(kind, str):
        return value
    if kind["type"] == "array":
        return [canonical(kind["elementType"], each) for each in value]
    if kind["type"] == "map":
        return [(canonical(kind["keyType"], key), canonical(kind["valueType"], each))
                for key, each in _pairs(value)]
    children = [(field["name"], field["type"]) for field in kind["fields"]]
    if isinstance(value, dict):
        return tuple(canonical(child, value[name]) for name, child in children)
    return tuple(canonical(child, each) for (_, child), each in zip(children, value, strict=True))


def canonical_rows(fields, rows):
    return [tuple(canonical(kind, value) for (_, kind), value in zip(fields, row, strict=True))
            for row in rows]


def _microseconds(value):
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return (value - EPOCH) // MICROSECOND


def _unscaled(value, kind):
    """A DECIMAL counted in units of its last digit; Spark hands 1E-38 to Python as 10E-39."""
    scale = int(kind.rstrip(")").partition(",")[2])
    number = fractions.Fraction(value) * 10 ** scale
    assert number.denominator == 1, (kind, value)
    return number.numerator


def _pairs(value):
    if isinstance(value, dict):
        return value.items()
    return [(each["key"], each["value"]) if isinstance(each, dict) else each for each in value]


def arrow_rows(fields, table):
    assert table.column_names == [name for name, _ in fields]
    columns = [column.to_pylist() for column in table.columns]
    return canonical_rows(fields, zip(*columns, strict=True))


def read_pyarrow(path, fields):
    table = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True).read()
    table.validate(full=True)
    return arrow_rows(fields, table)


def read_duckdb(path, fields):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return arrow_rows(fields, connection.read_parquet(str(path)).to_arrow_table())


def read_polars(path, fields):
    return arrow_rows(fields, polars.read_parquet(path).to_arrow())


READERS = {"pyarrow": read_pyarrow, "duckdb": read_duckdb, "polars": read_polars}


def spark_rows(frame, fields):
    """The rows of a Spark DataFrame."""
    assert frame.columns == [name for name, _ in fields]
    # Python's datetime cannot hold what Spark makes of the first and last instants.
    spelled = {"timestamp": "unix_micros(`{}`)", "timestamp_ntz": "unix_micros(CAST(`{}` AS TIMESTAMP))"}
    columns = [spelled.get(kind, "`{}`").format(name) if isinstance(kind, str) else f"`{name}`"
               for name, kind in fields]
    return canonical_rows(fields, frame.selectExpr(*columns).collect())


def read_spark(session, path, fields):
    """The same through Spark's vectorized reader, which uses the page index."""
    return spark_rows(session.read.parquet(str(path)), fields)

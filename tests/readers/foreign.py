"""Writes Parquet files with other programs, from rows as `driver` tells them."""

import decimal

import duckdb
import polars
import pyarrow
import pyarrow.parquet

from readers import driver

PRIMITIVES = {
    "boolean": pyarrow.bool_(), "byte": pyarrow.int8(), "short": pyarrow.int16(),
    "integer": pyarrow.int32(), "long": pyarrow.int64(), "float": pyarrow.float32(),
    "double": pyarrow.float64(), "string": pyarrow.string(), "binary": pyarrow.binary(),
    "date": pyarrow.date32(), "timestamp": pyarrow.timestamp("us", "UTC"),
    "timestamp_ntz": pyarrow.timestamp("us"),
}


def precision_and_scale(kind):
    """Of "decimal(10,2)"."""
    return tuple(int(each) for each in kind[len("decimal("):-1].split(","))


def is_decimal(kind):
    return isinstance(kind, str) and kind.startswith("decimal(")


def arrow_type(kind):
    if is_decimal(kind):
        return pyarrow.decimal128(*precision_and_scale(kind))
    if isinstance(kind, str):
        return PRIMITIVES[kind]
    if kind["type"] == "array":
        return pyarrow.list_(arrow_type(kind["elementType"]))
    if kind["type"] == "map":
        return pyarrow.map_(arrow_type(kind["keyType"]), arrow_type(kind["valueType"]))
    return pyarrow.struct([(name, arrow_type(child)) for name, child in driver.fields_of(kind)])


def kind_of(found):
    """The type of a column of an Arrow table, as `driver` tells types."""
    if pyarrow.types.is_struct(found):
        return driver.struct(*((field.name, kind_of(field.type)) for field in found))
    if pyarrow.types.is_map(found):
        return driver.map_of(kind_of(found.key_type), kind_of(found.item_type))
    if pyarrow.types.is_list(found):
        return driver.array(kind_of(found.value_type))
    return next(kind for kind, known in PRIMITIVES.items() if known == found)


def arrow_value(kind, value):
    if value is None:
        return None
    if is_decimal(kind):
        # Not scaleb: it rounds to the context's 28 digits.
        digits = decimal.Decimal(value).as_tuple()
        return decimal.Decimal((digits.sign, digits.digits, -precision_and_scale(kind)[1]))
    if isinstance(kind, str):
        return value
    if kind["type"] == "array":
        return [arrow_value(kind["elementType"], each) for each in value]
    if kind["type"] == "map":
        return [(arrow_value(kind["keyType"], key), arrow_value(kind["valueType"], each))
                for key, each in value]
    return {name: arrow_value(child, each)
            for (name, child), each in zip(driver.fields_of(kind), value, strict=True)}


def arrow_table(fields, rows):
    columns = zip(*rows, strict=True) if rows else [[] for _ in fields]
    arrays = [pyarrow.array([arrow_value(kind, value) for value in column], arrow_type(kind))
              for (_, kind), column in zip(fields, columns, strict=True)]
    return pyarrow.table(arrays, names=[name for name, _ in fields])


def write_pyarrow(path, fields, rows, **options):
    pyarrow.parquet.write_table(arrow_table(fields, rows), path, **options)


def write_duckdb(path, fields, rows, **options):
    settings = ", ".join(["FORMAT parquet", *(f"{name} {value}" for name, value in options.items())])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("told", arrow_table(fields, rows))
        connection.execute(f"COPY (SELECT * FROM told) TO '{path}' ({settings})")


def write_polars(path, fields, rows, **options):
    polars.from_arrow(arrow_table(fields, rows)).write_parquet(path, **options)


def write_spark(session, path, fields, rows, seed, **options):
    """Spark writes one file into a directory; returns its path. `seed` is a file for our writer,
    from which Spark takes the rows."""
    driver.write_parquet(seed, fields, rows)
    writer = session.read.parquet(str(seed)).coalesce(1).write.options(**options)
    writer.parquet(str(path))
    return next(path.glob("part-*.parquet"))


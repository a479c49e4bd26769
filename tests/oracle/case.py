"""A case: one query and its input, batch by batch, read from `cases/NAME.toml`.

    title       one sentence: what the case pins
    schema      the input's columns as DDL
    query       SQL over the relation `src`
    output_mode append (default), update or complete
    format      json (default) or text
    [options]   more options of the file source
    [[view]]    relations made of others, in order: name, and `query`, or `deduplicate`, the
                relation whose first rows it keeps, with `columns` (none: all) and
                `within_watermark`. What test_numbered.py asks has `numbered`, the column of the
                order, too: row_number() OVER (PARTITION BY columns ORDER BY it) ... = 1
    state       true: the rows that stateful operators count are compared too
    [settings]  of the session, as SET takes them
    [watermark] column, and delay as SQL: "INTERVAL '10' SECONDS"
    [right]     a second streaming input, the relation `other`: schema, and watermark as above
    [[batch]]   one micro-batch each: `lines`, kept as text so that they may be bad
                JSON, and optionally their `encoding`; `right`: the lines of `other`
    [[static]]  a relation that is no stream: `name`, `schema` and `lines` of JSON

From a case come the files both engines read and the pipeline Eagre runs.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import tomllib

DIRECTORY = pathlib.Path(__file__).parent / "cases"
KEYS = {"title", "schema", "query", "output_mode", "format", "options", "watermark", "batch",
        "state", "static", "right", "view", "settings"}

# Batch i is written as of FIRST_MODIFIED + i * STEP: whole seconds, in the past.
FIRST_MODIFIED_SECONDS = 1_750_000_000
STEP_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    sha256: str
    title: str
    schema: str
    query: str
    batches: list
    output_mode: str = "append"
    format: str = "json"
    options: dict = dataclasses.field(default_factory=dict)
    watermark: str = ""
    state: bool = False
    right: "Input | None" = None
    static: list = dataclasses.field(default_factory=list)
    view: list = dataclasses.field(default_factory=list)
    settings: dict = dataclasses.field(default_factory=dict)

    def write_static(self, directory):
        """Writes the relations that are no streams below `directory`, a folder each."""
        for relation in self.static:
            path = directory / relation["name"] / "rows.json"
            path.parent.mkdir(parents=True)
            path.write_text("".join(f"{line}\n" for line in relation["lines"]))

    def write_input(self, directory):
        """Writes one file per batch and input."""
        write_files(directory, self.batches, self.format)
        if self.right:
            write_files(right_directory(directory), self.right.batches, self.format)

    def pipeline(self, input_directory, checkpoint):
        """The case as a pipeline file of Eagre that prints."""
        return (
            f"{self.relations(input_directory)}CREATE SINK out USING console "
            "OPTIONS ('format' = 'json', 'includeBatchId' = 'true');\n"
            f"CREATE FLOW f OPTIONS ('outputMode' = {quote(self.output_mode)}, "
            f"'trigger' = 'available now', 'checkpointLocation' = {quote(checkpoint)}) "
            f"AS INSERT INTO out\n{self.streaming_query()};\n")

    def table_pipeline(self, input_directory, checkpoint, table):
        """The case as a pipeline file of Eagre that writes a Delta table."""
        return (
            f"{self.relations(input_directory)}CREATE STREAMING TABLE out LOCATION {quote(table)} TBLPROPERTIES ("
            f"'eagre.outputMode' = {quote(self.output_mode)}, 'eagre.trigger' = 'available now', "
            f"'eagre.checkpointLocation' = {quote(checkpoint)}) AS\n{self.streaming_query()};\n")

    def relations(self, input_directory):
        """Settings and everything the query reads, as statements of Eagre."""
        options = "".join(f", {key} => {quote(value)}" for key, value in self.options.items())
        static = "".join(
            f"CREATE TEMPORARY VIEW {relation['name']} AS SELECT * FROM "
            f"read_files({quote(relation['name'])}, format => 'json', "
            f"schema => {quote(relation['schema'])});\n" for relation in self.static)
        views = self.stream_view("src", input_directory, self.schema, options, self.watermark)
        if self.right:
            views += self.stream_view("other", right_directory(input_directory), self.right.schema,
                               options, self.right.watermark)
        settings = "".join(f"SET {key} = {value};\n" for key, value in self.settings.items())
        return f"{settings}{static}{views}{self.views()}"

    def stream_view(self, name, directory, schema, options, watermark):
        """One input as a view of Eagre."""
        return (
            f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM STREAM "
            f"read_files({quote(directory)}, format => {quote(self.format)}, "
            f"schema => {quote(schema)}, maxFilesPerTrigger => 1{options}){watermark};\n")

    def views(self):
        """The views made of other relations, as statements."""
        return "".join(f"CREATE TEMPORARY VIEW {view['name']} AS {self.view_query(view)};\n"
                       for view in self.view)

    def view_query(self, view):
        """What a view of Eagre reads."""
        if "query" in view:
            return self.with_stream(view["query"])
        if "numbered" in view:
            return (f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {', '.join(view['columns'])} "
                    f"ORDER BY {view['numbered']}) AS rn FROM STREAM {view['deduplicate']}) WHERE rn = 1")
        arguments = [f"STREAM {view['deduplicate']}", *view.get("columns", [])]
        if view.get("within_watermark"):
            arguments.append("withinWatermark => true")
        return f"SELECT * FROM deduplicate({', '.join(arguments)})"

    def streaming_query(self):
        """The query as Eagre wants it."""
        return self.with_stream(self.query)

    def with_stream(self, query):
        """`query` with STREAM in front of the streaming views it reads."""
        names = "|".join(["src", *(["other"] if self.right else []), *(view["name"] for view in self.view)])
        return re.sub(rf"\b(FROM|JOIN)\s+({names})\b", r"\1 STREAM \2", query.strip(),
                      flags=re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Input:
    """The second input of a case."""
    schema: str
    batches: list
    watermark: str = ""


def right_directory(directory):
    """Where the second input stands, beside the first."""
    return pathlib.Path(directory).with_name(pathlib.Path(directory).name + "-other")


def write_files(directory, batches, suffix):
    """Writes one file per batch. Names count down: only the times are in order."""
    directory.mkdir()
    for index, data in enumerate(batches):
        path = directory / f"part-{len(batches) - index:03}.{suffix}"
        path.write_bytes(data)
        modified = FIRST_MODIFIED_SECONDS + index * STEP_SECONDS
        os.utime(path, (modified, modified))


def names():
    """The names of all cases, in order."""
    return sorted(path.stem for path in DIRECTORY.glob("*.toml"))


def load(name):
    """Reads one case; an unknown key is an error, not a comment."""
    raw = (DIRECTORY / f"{name}.toml").read_bytes()
    fields = tomllib.loads(raw.decode())
    unknown = fields.keys() - KEYS
    if unknown:
        raise ValueError(f"{name}: unknown keys {sorted(unknown)}")
    inputs = fields.pop("batch")
    batches = [encode_batch(batch) for batch in inputs]
    fields["watermark"] = watermark_clause(fields.pop("watermark", None))
    right = fields.pop("right", None)
    if right:
        fields["right"] = Input(schema=right["schema"],
                                batches=[encode_batch(batch, "right") for batch in inputs],
                                watermark=watermark_clause(right.get("watermark")))
    return Case(name=name, sha256=hashlib.sha256(raw).hexdigest(), batches=batches, **fields)


def watermark_clause(watermark):
    """The WATERMARK clause behind a relation; nothing without one."""
    return f" WATERMARK {watermark['column']} DELAY OF {watermark['delay']}" if watermark else ""


def encode_batch(batch, member="lines"):
    """The bytes of one batch's file."""
    text = "".join(f"{line}\n" for line in batch[member])
    return text.encode(batch.get("encoding", "utf-8"))


def quote(text):
    """`text` as a SQL string literal."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "\\'") + "'"

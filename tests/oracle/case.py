"""A case: one query and its input, batch by batch, read from `cases/NAME.toml`.

    title       one sentence: what the case pins
    schema      the input's columns as DDL
    query       SQL over the relation `src`
    output_mode append (default), update or complete
    format      json (default) or text
    [options]   more options of the file source
    state       true: the rows that stateful operators count are compared too
    [watermark] column, and delay as SQL: "INTERVAL '10' SECONDS"
    [[batch]]   one micro-batch each: `lines`, kept as text so that they may be bad
                JSON, and optionally their `encoding`
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
        "state", "static"}

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
    static: list = dataclasses.field(default_factory=list)

    def write_static(self, directory):
        """Writes the relations that are no streams below `directory`, a folder each."""
        for relation in self.static:
            path = directory / relation["name"] / "rows.json"
            path.parent.mkdir(parents=True)
            path.write_text("".join(f"{line}\n" for line in relation["lines"]))

    def write_input(self, directory):
        """Writes one file per batch. Names count down: only the times are in order."""
        directory.mkdir()
        for index, data in enumerate(self.batches):
            path = directory / f"part-{len(self.batches) - index:03}.{self.format}"
            path.write_bytes(data)
            modified = FIRST_MODIFIED_SECONDS + index * STEP_SECONDS
            os.utime(path, (modified, modified))

    def pipeline(self, input_directory, checkpoint):
        """The case as a pipeline file of Eagre."""
        options = "".join(f", {key} => {quote(value)}" for key, value in self.options.items())
        static = "".join(
            f"CREATE TEMPORARY VIEW {relation['name']} AS SELECT * FROM "
            f"read_files({quote(relation['name'])}, format => 'json', "
            f"schema => {quote(relation['schema'])});\n" for relation in self.static)
        return static + (
            "CREATE TEMPORARY VIEW src AS SELECT * FROM STREAM "
            f"read_files({quote(input_directory)}, format => {quote(self.format)}, "
            f"schema => {quote(self.schema)}, maxFilesPerTrigger => 1{options}){self.watermark};\n"
            "CREATE SINK out USING console "
            "OPTIONS ('format' = 'json', 'includeBatchId' = 'true');\n"
            f"CREATE FLOW f OPTIONS ('outputMode' = {quote(self.output_mode)}, "
            f"'trigger' = 'available now', 'checkpointLocation' = {quote(checkpoint)}) "
            f"AS INSERT INTO out\n{self.streaming_query()};\n")

    def streaming_query(self):
        """The query as Eagre wants it: a streaming view is read with STREAM."""
        return re.sub(r"\b(FROM|JOIN)\s+src\b", r"\1 STREAM src", self.query.strip(),
                      flags=re.IGNORECASE)


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
    batches = [encode_batch(batch) for batch in fields.pop("batch")]
    watermark = fields.pop("watermark", None)
    if watermark:
        fields["watermark"] = f" WATERMARK {watermark['column']} DELAY OF {watermark['delay']}"
    return Case(name=name, sha256=hashlib.sha256(raw).hexdigest(), batches=batches, **fields)


def encode_batch(batch):
    """The bytes of one batch's file."""
    text = "".join(f"{line}\n" for line in batch["lines"])
    return text.encode(batch.get("encoding", "utf-8"))


def quote(text):
    """`text` as a SQL string literal."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "\\'") + "'"

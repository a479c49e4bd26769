"""Recorded answers: `expected/NAME.json`, written by make_fixtures.py only.

    spark, java   the versions that answered (Java decides how doubles are spelled)
    case_sha256   the case file that was answered
    batches       per executed batch: id, watermark, numInputRows,
                  numRowsDroppedByWatermark, rows (sorted JSON texts), and with `state`
                  in the case what each stateful operator counts
    error         only when Spark failed: its conditions, outermost first, and
                  whether the query was refused ("analysis") or failed while it
                  ran ("run")
"""

import dataclasses
import json
import pathlib

DIRECTORY = pathlib.Path(__file__).parent / "expected"


@dataclasses.dataclass
class Answer:
    """What an engine answered to one case."""
    batches: list = dataclasses.field(default_factory=list)
    error: dict | None = None

    def rows(self):
        """Rows by batch id; a batch without rows is the same as no batch."""
        return {batch["id"]: batch["rows"] for batch in self.batches if batch["rows"]}

    def progress(self):
        """The batches without their rows."""
        return [{key: batch[key] for key in batch if key != "rows"} for batch in self.batches]


@dataclasses.dataclass
class Fixture:
    spark: str
    java: str
    case_sha256: str
    answer: Answer

    def save(self, name):
        fields = {"spark": self.spark, "java": self.java, "case_sha256": self.case_sha256,
                  **dataclasses.asdict(self.answer)}
        if fields["error"] is None:
            del fields["error"]
        DIRECTORY.mkdir(exist_ok=True)
        path(name).write_text(json.dumps(fields, indent=1, ensure_ascii=False) + "\n")


STATE_MEMBERS = ("operatorName", "numRowsTotal", "numRowsUpdated", "numRowsRemoved", "numRowsDroppedByWatermark")


def state(progress):
    """What a progress object says of stateful operators, as fixtures keep it."""
    operators = []
    for operator in progress["stateOperators"]:
        one = {member: operator[member] for member in STATE_MEMBERS}
        if "numDroppedDuplicateRows" in operator["customMetrics"]:
            one["numDroppedDuplicateRows"] = operator["customMetrics"]["numDroppedDuplicateRows"]
        operators.append(one)
    return operators


def path(name):
    return DIRECTORY / f"{name}.json"


def load(name):
    fields = json.loads(path(name).read_text())
    answer = Answer(fields.pop("batches"), fields.pop("error", None))
    return Fixture(answer=answer, **fields)

"""A flow from Kafka to the console, run by the program: rows out, offsets and errors to look at."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN_TIMEOUT_SECONDS = 60

PIPELINE = """
CREATE SINK out USING console OPTIONS ('format' = 'json', 'includeBatchId' = 'true');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'checkpoint') AS INSERT INTO out
SELECT {columns} FROM STREAM read_kafka({options});
"""
COLUMNS = "topic, partition, offset, CAST(key AS STRING) AS key, CAST(value AS STRING) AS value"


def client_arguments():
    """Who fetches: EAGRE_KAFKA_CLIENT runs a whole suite with one of the clients."""
    client = os.environ.get("EAGRE_KAFKA_CLIENT")
    return ["--set", f"eagre.kafka.client={client}"] if client else []


def program():
    path = Path(os.environ.get("EAGRE", ROOT / "build/eagre"))
    return str(path if path.is_absolute() else ROOT / path)


def call(function_options):
    """The arguments of read_kafka as SQL."""
    return ", ".join(f"`{name}` => '{value}'" for name, value in function_options.items())


class Flow:
    """A folder with a pipeline and a checkpoint that runs share."""

    def __init__(self, folder, broker, columns=COLUMNS, **options):
        self.folder = folder
        self.columns = columns
        self.options = {"bootstrapServers": broker.address, "startingOffsets": "earliest", **options}

    def write(self, **more):
        options = call({**self.options, **more})
        (self.folder / "flow.sql").write_text(PIPELINE.format(columns=self.columns, options=options))

    def command(self, *arguments):
        return [program(), "run", "flow.sql", "--progress", "json", *client_arguments(), *arguments]

    def run(self, *arguments, **more):
        """Works off what is there; `more` are options of read_kafka for this run."""
        self.write(**more)
        return subprocess.run(self.command("--available-now", *arguments), cwd=self.folder,
                              env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True,
                              timeout=RUN_TIMEOUT_SECONDS, check=False)

    def rows(self, *arguments, **more):
        """The rows of a run that must succeed."""
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def fails(self, status, *words, **more):
        """A run that must fail with that exit status and say all of `words`."""
        done = self.run(**more)
        assert done.returncode == status, done.stdout + done.stderr
        for word in words:
            assert word in done.stderr
        return done

    def start(self, **more):
        """A run that goes on until it is stopped."""
        self.write(**more)
        return subprocess.Popen(self.command(), cwd=self.folder, env={**os.environ, "TZ": "UTC"},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ends(self):
        """The end position of every epoch, first to last."""
        offsets = self.folder / "checkpoint/offsets"
        numbers = sorted(int(path.name) for path in offsets.iterdir() if path.name.isdigit())
        return [json.loads((offsets / str(number)).read_text().split("\n")[2]) for number in numbers]

    def first_position(self):
        return (self.folder / "checkpoint/sources/0/0").read_bytes()


def values(rows, partition=None):
    return [row.get("value") for row in rows if partition in (None, row["partition"])]

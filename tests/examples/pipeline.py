"""Runs pipelines of examples/ as a user does, and looks at what they wrote."""

import json
import os
import subprocess
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from deltalake import DeltaTable

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 120


def program():
    path = Path(os.environ.get("EAGRE", ROOT / "build/eagre"))
    return str(path if path.is_absolute() else ROOT / path)


class Pipelines:
    """A folder in which examples run, over one broker."""

    def __init__(self, broker, folder):
        self.broker = broker
        self.folder = folder

    def call(self, *arguments, **defines):
        """The program, with text for the names in files; it must succeed. Returns what it printed."""
        done = subprocess.run([program(), *arguments, *(f"--define={name}={value}" for name, value in defines.items())],
                              cwd=self.folder, env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, name, **defines):
        """Works off what is there."""
        self.call("run", str(ROOT / f"examples/{name}.sql"), "--available-now", "--progress", "none",
                  brokers=self.broker.address, **defines)

    def query(self, name, **defines):
        printed = self.call("query", "-f", str(ROOT / f"examples/{name}.sql"), "--format", "json",
                            brokers=self.broker.address, **defines)
        return [json.loads(line) for line in printed.splitlines()]

    def produce(self, topic, values, keys=None):
        """Objects as JSON; bytes and None as they are."""
        def encode(value):
            return value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        self.broker.produce(topic, list(zip(map(encode, keys or [None] * len(values)), map(encode, values))), partition=0)

    def rows(self, table):
        """The rows of a managed Delta table, times as texts."""
        rows = DeltaTable(str(self.folder / "eagre-data/tables" / table)).to_pyarrow_table().to_pylist()
        return [{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
                for row in rows]

    def messages(self, topic):
        """Key and value of every message of a topic with one partition, in order."""
        consumer = Consumer({"bootstrap.servers": self.broker.address, "group.id": "look", "enable.partition.eof": True})
        consumer.assign([TopicPartition(topic, 0, 0)])
        found = []
        while True:
            message = consumer.poll(TIMEOUT_SECONDS)
            assert message is not None
            if message.error():
                break
            found.append((message.key().decode(), json.loads(message.value())))
        consumer.close()
        return found

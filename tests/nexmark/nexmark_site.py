"""What the tests of Nexmark share: the queries, the events, and a folder in which the queries run."""

import concurrent.futures
import dataclasses
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUERIES = ROOT / "examples/nexmark"
EVENTS = 200_000
FIRST_EVENTS = 120_000
PARTITIONS = 4
RUN_TIMEOUT_SECONDS = 300
LAST_TIME = "2030-01-01T00:00:00.000Z"
LAST_EVENTS = [
    {"event_type": 0, "person": {"id": 1, "name": "", "state": "XX", "dateTime": LAST_TIME}, "auction": None, "bid": None},
    {"event_type": 1, "person": None, "bid": None,
     "auction": {"id": 1, "seller": 0, "category": 0, "dateTime": LAST_TIME, "expires": LAST_TIME}},
    {"event_type": 2, "person": None, "auction": None,
     "bid": {"auction": 1, "bidder": 0, "price": 0, "channel": "channel-0", "url": "", "dateTime": LAST_TIME, "extra": ""}},
]


def program():
    path = Path(os.environ.get("EAGRE", ROOT / "build/eagre"))
    return str(path if path.is_absolute() else ROOT / path)


def call(*arguments, **keywords):
    """Runs the program; it must succeed."""
    done = subprocess.run([program(), *arguments], capture_output=True, encoding="utf-8", check=False,
                          env={**os.environ, "TZ": "UTC"}, timeout=RUN_TIMEOUT_SECONDS, **keywords)
    assert done.returncode == 0, done.stderr
    return done


@dataclasses.dataclass
class Site:
    """What all queries share: the topic, the same events in a file, and where tables go."""
    folder: Path
    brokers: str
    failures: dict

    @property
    def events(self):
        return self.folder / "events.json"

    def table(self, name):
        return self.folder / "data/tables" / name

    def run_all(self):
        """Runs every query to the end of what is there, two at a time; keeps what went wrong."""
        names = [path.stem for path in QUERIES.glob("q*.sql")]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, failure in zip(names, pool.map(self.run, names)):
                if failure:
                    self.failures.setdefault(name, failure)

    def run(self, name):
        try:
            call("run", str(QUERIES / f"{name}.sql"), "--available-now", "--progress", "none", "--cores", "2",
                 "--storage", str(self.folder / "data"), "--define", f"brokers={self.brokers}",
                 "--define", f"side_input={QUERIES / 'side_input.csv'}")
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            return str(failure)
        return None

"""What differs from Spark on purpose, or is not there yet: `differences.toml`."""

import pathlib
import tomllib

from oracle import case

TABLE = tomllib.loads((pathlib.Path(__file__).parent / "differences.toml").read_text())

# Cases that are refused with a clear error, and the others.
REFUSED = TABLE["refused"]["cases"]
ANSWERED = [name for name in case.names() if name not in REFUSED]


def members(name):
    """Members of progress objects that differ on purpose in this case."""
    return {member for member, row in TABLE.items() if member != "refused" and name in row["cases"]}

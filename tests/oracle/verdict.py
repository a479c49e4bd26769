"""Compares an answer of Eagre with an answer of Spark. Returns complaints; none means equal."""

from oracle import rows

# Exit status of `eagre` when it refused the query, and when the query failed on its data.
EXIT_REFUSED = 2
EXIT_FAILED_ON_DATA = 5


def compare_rows(expected, actual):
    """Complaints about rows, both sides by batch id."""
    return [f"batch {batch}: {difference}"
            for batch in sorted(expected.keys() | actual.keys())
            for difference in rows.differences(expected.get(batch, []), actual.get(batch, []))]


def compare_end(error, process):
    """Complaints about how the program ended; `error` is a fixture's, None for success."""
    wanted = exit_status(error)
    complaints = []
    if process.returncode != wanted:
        complaints.append(f"exit status {process.returncode}, not {wanted}")
    if error and not any(name in process.stderr for name in error["classes"]):
        complaints.append(f"stderr names none of {error['classes']}")
    return complaints + ([f"stderr:\n{process.stderr}"] if complaints else [])


def exit_status(error):
    if error is None:
        return 0
    return EXIT_REFUSED if error["phase"] == "analysis" else EXIT_FAILED_ON_DATA

"""Runs a case on real Spark as `eagre export --to spark` says: one pipeline file, two engines."""

import contextlib
import io
import pathlib
import tempfile

from oracle import eagre_engine, spark_engine


def answer_case(session, case):
    """The rows that the exported program of `case` prints by batch id, and the error it ended with or None.

    The program takes `session`, the one that is active, for its own.
    """
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as scratch:
        scratch = pathlib.Path(scratch)
        case.write_input(scratch / "in")
        (scratch / "case.sql").write_text(case.pipeline(scratch / "in", scratch / "checkpoint"))
        done = eagre_engine.run(["export", "case.sql", "--to", "spark"], scratch)
        if done.returncode != 0:
            raise eagre_engine.Unusable(done.stderr)
        return run(session, done.stdout)


def run(session, program):
    printed = io.StringIO()
    error = None
    before = dict(session.conf.getAll)
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(program, "exported.py", "exec"), {})
        except spark_engine.failures_of_spark() as failure:
            error = failure
        finally:
            for query in session.streams.active:
                query.stop()
            restore(session, before)
    return eagre_engine.rows_by_batch(printed.getvalue()), error


def restore(session, before):
    """Settings as they were: the next program finds none of this one's."""
    for key, value in dict(session.conf.getAll).items():
        if key not in before:
            session.conf.unset(key)
        elif value != before[key]:
            session.conf.set(key, before[key])

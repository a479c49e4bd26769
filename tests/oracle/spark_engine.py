"""Runs cases and expressions on real Spark."""

import contextlib
import json
import pathlib
import tempfile

from oracle import case as cases, fixture

QUERY_TIMEOUT_SECONDS = 120


def answer_case(session, case):
    """Runs `case` to its end and returns Spark's `fixture.Answer`."""
    answer = fixture.Answer()
    rows = {}
    failures = []
    with tempfile.TemporaryDirectory(prefix="eagre-oracle-") as scratch:
        scratch = pathlib.Path(scratch)
        case.write_input(scratch / "in")
        case.write_static(scratch)
        try:
            with settings_of(session, case):
                query = start(session, case, scratch, rows, failures)
        except failures_of_spark() as error:
            answer.error = describe(error)
            return answer
        wait(query)
        answer.batches = [summarize(progress, rows, case.state) for progress in executed(query)]
        if query.exception() is not None:
            answer.error = describe((failures or [query.exception()])[0])
    return answer


@contextlib.contextmanager
def settings_of(session, case):
    """The session with the settings of the case; a query keeps what it was started with."""
    for key, value in case.settings.items():
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key in case.settings:
            session.conf.unset(key)


def start(session, case, scratch, rows, failures):
    """Starts the query; `rows` gets each batch's rows, `failures` what broke one."""
    def collect(frame, batch_id):
        try:
            texts = frame.selectExpr("to_json(struct(*)) AS row").collect()
            rows[batch_id] = sorted(text.row for text in texts)
        except Exception as error:
            failures.append(error)
            raise

    read_stream(session, case, "src", scratch / "in", case.schema, case.watermark)
    if case.right:
        right = case.right
        directory = cases.right_directory(scratch / "in")
        read_stream(session, case, "other", directory, right.schema, right.watermark)
    for relation in case.static:
        frame = session.read.schema(relation["schema"]).json(str(scratch / relation["name"]))
        frame.createOrReplaceTempView(relation["name"])
    for view in case.view:
        make_view(session, view)
    writer = session.sql(case.query).writeStream.foreachBatch(collect)
    writer = writer.outputMode(case.output_mode).trigger(availableNow=True)
    return writer.option("checkpointLocation", str(scratch / "checkpoint")).start()


def read_stream(session, case, name, directory, schema, watermark):
    """One input of the case as the view `name`, of SQL text as in the pipeline: each use has a watermark of its own."""
    reader = session.readStream.format(case.format).schema(schema)
    reader = reader.option("maxFilesPerTrigger", 1).options(**case.options)
    reader.load(str(directory)).createOrReplaceTempView(f"{name}_files")
    session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS SELECT * FROM {name}_files{watermark}")


def make_view(session, view):
    """A view of the case that is made of another relation."""
    if "query" in view:
        frame = session.sql(view["query"])
    else:
        frame = session.table(view["deduplicate"])
        drop = frame.dropDuplicatesWithinWatermark if view.get("within_watermark") else frame.dropDuplicates
        frame = drop(view.get("columns") or frame.columns)
    frame.createOrReplaceTempView(view["name"])


def wait(query):
    from pyspark.errors import StreamingQueryException
    try:
        if not query.awaitTermination(QUERY_TIMEOUT_SECONDS):
            query.stop()
            raise TimeoutError(f"not done in {QUERY_TIMEOUT_SECONDS} s")
    except StreamingQueryException:
        pass  # query.exception() has it


def executed(query):
    """The progress of every batch that ran, idle reports left out."""
    reports = [json.loads(report.json) for report in query.recentProgress]
    return [report for report in reports if "addBatch" in report["durationMs"]]


def summarize(progress, rows, with_state):
    dropped = sum(state["numRowsDroppedByWatermark"] for state in progress["stateOperators"])
    state = {"state": fixture.state(progress)} if with_state else {}
    return {"id": progress["batchId"],
            "watermark": progress.get("eventTime", {}).get("watermark"),
            "numInputRows": progress["numInputRows"],
            "numRowsDroppedByWatermark": dropped,
            **state,
            "rows": rows[progress["batchId"]]}


def failures_of_spark():
    """What a call of Spark raises. Exceptions that pyspark does not translate arrive raw."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    return PySparkException, Py4JJavaError


def describe(error, may_be_bare=False):
    """How a query failed: its conditions, outermost first, and whether it ran at all.

    `may_be_bare`: exceptions of Java without a condition are answers too ("long overflow").
    """
    from pyspark.errors import AnalysisException
    classes = list(conditions(error))
    if not classes and not may_be_bare:
        raise error
    phase = "analysis" if isinstance(error, AnalysisException) else "run"
    return {"classes": classes, "phase": phase}


def conditions(error):
    """The error conditions of an exception of Spark and of what caused it."""
    from py4j.java_gateway import is_instance_of
    from pyspark import SparkContext
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while java is not None:
        if is_instance_of(SparkContext._gateway, java, "org.apache.spark.SparkThrowable"):
            if java.getCondition():
                yield java.getCondition()
        java = java.getCause()

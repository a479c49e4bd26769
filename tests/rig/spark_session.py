"""One local Spark session, set up so that two runs give the same answers.

Starting it costs 5 to 10 s, so run many cases in one session. A process can
have one session at a time: ask for Kafka or Delta with the first call.
"""

import contextlib
import logging
import os
import tempfile

from rig import cache

CONFIGURATION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

DELTA_CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


@contextlib.contextmanager
def spark_session(kafka=False, delta=False, memory="2g", cores=2, **configuration):
    """Yields a SparkSession in UTC on `local[cores]`; stops it and its JVM afterwards.

    `configuration` takes more Spark settings with `_` for `.`.
    """
    names = ["spark-kafka-3.5" if is_old_spark() else "spark-kafka"] * kafka + ["spark-delta"] * delta
    jars = [str(jar) for name in names for jar in sorted(cache.require(cache.jars(name)).iterdir())]
    settings = dict(CONFIGURATION, **(DELTA_CONFIGURATION if delta else {}))
    settings.update({key.replace("_", "."): value for key, value in configuration.items()})
    with tempfile.TemporaryDirectory(prefix="eagre-spark-") as scratch:
        settings["spark.sql.warehouse.dir"] = f"{scratch}/warehouse"
        settings["spark.local.dir"] = f"{scratch}/local"
        session = _start(jars, settings, memory, cores)
        try:
            yield session
        finally:
            _stop(session)


def is_old_spark():
    """Whether the package here is that of Spark 3.5, of which checkpoints are recorded."""
    from importlib import metadata
    return metadata.version("pyspark").startswith("3.5.")


def java_version(session):
    """The version of the JVM below: Spark takes the text of a double from it."""
    return session.sparkContext._jvm.System.getProperty("java.version")


def _start(jars, settings, memory, cores):
    os.environ.update(TZ="UTC", SPARK_LOCAL_IP="127.0.0.1")
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join([
        f"--driver-memory {memory}", "--driver-java-options -Duser.timezone=UTC",
        *([f"--jars {','.join(jars)}"] if jars else []), "pyspark-shell"])
    from pyspark.sql import SparkSession
    logging.getLogger("SQLQueryContextLogger").disabled = True
    builder = SparkSession.builder.master(f"local[{cores}]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _stop(session):
    """Ends the JVM too, so that the next session may ask for other jars."""
    from pyspark import SparkContext
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=30)
    SparkContext._gateway = SparkContext._jvm = None

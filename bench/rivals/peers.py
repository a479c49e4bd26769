"""The engines that are compared: for each, what runs a workload over a site, and what it cannot run and why.

A command reads its topic to the end, writes to its target and ends with 0. Every engine may use both cores of the
machine but Eagre, which is given one; all of them deliver at least once and keep their state with checkpoints.
"""

import importlib.util
import sys
from dataclasses import dataclass, field
from typing import Callable

import fetch
import place
import slopes
from process import measure

HEAP = "-Xmx3g"
FLINK_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.util", "java.lang", "java.time")]
NO_TABLE_SINK = "writes to Kafka only"


@dataclass(frozen=True)
class Peer:
    name: str
    settings: str  # for the table
    prepare: Callable  # () -> (its version, command(workload, site, folder)); NotMeasured
    is_changelog: bool = False  # gives out windows as they change
    is_ours: bool = False
    refused: dict = field(default_factory=dict)  # workload -> why it cannot be measured


def eagre_version():
    return measure([place.eagre(), "version"]).output.split()[1]


def eagre(client):
    """Eagre on one core with one of its Kafka clients; None: the only one it has."""
    def prepare():
        def command(workload, site, folder):
            return slopes.write_pipeline(workload, site, folder, client)
        return eagre_version(), command
    return Peer(f"Eagre, {client}" if client else "Eagre", "1 core, epochs of 500,000 records", prepare,
                is_ours=True)


def prepare_spark():
    if importlib.util.find_spec("pyspark") is None:
        raise fetch.NotMeasured("pyspark is not installed: run scripts/setup-tests")
    import pyspark

    def command(workload, site, folder):
        return [sys.executable, fetch.HERE / "spark_job.py", workload.name, *site_arguments(site), folder]
    return pyspark.__version__, command


def site_arguments(site):
    return [site.brokers, site.source, site.target, site.campaigns]


def java_command(class_path, name, options):
    def command(workload, site, folder):
        return ["java", HEAP, *options, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", class_path, name,
                workload.name, *site_arguments(site), folder]
    return command


def prepare_flink():
    class_path = fetch.job("FlinkJob", "flink")
    return fetch.jar_version(fetch.jars("flink"), "flink-core-"), java_command(class_path, "FlinkJob", FLINK_OPENS)


def prepare_streams():
    class_path = fetch.job("StreamsJob", "kafka-streams")
    version = fetch.jar_version(fetch.jars("kafka-streams"), "kafka-streams-")
    return version, java_command(class_path, "StreamsJob", [])


SPARK = Peer("Spark", "local[2], epochs of 1,000,000 records", prepare_spark)
FLINK = Peer("Flink", "parallelism 2, checkpoints every 5 s, words with mini-batches", prepare_flink,
             refused={"device-delta": "Delta's connector does not work with Flink 2 (delta-io/delta#4793)"})
STREAMS = Peer("Kafka Streams", "2 threads, commits every 5 s, state in memory", prepare_streams, is_changelog=True,
               refused={"device-delta": NO_TABLE_SINK})


def all_peers():
    """Eagre first."""
    return [*(eagre(client) for client in slopes.clients()), SPARK, FLINK, STREAMS]

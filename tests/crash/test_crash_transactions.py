"""SIGKILL of flows whose results go to Kafka exactly once: every number is in the topic once, for whoever reads with
read_committed, wherever the process or the broker died, and what nobody can know is asked for.
"""

import contextlib
import os

import pytest
from rig.kafka_broker import STEADY, KafkaBroker

from numbered import crash_points
from numbered_topic import FLOWS, ROUNDS_FOR_BOTH, UNSAFE, WAIT_SECONDS
from transactional_topic import TransactionalSite

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "2")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_KILLS", "10"))
ONCE_PER_START = {"checkpoint.after_metadata", "checkpoint.after_sources", "kafka.after_init"}
USAGE = 2
SITE = TransactionalSite


# ---- SIGKILL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", crash_points("transactions"))
def test_killed_at_a_crash_point(new_site, point):
    """The first passages of the points of a commit are those of the marker in front of epoch 0."""
    for passage in [1] if point in ONCE_PER_START else PASSAGES:
        site = new_site()
        for cores, flow in enumerate(FLOWS, 1):
            site.crash(f"{point}:{passage}", flow, cores=cores)
        site.finish()
        site.check()


def test_killed_at_every_point_in_turn(new_site):
    site = new_site()
    for number, point in enumerate(crash_points("transactions")):
        site.crash(f"{point}:1", cores=1 + number % 2)
    site.finish(cores=2)
    site.check()


def test_killed_at_random_moments(new_site, chance):
    site = new_site()
    site.kill_again_and_again(KILLS, chance)
    site.finish()
    site.check()


# ---- Two processes ---------------------------------------------------------------------------------


def test_who_wakes_up_after_it_was_passed_ends_by_itself(new_site, chance):
    site = new_site()
    fenced = 0
    for number in range(KILLS):
        classes = [line for line in site.pass_sleeper(number, chance).splitlines() if line.startswith("error: [")]
        assert classes and all(line.startswith(("error: [KAFKA_PRODUCER_FENCED]", "error: [CONCURRENT_STREAM_LOG_UPDATE]"))
                               for line in classes), classes
        fenced += any("KAFKA_PRODUCER_FENCED" in line for line in classes)
    assert fenced > 0, "no process was stopped inside a transaction"
    site.finish()
    site.check()


# ---- The broker ------------------------------------------------------------------------------------


def test_the_broker_crashes_inside_an_epoch_and_comes_back(tmp_path, chance):
    """Whether the flow waits for it or ends: nothing is lost, nothing is there twice."""
    with KafkaBroker(tmp_path / "broker", jars=STEADY) as own:
        site = TransactionalSite(tmp_path / "site", own, "crash")
        try:
            for number in range(len(FLOWS)):
                site.run_until_done()
                site.harm(*site.aim(number, chance, cores=(2,)), chance, lambda: (own.kill(), own.start()))
            site.run_until_done()
            site.check()
        finally:
            site.close()


# ---- What Kafka has forgotten ----------------------------------------------------------------------


@pytest.mark.parametrize("point, is_in", [("epoch.after_prepared", False), ("kafka.after_commit", True)])
def test_a_marker_that_has_expired(new_site, point, is_in):
    """Only whoever looks into the topic can tell; --assume-committed says it."""
    site = new_site()
    site.crash(f"{point}:3", "raw")
    last = site.planned("raw")
    assert site.is_inside_epoch("raw")
    site.forget("raw")
    done = site.run("raw")
    assert done.returncode == UNSAFE and "error: [SINK_FORGOT_EPOCH]" in done.stderr, done.stderr
    assert f"--assume-committed {last} if they are, --assume-committed {last - 1} if not" in done.stderr
    done = site.run("raw", "--assume-committed", str(last + 1))
    assert done.returncode == USAGE and "error: [INVALID_ASSUMED_EPOCH]" in done.stderr, done.stderr
    site.finish("raw", "--assume-committed", str(last if is_in else last - 1))
    site.check_raw()


def test_a_marker_that_expired_while_nothing_was_in_doubt(new_site):
    site = new_site()
    site.finish()
    site.topic.write_rounds(ROUNDS_FOR_BOTH)
    for flow in FLOWS:
        site.forget(flow)
    said = site.finish()
    assert said.count("is the last one in Kafka: it is set") == len(FLOWS)
    site.check()


@contextlib.contextmanager
def without_an_end(site, flow):
    """The marker of a flow is about to change for as long as the block lasts, as after a transaction whose end a broker has lost."""
    from confluent_kafka import Consumer, Producer, TopicPartition
    group = site.group(flow)
    consumer = Consumer({"bootstrap.servers": site.broker.address, "group.id": group})
    producer = Producer({"bootstrap.servers": site.broker.address, "transactional.id": "somebody else"})
    producer.init_transactions(WAIT_SECONDS)
    producer.begin_transaction()
    producer.send_offsets_to_transaction([TopicPartition(f"{site.topic.name}-{flow}", 0, 1)], consumer.consumer_group_metadata(),
                                         WAIT_SECONDS)
    try:
        yield
    finally:
        producer.abort_transaction(WAIT_SECONDS)
        consumer.close()


@pytest.mark.parametrize("point", [None, "epoch.after_prepared:3"])
def test_a_transaction_whose_end_was_lost(new_site, point):
    """What Kafka cannot tell for ever counts as forgotten; the flow goes on where the checkpoint knows the answer."""
    site = new_site(**{"kafka.default.api.timeout.ms": 5000})
    if point is None:
        site.finish()
        site.topic.write_rounds(ROUNDS_FOR_BOTH)
    else:
        site.crash(point, "raw")
    with without_an_end(site, "raw"):
        done = site.run("raw")
        assert "Kafka has lost the end of a transaction" in done.stderr, done.stderr
        if point is None:
            assert done.returncode == 0 and "is the last one in Kafka: it is set" in done.stderr, done.stderr
        else:
            assert done.returncode == UNSAFE and "error: [SINK_FORGOT_EPOCH]" in done.stderr, done.stderr
    site.finish()
    site.check()


def test_an_epoch_that_was_not_prepared_is_in_no_doubt(new_site):
    site = new_site()
    site.crash("epoch.after_run:3", "raw")
    site.forget("raw")
    site.finish("raw")
    site.check_raw()


def test_an_epoch_is_assumed_of_one_flow_only(new_site):
    site = new_site()
    done = site.run("--assume-committed", "0")
    assert done.returncode == USAGE and "error: [INVALID_ASSUMED_EPOCH]" in done.stderr, done.stderr
    assert not site.log("raw", "metadata").exists()

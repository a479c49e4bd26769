"""SIGKILL of flows whose results go to Kafka exactly once: every number is in the topic once, for whoever reads with
read_committed, wherever the process or the broker died, and what nobody can know is asked for.
"""

import os
import random
import signal
import time

import pytest
from rig.kafka_broker import KafkaBroker

from numbered import crash_points
from numbered_topic import FLOWS, WAIT_SECONDS
from transactional_topic import TransactionalSite

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "2")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_KILLS", "10"))
EPOCHS_BETWEEN_KILLS = 5
ONCE_PER_START = {"checkpoint.after_metadata", "checkpoint.after_sources", "kafka.after_init"}
ROUNDS_FOR_BOTH = 10
USAGE = 2
IO = 3
UNSAFE = 4


@pytest.fixture
def new_site(tmp_path, broker):
    sites = []

    def new(**settings):
        name = f"transactions-{os.urandom(4).hex()}"
        sites.append(TransactionalSite(tmp_path / name, broker, name, **settings))
        return sites[-1]

    yield new
    for site in sites:
        site.close()


@pytest.fixture
def chance():
    seed = int(os.environ.get("EAGRE_CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"EAGRE_CRASH_SEED={seed}")
    return random.Random(seed)


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
    with site.topic.being_written():
        for kill in range(KILLS):
            flow = FLOWS[kill % len(FLOWS)]
            epoch = site.planned(flow) + 2 + chance.randrange(EPOCHS_BETWEEN_KILLS)
            process = site.start(cores=chance.choice((1, 2)))
            site.kill_inside_epoch(process, flow, epoch, chance)
    site.finish()
    site.check()


# ---- Two processes ---------------------------------------------------------------------------------


def test_who_wakes_up_after_it_was_passed_ends_by_itself(new_site, chance):
    site = new_site()
    fenced = 0
    for number in range(KILLS):
        flow = FLOWS[number % len(FLOWS)]
        epoch = site.planned(flow) + 2 + chance.randrange(EPOCHS_BETWEEN_KILLS)
        process = site.start(cores=chance.choice((1, 2)))
        with site.topic.being_written():
            site.stop_inside_epoch(process, flow, epoch, chance)
        site.topic.write_rounds(ROUNDS_FOR_BOTH)
        assert site.run().returncode == UNSAFE
        site.finish("--take-over", cores=chance.choice((1, 2)))
        site.check()
        process.send_signal(signal.SIGCONT)
        assert process.wait(WAIT_SECONDS) == UNSAFE, site.said()
        classes = [line for line in site.said().splitlines() if line.startswith("error: [")]
        assert classes and all(line.startswith(("error: [KAFKA_PRODUCER_FENCED]", "error: [CONCURRENT_STREAM_LOG_UPDATE]"))
                               for line in classes), site.said()
        fenced += any("KAFKA_PRODUCER_FENCED" in line for line in classes)
        site.check()
    assert fenced > 0, "no process was stopped inside a transaction"
    site.finish()
    site.check()


# ---- The broker ------------------------------------------------------------------------------------


def run_until_done(site, *flows):
    """A broker that has just come up may refuse an epoch; whoever starts again continues."""
    while (done := site.run(*flows)).returncode != 0:
        assert done.returncode == IO, done.stderr


def test_the_broker_crashes_inside_an_epoch_and_comes_back(tmp_path, chance):
    """Whether the flow waits for it or ends: nothing is lost, nothing is there twice."""
    with KafkaBroker(tmp_path / "broker") as own:
        site = TransactionalSite(tmp_path / "site", own, "crash")
        try:
            for flow in FLOWS:
                run_until_done(site, flow)
                process = site.start(2, flow)
                with site.topic.being_written():
                    site.stop_inside_epoch(process, flow, site.planned(flow) + 2, chance)
                    own.kill()
                    process.send_signal(signal.SIGCONT)
                    own.start()
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                assert process.wait(WAIT_SECONDS) in (0, IO), site.said()
            run_until_done(site)
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

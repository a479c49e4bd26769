"""Connections that are slow, cut and reset, and a broker that is killed, while two flows read a topic that is being
written and gets more partitions: every number once.

How often comes from EAGRE_FAULTS; EAGRE_FAULTS_SEED repeats the choices of a run.
"""

import signal
import time

import pytest

from faulty import of_size
from numbered_topic import FLOWS, WAIT_SECONDS, TopicSite
from rig.kafka_broker import KafkaBroker
from rig.kafka_proxy import ProxiedBroker

CUTS = of_size(5, 15, 300)
BROKER_KILLS = of_size(1, 3, 20)
PARTITIONS_MAX = 8


def newest_epochs(site):
    return [site.planned(flow) for flow in FLOWS]


def wait_for_progress(site, process):
    """Until both flows have planned an epoch more, and so have heard of the broker again."""
    before = newest_epochs(site)
    site.wait_for(process, lambda: all(now > then for now, then in zip(newest_epochs(site), before)))


def end_in_order(site, process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0, site.said()
    site.finish()
    site.check()


@pytest.mark.parametrize("cores", [1, 2])
def test_connections_are_delayed_and_cut(tmp_path, chance, cores):
    with ProxiedBroker(tmp_path / "broker", chance) as broker:
        site = TopicSite(tmp_path / "site", broker, "numbers", brokers=broker.proxied_address)
        try:
            process = site.start(cores=cores)
            with site.topic.being_written():
                for number in range(CUTS):
                    broker.proxy.delay(number % 2 == 1)
                    wait_for_progress(site, process)
                    time.sleep(chance.random() * 0.1)
                    broker.proxy.cut()
                wait_for_progress(site, process)
            assert broker.proxy.cuts >= CUTS, "too few connections were there to be cut"
            end_in_order(site, process)
        finally:
            site.close()


def test_the_broker_is_killed_again_and_again(tmp_path, chance):
    with KafkaBroker(tmp_path / "broker") as broker:
        site = TopicSite(tmp_path / "site", broker, "numbers")
        try:
            process = site.start(cores=2)
            with site.topic.being_written():
                for number in range(BROKER_KILLS):
                    wait_for_progress(site, process)
                    time.sleep(chance.random() * 0.5)
                    broker.kill()
                    broker.start()
                    if number < PARTITIONS_MAX:
                        site.add_partition(process)
                wait_for_progress(site, process)
            end_in_order(site, process)
        finally:
            site.close()

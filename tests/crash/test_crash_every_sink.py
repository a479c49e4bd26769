"""SIGKILL of flows with a Delta table, a directory, a topic by transactions and dead letters at once: each sink has every
number once. And what else happens to them: brokers, connections, partitions, other processes. The counts of `make test-long` come from the same variables as those of test_crash.py.
"""

import os

import pytest
from rig.kafka_broker import STEADY
from rig.kafka_proxy import ProxiedBroker

from every_sink import EverySinkSite
from numbered import crash_points
from numbered_topic import FENCES, FLOWS

PASSAGES = range(1, int(os.environ.get("EAGRE_CRASH_PASSAGES", "1")) + 1)
KILLS = int(os.environ.get("EAGRE_CRASH_EVERY_SINK_KILLS", "6"))
TROUBLES = int(os.environ.get("EAGRE_CRASH_EVERY_SINK_TROUBLES", "4"))
ROUNDS_AFTER_PARTITION = 5
ONCE_PER_START = {"checkpoint.after_metadata", "checkpoint.after_sources", "kafka.after_init"}
SINKS_OF_FLOWS = {"raw": 4, "counts": 3}
# What a process that was passed may be told by the first sink that notices.
FENCES_OF_SINKS = (*FENCES, "SINK_DATA_FILE_MISSING", "KAFKA_PRODUCER_FENCED")
SITE = EverySinkSite


def passages(point, flow):
    """Behind each of the sinks at least once."""
    if point in ONCE_PER_START:
        return [1]
    sinks = SINKS_OF_FLOWS[flow]
    return range(sinks + 1, 2 * sinks + 1) if point == "sink.after_part" else PASSAGES


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("point", crash_points("every sink"))
def test_killed_at_a_crash_point(new_site, point, flow):
    """Again and again at the same point, on two cores; then to the end."""
    site = new_site()
    for passage in passages(point, flow):
        site.crash(f"{point}:{passage}", flow, cores=2)
        if point in ONCE_PER_START:
            break
    site.finish(cores=2)
    site.check()


def test_killed_at_random_moments(new_site, chance):
    site = new_site()
    site.kill_again_and_again(KILLS, chance, cores=(2,))
    site.finish(cores=2)
    site.check()


def trouble(site, broker, number, chance):
    """One thing after the other: a broker that crashes, connections that are cut, a partition more, a take-over."""
    kind = number % 4
    if kind == 0:
        site.harm(*site.aim(number // 4, chance), chance, lambda: (broker.kill(), broker.start()))
    elif kind == 1:
        site.harm(*site.aim(number // 4, chance), chance, broker.proxy.cut)
    elif kind == 2:
        process, *_ = site.aim(number // 4, chance)
        site.add_partition(process)
        site.topic.write_rounds(ROUNDS_AFTER_PARTITION)
        site.wait_for(process, lambda: all(map(site.is_at_end, FLOWS)))
        site.end(process)
    else:
        said = site.pass_sleeper(number // 4, chance)
        assert any(f"error: [{fence}]" in said for fence in FENCES_OF_SINKS), said
    site.run_until_done()


def test_the_broker_crashes_and_partitions_and_processes_come_and_go(tmp_path, chance):
    """With every sink at once, on one pair of checkpoints, through a proxy."""
    with ProxiedBroker(tmp_path / "broker", chance, jars=STEADY) as broker:
        site = EverySinkSite(tmp_path / "site", broker, "numbers", brokers=broker.proxied_address)
        try:
            site.run_until_done()
            for number in range(TROUBLES):
                trouble(site, broker, number, chance)
                site.check()
        finally:
            site.close()

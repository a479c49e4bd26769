"""Every Nexmark query of examples/nexmark: its table holds what DuckDB answers over the same events."""

import pytest

import nexmark_answers
from nexmark_site import EVENTS, QUERIES

BIDS = EVENTS // 50 * 46 + 1


@pytest.mark.parametrize("name", nexmark_answers.names())
def test_the_table_holds_the_answer(site, duck, name):
    assert name not in site.failures, site.failures[name]
    nexmark_answers.compare(duck, name, site.table(name))


def test_windows_of_this_machines_clock_hold_every_bid(site, duck):
    """Query 12, counted by the mix of the generator and not by what DuckDB read."""
    with nexmark_answers.registered(duck, site.table(nexmark_answers.OF_THE_CLOCK)):
        assert duck.execute("SELECT sum(bid_count) FROM found").fetchall() == [(BIDS,)]


def test_every_query_is_compared():
    """No file of the folder is left out."""
    assert {path.stem for path in QUERIES.glob("q*.sql")} == set(nexmark_answers.names())


def test_a_wrong_table_is_noticed(site, duck):
    """The comparison itself: the highest bids are not all bids, nor the other way round."""
    for name, other, side in (("q7", "q0", "found"), ("q0", "q7", "expected")):
        with pytest.raises(AssertionError, match=f"in {side} only"):
            nexmark_answers.compare(duck, name, site.table(other))

"""Every Nexmark query of examples/nexmark: its table holds what DuckDB answers over the same events."""

import pytest

import nexmark_answers
from nexmark_site import EVENTS, QUERIES

BIDS = EVENTS // 50 * 46 + 1
# Bidders whose bids in windows are not the bids they made.
MISCOUNTED = """
SELECT bidder FROM (SELECT bidder, sum(bid_count) AS windowed FROM found GROUP BY bidder)
              FULL JOIN (SELECT bidder, count(*) AS made FROM bid GROUP BY bidder) USING (bidder)
WHERE windowed IS DISTINCT FROM made
"""


@pytest.mark.parametrize("name", nexmark_answers.names())
def test_the_table_holds_the_answer(site, duck, name):
    assert name not in site.failures, site.failures[name]
    nexmark_answers.compare(duck, name, site.table(name))


def test_windows_of_this_machines_clock_hold_every_bid(site, duck):
    """Query 12: which window holds a bid depends on the run, how many bids there are does not."""
    assert "q12" not in site.failures, site.failures["q12"]
    with nexmark_answers.registered(duck, site.table("q12")):
        assert duck.execute("SELECT sum(bid_count) FROM found").fetchone()[0] == BIDS
        assert duck.execute("SELECT bool_and(endtime - starttime = INTERVAL 10 SECONDS) FROM found").fetchone()[0]
        assert duck.execute(MISCOUNTED).fetchall() == []


def test_every_query_is_compared():
    """No file of the folder is left out."""
    assert {path.stem for path in QUERIES.glob("q*.sql")} == {*nexmark_answers.QUERIES, "q12"}


def test_a_wrong_table_is_noticed(site, duck):
    """The comparison itself: the highest bids are not all bids, nor the other way round."""
    for name, other, side in (("q7", "q0", "found"), ("q0", "q7", "expected")):
        with pytest.raises(AssertionError, match=f"in {side} only"):
            nexmark_answers.compare(duck, name, site.table(other))

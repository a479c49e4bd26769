"""The queries of examples/nexmark once more, as DuckDB says them over all events at once.

Windows and sessions that no later event closes are not in a table in append mode: with the event of 2030 behind all
others these are its own.
"""

import contextlib

from deltalake import DeltaTable

EVENTS = """
CREATE TABLE event AS SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {{
  event_type: 'INTEGER',
  person: 'STRUCT(id BIGINT, name VARCHAR, emailAddress VARCHAR, creditCard VARCHAR, city VARCHAR, state VARCHAR,
                  dateTime TIMESTAMPTZ, extra VARCHAR)',
  auction: 'STRUCT(id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve BIGINT,
                   dateTime TIMESTAMPTZ, expires TIMESTAMPTZ, seller BIGINT, category BIGINT, extra VARCHAR)',
  bid: 'STRUCT(auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, dateTime TIMESTAMPTZ,
               extra VARCHAR)'}});
CREATE TABLE person AS SELECT unnest(person) FROM event WHERE event_type = 0;
CREATE TABLE auction AS SELECT unnest(auction) FROM event WHERE event_type = 1;
CREATE TABLE bid AS SELECT unnest(bid) FROM event WHERE event_type = 2;
CREATE TABLE side AS SELECT * FROM read_csv('{side}', header = false, columns = {{key: 'BIGINT', value: 'VARCHAR'}});
-- Windows of ten seconds that hold an event.
CREATE MACRO tumble(t) AS time_bucket(INTERVAL 10 SECONDS, t);
CREATE TABLE hop_bid AS
SELECT auction, time_bucket(INTERVAL 2 SECONDS, dateTime) - to_seconds(2 * i) AS starttime
FROM bid, range(5) AS steps(i) WHERE dateTime < TIMESTAMPTZ '2029-01-01';
CREATE TABLE hop_count AS SELECT starttime, auction, count(*) AS num FROM hop_bid GROUP BY ALL;
"""

# Refused by Spark.
BEYOND_SPARK = {"q4", "q19"}

LEVELS = ("true", "price < 10000", "price >= 10000 AND price < 1000000", "price >= 1000000")
BID_COUNTS = ", ".join(f"count(*) FILTER (WHERE {level})" for level in LEVELS)
STATISTICS = ", ".join([BID_COUNTS, *(f"count(DISTINCT {column}) FILTER (WHERE {level})"
                                      for column in ("bidder", "auction") for level in LEVELS)])
BEFORE_THE_LAST = "dateTime < TIMESTAMPTZ '2029-01-01'"

QUERIES = {
    "q0": "SELECT auction, bidder, price, dateTime, extra FROM bid",
    "q1": "SELECT auction, bidder, price * 0.908, dateTime, extra FROM bid",
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q3": """SELECT p.name, p.city, p.state, a.id FROM auction a JOIN person p ON a.seller = p.id
             WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')""",
    "q4": """SELECT category, avg(final) FROM (
                 SELECT a.id, a.category, max(b.price) AS final FROM auction a JOIN bid b
                 ON a.id = b.auction AND b.dateTime BETWEEN a.dateTime AND a.expires GROUP BY a.id, a.category)
             GROUP BY category""",
    "q5": """SELECT starttime, starttime + INTERVAL 10 SECONDS, auction, num FROM hop_count
             QUALIFY num = max(num) OVER (PARTITION BY starttime)""",
    "q7": f"""SELECT auction, bidder, price, dateTime, extra FROM bid WHERE {BEFORE_THE_LAST}
              QUALIFY price = max(price) OVER (PARTITION BY tumble(dateTime))""",
    "q8": f"""SELECT DISTINCT p.id, p.name, tumble(p.dateTime) FROM person p JOIN auction a
              ON p.id = a.seller AND tumble(p.dateTime) = tumble(a.dateTime)""",
    "q9": """SELECT a.*, b.auction, b.bidder, b.price, b.dateTime AS bid_dateTime, b.extra AS bid_extra
             FROM auction a JOIN bid b ON a.id = b.auction AND b.dateTime BETWEEN a.dateTime AND a.expires
             WHERE a.dateTime < TIMESTAMPTZ '2029-01-01'
             QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime) = 1""",
    "q10": """SELECT auction, bidder, price, dateTime, extra, strftime(dateTime, '%Y-%m-%d'), strftime(dateTime, '%H:%M')
              FROM bid""",
    "q11": f"""SELECT bidder, count(*), min(dateTime), max(dateTime) + INTERVAL 10 SECONDS
               FROM (SELECT *, sum(begins) OVER (PARTITION BY bidder ORDER BY dateTime) AS session
                     FROM (SELECT bidder, dateTime, (dateTime - lag(dateTime) OVER (PARTITION BY bidder ORDER BY dateTime)
                                                     > INTERVAL 10 SECONDS)::INT AS begins
                           FROM bid WHERE {BEFORE_THE_LAST}))
               GROUP BY bidder, coalesce(session, 0)""",
    "q13": "SELECT b.auction, b.bidder, b.price, b.dateTime, s.value FROM bid b JOIN side s ON b.auction % 100 = s.key",
    "q14": """SELECT auction, bidder, price * 0.908,
                     CASE WHEN hour(dateTime) BETWEEN 8 AND 18 THEN 'dayTime'
                          WHEN hour(dateTime) <= 6 OR hour(dateTime) >= 20 THEN 'nightTime' ELSE 'otherTime' END,
                     dateTime, extra, length(extra) - length(replace(extra, 'c', ''))
              FROM bid WHERE price * 0.908 > 1000000 AND price * 0.908 < 50000000""",
    "q15": f"SELECT strftime(dateTime, '%Y-%m-%d'), {STATISTICS} FROM bid GROUP BY 1",
    "q16": f"""SELECT channel, strftime(dateTime, '%Y-%m-%d'), max(strftime(dateTime, '%H:%M')), {STATISTICS}
               FROM bid GROUP BY 1, 2""",
    "q17": f"""SELECT auction, strftime(dateTime, '%Y-%m-%d'), {BID_COUNTS}, min(price), max(price), avg(price), sum(price)
               FROM bid GROUP BY 1, 2""",
    "q18": """SELECT * FROM bid
              QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC) = 1""",
    "q19": """SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, dateTime) AS rank_number FROM bid
              QUALIFY rank_number <= 10""",
    "q20": """SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.dateTime, b.extra, a.itemName, a.description,
                     a.initialBid, a.reserve, a.dateTime, a.expires, a.seller, a.category, a.extra
              FROM bid b JOIN auction a ON b.auction = a.id WHERE a.category = 10""",
    "q21": """SELECT * FROM (SELECT auction, bidder, price, channel,
                CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2'
                  WHEN 'baidu' THEN '3' ELSE nullif(regexp_extract(url, '(&|^)channel_id=([^&]*)', 2), '') END AS channel_id
              FROM bid) WHERE channel_id IS NOT NULL""",
    "q22": """SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5), split_part(url, '/', 6)
              FROM bid""",
}

# Its windows are of the clock of the machine that runs it.
OF_THE_CLOCK = "q12"
MISCOUNTED = """
SELECT bidder FROM (SELECT bidder, sum(bid_count) AS windowed FROM found GROUP BY bidder)
              FULL JOIN (SELECT bidder, count(*) AS made FROM bid GROUP BY bidder) USING (bidder)
WHERE windowed IS DISTINCT FROM made LIMIT 3
"""


def names():
    """The queries in the order of their numbers."""
    return sorted([*QUERIES, OF_THE_CLOCK], key=lambda name: int(name.removeprefix("q")))


@contextlib.contextmanager
def registered(duck, table):
    """The Delta table as the relation `found`."""
    duck.register("found", DeltaTable(str(table)).to_pyarrow_table())
    try:
        yield
    finally:
        duck.unregister("found")


def compare_rows(duck, query, table):
    """Fails unless the Delta table holds the rows of the query, as many times each."""
    with registered(duck, table):
        columns = ", ".join(f'"{column}"' for column in duck.table("found").columns)
        duck.execute(f"CREATE OR REPLACE TEMP TABLE expected AS SELECT * FROM ({query}) AS t({columns})")
        count = duck.execute("SELECT count(*) FROM expected").fetchone()[0]
        assert count > 0
        for one, other in (("expected", "found"), ("found", "expected")):
            rows = f"SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other} LIMIT 3"
            texts = duck.execute(f"SELECT row::VARCHAR FROM ({rows}) AS row").fetchall()
            assert not texts, f"in {one} only, of {count}: {texts}"


def compare_windows_of_the_clock(duck, table):
    """Which window holds a bid depends on the run, how many bids of whom there are does not."""
    with registered(duck, table):
        assert duck.execute("SELECT bool_and(endtime - starttime = INTERVAL 10 SECONDS) FROM found").fetchone()[0]
        miscounted = duck.execute(MISCOUNTED).fetchall()
        assert not miscounted, f"bidders whose bids in windows are not the bids they made: {miscounted}"


def compare(duck, name, table):
    """Fails unless the Delta table of the query of that name holds what it must."""
    if name == OF_THE_CLOCK:
        compare_windows_of_the_clock(duck, table)
    else:
        compare_rows(duck, QUERIES[name], table)

-- Query 9, winning bids: which bid won each auction: the highest, of equal ones the first, while it was open?
--
-- No auction is open for longer than four seconds (two thousand events and a third of a millisecond each): that bound
-- closes it for good, so that a winner is written once, in append mode.
CREATE TEMPORARY VIEW auction AS
SELECT * FROM (
  SELECT event.auction.*
  FROM (SELECT from_json(value::string, 'event_type INT, auction STRUCT<
                id: BIGINT, itemName: STRING, description: STRING, initialBid: BIGINT, reserve: BIGINT,
                dateTime: TIMESTAMP, expires: TIMESTAMP, seller: BIGINT, category: BIGINT, extra: STRING>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 1
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW bid AS
SELECT * FROM (
  SELECT event.bid.*
  FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
                auction: BIGINT, bidder: BIGINT, price: BIGINT, dateTime: TIMESTAMP, extra: STRING>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 2
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW placed AS
SELECT a.*, b.auction, b.bidder, b.price, b.dateTime + INTERVAL 0 SECONDS AS bid_dateTime, b.extra AS bid_extra
FROM STREAM auction AS a JOIN STREAM bid AS b
  ON a.id = b.auction AND b.dateTime BETWEEN a.dateTime AND a.dateTime + INTERVAL 4 SECONDS
WHERE b.dateTime <= a.expires;

CREATE STREAMING TABLE q9 AS
SELECT winner.*
FROM (SELECT max_by(struct(id, itemName, description, initialBid, reserve, dateTime + INTERVAL 0 SECONDS AS dateTime, expires,
                           seller, category, extra, auction, bidder, price, bid_dateTime, bid_extra),
                    struct(price, -unix_millis(bid_dateTime))) AS winner
      FROM STREAM placed
      GROUP BY id, dateTime);

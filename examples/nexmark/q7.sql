-- Query 7, highest bid: which bids were the highest of their ten seconds?
--
-- A bid that falls on the end of a window belongs to the next one only. dateTime + 0 seconds is the same time, but no
-- longer the column of the watermark: the window is.
CREATE TEMPORARY VIEW bid AS
SELECT * FROM (
  SELECT event.bid.*
  FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
                auction: BIGINT, bidder: BIGINT, price: BIGINT, dateTime: TIMESTAMP, extra: STRING>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 2
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW placed AS
SELECT auction, bidder, price, dateTime + INTERVAL 0 SECONDS AS dateTime, extra,
       window(dateTime, '10 seconds') AS window
FROM STREAM bid;
CREATE TEMPORARY VIEW highest AS
SELECT window, max(price) AS price
FROM STREAM bid
GROUP BY window(dateTime, '10 seconds');

CREATE STREAMING TABLE q7 AS
SELECT b.auction, b.bidder, b.price, b.dateTime, b.extra
FROM STREAM placed AS b JOIN STREAM highest AS h ON b.window = h.window AND b.price = h.price;

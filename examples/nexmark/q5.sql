-- Query 5, hot items: which auctions had the most bids of the last ten seconds, every two seconds?
--
-- Two aggregations on one side of a join and one on the other: windows close three times, in append mode.
CREATE TEMPORARY VIEW bid AS
SELECT * FROM (
  SELECT event.bid.*
  FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<auction: BIGINT, dateTime: TIMESTAMP>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 2
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW auction_bids AS
SELECT window, auction, count(*) AS num
FROM STREAM bid
GROUP BY window(dateTime, '10 seconds', '2 seconds'), auction;
CREATE TEMPORARY VIEW most_bids AS
SELECT window, max(num) AS most
FROM STREAM auction_bids
GROUP BY window;

CREATE STREAMING TABLE q5 AS
SELECT b.window.start AS starttime, b.window.end AS endtime, b.auction, b.num
FROM STREAM auction_bids AS b JOIN STREAM most_bids AS m ON b.window = m.window AND b.num >= m.most;

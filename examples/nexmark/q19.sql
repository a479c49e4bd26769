-- Query 19, auction top 10 price: which are the ten highest bids of each auction? Of equal ones the first.
--
-- The first rows of each key of a stream: Spark refuses it, Eagre keeps ten rows per auction.
SET eagre.changes = true;

CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: STRING, url: STRING,
              dateTime: TIMESTAMP, extra: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q19 (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime TIMESTAMP,
                            extra STRING, rank_number INT);
CREATE FLOW q19_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q19
SELECT *
FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, dateTime) AS rank_number FROM STREAM bid)
WHERE rank_number <= 10;

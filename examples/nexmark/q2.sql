-- Query 2, selection: what is bid for some of the auctions?
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<auction: BIGINT, price: BIGINT>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q2 AS
SELECT auction, price FROM STREAM bid WHERE auction % 123 = 0;

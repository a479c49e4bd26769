-- Query 18, find last bid: what was the last bid of each bidder for each auction?
--
-- Complete mode: the table is written anew in every epoch.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: STRING, url: STRING,
              dateTime: TIMESTAMP, extra: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q18 (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime TIMESTAMP,
                            extra STRING);
CREATE FLOW q18_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q18
SELECT last.*
FROM (SELECT max_by(struct(*), dateTime) AS last FROM STREAM bid GROUP BY bidder, auction);

-- Query 13, bounded side input join: what does a file say of each bid's auction?
--
-- The file stands beside this one; it is read again for every epoch when it changed.
-- Its keys are the rest of ids divided by 100 (10,000 in the benchmark).
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, dateTime: TIMESTAMP>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE TEMPORARY VIEW side_input AS
SELECT * FROM read_files('${side_input}', format => 'csv', schema => 'key BIGINT, value STRING');

CREATE STREAMING TABLE q13 AS
SELECT b.auction, b.bidder, b.price, b.dateTime, s.value
FROM STREAM bid AS b JOIN side_input AS s ON b.auction % 100 = s.key;

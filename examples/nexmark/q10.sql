-- Query 10, log to file system: keep all bids in files, with the day and minute they belong to.
--
-- The benchmark partitions by day and minute. Eagre does not write partitioned tables yet: they are columns here.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, dateTime: TIMESTAMP, extra: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q10 AS
SELECT auction, bidder, price, dateTime, extra,
       date_format(dateTime, 'yyyy-MM-dd') AS dt, date_format(dateTime, 'HH:mm') AS hm
FROM STREAM bid;

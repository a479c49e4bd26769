-- Query 12, processing time windows: how many bids did each user make within ten seconds of this machine's clock?
--
-- The one query whose answer depends on when it runs: current_timestamp() is when an epoch was planned.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<bidder: BIGINT>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q12 (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP, endtime TIMESTAMP);
CREATE FLOW q12_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q12
SELECT bidder, count(*) AS bid_count, window.start AS starttime, window.end AS endtime
FROM (SELECT bidder, current_timestamp() AS p_time FROM STREAM bid)
GROUP BY bidder, window(p_time, '10 seconds');

-- Query 11, user sessions: how many bids did a user make in each session, ten seconds of silence apart?
CREATE TEMPORARY VIEW bid AS
SELECT * FROM (
  SELECT event.bid.*
  FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<bidder: BIGINT, dateTime: TIMESTAMP>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 2
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE STREAMING TABLE q11 AS
SELECT bidder, count(*) AS bid_count, session_window.start AS starttime, session_window.end AS endtime
FROM STREAM bid
GROUP BY bidder, session_window(dateTime, '10 seconds');

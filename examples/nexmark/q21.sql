-- Query 21, add channel id: by which number is the channel of a bid known?
--
-- regexp_extract gives an empty text, not NULL, where nothing matches.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: STRING, url: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q21 AS
SELECT auction, bidder, price, channel,
       CASE lower(channel)
         WHEN 'apple' THEN '0'
         WHEN 'google' THEN '1'
         WHEN 'facebook' THEN '2'
         WHEN 'baidu' THEN '3'
         ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id
FROM STREAM bid
WHERE lower(channel) IN ('apple', 'google', 'facebook', 'baidu')
   OR regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) <> '';

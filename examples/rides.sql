-- How busy is each zone, and what do rides cost there: of the last minute, every thirty seconds, Kafka to Kafka.
--
--   eagre run examples/rides.sql --define brokers=localhost:9092
--
-- Reads the topic `rides`, {"ride_id":"r1","zone":"north","fare":12.5,"ts":"2026-01-01T00:00:00Z"}; writes to
-- `rides-per-zone`. Update mode: a window is told again whenever rides came, under the same key, so a reader (or a
-- compacted topic) keeps the last one. Rides more than a minute behind the newest are late and dropped.
CREATE TEMPORARY VIEW rides AS
SELECT ride.*
FROM (SELECT from_json(value::string, 'ride_id STRING, zone STRING, fare DOUBLE, ts TIMESTAMP') AS ride
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'rides', startingOffsets => 'earliest'))
WHERE ride.zone IS NOT NULL;

CREATE SINK rides_per_zone USING kafka OPTIONS ('kafka.bootstrap.servers' = '${brokers}', 'topic' = 'rides-per-zone');
CREATE FLOW rides_flow OPTIONS ('outputMode' = 'update', 'trigger' = 'processing time 1 second')
AS INSERT INTO rides_per_zone
SELECT concat(zone, ' ', window.start) AS key,
       to_json(struct(zone, window.start AS start, window.end AS end, count(*) AS rides, round(avg(fare), 2) AS fare)) AS value
FROM STREAM rides WATERMARK ts DELAY OF INTERVAL 1 MINUTE
GROUP BY zone, window(ts, '1 minute', '30 seconds');

-- Paid orders per minute and region, from Kafka JSON into a Delta table, exactly once.
--
--   eagre run examples/orders.sql --define brokers=localhost:9092
--
-- Orders more than ten seconds behind the newest one are late and dropped; malformed records have
-- no region and are filtered out.
CREATE OR REFRESH STREAMING TABLE orders_per_minute
  COMMENT 'paid orders per minute and region'
AS SELECT window.start AS minute, region, count(*) AS orders, sum(cents) AS cents, max(amount) AS largest
   FROM (SELECT o.region, o.status, o.amount, o.cents, o.ts
         FROM (SELECT from_json(value::string,
                                'region STRING, status STRING, amount DOUBLE, cents BIGINT, ts TIMESTAMP') AS o
               FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'orders',
                                      startingOffsets => 'earliest')))
        WATERMARK ts DELAY OF INTERVAL 10 SECONDS
   WHERE status = 'paid'
   GROUP BY window(ts, '1 minute'), region;

-- What `eagre demo` runs: paid orders per minute and region, into a Delta table and, for the eye, to the console.
CREATE TEMPORARY VIEW paid_orders AS
SELECT o.region, o.cents, o.ts
FROM (SELECT from_json(value::string, 'region STRING, status STRING, cents BIGINT, ts TIMESTAMP') AS o
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'orders', startingOffsets => 'earliest'))
WHERE o.status = 'paid';

CREATE OR REFRESH STREAMING TABLE orders_per_minute
  COMMENT 'paid orders per minute and region'
  TBLPROPERTIES ('eagre.sink.commitIntervalMin' = '200 milliseconds')
AS SELECT window.start AS minute, region, count(*) AS orders, sum(cents) AS cents
   FROM STREAM paid_orders WATERMARK ts DELAY OF INTERVAL 10 SECONDS
   GROUP BY window(ts, '1 minute'), region;

CREATE SINK preview USING console OPTIONS ('format' = 'json');
CREATE FLOW preview_flow AS INSERT INTO preview
   SELECT window.start AS minute, region, count(*) AS orders, sum(cents) AS cents
   FROM STREAM paid_orders WATERMARK ts DELAY OF INTERVAL 10 SECONDS
   GROUP BY window(ts, '1 minute'), region;

-- Single fields of JSON by their path, without a schema: `value::string:field`, as Databricks writes it.
--
--   eagre run examples/clicks.sql --define brokers=localhost:9092
--
-- Reads the topic `clicks`, {"user":"u1","page":{"path":"/a","tags":["x","y"]},"ms":12}. A field that is not there is NULL.
CREATE STREAMING TABLE clicks
AS SELECT value::string:user AS user, value::string:page.path AS path, value::string:page.tags[0] AS first_tag,
          value::string:ms::bigint AS ms, timestamp AS arrived
   FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'clicks', startingOffsets => 'earliest')
   WHERE value::string:user IS NOT NULL;

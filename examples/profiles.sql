-- Records whose key and value are both JSON, as flat rows in a Delta table, every ten seconds.
--
--   eagre run examples/profiles.sql --define brokers=localhost:9092
--
-- Reads the topic `profiles`: key {"tenant":"acme","id":7}, value {"name":{"first":"Ann","last":"Li"},"tags":["a"],"born":
-- "1990-02-03"}. A record without value deletes in Kafka: it is a row with is_deleted here. What is no JSON is kept with
-- its bytes as text, so that nothing is lost and nobody has to look for it.
CREATE STREAMING TABLE profiles
  COMMENT 'profiles as they came, one row per record'
  TBLPROPERTIES ('eagre.trigger' = 'processing time 10 seconds')
AS SELECT k.tenant, k.id, v.name.first AS first_name, v.name.last AS last_name, v.born, array_join(v.tags, ',') AS tags,
          value IS NULL AS is_deleted, if(v._corrupt_record IS NULL, NULL, value::string) AS broken,
          topic, partition, offset, timestamp
   FROM (SELECT from_json(key::string, 'tenant STRING, id BIGINT') AS k,
                from_json(value::string, 'name STRUCT<first: STRING, last: STRING>, tags ARRAY<STRING>, born DATE,
                                          _corrupt_record STRING') AS v,
                value, topic, partition, offset, timestamp
         FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'profiles', startingOffsets => 'earliest'));

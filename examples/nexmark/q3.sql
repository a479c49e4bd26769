-- Query 3, local item suggestion: who sells in category 10, and lives in Oregon, Idaho or California?
--
-- A person may come after the auctions, however late: both sides are kept for ever.
CREATE TEMPORARY VIEW auction AS
SELECT event.auction.*
FROM (SELECT from_json(value::string, 'event_type INT, auction STRUCT<
              id: BIGINT, seller: BIGINT, category: BIGINT>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 1;

CREATE TEMPORARY VIEW person AS
SELECT event.person.*
FROM (SELECT from_json(value::string, 'event_type INT, person STRUCT<
              id: BIGINT, name: STRING, city: STRING, state: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 0;

CREATE STREAMING TABLE q3 AS
SELECT p.name, p.city, p.state, a.id
FROM STREAM auction AS a JOIN STREAM person AS p ON a.seller = p.id
WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA');

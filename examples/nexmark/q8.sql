-- Query 8, monitor new users: who came and opened an auction within the same ten seconds?
CREATE TEMPORARY VIEW person AS
SELECT * FROM (
  SELECT event.person.*
  FROM (SELECT from_json(value::string, 'event_type INT, person STRUCT<
                id: BIGINT, name: STRING, dateTime: TIMESTAMP>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 0
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW auction AS
SELECT * FROM (
  SELECT event.auction.*
  FROM (SELECT from_json(value::string, 'event_type INT, auction STRUCT<
                dateTime: TIMESTAMP, seller: BIGINT>') AS event
        FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
  WHERE event.event_type = 1
) WATERMARK dateTime DELAY OF INTERVAL 4 SECONDS;

CREATE TEMPORARY VIEW arrived AS
SELECT id, name, window FROM STREAM person GROUP BY id, name, window(dateTime, '10 seconds');
CREATE TEMPORARY VIEW sold AS
SELECT seller, window FROM STREAM auction GROUP BY seller, window(dateTime, '10 seconds');

CREATE STREAMING TABLE q8 AS
SELECT p.id, p.name, p.window.start AS starttime
FROM STREAM arrived AS p JOIN STREAM sold AS a ON p.id = a.seller AND p.window = a.window;

-- Query 4, average price for a category: what do the auctions of each category bring on average?
--
-- An average of maxima that still change: Spark refuses it, Eagre takes back what it was told before.
SET eagre.changes = true;

CREATE TEMPORARY VIEW auction AS
SELECT event.auction.*
FROM (SELECT from_json(value::string, 'event_type INT, auction STRUCT<
              id: BIGINT, dateTime: TIMESTAMP, expires: TIMESTAMP, category: BIGINT>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 1;

CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, price: BIGINT, dateTime: TIMESTAMP>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q4 (category BIGINT, price DOUBLE);
CREATE FLOW q4_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q4
SELECT category, avg(final) AS price
FROM (SELECT a.id, a.category, max(b.price) AS final
      FROM STREAM auction AS a JOIN STREAM bid AS b
        ON a.id = b.auction AND b.dateTime BETWEEN a.dateTime AND a.expires
      GROUP BY a.id, a.category)
GROUP BY category;

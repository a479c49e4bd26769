-- Query 20, expand bid with auction: what does each bid of category 10 bid for?
--
-- A bid may come before its auction: both sides are kept for ever.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: STRING, url: STRING,
              dateTime: TIMESTAMP, extra: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE TEMPORARY VIEW auction AS
SELECT event.auction.*
FROM (SELECT from_json(value::string, 'event_type INT, auction STRUCT<
              id: BIGINT, itemName: STRING, description: STRING, initialBid: BIGINT, reserve: BIGINT,
              dateTime: TIMESTAMP, expires: TIMESTAMP, seller: BIGINT, category: BIGINT, extra: STRING>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 1;

CREATE STREAMING TABLE q20 AS
SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.dateTime AS bid_dateTime, b.extra AS bid_extra,
       a.itemName, a.description, a.initialBid, a.reserve, a.dateTime AS auction_dateTime, a.expires,
       a.seller, a.category, a.extra AS auction_extra
FROM STREAM bid AS b JOIN STREAM auction AS a ON b.auction = a.id
WHERE a.category = 10;

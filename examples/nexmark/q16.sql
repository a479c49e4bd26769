-- Query 16, channel statistics: the same of every channel and day, and when was the last bid?
--
-- Streams count distinct values by collecting them, as in Spark: count(DISTINCT ...) is for batch queries.
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: STRING, dateTime: TIMESTAMP>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q16 (channel STRING, day STRING, minute STRING,
                            total_bids BIGINT, rank1_bids BIGINT, rank2_bids BIGINT, rank3_bids BIGINT,
                            total_bidders INT, rank1_bidders INT, rank2_bidders INT, rank3_bidders INT,
                            total_auctions INT, rank1_auctions INT, rank2_auctions INT, rank3_auctions INT);
CREATE FLOW q16_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q16
SELECT channel, date_format(dateTime, 'yyyy-MM-dd') AS day, max(date_format(dateTime, 'HH:mm')) AS minute,
       count(*) AS total_bids,
       count(*) FILTER (WHERE price < 10000) AS rank1_bids,
       count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
       count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
       size(collect_set(bidder)) AS total_bidders,
       size(collect_set(bidder) FILTER (WHERE price < 10000)) AS rank1_bidders,
       size(collect_set(bidder) FILTER (WHERE price >= 10000 AND price < 1000000)) AS rank2_bidders,
       size(collect_set(bidder) FILTER (WHERE price >= 1000000)) AS rank3_bidders,
       size(collect_set(auction)) AS total_auctions,
       size(collect_set(auction) FILTER (WHERE price < 10000)) AS rank1_auctions,
       size(collect_set(auction) FILTER (WHERE price >= 10000 AND price < 1000000)) AS rank2_auctions,
       size(collect_set(auction) FILTER (WHERE price >= 1000000)) AS rank3_auctions
FROM STREAM bid
GROUP BY channel, date_format(dateTime, 'yyyy-MM-dd');

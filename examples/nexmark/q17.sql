-- Query 17, auction statistics: how many bids had an auction in a day, and at what prices?
CREATE TEMPORARY VIEW bid AS
SELECT event.bid.*
FROM (SELECT from_json(value::string, 'event_type INT, bid STRUCT<
              auction: BIGINT, price: BIGINT, dateTime: TIMESTAMP>') AS event
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'nexmark', startingOffsets => 'earliest'))
WHERE event.event_type = 2;

CREATE STREAMING TABLE q17 (auction BIGINT, day STRING,
                            total_bids BIGINT, rank1_bids BIGINT, rank2_bids BIGINT, rank3_bids BIGINT,
                            min_price BIGINT, max_price BIGINT, avg_price DOUBLE, sum_price BIGINT);
CREATE FLOW q17_flow OPTIONS ('outputMode' = 'complete') AS INSERT INTO q17
SELECT auction, date_format(dateTime, 'yyyy-MM-dd') AS day,
       count(*) AS total_bids,
       count(*) FILTER (WHERE price < 10000) AS rank1_bids,
       count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
       count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
       min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
FROM STREAM bid
GROUP BY auction, date_format(dateTime, 'yyyy-MM-dd');

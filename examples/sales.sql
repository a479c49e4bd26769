-- Sales with what a table says of their products; a sale of an unknown product stays, with NULLs.
--
--   eagre run examples/sales.sql --define brokers=localhost:9092 --define products=products.csv
--
-- Reads the topic `sales`, {"sku":"p1","units":2,"ts":"..."}, and products.csv (sku,name,price). The file is looked at in
-- every epoch, so a new price counts from then on: rows that were written stay as they are.
CREATE TEMPORARY VIEW products AS
SELECT * FROM read_files('${products}', format => 'csv', header => 'true', schema => 'sku STRING, name STRING, price DECIMAL(10, 2)');
CREATE TEMPORARY VIEW sales AS
SELECT sale.*
FROM (SELECT from_json(value::string, 'sku STRING, units INT, ts TIMESTAMP') AS sale
      FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 'sales', startingOffsets => 'earliest'));

CREATE STREAMING TABLE priced_sales
AS SELECT s.sku, p.name, s.units, s.units * p.price AS total, s.ts
   FROM STREAM sales AS s LEFT JOIN products AS p ON s.sku = p.sku;

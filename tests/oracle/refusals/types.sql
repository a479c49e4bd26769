# Arguments of the wrong number or type, conditions that are none, casts that do not exist.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'x', 1.5D, named_struct('f', 1, 'g', 'z'), array(1, 2), map('k', 1), true, TIMESTAMP'2025-01-01 00:00:00', DATE'2025-01-01', X'00') AS v(id, name, price, s, a, m, p, ts, day, x)
SELECT «upper() FROM t
SELECT «upper(name, name) FROM t
SELECT «substring(name) FROM t
SELECT «lpad() FROM t
SELECT «concat_ws() FROM t
SELECT «round(1, 2, 3)
SELECT «if(p, 1) FROM t
SELECT «nullif(1)
SELECT «count() FROM t
SELECT «sum() FROM t
SELECT «sum(id, id) FROM t
SELECT «max(id, id, id, id) FROM t
SELECT «date_add(day) FROM t
SELECT «sum(ts) FROM t
SELECT «sum(name || 'x', 1) FROM t
SELECT «avg(p) FROM t
SELECT «sum(a) FROM t
SELECT «max(m) FROM t
SELECT «min(m) FROM t
SELECT «sqrt(p) FROM t
SELECT «upper(a) FROM t
SELECT «length(a) FROM t
SELECT «year(id) FROM t
SELECT «explode(id) FROM t
SELECT «inline(a) FROM t
SELECT «size(id) FROM t
SELECT «array_contains(id, 1) FROM t
SELECT «array_contains(a, 'x') FROM t
SELECT «map_keys(a) FROM t
SELECT «element_at(id, 1) FROM t
SELECT «a['x'] FROM t
SELECT «m[1] FROM t
SELECT «id[0] FROM t
SELECT «s[0] FROM t
SELECT «p + 1 FROM t
SELECT «a + 1 FROM t
SELECT «ts + 1 FROM t
SELECT «ts * 2 FROM t
SELECT «day + day FROM t
SELECT «s - 1 FROM t
SELECT «-p FROM t
SELECT «~price FROM t
SELECT «p & 1 FROM t
SELECT «id AND p FROM t
SELECT p OR name FROM t
SELECT «NOT id FROM t
SELECT id FROM t WHERE «id
SELECT id FROM t WHERE «name
SELECT id FROM t WHERE «a
SELECT id FROM t WHERE «ts
SELECT «id FROM t HAVING id
SELECT count(*) FROM t HAVING «count(*)
SELECT count(*) FILTER (WHERE «id) FROM t
SELECT * FROM t AS b JOIN t AS c ON «b.id
SELECT «CASE WHEN id THEN 1 END FROM t
SELECT «if(id, 1, 2) FROM t
SELECT «p > id FROM t
SELECT «a = 1 FROM t
SELECT «ts > id FROM t
SELECT «m = m FROM t
SELECT «s < 1 FROM t
SELECT «a BETWEEN 1 AND 2 FROM t
SELECT «id IN (ts) FROM t
SELECT «id IN (SELECT s FROM t) FROM t
SELECT «id IN (SELECT id, name FROM t) FROM t
SELECT «(SELECT id, name FROM t)
SELECT «coalesce(id, a) FROM t
SELECT «greatest(id) FROM t
SELECT «greatest(id, a) FROM t
SELECT «array(1, ts) FROM t
SELECT «map(1) FROM t
SELECT «map(m, 1) FROM t
SELECT «map(1, 2, ts, 3) FROM t
SELECT «named_struct('a') FROM t
SELECT «named_struct(name, 1) FROM t
SELECT «CASE WHEN p THEN 1 ELSE a END FROM t
SELECT «CAST(ts AS BOOLEAN) FROM t
SELECT «CAST(a AS INT) FROM t
SELECT «CAST(id AS ARRAY<INT>) FROM t
SELECT «CAST(day AS INT) FROM t
SELECT «CAST(p AS DATE) FROM t
SELECT «CAST(x AS INT) FROM t
SELECT «CAST(s AS INT) FROM t
SELECT «CAST(m AS STRUCT<k: INT>) FROM t
SELECT CAST(id AS «NOPE) FROM t
SELECT CAST(id AS «DECIMAL(40, 2)) FROM t
SELECT CAST(id AS «DECIMAL(5, 7)) FROM t
SELECT CAST(id AS ARRAY«) FROM t
SELECT CAST(id AS «VARCHAR) FROM t
SELECT id::«nope FROM t
SELECT name LIKE id FROM t
SELECT name LIKE 'a' ESCAPE «'xy' FROM t
SELECT transform(id, «x -> x) FROM t
SELECT transform(a, «(x, y, z) -> x) FROM t
SELECT transform(a, 1) FROM t
SELECT «filter(a, x -> x + 1) FROM t
SELECT upper(«x -> x) FROM t
SELECT «aggregate(a, 0, (s, x) -> 'q') FROM t
SELECT from_json(name, «'a') FROM t
SELECT from_json(name, «name) FROM t
SELECT «from_json(id, 'a INT') FROM t
SELECT «to_json(id) FROM t
SELECT «get_json_object(id) FROM t
SELECT «percentile(id, 2) FROM t
SELECT «percentile(id, price) FROM t
SELECT approx_count_distinct(id, «2) FROM t
SELECT «sha2(name) FROM t
SELECT window(«id, '1 minute') FROM t
SELECT window(ts, «'x') FROM t
SELECT window(ts, «'1 month') FROM t
SELECT «window(ts, '-1 minute') FROM t
SELECT «window(ts, '1 minute', '2 minutes') FROM t
SELECT «window(ts) FROM t
SELECT count(*) FROM t GROUP BY «window(ts, '1 minute', '1 minute', '2 minutes')
SELECT count(*) FROM t GROUP BY window(ts, '1 minute'), «window(ts, '2 minutes')
SELECT count(*) FROM t GROUP BY «window(name, '1 minute')
SELECT count(*) FROM t GROUP BY session_window(«id, '1 minute')
SELECT count(*) FROM t GROUP BY session_window(ts, «id)
SELECT «window_time(id) FROM t
SELECT 1 + «'x'
SELECT «1 / 0
SELECT «CAST('x' AS INT)
SELECT «2147483647 + 1
SELECT «CAST(300 AS TINYINT)
SELECT «element_at(array(1), 5)
SELECT «array(1)[5]
SELECT «raise_error('no')
SELECT «DATE'2025-13-01'
SELECT «TIMESTAMP'x'
SELECT «INTERVAL '1' NOPE
SELECT INTERVAL «'x' DAY
SELECT 99999999999L
SELECT «99999999999999999999L
SELECT «300Y
SELECT «1e400D
SELECT X'1'
SELECT «X'zz'
SELECT «123456789012345678901234567890123456789.0

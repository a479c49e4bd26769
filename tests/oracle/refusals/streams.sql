# What a stream may do in which output mode.
STREAM s (ts TIMESTAMP, k STRING, v INT, a ARRAY<INT>)
STREAM w (ts TIMESTAMP, k STRING, v INT, a ARRAY<INT>) WATERMARK ts DELAY OF INTERVAL '10' SECONDS
STREAM x (ts TIMESTAMP, k STRING, v INT) WATERMARK ts DELAY OF INTERVAL '20' SECONDS
CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES ('a', 1) AS v(k, n)
append: SELECT k FROM s
update: SELECT k FROM s
complete: «SELECT k FROM s
append: «SELECT k, count(*) FROM s GROUP BY k
update: SELECT k, count(*) FROM s GROUP BY k
complete: SELECT k, count(*) FROM s GROUP BY k
append: «SELECT k, count(*) FROM w GROUP BY k
update: SELECT k, count(*) FROM w GROUP BY k
complete: SELECT k, count(*) FROM w GROUP BY k
append: «SELECT count(*) FROM w
update: SELECT count(*) FROM w
append: SELECT window, count(*) FROM w GROUP BY window(ts, '1 minute')
update: SELECT window, count(*) FROM w GROUP BY window(ts, '1 minute')
complete: SELECT window, count(*) FROM w GROUP BY window(ts, '1 minute')
append: «SELECT window, count(*) FROM s GROUP BY window(ts, '1 minute')
append: SELECT ts, count(*) FROM w GROUP BY ts
append: SELECT session_window, count(*) FROM w GROUP BY session_window(ts, '1 minute'), k
update: «SELECT session_window, count(*) FROM w GROUP BY session_window(ts, '1 minute'), k
complete: SELECT session_window, count(*) FROM w GROUP BY session_window(ts, '1 minute'), k
append: «SELECT session_window, count(*) FROM s GROUP BY session_window(ts, '1 minute'), k
append: «SELECT session_window, count(*) FROM w GROUP BY session_window(ts, '1 minute')
update: «SELECT session_window, count(*) FROM s GROUP BY session_window(ts, '1 minute')
append: SELECT count(*) FROM w GROUP BY window(ts, '1 minute'), «session_window(ts, '1 minute')
append: «SELECT DISTINCT k FROM s
update: SELECT DISTINCT k FROM s
complete: SELECT DISTINCT k FROM s
append: SELECT DISTINCT ts, k FROM w
append: «SELECT DISTINCT k FROM w
append: «SELECT count(DISTINCT k) FROM s
update: «SELECT count(DISTINCT k) FROM s
complete: «SELECT k, sum(DISTINCT v) FROM s GROUP BY k
append: «SELECT k FROM s ORDER BY k
update: «SELECT k FROM s ORDER BY k
complete: «SELECT k FROM s ORDER BY k
complete: SELECT k, count(*) AS n FROM s GROUP BY k ORDER BY n
update: «SELECT k, count(*) AS n FROM s GROUP BY k ORDER BY n
append: «SELECT k FROM s LIMIT 5
update: «SELECT k FROM s LIMIT 5
complete: «SELECT k FROM s LIMIT 5
complete: «SELECT k, count(*) FROM s GROUP BY k LIMIT 5
update: «SELECT k, count(*) FROM s GROUP BY k LIMIT 5
append: «SELECT k FROM s OFFSET 5
append: «SELECT k FROM s INTERSECT SELECT k FROM s
append: «SELECT k FROM s EXCEPT SELECT k FROM s
append: «SELECT k FROM s EXCEPT SELECT k FROM b
append: «SELECT k FROM b EXCEPT SELECT k FROM s
append: «SELECT k FROM s INTERSECT SELECT k FROM b
append: SELECT k FROM s UNION ALL SELECT k FROM s
append: «SELECT k FROM s UNION ALL SELECT k FROM b
append: «SELECT k FROM s UNION SELECT k FROM s
update: SELECT k FROM s UNION SELECT k FROM s
append: SELECT k FROM s UNION ALL «SELECT k, v FROM s
append: SELECT k FROM s UNION ALL «SELECT a FROM s
append: SELECT «row_number() OVER (PARTITION BY k ORDER BY ts) FROM s
append: SELECT «sum(v) OVER (ORDER BY ts) FROM s
append: SELECT p.k FROM w p JOIN x q ON p.k = q.k
update: SELECT p.k FROM w p JOIN x q ON p.k = q.k
complete: «SELECT p.k FROM w p JOIN x q ON p.k = q.k
append: SELECT p.k FROM s p JOIN s q ON p.k = q.k
append: SELECT p.k FROM w p LEFT JOIN «x q ON p.k = q.k
append: SELECT p.k FROM w p LEFT JOIN x q ON p.k = q.k AND p.ts = q.ts
update: SELECT p.k FROM w p LEFT JOIN «x q ON p.k = q.k AND p.ts = q.ts
append: SELECT p.k FROM w p LEFT JOIN x q ON p.k = q.k AND q.ts BETWEEN p.ts AND p.ts + INTERVAL '1' MINUTE
append: SELECT p.k FROM s p LEFT JOIN «s q ON p.k = q.k
append: SELECT p.k FROM w p RIGHT JOIN «x q ON p.k = q.k
append: SELECT p.k FROM w p RIGHT JOIN x q ON p.k = q.k AND p.ts BETWEEN q.ts AND q.ts + INTERVAL '1' MINUTE
append: SELECT p.k FROM w p FULL JOIN «x q ON p.k = q.k
append: SELECT p.k FROM w p FULL JOIN x q ON p.k = q.k AND p.ts = q.ts
append: SELECT p.k FROM w p LEFT SEMI JOIN «x q ON p.k = q.k
append: SELECT p.k FROM w p LEFT SEMI JOIN x q ON p.k = q.k AND p.ts = q.ts
append: SELECT p.k FROM w p LEFT ANTI JOIN «x q ON p.k = q.k
append: SELECT p.k FROM w p CROSS JOIN «x q
append: SELECT p.k FROM w p JOIN «x q ON p.v < q.v
append: SELECT w.k FROM w JOIN b ON w.k = b.k
append: SELECT w.k FROM w LEFT JOIN b ON w.k = b.k
append: SELECT w.k FROM w RIGHT JOIN «b ON w.k = b.k
append: SELECT w.k FROM w FULL JOIN «b ON w.k = b.k
append: SELECT b.k FROM b LEFT JOIN «w ON w.k = b.k
append: SELECT b.k FROM b RIGHT JOIN w ON w.k = b.k
append: SELECT w.k FROM w LEFT SEMI JOIN b ON w.k = b.k
append: SELECT w.k FROM w LEFT ANTI JOIN b ON w.k = b.k
append: SELECT b.k FROM b LEFT SEMI JOIN «w ON w.k = b.k
append: SELECT b.k FROM b LEFT ANTI JOIN «w ON w.k = b.k
complete: «SELECT w.k FROM w JOIN b ON w.k = b.k
complete: SELECT b.n, count(*) FROM s JOIN b ON s.k = b.k GROUP BY b.n
update: SELECT q.k, count(*) FROM w p JOIN x q ON p.k = q.k GROUP BY q.k
append: «SELECT q.k, count(*) FROM w p JOIN x q ON p.k = q.k GROUP BY q.k
append: SELECT window(q.ts, '1 minute') AS z, count(*) FROM w p JOIN x q ON p.k = q.k GROUP BY window(q.ts, '1 minute')
complete: «SELECT n, count(*) FROM (SELECT k, count(*) AS n FROM s GROUP BY k) GROUP BY n
update: «SELECT n, count(*) FROM (SELECT k, count(*) AS n FROM s GROUP BY k) GROUP BY n
append: SELECT window(window, '5 minutes') AS z, sum(n) FROM (SELECT window, count(*) AS n FROM w GROUP BY window(ts, '1 minute')) GROUP BY window(«window, '5 minutes')
update: SELECT window(window, '5 minutes') AS z, sum(n) FROM (SELECT window, count(*) AS n FROM w GROUP BY window(ts, '1 minute')) GROUP BY window(«window, '5 minutes')
complete: SELECT window(window, '5 minutes') AS z, sum(n) FROM (SELECT window, count(*) AS n FROM w GROUP BY window(ts, '1 minute')) GROUP BY window(«window, '5 minutes')
append: «SELECT n, count(*) FROM (SELECT window, count(*) AS n FROM w GROUP BY window(ts, '1 minute')) GROUP BY n
append: SELECT k FROM s WHERE v = (SELECT max(n) FROM b)
append: SELECT k FROM s WHERE k IN (SELECT k FROM b)
append: SELECT k FROM s WHERE k NOT IN (SELECT k FROM b)
append: SELECT k FROM s WHERE EXISTS (SELECT 1 FROM b WHERE b.k = s.k)
append: SELECT k FROM s WHERE v = «(SELECT max(v) FROM s)
append: SELECT k FROM s WHERE «k IN (SELECT k FROM s)
append: SELECT k FROM b WHERE «k IN (SELECT k FROM s)
append: SELECT explode(a) FROM s
update: SELECT explode(a) FROM s
append: SELECT k FROM w «WATERMARK ts DELAY OF INTERVAL '1' SECOND
append: SELECT k FROM s «WATERMARK k DELAY OF INTERVAL '1' SECOND
append: SELECT k FROM s WATERMARK «nope DELAY OF INTERVAL '1' SECOND
append: SELECT k FROM s «WATERMARK v DELAY OF INTERVAL '1' SECOND
append: SELECT k FROM s «WATERMARK ts DELAY OF INTERVAL '-1' SECOND
append: SELECT k FROM s WATERMARK ts DELAY OF INTERVAL «'x' SECOND
append: SELECT k FROM s WATERMARK ts DELAY OF «10
append: SELECT k FROM s WATERMARK ts DELAY «INTERVAL '1' SECOND
append: SELECT k FROM s WATERMARK DELAY OF «INTERVAL '1' SECOND
append: SELECT k FROM s «WATERMARK CAST(k AS TIMESTAMP) DELAY OF INTERVAL '1' SECOND
append: SELECT «nope FROM s
append: SELECT k FROM s WHERE «v
append: SELECT k FROM s WHERE «count(*) > 1
append: SELECT k, «v, count(*) FROM s GROUP BY k
append: SELECT window(ts, '1 minute', '2 minutes'), count(*) FROM w GROUP BY «window(ts, '1 minute', '2 minutes')
append: SELECT count(*) FROM w GROUP BY window(«v, '1 minute')
append: SELECT count(*) FROM w GROUP BY window(ts, «'1 month')
append: SELECT count(*) FROM w GROUP BY window(ts, '1 minute'), «window(ts, '2 minutes')
append: SELECT «window.nope, count(*) FROM w GROUP BY window(ts, '1 minute')
append: SELECT «window, count(*) FROM w GROUP BY k
append: SELECT «monotonically_increasing_id() FROM s
append: «SELECT first(v) FROM s
update: SELECT first(v) FROM s
complete: SELECT collect_list(v) FROM s
append: SELECT k, max(v) FROM w GROUP BY k, window(ts, '1 minute') HAVING «nope > 1
append: «SELECT k FROM s GROUP BY k
update: SELECT k FROM s GROUP BY k HAVING count(*) > 1
append: SELECT * FROM s «TABLESAMPLE (10 ROWS)

# Joins of relations at rest: kinds, NULL keys, repeated keys, conditions, USING and NATURAL, names, types of keys.
CREATE TEMPORARY VIEW a AS SELECT * FROM VALUES (1, 'a'), (2, 'b'), (2, 'bb'), (NULL, 'n'), (5, NULL) AS v(k, x)
CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES (1, 'A', 10), (2, 'B', 20), (2, 'C', NULL), (3, 'D', 40), (NULL, 'N', 50) AS v(k, y, w)
CREATE TEMPORARY VIEW c AS SELECT * FROM VALUES (1L, 1.5D, DATE'2025-01-01'), (2L, double('NaN'), DATE'2025-01-02'), (3L, -0.0D, NULL) AS v(k, d, day)
CREATE TEMPORARY VIEW none AS SELECT * FROM VALUES (1, 'x') AS v(k, z) WHERE k > 1
SELECT * FROM a JOIN b ON a.k = b.k
SELECT * FROM a INNER JOIN b ON b.k = a.k
SELECT * FROM a LEFT JOIN b ON a.k = b.k
SELECT * FROM a LEFT OUTER JOIN b ON a.k = b.k
SELECT * FROM a RIGHT JOIN b ON a.k = b.k
SELECT * FROM a FULL JOIN b ON a.k = b.k
SELECT * FROM a LEFT SEMI JOIN b ON a.k = b.k
SELECT * FROM a SEMI JOIN b ON a.k = b.k
SELECT * FROM a LEFT ANTI JOIN b ON a.k = b.k
SELECT * FROM a ANTI JOIN b ON a.k = b.k
SELECT * FROM a CROSS JOIN b
SELECT * FROM a JOIN b
SELECT * FROM a, b WHERE a.k = b.k
SELECT * FROM a, b WHERE a.k = b.k AND b.w > 5 AND a.x <> 'b'
SELECT * FROM a, b, c WHERE a.k = b.k AND b.k = c.k
SELECT * FROM a LEFT JOIN b
SELECT * FROM a RIGHT JOIN none
SELECT * FROM a LEFT JOIN none
SELECT * FROM a LEFT JOIN none ON a.k = none.k
SELECT * FROM none RIGHT JOIN a ON a.k = none.k
SELECT * FROM a FULL JOIN none ON a.k = none.k
SELECT * FROM none FULL JOIN a ON a.k = none.k
SELECT * FROM a JOIN none ON a.k = none.k
SELECT * FROM a LEFT ANTI JOIN none ON a.k = none.k
SELECT * FROM a LEFT ANTI JOIN none
SELECT * FROM a LEFT SEMI JOIN none
SELECT * FROM a LEFT SEMI JOIN b
SELECT * FROM a LEFT ANTI JOIN b
SELECT * FROM none LEFT JOIN a ON a.k = none.k
# NULL keys
SELECT * FROM a JOIN b ON a.k <=> b.k
SELECT * FROM a LEFT JOIN b ON a.k <=> b.k
SELECT * FROM a FULL JOIN b ON a.k <=> b.k AND b.w > 15
SELECT * FROM a LEFT ANTI JOIN b ON a.k <=> b.k
SELECT * FROM a JOIN b ON a.k IS NOT DISTINCT FROM b.k AND a.x = lower(b.y)
SELECT * FROM a JOIN b ON NULL
SELECT * FROM a LEFT JOIN b ON NULL
SELECT * FROM a FULL JOIN b ON false
SELECT * FROM a LEFT JOIN b ON true
# More than equal keys
SELECT * FROM a JOIN b ON a.k = b.k AND a.x = lower(b.y)
SELECT * FROM a JOIN b ON a.k = b.k AND a.x < b.y
SELECT * FROM a LEFT JOIN b ON a.k = b.k AND b.w > 10
SELECT * FROM a LEFT JOIN b ON a.k = b.k AND a.x = 'b'
SELECT * FROM a LEFT JOIN b ON a.k = b.k AND length(a.x) * 10 = b.w
SELECT * FROM a RIGHT JOIN b ON a.k = b.k AND a.x = 'b'
SELECT * FROM a RIGHT JOIN b ON a.k = b.k AND b.w = 20
SELECT * FROM a RIGHT JOIN b ON a.k = b.k AND length(a.x) = b.w
SELECT * FROM a FULL JOIN b ON a.k = b.k AND a.x = 'b' AND b.y = 'B'
SELECT * FROM a FULL JOIN b ON a.k = b.k AND length(a.x) * 10 = b.w
SELECT * FROM a LEFT SEMI JOIN b ON a.k = b.k AND b.w IS NULL
SELECT * FROM a LEFT SEMI JOIN b ON a.k = b.k AND a.x > lower(b.y)
SELECT * FROM a LEFT ANTI JOIN b ON a.k = b.k AND a.x = lower(b.y)
SELECT * FROM a LEFT ANTI JOIN b ON a.k = b.k AND a.x = 'b'
SELECT * FROM a JOIN b ON a.k < b.k
SELECT * FROM a LEFT JOIN b ON a.k > b.k
SELECT * FROM a RIGHT JOIN b ON a.k > b.k
SELECT * FROM a FULL JOIN b ON a.k > b.k
SELECT * FROM a LEFT SEMI JOIN b ON a.k > b.k
SELECT * FROM a LEFT ANTI JOIN b ON a.k > b.k
SELECT * FROM a JOIN b ON a.k = b.k OR a.x = 'n'
SELECT * FROM a JOIN b ON a.k + 1 = b.k * 2 - 1
SELECT * FROM a JOIN b ON a.k = 2 AND b.k = 3
SELECT * FROM a LEFT JOIN b ON a.k = 2 AND b.k = 3
# Filters above
SELECT * FROM a LEFT JOIN b ON a.k = b.k WHERE b.k IS NULL
SELECT * FROM a LEFT JOIN b ON a.k = b.k WHERE a.x = 'b'
SELECT * FROM a LEFT JOIN b ON a.k = b.k WHERE coalesce(b.w, 0) < 15
SELECT * FROM a RIGHT JOIN b ON a.k = b.k WHERE b.w > 15
SELECT * FROM a RIGHT JOIN b ON a.k = b.k WHERE a.k IS NULL
SELECT * FROM a FULL JOIN b ON a.k = b.k WHERE a.k IS NULL OR b.k IS NULL
SELECT * FROM a FULL JOIN b ON a.k = b.k WHERE a.x = 'b'
SELECT * FROM a JOIN b ON a.k = b.k WHERE a.x < b.y AND b.w IS NOT NULL
# Types of keys
SELECT * FROM a JOIN c ON a.k = c.k
SELECT * FROM c JOIN (SELECT double('NaN') AS d, 1 AS one UNION ALL SELECT 0.0D, 2) AS e ON c.d = e.d
SELECT * FROM a JOIN (VALUES ('1', 'text') AS v(k, z)) AS e ON a.k = e.k
SELECT * FROM c JOIN (VALUES (TIMESTAMP'2025-01-02 00:00:00', 7)) AS e(at, n) ON c.day = e.at
SELECT * FROM a JOIN b ON a.k = b.k AND (a.x = 'a') = (b.y = 'A')
SELECT * FROM (VALUES (1Y), (2Y)) AS s(t) JOIN (VALUES (1Y, 'one')) AS u(t, name) ON s.t = u.t
SELECT * FROM (VALUES (X'00FF', 1)) AS s(bin, n) JOIN (VALUES (X'00FF', 2), (X'00', 3)) AS u(bin, m) ON s.bin = u.bin
SELECT * FROM (VALUES ('', 1), ('é', 2)) AS s(t, n) JOIN (VALUES ('', 3), ('é', 4)) AS u(t, m) ON s.t = u.t
SELECT * FROM (VALUES (true, 1), (false, 2)) AS s(t, n) JOIN (VALUES (true, 3)) AS u(t, m) ON s.t = u.t
# USING, NATURAL
SELECT * FROM a JOIN b USING (k)
SELECT * FROM a LEFT JOIN b USING (k)
SELECT * FROM a RIGHT JOIN b USING (k)
SELECT * FROM a FULL JOIN b USING (k)
SELECT * FROM a LEFT SEMI JOIN b USING (k)
SELECT * FROM a LEFT ANTI JOIN b USING (k)
SELECT a.k AS ak, b.k AS bk, k FROM a LEFT JOIN b USING (k)
SELECT a.k AS ak, b.k AS bk, k FROM a RIGHT JOIN b USING (k)
SELECT a.k AS ak, b.k AS bk, k FROM a FULL JOIN b USING (k)
SELECT b.*, a.* FROM a LEFT JOIN b USING (k)
SELECT * FROM a NATURAL JOIN b
SELECT * FROM a NATURAL LEFT JOIN b
SELECT * FROM a NATURAL FULL JOIN c
SELECT * FROM a NATURAL JOIN (VALUES (1), (2)) AS v(other)
SELECT * FROM a JOIN b USING (k) JOIN c USING (k)
SELECT * FROM a FULL JOIN b USING (k) FULL JOIN c USING (k)
SELECT k, x, w, d FROM a LEFT JOIN b USING (k) LEFT JOIN c USING (k) WHERE k > 1
SELECT * FROM (a JOIN b USING (k)) AS t
SELECT * FROM a JOIN (SELECT k, x FROM a) AS e USING (k, x)
SELECT a.x, k, count(*) AS n FROM a JOIN b USING (k) GROUP BY a.x, k
# Several joins, subqueries, aggregation
SELECT * FROM a JOIN b ON a.k = b.k JOIN c ON b.k = c.k
SELECT * FROM a LEFT JOIN b ON a.k = b.k LEFT JOIN c ON b.w = c.k * 10
SELECT * FROM a LEFT JOIN (b JOIN c ON b.k = c.k) ON a.k = b.k
SELECT l.x AS lx, r.x AS rx FROM a AS l JOIN a AS r ON l.k = r.k AND l.x < r.x
SELECT a.k, t.n FROM a JOIN (SELECT k, count(*) AS n FROM b GROUP BY k) AS t ON a.k = t.k
SELECT a.x, sum(b.w) AS total, count(b.k) AS n FROM a LEFT JOIN b ON a.k = b.k GROUP BY a.x
SELECT b.y, count(*) AS n FROM a RIGHT JOIN b ON a.k = b.k GROUP BY b.y HAVING count(*) > 1
SELECT DISTINCT a.k FROM a JOIN b ON a.k = b.k
SELECT a.x, b.y FROM a JOIN b ON a.k = b.k ORDER BY b.y DESC LIMIT 2
WITH t AS (SELECT k, max(y) AS top FROM b GROUP BY k) SELECT a.x, t.top FROM a JOIN t USING (k)
SELECT struct(a.*) AS s, b.y FROM a JOIN b ON a.k = b.k
SELECT a.x FROM a JOIN b ON a.k = b.k UNION ALL SELECT y FROM b
SELECT count(*) AS n FROM a, b, c
SELECT count(*) AS n FROM a JOIN b ON a.k = b.k AND 1 / (b.w - 20) > 0 AND b.w <> 20
# Errors
SELECT k FROM a JOIN b ON a.k = b.k
SELECT a.k FROM a JOIN a ON a.k = a.k
SELECT b.k FROM a LEFT SEMI JOIN b ON a.k = b.k
SELECT * FROM a JOIN b ON a.k = b.zz
SELECT * FROM a JOIN b ON a.k
SELECT * FROM a JOIN b USING (zz)
SELECT * FROM a JOIN b USING (y)
SELECT a.k FROM (a JOIN b USING (k)) AS t
SELECT * FROM a JOIN b ON a.x = b.w
SELECT * FROM a JOIN b ON a.k / (b.k - 1) > 0

# Subqueries beside aggregates, in HAVING and in ORDER BY.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'a', 10), (1, 'b', 20), (2, 'a', NULL), (2, 'c', 30), (NULL, 'd', 40), (3, 'a', 5) AS v(k, g, v)
CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES (1, 15), (1, 3), (2, 100), (4, 7) AS v(k, w)
SELECT k, max(v) AS m FROM t GROUP BY k HAVING max(v) > (SELECT avg(w) FROM u)
SELECT k, sum(v) AS s, (SELECT max(w) FROM u) AS top FROM t GROUP BY k
SELECT k, sum(v) + (SELECT min(w) FROM u) AS s FROM t GROUP BY k
SELECT max(v) AS m, (SELECT count(*) FROM u) AS n FROM t
SELECT count(*) AS n FROM t HAVING count(*) > (SELECT count(*) FROM u)
SELECT count(*) AS n FROM t HAVING count(*) < (SELECT count(*) FROM u)
SELECT max(v) IN (SELECT w * 2 FROM u) AS x FROM t
SELECT k, max(v) NOT IN (SELECT w * 2 FROM u) AS x FROM t GROUP BY k
SELECT k, max(v) AS m FROM t GROUP BY k HAVING max(v) IN (SELECT w * 2 FROM u)
SELECT k, count(*) AS n FROM t GROUP BY k HAVING min(v) + 5 IN (SELECT w FROM u)
SELECT k, count(*) AS n FROM t GROUP BY k HAVING (SELECT max(w) FROM u WHERE u.k = t.k) > 20
SELECT k, count(*) AS n FROM t GROUP BY k HAVING k IN (SELECT k FROM u)
SELECT k, count(*) AS n FROM t GROUP BY k HAVING k NOT IN (SELECT k FROM u)
SELECT k, count(*) AS n FROM t GROUP BY k HAVING EXISTS (SELECT 1 FROM u WHERE u.k = t.k)
SELECT k, count(*) AS n FROM t GROUP BY k HAVING NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k) OR count(*) > 1
SELECT k, count(*) AS n, EXISTS (SELECT 1 FROM u WHERE u.k = t.k) AS has FROM t GROUP BY k
SELECT k, k IN (SELECT k FROM u) AS known, sum(v) AS s FROM t GROUP BY k
SELECT CASE WHEN count(*) > (SELECT 1) THEN 'many' ELSE 'one' END AS c, k FROM t GROUP BY k
SELECT k, sum(v) AS s FROM t GROUP BY k ORDER BY k = (SELECT max(k) FROM u) DESC, k LIMIT 2
SELECT v FROM t WHERE v IS NOT NULL ORDER BY abs(v - (SELECT max(w) FROM u)), v LIMIT 3
SELECT DISTINCT k, (SELECT max(w) FROM u) AS top FROM t
SELECT k, sum(v) OVER (PARTITION BY k) AS s, (SELECT min(w) FROM u) AS m FROM t
SELECT k, sum(sum(v)) OVER (ORDER BY k) AS s, (SELECT min(w) FROM u) AS m FROM t GROUP BY k
SELECT k, g, sum(v) AS s FROM t GROUP BY ROLLUP (k, g) HAVING sum(v) >= (SELECT max(w) FROM u) / 5
SELECT k, count(*) FILTER (WHERE v > 5) AS n FROM t GROUP BY k HAVING count(*) >= (SELECT 2)
SELECT k + 1 AS m, max(v) - (SELECT max(w) FROM u) AS d FROM t GROUP BY k + 1
SELECT sum(v) AS s FROM t GROUP BY k HAVING sum(v) = (SELECT w FROM u)
SELECT k, max(v) AS m FROM t GROUP BY k HAVING max(v) > (SELECT w, k FROM u)
SELECT k, max(v) AS m FROM t GROUP BY k HAVING m > (SELECT avg(w) FROM u)
SELECT k, first(g) AS f, (SELECT first(w) FROM u WHERE k = 4) AS w FROM t GROUP BY k

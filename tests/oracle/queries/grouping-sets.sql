# GROUPING SETS, ROLLUP, CUBE, grouping(), grouping_id().
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES ('eu', 'a', 1, 10), ('eu', 'b', 2, 20), ('us', 'a', 3, 30), ('us', 'a', 4, NULL), (NULL, 'b', 5, 50), ('us', NULL, 6, 60) AS v(r, k, id, x)
CREATE TEMPORARY VIEW none AS SELECT * FROM VALUES (1, 'x') AS v(id, k) WHERE id > 1
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k)
SELECT r, k, count(*) AS n FROM t GROUP BY r, k WITH ROLLUP
SELECT r, k, count(*) AS n FROM t GROUP BY CUBE (r, k)
SELECT r, k, count(*) AS n FROM t GROUP BY r, k WITH CUBE
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((r, k), (r), ())
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((r), (k))
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS (r, k)
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((r), (r), ())
SELECT r, k, count(*) AS n FROM t GROUP BY r, k GROUPING SETS ((r, k), (r))
SELECT r, k, count(*) AS n FROM t GROUP BY r, k GROUPING SETS ((k), ())
SELECT r, count(*) AS n FROM t GROUP BY r GROUPING SETS ((r), ())
SELECT r, k, count(*) AS n FROM t GROUP BY r, ROLLUP (k)
SELECT r, k, id, count(*) AS n FROM t GROUP BY r, CUBE (k, id)
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r), ROLLUP (k)
SELECT r, k, count(*) AS n FROM t GROUP BY CUBE (r), GROUPING SETS ((k), ())
SELECT r, k, id, count(*) AS n FROM t GROUP BY ROLLUP ((r, k), id)
SELECT r, k, id, count(*) AS n FROM t GROUP BY CUBE ((r, k), id)
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS (ROLLUP (r, k), (k))
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((r), GROUPING SETS ((k), ()))
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS (CUBE (r, k), ROLLUP (k, r))
SELECT r, k, sum(x) AS s, avg(x) AS a, min(k) AS m FROM t GROUP BY ROLLUP (r, k)
SELECT r, k, grouping(r) AS gr, grouping(k) AS gk, count(*) AS n FROM t GROUP BY CUBE (r, k)
SELECT r, k, grouping_id() AS g, count(*) AS n FROM t GROUP BY CUBE (r, k)
SELECT r, k, grouping_id(r, k) AS g, count(*) AS n FROM t GROUP BY CUBE (r, k)
SELECT r, k, grouping_id() + 1 AS g, CASE WHEN grouping(r) = 1 THEN 'all' ELSE r END AS name FROM t GROUP BY ROLLUP (r, k)
SELECT grouping_id() AS g, sum(x) AS s FROM t GROUP BY GROUPING SETS ((r), (k), ())
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k) HAVING grouping(k) = 1
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k) HAVING grouping_id() > 0
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k) HAVING count(*) > 1
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k) ORDER BY grouping_id(), r, k
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (r, k) ORDER BY grouping(r) DESC, n DESC, r, k LIMIT 3
SELECT upper(r) AS u, count(*) AS n FROM t GROUP BY ROLLUP (upper(r))
SELECT upper(r) AS u, count(*) AS n FROM t GROUP BY ROLLUP (u)
SELECT r, id % 2 AS odd, count(*) AS n FROM t GROUP BY CUBE (r, id % 2)
SELECT r, id % 2 AS odd, grouping(id % 2) AS g FROM t GROUP BY CUBE (r, id % 2)
SELECT r, k, count(*) AS n FROM t GROUP BY ROLLUP (1, 2)
SELECT r, k, count(*) AS n FROM t GROUP BY 1, 2 WITH ROLLUP
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((1), (2))
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((1, 2), ())
SELECT r, max(r) AS m, count(r) AS c FROM t GROUP BY ROLLUP (r)
SELECT r, sum(id) AS s FROM t GROUP BY ROLLUP (r, id)
SELECT id, sum(id) AS s FROM t GROUP BY ROLLUP (id)
SELECT r, count(DISTINCT k) AS c FROM t GROUP BY ROLLUP (r)
SELECT r, count(*) FILTER (WHERE k = 'a') AS c FROM t GROUP BY ROLLUP (r)
SELECT count(*) AS n FROM t GROUP BY ROLLUP (r, k)
SELECT count(*) AS n FROM t GROUP BY GROUPING SETS (())
SELECT count(*) AS n, sum(x) AS s FROM t GROUP BY GROUPING SETS ((), ())
SELECT k, count(*) AS n FROM none GROUP BY ROLLUP (k)
SELECT count(*) AS n FROM none GROUP BY GROUPING SETS (())
SELECT k, count(*) AS n FROM none GROUP BY GROUPING SETS ((k))
SELECT r, k FROM t GROUP BY CUBE (r, k)
SELECT DISTINCT r FROM t GROUP BY ROLLUP (r, k)
SELECT r, k, coalesce(r, 'total') AS name, x IS NULL AS no FROM t GROUP BY ROLLUP (r, k, x)
SELECT t.r, v.k, count(*) AS n FROM t JOIN (SELECT DISTINCT k FROM t) AS v ON t.k = v.k GROUP BY ROLLUP (t.r, v.k)
SELECT * FROM (SELECT r, k, sum(x) AS s FROM t GROUP BY ROLLUP (r, k)) WHERE r IS NULL
SELECT * FROM (SELECT r, k, sum(x) AS s FROM t GROUP BY ROLLUP (r, k)) WHERE r = 'us'
SELECT r, k, rank() OVER (PARTITION BY grouping_id() ORDER BY count(*) DESC, r, k) AS q FROM t GROUP BY ROLLUP (r, k)
SELECT struct(r, k) AS s, count(*) AS n FROM t GROUP BY ROLLUP (struct(r, k))
SELECT s.r, count(*) AS n FROM (SELECT struct(r, k) AS s FROM t) GROUP BY ROLLUP (s.r)
SELECT r, k, id, x, grouping_id() AS g FROM t WHERE id < 3 GROUP BY CUBE (r, k, id, x)
SELECT r, lower(k) AS l, grouping(r) AS a FROM t GROUP BY r, lower(k) WITH ROLLUP
SELECT r || '!' AS e, count(*) AS n FROM t GROUP BY ROLLUP (r)
SELECT r, count(*) AS n FROM t GROUP BY ROLLUP (r, r)
SELECT r, k, count(*) AS n FROM t GROUP BY r, k, ROLLUP (r, k)
SELECT r, k, count(*) AS n FROM t GROUP BY GROUPING SETS ((r, k), (k, r))
SELECT r, collect_list(id) AS ids FROM (SELECT * FROM t WHERE id = 1) GROUP BY CUBE (r)
SELECT r, first(k) AS f FROM t WHERE id IN (1, 5) GROUP BY GROUPING SETS ((r))
SELECT grouping(r), grouping_id(), grouping_id(r, k), count(*) FROM t GROUP BY CUBE (r, k)
SELECT id, count(*) AS n FROM t GROUP BY ROLLUP (id) HAVING id > 3
SELECT r, count(*) AS n FROM t GROUP BY ROLLUP (r) HAVING r IS NULL AND grouping(r) = 0
# Errors
SELECT r, id, count(*) AS n FROM t GROUP BY ROLLUP (r, k)
SELECT r, grouping(id) AS g FROM t GROUP BY ROLLUP (r)
SELECT r, grouping_id(id) AS g FROM t GROUP BY ROLLUP (r)
SELECT r, grouping_id(k, r) AS g FROM t GROUP BY ROLLUP (r, k)
SELECT r, grouping_id(r) AS g FROM t GROUP BY ROLLUP (r, k)
SELECT r, grouping(r) AS g FROM t GROUP BY r
SELECT r, grouping_id() AS g FROM t GROUP BY r
SELECT grouping(r) AS g FROM t
SELECT grouping_id() AS g FROM t
SELECT r FROM t WHERE grouping(r) = 1 GROUP BY ROLLUP (r)
SELECT r FROM t WHERE grouping_id() = 1
SELECT r, grouping(r, k) AS g FROM t GROUP BY ROLLUP (r, k)
SELECT r, grouping() AS g FROM t GROUP BY ROLLUP (r, k)
SELECT r, count(*) AS n FROM t GROUP BY ROLLUP (zz)
SELECT r, count(*) AS n FROM t GROUP BY GROUPING SETS ((zz), (r))
SELECT r, count(*) AS n FROM t GROUP BY r GROUPING SETS ((k))
SELECT r, count(*) AS n FROM t GROUP BY r GROUPING SETS ((r), (k))
SELECT r, count(*) AS n FROM t GROUP BY GROUPING SETS ()
SELECT r, count(*) AS n FROM t GROUP BY r GROUPING SETS ()
SELECT r, count(*) AS n FROM t GROUP BY ROLLUP (5)
SELECT r, count(*) AS n FROM t GROUP BY ROLLUP (r) ORDER BY grouping(k)
SELECT * FROM t GROUP BY ROLLUP (r)

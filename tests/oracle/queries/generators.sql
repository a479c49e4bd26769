# Generators beside aggregates and GROUP BY.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'a', 10), (1, 'b', 20), (2, 'a', NULL), (2, 'c', 30), (NULL, 'd', 40) AS v(k, g, v)
SELECT k, explode(collect_list(v)) AS x FROM t WHERE g <> 'c' GROUP BY k
SELECT k, explode(array(max(v), min(v))) FROM t GROUP BY k
SELECT explode(array(max(v), min(v))) AS x, count(*) AS n FROM t
SELECT k, posexplode(array(min(g), max(g))) AS (i, x), sum(v) AS s FROM t GROUP BY k
SELECT k + 1 AS m, explode(array(k, count(*))) AS x FROM t GROUP BY k
SELECT k, explode_outer(collect_list(v)) AS x FROM t WHERE v IS NULL GROUP BY k
SELECT k, inline(array(struct(min(v) AS lo, max(v) AS hi))) FROM t GROUP BY k
SELECT k, stack(2, min(v), max(v)) AS x FROM t GROUP BY k
SELECT k, json_tuple(concat('{"n":', count(*), '}'), 'n') AS n FROM t GROUP BY k
SELECT k, explode(array(count(*), sum(v))) AS x FROM t GROUP BY k ORDER BY k, x
SELECT k, explode(array(count(*), sum(v))) AS x FROM t GROUP BY k ORDER BY x DESC LIMIT 2
SELECT DISTINCT explode(array(1, count(*))) AS x FROM t GROUP BY k
SELECT explode(array(k)) AS x FROM t GROUP BY k
SELECT k AS key, explode(array(k, 7)) AS x FROM t GROUP BY key
SELECT explode(map('lo', min(v), 'hi', max(v))) AS (name, value) FROM t
SELECT explode(array(1, 2)) AS a, explode(array(min(k), max(k))) AS b, count(*) AS n FROM t
WITH w AS (SELECT k, v FROM t WHERE k = 1) SELECT k, explode(array(min(v), max(v))) AS x FROM w GROUP BY k
SELECT x, count(*) AS n FROM (SELECT k, explode(array(count(*), 1)) AS x FROM t GROUP BY k) GROUP BY x
SELECT k, explode(array(min(nope))) AS x FROM t GROUP BY k
SELECT k, explode(min(v)) AS x FROM t GROUP BY k
SELECT g, explode(array(min(v))) AS x FROM t GROUP BY k

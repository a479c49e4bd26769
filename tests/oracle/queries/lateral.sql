# Generators in FROM, LATERAL joins, LATERAL VIEW, and how commas bind with JOIN.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, array(10, 20), map('a', 1, 'b', 2), 'x'), (2, array(), map(), 'y'), (3, NULL, NULL, NULL), (4, array(30, NULL), map('c', NULL), 'x') AS v(n, l, m, k)
CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES ('x', 1), ('x', 5), ('z', 7), (NULL, 9) AS v(k, w)
CREATE TEMPORARY VIEW s AS SELECT * FROM VALUES (1, array(named_struct('a', 1, 'b', 'p'), named_struct('a', 2, 'b', NULL), NULL)), (2, array()), (3, NULL) AS v(n, e)
CREATE TEMPORARY VIEW j AS SELECT n, parse_json(t) AS v FROM VALUES (1, '{"b": 1, "a": [true, null], "c": {"d": "x"}}'), (2, '[1, "two", 3.5, {"k": 1}, null]'), (3, '[]'), (4, '{}'), (5, '7'), (6, 'null'), (7, NULL) AS q(n, t)
# Table functions alone
SELECT * FROM explode(array(1, 2, 3))
SELECT * FROM explode(array(1, 2, 3)) AS t(x)
SELECT x + 1 AS y FROM explode(array(1, NULL, 3)) t(x)
SELECT * FROM explode(map('a', 1, 'b', 2))
SELECT * FROM explode(map('a', 1, 'b', 2)) AS t(p, q)
SELECT * FROM explode(array())
SELECT * FROM explode_outer(array())
SELECT * FROM explode(CAST(NULL AS ARRAY<INT>))
SELECT * FROM explode_outer(CAST(NULL AS ARRAY<INT>))
SELECT * FROM posexplode(array('a', 'b'))
SELECT * FROM posexplode(array('a', 'b')) AS t(i, c) WHERE i > 0
SELECT * FROM posexplode_outer(CAST(NULL AS MAP<STRING, INT>))
SELECT * FROM inline(array(struct(1, 'a'), struct(2, 'b')))
SELECT * FROM inline(array(struct(1, 'a'), struct(2, 'b'))) AS t(p, q)
SELECT * FROM inline_outer(CAST(NULL AS ARRAY<STRUCT<a: INT>>))
SELECT * FROM stack(2, 1, 2, 3)
SELECT * FROM stack(2, 1, 2, 3) AS t(a, b)
SELECT * FROM json_tuple('{"a":1,"b":"x"}', 'a', 'b')
SELECT * FROM json_tuple('{"a":1,"b":"x"}', 'a', 'b') AS t(p, q)
SELECT t.c FROM explode(array(1, 2)) AS t(c) JOIN explode(array(2, 3)) AS r(c) ON t.c = r.c
SELECT a.x, b.y FROM explode(array(1, 2)) AS a(x), explode(array('p', 'q')) AS b(y)
SELECT count(*) AS n, sum(col) AS t FROM explode(sequence(1, 100))
SELECT * FROM explode(array(1, 2)) AS t(a, b)
SELECT * FROM explode(1)
SELECT * FROM explode()
SELECT * FROM explode(array(1), array(2))
SELECT * FROM inline(array(1, 2))
SELECT * FROM posexplode('a')
SELECT * FROM explode(nope)
SELECT * FROM upper('a')
SELECT * FROM t, explode(l)
SELECT * FROM explode(array(1 / 0))
SELECT * FROM explode(from_json('[1,2]', 'ARRAY<INT>')) AS t(x) ORDER BY x
# LATERAL with generators
SELECT n, c FROM t, LATERAL explode(l) AS x(c)
SELECT n, c FROM t, LATERAL explode(t.l) AS x(c)
SELECT * FROM t, LATERAL explode(l)
SELECT n, col FROM t, LATERAL explode(l)
SELECT n, x.col FROM t, LATERAL explode(l) x
SELECT n, c FROM t, LATERAL explode_outer(l) AS x(c)
SELECT n, p, q FROM t, LATERAL explode(m) AS x(p, q)
SELECT n, key, value FROM t, LATERAL explode(m)
SELECT n, i, c FROM t, LATERAL posexplode(l) AS x(i, c)
SELECT n, i, p, q FROM t, LATERAL posexplode_outer(m) AS x(i, p, q)
SELECT n, a, b FROM s, LATERAL inline(e)
SELECT n, a, b FROM s, LATERAL inline_outer(e)
SELECT n, p FROM t, LATERAL stack(2, n, n * 2) AS x(p)
SELECT n, c FROM t JOIN LATERAL explode(l) AS x(c)
SELECT n, c FROM t CROSS JOIN LATERAL explode(l) AS x(c)
SELECT n, c FROM t INNER JOIN LATERAL explode(l) AS x(c) ON c > 10
SELECT n, c FROM t JOIN LATERAL explode(l) AS x(c) ON n = 1
SELECT n, c FROM t LEFT JOIN LATERAL explode(l) AS x(c)
SELECT n, c FROM t LEFT OUTER JOIN LATERAL explode(l) AS x(c) ON true
SELECT n, i, c FROM t LEFT JOIN LATERAL posexplode(l) AS x(i, c)
SELECT n, a, b FROM s LEFT JOIN LATERAL inline(e)
SELECT n, c, d FROM t, LATERAL explode(l) AS x(c), LATERAL explode(array(c, n)) AS y(d)
SELECT n, c, d FROM t, LATERAL explode(l) AS x(c) LEFT JOIN LATERAL explode(m) AS y(d, e)
SELECT n, c, w FROM t, LATERAL explode(l) AS x(c) JOIN u ON t.k = u.k
SELECT n, c FROM t, LATERAL explode(l) AS x(c) WHERE c > 10 AND n < 4
SELECT n, count(*) AS c, sum(c) AS s FROM t, LATERAL explode(l) AS x(c) GROUP BY n
SELECT n, count(c) AS c FROM t LEFT JOIN LATERAL explode(l) AS x(c) GROUP BY n
SELECT n, upper(p) AS p FROM t, LATERAL (SELECT 1) AS one(o), LATERAL explode(map_keys(m)) AS x(p)
SELECT n, c FROM (SELECT n, l FROM t WHERE n < 4) AS q, LATERAL explode(q.l) AS x(c)
SELECT n, c FROM t RIGHT JOIN LATERAL explode(l) AS x(c)
SELECT n, c FROM t FULL JOIN LATERAL explode(l) AS x(c)
SELECT n FROM t LEFT SEMI JOIN LATERAL explode(l) AS x(c)
SELECT n FROM t LEFT ANTI JOIN LATERAL explode(l) AS x(c)
SELECT n FROM t NATURAL JOIN LATERAL explode(l) AS x(n)
SELECT n FROM t JOIN LATERAL explode(l) AS x(n) USING (n)
SELECT n, c FROM t, LATERAL explode(l) AS x(c, d)
SELECT n, c FROM t, LATERAL explode(k) AS x(c)
SELECT n FROM t, LATERAL u
SELECT n FROM t, LATERAL (VALUES (1)) AS v(x)
SELECT n, c FROM t, LATERAL upper(k) AS x(c)
SELECT c FROM LATERAL explode(array(1, 2)) AS x(c)
# LATERAL with queries
SELECT n, b FROM t, LATERAL (SELECT n + 1 AS b)
SELECT n, b FROM t, LATERAL (SELECT t.n + 1 AS b) AS q
SELECT n, q.b, c FROM t, LATERAL (SELECT t.n + 1, upper(k)) AS q(b, c)
SELECT * FROM t, LATERAL (SELECT n * 2 AS twice, size(l) AS z) q WHERE z > 0
SELECT n, d FROM t, LATERAL (SELECT n * 2 AS c), LATERAL (SELECT c + 1 AS d)
SELECT n, b FROM t, LATERAL (SELECT n + 1 AS b WHERE n > 2)
SELECT n, b FROM t LEFT JOIN LATERAL (SELECT n + 1 AS b)
SELECT n, b FROM t JOIN LATERAL (SELECT n + 1 AS b) ON b > 2
SELECT n, w FROM t, LATERAL (SELECT w FROM u WHERE u.k = t.k)
SELECT n, w FROM t JOIN LATERAL (SELECT w FROM u WHERE u.k = t.k AND w > n) AS q
SELECT n, q.* FROM t, LATERAL (SELECT * FROM u WHERE u.k = t.k) AS q
SELECT n, z FROM t, LATERAL (SELECT w + n AS z FROM u WHERE u.k = t.k) AS q
SELECT n, z FROM t LEFT JOIN LATERAL (SELECT w + n AS z FROM u WHERE u.k = t.k) AS q
SELECT n, z FROM t LEFT JOIN LATERAL (SELECT 1 AS z FROM u WHERE u.k = t.k) AS q
SELECT n, z FROM t LEFT JOIN LATERAL (SELECT coalesce(w, 0) AS z FROM u WHERE w > n * 2) AS q
SELECT n, w FROM t, LATERAL (SELECT w FROM u)
SELECT n, w FROM t LEFT JOIN LATERAL (SELECT k AS k2, w FROM u) q ON t.k = q.k2
SELECT n, w FROM t, LATERAL (SELECT w FROM u WHERE u.w BETWEEN t.n AND t.n + 3)
SELECT n, k, k2 FROM t, LATERAL (SELECT k AS k2 FROM u WHERE u.k = t.k)
SELECT n, b FROM t, LATERAL (SELECT n + 1, 2) AS q(b)
# variant_explode
SELECT * FROM variant_explode(parse_json('["hello", "world"]'))
SELECT * FROM variant_explode(input => parse_json('{"a": true, "b": 3.14}'))
SELECT * FROM variant_explode(parse_json('{"a": true, "b": 3.14}'))
SELECT * FROM variant_explode(parse_json('{"a": true, "b": 3.14}')) AS t(i, k, v)
SELECT * FROM variant_explode(parse_json('[]'))
SELECT * FROM variant_explode_outer(parse_json('[]'))
SELECT * FROM variant_explode_outer(parse_json('{}'))
SELECT * FROM variant_explode(parse_json('1'))
SELECT * FROM variant_explode_outer(parse_json('1'))
SELECT * FROM variant_explode(CAST(NULL AS VARIANT))
SELECT * FROM variant_explode_outer(CAST(NULL AS VARIANT))
SELECT * FROM variant_explode(NULL)
SELECT * FROM variant_explode('[1]')
SELECT * FROM variant_explode(array(1))
SELECT * FROM variant_explode()
SELECT n, pos, key, value FROM j, LATERAL variant_explode(v)
SELECT n, pos, key, value FROM j, LATERAL variant_explode_outer(v)
SELECT n, x.pos, x.key, x.value FROM j LEFT JOIN LATERAL variant_explode(v) AS x
SELECT n, i, k, to_json(w) AS t FROM j, LATERAL variant_explode(v) AS x(i, k, w) WHERE n < 3
SELECT n, a.key AS k1, b.pos AS p2, b.value FROM j, LATERAL variant_explode(v) AS a, LATERAL variant_explode(a.value) AS b
SELECT n, value:k::INT AS k, schema_of_variant(value) AS s FROM j, LATERAL variant_explode(v) WHERE n = 2
SELECT n, count(*) AS c FROM j, LATERAL variant_explode(v) GROUP BY n
SELECT n, value::STRING AS s FROM j, LATERAL variant_explode(v) WHERE key = 'a'
SELECT n, i, k, w FROM j LATERAL VIEW variant_explode(v) x AS i, k, w
SELECT n, i, k, w FROM j LATERAL VIEW OUTER variant_explode(v) x AS i, k, w
SELECT variant_explode(v) FROM j
SELECT n, i FROM j, LATERAL variant_explode(v) AS x(i)
SELECT n FROM j, LATERAL variant_explode(n)
# LATERAL VIEW
SELECT n, c FROM t LATERAL VIEW explode(l) x AS c
SELECT n, c FROM t LATERAL VIEW OUTER explode(l) x AS c
SELECT n, x.col FROM t LATERAL VIEW explode(l) x
SELECT n, p, q FROM t LATERAL VIEW explode(m) x AS p, q
SELECT n, i, c FROM t LATERAL VIEW posexplode(l) x AS i, c
SELECT n, i, c FROM t LATERAL VIEW OUTER posexplode(l) x AS i, c
SELECT n, a, b FROM s LATERAL VIEW inline(e) x
SELECT n, a, b FROM s LATERAL VIEW OUTER inline(e) x AS a, b
SELECT n, c, d FROM t LATERAL VIEW explode(l) x AS c LATERAL VIEW explode(map_keys(m)) y AS d
SELECT n, c, w FROM t JOIN u ON t.k = u.k LATERAL VIEW explode(array(n, w)) x AS c
SELECT n, p FROM t LATERAL VIEW stack(2, n, n + 1) x AS p
SELECT n, p, q FROM t LATERAL VIEW json_tuple('{"a":1}', 'a', 'b') x AS p, q
SELECT n, sum(c) AS s FROM t LATERAL VIEW explode(l) x AS c GROUP BY n HAVING sum(c) > 0
SELECT n, c FROM t LATERAL VIEW explode(l) x AS c WHERE c > 10
SELECT n, c FROM t LATERAL VIEW explode(l) x AS c, d
SELECT n, c FROM t LATERAL VIEW nope(l) x AS c
# SELECT lists
SELECT n, explode(l) FROM t
SELECT n, explode(l) AS c FROM t WHERE n = 1
SELECT n, explode_outer(m) FROM t
SELECT n, explode(m) AS (p, q) FROM t
SELECT posexplode(l) AS (i, c), n + 1 AS m FROM t
SELECT inline(e), n FROM s
SELECT explode(l), explode(m) FROM t
SELECT explode(l) + 1 FROM t
SELECT upper(explode(array('a'))) AS x
SELECT n FROM t WHERE explode(l) > 1
SELECT n FROM t ORDER BY explode(l)
SELECT explode(explode(array(array(1, 2), array(3))))
SELECT n, explode(l) AS a, posexplode(l) AS (i, b) FROM t
SELECT explode_outer(l) AS a, n, explode_outer(m) FROM t
SELECT inline(e), explode(array(n, n + 1)) AS z FROM s
SELECT explode(l) AS l, explode(array(1, 2)) AS two FROM t WHERE n = 1 ORDER BY 1, 2
# Commas and JOIN
SELECT a.n, b.k, c.w FROM t a, u b JOIN u c ON a.k = c.k AND b.k = c.k
SELECT a.n, b.w, c.w AS w2 FROM t a, u b RIGHT JOIN u c ON a.k = c.k AND b.w = c.w
SELECT a.n, b.w FROM t a JOIN u b ON a.k = b.k, u c WHERE c.w = b.w

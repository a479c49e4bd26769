# Aggregates, GROUP BY, ORDER BY, set operations, joins, subqueries and generators where they may not stand; syntax.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'x', 1.5D, array(1, 2), map('k', 1)) AS v(id, name, price, a, m)
CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES (1, 'y', DATE'2025-01-01') AS v(id, label, day)
SELECT «id, count(*) FROM t
SELECT id, «name, count(*) FROM t GROUP BY id
SELECT «id + 1, count(*) FROM t GROUP BY name
SELECT «*, count(*) FROM t GROUP BY id
SELECT «name FROM t GROUP BY id
SELECT «id FROM t GROUP BY name ORDER BY price
SELECT «id FROM t HAVING id > 1
SELECT count(*) FROM t HAVING «id > 1
SELECT id FROM t WHERE «count(*) > 1
SELECT id FROM t WHERE «sum(id) > 1 AND id = 1
SELECT count(*) FROM t GROUP BY «count(*)
SELECT count(*) AS n FROM t GROUP BY «n
SELECT sum(«count(*)) FROM t
SELECT sum(«id + max(id)) FROM t
SELECT count(*) FROM t GROUP BY «2
SELECT id, count(*) FROM t GROUP BY «0
SELECT count(*) FROM t GROUP BY «1
SELECT id FROM t ORDER BY «2
SELECT id FROM t ORDER BY «0
SELECT id FROM t ORDER BY «count(*)
«SELECT DISTINCT id FROM t ORDER BY name
SELECT count(DISTINCT *) FROM t GROUP BY «nope
SELECT «upper(DISTINCT name) FROM t
SELECT «upper(name) FILTER (WHERE id > 1) FROM t
SELECT count(*) FILTER (WHERE «count(*) > 1) FROM t
SELECT t.id FROM t JOIN u ON «count(*) > 1
SELECT max(id) FROM t WHERE id = «max(id)
SELECT id FROM t LIMIT «id
SELECT id FROM t LIMIT «-1
SELECT id FROM t LIMIT «'x'
SELECT id FROM t LIMIT «NULL
SELECT id FROM t LIMIT «1.5D
SELECT id FROM t OFFSET «-1
SELECT id FROM t UNION ALL «SELECT id, name FROM t
SELECT id FROM t UNION «SELECT id, name FROM t
SELECT id FROM t INTERSECT «SELECT id, name FROM t
SELECT id FROM t EXCEPT «SELECT id, name FROM t
SELECT id FROM t UNION ALL «SELECT a FROM t
SELECT a FROM t EXCEPT «SELECT id FROM t
«SELECT m FROM t UNION SELECT m FROM t
«SELECT m FROM t INTERSECT SELECT m FROM t
«SELECT DISTINCT m FROM t
SELECT id FROM t ORDER BY «m
SELECT explode(a), «explode(a) FROM t
SELECT explode(«explode(a)) FROM t
SELECT 1 + «explode(a) FROM t
SELECT id FROM t WHERE «explode(a) = 1
SELECT id FROM t GROUP BY «explode(a)
SELECT id FROM t ORDER BY «explode(a)
SELECT sum(«explode(a)) FROM t
SELECT «explode(a) AS (x, y) FROM t
SELECT «explode(m) AS x FROM t
SELECT * FROM t LATERAL VIEW «upper(name) AS x
SELECT * FROM t LATERAL VIEW «explode(a) b AS x, y
SELECT stack(«0, 1, 2)
SELECT stack(«id, 1, 2) FROM t
SELECT «stack(2, 1, 'x')
SELECT (SELECT id FROM u) FROM t WHERE false AND «(SELECT id, label FROM u) = 1
SELECT «id IN (SELECT id, label FROM u) FROM t
SELECT (SELECT u.id FROM u WHERE u.id = t.id) FROM t
SELECT (SELECT max(u.id) FROM u WHERE «u.id > t.id) FROM t
SELECT * FROM t JOIN «u USING (name)
SELECT * FROM t JOIN u USING (id, id)
SELECT * FROM t JOIN u ON «t.id
SELECT * FROM t LEFT SEMI JOIN u ON t.id = u.id WHERE «u.id = 1
SELECT «u.id FROM t LEFT ANTI JOIN u ON t.id = u.id
SELECT * FROM t a JOIN t a ON «a.id = a.id
SELECT * FROM t «TABLESAMPLE (10 PERCENT
WITH c AS (SELECT 1), «c AS (SELECT 2) SELECT * FROM c
WITH c(x, y) AS («SELECT 1) SELECT * FROM c
SELECT * FROM (VALUES (1), «(1, 2)) AS v
SELECT * FROM «VALUES (1), ('x'), (array(1)) AS v(x)
SELECT«
SELECT «FROM t
SELECT id t FROM«
SELECT id«, FROM t
SELECT id,«, name FROM t
SELECT id FROM t WHERE«
SELECT id FROM t WHERE id =«
SELECT id FROM t WHERE id = «= 1
SELECT id FROM t GROUP
SELECT id FROM t GROUP BY«
SELECT id FROM t ORDER «id
SELECT id FROM t LIMIT«
SELECT id FROM t JOIN «ON true
SELECT (id «FROM t
SELECT id«) FROM t
SELECT id FROM (SELECT id FROM t«
SELECT «'abc FROM t
SELECT «`id FROM t
SELECT id FROM t WHERE name LIKE«
SELECT id FROM t WHERE id BETWEEN 1«
SELECT id FROM t WHERE id IN «()
SELECT «CASE END FROM t
SELECT CASE WHEN id = 1 THEN «FROM t
SELECT CASE id WHEN 1 THEN 2 «FROM t
SELECT CAST(id «INT) FROM t
SELECT CAST(id AS«) FROM t
SELECT id FROM t «/* open
SELECT id FROM t ; ; «x
SELECT id FROM t t2 «t3
SELECT id AS FROM «t
SELECT id FROM t UNION«
SELECT id FROM t UNION ALL«
«SELEC id FROM t
FROM t SELECT«
SELECT * FROM t WHERE id = 1 «WHERE id = 2
SELECT «extract(nope FROM DATE'2025-01-01')
SELECT trim(BOTH FROM«)
SELECT id FROM t WHERE «NOT
SELECT «interval
SELECT «id -> 1 FROM t
SELECT «? FROM t
SELECT a[1 «FROM t
SELECT «{x} FROM t
SELECT id FROM t WHERE name = «"x
SELECT 1 AS «2
SELECT count(*) over «FROM t
SELECT «@id FROM t
SELECT id FROM t HAVING«
SELECT 1 UNION ALL SELECT 'a' UNION ALL «SELECT array(1)

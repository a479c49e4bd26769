# Names that cannot be resolved, or not in one way.
CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'x', 1.5D, named_struct('f', 1, 'g', 'z'), array(1, 2), map('k', 1)) AS v(id, name, price, s, a, m)
CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES (1, 'y', DATE'2025-01-01') AS v(id, label, day)
SELECT «nope FROM t
SELECT id, «nmae FROM t
SELECT «t.nope FROM t
SELECT «x.id FROM t
SELECT «u.id FROM t
SELECT T.ID, «t.Nam FROM t
SELECT id + «nope FROM t
SELECT upper(«nope) FROM t
SELECT CASE WHEN «nope THEN 1 END FROM t
SELECT id FROM t WHERE «nope = 1
SELECT id FROM t ORDER BY «nope
SELECT count(*) FROM t GROUP BY «nope
SELECT id, count(*) FROM t GROUP BY id HAVING «nope > 1
SELECT sum(«nope) FROM t
SELECT count(*) FILTER (WHERE «nope) FROM t
SELECT t.id FROM t JOIN u ON t.id = «u.nope
SELECT t.id FROM t JOIN u ON «t.nope = u.id
SELECT * FROM t JOIN «u USING (nope)
SELECT «id FROM t JOIN u ON t.id = u.id
SELECT name FROM t JOIN u ON «id = 1
SELECT «t.id FROM t JOIN t ON true
SELECT «s.nope FROM t
SELECT «s.f.x FROM t
SELECT «id.x FROM t
SELECT «a.x FROM t
SELECT «nope.* FROM t
SELECT «id.* FROM t
SELECT * FROM «nope
SELECT * FROM t, «nope
SELECT * FROM «nope.t
SELECT * FROM t JOIN «nope ON true
SELECT «uper(name) FROM t
SELECT «nope(1)
SELECT «a.b.c(1)
SELECT id FROM t WHERE «uper(name) = 'X'
SELECT * FROM «nope(1)
SELECT * FROM «upper('a')
SELECT «x FROM (SELECT id AS y FROM t)
SELECT «a.y FROM (SELECT id AS y FROM t) AS b
WITH c AS (SELECT id FROM t) SELECT «nope FROM c
WITH c AS (SELECT id FROM t) SELECT * FROM «d
SELECT «x FROM VALUES (1) AS v(y)
SELECT * FROM «VALUES (1, 2) AS v(y)
SELECT * FROM «(SELECT id, name FROM t) AS b(x)
SELECT «`na me` FROM t
SELECT transform(a, x -> «y) FROM t
SELECT transform(a, x -> x + «nope) FROM t
SELECT id AS x, x + «nope FROM t
SELECT * FROM t LATERAL VIEW «nope(a) AS x
SELECT * FROM t LATERAL VIEW explode(«nope) AS x
SELECT * FROM t WHERE id IN (SELECT «nope FROM u)
SELECT * FROM t WHERE EXISTS (SELECT 1 FROM «nope)
SELECT * FROM t WHERE id = (SELECT «u.nope FROM u)
SELECT «named_struct('x', id).y FROM t
SELECT «id FROM (SELECT id, id FROM t)
SELECT «b.id FROM (SELECT id, price AS ID FROM t) AS b
SELECT * FROM t NATURAL JOIN «nope
SELECT * FROM t ORDER BY «t.nope
SELECT count(«nope.x) FROM t
SELECT «nope FROM t GROUP BY ALL

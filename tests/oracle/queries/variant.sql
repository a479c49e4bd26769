# VARIANT in batch queries: generators, keys, set operations and joins.
CREATE TEMPORARY VIEW v AS SELECT id, parse_json(j) AS v FROM VALUES (1, '{"a":1,"b":[1,2,3]}'), (2, '{"a":"x","c":null}'), (3, '[10,"y",{"z":1.5}]'), (4, 'null'), (5, NULL), (6, '7'), (7, '{}'), (8, '[]') AS t(id, j)
SELECT id, v FROM v
SELECT id, v:a AS a, v:b[1] AS b FROM v
SELECT id, v:a::string AS a, try_variant_get(v, '$.b[1]', 'int') AS b FROM v
SELECT * FROM v WHERE v:a IS NOT NULL
SELECT * FROM v WHERE is_variant_null(v)
SELECT v FROM v GROUP BY v
SELECT count(*) AS n FROM v GROUP BY v
SELECT DISTINCT v FROM v
SELECT DISTINCT v:a AS a FROM v
SELECT DISTINCT struct(v) AS s FROM v
SELECT id, v FROM v ORDER BY v
SELECT id FROM v ORDER BY v:a
SELECT schema_of_variant(v) AS s, count(*) AS n FROM v GROUP BY schema_of_variant(v)
SELECT schema_of_variant_agg(v) AS s FROM v
SELECT a.id, b.id AS other FROM v a JOIN v b ON a.v = b.v
SELECT a.id, b.v FROM v a JOIN v b ON a.id = b.id + 1
SELECT v FROM v UNION SELECT v FROM v
SELECT v FROM v UNION ALL SELECT v FROM v
SELECT v FROM v INTERSECT SELECT v FROM v
SELECT v FROM v EXCEPT SELECT v FROM v
SELECT v FROM v UNION ALL SELECT 1
SELECT v FROM v UNION ALL SELECT CAST(1 AS VARIANT)
SELECT id, explode(CAST(v:b AS ARRAY<INT>)) AS e FROM v WHERE id = 1
SELECT id, max(v) AS m FROM v GROUP BY id
SELECT first(v) AS m FROM v WHERE id = 6
SELECT id, collect_list(v) AS l FROM v GROUP BY id
SELECT row_number() OVER (PARTITION BY v ORDER BY id) AS r FROM v
SELECT sum(v::int) AS s FROM v WHERE id = 6
SELECT v.a FROM v
SELECT id, v:a FROM v WHERE id = 1
SELECT id, v:b[1]::int FROM v WHERE id = 1
SELECT id, v FROM v WHERE v = parse_json('7')
SELECT id, v FROM v WHERE v:a::string = 'x'
SELECT CAST(v AS INT) AS i FROM v WHERE id = 2
SELECT named_struct('v', v, 'l', array(v)) AS s FROM v WHERE id <= 4
SELECT id FROM v WHERE v IN (SELECT v FROM v)
SELECT id FROM v WHERE v

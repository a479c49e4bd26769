# json_tuple and other generators in SELECT lists and LATERAL VIEWs.
CREATE TEMPORARY VIEW j AS SELECT * FROM VALUES (1, '{"a":1,"b":"x","c":{"d": [1, 2]}}'), (2, '{"b":null,"a.b":5}'), (3, '{"a":1'), (4, NULL), (5, '[1]'), (6, '{"a":1,"a":2}'), (7, '{"a":"q\\n\\u00e9", "b": 1.50, "c": true}'), (8, '{"b":7, "a":{broken}') AS v(n, t)
SELECT json_tuple('{"a":1, "b":2}', 'a', 'b')
SELECT n, json_tuple(t, 'a', 'b') FROM j
SELECT n, json_tuple(t, 'c') FROM j
SELECT n, json_tuple(t, 'a.b') FROM j
SELECT n, json_tuple(t, 'a', 'b') AS (x, y) FROM j
SELECT n, x, y FROM j LATERAL VIEW json_tuple(t, 'a', 'b') q AS x, y
SELECT n, c0 FROM j LATERAL VIEW json_tuple(t, 'b') q
SELECT n, json_tuple(t, NULL) FROM j
SELECT json_tuple(t) FROM j
SELECT json_tuple(n, 'a') FROM j
SELECT json_tuple(t, 1) FROM j
SELECT json_tuple(t, 'a') AS (x, y) FROM j
SELECT n, json_tuple(t, 'a', concat('b', '')) FROM j

CREATE TABLE a(id INTEGER PRIMARY KEY, name TEXT, grp INT);
CREATE TABLE b(id INTEGER PRIMARY KEY, a_id INT REFERENCES a, val);
CREATE TABLE c(b_id INT, n INT, note TEXT);
CREATE TABLE d(k TEXT PRIMARY KEY, a_id INT) WITHOUT ROWID;
CREATE TABLE e(f, g, h);
CREATE INDEX b_a ON b(a_id);
CREATE INDEX c_b ON c(b_id, n);
CREATE INDEX a_grp ON a(grp);
CREATE VIEW v1 AS SELECT a.id, a.name, b.val FROM a JOIN b ON b.a_id = a.id;
CREATE VIEW v2 AS SELECT grp, count(*) AS n FROM a GROUP BY grp;
CREATE VIEW v3 AS SELECT id, name FROM a WHERE grp = 2;
CREATE VIEW v4 AS SELECT id FROM a UNION ALL SELECT b_id FROM c;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30) INSERT INTO a SELECT i, 'n'||(i*7%30), i%4 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<90) INSERT INTO b SELECT i, i*13%30+1, i%9 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<150) INSERT INTO c SELECT i*7%90, i%6, 'x'||(i%10) FROM n;
INSERT INTO d SELECT 'd'||id, id FROM a WHERE id % 3 = 0;
INSERT INTO e SELECT id%5, id%7, id FROM a;
CREATE TABLE g(id INTEGER PRIMARY KEY, k, twice INT AS (k * 2), low TEXT AS (lower(k)) STORED);
CREATE INDEX g_twice ON g(twice);
CREATE VIEW v5 AS SELECT DISTINCT grp FROM a;
INSERT INTO g SELECT id, grp FROM a;
----
SELECT * FROM a, b WHERE a.id = b.a_id
SELECT * FROM b, a WHERE a.id = b.a_id
SELECT * FROM a JOIN b ON b.a_id = a.id WHERE a.grp = 2
SELECT * FROM a JOIN b ON b.a_id = a.id WHERE b.val = 2
SELECT * FROM a JOIN b ON b.a_id = a.id WHERE b.id = 7
SELECT * FROM a JOIN b ON b.a_id = a.id WHERE a.id = 7
SELECT * FROM a JOIN b ON b.a_id = a.id ORDER BY a.id
SELECT * FROM a JOIN b ON b.a_id = a.id ORDER BY b.id
SELECT * FROM a JOIN b ON b.a_id = a.id ORDER BY a.name
SELECT a.name, count(*) FROM a JOIN b ON b.a_id = a.id GROUP BY a.id
SELECT a.name, count(*) FROM a JOIN b ON b.a_id = a.id GROUP BY a.name
SELECT a.name, count(*) FROM a JOIN b ON b.a_id = a.id GROUP BY b.a_id
SELECT * FROM a JOIN b ON b.a_id = a.id JOIN c ON c.b_id = b.id
SELECT * FROM c JOIN b ON c.b_id = b.id JOIN a ON b.a_id = a.id
SELECT * FROM a JOIN b ON b.a_id = a.id JOIN c ON c.b_id = b.id WHERE a.grp = 1
SELECT * FROM a JOIN b ON b.a_id = a.id JOIN c ON c.b_id = b.id WHERE c.n = 3
SELECT * FROM a JOIN b ON b.a_id = a.id JOIN c ON c.b_id = b.id WHERE a.name = 'n7'
SELECT * FROM a, b, c WHERE a.id = b.a_id AND b.id = c.b_id AND c.note = 'x3'
SELECT count(*) FROM a, b, c WHERE a.id = b.a_id AND b.id = c.b_id
SELECT * FROM a LEFT JOIN b ON b.a_id = a.id
SELECT * FROM a LEFT JOIN b ON b.a_id = a.id WHERE b.val = 3
SELECT * FROM a LEFT JOIN b ON b.a_id = a.id WHERE b.id IS NULL
SELECT * FROM a LEFT JOIN b ON b.a_id = a.id AND b.val = 3
SELECT * FROM a LEFT JOIN b ON b.a_id = a.id AND a.grp = 2
SELECT a.* FROM a LEFT JOIN b ON b.id = a.grp
SELECT a.* FROM a LEFT JOIN b ON b.val = a.grp
SELECT DISTINCT a.name FROM a LEFT JOIN b ON b.val = a.grp
SELECT * FROM b LEFT JOIN a ON a.id = b.a_id
SELECT * FROM b LEFT JOIN a ON a.id = b.a_id WHERE a.grp = 2
SELECT * FROM b LEFT JOIN a ON a.id = b.a_id LEFT JOIN c ON c.b_id = b.id
SELECT * FROM b LEFT JOIN a ON a.id = b.a_id JOIN c ON c.b_id = b.id
SELECT * FROM a CROSS JOIN b WHERE b.a_id = a.id
SELECT * FROM b CROSS JOIN a WHERE b.a_id = a.id
SELECT * FROM c CROSS JOIN a, b WHERE b.a_id = a.id AND c.b_id = b.id
SELECT * FROM e e1, e e2 WHERE e1.f = e2.g
SELECT * FROM e e1 JOIN e e2 ON e1.f = e2.g AND e1.h = e2.h
SELECT * FROM e LEFT JOIN a ON a.name = e.f
SELECT * FROM e, a WHERE e.f = a.grp
SELECT * FROM e, a WHERE e.f = a.name
SELECT * FROM e, b WHERE e.f = b.val AND e.h > 20
SELECT * FROM a, d WHERE a.id = d.a_id
SELECT * FROM a, d WHERE d.k = 'd' || a.id
SELECT * FROM a LEFT JOIN d ON d.k = 'd' || a.id
SELECT a.name FROM a LEFT JOIN d ON d.k = 'd' || a.id
SELECT * FROM a JOIN b USING (id)
SELECT * FROM a NATURAL JOIN b
SELECT * FROM a RIGHT JOIN b ON b.a_id = a.id
SELECT * FROM a FULL JOIN b ON b.a_id = a.id
SELECT * FROM v1
SELECT * FROM v1 WHERE id = 5
SELECT * FROM v1 WHERE val = 5 ORDER BY id
SELECT * FROM v2
SELECT * FROM v2 WHERE n > 2
SELECT * FROM v2 WHERE grp = 2
SELECT * FROM v2, a WHERE a.grp = v2.grp
SELECT * FROM v3
SELECT * FROM v3 WHERE name = 'n14'
SELECT * FROM v3 JOIN b ON b.a_id = v3.id
SELECT * FROM v4
SELECT * FROM v4 WHERE id = 5
SELECT count(*) FROM v4
SELECT * FROM (SELECT * FROM a WHERE grp = 1) x JOIN b ON b.a_id = x.id
SELECT * FROM (SELECT id, name FROM a) WHERE id = 5
SELECT * FROM (SELECT id, name FROM a ORDER BY name) WHERE id > 5
SELECT * FROM (SELECT id, name FROM a ORDER BY name LIMIT 5) WHERE id > 5
SELECT * FROM (SELECT DISTINCT grp FROM a) x
SELECT * FROM (SELECT DISTINCT grp FROM a) x JOIN b ON b.val = x.grp
SELECT * FROM (SELECT grp, count(*) n FROM a GROUP BY grp) x JOIN a ON a.grp = x.grp
SELECT * FROM a JOIN (SELECT a_id, sum(val) s FROM b GROUP BY a_id) x ON x.a_id = a.id
SELECT * FROM a LEFT JOIN (SELECT a_id, sum(val) s FROM b GROUP BY a_id) x ON x.a_id = a.id
SELECT * FROM a LEFT JOIN (SELECT a_id, val FROM b WHERE val > 3) x ON x.a_id = a.id
SELECT x.n FROM (SELECT a.name AS n, b.val AS v FROM a, b WHERE a.id = b.a_id) x WHERE x.v = 2
SELECT (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a
SELECT (SELECT max(val) FROM b WHERE b.a_id = a.id), name FROM a WHERE grp = 1
SELECT name FROM a WHERE id = (SELECT max(a_id) FROM b)
SELECT name FROM a WHERE id IN (SELECT a_id FROM b WHERE val = 3)
SELECT name FROM a WHERE id NOT IN (SELECT a_id FROM b WHERE val = 3)
SELECT name FROM a WHERE name IN (SELECT note FROM c)
SELECT name FROM a WHERE grp IN (SELECT n FROM c WHERE c.b_id = a.id)
SELECT name FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)
SELECT name FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)
SELECT name FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id AND b.val = 3)
SELECT name FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.val = a.grp)
SELECT name FROM a WHERE EXISTS (SELECT 1 FROM b, c WHERE b.a_id = a.id AND c.b_id = b.id)
SELECT name FROM a WHERE grp = 1 AND EXISTS (SELECT 1 FROM b WHERE b.id = a.id) ORDER BY name
WITH x AS (SELECT * FROM a WHERE grp = 2) SELECT * FROM x
WITH x AS (SELECT * FROM a WHERE grp = 2) SELECT * FROM x, b WHERE b.a_id = x.id
WITH x AS (SELECT * FROM a WHERE grp = 2) SELECT * FROM x, x y
WITH x AS MATERIALIZED (SELECT * FROM a WHERE grp = 2) SELECT * FROM x WHERE id > 3
WITH x AS NOT MATERIALIZED (SELECT * FROM a WHERE grp = 2) SELECT * FROM x, x y WHERE x.id = y.id
WITH x(g, n) AS (SELECT grp, count(*) FROM a GROUP BY grp) SELECT * FROM x WHERE n > 3
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT * FROM r
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT * FROM r, a WHERE a.id = r.i
WITH RECURSIVE r(i) AS (SELECT 1 UNION SELECT b.id FROM r, b WHERE b.a_id = r.i) SELECT * FROM r
SELECT id FROM a UNION SELECT a_id FROM b
SELECT id FROM a UNION SELECT a_id FROM b UNION SELECT b_id FROM c
SELECT id, name FROM a UNION ALL SELECT b_id, note FROM c ORDER BY 2
SELECT grp FROM a INTERSECT SELECT val FROM b
SELECT grp FROM a EXCEPT SELECT val FROM b ORDER BY 1 DESC
SELECT * FROM (SELECT id FROM a UNION SELECT a_id FROM b) x WHERE id > 28
SELECT * FROM (SELECT id FROM a UNION ALL SELECT a_id FROM b) x WHERE id > 28
SELECT * FROM a WHERE id = 5 OR name = 'n7'
SELECT * FROM b WHERE id = 5 OR a_id = 3
SELECT * FROM a, b WHERE (a.id = b.a_id OR a.grp = b.val) AND b.id < 5
SELECT * FROM a, b WHERE a.id = b.a_id AND a.id = 5
SELECT * FROM a, b WHERE a.id = b.a_id AND b.a_id IN (3, 5)
SELECT * FROM a, b, c WHERE a.id = b.a_id AND b.a_id = c.b_id AND c.b_id = 5
SELECT * FROM b JOIN c ON c.b_id = b.id AND c.n = b.val
SELECT * FROM b JOIN c ON c.b_id = b.id AND c.n > b.val
SELECT * FROM a, b WHERE a.grp = b.val ORDER BY a.grp
SELECT a.id, b.id FROM a, b WHERE a.grp = 2 AND b.val = 3
SELECT DISTINCT a.name FROM a, b WHERE a.id = b.a_id
SELECT a.name FROM a, b WHERE a.id = b.a_id ORDER BY b.val LIMIT 3
SELECT * FROM a, json_each('[1,2,3]') j WHERE a.id = j.value
SELECT sum(val) OVER (PARTITION BY a_id) FROM b
SELECT rank() OVER (ORDER BY val), a.name FROM a JOIN b ON b.a_id = a.id
SELECT max(b.val) FROM a JOIN b ON b.a_id = a.id WHERE a.grp = 1
SELECT count(*) FROM a JOIN b ON b.a_id = a.id
UPDATE a SET grp = 1 WHERE id = 3
UPDATE b SET val = (SELECT grp FROM a WHERE a.id = b.a_id) WHERE a_id = 3
UPDATE b SET val = a.grp FROM a WHERE a.id = b.a_id AND a.grp = 9
DELETE FROM c WHERE b_id = 1000
DELETE FROM c WHERE b_id IN (SELECT id FROM b WHERE val = 1000)
DELETE FROM e WHERE h = 1000
INSERT INTO e SELECT 1, 2, id FROM a WHERE grp = 77
INSERT INTO e VALUES (1, 2, 3)
SELECT id FROM g WHERE twice = 4
SELECT id FROM g WHERE twice > 4 AND k < 9
SELECT * FROM g JOIN a ON g.twice = a.id
SELECT id FROM g ORDER BY twice DESC
SELECT a.grp, count(*) FROM a FULL JOIN b ON b.val = a.id GROUP BY a.grp
SELECT DISTINCT a.name FROM a FULL JOIN b ON b.val = a.id
SELECT DISTINCT a.name FROM a FULL JOIN b ON b.val = a.id ORDER BY a.grp
SELECT a.id, b.id FROM a FULL JOIN b ON b.a_id = a.id WHERE a.grp = 2
SELECT a.id, b.id FROM a FULL JOIN b ON b.a_id = a.id WHERE b.val = 2 AND a.grp > 1
SELECT a.id, e.f, c.n FROM a RIGHT JOIN e ON e.f = a.id JOIN c ON c.b_id = e.h
SELECT a.id, b.id FROM a FULL JOIN b ON b.val = a.id WHERE b.val IN (SELECT grp FROM a WHERE id < 4) OR b.id IS NULL
SELECT x.grp, y.grp FROM v5 AS x JOIN v5 AS y ON x.grp = y.grp + 1
SELECT x.grp, y.grp FROM v5 AS x LEFT JOIN v5 AS y ON x.grp = y.grp
SELECT max(a.id) FROM a WHERE name LIKE 'n2%'
SELECT a.id FROM a WHERE (grp, id) IN (VALUES (1, 1), (2, 2))
SELECT a.name FROM a JOIN e ON e.f = a.name COLLATE NOCASE
SELECT DISTINCT grp, name FROM a ORDER BY grp, name
SELECT DISTINCT grp FROM a ORDER BY grp DESC
SELECT DISTINCT max(grp) FROM a WHERE id < 9
SELECT grp, count(DISTINCT name) FROM a GROUP BY grp
SELECT grp, count(DISTINCT name), count(*) FROM a GROUP BY grp
SELECT name, count(DISTINCT id) FROM a GROUP BY name
SELECT name FROM a WHERE NOT EXISTS (SELECT 1 FROM e) AND grp > 1
SELECT row_number() OVER (PARTITION BY grp ORDER BY name), grp FROM a ORDER BY grp, name, id
SELECT a.name FROM a JOIN e ON e.f IS a.name
SELECT a.name FROM a, e WHERE e.g IS 4
SELECT a.id FROM a JOIN b ON b.a_id = a.id WHERE a.grp = 3 AND b.val > a.grp
SELECT id FROM a WHERE grp IN (2) AND id > grp
SELECT e.h, a.name FROM e RIGHT JOIN a ON a.name = e.f WHERE a.grp = 2
SELECT e.h, d.k FROM e RIGHT JOIN d ON d.k = e.f WHERE d.k > 'k'
SELECT a.id FROM a LEFT JOIN b ON b.id = a.grp LEFT JOIN c ON c.b_id = b.id WHERE a.id IS NOT NULL
SELECT DISTINCT a.id FROM a LEFT JOIN b ON b.id = a.grp LEFT JOIN e ON e.f = b.val
SELECT a.id FROM a WHERE id IS NULL
SELECT name FROM a WHERE unlikely(grp = 2) AND name LIKE 'n%'
SELECT count(*) FROM a AS q
SELECT * FROM (SELECT count(*) AS n, grp FROM a GROUP BY grp UNION ALL SELECT n, b_id FROM c) WHERE grp = 2
SELECT id FROM a INTERSECT SELECT count(*) FROM c
SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.b_id = a.id) LIMIT 2 OFFSET 1
SELECT f FROM e, a AS x, a AS y, b AS z, d WHERE x.id = e.f AND y.id = e.g AND z.id = e.h AND d.k = e.f
SELECT a.name FROM a, c WHERE (a.id, a.grp) = (c.n, 3)
SELECT a.id FROM a WHERE (SELECT count(*) FROM c WHERE c.b_id = a.id) > 1 AND a.grp IN (SELECT n FROM c WHERE c.b_id = a.id)

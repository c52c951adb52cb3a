//! The statements that are compared.

/// What a column's definition can consist of, in all combinations of two, and tables made of them.
pub fn tables() -> Vec<String> {
    let constraints = [
        "", "PRIMARY KEY", "PRIMARY KEY DESC", "PRIMARY KEY ON CONFLICT REPLACE", "PRIMARY KEY AUTOINCREMENT", "UNIQUE",
        "UNIQUE ON CONFLICT IGNORE", "NOT NULL", "NOT NULL ON CONFLICT FAIL", "NULL", "DEFAULT 1", "DEFAULT (1 + 2)",
        "DEFAULT -1.5", "DEFAULT 'x'", "DEFAULT abc", "DEFAULT \"abc\"", "DEFAULT (abc)", "DEFAULT CURRENT_TIMESTAMP",
        "DEFAULT (random())", "DEFAULT (b)", "DEFAULT ((SELECT 1))", "COLLATE NOCASE", "COLLATE nosuch",
        "CHECK (a > 0)", "CHECK ( a  >  0 )", "CHECK (nosuch > 0)", "CHECK (abs(a) > 0)", "CHECK (sum(a) > 0)",
        "REFERENCES p", "REFERENCES p(x)", "REFERENCES p(x, y)",
        "REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL MATCH FULL DEFERRABLE INITIALLY DEFERRED",
        "REFERENCES p ON DELETE SET DEFAULT ON UPDATE RESTRICT", "AS (b)", "AS (b + 1) STORED",
        "GENERATED ALWAYS AS (b * 2) VIRTUAL", "AS (a)", "AS (rowid)", "AS (random())", "AS (nosuch)",
        "CONSTRAINT n CHECK (a < 9)", "CONSTRAINT n NOT NULL CHECK (a < 9)",
    ];
    let mut out = Vec::new();
    for first in constraints {
        for kind in ["", "INTEGER", "integer", "INT", "TEXT", "VARCHAR(10)"] {
            out.push(format!("CREATE TABLE t(a {kind} {first}, b)"));
        }
        out.push(format!("CREATE TABLE t(a INTEGER {first}, b TEXT) STRICT"));
        out.push(format!("CREATE TABLE t(a INTEGER {first}, b TEXT) WITHOUT ROWID"));
        // A syntax error either way, at another word.
        for second in constraints.into_iter().filter(|s| !(first.starts_with("AS") && s.starts_with("GENERATED"))) {
            out.push(format!("CREATE TABLE t(a INTEGER {first} {second}, b)"));
        }
    }
    let table_constraints = [
        "PRIMARY KEY (a)", "PRIMARY KEY (a DESC)", "PRIMARY KEY (b, a)", "PRIMARY KEY (a, b, a)",
        "PRIMARY KEY (a COLLATE NOCASE)", "PRIMARY KEY (nosuch)", "PRIMARY KEY (a + 1)", "PRIMARY KEY ('a')",
        "PRIMARY KEY (\"nosuch\")", "PRIMARY KEY (a) ON CONFLICT IGNORE", "PRIMARY KEY (a NULLS FIRST)",
        "PRIMARY KEY (a AUTOINCREMENT)", "PRIMARY KEY (b AUTOINCREMENT)", "UNIQUE (a)", "UNIQUE (b, a)", "UNIQUE (a, b)",
        "UNIQUE (b COLLATE NOCASE)", "UNIQUE (b COLLATE nosuch)", "UNIQUE (b) ON CONFLICT REPLACE",
        "UNIQUE (b) ON CONFLICT FAIL", "UNIQUE (nosuch)", "UNIQUE (b DESC)", "CHECK (a > b)", "CHECK (t.a > b)",
        "CHECK (x.a > b)", "CHECK (main.t.a)", "CONSTRAINT nn CHECK (a IN (1, 2))", "CHECK (a IN (SELECT 1))",
        "CHECK (a > :x)", "CHECK (rowid > 1)", "FOREIGN KEY (a) REFERENCES p", "FOREIGN KEY (a, b) REFERENCES p(x, y)",
        "FOREIGN KEY (a, b) REFERENCES p(x)", "FOREIGN KEY (nosuch) REFERENCES p",
    ];
    for first in table_constraints {
        for tail in ["", "WITHOUT ROWID", "STRICT", "STRICT, WITHOUT ROWID"] {
            out.push(format!("CREATE TABLE t(a INTEGER, b TEXT COLLATE NOCASE, {first}) {tail}"));
            out.push(format!("CREATE TABLE t(a INTEGER NOT NULL, b INT UNIQUE, c ANY, {first}) {tail}"));
        }
        for second in table_constraints {
            out.push(format!("CREATE TABLE t(a INTEGER, b TEXT, {first}, {second})"));
            out.push(format!("CREATE TABLE t(a INT, b TEXT, {first}, {second}) WITHOUT ROWID"));
        }
    }
    for kind in [
        "FLOATING POINT", "STRING", "DOUBLE PRECISION", "BLOB", "CHARBLOB", "XBLOBX", "REALLY", "DECIMAL(10, 5)", "BOOLEAN",
        "DATETIME", "any", "AnY", "\"quoted type\"", "[x y]", "long   varchar ( 10 , 20 )", "unsigned big int",
        "'int'", "NUMERIC", "clob", "DATE_INT",
    ] {
        out.push(format!("CREATE TABLE t(a {kind}, b {kind} NOT NULL)"));
        out.push(format!("CREATE TABLE t(a {kind}) STRICT"));
    }
    for whole in [
        "CREATE TABLE sqlite_x(a)", "CREATE TABLE SQLITE_X(a)", "CREATE TABLE t(a, A)", "CREATE TABLE t(a, \"a\")",
        "CREATE TABLE t(a AS (1))", "CREATE TABLE t(a AS (b), b AS (a))", "CREATE TABLE t(x, a AS (b), b AS (a))",
        "CREATE TABLE t(x, a AS (b), b AS (c), c AS (b))", "CREATE TABLE t(x, a AS (b) STORED, b AS (a) STORED)",
        "CREATE TABLE t(x, a AS (t.x))", "CREATE TABLE t(x, a AS (\"zz\"))", "CREATE TABLE t(x, a AS (CURRENT_DATE))",
        "CREATE TABLE t(x, a AS ((SELECT 1)))", "CREATE TABLE t(x, a AS (y.x))", "CREATE TABLE nodb.t(a)",
        "CREATE TEMP TABLE main.t(a)", "CREATE TEMP TABLE temp.t(a)", "CREATE TABLE temp.t(a)",
        "CREATE TEMP TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)", "CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER PRIMARY KEY)",
        "CREATE TABLE t(a, PRIMARY KEY(a), PRIMARY KEY(a))", "create   temp  table if  not exists \"t 1\" ( a , b )  ;",
        "CREATE TABLE main . t ( a PRIMARY KEY )  /* c */  WITHOUT ROWID /* d */ ; ", "CREATE TABLE 'q'(a)", "CREATE TABLE [q x](a)",
        "CREATE TABLE `q`(a) -- end", "CREATE TABLE t(a, b) STRICT -- end",
        "CREATE TABLE t(a TEXT, b INTEGER, c, PRIMARY KEY(c, b), UNIQUE(b), UNIQUE(a COLLATE NOCASE, c)) WITHOUT ROWID",
        "CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY, b AS (a) STORED, c AS (b), UNIQUE(b), UNIQUE(c)) WITHOUT ROWID",
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c UNIQUE ON CONFLICT REPLACE, d UNIQUE) WITHOUT ROWID",
        "CREATE TABLE t(a, b, c, PRIMARY KEY(a, b COLLATE NOCASE, a COLLATE RTRIM)) WITHOUT ROWID",
    ] {
        out.push(whole.to_owned());
    }
    out
}

pub const SCRIPTS: &[&[&str]] = &[
    &[
        "CREATE TABLE t(a, b TEXT COLLATE NOCASE)", "CREATE INDEX i1 ON t(\"b\")", "CREATE INDEX i2 ON t(nosuch)",
        "CREATE INDEX i2 ON t('nosuch')", "CREATE INDEX i2 ON t(\"nosuch\")", "CREATE INDEX i3 ON t(rowid)", "CREATE INDEX i3 ON t(a) WHERE rowid > 1",
        "CREATE INDEX i4 ON t(t.a)", "CREATE INDEX i4 ON t(a) WHERE t.a > 2", "CREATE INDEX i4b ON t(a) WHERE x.a > 2",
        "CREATE INDEX i5 ON t(random())", "CREATE INDEX i5 ON t((SELECT 1))", "CREATE INDEX i5 ON t(sum(a))",
        "CREATE INDEX i5 ON t(a) WHERE (SELECT 1)", "CREATE INDEX i5 ON t(a) WHERE random()", "CREATE INDEX i5 ON t(nofunc(a))",
        "CREATE INDEX i5 ON t(abs(a, 1))", "CREATE INDEX i5 ON t(row_number() OVER ())", "CREATE INDEX i5 ON t(date('now'))",
        "CREATE INDEX i6 ON t(date(a))", "CREATE INDEX i7 ON t(current_timestamp)", "CREATE INDEX i8 ON t(1)", "CREATE INDEX i9 ON t(true)",
        "CREATE INDEX i10 ON t(a COLLATE NOCASE DESC, a || 'x' COLLATE RTRIM)", "CREATE INDEX i10b ON t(b, b COLLATE BINARY, 'a' DESC)",
        "CREATE INDEX i10c ON t(a COLLATE nosuch)", "CREATE INDEX i10c ON t(a NULLS LAST)", "CREATE INDEX i11 ON t(a) WHERE a IN (1, 2)",
        "create   unique index   if not exists main.i13   on t(a)  /* c */ ;  ", "create index \"i 14\" on t(a) -- foo",
        "CREATE INDEX i1 ON t(a)", "CREATE INDEX IF NOT EXISTS i1 ON t(a)", "CREATE INDEX t ON t(a)", "CREATE INDEX sqlite_i ON t(a)",
        "CREATE INDEX ix ON sqlite_master(name)", "CREATE INDEX ix ON nosuch(a)", "CREATE INDEX main.ix ON nosuch(a)", "CREATE INDEX nodb.ix ON t(a)",
        "CREATE INDEX temp.ix ON t(a)", "CREATE INDEX aux.ix ON t(a)", "CREATE TABLE aux.ta(a)", "CREATE INDEX aux.ix ON ta(a)", "CREATE INDEX ix ON ta(a)",
        "CREATE TEMP TABLE tt(a)", "CREATE INDEX it ON tt(a)", "CREATE INDEX main.it2 ON tt(a)", "CREATE TABLE i1(a)", "CREATE TABLE IF NOT EXISTS i1(a)",
        "CREATE TABLE t(a)", "CREATE TABLE IF NOT EXISTS t(a)", "CREATE TABLE main.t(a)", "CREATE TABLE temp.t(a)", "CREATE INDEX itt ON t(a)",
        "CREATE TABLE w(a, b, c DEFAULT 1, PRIMARY KEY(b, a)) WITHOUT ROWID", "CREATE INDEX wi ON w(c DESC)", "CREATE UNIQUE INDEX wi2 ON w(a, b)",
        "CREATE INDEX wi3 ON w(a COLLATE NOCASE)", "CREATE INDEX wi4 ON w(rowid)", "CREATE INDEX wi5 ON w(a) WHERE rowid > 1",
    ],
    &[
        "CREATE TABLE t(a)", "CREATE VIEW v AS SELECT * FROM t", "create view   v2   (a,b)  as  select 1, 2  /* s */  ;",
        "CREATE VIEW v AS SELECT 1", "CREATE VIEW IF NOT EXISTS v AS SELECT 1", "CREATE VIEW t AS SELECT 1", "CREATE VIEW vv AS SELECT ?",
        "CREATE VIEW sqlite_v AS SELECT 1", "CREATE VIEW v3 AS SELECT * FROM temp.x", "CREATE VIEW aux.v3 AS SELECT * FROM main.t",
        "CREATE VIEW aux.v3 AS SELECT * FROM aux.t", "CREATE TEMP VIEW v4 AS SELECT * FROM main.t", "CREATE TEMP VIEW main.v5 AS SELECT 1",
        "CREATE VIEW v6 AS SELECT (SELECT a FROM aux.ta) FROM t", "CREATE VIEW v6 AS WITH c AS (SELECT * FROM aux.ta) SELECT * FROM c",
        "CREATE TABLE v(a)", "CREATE TABLE IF NOT EXISTS v(a)", "CREATE INDEX vi ON v(a)", "CREATE VIEW nodb.v AS SELECT 1",
        "CREATE VIEW v7 AS SELECT 1 -- end",
    ],
    &[
        "CREATE TABLE t(a)", "CREATE VIEW v AS SELECT * FROM t", "CREATE TABLE aux.ta(a)", "CREATE TEMP TABLE tt(a)",
        "create trigger   tr  after  insert on t begin  select 1 ; end  ; ", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER IF NOT EXISTS tr AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE TRIGGER tr3 AFTER INSERT ON nosuch BEGIN SELECT 1; END",
        "CREATE TRIGGER tr3 AFTER INSERT ON main.nosuch BEGIN SELECT 1; END", "CREATE TRIGGER main.tr3 AFTER INSERT ON main.t BEGIN SELECT 1; END",
        "CREATE TRIGGER main.tr4 AFTER INSERT ON temp.t BEGIN SELECT 1; END", "CREATE TRIGGER temp.tr5 AFTER INSERT ON main.t BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER main.tr5 AFTER INSERT ON main.t BEGIN SELECT 1; END", "CREATE TRIGGER tr6 INSTEAD OF INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER tr6 BEFORE INSERT ON v BEGIN SELECT 1; END", "CREATE TRIGGER tr6 AFTER INSERT ON main.v BEGIN SELECT 1; END",
        "CREATE TRIGGER tr6 INSTEAD OF UPDATE OF a ON v BEGIN SELECT 1; END", "CREATE TRIGGER tr6 AFTER INSERT ON sqlite_master BEGIN SELECT 1; END",
        "CREATE TRIGGER sqlite_tr6 AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE TRIGGER tr7 AFTER INSERT ON t BEGIN SELECT * FROM temp.x; END",
        "CREATE TRIGGER tr7 AFTER INSERT ON t WHEN (SELECT 1 FROM temp.x) BEGIN SELECT 1; END", "CREATE TRIGGER tr8 AFTER UPDATE OF nosuch ON t BEGIN INSERT INTO t VALUES(1); END",
        "CREATE TRIGGER aux.trx AFTER INSERT ON ta BEGIN SELECT * FROM main.t; END", "CREATE TRIGGER aux.trx AFTER INSERT ON ta BEGIN SELECT 1; END",
        "CREATE TRIGGER trx AFTER INSERT ON ta BEGIN SELECT 1; END", "CREATE TRIGGER main.trx AFTER INSERT ON ta BEGIN SELECT 1; END",
        "CREATE TRIGGER main.trx AFTER INSERT ON aux.ta BEGIN SELECT 1; END", "CREATE TRIGGER ttr AFTER INSERT ON tt BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER tnone AFTER INSERT ON nosuch BEGIN SELECT 1; END", "CREATE TRIGGER nodb.trn AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER tta AFTER INSERT ON aux.ta BEGIN SELECT 1; END",
    ],
];

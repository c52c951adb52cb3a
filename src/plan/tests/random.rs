//! Statements put together at random from names that exist, clash or do not exist: both sides must agree on each.

use super::compare::Both;
use super::corpus::SCHEMA;

/// A small generator of pseudo-random numbers: the same statements on every run.
struct Random {
    state: u64,
    /// Names of the sources in scope with one column each, innermost last: most columns are taken from them.
    scope: Vec<(String, &'static str)>,
    aliases: usize,
}

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % n
    }

    fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn column(&mut self) -> String {
        if self.scope.is_empty() || self.one_in(60) {
            return self.pick(&["a", "zz", "\"dq\"", "rowid", "q", "t.a"]).to_string();
        }
        let n = self.scope.len();
        let near = n.saturating_sub(3);
        let i = if self.one_in(4) { self.below(n) } else { near + self.below(n - near) };
        let (source, column) = self.scope[i].clone();
        match self.below(12) {
            0 => column.to_string(),
            1 => format!("{source}.rowid"),
            2 => "q".to_string(),
            _ => format!("{source}.{column}"),
        }
    }

    fn expr(&mut self, depth: usize) -> String {
        if depth == 0 || self.one_in(3) {
            return match self.below(4) {
                0 => self.pick(&["1", "'s'", "NULL", "2.5", "x'00'", "?", "true", "5 + 5"]).to_string(),
                _ => self.column(),
            };
        }
        let d = depth - 1;
        match self.below(17) {
            0..=2 => {
                let op = self.pick(&["+", "||", "=", "<", "IS", "AND", "OR", "IS NOT", "&", "/"]);
                format!("{} {op} {}", self.expr(d), self.expr(d))
            }
            3 => format!("({}, {}) < (SELECT {}, 2)", self.expr(d), self.expr(d), self.expr(0)),
            4 => format!("({}, {}) = ({}, {})", self.expr(d), self.expr(d), self.expr(d), self.expr(d)),
            5 => format!("abs({})", self.expr(d)),
            6 => format!("max({})", self.expr(d)),
            7 => format!("{}({})", self.pick(&["sum", "count", "total", "min"]), self.expr(d)),
            8 => "count(*)".to_string(),
            9 => format!("sum({}) OVER (ORDER BY {})", self.expr(d), self.expr(d)),
            10 => format!("({})", self.query(d, true)),
            11 => format!("EXISTS ({})", self.query(d, false)),
            12 => format!("{} IN ({})", self.expr(d), self.query(d, true)),
            13 => format!("{} IN ({}, {})", self.expr(d), self.expr(d), self.expr(d)),
            14 => format!("CASE {} WHEN {} THEN {} END", self.expr(d), self.expr(d), self.expr(d)),
            15 => format!("{} COLLATE {}", self.expr(d), self.pick(&["nocase", "binary", "zz"])),
            _ => format!("{} BETWEEN {} AND {}", self.expr(d), self.expr(d), self.expr(d)),
        }
    }

    fn source(&mut self, depth: usize) -> String {
        self.aliases += 1;
        let alias = format!("s{}", self.aliases);
        let (source, column) = match self.below(10) {
            0 | 1 if depth > 0 => {
                let from = self.scope.len();
                let core = format!("(SELECT {} AS a, {} AS b FROM t)", self.expr(0), self.expr(0));
                self.scope.truncate(from);
                (core, "a")
            }
            2 => ("w".to_string(), "k"),
            3 => ("g".to_string(), "b"),
            4 => ("v".to_string(), "bb"),
            5 => ("v2".to_string(), "p"),
            6 | 7 => ("u".to_string(), "x"),
            _ => ("t".to_string(), "a"),
        };
        self.scope.push((alias.clone(), column));
        format!("{source} AS {alias}")
    }

    fn from(&mut self, depth: usize) -> String {
        let mut from = self.source(depth);
        for _ in 0..self.below(3) {
            let join = self.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ","]);
            if self.one_in(5) && join != "," {
                from += &format!(" NATURAL {join} {}", self.source(depth));
                continue;
            }
            if self.one_in(6) && depth > 0 {
                from += &format!(" {join} ({})", self.from(depth - 1));
            } else {
                from += &format!(" {join} {}", self.source(depth));
            }
            match self.below(5) {
                0 if join != "," => from += &format!(" USING ({})", self.pick(&["a", "a", "b", "a, b"])),
                1 if join != "," => from += &format!(" ON {}", self.expr(1)),
                _ => {}
            }
        }
        from
    }

    fn columns(&mut self, depth: usize, one: bool) -> String {
        let n = if one && !self.one_in(30) { 1 } else { 1 + self.below(3) };
        let columns: Vec<String> = (0..n)
            .map(|_| match if one { 3 + self.below(5) } else { self.below(8) } {
                0 => "*".to_string(),
                1 if !self.scope.is_empty() => format!("{}.*", self.scope[self.scope.len() - 1].0),
                2 => format!("{} AS {}", self.expr(depth), self.pick(&["a", "q", "n", "x"])),
                _ => self.expr(depth),
            })
            .collect();
        columns.join(", ")
    }

    fn core(&mut self, depth: usize, one: bool) -> String {
        let mut core = "SELECT ".to_string();
        if self.one_in(6) {
            core += "DISTINCT ";
        }
        let outside = self.scope.len();
        let from = self.from(depth);
        core += &self.columns(depth, one);
        core += &format!(" FROM {from}");
        if self.one_in(3) {
            core += &format!(" WHERE {}", self.expr(depth));
        }
        if self.one_in(4) {
            core += &format!(" GROUP BY {}", self.term(depth));
            if self.one_in(2) {
                core += &format!(" HAVING {}", self.expr(depth));
            }
        }
        if self.one_in(4) {
            core += &format!(" ORDER BY {}", self.term(depth));
        }
        self.scope.truncate(outside);
        core
    }

    fn term(&mut self, depth: usize) -> String {
        match self.below(4) {
            0 => self.pick(&["1", "2", "3", "-1", "q", "n"]).to_string(),
            _ => self.expr(depth),
        }
    }

    fn query(&mut self, depth: usize, one: bool) -> String {
        let mut query = String::new();
        if self.one_in(8) {
            query += &format!("WITH cte(q) AS ({}) ", self.query(0, true));
        }
        query += &self.core(depth, one);
        if self.one_in(20) {
            query += &format!(" LIMIT {}", self.pick(&["1", "?", "a", "(SELECT 1)"]));
        } else if self.one_in(6) && !query.contains(" ORDER BY ") {
            let op = self.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
            query += &format!(" {op} {}", self.core(depth, one));
        }
        query
    }

    fn returning(&mut self) -> String {
        if self.one_in(4) { format!(" RETURNING {}", self.columns(1, false)) } else { String::new() }
    }

    fn statement(&mut self) -> String {
        let table = self.pick(&["t", "u", "w", "g", "v2", "main.t"]);
        let column = match table {
            "w" => "k",
            "v2" => "p",
            _ => "a",
        };
        self.scope = vec![(table.trim_start_matches("main.").to_string(), column)];
        match self.below(10) {
            0 => {
                let set = self.pick(&["a = 1", "k = 1", "(a, b) = (1, 2)", "rowid = 3", "p = 1"]);
                let mut update = format!("UPDATE {table} SET {set}, {column} = {}", self.expr(1));
                // SQLite lets aggregates pass in SET beside FROM.
                if self.one_in(4) && !["max", "sum", "count", "total", "min"].iter().any(|f| update.contains(f)) {
                    update += &format!(" FROM {}", self.from(0));
                }
                update += &format!(" WHERE {}", self.expr(2));
                update + &self.returning()
            }
            // RETURNING on a view that has triggers of other kinds is a hole of SQLite's.
            1 if table == "v2" => format!("DELETE FROM v2 WHERE {}", self.expr(2)),
            1 => format!("DELETE FROM {table} WHERE {}{}", self.expr(2), self.returning()),
            2 => {
                let columns = self.pick(&["", "(a)", "(a, x)", "(rowid, a)", "(k, v)", "(b)", "(p, q)"]);
                let mut insert = format!("INSERT INTO {table}{columns} ");
                insert += &match self.below(2) {
                    0 => self.query(1, false),
                    _ => format!("VALUES ({}, {})", self.expr(1), self.expr(1)),
                };
                insert + &self.returning()
            }
            _ => {
                self.scope.clear();
                self.query(2, false)
            }
        }
    }
}

#[test]
fn binds_random_statements_as_sqlite_does() {
    let both = Both::new(SCHEMA);
    let count = std::env::var("HELIOSDB_STATEMENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(4000);
    let state = std::env::var("HELIOSDB_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut random = Random { state, scope: Vec::new(), aliases: 0 };
    let statements: Vec<String> = (0..count).map(|_| random.statement()).collect();
    let (valid, mut found) = both.disagreements(statements.iter().map(String::as_str));
    assert!(valid * 10 > count, "only {valid} of {count} statements are valid");
    found.sort_by_key(String::len);
    let shown = found.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{} disagreements of {count}, {valid} valid\n{shown}", found.len());
}

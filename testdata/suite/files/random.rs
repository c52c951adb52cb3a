//! Random programs on a file that SQLite reads and writes in between. Settings as in [`crate::generator`].

use std::path::Path;

use super::{Folder, Python, dump, stock};
use crate::engine::{Engine, Ours};
use crate::generator::program::shared_program;
use crate::generator::rng::Rng;
use crate::generator::{Compare, PINNED, ROWID_MAX, Statement, difference, ends_halfway, setting};
use crate::oracle::Sqlite;

/// Programs in `cargo test`.
const COUNT: u64 = 150;

/// Who runs a statement: within a transaction it is who began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Ours,
    /// Our second connection.
    Second,
    /// SQLite in this process.
    Stock,
}

#[derive(Clone, Debug)]
enum Act {
    Run(User, Statement),
    /// Everybody must see the same.
    Check,
    /// Our connections close and open the file again.
    Reopen,
}

/// How the file is made.
#[derive(Clone, Debug)]
struct Settings {
    setup: String,
    encoding: &'static str,
    other_process: bool,
}

fn settings(rng: &mut Rng) -> Settings {
    let page_size = [512, 4096, 4096, 65536][rng.below(4)];
    let encoding = rng.pick(&["UTF-8", "UTF-8", "UTF-16le", "UTF-16be"]);
    let journal = rng.pick(&["delete", "delete", "wal", "wal", "truncate", "persist"]);
    let vacuum = rng.pick(&["none", "none", "full", "incremental"]);
    let setup = format!(
        "PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}'; PRAGMA auto_vacuum={vacuum};
         PRAGMA journal_mode={journal}; CREATE TABLE first(a); DROP TABLE first"
    );
    Settings { setup, encoding, other_process: rng.one_in(6) }
}

fn acts(seed: u64, utf16: bool, rng: &mut Rng) -> Vec<Act> {
    let mut acts = Vec::new();
    for (i, statement) in shared_program(seed).into_iter().enumerate() {
        // SQLite takes half a unit at the end of a blob into the text.
        if utf16 && statement.sql.contains("concat") {
            continue;
        }
        // What depends on the connection is compared elsewhere.
        if ["changes()", "total_changes", "last_insert_rowid", "PRAGMA table_list"]
            .iter()
            .any(|w| statement.sql.contains(w))
        {
            continue;
        }
        let user = match rng.below(8) {
            0 => User::Second,
            1 | 2 if i > 2 => User::Stock,
            _ => User::Ours,
        };
        acts.push(Act::Run(user, statement));
        match rng.below(24) {
            0..3 => acts.push(Act::Check),
            3 => acts.push(Act::Reopen),
            4 => {
                let sql = *[
                    "VACUUM",
                    "REINDEX",
                    "PRAGMA user_version = 5",
                    "CREATE TABLE IF NOT EXISTS other(x, y DEFAULT 3)",
                    "INSERT INTO other(x) VALUES (1)",
                    "ALTER TABLE other ADD COLUMN z DEFAULT 'z'",
                    "CREATE INDEX IF NOT EXISTS other_y ON other(y DESC)",
                    "DELETE FROM t0",
                    "DROP TABLE IF EXISTS other",
                    "UPDATE other SET y = x + 1",
                ]
                .get(rng.below(10))
                .expect("within");
                acts.push(Act::Run(User::Stock, Statement { sql: sql.to_owned(), compare: Compare::Rows, session: 0 }));
            }
            _ => {}
        }
    }
    acts.push(Act::Check);
    acts
}

/// One run: every user of the file, and a database in memory that runs the same.
struct Run {
    ours: Option<(Ours, Ours)>,
    stock: Sqlite,
    python: Option<Python>,
    wanted: Sqlite,
    pragmas: Vec<String>,
    name: String,
}

impl Run {
    fn new(path: &Path, settings: &Settings) -> Run {
        let name = path.to_str().expect("an ASCII name").to_owned();
        let wanted = Sqlite::new();
        wanted.connection().execute_batch(&format!("PRAGMA encoding='{}'", settings.encoding)).expect("a pragma");
        let file = stock(path);
        assert_eq!(file_setup(&file, &settings.setup), None);
        let python = settings.other_process.then(|| Python::new(path));
        let ours = Some((Ours::open(&name), Ours::open(&name)));
        Run { ours, stock: file, python, wanted, pragmas: Vec::new(), name }
    }

    fn user(&mut self, user: User) -> &mut dyn Engine {
        let (first, second) = self.ours.as_mut().expect("open");
        match user {
            User::Ours => first,
            User::Second => second,
            User::Stock => &mut self.stock,
        }
    }

    fn everybody(&mut self, sql: &str) {
        for user in [User::Ours, User::Second, User::Stock] {
            self.user(user).run(sql);
        }
    }

    /// What differs from the database in memory.
    fn check(&mut self) -> Option<String> {
        let wanted = match dump(&mut self.wanted) {
            Ok(wanted) => wanted,
            // Such as a generated column that fails for a row.
            Err(_) => return None,
        };
        for user in [User::Stock, User::Ours, User::Second] {
            let found = dump(self.user(user)).unwrap_or_else(|e| vec![e]);
            if found != wanted {
                let missing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
                let extra: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
                return Some(format!("  {user:?} sees {extra:?}\n  instead of {missing:?}"));
            }
        }
        let answer = self.python.as_mut()?.run("PRAGMA integrity_check");
        match answer {
            Ok(answer) if wanted[0] == format!("'{answer}'") || wanted[0] != "'ok'" => None,
            // An older release does not know every function in a schema.
            Err(e)
                if e.starts_with("malformed database schema")
                    || e.contains("no such function")
                    || e.starts_with("unknown function") =>
            {
                None
            }
            // Nor does it answer alike: LIKE finds no blobs in some builds, JSON5 and some modifiers of times are new.
            _ if self.calls_functions() => None,
            other => Some(format!("  python: {other:?}")),
        }
    }

    /// Whether indexes or generated columns are made of expressions.
    fn calls_functions(&mut self) -> bool {
        let made = "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%GENERATED%' OR type = 'index' AND sql LIKE '%((%'";
        !self.stock.run(made).rows.is_empty()
    }

    fn reopen(&mut self) {
        self.ours = None;
        self.ours = Some((Ours::open(&self.name), Ours::open(&self.name)));
        for sql in self.pragmas.clone() {
            self.user(User::Ours).run(&sql);
            self.user(User::Second).run(&sql);
        }
    }
}

fn file_setup(stock: &Sqlite, sql: &str) -> Option<String> {
    stock.connection().execute_batch(sql).err().map(|e| e.to_string())
}

/// The number of the first act that differs, and how.
fn run(settings: &Settings, acts: &[Act]) -> Option<(usize, String)> {
    let folder = Folder::new();
    let mut run = Run::new(&folder.file("a.db"), settings);
    let mut current = User::Ours;
    for (i, act) in acts.iter().enumerate() {
        let is_outside = run.wanted.counters().autocommit;
        match act {
            Act::Run(user, statement) => {
                if statement.sql.starts_with("PRAGMA foreign_keys") || statement.sql.starts_with("PRAGMA recursive") {
                    run.everybody(&statement.sql);
                    run.wanted.run(&statement.sql);
                    run.pragmas.push(statement.sql.clone());
                    continue;
                }
                if is_outside {
                    current = *user;
                }
                if *user == User::Stock {
                    // A pragma of SQLite's, and columns of views that it has asked for once, are of the schema it knows.
                    run.stock.run("SELECT 1 FROM sqlite_schema");
                }
                let wanted = run.wanted.run(&statement.sql);
                let counters = run.wanted.counters();
                if wanted.error.as_ref().is_some_and(|e| e.0 == PINNED)
                    || ends_halfway(&wanted)
                    || counters.last_insert_rowid == ROWID_MAX
                    || counters.last_insert_rowid > 1 << 40
                {
                    return None;
                }
                let user = std::panic::AssertUnwindSafe(run.user(current));
                let attempt = std::panic::catch_unwind(move || {
                    let user = user;
                    let got = user.0.run(&statement.sql);
                    (got, user.0.counters().autocommit)
                });
                let Ok((got, autocommit)) = attempt else { return Some((i, "  panic".to_owned())) };
                let got_counters = crate::engine::Counters { autocommit, ..counters };
                if let Some(how) = difference(statement, &(got, got_counters), &(wanted, counters)) {
                    return Some((i, how));
                }
            }
            Act::Check if is_outside => {
                if let Some(how) = run.check() {
                    return Some((i, how));
                }
            }
            Act::Reopen if is_outside => run.reopen(),
            Act::Check | Act::Reopen => {}
        }
    }
    None
}

/// The fewest acts that still differ.
fn shrink(settings: &Settings, failing: &[Act]) -> (Vec<Act>, String) {
    let mut small = failing.to_vec();
    let mut how = "  not again".to_owned();
    let mut piece = small.len();
    while piece > 0 {
        let mut at = 0;
        while at < small.len() {
            let end = (at + piece).min(small.len());
            let candidate = [&small[..at], &small[end..]].concat();
            match run(settings, &candidate) {
                Some((i, found)) => {
                    small = candidate;
                    small.truncate(i + 1);
                    how = found;
                }
                None => at = end,
            }
        }
        piece /= 2;
    }
    (small, how)
}

/// Triggers nest as deep as they may: that takes more stack than a test's thread has.
const STACK_BYTES: usize = 16 << 20;

#[test]
fn random_programs_on_files() {
    let all = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run_all).expect("a thread");
    if let Err(failure) = all.join() {
        std::panic::resume_unwind(failure);
    }
}

fn run_all() {
    let first = setting("HELIOSDB_RANDOM_SEED").unwrap_or(1);
    let start = std::time::Instant::now();
    let seconds = setting("HELIOSDB_RANDOM_SECONDS");
    let cases = setting("HELIOSDB_RANDOM_COUNT").unwrap_or(COUNT);
    let shown_max = setting("HELIOSDB_RANDOM_SHOWN").unwrap_or(5) as usize;
    let (mut done, mut failures, mut seed) = (0, Vec::new(), first);
    while failures.len() < shown_max && seconds.map_or(seed - first < cases, |s| start.elapsed().as_secs() < s) {
        let mut rng = Rng::new(seed ^ 0xF11E);
        let settings = settings(&mut rng);
        let acts = acts(seed, settings.encoding != "UTF-8", &mut rng);
        done += acts.len();
        if let Some((at, how)) = run(&settings, &acts) {
            let (small, again) = shrink(&settings, &acts[..=at]);
            let show = |act: &Act| match act {
                Act::Run(user, statement) => format!("{user:?}: {}", statement.sql),
                act => format!("{act:?}"),
            };
            let text: Vec<String> = small.iter().map(show).collect();
            failures.push(format!("seed {seed}: {}\n{}\n{again}\n(was{how})\n", settings.setup, text.join("\n")));
        }
        seed += 1;
    }
    println!(
        "programs on files: {} passed, {} failed ({done} acts)",
        seed - first - failures.len() as u64,
        failures.len()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

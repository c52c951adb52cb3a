//! Prepares a statement on both sides and tells where they differ: error or not, its message, the columns' names and
//! declared types.

use std::sync::Arc;

use heliosdb_dialect::ast::Statement;

use crate::catalog::Schema;
use crate::catalog::load::{SchemaRow, load_own};
use crate::plan::{Namespace, NoFunctions, Options, bind_statement, bound};

pub struct Both {
    pub sqlite: rusqlite::Connection,
    databases: Vec<(Arc<str>, Arc<Schema>)>,
}

/// What a side says about a statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Error(String),
    /// Name and declared type of each column.
    Columns(Vec<(String, Option<String>)>),
}

impl Both {
    pub fn new(schema: &str) -> Both {
        let sqlite = rusqlite::Connection::open_in_memory().expect("memory is enough");
        sqlite.execute_batch(schema).expect("the schema is valid");
        let mut databases = Vec::new();
        for name in ["main", "temp"] {
            let query = format!("SELECT type, name, tbl_name, rootpage, sql FROM {name}.sqlite_schema ORDER BY rowid");
            let mut statement = sqlite.prepare(&query).expect("the schema table exists");
            let row = |r: &rusqlite::Row<'_>| {
                let text = |i: usize| r.get::<_, String>(i).map(Into::into);
                let sql = r.get::<_, Option<String>>(4)?.map(Into::into);
                Ok(SchemaRow { kind: text(0)?, name: text(1)?, table: text(2)?, root_page: r.get(3)?, sql })
            };
            let rows = statement.query_map((), row).expect("no parameters").collect::<Result<Vec<_>, _>>();
            let schema = load_own(&rows.expect("rows of five columns"), name).expect("SQLite wrote it");
            databases.push((Arc::from(name), Arc::new(schema)));
        }
        Both { sqlite, databases }
    }

    pub fn namespace(&self) -> Namespace<'static> {
        Namespace {
            databases: self.databases.iter().cloned().collect(),
            functions: &NoFunctions,
            options: Options { foreign_keys: true, ..Options::default() },
            authorizer: None,
            rules: None,
        }
    }

    pub fn sqlite(&self, sql: &str) -> Answer {
        match self.sqlite.prepare(sql) {
            Err(rusqlite::Error::SqlInputError { msg, .. }) => Answer::Error(msg),
            Err(rusqlite::Error::SqliteFailure(e, msg)) => Answer::Error(msg.unwrap_or_else(|| e.to_string())),
            Err(e) => Answer::Error(e.to_string()),
            Ok(statement) => Answer::Columns(
                statement.columns().map(|c| (c.name().to_string(), c.decl_type().map(str::to_string))).collect(),
            ),
        }
    }

    /// `None`: the text is not a statement that is bound.
    pub fn ours(&self, sql: &str) -> Option<Answer> {
        let parsed = match heliosdb_dialect::parse(sql) {
            Ok(parsed) => parsed?,
            Err(e) => return Some(Answer::Error(e.message)),
        };
        if !matches!(
            parsed.statement,
            Statement::Select(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
        ) {
            return None;
        }
        Some(match bind_statement(&self.namespace(), &parsed.statement, sql) {
            Err(e) => Answer::Error(e.message.clone()),
            Ok(bound) => {
                let columns = match &bound {
                    bound::Statement::Query(q) => q.columns.as_slice(),
                    bound::Statement::Insert(i) => i.returning.as_ref().map_or(&[][..], |r| &r.columns[..]),
                    bound::Statement::Update(u) => u.returning.as_ref().map_or(&[][..], |r| &r.columns[..]),
                    bound::Statement::Delete(d) => d.returning.as_ref().map_or(&[][..], |r| &r.columns[..]),
                };
                let column =
                    |c: &bound::OutputColumn| (c.name.to_string(), c.declared_type.as_deref().map(str::to_string));
                Answer::Columns(columns.iter().map(column).collect())
            }
        })
    }

    /// As `differences`, but of two errors either may come first.
    pub fn disagreements<'s>(&self, statements: impl IntoIterator<Item = &'s str>) -> (usize, Vec<String>) {
        let (mut valid, mut found) = (0, Vec::new());
        for sql in statements {
            let Some(ours) = self.ours(sql) else { continue };
            let theirs = self.sqlite(sql);
            valid += usize::from(matches!(theirs, Answer::Columns(_)));
            // SQLite does not compile the columns and ORDER BY of a query whose rows are only counted.
            let unseen = matches!(&ours, Answer::Error(e) if e.starts_with("misuse of aggregate: ")
                    || e.starts_with("sub-select") || e.starts_with("no such coll") || e == "row value misused")
                && (sql.contains("EXISTS") || sql.contains("ORDER BY"));
            // SQLite makes the fourth equal name unique with a random number.
            let random = matches!(&theirs, Answer::Columns(c) if c.iter().any(|(name, _)| {
                name.rsplit(':').next().is_some_and(|n| n.len() > 5 && n.bytes().all(|b| b.is_ascii_digit()))
            }));
            if ours != theirs && !random && !unseen && !matches!((&ours, &theirs), (Answer::Error(_), Answer::Error(_)))
            {
                found.push(format!("{sql}\n    sqlite {theirs:?}\n    ours   {ours:?}"));
            }
        }
        (valid, found)
    }

    /// A line for each difference.
    pub fn differences<'s>(&self, statements: impl IntoIterator<Item = &'s str>) -> Vec<String> {
        let mut found = Vec::new();
        for sql in statements {
            let Some(ours) = self.ours(sql) else { continue };
            let theirs = self.sqlite(sql);
            if ours != theirs {
                found.push(format!("{sql}\n    sqlite {theirs:?}\n    ours   {ours:?}"));
            }
        }
        found
    }
}

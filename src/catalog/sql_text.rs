//! The texts of `sqlite_schema.sql`: `CREATE TABLE name` and what followed the name, verbatim.
//!
//! TEMP, IF NOT EXISTS, the schema's name and everything else before the object's name are left out; the words
//! before the name are written in capitals. `CREATE TABLE … AS SELECT` has a text made from the query's columns.
//! Behaviour of https://sqlite.org/schematab.html.

use heliosdb_dialect::ast::{CreateTableBody, Name, Parsed, QualifiedName, Statement};
use heliosdb_udfs::value::Affinity;

use crate::error::{Code, Error, Result};

/// Whether a name is SQLite's own: `sqlite_…`.
pub fn is_reserved_name(name: &str) -> bool {
    name.len() >= 7 && name.as_bytes()[..7].eq_ignore_ascii_case(b"sqlite_")
}

/// Refuses `sqlite_…` as a name for a new object.
pub fn check_object_name(name: &str) -> Result<()> {
    if is_reserved_name(name) {
        return Err(Error::sql(format!("object name reserved for internal use: {name}")));
    }
    Ok(())
}

/// Parses a text of `sqlite_schema`. Such a text was accepted once, so a failure is a damaged schema.
pub fn parse_stored(sql: &str) -> Result<Parsed> {
    match heliosdb_dialect::parse(sql) {
        Ok(Some(parsed)) => Ok(parsed),
        Ok(None) => Err(Error::new(Code::CORRUPT, "empty schema text")),
        Err(e) => Err(Error::sql(e.to_string())),
    }
}

/// The text to store for a CREATE statement; `source` is what it was parsed from. `None` for other
/// statements and for `CREATE TABLE … AS SELECT`.
pub fn stored_text(source: &str, parsed: &Parsed) -> Option<String> {
    let (words, name, end) = match &parsed.statement {
        Statement::CreateTable(table) => match &table.body {
            CreateTableBody::Columns { without_rowid: false, strict: false, .. } => {
                ("CREATE TABLE ", &table.name, parsed.span.end as usize)
            }
            // Behind options everything up to the semicolon is kept, comments and blanks too.
            CreateTableBody::Columns { .. } => ("CREATE TABLE ", &table.name, statement_end(source, parsed)),
            CreateTableBody::AsSelect(_) => return None,
        },
        Statement::CreateIndex(index) => {
            let words = if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " };
            (words, &index.name, statement_end(source, parsed))
        }
        Statement::CreateView(view) => {
            let end = source[..statement_end(source, parsed)].trim_end_matches(|c: char| c.is_ascii_whitespace()).len();
            ("CREATE VIEW ", &view.name, end)
        }
        Statement::CreateTrigger(trigger) => ("CREATE TRIGGER ", &trigger.name, parsed.span.end as usize),
        Statement::CreateVirtualTable(table) => ("CREATE VIRTUAL TABLE ", &table.name, parsed.span.end as usize),
        _ => return None,
    };
    Some(format!("{words}{}", &source[name_start(name)..end]))
}

fn name_start(name: &QualifiedName) -> usize {
    name.name.span.start as usize
}

/// The end of a statement's text with the blanks and comments before its semicolon.
fn statement_end(source: &str, parsed: &Parsed) -> usize {
    let tail = parsed.tail as usize;
    let end = if source[..tail].ends_with(';') { tail - 1 } else { tail };
    end.max(parsed.span.end as usize)
}

/// A column of `CREATE TABLE … AS SELECT`: the name of a result column and its affinity.
pub struct ResultColumn<'q> {
    pub name: &'q str,
    pub affinity: Affinity,
}

/// The text of a table made by `CREATE TABLE … AS SELECT`.
pub fn table_as_text(table: &str, columns: &[ResultColumn<'_>]) -> String {
    let names = distinct_names(columns.iter().map(|c| c.name));
    // SQLite's estimate: short tables stay on one line.
    let quoted_len = |name: &str| name.len() + name.matches('"').count() + 2;
    let estimate = names.iter().map(|n| quoted_len(n) + 5).sum::<usize>() + quoted_len(table);
    let (first, between, end) = if estimate < 50 { ("", ",", ")") } else { ("\n  ", ",\n  ", "\n)") };
    let mut text = format!("CREATE TABLE {}(", quote_identifier(table));
    for (i, (name, column)) in names.iter().zip(columns).enumerate() {
        text.push_str(if i == 0 { first } else { between });
        text.push_str(&quote_identifier(name));
        text.push_str(match column.affinity {
            Affinity::None | Affinity::Blob => "",
            Affinity::Text => " TEXT",
            Affinity::Numeric | Affinity::FlexNum => " NUM",
            Affinity::Integer => " INT",
            Affinity::Real => " REAL",
        });
    }
    text.push_str(end);
    text
}

/// Names of result columns made distinct as SQLite does: `a`, `a:1`, `a:2`.
pub fn distinct_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut out: Vec<String> = Vec::new();
    for (i, name) in names.enumerate() {
        let mut candidate = if name.is_empty() { format!("column{}", i + 1) } else { name.to_owned() };
        let mut count = 0;
        while !seen.insert(candidate.to_ascii_lowercase()) {
            let digits = candidate.bytes().rev().take_while(u8::is_ascii_digit).count();
            let stem = &candidate[..candidate.len() - digits];
            let stem = match stem.strip_suffix(':') {
                Some(stem) if digits > 0 => stem,
                _ => candidate.as_str(),
            };
            count += 1;
            candidate = format!("{stem}:{count}");
        }
        out.push(candidate);
    }
    out
}

/// An identifier as SQLite writes it into a text of its own: bare where it can be, else in double quotes.
pub fn quote_identifier(name: &str) -> String {
    let bare = !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !heliosdb_dialect::is_keyword(name);
    if bare { name.to_owned() } else { always_quoted(name) }
}

/// An identifier in double quotes.
pub fn always_quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What a text begins with, without its quotes, if that is quoted; else all of it.
pub fn dequoted(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let end = match rest.next() {
        Some('[') => ']',
        Some(quote @ ('"' | '\'' | '`')) => quote,
        _ => return text.to_owned(),
    };
    let mut out = String::new();
    while let Some(c) = rest.next() {
        if c == end && rest.next_if_eq(&end).is_none() {
            break;
        }
        out.push(c);
    }
    out
}

/// A name as a statement shows it in an error message: `schema.name` as far as it was written.
pub fn shown(name: &QualifiedName) -> String {
    let text = |n: &Name| n.text.to_string();
    match &name.schema {
        Some(schema) => format!("{}.{}", text(schema), text(&name.name)),
        None => text(&name.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_distinct() {
        let names = |list: &[&str]| distinct_names(list.iter().copied());
        assert_eq!(names(&["a", "A", "a:1", "b"]), ["a", "A:1", "a:2", "b"]);
        assert_eq!(names(&["", "column1"]), ["column1", "column1:1"]);
        assert_eq!(names(&["1+1", "1+1"]), ["1+1", "1+1:1"]);
    }

    #[test]
    fn reserved_names() {
        assert!(is_reserved_name("SQLite_x") && is_reserved_name("sqlite_"));
        assert!(!is_reserved_name("sqlite") && !is_reserved_name("xsqlite_") && !is_reserved_name("sqliteé"));
    }
}

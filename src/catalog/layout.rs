//! How the rows and entries of a schema's objects lie in a SQLite file.

use heliosdb_udfs::value::{Affinity, Collation, Encoding};

use super::index::{Index, IndexTerm};
use super::table::Table;
use crate::store::image::layout::{FileColumn, KeyLayout, KeyTail, KeyTerm, RowLayout};

/// What a file says of itself that its indexes' order depends on.
#[derive(Clone, Copy, Debug)]
pub struct FileRules {
    pub encoding: Encoding,
    /// Before format 4 DESC in an index is ignored.
    pub schema_format: u32,
}

fn file_column(table: &Table, i: usize, place: u16) -> FileColumn {
    let column = &table.columns[i];
    let place = column.is_stored().then_some(place);
    FileColumn { place, real: column.affinity == Affinity::Real }
}

/// The layout of a rowid table.
pub fn row_layout(table: &Table) -> RowLayout {
    let mut next = 0;
    let columns = (0..table.columns.len()).map(|i| {
        let column = file_column(table, i, next);
        next += u16::from(column.place.is_some());
        column
    });
    RowLayout { columns: columns.collect() }
}

/// By the bytes where a connection must supply the collation.
fn collation(name: &str, rules: FileRules) -> Collation {
    rules.encoding.collation(&Collation::built_in(name).unwrap_or_default())
}

/// The columns of a table WITHOUT ROWID's key, without repetitions: (column, collation).
fn primary_columns(table: &Table) -> Vec<(u16, &str)> {
    let mut columns: Vec<(u16, &str)> = Vec::new();
    for column in table.primary_index().map(|p| &p.columns[..]).unwrap_or_default() {
        if let IndexTerm::Column(c) = column.term {
            let known = columns.iter().any(|(k, by)| *k == c && by.eq_ignore_ascii_case(&column.collation));
            if !known {
                columns.push((c, &column.collation));
            }
        }
    }
    columns
}

/// The layout of an index, or of the rows of a table WITHOUT ROWID.
pub fn key_layout(table: &Table, index: &Index, rules: FileRules) -> KeyLayout {
    let mut terms: Vec<KeyTerm> = Vec::new();
    let mut places = 0;
    let primary = primary_columns(table);
    let is_table = index.id == table.id;
    for column in &index.columns {
        let place = match column.term {
            IndexTerm::Column(c) if is_table => {
                let at = primary.iter().position(|(k, by)| *k == c && by.eq_ignore_ascii_case(&column.collation));
                at.unwrap_or_default() as u16
            }
            _ => {
                places += 1;
                places - 1
            }
        };
        terms.push(KeyTerm { place, collation: collation(&column.collation, rules), descending: column.descending });
    }
    let tail = if is_table {
        KeyTail::Table(table_columns(table, &primary))
    } else if table.has_rowid() {
        KeyTail::Rowid
    } else {
        KeyTail::Primary(primary_tail(table, index, places, rules))
    };
    let mut names = index.columns.iter().map(|c| &*c.collation).chain(primary.iter().map(|(_, by)| *by));
    let custom = names.any(|name| Collation::built_in(name).is_none());
    let by_old_format = rules.schema_format < 4 && terms.iter().any(|t| t.descending);
    // In a file the primary key behind an index's terms ascends whatever it says of itself.
    let turned = matches!(&tail, KeyTail::Primary(tail) if tail.iter().any(|t| t.descending));
    KeyLayout { ordered: !custom && !by_old_format && !turned, terms, tail }
}

/// The columns of a table WITHOUT ROWID: its key's come first in the file.
fn table_columns(table: &Table, primary: &[(u16, &str)]) -> RowLayout {
    let mut next = primary.len() as u16;
    let columns = (0..table.columns.len()).map(|i| match primary.iter().position(|(c, _)| usize::from(*c) == i) {
        Some(place) => file_column(table, i, place as u16),
        None => {
            let column = file_column(table, i, next);
            next += u16::from(column.place.is_some());
            column
        }
    });
    RowLayout { columns: columns.collect() }
}

/// Where the key of the table's row is in an index of a table WITHOUT ROWID: among the terms, or behind them.
fn primary_tail(table: &Table, index: &Index, mut next: u16, rules: FileRules) -> Vec<KeyTerm> {
    let Some(own) = table.primary_index() else { return Vec::new() };
    let mut appended: Vec<(u16, &str, u16)> = Vec::new();
    let mut tail = Vec::new();
    for column in &own.columns {
        let IndexTerm::Column(c) = column.term else { continue };
        let same = |other: &super::index::IndexColumn| {
            matches!(other.term, IndexTerm::Column(k) if k == c)
                && other.collation.eq_ignore_ascii_case(&column.collation)
        };
        let known = appended.iter().find(|(k, by, _)| *k == c && by.eq_ignore_ascii_case(&column.collation));
        let place = match (index.columns.iter().position(same), known) {
            (Some(at), _) => at as u16,
            (None, Some((_, _, place))) => *place,
            (None, None) => {
                appended.push((c, &column.collation, next));
                next += 1;
                next - 1
            }
        };
        tail.push(KeyTerm { place, collation: collation(&column.collation, rules), descending: column.descending });
    }
    tail
}

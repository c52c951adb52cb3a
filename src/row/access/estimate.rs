//! Sizes and costs as SQLite counts them: logarithms in tenths of a power of two, so that a product is a sum and
//! a doubling is 10. Equal arithmetic gives equal choices, and choices decide the order of rows.
//!
//! Figures: https://sqlite.org/queryplanner-ng.html, https://sqlite.org/optoverview.html and, for `sqlite_stat1`,
//! https://sqlite.org/fileformat2.html#stat1tab.

use std::sync::Arc;

use heliosdb_udfs::value::Affinity;

use crate::catalog::schema::{Schema, fold};
use crate::catalog::{Column, Index, IndexTerm, Table, TableKind};
use heliosdb_dialect::ast::Conflict;

pub type Estimate = i16;

/// Rows of a table that has never been analyzed: 2^20.
const ROWS_UNKNOWN: Estimate = 200;

/// Ten times the binary logarithm.
const LOGARITHMS: [Estimate; 16] = [0, 0, 10, 16, 20, 23, 26, 28, 30, 32, 33, 35, 36, 37, 38, 39];

/// What a sum is more than its larger part, by how much the estimates differ; beyond 1.
const SUMS: [Estimate; 32] =
    [10, 10, 9, 9, 8, 8, 7, 7, 7, 6, 6, 6, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2];

/// The estimate for a number: its first four binary digits count.
pub fn of(n: u64) -> Estimate {
    if n < 2 {
        return 0;
    }
    let shift = 60u32.saturating_sub(n.leading_zeros());
    LOGARITHMS[(n >> shift) as usize] + 10 * shift as Estimate
}

/// The estimate for the sum of two numbers given by their estimates.
pub fn add(a: Estimate, b: Estimate) -> Estimate {
    let (large, small) = if a >= b { (a, b) } else { (b, a) };
    let distance = i32::from(large) - i32::from(small);
    if distance > 49 {
        return large;
    }
    large + SUMS.get(distance as usize).copied().unwrap_or(1)
}

/// The depth of a search in `rows` rows.
pub fn depth(rows: Estimate) -> Estimate {
    if rows <= 10 { 0 } else { of(rows as u64) - 33 }
}

/// What is known or guessed about a table.
pub struct TableSize {
    pub rows: Estimate,
    pub width: Estimate,
    pub analyzed: bool,
    /// In the order in which indexes are tried.
    pub indexes: Vec<IndexSize>,
}

/// What is known or guessed about an index.
pub struct IndexSize {
    pub index: Arc<Index>,
    /// Entries, then entries with equal first column, with equal first two columns …
    pub rows: Vec<Estimate>,
    pub width: Estimate,
    pub analyzed: bool,
    /// `unordered`: for equality only.
    pub unordered: bool,
    /// `noskipscan`
    pub no_skip: bool,
}

pub fn table_size<'t>(schema: Option<&Schema>, table: &'t Table) -> TableSize {
    let mut size = TableSize { rows: ROWS_UNKNOWN, width: table_width(table), analyzed: false, indexes: Vec::new() };
    let analyzed = schema.filter(|s| !s.statistics.is_empty());
    let statistics = |name: &str| analyzed.and_then(|s| s.statistics.get(&fold(name)));
    let name_of = |index: &'t Arc<Index>| if index.id == table.id { &*table.name } else { &*index.name };
    // What ANALYZE wrote in the order in which it wrote it: the last whole index tells the table's size.
    let mut known: Vec<(u32, Estimate)> = Vec::new();
    for index in &table.indexes {
        if let Some(s) = statistics(name_of(index)).filter(|_| index.filter.is_none()) {
            known.push((s.position, s.numbers.first().map_or(0, |n| of(*n))));
        }
    }
    if let Some(s) = statistics(&table.name).filter(|s| !s.index) {
        known.push((s.position, s.numbers.first().map_or(ROWS_UNKNOWN, |n| of(*n))));
        size.width = s.width.map_or(size.width, of);
    }
    if let Some((_, rows)) = known.iter().max_by_key(|k| k.0) {
        size.rows = *rows;
        size.analyzed = true;
    }
    let is_last = |i: &Arc<Index>| i.conflict == Some(Conflict::Replace);
    let newest_first = table.indexes.iter().rev();
    let (last, first): (Vec<&Arc<Index>>, Vec<&Arc<Index>>) = newest_first.partition(|i| is_last(i));
    for index in first.into_iter().chain(last) {
        let keys = index.columns.len();
        let mut one = IndexSize {
            index: index.clone(),
            rows: Vec::new(),
            width: index_width(table, index),
            analyzed: false,
            unordered: false,
            no_skip: false,
        };
        match statistics(name_of(index)) {
            Some(s) => {
                one.rows = s.numbers.iter().take(keys + 1).map(|n| of(*n)).collect();
                one.rows.resize(keys + 1, 0);
                one.analyzed = true;
                one.unordered = s.unordered;
                one.no_skip = s.no_skip;
                one.width = s.width.map_or(one.width, of);
            }
            None => {
                if size.rows < 99 {
                    size.rows = 99;
                }
                one.rows.push(if index.filter.is_some() { size.rows - 10 } else { size.rows });
                // Ten rows for the first column, then 9, 8, 7, 6 and 5.
                one.rows.extend((0..keys).map(|i| of((10 - i as i64).max(5) as u64)));
                if index.unique {
                    one.rows[keys] = 0;
                }
            }
        }
        size.indexes.push(one);
    }
    size
}

/// Quarters of the bytes that values of a column are guessed to take.
fn column_width(column: &Column) -> u64 {
    let declared = column.type_name.as_bytes();
    if declared.is_empty() || !matches!(column.affinity, Affinity::Text | Affinity::Blob | Affinity::None) {
        return 1;
    }
    let behind = |word: &[u8]| {
        let at = declared.windows(word.len()).position(|w| w.eq_ignore_ascii_case(word));
        at.map(|at| &column.type_name[at + word.len()..])
    };
    let bytes = match behind(b"char").or_else(|| behind(b"blob").filter(|rest| rest.starts_with('('))) {
        Some(rest) => {
            let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse().unwrap_or(0)
        }
        _ => 16,
    };
    (bytes / 4 + 1).min(255)
}

fn table_width(table: &Table) -> Estimate {
    let own: u64 = table.columns.iter().map(column_width).sum();
    let rowid = u64::from(table.rowid_alias().is_none());
    of((own + rowid) * 4)
}

fn index_width(table: &Table, index: &Index) -> Estimate {
    let of_column = |c: u16| column_width(&table.columns[usize::from(c)]);
    let mut keys: u64 = index
        .columns
        .iter()
        .map(|c| match c.term {
            IndexTerm::Column(c) => of_column(c),
            _ => 1,
        })
        .sum();
    keys += match table.kind {
        TableKind::WithoutRowid => {
            let has = |c: u16| index.columns.iter().any(|k| matches!(k.term, IndexTerm::Column(own) if own == c));
            let primary = index.id == table.id;
            let rest: Vec<u16> = match &table.primary_key {
                Some(key) if !primary => key.columns.clone(),
                _ => (0..table.columns.len() as u16).collect(),
            };
            rest.into_iter().filter(|c| !has(*c)).map(of_column).sum()
        }
        _ => 1,
    };
    of(keys * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_logarithms() {
        assert_eq!([of(1), of(2), of(3), of(10), of(100), of(1_048_576)], [0, 10, 16, 33, 66, 200]);
        assert_eq!(add(100, 100), 110);
        assert_eq!(add(100, 0), 100);
        assert_eq!(depth(200), 43);
    }
}

//! The window functions that are computed from positions alone.
//!
//! Rows and groups are counted from 0 here, results from 1 as in SQL. `peers` is the group of the row, `rows` the size of
//! the partition. Frames do not matter to any of them.
//!
//! Source: https://sqlite.org/windowfunctions.html#built_in_window_functions

use std::ops::Range;

pub fn row_number(row: usize) -> i64 {
    row as i64 + 1
}

pub fn rank(peers: &Range<usize>) -> i64 {
    peers.start as i64 + 1
}

/// `group`: the number of groups before the row's.
pub fn dense_rank(group: usize) -> i64 {
    group as i64 + 1
}

/// The share of the other rows that come before the row's peers; 0.0 in a partition of one row.
pub fn percent_rank(peers: &Range<usize>, rows: usize) -> f64 {
    if rows <= 1 { 0.0 } else { peers.start as f64 / (rows - 1) as f64 }
}

/// The share of the rows that do not come after the row's peers.
pub fn cume_dist(peers: &Range<usize>, rows: usize) -> f64 {
    peers.end as f64 / rows as f64
}

/// The bucket of a row, larger buckets first; `buckets` as checked by [`super::offset::ntile_buckets`].
pub fn ntile(row: usize, rows: usize, buckets: i64) -> i64 {
    let (row, rows) = (row as i64, rows as i64);
    let size = rows / buckets;
    if size == 0 {
        return row + 1;
    }
    let large = rows % buckets;
    let rows_in_large = large * (size + 1);
    if row < rows_in_large { row / (size + 1) + 1 } else { large + (row - rows_in_large) / size + 1 }
}

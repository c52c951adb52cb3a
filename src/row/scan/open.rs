//! Opening a level: places its cursor by the seek values.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use heliosdb_udfs::value::Value;

use super::ranges::{End, Skip};
use super::{Keys, Scan};
use crate::error::{Error, Result};
use crate::row::context::Context;
use crate::row::level::{Kept, Level, Rows};
use crate::row::program::{Access, Covered, CteBody, Lookup, QueryProgram, SourceProgram};
use crate::row::recursive::{self, RecursiveRun, known_rows};
use crate::row::run::{self, QueryRun};
use crate::store::{KeyCursor, KeyTree, RowCursor, RowTree, View};

/// Opens a level: afterwards [`next`] yields its rows.
pub fn open(source: &SourceProgram, level: &mut Level, scan: &mut Scan, keys: Keys, cx: &Context<'_>) -> Result<()> {
    level.null_row = false;
    level.matched = false;
    scan.placed = false;
    scan.rowids.clear();
    scan.ranges.clear();
    scan.skip = None;
    scan.end = End::None;
    scan.rowid_end = None;
    let keys = match keys {
        Keys::Nothing => {
            level.rows = Rows::Closed;
            return Ok(());
        }
        Keys::Range(range) if !scan.reverse && !cx.live && leave_near(source, level, scan) => {
            scan.ranges.push(range);
            return Ok(());
        }
        keys => keys,
    };
    match source {
        SourceProgram::Table { access: Access::Or(_), .. } | SourceProgram::KeyTable { access: Access::Or(_), .. } => {
            let Keys::Arms(mut arms) = keys else { return Err(Error::internal("an OR needs its arms")) };
            arms.reverse();
            scan.arms = arms;
            scan.arm = 0;
            scan.seen.clear();
            open_arm(source, level, scan, cx).map(drop)
        }
        SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. } => {
            open_access(source, access, level, scan, keys, cx)
        }
        SourceProgram::Query { program: query, keep, lookup, .. } => {
            if let Some(lookup) = lookup {
                return open_hash(level, scan, keys, lookup, |kept| fill(query, Vec::new(), kept, cx), cx);
            }
            let Keys::Values(inputs) = keys else { return Err(Error::internal("a subquery needs its inputs")) };
            if *keep {
                let rows = match &scan.kept {
                    Some(rows) => rows.clone(),
                    None => {
                        let mut kept = Kept::default();
                        fill(query, inputs, &mut kept, cx)?;
                        scan.kept.insert(Arc::new(kept)).clone()
                    }
                };
                level.rows = Rows::Kept { rows, at: 0, matches: None };
                scan.placed = true;
                return Ok(());
            }
            if let Rows::Query { run, .. } = &mut level.rows {
                run.restart(inputs);
                return Ok(());
            }
            let run = Box::new(QueryRun::new(query.clone(), inputs));
            level.rows = Rows::Query { run, record: OnceCell::new(), spare: Cell::default() };
            Ok(())
        }
        SourceProgram::Cte { cte, id, lookup, .. } => {
            if let Some(lookup) = lookup {
                let rows = recursive::rows_of(cte, *id, Vec::new(), cx)?;
                return open_hash_over(level, scan, keys, lookup, rows, cx);
            }
            let Keys::Values(inputs) = keys else { return Err(Error::internal("a common table needs its inputs")) };
            if matches!(cte.body, CteBody::Recursive { .. }) && known_rows(*id, &inputs, cx).is_none() {
                level.rows = Rows::Recursive(Box::new(RecursiveRun::new(cte.clone(), *id, inputs)));
                return Ok(());
            }
            let rows = recursive::rows_of(cte, *id, inputs, cx)?;
            level.rows = Rows::Kept { rows, at: 0, matches: None };
            scan.placed = true;
            Ok(())
        }
        SourceProgram::RecursiveRow { id } => {
            if !matches!(level.rows, Rows::Single { .. }) {
                level.rows = Rows::Single { record: Vec::new(), rowid: None };
            }
            if let Rows::Single { record, .. } = &mut level.rows {
                scan.placed = cx.shared.recursive_row(*id, record);
            }
            Ok(())
        }
        SourceProgram::Function { function, wanted, .. } => {
            let Keys::Values(args) = keys else { return Err(Error::internal("a table function needs arguments")) };
            let source = cx.around.table_function(function, args)?;
            // In the room of the opening before.
            let record = match std::mem::take(&mut level.rows) {
                Rows::Function { record, .. } => record,
                _ => Vec::new(),
            };
            level.rows = Rows::Function { source, wanted: *wanted, record, count: 0 };
            Ok(())
        }
    }
}

/// Whether the cursor of the opening before serves again, which it leaves for that: one that stays near is over the same
/// tree as long as the statement runs.
fn leave_near(source: &SourceProgram, level: &mut Level, scan: &Scan) -> bool {
    let (SourceProgram::Table { access: Access::Index { covered, .. }, .. }
    | SourceProgram::KeyTable { access: Access::Index { covered, .. }, .. }) = source
    else {
        return false;
    };
    let (cursor, same) = match (&mut level.rows, covered) {
        (Rows::Covered { keys, covered, .. }, Some(wanted)) => (keys, Arc::ptr_eq(covered, wanted)),
        (Rows::Indexed { keys, .. } | Rows::KeyIndexed { keys, .. }, None) => (keys, true),
        _ => return false,
    };
    let same = same && scan.trees.key.as_ref().is_some_and(|tree| cursor.stays_near_in(tree));
    if same {
        cursor.leave();
    }
    same
}

/// Whether a level that is found by rowid has a cursor from the opening before.
#[inline]
pub fn is_sought(level: &Level, cx: &Context<'_>) -> bool {
    matches!(level.rows, Rows::Sought(_)) && !cx.live
}

/// Opens such a level again.
#[inline]
pub fn seek_again(level: &mut Level, scan: &mut Scan, rowid: Option<i64>) {
    level.null_row = false;
    level.matched = false;
    scan.rowids.clear();
    scan.rowids.extend(rowid);
}

/// The number of rows of a table that is read as a whole; `None` for other sources.
pub fn count(source: &SourceProgram, cx: &Context<'_>) -> Result<Option<i64>> {
    let count = match source {
        SourceProgram::Table { database, access: Access::Index { index, .. }, .. }
        | SourceProgram::KeyTable { database, access: Access::Index { index, .. }, .. } => {
            cx.around.key_tree(*database, index.id)?.count(cx.view(*database)?)?
        }
        SourceProgram::Table { database, table, .. } => {
            cx.around.row_tree(*database, table.id)?.count(cx.view(*database)?)?
        }
        SourceProgram::KeyTable { database, table, .. } => {
            cx.around.key_tree(*database, table.id)?.count(cx.view(*database)?)?
        }
        _ => return Ok(None),
    };
    Ok(Some(count as i64))
}

/// Goes on with the next arm of an OR; false after the last.
pub fn open_arm(source: &SourceProgram, level: &mut Level, scan: &mut Scan, cx: &Context<'_>) -> Result<bool> {
    let (SourceProgram::Table { access: Access::Or(arms), .. }
    | SourceProgram::KeyTable { access: Access::Or(arms), .. }) = source
    else {
        return Ok(false);
    };
    let Some(keys) = scan.arms.pop() else { return Ok(false) };
    scan.arm = arms.len() - scan.arms.len() - 1;
    scan.placed = false;
    scan.rowids.clear();
    scan.ranges.clear();
    scan.skip = None;
    scan.end = End::None;
    scan.rowid_end = None;
    scan.trees.key = None;
    if let Keys::Nothing = keys {
        level.rows = Rows::Closed;
        return Ok(true);
    }
    open_access(source, &arms[scan.arm].access, level, scan, keys, cx)?;
    Ok(true)
}

fn open_access(
    source: &SourceProgram,
    access: &Access,
    level: &mut Level,
    scan: &mut Scan,
    keys: Keys,
    cx: &Context<'_>,
) -> Result<()> {
    match source {
        SourceProgram::Table { database, table, .. } => {
            let tree = match scan.trees.row.take() {
                Some(tree) => tree,
                None => cx.around.row_tree(*database, table.id)?,
            };
            let view = cx.view(*database)?;
            let opened = open_table(access, level, scan, keys, &tree, view, cx, || {
                let Access::Index { index, .. } = access else { return Err(Error::internal("not an index access")) };
                cx.around.key_tree(*database, index.id)
            });
            scan.trees.row = Some(tree);
            opened
        }
        SourceProgram::KeyTable { database, table, .. } => {
            let view = cx.view(*database)?;
            if let Access::Index { index, reverse, covered, .. } = access
                && index.id != table.id
            {
                let tree = match &scan.trees.key {
                    Some(tree) => tree,
                    None => scan.trees.key.insert(cx.around.key_tree(*database, index.id)?),
                };
                let cursor = cursor(tree, view, cx);
                level.rows = match covered.clone() {
                    Some(covered) => covered_rows(cursor, covered),
                    None => {
                        let table = cx.around.key_tree(*database, table.id)?;
                        Rows::KeyIndexed { keys: cursor, table, row: OnceCell::new() }
                    }
                };
                open_ranges(scan, keys, *reverse);
                return Ok(());
            }
            let primary = cx.around.key_tree(*database, table.id)?;
            match access {
                Access::Index { reverse, .. } => {
                    level.rows = Rows::Key(KeyCursor::new(primary, view));
                    open_ranges(scan, keys, *reverse);
                }
                Access::Scan { reverse } => {
                    let mut cursor = KeyCursor::new(primary, view);
                    scan.reverse = *reverse;
                    scan.placed = if *reverse { cursor.last() } else { cursor.first() };
                    level.rows = if scan.placed { Rows::Key(cursor) } else { Rows::Closed };
                }
                Access::Hash(lookup) => open_hash(
                    level,
                    scan,
                    keys,
                    lookup,
                    |kept| {
                        let mut cursor = KeyCursor::new(primary, view);
                        let mut more = cursor.first();
                        while more {
                            kept.push_record(cursor.record());
                            more = cursor.next();
                        }
                        Ok(())
                    },
                    cx,
                )?,
                Access::Rowids { .. } | Access::RowidRange { .. } | Access::Or(_) => {
                    return Err(Error::internal("a table without rowid has no rowids"));
                }
            }
            Ok(())
        }
        _ => Err(Error::internal("only tables are accessed")),
    }
}

fn open_table(
    access: &Access,
    level: &mut Level,
    scan: &mut Scan,
    keys: Keys,
    tree: &Arc<RowTree>,
    view: View,
    cx: &Context<'_>,
    index_tree: impl FnOnce() -> Result<Arc<KeyTree>>,
) -> Result<()> {
    match (access, keys) {
        (Access::Scan { reverse }, _) => {
            let mut cursor = RowCursor::new(tree.clone(), view);
            scan.reverse = *reverse;
            scan.placed = if *reverse { cursor.last() } else { cursor.first() };
            level.rows = if scan.placed { Rows::Table(cursor) } else { Rows::Closed };
        }
        (Access::Rowids { .. }, Keys::Rowid(rowid)) => place_at(level, scan, rowid, tree, view, cx),
        (Access::Rowids { reverse, .. }, Keys::Rowids(mut rowids)) => {
            if !*reverse {
                rowids.reverse();
            }
            scan.rowids = rowids;
            seek_rowids(level, tree, view, cx);
        }
        (Access::RowidRange { reverse, .. }, Keys::RowidRange(low, high)) => {
            let mut cursor = RowCursor::new(tree.clone(), view);
            scan.reverse = *reverse;
            scan.placed = if *reverse {
                scan.rowid_end = low.map(|l| (l, true));
                match high {
                    Some(h) => cursor.seek_le(h),
                    None => cursor.last(),
                }
            } else {
                scan.rowid_end = high.map(|h| (h, true));
                match low {
                    Some(l) => cursor.seek_ge(l),
                    None => cursor.first(),
                }
            };
            level.rows = if scan.placed { Rows::Table(cursor) } else { Rows::Closed };
        }
        (Access::Hash(lookup), Keys::Hash(key)) => {
            if scan.hash.is_none() {
                scan.keep = lookup.keep;
                scan.hash = Some(run::hash_table_rows(RowCursor::new(tree.clone(), view), lookup, cx)?);
            }
            if let Some(hash) = &scan.hash {
                scan.rowids.extend(hash.matches(&key));
            }
            scan.room = key;
            scan.rowids.reverse();
            seek_rowids(level, tree, view, cx);
        }
        (Access::Index { counted: true, .. }, _) => {
            let mut cursor = RowCursor::new(tree.clone(), view);
            scan.reverse = false;
            scan.placed = cursor.first();
            level.rows = if scan.placed { Rows::Table(cursor) } else { Rows::Closed };
        }
        (Access::Index { reverse, .. }, keys) => {
            let index = match &scan.trees.key {
                Some(index) => index,
                None => scan.trees.key.insert(index_tree()?),
            };
            match (&mut level.rows, access) {
                // The cursor of the opening before.
                (Rows::Covered { keys, covered, .. }, Access::Index { covered: Some(wanted), .. })
                    if keys.is_over(index, view) && Arc::ptr_eq(covered, wanted) =>
                {
                    keys.leave();
                }
                (Rows::Indexed { keys, .. }, Access::Index { covered: None, .. }) if keys.is_over(index, view) => {
                    keys.leave();
                }
                (rows, Access::Index { covered: Some(covered), .. }) => {
                    *rows = covered_rows(cursor(index, view, cx), covered.clone());
                }
                (rows, _) => {
                    let keys = cursor(index, view, cx);
                    *rows = Rows::Indexed { keys, table: tree.clone(), view, rowid: 0, row: OnceCell::new() };
                }
            }
            open_ranges(scan, keys, *reverse);
        }
        _ => return Err(Error::internal("seek values do not fit the access path")),
    }
    Ok(())
}

fn cursor(index: &Arc<KeyTree>, view: View, cx: &Context<'_>) -> KeyCursor {
    let cursor = KeyCursor::new(index.clone(), view);
    if stays_near(cx) { cursor.staying_near() } else { cursor }
}

fn covered_rows(keys: KeyCursor, covered: Arc<Covered>) -> Rows {
    Rows::Covered { keys, covered, record: OnceCell::new(), spare: Cell::default() }
}

/// Whether cursors may begin to look where they have been before.
fn stays_near(cx: &Context<'_>) -> bool {
    !cx.live && cx.around.view_is_fixed()
}

/// At the row of a rowid, if there is one.
fn place_at(level: &mut Level, scan: &mut Scan, rowid: i64, tree: &Arc<RowTree>, view: View, cx: &Context<'_>) {
    // One row does not need a cursor.
    if std::mem::replace(&mut scan.opened, true) && stays_near(cx) {
        scan.rowids.push(rowid);
        seek_rowids(level, tree, view, cx);
        return;
    }
    level.rows = match tree.get(rowid, view) {
        Some(version) => Rows::Point { rowid, version },
        None => Rows::Closed,
    };
    scan.placed = !matches!(level.rows, Rows::Closed);
}

/// Makes the level ready for rowids, with the cursor of the opening before if there is one.
fn seek_rowids(level: &mut Level, tree: &Arc<RowTree>, view: View, cx: &Context<'_>) {
    match &level.rows {
        Rows::Sought(cursor) if cursor.is_over(tree, view) => {}
        _ => {
            let cursor = RowCursor::new(tree.clone(), view);
            level.rows = Rows::Sought(if stays_near(cx) { cursor.staying_near() } else { cursor });
        }
    }
}

fn open_ranges(scan: &mut Scan, keys: Keys, reverse: bool) {
    scan.reverse = reverse;
    match keys {
        Keys::Range(range) => scan.ranges.push(range),
        Keys::Ranges(ranges) => {
            scan.ranges = ranges;
            if !reverse {
                scan.ranges.reverse();
            }
        }
        Keys::Skip(ranges, descending) => scan.skip = Some(Skip { ranges, descending, prefix: None }),
        _ => {}
    }
}

fn fill(query: &Arc<QueryProgram>, inputs: Vec<Value>, kept: &mut Kept, cx: &Context<'_>) -> Result<()> {
    let mut run = QueryRun::new(query.clone(), inputs);
    while run.next(cx)? {
        kept.push((0..run.width()).map(|i| run.column(i)));
    }
    Ok(())
}

fn open_hash(
    level: &mut Level,
    scan: &mut Scan,
    keys: Keys,
    lookup: &Lookup,
    fill: impl FnOnce(&mut Kept) -> Result<()>,
    cx: &Context<'_>,
) -> Result<()> {
    let rows = match &scan.kept {
        Some(rows) => rows.clone(),
        None => {
            let mut kept = Kept::default();
            fill(&mut kept)?;
            scan.kept.insert(Arc::new(kept)).clone()
        }
    };
    open_hash_over(level, scan, keys, lookup, rows, cx)
}

fn open_hash_over(
    level: &mut Level,
    scan: &mut Scan,
    keys: Keys,
    lookup: &Lookup,
    rows: Arc<Kept>,
    cx: &Context<'_>,
) -> Result<()> {
    if scan.hash.is_none() {
        scan.keep = lookup.keep;
        scan.hash = Some(run::hash_rows(&rows, lookup, cx)?);
    }
    let Keys::Hash(key) = keys else { return Err(Error::internal("a hash lookup needs its key")) };
    // The list of the opening before is used again.
    let mut matches = match std::mem::take(&mut level.rows) {
        Rows::Kept { matches: Some(matches), .. } => matches,
        _ => Vec::new(),
    };
    matches.clear();
    if let Some(hash) = &scan.hash {
        matches.extend(hash.matches(&key));
    }
    scan.room = key;
    scan.placed = !matches.is_empty();
    level.rows = Rows::Kept { rows, at: 0, matches: Some(matches) };
    Ok(())
}

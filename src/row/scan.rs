//! Opens a level and moves it from row to row, by whichever access path its program says.
//!
//! Opening has two halves, because seek values are computed from the levels before: [`keys`] evaluates them,
//! [`open`] places the cursor.

use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::hash::Hasher;
use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef, affinity, compare};
use rustc_hash::{FxHashMap, FxHasher};

use super::context::Context;
use super::eval::{Env, eval, prepare};
use super::level::{Kept, Level, Rows, rowid_key, rowid_of_key};
use super::program::{Access, Bound, CteBody, KeyColumn, LevelProgram, Lookup, SeekTerm, SourceProgram};
use super::recursive::{RecursiveRun, known_rows};
use super::run::QueryRun;
use crate::error::{Error, Result};
pub use crate::store::image::layout::encode_term as encode;
use crate::store::{KeyCursor, KeyTree, RowCursor, RowTree, View};

/// Where a level stands between two of its rows.
#[derive(Default)]
pub struct Scan {
    /// The first row has been placed by `open` and not been delivered yet.
    placed: bool,
    reverse: bool,
    /// Rowids still to be visited, the next one last; only with `by_rowids`.
    rowids: Vec<i64>,
    by_rowids: bool,
    /// Index ranges still to be visited, the next one last.
    ranges: Vec<KeyRange>,
    /// The end of the current range.
    end: End,
    rowid_end: Option<(i64, bool)>,
    /// Rows kept over several openings of the level, with their hash table.
    pub kept: Option<Arc<Kept>>,
    pub hash: Option<HashTable>,
    /// Trees looked up once.
    trees: Trees,
}

#[derive(Default)]
struct Trees {
    row: Option<Arc<RowTree>>,
    key: Option<Arc<KeyTree>>,
}

/// Positions of kept rows, or rowids of a table's rows, by the encoded values of their lookup fields.
///
/// Entries of one hash are chained in the order in which they came, whatever their keys are.
#[derive(Default)]
pub struct HashTable {
    chains: FxHashMap<u64, Chain>,
    keys: Kept,
    /// A position, and the place of the next entry of its chain.
    entries: Vec<(i64, u32)>,
}

struct Chain {
    first: u32,
    last: u32,
}

/// No entry follows.
const CHAIN_END: u32 = u32::MAX;

#[derive(Default, Clone)]
enum End {
    #[default]
    None,
    /// Keys must begin with this.
    Prefix(Vec<u8>),
    /// Keys must be below (forward) or not below (reverse) this.
    Before(Vec<u8>),
    /// Keys must be at most: begin with this or be below it.
    Through(Vec<u8>),
}

struct KeyRange {
    /// First key of the range in forward order; inclusive.
    low: Vec<u8>,
    /// Whether keys that begin with `low` are skipped.
    after_low: bool,
    /// Last key in forward order: keys beginning with it are included if `through`.
    high: Vec<u8>,
    through: bool,
    /// Neither bound beyond the prefix: every key that begins with `low`. Then `high` is not used.
    whole_prefix: bool,
}

/// Seek values, evaluated.
pub enum Keys {
    None,
    /// The level has no row.
    Nothing,
    Rowid(i64),
    Rowids(Vec<i64>),
    RowidRange(Option<i64>, Option<i64>),
    Range(KeyRangeBox),
    Ranges(Vec<KeyRangeBox>),
    Values(Vec<Value>),
    Hash(Vec<u8>),
}

pub struct KeyRangeBox(KeyRange);

/// Evaluates what opening a level needs.
pub fn keys(level: &LevelProgram, env: &Env<'_>) -> Result<Keys> {
    match &level.source {
        SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. } => access_keys(access, env),
        SourceProgram::Query { inputs, lookup, .. } | SourceProgram::Cte { inputs, lookup, .. } => match lookup {
            Some(lookup) => hash_key(lookup, env),
            None => values(inputs, env),
        },
        SourceProgram::Function { args, .. } => values(args, env),
        SourceProgram::RecursiveRow { .. } => Ok(Keys::None),
    }
}

fn values(nodes: &[super::node::Node], env: &Env<'_>) -> Result<Keys> {
    let values: Result<Vec<Value>> = nodes.iter().map(|n| Ok(eval(n, env)?.to_owned())).collect();
    Ok(Keys::Values(values?))
}

fn hash_key(lookup: &Lookup, env: &Env<'_>) -> Result<Keys> {
    let mut bytes = Vec::new();
    for (node, (aff, collation)) in lookup.keys.iter().zip(&lookup.by) {
        let v = prepare(eval(node, env)?, *aff, env.arena);
        if v.is_null() {
            return Ok(Keys::Nothing);
        }
        encode(v, collation, false, &mut bytes);
    }
    Ok(Keys::Hash(bytes))
}

fn access_keys(access: &Access, env: &Env<'_>) -> Result<Keys> {
    match access {
        Access::Scan { .. } => Ok(Keys::None),
        Access::Rowids { keys: SeekTerm::Equal(node), .. } => {
            Ok(exact_rowid(eval(node, env)?).map_or(Keys::Nothing, Keys::Rowid))
        }
        Access::Rowids { keys, .. } => {
            let mut rowids = Vec::new();
            term_values(keys, env, &mut |v| {
                if let Some(rowid) = exact_rowid(v) {
                    rowids.push(rowid);
                }
                Ok(())
            })?;
            if rowids.len() > 1 {
                rowids.sort_unstable();
                rowids.dedup();
            }
            Ok(Keys::Rowids(rowids))
        }
        Access::RowidRange { low, high, .. } => {
            let Some(low) = rowid_low(low.as_ref(), env)? else { return Ok(Keys::Nothing) };
            let Some(high) = rowid_high(high.as_ref(), env)? else { return Ok(Keys::Nothing) };
            Ok(Keys::RowidRange(low, high))
        }
        Access::Index { equal, low, high, columns, .. }
            if equal.iter().all(|term| matches!(term, SeekTerm::Equal(_) | SeekTerm::Is(_))) =>
        {
            let mut prefix = Vec::with_capacity(32);
            for (term, column) in equal.iter().zip(columns) {
                let (SeekTerm::Equal(node) | SeekTerm::Is(node)) = term else { return Ok(Keys::Nothing) };
                let v = eval(node, env)?;
                if v.is_null() && matches!(term, SeekTerm::Equal(_)) {
                    return Ok(Keys::Nothing);
                }
                encode(prepare(v, column.affinity, env.arena), &column.collation, column.descending, &mut prefix);
            }
            let range = key_range(prefix, low.as_ref(), high.as_ref(), columns.get(equal.len()), env)?;
            Ok(range.map_or(Keys::Nothing, |range| Keys::Range(KeyRangeBox(range))))
        }
        Access::Index { equal, low, high, columns, .. } => {
            let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
            for (term, column) in equal.iter().zip(columns) {
                let mut next = Vec::with_capacity(prefixes.len());
                term_values(term, env, &mut |v| {
                    let v = prepare(v, column.affinity, env.arena);
                    for prefix in &prefixes {
                        let mut key = prefix.clone();
                        encode(v, &column.collation, column.descending, &mut key);
                        next.push(key);
                    }
                    Ok(())
                })?;
                prefixes = next;
                if prefixes.is_empty() {
                    return Ok(Keys::Nothing);
                }
            }
            if prefixes.len() > 1 {
                prefixes.sort_unstable();
                prefixes.dedup();
            }
            let range = columns.get(equal.len());
            let mut ranges = Vec::with_capacity(prefixes.len());
            for prefix in prefixes {
                match key_range(prefix, low.as_ref(), high.as_ref(), range, env)? {
                    Some(r) => ranges.push(KeyRangeBox(r)),
                    None => return Ok(Keys::Nothing),
                }
            }
            Ok(Keys::Ranges(ranges))
        }
        Access::Hash(lookup) => hash_key(lookup, env),
    }
}

/// The values a seek term stands for; NULL stands for none unless the term is `IS`.
fn term_values<'e>(term: &'e SeekTerm, env: &Env<'e>, take: &mut dyn FnMut(ValueRef<'e>) -> Result<()>) -> Result<()> {
    match term {
        SeekTerm::Equal(node) => {
            let v = eval(node, env)?;
            if v.is_null() { Ok(()) } else { take(v) }
        }
        SeekTerm::Is(node) => take(eval(node, env)?),
        SeekTerm::In(nodes) => {
            for node in nodes {
                let v = eval(node, env)?;
                if !v.is_null() {
                    take(v)?;
                }
            }
            Ok(())
        }
        SeekTerm::InQuery(id) => {
            let subquery = &env.subqueries[id.0 as usize];
            let mut run = env.runs[id.0 as usize].borrow_mut();
            run.each_first_column(subquery, env, &mut |v| {
                if v.is_null() { Ok(()) } else { take(super::eval::keep(&v.to_owned(), env.arena)) }
            })
        }
    }
}

/// The rowid that equals a value, if there is one.
fn exact_rowid(v: ValueRef<'_>) -> Option<i64> {
    let bump = bumpalo::Bump::new();
    match affinity::apply(v, heliosdb_udfs::value::Affinity::Integer, &bump) {
        ValueRef::Integer(i) => Some(i),
        _ => None,
    }
}

/// Smallest rowid within a lower bound: `None` nothing can be, `Some(None)` no bound.
fn rowid_low(bound: Option<&Bound>, env: &Env<'_>) -> Result<Option<Option<i64>>> {
    let Some(bound) = bound else { return Ok(Some(None)) };
    let v = prepare(eval(&bound.value, env)?, heliosdb_udfs::value::Affinity::Numeric, env.arena);
    Ok(match v {
        ValueRef::Null => None,
        ValueRef::Integer(i) if bound.inclusive => Some(Some(i)),
        ValueRef::Integer(i) => i.checked_add(1).map(Some),
        ValueRef::Real(r) => {
            if r >= 9223372036854775808.0 {
                None
            } else if r < -9223372036854775808.0 {
                Some(None)
            } else {
                let c = r.ceil();
                let i = c as i64;
                if c == r && !bound.inclusive { i.checked_add(1).map(Some) } else { Some(Some(i)) }
            }
        }
        ValueRef::Text(_) | ValueRef::Blob(_) => None,
    })
}

fn rowid_high(bound: Option<&Bound>, env: &Env<'_>) -> Result<Option<Option<i64>>> {
    let Some(bound) = bound else { return Ok(Some(None)) };
    let v = prepare(eval(&bound.value, env)?, heliosdb_udfs::value::Affinity::Numeric, env.arena);
    Ok(match v {
        ValueRef::Null => None,
        ValueRef::Integer(i) if bound.inclusive => Some(Some(i)),
        ValueRef::Integer(i) => i.checked_sub(1).map(Some),
        ValueRef::Real(r) => {
            if r >= 9223372036854775808.0 {
                Some(None)
            } else if r < -9223372036854775808.0 {
                None
            } else {
                let f = r.floor();
                let i = f as i64;
                if f == r && !bound.inclusive { i.checked_sub(1).map(Some) } else { Some(Some(i)) }
            }
        }
        ValueRef::Text(_) | ValueRef::Blob(_) => Some(None),
    })
}

/// The key range of a prefix with bounds on the next column. A lower bound alone also keeps NULLs out; `None`
/// when a bound is NULL.
fn key_range(
    prefix: Vec<u8>,
    low: Option<&Bound>,
    high: Option<&Bound>,
    column: Option<&KeyColumn>,
    env: &Env<'_>,
) -> Result<Option<KeyRange>> {
    let (Some(column), true) = (column, low.is_some() || high.is_some()) else {
        let high = Vec::new();
        return Ok(Some(KeyRange { low: prefix, after_low: false, high, through: true, whole_prefix: true }));
    };
    let edge = |bound: &Bound| -> Result<Option<Vec<u8>>> {
        let v = prepare(eval(&bound.value, env)?, column.affinity, env.arena);
        if v.is_null() {
            return Ok(None);
        }
        let mut key = prefix.clone();
        encode(v, &column.collation, column.descending, &mut key);
        Ok(Some(key))
    };
    let mut null_key = prefix.clone();
    encode(ValueRef::Null, &column.collation, column.descending, &mut null_key);
    let low_key = match low {
        Some(b) => match edge(b)? {
            Some(k) => Some((k, b.inclusive)),
            None => return Ok(None),
        },
        None => None,
    };
    let high_key = match high {
        Some(b) => match edge(b)? {
            Some(k) => Some((k, b.inclusive)),
            None => return Ok(None),
        },
        None => None,
    };
    // In a descending column the larger value has the smaller key, and NULL the largest.
    let range = if column.descending {
        let (first, after) = match high_key {
            Some((k, inclusive)) => (k, !inclusive),
            None => (prefix, false),
        };
        let (last, through) = match low_key {
            Some((k, inclusive)) => (k, inclusive),
            None => (null_key, false),
        };
        KeyRange { low: first, after_low: after, high: last, through, whole_prefix: false }
    } else {
        let (first, after) = match low_key {
            Some((k, inclusive)) => (k, !inclusive),
            None => (null_key, true),
        };
        let (last, through) = match high_key {
            Some((k, inclusive)) => (k, inclusive),
            None => (prefix, true),
        };
        KeyRange { low: first, after_low: after, high: last, through, whole_prefix: false }
    };
    Ok(Some(range))
}

/// The first key past all keys that begin with `prefix`; `None` when there is no such key.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut key = prefix.to_vec();
    while let Some(last) = key.pop() {
        if last < 0xff {
            key.push(last + 1);
            return Some(key);
        }
    }
    None
}

/// Opens a level: afterwards [`next`] yields its rows.
pub fn open(program: &LevelProgram, level: &mut Level, scan: &mut Scan, keys: Keys, cx: &Context<'_>) -> Result<()> {
    level.null_row = false;
    level.matched = false;
    scan.placed = false;
    scan.rowids.clear();
    scan.by_rowids = false;
    scan.ranges.clear();
    scan.end = End::None;
    scan.rowid_end = None;
    if let Keys::Nothing = keys {
        level.rows = Rows::Closed;
        return Ok(());
    }
    match &program.source {
        SourceProgram::Table { database, table, access } => {
            let tree = match &scan.trees.row {
                Some(tree) => tree.clone(),
                None => scan.trees.row.insert(cx.around.row_tree(*database, table.id)?).clone(),
            };
            let view = cx.around.view(*database)?;
            open_table(access, level, scan, keys, tree, view, cx, || {
                let Access::Index { index, .. } = access else { return Err(Error::internal("not an index access")) };
                cx.around.key_tree(*database, index.id)
            })
        }
        SourceProgram::KeyTable { database, table, access } => {
            let view = cx.around.view(*database)?;
            let primary = cx.around.key_tree(*database, table.id)?;
            match access {
                Access::Index { index, reverse, .. } if index.id != table.id => {
                    let tree = cx.around.key_tree(*database, index.id)?;
                    scan.trees.key = Some(primary);
                    level.rows = Rows::KeyIndexed { keys: KeyCursor::new(tree, view), row: None };
                    open_ranges(scan, keys, *reverse);
                }
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
                Access::Rowids { .. } | Access::RowidRange { .. } => {
                    return Err(Error::internal("a table without rowid has no rowids"));
                }
            }
            Ok(())
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
            level.rows = Rows::Query { run, record: Vec::new() };
            Ok(())
        }
        SourceProgram::Cte { cte, id, lookup, .. } => {
            if let Some(lookup) = lookup {
                let rows = super::recursive::rows_of(cte, *id, Vec::new(), cx)?;
                return open_hash_over(level, scan, keys, lookup, rows, cx);
            }
            let Keys::Values(inputs) = keys else { return Err(Error::internal("a common table needs its inputs")) };
            if matches!(cte.body, CteBody::Recursive { .. }) && known_rows(*id, &inputs, cx).is_none() {
                level.rows = Rows::Recursive(Box::new(RecursiveRun::new(cte.clone(), *id, inputs)));
                return Ok(());
            }
            let rows = super::recursive::rows_of(cte, *id, inputs, cx)?;
            level.rows = Rows::Kept { rows, at: 0, matches: None };
            scan.placed = true;
            Ok(())
        }
        SourceProgram::RecursiveRow { id } => {
            let record = cx.shared.recursive_row(*id);
            scan.placed = record.is_some();
            level.rows = Rows::Single { record: record.unwrap_or_default(), rowid: None };
            Ok(())
        }
        SourceProgram::Function { function, .. } => {
            let Keys::Values(args) = keys else { return Err(Error::internal("a table function needs arguments")) };
            let source = cx.around.table_function(function, &args)?;
            level.rows = Rows::Function { source, values: Vec::new(), record: Vec::new(), count: 0 };
            Ok(())
        }
    }
}

fn open_table(
    access: &Access,
    level: &mut Level,
    scan: &mut Scan,
    keys: Keys,
    tree: Arc<RowTree>,
    view: View,
    cx: &Context<'_>,
    index_tree: impl FnOnce() -> Result<Arc<KeyTree>>,
) -> Result<()> {
    match (access, keys) {
        (Access::Scan { reverse }, _) => {
            let mut cursor = RowCursor::new(tree, view);
            scan.reverse = *reverse;
            scan.placed = if *reverse { cursor.last() } else { cursor.first() };
            level.rows = if scan.placed { Rows::Table(cursor) } else { Rows::Closed };
        }
        (Access::Rowids { .. }, Keys::Rowid(rowid)) => place_at(level, scan, rowid, &tree, view),
        (Access::Rowids { reverse, .. }, Keys::Rowids(mut rowids)) => {
            if !*reverse {
                rowids.reverse();
            }
            scan.rowids = rowids;
            scan.by_rowids = true;
            level.rows = Rows::Table(RowCursor::new(tree, view));
            scan.placed = false;
        }
        (Access::RowidRange { reverse, .. }, Keys::RowidRange(low, high)) => {
            let mut cursor = RowCursor::new(tree, view);
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
                scan.hash = Some(super::run::hash_table_rows(RowCursor::new(tree.clone(), view), lookup, cx)?);
            }
            if let Some(hash) = &scan.hash {
                scan.rowids.extend(hash.matches(&key));
            }
            match scan.rowids[..] {
                [] => {
                    level.rows = Rows::Closed;
                    return Ok(());
                }
                [rowid] => {
                    place_at(level, scan, rowid, &tree, view);
                    return Ok(());
                }
                _ => {}
            }
            scan.rowids.reverse();
            scan.by_rowids = true;
            level.rows = Rows::Table(RowCursor::new(tree, view));
        }
        (Access::Index { reverse, .. }, keys) => {
            let index = match &scan.trees.key {
                Some(index) => index.clone(),
                None => scan.trees.key.insert(index_tree()?).clone(),
            };
            let cursor = KeyCursor::new(index, view);
            level.rows = Rows::Indexed { keys: cursor, table: tree, view, rowid: 0, row: OnceCell::new() };
            open_ranges(scan, keys, *reverse);
        }
        _ => return Err(Error::internal("seek values do not fit the access path")),
    }
    Ok(())
}

/// At the row of a rowid, if there is one.
fn place_at(level: &mut Level, scan: &mut Scan, rowid: i64, tree: &RowTree, view: View) {
    level.rows = match tree.get(rowid, view) {
        Some(version) => Rows::Point { rowid, version },
        None => Rows::Closed,
    };
    scan.placed = !matches!(level.rows, Rows::Closed);
}

fn open_ranges(scan: &mut Scan, keys: Keys, reverse: bool) {
    scan.reverse = reverse;
    match keys {
        Keys::Range(range) => scan.ranges.push(range.0),
        Keys::Ranges(ranges) => {
            scan.ranges = ranges.into_iter().map(|r| r.0).collect();
            if !reverse {
                scan.ranges.reverse();
            }
        }
        _ => {}
    }
}

fn fill(
    query: &Arc<super::program::QueryProgram>,
    inputs: Vec<Value>,
    kept: &mut Kept,
    cx: &Context<'_>,
) -> Result<()> {
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
        scan.hash = Some(super::run::hash_rows(&rows, lookup, cx)?);
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
    scan.placed = !matches.is_empty();
    level.rows = Rows::Kept { rows, at: 0, matches: Some(matches) };
    Ok(())
}

impl Scan {
    /// Lets go of everything but the room of its lists.
    pub fn rest(&mut self) {
        self.forget();
        self.trees = Trees::default();
        self.rowids.clear();
        self.ranges.clear();
        self.end = End::None;
    }

    /// Forgets rows that were kept for earlier inputs or earlier data.
    pub fn forget(&mut self) {
        self.kept = None;
        self.hash = None;
    }
}

impl HashTable {
    /// Adds an entry; beyond 2^32 entries there is no room.
    pub fn insert(&mut self, key: &[u8], position: i64) {
        let place = self.entries.len() as u32;
        self.keys.push_record(key);
        self.entries.push((position, CHAIN_END));
        match self.chains.entry(hash_of(key)) {
            Entry::Vacant(free) => _ = free.insert(Chain { first: place, last: place }),
            Entry::Occupied(mut chain) => {
                let last = std::mem::replace(&mut chain.get_mut().last, place);
                self.entries[last as usize].1 = place;
            }
        }
    }

    /// The positions of a key, in the order in which they came.
    fn matches(&self, key: &[u8]) -> impl Iterator<Item = i64> {
        let mut at = self.chains.get(&hash_of(key)).map_or(CHAIN_END, |chain| chain.first);
        std::iter::from_fn(move || {
            while at != CHAIN_END {
                let place = at as usize;
                let (position, next) = self.entries[place];
                at = next;
                if self.keys.get(place) == key {
                    return Some(position);
                }
            }
            None
        })
    }
}

fn hash_of(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

/// Moves a level to its next row; false at the end.
#[inline]
pub fn next(level: &mut Level, scan: &mut Scan, cx: &Context<'_>) -> Result<bool> {
    match &mut level.rows {
        Rows::Table(cursor) if !scan.by_rowids => {
            let more = if scan.placed {
                scan.placed = false;
                cursor.is_valid()
            } else if scan.reverse {
                cursor.prev()
            } else {
                cursor.next()
            };
            if !more {
                return Ok(false);
            }
            Ok(match scan.rowid_end {
                Some((end, _)) if scan.reverse => cursor.rowid() >= end,
                Some((end, _)) => cursor.rowid() <= end,
                None => true,
            })
        }
        Rows::Table(cursor) => {
            while let Some(rowid) = scan.rowids.pop() {
                if cursor.seek_ge(rowid) && cursor.rowid() == rowid {
                    return Ok(true);
                }
            }
            cursor.reset();
            Ok(false)
        }
        Rows::Point { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Closed => Ok(false),
        Rows::Key(cursor) => Ok(next_key(cursor, scan)),
        Rows::Indexed { keys, rowid, row, .. } => {
            row.take();
            let more = next_key(keys, scan);
            if more {
                *rowid = rowid_of_key(keys.key());
            }
            Ok(more)
        }
        Rows::KeyIndexed { keys, row } => loop {
            if !next_key(keys, scan) {
                return Ok(false);
            }
            let Some(primary) = &scan.trees.key else { return Ok(false) };
            *row = primary.get(keys.record(), keys.view());
            if row.is_some() {
                return Ok(true);
            }
        },
        Rows::Kept { rows, at, matches } => {
            if scan.placed {
                scan.placed = false;
            } else {
                *at += 1;
            }
            Ok(*at < matches.as_ref().map_or(rows.len(), Vec::len))
        }
        Rows::Query { run, record } => {
            if !run.next(cx)? {
                return Ok(false);
            }
            record.clear();
            crate::store::record::encode(record, (0..run.width()).map(|i| run.column(i)));
            Ok(true)
        }
        Rows::Single { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Recursive(run) => run.next(cx),
        Rows::Function { source, values, record, count } => {
            if !source.next(values)? {
                return Ok(false);
            }
            *count += 1;
            record.clear();
            crate::store::record::encode(record, values.iter().map(Value::as_ref));
            Ok(true)
        }
    }
}

/// The next entry of the current range, or the first of the next range.
#[inline]
fn next_key(cursor: &mut KeyCursor, scan: &mut Scan) -> bool {
    if scan.placed {
        // A whole scan, placed on its first entry.
        scan.placed = false;
        return cursor.is_valid();
    }
    let mut more = cursor.is_valid() && if scan.reverse { cursor.prev() } else { cursor.next() };
    loop {
        if more && within(cursor.key(), &scan.end, scan.reverse) {
            return true;
        }
        let Some(range) = scan.ranges.pop() else {
            cursor.reset();
            return false;
        };
        if scan.reverse {
            let high = if range.whole_prefix { &range.low } else { &range.high };
            more = if range.through {
                match successor(high) {
                    Some(key) => cursor.seek_lt(&key),
                    None => cursor.last(),
                }
            } else {
                cursor.seek_lt(high)
            };
            scan.end = if range.whole_prefix {
                End::Prefix(range.low)
            } else if range.after_low {
                match successor(&range.low) {
                    Some(key) => End::Before(key),
                    None => End::Before(vec![0xff; range.low.len() + 1]),
                }
            } else {
                End::Before(range.low)
            };
        } else {
            more = if range.after_low {
                match successor(&range.low) {
                    Some(key) => cursor.seek_ge(&key),
                    None => false,
                }
            } else {
                cursor.seek_ge(&range.low)
            };
            scan.end = if range.whole_prefix {
                End::Prefix(range.low)
            } else if range.through {
                End::Through(range.high)
            } else {
                End::Before(range.high)
            };
        }
    }
}

#[inline]
fn within(key: &[u8], end: &End, reverse: bool) -> bool {
    match end {
        End::None => true,
        End::Prefix(p) => key.starts_with(p),
        End::Before(e) if reverse => key >= e.as_slice(),
        End::Before(e) => key < e.as_slice(),
        End::Through(e) => key < e.as_slice() || key.starts_with(e),
    }
}

/// What tells one row of a level from another, for RIGHT and FULL joins.
pub fn identity(level: &Level) -> Vec<u8> {
    match &level.rows {
        Rows::Key(cursor) => cursor.key().to_vec(),
        Rows::KeyIndexed { keys, .. } => keys.record().to_vec(),
        Rows::Kept { at, matches, .. } => {
            let at = matches.as_ref().map_or(*at as i64, |m| m[*at]);
            at.to_be_bytes().to_vec()
        }
        Rows::Recursive(run) => run.position().to_be_bytes().to_vec(),
        _ => match level.rowid() {
            ValueRef::Integer(i) => rowid_key(i).to_vec(),
            _ => Vec::new(),
        },
    }
}

/// Sorts by SQLite's order, for callers that keep values rather than keys.
pub fn order(a: &Value, b: &Value, collation: &heliosdb_udfs::value::Collation) -> std::cmp::Ordering {
    compare::compare(a.as_ref(), b.as_ref(), collation)
}

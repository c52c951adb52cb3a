//! Seek values: evaluated from the levels before, as rowids, as ranges of keys, as keys of a hash table.

use arrayvec::ArrayVec;
use heliosdb_udfs::value::{Value, ValueRef, affinity};

use super::encode;
use super::ranges::KeyRange;
use crate::error::Result;
use crate::row::eval::{Env, eval, prepare};
use crate::row::level::rowid_key;
use crate::row::program::{Access, Bound, BoundKind, KeyColumn, Lookup, SeekTerm, SourceProgram};

/// Seek values, evaluated.
pub enum Keys {
    None,
    /// The level has no row.
    Nothing,
    Rowid(i64),
    Rowids(Vec<i64>),
    RowidRange(Option<i64>, Option<i64>),
    Range(KeyRange),
    Ranges(Vec<KeyRange>),
    /// For each value of the leading columns; with the directions of these.
    Skip(Vec<KeyRange>, Vec<bool>),
    Arms(Vec<Keys>),
    Values(Vec<Value>),
    Hash(Vec<u8>),
}

/// Evaluates what opening a level needs. A key is made in `room`.
pub fn keys(source: &SourceProgram, env: &Env<'_>, room: Vec<u8>) -> Result<Keys> {
    match source {
        SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. } => access_keys(access, env, room),
        SourceProgram::Query { inputs, lookup, .. } | SourceProgram::Cte { inputs, lookup, .. } => match lookup {
            Some(lookup) => hash_key(lookup, env, room),
            None => values(inputs, env),
        },
        SourceProgram::Function { args, .. } => values(args, env),
        SourceProgram::RecursiveRow { .. } => Ok(Keys::None),
    }
}

fn values(nodes: &[crate::row::node::Node], env: &Env<'_>) -> Result<Keys> {
    let values: Result<Vec<Value>> = nodes.iter().map(|n| Ok(eval(n, env)?.to_owned())).collect();
    Ok(Keys::Values(values?))
}

fn hash_key(lookup: &Lookup, env: &Env<'_>, mut bytes: Vec<u8>) -> Result<Keys> {
    bytes.clear();
    for ((node, (aff, collation)), nulls) in lookup.keys.iter().zip(&lookup.by).zip(&lookup.nulls) {
        let v = prepare(eval(node, env)?, *aff, env.arena);
        if v.is_null() && !nulls {
            return Ok(Keys::Nothing);
        }
        encode(v, collation, false, &mut bytes);
    }
    Ok(Keys::Hash(bytes))
}

fn access_keys(access: &Access, env: &Env<'_>, room: Vec<u8>) -> Result<Keys> {
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
        // The usual case makes no list of prefixes.
        Access::Index { equal, low, high, columns, .. }
            if equal.iter().all(|term| matches!(term, SeekTerm::Equal(_) | SeekTerm::Is(_))) =>
        {
            let mut prefix = room;
            prefix.clear();
            for (term, column) in equal.iter().zip(columns) {
                let (SeekTerm::Equal(node) | SeekTerm::Is(node)) = term else { return Ok(Keys::Nothing) };
                let v = eval(node, env)?;
                if v.is_null() && matches!(term, SeekTerm::Equal(_)) || !push_part(v, column, env, &mut prefix) {
                    return Ok(Keys::Nothing);
                }
            }
            if low.is_none() && high.is_none() {
                return Ok(Keys::Range(whole_prefix(prefix)));
            }
            let mut ranges = ArrayVec::<KeyRange, 2>::new();
            let rest = columns.get(equal.len()..).unwrap_or_default();
            key_ranges(prefix, low.as_ref(), high.as_ref(), rest, env, &mut ranges)?;
            Ok(match (ranges.pop(), ranges.pop()) {
                (None, _) => Keys::Nothing,
                (Some(range), None) => Keys::Range(range),
                (Some(last), Some(first)) => Keys::Ranges(vec![first, last]),
            })
        }
        Access::Index { equal, low, high, columns, .. } => {
            let skipped = equal.iter().take_while(|t| matches!(t, SeekTerm::Any)).count();
            let ranges = index_ranges(&equal[skipped..], low.as_ref(), high.as_ref(), &columns[skipped..], env)?;
            Ok(match (ranges, skipped) {
                (ranges, _) if ranges.is_empty() => Keys::Nothing,
                (ranges, 0) => Keys::Ranges(ranges),
                (ranges, _) => Keys::Skip(ranges, columns[..skipped].iter().map(|c| c.descending).collect()),
            })
        }
        Access::Or(arms) => {
            let arms: Result<Vec<Keys>> = arms.iter().map(|arm| access_keys(&arm.access, env, Vec::new())).collect();
            Ok(Keys::Arms(arms?))
        }
        Access::Hash(lookup) => hash_key(lookup, env, room),
    }
}

/// The values a seek term stands for; NULL stands for none unless the term is `IS`.
fn term_values(term: &SeekTerm, env: &Env<'_>, take: &mut dyn FnMut(ValueRef<'_>) -> Result<()>) -> Result<()> {
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
        SeekTerm::Any => Ok(()),
        SeekTerm::InQuery(id, column) => {
            let subquery = &env.subqueries[id.0 as usize];
            let mut run = env.runs[id.0 as usize].borrow_mut();
            run.values(subquery, env, *column)?.iter().try_for_each(|v| take(v.as_ref()))
        }
    }
}

/// The rowid that equals a value, if there is one.
#[inline]
pub fn exact_rowid(v: ValueRef<'_>) -> Option<i64> {
    if let ValueRef::Integer(i) = v {
        return Some(i);
    }
    let bump = bumpalo::Bump::new();
    match affinity::apply(v, heliosdb_udfs::value::Affinity::Integer, &bump) {
        ValueRef::Integer(i) => Some(i),
        _ => None,
    }
}

/// Smallest rowid within a lower bound: `None` nothing can be, `Some(None)` no bound.
fn rowid_low(bound: Option<&Bound>, env: &Env<'_>) -> Result<Option<Option<i64>>> {
    let Some(bound) = bound else { return Ok(Some(None)) };
    let Some((node, _)) = bound.values.first() else { return Ok(Some(None)) };
    let v = prepare(eval(node, env)?, heliosdb_udfs::value::Affinity::Numeric, env.arena);
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
    let Some((node, _)) = bound.values.first() else { return Ok(Some(None)) };
    let v = prepare(eval(node, env)?, heliosdb_udfs::value::Affinity::Numeric, env.arena);
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

/// The ranges of keys that begin with the given values and lie within the bounds, in the order of keys.
fn index_ranges(
    equal: &[SeekTerm],
    low: Option<&Bound>,
    high: Option<&Bound>,
    columns: &[KeyColumn],
    env: &Env<'_>,
) -> Result<Vec<KeyRange>> {
    let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
    for (term, column) in equal.iter().zip(columns) {
        let mut next = Vec::with_capacity(prefixes.len());
        term_values(term, env, &mut |v| {
            let mut part = Vec::new();
            if push_part(v, column, env, &mut part) {
                match &prefixes[..] {
                    [prefix] if prefix.is_empty() => next.push(part),
                    _ => next.extend(prefixes.iter().map(|prefix| [&prefix[..], &part[..]].concat())),
                }
            }
            Ok(())
        })?;
        prefixes = next;
    }
    if prefixes.len() > 1 {
        prefixes.sort_unstable();
        prefixes.dedup();
    }
    let columns = columns.get(equal.len()..).unwrap_or_default();
    let mut ranges = Vec::with_capacity(prefixes.len());
    for prefix in prefixes {
        key_ranges(prefix, low, high, columns, env, &mut ranges)?;
    }
    Ok(ranges)
}

/// Appends a value as a column of the key; false if no entry can hold it.
fn push_part(v: ValueRef<'_>, column: &KeyColumn, env: &Env<'_>, key: &mut Vec<u8>) -> bool {
    if column.rowid {
        let Some(rowid) = exact_rowid(v) else { return false };
        key.extend_from_slice(&rowid_key(rowid));
        return true;
    }
    encode(prepare(v, column.affinity, env.arena), &column.collation, column.descending, key);
    true
}

/// One end of a range: its key, and whether entries that begin with it are within. `None`: nothing is within.
fn end(
    prefix: &[u8],
    bound: &Bound,
    is_low: bool,
    columns: &[KeyColumn],
    env: &Env<'_>,
) -> Result<Option<(Vec<u8>, bool)>> {
    let mut key = Vec::with_capacity(prefix.len() + 16);
    key.extend_from_slice(prefix);
    if columns.first().is_some_and(|c| c.rowid) {
        let rowid = if is_low { rowid_low(Some(bound), env)? } else { rowid_high(Some(bound), env)? };
        return Ok(rowid.map(|rowid| {
            key.extend_from_slice(&rowid_key(rowid.unwrap_or(if is_low { i64::MIN } else { i64::MAX })));
            (key, true)
        }));
    }
    for ((node, affinity), column) in bound.values.iter().zip(columns) {
        let v = prepare(eval(node, env)?, *affinity, env.arena);
        if v.is_null() {
            // Only members before it decide.
            return Ok((key.len() > prefix.len()).then_some((key, bound.inclusive)));
        }
        encode(v, &column.collation, column.descending, &mut key);
    }
    Ok(Some((key, bound.inclusive)))
}

fn whole_prefix(prefix: Vec<u8>) -> KeyRange {
    KeyRange { low: prefix, after_low: false, high: Vec::new(), through: true, whole_prefix: true }
}

/// The one or two key ranges of a prefix with bounds on the next column. An upper bound alone also keeps NULLs out.
fn key_ranges(
    prefix: Vec<u8>,
    low: Option<&Bound>,
    high: Option<&Bound>,
    columns: &[KeyColumn],
    env: &Env<'_>,
    ranges: &mut impl Extend<KeyRange>,
) -> Result<()> {
    let (Some(column), true) = (columns.first(), low.is_some() || high.is_some()) else {
        ranges.extend([whole_prefix(prefix)]);
        return Ok(());
    };
    let descending = column.descending;
    let null_key = |prefix: &[u8]| {
        let mut key = prefix.to_vec();
        encode(ValueRef::Null, &column.collation, descending, &mut key);
        key
    };
    let mut low_key = None;
    if let Some(bound) = low.filter(|b| b.kind != BoundKind::NotNull) {
        low_key = end(&prefix, bound, true, columns, env)?;
        if low_key.is_none() {
            return Ok(());
        }
    }
    let mut high_key = None;
    if let Some(bound) = high {
        high_key = end(&prefix, bound, false, columns, env)?;
        if high_key.is_none() {
            return Ok(());
        }
    }
    if low_key.is_none() && column.rowid {
        // There is no NULL to keep out.
        low_key = Some((prefix.clone(), true));
    }
    let mut blobs = None;
    if let (Some(low), Some(high)) = (low.filter(|b| b.kind == BoundKind::Like), high)
        && let (Some(from), Some(to)) = (as_blob(&prefix, low, column, env)?, as_blob(&prefix, high, column, env)?)
    {
        blobs = Some(range(prefix.clone(), Some((from, true)), Some((to, false)), null_key, descending));
    }
    let texts = range(prefix, low_key, high_key, null_key, descending);
    match blobs {
        Some(blobs) if descending => ranges.extend([blobs, texts]),
        blobs => ranges.extend([Some(texts), blobs].into_iter().flatten()),
    }
    Ok(())
}

/// The end of a LIKE range for blobs.
fn as_blob(prefix: &[u8], bound: &Bound, column: &KeyColumn, env: &Env<'_>) -> Result<Option<Vec<u8>>> {
    let Some((node, _)) = bound.values.first() else { return Ok(None) };
    let ValueRef::Text(text) = eval(node, env)? else { return Ok(None) };
    let mut key = prefix.to_vec();
    encode(ValueRef::Blob(text), &column.collation, column.descending, &mut key);
    Ok(Some(key))
}

type End = Option<(Vec<u8>, bool)>;

fn range(prefix: Vec<u8>, low: End, high: End, null_key: impl Fn(&[u8]) -> Vec<u8>, descending: bool) -> KeyRange {
    // In a descending column the larger value has the smaller key, and NULL the largest.
    let (first, last) = if descending { (high, low) } else { (low, high) };
    if descending {
        let (high, through) = last.unwrap_or_else(|| (null_key(&prefix), false));
        let (low, after_low) = first.map_or((prefix, false), |(k, inclusive)| (k, !inclusive));
        return KeyRange { low, after_low, high, through, whole_prefix: false };
    }
    let (low, after_low) = first.map_or_else(|| (null_key(&prefix), true), |(k, inclusive)| (k, !inclusive));
    let (high, through) = last.unwrap_or((prefix, true));
    KeyRange { low, after_low, high, through, whole_prefix: false }
}

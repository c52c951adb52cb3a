//! Index entries of a row: their keys, and looking for rows that a unique index already holds.

use std::sync::Arc;

use heliosdb_udfs::value::{Collation, Value, ValueRef, compare};

use super::row::{Row, with_env};
use super::target::{IndexProgram, TargetProgram};
use crate::catalog::IndexTerm;
use crate::error::Result;
use crate::row::context::Context;
use crate::row::eval::{eval, truth};
use crate::row::level::{rowid_key, rowid_of_key};
use crate::row::scan::encode;
use crate::store::{KeyCursor, KeyTree, View};

/// The key of an entry up to the part that tells rows apart.
pub struct EntryKey {
    pub prefix: Vec<u8>,
    pub has_null: bool,
    pub terms: Vec<Value>,
}

/// Another row that has the same key.
pub enum Holder {
    Rowid(i64),
    /// The primary key's bytes in a WITHOUT ROWID table.
    Primary(Vec<u8>),
}

/// The key of a row in an index; `None` where a partial index leaves the row out.
pub fn entry_key(
    target: &TargetProgram,
    index: &IndexProgram,
    row: &Row,
    cx: &Context<'_>,
) -> Result<Option<EntryKey>> {
    let plain = index.filter.is_none() && index.index.columns.iter().all(|c| matches!(c.term, IndexTerm::Column(_)));
    let mut key = EntryKey { prefix: Vec::with_capacity(24), has_null: false, terms: Vec::new() };
    let custom = index.collations.iter().any(|c| matches!(c, Collation::Custom(_)));
    let mut push = |v: ValueRef<'_>, i: usize| {
        key.has_null |= v.is_null();
        encode(v, &index.collations[i], index.index.columns[i].descending, &mut key.prefix);
        if custom {
            key.terms.push(v.to_owned());
        }
    };
    if plain {
        for (i, column) in index.index.columns.iter().enumerate() {
            if let IndexTerm::Column(c) = column.term {
                push(row.values[c as usize].as_ref(), i);
            }
        }
        return Ok(Some(key));
    }
    let levels = [row.level()];
    let included = with_env(&levels, &[], &target.subqueries, cx, |env| {
        if let Some(filter) = &index.filter
            && truth(filter, env)? != Some(true)
        {
            return Ok(false);
        }
        for (i, term) in index.terms.iter().enumerate() {
            push(eval(term, env)?, i);
        }
        Ok(true)
    })?;
    Ok(included.then_some(key))
}

/// The full key of an entry: the terms, then the row's own key.
pub fn full_key(prefix: &[u8], row: &Row, primary: Option<&[u8]>) -> Vec<u8> {
    let mut key = prefix.to_vec();
    match primary {
        Some(primary) => key.extend_from_slice(primary),
        None => key.extend_from_slice(&rowid_key(row.rowid)),
    }
    key
}

/// The key of a row in its WITHOUT ROWID table.
pub fn primary_key(target: &TargetProgram, row: &Row, cx: &Context<'_>) -> Result<Option<Vec<u8>>> {
    let Some(primary) = target.indexes.iter().find(|i| i.primary) else { return Ok(None) };
    Ok(entry_key(target, primary, row, cx)?.map(|k| k.prefix))
}

/// The row that already has this key in a unique index.
pub fn holder(
    tree: &Arc<KeyTree>,
    index: &IndexProgram,
    key: &EntryKey,
    rowid_table: bool,
    view: View,
) -> Option<Holder> {
    if key.has_null {
        return None;
    }
    let holder_of = |key: &[u8], record: &[u8]| {
        if rowid_table { Holder::Rowid(rowid_of_key(key)) } else { Holder::Primary(record.to_vec()) }
    };
    if key.terms.is_empty() {
        let found = tree.first_with_prefix(&key.prefix, view)?;
        return Some(holder_of(found.key(), found.record()));
    }
    // A collation of the connection's own: entries are in the order of bytes, so that all must be looked at.
    let mut cursor = KeyCursor::new(tree.clone(), view);
    let mut more = cursor.first();
    while more {
        if same_terms(cursor.key(), &key.terms, index) {
            return Some(holder_of(cursor.key(), cursor.record()));
        }
        more = cursor.next();
    }
    None
}

/// Whether an entry's terms are equal under their collations. Entries keep text as it is, so that they can be read back.
fn same_terms(entry: &[u8], terms: &[Value], index: &IndexProgram) -> bool {
    let mut rest = entry;
    for (i, term) in terms.iter().enumerate() {
        let Some((value, tail)) = heliosdb_udfs::value::key::decode_key(rest, index.index.columns[i].descending) else {
            return false;
        };
        if compare::compare(value.as_ref(), term.as_ref(), &index.collations[i]).is_ne() {
            return false;
        }
        rest = tail;
    }
    true
}

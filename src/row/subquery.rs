//! Subqueries of expressions: their results are kept as long as what they take from outside stays the same.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::Arc;

use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef, number};
use rustc_hash::FxHashSet;

use super::eval::{Env, eval, prepare};
use super::node::{StoredSet, Subquery};
use super::run::QueryRun;
use super::scan::{encode, exact_rowid};
use crate::error::Result;
use crate::store::{KeyTree, RowTree};

/// A subquery of an expression, with the result of its last run for the same inputs.
pub struct SubqueryRun {
    /// With the inputs that the cached results belong to.
    run: Option<Box<QueryRun>>,
    /// Whether there are cached results.
    is_known: bool,
    /// The first row, NULLs without one, if `has_row`.
    row: Vec<Value>,
    has_row: bool,
    found: Option<bool>,
    set: Option<Set>,
    lookup: Lookup,
    /// The values of a column that has been asked for, with its number.
    list: Option<(usize, Vec<Value>)>,
}

/// What is known of a set that is looked up where it is stored.
#[derive(Default)]
struct Lookup {
    rows: Option<Arc<RowTree>>,
    keys: Option<Arc<KeyTree>>,
    has_null: Option<bool>,
    /// How often it has been asked.
    count: usize,
}

/// So often a stored set is asked at least before a set in memory is made.
const LOOKUPS_MIN: usize = 32;
/// A lookup takes as long as it takes to put so many values into a set.
const LOOKUP_COST: usize = 4;

/// The rows of an IN subquery.
struct Set {
    rows: Vec<Vec<Value>>,
    keys: FxHashSet<Vec<u8>>,
    /// The integers among the rows of one column, and what equals one; they are not in `keys`.
    integers: FxHashSet<i64>,
    has_null: bool,
}

impl Lookup {
    /// `v IN (all values of a column)`; `None` once it pays to make a set of them.
    fn contains<'e>(
        &mut self,
        stored: &StoredSet,
        env: &Env<'e>,
        v: ValueRef<'e>,
        (affinity, collation): &(Affinity, Collation),
    ) -> Result<Option<Option<bool>>> {
        // What the statement itself writes is seen at once by every lookup, and never by a set.
        let fixed = !env.cx.live && env.cx.around.view_is_fixed();
        let stays = |count: usize, values: usize| !fixed || count <= LOOKUPS_MIN + values / LOOKUP_COST;
        let view = env.cx.view(stored.database)?;
        let v = prepare(v, *affinity, env.arena);
        self.count += 1;
        let Some(index) = &stored.index else {
            let tree = match &self.rows {
                Some(tree) => tree,
                None => self.rows.insert(env.cx.around.row_tree(stored.database, stored.table.id)?),
            };
            if !stays(self.count, tree.len_estimate()) {
                return Ok(None);
            }
            if v.is_null() {
                return Ok(Some(tree.max_key(view).is_none().then_some(false)));
            }
            return Ok(Some(Some(exact_rowid(v).is_some_and(|rowid| tree.read(rowid, view, |_| ()).is_some()))));
        };
        let tree = match &self.keys {
            Some(tree) => tree,
            None => self.keys.insert(env.cx.around.key_tree(stored.database, index.id)?),
        };
        if !stays(self.count, tree.len_estimate()) {
            return Ok(None);
        }
        if v.is_null() {
            return Ok(Some(tree.min_key(view).is_none().then_some(false)));
        }
        let descending = index.columns.first().is_some_and(|first| first.descending);
        let mut prefix = Vec::with_capacity(16);
        let has = |v: ValueRef<'_>, prefix: &mut Vec<u8>| {
            prefix.clear();
            encode(v, collation, descending, prefix);
            tree.first_with_prefix(prefix, view).is_some()
        };
        if has(v, &mut prefix) {
            return Ok(Some(Some(true)));
        }
        let has_null = *self.has_null.get_or_insert_with(|| has(ValueRef::Null, &mut prefix));
        Ok(Some((!has_null).then_some(false)))
    }
}

impl Set {
    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.integers.is_empty() && self.rows.is_empty()
    }
}

/// The integer that a value equals.
#[inline]
fn as_integer(v: ValueRef<'_>) -> Option<i64> {
    match v {
        ValueRef::Integer(i) => Some(i),
        ValueRef::Real(r) => number::exact_integer(r),
        _ => None,
    }
}

impl SubqueryRun {
    pub fn all(subqueries: &[Subquery]) -> Vec<RefCell<SubqueryRun>> {
        let new = || SubqueryRun {
            run: None,
            is_known: false,
            row: Vec::new(),
            has_row: false,
            found: None,
            set: None,
            lookup: Lookup::default(),
            list: None,
        };
        subqueries.iter().map(|_| RefCell::new(new())).collect()
    }

    /// Forgets cached results: the data may have changed.
    pub fn forget(&mut self) {
        self.is_known = false;
    }

    /// Lets go of all rows and cursors.
    pub fn rest(&mut self) {
        (self.is_known, self.has_row, self.found, self.set, self.list) = (false, false, None, None, None);
        self.lookup = Lookup::default();
        self.row.clear();
        if let Some(run) = &mut self.run {
            run.rest();
        }
    }

    /// Evaluates the inputs; cached results that do not hold any more go.
    fn refresh(&mut self, subquery: &Subquery, env: &Env<'_>) -> Result<()> {
        let was_known = std::mem::take(&mut self.is_known) && !subquery.volatile;
        let run = self.run.get_or_insert_with(|| Box::new(QueryRun::new(subquery.program.clone(), Vec::new())));
        let mut same = was_known;
        for (i, node) in subquery.inputs.iter().enumerate() {
            same &= run.set_input(i, eval(node, env)?);
        }
        self.is_known = true;
        if !same {
            self.has_row = false;
            self.found = None;
            self.set = None;
            self.lookup = Lookup::default();
            self.list = None;
        }
        Ok(())
    }

    /// The run at its beginning, after [`SubqueryRun::refresh`].
    fn started(&mut self) -> &mut QueryRun {
        let run = self.run.as_mut().expect("refreshing has made it");
        run.restart_alike();
        run
    }

    /// A column of the first row, and whether it is JSON; NULL without a row.
    pub fn scalar(&mut self, subquery: &Subquery, env: &Env<'_>, column: usize) -> Result<(&Value, bool)> {
        self.refresh(subquery, env)?;
        if !self.has_row {
            let mut row = std::mem::take(&mut self.row);
            row.clear();
            let run = self.started();
            if run.next(env.cx)? {
                row.extend((0..run.width()).map(|i| run.column(i).to_owned()));
            } else {
                row.resize(run.width(), Value::Null);
            }
            (self.row, self.has_row) = (row, true);
        }
        const NULL: &Value = &Value::Null;
        Ok((self.row.get(column).unwrap_or(NULL), false))
    }

    pub fn exists(&mut self, subquery: &Subquery, env: &Env<'_>) -> Result<bool> {
        self.refresh(subquery, env)?;
        if let Some(found) = self.found {
            return Ok(found);
        }
        let found = self.started().next(env.cx)?;
        self.found = Some(found);
        Ok(found)
    }

    /// `left IN (subquery)`.
    pub fn contains<'e>(
        &mut self,
        subquery: &Subquery,
        env: &Env<'e>,
        left: &[ValueRef<'e>],
        by: &[(Affinity, Collation)],
    ) -> Result<Option<bool>> {
        self.refresh(subquery, env)?;
        if let (None, Some(stored), [v], [by]) = (&self.set, &subquery.stored, left, by)
            && let Some(found) = self.lookup.contains(stored, env, *v, by)?
        {
            return Ok(found);
        }
        if self.set.is_none() {
            let width = subquery.program.width;
            let run = self.started();
            let mut set =
                Set { rows: Vec::new(), keys: FxHashSet::default(), integers: FxHashSet::default(), has_null: false };
            while run.next(env.cx)? {
                if width == 1
                    && let Some(i) = as_integer(prepare(run.column(0), by[0].0, env.arena))
                {
                    set.integers.insert(i);
                    continue;
                }
                let row: Vec<Value> =
                    (0..width).map(|i| prepare(run.column(i), by[i].0, env.arena).to_owned()).collect();
                if row.iter().any(|v| matches!(v, Value::Null)) {
                    set.has_null = true;
                    set.rows.push(row);
                } else {
                    let mut key = Vec::new();
                    for (v, (_, collation)) in row.iter().zip(by) {
                        encode(v.as_ref(), collation, false, &mut key);
                    }
                    set.keys.insert(key);
                    if by.iter().any(|(_, c)| matches!(c, Collation::Custom(_))) {
                        set.rows.push(row);
                    }
                }
            }
            self.set = Some(set);
        }
        let set = self.set.as_ref().expect("made just above");
        if set.is_empty() {
            return Ok(Some(false));
        }
        if let [v] = left {
            let v = prepare(*v, by[0].0, env.arena);
            if v.is_null() {
                return Ok(None);
            }
            if let Some(i) = as_integer(v) {
                return Ok(match set.integers.contains(&i) {
                    true => Some(true),
                    false if set.has_null => None,
                    false => Some(false),
                });
            }
        }
        let left: Vec<ValueRef<'_>> = left.iter().zip(by).map(|(v, (aff, _))| prepare(*v, *aff, env.arena)).collect();
        let custom = by.iter().any(|(_, c)| matches!(c, Collation::Custom(_)));
        if !custom && left.iter().all(|v| !v.is_null()) {
            let mut key = Vec::new();
            for (v, (_, collation)) in left.iter().zip(by) {
                encode(*v, collation, false, &mut key);
            }
            if set.keys.contains(&key) {
                return Ok(Some(true));
            }
        }
        if left.len() == 1 && !custom {
            return Ok(if set.has_null || left[0].is_null() { None } else { Some(false) });
        }
        // Rows with NULLs, or a NULL on the left: a row whose known members agree makes the answer unknown.
        let agree = |row: &[Value]| {
            row.iter().zip(&left).zip(by).all(|((r, l), (_, collation))| {
                matches!(r, Value::Null)
                    || l.is_null()
                    || heliosdb_udfs::value::compare::compare(r.as_ref(), *l, collation) == Ordering::Equal
            })
        };
        let complete = |row: &[Value]| row.iter().all(|v| !matches!(v, Value::Null));
        if custom && left.iter().all(|v| !v.is_null()) && set.rows.iter().any(|r| complete(r) && agree(r)) {
            return Ok(Some(true));
        }
        let mut unknown = set.rows.iter().any(|r| agree(r));
        if !unknown && left.iter().any(|v| v.is_null()) && !custom {
            // The members of complete rows are only in the keys: run again and compare.
            let width = subquery.program.width;
            let run = self.started();
            while !unknown && run.next(env.cx)? {
                let row: Vec<Value> =
                    (0..width).map(|i| prepare(run.column(i), by[i].0, env.arena).to_owned()).collect();
                unknown = agree(&row);
            }
        }
        Ok(if unknown { None } else { Some(false) })
    }

    /// The values of a column, but NULL.
    pub fn values(&mut self, subquery: &Subquery, env: &Env<'_>, column: usize) -> Result<&[Value]> {
        self.refresh(subquery, env)?;
        if self.list.as_ref().is_none_or(|(of, _)| *of != column) {
            let run = self.started();
            let mut values = Vec::new();
            while run.next(env.cx)? {
                let value = run.column(column);
                if !value.is_null() {
                    values.push(value.to_owned());
                }
            }
            self.list = Some((column, values));
        }
        Ok(self.list.as_ref().map_or(&[], |(_, values)| values))
    }
}

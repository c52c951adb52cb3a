//! What the planner knows of each source: its size, its indexes with their terms bound, the columns that are wanted.

use std::sync::Arc;

use heliosdb_udfs::value::{Affinity, Collation};
use rustc_hash::FxHashSet;

use super::estimate::{self, Estimate, IndexSize, TableSize};
use super::implied;
use super::request::Setting;
use super::terms::{Clause, Scope};
use crate::catalog::{Index, IndexTerm, Table, TableKind};
use crate::error::Result;
use crate::plan::bound::{
    ColumnRef, Expr, ExprKind, Free, IndexHint, JoinKind, OrderBy, OrderKey, ROWID, Select, Source, SourceId,
    SourceKind,
};
use crate::plan::{same, walk};
use crate::row::lower::{IndexTerms, Planning};

/// One column of an index's key.
pub struct Key {
    pub term: KeyTerm,
    pub collation: Collation,
    pub affinity: Affinity,
    pub descending: bool,
    pub not_null: bool,
    /// Not a virtual column.
    pub stored: bool,
}

pub enum KeyTerm {
    /// The rowid always as [`ROWID`].
    Column(u16),
    /// Over the row `IndexFacts::row`.
    Expr(Expr),
}

pub struct IndexFacts {
    /// Declared columns, then what is appended to tell rows apart.
    pub keys: Vec<Key>,
    pub declared: usize,
    pub row: SourceId,
    /// How many leading columns can be sought by.
    pub seekable: usize,
    /// Every wanted column is in it.
    pub covering: bool,
    pub has_expressions: bool,
    /// A partial index whose condition the query does not imply is out of question.
    pub usable: bool,
    /// The primary key of a WITHOUT ROWID table: it holds the rows.
    pub primary: bool,
    /// A unique index over columns that are never NULL.
    pub unique_not_null: bool,
}

impl IndexFacts {
    /// Whether a column's values can be read from it: those of virtual columns are computed.
    pub fn holds(&self, column: u16) -> bool {
        self.keys.iter().any(|k| k.stored && matches!(k.term, KeyTerm::Column(own) if own == column))
    }
}

pub struct Facts {
    pub size: TableSize,
    pub indexes: Vec<IndexFacts>,
    /// Wanted columns; the rowid is always at hand.
    pub used: FxHashSet<u16>,
    pub has_rowid: bool,
    /// A real table, not a subquery or function.
    pub is_table: bool,
    /// May have an automatic index.
    pub automatic: bool,
    pub hinted: Option<Arc<Index>>,
    pub not_indexed: bool,
    /// Rows of a subquery that was planned before.
    pub rows: Estimate,
}

/// Every expression of a SELECT with its ORDER BY.
pub fn expressions<'q>(select: &'q Select, order_by: &'q [OrderBy]) -> Vec<&'q Expr> {
    let mut all: Vec<&Expr> = Vec::new();
    all.extend(select.sources.iter().filter_map(|s| s.on.as_ref()));
    for source in &select.sources {
        if let SourceKind::Function { args, .. } = &source.kind {
            all.extend(args);
        }
    }
    all.extend(&select.filter);
    all.extend(select.group_by.iter().flatten().map(|k| &k.expr));
    for a in &select.aggregates {
        all.extend(a.args.iter().chain(&a.filter).chain(a.order_by.iter().map(|k| &k.expr)));
    }
    all.extend(&select.having);
    for w in &select.windows {
        all.extend(w.args.iter().chain(&w.filter));
        all.extend(w.partition_by.iter().map(|k| &k.expr).chain(w.order_by.iter().map(|k| &k.expr)));
    }
    all.extend(&select.output);
    all.extend(order_by.iter().filter_map(|o| match &o.key {
        OrderKey::Expr(e) => Some(e),
        OrderKey::Output(_) => None,
    }));
    all
}

pub fn facts<'q>(
    shared: &Planning<'_>,
    scope: &Scope<'q>,
    clause: &Clause<'q>,
    select: &'q Select,
    setting: &Setting<'q>,
    rows: &[Estimate],
) -> Result<Vec<Facts>> {
    let mut all = expressions(select, setting.order_by);
    let one = setting.writes && select.sources.len() == 1;
    let by_rowid = matches!(select.output.first().map(|e| &e.kind), Some(ExprKind::Column(c)) if c.column == ROWID);
    // What finds the rows is planned without the values that an UPDATE sets; it reads the row from the table.
    if one && by_rowid {
        let values = &select.output[1..];
        all.retain(|e| !values.iter().any(|v| std::ptr::eq(*e, v)));
    }
    // So it is in a table without rowids; a view's rows are taken as they are found.
    let keyed = one && matches!(&select.sources[0].kind, SourceKind::Table { table, .. } if !table.has_rowid());
    if keyed {
        all.retain(|e| !select.output.iter().any(|v| std::ptr::eq(*e, v)));
    }
    let whole = one && !by_rowid && !keyed && select.output.len() > 1;
    let mut facts = Vec::with_capacity(scope.sources.len());
    for (i, source) in scope.sources.iter().enumerate() {
        facts.push(match &source.kind {
            SourceKind::Table { database, table, hint } if !table.is_virtual() => {
                let mut used = FxHashSet::default();
                for e in &all {
                    wanted(e, source.id, &|_| false, &mut used);
                }
                let generated = |c: &u16| table.columns.get(usize::from(*c)).is_some_and(|c| c.generated.is_some());
                let reads_generated = |e: &&Expr| {
                    walk::any(
                        e,
                        &|e| matches!(&e.kind, ExprKind::Generated { column, .. } if column.source == source.id),
                    )
                };
                // SQLite takes a generated column for one that needs all.
                let all_used = table.columns.iter().any(|c| c.generated.is_some())
                    && (used.iter().any(generated) || all.iter().any(reads_generated));
                if whole && i == 0 || all_used {
                    used.extend(0..table.columns.len() as u16);
                }
                // A generated column stands for all columns.
                if used.iter().any(|c| table.columns.get(usize::from(*c)).is_some_and(|c| c.generated.is_some())) {
                    used.extend(0..table.columns.len() as u16);
                }
                used.remove(&ROWID);
                if let Some(alias) = table.rowid_alias() {
                    used.remove(&alias);
                }
                let size = estimate::table_size(shared.schema(*database), table);
                let mut indexes = Vec::with_capacity(size.indexes.len());
                for one in &size.indexes {
                    let terms = |index: &Arc<Index>| shared.index_terms(*database, table, index);
                    indexes.push(index_facts(table, source, i, one, &used, &all, clause, &terms)?);
                }
                Facts {
                    size,
                    indexes,
                    used,
                    has_rowid: table.has_rowid(),
                    is_table: true,
                    automatic: shared.automatic_index && matches!(hint, IndexHint::None),
                    hinted: match hint {
                        IndexHint::IndexedBy(index) => Some(index.clone()),
                        _ => None,
                    },
                    not_indexed: matches!(hint, IndexHint::NotIndexed),
                    rows: 0,
                }
            }
            kind => {
                let correlated = match kind {
                    SourceKind::Query { query, .. } => !query.free.is_empty(),
                    SourceKind::Cte { cte } => !cte.free.is_empty(),
                    _ => true,
                };
                let size = TableSize { rows: rows[i], width: 0, analyzed: false, indexes: Vec::new() };
                let mut used = FxHashSet::default();
                for e in &all {
                    wanted(e, source.id, &|_| false, &mut used);
                }
                used.remove(&ROWID);
                Facts {
                    size,
                    indexes: Vec::new(),
                    used,
                    has_rowid: true,
                    is_table: false,
                    automatic: !correlated && shared.automatic_index,
                    hinted: None,
                    not_indexed: false,
                    rows: rows[i],
                }
            }
        });
    }
    Ok(facts)
}

fn index_facts<'q>(
    table: &Table,
    source: &Source,
    position: usize,
    size: &IndexSize,
    used: &FxHashSet<u16>,
    all: &[&Expr],
    clause: &Clause<'q>,
    terms: &dyn Fn(&Arc<Index>) -> Result<Option<IndexTerms>>,
) -> Result<IndexFacts> {
    let index = &size.index;
    let has_expressions = index.columns.iter().any(|c| matches!(c.term, IndexTerm::Expr(_)));
    let special = has_expressions || index.filter.is_some();
    let bound = if special { terms(index)? } else { None };
    let row = bound.as_ref().map_or(source.id, |b| b.0);
    let primary = index.id == table.id;
    let mut keys: Vec<Key> = Vec::with_capacity(index.columns.len() + 1);
    for (n, column) in index.columns.iter().enumerate() {
        let collation = Collation::built_in(&column.collation);
        keys.push(match &column.term {
            IndexTerm::Column(c) => own_column(table, *c, collation, column.descending),
            IndexTerm::Rowid => own_column(table, ROWID, collation, column.descending),
            IndexTerm::Expr(_) => {
                let Some(expr) = bound.as_ref().and_then(|b| b.1.get(n)).cloned() else { continue };
                let affinity = expr.affinity;
                let collation = collation.unwrap_or_default();
                Key {
                    term: KeyTerm::Expr(expr),
                    collation,
                    affinity,
                    descending: column.descending,
                    not_null: false,
                    stored: true,
                }
            }
        });
    }
    let declared = keys.len();
    let binary = Some(Collation::Binary);
    match (&table.kind, &table.primary_key) {
        (TableKind::WithoutRowid, Some(key)) if primary => {
            // The rows are in it: in their order they come behind the key, though nothing is sought by them.
            for (c, _) in table.columns.iter().enumerate().filter(|(_, c)| c.is_stored()) {
                if !key.columns.contains(&(c as u16)) {
                    keys.push(own_column(table, c as u16, Some(Collation::Binary), false));
                }
            }
        }
        (TableKind::WithoutRowid, Some(key)) => {
            for (n, c) in key.columns.iter().enumerate() {
                if !keys.iter().any(|k| matches!(k.term, KeyTerm::Column(own) if own == *c)) {
                    let own = table.primary_index().and_then(|index| index.columns.get(n));
                    let collation = table.columns[usize::from(*c)].built_in_collation();
                    keys.push(own_column(table, *c, collation, own.is_some_and(|own| own.descending)));
                }
            }
        }
        _ => keys.push(own_column(table, ROWID, binary, false)),
    }
    // A secondary index of a WITHOUT ROWID table ends in the whole primary key: columns that it repeats shift it. SQLite
    // does not seek by what follows the declared columns where the primary key descends.
    let descends = table.primary_index().is_some_and(|p| p.columns.iter().any(|c| c.descending));
    let whole = table.has_rowid()
        || !descends && keys.len() == declared + table.primary_key.as_ref().map_or(0, |k| k.columns.len());
    let seekable = if primary || !whole { declared } else { keys.len() };
    let stored = |c: u16| table.columns.get(usize::from(c)).is_none_or(|c| c.is_stored());
    let holds = |c: &u16| stored(*c) && keys.iter().any(|k| matches!(k.term, KeyTerm::Column(own) if own == *c));
    // Of the index of a UNIQUE constraint SQLite does not know that it holds the primary key.
    let own = if table.has_rowid() || index.sql.is_some() { &keys[..] } else { &keys[..declared] };
    let has = |c: &u16| stored(*c) && own.iter().any(|k| matches!(k.term, KeyTerm::Column(own) if own == *c));
    let mut covering = primary || used.iter().all(has);
    if !covering && has_expressions {
        let mut rest = FxHashSet::default();
        let is_term =
            |e: &Expr| keys.iter().any(|k| matches!(&k.term, KeyTerm::Expr(t) if is_same(e, source.id, t, row)));
        for e in all {
            wanted(e, source.id, &is_term, &mut rest);
        }
        rest.remove(&ROWID);
        covering = rest.iter().all(|c| table.rowid_alias() == Some(*c) || holds(c));
    }
    let outer = source.join != JoinKind::Inner && source.join != JoinKind::Cross;
    let usable = match bound.as_ref().and_then(|b| b.2.as_ref()) {
        Some(filter) => implied::by_clause(clause, filter, row, source.id, table, outer.then_some(position)),
        None => true,
    };
    let unique_not_null = index.unique && keys[..declared].iter().all(|k| k.not_null);
    let custom = index.columns.iter().any(|c| Collation::built_in(&c.collation).is_none());
    // Text under a collation of the connection's own has no order that could be seeked.
    Ok(IndexFacts {
        keys,
        declared,
        seekable,
        row,
        covering,
        has_expressions,
        usable: usable && (!custom || primary) && (!special || bound.is_some()),
        primary,
        unique_not_null,
    })
}

fn own_column(table: &Table, c: u16, collation: Option<Collation>, descending: bool) -> Key {
    let column = table.columns.get(usize::from(c));
    let rowid = c == ROWID || table.rowid_alias() == Some(c);
    Key {
        term: KeyTerm::Column(if rowid { ROWID } else { c }),
        collation: collation.unwrap_or_default(),
        affinity: if rowid { Affinity::Integer } else { column.map_or(Affinity::None, |c| c.affinity) },
        descending,
        not_null: rowid || column.is_some_and(|c| c.not_null.is_some()),
        stored: column.is_none_or(|c| c.is_stored()),
    }
}

/// Whether an expression of the query over `source` is an index's expression over `row`.
pub fn is_same(e: &Expr, source: SourceId, term: &Expr, row: SourceId) -> bool {
    same::same_but_collation(e, term, Some(same::Renaming(source, row)))
}

/// Adds the columns of a source that an expression wants, except within parts for which `stop` holds.
pub fn wanted(e: &Expr, source: SourceId, stop: &dyn Fn(&Expr) -> bool, used: &mut FxHashSet<u16>) {
    if stop(e) {
        return;
    }
    let mut note = |c: &ColumnRef| {
        if c.source == source {
            used.insert(c.column);
        }
    };
    match &e.kind {
        ExprKind::Column(c) => note(c),
        _ => {
            if let ExprKind::Generated { column, .. } = &e.kind {
                note(column);
            }
            if let Some(query) = walk::query(e) {
                for free in &query.free {
                    if let Free::Column(c) = free {
                        note(c);
                    }
                }
            }
            walk::children(e, &mut |child| wanted(child, source, stop, used));
        }
    }
}

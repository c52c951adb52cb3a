//! A written table, lowered: what must be computed, checked and maintained for each row.

use std::ops::Deref;
use std::sync::Arc;

use heliosdb_udfs::value::{Collation, Encoding};

use crate::catalog::{Index, IndexTerm, Table};
use crate::error::Result;
use crate::plan::bound::{
    BoundTrigger, Conflict, DatabaseIndex, Expr, ForeignKeyCheck, Free, ROWID, SourceId, Target, TargetIndex,
    TriggerEvent, TriggerTime,
};
use crate::plan::walk;
use crate::row::lower::{Layout, Lower, Lowering, Planning};
use crate::row::node::{Node, Subquery};

pub struct TargetProgram {
    pub database: DatabaseIndex,
    pub table: Arc<Table>,
    pub rules: Arc<RulesProgram>,
    pub triggers: Vec<Arc<BoundTrigger>>,
    pub child_keys: Vec<Arc<ForeignKeyCheck>>,
    pub parent_keys: Vec<Arc<ForeignKeyCheck>>,
    /// Nothing but NOT NULL, CHECK, indexes over columns, foreign keys and triggers watches its rows: see `plain`.
    pub packs: bool,
}

/// The table's rules, lowered: shared by all statements that write it.
#[derive(Default)]
pub struct RulesProgram {
    /// Generated columns in the order in which they can be computed.
    pub generated: Vec<(u16, Node)>,
    pub checks: Vec<CheckProgram>,
    pub indexes: Vec<IndexProgram>,
    /// Positions in `indexes` as SQLite checks them: the newest first, those that replace at the end.
    pub check_order: Vec<usize>,
    pub subqueries: Vec<Subquery>,
    pub has_not_null: bool,
}

impl Deref for TargetProgram {
    type Target = RulesProgram;

    fn deref(&self) -> &RulesProgram {
        &self.rules
    }
}

impl TargetProgram {
    /// A table of which nothing but an index is known.
    pub fn of_index(database: DatabaseIndex, table: &Arc<Table>, index: IndexProgram) -> TargetProgram {
        TargetProgram {
            database,
            table: table.clone(),
            rules: Arc::new(RulesProgram { indexes: vec![index], check_order: vec![0], ..RulesProgram::default() }),
            triggers: Vec::new(),
            child_keys: Vec::new(),
            parent_keys: Vec::new(),
            packs: false,
        }
    }

    /// Whether foreign keys refer to the table or from it.
    pub fn has_keys(&self) -> bool {
        !self.child_keys.is_empty() || !self.parent_keys.is_empty()
    }

    /// Whether a trigger sees the row before an event.
    pub fn fires_before(&self, event: TriggerEvent) -> bool {
        self.triggers.iter().any(|t| t.time == TriggerTime::Before && t.event == event)
    }
}

pub struct CheckProgram {
    /// What tells the condition in an error.
    pub message: Arc<str>,
    pub node: Node,
    /// The columns that it reads, those behind generated columns included.
    columns: Vec<u16>,
}

impl CheckProgram {
    /// Whether new values in these columns may change what it says.
    pub fn reads(&self, set: &[u16]) -> bool {
        self.columns.iter().any(|c| set.contains(c))
    }
}

pub struct IndexProgram {
    pub index: Arc<Index>,
    pub terms: Vec<Node>,
    /// The columns that its entries are made of; `None` if that is not all.
    pub columns: Option<Box<[u16]>>,
    pub collations: Vec<Collation>,
    pub filter: Option<Node>,
    pub conflict: Conflict,
    /// It holds the rows of a WITHOUT ROWID table.
    pub primary: bool,
}

impl IndexProgram {
    /// Whether a row with new values in these columns may have another entry. The rowid is not among them.
    pub fn depends_on(&self, set: &[u16]) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(|c| set.contains(c)))
    }
}

/// The columns of an index whose entries are made of nothing else.
fn plain_columns(table: &Table, index: &Index, collations: &[Collation]) -> Option<Box<[u16]>> {
    if index.filter.is_some() || collations.iter().any(|c| matches!(c, Collation::Custom(_))) {
        return None;
    }
    let column = |term: &IndexTerm| match term {
        IndexTerm::Column(c) if table.columns[usize::from(*c)].generated.is_none() => Some(*c),
        _ => None,
    };
    index.columns.iter().map(|key| column(&key.term)).collect()
}

/// Adds the columns that an expression over the row reads.
fn add_columns(target: &Target, e: &Expr, columns: &mut Vec<u16>) {
    walk::references(e, &mut |free| {
        let Free::Column(c) = free else { return };
        if columns.contains(&c.column) {
            return;
        }
        columns.push(c.column);
        // The rowid may be set under both of its names.
        if let Some(alias) = target.table.rowid_alias().filter(|alias| c.column == *alias || c.column == ROWID) {
            columns.extend([alias, ROWID]);
        }
        if let Some(Some(generated)) = target.generated.get(usize::from(c.column)) {
            add_columns(target, generated, columns);
        }
    });
}

/// Whether new values in these columns may give a row another entry, or none.
pub fn may_move(target: &Target, index: &TargetIndex, set: &[u16]) -> bool {
    let mut columns = Vec::new();
    index.terms.iter().chain(&index.filter).for_each(|e| add_columns(target, e, &mut columns));
    columns.iter().any(|c| set.contains(c))
}

pub fn lower_target(target: &Target, encoding: Encoding) -> Result<TargetProgram> {
    let known = target.lowered.get().and_then(|lowered| lowered.clone().downcast::<RulesProgram>().ok());
    let rules = match known {
        Some(rules) => rules,
        None => {
            let rules = Arc::new(lower_rules(target, encoding)?);
            target.lowered.get_or_init(|| rules.clone());
            rules
        }
    };
    let table = &target.table;
    let packs = table.has_rowid()
        && !table.strict
        && rules.generated.is_empty()
        && rules.indexes.iter().all(|i| i.columns.is_some())
        && table.primary_key.as_ref().is_none_or(|p| !p.autoincrement);
    Ok(TargetProgram {
        database: target.database,
        table: table.clone(),
        rules,
        triggers: target.triggers.clone(),
        child_keys: target.child_keys.clone(),
        parent_keys: target.parent_keys.clone(),
        packs,
    })
}

/// The row being written is level 0 of every expression here.
fn lower_rules(target: &Target, encoding: Encoding) -> Result<RulesProgram> {
    let shared = Lowering::volatile(Planning { encoding, ..Planning::default() });
    let mut lower = Lower::new(&[], &shared);
    lower.add_level(target.row, 0, Layout::Table(target.table.clone()));
    let mut generated = Vec::new();
    for column in &target.generated_order {
        if let Some(e) = &target.generated[*column as usize] {
            generated.push((*column, lower.node(e)?));
        }
    }
    let mut checks = Vec::new();
    for (message, e) in &target.checks {
        let mut columns = Vec::new();
        add_columns(target, e, &mut columns);
        checks.push(CheckProgram { message: message.clone(), node: lower.node(e)?, columns });
    }
    let mut indexes: Vec<IndexProgram> = Vec::new();
    for index in &target.indexes {
        indexes.push(IndexProgram {
            index: index.index.clone(),
            terms: lower.nodes(&index.terms)?,
            columns: plain_columns(&target.table, &index.index, &index.collations),
            collations: index.collations.iter().map(|c| lower.by(c)).collect(),
            filter: index.filter.as_ref().map(|e| lower.node(e)).transpose()?,
            conflict: index.conflict,
            primary: index.index.id == target.table.id,
        });
    }
    let mut check_order: Vec<usize> = (0..indexes.len()).rev().collect();
    check_order.sort_by_key(|i| indexes[*i].conflict == Conflict::Replace);
    Ok(RulesProgram {
        generated,
        checks,
        indexes,
        check_order,
        subqueries: lower.subqueries,
        has_not_null: target.table.columns.iter().any(|c| c.not_null.is_some()),
    })
}

/// An index alone, for filling it.
pub fn lower_index(
    table: &Arc<Table>,
    index: &Arc<Index>,
    row: SourceId,
    terms: &[Expr],
    collations: &[Collation],
    filter: Option<&Expr>,
    encoding: Encoding,
) -> Result<IndexProgram> {
    let shared = Lowering::new(Planning { encoding, ..Planning::default() });
    let mut lower = Lower::new(&[], &shared);
    lower.add_level(row, 0, Layout::Table(table.clone()));
    Ok(IndexProgram {
        index: index.clone(),
        terms: lower.nodes(terms)?,
        columns: plain_columns(table, index, collations),
        collations: collations.iter().map(|c| encoding.collation(c)).collect(),
        filter: filter.map(|e| lower.node(e)).transpose()?,
        conflict: Conflict::Abort,
        primary: false,
    })
}

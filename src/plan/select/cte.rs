//! WITH: common tables, recursive ones included.
//!
//! A table that is used once, or marked NOT MATERIALIZED, is bound where it is used; others are shared. Either way
//! its query is bound in the surroundings of the reference, as SQLite does.
//!
//! Source: https://sqlite.org/lang_with.html

use std::sync::Arc;

use heliosdb_dialect::ast::{self, CommonTable, CompoundOp};
use heliosdb_udfs::value::Collation;

use super::super::authorize;
use super::super::binder::Binder;
use super::super::bound::{Body, Cte, CteBody, CteId, OrderKey, OutputColumn, Query, Recursive, SourceKind};
use super::super::scope::{Columns, ScopeSource};
use super::Naming;
use super::from::{as_source_columns, placed};
use super::order_by::ordered;
use super::references;
use crate::error::{Error, Result};

/// A WITH clause in force.
pub struct WithFrame<'a> {
    pub tables: &'a [CommonTable],
    pub states: Vec<State>,
    /// Further references to each table that are to come make it shared.
    pub uses: Vec<usize>,
}

pub enum State {
    Unused,
    /// It is being bound: referring to it is this error.
    Busy(&'static str),
    /// The recursive part of it is being bound.
    Recursing {
        id: CteId,
        columns: Arc<[OutputColumn]>,
        direct: usize,
        nested: &'static str,
    },
    Shared(Arc<Cte>),
}

const CIRCULAR: &str = "circular reference";
const MULTIPLE: &str = "multiple recursive references";

impl<'a> Binder<'a> {
    /// Puts a WITH clause in force. `uses` are counted by the caller's statement.
    pub fn open_with_uses(&mut self, with: &'a ast::With, count: &dyn Fn(&str) -> usize) {
        let tables = &with.tables;
        let uses = tables.iter().map(|t| count(&t.name.text)).collect();
        let states = tables.iter().map(|_| State::Unused).collect();
        self.withs.push(WithFrame { tables, states, uses });
    }

    pub fn close_with(&mut self) {
        self.withs.pop();
    }

    /// The common table that a name in FROM stands for.
    #[inline(never)]
    pub(super) fn common_table(
        &mut self,
        name: &'a ast::QualifiedName,
        call: bool,
        hint: &'a ast::IndexHint,
    ) -> Result<Option<ScopeSource<'a>>> {
        let text = &*name.name.text;
        let found = self.withs.iter().enumerate().rev().find_map(|(level, with)| {
            with.tables.iter().position(|t| t.name.is(text)).map(|position| (level, position))
        });
        let Some((level, position)) = found else { return Ok(None) };
        let table = &self.withs[level].tables[position];
        let id = self.new_source();
        match &mut self.withs[level].states[position] {
            State::Busy(error) => {
                return Err(Error::sql(format!("{error}: {}", table.name.text)));
            }
            State::Recursing { id: cte, columns, direct, nested } => {
                if *direct == 0 || self.recursion_level != Some(self.frames.len()) {
                    return Err(Error::sql(format!("{nested}: {}", table.name.text)));
                }
                *direct -= 1;
                let kind = SourceKind::RecursiveTable { cte: *cte, columns: columns.len() as u16 };
                let source = ScopeSource::new(id, table.name.text.clone(), Columns::Derived(columns.clone()));
                return Ok(Some(placed(source, kind)));
            }
            State::Shared(cte) => {
                let cte = cte.clone();
                return self.shared_source(id, cte, call, hint).map(Some);
            }
            State::Unused => {}
        }
        if call {
            return Err(Error::sql(format!("'{}' is not a function", table.name.text)));
        }
        if let ast::IndexHint::IndexedBy(index) = hint {
            return Err(Error::sql(format!("no such index: \"{}\"", index.text)));
        }
        let inner = self.withs.split_off(level + 1);
        let bound = self.define(level, position, table, text);
        self.withs.truncate(level + 1);
        self.withs.extend(inner);
        let bound = bound?;
        Ok(Some(match bound {
            Defined::Inline(query) => {
                let columns = Columns::Derived(self.shown_columns(&query.columns)?);
                let name = Some(table.name.text.clone());
                let kind = SourceKind::Query { query: Box::new(query), view: name };
                placed(ScopeSource::new(id, table.name.text.clone(), columns), kind)
            }
            Defined::Shared(cte) => {
                // A correlated table depends on where it is used.
                if cte.free.is_empty() {
                    self.withs[level].states[position] = State::Shared(cte.clone());
                }
                self.shared_source(id, cte, call, hint)?
            }
        }))
    }

    fn shared_source(
        &mut self,
        id: super::super::bound::SourceId,
        cte: Arc<Cte>,
        call: bool,
        hint: &'a ast::IndexHint,
    ) -> Result<ScopeSource<'a>> {
        if call {
            return Err(Error::sql(format!("'{}' is not a function", cte.name)));
        }
        if let ast::IndexHint::IndexedBy(index) = hint {
            return Err(Error::sql(format!("no such index: \"{}\"", index.text)));
        }
        let columns = Columns::Derived(self.shown_columns(&cte.columns)?);
        let source = ScopeSource::new(id, cte.name.clone(), columns);
        Ok(placed(source, SourceKind::Cte { cte }))
    }

    #[inline(never)]
    fn define(&mut self, level: usize, position: usize, table: &'a CommonTable, written: &str) -> Result<Defined> {
        let steps = recursive_arms(table);
        if steps > 0 {
            return self.define_recursive(level, position, table, written, steps).map(Defined::Shared);
        }
        self.withs[level].states[position] = State::Busy(CIRCULAR);
        let bound = self.query(&table.query, Naming::Subquery);
        self.withs[level].states[position] = State::Unused;
        let mut query = bound?;
        rename(table, &mut query.columns)?;
        let shared = table.materialized.unwrap_or(self.withs[level].uses[position] > 1);
        if !shared || !query.free.is_empty() {
            return Ok(Defined::Inline(*query));
        }
        let id = self.new_cte();
        Ok(Defined::Shared(Arc::new(Cte {
            id,
            name: written.into(),
            columns: query.columns.clone(),
            free: Vec::new(),
            materialized: table.materialized == Some(true),
            body: CteBody::Plain(*query),
        })))
    }

    #[inline(never)]
    fn define_recursive(
        &mut self,
        level: usize,
        position: usize,
        table: &'a CommonTable,
        written: &str,
        steps: usize,
    ) -> Result<Arc<Cte>> {
        let ast = &*table.query;
        let arms = &ast.body.arms;
        let seed_arms = arms.len() - steps;
        let id = self.new_cte();
        self.open_query();
        if let Some(with) = &ast.with {
            self.open_with(with, ast);
        }
        // The parts before the first recursive one make the seed.
        self.withs[level].states[position] = State::Busy(CIRCULAR);
        self.open_query();
        let seed = self.seed(&ast.body, seed_arms);
        let seed_free = self.close_query();
        let mut seed = seed?;
        seed.free = seed_free;
        rename(table, &mut seed.columns)?;
        let columns = as_source_columns(&seed.columns);
        let mut bound = Vec::with_capacity(steps);
        for (_, core) in &arms[seed_arms..] {
            if let ast::SelectCore::Select(select) = core
                && select.from.as_ref().is_some_and(|f| direct(f, &table.name.text) > 1)
            {
                return Err(Error::sql(format!("multiple references to recursive table: {}", table.name.text)));
            }
            self.withs[level].states[position] =
                State::Recursing { id, columns: columns.clone(), direct: 1, nested: MULTIPLE };
            self.open_query();
            let saved = self.recursion_level.replace(self.frames.len());
            let step = self.step(core);
            self.recursion_level = saved;
            let free = self.close_query();
            let mut step = step?;
            step.free = free;
            if step.columns.len() != columns.len() {
                return Err(Error::sql(format!(
                    "SELECTs to the left and right of {} do not have the same number of result columns",
                    if arms[seed_arms].0 == CompoundOp::UnionAll { "UNION ALL" } else { "UNION" }
                )));
            }
            bound.push(step);
        }
        self.withs[level].states[position] = State::Unused;
        self.ask(authorize::RECURSIVE, None, None, None)?;
        let order_by = if ast.order_by.is_empty() {
            Vec::new()
        } else {
            self.withs[level].states[position] =
                State::Recursing { id, columns: columns.clone(), direct: usize::MAX, nested: MULTIPLE };
            let order_by = self.recursive_order(ast);
            self.withs[level].states[position] = State::Unused;
            order_by?
        };
        let (limit, offset) = self.limits(ast.limit.as_ref(), ast.offset.as_ref())?;
        if ast.with.is_some() {
            self.close_with();
        }
        let free = self.close_query();
        // The first SELECT that has a collation for a column gives it.
        let collation = |i: usize| {
            let mut queries = std::iter::once(&seed).chain(&bound);
            queries.find_map(|query| query.columns[i].collation.clone()).unwrap_or_default()
        };
        let collations: Vec<Collation> = (0..columns.len()).map(collation).collect();
        for collation in &collations {
            self.check_collation(collation)?;
        }
        let order_by = order_by
            .into_iter()
            .map(|(position, explicit, term)| {
                let collation = explicit.unwrap_or_else(|| collations[position].clone());
                ordered(OrderKey::Output(position as u16), collation, term)
            })
            .collect();
        let mut shown = seed.columns.clone();
        for step in &bound {
            for (column, other) in shown.iter_mut().zip(&step.columns) {
                column.classes = column.classes.or(other.classes);
            }
        }
        Ok(Arc::new(Cte {
            id,
            name: written.into(),
            columns: shown,
            free,
            materialized: false,
            body: CteBody::Recursive(Recursive {
                seed,
                steps: bound,
                all: arms[seed_arms].0 == CompoundOp::UnionAll,
                collations,
                order_by,
                limit,
                offset,
            }),
        }))
    }

    /// ORDER BY of a recursive table: its terms are matched with every SELECT, which are bound once more for it.
    fn recursive_order(&mut self, ast: &'a ast::Query) -> Result<Vec<(usize, Option<Collation>, &'a ast::OrderTerm)>> {
        self.open_query();
        let saved = self.recursion_level.replace(self.frames.len());
        let mut arms = vec![self.arm(&ast.body.first)?];
        for (_, core) in &ast.body.arms {
            arms.push(self.arm(core)?);
        }
        let matched = self.compound_order(&mut arms, &ast.order_by)?;
        self.recursion_level = saved;
        self.close_query();
        Ok(matched)
    }

    fn seed(&mut self, body: &'a ast::QueryBody, arms: usize) -> Result<Query> {
        if arms == 0 {
            return self.single(&body.first, &[], Naming::Subquery).map(|q| *q);
        }
        self.compound_of(&body.first, &body.arms[..arms], &[], Naming::Subquery)
    }

    fn step(&mut self, core: &'a ast::SelectCore) -> Result<Query> {
        let query = self.single(core, &[], Naming::Subquery)?;
        if let Body::Select(select) = &query.body {
            if !select.windows.is_empty() {
                return Err(Error::sql("cannot use window functions in recursive queries"));
            }
            if select.group_by.is_some() {
                return Err(Error::sql("recursive aggregate queries not supported"));
            }
        }
        Ok(*query)
    }

    /// Puts the WITH clause of a query in force.
    pub(super) fn open_with(&mut self, with: &'a ast::With, query: &'a ast::Query) {
        self.open_with_uses(with, &|name| references::in_query(query, name));
    }
}

enum Defined {
    Inline(Query),
    Shared(Arc<Cte>),
}

/// How many SELECTs at the end of a common table's query refer to it in their FROM clause.
fn recursive_arms(table: &CommonTable) -> usize {
    let arms = &table.query.body.arms;
    let Some((last, _)) = arms.last() else { return 0 };
    if !matches!(last, CompoundOp::Union | CompoundOp::UnionAll) {
        return 0;
    }
    let refers = |core: &ast::SelectCore| match core {
        ast::SelectCore::Select(select) => select.from.as_ref().is_some_and(|f| direct(f, &table.name.text) > 0),
        ast::SelectCore::Values(_) => false,
    };
    arms.iter().rev().take_while(|(op, core)| op == last && refers(core)).count()
}

/// Direct references in a FROM clause.
fn direct(from: &ast::From, name: &str) -> usize {
    let first = match (&from.first.kind, &from.first.alias) {
        (ast::SourceKind::Join(inner), None) => direct(inner, name),
        _ => usize::from(references::names_directly(&from.first, name).is_some()),
    };
    first + from.joins.iter().filter(|j| references::names_directly(&j.source, name).is_some()).count()
}

fn rename(table: &CommonTable, columns: &mut [OutputColumn]) -> Result<()> {
    if table.columns.is_empty() {
        return Ok(());
    }
    if table.columns.len() != columns.len() {
        return Err(Error::sql(format!(
            "table {} has {} values for {} columns",
            table.name.text,
            columns.len(),
            table.columns.len()
        )));
    }
    for (column, name) in columns.iter_mut().zip(&table.columns) {
        column.name = name.text.clone();
    }
    super::column_name::make_unique(columns);
    Ok(())
}

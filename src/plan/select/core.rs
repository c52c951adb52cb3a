//! One SELECT: its clauses in the order in which SQLite resolves them — FROM, result columns, HAVING, WHERE and ON,
//! arguments of table-valued functions, ORDER BY, GROUP BY.
//!
//! Source: https://sqlite.org/lang_select.html

use heliosdb_dialect::ast;

use super::super::authorize;
use super::super::binder::{Binder, ordinal};
use super::super::bound::{Body, Expr, Free, GroupKey, OrderBy, OutputColumn, Query, Select};
use super::super::expr::{aggregate_name, check_definitions, collation_of, skip_collate, walk, window_name};
use super::super::scope::{Output, Scope};
use super::Naming;
use super::column_name::{output_columns, passes};
use super::from::bound_sources;
use crate::catalog::parsed_constant::integer_literal;
use crate::error::{Error, Result};

/// A SELECT whose scope is still needed to resolve an ORDER BY.
pub struct Core<'a> {
    pub scope: Scope<'a>,
    pub filter: Option<Expr>,
    pub having: Option<Expr>,
    pub group_by: Option<Vec<GroupKey>>,
    pub distinct: bool,
}

/// What a SELECT, with or without VALUES, looks like to a compound.
pub enum Arm<'a> {
    Select(Box<Core<'a>>),
    Values(Vec<Vec<Expr>>),
}

impl<'a> Binder<'a> {
    /// A query without compound operators.
    #[inline(never)]
    pub fn single(
        &mut self,
        core: &'a ast::SelectCore,
        order_by: &'a [ast::OrderTerm],
        naming: Naming,
    ) -> Result<Box<Query>> {
        match core {
            ast::SelectCore::Select(select) => self.select(select, order_by, naming),
            ast::SelectCore::Values(rows) => {
                let rows = self.values(rows)?;
                let columns = self.values_columns(&rows);
                let order_by = self.values_order(order_by, &columns)?;
                let body = Body::Values(rows);
                Ok(Box::new(Query { body, columns, order_by, limit: None, offset: None, free: Vec::new(), end: 0 }))
            }
        }
    }

    #[inline(never)]
    fn select(
        &mut self,
        select: &'a ast::Select,
        order_by: &'a [ast::OrderTerm],
        naming: Naming,
    ) -> Result<Box<Query>> {
        let mut core = self.core(select, Some(order_by))?;
        let order_by = core.1;
        let columns = output_columns(self, &mut core.0.scope, naming);
        let body = core.0.into_body();
        Ok(Box::new(Query { body, columns, order_by, limit: None, offset: None, free: Vec::new(), end: 0 }))
    }

    /// Binds a SELECT; `order_by` is `None` in a compound, whose ORDER BY is matched later.
    #[inline(never)]
    pub fn core(
        &mut self,
        select: &'a ast::Select,
        order_by: Option<&'a [ast::OrderTerm]>,
    ) -> Result<(Core<'a>, Vec<OrderBy>)> {
        let outermost = self.inner_selects.is_none();
        if outermost {
            self.ask(authorize::SELECT, None, None, None)?;
            self.inner_selects = Some(Vec::new());
        } else if let Some(inner) = &mut self.inner_selects {
            inner.push(self.within);
        }
        let bound = self.core_of(select, order_by);
        if outermost {
            let here = self.within;
            let inner = self.inner_selects.take().unwrap_or_default();
            for within in inner.into_iter().filter(|_| bound.is_ok()) {
                self.within = within;
                self.ask(authorize::SELECT, None, None, None)?;
            }
            self.within = here;
        }
        bound
    }

    fn core_of(
        &mut self,
        select: &'a ast::Select,
        order_by: Option<&'a [ast::OrderTerm]>,
    ) -> Result<(Core<'a>, Vec<OrderBy>)> {
        check_definitions(&select.windows)?;
        let mut scope = Scope::new();
        if let Some(from) = &select.from {
            scope.sources = self.from(from)?;
        }
        scope.window_definitions = &select.windows;
        scope.allow_aggregates = true;
        scope.allow_windows = true;
        self.scopes.push(scope);
        let level = self.scopes.len() - 1;
        if let Some(from) = &select.from {
            self.using_conditions(from)?;
        }
        self.results(&select.columns)?;
        let scope = &mut self.scopes[level];
        scope.allow_windows = false;
        let aggregates = !select.group_by.is_empty() || scope.aggregate_uses > 0;
        scope.allow_aggregates = aggregates;
        scope.aliases_visible = true;
        let having = match &select.having {
            Some(_) if !aggregates => return Err(Error::sql("HAVING clause on a non-aggregate query")),
            Some(having) => Some(self.expr(having)?),
            None => None,
        };
        // ON becomes part of WHERE, where SQLite refuses aggregates of this very SELECT only later.
        let counted = self.scopes[level].aggregate_uses;
        let filter = select.filter.as_ref().map(|f| self.expr(f)).transpose()?;
        let filter = match &select.from {
            Some(from) => self.on_conditions(from, filter)?,
            None => filter,
        };
        if self.scopes[level].aggregate_uses != counted {
            return Err(self.misused_aggregate(level));
        }
        if select.from.is_some() {
            self.function_arguments()?;
            self.hidden_arguments(filter.as_ref());
        }
        let scope = &mut self.scopes[level];
        scope.allow_aggregates = true;
        scope.allow_windows = true;
        let order_by = match order_by {
            Some(terms) if !terms.is_empty() => self.order_terms(terms)?,
            _ => Vec::new(),
        };
        let scope = &mut self.scopes[level];
        scope.allow_windows = false;
        if !aggregates && !scope.aggregates.is_empty() {
            return Err(self.misused_aggregate(level));
        }
        let group_by = match (select.group_by.as_slice(), aggregates) {
            (_, false) => None,
            (terms, true) => Some(self.group_terms(terms)?),
        };
        let scope = self.scopes.pop().expect("pushed above");
        if scope.sources.len() > 64 {
            return Err(Error::sql("at most 64 tables in a join"));
        }
        if select.distinct {
            for output in &scope.outputs {
                self.check_collation(&collation_of(&output.expr))?;
            }
        }
        self.ask_unread(&scope)?;
        Ok((Core { scope, filter, having, group_by, distinct: select.distinct }, order_by))
    }

    fn misused_aggregate(&self, level: usize) -> Error {
        let name = self.scopes[level].aggregates.last().map_or("", |a| aggregate_name(&a.function));
        Error::sql(format!("misuse of aggregate: {name}()"))
    }

    /// Binds the result columns into the innermost scope.
    #[inline(never)]
    fn results(&mut self, columns: &'a [ast::ResultColumn]) -> Result<()> {
        self.scope().outputs.reserve(columns.len());
        for column in columns {
            match column {
                ast::ResultColumn::Expr { expr, alias, span } => {
                    let scope = self.scope();
                    let (aggregates, windows) = (scope.aggregate_uses, scope.windows.len());
                    let bound = self.expr(expr)?;
                    let text = self.text(*span);
                    let scope = self.scope();
                    let output = Output {
                        expr: bound,
                        alias: alias.as_ref().map(|a| a.text.clone()),
                        written: Some(expr),
                        text,
                        has_aggregate: scope.aggregate_uses != aggregates,
                        has_window: scope.windows.len() != windows,
                    };
                    scope.outputs.push(output);
                }
                ast::ResultColumn::Star => self.star(None)?,
                ast::ResultColumn::TableStar(table) => self.star(Some(table))?,
            }
        }
        if self.scope().outputs.len() > self.space.options.limits.columns {
            return Err(Error::sql("too many columns in result set"));
        }
        Ok(())
    }

    #[inline(never)]
    fn group_terms(&mut self, terms: &'a [ast::Expr]) -> Result<Vec<GroupKey>> {
        let max = self.space.options.limits.columns;
        if terms.len() > max {
            return Err(Error::sql("too many terms in GROUP BY clause"));
        }
        let mut keys = Vec::with_capacity(terms.len());
        for (i, term) in terms.iter().enumerate() {
            let aggregates = self.scope().aggregate_uses;
            let position = integer_literal(skip_collate(term));
            let (expr, aggregate) = match position {
                Some(n) => {
                    let outputs = &self.scope().outputs;
                    let found = usize::try_from(n).ok().and_then(|n| outputs.get(n.checked_sub(1)?));
                    let Some(output) = found else {
                        let (i, max) = (ordinal(i + 1), outputs.len());
                        return Err(Error::sql(format!(
                            "{i} GROUP BY term out of range - should be between 1 and {max}"
                        )));
                    };
                    let (expr, aggregate) = (output.expr.clone(), output.has_aggregate);
                    if output.has_window {
                        return Err(misused_window(self.scope(), &expr));
                    }
                    (self.collated_like(expr, term)?, aggregate)
                }
                None => (self.expr(term)?, false),
            };
            if aggregate || self.scope().aggregate_uses != aggregates {
                return Err(Error::sql("aggregate functions are not allowed in the GROUP BY clause"));
            }
            let collation = collation_of(&expr);
            self.check_collation(&collation)?;
            keys.push(GroupKey { expr, collation });
        }
        Ok(keys)
    }

    /// VALUES rows; each sees what surrounds the query.
    #[inline(never)]
    pub fn values(&mut self, rows: &'a [Vec<ast::Expr>]) -> Result<Vec<Vec<Expr>>> {
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(Error::sql("all VALUES must have the same number of terms"));
        }
        let mut bound = Vec::with_capacity(rows.len());
        self.scopes.push(Scope::new());
        for row in rows {
            bound.push(self.exprs(row)?);
        }
        self.scopes.pop();
        Ok(bound)
    }
}

/// A term of GROUP BY by position may not be a window call.
fn misused_window(scope: &Scope<'_>, e: &Expr) -> Error {
    let mut name = "";
    walk::references(e, &mut |r| {
        if let Free::Window(id) = r {
            name = scope.windows.iter().find(|w| w.id == id).map_or(name, |w| window_name(&w.function));
        }
    });
    Error::sql(format!("misuse of window function {name}()"))
}

impl Core<'_> {
    pub fn into_body(self) -> Body {
        let Core { scope, filter, having, group_by, distinct } = self;
        let distinct = distinct.then(|| scope.outputs.iter().map(|o| collation_of(&o.expr)).collect::<Vec<_>>());
        let mut output = Vec::with_capacity(scope.outputs.len());
        output.extend(scope.outputs.into_iter().map(|o| o.expr));
        Body::Select(Box::new(Select {
            sources: bound_sources(scope.sources),
            filter,
            group_by,
            aggregates: scope.aggregates,
            having,
            windows: passes(scope.windows),
            output,
            distinct,
        }))
    }
}

impl Arm<'_> {
    pub fn width(&self) -> usize {
        match self {
            Arm::Select(core) => core.scope.outputs.len(),
            Arm::Values(rows) => rows.first().map_or(0, Vec::len),
        }
    }

    /// The expressions of a column: one, or one a row of VALUES.
    pub fn column(&self, i: usize) -> Box<dyn Iterator<Item = &Expr> + '_> {
        match self {
            Arm::Select(core) => Box::new(std::iter::once(&core.scope.outputs[i].expr)),
            Arm::Values(rows) => Box::new(rows.iter().map(move |row| &row[i])),
        }
    }

    /// A column as it was written; VALUES shows none.
    pub fn written(&self, i: usize) -> Box<dyn Iterator<Item = Option<&ast::Expr>> + '_> {
        match self {
            Arm::Select(core) => Box::new(std::iter::once(core.scope.outputs[i].written)),
            Arm::Values(rows) => Box::new(rows.iter().map(|_| None)),
        }
    }

    pub fn column_mut(&mut self, i: usize) -> Box<dyn Iterator<Item = &mut Expr> + '_> {
        match self {
            Arm::Select(core) => Box::new(std::iter::once(&mut core.scope.outputs[i].expr)),
            Arm::Values(rows) => Box::new(rows.iter_mut().map(move |row| &mut row[i])),
        }
    }

    pub fn into_body(self) -> Body {
        match self {
            Arm::Select(core) => core.into_body(),
            Arm::Values(rows) => Body::Values(rows),
        }
    }
}

/// The columns of an arm under a naming.
pub fn arm_columns<'a>(binder: &mut Binder<'a>, arm: &mut Arm<'a>, naming: Naming) -> Vec<OutputColumn> {
    match arm {
        Arm::Select(core) => output_columns(binder, &mut core.scope, naming),
        Arm::Values(rows) => super::compound::values_columns(rows),
    }
}

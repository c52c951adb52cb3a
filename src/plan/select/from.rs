//! FROM: tables, views, subqueries, common tables, table-valued functions and parenthesised joins.

use std::sync::Arc;

use heliosdb_dialect::ast::{self, SourceKind as Ast};

use super::super::authorize;
use super::super::binder::Binder;
use super::super::bound::{
    self, Body, DatabaseIndex, IndexHint, JoinKind, OutputColumn, Query, ROWID, Select, SourceId, SourceKind,
};
use super::super::bound::{ColumnRef, CompareOp, Expr, ExprKind};
use super::super::expr::{made, walk};
use super::super::locate::Found;
use super::super::scope::{Columns, NestedColumn, Scope, ScopeSource};
use super::Naming;
use crate::catalog::Table;
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    /// The sources of a FROM clause in written order. Conditions and arguments are bound later.
    #[inline(never)]
    pub fn from(&mut self, from: &'a ast::From) -> Result<Vec<ScopeSource<'a>>> {
        let mut sources = Vec::with_capacity(1 + from.joins.len());
        self.first_source(&from.first, &mut sources)?;
        for join in &from.joins {
            let mut source = self.joined_source(&join.source)?;
            source.left = matches!(join.kind, ast::JoinKind::Left | ast::JoinKind::Full);
            source.right = matches!(join.kind, ast::JoinKind::Right | ast::JoinKind::Full);
            let bound = source.bound.as_mut().expect("set for every source of a FROM clause");
            bound.join = match join.kind {
                ast::JoinKind::Comma | ast::JoinKind::Inner => JoinKind::Inner,
                ast::JoinKind::Cross => JoinKind::Cross,
                ast::JoinKind::Left => JoinKind::Left,
                ast::JoinKind::Right => JoinKind::Right,
                ast::JoinKind::Full => JoinKind::Full,
            };
            if source.right {
                for earlier in &mut sources {
                    earlier.nullable = true;
                }
            }
            source.nullable = source.left;
            if sources.len() >= 200 {
                return Err(Error::sql("too many FROM clause terms, max: 200"));
            }
            sources.push(source);
        }
        Ok(sources)
    }

    /// The first source; parentheses around it without an alias mean nothing.
    fn first_source(&mut self, source: &'a ast::Source, sources: &mut Vec<ScopeSource<'a>>) -> Result<()> {
        if let (Ast::Join(inner), None) = (&source.kind, &source.alias) {
            let flat = self.from(inner)?;
            sources.extend(flat);
            // Conditions of the inner joins: see `join::each_join`.
            return Ok(());
        }
        let source = self.source(source)?;
        sources.push(source);
        Ok(())
    }

    /// A source after the first: one table in parentheses is that table.
    #[inline(never)]
    fn joined_source(&mut self, source: &'a ast::Source) -> Result<ScopeSource<'a>> {
        if let Ast::Join(inner) = &source.kind
            && inner.joins.is_empty()
        {
            // An alias inside the parentheses is lost.
            return self.aliased_source(&inner.first, source.alias.as_ref());
        }
        self.source(source)
    }

    #[inline(never)]
    fn source(&mut self, source: &'a ast::Source) -> Result<ScopeSource<'a>> {
        self.aliased_source(source, source.alias.as_ref())
    }

    #[inline(never)]
    fn aliased_source(&mut self, source: &'a ast::Source, alias: Option<&'a ast::Name>) -> Result<ScopeSource<'a>> {
        let mut bound = match &source.kind {
            Ast::Table { name, index } => self.named_source(name, None, index)?,
            Ast::Function { name, args } => self.named_source(name, Some(args), &ast::IndexHint::None)?,
            Ast::Query(query) => {
                let query = self.query(query, Naming::Subquery)?;
                self.derived("".into(), query, None)?
            }
            Ast::Join(from) if from.joins.is_empty() => self.aliased_source(&from.first, alias)?,
            Ast::Join(from) => self.nested(from)?,
        };
        if let Some(alias) = alias {
            bound.name = alias.text.clone();
            bound.aliased = true;
        }
        if let Some(b) = &mut bound.bound {
            if let (Ast::Table { name, .. }, SourceKind::Query { view: Some(view), .. }) = (&source.kind, &mut b.kind) {
                view.clone_from(&name.name.text);
            }
            b.name = match (&source.kind, alias) {
                (Ast::Table { name, .. }, None) if matches!(b.kind, SourceKind::Table { .. }) => self.shown_name(name),
                (Ast::Table { name, .. }, None) => name.name.text.clone(),
                _ => bound.name.clone(),
            };
        }
        Ok(bound)
    }

    /// A table, view, common table or table-valued function by name.
    #[inline(never)]
    pub(super) fn named_source(
        &mut self,
        name: &'a ast::QualifiedName,
        args: Option<&'a [ast::Expr]>,
        hint: &'a ast::IndexHint,
    ) -> Result<ScopeSource<'a>> {
        if name.schema.is_none()
            && !self.withs.is_empty()
            && let Some(found) = self.common_table(name, args.is_some(), hint)?
        {
            return Ok(found);
        }
        let found = self.locate(name)?;
        if let Found::Table(_, table) = &found {
            table.check_module()?;
        }
        if args.is_some() && !matches!(found, Found::Function(_)) {
            return Err(Error::sql(format!("'{}' is not a function", name.name.text)));
        }
        match found {
            Found::Table(database, table) => self.table_source(database, table, hint),
            Found::View(database, view) => self.view_source(database, view, hint),
            Found::Function(function) => {
                let max = usize::from(function.parameters);
                if args.is_some_and(|a| a.len() > max) {
                    return Err(Error::sql(format!("too many arguments on {}() - max {max}", name.name.text)));
                }
                if let ast::IndexHint::IndexedBy(index) = hint {
                    return Err(Error::sql(format!("no such index: {}", index.text)));
                }
                let id = self.new_source();
                let kind = SourceKind::Function { function: function.clone(), args: Vec::new() };
                let mut source = ScopeSource::new(id, name.name.text.clone(), Columns::Function(function));
                source.args = args.filter(|a| !a.is_empty());
                Ok(placed(source, kind))
            }
        }
    }

    #[inline(never)]
    fn table_source(
        &mut self,
        database: DatabaseIndex,
        table: &'a Arc<Table>,
        hint: &'a ast::IndexHint,
    ) -> Result<ScopeSource<'a>> {
        let hint = self.index_hint(table, hint)?;
        let id = self.new_source();
        let kind = SourceKind::Table { database, table: table.clone(), hint };
        let mut source = ScopeSource::of_table(id, table.name.clone(), table);
        source.database = Some(database);
        Ok(placed(source, kind))
    }

    pub fn index_hint(&self, table: &Table, hint: &'a ast::IndexHint) -> Result<IndexHint> {
        Ok(match hint {
            ast::IndexHint::None => IndexHint::None,
            ast::IndexHint::NotIndexed => IndexHint::NotIndexed,
            ast::IndexHint::IndexedBy(name) => match table.indexes.iter().find(|i| name.is(&i.name)) {
                Some(index) => IndexHint::IndexedBy(index.clone()),
                None => return Err(Error::sql(format!("no such index: {}", name.text))),
            },
        })
    }

    /// How EXPLAIN QUERY PLAN names a table: as the statement does. Views of files name tables of their own file only.
    pub fn shown_name(&self, name: &ast::QualifiedName) -> Arc<str> {
        match &name.schema {
            Some(schema) if self.fixed.is_none() => format!("{}.{}", schema.text, name.name.text).into(),
            _ => name.name.text.clone(),
        }
    }

    /// A query as a source.
    pub(super) fn derived(
        &mut self,
        name: Arc<str>,
        query: Box<Query>,
        view: Option<Arc<str>>,
    ) -> Result<ScopeSource<'a>> {
        let id = self.new_source();
        let columns = Columns::Derived(self.shown_columns(&query.columns)?);
        Ok(placed(ScopeSource::new(id, name, columns), SourceKind::Query { query, view }))
    }

    /// The columns of a subquery; their collations are looked up, whether something is compared or not.
    pub(super) fn shown_columns(&self, columns: &[OutputColumn]) -> Result<Arc<[OutputColumn]>> {
        let collations = columns.iter().filter_map(|c| c.collation.as_ref());
        collations.into_iter().try_for_each(|c| self.check_collation(c))?;
        Ok(as_source_columns(columns))
    }

    /// `(a JOIN b …)` behind other sources: a query of all their columns, each with its origin.
    #[inline(never)]
    pub fn nested(&mut self, from: &'a ast::From) -> Result<ScopeSource<'a>> {
        self.open_query();
        let mut scope = Scope::new();
        scope.sources = self.from(from)?;
        self.scopes.push(scope);
        let level = self.scopes.len() - 1;
        self.using_conditions(from)?;
        let filter = self.on_conditions(from, None)?;
        self.function_arguments()?;
        let mut output = Vec::new();
        let mut origins: Vec<NestedColumn> = Vec::new();
        let mut columns: Vec<OutputColumn> = Vec::new();
        let count = self.scopes[level].sources.len();
        for i in 0..count {
            self.nested_columns(level, i, &mut output, &mut origins, &mut columns)?;
        }
        // A column of the same name as one that USING merged is left out of `*` further out.
        for i in 1..origins.len() {
            let merged = origins[..i].iter().any(|o| o.using && o.name.eq_ignore_ascii_case(&origins[i].name));
            origins[i].hidden |= merged;
        }
        super::column_name::make_unique(&mut columns);
        let scope = self.scopes.pop().expect("pushed above");
        let sources = bound_sources(scope.sources);
        let select = Select {
            sources,
            filter,
            group_by: None,
            aggregates: Vec::new(),
            having: None,
            windows: Vec::new(),
            output,
            distinct: None,
        };
        let free = self.close_query();
        let shown = as_source_columns(&columns);
        let body = Body::Select(Box::new(select));
        let query = Query { body, columns, order_by: Vec::new(), limit: None, offset: None, free, end: 0 };
        let id = self.new_source();
        let source = ScopeSource::new(id, "".into(), Columns::Nested(shown, origins.into()));
        Ok(placed(source, SourceKind::Query { query: Box::new(query), view: None }))
    }

    fn nested_columns(
        &mut self,
        level: usize,
        i: usize,
        output: &mut Vec<Expr>,
        origins: &mut Vec<NestedColumn>,
        columns: &mut Vec<OutputColumn>,
    ) -> Result<()> {
        let mut push = |binder: &Self, expr: Expr, origin: NestedColumn| {
            let sources = &binder.scopes[level].sources;
            let declared = match &expr.kind {
                ExprKind::Column(c) if c.column == ROWID => Some("INTEGER".into()),
                ExprKind::Column(c) | ExprKind::Generated { column: c, .. } => {
                    let source = sources.iter().find(|s| s.id == c.source);
                    source.and_then(|s| s.columns.declared_type(c.column as usize)).cloned()
                }
                _ => None,
            };
            columns.push(OutputColumn {
                name: origin.name.clone(),
                declared_type: declared,
                affinity: expr.affinity,
                classes: expr.classes,
                collation: expr.collation.as_ref().map(|c| c.collation.clone()),
                explicit_collation: false,
            });
            output.push(expr);
            origins.push(origin);
        };
        let next_using: Vec<Arc<str>> =
            self.scopes[level].sources.get(i + 1).and_then(|s| s.using.clone()).unwrap_or_default();
        for name in &next_using {
            let expr = self.unqualified(name)?;
            let origin = NestedColumn {
                database: None,
                table: "".into(),
                name: name.clone(),
                using: true,
                hidden: false,
                rowid: false,
            };
            push(self, expr, origin);
        }
        for j in 0..self.scopes[level].sources[i].len() {
            let source = &self.scopes[level].sources[i];
            // Rowids are seen through one level of parentheses.
            if matches!(&source.columns, Columns::Nested(_, inner) if inner[j].rowid) {
                continue;
            }
            let name = source.columns.name(j).clone();
            let merged = source.in_using(&name) || next_using.iter().any(|n| n.eq_ignore_ascii_case(&name));
            let origin = match &source.columns {
                Columns::Nested(_, inner) => {
                    let mut origin = inner[j].clone();
                    origin.hidden |= merged;
                    origin
                }
                _ => NestedColumn {
                    database: source.database,
                    table: source.name.clone(),
                    name,
                    using: false,
                    hidden: merged || source.columns.hidden(j),
                    rowid: false,
                },
            };
            let expr = self.column_at(level, i, j)?;
            push(self, expr, origin);
        }
        let source = &self.scopes[level].sources[i];
        if source.has_rowid() && !matches!(source.columns, Columns::Nested(..)) {
            let origin = NestedColumn {
                database: source.database,
                table: source.name.clone(),
                name: "_ROWID_".into(),
                using: false,
                hidden: true,
                rowid: true,
            };
            let expr = rowid_of(source.id, &source.columns);
            push(self, expr, origin);
        }
        Ok(())
    }

    /// Arguments of table-valued functions may refer to every source of the same FROM clause.
    pub fn function_arguments(&mut self) -> Result<()> {
        let level = self.scopes.len() - 1;
        for i in 0..self.scopes[level].sources.len() {
            let Some(args) = self.scopes[level].sources[i].args else { continue };
            let bound = self.exprs(args)?;
            self.check_right(level, i, &bound, "table-function argument")?;
            let source = self.scopes[level].sources[i].bound.as_mut();
            if let Some(bound::Source { kind: SourceKind::Function { args, .. }, .. }) = source {
                *args = bound;
            }
        }
        Ok(())
    }

    /// `WHERE hidden = x` is another way of giving a table-valued function its arguments.
    pub(super) fn hidden_arguments(&mut self, filter: Option<&Expr>) {
        let level = self.scopes.len() - 1;
        for i in 0..self.scopes[level].sources.len() {
            let source = &self.scopes[level].sources[i];
            let Columns::Function(function) = &source.columns else { continue };
            if source.args.is_some() {
                continue;
            }
            let first = function.columns.len() - usize::from(function.parameters);
            let on = source.bound.as_ref().and_then(|b| b.on.as_ref());
            let mut found = Vec::new();
            while found.len() < usize::from(function.parameters) {
                let parameter = ColumnRef { source: source.id, column: (first + found.len()) as u16 };
                let value = [on, filter].into_iter().flatten().find_map(|e| equal_to(e, parameter));
                let Some(value) = value else { break };
                found.push(value.clone());
            }
            let bound = self.scopes[level].sources[i].bound.as_mut();
            if let Some(bound::Source { kind: SourceKind::Function { args, .. }, .. }) = bound {
                *args = found;
            }
        }
    }

    /// `x IN table`: all visible columns of it.
    pub fn whole_table(&mut self, name: &'a ast::QualifiedName, args: Option<&'a [ast::Expr]>) -> Result<Query> {
        self.open_query();
        let mut scope = Scope::new();
        let source = self.named_source(name, args, &ast::IndexHint::None)?;
        scope.sources.push(source);
        self.scopes.push(scope);
        self.star(None)?;
        self.function_arguments()?;
        let mut scope = self.scopes.pop().expect("pushed above");
        let columns = super::column_name::output_columns(self, &mut scope, Naming::Result);
        let core = super::core::Core { scope, filter: None, having: None, group_by: None, distinct: false };
        let body = core.into_body();
        let free = self.close_query();
        Ok(Query { body, columns, order_by: Vec::new(), limit: None, offset: None, free, end: 0 })
    }

    /// Asks the authorizer about tables of which no column was read.
    pub(super) fn ask_unread(&self, scope: &Scope<'a>) -> Result<()> {
        if self.space.authorizer.is_none() {
            return Ok(());
        }
        for source in scope.sources.iter().filter(|s| !s.used) {
            if let Columns::Table(table) = &source.columns {
                self.ask(authorize::READ, Some(&table.name), Some(""), None)?;
            }
        }
        Ok(())
    }
}

/// What a condition says that a column equals, if that does not depend on the column's own source.
fn equal_to(condition: &Expr, column: ColumnRef) -> Option<&Expr> {
    let foreign = |e: &Expr| {
        let mut own = false;
        walk::references(e, &mut |r| own |= matches!(r, bound::Free::Column(c) if c.source == column.source));
        !own
    };
    match &condition.kind {
        ExprKind::And(terms) => terms.iter().find_map(|t| equal_to(t, column)),
        ExprKind::Compare { op: CompareOp::Equal, left, right, .. } => match (&left.kind, &right.kind) {
            (ExprKind::Column(c), _) if *c == column && foreign(right) => Some(right),
            (_, ExprKind::Column(c)) if *c == column && foreign(left) => Some(left),
            _ => None,
        },
        _ => None,
    }
}

fn rowid_of(id: SourceId, columns: &Columns<'_>) -> Expr {
    let column = match columns {
        Columns::Table(t) => t.rowid_alias().unwrap_or(ROWID),
        _ => ROWID,
    };
    let mut rowid = made(
        ExprKind::Column(ColumnRef { source: id, column }),
        bound::Classes::INTEGER.or(bound::Classes::NULL),
        None,
    );
    rowid.affinity = heliosdb_udfs::value::Affinity::Integer;
    rowid
}

/// The columns of a subquery as a source has them: every column has a collation, none of them explicit.
pub fn as_source_columns(columns: &[OutputColumn]) -> Arc<[OutputColumn]> {
    columns
        .iter()
        .map(|c| OutputColumn {
            collation: Some(c.collation.clone().unwrap_or_default()),
            explicit_collation: false,
            ..c.clone()
        })
        .collect()
}

/// The bound forms of a scope's sources. (Collected in place they would be moved twice.)
pub fn bound_sources(sources: Vec<ScopeSource<'_>>) -> Vec<bound::Source> {
    let mut bound = Vec::with_capacity(sources.len());
    bound.extend(sources.into_iter().filter_map(|s| s.bound));
    bound
}

/// Completes a source with its bound form; how it joins is decided by the caller.
pub fn placed<'a>(mut source: ScopeSource<'a>, kind: SourceKind) -> ScopeSource<'a> {
    source.bound = Some(bound::Source {
        id: source.id,
        join: JoinKind::Inner,
        on: None,
        kind,
        name: source.name.clone(),
        narrowed: false,
    });
    source
}

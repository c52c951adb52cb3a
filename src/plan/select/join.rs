//! Conditions of joins: ON, USING and NATURAL.
//!
//! Source: https://sqlite.org/lang_select.html#the_from_clause

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use std::sync::Arc;

use super::super::bound::{CompareOp, Expr, Free, JoinKind};
use super::super::expr::walk;
use super::super::scope::ScopeSource;
use crate::error::{Error, Result};

/// The joins of a FROM clause with the position of their right source. A parenthesised first source has its joins in
/// front.
fn each_join<'a>(from: &'a ast::From, f: &mut dyn FnMut(usize, &'a ast::Join) -> Result<()>) -> Result<usize> {
    let mut position = match (&from.first.kind, &from.first.alias) {
        (ast::SourceKind::Join(inner), None) => each_join(inner, f)?,
        _ => 1,
    };
    for join in &from.joins {
        f(position, join)?;
        position += 1;
    }
    Ok(position)
}

/// The first source of a range that has a column, and which.
fn find_column(
    sources: &[ScopeSource<'_>],
    from: usize,
    to: usize,
    name: &str,
    visible: bool,
) -> Option<(usize, usize)> {
    (from..to).find_map(|i| {
        let column = sources[i].columns.find(name)?;
        (!visible || !sources[i].columns.hidden(column)).then_some((i, column))
    })
}

impl<'a> Binder<'a> {
    /// Turns NATURAL into USING and USING into conditions of the innermost scope's sources.
    pub fn using_conditions(&mut self, from: &'a ast::From) -> Result<()> {
        if self.scope().sources.len() < 2 {
            return Ok(());
        }
        each_join(from, &mut |i, join| {
            if join.natural {
                if join.on.is_some() || join.using.is_some() {
                    return Err(Error::sql("a NATURAL join may not have an ON or USING clause"));
                }
                let sources = &self.scope().sources;
                let right = &sources[i];
                let common = (0..right.len()).filter(|j| !right.columns.hidden(*j)).map(|j| right.columns.name(j));
                let common: Vec<Arc<str>> =
                    common.filter(|n| find_column(sources, 0, i, n, true).is_some()).cloned().collect();
                if !common.is_empty() {
                    self.using_condition(i, common, true)?;
                }
            } else if let Some(names) = &join.using {
                self.using_condition(i, names.iter().map(|n| n.text.clone()).collect(), false)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn using_condition(&mut self, i: usize, names: Vec<Arc<str>>, natural: bool) -> Result<()> {
        let level = self.scopes.len() - 1;
        self.scopes[level].sources[i].using = Some(names.clone());
        let right_joins = self.scopes[level].sources.iter().any(|s| s.right);
        let mut terms = Vec::with_capacity(names.len());
        for name in names {
            let sources = &self.scopes[level].sources;
            let right = sources[i].columns.find(&name);
            let (Some(right), Some(mut left)) = (right, find_column(sources, 0, i, &name, natural)) else {
                return Err(Error::sql(format!("cannot join using column {name} - column not present in both tables")));
            };
            let mut merged = Vec::new();
            if right_joins {
                while let Some(next) = find_column(&self.scopes[level].sources, left.0 + 1, i, &name, natural) {
                    if !self.scopes[level].sources[next.0].in_using(&name) {
                        return Err(Error::sql(format!("ambiguous reference to {name} in USING()")));
                    }
                    merged.push(self.column_at(level, left.0, left.1)?);
                    left = next;
                }
            }
            let mut left = self.column_at(level, left.0, left.1)?;
            if !merged.is_empty() {
                merged.push(left);
                left = super::super::expr::coalesced(merged);
            }
            let right = self.column_at(level, i, right)?;
            terms.push(self.compare(CompareOp::Equal, left, right)?);
        }
        if let Some(on) = conjunction(terms) {
            self.join_on(level, i, on);
        }
        Ok(())
    }

    fn join_on(&mut self, level: usize, i: usize, on: Expr) {
        let bound = self.scopes[level].sources[i].bound.as_mut().expect("set for every source of a FROM clause");
        bound.on = match bound.on.take() {
            Some(before) => conjunction(vec![before, on]),
            None => Some(on),
        };
    }

    /// Binds ON clauses. One of an inner join that reads a source to its right becomes part of the filter, which
    /// comes back.
    pub fn on_conditions(&mut self, from: &'a ast::From, filter: Option<Expr>) -> Result<Option<Expr>> {
        let level = self.scopes.len() - 1;
        if self.scopes[level].sources.len() < 2 {
            return Ok(filter);
        }
        let mut moved = Vec::new();
        let right_joins = self.scopes[level].sources.iter().any(|s| s.right);
        each_join(from, &mut |i, join| {
            let Some(on) = &join.on else { return Ok(()) };
            let on = self.expr(on)?;
            let inner = {
                let bound = self.scopes[level].sources[i].bound.as_ref();
                bound.is_none_or(|b| matches!(b.join, JoinKind::Inner | JoinKind::Cross))
            };
            if !inner || right_joins {
                self.check_right(level, i, std::slice::from_ref(&on), "ON clause")?;
                self.join_on(level, i, on);
            } else if self.reads_right(level, i, &on) {
                moved.push(on);
            } else {
                self.join_on(level, i, on);
            }
            Ok(())
        })?;
        moved.extend(filter);
        // WHERE is checked after the ON clauses; the order of the terms does not change the result.
        Ok(conjunction(moved))
    }

    fn reads_right(&self, level: usize, i: usize, e: &Expr) -> bool {
        let mut found = false;
        walk::references(e, &mut |r| {
            if let Free::Column(c) = r {
                found |= self.scopes[level].sources[i + 1..].iter().any(|s| s.id == c.source);
            }
        });
        found
    }

    /// Refuses references to sources on the right of the one at `i`, where outer joins make them meaningless.
    pub(super) fn check_right(&self, level: usize, i: usize, es: &[Expr], what: &str) -> Result<()> {
        let sources = &self.scopes[level].sources;
        let argument = what.starts_with("table");
        if argument && !(sources[i..].iter().any(|s| s.right) || sources[i + 1..].iter().any(|s| s.left)) {
            return Ok(());
        }
        if es.iter().any(|e| self.reads_right(level, i, e)) {
            return Err(Error::sql(format!("{what} references tables to its right")));
        }
        Ok(())
    }
}

/// The conjunction of terms; none is `None`.
pub fn conjunction(mut terms: Vec<Expr>) -> Option<Expr> {
    let mut all = match terms.len() {
        0 => return None,
        1 => return terms.pop(),
        _ => {
            let mut rest = terms.into_iter();
            let first = rest.next()?;
            rest.fold(first, |a, b| super::super::expr::logic(true, a, b))
        }
    };
    if let super::super::bound::ExprKind::And(terms) = &mut all.kind {
        terms.shrink_to_fit();
    }
    Some(all)
}

//! `EXISTS (SELECT … FROM t WHERE …)` as a join that stops at its first match.

use std::cell::Cell;

use heliosdb_udfs::value::Value;

use super::{both, substitute};
use crate::plan::bound::{Body, Classes, Expr, ExprKind, JoinKind, Query, Select, Source, SourceId, SourceKind};

pub fn to_joins(select: &mut Select, exists: &mut Vec<SourceId>, fresh: &Cell<u32>) {
    let Some(filter) = &mut select.filter else { return };
    if select.sources.is_empty() || select.sources.len() > 50 {
        return;
    }
    let mut added = Vec::new();
    let mut conditions = None;
    take(filter, &mut added, &mut conditions, fresh);
    for mut source in added {
        source.join = JoinKind::Inner;
        source.on = None;
        exists.push(source.id);
        select.sources.push(source);
    }
    select.filter = both(select.filter.take(), conditions);
}

/// Takes out the terms that can be joins; TRUE stays in their place.
fn take(e: &mut Expr, added: &mut Vec<Source>, conditions: &mut Option<Expr>, fresh: &Cell<u32>) {
    match &mut e.kind {
        ExprKind::And(terms) => terms.iter_mut().for_each(|t| take(t, added, conditions, fresh)),
        ExprKind::Exists { negated: false, query } if is_simple(query) => {
            let source = |q: &Query| match &q.body {
                Body::Select(inner) => inner.sources.first().map(|s| s.id),
                _ => None,
            };
            // A merged view's column may stand in several terms.
            if added.iter().any(|s| Some(s.id) == source(query)) {
                substitute::renumber(query, fresh);
            }
            let Body::Select(inner) = &mut query.body else { return };
            added.append(&mut inner.sources);
            *conditions = both(conditions.take(), inner.filter.take());
            e.kind = ExprKind::Literal(Value::Integer(1));
            e.classes = Classes::INTEGER;
        }
        _ => {}
    }
}

fn is_simple(query: &Query) -> bool {
    let Body::Select(select) = &query.body else { return false };
    let [source] = &select.sources[..] else { return false };
    let table = matches!(&source.kind, SourceKind::Table { table, .. } if !table.is_virtual());
    table
        && query.limit.is_none()
        && query.offset.is_none()
        && select.group_by.is_none()
        && select.aggregates.is_empty()
        && select.having.is_none()
        && select.windows.is_empty()
}

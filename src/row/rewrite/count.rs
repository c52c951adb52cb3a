//! `count(*)` of a UNION ALL: the sum of what the parts have (https://sqlite.org/optoverview.html).

use crate::plan::bound::{
    AggregateFunction, ArithmeticOp, Body, CompoundOp, Expr, ExprKind, FROM_VIEW, Query, Select, Source, SourceKind,
};

/// The number of rows of a subquery of UNION ALL as the sum of a scalar subquery for each part.
pub fn of_union_all(query: &Query) -> Option<Query> {
    let Body::Select(select) = &query.body else { return None };
    let [Source { on: None, kind: SourceKind::Query { query: inner, .. }, .. }] = &select.sources[..] else {
        return None;
    };
    let Body::Compound(compound) = &inner.body else { return None };
    let chained = inner.order_by.is_empty()
        && inner.limit.is_none()
        && inner.offset.is_none()
        && compound.arms.iter().all(|(op, _)| *op == CompoundOp::UnionAll);
    if !chained || !query.order_by.is_empty() || !only_counts(select) {
        return None;
    }
    let output = select.output.first()?;
    // For EXPLAIN: a view's parts are numbered from the last one on. Where the others end in a text is not known here.
    let end = |behind: usize| match inner.end & FROM_VIEW {
        0 if behind > 0 => 0,
        _ => inner.end + behind as u32,
    };
    let count = |behind: usize, part: &Body| {
        let Body::Select(part) = part else { return None };
        if !is_countable(part) {
            return None;
        }
        let counting = Select { sources: part.sources.clone(), ..counter(select) };
        let free = inner.free.clone();
        let body = Body::Select(Box::new(counting));
        let columns = query.columns.clone();
        let query = Query { body, columns, order_by: Vec::new(), limit: None, offset: None, free, end: end(behind) };
        Some(Expr { kind: ExprKind::Scalar(Box::new(query)), ..output.clone() })
    };
    let arms = compound.arms.iter().rev().enumerate();
    let parts: Option<Vec<Expr>> = arms.map(|(behind, (_, part))| count(behind, part)).collect();
    let first = count(compound.arms.len(), &compound.first)?;
    let sum = parts?.into_iter().chain([first]).reduce(|sum, part| Expr {
        kind: ExprKind::Arithmetic(ArithmeticOp::Add, Box::new(part), Box::new(sum)),
        ..output.clone()
    })?;
    let body = Body::Select(Box::new(Select { output: vec![sum], ..Select::default() }));
    Some(Query { body, ..query.clone() })
}

/// Whether a SELECT is `count(*)` of all rows.
fn only_counts(select: &Select) -> bool {
    let ([aggregate], [output]) = (&select.aggregates[..], &select.output[..]) else { return false };
    matches!(&aggregate.function, AggregateFunction::Builtin(def) if def.name == "count")
        && aggregate.args.is_empty()
        && aggregate.filter.is_none()
        && matches!(output.kind, ExprKind::Aggregate(_))
        && select.group_by.as_ref().is_some_and(Vec::is_empty)
        && select.filter.is_none()
        && select.having.is_none()
        && select.windows.is_empty()
        && select.distinct.is_none()
}

/// Whether a part yields each row of its sources once. (An ON is a condition of WHERE to SQLite.)
fn is_countable(part: &Select) -> bool {
    part.filter.is_none()
        && part.sources.iter().all(|s| s.on.is_none())
        && part.group_by.is_none()
        && part.aggregates.is_empty()
        && part.having.is_none()
        && part.windows.is_empty()
        && part.distinct.is_none()
}

/// The SELECT without its source.
fn counter(select: &Select) -> Select {
    Select {
        group_by: select.group_by.clone(),
        aggregates: select.aggregates.clone(),
        output: select.output.clone(),
        ..Select::default()
    }
}

//! Rows that repeat what DISTINCT has let through already: where an index delivers them one after the other, they are
//! passed over at once.

use heliosdb_udfs::value::Collation;

use crate::catalog::{IndexColumn, IndexTerm};
use crate::plan::bound::{Expr, ExprKind, Select};
use crate::row::program::{Access, Join, LevelProgram, SeekTerm, SelectProgram, SourceProgram};

/// The directions of as many leading columns of the only level's index as decide what DISTINCT looks at; none if each row
/// must be visited.
pub fn directions(select: &Select, program: &SelectProgram) -> Box<[bool]> {
    let decided = match (&program.aggregation, &select.aggregates[..]) {
        _ if program.windows.is_some() => None,
        (None, _) => program.distinct.as_ref().and_then(|collations| {
            let shown: Vec<_> = select.output.iter().zip(collations).collect();
            leading(select, &program.levels, &shown)
        }),
        (Some(aggregation), [one]) => {
            let alone = one.distinct && one.filter.is_none() && one.order_by.is_empty();
            let shown: Vec<_> = one.args.iter().map(|e| (e, &one.collation)).collect();
            let plain = alone && !aggregation.grouped && aggregation.captured.is_empty();
            if plain { leading(select, &program.levels, &shown) } else { None }
        }
        _ => None,
    };
    decided.unwrap_or_default()
}

fn leading(select: &Select, levels: &[LevelProgram], shown: &[(&Expr, &Collation)]) -> Option<Box<[bool]>> {
    let ([level], [source]) = (levels, &select.sources[..]) else { return None };
    if !level.is_plain() || level.join != Join::Inner || !level.filters.is_empty() {
        return None;
    }
    let (columns, equal) = in_order(&level.source)?;
    let mut wanted = Vec::new();
    for (e, collation) in shown {
        match &e.kind {
            ExprKind::Column(column) if column.source == source.id => wanted.push((column.column, collation.name())),
            _ => return None,
        }
    }
    let mut found = 0;
    let same = |c: &IndexColumn, (column, collation): &(u16, &str)| {
        matches!(c.term, IndexTerm::Column(own) if own == *column) && c.collation.eq_ignore_ascii_case(collation)
    };
    for (n, column) in columns.iter().enumerate() {
        if wanted.is_empty() {
            break;
        }
        let before = wanted.len();
        wanted.retain(|w| !same(column, w));
        let fixed = matches!(equal.get(n), Some(SeekTerm::Equal(_) | SeekTerm::Is(_)));
        if wanted.len() == before && !fixed {
            return None;
        }
        found = n + 1;
    }
    let custom = columns[..found].iter().any(|c| Collation::built_in(&c.collation).is_none());
    (wanted.is_empty() && !custom).then(|| columns[..found].iter().map(|c| c.descending).collect())
}

/// The columns in whose order a level's rows come, from the least to the greatest, and what the first of them equal.
fn in_order(source: &SourceProgram) -> Option<(&[IndexColumn], &[SeekTerm])> {
    match source {
        SourceProgram::Table { access: Access::Index { index, equal, reverse: false, .. }, .. }
        | SourceProgram::KeyTable { access: Access::Index { index, equal, reverse: false, .. }, .. } => {
            Some((&index.columns, equal))
        }
        SourceProgram::KeyTable { table, access: Access::Scan { reverse: false }, .. } => {
            Some((&table.primary_index()?.columns, &[]))
        }
        _ => None,
    }
}

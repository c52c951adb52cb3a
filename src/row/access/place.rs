//! Puts the chosen loops into the program: seek values, conditions where they can first be checked.

use std::sync::Arc;

use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::candidates::Candidates;
use rustc_hash::FxHashSet;

use super::facts::{Facts, IndexFacts, KeyTerm};
use super::loops::{Loop, flag};
use super::terms::{Left, Right, Term, op};
use crate::error::Result;
use crate::plan::bound::{Expr, JoinKind, ROWID, Source, SourceKind};
use crate::row::context::WantedColumns;
use crate::row::lower::{Layout, Lower};
use crate::row::node::Node;
use crate::row::program::{
    Access, ArmProgram, Bound, BoundKind, Covered, Join, KeyColumn, LevelProgram, Lookup, QueryProgram, SeekTerm,
    SourceProgram,
};

pub struct Placing<'p, 'q> {
    pub candidates: &'p Candidates<'p, 'q>,
    /// Programs of subqueries in FROM, lowered before the loops were chosen.
    pub programs: Vec<Option<Arc<QueryProgram>>>,
}

/// How a source is read, on its own.
pub enum Way {
    Access(Access),
    Lookup(Lookup),
    Whole,
}

impl<'q> Placing<'_, 'q> {
    pub fn level(
        &mut self,
        lower: &mut Lower<'_>,
        one: &Loop,
        placed: u64,
        reverse: bool,
        level: u16,
    ) -> Result<LevelProgram> {
        let source = &self.candidates.scope.sources[one.source];
        let way = self.way(lower, one, placed, reverse)?;
        let keeps_own = matches!(source.join, JoinKind::Right | JoinKind::Full);
        let whole = match &way {
            Way::Lookup(_) if keeps_own => Some(Box::new(self.source(lower, source, one.source, Way::Whole, level)?)),
            _ => None,
        };
        let program = self.source(lower, source, one.source, way, level)?;
        Ok(LevelProgram { whole, position: one.source as u16, ..LevelProgram::of(source, program) })
    }

    pub fn source(
        &mut self,
        lower: &mut Lower<'_>,
        source: &Source,
        i: usize,
        way: Way,
        level: u16,
    ) -> Result<SourceProgram> {
        let (access, lookup) = match way {
            Way::Access(access) => (access, None),
            Way::Lookup(lookup) => (Access::Scan { reverse: false }, Some(lookup)),
            Way::Whole => (Access::Scan { reverse: false }, None),
        };
        Ok(match &source.kind {
            SourceKind::Table { database, table, .. } => {
                let access = match lookup {
                    Some(lookup) => Access::Hash(lookup),
                    None => access,
                };
                let (database, table) = (*database, table.clone());
                if table.has_rowid() {
                    SourceProgram::Table { database, table, access }
                } else {
                    SourceProgram::KeyTable { database, table, access }
                }
            }
            SourceKind::Query { query, view } => {
                let program = match self.programs[i].take() {
                    Some(program) => program,
                    None => lower.subprogram(query)?.0,
                };
                let inputs = lower.inputs(&query.free)?;
                // An uncorrelated inner query is run once and kept; an outermost one streams.
                let keep = inputs.is_empty() && level > 0 && !super::volatile::query(query);
                SourceProgram::Query { program, inputs, keep, lookup, view: view.clone() }
            }
            SourceKind::Cte { cte } => {
                let program = lower.cte(cte)?;
                let inputs = lower.inputs(&cte.free)?;
                SourceProgram::Cte { cte: program, id: cte.id.0, lookup, inputs }
            }
            SourceKind::RecursiveTable { cte, .. } => SourceProgram::RecursiveRow { id: cte.0 },
            SourceKind::Function { function, args } => {
                let wanted = WantedColumns::of(self.candidates.facts[i].used.iter().copied());
                SourceProgram::Function { function: function.clone(), args: lower.nodes(args)?, wanted }
            }
        })
    }

    pub fn way(&self, lower: &mut Lower<'_>, one: &Loop, placed: u64, reverse: bool) -> Result<Way> {
        if one.has(flag::AUTOMATIC) {
            return Ok(Way::Lookup(self.lookup(lower, one, placed)?));
        }
        if !self.candidates.facts[one.source].is_table {
            return Ok(Way::Whole);
        }
        if one.has(flag::OR) {
            return Ok(Way::Access(self.arms(lower, one, placed)?));
        }
        Ok(Way::Access(access(self.candidates, lower, one, reverse)?))
    }

    /// The arms of an OR, each by its cheapest access.
    fn arms(&self, lower: &mut Lower<'_>, one: &Loop, placed: u64) -> Result<Access> {
        let mut arms = Vec::new();
        let whole = add_arms(self.candidates, lower, one, placed, (&[], &[]), &mut arms)?;
        Ok(if whole { Access::Or(arms) } else { Access::Scan { reverse: false } })
    }

    /// All equalities that can drive an automatic index, one for each column.
    fn lookup(&self, lower: &mut Lower<'_>, one: &Loop, placed: u64) -> Result<Lookup> {
        let c = self.candidates;
        let source = &c.scope.sources[one.source];
        let layout = match &source.kind {
            SourceKind::Table { table, .. } => Layout::Table(table.clone()),
            _ => Layout::Columns,
        };
        let stays = match &source.kind {
            SourceKind::Table { .. } => true,
            SourceKind::Query { query, .. } => query.free.is_empty() && !super::volatile::query(query),
            SourceKind::Cte { cte } => cte.free.is_empty(),
            _ => false,
        };
        let mut lookup = Lookup { keep: stays && !lower.shared.volatile, ..Lookup::default() };
        let mut columns = Vec::new();
        for term in &c.clause.terms {
            let (Some(Left::Column(column)), Right::One(value)) = (term.left, &term.right) else { continue };
            let able = term.needs & !placed == 0 && c.drives_automatic(term, one.source);
            if !able || columns.contains(&column.column) {
                continue;
            }
            columns.push(column.column);
            lookup.fields.push(crate::row::lower::field(0, &layout, column.column));
            lookup.keys.push(lower.node(value)?);
            lookup.by.push(lower.rule(&term.by));
            lookup.nulls.push(term.ops & op::IS != 0);
            lookup.names.push(column_name(source, column.column));
        }
        let mut rest: Vec<u16> = c.facts[one.source].used.iter().copied().filter(|u| !columns.contains(u)).collect();
        rest.sort_unstable();
        lookup.rest = rest.into_iter().map(|u| crate::row::lower::field(0, &layout, u)).collect();
        let inner = source.join != JoinKind::Left && !c.scope.keeps_right(one.source + 1);
        lookup.partial = inner && c.clause.has_constant
            || c.clause.terms.iter().any(|t| !t.is_virtual && c.leaves_out(t, one.source));
        Ok(lookup)
    }
}

impl LevelProgram {
    /// The level of a source, without conditions; the first in FROM.
    pub fn of(source: &Source, program: SourceProgram) -> LevelProgram {
        LevelProgram {
            whole: None,
            bloom: false,
            position: 0,
            cross: source.join == JoinKind::Cross,
            narrowed: source.narrowed,
            source: program,
            on: Vec::new(),
            filters: Vec::new(),
            early: None,
            join: match source.join {
                JoinKind::Inner | JoinKind::Cross => Join::Inner,
                JoinKind::Left => Join::Left,
                JoinKind::Right => Join::Right,
                JoinKind::Full => Join::Full,
            },
            name: source.name.clone(),
        }
    }
}

pub fn column_name(source: &Source, column: u16) -> Arc<str> {
    let at = usize::from(column);
    match &source.kind {
        SourceKind::Table { table, .. } => table.columns.get(at).map(|c| c.name.clone()),
        SourceKind::Query { query, .. } => query.columns.get(at).map(|c| c.name.clone()),
        SourceKind::Cte { cte } => cte.columns.get(at).map(|c| c.name.clone()),
        _ => None,
    }
    .unwrap_or_else(|| "rowid".into())
}

/// Adds the arms of a loop that is an OR; `around` has the path of the arm it stands in and the conditions beside it there.
/// False if one of them has no access of its own.
fn add_arms<'q>(
    c: &Candidates<'_, 'q>,
    lower: &mut Lower<'_>,
    one: &Loop,
    placed: u64,
    around: (&[usize], &[&'q Expr]),
    arms: &mut Vec<ArmProgram>,
) -> Result<bool> {
    let Some(t) = one.terms.first().copied().flatten() else { return Ok(false) };
    for (number, arm) in c.clause.terms[t].arms.iter().enumerate() {
        let clause = super::disjunction::run_as(c.scope, arm, c.clause, t);
        let alone = placed.count_ones() as usize + 1 == c.scope.sources.len();
        let inner = Candidates { clause: &clause, all: &clause, wanted: &Default::default(), alone, ..*c };
        let mut loops = super::loops::Loops::default();
        inner.source(one.source, 0, &mut super::candidates::Sink::Loops(&mut loops));
        let able = loops.all.iter().filter(|l| l.needs & !placed == 0 && !l.has(flag::AUTOMATIC));
        let Some(best) = able.min_by_key(|l| l.run) else { return Ok(false) };
        let mut path = around.0.to_vec();
        path.push(number);
        // What needs sources further in is seen to there, by the OR as a whole.
        let known = placed | 1 << one.source;
        let local = arm.terms[..arm.base].iter().filter(|t| t.all & !known == 0).map(|t| t.expr);
        let mut exprs: Vec<&Expr> = around.1.iter().copied().chain(local).collect();
        if best.has(flag::OR) {
            let or = best.terms.first().copied().flatten().map(|t| clause.terms[t].expr);
            exprs.retain(|e| or.is_none_or(|or| !std::ptr::eq(*e, or)));
            if !add_arms(&inner, lower, best, placed, (&path, &exprs), arms)? {
                return Ok(false);
            }
            continue;
        }
        let filters = exprs.into_iter().map(|e| lower.node(e)).collect::<Result<Vec<Node>>>()?;
        arms.push(ArmProgram { access: access(&inner, lower, best, false)?, filters, path: path.into() });
    }
    Ok(true)
}

/// A loop over a table as an access.
fn access(c: &Candidates<'_, '_>, lower: &mut Lower<'_>, one: &Loop, reverse: bool) -> Result<Access> {
    let facts = &c.facts[one.source];
    let terms: Vec<Option<&Term<'_>>> = one.terms.iter().map(|t| t.map(|t| &c.clause.terms[t])).collect();
    let (equal, rest) = terms.split_at(one.equal.min(terms.len()));
    let mut ends = rest.iter().flatten();
    let low = if one.has(flag::LOW) { ends.next() } else { None };
    let high = if one.has(flag::HIGH) { ends.next() } else { None };
    let low = low.map(|t| bound(lower, t, one.low)).transpose()?;
    let high = high.map(|t| bound(lower, t, one.high)).transpose()?;
    if !one.has(flag::INDEX) {
        return Ok(match equal.first().copied().flatten() {
            Some(term) => Access::Rowids { keys: seek(lower, term)?, reverse },
            None if low.is_some() || high.is_some() => Access::RowidRange { low, high, reverse },
            None => Access::Scan { reverse },
        });
    }
    let index = facts.size.indexes[one.index].index.clone();
    let known = &facts.indexes[one.index];
    if known.primary && terms.is_empty() {
        return Ok(Access::Scan { reverse });
    }
    let mut columns = Vec::with_capacity(known.keys.len());
    let used = if known.primary { known.declared } else { known.keys.len() };
    for (n, key) in known.keys[..used].iter().enumerate() {
        let affinity = equal.get(n).copied().flatten().map_or_else(Default::default, |term| term.by.affinity);
        let rowid = is_rowid(known, n);
        columns.push(KeyColumn { collation: lower.by(&key.collation), affinity, descending: key.descending, rowid });
    }
    let equal = equal.iter().map(|t| t.map_or(Ok(SeekTerm::Any), |t| seek(lower, t))).collect::<Result<_>>()?;
    // What is written while it is found is looked up in the table anyway.
    let looked_up = c.one_pass() || c.writes && !facts.has_rowid && c.scope.sources.len() == 1;
    let covering = one.has(flag::COVERING) && !looked_up;
    let covered = match covering && (facts.has_rowid || !known.primary && !c.writes) {
        true => covered(&facts.used, facts, known).map(Arc::new),
        false => None,
    };
    Ok(Access::Index { index, equal, low, high, columns, reverse, covering, covered, counted: false })
}

/// How the wanted columns are read from the key: text under BINARY as it is, numbers where the column's affinity tells
/// of which kind they are.
pub fn covered(wanted: &FxHashSet<u16>, facts: &Facts, known: &IndexFacts) -> Option<Covered> {
    let mut keys = Vec::new();
    let mut reals = Vec::new();
    let mut missing = wanted.len();
    // An entry of a WITHOUT ROWID table ends in the whole primary key.
    let primary = facts.indexes.iter().find(|i| i.primary);
    let (own, rest) = match primary {
        Some(primary) => (&known.keys[..known.declared], &primary.keys[..primary.declared]),
        None => (&known.keys[..], &[][..]),
    };
    for key in own.iter().chain(rest) {
        if missing == 0 {
            break;
        }
        let field = match key.term {
            KeyTerm::Column(c) if wanted.contains(&c) => Some(usize::from(c)),
            _ => None,
        };
        // An index may hold a column twice.
        let field =
            field.filter(|field| !keys.contains(&(false, Some(*field))) && !keys.contains(&(true, Some(*field))));
        if let Some(field) = field {
            let tells = matches!(key.affinity, Affinity::Text | Affinity::Integer | Affinity::Numeric | Affinity::Real);
            if !tells || !matches!(key.collation, Collation::Binary) {
                return None;
            }
            if key.affinity == Affinity::Real {
                reals.push(field);
            }
            missing -= 1;
        }
        keys.push((key.descending, field));
    }
    let width = wanted.iter().max().map_or(0, |c| usize::from(*c) + 1);
    (missing == 0).then_some(Covered { keys, reals, width, has_rowid: facts.has_rowid })
}

/// Whether a place in the key holds the rowid behind the declared columns.
fn is_rowid(known: &IndexFacts, n: usize) -> bool {
    n >= known.declared && matches!(known.keys[n].term, KeyTerm::Column(ROWID))
}

fn seek(lower: &mut Lower<'_>, term: &Term<'_>) -> Result<SeekTerm> {
    Ok(match &term.right {
        Right::One(e) if term.ops & op::IS != 0 => SeekTerm::Is(lower.node(e)?),
        Right::One(e) => SeekTerm::Equal(lower.node(e)?),
        Right::List(items) => SeekTerm::In(items.iter().map(|e| lower.node(e)).collect::<Result<_>>()?),
        Right::Query(query, column) => SeekTerm::InQuery(lower.sought(query, &term.by)?, *column),
        Right::Null => SeekTerm::Is(Node::Constant(Value::Null)),
        Right::Value(value) => SeekTerm::Equal(Node::Constant(value.clone())),
        Right::Row(values) => SeekTerm::Equal(lower.node(&values[0])?),
    })
}

fn bound(lower: &mut Lower<'_>, term: &Term<'_>, columns: usize) -> Result<Bound> {
    let (values, kind) = match &term.right {
        Right::One(e) => (vec![(lower.node(e)?, term.by.affinity)], BoundKind::Plain),
        Right::Row(values) => {
            let by = term.more_by.iter().map(|by| by.affinity);
            let wanted = values[..columns.min(values.len())].iter().zip(by);
            let values: Result<Vec<_>> = wanted.map(|(e, by)| Ok((lower.node(e)?, by))).collect();
            (values?, BoundKind::Plain)
        }
        Right::Value(value) => (vec![(Node::Constant(value.clone()), Affinity::None)], BoundKind::Like),
        _ => (Vec::new(), BoundKind::NotNull),
    };
    // A bound over some of the columns only lets through what the further columns decide.
    let partial = matches!(&term.right, Right::Row(all) if all.len() > values.len());
    Ok(Bound { values, inclusive: term.ops & (op::GE | op::LE) != 0 || partial, kind })
}

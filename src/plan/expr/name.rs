//! Names in expressions: columns of the sources from the innermost scope outwards, the rows of triggers, rowids,
//! result aliases, TRUE and FALSE, and double-quoted strings — in this order.
//!
//! Source: https://sqlite.org/lang_expr.html#column_names, https://sqlite.org/quirks.html

use heliosdb_dialect::ast::{Name, Quote};
use heliosdb_udfs::value::{Affinity, Value};

use super::super::authorize::Permission;
use super::super::binder::{Binder, is_rowid};
use super::super::bound::{
    Classes, ColumnRef, DatabaseIndex, Expr, ExprCollation, ExprKind, Free, ROWID, SourceId, When,
};
use super::super::locate::names_schema_table;
use super::super::scope::{Columns, Place, Scope, ScopeSource, column_classes};
use super::{made, walk};
use crate::catalog::Table;
use crate::error::{Error, Result};

/// A name as it was written.
#[derive(Clone, Copy)]
struct Written<'n> {
    database: Option<&'n str>,
    table: Option<&'n str>,
    column: &'n str,
    quote: Quote,
    offset: usize,
}

impl<'n> Written<'n> {
    fn new(database: Option<&'n Name>, table: Option<&'n Name>, column: &'n Name) -> Self {
        Written {
            database: database.map(|n| &*n.text),
            table: table.map(|n| &*n.text),
            column: &column.text,
            quote: column.quote,
            offset: column.span.start as usize,
        }
    }
}

/// What a scope says to a name.
struct Matches {
    count: usize,
    /// Sources whose rowid the name might mean.
    rowids: usize,
    found: Option<(usize, usize)>,
    /// Columns merged by FULL JOIN … USING before `found`.
    merged: Vec<(usize, usize)>,
    mergeable: bool,
}

impl<'a> Binder<'a> {
    pub(super) fn bare_name(&mut self, column: &'a Name) -> Result<Expr> {
        self.lookup(Written::new(None, None, column))
    }

    pub(super) fn column_name(
        &mut self,
        database: Option<&'a Name>,
        table: &'a Name,
        column: &'a Name,
    ) -> Result<Expr> {
        let place = self.scope().place;
        if matches!(place, Place::Index | Place::Generated) {
            return Err(Error::sql(format!("the \".\" operator prohibited in {}", place.named())));
        }
        // CHECK and partial indexes ignore the database.
        let database = if place.is_schema() { None } else { database };
        self.lookup(Written::new(database, Some(table), column))
    }

    /// A column of the innermost scope that USING may have merged.
    pub fn unqualified(&mut self, column: &str) -> Result<Expr> {
        self.lookup(Written { database: None, table: None, column, quote: Quote::Bracket, offset: 0 })
    }

    #[inline(never)]
    fn lookup(&mut self, name: Written<'_>) -> Result<Expr> {
        let innermost = self.scopes.len();
        let database = match name.database {
            // An unknown database matches nothing.
            Some(n) => Some(self.space.database(n).unwrap_or(DatabaseIndex(u16::MAX))),
            None => None,
        };
        let mut level = innermost;
        while level > 0 {
            level -= 1;
            let scope = &self.scopes[level];
            let matches = find(scope, name, database);
            match matches.count {
                0 => {}
                1 => {
                    let (source, column) = matches.found.expect("one match was counted");
                    return self.column_at(level, source, column);
                }
                n if matches.mergeable && matches.merged.len() == n - 1 => return self.merged(level, matches),
                _ => return Err(ambiguous(name)),
            }
            if name.database.is_none()
                && let Some(row) = self.row_column(level, name)?
            {
                return Ok(row);
            }
            let scope = &self.scopes[level];
            if matches.rowids >= 1 && !matches!(scope.place, Place::Index | Place::Generated) && is_rowid(name.column) {
                let (source, column) = matches.found.expect("a candidate was counted");
                if matches.rowids > 1 {
                    return Err(ambiguous(name));
                }
                return self.rowid_at(level, source, column);
            }
            if name.table.is_none()
                && scope.aliases_visible
                && let Some(aliased) = self.alias(level, name.column)?
            {
                return Ok(aliased);
            }
            if self.scopes[level].closed {
                break;
            }
        }
        self.unresolved(name)
    }

    /// Nothing has this name.
    fn unresolved(&mut self, name: Written<'_>) -> Result<Expr> {
        let column = name.column;
        if name.table.is_none() {
            let schema = self.scopes.last().is_some_and(|s| s.place != Place::Ordinary);
            let options = &self.space.options;
            // What is stored was accepted when it was made.
            let strings = match schema {
                true => options.dqs_ddl || self.from_schema,
                false => options.dqs_dml,
            };
            if name.quote == Quote::Double && strings {
                return Ok(made(ExprKind::Literal(Value::text(column)), Classes::TEXT, None));
            }
            if name.quote == Quote::None {
                for (text, value) in [("true", 1), ("false", 0)] {
                    if column.eq_ignore_ascii_case(text) {
                        return Ok(made(ExprKind::Literal(Value::Integer(value)), Classes::INTEGER, None));
                    }
                }
            }
        }
        let c = column;
        Err(Error::sql(match (name.database, name.table) {
            (Some(d), Some(t)) => format!("no such column: {}.{}.{c}", d, t),
            (_, Some(t)) => format!("no such column: {t}.{c}"),
            _ if name.quote == Quote::Double => {
                format!("no such column: \"{c}\" - should this be a string literal in single-quotes?")
            }
            _ => format!("no such column: {c}"),
        })
        .at(name.offset))
    }

    /// OLD and NEW of a trigger, `excluded` of an UPSERT.
    fn row_column(&mut self, level: usize, name: Written<'_>) -> Result<Option<Expr>> {
        let Some(qualifier) = name.table else { return Ok(None) };
        if let Some(row) = self.scopes[level].rows.iter().find(|r| qualifier.eq_ignore_ascii_case(r.name)) {
            let (id, table) = (row.id, row.table.clone());
            let Some(column) = row_position(&table, name.column) else { return Ok(None) };
            // A value of its own: neither affinity nor collation of the column.
            let mut bound = row_value(id, &table, column);
            bound.affinity = Affinity::None;
            bound.collation = None;
            self.refer_column(Some(level), ColumnRef { source: id, column });
            return Ok(Some(bound));
        }
        let Some(trigger) = &self.trigger else { return Ok(None) };
        let row = if qualifier.eq_ignore_ascii_case("new") {
            trigger.new
        } else if qualifier.eq_ignore_ascii_case("old") {
            trigger.old
        } else {
            None
        };
        let (Some(id), table) = (row, trigger.table.clone()) else { return Ok(None) };
        let Some(column) = row_position(&table, name.column) else { return Ok(None) };
        let mut bound = row_value(id, &table, column);
        if column != ROWID && table.rowid_alias() != Some(column) {
            // SQLite compares OLD and NEW without the column's affinity, but with its collation.
            bound.affinity = Affinity::None;
            bound.collation = self.column_collation(table.columns[column as usize].collation.as_deref());
        }
        self.refer_column(None, ColumnRef { source: id, column });
        Ok(Some(bound))
    }

    /// The expression of a result alias.
    #[inline(never)]
    fn alias(&mut self, level: usize, column: &str) -> Result<Option<Expr>> {
        let innermost = self.scopes.len() - 1;
        let scope = &self.scopes[level];
        let Some(output) =
            scope.outputs.iter().find(|o| o.alias.as_deref().is_some_and(|a| column.eq_ignore_ascii_case(a)))
        else {
            return Ok(None);
        };
        let alias = || output.alias.as_deref().unwrap_or_default();
        if output.has_aggregate && !scope.allow_aggregates {
            return Err(Error::sql(format!("misuse of aliased aggregate {}", alias())));
        }
        if output.has_window && (!scope.allow_windows || level != innermost) {
            return Err(Error::sql(format!("misuse of aliased window function {}", alias())));
        }
        let expr = output.expr.clone();
        if level != innermost {
            // The expression's own references now cross the queries in between.
            let mut references = Vec::new();
            walk::references(&expr, &mut |r| references.push(r));
            for reference in references {
                let owner = match reference {
                    Free::Column(c) => self.scope_of_source(c.source),
                    Free::Aggregate(id) => self.scopes.iter().position(|s| s.aggregates.iter().any(|a| a.id == id)),
                    Free::Window(id) => self.scopes.iter().position(|s| s.windows.iter().any(|w| w.id == id)),
                };
                self.refer(owner, reference);
            }
        }
        if output_has_aggregate(&self.scopes[level], column) {
            self.scopes[level].aggregate_uses += 1;
        }
        Ok(Some(expr))
    }

    /// A FULL JOIN's merged column: the first value that is not NULL.
    fn merged(&mut self, level: usize, matches: Matches) -> Result<Expr> {
        let mut args = Vec::with_capacity(matches.merged.len() + 1);
        let last = matches.found;
        for (source, column) in matches.merged.into_iter().chain(last) {
            args.push(self.column_at(level, source, column)?);
        }
        Ok(coalesced(args))
    }

    /// A column of a source in scope.
    #[inline(never)]
    pub fn column_at(&mut self, level: usize, source: usize, column: usize) -> Result<Expr> {
        let scope = &mut self.scopes[level];
        let in_schema = scope.place.is_schema();
        let s = &mut scope.sources[source];
        // Reading the rowid does not count.
        s.used |= !matches!(&s.columns, Columns::Table(t) if t.rowid_alias() == Some(column as u16));
        let reference = ColumnRef { source: s.id, column: column as u16 };
        let nullable = s.nullable;
        let (affinity, mut classes, collation) = match &s.columns {
            Columns::Table(table) => {
                let table: &'a Table = table;
                let c = &table.columns[column];
                if !s.whole && c.generated.as_ref().is_some_and(|g| !g.stored) {
                    let database = s.database;
                    if self.denied(table, &c.name, database, in_schema)? {
                        return Ok(null());
                    }
                    return self.generated(level, source, column, table);
                }
                let database = s.database;
                if self.space.authorizer.is_some() && self.denied(table, &c.name, database, in_schema)? {
                    return Ok(null());
                }
                let collation = if table.rowid_alias() == Some(column as u16) {
                    None
                } else {
                    self.column_collation(c.collation.as_deref())
                };
                (c.affinity, column_classes(table, c, column as u16), collation)
            }
            Columns::View(table) => {
                let c = &table.columns[column];
                let (affinity, name) = (c.affinity, c.collation.clone());
                (affinity, Classes::ANY, self.column_collation(name.as_deref()))
            }
            Columns::Function(f) => {
                let c = &f.columns[column];
                (c.affinity, Classes::ANY, Some(ExprCollation { collation: Default::default(), explicit: false }))
            }
            Columns::Derived(columns) | Columns::Nested(columns, _) => {
                let c = &columns[column];
                let collation = c.collation.clone().unwrap_or_default();
                (c.affinity, c.classes, Some(ExprCollation { collation, explicit: false }))
            }
        };
        if nullable {
            classes = classes.or(Classes::NULL);
        }
        self.refer_column(Some(level), reference);
        Ok(Expr { kind: ExprKind::Column(reference), affinity, classes, collation })
    }

    fn denied(&self, table: &Table, column: &str, database: Option<DatabaseIndex>, in_schema: bool) -> Result<bool> {
        match database {
            Some(database) if !in_schema => Ok(self.ask_read(&table.name, column, database)? == Permission::Ignored),
            _ => Ok(false),
        }
    }

    /// The rowid of a source, or the rowid column of a parenthesised join.
    fn rowid_at(&mut self, level: usize, source: usize, column: usize) -> Result<Expr> {
        let in_schema = self.scopes[level].place.is_schema();
        let s = &mut self.scopes[level].sources[source];
        if let Columns::Nested(..) = s.columns {
            return self.column_at(level, source, column);
        }
        let mut reference = ColumnRef { source: s.id, column: ROWID };
        let nullable = s.nullable;
        if let Columns::Table(table) = &s.columns {
            let table: &'a Table = table;
            let database = s.database;
            let alias = table.rowid_alias();
            if let Some(alias) = alias {
                reference.column = alias;
            }
            let name = alias.map_or("ROWID", |a| &table.columns[a as usize].name);
            if self.space.authorizer.is_some() && self.denied(table, name, database, in_schema)? {
                return Ok(null());
            }
        }
        self.refer_column(Some(level), reference);
        let classes = if nullable { Classes::INTEGER.or(Classes::NULL) } else { Classes::INTEGER };
        Ok(Expr { kind: ExprKind::Column(reference), affinity: Affinity::Integer, classes, collation: None })
    }

    /// A virtual generated column: its expression over the same source.
    #[inline(never)]
    fn generated(&mut self, level: usize, source: usize, column: usize, table: &'a Table) -> Result<Expr> {
        let c = &table.columns[column];
        let generated = c.generated.as_ref().expect("only called for generated columns");
        let (id, nullable) = {
            let s = &self.scopes[level].sources[source];
            (s.id, s.nullable)
        };
        let reference = ColumnRef { source: id, column: column as u16 };
        if self.generating.contains(&reference) {
            return Err(Error::sql(format!("generated column loop on \"{}\"", c.name)));
        }
        self.generating.push(reference);
        let mut scope = Scope::barrier();
        scope.place = Place::Generated;
        let mut row = ScopeSource::of_table(id, table.name.clone(), self.table_ref(level, source));
        row.nullable = nullable;
        scope.sources.push(row);
        // The expression belongs to the scope of its source: put it there, hiding what is further in.
        let inner = self.scopes.split_off(level + 1);
        let frames = self.frames_inside(level);
        self.scopes.push(scope);
        let from_schema = std::mem::replace(&mut self.from_schema, true);
        let text = std::mem::replace(&mut self.source, &generated.expr.source);
        let operand = self.expr(&generated.expr.expr);
        self.source = text;
        self.from_schema = from_schema;
        self.scopes.truncate(level + 1);
        self.scopes.extend(inner);
        self.frames.extend(frames);
        self.generating.pop();
        let mut operand = operand?;
        if nullable {
            operand = self.unless_null_row(id, table, operand);
        }
        let crossed = self.frames.last().is_some_and(|f| f.base > level);
        if crossed {
            let mut references = Vec::new();
            walk::references(&operand, &mut |r| references.push(r));
            // One that names no column depends on its row all the same.
            if references.is_empty() {
                let stored = table.columns.iter().position(|c| c.generated.is_none()).unwrap_or(0);
                references.push(Free::Column(ColumnRef { source: id, column: stored as u16 }));
            }
            for r in references {
                self.refer(Some(level), r);
            }
        }
        let classes = generated_classes(c.affinity, operand.classes);
        let collation = self.column_collation(c.collation.as_deref());
        let kind = ExprKind::Generated { column: reference, operand: Box::new(operand), affinity: c.affinity };
        Ok(Expr { kind, affinity: c.affinity, classes, collation })
    }

    /// Takes the frames off that lie inside a scope.
    fn frames_inside(&mut self, level: usize) -> Vec<super::super::binder::Frame> {
        let keep = self.frames.iter().rposition(|f| f.base <= level).map_or(0, |i| i + 1);
        self.frames.split_off(keep)
    }

    fn table_ref(&self, level: usize, source: usize) -> &'a std::sync::Arc<Table> {
        match &self.scopes[level].sources[source].columns {
            Columns::Table(table) => table,
            _ => unreachable!("generated columns belong to tables"),
        }
    }

    /// NULL where the source has no row: its key is NULL there and nowhere else.
    fn unless_null_row(&mut self, id: SourceId, table: &Table, operand: Expr) -> Expr {
        let column = match table.primary_index().map(|i| &i.columns[0].term) {
            Some(crate::catalog::IndexTerm::Column(c)) => *c,
            _ => table.rowid_alias().unwrap_or(ROWID),
        };
        let key = made(ExprKind::Column(ColumnRef { source: id, column }), Classes::ANY, None);
        let present = ExprKind::IsNull { negated: true, operand: Box::new(key) };
        let classes = operand.classes.or(Classes::NULL);
        let when = When { when: made(present, Classes::INTEGER, None), then: operand, by: Default::default() };
        made(ExprKind::Case { operand: None, whens: vec![when], otherwise: None }, classes, None)
    }
}

fn output_has_aggregate(scope: &Scope<'_>, column: &str) -> bool {
    scope.outputs.iter().any(|o| o.has_aggregate && o.alias.as_deref().is_some_and(|a| column.eq_ignore_ascii_case(a)))
}

fn null() -> Expr {
    made(ExprKind::Literal(Value::Null), Classes::NULL, None)
}

/// `coalesce` of the columns that a FULL JOIN merges: it has the first one's affinity and collation.
pub fn coalesced(args: Vec<Expr>) -> Expr {
    let (affinity, collation) = (args[0].affinity, args[0].collation.clone());
    let classes = args.iter().fold(Classes::NULL, |c, a| c.or(a.classes));
    Expr { kind: ExprKind::Coalesce(args), affinity, classes, collation }
}

fn generated_classes(affinity: Affinity, operand: Classes) -> Classes {
    match affinity {
        Affinity::Blob | Affinity::None => operand,
        _ => Classes(Classes::ANY.0 & !Classes::NULL.0 | operand.0 & Classes::NULL.0),
    }
}

/// The ordinal of a column of a trigger's or UPSERT's row, or [`ROWID`].
fn row_position(table: &Table, name: &str) -> Option<u16> {
    match table.column(name) {
        Some(c) => Some(c),
        None if is_rowid(name) && table.has_rowid() => Some(table.rowid_alias().unwrap_or(ROWID)),
        None => None,
    }
}

/// A column of a row that is at hand as a whole, generated columns included.
pub fn row_value(id: SourceId, table: &Table, column: u16) -> Expr {
    let kind = ExprKind::Column(ColumnRef { source: id, column });
    match table.columns.get(column as usize) {
        Some(c) => Expr { kind, affinity: c.affinity, classes: Classes::ANY, collation: None },
        None => Expr { kind, affinity: Affinity::Integer, classes: Classes::INTEGER, collation: None },
    }
}

fn ambiguous(name: Written<'_>) -> Error {
    let c = name.column;
    Error::sql(match (name.database, name.table) {
        (Some(d), Some(t)) => format!("ambiguous column name: {}.{}.{c}", d, t),
        (_, Some(t)) => format!("ambiguous column name: {}.{c}", t),
        _ => format!("ambiguous column name: {c}"),
    })
    .at(name.offset)
}

/// Searches the sources of one scope.
fn find(scope: &Scope<'_>, name: Written<'_>, database: Option<DatabaseIndex>) -> Matches {
    let mut m = Matches { count: 0, rowids: 0, found: None, merged: Vec::new(), mergeable: true };
    let wanted = name.column;
    for (i, s) in scope.sources.iter().enumerate() {
        if let Columns::Nested(_, origins) = &s.columns {
            let mut hit = false;
            for (j, origin) in origins.iter().enumerate() {
                if !nested_matches(origin, name, database) {
                    continue;
                }
                if !origin.rowid {
                    let earlier = m.count > 0 && m.found.is_some_and(|(source, _)| source == i);
                    if m.count > 0 && !m.join(s, wanted, earlier) {
                        continue;
                    }
                    m.count += 1;
                    hit = true;
                } else if m.count > 0 {
                    continue;
                }
                m.rowids += 1;
                m.found = Some((i, j));
                if origin.using {
                    break;
                }
            }
            if hit || name.table.is_none() {
                continue;
            }
        }
        if let Some(table) = name.table {
            if database.is_some() && s.database != database {
                continue;
            }
            if !table.eq_ignore_ascii_case(&s.name) {
                let schema_table = !s.aliased
                    && matches!(&s.columns, Columns::Table(t)
                        if names_schema_table(table, t, s.database, database.is_some()));
                if !schema_table {
                    continue;
                }
            }
        }
        if let Some(j) = s.columns.find(wanted) {
            if m.count > 0 && !m.join(s, wanted, false) {
                continue;
            }
            m.count += 1;
            m.found = Some((i, j));
        }
        if m.count == 0 && s.has_rowid() {
            m.rowids += 1;
            m.found = Some((i, usize::from(ROWID)));
        }
    }
    m
}

impl Matches {
    /// A second source has the name: false when the first one stands, true when this one counts as well.
    fn join(&mut self, s: &ScopeSource<'_>, wanted: &str, same_source: bool) -> bool {
        if same_source || !s.in_using(wanted) {
            self.mergeable = false;
            self.merged.clear();
        } else if !s.right {
            return false;
        } else if !s.left {
            self.count = 0;
            self.merged.clear();
        } else {
            self.merged.extend(self.found);
        }
        true
    }
}

fn nested_matches(
    origin: &super::super::scope::NestedColumn,
    name: Written<'_>,
    database: Option<DatabaseIndex>,
) -> bool {
    if database.is_some() && origin.database != database {
        return false;
    }
    if name.table.is_some_and(|t| !t.eq_ignore_ascii_case(&origin.table)) {
        return false;
    }
    if origin.rowid { is_rowid(name.column) } else { name.column.eq_ignore_ascii_case(&origin.name) }
}

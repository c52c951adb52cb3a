//! A table and the indexes of its constraints from a `CREATE TABLE` statement.
//!
//! The statement must be parsed from the text that goes into `sqlite_schema`, since the spans of CHECK, DEFAULT
//! and generated columns refer to it. Checks are made in the order in which SQLite makes them, so that of several
//! mistakes the same one is reported. Whether the name is free is not asked here.
//!
//! Format of the result: https://sqlite.org/lang_createtable.html, names of automatic indexes
//! https://sqlite.org/fileformat2.html#internal_schema_objects.

use std::sync::Arc;

use heliosdb_dialect::ast::{
    ColumnConstraint, ColumnConstraintKind, ColumnDef, Conflict, CreateTable, CreateTableBody, Expr, ExprKind,
    ForeignKeyClause, Literal, Name, OrderTerm, TableConstraint, TableConstraintKind,
};
use heliosdb_udfs::value::Affinity;

use super::column::{default_value, is_constant_default, is_standard_type, plain_column, source_expr};
use super::environment::Environment;
use super::index::{Index, IndexColumn, IndexOrigin, IndexTerm};
use super::self_reference::{self, Place};
use super::table::{Check, ForeignKey, Generated, NotNull, PrimaryKey, Table, TableKind};
use crate::error::{Code, Error, Result};
use crate::store::{ObjectId, TreeKind};

/// SQLITE_ERROR_MISSING_COLLSEQ
const MISSING_COLLATION: Code = Code(1 | 1 << 8);

pub fn no_such_collation(name: &str) -> Error {
    Error::new(MISSING_COLLATION, format!("no such collation sequence: {name}"))
}

/// A table whose objects have no numbers yet.
#[derive(Debug)]
pub struct TableDraft {
    table: Table,
    indexes: Vec<Index>,
}

impl TableDraft {
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub fn uses_autoincrement(&self) -> bool {
        self.table.primary_key.as_ref().is_some_and(|k| k.autoincrement)
    }

    /// Gives the table and its automatic indexes, in the order of their creation, the numbers that `number`
    /// returns for their names. The index that is the table itself (WITHOUT ROWID) takes the table's.
    pub fn numbered(self, number: &mut dyn FnMut(&str, TreeKind) -> ObjectId) -> Table {
        let TableDraft { mut table, indexes } = self;
        let without_rowid = matches!(table.kind, TableKind::WithoutRowid);
        table.id = number(&table.name, if without_rowid { TreeKind::Key } else { TreeKind::Row });
        table.indexes = indexes
            .into_iter()
            .map(|mut index| {
                let is_table = without_rowid && index.origin == IndexOrigin::PrimaryKey;
                index.id = if is_table { table.id } else { number(&index.name, TreeKind::Key) };
                Arc::new(index)
            })
            .collect();
        table
    }
}

/// Builds the table of a `CREATE TABLE` with columns; `sql` is the text the statement was parsed from and
/// `schema` the name of the database it goes to.
pub fn build_table(
    statement: &CreateTable,
    sql: &Arc<str>,
    schema: &str,
    environment: &dyn Environment,
) -> Result<TableDraft> {
    let CreateTableBody::Columns { columns, constraints, without_rowid, strict } = &statement.body else {
        return Err(Error::internal("a stored CREATE TABLE has columns"));
    };
    let name = &statement.name.name.text;
    let table = Table {
        id: ObjectId(0),
        name: name.clone(),
        columns: Vec::with_capacity(columns.len()),
        kind: TableKind::Rowid { rowid_alias: None },
        primary_key: None,
        strict: *strict,
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        sql: sql.clone(),
        system: false,
    };
    let mut builder = Builder {
        table,
        indexes: Vec::new(),
        rowid_alias: None,
        rowid_alias_descending: false,
        in_primary_key: Vec::new(),
        source: sql,
        environment,
    };
    for column in columns {
        builder.column(column)?;
    }
    for constraint in constraints {
        builder.table_constraint(constraint)?;
    }
    builder.finish(schema, *without_rowid)
}

struct Builder<'b> {
    table: Table,
    /// The indexes of the constraints so far.
    indexes: Vec<Index>,
    rowid_alias: Option<u16>,
    /// `PRIMARY KEY(a DESC)` on an INTEGER column; counts if the table turns out to be WITHOUT ROWID.
    rowid_alias_descending: bool,
    /// Per column: whether the PRIMARY KEY names it.
    in_primary_key: Vec<bool>,
    source: &'b Arc<str>,
    environment: &'b dyn Environment,
}

impl Builder<'_> {
    fn column(&mut self, definition: &ColumnDef) -> Result<()> {
        if self.table.columns.len() >= self.environment.column_limit() {
            return Err(Error::sql(format!("too many columns on {}", self.table.name)));
        }
        if self.table.column(&definition.name.text).is_some() {
            return Err(Error::sql(format!("duplicate column name: {}", definition.name.text)));
        }
        self.table.columns.push(plain_column(definition, self.source));
        self.in_primary_key.push(false);
        let ordinal = (self.table.columns.len() - 1) as u16;
        // SQLite forgets a constraint's name at the next column only.
        let mut constraint_name = None;
        for constraint in &definition.constraints {
            if let Some(name) = &constraint.name {
                constraint_name = Some(&*name.text);
            }
            self.column_constraint(ordinal, definition, constraint, constraint_name)?;
        }
        Ok(())
    }

    fn column_constraint(
        &mut self,
        ordinal: u16,
        definition: &ColumnDef,
        constraint: &ColumnConstraint,
        constraint_name: Option<&str>,
    ) -> Result<()> {
        let at = usize::from(ordinal);
        match &constraint.kind {
            ColumnConstraintKind::Null => {}
            ColumnConstraintKind::NotNull { conflict } => {
                self.table.columns[at].not_null = Some(NotNull { conflict: *conflict });
            }
            ColumnConstraintKind::PrimaryKey { descending, conflict, autoincrement } => {
                self.start_primary_key()?;
                self.mark_primary_key(ordinal)?;
                self.primary_key(&[(ordinal, None, *descending)], *descending, *conflict, *autoincrement)?;
            }
            ColumnConstraintKind::Unique { conflict } => {
                self.add_index(&[(ordinal, None, false)], *conflict, IndexOrigin::Unique)?;
            }
            ColumnConstraintKind::Check { expr, span } => self.check(constraint_name, expr, *span),
            ColumnConstraintKind::Default { expr, span } => {
                let before = self.source.get(constraint.span.start as usize..span.start as usize);
                let parenthesised = before.is_some_and(|b| b.contains('('));
                if !is_constant_default(expr, parenthesised) {
                    let name = &definition.name.text;
                    return Err(Error::sql(format!("default value of column [{name}] is not constant")));
                }
                if self.table.columns[at].generated.is_some() {
                    return Err(Error::sql("cannot use DEFAULT on a generated column"));
                }
                let mut value = source_expr(expr, *span, self.source);
                if let ExprKind::Name(name) = &expr.kind
                    && !parenthesised
                    && !(name.is("true") || name.is("false"))
                {
                    value.expr.kind = ExprKind::Literal(Literal::String((*name.text).into()));
                }
                let column = &mut self.table.columns[at];
                column.added_default = default_value(&value, column.affinity);
                column.default = Some(value);
            }
            ColumnConstraintKind::Collate(name) => self.collate(ordinal, name)?,
            ColumnConstraintKind::References(clause) => {
                if clause.columns.len() > 1 {
                    return Err(Error::sql(format!(
                        "foreign key on {} should reference only one column of table {}",
                        definition.name.text, clause.table.text
                    )));
                }
                self.foreign_key(vec![ordinal], clause);
            }
            ColumnConstraintKind::Generated { expr, stored } => {
                let column = &self.table.columns[at];
                if column.default.is_some() || column.generated.is_some() {
                    return Err(Error::sql(format!("error in generated column \"{}\"", definition.name.text)));
                }
                let expr = source_expr(expr, expr.span, self.source);
                self.table.columns[at].generated = Some(Generated { expr, stored: *stored });
                if self.in_primary_key[at] {
                    self.mark_primary_key(ordinal)?;
                }
            }
        }
        Ok(())
    }

    fn table_constraint(&mut self, constraint: &TableConstraint) -> Result<()> {
        match &constraint.kind {
            TableConstraintKind::PrimaryKey { columns, autoincrement, conflict } => {
                self.start_primary_key()?;
                for term in columns {
                    if let Some(name) = key_name(&term.expr)
                        && let Some(ordinal) = self.table.column(&name)
                    {
                        self.mark_primary_key(ordinal)?;
                    }
                }
                if let [term] = columns.as_slice()
                    && let Some(ordinal) = key_name(&term.expr).and_then(|name| self.table.column(&name))
                    && self.is_integer(ordinal)
                {
                    // An INTEGER column is the rowid whatever collation the key names; DESC has no effect here.
                    refuse_nulls_order(columns)?;
                    self.set_rowid_alias(ordinal, term.descending, *conflict, *autoincrement);
                    return Ok(());
                }
                if *autoincrement {
                    return Err(misplaced_autoincrement());
                }
                let key = self.key_terms(columns)?;
                self.primary_key_index(&key, *conflict)
            }
            TableConstraintKind::Unique { columns, conflict } => {
                let key = self.key_terms(columns)?;
                self.add_index(&key, *conflict, IndexOrigin::Unique)
            }
            TableConstraintKind::Check { expr, span, .. } => {
                self.check(constraint.name.as_ref().map(|n| &*n.text), expr, *span);
                Ok(())
            }
            TableConstraintKind::ForeignKey { columns, clause } => {
                if !clause.columns.is_empty() && clause.columns.len() != columns.len() {
                    return Err(Error::sql(
                        "number of columns in foreign key does not match the number of columns in the referenced table",
                    ));
                }
                let mut ordinals = Vec::with_capacity(columns.len());
                for column in columns {
                    let ordinal = self.table.column(&column.text).ok_or_else(|| {
                        Error::sql(format!("unknown column \"{}\" in foreign key definition", column.text))
                    })?;
                    ordinals.push(ordinal);
                }
                self.foreign_key(ordinals, clause);
                Ok(())
            }
        }
    }

    fn check(&mut self, name: Option<&str>, expr: &Expr, span: heliosdb_dialect::ast::Span) {
        let expr = source_expr(expr, span, self.source);
        self.table.checks.push(Check { name: name.map(Into::into), expr });
    }

    fn foreign_key(&mut self, columns: Vec<u16>, clause: &ForeignKeyClause) {
        let key = ForeignKey {
            columns,
            parent: clause.table.text.clone(),
            parent_columns: clause.columns.iter().map(|c| c.text.clone()).collect(),
            on_delete: clause.on_delete,
            on_update: clause.on_update,
            match_name: clause.match_name.as_ref().map(|n| n.text.clone()),
            deferred: clause.deferred,
        };
        self.table.foreign_keys.insert(0, key);
    }

    fn collate(&mut self, ordinal: u16, name: &Name) -> Result<()> {
        if !self.environment.has_collation(&name.text) {
            return Err(no_such_collation(&name.text));
        }
        self.table.columns[usize::from(ordinal)].collation = Some(name.text.clone());
        // `a PRIMARY KEY COLLATE x`: the key's index was made before the collation was read.
        for index in &mut self.indexes {
            if matches!(index.columns[0].term, IndexTerm::Column(c) if c == ordinal) {
                index.columns[0].collation = name.text.clone();
            }
        }
        Ok(())
    }

    fn is_integer(&self, ordinal: u16) -> bool {
        &*self.table.columns[usize::from(ordinal)].type_name == "INTEGER"
    }

    fn start_primary_key(&mut self) -> Result<()> {
        if self.table.primary_key.is_some() {
            return Err(Error::sql(format!("table \"{}\" has more than one primary key", self.table.name)));
        }
        // Filled in once it is known whether it is the rowid.
        self.table.primary_key = Some(PrimaryKey { conflict: None, autoincrement: false, columns: Vec::new() });
        Ok(())
    }

    fn mark_primary_key(&mut self, ordinal: u16) -> Result<()> {
        self.in_primary_key[usize::from(ordinal)] = true;
        if self.table.columns[usize::from(ordinal)].generated.is_some() {
            return Err(Error::sql("generated columns cannot be part of the PRIMARY KEY"));
        }
        Ok(())
    }

    /// The PRIMARY KEY of a column definition.
    fn primary_key(
        &mut self,
        key: &[KeyTerm],
        descending: bool,
        conflict: Option<Conflict>,
        autoincrement: bool,
    ) -> Result<()> {
        let ordinal = key[0].0;
        // `INTEGER PRIMARY KEY DESC` is not the rowid: an old mistake of SQLite that files depend on.
        if self.is_integer(ordinal) && !descending {
            self.set_rowid_alias(ordinal, false, conflict, autoincrement);
            return Ok(());
        }
        if autoincrement {
            return Err(misplaced_autoincrement());
        }
        self.primary_key_index(key, conflict)
    }

    fn set_rowid_alias(&mut self, ordinal: u16, descending: bool, conflict: Option<Conflict>, autoincrement: bool) {
        self.rowid_alias = Some(ordinal);
        self.rowid_alias_descending = descending;
        self.table.primary_key = Some(PrimaryKey { conflict, autoincrement, columns: vec![ordinal] });
    }

    fn primary_key_index(&mut self, key: &[KeyTerm], conflict: Option<Conflict>) -> Result<()> {
        let columns = key.iter().map(|(ordinal, _, _)| *ordinal).collect();
        self.table.primary_key = Some(PrimaryKey { conflict, autoincrement: false, columns });
        self.add_index(key, conflict, IndexOrigin::PrimaryKey)
    }

    /// The terms of a table constraint: columns, perhaps with COLLATE and a direction.
    fn key_terms(&self, terms: &[OrderTerm]) -> Result<Vec<KeyTerm>> {
        refuse_nulls_order(terms)?;
        if terms.len() > self.environment.column_limit() {
            return Err(Error::sql("too many columns in index"));
        }
        let mut key = Vec::with_capacity(terms.len());
        for term in terms {
            if let Some(name) = key_name(&term.expr) {
                if let Some(ordinal) = self.table.column(&name) {
                    let collation = explicit_collation(&term.expr);
                    if let Some(collation) = &collation
                        && !self.environment.has_collation(collation)
                    {
                        return Err(no_such_collation(collation));
                    }
                    key.push((ordinal, collation, term.descending));
                    continue;
                }
                if let ExprKind::Name(written) = &without_collate(&term.expr).kind {
                    // Fails for whatever is neither a column nor, double-quoted, a string.
                    self_reference::resolve(&self.table, written, Place::IndexTerm)?;
                } else {
                    return Err(Error::sql(format!("no such column: {name}")));
                }
            } else {
                self_reference::check(&self.table, "", &term.expr, Place::IndexTerm, self.environment)?;
            }
            return Err(Error::sql("expressions prohibited in PRIMARY KEY and UNIQUE constraints"));
        }
        Ok(key)
    }

    /// Adds the index of a constraint, unless an earlier constraint has the same columns and collations.
    fn add_index(&mut self, key: &[KeyTerm], conflict: Option<Conflict>, origin: IndexOrigin) -> Result<()> {
        let columns: Vec<IndexColumn> = key
            .iter()
            .map(|(ordinal, collation, descending)| IndexColumn {
                term: IndexTerm::Column(*ordinal),
                descending: *descending,
                collation: collation.clone().unwrap_or_else(|| self.column_collation(*ordinal)),
            })
            .collect();
        if let Some(same) = self.indexes.iter_mut().find(|i| same_key(&i.columns, &columns)) {
            if same.conflict != conflict {
                if same.conflict.is_some() && conflict.is_some() {
                    return Err(Error::sql("conflicting ON CONFLICT clauses specified"));
                }
                same.conflict = same.conflict.or(conflict);
            }
            if origin == IndexOrigin::PrimaryKey {
                same.origin = origin;
            }
            return Ok(());
        }
        self.indexes.push(Index {
            id: ObjectId(0),
            name: format!("sqlite_autoindex_{}_{}", self.table.name, self.indexes.len() + 1).into(),
            table: self.table.name.clone(),
            unique: true,
            conflict,
            origin,
            columns,
            filter: None,
            sql: None,
        });
        Ok(())
    }

    fn column_collation(&self, ordinal: u16) -> Arc<str> {
        self.table.columns[usize::from(ordinal)].collation.clone().unwrap_or_else(|| "BINARY".into())
    }

    /// What is decided at the closing parenthesis and by the options behind it.
    fn finish(mut self, schema: &str, without_rowid: bool) -> Result<TableDraft> {
        if self.table.strict {
            self.strict()?;
        }
        if without_rowid {
            self.without_rowid()?;
        } else {
            self.table.kind = TableKind::Rowid { rowid_alias: self.rowid_alias };
        }
        self.number_primary_key();
        // SQLite goes on after a mistake: the last one is reported, but a missing column only if it is the first.
        let (table, environment) = (&self.table, self.environment);
        let first = |c: &Check| self_reference::check(table, schema, &c.expr.expr, Place::Check, environment);
        let mut result = table.checks.iter().try_for_each(first);
        let mut plain = 0;
        for column in &self.table.columns {
            match &column.generated {
                Some(generated) => {
                    let check = if result.is_ok() { self_reference::check } else { self_reference::check_outermost };
                    if let Err(mistake) = check(table, schema, &generated.expr.expr, Place::Generated, environment)
                        && (result.is_ok() || !mistake.message.starts_with("no such column"))
                    {
                        result = Err(mistake);
                    }
                }
                None => plain += 1,
            }
        }
        if plain == 0 {
            return Err(Error::sql("must have at least one non-generated column"));
        }
        result?;
        if !self.environment.is_loading()
            && let Some(column) = self_reference::generated_loop(&self.table)
        {
            return Err(Error::sql(format!("generated column loop on \"{column}\"")));
        }
        Ok(TableDraft { table: self.table, indexes: self.indexes })
    }

    fn strict(&mut self) -> Result<()> {
        for (i, column) in self.table.columns.iter_mut().enumerate() {
            if !is_standard_type(&column.type_name) {
                return Err(Error::sql(if column.type_name.is_empty() {
                    format!("missing datatype for {}.{}", self.table.name, column.name)
                } else {
                    format!("unknown datatype for {}.{}: \"{}\"", self.table.name, column.name, column.type_name)
                }));
            }
            if &*column.type_name == "ANY" {
                column.affinity = Affinity::Blob;
            }
            if self.in_primary_key[i] && self.rowid_alias != Some(i as u16) && column.not_null.is_none() {
                column.not_null = Some(NotNull { conflict: None });
            }
        }
        Ok(())
    }

    fn without_rowid(&mut self) -> Result<()> {
        let Some(key) = &self.table.primary_key else {
            return Err(Error::sql(format!("PRIMARY KEY missing on table {}", self.table.name)));
        };
        if key.autoincrement {
            return Err(Error::sql("AUTOINCREMENT not allowed on WITHOUT ROWID tables"));
        }
        let conflict = key.conflict;
        for (column, in_key) in self.table.columns.iter_mut().zip(&self.in_primary_key) {
            if *in_key && column.not_null.is_none() {
                column.not_null = Some(NotNull { conflict: None });
            }
        }
        if let Some(ordinal) = self.rowid_alias.take() {
            self.add_index(&[(ordinal, None, self.rowid_alias_descending)], conflict, IndexOrigin::PrimaryKey)?;
        }
        self.table.kind = TableKind::WithoutRowid;
        let primary = self
            .indexes
            .iter_mut()
            .find(|i| i.origin == IndexOrigin::PrimaryKey)
            .expect("a PRIMARY KEY that is not the rowid has an index");
        // PRIMARY KEY(a, b, a) holds a once.
        let mut kept: Vec<IndexColumn> = Vec::with_capacity(primary.columns.len());
        for column in primary.columns.drain(..) {
            if !kept.iter().any(|k| same_column(k, &column)) {
                kept.push(column);
            }
        }
        primary.columns = kept;
        let ordinals = primary.columns.iter().filter_map(|c| match c.term {
            IndexTerm::Column(ordinal) => Some(ordinal),
            _ => None,
        });
        let columns = ordinals.collect();
        if let Some(key) = &mut self.table.primary_key {
            key.columns = columns;
        }
        Ok(())
    }

    fn number_primary_key(&mut self) {
        let Some(key) = &self.table.primary_key else { return };
        for (i, column) in self.table.columns.iter_mut().enumerate() {
            let position = key.columns.iter().position(|c| usize::from(*c) == i);
            column.primary_key_position = position.map_or(0, |p| p as u16 + 1);
        }
    }
}

/// A column of a key with its explicit collation and whether it descends.
type KeyTerm = (u16, Option<Arc<str>>, bool);

fn misplaced_autoincrement() -> Error {
    Error::sql("AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY")
}

pub(super) fn refuse_nulls_order(terms: &[OrderTerm]) -> Result<()> {
    match terms.iter().find_map(|t| t.nulls_first) {
        Some(first) => {
            let order = if first { "FIRST" } else { "LAST" };
            Err(Error::sql(format!("unsupported use of NULLS {order}")))
        }
        None => Ok(()),
    }
}

pub(super) fn without_collate(mut expr: &Expr) -> &Expr {
    while let ExprKind::Collate(operand, _) = &expr.kind {
        expr = operand;
    }
    expr
}

/// The outermost COLLATE of an index term.
pub(super) fn explicit_collation(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Collate(_, name) => Some(name.text.clone()),
        _ => None,
    }
}

/// The column that a term of a key names. A string literal names one too: old versions of SQLite took them.
pub(super) fn key_name(expr: &Expr) -> Option<Arc<str>> {
    match &without_collate(expr).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Literal(Literal::String(text)) => Some((**text).into()),
        _ => None,
    }
}

fn same_column(a: &IndexColumn, b: &IndexColumn) -> bool {
    let same_term = matches!((&a.term, &b.term), (IndexTerm::Column(x), IndexTerm::Column(y)) if x == y);
    same_term && a.collation.eq_ignore_ascii_case(&b.collation)
}

fn same_key(a: &[IndexColumn], b: &[IndexColumn]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_column(a, b))
}

//! What DDL and PRAGMA ask of a connection, answered with the row executor.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use heliosdb_dialect::ast::{self, Query};
use heliosdb_udfs::value::{Collation, Value, ValueRef, affinity};

use super::attach::AttachHost;
use super::compile::with_planning;
use super::ddl::{self, Host, UserFunction};
use super::execution::Execution;
use super::functions::{Registered, Registry};
use super::inner::Slot;
use super::open::OpenOptions;
use super::pragma::{Context as PragmaContext, FunctionEntry, Settings};
use super::status::Limit;
use super::table_function;
use crate::catalog::environment::Environment;
use crate::catalog::{Column, Index, Schema, Table, View};
use crate::error::{Error, Result};
use crate::plan::bound::{self, DatabaseIndex};
use crate::plan::{self};
use crate::row::context::{Context, Shared, Surroundings};
use crate::row::lower::{self, Lowering};
use crate::row::run::QueryRun;
use crate::row::write;
use crate::store::container::Definitions;
use crate::store::{RowCursor, record};
use crate::txn::{Transaction, Transactions};

pub struct ConnectionHost<'h> {
    execution: &'h Execution<'h>,
    pub parameters: &'h [Value],
    registry: Arc<Registry>,
    shared: Shared,
    /// The table that rows are being put into.
    loading: RefCell<Option<Loading>>,
}

/// A table that rows are put into one after the other.
struct Loading {
    database: DatabaseIndex,
    table: Arc<Table>,
    target: Arc<write::TargetProgram>,
}

impl<'h> ConnectionHost<'h> {
    pub fn new(execution: &'h Execution<'h>) -> ConnectionHost<'h> {
        let registry = execution.inner.registry.borrow().clone();
        ConnectionHost { execution, parameters: &[], registry, shared: Shared::default(), loading: RefCell::new(None) }
    }

    /// Runs a bound query with everything written so far in sight.
    fn run(&self, query: &bound::Query, row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>) -> Result<()> {
        let program = with_planning(self.execution.inner, |planning| lower::query(query, &Lowering::new(planning)))?;
        let live = Live { execution: self.execution };
        let cx = Context { parameters: self.parameters, around: &live, shared: &self.shared, live: false };
        let mut run = QueryRun::new(program, Vec::new());
        let mut arena = bumpalo::Bump::new();
        while run.next(&cx)? {
            arena.reset();
            let mut values = bumpalo::collections::Vec::with_capacity_in(run.width(), &arena);
            values.extend((0..run.width()).map(|i| run.column(i)));
            row(&values)?;
        }
        Ok(())
    }

    /// The value of an expression without columns.
    pub fn value_of(&self, expr: &ast::Expr, sql: &str) -> Result<Value> {
        let bound = self.execution.inner.with_namespace(|space| plan::bind_constant(space, expr, sql))?;
        let lowering = self.execution.inner.lowering();
        let mut lower = lower::Lower::new(&[], &lowering);
        let node = lower.node(&bound)?;
        let cx = Context { parameters: self.parameters, around: self.execution, shared: &self.shared, live: false };
        write::constant(&node, &lower.subqueries, &cx)
    }
}

impl Host for ConnectionHost<'_> {
    fn database_count(&self) -> usize {
        self.execution.inner.database_count()
    }

    fn database_name(&self, database: DatabaseIndex) -> Arc<str> {
        self.execution.inner.database_name(database)
    }

    fn schema(&self, database: DatabaseIndex) -> Arc<Schema> {
        self.execution.inner.schema(database)
    }

    fn write(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        self.execution.transaction(database)
    }

    fn transaction(&self, database: DatabaseIndex) -> RefMut<'_, Transaction> {
        self.execution.inner.transaction(database)
    }

    fn environment(&self) -> Arc<dyn Environment> {
        self.registry.clone()
    }

    fn options(&self) -> ddl::Options {
        let inner = self.execution.inner;
        let settings = inner.settings.borrow();
        ddl::Options {
            foreign_keys: settings.foreign_keys,
            defer_foreign_keys: settings.defer_foreign_keys,
            legacy_alter_table: settings.legacy_alter_table,
            writable_schema: settings.writable_schema,
            in_transaction: inner.status.explicit.get(),
        }
    }

    fn busy_timeout_ms(&self) -> u64 {
        self.execution.inner.settings.borrow().busy_timeout_ms.max(0) as u64
    }

    fn has_reading_statements(&self) -> bool {
        self.execution.inner.reading.get() + self.execution.inner.returning.get() > 0
    }

    fn has_running_statements(&self) -> bool {
        self.execution.inner.running.get() > 0
    }

    fn authorize(
        &self,
        action: i32,
        first: Option<&str>,
        second: Option<&str>,
        database: Option<&str>,
    ) -> Result<bool> {
        self.execution.inner.authorize(action, first, second, database)
    }

    fn query(&self, sql: &str, row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>) -> Result<()> {
        let parsed = heliosdb_dialect::parse(sql).map_err(|e| Error::sql(e.message))?;
        let Some(ast::Statement::Select(query)) = parsed.map(|p| p.statement) else {
            return Err(Error::internal("only queries are run here"));
        };
        let bound = self.execution.inner.with_namespace(|space| plan::bind_query(space, &query, sql))?;
        self.run(&bound, row)
    }

    fn bind_query(&self, query: &Query, sql: &str) -> Result<bound::Query> {
        self.execution.inner.with_namespace(|space| plan::table_columns(space, query, sql))
    }

    fn insert_query(&self, database: DatabaseIndex, table: &Arc<Table>, query: &bound::Query) -> Result<()> {
        let tree = self.execution.transaction(database)?.number_of(table.id);
        let tree = tree.ok_or_else(|| Error::internal("a created table has rows"))?;
        let length_max = self.execution.write_options().length_max;
        let (mut rowid, mut arena, mut record) = (0, bumpalo::Bump::new(), Vec::new());
        self.run(query, &mut |values| {
            rowid += 1;
            arena.reset();
            record.clear();
            let converted = values.iter().zip(&table.columns).map(|(v, c)| affinity::apply(*v, c.affinity, &arena));
            record::encode(&mut record, converted);
            if record.len() > length_max {
                return Err(Error::too_big());
            }
            let mut transaction = self.execution.transaction(database)?;
            if transaction.append_row(tree, &record).is_none() {
                transaction.put_row(tree, rowid, &record);
            }
            Ok(())
        })
    }

    fn scan_rows(
        &self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        row: &mut dyn FnMut(i64, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        let name = heliosdb_dialect::quote_name(&table.name);
        let schema = heliosdb_dialect::quote_name(&self.database_name(database));
        let columns: Vec<String> = table.columns.iter().map(|c| heliosdb_dialect::quote_name(&c.name)).collect();
        if !table.has_rowid() {
            let sql = format!("SELECT {} FROM {schema}.{name}", columns.join(","));
            return self.query(&sql, &mut |values| row(0, values));
        }
        // The rowid comes through a name that no column hides.
        let rowid = ["rowid", "_rowid_", "oid"].iter().find(|n| table.column(n).is_none());
        if let Some(rowid) = rowid {
            let sql = format!("SELECT {rowid},{} FROM {schema}.{name}", columns.join(","));
            return self.query(&sql, &mut |values| match values.split_first() {
                Some((ValueRef::Integer(id), rest)) => row(*id, rest),
                _ => Err(Error::internal("a row without its rowid")),
            });
        }
        let tree = self.execution.row_tree(database, table.id)?;
        let mut cursor = RowCursor::new(tree, self.execution.live_view(database)?);
        let mut more = cursor.first();
        while more {
            let values: Vec<ValueRef<'_>> = (0..table.columns.len())
                .map(|i| record::column(cursor.record(), i).unwrap_or(ValueRef::Null))
                .collect();
            row(cursor.rowid(), &values)?;
            more = cursor.next();
        }
        Ok(())
    }

    fn load_row(&self, database: DatabaseIndex, table: &Arc<Table>, rowid: i64, values: &[ValueRef<'_>]) -> Result<()> {
        let known = self
            .loading
            .borrow()
            .as_ref()
            .filter(|l| l.database == database && Arc::ptr_eq(&l.table, table))
            .map(|l| l.target.clone());
        let target = match known {
            Some(target) => target,
            None => {
                let bound = self.execution.inner.with_namespace(|space| plan::build_target(space, database, table))?;
                let target = Arc::new(write::lower_target(&bound, self.execution.inner.encoding())?);
                *self.loading.borrow_mut() = Some(Loading { database, table: table.clone(), target: target.clone() });
                target
            }
        };
        let cx = Context { parameters: self.parameters, around: self.execution, shared: &self.shared, live: false };
        write::load_row(&target, rowid, values, &cx)
    }

    fn fill_index(&self, database: DatabaseIndex, table: &Arc<Table>, index: &Arc<Index>) -> Result<()> {
        let (row, terms, collations, filter) =
            self.execution.inner.with_namespace(|space| plan::bind_index_terms(space, database, table, index))?;
        let cx = Context { parameters: self.parameters, around: self.execution, shared: &self.shared, live: false };
        write::fill_index(database, table, index, row, &terms, &collations, filter.as_ref(), &cx)
    }

    fn delete_for_drop(&self, database: DatabaseIndex, table: &Arc<Table>, is_parent: bool) -> Result<()> {
        if !is_parent && self.execution.inner.deferred_violations.get() == (0, 0) {
            self.execution.inner.status.changes.set(0);
            return Ok(());
        }
        let name = heliosdb_dialect::quote_name(&table.name);
        let schema = heliosdb_dialect::quote_name(&self.database_name(database));
        let sql = format!("DELETE FROM {schema}.{name}");
        let parsed = heliosdb_dialect::parse(&sql).map_err(|e| Error::sql(e.message))?;
        let Some(parsed) = parsed else { return Ok(()) };
        let bound = self.execution.inner.with_namespace(|space| plan::bind_drop(space, &parsed.statement, &sql))?;
        let program = with_planning(self.execution.inner, |planning| write::lower(bound, planning))?;
        let cx = Context { parameters: &[], around: self.execution, shared: &self.shared, live: false };
        let (status, counted) = (&self.execution.inner.status, self.execution.held.changes.get());
        let mut written = write::Written::default();
        write::execute(&program, &[], &mut written, &cx).inspect_err(|_| {
            status.total_changes.set(status.total_changes.get() - (self.execution.held.changes.get() - counted));
            status.changes.set(0);
        })?;
        status.changes.set(written.changes);
        Ok(())
    }

    fn user_functions(&self) -> Vec<UserFunction> {
        let entries = self.registry.functions.iter();
        entries
            .flat_map(|(name, all)| {
                all.iter().map(|(args, f)| UserFunction {
                    name: (**name).into(),
                    args: *args,
                    aggregate: matches!(f, Registered::Aggregate(_)),
                })
            })
            .collect()
    }

    fn user_collations(&self) -> Vec<Collation> {
        self.registry.collations.values().map(|c| Collation::Custom(Box::new(c.clone()))).collect()
    }

    fn serialize(&self, database: DatabaseIndex) -> Result<Vec<u8>> {
        super::serialize::serialize(self, database)
    }

    fn constant(&self, expr: &ast::Expr, sql: &str) -> Result<Value> {
        self.value_of(expr, sql)
    }
}

impl PragmaContext for ConnectionHost<'_> {
    fn definitions(&self) -> Option<Arc<Definitions>> {
        self.execution.inner.definitions()
    }

    fn settings(&self) -> RefMut<'_, Settings> {
        self.execution.inner.settings.borrow_mut()
    }

    fn database_file(&self, database: DatabaseIndex) -> String {
        self.execution.inner.database_file(database)
    }

    fn is_temp_open(&self) -> bool {
        let temp = self.schema(ddl::TEMP);
        temp.tables.len() > 2 || !temp.views.is_empty() || !temp.triggers.is_empty()
    }

    fn data_version(&self, database: DatabaseIndex) -> i64 {
        self.execution.inner.transaction(database).foreign_commits() as i64 + 1
    }

    fn view_columns(&self, database: DatabaseIndex, view: &View) -> Result<Vec<Column>> {
        let bound = self.execution.inner.with_namespace(|space| {
            let known = space.databases[usize::from(database.0)].1.view(&view.name);
            let known = known.ok_or_else(|| Error::sql(format!("no such view: {}", view.name)))?;
            plan::view_columns(space, database, known)
        })?;
        Ok(bound
            .columns
            .into_iter()
            .map(|c| {
                let type_name = c.declared_type.unwrap_or_default();
                crate::catalog::column::new_column(&c.name, type_name, c.affinity)
            })
            .collect())
    }

    fn functions(&self) -> Vec<FunctionEntry> {
        let mut entries = Vec::new();
        for (name, all) in &self.registry.functions {
            for (args, f) in all {
                let (kind, deterministic, direct_only) = match f {
                    Registered::Scalar { deterministic, direct_only, .. } => ('s', *deterministic, *direct_only),
                    Registered::Aggregate(a) => (if a.is_window() { 'w' } else { 'a' }, false, false),
                };
                let name = name.clone();
                entries.push(FunctionEntry { name, builtin: false, kind, args: *args, deterministic, direct_only });
            }
        }
        entries
    }

    fn modules(&self) -> Vec<Box<str>> {
        table_function::names().map(Into::into).collect()
    }
}

impl AttachHost for ConnectionHost<'_> {
    fn takes_uris(&self) -> bool {
        self.execution.inner.uris
    }

    fn attached_limit(&self) -> usize {
        self.execution.inner.status.limit(Limit::Attached)
    }

    fn add_database(&self, name: &str, database: Arc<Transactions>, options: &OpenOptions) {
        let mut transaction = Transaction::new(database);
        transaction.set_name(name);
        if options.read_only {
            transaction.set_read_only();
        }
        let slot = Slot { name: name.into(), file: options.shown_file(), transaction };
        // The caller has checked that there is room.
        let added = self.execution.inner.attach(slot);
        debug_assert!(added.is_ok(), "ATTACH checks the limit first");
    }

    fn remove_database(&self, database: DatabaseIndex) {
        self.execution.inner.detach(database);
    }
}

/// The surroundings of a running statement, except that reads see everything written so far.
struct Live<'l> {
    execution: &'l Execution<'l>,
}

impl Surroundings for Live<'_> {
    fn host(&self) -> &dyn heliosdb_udfs::signature::Host {
        self.execution
    }

    fn tick(&self) -> Result<()> {
        self.execution.tick()
    }

    fn row_tree(&self, database: DatabaseIndex, id: crate::store::ObjectId) -> Result<Arc<crate::store::RowTree>> {
        self.execution.row_tree(database, id)
    }

    fn key_tree(&self, database: DatabaseIndex, id: crate::store::ObjectId) -> Result<Arc<crate::store::KeyTree>> {
        self.execution.key_tree(database, id)
    }

    fn view(&self, database: DatabaseIndex) -> Result<crate::store::View> {
        self.execution.live_view(database)
    }

    fn view_is_fixed(&self) -> bool {
        false
    }

    fn live_view(&self, database: DatabaseIndex) -> Result<crate::store::View> {
        self.execution.live_view(database)
    }

    fn transaction(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        Surroundings::transaction(self.execution, database)
    }

    fn table_function(
        &self,
        function: &plan::bound::TableFunction,
        args: Vec<Value>,
    ) -> Result<Box<dyn crate::row::context::RowSource>> {
        self.execution.table_function(function, args)
    }

    fn trigger_program(
        &self,
        trigger: &Arc<plan::bound::BoundTrigger>,
    ) -> Result<Arc<crate::row::program::TriggerProgram>> {
        self.execution.trigger_program(trigger)
    }

    fn default_value(&self, database: DatabaseIndex, table: &Arc<Table>, column: usize) -> Result<Value> {
        self.execution.default_value(database, table, column)
    }

    fn sequence(&self, database: DatabaseIndex, table: &str) -> Result<Option<i64>> {
        self.execution.sequence(database, table)
    }

    fn note_sequence(&self, database: DatabaseIndex, table: &str, rowid: i64) -> Result<()> {
        self.execution.note_sequence(database, table, rowid)
    }

    fn target_program(&self, database: DatabaseIndex, table: &Arc<Table>) -> Result<Arc<write::TargetProgram>> {
        self.execution.target_program(database, table)
    }

    fn count_nested_changes(&self, n: i64) {
        self.execution.count_nested_changes(n);
    }

    fn count_changes(&self, n: i64) {
        self.execution.count_changes(n);
    }

    fn set_last_insert_rowid(&self, rowid: i64) {
        self.execution.set_last_insert_rowid(rowid);
    }

    fn last_insert_rowid(&self) -> i64 {
        Surroundings::last_insert_rowid(self.execution)
    }

    fn write_options(&self) -> crate::row::context::WriteOptions {
        self.execution.write_options()
    }

    fn deferred_violations(&self) -> &crate::row::context::DeferredViolations {
        self.execution.deferred_violations()
    }

    fn trigger_depth(&self) -> &std::cell::Cell<u32> {
        self.execution.trigger_depth()
    }

    fn running_triggers(&self) -> &std::cell::RefCell<Vec<Arc<crate::catalog::Trigger>>> {
        self.execution.running_triggers()
    }
}

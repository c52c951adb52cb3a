//! What every row of a table has to keep, kept from statement to statement.
//!
//! Invariant: all of it was bound against the same schemas of all databases, the same settings, functions and
//! collations: what changes one of them empties it. Foreign keys of other tables and expressions that name functions need no
//! more than that.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::catalog::{Schema, Table};
use crate::plan::bound::{DatabaseIndex, RowRules};
use crate::plan::{KeptRules, Options};
use crate::row::lower::Schemas;
use crate::store::ObjectId;

/// With more tables than this all are forgotten.
const TABLES_MAX: usize = 256;

#[derive(Default)]
pub struct TableRules {
    tables: RefCell<FxHashMap<(DatabaseIndex, ObjectId), (Arc<Table>, Arc<RowRules>)>>,
    /// What they were bound against.
    schemas: RefCell<Schemas>,
    options: Cell<Option<Options>>,
    /// Grows whenever they are forgotten.
    state: Cell<u64>,
}

impl TableRules {
    pub fn forget(&self) {
        self.tables.take();
        self.schemas.take();
        self.options.set(None);
        self.state.set(self.state.get() + 1);
    }

    /// The rules that hold for these databases, by number, and settings.
    pub fn against(&self, databases: &[(Arc<str>, Arc<Schema>)], options: Options) -> CurrentRules<'_> {
        let same = self.options.get() == Some(options) && {
            let known = self.schemas.borrow();
            known.len() == databases.len() && known.iter().zip(databases).all(|(k, (_, s))| Arc::ptr_eq(k, s))
        };
        if !same {
            self.forget();
            *self.schemas.borrow_mut() = databases.iter().map(|(_, schema)| schema.clone()).collect();
            self.options.set(Some(options));
        }
        CurrentRules { all: self, state: self.state.get() }
    }
}

/// The rules as long as they hold for what one statement is bound against.
pub struct CurrentRules<'r> {
    all: &'r TableRules,
    state: u64,
}

impl KeptRules for CurrentRules<'_> {
    fn find(&self, database: DatabaseIndex, table: &Arc<Table>) -> Option<Arc<RowRules>> {
        if self.all.state.get() != self.state {
            return None;
        }
        let tables = self.all.tables.borrow();
        tables.get(&(database, table.id)).filter(|(known, _)| Arc::ptr_eq(known, table)).map(|(_, rules)| rules.clone())
    }

    fn keep(&self, database: DatabaseIndex, table: &Arc<Table>, rules: &Arc<RowRules>) {
        if self.all.state.get() != self.state {
            return;
        }
        let mut tables = self.all.tables.borrow_mut();
        if tables.len() >= TABLES_MAX {
            tables.clear();
        }
        tables.insert((database, table.id), (table.clone(), rules.clone()));
    }
}

//! The schema of one database: objects by name.
//!
//! Invariant: keys of the maps are ASCII-lowercased names; tables, views and indexes share one name space as in
//! SQLite, triggers have their own.

use std::sync::Arc;

use heliosdb_udfs::value::{Encoding, ValueRef};

use super::index::Index;
use super::shared_map::SharedMap;
use super::table::Table;
use super::trigger::Trigger;
use super::view::View;
use crate::store::ObjectId;

#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Changes with every schema change (`PRAGMA schema_version`).
    pub cookie: u32,
    /// `PRAGMA user_version`: here because it goes and comes with the transaction.
    pub user_version: i32,
    /// `PRAGMA application_id`
    pub application_id: i32,
    /// `PRAGMA encoding`. A connection goes by that of `main`; all its databases have the same.
    pub encoding: Encoding,
    pub tables: SharedMap<Box<str>, Table>,
    /// The names (lowercased) of tables by their number, but for the schema table.
    pub table_names: SharedMap<ObjectId, str>,
    pub views: SharedMap<Box<str>, View>,
    pub indexes: SharedMap<Box<str>, Index>,
    pub triggers: SharedMap<Box<str>, Trigger>,
    /// Trigger names (lowercased) in the order of creation.
    pub trigger_order: Vec<Box<str>>,
    /// `sqlite_stat1` as read after ANALYZE, by name (lowercased) of the index or, without one, of the table.
    pub statistics: SharedMap<Box<str>, Statistics>,
}

/// A row of `sqlite_stat1`.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Which row it is: later rows count where several tell the size of one table.
    pub position: u32,
    /// Whether it is about an index.
    pub index: bool,
    /// Rows, then for each prefix of the key how many rows share one.
    pub numbers: Vec<u64>,
    /// `unordered`
    pub unordered: bool,
    /// `noskipscan`
    pub no_skip: bool,
    /// `sz=`: bytes of a row.
    pub width: Option<u64>,
}

/// What a name in the shared name space stands for.
#[derive(Clone, Debug)]
pub enum Object {
    Table(Arc<Table>),
    View(Arc<View>),
    Index(Arc<Index>),
}

impl Object {
    pub fn name(&self) -> &str {
        match self {
            Object::Table(table) => &table.name,
            Object::View(view) => &view.name,
            Object::Index(index) => &index.name,
        }
    }
}

/// ASCII-lowercased, as the maps' keys are.
pub fn fold(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

impl Schema {
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        lookup(&self.tables, name)
    }

    pub fn view(&self, name: &str) -> Option<&Arc<View>> {
        lookup(&self.views, name)
    }

    pub fn index(&self, name: &str) -> Option<&Arc<Index>> {
        lookup(&self.indexes, name)
    }

    pub fn trigger(&self, name: &str) -> Option<&Arc<Trigger>> {
        lookup(&self.triggers, name)
    }

    pub fn object(&self, name: &str) -> Option<Object> {
        if let Some(t) = self.table(name) {
            return Some(Object::Table(t.clone()));
        }
        if let Some(v) = self.view(name) {
            return Some(Object::View(v.clone()));
        }
        self.index(name).map(|i| Object::Index(i.clone()))
    }

    /// The table whose rows are in this tree.
    pub fn table_of_tree(&self, id: ObjectId) -> Option<&Arc<Table>> {
        self.tables.get(&**self.table_names.get(&id)?)
    }

    /// The triggers on a table or view, newest first: the order in which they fire.
    pub fn triggers_on<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'s Arc<Trigger>> + 's {
        self.trigger_order
            .iter()
            .rev()
            .filter_map(|name| self.triggers.get(name))
            .filter(move |t| t.table.eq_ignore_ascii_case(table))
    }
}

impl Schema {
    /// Takes over what is no object from an older schema of the same database.
    pub fn take_settings(&mut self, older: &Schema) {
        self.user_version = older.user_version;
        self.application_id = older.application_id;
        self.encoding = older.encoding;
        if self.statistics.is_empty() {
            self.statistics = older.statistics.clone();
        }
    }

    /// Takes in a row of `sqlite_stat1`; one that says nothing is passed over.
    pub fn add_statistics(&mut self, table: ValueRef<'_>, index: ValueRef<'_>, stat: ValueRef<'_>) {
        let text = |v| match v {
            ValueRef::Text(t) => Some(String::from_utf8_lossy(t)),
            _ => None,
        };
        let (Some(table), Some(stat)) = (text(table), text(stat)) else { return };
        let index = text(index);
        let mut words = stat.split(' ').peekable();
        let numbers = std::iter::from_fn(|| words.next_if(|w| w.parse::<u64>().is_ok())?.parse().ok()).collect();
        let rest: Vec<&str> = words.collect();
        let one = Statistics {
            position: self.statistics.len() as u32,
            index: index.as_ref().is_some_and(|i| !i.eq_ignore_ascii_case(&table)),
            numbers,
            unordered: rest.iter().any(|w| w.starts_with("unordered")),
            no_skip: rest.iter().any(|w| w.starts_with("noskipscan")),
            width: rest.iter().find_map(|w| w.strip_prefix("sz=")).and_then(|n| n.parse().ok()).filter(|n| *n >= 2),
        };
        self.statistics.insert(fold(&index.unwrap_or(table)), Arc::new(one));
    }

    /// Adds a table with the indexes of its constraints, or replaces the table of that name.
    pub fn add_table(&mut self, table: Table) {
        for index in &table.indexes {
            self.indexes.insert(fold(&index.name), index.clone());
        }
        let name = fold(&table.name);
        self.forget_number(&name);
        if !table.is_virtual() {
            self.table_names.insert(table.id, (*name).into());
        }
        self.tables.insert(name, Arc::new(table));
    }

    fn forget_number(&mut self, name: &str) {
        if let Some(table) = self.tables.get(name)
            && self.table_names.get(&table.id).is_some_and(|known| **known == *name)
        {
            self.table_names.remove(&table.id);
        }
    }

    /// Adds an index to the schema and to its table.
    pub fn add_index(&mut self, index: Index) {
        let index = Arc::new(index);
        if let Some(table) = self.tables.get_mut(&fold(&index.table)) {
            Arc::make_mut(table).indexes.push(index.clone());
        }
        self.indexes.insert(fold(&index.name), index);
    }

    pub fn add_trigger(&mut self, trigger: Trigger) {
        let key = fold(&trigger.name);
        self.trigger_order.push(key.clone());
        self.triggers.insert(key, Arc::new(trigger));
    }

    /// Takes a table out with its indexes. Its triggers are the caller's to remove.
    pub fn remove_table(&mut self, name: &str) {
        let name = fold(name);
        self.forget_number(&name);
        if let Some(table) = self.tables.remove(&name) {
            for index in &table.indexes {
                self.indexes.remove(&fold(&index.name));
            }
        }
    }

    pub fn remove_index(&mut self, name: &str) {
        let key = fold(name);
        if let Some(index) = self.indexes.remove(&key)
            && let Some(table) = self.tables.get_mut(&fold(&index.table))
        {
            Arc::make_mut(table).indexes.retain(|i| fold(&i.name) != key);
        }
    }

    pub fn remove_trigger(&mut self, name: &str) {
        let key = fold(name);
        self.trigger_order.retain(|t| *t != key);
        self.triggers.remove(&key);
    }
}

fn lookup<'m, T>(names: &'m SharedMap<Box<str>, T>, name: &str) -> Option<&'m Arc<T>> {
    if let Some(found) = names.get(name) {
        return Some(found);
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) { names.get(&*name.to_ascii_lowercase()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_statistics() {
        let mut schema = Schema::default();
        let text = |t: &'static str| ValueRef::Text(t.as_bytes());
        schema.add_statistics(text("T"), text("Few"), text("500 250 unordered sz=20"));
        schema.add_statistics(text("U"), ValueRef::Null, text("12"));
        schema.add_statistics(ValueRef::Integer(1), ValueRef::Null, text("12"));
        schema.add_statistics(text("V"), text("w"), ValueRef::Null);
        let few = schema.statistics.get("few").expect("it was added");
        assert_eq!((&few.numbers[..], few.unordered, few.width), (&[500, 250][..], true, Some(20)));
        assert_eq!(schema.statistics.get("u").expect("it was added").numbers, [12]);
        assert_eq!(schema.statistics.len(), 2);
    }
}

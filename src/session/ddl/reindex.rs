//! REINDEX (https://sqlite.org/lang_reindex.html): fills indexes anew, for collations that were redefined.

use std::sync::Arc;

use heliosdb_dialect::ast::QualifiedName;

use super::{Host, action, databases, names};
use crate::catalog::{Index, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::KeyCursor;

pub fn run(host: &dyn Host, target: Option<&QualifiedName>) -> Result<()> {
    let Some(target) = target else { return every(host, &|_| true) };
    if target.schema.is_none() && host.environment().has_collation(&target.name.text) {
        let collation = &*target.name.text;
        let uses = |index: &Index| index.columns.iter().any(|c| c.collation.eq_ignore_ascii_case(collation));
        return every(host, &uses);
    }
    if let Some(schema) = &target.schema {
        names::target_database(host, Some(schema))?;
    }
    if let Some((database, table)) = names::find_table(host, target) {
        return table_indexes(host, database, &table, &|_| true);
    }
    if names::find_table_or_view(host, target).is_some() {
        return Ok(());
    }
    if let Some((database, index)) = names::find_index(host, target) {
        let table = host.schema(database).table(&index.table).cloned();
        let table = table.ok_or_else(|| Error::internal("an index has a table"))?;
        return refill(host, database, &table, &index);
    }
    Err(Error::sql("unable to identify the object to be reindexed"))
}

fn every(host: &dyn Host, wanted: &dyn Fn(&Index) -> bool) -> Result<()> {
    for database in databases(host) {
        let mut tables: Vec<Arc<Table>> = host.schema(database).tables.values().cloned().collect();
        tables.sort_by_key(|t| t.id);
        for table in tables {
            table_indexes(host, database, &table, wanted)?;
        }
    }
    Ok(())
}

fn table_indexes(
    host: &dyn Host,
    database: DatabaseIndex,
    table: &Arc<Table>,
    wanted: &dyn Fn(&Index) -> bool,
) -> Result<()> {
    for index in table.indexes.iter().filter(|i| wanted(i)) {
        refill(host, database, table, index)?;
    }
    Ok(())
}

fn refill(host: &dyn Host, database: DatabaseIndex, table: &Arc<Table>, index: &Arc<Index>) -> Result<()> {
    if !host.authorize(action::REINDEX, Some(&index.name), None, Some(&host.database_name(database)))? {
        return Ok(());
    }
    if index.id == table.id {
        // The rows themselves; their order was right when they were written.
        return Ok(());
    }
    empty(host, database, index)?;
    host.fill_index(database, table, index)
}

/// Removes all entries of an index.
pub fn empty(host: &dyn Host, database: DatabaseIndex, index: &Index) -> Result<()> {
    let mut write = host.write(database)?;
    let tree = write.shared().store().key_tree(index.id);
    let tree = tree.ok_or_else(|| Error::internal(format!("index {} has no entries", index.name)))?;
    let guard = write.open_view();
    let mut cursor = KeyCursor::new(tree.clone(), guard.view());
    let mut more = cursor.first();
    while more {
        let key = cursor.key().to_vec();
        write.delete_key(&tree, &key);
        more = cursor.next();
    }
    Ok(())
}

//! Pragmas that describe tables, indexes and foreign keys.

use std::sync::Arc;

use heliosdb_dialect::ast::{Conflict, ForeignKeyAction};
use heliosdb_udfs::value::{Affinity, Value};

use super::{Call, row};
use crate::catalog::{Column, Index, IndexColumn, IndexOrigin, IndexTerm, Object, Table};
use crate::error::Result;
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::{MAIN, TEMP};

type Rows = Result<Vec<Vec<Value>>>;

/// The databases a name is looked for in.
pub fn searched(call: &Call<'_>) -> Vec<DatabaseIndex> {
    match call.database {
        Some(database) => vec![database],
        None => {
            let attached = (2..call.context.database_count()).map(|i| DatabaseIndex(i as u16));
            [TEMP, MAIN].into_iter().chain(attached).collect()
        }
    }
}

/// A table or view by the pragma's argument.
pub fn object(call: &Call<'_>, name: &str) -> Option<(DatabaseIndex, Object)> {
    searched(call).into_iter().find_map(|database| {
        let schema = call.context.schema(database);
        let table = schema.table(name).map(|t| Object::Table(t.clone()));
        table.or_else(|| schema.view(name).map(|v| Object::View(v.clone()))).map(|o| (database, o))
    })
}

fn table(call: &Call<'_>) -> Option<Arc<Table>> {
    match object(call, call.value?) {
        Some((_, Object::Table(table))) => Some(table),
        _ => None,
    }
}

/// Columns of a table or view; `hidden` is 1 for a hidden column, 2 for a virtual generated one, 3 for a stored one.
pub fn table_info(call: &Call<'_>) -> Rows {
    let extended = call.pragma.name == "table_xinfo";
    let Some(name) = call.value else { return Ok(Vec::new()) };
    let columns = match object(call, name) {
        Some((_, Object::Table(table))) => {
            table.check_module()?;
            table.columns.clone()
        }
        Some((database, Object::View(view))) => {
            let mut columns = call.context.view_columns(database, &view)?;
            columns.iter_mut().for_each(name_type_of_view);
            columns
        }
        _ => return Ok(Vec::new()),
    };
    let mut rows = Vec::new();
    let mut shown = 0;
    for column in &columns {
        let hidden = hidden_kind(column);
        if hidden != 0 && !extended {
            continue;
        }
        // Generated columns have no default.
        let default = column.default.as_ref().map(|d| &*d.text);
        rows.push(row![
            shown,
            &*column.name,
            &*column.type_name,
            column.not_null.is_some(),
            default,
            i64::from(column.primary_key_position),
            hidden,
        ]);
        shown += 1i64;
    }
    Ok(rows)
}

/// A view's column is shown with its declared type if its affinity is that type's, else with a type of its affinity.
fn name_type_of_view(column: &mut Column) {
    if !column.type_name.is_empty() && Affinity::of_type(&column.type_name) == column.affinity {
        return;
    }
    column.type_name = match column.affinity {
        Affinity::None => "",
        Affinity::Blob => "BLOB",
        Affinity::Text => "TEXT",
        Affinity::Numeric | Affinity::FlexNum => "NUM",
        Affinity::Integer => "INT",
        Affinity::Real => "REAL",
    }
    .into();
}

fn hidden_kind(column: &Column) -> i64 {
    match &column.generated {
        Some(generated) if generated.stored => 3,
        Some(_) => 2,
        None => i64::from(column.hidden),
    }
}

/// All tables and views, newest first.
pub fn table_list(call: &Call<'_>) -> Rows {
    let databases: Vec<DatabaseIndex> = match call.database {
        Some(database) => vec![database],
        None => (0..call.context.database_count()).map(|i| DatabaseIndex(i as u16)).collect(),
    };
    let mut rows = Vec::new();
    for database in databases {
        let schema = call.context.schema(database);
        let database_name = call.context.database_name(database);
        let wanted = |name: &str| call.value.is_none_or(|v| v.eq_ignore_ascii_case(name));
        let mut tables: Vec<&Arc<Table>> = schema.tables.values().filter(|t| !t.system).collect();
        tables.sort_by_key(|t| std::cmp::Reverse(t.id));
        for table in tables {
            if wanted(&table.name) {
                let kind = if table.is_virtual() { "virtual" } else { "table" };
                let without_rowid = !table.has_rowid() && !table.is_virtual();
                rows.push(row![
                    &*database_name,
                    &*table.name,
                    kind,
                    table.columns.len() as i64,
                    without_rowid,
                    table.strict
                ]);
            }
        }
        let schema_table = if database == TEMP { "sqlite_temp_schema" } else { "sqlite_schema" };
        let legacy = if database == TEMP { "sqlite_temp_master" } else { "sqlite_master" };
        if wanted(schema_table) || wanted(legacy) {
            rows.push(row![&*database_name, schema_table, "table", 5, false, false]);
        }
        let mut views: Vec<_> = schema.views.values().filter(|v| wanted(&v.name)).collect();
        views.sort_by(|a, b| a.name.cmp(&b.name));
        for view in views {
            let columns = call.context.view_columns(database, view).map_or(0, |c| c.len() as i64);
            rows.push(row![&*database_name, &*view.name, "view", columns, false, false]);
        }
    }
    Ok(rows)
}

/// A table's indexes as SQLite keeps them: newest first, those that replace on conflict last.
pub fn index_list(call: &Call<'_>) -> Rows {
    let Some(table) = table(call) else { return Ok(Vec::new()) };
    let replaces = |i: &&Arc<Index>| i.conflict == Some(Conflict::Replace);
    let newest_first = || table.indexes.iter().rev();
    let ordered = newest_first().filter(|i| !replaces(i)).chain(newest_first().filter(replaces));
    let rows = ordered.enumerate().map(|(seq, index)| {
        let origin = match index.origin {
            IndexOrigin::Created => "c",
            IndexOrigin::Unique => "u",
            IndexOrigin::PrimaryKey => "pk",
        };
        row![seq as i64, &*index.name, index.unique, origin, index.filter.is_some()]
    });
    Ok(rows.collect())
}

/// `index_info`: the declared terms; `index_xinfo`: also what makes entries unique.
pub fn index_info(call: &Call<'_>) -> Rows {
    let extended = call.pragma.name == "index_xinfo";
    let Some(name) = call.value else { return Ok(Vec::new()) };
    let found = searched(call).into_iter().find_map(|d| {
        let schema = call.context.schema(d);
        schema.index(name).and_then(|i| Some((i.clone(), schema.table(&i.table)?.clone())))
    });
    // The name of a WITHOUT ROWID table stands for its primary key.
    let primary = || table(call).and_then(|t| t.primary_index().cloned().map(|i| (i, t)));
    let Some((index, table)) = found.or_else(primary) else { return Ok(Vec::new()) };
    let mut terms: Vec<(IndexColumn, bool)> = index.columns.iter().map(|c| (c.clone(), true)).collect();
    if extended {
        terms.extend(implied_terms(&table, &index).into_iter().map(|c| (c, false)));
    }
    let rows = terms.iter().enumerate().map(|(seq, (column, key))| {
        let (ordinal, name) = match &column.term {
            IndexTerm::Column(i) => (i64::from(*i), Some(&*table.columns[usize::from(*i)].name)),
            IndexTerm::Rowid => (-1, None),
            IndexTerm::Expr(_) => (-2, None),
        };
        row![seq as i64, ordinal, name, column.descending, &*column.collation, *key]
    });
    Ok(rows.collect())
}

/// What an index holds behind its declared terms.
fn implied_terms(table: &Table, index: &Index) -> Vec<IndexColumn> {
    let binary = || "BINARY".into();
    let Some(primary) = table.primary_index() else {
        return vec![IndexColumn { term: IndexTerm::Rowid, descending: false, collation: binary() }];
    };
    if index.id == table.id {
        // The table itself: all other columns that are stored.
        let in_key =
            |i: usize| primary.columns.iter().any(|c| matches!(c.term, IndexTerm::Column(k) if usize::from(k) == i));
        let rest = table.columns.iter().enumerate().filter(|(i, c)| {
            let is_virtual = c.generated.as_ref().is_some_and(|g| !g.stored);
            !in_key(*i) && !is_virtual
        });
        let column = |(i, c): (usize, &Column)| IndexColumn {
            term: IndexTerm::Column(i as u16),
            descending: false,
            collation: c.collation.clone().unwrap_or_else(binary),
        };
        return rest.map(column).collect();
    }
    let missing = primary.columns.iter().filter(|key| {
        !index.columns.iter().any(|c| {
            matches!((&c.term, &key.term), (IndexTerm::Column(a), IndexTerm::Column(b)) if a == b)
                && c.collation.eq_ignore_ascii_case(&key.collation)
        })
    });
    // SQLite does not carry the key's direction into the indexes of constraints.
    let descends = index.origin == IndexOrigin::Created;
    missing.map(|key| IndexColumn { descending: key.descending && descends, ..key.clone() }).collect()
}

pub fn foreign_key_list(call: &Call<'_>) -> Rows {
    let Some(table) = table(call) else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for (id, key) in table.foreign_keys.iter().enumerate() {
        for (seq, column) in key.columns.iter().enumerate() {
            rows.push(row![
                id as i64,
                seq as i64,
                &*key.parent,
                &*table.columns[usize::from(*column)].name,
                key.parent_columns.get(seq).map(|c| &**c),
                action(key.on_update),
                action(key.on_delete),
                // MATCH is parsed and forgotten.
                "NONE",
            ]);
        }
    }
    Ok(rows)
}

fn action(action: ForeignKeyAction) -> &'static str {
    match action {
        ForeignKeyAction::NoAction => "NO ACTION",
        ForeignKeyAction::Restrict => "RESTRICT",
        ForeignKeyAction::SetNull => "SET NULL",
        ForeignKeyAction::SetDefault => "SET DEFAULT",
        ForeignKeyAction::Cascade => "CASCADE",
    }
}

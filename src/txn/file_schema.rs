//! What a file says of its schema: the rows of its schema table and its statistics, read past the library.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use heliosdb_udfs::value::ValueRef;
use rustc_hash::FxHashMap;

use super::file::FilePages;
use crate::catalog::layout::row_layout;
use crate::catalog::load::SchemaRow;
use crate::catalog::system::{SCHEMA_TABLE_ID, schema_column, schema_table};
use crate::catalog::{Schema, Table};
use crate::error::Result;
use crate::store::image::rows::Rows;
use crate::store::tree::Tree as TreeOf;
use crate::store::tree::order::RowOrder;
use crate::store::{ObjectId, RowCursor, Stamp, Tree, Version, View, record};

/// What ANALYZE found, as of now: SQLite too reads it with the schema only.
pub(super) fn read_statistics(
    schema: &mut Schema,
    roots: &FxHashMap<ObjectId, Arc<AtomicU32>>,
    pages: &Arc<FilePages>,
) -> Result<()> {
    let Some(table) = schema.table("sqlite_stat1").filter(|t| t.has_rowid()).cloned() else { return Ok(()) };
    let place = |name: &str| table.columns.iter().position(|c| c.is_stored() && c.name.eq_ignore_ascii_case(name));
    let (Some(tbl), Some(idx), Some(stat)) = (place("tbl"), place("idx"), place("stat")) else { return Ok(()) };
    let root = roots.get(&table.id).map_or(0, |root| root.load(Ordering::Relaxed));
    each_row(pages, &table, root, |_, bytes| {
        let value = |i| record::column(bytes, i).unwrap_or(ValueRef::Null);
        schema.add_statistics(value(tbl), value(idx), value(stat));
    })
}

/// The rows of the file's schema table.
pub(super) fn schema_rows(pages: &Arc<FilePages>) -> Result<Vec<(i64, SchemaRow)>> {
    let mut rows = Vec::new();
    each_row(pages, &schema_table(false), 1, |rowid, bytes| {
        let text = |i| match record::column(bytes, i) {
            Some(ValueRef::Text(t) | ValueRef::Blob(t)) => Some(String::from_utf8_lossy(t)),
            _ => None,
        };
        let word = |i| text(i).unwrap_or_default().into();
        let root_page = match record::column(bytes, usize::from(schema_column::ROOT_PAGE)) {
            Some(ValueRef::Integer(page)) => u32::try_from(page).unwrap_or(0),
            _ => 0,
        };
        let sql = text(usize::from(schema_column::SQL)).map(Arc::from);
        rows.push((rowid, SchemaRow { kind: word(0), name: word(1), table: word(2), root_page, sql }));
    })?;
    Ok(rows)
}

/// Whether the text may say in which database a table is.
pub(super) fn may_name_databases(row: &SchemaRow) -> bool {
    matches!(&*row.kind, "view" | "trigger") && row.sql.as_ref().is_some_and(|sql| sql.contains('.'))
}

/// Reads a table of the file past its tree.
fn each_row(pages: &Arc<FilePages>, table: &Table, root: u32, mut row: impl FnMut(i64, &[u8])) -> Result<()> {
    let root = Arc::new(AtomicU32::new(root));
    let base = Rows { pages: pages.clone(), root, layout: row_layout(table), len_estimate: None };
    let tree = Arc::new(TreeOf::<RowOrder>::over(table.id, Arc::new(base)));
    let mut cursor = RowCursor::new(tree, View::main(Stamp(u64::MAX)));
    let mut more = cursor.first();
    while more {
        row(cursor.rowid(), cursor.record());
        more = cursor.next();
    }
    crate::store::fault::check()
}

/// The schema table: as in the file, but that an object's number stands for its root page.
pub(super) fn schema_tree(rows: &[(i64, SchemaRow)], schema: &Schema) -> Tree {
    let tree = Arc::new(TreeOf::<RowOrder>::new(SCHEMA_TABLE_ID));
    let mut bytes = Vec::new();
    for (rowid, row) in rows {
        let id = match &*row.kind {
            "table" => schema.table(&row.name).filter(|t| !t.is_virtual()).map(|t| t.id),
            "index" => schema.index(&row.name).map(|i| i.id),
            _ => None,
        };
        bytes.clear();
        record::encode(
            &mut bytes,
            [
                ValueRef::Text(row.kind.as_bytes()),
                ValueRef::Text(row.name.as_bytes()),
                ValueRef::Text(row.table.as_bytes()),
                ValueRef::Integer(id.map_or(0, |id| i64::from(id.0))),
                row.sql.as_ref().map_or(ValueRef::Null, |sql| ValueRef::Text(sql.as_bytes())),
            ],
        );
        let version = Version::row(Stamp::default(), &bytes);
        tree.put(*rowid, version, crate::store::tree::PutIf::Always);
    }
    Tree::Row(tree)
}

//! Random changes of the schema.

use super::expr;
use super::rng::Rng;
use super::schema::{self, Table};
use super::{Compare, Statement};

/// A change of the schema. The list of tables goes on telling the truth for most statements; the others fail alike.
pub fn alter(rng: &mut Rng, tables: &mut [Table], serial: usize) -> Statement {
    let i = rng.below(tables.len());
    let name = tables[i].name.clone();
    if tables[i].is_view {
        return Statement::exact(format!("PRAGMA table_xinfo({name})"));
    }
    let table = &mut tables[i];
    let at = rng.below(table.writable.len());
    let column = table.writable[at].clone();
    let sql = match rng.below(14) {
        0..2 => {
            let added = format!("n{serial}");
            table.columns.push(added.clone());
            table.writable.push(added.clone());
            let more = rng.pick(&["", "", " NOT NULL", " COLLATE NOCASE", " CHECK(1)", " UNIQUE"]);
            format!(
                "ALTER TABLE {name} ADD COLUMN {added} {} DEFAULT {}{more}",
                expr::type_name(rng),
                expr::constant(rng)
            )
        }
        2 => {
            let renamed = format!("m{serial}");
            let old = column.clone();
            let change =
                |names: &mut Vec<String>| names.iter_mut().filter(|n| **n == old).for_each(|n| n.clone_from(&renamed));
            change(&mut table.columns);
            change(&mut table.writable);
            table.unique.retain(|u| !u.contains(&old));
            format!("ALTER TABLE {name} RENAME COLUMN {column} TO {renamed}")
        }
        3 if table.columns.len() > 2 => {
            table.columns.retain(|c| *c != column);
            table.writable.retain(|c| *c != column);
            table.unique.retain(|u| !u.contains(&column));
            if table.writable.is_empty() {
                table.writable.push("rowid".to_owned());
            }
            format!("ALTER TABLE {name} DROP COLUMN {column}")
        }
        4 => {
            let renamed = format!("t{serial}x");
            table.name.clone_from(&renamed);
            format!("ALTER TABLE {name} RENAME TO {renamed}")
        }
        5 => format!("DROP INDEX IF EXISTS i{}", rng.below(4)),
        6..8 => schema::index(rng, &format!("i{serial}"), table),
        8 => format!("REINDEX {}", rng.pick(&[name.as_str(), "NOCASE", "i0"])),
        9 => format!("PRAGMA index_list({name})"),
        10 => format!("PRAGMA table_xinfo({name})"),
        11 => format!("PRAGMA foreign_key_list({name})"),
        12 => format!("DROP TRIGGER IF EXISTS r{}", rng.below(2)),
        _ => format!("PRAGMA index_xinfo(i{})", rng.below(4)),
    };
    Statement::new(sql, Compare::Rows)
}

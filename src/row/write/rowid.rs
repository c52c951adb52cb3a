//! The rowid of a new row (https://sqlite.org/autoinc.html).

use std::sync::Arc;

use super::Run;
use super::target::TargetProgram;
use crate::error::{Code, Error, Result};
use crate::store::RowTree;

impl Run<'_> {
    /// The rowid of a row that names none: one more than the largest, never one used before with AUTOINCREMENT.
    pub fn new_rowid(&self, target: &TargetProgram, tree: &Arc<RowTree>) -> Result<i64> {
        let around = self.cx.around;
        let view = around.live_view(target.database)?;
        let largest = tree.max_key(view);
        let full = || Error::new(Code::FULL, "database or disk is full");
        if is_autoincrement(target) {
            let used = around.sequence(target.database, &target.table.name)?.unwrap_or(0);
            let used = used.max(self.used.unwrap_or(0));
            return used.max(largest.unwrap_or(0)).checked_add(1).ok_or_else(full);
        }
        match largest {
            None => Ok(1),
            Some(largest) if largest < i64::MAX => Ok(largest + 1),
            Some(_) => {
                // The last rowid is taken: SQLite tries a hundred random ones.
                for _ in 0..100 {
                    let rowid = crate::env::random_u64() as i64 & (i64::MAX >> 1) | 1;
                    if tree.get(rowid, view).is_none() {
                        return Ok(rowid);
                    }
                }
                Err(full())
            }
        }
    }

    /// A rowid is used up even if its row is skipped.
    pub fn use_up(&mut self, target: &TargetProgram, rowid: i64) {
        if is_autoincrement(target) {
            self.used = Some(self.used.map_or(rowid, |used| used.max(rowid)));
        }
    }

    /// Writes the largest rowid that the statement used, when all its rows have been written.
    pub fn note_sequence(&self, target: &TargetProgram) -> Result<()> {
        match self.used {
            Some(used) => self.cx.around.note_sequence(target.database, &target.table.name, used),
            None => Ok(()),
        }
    }
}

fn is_autoincrement(target: &TargetProgram) -> bool {
    target.table.primary_key.as_ref().is_some_and(|p| p.autoincrement)
}

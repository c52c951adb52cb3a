//! Copying a database into another in steps (https://sqlite.org/c3ref/backup_finish.html).
//!
//! Steps count pages as SQLite would have them, so that progress is reported alike; the copy itself is made at
//! the last step, of the newest commit then. What is committed to the source in between is therefore in the copy; it starts
//! the count anew, as a change of pages already copied does in SQLite.

use std::sync::Arc;

use super::serialize::{clear, copy};
use crate::error::{Code, Error, Result};
use crate::store::Csn;
use crate::store::Tree;
use crate::txn::{Transaction, Transactions};

/// How far a step got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupStep {
    /// There is more to do.
    Ok,
    Done,
    /// Somebody writes to the target: to be tried again.
    Busy,
    /// The connection itself writes to the target.
    Locked,
}

pub struct Backup {
    source: Arc<Transactions>,
    target: Arc<Transactions>,
    target_name: Box<str>,
    page_count: usize,
    remaining: usize,
    /// The source's newest commit at the last step.
    seen: Csn,
    done: bool,
}

impl Backup {
    /// A backup of `source` into `target`, which goes by `target_name` in its connection.
    pub fn new(source: Arc<Transactions>, target: Arc<Transactions>, target_name: &str) -> Result<Backup> {
        if Arc::ptr_eq(&source, &target) {
            return Err(Error::sql("source and destination must be distinct"));
        }
        let seen = source.last_commit();
        Ok(Backup { source, target, target_name: target_name.into(), page_count: 0, remaining: 0, seen, done: false })
    }

    /// Copies up to `pages` pages, or all of them if that is negative.
    pub fn step(&mut self, pages: i32) -> Result<BackupStep> {
        if self.done {
            return Ok(BackupStep::Done);
        }
        let newest = self.source.last_commit();
        let restarts = std::mem::replace(&mut self.seen, newest) != newest;
        let copied = if restarts { 0 } else { self.page_count - self.remaining };
        self.page_count = page_count(&self.source);
        let wanted = usize::try_from(pages).map_or(self.page_count, |pages| copied + pages);
        if wanted < self.page_count {
            self.remaining = self.page_count - wanted;
            return Ok(BackupStep::Ok);
        }
        match self.copy_all() {
            Err(e) if e.code.primary() == Code::BUSY => Ok(BackupStep::Busy),
            result => {
                result?;
                self.remaining = 0;
                self.done = true;
                Ok(BackupStep::Done)
            }
        }
    }

    fn copy_all(&self) -> Result<()> {
        let mut source = Transaction::new(self.source.clone());
        source.begin_read()?;
        let encoding = source.schema().encoding;
        self.target.set_encoding(encoding)?;
        let mut target = Transaction::new(self.target.clone());
        target.begin_write(0, &|| false)?;
        // In memory the copy brings its encoding with it.
        if self.target.file().is_some() && target.schema().encoding != encoding {
            return Err(Error::sql("attached databases must use the same text encoding as main database"));
        }
        clear(&mut target, self.target_name.eq_ignore_ascii_case("temp"))?;
        copy(&mut source, &mut target, &self.target_name)?;
        target.commit().map(drop)
    }

    /// Pages still to be copied, as of the last step.
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// Pages of the source, as of the last step.
    pub fn page_count(&self) -> usize {
        self.page_count
    }
}

/// About as many pages as SQLite would have: one for the schema, one for each leaf of a tree.
pub fn page_count(database: &Transactions) -> usize {
    let schema = database.schema();
    let tables = schema.tables.values().filter(|t| !t.system && !t.is_virtual());
    let objects = tables.flat_map(|table| {
        let indexes = table.indexes.iter().map(|i| i.id).filter(|id| *id != table.id);
        std::iter::once(table.id).chain(indexes)
    });
    let leaves = objects.map(|id| match database.store().tree(id) {
        Some(Tree::Row(tree)) => tree.leaf_count().max(1),
        Some(Tree::Key(tree)) => tree.leaf_count().max(1),
        None => 0,
    });
    1 + leaves.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::bound::DatabaseIndex;
    use crate::session::ddl::tests::compare::Pair;
    use crate::session::ddl::{Host, MAIN};
    use heliosdb_udfs::value::ValueRef;

    fn rows(host: &dyn Host, database: DatabaseIndex) -> Vec<i64> {
        let mut rowids = Vec::new();
        let table = host.schema(database).table("t").expect("t was copied").clone();
        host.scan_rows(database, &table, &mut |rowid, _| {
            rowids.push(rowid);
            Ok(())
        })
        .expect("a scan");
        rowids
    }

    #[test]
    fn in_steps() {
        let (from, to) = (Pair::new(), Pair::new());
        from.agree(&["CREATE TABLE t(a)", "PRAGMA user_version = 9"]);
        to.agree(&["CREATE TABLE t(x, y)", "CREATE TABLE other(z)"]);
        let table = from.ours.schema(MAIN).table("t").expect("it was created").clone();
        let add = |rowid: i64| {
            from.ours.load_row(MAIN, &table, rowid, &[ValueRef::Integer(rowid)]).expect("a row");
            from.ours.commit();
        };
        add(3);
        add(4);
        let shared = |pair: &Pair| pair.ours.transaction(MAIN).shared().clone();
        let mut backup = Backup::new(shared(&from), shared(&to), "main").expect("they are distinct");
        assert_eq!(backup.step(1).expect("a step"), BackupStep::Ok);
        assert_eq!((backup.remaining(), backup.page_count()), (1, 2));
        add(1001);
        assert_eq!(backup.step(1).expect("it begins anew"), BackupStep::Ok);
        assert_eq!((backup.remaining(), backup.page_count()), (1, 2));
        // Somebody writes to the target.
        to.ours.write(MAIN).expect("nobody else writes");
        assert_eq!(backup.step(1).expect("a step"), BackupStep::Busy);
        to.ours.rollback();
        assert_eq!(backup.step(1).expect("a step"), BackupStep::Done);
        assert_eq!((backup.remaining(), backup.page_count()), (0, 2));
        assert_eq!(backup.step(1).expect("a step"), BackupStep::Done);
        to.ours.transaction(MAIN).refresh_schema();
        assert_eq!(rows(&to.ours, MAIN), [3, 4, 1001]);
        let schema = to.ours.schema(MAIN);
        assert!(schema.table("other").is_none());
        assert_eq!(schema.user_version, 9);

        let same = Backup::new(shared(&to), shared(&to), "main");
        assert!(same.is_err_and(|e| e.message == "source and destination must be distinct"));
    }
}

//! BEGIN, COMMIT, ROLLBACK and savepoints (https://sqlite.org/lang_transaction.html,
//! https://sqlite.org/lang_savepoint.html).

use heliosdb_dialect::ast::TransactionMode;

use super::inner::{Inner, Savepoint};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;

const TEMP: DatabaseIndex = DatabaseIndex(1);

pub fn begin(inner: &Inner, mode: TransactionMode) -> Result<()> {
    if inner.status.explicit.get() {
        return Err(Error::sql("cannot start a transaction within a transaction"));
    }
    if mode != TransactionMode::Deferred {
        for database in inner.databases().filter(|d| *d != TEMP) {
            let mut begun = inner.begin_write(database).map(drop);
            // A file that cannot be written is read, as in SQLite.
            if begun.as_ref().is_err_and(|e| e.code == Code::READONLY) && !inner.settings.borrow().query_only {
                begun = inner.transaction(database).begin_read();
            }
            if let Err(e) = begun {
                inner.rollback_all();
                return Err(e);
            }
        }
    }
    inner.status.explicit.set(true);
    Ok(())
}

pub fn commit(inner: &Inner) -> Result<()> {
    if !inner.status.explicit.get() {
        return Err(Error::sql("cannot commit - no transaction is active"));
    }
    if inner.writing.get() + inner.returning.get() > 0 {
        return Err(Error::new(Code::BUSY, "cannot commit transaction - SQL statements in progress"));
    }
    inner.commit_all()
}

pub fn rollback(inner: &Inner) -> Result<()> {
    if !inner.status.explicit.get() {
        return Err(Error::sql("cannot rollback - no transaction is active"));
    }
    inner.rollback_all();
    Ok(())
}

pub fn savepoint(inner: &Inner, name: &str) -> Result<()> {
    if inner.writing.get() + inner.returning.get() > 0 {
        return Err(Error::new(Code::BUSY, "cannot open savepoint - SQL statements in progress"));
    }
    let outermost = !inner.status.explicit.get();
    inner.status.explicit.set(true);
    let marks = inner.databases().map(|d| inner.transaction(d).mark()).collect();
    let deferred_violations = inner.deferred_violations.get();
    inner.savepoints.borrow_mut().push(Savepoint { name: name.into(), marks, outermost, deferred_violations });
    Ok(())
}

fn find(inner: &Inner, name: &str) -> Result<usize> {
    let savepoints = inner.savepoints.borrow();
    savepoints
        .iter()
        .rposition(|s| s.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| Error::sql(format!("no such savepoint: {name}")))
}

pub fn release(inner: &Inner, name: &str) -> Result<()> {
    let at = find(inner, name)?;
    if inner.writing.get() + inner.returning.get() > 0 {
        return Err(Error::new(Code::BUSY, "cannot release savepoint - SQL statements in progress"));
    }
    if inner.savepoints.borrow()[at].outermost {
        return inner.commit_all();
    }
    inner.savepoints.borrow_mut().truncate(at);
    Ok(())
}

pub fn rollback_to(inner: &Inner, name: &str) -> Result<()> {
    let at = find(inner, name)?;
    inner.savepoints.borrow_mut().truncate(at + 1);
    let violations = {
        let savepoints = inner.savepoints.borrow();
        for (database, mark) in inner.databases().zip(&savepoints[at].marks) {
            inner.transaction(database).rollback_to(*mark);
        }
        savepoints[at].deferred_violations
    };
    inner.deferred_violations.set(violations);
    inner.rollbacks.set(inner.rollbacks.get().wrapping_add(1));
    Ok(())
}

//! Failures of reading that surface where no result can be returned: cursors say "no more entries", and the
//! statement that used them asks here before it reports anything.
//!
//! One slot a thread: a statement's step runs on one thread from beginning to end.

use std::cell::{Cell, RefCell};

use crate::error::Error;

thread_local! {
    static ANY: Cell<bool> = const { Cell::new(false) };
    static FAULT: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Keeps a failure; the first one counts.
pub fn raise(error: Error) {
    ANY.set(true);
    FAULT.with_borrow_mut(|slot| {
        slot.get_or_insert(error);
    });
}

/// The failure since it was last asked for.
#[inline]
pub fn check() -> Result<(), Error> {
    if ANY.get() { taken() } else { Ok(()) }
}

#[cold]
fn taken() -> Result<(), Error> {
    ANY.set(false);
    match FAULT.with_borrow_mut(Option::take) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

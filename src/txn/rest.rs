//! A file that its last connection has closed rests open for a moment, without a lock: whoever connects again soon finds
//! memory as it was. Programs that connect for every request would otherwise read the schema each time.
//!
//! Only what SQLite's own rules for an open file cover is trusted: a file somebody touched meanwhile by other means than
//! SQLite (a copy over it, a patched byte) shows by its status, and is opened anew. A file in WAL mode never rests: the
//! last connection's end checkpoints it and removes the log.

use std::path::Path;
use std::sync::Arc;

use super::database::Transactions;
use super::keeper;
use crate::env;

/// How many of the keeper's looks a file rests: about a second.
const LOOKS_MAX: u32 = 200;

/// Times of a file's status are too coarse to tell two changes within this apart: some ticks of the system's clock, or
/// what file systems need that know no parts of a second.
const COARSE_MS: i64 = 25;
const WHOLE_SECONDS_MS: i64 = 2_500;

/// Users of a file that is open, or its rest.
#[derive(Default)]
pub(super) struct Rest {
    users: usize,
    resting: Option<(Arc<Transactions>, Mark)>,
    looks: u32,
}

/// What changes with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    id: (u64, u64),
    size: u64,
    /// Nanoseconds: of the data, of the status.
    changed: (i128, i128),
}

impl Mark {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Mark> {
        use std::os::unix::fs::MetadataExt;
        let status = std::fs::metadata(path).ok()?;
        let ns = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        Some(Mark {
            id: (status.dev(), status.ino()),
            size: status.len(),
            changed: (ns(status.mtime(), status.mtime_nsec()), ns(status.ctime(), status.ctime_nsec())),
        })
    }

    /// Elsewhere an open file keeps others from replacing it.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Mark> {
        None
    }

    /// Whether a later change would show.
    fn is_old(&self) -> bool {
        let whole = self.changed.0 % 1_000_000_000 == 0 || self.changed.1 % 1_000_000_000 == 0;
        let coarse = if whole { WHOLE_SECONDS_MS } else { COARSE_MS };
        let now = i128::from(env::now_ms() - coarse) * 1_000_000;
        self.changed.0 < now && self.changed.1 < now
    }
}

impl Transactions {
    /// A connection begins to use the database.
    pub(super) fn enter_use(&self) {
        let mut rest = self.rest.lock();
        rest.users += 1;
        let resting = rest.resting.take();
        drop(rest);
        drop(resting);
    }

    /// A connection ends its use; a file rests after the last one.
    pub(super) fn leave_use(self: &Arc<Self>) {
        let mut rest = self.rest.lock();
        rest.users = rest.users.saturating_sub(1);
        if rest.users > 0 {
            return;
        }
        let Some(file) = self.file() else { return };
        if !file.may_rest() {
            return;
        }
        if let Some(mark) = Mark::of(file.container().path()).filter(Mark::is_old)
            && keeper::wake()
        {
            rest.looks = 0;
            rest.resting = Some((self.clone(), mark));
        }
    }

    /// Whether the database can be used as it is: somebody has it open, or nobody has touched its file since.
    pub fn is_reusable(&self) -> bool {
        let rest = self.rest.lock();
        let Some((_, mark)) = &rest.resting else { return rest.users > 0 };
        self.file().is_some_and(|file| Mark::of(file.container().path()) == Some(*mark))
    }

    /// Ends the rest at once.
    pub fn wake_up(&self) {
        let resting = self.rest.lock().resting.take();
        drop(resting);
    }

    /// Ends the rest after a while. Gives whether it lasts.
    pub(super) fn look(&self) -> bool {
        let mut rest = self.rest.lock();
        rest.looks += 1;
        if rest.looks <= LOOKS_MAX {
            return rest.resting.is_some();
        }
        let resting = rest.resting.take();
        drop(rest);
        drop(resting);
        false
    }
}

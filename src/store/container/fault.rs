//! Failing system calls on purpose, for tests: the n-th call on a database's files fails, comes up short, or is the last one.
//!
//! A plan names a database; it covers the file and whatever begins with its name (`-journal`, `-wal`, `-shm`).
//! Without any plan a call costs one relaxed load.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

/// Kinds of calls, as bits of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls(u8);

impl Calls {
    pub const OPEN: Calls = Calls(1);
    pub const READ: Calls = Calls(2);
    pub const WRITE: Calls = Calls(4);
    pub const SYNC: Calls = Calls(8);
    pub const TRUNCATE: Calls = Calls(16);
    pub const LOCK: Calls = Calls(32);
    pub const DELETE: Calls = Calls(64);
    /// What changes something on disk.
    pub const CHANGES: Calls = Calls(4 | 8 | 16 | 64);
    pub const ALL: Calls = Calls(127);

    fn contains(self, call: Calls) -> bool {
        self.0 & call.0 != 0
    }
}

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This call fails; nothing of it happened.
    Fail,
    /// Half of a write happens, then the disk is full. Other calls fail.
    Short,
    /// This call and every later one fails.
    PowerOff,
    /// As `PowerOff`, and half of a write that is the chosen call happens: a torn page.
    PowerOffTorn,
}

/// What a call has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Proceed,
    Fail,
    /// Do half of it, then fail.
    Half,
}

struct Plan {
    database: PathBuf,
    calls: Calls,
    /// The number of the chosen call, from 0.
    at: u64,
    effect: Effect,
    seen: AtomicU64,
}

static ANY: AtomicBool = AtomicBool::new(false);
static PLANS: Mutex<Vec<Arc<Plan>>> = Mutex::new(Vec::new());

/// A plan in force until dropped.
pub struct Injected(Arc<Plan>);

/// Puts a plan into force. `database` is the path as SQLite has it: absolute, symbolic links resolved.
pub fn inject(database: &Path, calls: Calls, at: u64, effect: Effect) -> Injected {
    let plan = Arc::new(Plan { database: database.to_owned(), calls, at, effect, seen: AtomicU64::new(0) });
    let mut plans = PLANS.lock();
    plans.push(plan.clone());
    ANY.store(true, Ordering::Relaxed);
    Injected(plan)
}

impl Injected {
    /// How many calls the plan has counted.
    pub fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::Relaxed)
    }

    pub fn has_fired(&self) -> bool {
        self.seen() > self.0.at
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        let mut plans = PLANS.lock();
        plans.retain(|p| !Arc::ptr_eq(p, &self.0));
        ANY.store(!plans.is_empty(), Ordering::Relaxed);
    }
}

/// Asked by every call of the VFS before it goes to the system. `path` is that of the file at hand.
pub fn check(path: &[u8], call: Calls) -> Verdict {
    if ANY.load(Ordering::Relaxed) { consult(path, call) } else { Verdict::Proceed }
}

#[cold]
fn consult(path: &[u8], call: Calls) -> Verdict {
    for plan in PLANS.lock().iter() {
        if !plan.calls.contains(call) || !path.starts_with(plan.database.as_os_str().as_bytes()) {
            continue;
        }
        let number = plan.seen.fetch_add(1, Ordering::Relaxed);
        let stays = matches!(plan.effect, Effect::PowerOff | Effect::PowerOffTorn);
        if number == plan.at {
            let half = matches!(plan.effect, Effect::Short | Effect::PowerOffTorn) && call == Calls::WRITE;
            return if half { Verdict::Half } else { Verdict::Fail };
        }
        if number > plan.at && stays {
            return Verdict::Fail;
        }
    }
    Verdict::Proceed
}

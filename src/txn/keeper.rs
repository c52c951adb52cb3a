//! Gives leases back that nobody has needed for a moment, so that other users of the files can write.
//!
//! One thread for the process, started by the first file; it sleeps while there is no lease.

use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashMap;

use super::database::Transactions;
use crate::env;

/// How long a lease outlives its last use, at least; at most twice that.
const IDLE_MS: u64 = 5;

#[derive(Default)]
struct Keeper {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    files: Vec<Weak<Transactions>>,
    process: u32,
    sleeping: bool,
    /// A lease was taken since the files were last asked.
    woken: bool,
}

fn keeper() -> &'static Arc<Keeper> {
    static KEEPER: OnceLock<Arc<Keeper>> = OnceLock::new();
    KEEPER.get_or_init(Arc::default)
}

/// Watches over a file from now on.
pub fn watch(database: &Arc<Transactions>) {
    let mut state = keeper().state.lock();
    state.files.push(Arc::downgrade(database));
    // A forked child has none of its parent's threads.
    if state.process != std::process::id() {
        let own = keeper().clone();
        state.sleeping = false;
        if env::spawn("heliosdb-leases", move || own.run()).is_ok() {
            state.process = std::process::id();
        }
    }
}

/// A lease was taken.
pub fn wake() {
    let mut state = keeper().state.lock();
    state.woken = true;
    if state.sleeping {
        keeper().woken.notify_one();
    }
}

impl Keeper {
    fn run(&self) {
        let mut seen: FxHashMap<usize, u64> = FxHashMap::default();
        loop {
            env::sleep_ms(IDLE_MS);
            // The files are asked without the keeper's lock: whoever takes a lease holds the file's and then wants ours.
            let files: Vec<Arc<Transactions>> = {
                let mut state = self.state.lock();
                state.files.retain(|file| file.strong_count() > 0);
                state.files.iter().filter_map(Weak::upgrade).collect()
            };
            let mut any = false;
            for database in &files {
                let seen = seen.entry(Arc::as_ptr(database) as usize).or_default();
                any |= database.file().is_some_and(|file| file.settle(seen));
            }
            drop(files);
            let mut state = self.state.lock();
            if !any && !std::mem::take(&mut state.woken) {
                seen.clear();
                state.sleeping = true;
                self.woken.wait(&mut state);
                state.sleeping = false;
            }
            state.woken = false;
        }
    }
}

//! Gives leases back that nobody has needed for a moment, so that other users of the files can write, and closes files
//! that nobody has opened again ([`super::rest`]).
//!
//! One thread for the process; it sleeps while there is neither. It is started when files were asked for a few times:
//! a program that only looks something up gives its leases back itself, and does not wait for a thread.

use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Condvar, Mutex};

use super::database::Transactions;
use crate::env;

/// How long a lease outlives its last use, at least; at most twice that.
const IDLE_MS: u64 = 5;

/// How many leases go without the thread.
const FEW: u32 = 4;

#[derive(Default)]
struct Keeper {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    /// Those that the thread has not begun to watch yet.
    new_files: Vec<Weak<Transactions>>,
    process: u32,
    /// How often it was asked for without a thread.
    wakes: u32,
    sleeping: bool,
    /// A lease was taken since the thread last began to look.
    taken: bool,
}

fn keeper() -> &'static Arc<Keeper> {
    static KEEPER: OnceLock<Arc<Keeper>> = OnceLock::new();
    KEEPER.get_or_init(Arc::default)
}

/// Watches over a file from now on.
pub fn watch(database: &Arc<Transactions>) {
    keeper().state.lock().new_files.push(Arc::downgrade(database));
}

/// A lease was taken, or a rest begins: gives whether the keeper will end it. Called with the file's state locked: the
/// keeper must not ask for it under its own lock.
pub fn wake() -> bool {
    let mut state = keeper().state.lock();
    state.taken = true;
    if state.sleeping {
        keeper().woken.notify_one();
    }
    // A forked child has none of its parent's threads.
    if state.process == std::process::id() {
        return true;
    }
    state.wakes += 1;
    if state.wakes <= FEW {
        return false;
    }
    let own = keeper().clone();
    state.sleeping = false;
    if env::spawn("heliosdb-leases", move || own.run()).is_err() {
        return false;
    }
    state.process = std::process::id();
    state.wakes = 0;
    true
}

impl Keeper {
    fn run(&self) {
        let mut seen: Vec<(Weak<Transactions>, u64)> = Vec::new();
        loop {
            env::sleep_ms(IDLE_MS);
            let mut state = self.state.lock();
            state.taken = false;
            seen.extend(state.new_files.drain(..).map(|file| (file, 0)));
            drop(state);
            let mut any = false;
            seen.retain_mut(|(file, activity)| {
                let Some(database) = file.upgrade() else { return false };
                any |= database.file().is_some_and(|file| file.settle(activity));
                any |= database.look();
                true
            });
            let mut state = self.state.lock();
            if !any && !state.taken {
                state.sleeping = true;
                self.woken.wait(&mut state);
                state.sleeping = false;
            }
        }
    }
}

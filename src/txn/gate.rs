//! One writer at a time, admitted in the order of arrival.
//!
//! Invariant: while somebody waits, nobody who came later gets in, not even one who would not have to wait.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::error::Error;
use crate::env;

/// How often a waiting writer asks whether it was interrupted.
const INTERRUPT_CHECK_MS: u64 = 20;

#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    held: bool,
    /// Tickets of those waiting, in the order of arrival.
    queue: VecDeque<u64>,
    last_ticket: u64,
}

impl Gate {
    /// Returns when the caller holds the gate. A timeout of 0 never waits.
    pub fn enter(&self, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<(), Error> {
        let mut state = self.state.lock();
        if !state.held && state.queue.is_empty() {
            state.held = true;
            return Ok(());
        }
        if timeout_ms == 0 {
            return Err(Error::Busy);
        }
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        state.queue.push_back(ticket);
        let deadline_ms = env::monotonic_ms().saturating_add(timeout_ms);
        loop {
            if !state.held && state.queue.front() == Some(&ticket) {
                state.queue.pop_front();
                state.held = true;
                return Ok(());
            }
            let left_ms = deadline_ms.saturating_sub(env::monotonic_ms());
            if left_ms == 0 {
                self.give_up(&mut state, ticket);
                return Err(Error::Busy);
            }
            self.moved.wait_for(&mut state, Duration::from_millis(left_ms.min(INTERRUPT_CHECK_MS)));
            drop(state);
            // The check may run code of the host language.
            let stop = interrupted();
            state = self.state.lock();
            if stop {
                self.give_up(&mut state, ticket);
                return Err(Error::Interrupted);
            }
        }
    }

    /// Lets the next one in.
    pub fn leave(&self) {
        let mut state = self.state.lock();
        debug_assert!(state.held, "only the holder leaves");
        state.held = false;
        if !state.queue.is_empty() {
            self.moved.notify_all();
        }
    }

    /// Whether others wait for the holder.
    pub fn is_contended(&self) -> bool {
        !self.state.lock().queue.is_empty()
    }

    fn give_up(&self, state: &mut State, ticket: u64) {
        state.queue.retain(|t| *t != ticket);
        // The one behind may be the first now.
        self.moved.notify_all();
    }
}

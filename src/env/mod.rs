//! What the engine takes from its surroundings: clocks, random numbers, threads, the local time zone, and the
//! callbacks of the host language.
//!
//! Every clock read, random number and thread start of the engine goes through this module, so that a test
//! can find (and a port can replace) all of them here. Nothing here keeps state of a database.

pub mod callback;
#[cfg(unix)]
mod limits;
mod memory;
pub mod stack;

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::OnceLock;
use std::thread::{Builder, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{Offset, TimeZone};

pub use memory::memory_bytes;

/// Milliseconds since 1970-01-01 UTC; negative before it.
#[allow(clippy::disallowed_methods, reason = "this is where clocks are read")]
pub fn now_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// Milliseconds since a fixed moment of this process; never goes back.
#[allow(clippy::disallowed_methods, reason = "this is where clocks are read")]
pub fn monotonic_ms() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Lets the running thread rest.
pub fn sleep_ms(ms: u64) {
    std::thread::sleep(std::time::Duration::from_millis(ms));
}

/// A random number, not for secrets: xorshift64*, one state a thread, seeded from the standard library's
/// per-process random keys.
pub fn random_u64() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(seed());
    }
    STATE.with(|state| {
        let mut x = state.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        state.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    })
}

/// Never 0, which xorshift would keep for ever.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

/// Starts a named thread.
pub fn spawn<F, T>(name: &str, f: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().name(name.to_owned()).spawn(f)
}

/// Seconds to add to UTC to get the local time at `unix_s` (what SQLite asks `localtime_r` for);
/// 0 outside the years that the calendar covers.
pub fn local_offset_s(unix_s: i64) -> i32 {
    match chrono::DateTime::from_timestamp(unix_s, 0) {
        Some(utc) => chrono::Local.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ() {
        let drawn: std::collections::HashSet<u64> = (0..1000).map(|_| random_u64()).collect();
        assert_eq!(drawn.len(), 1000);
    }

    #[test]
    fn monotonic_clock_does_not_go_back() {
        let first = monotonic_ms();
        assert!(monotonic_ms() >= first);
    }

    #[test]
    fn local_offset_is_below_a_day() {
        assert!(local_offset_s(now_ms() / 1000).abs() < 86_400);
        assert_eq!(local_offset_s(i64::MAX), 0);
    }
}

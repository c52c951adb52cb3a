//! What any thread may ask or tell a connection while another one runs a statement on it. Nothing here waits for the
//! connection's lock.
//!
//! Invariant: only the thread with the connection's lock writes, but for `interrupted` and limits.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

/// SQLITE_LIMIT_… in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Limit {
    Length,
    SqlLength,
    Columns,
    ExpressionDepth,
    CompoundSelects,
    Operations,
    FunctionArgs,
    Attached,
    LikePattern,
    Variables,
    TriggerDepth,
    WorkerThreads,
}

const LIMIT_COUNT: usize = 12;

/// The largest values, which are also the first ones.
const LIMITS_MAX: [i32; LIMIT_COUNT] =
    [1_000_000_000, 1_000_000_000, 2000, 1000, 500, 250_000_000, 1000, 10, 50_000, 32_766, 1000, 8];

/// The least length that can be set.
const LENGTH_MIN: i32 = 30;

#[derive(Default)]
pub struct Flag(AtomicBool);

impl Flag {
    #[inline]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub fn set(&self, value: bool) {
        self.0.store(value, Ordering::Relaxed);
    }
}

#[derive(Default)]
pub struct Count(AtomicI64);

impl Count {
    #[inline]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

pub struct Status {
    /// Running statements shall end.
    pub interrupted: Flag,
    /// BEGIN or a savepoint is in force.
    pub explicit: Flag,
    pub changes: Count,
    pub total_changes: Count,
    pub last_insert_rowid: Count,
    limits: [AtomicI32; LIMIT_COUNT],
}

impl Default for Status {
    fn default() -> Status {
        Status {
            interrupted: Flag::default(),
            explicit: Flag::default(),
            changes: Count::default(),
            total_changes: Count::default(),
            last_insert_rowid: Count::default(),
            limits: LIMITS_MAX.map(AtomicI32::new),
        }
    }
}

impl Status {
    #[inline]
    pub fn limit(&self, limit: Limit) -> usize {
        usize::try_from(self.limits[limit as usize].load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// The value of the limit with this number, and its new value unless that is negative. `None`: no such limit.
    pub fn change_limit(&self, number: i32, new: i32) -> Option<i32> {
        let i = usize::try_from(number).ok().filter(|i| *i < LIMIT_COUNT)?;
        let old = self.limits[i].load(Ordering::Relaxed);
        if new >= 0 {
            let least = if i == Limit::Length as usize { LENGTH_MIN } else { 0 };
            self.limits[i].store(new.clamp(least, LIMITS_MAX[i]), Ordering::Relaxed);
        }
        Some(old)
    }
}

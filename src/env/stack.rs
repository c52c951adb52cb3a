//! Room on the stack for what nests: a host's thread may have little (512 KiB on macOS, 128 KiB with musl).

/// What one level of any recursion takes at most.
const LEVEL_BYTES: usize = 96 << 10;
/// How much is added at a time.
const STACK_BYTES: usize = 4 << 20;
/// Enough for the deepest statement that the parser lets through, from one end to the other.
const DEEP_BYTES: usize = 64 << 20;
/// Enough to compile any but the deepest.
const COMPILE_BYTES: usize = 1 << 20;
/// Up to this depth of the text, everything that is not a level fits into `LEVEL_BYTES`.
const DEEP_NESTING: u32 = 200;

/// Calls `f` with room for one level more.
#[inline]
pub fn with_room<T>(f: impl FnOnce() -> T) -> T {
    grow(LEVEL_BYTES, STACK_BYTES, f)
}

/// Calls `f` with so many bytes of stack, on a new one if there are less left.
#[inline]
fn grow<T>(bytes: usize, stack_bytes: usize, f: impl FnOnce() -> T) -> T {
    if main::has_room(bytes) { f() } else { stacker::maybe_grow(bytes, stack_bytes, f) }
}

/// The stack of the process's first thread. How far that one reaches, the system's libraries find in a list of all that
/// is mapped (0.15 ms, at a program's first statement); but it always reaches as far down as here.
#[cfg(target_os = "linux")]
mod main {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::limits::limit_of;

    /// The kernel leaves more than this free below the first stack, whatever limit is set later.
    const REACH_MAX: usize = 8 << 20;
    /// For the arguments and the environment, which lie above all frames, and the guard below.
    const SLACK: usize = 256 << 10;

    /// The lowest address that may be used; 0 before it was looked for, `usize::MAX` if it is not known.
    static LOW: AtomicUsize = AtomicUsize::new(0);
    static TOP: AtomicUsize = AtomicUsize::new(0);

    #[inline]
    pub fn has_room(bytes: usize) -> bool {
        let here = 0u8;
        let here = std::ptr::from_ref(&here).addr();
        let low = match LOW.load(Ordering::Acquire) {
            0 => find(),
            low => low,
        };
        here > low.saturating_add(bytes) && here < TOP.load(Ordering::Relaxed)
    }

    #[cold]
    #[allow(unsafe_code, reason = "the process's own description")]
    fn find() -> usize {
        // SAFETY: reads a word that the kernel gave the process, the address of its file's name above the first stack.
        let top = unsafe { libc::getauxval(libc::AT_EXECFN) } as usize;
        let reach = limit_of(libc::RLIMIT_STACK).unwrap_or(REACH_MAX).min(REACH_MAX);
        let low = if top > REACH_MAX { top - reach + SLACK.min(reach) } else { usize::MAX };
        TOP.store(top, Ordering::Relaxed);
        LOW.store(low, Ordering::Release);
        low
    }
}

#[cfg(not(target_os = "linux"))]
mod main {
    pub fn has_room(_: usize) -> bool {
        false
    }
}

/// Calls `f`, which compiles a statement: what views and triggers bring in is not known before.
pub fn with_room_to_compile<T>(f: impl FnOnce() -> T) -> T {
    grow(COMPILE_BYTES, DEEP_BYTES, f)
}

/// Whether a statement whose text nests this deep takes `with_room_for`.
#[inline]
pub fn is_deep(nesting: u32) -> bool {
    nesting > DEEP_NESTING
}

/// Calls `f`, which walks trees of a statement whose text nests this deep.
#[inline]
pub fn with_room_for<T>(nesting: u32, f: impl FnOnce() -> T) -> T {
    if is_deep(nesting) { grow(DEEP_BYTES / 2, DEEP_BYTES, f) } else { with_room(f) }
}

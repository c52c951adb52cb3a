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
    stacker::maybe_grow(LEVEL_BYTES, STACK_BYTES, f)
}

/// Calls `f`, which compiles a statement: what views and triggers bring in is not known before.
pub fn with_room_to_compile<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(COMPILE_BYTES, DEEP_BYTES, f)
}

/// Whether a statement whose text nests this deep takes `with_room_for`.
#[inline]
pub fn is_deep(nesting: u32) -> bool {
    nesting > DEEP_NESTING
}

/// Calls `f`, which walks trees of a statement whose text nests this deep.
#[inline]
pub fn with_room_for<T>(nesting: u32, f: impl FnOnce() -> T) -> T {
    if is_deep(nesting) { stacker::maybe_grow(DEEP_BYTES / 2, DEEP_BYTES, f) } else { with_room(f) }
}

//! Functions that look for text in text: like, glob, instr. The LIKE and GLOB operators call the first two with
//! the pattern first. To those two, text ends at a NUL.

use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Host, Scalar};
use crate::value::ValueRef;
use crate::value::cast::to_text;
use crate::value::text::{before_nul, char_count, code_point};
use crate::value::{glob, like};
use bumpalo::Bump;
use memchr::memmem;

const PURE: Flags = Flags::DETERMINISTIC;
const TEXT: Flags = PURE.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("glob", 2, Some(2), TEXT, glob_function, "glob(X,Y)", "Whether Y matches the pattern X: `Y GLOB X`."),
    row("instr", 2, Some(2), PURE, instr, "instr(X,Y)", "Where Y first stands in X, counted in characters from 1, or in bytes if both are blobs; 0 if nowhere."),
    row("like", 2, Some(3), TEXT, like_function, "like(X,Y[,Z])", "Whether Y matches the pattern X with the escape character Z: `Y LIKE X ESCAPE Z`."),
];

fn too_complex(call: &Call<'_, '_>, pattern: &[u8]) -> Result<(), FunctionError> {
    check_length(pattern.len(), call.host.like_pattern_limit())
}

/// Refuses patterns longer than SQLITE_LIMIT_LIKE_PATTERN_LENGTH.
fn check_length(len: usize, limit: usize) -> Result<(), FunctionError> {
    if len > limit { Err(FunctionError::new("LIKE or GLOB pattern too complex")) } else { Ok(()) }
}

/// How the connection wants LIKE to be.
#[derive(Clone, Copy, Debug)]
pub struct LikeOptions {
    pub pattern_limit: usize,
    pub case_sensitive: bool,
}

impl LikeOptions {
    pub fn of(host: &dyn Host) -> LikeOptions {
        LikeOptions { pattern_limit: host.like_pattern_limit(), case_sensitive: host.case_sensitive_like() }
    }
}

/// `like(X,Y)` with an X that was known beforehand.
#[inline]
pub fn like_known(
    pattern: &like::Pattern,
    text: ValueRef<'_>,
    options: LikeOptions,
    arena: &Bump,
) -> Result<Option<bool>, FunctionError> {
    check_length(pattern.len(), options.pattern_limit)?;
    if text.is_null() {
        return Ok(None);
    }
    Ok(Some(pattern.matches(before_nul(to_text(text, arena)), options.case_sensitive)))
}

/// The pattern of [`like_known`] for a constant X; `None` if it holds a NUL.
pub fn known_pattern(pattern: &[u8]) -> Option<like::Pattern> {
    (before_nul(pattern).len() == pattern.len()).then(|| like::Pattern::new(pattern))
}

fn like_function<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let pattern = to_text(args[0], call.arena);
    too_complex(call, pattern)?;
    let mut escape = None;
    if let Some(&z) = args.get(2) {
        if z.is_null() {
            return Ok(ValueRef::Null);
        }
        let z = before_nul(to_text(z, call.arena));
        if char_count(z) != 1 {
            return Err(FunctionError::new("ESCAPE expression must be a single character"));
        }
        escape = Some(code_point(z, 0).0);
    }
    if args[0].is_null() || args[1].is_null() {
        return Ok(ValueRef::Null);
    }
    let (pattern, text) = (before_nul(pattern), before_nul(to_text(args[1], call.arena)));
    let matched = like::like(pattern, text, escape, call.host.case_sensitive_like());
    Ok(ValueRef::Integer(i64::from(matched)))
}

fn glob_function<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let pattern = to_text(args[0], call.arena);
    too_complex(call, pattern)?;
    if args[0].is_null() || args[1].is_null() {
        return Ok(ValueRef::Null);
    }
    let (pattern, text) = (before_nul(pattern), before_nul(to_text(args[1], call.arena)));
    Ok(ValueRef::Integer(i64::from(glob::glob(pattern, text))))
}

fn instr<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() || args[1].is_null() {
        return Ok(ValueRef::Null);
    }
    if let (ValueRef::Blob(text), ValueRef::Blob(wanted)) = (args[0], args[1]) {
        return Ok(ValueRef::Integer(memmem::find(text, wanted).map_or(0, |i| i as i64 + 1)));
    }
    let (text, wanted) = (to_text(args[0], call.arena), to_text(args[1], call.arena));
    if wanted.is_empty() {
        return Ok(ValueRef::Integer(1));
    }
    // Only at the beginning of a character, which the first byte always is.
    let begins = |at: usize| at == 0 || text[at] & 0xc0 != 0x80;
    let (mut position, mut at) = (1, 0);
    for hit in memmem::find_iter(text, wanted) {
        position += (at..hit).filter(|&i| begins(i)).count() as i64;
        at = hit;
        if begins(hit) {
            return Ok(ValueRef::Integer(position));
        }
    }
    Ok(ValueRef::Integer(0))
}

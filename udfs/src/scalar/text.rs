//! Functions that make text of text: lower, upper, substr, trim, replace, concat.

use super::characters::sized;
use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_text};
use crate::value::text::{before_nul, char_count, char_end, counted_end};
use bumpalo::collections::Vec as ArenaVec;
use memchr::memmem;

const PURE: Flags = Flags::DETERMINISTIC;
const TEXT: Flags = PURE.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("concat", 1, None, TEXT, concat, "concat(X,...)", "The arguments as text, one behind the other; NULL is empty."),
    row("concat_ws", 2, None, TEXT, concat_ws, "concat_ws(SEP,X,...)", "The arguments that are not NULL as text with SEP between them."),
    row("lower", 1, Some(1), TEXT, lower, "lower(X)", "X with ASCII letters in lower case."),
    row("ltrim", 1, Some(2), TEXT, ltrim, "ltrim(X[,Y])", "X without characters of Y, or spaces, at its beginning."),
    row("replace", 3, Some(3), TEXT, replace, "replace(X,Y,Z)", "X with Z in the place of every Y."),
    row("rtrim", 1, Some(2), TEXT, rtrim, "rtrim(X[,Y])", "X without characters of Y, or spaces, at its end."),
    row("substr", 2, Some(3), PURE, substr, "substr(X,Y[,Z])", "Z characters of X, or bytes of a blob, from the Y-th on; negative Y counts from the end, negative Z takes those before."),
    row("substring", 2, Some(3), PURE, substr, "substring(X,Y[,Z])", "Another name of substr()."),
    row("trim", 1, Some(2), TEXT, trim, "trim(X[,Y])", "X without characters of Y, or spaces, at both ends."),
    row("upper", 1, Some(1), TEXT, upper, "upper(X)", "X with ASCII letters in upper case."),
];

fn copied<'a>(call: &Call<'a, '_>, v: ValueRef<'a>) -> Result<ArenaVec<'a, u8>, FunctionError> {
    let text = to_text(v, call.arena);
    let mut out = sized(call, text.len() + 1)?;
    out.extend_from_slice_copy(text);
    Ok(out)
}

fn lower<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    let mut out = copied(call, args[0])?;
    out.make_ascii_lowercase();
    Ok(ValueRef::Text(out.into_bump_slice()))
}

fn upper<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    let mut out = copied(call, args[0])?;
    out.make_ascii_uppercase();
    Ok(ValueRef::Text(out.into_bump_slice()))
}

/// First unit and number of units of a substring of `length` units; the length is only asked for where the
/// start counts from the end.
fn window(start: i64, count: Option<i64>, length: impl Fn() -> i64) -> (u64, u64) {
    let (mut start, mut count) = (i128::from(start), count.map_or(i128::from(i64::MAX), i128::from));
    let backwards = count < 0;
    count = count.abs();
    if start < 0 {
        start += i128::from(length());
        if start < 0 {
            if !backwards {
                count = (count + start).max(0);
            }
            if backwards {
                // What lies before the text's beginning is nothing.
                return (0, 0);
            }
            start = 0;
        }
    } else if start > 0 {
        start -= 1;
    } else if count > 0 && !backwards {
        count -= 1;
    }
    if backwards {
        if start < count {
            count = start;
        }
        start -= count;
    }
    (start as u64, count as u64)
}

fn substr<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args.iter().any(|v| v.is_null()) {
        return Ok(ValueRef::Null);
    }
    let start = to_integer(args[1]);
    let count = args.get(2).map(|&v| to_integer(v));
    if let ValueRef::Blob(bytes) = args[0] {
        if bytes.is_empty() {
            return Ok(ValueRef::Null);
        }
        let (start, count) = window(start, count, || bytes.len() as i64);
        let start = start.min(bytes.len() as u64) as usize;
        let end = start + count.min((bytes.len() - start) as u64) as usize;
        return Ok(ValueRef::Blob(&bytes[start..end]));
    }
    // Text ends at a NUL.
    let text = before_nul(to_text(args[0], call.arena));
    let (start, count) = window(start, count, || char_count(text) as i64);
    let from = skip(text, 0, start);
    let to = skip(text, from, count);
    Ok(ValueRef::Text(&text[from..to]))
}

/// The offset `count` characters behind `at`, or the end.
fn skip(text: &[u8], mut at: usize, mut count: u64) -> usize {
    while at < text.len() && count > 0 {
        at = counted_end(text, at);
        count -= 1;
    }
    at
}

fn trim_ends<'a>(call: &Call<'a, '_>, args: &[ValueRef<'a>], left: bool, right: bool) -> FunctionResult<'a> {
    if args.iter().any(|v| v.is_null()) {
        return Ok(ValueRef::Null);
    }
    let mut rest = to_text(args[0], call.arena);
    let spaces: &[u8] = b" ";
    let set = args.get(1).map_or(spaces, |&v| before_nul(to_text(v, call.arena)));
    let mut characters = Vec::new();
    let mut at = 0;
    while at < set.len() {
        let end = char_end(set, at);
        characters.push(&set[at..end]);
        at = end;
    }
    while left && !rest.is_empty() {
        let Some(c) = characters.iter().find(|c| rest.starts_with(c)) else { break };
        rest = &rest[c.len()..];
    }
    while right && !rest.is_empty() {
        let Some(c) = characters.iter().find(|c| rest.ends_with(c)) else { break };
        rest = &rest[..rest.len() - c.len()];
    }
    Ok(ValueRef::Text(rest))
}

fn trim<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    trim_ends(call, args, true, true)
}

fn ltrim<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    trim_ends(call, args, true, false)
}

fn rtrim<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    trim_ends(call, args, false, true)
}

fn replace<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() || args[1].is_null() {
        return Ok(ValueRef::Null);
    }
    let text = to_text(args[0], call.arena);
    let pattern = to_text(args[1], call.arena);
    if matches!(pattern.first(), None | Some(0)) {
        return Ok(ValueRef::Text(text));
    }
    if args[2].is_null() {
        return Ok(ValueRef::Null);
    }
    let by = to_text(args[2], call.arena);
    let finder = memmem::Finder::new(pattern);
    let hits = finder.find_iter(text).count();
    let length = (text.len() - hits * pattern.len()) as u128 + hits as u128 * by.len() as u128;
    if length.max(text.len() as u128 + 1) > call.host.length_limit() as u128 {
        return Err(FunctionError::TooBig);
    }
    if hits == 0 {
        return Ok(ValueRef::Text(text));
    }
    let mut out = ArenaVec::with_capacity_in(length as usize, call.arena);
    let mut at = 0;
    for hit in finder.find_iter(text) {
        out.extend_from_slice_copy(&text[at..hit]);
        out.extend_from_slice_copy(by);
        at = hit + pattern.len();
    }
    out.extend_from_slice_copy(&text[at..]);
    Ok(ValueRef::Text(out.into_bump_slice()))
}

fn join<'a>(call: &Call<'a, '_>, separator: &[u8], values: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let texts: Vec<&[u8]> = values.iter().filter(|v| !v.is_null()).map(|&v| to_text(v, call.arena)).collect();
    let length = texts.iter().map(|t| t.len()).sum::<usize>() + separator.len() * texts.len().saturating_sub(1);
    let mut out = sized(call, length)?;
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice_copy(separator);
        }
        out.extend_from_slice_copy(text);
    }
    Ok(ValueRef::Text(out.into_bump_slice()))
}

fn concat<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    join(call, b"", args)
}

fn concat_ws<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    join(call, to_text(args[0], call.arena), &args[1..])
}

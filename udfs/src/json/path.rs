//! Paths into a document: `$`, `.label`, `."label"`, `[N]`, `[#]`, `[#-N]`.
//!
//! A path is read step by step while the document is walked: what stands behind a step that leads nowhere is never
//! looked at, and SQLite's errors depend on that. [`walk`] reports every container it enters, so that an editor
//! can adjust their sizes.
//! Syntax: <https://sqlite.org/json1.html#path_arguments>

use super::document::malformed;
use super::jsonb::{ARRAY, DEPTH_MAX, Header, OBJECT, header, is_text, kind_at};
use super::text::Label;
use super::value::{c_string, text_of};
use crate::signature::FunctionError;
use crate::value::ValueRef;
use std::borrow::Cow;

/// Where a path leads.
#[derive(Debug)]
pub enum Place<'p> {
    /// To the element at `at`. `label`: the last step was a label, which is at this offset.
    Found {
        at: usize,
        label: Option<usize>,
    },
    /// To no element, but one could be added at `at`, the end of the last container entered: under `label`, or as an
    /// array's next element; `rest` is the path from there on.
    Vacant {
        at: usize,
        label: Option<Label<'p>>,
        rest: &'p [u8],
    },
    Nowhere,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathError {
    Syntax,
    Malformed,
    TooDeep,
}

impl PathError {
    /// The error as a function raises it; `path` is the whole path as the user wrote it.
    #[cold]
    pub fn raise(self, path: &[u8]) -> FunctionError {
        match self {
            PathError::Syntax => bad_path(path),
            PathError::Malformed => malformed(),
            PathError::TooDeep => FunctionError::new("JSON path too deep"),
        }
    }
}

#[cold]
pub fn bad_path(path: &[u8]) -> FunctionError {
    FunctionError::Error(format!("bad JSON path: '{}'", String::from_utf8_lossy(path).replace('\'', "''")))
}

/// A path argument as text; None for NULL.
pub fn path_text(argument: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match argument {
        ValueRef::Null => None,
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(Cow::Borrowed(c_string(text))),
        number => Some(text_of(number)),
    }
}

/// The element that a path beginning with `$` leads to.
pub fn find(blob: &[u8], path: &[u8]) -> Result<Option<usize>, FunctionError> {
    let Some(steps) = path.strip_prefix(b"$") else {
        return Err(bad_path(path));
    };
    find_steps(blob, steps).map_err(|e| e.raise(path))
}

/// As [`find`], for a path without its `$`.
#[inline]
pub fn find_steps(blob: &[u8], steps: &[u8]) -> Result<Option<usize>, PathError> {
    Ok(match walk(blob, 0, steps, 0, |_| {})? {
        Place::Found { at, .. } => Some(at),
        Place::Vacant { .. } | Place::Nowhere => None,
    })
}

/// Follows `path` (without its `$`) from the element at `root`, calling `enter` with the offset of each container on
/// the way, outermost first. `depth`: steps that were taken before.
pub fn walk<'p>(
    blob: &[u8],
    root: usize,
    path: &'p [u8],
    depth: usize,
    mut enter: impl FnMut(usize),
) -> Result<Place<'p>, PathError> {
    let mut at = root;
    let mut label = None;
    let mut rest = path;
    let mut depth = depth;
    loop {
        if depth >= DEPTH_MAX {
            return Err(PathError::TooDeep);
        }
        match rest.first() {
            None => return Ok(Place::Found { at, label }),
            Some(b'.') => {
                let (key, tail) = label_step(&rest[1..])?;
                if kind_at(blob, at) != OBJECT {
                    return Ok(Place::Nowhere);
                }
                let container = container(blob, at);
                enter(at);
                match member(blob, container, key)? {
                    Ok((label_at, value_at)) => {
                        label = Some(label_at);
                        at = value_at;
                    }
                    Err(end) => {
                        return Ok(Place::Vacant { at: end, label: Some(key), rest: tail });
                    }
                }
                rest = tail;
            }
            Some(b'[') => {
                if kind_at(blob, at) != ARRAY {
                    return Ok(Place::Nowhere);
                }
                let container = container(blob, at);
                let Some((index, tail)) = index_step(rest, || count(blob, container))? else {
                    return Ok(Place::Nowhere);
                };
                enter(at);
                match element(blob, container, index)? {
                    Ok(found) => {
                        label = None;
                        at = found;
                    }
                    Err((end, 0)) => {
                        return Ok(Place::Vacant { at: end, label: None, rest: tail });
                    }
                    Err(_) => return Ok(Place::Nowhere),
                }
                rest = tail;
            }
            Some(_) => return Err(PathError::Syntax),
        }
        depth += 1;
    }
}

/// The header of an array or object. A damaged one counts as empty.
fn container(blob: &[u8], at: usize) -> Header {
    header(blob, at).unwrap_or(Header { kind: kind_at(blob, at), start: at, end: at })
}

/// A label after its point, and what follows it.
fn label_step(path: &[u8]) -> Result<(Label<'_>, &[u8]), PathError> {
    if let Some(quoted) = path.strip_prefix(b"\"") {
        let mut end = 0;
        while quoted.get(end).is_some_and(|c| *c != b'"') {
            end += if quoted[end] == b'\\' && end + 1 < quoted.len() { 2 } else { 1 };
        }
        if end >= quoted.len() {
            return Err(PathError::Syntax);
        }
        let text = &quoted[..end];
        return Ok((Label { text, raw: memchr::memchr(b'\\', text).is_none() }, &quoted[end + 1..]));
    }
    let end = memchr::memchr2(b'.', b'[', path).unwrap_or(path.len());
    if end == 0 {
        return Err(PathError::Syntax);
    }
    Ok((Label { text: &path[..end], raw: true }, &path[end..]))
}

/// An index with its brackets, and what follows it. None: before the first element.
fn index_step(path: &[u8], count: impl FnOnce() -> u64) -> Result<Option<(u64, &[u8])>, PathError> {
    let (index, end) = digits(path, 1);
    let (index, end) = match (path.get(1), end) {
        (Some(b'#'), _) => {
            let count = count();
            if path.get(2) == Some(&b'-') && path.get(3).is_some_and(u8::is_ascii_digit) {
                let (back, end) = digits(path, 3);
                match count.checked_sub(back) {
                    Some(index) => (index, end),
                    None => return Ok(None),
                }
            } else {
                (count, 2)
            }
        }
        (_, 1) => return Err(PathError::Syntax),
        _ => (index, end),
    };
    if path.get(end) != Some(&b']') {
        return Err(PathError::Syntax);
    }
    Ok(Some((index, &path[end + 1..])))
}

fn digits(path: &[u8], from: usize) -> (u64, usize) {
    let mut n = 0u64;
    let mut i = from;
    while let Some(c @ b'0'..=b'9') = path.get(i) {
        n = n.saturating_mul(10).saturating_add((c - b'0') as u64);
        i += 1;
    }
    (n, i)
}

/// Looks for a member of an object: offsets of its label and its value, or Err with the object's end.
#[inline]
fn member(blob: &[u8], object: Header, key: Label<'_>) -> Result<Result<(usize, usize), usize>, PathError> {
    const DAMAGED: PathError = PathError::Malformed;
    let mut at = object.start;
    while at < object.end {
        if !is_text(kind_at(blob, at)) {
            return Err(DAMAGED);
        }
        let label = header(blob, at).ok_or(DAMAGED)?;
        let value_at = label.end;
        if value_at >= object.end || kind_at(blob, value_at) > OBJECT {
            return Err(DAMAGED);
        }
        let value = header(blob, value_at).ok_or(DAMAGED)?;
        if Label::of(label.kind, label.payload(blob)).same(key) {
            return if value.end > object.end { Err(DAMAGED) } else { Ok(Ok((at, value_at))) };
        }
        at = value.end;
    }
    if at > object.end { Err(DAMAGED) } else { Ok(Err(at)) }
}

/// Looks for an element of an array: its offset, or Err with the array's end and how many elements were wanting.
fn element(blob: &[u8], array: Header, index: u64) -> Result<Result<usize, (usize, u64)>, PathError> {
    let mut at = array.start;
    let mut left = index;
    while at < array.end {
        if left == 0 {
            return Ok(Ok(at));
        }
        left -= 1;
        at = header(blob, at).ok_or(PathError::Malformed)?.end;
    }
    if at > array.end { Err(PathError::Malformed) } else { Ok(Err((at, left))) }
}

/// The number of elements in an array, up to the first damaged one.
pub fn count(blob: &[u8], array: Header) -> u64 {
    let mut at = array.start;
    let mut count = 0;
    while at < array.end {
        count += 1;
        match header(blob, at) {
            Some(h) => at = h.end,
            None => break,
        }
    }
    count
}

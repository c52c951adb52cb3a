//! json_patch() and jsonb_patch(): the MergePatch of RFC 7396, done on the target's JSONB in place.
//! <https://sqlite.org/json1.html#jpatch>

use super::document::{document, editable, malformed, too_deep};
use super::jsonb::{DEPTH_MAX, Header, NULL, OBJECT, grow_container, header, is_text, kind_at, splice};
use super::text::Label;
use super::value::{Form, json_result};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

fn apply<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], form: Form) -> FunctionResult<'a> {
    let Some(mut target) = editable(args[0])? else {
        return Ok(ValueRef::Null);
    };
    let Some(patch) = document(args[1])? else {
        return Ok(ValueRef::Null);
    };
    merge(&mut target, &patch)?;
    json_result(call, &target, 0, form)
}

pub fn json_patch<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Form::Text)
}

pub fn jsonb_patch<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Form::Binary)
}

/// A pair of objects that is being merged.
struct Merge {
    /// The target object and, before anything was changed in it, the range of its members.
    target: usize,
    start: usize,
    end: usize,
    /// How much its payload has grown so far.
    delta: isize,
    /// The patch's members that are left.
    next: usize,
    patch_end: usize,
}

fn merge(target: &mut Vec<u8>, patch: &[u8]) -> Result<(), FunctionError> {
    let mut open: Vec<Merge> = Vec::new();
    let mut finished = open_or_replace(target, 0, patch, 0, &mut open)?;
    loop {
        // An element of the target has been dealt with and has grown: so has the object around it.
        let Some(merge) = open.last_mut() else {
            return Ok(());
        };
        merge.delta += std::mem::take(&mut finished);
        if merge.next >= merge.patch_end {
            let Merge { target: at, delta, .. } = *merge;
            open.pop();
            finished = grow_container(target, at, delta);
            continue;
        }
        let (label, value) = pair(patch, merge.next, merge.patch_end)?;
        let label_at = merge.next;
        merge.next = value.end;
        let key = Label::of(label.kind, label.payload(patch));
        let end = merge.end.wrapping_add_signed(merge.delta);
        match find(target, merge.start, end, key)? {
            Some((at, old)) => {
                if value.kind == NULL {
                    merge.delta += splice(target, at, old.end - at, &[]);
                } else {
                    let value_at = header(target, at).ok_or_else(malformed)?.end;
                    finished = open_or_replace(target, value_at, patch, label.end, &mut open)?;
                }
            }
            None if value.kind == NULL => {}
            None if value.kind != OBJECT => {
                merge.delta += splice(target, end, 0, &patch[label_at..value.end]);
            }
            None => {
                // Merged into null, so that nulls inside the patch are left out.
                let new_label = &patch[label_at..label.end];
                merge.delta += splice(target, end, 0, new_label);
                merge.delta += splice(target, end + new_label.len(), 0, &[NULL]);
                finished = open_or_replace(target, end + new_label.len(), patch, label.end, &mut open)?;
            }
        }
    }
}

/// Begins to merge the patch's element into the target's, if it is an object; else puts it in the target's place.
/// Returns how much the target has grown by that.
fn open_or_replace(
    target: &mut Vec<u8>,
    at: usize,
    patch: &[u8],
    patch_at: usize,
    open: &mut Vec<Merge>,
) -> Result<isize, FunctionError> {
    if open.len() > DEPTH_MAX {
        return Err(too_deep());
    }
    let from = header(patch, patch_at).ok_or_else(malformed)?;
    let old = header(target, at).ok_or_else(malformed)?;
    if from.kind != OBJECT {
        return Ok(splice(target, at, old.end - at, &patch[patch_at..from.end]));
    }
    let mut delta = 0;
    let mut end = old.end;
    if old.kind != OBJECT {
        // What is no object becomes an empty one. Its header keeps its length until its size has changed.
        delta = splice(target, old.start, old.size(), &[]);
        target[at] = target[at] & 0xf0 | OBJECT;
        end = old.end;
    }
    open.push(Merge { target: at, start: old.start, end, delta, next: from.start, patch_end: from.end });
    Ok(0)
}

/// The label and value at `at` in an object that ends at `end`.
fn pair(blob: &[u8], at: usize, end: usize) -> Result<(Header, Header), FunctionError> {
    if !is_text(kind_at(blob, at)) {
        return Err(malformed());
    }
    let label = header(blob, at).ok_or_else(malformed)?;
    if label.end >= end {
        return Err(malformed());
    }
    let value = header(blob, label.end).filter(|value| value.end <= end).ok_or_else(malformed)?;
    Ok((label, value))
}

/// Looks for a member of the target: its label's offset and its value.
fn find(blob: &[u8], start: usize, end: usize, key: Label<'_>) -> Result<Option<(usize, Header)>, FunctionError> {
    let mut at = start;
    while at < end {
        let (label, value) = pair(blob, at, end)?;
        if Label::of(label.kind, label.payload(blob)).same(key) {
            return Ok(Some((at, value)));
        }
        at = value.end;
    }
    Ok(None)
}

//! Changing a document in place: what json_insert(), json_replace(), json_set(), json_array_insert() and json_remove()
//! do at one path. After each edit every header is right again.
//! Rules: <https://sqlite.org/json1.html#jins>

use super::jsonb::{TEXT5, TEXTRAW, grow_container, header, push_element, splice};
use super::path::{PathError, Place, bad_path, walk};
use super::text::Label;
use crate::signature::FunctionError;

/// What to do with the element at a path, or with its absence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edit {
    /// Only if there is none.
    Insert,
    /// Only if there is one.
    Replace,
    Set,
    /// Before the array element that is there.
    ArrayInsert,
    Remove,
}

/// Applies one edit at `path`, which begins with `$`. A path that leads nowhere changes nothing.
pub fn edit(blob: &mut Vec<u8>, path: &[u8], edit: Edit, value: &[u8]) -> Result<(), FunctionError> {
    let Some(steps) = path.strip_prefix(b"$") else {
        return Err(bad_path(path));
    };
    edit_steps(blob, steps, edit, value, 0).map_err(|e| match e {
        EditError::Path(e) => e.raise(path),
        EditError::NotAnElement => FunctionError::Error(format!(
            "not an array element: '{}'",
            String::from_utf8_lossy(path).replace('\'', "''")
        )),
    })
}

enum EditError {
    Path(PathError),
    /// json_array_insert() at something that is not in an array.
    NotAnElement,
}

impl From<PathError> for EditError {
    fn from(error: PathError) -> Self {
        EditError::Path(error)
    }
}

fn edit_steps(blob: &mut Vec<u8>, steps: &[u8], edit: Edit, value: &[u8], depth: usize) -> Result<(), EditError> {
    let mut entered = Vec::new();
    let mut delta = match walk(blob, 0, steps, depth, |at| entered.push(at))? {
        Place::Nowhere => return Ok(()),
        Place::Found { at, label } => {
            // A damaged element counts as having no bytes.
            let end = header(blob, at).map_or(at, |h| h.end);
            match edit {
                Edit::Insert => return Ok(()),
                Edit::Replace | Edit::Set => splice(blob, at, end - at, value),
                Edit::ArrayInsert if label.is_some() => return Err(EditError::NotAnElement),
                Edit::ArrayInsert => splice(blob, at, 0, value),
                Edit::Remove => {
                    let start = label.unwrap_or(at);
                    splice(blob, start, end - start, &[])
                }
            }
        }
        Place::Vacant { .. } if matches!(edit, Edit::Replace | Edit::Remove) => return Ok(()),
        Place::Vacant { at, label, rest } => {
            must_be_element(label, rest, edit)?;
            match substructure(label, rest, edit, value, depth + entered.len())? {
                Some(new) => splice(blob, at, 0, &new),
                None => return Ok(()),
            }
        }
    };
    for container in entered.into_iter().rev() {
        delta = grow_container(blob, container, delta);
    }
    Ok(())
}

/// json_array_insert() adds a member to an object only if the path ends in an index.
fn must_be_element(label: Option<Label<'_>>, rest: &[u8], edit: Edit) -> Result<(), EditError> {
    if edit == Edit::ArrayInsert && label.is_some() && rest.last() != Some(&b']') {
        return Err(EditError::NotAnElement);
    }
    Ok(())
}

/// What has to be added where a path leaves the document: the label, and around the value the containers that the
/// rest of the path asks for. None if the rest leads nowhere even in new containers (`[5]` in an empty array).
fn substructure(
    label: Option<Label<'_>>,
    rest: &[u8],
    edit: Edit,
    value: &[u8],
    depth: usize,
) -> Result<Option<Vec<u8>>, EditError> {
    let mut rest = rest;
    let mut depth = depth;
    // From outside in: each container that is opened, with the label of its one element.
    let mut levels: Vec<Option<Label<'_>>> = vec![label];
    let mut kinds = Vec::new();
    while !rest.is_empty() {
        let empty = if rest[0] == b'.' { EMPTY_OBJECT } else { EMPTY_ARRAY };
        match walk(&[empty], 0, rest, depth, |_| {})? {
            Place::Vacant { label, rest: tail, .. } => {
                must_be_element(label, tail, edit)?;
                kinds.push(empty);
                levels.push(label);
                rest = tail;
            }
            // An empty container has no elements to be found.
            Place::Found { .. } | Place::Nowhere => return Ok(None),
        }
        depth += 1;
    }
    // From inside out.
    let mut built = value.to_vec();
    while let Some(label) = levels.pop() {
        if let Some(label) = label {
            let mut member = Vec::with_capacity(label.text.len() + built.len() + 5);
            push_element(&mut member, if label.raw { TEXTRAW } else { TEXT5 }, label.text);
            member.extend_from_slice(&built);
            built = member;
        }
        if let Some(kind) = kinds.pop() {
            let mut container = Vec::with_capacity(built.len() + 5);
            push_element(&mut container, kind, &built);
            built = container;
        }
    }
    Ok(Some(built))
}

const EMPTY_ARRAY: u8 = super::jsonb::ARRAY;
const EMPTY_OBJECT: u8 = super::jsonb::OBJECT;

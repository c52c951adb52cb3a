//! json_extract(), jsonb_extract(), `->` and `->>`. <https://sqlite.org/json1.html#jex>

use super::document::document;
use super::path::{PathError, bad_path, find_steps, path_text};
use super::render::render;
use super::value::{Form, built_result, json_result, sql_value};
use crate::signature::{Call, FunctionResult};
use crate::value::ValueRef;

fn extract<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], form: Form) -> FunctionResult<'a> {
    let Some((&first, paths)) = args.split_first().filter(|(_, paths)| !paths.is_empty()) else {
        return Ok(ValueRef::Null);
    };
    let Some(document) = document(first)? else {
        return Ok(ValueRef::Null);
    };
    let mut array = Vec::new();
    for &path in paths {
        let Some(path) = path_text(path) else {
            return Ok(ValueRef::Null);
        };
        let Some(steps) = path.strip_prefix(b"$") else {
            return Err(bad_path(&path));
        };
        let found = find_steps(&document, steps).map_err(|e| e.raise(&path))?;
        if paths.len() == 1 {
            return match found {
                Some(at) => sql_value(call, &document, at, form),
                None => Ok(ValueRef::Null),
            };
        }
        array.push(if array.is_empty() { b'[' } else { b',' });
        match found {
            Some(at) => {
                render(&document, at, call.host.length_limit(), &mut array)?;
            }
            None => array.extend_from_slice(b"null"),
        }
    }
    array.push(b']');
    built_result(call, &array, form)
}

pub fn json_extract<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extract(call, args, Form::Text)
}

pub fn jsonb_extract<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extract(call, args, Form::Binary)
}

/// `->`: always JSON.
pub fn arrow<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    operator(call, args, |call, blob, at| json_result(call, blob, at, Form::Text))
}

/// `->>`: an SQL value; arrays and objects as text that does not count as JSON.
pub fn arrow2<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let result = operator(call, args, |call, blob, at| sql_value(call, blob, at, Form::Text));
    call.json_result = false;
    result
}

fn operator<'a, 'h>(
    call: &mut Call<'a, 'h>,
    args: &[ValueRef<'a>],
    result: impl FnOnce(&mut Call<'a, 'h>, &[u8], usize) -> FunctionResult<'a>,
) -> FunctionResult<'a> {
    let Some(document) = document(args[0])? else {
        return Ok(ValueRef::Null);
    };
    let Some(path) = path_text(args[1]) else {
        return Ok(ValueRef::Null);
    };
    let found = match path.strip_prefix(b"$") {
        Some(steps) => find_steps(&document, steps),
        None => find_abbreviated(&document, &path, matches!(args[1], ValueRef::Integer(_))),
    };
    match found.map_err(|e| e.raise(&path))? {
        Some(at) => result(call, &document, at),
        None => Ok(ValueRef::Null),
    }
}

/// The right side of an arrow without `$`: an index (negative from the end), a label, or an index in brackets.
#[inline]
fn find_abbreviated(document: &[u8], path: &[u8], is_integer: bool) -> Result<Option<usize>, PathError> {
    let mut steps = Vec::with_capacity(path.len() + 4);
    if is_integer {
        steps.extend_from_slice(if path.first() == Some(&b'-') { b"[#" } else { b"[" });
        steps.extend_from_slice(path);
        steps.push(b']');
    } else if path.iter().all(u8::is_ascii_alphanumeric) {
        steps.push(b'.');
        steps.extend_from_slice(path);
    } else if path.len() >= 3 && path.first() == Some(&b'[') && path.last() == Some(&b']') {
        steps.extend_from_slice(path);
    } else {
        steps.extend_from_slice(b".\"");
        steps.extend_from_slice(path);
        steps.push(b'"');
    }
    find_steps(document, &steps)
}

//! json_remove() and jsonb_remove(). <https://sqlite.org/json1.html#jrm>

use super::document::editable;
use super::edit::{Edit, edit};
use super::path::{bad_path, path_text};
use super::value::{Form, json_result};
use crate::signature::{Call, FunctionResult};
use crate::value::ValueRef;

fn remove<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], form: Form) -> FunctionResult<'a> {
    let Some((&first, paths)) = args.split_first() else {
        return Ok(ValueRef::Null);
    };
    let Some(mut document) = editable(first)? else {
        return Ok(ValueRef::Null);
    };
    for &path in paths {
        let Some(path) = path_text(path) else {
            return Ok(ValueRef::Null);
        };
        match &*path {
            // Nothing is left.
            b"$" => return Ok(ValueRef::Null),
            [b'$', ..] => edit(&mut document, &path, Edit::Remove, &[])?,
            _ => return Err(bad_path(&path)),
        }
    }
    json_result(call, &document, 0, form)
}

pub fn json_remove<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    remove(call, args, Form::Text)
}

pub fn jsonb_remove<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    remove(call, args, Form::Binary)
}

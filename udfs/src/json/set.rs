//! json_insert(), json_replace(), json_set(), json_array_insert() and their jsonb_ forms.
//! <https://sqlite.org/json1.html#jins>

use super::document::editable;
use super::edit::{Edit, edit};
use super::path::{bad_path, path_text};
use super::value::{Form, json_result, to_jsonb};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

fn apply<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], how: Edit, name: &str, form: Form) -> FunctionResult<'a> {
    let Some(&first) = args.first() else {
        return Ok(ValueRef::Null);
    };
    if args.len().is_multiple_of(2) {
        return Err(FunctionError::Error(format!("{name}() needs an odd number of arguments")));
    }
    let Some(mut document) = editable(first)? else {
        return Ok(ValueRef::Null);
    };
    for (i, pair) in args[1..].chunks_exact(2).enumerate() {
        let Some(path) = path_text(pair[0]) else {
            continue;
        };
        if path.first() != Some(&b'$') {
            return Err(bad_path(&path));
        }
        let value = to_jsonb(pair[1], call.is_json(2 * i + 2))?;
        // The whole document can be replaced but not be inserted before.
        if path.len() > 1 || matches!(how, Edit::Replace | Edit::Set) {
            // JSONB may be a little longer than the text that is returned in the end.
            if document.len() + value.len() > call.host.length_limit().saturating_mul(2) {
                return Err(FunctionError::TooBig);
            }
            edit(&mut document, &path, how, &value)?;
        }
    }
    json_result(call, &document, 0, form)
}

pub fn json_insert<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Insert, "json_insert", Form::Text)
}

pub fn jsonb_insert<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Insert, "json_insert", Form::Binary)
}

pub fn json_replace<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Replace, "json_replace", Form::Text)
}

pub fn jsonb_replace<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Replace, "json_replace", Form::Binary)
}

pub fn json_set<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Set, "json_set", Form::Text)
}

pub fn jsonb_set<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::Set, "json_set", Form::Binary)
}

pub fn json_array_insert<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::ArrayInsert, "json_array_insert", Form::Text)
}

pub fn jsonb_array_insert<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    apply(call, args, Edit::ArrayInsert, "json_array_insert", Form::Binary)
}

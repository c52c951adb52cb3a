//! json(), jsonb(), json_array(), json_object(), json_quote() and their jsonb_ forms.
//! <https://sqlite.org/json1.html#jmini>, <https://sqlite.org/json1.html#jarray>

use super::document::document;
use super::text::push_quoted;
use super::value::{Form, built_result, json_result, push_json};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

pub fn json<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match document(args[0])? {
        Some(document) => json_result(call, &document, 0, Form::Text),
        None => Ok(ValueRef::Null),
    }
}

pub fn jsonb<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match document(args[0])? {
        Some(document) => json_result(call, &document, 0, Form::Binary),
        None => Ok(ValueRef::Null),
    }
}

pub fn json_quote<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let mut out = Vec::new();
    push_json(call, &mut out, args[0], 0)?;
    built_result(call, &out, Form::Text)
}

/// A comma, but at the beginning; SQLite tells that by the last byte, whatever wrote it.
fn separate(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
}

fn array<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], form: Form) -> FunctionResult<'a> {
    let mut out = vec![b'['];
    for (i, &value) in args.iter().enumerate() {
        separate(&mut out);
        push_json(call, &mut out, value, i)?;
    }
    out.push(b']');
    built_result(call, &out, form)
}

pub fn json_array<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    array(call, args, Form::Text)
}

pub fn jsonb_array<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    array(call, args, Form::Binary)
}

fn object<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], form: Form) -> FunctionResult<'a> {
    if !args.len().is_multiple_of(2) {
        return Err(FunctionError::new("json_object() requires an even number of arguments"));
    }
    // Of several errors, SQLite tells this one.
    if !args.iter().step_by(2).all(|label| matches!(label, ValueRef::Text(_))) {
        return Err(FunctionError::new("json_object() labels must be TEXT"));
    }
    let mut out = vec![b'{'];
    for (i, pair) in args.chunks_exact(2).enumerate() {
        let ValueRef::Text(label) = pair[0] else { continue };
        separate(&mut out);
        push_quoted(&mut out, label);
        out.push(b':');
        push_json(call, &mut out, pair[1], 2 * i + 1)?;
    }
    out.push(b'}');
    built_result(call, &out, form)
}

pub fn json_object<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    object(call, args, Form::Text)
}

pub fn jsonb_object<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    object(call, args, Form::Binary)
}

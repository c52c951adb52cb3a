//! What a document or a part of it is: json_type(), json_array_length(), json_valid(), json_error_position().
//! <https://sqlite.org/json1.html#jtype>, <https://sqlite.org/json1.html#jvalid>, <https://sqlite.org/json1.html#jerr>

use super::document::document;
use super::jsonb::{ARRAY, header, kind_at, type_name};
use super::parse::parse;
use super::path::{count, find, path_text};
use super::validity::{check, looks_like_jsonb};
use super::value::text_of;
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;
use crate::value::cast::to_integer;

pub fn json_type<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(document) = document(args[0])? else {
        return Ok(ValueRef::Null);
    };
    let Some(at) = place(&document, args)? else {
        return Ok(ValueRef::Null);
    };
    Ok(ValueRef::Text(type_name(kind_at(&document, at)).as_bytes()))
}

pub fn json_array_length<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(document) = document(args[0])? else {
        return Ok(ValueRef::Null);
    };
    let Some(at) = place(&document, args)? else {
        return Ok(ValueRef::Null);
    };
    if kind_at(&document, at) != ARRAY {
        return Ok(ValueRef::Integer(0));
    }
    Ok(ValueRef::Integer(header(&document, at).map_or(0, |array| count(&document, array) as i64)))
}

/// The element that the optional second argument leads to.
fn place(document: &[u8], args: &[ValueRef<'_>]) -> Result<Option<usize>, FunctionError> {
    match args.get(1) {
        None => Ok(Some(0)),
        Some(&path) => match path_text(path) {
            Some(path) => find(document, &path),
            None => Ok(None),
        },
    }
}

pub fn json_valid<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    /// Text by RFC 8259, text by JSON5, a blob that seems to be JSONB, a blob that is JSONB all through.
    const TEXT: i64 = 1;
    const TEXT5: i64 = 2;
    const BLOB: i64 = 4;
    const BLOB_STRICT: i64 = 8;
    let flags = args.get(1).map_or(TEXT, |flags| to_integer(*flags));
    if !(1..=15).contains(&flags) {
        return Err(FunctionError::new("FLAGS parameter to json_valid() must be between 1 and 15"));
    }
    let valid = match args[0] {
        ValueRef::Null => return Ok(ValueRef::Null),
        ValueRef::Blob(blob) if looks_like_jsonb(blob) => {
            flags & BLOB != 0 || flags & BLOB_STRICT != 0 && check(blob).is_ok()
        }
        _ if flags & (TEXT | TEXT5) == 0 => false,
        value => match parse(&text_of(value), &mut Vec::new()) {
            Ok(parsed) => flags & TEXT5 != 0 || !parsed.json5,
            Err(_) => false,
        },
    };
    Ok(ValueRef::Integer(valid as i64))
}

pub fn json_error_position<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let position = match args[0] {
        ValueRef::Null => return Ok(ValueRef::Null),
        ValueRef::Blob(blob) if looks_like_jsonb(blob) => check(blob).err().unwrap_or(0),
        value => {
            let text = text_of(value);
            match parse(&text, &mut Vec::new()) {
                Ok(_) => 0,
                // Characters before the wrong byte, and one.
                Err(e) => 1 + text[..e.at.min(text.len())].iter().filter(|c| **c & 0xc0 != 0x80).count(),
            }
        }
    };
    Ok(ValueRef::Integer(position as i64))
}

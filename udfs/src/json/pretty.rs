//! json_pretty(). <https://sqlite.org/json1.html#jpretty>

use super::document::{document, malformed, too_deep};
use super::jsonb::{ARRAY, DEPTH_MAX, OBJECT, header};
use super::render::{render, scalar};
use super::value::{c_string, text_of, text_result};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

pub fn json_pretty<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(document) = document(args[0])? else { return Ok(ValueRef::Null) };
    let indent = match args.get(1) {
        None | Some(ValueRef::Null) => None,
        Some(&indent) => Some(text_of(indent)),
    };
    let indent = indent.as_deref().map_or(&b"    "[..], c_string);
    let mut out = Vec::new();
    pretty(&document, indent, call.host.length_limit(), &mut out)?;
    text_result(call, &out)
}

struct Open {
    end: usize,
    object: bool,
}

fn pretty(blob: &[u8], indent: &[u8], length_limit: usize, out: &mut Vec<u8>) -> Result<(), FunctionError> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    loop {
        // A value.
        if open.len() >= DEPTH_MAX {
            return Err(too_deep());
        }
        if out.len() > length_limit {
            return Err(FunctionError::TooBig);
        }
        let h = header(blob, at).ok_or_else(malformed)?;
        match h.kind {
            ARRAY | OBJECT if h.size() == 0 => {
                out.extend_from_slice(if h.kind == OBJECT { b"{}" } else { b"[]" });
                at = h.end;
            }
            ARRAY | OBJECT => {
                out.extend_from_slice(if h.kind == OBJECT { b"{\n" } else { b"[\n" });
                open.push(Open { end: h.end, object: h.kind == OBJECT });
                push_indent(out, indent, open.len());
                at = h.start;
                if h.kind == OBJECT {
                    at = label(blob, at, h.end, out)?;
                }
                continue;
            }
            _ => at = scalar(blob, at, h, out)?,
        }
        // What follows it.
        loop {
            let Some(container) = open.last() else { return Ok(()) };
            let (end, object) = (container.end, container.object);
            if at < end {
                out.extend_from_slice(b",\n");
                push_indent(out, indent, open.len());
                if object {
                    at = label(blob, at, end, out)?;
                }
                break;
            }
            // In an object, a value that passes its end goes unnoticed.
            if at > end && !object {
                return Err(malformed());
            }
            at = end;
            open.pop();
            out.push(b'\n');
            push_indent(out, indent, open.len());
            out.push(if object { b'}' } else { b']' });
        }
    }
}

fn label(blob: &[u8], at: usize, end: usize, out: &mut Vec<u8>) -> Result<usize, FunctionError> {
    let next = render(blob, at, out)?;
    if next > end {
        return Err(malformed());
    }
    out.extend_from_slice(b": ");
    Ok(next)
}

fn push_indent(out: &mut Vec<u8>, indent: &[u8], depth: usize) {
    for _ in 0..depth {
        out.extend_from_slice(indent);
    }
}

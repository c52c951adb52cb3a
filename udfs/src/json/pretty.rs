//! json_pretty(). <https://sqlite.org/json1.html#jpretty>

use super::document::{document, malformed, too_deep};
use super::jsonb::{ARRAY, DEPTH_MAX, OBJECT, header};
use super::render::{render, scalar};
use super::value::{c_string, text_of, text_result};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

pub fn json_pretty<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(document) = document(args[0])? else {
        return Ok(ValueRef::Null);
    };
    let indent = match args.get(1) {
        None | Some(ValueRef::Null) => None,
        Some(&indent) => Some(text_of(indent)),
    };
    let indent = indent.as_deref().map_or(&b"    "[..], c_string);
    let mut page = Page { indent, length_limit: call.host.length_limit(), out: Vec::new() };
    page.pretty(&document)?;
    text_result(call, &page.out)
}

struct Open {
    end: usize,
    object: bool,
}

/// The text so far.
struct Page<'i> {
    indent: &'i [u8],
    length_limit: usize,
    out: Vec<u8>,
}

impl Page<'_> {
    fn pretty(&mut self, blob: &[u8]) -> Result<(), FunctionError> {
        let mut open: Vec<Open> = Vec::new();
        let mut at = 0;
        loop {
            // A value.
            if open.len() >= DEPTH_MAX {
                return Err(too_deep());
            }
            let h = header(blob, at).ok_or_else(malformed)?;
            match h.kind {
                ARRAY | OBJECT if h.size() == 0 => {
                    self.out.extend_from_slice(if h.kind == OBJECT { b"{}" } else { b"[]" });
                    at = h.end;
                }
                ARRAY | OBJECT => {
                    self.out.extend_from_slice(if h.kind == OBJECT { b"{\n" } else { b"[\n" });
                    open.push(Open { end: h.end, object: h.kind == OBJECT });
                    self.push_indent(open.len())?;
                    at = h.start;
                    if h.kind == OBJECT {
                        at = self.label(blob, at, h.end)?;
                    }
                    continue;
                }
                _ => at = scalar(blob, at, h, &mut self.out)?,
            }
            // What follows it.
            loop {
                let Some(container) = open.last() else {
                    return Ok(());
                };
                let (end, object) = (container.end, container.object);
                if at < end {
                    self.out.extend_from_slice(b",\n");
                    self.push_indent(open.len())?;
                    if object {
                        at = self.label(blob, at, end)?;
                    }
                    break;
                }
                // In an object, a value that passes its end goes unnoticed.
                if at > end && !object {
                    return Err(malformed());
                }
                at = end;
                open.pop();
                self.out.push(b'\n');
                self.push_indent(open.len())?;
                self.out.push(if object { b'}' } else { b']' });
            }
        }
    }

    fn label(&mut self, blob: &[u8], at: usize, end: usize) -> Result<usize, FunctionError> {
        let next = render(blob, at, self.length_limit, &mut self.out)?;
        if next > end {
            return Err(malformed());
        }
        self.out.extend_from_slice(b": ");
        Ok(next)
    }

    fn push_indent(&mut self, depth: usize) -> Result<(), FunctionError> {
        if self.out.len() + self.indent.len() * depth > self.length_limit {
            return Err(FunctionError::TooBig);
        }
        for _ in 0..depth {
            self.out.extend_from_slice(self.indent);
        }
        Ok(())
    }
}

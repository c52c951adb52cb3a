//! json_group_array(), json_group_object() and their jsonb_ forms: the text grows row by row; a sliding window frame
//! drops elements at its front. <https://sqlite.org/json1.html#jgrouparray>

use super::text::push_quoted;
use super::value::{Form, built_result, push_json, text_of};
use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

struct Group {
    object: bool,
    form: Form,
    /// The elements as text, comma-separated, from `start` on.
    text: Vec<u8>,
    /// Bytes at the front whose elements have left the frame.
    start: usize,
}

impl Group {
    fn boxed(object: bool, form: Form) -> Box<dyn Aggregate> {
        Box::new(Group { object, form, text: Vec::new(), start: 0 })
    }
}

pub fn json_group_array() -> Box<dyn Aggregate> {
    Group::boxed(false, Form::Text)
}

pub fn jsonb_group_array() -> Box<dyn Aggregate> {
    Group::boxed(false, Form::Binary)
}

pub fn json_group_object() -> Box<dyn Aggregate> {
    Group::boxed(true, Form::Text)
}

pub fn jsonb_group_object() -> Box<dyn Aggregate> {
    Group::boxed(true, Form::Binary)
}

impl Aggregate for Group {
    fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        // A row whose label is NULL is left out.
        if self.object && args[0].is_null() {
            return Ok(());
        }
        if self.text.len() > self.start {
            self.text.push(b',');
        }
        if self.object {
            push_quoted(&mut self.text, &text_of(args[0]));
            self.text.push(b':');
        }
        let value = self.object as usize;
        push_json(call, &mut self.text, args[value], value)
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        if self.object && args[0].is_null() {
            return Ok(());
        }
        let elements = &self.text[self.start..];
        match elements.iter().enumerate().find(separator()) {
            Some((comma, _)) => self.start += comma + 1,
            None => {
                self.text.clear();
                self.start = 0;
            }
        }
        if self.start > 4096 && self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
        Ok(())
    }

    fn value<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a> {
        let elements = &self.text[self.start..];
        let mut out = Vec::with_capacity(elements.len() + 2);
        out.push(if self.object { b'{' } else { b'[' });
        out.extend_from_slice(elements);
        out.push(if self.object { b'}' } else { b']' });
        built_result(call, &out, self.form)
    }
}

/// Recognises the comma after the first element.
fn separator() -> impl FnMut(&(usize, &u8)) -> bool {
    let mut in_string = false;
    let mut escaped = false;
    let mut depth = 0usize;
    move |(_, c)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match **c {
            b'"' => in_string = !in_string,
            b'\\' => escaped = true,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => return depth == 0,
            _ => {}
        }
        false
    }
}

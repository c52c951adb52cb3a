//! The rows of json_each, json_tree, jsonb_each and jsonb_tree: a cursor over a document in the order of its bytes.
//!
//! A row's id is the offset of its element in the JSONB; of its label, where it has one.
//! <https://sqlite.org/json1.html#jeach>

use super::document::editable;
use super::jsonb::{ARRAY, Kind, NULL, OBJECT, header, kind_at, type_name};
use super::path::{Place, bad_path, path_text, walk};
use super::value::{Form, c_string, sql_value, text_of};
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

/// The columns of the four table-valued functions, in order; the last two are hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    Key,
    Value,
    Type,
    Atom,
    Id,
    Parent,
    FullKey,
    Path,
    Json,
    Root,
}

impl Column {
    pub const ALL: [(Column, &'static str); 10] = [
        (Column::Key, "key"),
        (Column::Value, "value"),
        (Column::Type, "type"),
        (Column::Atom, "atom"),
        (Column::Id, "id"),
        (Column::Parent, "parent"),
        (Column::FullKey, "fullkey"),
        (Column::Path, "path"),
        (Column::Json, "json"),
        (Column::Root, "root"),
    ];
}

/// A container whose elements are being visited.
struct Open {
    /// The row of the container: its id.
    head: usize,
    /// The container itself.
    kind: Kind,
    end: usize,
    /// Index of the current element, if it is an array.
    index: i64,
    /// Length of `path` without the container's own step.
    path_length: usize,
}

/// A cursor over the rows of one call. It stands before the first row until [`JsonEach::advance`] is called.
pub struct JsonEach {
    blob: Vec<u8>,
    recursive: bool,
    form: Form,
    /// Offset of the current row's label or element; rows end at `end`.
    at: usize,
    end: usize,
    /// Kind of what the current element is in: OBJECT if `at` is a label. NULL at the document's root.
    within: Kind,
    open: Vec<Open>,
    /// The path of the innermost open container.
    path: Vec<u8>,
    /// Length of the second argument, or of `$`.
    root_length: usize,
    started: bool,
    first: bool,
}

impl JsonEach {
    /// Opens json_each (`recursive`: json_tree) over a document, or over the element of it that `root` leads to.
    /// `form`: what `value` is for arrays and objects, binary for jsonb_each and jsonb_tree.
    pub fn open(
        json: ValueRef<'_>,
        root: Option<ValueRef<'_>>,
        recursive: bool,
        form: Form,
    ) -> Result<JsonEach, FunctionError> {
        let mut each = JsonEach {
            blob: Vec::new(),
            recursive,
            form,
            at: 0,
            end: 0,
            within: NULL,
            open: Vec::new(),
            path: Vec::new(),
            root_length: 0,
            started: false,
            first: true,
        };
        let Some(blob) = editable(json)? else {
            return Ok(each);
        };
        each.blob = blob;
        let mut at = 0;
        match root {
            None => each.path.push(b'$'),
            Some(root) => {
                let Some(root) = path_text(root) else {
                    return Ok(each);
                };
                let Some(steps) = root.strip_prefix(b"$") else {
                    return Err(bad_path(&root));
                };
                // Whatever is wrong, even in the document, SQLite blames the path here.
                match walk(&each.blob, 0, steps, 0, |_| {}).map_err(|_| bad_path(&root))? {
                    Place::Found { at: found, label } => {
                        at = found;
                        each.at = label.unwrap_or(found);
                        each.within = match label {
                            Some(_) => OBJECT,
                            None if steps.is_empty() => NULL,
                            None => ARRAY,
                        };
                    }
                    Place::Vacant { .. } | Place::Nowhere => return Ok(each),
                }
                each.path.extend_from_slice(&root);
            }
        }
        each.root_length = each.path.len();
        // A damaged element has no rows.
        let Some(h) = header(&each.blob, at) else {
            return Ok(each);
        };
        each.end = h.end;
        if h.kind >= ARRAY && !recursive {
            each.open.push(Open { head: each.at, kind: h.kind, end: h.end, index: 0, path_length: each.root_length });
            each.at = h.start;
            each.within = h.kind;
        }
        Ok(each)
    }

    /// Goes to the next row; false if there is none.
    pub fn advance(&mut self) -> bool {
        if self.started {
            self.first = false;
            self.leave_row();
        }
        self.started = true;
        self.at < self.end
    }

    fn leave_row(&mut self) {
        let element = self.element();
        let Some(h) = header(&self.blob, element) else {
            // Damage: nothing behind it can be found.
            self.at = self.end;
            return;
        };
        if self.recursive && (h.kind == ARRAY || h.kind == OBJECT) {
            let open = Open { head: self.at, kind: h.kind, end: h.end, index: -1, path_length: self.path.len() };
            self.push_step();
            self.open.push(open);
            self.at = h.start;
            self.within = h.kind;
        } else {
            self.at = h.end;
        }
        if self.recursive {
            while let Some(container) = self.open.last().filter(|container| self.at >= container.end) {
                self.path.truncate(container.path_length);
                self.open.pop();
                self.within = self.open.last().map_or(NULL, |outer| outer.kind);
            }
        }
        if let Some(array) = self.open.last_mut().filter(|container| container.kind == ARRAY) {
            array.index += 1;
        }
    }

    /// Offset of the current element, behind its label if it has one. A label without a value, at the end of a
    /// damaged blob, counts as its own value.
    fn element(&self) -> usize {
        match header(&self.blob, self.at) {
            Some(label) if self.within == OBJECT && label.end < self.blob.len() => label.end,
            _ => self.at,
        }
    }

    /// The first argument as the hidden column shows it.
    pub fn document<'a>(json: ValueRef<'_>, call: &mut Call<'a, '_>) -> ValueRef<'a> {
        match json {
            ValueRef::Blob(bytes) if super::validity::looks_like_jsonb(bytes) => call.blob(bytes),
            other => call.text(c_string(&text_of(other))),
        }
    }

    /// One column of the current row, but for [`Column::Json`], which is [`JsonEach::document`]. `call.json_result` is set
    /// where the value is JSON.
    pub fn column<'a>(&mut self, call: &mut Call<'a, '_>, column: Column) -> FunctionResult<'a> {
        let element = self.element();
        let kind = kind_at(&self.blob, element);
        Ok(match column {
            Column::Key => return self.key(call),
            Column::Value => return sql_value(call, &self.blob, element, self.form),
            Column::Atom if kind >= ARRAY => ValueRef::Null,
            Column::Atom => return sql_value(call, &self.blob, element, self.form),
            Column::Type => ValueRef::Text(type_name(kind).as_bytes()),
            Column::Id => ValueRef::Integer(self.at as i64),
            Column::Parent => match self.open.last() {
                Some(container) if self.recursive => ValueRef::Integer(container.head as i64),
                _ => ValueRef::Null,
            },
            Column::FullKey => {
                let length = self.path.len();
                self.push_step();
                let text = call.text(&self.path);
                self.path.truncate(length);
                text
            }
            Column::Path => call.text(&self.path[..self.root_parent()]),
            Column::Json => ValueRef::Null,
            Column::Root => call.text(&self.path[..self.root_length]),
        })
    }

    fn key<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a> {
        match self.open.last() {
            Some(container) if container.kind == OBJECT => sql_value(call, &self.blob, self.at, Form::Text),
            Some(container) => Ok(ValueRef::Integer(container.index)),
            None => {
                let step = &self.path[self.root_parent()..self.root_length];
                Ok(match step {
                    _ if self.root_length == 1 => ValueRef::Null,
                    [] => ValueRef::Null,
                    [b'[', index @ ..] => ValueRef::Integer(leading_integer(index)),
                    [_, b'"', quoted @ ..] => call.text(&quoted[..quoted.len().saturating_sub(1)]),
                    [_, label @ ..] => call.text(label),
                })
            }
        }
    }

    /// Length of the path of what the current row is in. That is the whole path, except in json_tree's first row:
    /// there the last step of the second argument has to be taken off. SQLite looks for the place where it begins by
    /// trying which shorter path leads to a container whose first element this is; we must find the same.
    fn root_parent(&self) -> usize {
        let mut length = self.path.len();
        if !self.first || !self.recursive {
            return length;
        }
        while length > 1 {
            length -= 1;
            if !matches!(self.path[length], b'[' | b'.') {
                continue;
            }
            if let Ok(Place::Found { at, .. }) = walk(&self.blob, 0, &self.path[1..length], 0, |_| {})
                && header(&self.blob, at).is_some_and(|h| h.start == self.at)
            {
                break;
            }
        }
        length
    }

    /// Appends the current row's own step to the path.
    fn push_step(&mut self) {
        let Some(container) = self.open.last() else {
            return;
        };
        if container.kind == ARRAY {
            self.path.extend_from_slice(format!("[{}]", container.index).as_bytes());
            return;
        }
        let label = header(&self.blob, self.at).map_or(&[][..], |h| h.payload(&self.blob));
        let plain = label.first().is_some_and(u8::is_ascii_alphabetic) && label.iter().all(u8::is_ascii_alphanumeric);
        if plain {
            self.path.push(b'.');
            self.path.extend_from_slice(label);
        } else {
            self.path.extend_from_slice(b".\"");
            self.path.extend_from_slice(c_string(label));
            self.path.push(b'"');
        }
    }
}

/// The integer at the beginning of an index step; 0 if there is none.
fn leading_integer(text: &[u8]) -> i64 {
    let digits = text.iter().take_while(|c| c.is_ascii_digit());
    digits.fold(0i64, |n, c| n.saturating_mul(10).saturating_add((c - b'0') as i64))
}

//! A function's JSON argument as JSONB: a blob that is JSONB already, or text that is parsed.
//!
//! The last few documents parsed by this thread are kept, because a statement often reads the same text several times
//! (`x->>'a', x->>'b'`) or one constant for every row. Only the text decides, so nothing has ever to be invalidated.

use super::parse::parse;
use super::validity::looks_like_jsonb;
use super::value::text_of;
use crate::signature::FunctionError;
use crate::value::ValueRef;
use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

/// One JSON document as JSONB.
pub enum Document<'a> {
    /// An argument that is JSONB by its first header; damage deeper down shows when it is reached.
    Blob(&'a [u8]),
    Parsed(Rc<Vec<u8>>),
}

impl Deref for Document<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Document::Blob(blob) => blob,
            Document::Parsed(parsed) => parsed,
        }
    }
}

/// How many documents are kept, and how long their text may be.
const KEPT_MAX: usize = 4;
const KEPT_BYTES_MAX: usize = 1 << 20;

struct Kept {
    text: Vec<u8>,
    jsonb: Rc<Vec<u8>>,
}

thread_local! {
    /// Least recently parsed first.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

pub fn malformed() -> FunctionError {
    FunctionError::new("malformed JSON")
}

pub fn too_deep() -> FunctionError {
    FunctionError::new("JSON nested too deep")
}

/// The document in an argument; None for NULL.
pub fn document<'a>(argument: ValueRef<'a>) -> Result<Option<Document<'a>>, FunctionError> {
    match argument {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(blob) if looks_like_jsonb(blob) => Ok(Some(Document::Blob(blob))),
        ValueRef::Text(text) => parsed(text).map(|jsonb| Some(Document::Parsed(jsonb))),
        other => parsed(&text_of(other)).map(|jsonb| Some(Document::Parsed(jsonb))),
    }
}

/// The document in an argument as bytes to be edited; None for NULL.
pub fn editable(argument: ValueRef<'_>) -> Result<Option<Vec<u8>>, FunctionError> {
    Ok(document(argument)?.map(|document| match document {
        Document::Blob(blob) => blob.to_vec(),
        Document::Parsed(parsed) => Rc::try_unwrap(parsed).unwrap_or_else(|shared| shared.to_vec()),
    }))
}

fn parsed(text: &[u8]) -> Result<Rc<Vec<u8>>, FunctionError> {
    KEPT.with_borrow_mut(|kept| {
        if let Some(found) = kept.iter().rev().find(|k| k.text == text) {
            return Ok(found.jsonb.clone());
        }
        if text.len() > KEPT_BYTES_MAX {
            let mut jsonb = Vec::new();
            parse(text, &mut jsonb).map_err(|_| malformed())?;
            return Ok(Rc::new(jsonb));
        }
        // The oldest entry's memory is used again unless its document is still in use.
        let mut entry =
            if kept.len() < KEPT_MAX { Kept { text: Vec::new(), jsonb: Rc::new(Vec::new()) } } else { kept.remove(0) };
        if Rc::get_mut(&mut entry.jsonb).is_none() {
            entry.jsonb = Rc::new(Vec::new());
        }
        let jsonb = Rc::get_mut(&mut entry.jsonb).expect("it was just made sure that there is one owner");
        jsonb.clear();
        parse(text, jsonb).map_err(|_| malformed())?;
        entry.text.clear();
        entry.text.extend_from_slice(text);
        let jsonb = entry.jsonb.clone();
        kept.push(entry);
        Ok(jsonb)
    })
}

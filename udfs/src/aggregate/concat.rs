//! `group_concat(X[, Y])` and `string_agg(X, Y)`.
//!
//! Rows whose X is NULL are ignored. The separator stands before a term and may differ from row to row; the first
//! term's is not used, though its length is: see `inverse`. Blobs count as text.
//!
//! Source: https://sqlite.org/lang_aggfunc.html#group_concat

use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::{ValueRef, cast};
use std::collections::VecDeque;

#[derive(Default)]
struct Concat {
    /// Bytes before `start` have been taken out of a sliding frame.
    text: Vec<u8>,
    start: usize,
    terms: usize,
    /// The next term follows another one and so gets its separator.
    continued: bool,
    /// Length of every separator while `separators` is `None`.
    separator_len: usize,
    /// Lengths of the separators between the terms, once they differ.
    separators: Option<VecDeque<usize>>,
}

pub fn new_concat() -> Box<dyn Aggregate> {
    Box::new(Concat::default())
}

impl Concat {
    fn push(&mut self, term: &[u8], separator: &[u8], limit: usize) -> Result<(), FunctionError> {
        if self.continued {
            if separator.len() != self.separator_len || self.separators.is_some() {
                let (between, len) = (self.terms.saturating_sub(1), self.separator_len);
                self.separators
                    .get_or_insert_with(|| std::iter::repeat_n(len, between).collect())
                    .push_back(separator.len());
            }
            self.append(separator, limit)?;
        } else {
            self.separator_len = separator.len();
        }
        self.continued = true;
        self.terms += 1;
        self.append(term, limit)
    }

    fn append(&mut self, bytes: &[u8], limit: usize) -> Result<(), FunctionError> {
        if self.text.len() - self.start + bytes.len() > limit {
            return Err(FunctionError::TooBig);
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes out the first term and the separator that followed it. When no bytes are left the next term starts
    /// afresh, even if terms are left that are empty.
    fn pop(&mut self, term_len: usize) {
        self.terms = self.terms.saturating_sub(1);
        let separator_len = match &mut self.separators {
            Some(lengths) if self.terms > 0 => lengths.pop_front().unwrap_or(0),
            Some(_) => 0,
            None => self.separator_len,
        };
        self.start = (self.start + term_len + separator_len).min(self.text.len());
        if self.start == self.text.len() {
            self.text.clear();
            self.start = 0;
            self.continued = false;
            self.separators = None;
        } else if self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }
}

impl Aggregate for Concat {
    fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        if args[0].is_null() {
            return Ok(());
        }
        let separator = args.get(1).map_or(&b","[..], |arg| cast::to_text(*arg, call.arena));
        self.push(cast::to_text(args[0], call.arena), separator, call.host.length_limit())
    }

    fn inverse(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        if !args[0].is_null() {
            self.pop(cast::to_text(args[0], call.arena).len());
        }
        Ok(())
    }

    fn value<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a> {
        if self.terms == 0 && self.text.is_empty() {
            return Ok(ValueRef::Null);
        }
        Ok(call.text(&self.text[self.start..]))
    }
}

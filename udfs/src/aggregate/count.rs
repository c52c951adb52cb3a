//! `count(*)` and `count(X)`.
//!
//! Source: https://sqlite.org/lang_aggfunc.html#count

use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::ValueRef;

/// Counts rows, those whose argument is NULL excepted.
#[derive(Default)]
pub struct Count(i64);

pub fn new_count() -> Box<dyn Aggregate> {
    Box::new(Count::default())
}

fn counts(args: &[ValueRef<'_>]) -> bool {
    args.first().is_none_or(|arg| !arg.is_null())
}

impl Aggregate for Count {
    fn step(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0 += i64::from(counts(args));
        Ok(())
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0 -= i64::from(counts(args));
        Ok(())
    }

    fn value<'a>(&mut self, _: &mut Call<'a, '_>) -> FunctionResult<'a> {
        Ok(ValueRef::Integer(self.0))
    }
}

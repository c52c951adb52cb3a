//! `sum`, `total` and `avg`: one running state with three readings.
//!
//! Integers are summed as integers until a real appears or they overflow; from then on the sum is a
//! Kahan-Babuska-Neumaier sum of reals. Invariant: the same rows in the same order give the bits that SQLite gives,
//! so neither the order of the operations nor the splitting of large integers may change.
//!
//! Source: https://sqlite.org/lang_aggfunc.html#sumunc

use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::ValueRef;
use crate::value::cast::whole_number;
use crate::value::number::{Number, real_prefix};

/// From this magnitude on an integer is added in two parts, each of them exact as a real.
const SPLIT_MIN: i64 = 1 << 52;

#[derive(Clone, Copy, Debug, Default)]
pub struct SumState {
    sum: f64,
    /// What rounding has lost from `sum`.
    lost: f64,
    /// The sum while `!approximate`.
    integer: i64,
    /// Rows that were not NULL.
    count: i64,
    /// The sum is in `sum` and `lost`.
    approximate: bool,
    /// Integers overflowed and no real has come since: `sum` is an error.
    overflow: bool,
}

/// The two exact parts of an integer.
fn split(integer: i64) -> (f64, f64) {
    if (-SPLIT_MIN + 1..SPLIT_MIN).contains(&integer) {
        (integer as f64, 0.0)
    } else {
        let small = integer % 16_384;
        ((integer - small) as f64, small as f64)
    }
}

impl SumState {
    #[inline]
    pub fn step(&mut self, arg: ValueRef<'_>) {
        match arg {
            ValueRef::Null => {}
            ValueRef::Integer(i) => self.add_integer(i),
            ValueRef::Real(r) => self.add_real(r),
            ValueRef::Text(_) | ValueRef::Blob(_) => match numeric(arg) {
                Number::Integer(i) => self.add_integer(i),
                Number::Real(r) => self.add_real(r),
            },
        }
    }

    /// Takes a row out again.
    pub fn inverse(&mut self, arg: ValueRef<'_>) {
        if arg.is_null() {
            return;
        }
        self.count -= 1;
        match numeric(arg) {
            Number::Integer(i) if !self.approximate => match self.integer.checked_sub(i) {
                Some(rest) => self.integer = rest,
                None => {
                    self.overflow = true;
                    self.become_approximate();
                    self.accumulate_negated(i);
                }
            },
            Number::Integer(i) => self.accumulate_negated(i),
            Number::Real(r) => self.accumulate(-r),
        }
    }

    #[inline]
    fn add_integer(&mut self, i: i64) {
        self.count += 1;
        if !self.approximate {
            if let Some(sum) = self.integer.checked_add(i) {
                self.integer = sum;
                return;
            }
            self.overflow = true;
            self.become_approximate();
        }
        self.accumulate_integer(i);
    }

    #[inline]
    fn add_real(&mut self, r: f64) {
        self.count += 1;
        if !self.approximate {
            self.become_approximate();
        }
        self.overflow = false;
        self.accumulate(r);
    }

    fn become_approximate(&mut self) {
        self.approximate = true;
        (self.sum, self.lost) = split(self.integer);
    }

    #[inline]
    fn accumulate(&mut self, r: f64) {
        let sum = self.sum + r;
        self.lost += if self.sum.abs() > r.abs() { (self.sum - sum) + r } else { (r - sum) + self.sum };
        self.sum = sum;
    }

    fn accumulate_integer(&mut self, i: i64) {
        let (big, small) = split(i);
        self.accumulate(big);
        if small != 0.0 || i.unsigned_abs() >= SPLIT_MIN as u64 {
            self.accumulate(small);
        }
    }

    fn accumulate_negated(&mut self, i: i64) {
        match i.checked_neg() {
            Some(negated) => self.accumulate_integer(negated),
            None => {
                self.accumulate_integer(i64::MAX);
                self.accumulate_integer(1);
            }
        }
    }

    /// The approximate sum; an infinite correction is no correction.
    fn real(&self) -> f64 {
        if !self.approximate {
            self.integer as f64
        } else if self.lost.is_finite() {
            self.sum + self.lost
        } else {
            self.sum
        }
    }

    /// `sum`: NULL without rows, an integer while all rows were.
    pub fn sum(&self) -> Result<ValueRef<'static>, FunctionError> {
        if self.count <= 0 {
            Ok(ValueRef::Null)
        } else if !self.approximate {
            Ok(ValueRef::Integer(self.integer))
        } else if self.overflow {
            Err(FunctionError::new("integer overflow"))
        } else {
            Ok(real_or_null(self.real()))
        }
    }

    /// `total`: always a real.
    pub fn total(&self) -> ValueRef<'static> {
        real_or_null(self.real())
    }

    pub fn avg(&self) -> ValueRef<'static> {
        if self.count <= 0 {
            return ValueRef::Null;
        }
        real_or_null(self.real() / self.count as f64)
    }
}

/// NaN is not a value.
fn real_or_null(r: f64) -> ValueRef<'static> {
    if r.is_nan() { ValueRef::Null } else { ValueRef::Real(r) }
}

/// Text that is wholly a number counts as that number, other text and blobs as the real at their beginning.
fn numeric(arg: ValueRef<'_>) -> Number {
    match arg {
        ValueRef::Text(t) => whole_number(t).unwrap_or_else(|| Number::Real(real_prefix(t))),
        ValueRef::Blob(b) => Number::Real(real_prefix(b)),
        ValueRef::Integer(i) => Number::Integer(i),
        ValueRef::Real(r) => Number::Real(r),
        ValueRef::Null => Number::Integer(0),
    }
}

pub struct Sum(SumState);
pub struct Total(SumState);
pub struct Avg(SumState);

pub fn new_sum() -> Box<dyn Aggregate> {
    Box::new(Sum(SumState::default()))
}

pub fn new_total() -> Box<dyn Aggregate> {
    Box::new(Total(SumState::default()))
}

pub fn new_avg() -> Box<dyn Aggregate> {
    Box::new(Avg(SumState::default()))
}

impl Aggregate for Sum {
    fn step(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.step(args[0]);
        Ok(())
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.inverse(args[0]);
        Ok(())
    }

    fn value<'a>(&mut self, _: &mut Call<'a, '_>) -> FunctionResult<'a> {
        self.0.sum()
    }
}

impl Aggregate for Total {
    fn step(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.step(args[0]);
        Ok(())
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.inverse(args[0]);
        Ok(())
    }

    fn value<'a>(&mut self, _: &mut Call<'a, '_>) -> FunctionResult<'a> {
        Ok(self.0.total())
    }
}

impl Aggregate for Avg {
    fn step(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.step(args[0]);
        Ok(())
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        self.0.inverse(args[0]);
        Ok(())
    }

    fn value<'a>(&mut self, _: &mut Call<'a, '_>) -> FunctionResult<'a> {
        Ok(self.0.avg())
    }
}

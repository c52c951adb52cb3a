//! `median`, `percentile`, `percentile_cont` and `percentile_disc`.
//!
//! All inputs must be numbers and are taken as reals; NULLs are ignored. The fraction must be the same for all rows
//! (to within a thousandth). Between two inputs `percentile_disc` takes the lower one, the others interpolate.
//!
//! Source: https://sqlite.org/percentile.html

use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::ValueRef;
use crate::value::cast::whole_number;
use crate::value::number::Number;

struct Percentile {
    name: &'static str,
    /// What the fraction is given in: of 1.0 or of 100.0; `None` for median.
    whole: Option<f64>,
    discrete: bool,
    fraction: Option<f64>,
    values: Vec<f64>,
    /// How many of `values`, from the front, are in order.
    sorted: usize,
}

fn new(name: &'static str, whole: Option<f64>, discrete: bool) -> Box<dyn Aggregate> {
    Box::new(Percentile { name, whole, discrete, fraction: None, values: Vec::new(), sorted: 0 })
}

pub fn new_median() -> Box<dyn Aggregate> {
    new("median", None, false)
}

pub fn new_percentile() -> Box<dyn Aggregate> {
    new("percentile", Some(100.0), false)
}

pub fn new_percentile_cont() -> Box<dyn Aggregate> {
    new("percentile_cont", Some(1.0), false)
}

pub fn new_percentile_disc() -> Box<dyn Aggregate> {
    new("percentile_disc", Some(1.0), true)
}

impl Percentile {
    /// The fraction of this row, from 0 to 1.
    fn fraction_of(&self, args: &[ValueRef<'_>]) -> Result<f64, FunctionError> {
        let Some(whole) = self.whole else {
            return Ok(0.5);
        };
        let given = match args[1] {
            ValueRef::Integer(i) => Some(i as f64),
            ValueRef::Real(r) => Some(r),
            ValueRef::Text(t) => whole_number(t).map(|number| match number {
                Number::Integer(i) => i as f64,
                Number::Real(r) => r,
            }),
            _ => None,
        };
        match given {
            Some(given) if (0.0..=whole).contains(&given) => Ok(given / whole),
            _ => Err(FunctionError::Error(format!(
                "the fraction argument to {}() is not between 0.0 and {whole:.1}",
                self.name
            ))),
        }
    }

    fn sort(&mut self) {
        if self.sorted < self.values.len() {
            self.values.sort_by(f64::total_cmp);
            self.sorted = self.values.len();
        }
    }
}

impl Aggregate for Percentile {
    fn step(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        let fraction = self.fraction_of(args)?;
        match self.fraction {
            None => self.fraction = Some(fraction),
            Some(first) if (first - fraction).abs() <= 0.001 => {}
            Some(_) => {
                return Err(FunctionError::Error(format!(
                    "the fraction argument to {}() is not the same for all input rows",
                    self.name
                )));
            }
        }
        let value = match args[0] {
            ValueRef::Null => return Ok(()),
            ValueRef::Integer(i) => i as f64,
            ValueRef::Real(r) => r,
            ValueRef::Text(_) | ValueRef::Blob(_) => {
                return Err(FunctionError::Error(format!("input to {}() is not numeric", self.name)));
            }
        };
        if value.is_infinite() {
            return Err(FunctionError::Error(format!("Inf input to {}()", self.name)));
        }
        // Once a window has asked for a value, rows come one by one and are put in place.
        if self.sorted > 0 && self.sorted == self.values.len() {
            let at = self.values.partition_point(|v| v.total_cmp(&value).is_le());
            self.values.insert(at, value);
            self.sorted += 1;
        } else {
            self.values.push(value);
        }
        Ok(())
    }

    fn inverse(&mut self, _: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        let value = match args[0] {
            ValueRef::Integer(i) => i as f64,
            ValueRef::Real(r) => r,
            _ => return Ok(()),
        };
        self.sort();
        if let Ok(at) = self.values.binary_search_by(|v| v.total_cmp(&value)) {
            self.values.remove(at);
            self.sorted -= 1;
        }
        Ok(())
    }

    fn value<'a>(&mut self, _: &mut Call<'a, '_>) -> FunctionResult<'a> {
        self.sort();
        let (Some(fraction), Some(last)) = (self.fraction, self.values.len().checked_sub(1)) else {
            return Ok(ValueRef::Null);
        };
        let position = fraction * last as f64;
        let low = (position as usize).min(last);
        if self.discrete {
            return Ok(ValueRef::Real(self.values[low]));
        }
        let high = if position == low as f64 || low == last { low } else { low + 1 };
        let (a, b) = (self.values[low], self.values[high]);
        Ok(ValueRef::Real(a + (b - a) * (position - low as f64)))
    }
}

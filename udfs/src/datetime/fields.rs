//! `date`, `time`, `datetime`, `julianday`, `unixepoch`: one moment in one fixed form.
//!
//! Source: https://sqlite.org/lang_datefunc.html#overview

use super::moment::{DAY_MS, Moment, UNIX_EPOCH_JD_MS};
use super::moment_of;
use crate::signature::{Call, FunctionResult};
use crate::value::ValueRef;

/// A short text under construction: no result here is longer than `-YYYY-MM-DD HH:MM:SS.SSS`.
#[derive(Default)]
struct Text {
    bytes: [u8; 24],
    len: usize,
}

impl Text {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn push_number(&mut self, number: i32, width: u32) {
        for place in (0..width).rev() {
            // Wraps for the negative seconds that localtime makes of a moment before the first one.
            self.push(b'0'.wrapping_add((number / 10_i32.pow(place) % 10) as u8));
        }
    }

    fn push_date(&mut self, m: &Moment) {
        if m.year < 0 {
            self.push(b'-');
        }
        self.push_number(m.year.abs(), 4);
        self.push(b'-');
        self.push_number(m.month, 2);
        self.push(b'-');
        self.push_number(m.day, 2);
    }

    fn push_time(&mut self, m: &Moment) {
        self.push_number(m.hour, 2);
        self.push(b':');
        self.push_number(m.minute, 2);
        self.push(b':');
        self.push_number(m.second as i32, 2);
        if m.subsec {
            let millis = (m.second * 1000.0 + 0.5) as i32;
            self.push(b'.');
            self.push_number(millis % 1000, 3);
        }
    }

    fn value<'a>(&self, call: &Call<'a, '_>) -> FunctionResult<'a> {
        Ok(call.text(&self.bytes[..self.len]))
    }
}

pub fn date<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(mut m) = moment_of(call, args) else {
        return Ok(ValueRef::Null);
    };
    m.compute_ymd();
    let mut text = Text::default();
    text.push_date(&m);
    text.value(call)
}

pub fn time<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(mut m) = moment_of(call, args) else {
        return Ok(ValueRef::Null);
    };
    m.compute_hms();
    let mut text = Text::default();
    text.push_time(&m);
    text.value(call)
}

pub fn datetime<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(mut m) = moment_of(call, args) else {
        return Ok(ValueRef::Null);
    };
    m.compute_ymd_hms();
    let mut text = Text::default();
    text.push_date(&m);
    text.push(b' ');
    text.push_time(&m);
    text.value(call)
}

pub fn julianday<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(m) = moment_of(call, args) else {
        return Ok(ValueRef::Null);
    };
    Ok(ValueRef::Real(m.jd_ms as f64 / DAY_MS as f64))
}

pub fn unixepoch<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some(m) = moment_of(call, args) else {
        return Ok(ValueRef::Null);
    };
    Ok(if m.subsec {
        ValueRef::Real((m.jd_ms - UNIX_EPOCH_JD_MS) as f64 / 1000.0)
    } else {
        ValueRef::Integer(m.jd_ms / 1000 - UNIX_EPOCH_JD_MS / 1000)
    })
}

/// `current_date`
pub fn current_date<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    date(call, &[])
}

/// `current_time`
pub fn current_time<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    time(call, &[])
}

/// `current_timestamp`
pub fn current_timestamp<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    datetime(call, &[])
}

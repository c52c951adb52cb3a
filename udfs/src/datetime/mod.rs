//! Date and time functions.
//!
//! Each takes a time value and modifiers, makes a [`moment::Moment`] of them and writes it in its own form.
//! Whatever cannot be understood, and every moment outside -4713-11-24 12:00 to 9999-12-31 23:59:59.999, is NULL.
//!
//! Source: https://sqlite.org/lang_datefunc.html

mod decimal;
mod fields;
mod modifier;
mod moment;
mod parse;
mod strftime;
mod timediff;
mod zone;

use crate::signature::{Call, Flags, Scalar};
use crate::value::ValueRef;
use moment::{Moment, days_past_month_end};

/// The moment given by a time value and modifiers, `None` where the function is NULL.
fn moment_of(call: &Call<'_, '_>, args: &[ValueRef<'_>]) -> Option<Moment> {
    let Some((time_value, modifiers)) = args.split_first() else {
        return Some(parse::now(call.host)).filter(Moment::jd_in_range);
    };
    let mut moment = match *time_value {
        ValueRef::Null => return None,
        ValueRef::Integer(i) => Moment::from_number(i as f64),
        ValueRef::Real(r) => Moment::from_number(r),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => parse::time_value(parse::until_nul(bytes), call.host)?,
    };
    for (i, modifier) in modifiers.iter().enumerate() {
        // A number's text has no unit, which no modifier can be.
        let (ValueRef::Text(text) | ValueRef::Blob(text)) = *modifier else {
            return None;
        };
        modifier::apply(&mut moment, parse::until_nul(text), i == 0, call.host)?;
    }
    moment.compute_jd();
    if moment.error || !moment.jd_in_range() {
        return None;
    }
    // 30 February becomes a day of March, unless a modifier kept the parts as they were.
    if modifiers.is_empty() && moment.has_ymd && days_past_month_end(moment.year, moment.month, moment.day) > 0 {
        moment.has_ymd = false;
    }
    Some(moment)
}

const DATE: Flags = Flags::DETERMINISTIC_UNLESS_NOW.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    Scalar { name: "current_date", args_min: 0, args_max: Some(0), flags: Flags::STABLE,
        usage: "current_date", doc: "The date at which the statement started, in UTC.", call: fields::current_date },
    Scalar { name: "current_time", args_min: 0, args_max: Some(0), flags: Flags::STABLE,
        usage: "current_time", doc: "The time at which the statement started, in UTC.", call: fields::current_time },
    Scalar { name: "current_timestamp", args_min: 0, args_max: Some(0), flags: Flags::STABLE,
        usage: "current_timestamp", doc: "Date and time at which the statement started, in UTC.", call: fields::current_timestamp },
    Scalar { name: "date", args_min: 0, args_max: None, flags: DATE,
        usage: "date(T, MODIFIER, ...)", doc: "The date as YYYY-MM-DD.", call: fields::date },
    Scalar { name: "datetime", args_min: 0, args_max: None, flags: DATE,
        usage: "datetime(T, MODIFIER, ...)", doc: "Date and time as YYYY-MM-DD HH:MM:SS.", call: fields::datetime },
    Scalar { name: "julianday", args_min: 0, args_max: None, flags: DATE,
        usage: "julianday(T, MODIFIER, ...)", doc: "Days with fraction since noon of -4713-11-24, as a real.", call: fields::julianday },
    Scalar { name: "strftime", args_min: 0, args_max: None, flags: DATE,
        usage: "strftime(FORMAT, T, MODIFIER, ...)", doc: "The moment written by a format with % sequences.", call: strftime::strftime },
    Scalar { name: "time", args_min: 0, args_max: None, flags: DATE,
        usage: "time(T, MODIFIER, ...)", doc: "The time of day as HH:MM:SS.", call: fields::time },
    Scalar { name: "timediff", args_min: 2, args_max: Some(2), flags: DATE,
        usage: "timediff(A, B)", doc: "The time span that leads from B to A, as ±YYYY-MM-DD HH:MM:SS.SSS.", call: timediff::timediff },
    Scalar { name: "unixepoch", args_min: 0, args_max: None, flags: DATE,
        usage: "unixepoch(T, MODIFIER, ...)", doc: "Seconds since 1970-01-01 00:00 UTC: an integer, or a real after subsec.", call: fields::unixepoch },
];

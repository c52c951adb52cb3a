//! `timediff(A,B)`: the calendar distance `±YYYY-MM-DD HH:MM:SS.SSS` that leads from B to A.
//!
//! Source: https://sqlite.org/lang_datefunc.html#tmdif

use super::decimal::seconds_millis;
use super::moment::{Moment, YEAR_ZERO_JD_MS};
use crate::signature::{Call, FunctionResult};
use crate::value::ValueRef;

pub fn timediff<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let [a, b] = args else {
        return Ok(ValueRef::Null);
    };
    let (Some(mut a), Some(mut b)) = (super::moment_of(call, &[*a]), super::moment_of(call, &[*b])) else {
        return Ok(ValueRef::Null);
    };
    a.compute_ymd_hms();
    b.compute_ymd_hms();
    let forward = a.jd_ms >= b.jd_ms;
    // Whole years and months first, by moving B next to A without passing it; what is left is days and time.
    let toward = |from: i32, to: i32| if forward { to - from } else { from - to };
    let mut years = toward(b.year, a.year);
    if years != 0 {
        b.year = a.year;
        recompute(&mut b);
    }
    let mut months = toward(b.month, a.month);
    if months < 0 {
        years -= 1;
        months += 12;
    }
    if months != 0 {
        b.month = a.month;
        recompute(&mut b);
    }
    while if forward { a.jd_ms < b.jd_ms } else { a.jd_ms > b.jd_ms } {
        months -= 1;
        if months < 0 {
            months = 11;
            years -= 1;
        }
        b.add_months(if forward { -1 } else { 1 });
        recompute(&mut b);
        if b.error {
            return Ok(ValueRef::Null);
        }
    }
    let mut rest = Moment::from_jd_ms((a.jd_ms - b.jd_ms).abs() + YEAR_ZERO_JD_MS);
    rest.compute_ymd_hms();
    let text = format!(
        "{}{years:04}-{months:02}-{:02} {:02}:{:02}:",
        if forward { '+' } else { '-' },
        rest.day - 1,
        rest.hour,
        rest.minute
    );
    let millis = seconds_millis(rest.second);
    Ok(call.text(&[text.as_bytes(), &millis[..]].concat()))
}

fn recompute(moment: &mut Moment) {
    moment.has_jd = false;
    moment.compute_jd();
}

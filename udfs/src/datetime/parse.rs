//! Time values: what the first argument of a date function may be.
//!
//! `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS[.SSS]]` (with `T` or white space between), `HH:MM[:SS[.SSS]]`, each time
//! with an optional zone `Z` or `[+-]HH:MM`; `now`, `subsec`, `subsecond`; a number. Text ends at its first NUL.
//!
//! Source: https://sqlite.org/lang_datefunc.html#time_values

use super::moment::Moment;
use crate::signature::Host;
use crate::value::cast::whole_number;
use crate::value::number::{Number, is_space};

/// The part of the text before its first NUL.
pub fn until_nul(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |end| &text[..end])
}

pub fn skip_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&b| !is_space(b)).unwrap_or(text.len());
    &text[start..]
}

/// `width` decimal digits whose number is within the bounds, and what follows them.
pub fn digits(text: &[u8], width: usize, min: i32, max: i32) -> Option<(i32, &[u8])> {
    let (head, rest) = text.split_at_checked(width)?;
    let mut number = 0;
    for &b in head {
        if !b.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i32::from(b - b'0');
    }
    (min <= number && number <= max).then_some((number, rest))
}

/// `digits` after one byte that must be there.
pub fn digits_after(separator: u8, text: &[u8], width: usize, min: i32, max: i32) -> Option<(i32, &[u8])> {
    let rest = text.strip_prefix(&[separator])?;
    digits(rest, width, min, max)
}

/// The whole text, white space around it aside, as a decimal number.
pub fn number(text: &[u8]) -> Option<f64> {
    whole_number(text).map(|number| match number {
        Number::Integer(i) => i as f64,
        Number::Real(r) => r,
    })
}

/// Reads `HH:MM[:SS[.SSS]]` and a zone into the moment. The text must end there.
pub fn time_of_day(moment: &mut Moment, text: &[u8]) -> Option<()> {
    let (hour, rest) = digits(text, 2, 0, 24)?;
    let (minute, mut rest) = digits_after(b':', rest, 2, 0, 59)?;
    let mut second = 0.0;
    if let Some(tail) = rest.strip_prefix(b":") {
        let (whole, tail) = digits(tail, 2, 0, 59)?;
        second = f64::from(whole);
        rest = tail;
        if let [b'.', b'0'..=b'9', ..] = rest {
            let (fraction, tail) = fraction(&rest[1..])?;
            second += fraction;
            rest = tail;
        }
    }
    // 24:00 is the end of the day, and nothing lies beyond it.
    if hour == 24 && (minute != 0 || second != 0.0) {
        return None;
    }
    moment.has_jd = false;
    moment.raw = false;
    moment.has_hms = true;
    (moment.hour, moment.minute, moment.second) = (hour, minute, second);
    zone(moment, rest)
}

/// A fraction of a second, never more than .999: rounding must not carry into the next second.
fn fraction(text: &[u8]) -> Option<(f64, &[u8])> {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (mut numerator, mut scale) = (0.0_f64, 1.0_f64);
    for &b in &text[..n] {
        numerator = numerator * 10.0 + f64::from(b - b'0');
        scale *= 10.0;
    }
    let fraction = numerator / scale;
    // More than 308 digits that are not zeros: no number.
    if fraction.is_nan() {
        return None;
    }
    Some((fraction.min(0.999), &text[n..]))
}

fn zone(moment: &mut Moment, text: &[u8]) -> Option<()> {
    let text = skip_spaces(text);
    moment.zone_min = 0;
    let (sign, rest) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        [b'z' | b'Z', rest @ ..] => {
            moment.is_local = false;
            moment.is_utc = true;
            return skip_spaces(rest).is_empty().then_some(());
        }
        _ => return text.is_empty().then_some(()),
    };
    let (hours, rest) = digits(rest, 2, 0, 14)?;
    let (minutes, rest) = digits_after(b':', rest, 2, 0, 59)?;
    moment.zone_min = sign * (hours * 60 + minutes);
    if moment.zone_min == 0 {
        moment.is_local = false;
        moment.is_utc = true;
    }
    skip_spaces(rest).is_empty().then_some(())
}

fn date_and_time(text: &[u8]) -> Option<Moment> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (year, rest) = digits(rest, 4, 0, 9999)?;
    let (month, rest) = digits_after(b'-', rest, 2, 1, 12)?;
    let (day, rest) = digits_after(b'-', rest, 2, 1, 31)?;
    let start = rest.iter().position(|&b| b != b'T' && !is_space(b)).unwrap_or(rest.len());
    let rest = &rest[start..];
    let mut moment = Moment::default();
    if time_of_day(&mut moment, rest).is_none() {
        if !rest.is_empty() {
            return None;
        }
        moment.has_hms = false;
    }
    moment.has_jd = false;
    moment.has_ymd = true;
    (moment.year, moment.month, moment.day) = (if negative { -year } else { year }, month, day);
    moment.note_floor_days();
    if moment.has_hms && moment.hour == 24 {
        // The next day: it exists, and there is nothing to go back to.
        moment.compute_jd();
        moment.floor_days = 0;
    } else if moment.zone_min != 0 {
        moment.compute_jd();
    }
    Some(moment)
}

/// The moment that a text names, `None` if it names none.
pub fn time_value(text: &[u8], host: &dyn Host) -> Option<Moment> {
    if let Some(moment) = date_and_time(text) {
        return Some(moment);
    }
    let mut moment = Moment::default();
    if time_of_day(&mut moment, text).is_some() {
        return Some(moment);
    }
    if text.eq_ignore_ascii_case(b"now") {
        return Some(now(host));
    }
    if let Some(number) = number(text) {
        return Some(Moment::from_number(number));
    }
    if text.eq_ignore_ascii_case(b"subsec") || text.eq_ignore_ascii_case(b"subsecond") {
        return Some(Moment { subsec: true, ..now(host) });
    }
    None
}

/// The moment at which the statement started.
pub fn now(host: &dyn Host) -> Moment {
    Moment { is_utc: true, ..Moment::from_jd_ms(host.now_ms()) }
}

//! `strftime(FORMAT, TIME-VALUE, MODIFIER, …)`.
//!
//! An unknown or unfinished `%` sequence makes the result NULL.
//!
//! Source: https://sqlite.org/lang_datefunc.html#strftime

use super::decimal::{general_16, seconds_millis};
use super::moment::{DAY_MS, Moment, UNIX_EPOCH_JD_MS};
use super::parse::until_nul;
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::{ValueRef, cast};
use std::io::Write;

pub fn strftime<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some((format, time)) = args.split_first() else {
        return Ok(ValueRef::Null);
    };
    if format.is_null() {
        return Ok(ValueRef::Null);
    }
    let Some(moment) = super::moment_of(call, time) else {
        return Ok(ValueRef::Null);
    };
    let format = until_nul(cast::to_text(*format, call.arena));
    let limit = call.host.length_limit();
    let mut out = Vec::with_capacity(format.len().min(limit) + 32);
    let mut rest = format;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..percent]);
        let Some(&conversion) = rest.get(percent + 1) else {
            return Ok(ValueRef::Null);
        };
        if convert(conversion, moment, &mut out).is_none() {
            return Ok(ValueRef::Null);
        }
        if out.len() > limit {
            return Err(FunctionError::TooBig);
        }
        rest = &rest[percent + 2..];
    }
    out.extend_from_slice(rest);
    if out.len() > limit {
        return Err(FunctionError::TooBig);
    }
    Ok(call.text(&out))
}

/// Writes one conversion; `moment` has every form valid.
fn convert(conversion: u8, mut m: Moment, out: &mut Vec<u8>) -> Option<()> {
    m.compute_ymd_hms();
    let hour_12 = match m.hour % 12 {
        0 => 12,
        h => h,
    };
    let written = match conversion {
        b'd' => write!(out, "{:02}", m.day),
        b'e' => write!(out, "{:2}", m.day),
        b'f' => out.write_all(&seconds_millis(m.second.min(59.999))),
        b'F' => write!(out, "{:04}-{:02}-{:02}", m.year, m.month, m.day),
        b'G' => write!(out, "{:04}", thursday(&m).year),
        b'g' => write!(out, "{:02}", thursday(&m).year % 100),
        b'H' => write!(out, "{:02}", m.hour),
        b'I' => write!(out, "{hour_12:02}"),
        b'j' => write!(out, "{:03}", m.days_after_jan_1() + 1),
        b'J' => {
            general_16(m.jd_ms as f64 / DAY_MS as f64, out);
            Ok(())
        }
        b'k' => write!(out, "{:2}", m.hour),
        b'l' => write!(out, "{hour_12:2}"),
        b'm' => write!(out, "{:02}", m.month),
        b'M' => write!(out, "{:02}", m.minute),
        b'p' => out.write_all(if m.hour >= 12 { b"PM" } else { b"AM" }),
        b'P' => out.write_all(if m.hour >= 12 { b"pm" } else { b"am" }),
        b'R' => write!(out, "{:02}:{:02}", m.hour, m.minute),
        b's' => unix_seconds(&m, out),
        b'S' => write!(out, "{:02}", m.second as i32),
        b'T' => write!(out, "{:02}:{:02}:{:02}", m.hour, m.minute, m.second as i32),
        b'u' => write!(out, "{}", m.days_after_monday() + 1),
        b'U' => write!(out, "{:02}", (m.days_after_jan_1() + 7 - m.days_after_sunday()) / 7),
        b'V' => write!(out, "{:02}", thursday(&m).days_after_jan_1() / 7 + 1),
        b'w' => write!(out, "{}", m.days_after_sunday()),
        b'W' => write!(out, "{:02}", (m.days_after_jan_1() + 7 - m.days_after_monday()) / 7),
        b'Y' => write!(out, "{:04}", m.year),
        b'%' => out.write_all(b"%"),
        _ => return None,
    };
    written.expect("writing to memory does not fail");
    Some(())
}

/// The Thursday of the same ISO 8601 week: the week belongs to its year.
fn thursday(m: &Moment) -> Moment {
    let mut thursday = Moment { has_ymd: false, ..*m };
    thursday.jd_ms += (3 - m.days_after_monday()) * DAY_MS;
    thursday.compute_ymd();
    thursday
}

fn unix_seconds(m: &Moment, out: &mut Vec<u8>) -> std::io::Result<()> {
    if !m.subsec {
        return write!(out, "{}", m.jd_ms / 1000 - UNIX_EPOCH_JD_MS / 1000);
    }
    let unix_ms = m.jd_ms - UNIX_EPOCH_JD_MS;
    let sign = if unix_ms < 0 { "-" } else { "" };
    write!(out, "{sign}{}.{:03}", unix_ms.abs() / 1000, unix_ms.abs() % 1000)
}

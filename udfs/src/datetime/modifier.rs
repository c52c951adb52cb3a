//! Modifiers: the arguments after the time value, each of which changes the moment from left to right.
//!
//! A modifier that is not understood makes the whole function NULL.
//!
//! Source: https://sqlite.org/lang_datefunc.html#modifiers

use super::moment::{DAY_MS, Moment, UNIX_EPOCH_JD_MS};
use super::parse::{digits, digits_after, number, skip_spaces, time_of_day};
use super::zone::{to_local, to_utc};
use crate::signature::Host;
use crate::value::number::is_space;

/// A unit of `NNN unit`.
struct Unit {
    name: &'static [u8],
    kind: UnitKind,
    /// Numbers must be smaller than this, a single-precision number as in SQLite.
    limit: f32,
    /// Length of the unit, of a month's or year's fraction too.
    seconds: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum UnitKind {
    Exact,
    Month,
    Year,
}

#[rustfmt::skip]
static UNITS: [Unit; 6] = [
    Unit { name: b"second", kind: UnitKind::Exact, limit: 4.6427e14, seconds: 1.0 },
    Unit { name: b"minute", kind: UnitKind::Exact, limit: 7.7379e12, seconds: 60.0 },
    Unit { name: b"hour", kind: UnitKind::Exact, limit: 1.2897e11, seconds: 3_600.0 },
    Unit { name: b"day", kind: UnitKind::Exact, limit: 5_373_485.0, seconds: 86_400.0 },
    Unit { name: b"month", kind: UnitKind::Month, limit: 176_546.0, seconds: 2_592_000.0 },
    Unit { name: b"year", kind: UnitKind::Year, limit: 14_713.0, seconds: 31_536_000.0 },
];

/// Applies one modifier. `first` tells that it directly follows the time value.
pub fn apply(moment: &mut Moment, text: &[u8], first: bool, host: &dyn Host) -> Option<()> {
    match text.first()? {
        b'+' | b'-' | b'0'..=b'9' => return shift(moment, text),
        _ => {}
    }
    let is = |name: &str| text.eq_ignore_ascii_case(name.as_bytes());
    match () {
        _ if is("auto") && first => auto(moment),
        _ if is("ceiling") => {
            moment.compute_jd();
            moment.keep_jd_only();
            moment.floor_days = 0;
        }
        _ if is("floor") => {
            moment.compute_jd();
            moment.jd_ms = moment.jd_ms.wrapping_sub(i64::from(moment.floor_days) * DAY_MS);
            moment.keep_jd_only();
        }
        _ if is("julianday") && first && moment.has_jd && moment.raw => moment.raw = false,
        _ if is("localtime") => {
            if !moment.is_local {
                to_local(moment, host);
            }
            moment.is_utc = false;
            moment.is_local = true;
        }
        _ if is("unixepoch") && first && moment.raw => {
            let jd_ms = moment.second * 1000.0 + UNIX_EPOCH_JD_MS as f64;
            if !(0.0..464_269_060_800_000.0).contains(&jd_ms) {
                return None;
            }
            set_from_unix(moment, jd_ms);
        }
        _ if is("utc") => {
            if !moment.is_utc {
                to_utc(moment, host);
            }
        }
        _ if is("subsec") || is("subsecond") => moment.subsec = true,
        _ if has_prefix(text, b"weekday ") => weekday(moment, &text[8..])?,
        _ if has_prefix(text, b"start of ") => start_of(moment, &text[9..])?,
        _ => return None,
    }
    Some(())
}

fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn set_from_unix(moment: &mut Moment, jd_ms: f64) {
    moment.keep_jd_only();
    moment.jd_ms = (jd_ms + 0.5) as i64;
    moment.has_jd = true;
    moment.raw = false;
}

/// A number that is not a Julian day is seconds since 1970, if it can be.
fn auto(moment: &mut Moment) {
    if !moment.raw || moment.has_jd {
        moment.raw = false;
    } else if (-210_866_760_000.0..=253_402_300_799.0).contains(&moment.second) {
        set_from_unix(moment, moment.second * 1000.0 + UNIX_EPOCH_JD_MS as f64);
    }
}

/// Forward to the weekday N (0 is Sunday), or back to it if N has a minus sign; not at all if it is that day.
fn weekday(moment: &mut Moment, text: &[u8]) -> Option<()> {
    let given = number(text)?;
    // -0 is an integer here, and its sign counts.
    let wanted = if skip_spaces(text).starts_with(b"-") { -given.abs() } else { given };
    if wanted.trunc() != wanted || wanted.abs() >= 7.0 {
        return None;
    }
    let back = wanted.is_sign_negative();
    let wanted = wanted.abs() as i64;
    moment.compute_ymd_hms();
    moment.zone_min = 0;
    moment.has_jd = false;
    moment.compute_jd();
    let today = moment.days_after_sunday();
    let days = match wanted - today {
        0 => 0,
        d if back && d > 0 => d - 7,
        d if !back && d < 0 => d + 7,
        d => d,
    };
    moment.jd_ms += days * DAY_MS;
    moment.keep_jd_only();
    Some(())
}

fn start_of(moment: &mut Moment, unit: &[u8]) -> Option<()> {
    if !moment.has_jd && !moment.has_ymd && !moment.has_hms {
        return None;
    }
    moment.compute_ymd();
    moment.has_hms = true;
    (moment.hour, moment.minute, moment.second) = (0, 0, 0.0);
    moment.raw = false;
    moment.zone_min = 0;
    moment.has_jd = false;
    match () {
        _ if unit.eq_ignore_ascii_case(b"month") => moment.day = 1,
        _ if unit.eq_ignore_ascii_case(b"year") => (moment.month, moment.day) = (1, 1),
        _ if unit.eq_ignore_ascii_case(b"day") => {}
        _ => return None,
    }
    Some(())
}

/// `NNN unit`, `±YYYY-MM-DD[ HH:MM[:SS[.SSS]]]` and `±HH:MM[:SS[.SSS]]`.
fn shift(moment: &mut Moment, text: &[u8]) -> Option<()> {
    let end = (1..text.len())
        .find(|&i| match text[i] {
            b':' => true,
            b'-' => (i == 5 || i == 6) && digits(&text[1..], i - 1, 0, 14_712).is_some(),
            b => is_space(b),
        })
        .unwrap_or(text.len());
    let amount = number(&text[..end])?;
    match text.get(end) {
        Some(b'-') => shift_by_date(moment, text, end),
        Some(b':') => shift_by_time(moment, text, text[0] == b'-'),
        _ => shift_by_unit(moment, amount, skip_spaces(&text[end..])),
    }
}

fn shift_by_date(moment: &mut Moment, text: &[u8], year_end: usize) -> Option<()> {
    let back = match text[0] {
        b'+' => false,
        b'-' => true,
        _ => return None,
    };
    let (years, rest) = digits(&text[1..], year_end - 1, 0, 14_712)?;
    let (months, rest) = digits_after(b'-', rest, 2, 0, 11)?;
    let (days, rest) = digits_after(b'-', rest, 2, 0, 30)?;
    moment.compute_ymd_hms();
    moment.has_jd = false;
    let months = years * 12 + months;
    moment.add_months(if back { -months } else { months });
    moment.note_floor_days();
    moment.compute_jd();
    moment.has_hms = false;
    moment.has_ymd = false;
    let days = i64::from(if back { -days } else { days });
    moment.jd_ms = moment.jd_ms.wrapping_add(days * DAY_MS);
    match rest {
        [] => Some(()),
        [space, time @ ..] if is_space(*space) => {
            digits(time, 2, 0, 24).and_then(|(_, rest)| digits_after(b':', rest, 2, 0, 59))?;
            shift_by_time(moment, time, back)
        }
        _ => None,
    }
}

fn shift_by_time(moment: &mut Moment, text: &[u8], back: bool) -> Option<()> {
    let text = if text[0].is_ascii_digit() { text } else { &text[1..] };
    let mut time = Moment::default();
    time_of_day(&mut time, text)?;
    time.compute_jd();
    // The time of day alone: a zone may have moved the date.
    let ms = (time.jd_ms - DAY_MS / 2) % DAY_MS;
    moment.compute_jd();
    moment.keep_jd_only();
    moment.jd_ms = moment.jd_ms.wrapping_add(if back { -ms } else { ms });
    Some(())
}

fn shift_by_unit(moment: &mut Moment, amount: f64, name: &[u8]) -> Option<()> {
    if !(3..=10).contains(&name.len()) {
        return None;
    }
    let name = match name.split_last() {
        Some((b's' | b'S', singular)) => singular,
        _ => name,
    };
    moment.compute_jd();
    moment.floor_days = 0;
    let unit = UNITS.iter().find(|u| name.eq_ignore_ascii_case(u.name))?;
    if amount.is_nan() || amount.abs() >= f64::from(unit.limit) {
        return None;
    }
    let mut rest = amount;
    if unit.kind != UnitKind::Exact {
        let whole = amount as i32;
        moment.compute_ymd_hms();
        moment.add_months(if unit.kind == UnitKind::Year { whole * 12 } else { whole });
        moment.note_floor_days();
        moment.has_jd = false;
        rest -= f64::from(whole);
    }
    moment.compute_jd();
    let rounding = if amount < 0.0 { -0.5 } else { 0.5 };
    moment.jd_ms = moment.jd_ms.wrapping_add((rest * 1000.0 * unit.seconds + rounding) as i64);
    moment.keep_jd_only();
    Some(())
}

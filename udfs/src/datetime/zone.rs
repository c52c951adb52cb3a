//! `localtime` and `utc`: between UTC and the host's time zone.
//!
//! SQLite asks the C library only about 1970 to 2037; other years are mapped to a year around 2000 with the
//! same position in the cycle of leap years, and so are they here.
//!
//! Source: https://sqlite.org/lang_datefunc.html#modifiers

use super::moment::{Moment, UNIX_EPOCH_JD_MS};
use crate::signature::Host;

/// 2038-01-18 00:00:00: the last moment of which the C library is asked.
const ASK_JD_MS_MAX: i64 = 213_014_145_600_000;

/// Replaces a moment in UTC by the same moment's local calendar. One that is out of range becomes one of year 0.
pub fn to_local(moment: &mut Moment, host: &dyn Host) {
    moment.compute_jd();
    let mut years_mapped = 0;
    let unix_s = if (UNIX_EPOCH_JD_MS..=ASK_JD_MS_MAX).contains(&moment.jd_ms) {
        moment.jd_ms / 1000 - UNIX_EPOCH_JD_MS / 1000
    } else {
        let mut mapped = *moment;
        mapped.compute_ymd_hms();
        years_mapped = 2000 + mapped.year % 4 - mapped.year;
        mapped.year += years_mapped;
        mapped.has_jd = false;
        mapped.compute_jd();
        mapped.jd_ms / 1000 - UNIX_EPOCH_JD_MS / 1000
    };
    let local_s = unix_s.saturating_add(host.local_offset_s(unix_s));
    let mut local = Moment::from_jd_ms(local_s.saturating_mul(1000).saturating_add(UNIX_EPOCH_JD_MS));
    local.compute_ymd_hms();
    moment.year = local.year - years_mapped;
    (moment.month, moment.day, moment.hour, moment.minute) = (local.month, local.day, local.hour, local.minute);
    moment.second = local.second + (moment.jd_ms % 1000) as f64 * 0.001;
    moment.has_ymd = true;
    moment.has_hms = true;
    moment.has_jd = false;
    moment.raw = false;
    moment.zone_min = 0;
    moment.error = false;
}

/// Replaces a moment in local time by the same moment in UTC: the UTC time whose local time is nearest.
pub fn to_utc(moment: &mut Moment, host: &dyn Host) {
    moment.compute_jd();
    let local_ms = moment.jd_ms;
    let mut guess_ms = local_ms;
    let mut error_ms = 0;
    // Two rounds settle it, except within the hour that a change of daylight saving time skips.
    for _ in 0..4 {
        guess_ms = guess_ms.wrapping_sub(error_ms);
        let mut guess = Moment::from_jd_ms(guess_ms);
        to_local(&mut guess, host);
        guess.compute_jd();
        error_ms = guess.jd_ms.wrapping_sub(local_ms);
        if error_ms == 0 {
            break;
        }
    }
    *moment = Moment { is_utc: true, ..Moment::from_jd_ms(guess_ms) };
}

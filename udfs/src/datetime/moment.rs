//! The point in time that a date function works on, and the calendar arithmetic on it.
//!
//! A moment is kept in up to three forms: milliseconds since the Julian epoch, year-month-day and
//! hour-minute-second. Each form has a flag that tells whether it is valid, and is computed only when asked
//! for. That laziness is observable (`date('2024-02-30','subsec')` is `2024-02-30`), so the flags are part of
//! the semantics. Invariant: a moment with `error` set never becomes a result, with the exception of the
//! conversions of time zone, which start afresh.
//!
//! Source: https://sqlite.org/lang_datefunc.html

pub const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 00:00:00 in milliseconds since the Julian epoch.
pub const UNIX_EPOCH_JD_MS: i64 = 210_866_760_000_000;
/// 0000-01-01 00:00:00 in milliseconds since the Julian epoch.
pub const YEAR_ZERO_JD_MS: i64 = 148_699_540_800_000;
/// 9999-12-31 23:59:59.999 in milliseconds since the Julian epoch.
const LAST_JD_MS: i64 = 464_269_060_799_999;
const YEAR_MIN: i32 = -4713;
const YEAR_MAX: i32 = 9999;

#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// Milliseconds since noon of -4713-11-24.
    pub jd_ms: i64,
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    /// Seconds with fraction; while `raw` is set, the number that was given instead of a time string.
    pub second: f64,
    /// Offset of a time string from UTC that has not been applied yet.
    pub zone_min: i32,
    /// Days to go back for `floor` after a month or year was added to a day the new month does not have.
    pub floor_days: i32,
    pub has_jd: bool,
    pub has_ymd: bool,
    pub has_hms: bool,
    pub raw: bool,
    pub error: bool,
    pub subsec: bool,
    pub is_utc: bool,
    pub is_local: bool,
}

/// Days from 1970-01-01 to this day of the proleptic Gregorian calendar; `day` may lie outside the month.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that the leap day is the last day of a year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of `days_from_civil`.
fn civil_from_days(days: i64) -> (i32, i32, i32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as i32, day as i32)
}

/// How far this day lies past the end of its month.
pub fn days_past_month_end(year: i32, month: i32, day: i32) -> i32 {
    if day <= 28 {
        return 0;
    }
    let last = match month {
        2 if year % 4 != 0 || (year % 100 == 0 && year % 400 != 0) => 28,
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (day - last).max(0)
}

impl Moment {
    pub fn from_jd_ms(jd_ms: i64) -> Moment {
        Moment { jd_ms, has_jd: true, ..Moment::default() }
    }

    /// A moment given as a number: a Julian day if it is in range, else only good for `unixepoch` and `auto`.
    pub fn from_number(number: f64) -> Moment {
        let mut m = Moment { second: number, raw: true, ..Moment::default() };
        if (0.0..5_373_484.5).contains(&number) {
            m.jd_ms = (number * 86_400_000.0 + 0.5) as i64;
            m.has_jd = true;
        }
        m
    }

    pub fn fail(&mut self) {
        *self = Moment { error: true, ..Moment::default() };
    }

    pub fn jd_in_range(&self) -> bool {
        (0..=LAST_JD_MS).contains(&self.jd_ms)
    }

    /// Forgets every form but `jd_ms`.
    pub fn keep_jd_only(&mut self) {
        self.has_ymd = false;
        self.has_hms = false;
        self.zone_min = 0;
    }

    /// Makes `jd_ms` valid. A time without a date is on 2000-01-01.
    pub fn compute_jd(&mut self) {
        if self.has_jd {
            return;
        }
        let (year, month, day) = if self.has_ymd { (self.year, self.month, self.day) } else { (2000, 1, 1) };
        if !(YEAR_MIN..=YEAR_MAX).contains(&year) || self.raw {
            self.fail();
            return;
        }
        let days = days_from_civil(i64::from(year), i64::from(month), i64::from(day));
        self.jd_ms = days * DAY_MS + UNIX_EPOCH_JD_MS;
        self.has_jd = true;
        if self.has_hms {
            self.jd_ms += i64::from(self.hour) * 3_600_000
                + i64::from(self.minute) * 60_000
                + (self.second * 1000.0 + 0.5) as i64;
            if self.zone_min != 0 {
                self.jd_ms -= i64::from(self.zone_min) * 60_000;
                self.is_utc = true;
                self.is_local = false;
            }
            if self.zone_min != 0 || self.hour == 24 {
                self.keep_jd_only();
            }
        }
    }

    pub fn compute_ymd(&mut self) {
        if self.has_ymd {
            return;
        }
        if !self.has_jd {
            (self.year, self.month, self.day) = (2000, 1, 1);
        } else if !self.jd_in_range() {
            self.fail();
            return;
        } else {
            // Days begin at midnight, Julian days at noon.
            let days = (self.jd_ms + DAY_MS / 2).div_euclid(DAY_MS) - (UNIX_EPOCH_JD_MS + DAY_MS / 2) / DAY_MS;
            (self.year, self.month, self.day) = civil_from_days(days);
        }
        self.has_ymd = true;
    }

    pub fn compute_hms(&mut self) {
        if self.has_hms {
            return;
        }
        self.compute_jd();
        let day_ms = self.jd_ms.wrapping_add(DAY_MS / 2) % DAY_MS;
        self.second = (day_ms % 60_000) as f64 / 1000.0;
        let day_min = (day_ms / 60_000) as i32;
        self.minute = day_min % 60;
        self.hour = day_min / 60;
        self.raw = false;
        self.has_hms = true;
    }

    pub fn compute_ymd_hms(&mut self) {
        self.compute_ymd();
        self.compute_hms();
    }

    pub fn note_floor_days(&mut self) {
        self.floor_days = days_past_month_end(self.year, self.month, self.day);
    }

    /// Adds months to a moment with valid year-month-day and brings the month back into 1..=12.
    pub fn add_months(&mut self, months: i32) {
        let month0 = i64::from(self.year) * 12 + i64::from(self.month) - 1 + i64::from(months);
        self.year = month0.div_euclid(12) as i32;
        self.month = month0.rem_euclid(12) as i32 + 1;
    }

    pub fn days_after_jan_1(&self) -> i64 {
        let mut jan_1 = Moment { month: 1, day: 1, has_jd: false, ..*self };
        jan_1.compute_jd();
        (self.jd_ms - jan_1.jd_ms + DAY_MS / 2) / DAY_MS
    }

    /// 0 for Monday to 6 for Sunday.
    pub fn days_after_monday(&self) -> i64 {
        (self.jd_ms.wrapping_add(DAY_MS / 2) / DAY_MS) % 7
    }

    /// 0 for Sunday to 6 for Saturday.
    pub fn days_after_sunday(&self) -> i64 {
        (self.jd_ms.wrapping_add(DAY_MS + DAY_MS / 2) / DAY_MS) % 7
    }
}

//! Date functions against the bundled SQLite: tables of cases and seeded random ones.

use crate::reference::{Differences, Rng, TestHost, call, column, memory, show, show_result};
use bumpalo::Bump;
use heliosdb_udfs::datetime::TABLE;
use heliosdb_udfs::value::{Collation, Value};
use rusqlite::Connection;

fn ours(host: &TestHost, function: &str, args: &[Value]) -> String {
    let def = TABLE.iter().find(|def| def.name == function).expect("only known names are used");
    let arena = Bump::new();
    let args: Vec<_> = args.iter().map(Value::as_ref).collect();
    show_result((def.call)(&mut call(&arena, host, &Collation::Binary), &args))
}

fn sqlite(db: &Connection, function: &str, args: &[Value]) -> String {
    let marks = vec!["?"; args.len()].join(",");
    column(db, &format!("SELECT {function}({marks})"), args).join("; ")
}

fn check(d: &mut Differences, db: &Connection, host: &TestHost, function: &str, args: &[Value]) {
    let what = || {
        let args: Vec<_> = args.iter().map(|a| show(a.as_ref())).collect();
        format!("{function}({})", args.join(", "))
    };
    d.compare(what, &ours(host, function, args), &sqlite(db, function, args));
}

const FUNCTIONS: &[&str] = &["date", "time", "datetime", "julianday", "unixepoch"];

#[rustfmt::skip]
const TIME_VALUES: &[&str] = &[
    "2024-02-29", "2024-02-30", "2023-02-31", "2024-01-31 23:59:59.9999", "2024-01-01T12:00", "2024-01-01  TT 12:00",
    "2024-01-01T", "2024-01-01 ", " 2024-01-01", "2024-01-01\t12:00", "2024-01-01\n12:00", "2024-01-01t12:00",
    "2024-01-01 12:00Z", "2024-01-01 12:00 z  ", "2024-01-01 12:00Zx", "2024-01-01 12:00+01:00", "2024-01-01 12:00 -14:59",
    "2024-01-01 12:00+15:00", "2024-01-01 12:00+0100", "2024-01-01 12:00 + 01:00", "2024-01-01 12:00+00:00", "2024-01-01Z",
    "24:00", "2024-01-31 24:00", "2024-02-30 24:00:00+01:00", "2024-02-30 24:00", "24:00:00", "24:00:00.5", "24:01", "25:00", "12:60", "12:00:60", "1:00", "12:00:0", "12", "12:", "12:00:00.",
    "12:00:00.x", "12:34:56.99999", "00:00:00.0005", "00:00:00.9995", "00:00:59.9995", "12:00+01:00", "00:30+01:00",
    "-4713-11-24", "-4713-11-24 12:00", "-4713-11-24 11:59:59.999", "-4713-11-25", "9999-12-31", "9999-12-31 23:59:59.9999",
    "0000-01-01", "-0001-01-01", "-0044-03-15", "1582-10-10", "1969-12-31 23:59:59.5", "1970-01-01", "2038-01-19 03:14:08",
    "2024-1-01", "12024-01-01", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "--2024-01-01", "+2024-01-01",
    "2451545", "2451545.25", " 2451545.25 ", "2451545x", "0", "-1", "-0.0", "5373484.4999", "5373484.5", "1e3", "1e10", "1e",
    ".5", "5.", ".", "", "now ", "nan", "inf", "0x10", "1_0", "subsecs", "1709212455", "-210866760000", "253402300799.5",
];

#[rustfmt::skip]
const MODIFIERS: &[&str] = &[
    "auto", "AUTO", "ceiling", "floor", "julianday", "unixepoch", "utc", "localtime", "subsec", "SubSecond", "utc ", "",
    "weekday 0", "weekday 1", "weekday 6", "weekday 7", "weekday -0", "weekday -1", "weekday -6", "weekday -7", "weekday 1.5",
    "weekday  3 ", "weekday +2", "weekday", "weekday x", "WEEKDAY 3",
    "start of month", "start of year", "start of day", "Start Of Day", "start of week", "start of day ", "start of",
    "+1 day", "-1 day", "1 days", "1 DAYS", "+1.5 days", "-0.5 hours", "+1 month", "-1 month", "+13 months", "-13 months",
    "1.5 months", "-1.9 months", "+1 year", "-1 year", "1.5 years", "-4 years", "+100 years", "90 minutes", "-90 minute",
    "0.0005 seconds", "-0.0005 seconds", "1.0005 seconds", "1e2 days", "1 week", "1 s", "1second", "1  second", "1 seconds ",
    "+ 1 day", "- 1 day", "+", "-", "1", "+1", ".5 days", "+.5 days", "1.e1 day", "1e day", "1e400 days", "-1e400 days",
    "5373484 days", "5373485 days", "176545 months", "176546 months", "14712 years", "14713 years", "464269999999999 seconds",
    "464270000000000 seconds", "7737899999999 minutes", "128969999999 hours", "+12:30", "-12:30", "12:30", "12:30:45.678",
    "-00:00:00.001", "+24:00", "+24:30", "+25:00", "1:30", "+12:30 Z", "+12:30+01:00", "12:30-02:00", "+12:", "+12 :30",
    "+0001-02-03", "-0001-02-03", "+0000-01-00", "+0000-11-30", "+0001-12-00", "+0001-00-31", "0001-02-03", "+1-02-03",
    "+00001-02-03", "+14712-00-00", "+14713-00-00", "-04713-00-00", "+0001-02-03 04:05", "-0001-02-03 04:05:06.789",
    "+0001-02-03T04:05", "+0001-02-03 ", "+0001-02-03 24:00", "+0001-02-03 4:05", "+0001-02-03 04:05Z", "2024-01-01", "x",
];

#[rustfmt::skip]
const FORMATS: &[&str] = &[
    "%d %e %f %F %H %I %j %k %l %m %M %p %P %R %s %S %T %u %w %Y %%", "%G-%V", "%g", "%U %W", "%J", "%f", "%s", "%",
    "a%", "%q", "%C", "%D", "%E", "%N", "%Z", "%z", "%n", "%y", "%h", "", "text", "%Y%m%d", "é%Yé",
];

#[test]
fn every_time_value_and_modifier() {
    let (db, host, mut d) = (memory(), TestHost::default(), Differences::default());
    for value in TIME_VALUES {
        for function in FUNCTIONS {
            check(&mut d, &db, &host, function, &[Value::text(value)]);
            check(&mut d, &db, &host, function, &[Value::text(value), Value::text("subsec")]);
            for modifier in MODIFIERS {
                check(&mut d, &db, &host, function, &[Value::text(value), Value::text(modifier)]);
            }
        }
        for format in FORMATS {
            let args = [Value::text(format), Value::text(value), Value::text("subsec")];
            check(&mut d, &db, &host, "strftime", &args[..2]);
            check(&mut d, &db, &host, "strftime", &args);
        }
        for other in TIME_VALUES {
            check(&mut d, &db, &host, "timediff", &[Value::text(value), Value::text(other)]);
        }
    }
    d.report();
}

#[test]
fn values_that_are_not_text() {
    let (db, host, mut d) = (memory(), TestHost::default(), Differences::default());
    let values = [
        Value::Null,
        Value::Integer(0),
        Value::Integer(-1),
        Value::Integer(2_451_545),
        Value::Integer(i64::MAX),
        Value::Integer(i64::MIN),
        Value::Real(-0.0),
        Value::Real(1e-9),
        Value::Real(-1e-12),
        Value::Real(5_373_484.499_999_99),
        Value::Real(5_373_484.499_999_999),
        Value::Real(f64::INFINITY),
        Value::Real(1e300),
        Value::Blob((*b"2024-05-06").into()),
        Value::Blob((*b"").into()),
        Value::Text((*b"2024-05-06\0x").into()),
        Value::Text((*b"2024-05-06\xff").into()),
    ];
    let modifiers = [
        Value::Null,
        Value::Integer(1),
        Value::Real(1.5),
        Value::Blob((*b"+1 day").into()),
        Value::Text((*b"utc\0x").into()),
        Value::text("unixepoch"),
        Value::text("auto"),
        Value::text("julianday"),
        Value::text("localtime"),
        Value::text("utc"),
    ];
    for value in &values {
        for function in FUNCTIONS {
            check(&mut d, &db, &host, function, std::slice::from_ref(value));
            for modifier in &modifiers {
                check(&mut d, &db, &host, function, &[value.clone(), modifier.clone()]);
                check(&mut d, &db, &host, function, &[Value::text("2024-05-06"), modifier.clone()]);
            }
        }
        for format in [Value::Null, Value::Integer(5), Value::Real(1.5), Value::Blob((*b"%Y\xff").into())] {
            check(&mut d, &db, &host, "strftime", &[format, value.clone()]);
        }
    }
    check(&mut d, &db, &host, "strftime", &[]);
    check(&mut d, &db, &host, "strftime", &[Value::Null]);
    check(&mut d, &db, &host, "strftime", &[Value::Text((*b"%Y\0%q").into()), Value::Integer(9)]);
    d.report();
}

#[test]
fn long_fractions() {
    let (db, host, mut d) = (memory(), TestHost::default(), Differences::default());
    for digit in ["0", "1", "4", "9"] {
        for n in [1, 3, 4, 15, 16, 17, 18, 19, 20, 30, 100, 300, 308, 309, 310, 400] {
            let value = format!("2024-01-01 01:02:03.{}", digit.repeat(n));
            for function in FUNCTIONS {
                check(&mut d, &db, &host, function, &[Value::text(&value), Value::text("subsec")]);
            }
            check(&mut d, &db, &host, "strftime", &[Value::text("%f"), Value::text(&value)]);
        }
    }
    d.report();
}

/// Every tie of `%f`: rounding is half up, after rounding to 18 or 19 digits.
#[test]
fn ties_of_seconds() {
    let (db, host, mut d) = (memory(), TestHost::default(), Differences::default());
    for second in 0..60 {
        for tie in (5..9_990).step_by(10) {
            let args = [Value::text("%f"), Value::text(&format!("00:00:{second:02}.{tie:04}"))];
            check(&mut d, &db, &host, "strftime", &args);
        }
    }
    d.report();
}

#[test]
fn julian_days_as_text() {
    let (db, host, mut d) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(3);
    for i in 0..40_000 {
        let digits = 1 + i % 15;
        let jd_ms = rng.below(10_u64.pow(digits).min(464_269_060_800_000));
        let args = [Value::text("%J"), Value::Real(jd_ms as f64 / 86_400_000.0)];
        check(&mut d, &db, &host, "strftime", &args);
    }
    d.report();
}

fn random_time_value(rng: &mut Rng) -> Value {
    let fraction = |rng: &mut Rng| {
        let digits = rng.below(7) as usize;
        let number = format!("{:06}", rng.below(1_000_000));
        if digits == 0 { String::new() } else { format!(".{}", &number[..digits]) }
    };
    let date = |rng: &mut Rng| {
        let year = if rng.chance(60) { rng.range(1890, 2110) } else { rng.range(-4713, 9999) };
        let sign = if year < 0 { "-" } else { "" };
        format!("{sign}{:04}-{:02}-{:02}", year.abs(), rng.range(1, 12), rng.range(1, 31))
    };
    let zone = |rng: &mut Rng| match rng.below(8) {
        0 => "Z".to_string(),
        1 => format!("+{:02}:{:02}", rng.below(15), rng.below(60)),
        2 => format!(" -{:02}:{:02}", rng.below(15), rng.below(60)),
        _ => String::new(),
    };
    let time = |rng: &mut Rng| {
        let seconds = if rng.chance(70) { format!(":{:02}{}", rng.below(60), fraction(rng)) } else { String::new() };
        format!("{:02}:{:02}{seconds}{}", rng.below(24), rng.below(60), zone(rng))
    };
    match rng.below(12) {
        0 => Value::text(&date(rng)),
        1..=5 => Value::text(&format!("{} {}", date(rng), time(rng))),
        6 => Value::text(&time(rng)),
        7 => Value::Real(rng.below(464_269_060_800_000) as f64 / 86_400_000.0),
        8 => Value::Integer(rng.range(-210_866_760_000, 253_402_300_799)),
        9 => Value::Real(rng.range(-3_000_000_000_000, 3_000_000_000_000) as f64 / 999.0),
        10 => Value::Integer(rng.range(-10, 5_373_500)),
        _ => Value::text(rng.pick(TIME_VALUES)),
    }
}

#[rustfmt::skip]
fn random_modifier(rng: &mut Rng) -> Value {
    let unit = rng.pick(&["second", "minutes", "hours", "day", "days", "month", "months", "year", "years"]);
    let sign = rng.pick(&["", "+", "-"]);
    Value::text(&match rng.below(10) {
        0 => format!("{sign}{} {unit}", rng.below(50)),
        1 => format!("{sign}{}.{:03} {unit}", rng.below(50), rng.below(1000)),
        2 => format!("{sign}{} {unit}", rng.below(100_000)),
        3 => format!("{sign}{:02}:{:02}:{:02}.{:03}", rng.below(24), rng.below(60), rng.below(60), rng.below(1000)),
        4 => format!("{sign}{:04}-{:02}-{:02}", rng.below(300), rng.below(12), rng.below(31)),
        5 => format!("{sign}{:04}-{:02}-{:02} {:02}:{:02}",
            rng.below(300), rng.below(12), rng.below(31), rng.below(24), rng.below(60)),
        6 | 7 => rng.pick(&["floor", "ceiling", "subsec", "unixepoch", "auto", "start of month", "start of year"])
            .to_string(),
        8 => format!("weekday {sign}{}", rng.below(8)),
        _ => rng.pick(MODIFIERS).to_string(),
    })
}

fn random_cases(db: &Connection, host: &TestHost, seed: u64, cases: usize, zones: bool) -> Differences {
    let (mut rng, mut d) = (Rng::new(seed), Differences::default());
    for _ in 0..cases {
        let mut args = vec![random_time_value(&mut rng)];
        for _ in 0..rng.below(5) {
            args.push(random_modifier(&mut rng));
            if zones && rng.chance(50) {
                args.push(Value::text(rng.pick(&["localtime", "utc"])));
            }
        }
        let function = rng.pick(&["date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"]);
        match function {
            "strftime" => args.insert(0, Value::text(rng.pick(&FORMATS[..6]))),
            "timediff" => args = vec![random_time_value(&mut rng), random_time_value(&mut rng)],
            _ => {}
        }
        check(&mut d, db, host, function, &args);
    }
    d
}

#[test]
fn random_time_values_and_modifiers() {
    random_cases(&memory(), &TestHost::default(), 1, 60_000, false).report();
}

/// New York since 2007, by rule for every year; what `TZ=EST5EDT,M3.2.0,M11.1.0` means.
fn new_york_offset_s(unix_s: i64) -> i64 {
    let days = unix_s.div_euclid(86_400);
    let year_start = |year: i64| {
        let y = year - 1;
        365 * (year - 1970) + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) - 477
    };
    let mut year = 1970 + days.div_euclid(366);
    while year_start(year + 1) <= days {
        year += 1;
    }
    while year_start(year) > days {
        year -= 1;
    }
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    // 1970-01-01 was a Thursday.
    let nth_sunday = |first_day: i64, n: i64| first_day + (3 - first_day).rem_euclid(7) + 7 * (n - 1);
    let march = year_start(year) + 59 + i64::from(leap);
    let november = year_start(year) + 304 + i64::from(leap);
    let summer_start = nth_sunday(march, 2) * 86_400 + 7 * 3600;
    let summer_end = nth_sunday(november, 1) * 86_400 + 6 * 3600;
    if (summer_start..summer_end).contains(&unix_s) { -4 * 3600 } else { -5 * 3600 }
}

/// Run by `local_time` in a process of its own, because the time zone is the process's.
#[test]
#[ignore = "needs TZ"]
fn local_time_of_new_york() {
    let db = memory();
    let host = TestHost { local_offset_s: new_york_offset_s, ..TestHost::default() };
    assert_eq!(
        sqlite(&db, "datetime", &[Value::text("2024-07-01"), Value::text("localtime")]),
        "text:2024-06-30 20:00:00",
        "TZ is not in effect"
    );
    random_cases(&db, &host, 2, 30_000, true).report();
    let mut d = Differences::default();
    for value in TIME_VALUES {
        for zone in ["localtime", "utc"] {
            for modifier in MODIFIERS {
                let mut args = vec![Value::text(value), Value::text(zone), Value::text(modifier)];
                check(&mut d, &db, &host, "datetime", &args);
                args.swap(1, 2);
                check(&mut d, &db, &host, "datetime", &args);
            }
        }
    }
    // Around the changes of daylight saving time, in both directions.
    for day in ["2024-03-10", "2024-11-03", "1966-11-06", "2040-03-11", "1900-11-04"] {
        for quarter in 0..96 {
            let time = format!("{day} {:02}:{:02}", quarter / 4, quarter % 4 * 15);
            for zone in ["localtime", "utc"] {
                check(&mut d, &db, &host, "datetime", &[Value::text(&time), Value::text(zone)]);
            }
        }
    }
    d.report();
}

#[test]
fn local_time() {
    let output = std::process::Command::new(std::env::current_exe().expect("the test binary has a path"))
        .args(["--exact", "datetime::local_time_of_new_york", "--ignored"])
        .env("TZ", "EST5EDT,M3.2.0,M11.1.0")
        .output()
        .expect("the test binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn now_is_the_host_clock() {
    let host = TestHost::default();
    let text = Value::text;
    for (function, args, expected) in [
        ("date", vec![], "text:2024-02-29"),
        ("current_date", vec![], "text:2024-02-29"),
        ("current_time", vec![], "text:13:14:15"),
        ("current_timestamp", vec![], "text:2024-02-29 13:14:15"),
        ("datetime", vec![text("now")], "text:2024-02-29 13:14:15"),
        ("datetime", vec![text("NOW"), text("subsec")], "text:2024-02-29 13:14:15.678"),
        ("datetime", vec![text("subsec")], "text:2024-02-29 13:14:15.678"),
        ("time", vec![text("subsecond"), text("+1 day")], "text:13:14:15.678"),
        ("datetime", vec![text("now"), text("utc")], "text:2024-02-29 13:14:15"),
        ("datetime", vec![text("now"), text("auto")], "text:2024-02-29 13:14:15"),
        ("datetime", vec![text("now"), text("unixepoch")], "null"),
        ("unixepoch", vec![], "int:1709212455"),
        ("strftime", vec![text("%s")], "text:1709212455"),
        ("timediff", vec![text("now"), text("now")], "text:+0000-00-00 00:00:00.000"),
    ] {
        assert_eq!(ours(&host, function, &args), expected, "{function}");
    }
}

#[test]
fn too_long_a_format() {
    let host = TestHost { length_limit: 20, ..TestHost::default() };
    let args = [Value::text("%F %F %F"), Value::text("2024-01-01")];
    assert_eq!(ours(&host, "strftime", &args), "error:string or blob too big");
}

//! printf() and round(), against the bundled SQLite.

use crate::oracle::compare_call;
use crate::reference::{Differences, Rng, TestHost, memory};
use crate::values::{cases, random_real};
use heliosdb_udfs::value::Value;
use rusqlite::limits::Limit;

fn specification(rng: &mut Rng) -> String {
    let mut text = String::from("%");
    for _ in 0..rng.below(4) {
        text.push_str(rng.pick(&["-", "+", " ", "#", "!", "0", ",", "!", "!"]));
    }
    if rng.chance(40) {
        text.push_str(rng.pick(&["1", "2", "5", "8", "12", "20", "30", "70", "300", "*", "012", "-7"]));
    }
    if rng.chance(50) {
        text.push('.');
        text.push_str(rng.pick(&[
            "", "0", "1", "2", "3", "5", "8", "12", "15", "16", "17", "18", "19", "20", "21", "25", "30", "60", "400",
            "*", "-3",
        ]));
    }
    if rng.chance(15) {
        text.push_str(rng.pick(&["l", "ll", "lll", "h"]));
    }
    text
}

#[test]
fn random_conversions() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(11);
    let values = crate::oracle::interesting();
    for _ in 0..cases(150_000) {
        let mut format = specification(&mut rng);
        format.push_str(rng.pick(&[
            "d", "i", "u", "x", "X", "o", "p", "r", "c", "s", "z", "q", "Q", "w", "f", "e", "E", "g", "G", "f", "e",
            "g", "%", "n", "T", "S", "y", "a", "",
        ]));
        if rng.chance(20) {
            format = format!("a{format}b%dc");
        }
        let mut args = vec![Value::text(&format)];
        if format.contains('*') {
            args.push(Value::Integer(*rng.pick(&[&0, &1, &3, &-4, &15, &40, &-2147483648, &4294967297])));
        }
        if rng.chance(95) {
            args.push(match rng.below(3) {
                0 => Value::Real(random_real(&mut rng)),
                _ => values[rng.below(values.len() as u64) as usize].clone(),
            });
        }
        compare_call(&db, &host, &mut differences, "printf", &args);
    }
    differences.report();
}

#[test]
fn odd_formats() {
    let (db, mut differences) = (memory(), Differences::default());
    let host = TestHost { length_limit: 1_000_000, ..TestHost::default() };
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, 1_000_000).expect("a limit");
    for format in [
        "",
        "%",
        "%%",
        "%5%",
        "%-5%|",
        "%d",
        "%d%d%d",
        "%5",
        "%.",
        "%.5",
        "%-",
        "%l",
        "%ld",
        "%lld",
        "%llld",
        "%5.3.2d",
        "%5l.3d",
        "%1000d",
        "%y",
        "a%yb",
        "%s%",
        "\0%d",
        "%,d",
        "%.0f",
        "%!.0f",
        "%#.0f",
        "%#x",
        "%#o",
        "%#X",
        "%08,d",
        "%,08d",
        "%+,d",
        "%,.2f",
        "%,f",
        "%010,.2f",
        "%99999999999d",
        "%.99999999999d",
        "%2147483647d",
        "%.2147483647f",
        "%*d",
        "%*.*f",
        "%10000000000s",
        "%.1000000000f",
        "%c%c",
        "%.5c",
        "%5.3c",
        "%-5.3c|",
        "%!5c",
        "%n%d",
        "%r",
        "%#q",
        "%#Q",
        "%#w",
        "%+s",
        "%05s",
        "%!.3s",
        "%.3s",
        "%!10s|",
        "%10s|",
        "%!-10s|",
        "%.2q",
        "%!.2Q",
    ] {
        for args in [
            vec![],
            vec![Value::Integer(1234567)],
            vec![Value::Real(-1234567.891)],
            vec![Value::text("a\u{e9}'\"\u{20ac}\\\n")],
            vec![Value::Null],
            vec![Value::Integer(12), Value::Integer(3), Value::Real(0.5)],
            vec![Value::Integer(11)],
            vec![Value::Real(f64::INFINITY)],
            vec![Value::Real(f64::NEG_INFINITY)],
            vec![Value::Real(-0.0)],
            vec![Value::Real(-0.0001)],
        ] {
            let mut all = vec![Value::text(format)];
            all.extend(args);
            compare_call(&db, &host, &mut differences, "format", &all);
        }
    }
    compare_call(&db, &host, &mut differences, "format", &[]);
    compare_call(&db, &host, &mut differences, "format", &[Value::Null, Value::Integer(1)]);
    differences.report();
}

#[test]
fn rounding() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(12);
    for i in 0..cases(150_000) {
        let r = match i % 3 {
            0 => random_real(&mut rng),
            1 => rng.range(-100_000, 100_000) as f64 / [2.0, 8.0, 10.0, 100.0, 1000.0, 1024.0][rng.below(6) as usize],
            _ => (rng.range(-1_000_000_000, 1_000_000_000) as f64 + 0.5) / 10f64.powi(rng.below(9) as i32),
        };
        compare_call(&db, &host, &mut differences, "round", &[Value::Real(r), Value::Integer(rng.range(-1, 32))]);
        compare_call(&db, &host, &mut differences, "round", &[Value::Real(r)]);
    }
    differences.report();
}

//! Conversions, operators, comparison and keys against the bundled SQLite.

use crate::oracle::{Oracle, interesting};
use crate::reference::{Differences, Rng, column, memory, show};
use bumpalo::Bump;
use heliosdb_udfs::value::affinity::{apply, prepare};
use heliosdb_udfs::value::compare::compare;
use heliosdb_udfs::value::number::{real_prefix, write_real};
use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef, arithmetic, cast};

/// How many random numbers to compare; `HELIOS_CASES` raises it.
pub fn cases(usual: usize) -> usize {
    std::env::var("HELIOS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

pub fn random_real(rng: &mut Rng) -> f64 {
    loop {
        let power = |rng: &mut Rng, min: i64, max: i64| 10f64.powi(rng.range(min, max) as i32);
        let r = match rng.below(8) {
            0..=2 => f64::from_bits(rng.next()),
            3 => rng.below(1 << 60) as f64 / power(rng, 0, 20),
            4 => {
                let length = rng.range(1, 17) as u32;
                let digits = rng.below(10u64.pow(length));
                format!("{digits}e{}", rng.range(-325, 300)).parse().unwrap_or(0.0)
            }
            5 => (rng.next() >> rng.below(64)) as f64,
            6 => (rng.range(-1_000_000, 1_000_000) as f64) / 100.0,
            _ => (rng.next() >> 11) as f64 / power(rng, 0, 40),
        };
        if !r.is_nan() {
            return r;
        }
    }
}

#[test]
fn reals_show_the_same_text() {
    let db = memory();
    let mut oracle = Oracle::new(&db, "SELECT CAST(?1 AS TEXT)");
    let mut differences = Differences::default();
    let mut rng = Rng::new(1);
    for _ in 0..cases(200_000) {
        let r = random_real(&mut rng);
        let mut ours = Vec::new();
        write_real(r, &mut ours);
        let theirs = oracle.text(&Value::Real(r));
        if ours != theirs {
            differences.compare(
                || format!("{r:?}"),
                &ours.escape_ascii().to_string(),
                &theirs.escape_ascii().to_string(),
            );
        }
    }
    differences.report();
}

fn random_number_text(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..rng.range(0, 24) {
        text.push((b'0' + rng.below(10) as u8) as char);
    }
    if rng.chance(60) {
        let at = rng.below(text.len() as u64 + 1) as usize;
        text.insert(at, '.');
    }
    if rng.chance(60) {
        text.push_str(&format!("e{}", rng.range(-345, 330)));
    }
    text
}

#[test]
fn texts_read_as_the_same_reals() {
    let db = memory();
    let mut oracle = Oracle::new(&db, "SELECT CAST(?1 AS REAL)");
    let mut differences = Differences::default();
    let mut rng = Rng::new(2);
    for i in 0..cases(200_000) {
        let text = match i % 4 {
            0 | 1 => random_number_text(&mut rng),
            2 => format!("{:?}", random_real(&mut rng)),
            // Half way between two doubles, or nearly.
            _ => {
                let odd = (rng.next() >> 10 | 1 << 53 | 1) as u128;
                let shift = rng.below(11);
                let mut n = (odd << shift).to_string();
                if rng.chance(30) {
                    n.push_str(rng.pick(&["0", ".0", "000000000001", ".5", "e-1"]));
                }
                n
            }
        };
        let ours = real_prefix(text.as_bytes());
        let theirs = oracle.real(&Value::text(&text));
        if ours.to_bits() != theirs.to_bits() {
            differences.compare(|| text.clone(), &format!("{ours:?}"), &format!("{theirs:?}"));
        }
    }
    differences.report();
}

type Operator = for<'a> fn(ValueRef<'a>, ValueRef<'a>, &'a Bump) -> ValueRef<'a>;

const OPERATORS: [(&str, Operator); 11] = [
    ("?1 + ?2", |a, b, _| arithmetic::add(a, b)),
    ("?1 - ?2", |a, b, _| arithmetic::subtract(a, b)),
    ("?1 * ?2", |a, b, _| arithmetic::multiply(a, b)),
    ("?1 / ?2", |a, b, _| arithmetic::divide(a, b)),
    ("?1 % ?2", |a, b, _| arithmetic::remainder(a, b)),
    ("?1 & ?2", |a, b, _| arithmetic::bit_and(a, b)),
    ("?1 | ?2", |a, b, _| arithmetic::bit_or(a, b)),
    ("?1 << ?2", |a, b, _| arithmetic::shift_left(a, b)),
    ("?1 >> ?2", |a, b, _| arithmetic::shift_right(a, b)),
    ("?1 || ?2", arithmetic::concat),
    ("?1 < ?2", |a, b, _| less(a, b)),
];

fn less<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    if a.is_null() || b.is_null() {
        return ValueRef::Null;
    }
    ValueRef::Integer(i64::from(compare(a, b, &Collation::Binary).is_lt()))
}

fn truth<'a>(v: ValueRef<'a>) -> ValueRef<'a> {
    cast::truth(v).map_or(ValueRef::Null, |t| ValueRef::Integer(i64::from(t)))
}

#[test]
fn operators() {
    let (db, mut differences) = (memory(), Differences::default());
    let arena = Bump::new();
    for (sql, operator) in OPERATORS {
        let sql = format!("SELECT {sql}");
        for a in interesting() {
            for b in interesting() {
                let ours = show(operator(a.as_ref(), b.as_ref(), &arena));
                let theirs = column(&db, &sql, &[a.clone(), b.clone()]).join(" ");
                differences.compare(|| format!("{sql} {a:?} {b:?}"), &ours, &theirs);
            }
        }
    }
    differences.report();
}

#[test]
fn operators_of_one() {
    let (db, mut differences) = (memory(), Differences::default());
    let arena = Bump::new();
    for v in interesting() {
        let r = v.as_ref();
        let cases = [
            ("-?1", arithmetic::negate(r)),
            ("~?1", arithmetic::bit_not(r)),
            ("NOT NOT ?1", truth(r)),
            ("CAST(?1 AS INTEGER)", cast::cast(r, Affinity::Integer, &arena)),
            ("CAST(?1 AS REAL)", cast::cast(r, Affinity::Real, &arena)),
            ("CAST(?1 AS NUMERIC)", cast::cast(r, Affinity::Numeric, &arena)),
            ("CAST(?1 AS TEXT)", cast::cast(r, Affinity::Text, &arena)),
            ("CAST(?1 AS BLOB)", cast::cast(r, Affinity::Blob, &arena)),
        ];
        for (sql, ours) in cases {
            let theirs = column(&db, &format!("SELECT {sql}"), std::slice::from_ref(&v)).join(" ");
            differences.compare(|| format!("{sql} {v:?}"), &show(ours), &theirs);
        }
    }
    differences.report();
}

#[test]
fn stored_values() {
    let (db, mut differences) = (memory(), Differences::default());
    let affinities = [
        ("i", Affinity::Integer),
        ("n", Affinity::Numeric),
        ("r", Affinity::Real),
        ("t", Affinity::Text),
        ("b", Affinity::Blob),
    ];
    db.execute_batch("CREATE TABLE v(i INTEGER, n NUMERIC, r REAL, t TEXT, b)").expect("a table");
    let arena = Bump::new();
    let mut rng = Rng::new(9);
    let mut values = interesting();
    values.extend((0..3000).map(|_| Value::text(&random_number_text(&mut rng))));
    values.extend((0..3000).map(|_| Value::Real(random_real(&mut rng))));
    for v in &values {
        for (name, affinity) in affinities {
            let sql = format!("INSERT INTO v({name}) VALUES(?1) RETURNING {name}");
            let theirs = column(&db, &sql, std::slice::from_ref(v)).join(" ");
            let theirs_read = column(&db, &format!("SELECT {name} FROM v"), &[]).join(" ");
            let ours = show(apply(v.as_ref(), affinity, &arena));
            differences.compare(|| format!("{name} {v:?}"), &ours, &theirs_read);
            if theirs != theirs_read {
                println!("RETURNING differs: {name} {v:?} {theirs} {theirs_read}");
            }
            db.execute_batch("DELETE FROM v").expect("an empty table");
        }
    }
    differences.report();
}

/// A comparison with a column's affinity.
#[test]
fn prepared_comparisons() {
    let (db, mut differences) = (memory(), Differences::default());
    db.execute_batch("CREATE TABLE v(n NUMERIC, t TEXT)").expect("a table");
    let arena = Bump::new();
    for v in interesting() {
        db.execute_batch("DELETE FROM v").expect("an empty table");
        column(&db, "INSERT INTO v VALUES(?1, ?1) RETURNING 1", std::slice::from_ref(&v));
        for w in interesting() {
            for (name, affinity) in [("n", Affinity::Numeric), ("t", Affinity::Text)] {
                let theirs = column(&db, &format!("SELECT {name} < ?1 FROM v"), std::slice::from_ref(&w)).join(" ");
                let stored = apply(v.as_ref(), affinity, &arena);
                let other = prepare(w.as_ref(), affinity, &arena);
                differences.compare(
                    || format!("{name} {v:?} < {w:?}"),
                    &show(less(prepare(stored, affinity, &arena), other)),
                    &theirs,
                );
            }
        }
    }
    differences.report();
}

#[test]
fn collations() {
    let (db, mut differences) = (memory(), Differences::default());
    for collation in [Collation::Binary, Collation::NoCase, Collation::Rtrim] {
        let sql = format!("SELECT (?1 > ?2 COLLATE {0}) - (?1 < ?2 COLLATE {0})", collation.name());
        for a in interesting().iter().filter(|v| !matches!(v, Value::Null)) {
            for b in interesting().iter().filter(|v| !matches!(v, Value::Null)) {
                let ours = compare(a.as_ref(), b.as_ref(), &collation) as i64;
                let theirs = column(&db, &sql, &[a.clone(), b.clone()]).join(" ");
                differences.compare(|| format!("{sql} {a:?} {b:?}"), &format!("int:{ours}"), &theirs);
            }
        }
    }
    differences.report();
}

/// Texts that nearly are numbers, as reals, integers, numbers and stored values.
#[test]
fn texts_like_numbers() {
    let (db, mut differences) = (memory(), Differences::default());
    db.execute_batch("CREATE TABLE v(n NUMERIC)").expect("a table");
    let arena = Bump::new();
    let mut rng = Rng::new(41);
    let parts = [
        "0",
        "1",
        "5",
        "9",
        ".",
        "e",
        "E",
        "+",
        "-",
        " ",
        "\t",
        "\0",
        "x",
        "00",
        "99",
        "12345678901234567890",
        "9223372036854775807",
        "\u{e9}",
        "_",
        "000000000000000000000000",
        "e-400",
        "e99999999999",
    ];
    for _ in 0..cases(100_000) {
        let text: String = (0..rng.below(7)).map(|_| rng.pick(&parts)).collect();
        let v = Value::text(&text);
        let r = v.as_ref();
        let seven = ValueRef::Integer(7);
        let ours = [
            cast::cast(r, Affinity::Real, &arena),
            cast::cast(r, Affinity::Integer, &arena),
            cast::cast(r, Affinity::Numeric, &arena),
            arithmetic::add(r, seven),
            arithmetic::multiply(r, r),
            arithmetic::bit_or(r, seven),
            truth(r),
            less(prepare(seven, Affinity::Numeric, &arena), prepare(r, Affinity::Numeric, &arena)),
        ];
        let sql = [
            "CAST(?1 AS REAL)",
            "CAST(?1 AS INTEGER)",
            "CAST(?1 AS NUMERIC)",
            "?1 + 7",
            "?1 * ?1",
            "?1 | 7",
            "NOT NOT ?1",
            "CAST(7 AS NUMERIC) < ?1",
        ];
        for (sql, ours) in sql.iter().zip(ours) {
            let theirs = column(&db, &format!("SELECT {sql}"), std::slice::from_ref(&v)).join(" ");
            differences.compare(|| format!("{sql} {text:?}"), &show(ours), &theirs);
        }
    }
    differences.report();
}

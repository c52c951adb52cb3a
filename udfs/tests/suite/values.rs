//! Conversions, operators, comparison and keys against the bundled SQLite.

use crate::oracle::Oracle;
use crate::reference::{Differences, Rng, memory};
use heliosdb_udfs::value::Value;
use heliosdb_udfs::value::number::{real_prefix, write_real};

/// How many random numbers to compare; `HELIOS_CASES` raises it.
fn cases(usual: usize) -> usize {
    std::env::var("HELIOS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn random_real(rng: &mut Rng) -> f64 {
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
            differences.compare(|| format!("{r:?}"), &ours.escape_ascii().to_string(), &theirs.escape_ascii().to_string());
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

//! Keys order as the values they encode.

use crate::oracle::interesting;
use crate::reference::{Differences, Rng};
use crate::values::{cases, random_real};
use heliosdb_udfs::value::compare::compare;
use heliosdb_udfs::value::key::encode_key;
use heliosdb_udfs::value::{Collation, Value};

fn random_value(rng: &mut Rng, usual: &[Value]) -> Value {
    let bytes = |rng: &mut Rng| -> Box<[u8]> {
        (0..rng.below(6))
            .map(|_| [0, 1, b' ', b'A', b'a', b'Z', b'[', 0x7f, 0x80, 0xfe, 0xff][rng.below(11) as usize])
            .collect()
    };
    match rng.below(9) {
        0 => usual[rng.below(usual.len() as u64) as usize].clone(),
        1 => Value::Integer((rng.next() as i64) >> rng.below(64)),
        2 => Value::Real(random_real(rng)),
        // Around one number, in both classes.
        3 | 4 => {
            let middle = 1i64 << rng.range(50, 62);
            let near = rng.range(-3, 3) * [1, 2, 256, 511, 512, 513, 1024][rng.below(7) as usize];
            let sign = if rng.chance(50) { -1 } else { 1 };
            let i = middle.wrapping_add(near).wrapping_mul(sign);
            if rng.chance(50) {
                Value::Integer(i)
            } else {
                Value::Real(i as f64 + [0.0, 0.5, -0.5][rng.below(3) as usize])
            }
        }
        5 => Value::Integer(i64::MAX.wrapping_add(rng.range(-600, 600))),
        6 | 7 => Value::Text(bytes(rng)),
        _ => Value::Blob(bytes(rng)),
    }
}

fn key(values: &[&Value], collation: &Collation, descending: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for v in values {
        encode_key(v.as_ref(), collation, descending, &mut out).expect("a built-in collation");
    }
    out
}

#[test]
fn random_pairs() {
    let mut differences = Differences::default();
    let mut rng = Rng::new(21);
    let usual = interesting();
    for _ in 0..cases(300_000) {
        let [a, b, c, d] = [(); 4].map(|()| random_value(&mut rng, &usual));
        for collation in [Collation::Binary, Collation::NoCase, Collation::Rtrim] {
            let (first, second) =
                (compare(a.as_ref(), b.as_ref(), &collation), compare(c.as_ref(), d.as_ref(), &collation));
            let one = key(&[&a], &collation, false).cmp(&key(&[&b], &collation, false));
            let descending = key(&[&a], &collation, true).cmp(&key(&[&b], &collation, true));
            let two = key(&[&a, &c], &collation, false).cmp(&key(&[&b, &d], &collation, false));
            let ours = format!("{one:?} {descending:?} {two:?}");
            let right = format!("{first:?} {:?} {:?}", first.reverse(), first.then(second));
            differences.compare(|| format!("{a:?} {b:?} {c:?} {d:?} {collation:?}"), &ours, &right);
        }
    }
    differences.report();
}

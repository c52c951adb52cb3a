//! The mathematical functions. The bundled SQLite is built without them: `math.txt` holds what release 3.54.1 of the
//! Python package apsw gives for them. A line is a name, arguments and the result, each a value as letter and content
//! (reals as their bits, texts and blobs in hexadecimal).

use crate::oracle::ours;
use crate::reference::{Differences, TestHost, show};
use heliosdb_udfs::value::Value;

fn bytes(hex: &str) -> Box<[u8]> {
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).expect("a digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn value(text: &str) -> Value {
    let content = &text[1..];
    match &text[..1] {
        "i" => Value::Integer(content.parse().expect("an integer")),
        "r" => Value::Real(f64::from_bits(u64::from_str_radix(content, 16).expect("bits"))),
        "t" => Value::Text(bytes(content)),
        "b" => Value::Blob(bytes(content)),
        _ => Value::Null,
    }
}

#[test]
fn results() {
    let (host, mut differences) = (TestHost::default(), Differences::default());
    for line in include_str!("math.txt").lines() {
        let mut parts = line.split(' ');
        let name = parts.next().expect("a name");
        let mut values: Vec<Value> = parts.map(value).collect();
        let result = values.pop().expect("a result");
        differences.compare(|| format!("{name}{values:?}"), &ours(&host, name, &values), &show(result.as_ref()));
    }
    differences.report();
}

//! Random documents, paths, edits and blobs, mutated and not. HELIOSDB_FUZZ multiplies the rounds, HELIOSDB_SEED
//! varies them.

use super::checks::*;
use super::oracle::*;
use bumpalo::Bump;
use heliosdb_udfs::value::{Value, ValueRef};

/// A small generator of random numbers (xorshift), so that failures repeat.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A number of rounds: HELIOSDB_FUZZ multiplies what runs every time.
    fn rounds(n: usize) -> usize {
        n * std::env::var("HELIOSDB_FUZZ").ok().and_then(|s| s.parse().ok()).unwrap_or(1)
    }

    fn seeded(default: u64) -> Random {
        let seed = std::env::var("HELIOSDB_SEED").ok().and_then(|s| s.parse::<u64>().ok()).unwrap_or(1);
        Random(default.wrapping_mul(seed.wrapping_mul(2).wrapping_add(1)) | 1)
    }
}

const LABELS: &[&str] = &["a", "b", "c", "aA", "a b", "", "1", "_x", "long_label_of_an_object", "\u{e9}"];
const LABELS_WRITTEN: &[&str] = &[
    "\"a\"",
    "\"b\"",
    "\"c\"",
    "a",
    "b",
    "'c'",
    "\"a\\u0041\"",
    "\"a b\"",
    "\"\"",
    "\"1\"",
    "_x",
    "\"long_label_of_an_object\"",
    "\"\\x61\"",
    "\u{e9}",
    "\\u0061",
    "\"a\\\nA\"",
    "\"\\\"\"",
];
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "12",
    "123456789",
    "9223372036854775807",
    "9223372036854775808",
    "1.5",
    "-0.25",
    "1e10",
    "6.02e-23",
    "\"\"",
    "\"a\"",
    "\"abc\"",
    "\"0123456789ab\"",
    "\"tab\\tnew\\nline\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"\u{e9}\"",
];
const SCALARS5: &[&str] = &[
    "+1",
    ".5",
    "5.",
    "-.5",
    "0x1F",
    "-0xff",
    "Infinity",
    "-Infinity",
    "NaN",
    "'single'",
    "'\"'",
    "\"\\x41\"",
    "\"a\\\nb\"",
    "\"a\tb\"",
    "\"\\0\"",
    "\"\\v\"",
    "\"\\'\"",
    "0xffffffffffffffffff",
    "5.e3",
];
const SPACES: &[&str] = &["", "", "", "", "", " ", "\n", "\t ", "  "];
const SPACES5: &[&str] = &["/*c*/", "//c\n", "\u{a0}", "\u{b}", "\u{feff}", "\u{2003}"];

fn space(random: &mut Random, json5: bool, out: &mut String) {
    let set = if json5 && random.one_in(12) { SPACES5 } else { SPACES };
    out.push_str(random.pick(set));
}

/// Appends a random document.
fn generate(random: &mut Random, json5: bool, depth: usize, out: &mut String) {
    space(random, json5, out);
    match if depth == 0 { 0 } else { random.below(5) } {
        0 | 1 => out.push_str(if json5 && random.one_in(3) { random.pick(SCALARS5) } else { random.pick(SCALARS) }),
        2 if random.one_in(8) => {
            out.push('"');
            let length = random.pick(&[10, 11, 12, 13, 250, 260]);
            out.push_str(&"x".repeat(length));
            out.push('"');
        }
        kind => {
            let object = kind == 4;
            out.push(if object { '{' } else { '[' });
            let n = random.below(4);
            for i in 0..n {
                if i > 0 {
                    out.push(',');
                }
                if object {
                    space(random, json5, out);
                    let written = if json5 { LABELS_WRITTEN.len() } else { 3 };
                    out.push_str(LABELS_WRITTEN[random.below(written)]);
                    space(random, json5, out);
                    out.push(':');
                }
                generate(random, json5, depth - 1, out);
            }
            if json5 && n > 0 && random.one_in(6) {
                out.push(',');
            }
            space(random, json5, out);
            out.push(if object { '}' } else { ']' });
        }
    }
    space(random, json5, out);
}

fn generate_path(random: &mut Random) -> String {
    let mut path = if random.one_in(40) { String::new() } else { "$".to_string() };
    for _ in 0..random.below(4) {
        let step = match random.below(8) {
            0..=2 => format!(".{}", random.pick(&["a", "b", "c", "aA", "_x"])),
            3 => format!(".\"{}\"", random.pick(&["a\\u0041", "\\x61", "\\\"", "\\u0062", "a b", ""])),
            4 => format!(".\"{}\"", random.pick(LABELS)),
            5 | 6 => format!("[{}]", random.below(4)),
            _ => random.pick(&["[#]", "[#-1]", "[#-2]", "[9]", ".", "[", "x", ".\"a"]).to_string(),
        };
        path.push_str(&step);
    }
    path
}

/// Changes some bytes.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>, alphabet: &[u8]) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let new = if alphabet.is_empty() { random.next() as u8 } else { random.pick(alphabet) };
        match random.below(4) {
            0 => bytes.insert(at, new),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 if at < bytes.len() => {
                let end = (at + random.below(5)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.extend_from_slice(&piece);
            }
            _ if at < bytes.len() => bytes[at] = new,
            _ => {}
        }
    }
}

fn random_value(random: &mut Random) -> Arg {
    let all = values();
    let i = random.below(all.len() + 3);
    if i < all.len() { all[i].clone() } else { text(&"s".repeat(random.below(30))) }
}

#[test]
fn random_documents() {
    let mut random = Random::seeded(0x9e37_79b9_7f4a_7c15);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(1500) {
        let mut document = String::new();
        let depth = 1 + random.below(4);
        generate(&mut random, round % 2 == 1, depth, &mut document);
        let mut bytes = document.into_bytes();
        if round % 3 == 0 {
            mutate(
                &mut random,
                &mut bytes,
                b"[]{},:\"'\\0123456789.eE+-xXuabnNtfiI /*\n\t\x00\x01\xc2\xa0\xe2\x80\xa8$_",
            );
        }
        let document = Arg::Value(Value::Text(bytes.into()));
        check_document(&mut oracle, &document);
    }
    oracle.finish();
}

#[test]
fn random_paths_and_edits() {
    let mut random = Random::seeded(0xdead_beef_1234_5678);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(1500) {
        let mut document = String::new();
        generate(&mut random, round % 2 == 1, 4, &mut document);
        let document = text(&document);
        let path = text(&generate_path(&mut random));
        let value = random_value(&mut random);
        check_path(&mut oracle, &document, &path, &value);
        let path2 = text(&generate_path(&mut random));
        let value2 = random_value(&mut random);
        for name in EDITS {
            oracle.check(name, &[document.clone(), path.clone(), value.clone(), path2.clone(), value2.clone()]);
        }
        for name in ["json_extract", "jsonb_extract", "json_remove", "jsonb_remove"] {
            oracle.check(name, &[document.clone(), path.clone(), path2.clone()]);
        }
        let mut patch = String::new();
        generate(&mut random, round % 4 == 1, 4, &mut patch);
        for name in ["json_patch", "jsonb_patch"] {
            oracle.check(name, &[document.clone(), text(&patch)]);
        }
    }
    oracle.finish();
}

/// The JSONB of a document, as a blob.
fn jsonb_of(document: &str) -> Option<Vec<u8>> {
    let arena = Bump::new();
    match call_ours(&arena, "jsonb", &[ValueRef::Text(document.as_bytes())], 0).0 {
        Ok(ValueRef::Blob(bytes)) => Some(bytes.to_vec()),
        _ => None,
    }
}

#[test]
fn random_blobs() {
    let mut random = Random::seeded(0x0123_4567_89ab_cdef);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(2500) {
        let mut bytes;
        if round % 3 == 0 {
            bytes = (0..random.below(14)).map(|_| random.next() as u8).collect();
        } else {
            let mut document = String::new();
            generate(&mut random, true, 3, &mut document);
            let Some(jsonb) = jsonb_of(&document) else {
                continue;
            };
            bytes = jsonb;
            mutate(&mut random, &mut bytes, &[]);
        }
        // Mostly keep the first header right, so that damage inside is reached.
        if round % 5 != 0 && !bytes.is_empty() {
            let payload = bytes.split_off(1);
            let kind = bytes[0] & 0x0f;
            bytes = match payload.len() {
                n @ 0..=11 => vec![(n as u8) << 4 | kind],
                n => vec![0xd0 | kind, (n >> 8) as u8, n as u8],
            };
            bytes.extend_from_slice(&payload);
        }
        let document = blob(&bytes);
        check_document(&mut oracle, &document);
        let path = text(&generate_path(&mut random));
        check_path(&mut oracle, &document, &path, &random_value(&mut random));
        for name in ["json_patch", "jsonb_patch"] {
            oracle.check(name, &[text("{\"a\":{\"b\":1},\"b\":[1,2]}"), document.clone()]);
            oracle.check(name, &[document.clone(), text("{\"a\":{\"b\":1},\"b\":[1,2],\"c\":null}")]);
        }
        oracle.check("json_set", &[text("[1,2]"), text("$[0]"), document.clone()]);
    }
    oracle.finish();
}

/// Every blob of one byte, and short ones that could as well be text.
#[test]
fn short_blobs() {
    let mut oracle = Oracle::new();
    for first in 0..=255u8 {
        check_document(&mut oracle, &blob(&[first]));
        let n = (first >> 4) as usize;
        if n <= 11 {
            for payload in [
                &b"123456789012"[..],
                b"'a'bcdef'gh'",
                b"0x12ab5e2]]}",
                b" 1 2 3 4 5 6",
                b"-.5e+1-+. \x0b\x00",
                b"\\x4\\u0041\\n\\",
                b"\x00\x01\x10\x20\x13\x31\x1b\x00\x0b\x0c\x17\x61",
            ] {
                let mut bytes = vec![first];
                bytes.extend_from_slice(&payload[..n]);
                let document = blob(&bytes);
                check_document(&mut oracle, &document);
            }
        }
    }
    oracle.finish();
}

use heliosdb_udfs::value::number::*;
fn main() {
    let mut x = 88172645463325252u64;
    let mut v = Vec::new();
    for i in 0..1_000_000 { x ^= x << 13; x ^= x >> 7; x ^= x << 17; v.push(if i % 2 == 0 { (x % 100000) as f64 / 100.0 } else { f64::from_bits(x & 0x7fef_ffff_ffff_ffff) }); }
    let t = std::time::Instant::now();
    let mut out = Vec::new(); let mut n = 0;
    for r in &v { out.clear(); write_real(*r, &mut out); n += out.len(); }
    println!("write_real {:?}/1M {n}", t.elapsed());
    let t = std::time::Instant::now(); let mut n = 0;
    for r in &v { n += format!("{r:?}").len(); }
    println!("std {{:?}} {:?}/1M {n}", t.elapsed());
    let texts: Vec<String> = v.iter().map(|r| format!("{r:e}")).collect();
    let t = std::time::Instant::now(); let mut s = 0.0;
    for x in &texts { s += real_prefix(x.as_bytes()).fract(); }
    println!("real_prefix {:?}/1M {s}", t.elapsed());
    let t = std::time::Instant::now(); let mut s = 0.0;
    for x in &texts { s += x.parse::<f64>().unwrap_or(0.0).fract(); }
    println!("std parse {:?}/1M {s}", t.elapsed());
}

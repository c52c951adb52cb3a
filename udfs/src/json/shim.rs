pub fn write_real(r: f64, out: &mut Vec<u8>) {
    if r == 0.0 { out.extend_from_slice(b"0.0"); return; }
    if r.is_infinite() { out.extend_from_slice(if r > 0.0 { b"Inf" } else { b"-Inf" }); return; }
    let s = format!("{r:e}");
    let (m, e) = s.split_once('e').expect("e");
    let e: i32 = e.parse().expect("int");
    if (-5..15).contains(&e) { let s = format!("{r:?}"); if !s.contains('e') { out.extend_from_slice(s.as_bytes()); return; } let d = format!("{r}"); out.extend_from_slice(d.as_bytes()); return; }
    let m = if m.contains('.') { m.to_string() } else { format!("{m}.0") };
    out.extend_from_slice(format!("{m}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs()).as_bytes());
}
pub fn write_integer(i: i64, out: &mut Vec<u8>) { out.extend_from_slice(i.to_string().as_bytes()); }
pub fn to_integer(v: crate::value::ValueRef<'_>) -> i64 {
    match v { crate::value::ValueRef::Integer(i) => i, crate::value::ValueRef::Real(r) => r as i64,
      crate::value::ValueRef::Text(t) | crate::value::ValueRef::Blob(t) => { let s: Vec<u8> = t.iter().copied().take_while(|c| c.is_ascii_digit()).collect(); String::from_utf8_lossy(&s).parse().unwrap_or(0) } _ => 0 }
}

//! Decimal digits of a real as SQLite's printf produces them for `%.3f` and `%.16g`.
//!
//! SQLite does not round the exact value: it first takes 18 or 19 significant digits and rounds those half up,
//! so 1.0605, which as a double lies below the tie, prints as 1.061. Only finite values from 0 to 1e7 come here.

/// The value as `significand / 10^scale`; the significand has 18 or 19 digits.
fn significand(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1023;
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    // Digits are counted from the decimal exponent of the power of two below the value.
    let scale = 17 - (f64::from(exponent) * std::f64::consts::LOG10_2).floor() as i32;
    debug_assert!((0..=27).contains(&scale), "so that the product has at most 53 + 63 bits");
    let product = mantissa * 5_u128.pow(scale as u32);
    // value * 10^scale = product * 2^(exponent - 52 + scale)
    let shift = 52 - exponent - scale;
    let scaled = if shift <= 0 { product << -shift } else { (product + (1 << (shift - 1))) >> shift };
    (scaled as u64, scale)
}

/// `%06.3f` of a number of seconds: `08.125`.
pub fn seconds_millis(value: f64) -> [u8; 6] {
    let millis = if value < 1e-6 {
        0
    } else {
        let (digits, scale) = significand(value);
        (digits / 10_u64.pow(scale as u32 - 4) + 5) / 10
    };
    let digit = |divisor: u64| b'0' + (millis / divisor % 10) as u8;
    [digit(10_000), digit(1_000), b'.', digit(100), digit(10), digit(1)]
}

/// `%.16g` of a Julian day.
pub fn general_16(value: f64, out: &mut impl Extend<u8>) {
    if value == 0.0 {
        out.extend([b'0']);
        return;
    }
    let (digits, scale) = significand(value);
    let width = digits.ilog10() as i32 + 1;
    let unit = 10_u64.pow((width - 16) as u32);
    let mut rounded = digits / unit + u64::from(digits / (unit / 10) % 10 >= 5);
    let mut exponent = width - 1 - scale;
    if rounded == 10_u64.pow(16) {
        rounded /= 10;
        exponent += 1;
    }
    let text = format!("{rounded}");
    let text = text.trim_end_matches('0').as_bytes();
    if exponent < -4 {
        out.extend(text[..1].iter().copied());
        if text.len() > 1 {
            out.extend([b'.']);
            out.extend(text[1..].iter().copied());
        }
        out.extend(format!("e-{:02}", -exponent).bytes());
    } else if exponent < 0 {
        out.extend(*b"0.");
        out.extend((1..-exponent).map(|_| b'0'));
        out.extend(text.iter().copied());
    } else {
        let whole = exponent as usize + 1;
        out.extend((0..whole).map(|i| text.get(i).copied().unwrap_or(b'0')));
        if text.len() > whole {
            out.extend([b'.']);
            out.extend(text[whole..].iter().copied());
        }
    }
}

//! Decimal digits of a real as SQLite's printf produces them for `%.3f` and `%.16g`.
//!
//! `%.16g` is the exact value rounded half up. `%.3f` is not: SQLite first takes 18 or 19 significant digits and rounds
//! those half up, so 1.0605, which as a double lies below the tie, prints as 1.061. Only values from 1e-8 to 1e7 come here.

/// `value * 10^scale` rounded half up; the scale is 0 to 27, so that the product has at most 53 + 63 bits.
fn scaled(value: f64, scale: i32) -> u64 {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1023;
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let product = mantissa * 5_u128.pow(scale as u32);
    // value * 10^scale = product * 2^(exponent - 52 + scale)
    let shift = 52 - exponent - scale;
    (if shift <= 0 { product << -shift } else { (product + (1 << (shift - 1))) >> shift }) as u64
}

/// The decimal exponent of the power of two below the value: that of the value or one less.
fn decimal_exponent(value: f64) -> i32 {
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    (f64::from(exponent) * std::f64::consts::LOG10_2).floor() as i32
}

/// `%06.3f` of a number of seconds, from -1 to 60: `08.125`.
pub fn seconds_millis(value: f64) -> [u8; 6] {
    if value < 0.0 {
        let mut text = seconds_millis(-value);
        text[0] = b'-';
        return text;
    }
    let millis = if value < 1e-6 {
        0
    } else {
        let scale = 17 - decimal_exponent(value);
        (scaled(value, scale) / 10_u64.pow(scale as u32 - 4) + 5) / 10
    };
    let digit = |divisor: u64| b'0' + (millis / divisor % 10) as u8;
    [digit(10_000), digit(1_000), b'.', digit(100), digit(10), digit(1)]
}

/// `%.16g` of a Julian day.
pub fn general_16(value: f64, out: &mut Vec<u8>) {
    if value == 0.0 {
        out.extend([b'0']);
        return;
    }
    let mut exponent = decimal_exponent(value);
    let mut rounded = scaled(value, 15 - exponent);
    if rounded >= 10_u64.pow(16) {
        exponent += 1;
        rounded = scaled(value, 15 - exponent);
    }
    // Rounded up to the next power of ten.
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

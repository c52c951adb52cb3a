//! Between doubles and decimal digits, with SQLite's rounding errors.
//!
//! SQLite scales a 64-bit significand by a power of ten of 64 bits and keeps the upper half of the product. The
//! 18 or 19 digits this gives are not always those of the exact value, and everything that shows a real starts
//! from them: CAST, printf, round(). Reading takes at most 19 or 20 digits and rounds those correctly.
//!
//! Found by comparing millions of values with release 3.54.1.

/// The upper 96 bits of powers of ten 27 apart.
#[rustfmt::skip]
const SCALES: [u128; 26] = [
    0x8049a4ac_0c5811ae_205b896d, // 1e-351
    0xcf42894a_5dce35ea_52064cac, // 1e-324
    0xa76c5823_38ed2621_af2af2b8, // 1e-297
    0x873e4f75_e2224e68_5a7744a6, // 1e-270
    0xda7f5bf5_90966848_af39a475, // 1e-243
    0xb080392c_c4349dec_bd8d794d, // 1e-216
    0x8e938662_882af53e_547eb47b, // 1e-189
    0xe65829b3_046b0afa_0cb4a5a3, // 1e-162
    0xba121a46_50e4ddeb_92f34d62, // 1e-135
    0x964e858c_91ba2655_3a6a07f8, // 1e-108
    0xf2d56790_ab41c2a2_fae27299, // 1e-81
    0xc428d05a_a4751e4c_aa97e14c, // 1e-54
    0x9e74d1b7_91e07e48_775ea264, // 1e-27
    0x80000000_00000000_00000000, // 1e0
    0xcecb8f27_f4200f3a_00000000, // 1e27
    0xa70c3c40_a64e6c51_999090b6, // 1e54
    0x86f0ac99_b4e8dafd_69a028bb, // 1e81
    0xda01ee64_1a708de9_e80e6f48, // 1e108
    0xb01ae745_b101e9e4_5ec05dcf, // 1e135
    0x8e41ade9_fbebc27d_14588f13, // 1e162
    0xe5d3ef28_2a242e81_8f1668c8, // 1e189
    0xb9a74a06_37ce2ee1_6d953e2b, // 1e216
    0x95f83d0a_1fb69cd9_4abdaf10, // 1e243
    0xf24a01a7_3cf2dccf_bc633b39, // 1e270
    0xc3b83581_09e84f07_0a862f80, // 1e297
    0x9e19db92_b4e31ba9_6c07a2c2, // 1e324
];

const SCALE_STEP: i32 = 27;
const SCALE_FIRST: i32 = -13;

/// The least and the greatest power of ten in reach.
const POWER_MIN: i32 = -348;
const POWER_MAX: i32 = 347;

/// The powers of ten that are doubles.
#[rustfmt::skip]
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The powers of ten from 0 to 26 as 64 bits with the topmost set; all exact, as 5^26 has 61 bits.
const BASES: [u64; SCALE_STEP as usize] = {
    let mut bases = [1 << 63; SCALE_STEP as usize];
    let mut power = 1u64;
    let mut i = 1;
    while i < bases.len() {
        power *= 5;
        bases[i] = power << power.leading_zeros();
        i += 1;
    }
    bases
};

/// 10^p as 96 bits with the topmost set, cut off, and whether that is exact.
fn power_of_ten(p: i32) -> (u128, bool) {
    debug_assert!((POWER_MIN..=POWER_MAX).contains(&p), "the caller keeps to the tables");
    let (group, step) = (p.div_euclid(SCALE_STEP), p.rem_euclid(SCALE_STEP));
    let base = u128::from(BASES[step as usize]);
    if group == 0 {
        return (base << 32, true);
    }
    let scale = SCALES[(group - SCALE_FIRST) as usize];
    if step == 0 {
        return (scale, p == SCALE_STEP);
    }
    // (96 bits * 64 bits) >> 64
    let low = (scale & 0xffff_ffff) * base;
    let product = ((scale >> 32) * base + (low >> 32)) >> 32;
    let exact = p > 0 && p <= 41;
    (if product >> 95 == 0 { product << 1 | u128::from(!exact) } else { product }, exact)
}

/// floor(log2(10^p))
fn binary_exponent(p: i32) -> i32 {
    (p * 108_853) >> 15
}

/// floor(log10(2^e))
fn decimal_exponent(e: i32) -> i32 {
    (e * 78_913) >> 18
}

/// `(d, p)` with `r` about `d * 10^p`, `d` of `digits` or one more digits; `r` is positive and finite, `digits` 1 to 18.
/// 18 digits are rounded, fewer are cut off.
pub fn scaled(r: f64, digits: u32) -> (u64, i32) {
    let bits = r.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let (significand, exponent) = match (bits >> 52 & 0x7ff) as i32 {
        0 => {
            let shift = fraction.leading_zeros();
            (fraction << shift, -1074 - shift as i32)
        }
        biased => (fraction << 11 | 1 << 63, biased - 1086),
    };
    let p = digits as i32 - 1 - decimal_exponent(exponent + 63);
    let power = (power_of_ten(p).0 >> 32) as u64;
    let product = ((u128::from(significand) * u128::from(power)) >> 64) as u64;
    let shift = -(exponent + binary_exponent(p) + 1);
    let rounded = match digits {
        18 => (u128::from(product) + (1 << (shift - 1))) >> shift,
        _ => u128::from(product) >> shift,
    };
    (rounded as u64, -p)
}

/// The double nearest to `d * 10^p`.
pub fn double(d: u64, p: i32) -> f64 {
    if d == 0 || p < POWER_MIN {
        return 0.0;
    }
    // Both operands and one rounding are exact.
    if d < 1 << 53 && p.unsigned_abs() < EXACT_POWERS.len() as u32 {
        let power = EXACT_POWERS[p.unsigned_abs() as usize];
        return if p < 0 { d as f64 / power } else { d as f64 * power };
    }
    if p > POWER_MAX {
        return f64::INFINITY;
    }
    let length = 64 - d.leading_zeros() as i32;
    let exponent = 53 - length - binary_exponent(p);
    if exponent >= 1130 {
        return 0.0;
    }
    let mut shift = exponent.min(1074);
    let dropped = (if exponent > 1074 { exponent - 1066 } else { 8 }) as u32;
    let significand = u128::from(d << (64 - length));
    let (power, exact) = power_of_ten(p);
    let (low, high) = (significand * (power & 0xffff_ffff), significand * (power >> 32));
    let high = high + (low >> 32);
    // The product's upper 64 bits; the rest and the bits dropped decide the rounding only in that they are not 0.
    let upper = (high >> 64) as u64;
    if !exact && high as u64 >= u64::MAX << 34 {
        // The power's cut-off bits might carry.
        return format!("{d}e{p}").parse().unwrap_or(f64::INFINITY);
    }
    let rest = !exact || high as u64 != 0 || low as u32 != 0;
    let sticky = rest || upper & ((1 << dropped) - 1) != 0;
    // The result with two more bits, then perhaps three.
    let mut u = upper >> dropped | u64::from(sticky);
    if u >= (1 << 55) - 2 {
        u = u >> 1 | u & 1;
        shift -= 1;
    }
    let m = (u + 1 + (u >> 2 & 1)) >> 2;
    if shift <= -972 {
        return f64::INFINITY;
    }
    if m & 1 << 52 == 0 {
        return f64::from_bits(m);
    }
    f64::from_bits(m & !(1 << 52) | ((1075 - shift) as u64) << 52)
}

/// Digits of a positive double without trailing zeros, at least one.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    digits: [u8; 20],
    length: usize,
    /// The decimal point stands behind so many digits; negative: zeros come between point and digits.
    pub point: i32,
}

impl Digits {
    pub fn as_slice(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    fn of(mut d: u64, exponent: i32) -> Digits {
        let mut digits = [b'0'; 20];
        let length = d.max(1).ilog10() as usize + 1;
        // Two at a time, from the end.
        let mut at = length;
        while at >= 2 {
            let pair = (d % 100) as u8;
            d /= 100;
            at -= 2;
            digits[at] = b'0' + pair / 10;
            digits[at + 1] = b'0' + pair % 10;
        }
        if at == 1 {
            digits[0] = b'0' + d as u8;
        }
        Digits { digits, length, point: length as i32 + exponent }
    }

    pub fn zero() -> Digits {
        Digits::of(0, 0)
    }

    /// A 9 so many digits before the point.
    pub fn nine(point: i32) -> Digits {
        Digits::of(9, point - 1)
    }

    /// What CAST shows: 17 digits, or fewer where they end in nines or zeros and the fewer give the same double.
    pub fn shortest(r: f64) -> Digits {
        Digits::rounded(r, 17, 17)
    }

    /// Rounded half up to `places` significant digits if positive, else to `-places` digits behind the point; to
    /// `most` digits anyway.
    pub fn rounded(r: f64, places: i32, most: i32) -> Digits {
        let asked = if places <= 0 || places >= 18 { 18 } else { places as u32 + 1 };
        let (d, exponent) = scaled(r, asked);
        let mut all = Digits::of(d, exponent);
        let mut keep = places;
        if keep <= 0 {
            keep = all.point - places;
            if keep == 0 && all.digits[0] >= b'5' {
                all.digits.copy_within(0..19, 1);
                all.digits[0] = b'0';
                all.length = (all.length + 1).min(20);
                all.point += 1;
                keep = 1;
            }
        }
        if keep > 0 && (keep < all.length as i32 || all.length as i32 > most) {
            keep = keep.min(most);
            if keep == 17
                && let Some(short) = all.shorter(r, d, exponent)
            {
                return short;
            }
            all.round(keep as usize);
        }
        all.trim();
        all
    }

    /// The digits before a run of nines or zeros that ends with the 15th or 16th, if they are enough.
    fn shorter(&self, r: f64, d: u64, exponent: i32) -> Option<Digits> {
        let z = &self.digits;
        let nines = z[14] == b'9' && z[15] == b'9';
        let zeros = z[13] == b'0' && z[14] == b'0' && (z[15] == b'0' || self.point >= self.length as i32);
        if !nines && !zeros {
            return None;
        }
        let run = if nines { b'9' } else { b'0' };
        let kept = z[..14].iter().rposition(|&digit| digit != run).map_or(0, |i| i + 1);
        let dropped = (self.length - kept) as u32;
        let short = d / 10_u64.pow(dropped) + u64::from(nines);
        (double(short, exponent + dropped as i32) == r).then(|| Digits::of(short, exponent + dropped as i32))
    }

    fn round(&mut self, keep: usize) {
        let up = keep < self.length && self.digits[keep] >= b'5';
        self.length = keep.min(self.length);
        if !up {
            return;
        }
        for at in (0..self.length).rev() {
            if self.digits[at] < b'9' {
                self.digits[at] += 1;
                return;
            }
            self.digits[at] = b'0';
        }
        self.digits[0] = b'1';
        self.point += 1;
    }

    fn trim(&mut self) {
        while self.length > 1 && self.digits[self.length - 1] == b'0' {
            self.length -= 1;
        }
    }
}

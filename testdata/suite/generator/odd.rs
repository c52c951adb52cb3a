//! Calls of the functions of time and of printf with arguments that few people give them.

use super::rng::Rng;

const TIMES: &[&str] = &[
    "'2024-02-30'",
    "'2024-13-01'",
    "'-4713-11-24 12:00'",
    "'9999-12-31 23:59:59.999'",
    "'0000-01-01'",
    "'24:00'",
    "'12:00:60'",
    "'23:59:59.9999'",
    "'2024-01-01T12:34:56.789+05:30'",
    "'2024-01-01 12:34Z'",
    "'2024-01-01 12:34 -03:15'",
    "'2024-1-1'",
    "' 2024-01-01 '",
    "'2024-03-31 00:00:00.0005'",
    "'1970-01-01'",
    "2460000.5",
    "-1",
    "0",
    "0.5",
    "5373484.49",
    "5373484.5",
    "1e10",
    "'1e3'",
    "'2460000.5'",
    "253402300799",
    "-210866760000",
    "1700000000.25",
    "NULL",
    "x'323032342d30312d3031'",
    "'2000-02-29 12:00:00'",
];
const MODIFIERS: &[&str] = &[
    "'+1 months'",
    "'+1.5 months'",
    "'-10000 years'",
    "'+1e2 days'",
    "'weekday 7'",
    "'weekday 2.0'",
    "'weekday 6'",
    "'start of week'",
    "'start of month'",
    "'start of year'",
    "'unixepoch'",
    "'auto'",
    "'julianday'",
    "'utc'",
    "'subsecond'",
    "'+01:30:15.5'",
    "'-0001-02-03 04:05:06'",
    "'+0400-00-00'",
    "'ceiling'",
    "'floor'",
    "'+25:00'",
    "'+1 fortnight'",
    "''",
    "'+ 1 day'",
    "'1 day'",
    "'+1 DAY'",
    "' +1 day'",
    "'-12 month'",
    "'+13 Months'",
    "'-0.001 seconds'",
    "'+86400.5 second'",
    "'+1 year'",
    "NULL",
    "1",
];
const PARTS: &[&str] = &[
    "%d", "%e", "%f", "%F", "%G", "%g", "%H", "%I", "%j", "%J", "%k", "%l", "%m", "%M", "%p", "%P", "%R", "%s", "%S",
    "%T", "%u", "%U", "%V", "%w", "%W", "%Y", "%%", "x", " ", "%q", "%",
];
const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "42",
    "-7",
    "9223372036854775807",
    "-9223372036854775808",
    "3.14159",
    "-0.5",
    "1e20",
    "1e-10",
    "123456789.125",
    "-0.0",
    "1e999",
    "-1e999",
    "'abc'",
    "'é€😀'",
    "'12x'",
    "'it''s'",
    "NULL",
    "x'616200'",
    "65",
    "2.5",
    "1e15",
    "99999.5",
    "0.1",
    "1234567",
    "'2.5e3'",
    "0.00001234",
    "1e100",
    "'a' || char(10) || 'b'",
];

fn many(rng: &mut Rng, of: &[&'static str], count: usize) -> String {
    (0..count).map(|_| format!(", {}", rng.pick(of))).collect()
}

/// `%`, flags, width, precision and conversion; adds the arguments that it takes.
fn conversion(rng: &mut Rng, arguments: &mut String) -> String {
    let mut text = "%".to_owned();
    for flag in ["-", "+", " ", "0", "#", ",", "!"] {
        if rng.one_in(6) {
            text += flag;
        }
    }
    let mut number = |rng: &mut Rng, text: &mut String| match rng.below(5) {
        0 => {
            *text += "*";
            *arguments += &format!(", {}", rng.pick(&["5", "-8", "0", "'3'", "12", "NULL"]));
        }
        1..3 => *text += &rng.below(16).to_string(),
        _ => {}
    };
    number(rng, &mut text);
    if rng.one_in(2) {
        text += ".";
        number(rng, &mut text);
    }
    text += rng.pick(&["", "", "", "l", "ll"]);
    let kind =
        rng.pick(&["d", "i", "u", "x", "X", "o", "e", "E", "f", "g", "G", "c", "s", "z", "q", "Q", "w", "r", "%"]);
    if kind != "%" {
        *arguments += &format!(", {}", rng.pick(VALUES));
    }
    text + kind
}

pub fn call(rng: &mut Rng) -> String {
    let modifiers = rng.below(4);
    match rng.below(10) {
        0..4 => {
            let mut arguments = String::new();
            let text: Vec<String> = (0..1 + rng.below(3)).map(|_| conversion(rng, &mut arguments)).collect();
            let missing = if rng.one_in(8) { "" } else { &*arguments };
            format!("printf('{}|'{missing})", text.join("|"))
        }
        4..7 => {
            let function = rng.pick(&["date", "time", "datetime", "julianday", "unixepoch"]);
            format!("{function}({}{})", rng.pick(TIMES), many(rng, MODIFIERS, modifiers))
        }
        7..9 => {
            let text: String = (0..1 + rng.below(6)).map(|_| rng.pick(PARTS)).collect();
            format!("strftime('{text}', {}{})", rng.pick(TIMES), many(rng, MODIFIERS, modifiers))
        }
        _ => format!("timediff({}, {})", rng.pick(TIMES), rng.pick(TIMES)),
    }
}

/// A call of a function of text or numbers at the limits of its arguments.
pub fn limits(rng: &mut Rng) -> String {
    let (x, y, z) = (rng.pick(VALUES), rng.pick(VALUES), rng.pick(VALUES));
    match rng.below(14) {
        0 => format!("substr({x}, {y}, {z})"),
        1 => format!("round({x}, {})", rng.pick(&["-3", "0", "1", "2", "15", "30", "NULL", "'2'", "1.9", "x''"])),
        2 => format!("instr({x}, {y})"),
        3 => format!("replace({x}, {y}, {z})"),
        4 => format!("{}({x}, {y})", rng.pick(&["trim", "ltrim", "rtrim"])),
        5 => format!("({x} LIKE {y} ESCAPE {})", rng.pick(&["'a'", "'%'", "'_'", "'é'", "NULL"])),
        6 => format!(
            "({x} GLOB {})",
            rng.pick(&["'[]a]*'", "'[^]]*'", "'[a-'", "'*['", "'[!a]'", "'\\*'", "'?*?'", "'[z-a]'"])
        ),
        7 => format!("unhex({x}, {y})"),
        8 => format!("hex(zeroblob({}))", rng.pick(&["0", "-1", "2", "NULL", "'3'", "1.9"])),
        9 => format!("concat_ws({x}, {y}, {z}, {x})"),
        10 => format!("char({x}, {y}, 0x10FFFF, 0x20AC, -1)"),
        11 => format!(
            "{}({x})",
            rng.pick(&["ceil", "floor", "trunc", "sign", "unicode", "octet_length", "length", "quote"])
        ),
        12 => {
            format!("CAST({x} AS {})", rng.pick(&["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "DECIMAL(4)", "CHAR"]))
        }
        _ => format!(
            "unistr({})",
            rng.pick(&["'\\0041'", "'\\+01F600'", "'a\\\\b'", "'\\u00e9x'", "'\\U0001F600'", "NULL"])
        ),
    }
}

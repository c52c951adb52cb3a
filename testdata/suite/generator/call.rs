//! Random calls of functions whose results depend on nothing but their arguments.

use super::expr::value;
use super::rng::Rng;

/// One argument.
const ONE: &[&str] = &[
    "length",
    "typeof",
    "upper",
    "lower",
    "hex",
    "quote",
    "trim",
    "ltrim",
    "unicode",
    "sign",
    "round",
    "octet_length",
    "soundex_",
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "json_valid",
    "likely",
    "unhex",
    "concat",
    "unistr_quote",
];
/// Two arguments.
const TWO: &[&str] = &[
    "ifnull",
    "nullif",
    "instr",
    "max",
    "min",
    "coalesce",
    "rtrim",
    "concat",
    "concat_ws",
    "glob",
    "like",
    "substring",
    "trim",
];
const FORMATS: &[&str] = &[
    "'%d|%s'",
    "'%5.2f|%-6s|'",
    "'%x %q'",
    "'%e,%Q'",
    "'%+05d%%%s'",
    "'%!.15g %c'",
    "'%,d %w'",
    "'%.3s|%o'",
    "'%i'",
    "'%08.3f|%10s'",
];
const MODIFIERS: &[&str] = &[
    "'+1 month'",
    "'start of month'",
    "'-1 day'",
    "'weekday 1'",
    "'+36:15'",
    "'unixepoch'",
    "'auto'",
    "'subsec'",
    "'ceiling'",
    "'bogus'",
    "'floor'",
    "'+0001-01-15'",
    "'-0000-13-01 10:00'",
    "'start of year'",
    "'start of day'",
    "'julianday'",
    "'+1.5 days'",
    "'-2 years'",
    "'weekday 0'",
    "'+10 seconds'",
];
const PATHS: &[&str] = &["'$'", "'$.a'", "'$.a[1]'", "'$.a[#-1]'", "'$.b.c'", "'$[0]'", "'a'"];
const JSON: &[&str] =
    &["'{\"a\":[1,2.5,null,\"x\"],\"b\":{\"c\":true}}'", "'[1,[2,3],{\"a\":\"b\"}]'", "'\"text\"'", "'{a:1,}'"];

/// A call; `sub` makes its arguments.
pub fn call(rng: &mut Rng, sub: &dyn Fn(&mut Rng) -> String) -> String {
    match rng.below(14) {
        0..4 => match rng.pick(ONE) {
            "soundex_" => format!("char({}, 65, 0x1F600)", sub(rng)),
            "unistr_quote" => format!("quote({})", sub(rng)),
            name => format!("{name}({})", sub(rng)),
        },
        4..7 => format!("{}({}, {})", rng.pick(TWO), sub(rng), sub(rng)),
        7 => format!("iif({}, {}, {})", sub(rng), sub(rng), sub(rng)),
        8 => format!("round({}, {})", sub(rng), rng.below(6) as i32 - 1),
        9 => format!("substr({}, {}, {})", sub(rng), rng.below(7) as i32 - 3, rng.below(6) as i32 - 2),
        10 => format!("replace({}, {}, {})", sub(rng), sub(rng), sub(rng)),
        11 => format!("printf({}, {}, {})", rng.pick(FORMATS), sub(rng), sub(rng)),
        12 => match rng.below(7) {
            3 => format!("timediff({}, '2024-02-29 12:00')", sub(rng)),
            4 => format!("strftime('%G-%V %u %U %e %I %l %p %P %R %T %s', {}, {})", sub(rng), rng.pick(MODIFIERS)),
            5 => format!(
                "unixepoch('2024-01-31', {}, {}, {})",
                rng.pick(MODIFIERS),
                rng.pick(MODIFIERS),
                rng.pick(MODIFIERS)
            ),
            6 => format!("julianday({}, {})", sub(rng), rng.pick(MODIFIERS)),
            0 => format!("strftime('%Y-%m-%d %H:%M:%f %j %W %w %s %J', {})", sub(rng)),
            1 => format!("datetime({}, {}, {})", sub(rng), rng.pick(MODIFIERS), rng.pick(MODIFIERS)),
            _ => format!("date('2024-0{}-31', {})", 1 + rng.below(9), rng.pick(MODIFIERS)),
        },
        _ => json(rng, sub),
    }
}

fn json(rng: &mut Rng, sub: &dyn Fn(&mut Rng) -> String) -> String {
    let text = rng.pick(JSON);
    match rng.below(16) {
        8 => format!("json_remove({text}, {})", rng.pick(&PATHS[..6])),
        9 => format!("json_patch({text}, {})", rng.pick(JSON)),
        10 => format!("json_insert({text}, {}, {})", rng.pick(&PATHS[..6]), rng.below(9)),
        11 => format!("json_replace({text}, {}, json({}))", rng.pick(&PATHS[..6]), rng.pick(JSON)),
        12 => format!("hex(jsonb_extract({text}, {}))", rng.pick(&PATHS[..6])),
        13 => format!("json_array_length({text}, {})", rng.pick(&PATHS[..6])),
        14 => format!("json_error_position(quote({}))", sub(rng)),
        15 => format!("json(jsonb_set({text}, {}, {}))", rng.pick(&PATHS[..6]), rng.below(9)),
        0 => format!("json_array(quote({}), {})", sub(rng), value(rng).replace("x'", "'")),
        1 => format!("json_object('k', quote({}), 'a', {})", sub(rng), rng.below(9)),
        2 => format!("({text} -> {})", rng.pick(PATHS)),
        3 => format!("({text} ->> {})", rng.pick(PATHS)),
        4 => format!("json_extract({text}, {}, '$.a')", rng.pick(&PATHS[..6])),
        5 => format!("json_set({text}, {}, quote({}))", rng.pick(&PATHS[..6]), sub(rng)),
        6 => format!("json_type({text}, {})", rng.pick(&PATHS[..6])),
        _ => format!("json_quote(quote({}))", sub(rng)),
    }
}

//! The built-in functions as `PRAGMA function_list` shows them.

use heliosdb_udfs::signature::Flags;
use heliosdb_udfs::{aggregate, scalar, window};

use super::FunctionEntry;

/// All built-in functions, one entry for every number of arguments that SQLite tells apart.
pub fn builtin_functions() -> Vec<FunctionEntry> {
    let mut entries = Vec::new();
    for f in scalar::TABLES.iter().copied().flatten() {
        let deterministic = f.flags.has(Flags::DETERMINISTIC) || f.flags.has(Flags::DETERMINISTIC_UNLESS_NOW);
        add(&mut entries, f.name, 's', f.args_min, f.args_max, deterministic, f.flags.has(Flags::DIRECT_ONLY));
    }
    for f in aggregate::TABLES.iter().copied().flatten() {
        add(&mut entries, f.name, 'w', f.args_min, f.args_max, false, false);
    }
    for f in window::TABLES.iter().copied().flatten() {
        add(&mut entries, f.name, 'w', f.args_min, Some(f.args_max), false, false);
    }
    entries
}

/// A function with any number of arguments shows -1, or -2 less the number it needs at least.
fn add(
    entries: &mut Vec<FunctionEntry>,
    name: &str,
    kind: char,
    min: u8,
    max: Option<u8>,
    deterministic: bool,
    direct_only: bool,
) {
    let numbers = match max {
        Some(max) => i32::from(min)..=i32::from(max),
        None if min == 0 => -1..=-1,
        None => -2 - i32::from(min)..=-2 - i32::from(min),
    };
    for args in numbers {
        entries.push(FunctionEntry { name: name.into(), builtin: true, kind, args, deterministic, direct_only });
    }
}

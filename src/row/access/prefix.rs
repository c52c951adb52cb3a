//! `LIKE 'abc%'` and `GLOB 'abc*'` as a range over an index
//! (https://sqlite.org/optoverview.html#the_like_optimization).

use heliosdb_udfs::value::{Affinity, Collation, Encoding, Value, ValueRef, affinity};

use crate::plan::bound::{Call, Expr, ExprKind, Function};
use crate::plan::walk;

/// Texts that match begin within `low <= x < high` under `collation`.
pub struct Range {
    pub low: Value,
    pub high: Value,
    pub collation: Collation,
    /// The pattern is the prefix and one wildcard for any text.
    pub complete: bool,
    prefix: Vec<u8>,
}

/// The operand and the range of a call of LIKE or GLOB with a constant pattern that begins with plain characters.
pub fn of_call(call: &Call, case_sensitive_like: bool, encoding: Encoding) -> Option<(&Expr, Range)> {
    let Function::Builtin(function) = &call.function else { return None };
    let like = match function.name {
        "like" => true,
        "glob" => false,
        _ => return None,
    };
    let text = |e: &Expr| match &e.kind {
        ExprKind::Literal(Value::Text(t)) => Some(t.to_vec()),
        _ => None,
    };
    let pattern = text(call.args.first()?)?;
    let escape = match call.args.get(2) {
        Some(e) => Some(*text(e)?.first()?),
        None => None,
    };
    let wild: &[u8] = if like { b"%_" } else { b"*?[" };
    if escape.is_some_and(|e| wild.contains(&e)) {
        return None;
    }
    let mut prefix = Vec::new();
    let mut complete = false;
    let mut bytes = pattern.iter().copied();
    while let Some(b) = bytes.next() {
        if Some(b) == escape {
            prefix.push(bytes.next()?);
        } else if wild.contains(&b) || encoding == Encoding::Utf16Le && !b.is_ascii() {
            // (In UTF-16le the texts that begin alike do not lie between two texts, but for ASCII.)
            complete = b == wild[0] && bytes.next().is_none() && encoding != Encoding::Utf16Le;
            break;
        } else {
            prefix.push(b);
        }
    }
    if prefix.is_empty() || prefix.last() == Some(&0xff) {
        return None;
    }
    let fold = like && !case_sensitive_like;
    let mut low = prefix.clone();
    let mut high = prefix.clone();
    if fold {
        low.make_ascii_uppercase();
        high.make_ascii_lowercase();
    }
    // The last byte is there: the prefix is not empty.
    if let Some(last) = high.last_mut() {
        *last = last.saturating_add(1);
    }
    let collation = if fold { Collation::NoCase } else { Collation::Binary };
    if fold && prefix.last() == Some(&(b'A' - 1)) {
        complete = false;
    }
    let range = Range { low: Value::Text(low.into()), high: Value::Text(high.into()), collation, complete, prefix };
    call.args.get(1).map(|operand| (operand, range))
}

/// How many characters of the pattern of a LIKE or GLOB stand for themselves.
pub fn plain_characters(e: &Expr) -> usize {
    let ExprKind::Call(call) = &e.kind else { return 0 };
    let Function::Builtin(function) = &call.function else { return 0 };
    let wild: &[u8] = match function.name {
        "like" => b"%_",
        "glob" => b"*?",
        _ => return 0,
    };
    let mut longest = 0;
    let mut count = |e: &Expr| {
        let ExprKind::Literal(Value::Text(text)) = &e.kind else { return };
        let mut bytes = text.iter();
        let mut n = 0;
        while let Some(b) = bytes.next() {
            if *b == b'[' && function.name == "glob" {
                bytes.next();
                bytes.by_ref().find(|b| **b == b']');
            } else if !wild.contains(b) {
                n += 1;
            }
        }
        longest = longest.max(n);
    };
    if let Some(pattern) = call.args.first() {
        count(pattern);
        walk::children(pattern, &mut |child| count(child));
    }
    longest
}

/// Whether every match lies in the range. Numbers are matched as text: unless the column holds none, the prefix must
/// not look like the beginning of one.
pub fn fits(operand: &Expr, range: &Range) -> bool {
    if operand.affinity == Affinity::Text {
        return true;
    }
    let arena = bumpalo::Bump::new();
    let numeric =
        |text: &[u8]| !matches!(affinity::apply(ValueRef::Text(text), Affinity::Numeric, &arena), ValueRef::Text(_));
    let mut next = range.prefix.clone();
    if let Some(last) = next.last_mut() {
        *last = last.saturating_add(1);
    }
    !(numeric(&range.prefix) || range.prefix == b"-" || numeric(&next))
}

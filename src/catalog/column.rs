//! Columns from their definitions: declared type, affinity and constraints of one column.

use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_dialect::ast::{ColumnDef, Expr, ExprKind, Literal, Quote, Span, UnaryOp};
use heliosdb_udfs::value::{Affinity, Value, ValueRef, affinity, arithmetic, cast};

use super::self_reference::for_each_child;
use super::table::{Column, SourceExpr};

/// The types of STRICT tables, with their affinity in other tables. SQLite shows them in capitals however
/// they were written.
const STANDARD_TYPES: [(&str, Affinity); 6] = [
    ("ANY", Affinity::Numeric),
    ("BLOB", Affinity::Blob),
    ("INT", Affinity::Integer),
    ("INTEGER", Affinity::Integer),
    ("REAL", Affinity::Real),
    ("TEXT", Affinity::Text),
];

/// A column with its name and type, without any constraint.
pub fn plain_column(definition: &ColumnDef, source: &str) -> Column {
    let (type_name, affinity) = declared_type(definition, source);
    new_column(&definition.name.text, type_name, affinity)
}

pub fn new_column(name: &str, type_name: Arc<str>, affinity: Affinity) -> Column {
    Column {
        name: name.into(),
        type_name,
        affinity,
        collation: None,
        not_null: None,
        default: None,
        generated: None,
        added_default: None,
        primary_key_position: 0,
        hidden: false,
    }
}

/// Whether a declared type is one that STRICT tables take.
pub fn is_standard_type(type_name: &str) -> bool {
    STANDARD_TYPES.iter().any(|(name, _)| *name == type_name)
}

fn declared_type(definition: &ColumnDef, source: &str) -> (Arc<str>, Affinity) {
    let written = verbatim_type(definition, source);
    let written = unquoted(without_generated_always(&written));
    for (name, affinity) in STANDARD_TYPES {
        if written.eq_ignore_ascii_case(name) {
            return (name.into(), affinity);
        }
    }
    let affinity = Affinity::of_type(&written);
    (written.into(), affinity)
}

/// The type as it stands in the text: the tree joins its words by single spaces, SQLite keeps them as they are.
fn verbatim_type(definition: &ColumnDef, source: &str) -> String {
    let joined = &*definition.type_name.text;
    if joined.is_empty() {
        return String::new();
    }
    let from = definition.name.span.end;
    let to = definition.constraints.first().map_or(definition.span.end, |c| c.span.start);
    let between = if from <= to { source.get(from as usize..to as usize) } else { None };
    let squeezed = |s: &str| s.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
    match between.map(|b| b.trim_matches(|c: char| c.is_ascii_whitespace())) {
        // Comments between the words would differ, and are left out.
        Some(verbatim)
            if squeezed(verbatim) == squeezed(joined) || squeezed(&unquoted(verbatim)) == squeezed(joined) =>
        {
            verbatim.to_owned()
        }
        _ => joined.to_owned(),
    }
}

/// `GENERATED ALWAYS` are words that a type name may consist of, so that `a INT GENERATED ALWAYS AS (…)` parses
/// with them at the type's end.
fn without_generated_always(type_name: &str) -> &str {
    let without = |text: &'_ str, word: &str| -> Option<usize> {
        let at = text.len().checked_sub(word.len())?;
        let matches = text.is_char_boundary(at) && text[at..].eq_ignore_ascii_case(word);
        matches.then(|| text[..at].trim_end().len())
    };
    let Some(always) = without(type_name, "always") else { return type_name };
    match without(&type_name[..always], "generated") {
        Some(end) => &type_name[..end],
        None => type_name,
    }
}

/// A type that is one quoted name without its quotes.
fn unquoted(type_name: &str) -> String {
    let Some(open) = type_name.chars().next() else { return String::new() };
    let close = match open {
        '"' | '\'' | '`' => open,
        '[' => ']',
        _ => return type_name.to_owned(),
    };
    let mut out = String::new();
    let mut rest = type_name[1..].chars().peekable();
    while let Some(c) = rest.next() {
        if c == close {
            if open != '[' && rest.peek() == Some(&close) {
                rest.next();
            } else {
                // Whatever follows the closing quote is lost, as in SQLite.
                return out;
            }
        }
        out.push(c);
    }
    type_name.to_owned()
}

/// An expression with the text that its span covers.
pub fn source_expr(expr: &Expr, span: Span, source: &Arc<str>) -> SourceExpr {
    SourceExpr { expr: expr.clone(), source: source.clone(), text: span.of(source).into() }
}

/// What a DEFAULT is worth in rows that are older than its column: literals with signs and casts, in the column's
/// affinity. `None` for what would have to be computed, which ALTER TABLE does not take where there are rows.
pub fn default_value(default: &SourceExpr, column: Affinity) -> Option<Value> {
    let arena = Bump::new();
    // SQLite makes text of a number's digits, not of its value.
    if column == Affinity::Text
        && let Some(sign) = sign_of_real(&default.expr)
    {
        let digits = default.expr.span.of(&default.source).trim_start_matches(['-', '+', ' ', '(']);
        return Some(Value::Text(format!("{sign}{digits}").into_bytes().into()));
    }
    let value = literal_value(&default.expr, &arena)?;
    Some(affinity::apply(value, column, &arena).to_owned())
}

fn sign_of_real(e: &Expr) -> Option<&'static str> {
    match &e.kind {
        ExprKind::Literal(Literal::Real(_)) => Some(""),
        ExprKind::Unary(UnaryOp::Plus, operand) => sign_of_real(operand),
        ExprKind::Unary(UnaryOp::Minus, operand) => sign_of_real(operand).filter(|s| s.is_empty()).map(|_| "-"),
        _ => None,
    }
}

fn literal_value<'a>(expr: &'a Expr, arena: &'a Bump) -> Option<ValueRef<'a>> {
    Some(match &expr.kind {
        ExprKind::Literal(Literal::Null) => ValueRef::Null,
        ExprKind::Literal(Literal::Integer(i)) => ValueRef::Integer(*i),
        ExprKind::Literal(Literal::Real(r)) => ValueRef::Real(*r),
        ExprKind::Literal(Literal::String(text)) => ValueRef::Text(text.as_bytes()),
        ExprKind::Literal(Literal::Blob(bytes)) => ValueRef::Blob(bytes),
        ExprKind::Name(name) if name.is("true") => ValueRef::Integer(1),
        ExprKind::Name(name) if name.is("false") => ValueRef::Integer(0),
        ExprKind::Name(name) => ValueRef::Text(name.text.as_bytes()),
        ExprKind::Unary(UnaryOp::Plus, operand) => literal_value(operand, arena)?,
        ExprKind::Unary(UnaryOp::Minus, operand) => arithmetic::negate(literal_value(operand, arena)?),
        ExprKind::Cast { operand, type_name } => {
            cast::cast(literal_value(operand, arena)?, Affinity::of_type(&type_name.text), arena)
        }
        _ => return None,
    })
}

/// Whether a DEFAULT is constant for SQLite: literals and functions of them.
pub fn is_constant_default(expr: &Expr, parenthesised: bool) -> bool {
    match &expr.kind {
        // `DEFAULT word` and `DEFAULT "word"` are strings; `DEFAULT (word)` would be a column.
        ExprKind::Name(name) => !parenthesised || name.quote == Quote::None && (name.is("true") || name.is("false")),
        ExprKind::Column { .. }
        | ExprKind::Parameter(_)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::Raise { .. } => false,
        ExprKind::In { set, .. } if !matches!(set, heliosdb_dialect::ast::InSet::List(_)) => false,
        ExprKind::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp) => true,
        _ => {
            let mut constant = true;
            for_each_child(expr, &mut |child| constant = constant && is_constant_default(child, true));
            constant
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_always_is_no_type() {
        assert_eq!(without_generated_always("int generated always"), "int");
        assert_eq!(without_generated_always("GENERATED  ALWAYS"), "");
        assert_eq!(without_generated_always("always"), "always");
        assert_eq!(without_generated_always("sometimes always"), "sometimes always");
    }

    #[test]
    fn quotes_of_a_type() {
        assert_eq!(unquoted("\"foo bar\""), "foo bar");
        assert_eq!(unquoted("[x y]"), "x y");
        assert_eq!(unquoted("'it''s'"), "it's");
        assert_eq!(unquoted("VARCHAR(10)"), "VARCHAR(10)");
    }
}

//! What SQLite makes an integer of while it parses: names beside it are never looked at.

use heliosdb_dialect::ast::{BinaryOp, Expr, ExprKind as Ast, InSet, Literal, UnaryOp};

use super::self_reference::for_each_child;

/// The value of an integer literal of 32 bits with any number of signs: a term of ORDER BY or GROUP BY by position.
/// What SQLite makes an integer of while it parses is one, too.
pub fn integer_literal(e: &Expr) -> Option<i64> {
    match &e.kind {
        Ast::Literal(Literal::Integer(i)) => Some(*i).filter(|i| i32::try_from(*i).is_ok()),
        Ast::Unary(UnaryOp::Minus, inner) => integer_literal(inner).map(|i| -i),
        Ast::Unary(UnaryOp::Plus, inner) => integer_literal(inner),
        Ast::IsNull { negated, operand } => null_test(operand, *negated),
        Ast::Binary(op @ (BinaryOp::Is | BinaryOp::IsNot), left, right)
            if matches!(right.kind, Ast::Literal(Literal::Null)) =>
        {
            null_test(left, *op == BinaryOp::IsNot)
        }
        Ast::Binary(BinaryOp::And, left, right) => {
            // (A function may turn out to be an aggregate.)
            ((is_zero(left) || is_zero(right)) && !has_function(left) && !has_function(right)).then_some(0)
        }
        _ => None,
    }
}

/// A literal that is tested for NULL.
fn null_test(mut e: &Expr, negated: bool) -> Option<i64> {
    while let Ast::Unary(UnaryOp::Minus | UnaryOp::Plus, inner) = &e.kind {
        e = inner;
    }
    match &e.kind {
        Ast::Literal(Literal::Integer(_) | Literal::Real(_) | Literal::String(_) | Literal::Blob(_)) => {
            Some(i64::from(negated))
        }
        _ => None,
    }
}

/// AND with a zero is 0 before its operands are looked at.
pub fn is_false(e: &Expr) -> bool {
    matches!(e.kind, Ast::Binary(BinaryOp::And, ..)) && integer_literal(e) == Some(0)
}

/// Whether a function is called outside subqueries.
fn has_function(e: &Expr) -> bool {
    let own = matches!(
        e.kind,
        Ast::Call(_)
            | Ast::Like { .. }
            | Ast::Binary(BinaryOp::JsonArrow | BinaryOp::JsonArrowText, ..)
            | Ast::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp)
    );
    let mut found = own;
    for_each_child(e, &mut |child| found = found || has_function(child));
    found
}

fn is_zero(e: &Expr) -> bool {
    match &e.kind {
        Ast::In { negated: false, operand, set: InSet::List(items) } => items.is_empty() && !has_function(operand),
        Ast::Literal(Literal::Integer(i)) => *i == 0,
        Ast::Binary(BinaryOp::And, ..) | Ast::IsNull { .. } => integer_literal(e) == Some(0),
        Ast::Binary(BinaryOp::Is | BinaryOp::IsNot, ..) => integer_literal(e) == Some(0),
        _ => false,
    }
}

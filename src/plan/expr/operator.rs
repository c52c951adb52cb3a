//! Operators other than comparisons: arithmetic, logic, CAST, COLLATE, LIKE and its kin.

use heliosdb_dialect::ast::{self, BinaryOp, ExprKind as Ast, LikeOp, Literal};
use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::super::binder::Binder;
use super::super::bound::{ArithmeticOp, Classes, CompareOp, Expr, ExprCollation, ExprKind, UnaryOp};
use super::{Operand, explicit, made};
use crate::catalog::parsed_constant::is_false;
use crate::error::{Error, Result};

/// `e COLLATE collation`
pub fn with_collation(mut e: Expr, collation: Collation) -> Expr {
    e.collation = Some(ExprCollation { collation, explicit: true });
    e
}

fn arithmetic_op(op: BinaryOp) -> Option<ArithmeticOp> {
    Some(match op {
        BinaryOp::Add => ArithmeticOp::Add,
        BinaryOp::Subtract => ArithmeticOp::Subtract,
        BinaryOp::Multiply => ArithmeticOp::Multiply,
        BinaryOp::Divide => ArithmeticOp::Divide,
        BinaryOp::Remainder => ArithmeticOp::Remainder,
        BinaryOp::BitAnd => ArithmeticOp::BitAnd,
        BinaryOp::BitOr => ArithmeticOp::BitOr,
        BinaryOp::ShiftLeft => ArithmeticOp::ShiftLeft,
        BinaryOp::ShiftRight => ArithmeticOp::ShiftRight,
        BinaryOp::Concat => ArithmeticOp::Concat,
        _ => return None,
    })
}

fn compare_op(op: BinaryOp) -> Option<CompareOp> {
    Some(match op {
        BinaryOp::Equal => CompareOp::Equal,
        BinaryOp::NotEqual => CompareOp::NotEqual,
        BinaryOp::Less => CompareOp::Less,
        BinaryOp::LessEqual => CompareOp::LessEqual,
        BinaryOp::Greater => CompareOp::Greater,
        BinaryOp::GreaterEqual => CompareOp::GreaterEqual,
        BinaryOp::Is => CompareOp::Is,
        BinaryOp::IsNot => CompareOp::IsNot,
        _ => return None,
    })
}

/// The classes of a truth value.
pub fn truth_classes(operands: Classes) -> Classes {
    Classes(Classes::INTEGER.0 | operands.0 & Classes::NULL.0)
}

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn unary(&mut self, op: ast::UnaryOp, operand: &'a ast::Expr) -> Result<Expr> {
        if op == ast::UnaryOp::Minus {
            let mut literal = operand;
            while let Ast::Unary(ast::UnaryOp::Plus, inner) = &literal.kind {
                literal = inner;
            }
            match &literal.kind {
                Ast::Literal(Literal::Integer(i)) if *i != i64::MIN => {
                    return Ok(made(ExprKind::Literal(Value::Integer(-*i)), Classes::INTEGER, None));
                }
                Ast::Literal(Literal::Integer(_)) => {
                    let text = literal.span.of(self.source).trim_matches(['(', ')', ' ']);
                    if text.starts_with("0x") || text.starts_with("0X") {
                        return Err(Error::sql(format!("hex literal too big: -{text}")));
                    }
                }
                Ast::Literal(Literal::Real(r)) => {
                    return Ok(made(ExprKind::Literal(Value::Real(-*r)), Classes::REAL, None));
                }
                _ => {}
            }
        }
        let mut operand = self.expr(operand)?;
        let op = match op {
            ast::UnaryOp::Minus => UnaryOp::Negate,
            ast::UnaryOp::BitNot => UnaryOp::BitNot,
            ast::UnaryOp::Not => UnaryOp::Not,
            ast::UnaryOp::Plus => {
                // Not a value of the column any more, but its collation stays.
                operand.affinity = Affinity::None;
                return Ok(operand);
            }
        };
        let null = operand.classes.0 & Classes::NULL.0;
        let classes = Classes(null | if op == UnaryOp::Negate { Classes::NUMBER.0 } else { Classes::INTEGER.0 });
        let collation = explicit([&operand]);
        Ok(made(ExprKind::Unary(op, Box::new(operand)), classes, collation))
    }

    /// A chain of binary operators: down the left operands in a loop, then up again.
    #[inline(never)]
    pub(super) fn binary(&mut self, e: &'a ast::Expr) -> Result<Expr> {
        let Ast::Binary(op, left, right) = &e.kind else { return self.expr(e) };
        if is_false(e) {
            return Ok(made(ExprKind::Literal(Value::Integer(0)), Classes::INTEGER, None));
        }
        if !matches!(left.kind, Ast::Binary(..)) {
            return self.first_binary(*op, left, right);
        }
        let height = self.height;
        let mut pending = vec![(*op, &**right)];
        let mut leaf = &**left;
        let mut bound = loop {
            let Ast::Binary(op, left, right) = &leaf.kind else { break self.expr(leaf)? };
            self.deeper()?;
            if is_false(leaf) {
                break made(ExprKind::Literal(Value::Integer(0)), Classes::INTEGER, None);
            }
            if !matches!(left.kind, Ast::Binary(..)) {
                break self.first_binary(*op, left, right)?;
            }
            pending.push((*op, right));
            leaf = left;
        };
        while let Some((op, right)) = pending.pop() {
            self.height -= 1;
            bound = self.combine(op, bound, right)?;
        }
        self.height = height;
        Ok(bound)
    }

    /// The lowest operator of a chain: its left operand may be a row.
    #[inline(never)]
    fn first_binary(&mut self, op: BinaryOp, left: &'a ast::Expr, right: &'a ast::Expr) -> Result<Expr> {
        if let Some(op) = compare_op(op)
            && (matches!(left.kind, Ast::Row(_) | Ast::Subquery(_))
                || matches!(right.kind, Ast::Row(_) | Ast::Subquery(_)))
        {
            return self.compare_operands(op, left, right);
        }
        let left = self.expr(left)?;
        self.combine(op, left, right)
    }

    #[inline(never)]
    fn combine(&mut self, op: BinaryOp, left: Expr, right: &'a ast::Expr) -> Result<Expr> {
        if let Some(op) = compare_op(op) {
            return self.compare_with(op, left, right);
        }
        if let Some(op) = arithmetic_op(op) {
            let right = self.expr(right)?;
            return Ok(arithmetic(op, left, right));
        }
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let right = self.expr(right)?;
                Ok(logic(op == BinaryOp::And, left, right))
            }
            _ => {
                let right = self.expr(right)?;
                let name = if op == BinaryOp::JsonArrow { "->" } else { "->>" };
                self.named_call(name, vec![left, right])
            }
        }
    }

    #[inline(never)]
    pub(super) fn is_null(&mut self, negated: bool, operand: &'a ast::Expr) -> Result<Expr> {
        let operand = self.expr(operand)?;
        let collation = explicit([&operand]);
        Ok(made(ExprKind::IsNull { negated, operand: Box::new(operand) }, Classes::INTEGER, collation))
    }

    #[inline(never)]
    pub(super) fn collate(&mut self, operand: &'a ast::Expr, name: &'a ast::Name) -> Result<Expr> {
        // Of several COLLATEs the outermost counts. An unknown one is an error only where it is used.
        let operand = self.expr(operand)?;
        Ok(with_collation(operand, self.named_collation(&name.text)))
    }

    #[inline(never)]
    pub(super) fn cast(&mut self, operand: &'a ast::Expr, type_name: &'a ast::TypeName) -> Result<Expr> {
        let operand = self.expr(operand)?;
        let to = cast_affinity(&type_name.text);
        let classes = match to {
            Affinity::Integer => Classes::INTEGER,
            Affinity::Real => Classes::REAL,
            Affinity::Text => Classes::TEXT,
            Affinity::Blob => Classes::BLOB,
            _ => Classes::NUMBER,
        };
        let classes = Classes(classes.0 | operand.classes.0 & Classes::NULL.0);
        let collation = operand.collation.clone();
        Ok(Expr { kind: ExprKind::Cast { operand: Box::new(operand), to }, affinity: to, classes, collation })
    }

    /// LIKE, GLOB, REGEXP and MATCH are calls with the pattern first.
    #[inline(never)]
    pub(super) fn like(
        &mut self,
        op: LikeOp,
        negated: bool,
        operand: &'a ast::Expr,
        pattern: &'a ast::Expr,
        escape: Option<&'a ast::Expr>,
    ) -> Result<Expr> {
        let name = match op {
            LikeOp::Like => "LIKE",
            LikeOp::Glob => "GLOB",
            LikeOp::Regexp => "REGEXP",
            LikeOp::Match => "MATCH",
        };
        let subject = (operand.span, pattern.span);
        let mut args = Vec::with_capacity(3);
        args.push(self.expr(pattern)?);
        args.push(self.expr(operand)?);
        if let Some(escape) = escape {
            args.push(self.expr(escape)?);
        }
        let shown = self.operator_text(name, subject.0, subject.1);
        let call = self.named_call(shown, args)?;
        if !negated {
            return Ok(call);
        }
        let collation = call.collation.clone();
        Ok(made(ExprKind::Unary(UnaryOp::Not, Box::new(call)), Classes::INTEGER.or(Classes::NULL), collation))
    }

    /// An operator's name as it was written between its operands: messages show it so.
    fn operator_text(&self, name: &'static str, left: ast::Span, right: ast::Span) -> &'a str {
        let between = self.source.get(left.end as usize..right.start as usize).unwrap_or_default();
        let mut starts = between.char_indices().map(|(i, _)| i);
        starts.find_map(|i| between.get(i..i + name.len()).filter(|t| t.eq_ignore_ascii_case(name))).unwrap_or(name)
    }

    /// What stands on one side of a comparison: a value, a row, or a subquery of several columns.
    pub fn operand(&mut self, e: &'a ast::Expr) -> Result<Operand> {
        match &e.kind {
            Ast::Row(members) => Ok(Operand::Row(self.exprs(members)?)),
            Ast::Subquery(query) => {
                self.deeper()?;
                let query = self.subquery(query)?;
                self.height -= 1;
                Ok(if query.columns.len() == 1 { Operand::One(self.scalar_of(query)) } else { Operand::Query(query) })
            }
            _ => Ok(Operand::One(self.expr(e)?)),
        }
    }
}

/// The affinity of a CAST's type. `CAST(x AS "")` keeps blobs.
fn cast_affinity(type_name: &str) -> Affinity {
    Affinity::of_type(type_name)
}

pub fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    let collation = explicit([&left, &right]);
    let classes = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract | ArithmeticOp::Multiply => Classes::NUMBER.or(Classes::NULL),
        ArithmeticOp::Divide | ArithmeticOp::Remainder => Classes::NUMBER.or(Classes::NULL),
        ArithmeticOp::Concat => Classes::TEXT.or(Classes(left.classes.or(right.classes).0 & Classes::NULL.0)),
        _ => truth_classes(left.classes.or(right.classes)),
    };
    made(ExprKind::Arithmetic(op, Box::new(left), Box::new(right)), classes, collation)
}

/// AND or OR; the left operand's terms come first in one flat list.
pub fn logic(and: bool, left: Expr, right: Expr) -> Expr {
    let collation = explicit([&left, &right]);
    let classes = truth_classes(left.classes.or(right.classes));
    let kind = match (and, left.kind) {
        (true, ExprKind::And(mut terms)) => {
            terms.push(right);
            ExprKind::And(terms)
        }
        (false, ExprKind::Or(mut terms)) => {
            terms.push(right);
            ExprKind::Or(terms)
        }
        (and, kind) => {
            let left = Expr { kind, ..left };
            if and { ExprKind::And(vec![left, right]) } else { ExprKind::Or(vec![left, right]) }
        }
    };
    made(kind, classes, collation)
}

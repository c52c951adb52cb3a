//! Evaluates a [`Node`] for the current row of a program.
//!
//! Results borrow from the rows, the inputs or the arena, which is emptied between rows. NULL and three-valued
//! logic as in https://sqlite.org/lang_expr.html.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use bumpalo::Bump;
use heliosdb_udfs::scalar::like_known;
use heliosdb_udfs::signature::{Call, Flags};
pub use heliosdb_udfs::value::affinity::prepare;
use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef, affinity, arithmetic, cast, compare, key};

use super::context::Context;
use super::level::Level;
use super::node::{ArithmeticOp, CompareOp, Node, RaiseAction, Subquery, SubqueryId};
use super::subquery::SubqueryRun;
use crate::error::{Code, Error, Result};
use crate::store::record;

/// What an expression can see.
#[derive(Clone, Copy)]
pub struct Env<'e> {
    pub cx: &'e Context<'e>,
    pub levels: &'e [Level],
    /// The record of one level, most often the one that has moved, so that its fields are read without asking the level.
    pub near: Near<'e>,
    pub inputs: &'e [Value],
    pub slots: &'e [Value],
    pub subqueries: &'e [Subquery],
    pub runs: &'e [RefCell<SubqueryRun>],
    pub arena: &'e Bump,
    /// Whether the value just computed carries the JSON subtype.
    pub json: &'e Cell<bool>,
}

impl<'e> Env<'e> {
    /// For expressions that read levels, the first one mostly, and no subqueries.
    #[inline]
    pub fn over(
        levels: &'e [Level],
        inputs: &'e [Value],
        arena: &'e Bump,
        json: &'e Cell<bool>,
        cx: &'e Context<'e>,
    ) -> Env<'e> {
        Env { cx, levels, near: Near::of(levels, 0), inputs, slots: &[], subqueries: &[], runs: &[], arena, json }
    }
}

/// A level and its record at hand.
#[derive(Clone, Copy)]
pub struct Near<'e> {
    level: u16,
    record: &'e [u8],
    /// The row's rowid if the level itself is not at the row.
    rowid: Option<i64>,
}

impl<'e> Near<'e> {
    pub const NONE: Near<'static> = Near { level: u16::MAX, record: &[], rowid: None };

    /// A level that is at a row.
    #[inline]
    pub fn of(levels: &'e [Level], level: usize) -> Near<'e> {
        match levels.get(level).and_then(Level::near_record) {
            Some(record) => Near { level: level as u16, record, rowid: None },
            None => Near::NONE,
        }
    }

    /// A row of a level that is at another row.
    #[inline]
    pub fn at(level: usize, rowid: i64, record: &'e [u8]) -> Near<'e> {
        Near { level: level as u16, record, rowid: Some(rowid) }
    }
}

pub type Evaluated<'e> = Result<ValueRef<'e>>;

const TRUE: ValueRef<'static> = ValueRef::Integer(1);
const FALSE: ValueRef<'static> = ValueRef::Integer(0);

#[inline]
fn truth_value<'e>(t: Option<bool>) -> ValueRef<'e> {
    match t {
        Some(true) => TRUE,
        Some(false) => FALSE,
        None => ValueRef::Null,
    }
}

/// The value of a node. What is only read is read here, without a call.
#[inline(always)]
pub fn eval<'e>(node: &'e Node, env: &Env<'e>) -> Evaluated<'e> {
    Ok(match node {
        Node::Column { level, field, default } => column(env, *level, *field, default.as_deref()),
        Node::Constant(v) => v.as_ref(),
        Node::Parameter(i) => env.cx.parameters.get(*i as usize).map_or(ValueRef::Null, Value::as_ref),
        Node::Rowid { level } => match env.near.rowid {
            Some(rowid) if *level == env.near.level => ValueRef::Integer(rowid),
            _ => env.levels[*level as usize].rowid(),
        },
        Node::Input(i) => env.inputs[*i as usize].as_ref(),
        Node::Slot(i) => env.slots[*i as usize].as_ref(),
        Node::Arithmetic(op, l, r) => return operate(*op, l, r, env),
        _ => return compute(node, env),
    })
}

fn operate<'e>(op: ArithmeticOp, l: &'e Node, r: &'e Node, env: &Env<'e>) -> Evaluated<'e> {
    let (l, r) = (eval(l, env)?, eval(r, env)?);
    if let (ValueRef::Integer(x), ValueRef::Integer(y)) = (l, r) {
        let known = match op {
            ArithmeticOp::Add => x.checked_add(y),
            ArithmeticOp::Subtract => x.checked_sub(y),
            ArithmeticOp::Multiply => x.checked_mul(y),
            _ => None,
        };
        if let Some(z) = known {
            return Ok(ValueRef::Integer(z));
        }
    }
    if let (ArithmeticOp::Concat, ValueRef::Blob(blob)) = (op, l)
        && blob.len() % 2 != 0
    {
        return limited(env, env.cx.around.host().encoding().concat(l, r, env.arena));
    }
    operate_on(op, readable(l, env), readable(r, env), env)
}

fn operate_on<'e>(op: ArithmeticOp, l: ValueRef<'e>, r: ValueRef<'e>, env: &Env<'e>) -> Evaluated<'e> {
    Ok(match op {
        ArithmeticOp::Add => arithmetic::add(l, r),
        ArithmeticOp::Subtract => arithmetic::subtract(l, r),
        ArithmeticOp::Multiply => arithmetic::multiply(l, r),
        ArithmeticOp::Divide => arithmetic::divide(l, r),
        ArithmeticOp::Remainder => arithmetic::remainder(l, r),
        ArithmeticOp::BitAnd => arithmetic::bit_and(l, r),
        ArithmeticOp::BitOr => arithmetic::bit_or(l, r),
        ArithmeticOp::ShiftLeft => arithmetic::shift_left(l, r),
        ArithmeticOp::ShiftRight => arithmetic::shift_right(l, r),
        ArithmeticOp::Concat => limited(env, arithmetic::concat(l, r, env.arena))?,
    })
}

/// Where text or a number is wanted a blob is read as text of the databases' encoding.
#[inline]
fn readable<'e>(v: ValueRef<'e>, env: &Env<'e>) -> ValueRef<'e> {
    if matches!(v, ValueRef::Blob(_)) { env.cx.around.host().encoding().text_of_blob(v, env.arena) } else { v }
}

/// The value of a node that is made of others.
fn compute<'e>(node: &'e Node, env: &Env<'e>) -> Evaluated<'e> {
    Ok(match node {
        Node::Constant(_)
        | Node::Parameter(_)
        | Node::Column { .. }
        | Node::Rowid { .. }
        | Node::Input(_)
        | Node::Slot(_)
        | Node::Arithmetic(..) => return eval(node, env),
        Node::Negate(x) => arithmetic::negate(readable(eval(x, env)?, env)),
        Node::BitNot(x) => arithmetic::bit_not(readable(eval(x, env)?, env)),
        Node::Not(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Compare { .. }
        | Node::CompareFieldInteger { .. }
        | Node::CompareRows { .. }
        | Node::CompareRowQuery { .. }
        | Node::IsNull { .. }
        | Node::IsTruth { .. }
        | Node::Between { .. }
        | Node::InList { .. }
        | Node::InSet { .. }
        | Node::InQuery { .. }
        | Node::Like { .. }
        | Node::Exists { .. } => truth_value(truth(node, env)?),
        Node::Scalar(id) => subquery_column(env, *id, 0)?,
        Node::RowScalar { query, column } => subquery_column(env, *query, *column as usize)?,
        Node::Case { operand, whens, otherwise } => {
            let operand = operand.as_ref().map(|x| eval(x, env)).transpose()?;
            for (when, then, aff, collation) in whens {
                let hit = match operand {
                    Some(x) => equal(x, eval(when, env)?, *aff, collation, env.arena) == Some(true),
                    None => truth(when, env)? == Some(true),
                };
                if hit {
                    env.json.set(false);
                    return eval(then, env);
                }
            }
            env.json.set(false);
            match otherwise {
                Some(x) => eval(x, env)?,
                None => ValueRef::Null,
            }
        }
        Node::Coalesce(xs) => {
            for x in xs {
                env.json.set(false);
                let v = eval(x, env)?;
                if !v.is_null() {
                    return Ok(v);
                }
            }
            ValueRef::Null
        }
        Node::Cast { operand, to } => {
            let v = eval(operand, env)?;
            if matches!(v, ValueRef::Blob(_)) || *to == Affinity::Blob {
                cast::cast_encoded(v, *to, env.cx.around.host().encoding(), env.arena)
            } else {
                cast::cast(v, *to, env.arena)
            }
        }
        Node::Apply { operand, affinity } => affinity::apply(eval(operand, env)?, *affinity, env.arena),
        Node::Call { function, args, collation } => {
            let mut values = bumpalo::collections::Vec::with_capacity_in(args.len(), env.arena);
            let mut json_args = 0u64;
            let takes_subtype = function.flags.has(Flags::TAKES_SUBTYPE);
            let reads_text = function.flags.has(Flags::READS_TEXT);
            for (i, arg) in args.iter().enumerate() {
                env.json.set(false);
                let value = eval(arg, env)?;
                values.push(if reads_text { readable(value, env) } else { value });
                if takes_subtype && i < 64 && env.json.get() && passes_subtype(arg) {
                    json_args |= 1 << i;
                }
            }
            let host = env.cx.around.host();
            let mut call = Call { arena: env.arena, host, collation, json_args, json_result: false };
            let value = (function.call)(&mut call, values.into_bump_slice())?;
            env.json.set(call.json_result);
            value
        }
        Node::CallUser { function, args } => {
            let mut values = bumpalo::collections::Vec::with_capacity_in(args.len(), env.arena);
            for arg in args {
                values.push(eval(arg, env)?);
            }
            let value = function.call(&values)?;
            env.json.set(false);
            limited(env, keep(&value, env.arena))?
        }
        Node::Raise { action, message } => {
            let text = match message {
                Some(m) => {
                    let text = cast::to_text(readable(eval(m, env)?, env), env.arena);
                    String::from_utf8_lossy(text).into_owned()
                }
                None => String::new(),
            };
            return Err(raised(*action, text));
        }
    })
}

/// The error that carries RAISE out of a trigger; the writer recognises the conflict action by `raise`.
fn raised(action: RaiseAction, message: String) -> Error {
    let mut error = Error::new(Code::CONSTRAINT_TRIGGER, message);
    error.raise = Some(action);
    error
}

#[inline(always)]
fn column<'e>(env: &Env<'e>, level: u16, field: u16, default: Option<&'e Value>) -> ValueRef<'e> {
    let value = if level == env.near.level {
        record::column(env.near.record, field as usize)
    } else {
        env.levels[level as usize].field(field as usize)
    };
    match value {
        Some(v) => v,
        None => default.map_or(ValueRef::Null, Value::as_ref),
    }
}

/// Copies an owned value into the arena.
pub fn keep<'e>(value: &Value, arena: &'e Bump) -> ValueRef<'e> {
    match value {
        Value::Null => ValueRef::Null,
        Value::Integer(i) => ValueRef::Integer(*i),
        Value::Real(r) if r.is_nan() => ValueRef::Null,
        Value::Real(r) => ValueRef::Real(*r),
        Value::Text(t) => ValueRef::Text(arena.alloc_slice_copy(t)),
        Value::Blob(b) => ValueRef::Blob(arena.alloc_slice_copy(b)),
    }
}

#[inline]
fn limited<'e>(env: &Env<'e>, value: ValueRef<'e>) -> Evaluated<'e> {
    match value {
        ValueRef::Text(b) | ValueRef::Blob(b)
            if b.len() > 1_000_000 && b.len() > env.cx.around.host().length_limit() =>
        {
            Err(Error::too_big())
        }
        v => Ok(v),
    }
}

/// Whether a node hands the JSON subtype of an inner call on.
fn passes_subtype(node: &Node) -> bool {
    matches!(node, Node::Call { .. } | Node::Case { .. } | Node::Coalesce(_) | Node::Scalar(_) | Node::Cast { .. })
}

/// Compares after applying `affinity` to both sides; NULL makes NULL.
#[inline]
fn ordering<'e>(l: ValueRef<'e>, r: ValueRef<'e>, aff: Affinity, collation: &Collation, arena: &'e Bump) -> Ordering {
    match (l, r) {
        // TEXT makes text of a number only beside text. (It stands beside another number where USING joins columns.)
        (ValueRef::Integer(_) | ValueRef::Real(_), ValueRef::Integer(_) | ValueRef::Real(_)) => {
            compare::compare(l, r, collation)
        }
        _ if aff == Affinity::None => compare::compare(l, r, collation),
        _ => compare::compare(prepare(l, aff, arena), prepare(r, aff, arena), collation),
    }
}

#[inline]
fn equal<'e>(l: ValueRef<'e>, r: ValueRef<'e>, aff: Affinity, collation: &Collation, arena: &'e Bump) -> Option<bool> {
    if l.is_null() || r.is_null() {
        return None;
    }
    Some(ordering(l, r, aff, collation, arena) == Ordering::Equal)
}

#[inline]
fn holds(op: CompareOp, o: Ordering) -> bool {
    match op {
        CompareOp::Equal | CompareOp::Is => o == Ordering::Equal,
        CompareOp::NotEqual | CompareOp::IsNot => o != Ordering::Equal,
        CompareOp::Less => o == Ordering::Less,
        CompareOp::LessEqual => o != Ordering::Greater,
        CompareOp::Greater => o == Ordering::Greater,
        CompareOp::GreaterEqual => o != Ordering::Less,
    }
}

/// `l op r` for two values.
#[inline]
fn compare_values<'e>(
    op: CompareOp,
    l: ValueRef<'e>,
    r: ValueRef<'e>,
    aff: Affinity,
    collation: &Collation,
    arena: &'e Bump,
) -> Option<bool> {
    match (l, r) {
        (ValueRef::Integer(x), ValueRef::Integer(y)) if aff != Affinity::Text => Some(holds(op, x.cmp(&y))),
        (ValueRef::Real(x), ValueRef::Real(y)) if aff != Affinity::Text => {
            Some(holds(op, x.partial_cmp(&y).unwrap_or(Ordering::Equal)))
        }
        (ValueRef::Text(x), ValueRef::Text(y)) if matches!(aff, Affinity::None | Affinity::Text) => {
            Some(holds(op, collation.compare(x, y)))
        }
        _ => compare_any(op, l, r, aff, collation, arena),
    }
}

fn compare_any<'e>(
    op: CompareOp,
    l: ValueRef<'e>,
    r: ValueRef<'e>,
    aff: Affinity,
    collation: &Collation,
    arena: &'e Bump,
) -> Option<bool> {
    if l.is_null() || r.is_null() {
        return match op {
            CompareOp::Is => Some(l.is_null() && r.is_null()),
            CompareOp::IsNot => Some(!(l.is_null() && r.is_null())),
            _ => None,
        };
    }
    Some(holds(op, ordering(l, r, aff, collation, arena)))
}

/// The truth of a node in a boolean context: `None` is NULL. The commonest is told here, without a call.
#[inline]
pub fn truth<'e>(node: &'e Node, env: &Env<'e>) -> Result<Option<bool>> {
    match node {
        Node::CompareFieldInteger { op, level, field, value, affinity } => {
            Ok(match column(env, *level, *field, None) {
                ValueRef::Integer(x) => Some(holds(*op, x.cmp(value))),
                x => compare_any(*op, x, ValueRef::Integer(*value), *affinity, &Collation::Binary, env.arena),
            })
        }
        _ => truth_of(node, env),
    }
}

fn truth_of<'e>(node: &'e Node, env: &Env<'e>) -> Result<Option<bool>> {
    Ok(match node {
        Node::CompareFieldInteger { .. } => return truth(node, env),
        Node::Compare { op, left, right, affinity, collation } => {
            let l = eval(left, env)?;
            let r = eval(right, env)?;
            compare_values(*op, l, r, *affinity, collation, env.arena)
        }
        Node::Like { operand, pattern } => {
            let text = readable(eval(operand, env)?, env);
            like_known(pattern, text, env.cx.shared.like_options(env.cx.around), env.arena)?
        }
        Node::And(terms) => {
            let mut result = Some(true);
            for term in terms {
                match truth(term, env)? {
                    Some(true) => {}
                    Some(false) => return Ok(Some(false)),
                    None => result = None,
                }
            }
            result
        }
        Node::Or(terms) => {
            let mut result = Some(false);
            for term in terms {
                match truth(term, env)? {
                    Some(false) => {}
                    Some(true) => return Ok(Some(true)),
                    None => result = None,
                }
            }
            result
        }
        Node::Not(x) => truth(x, env)?.map(|t| !t),
        Node::IsNull { negated, operand } => Some(eval(operand, env)?.is_null() != *negated),
        Node::IsTruth { negated, truth: wanted, operand } => Some((truth(operand, env)? == Some(*wanted)) != *negated),
        Node::Between { negated, operand, low, high, by } => {
            let x = eval(operand, env)?;
            let l = eval(low, env)?;
            let above = compare_values(CompareOp::GreaterEqual, x, l, by[0].0, &by[0].1, env.arena);
            let h = eval(high, env)?;
            let below = compare_values(CompareOp::LessEqual, x, h, by[1].0, &by[1].1, env.arena);
            let both = match (above, below) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            both.map(|t| t != *negated)
        }
        Node::InList { negated, operand, items, affinity, collation } => {
            let x = eval(operand, env)?;
            let mut result = Some(false);
            for item in items {
                match equal(x, eval(item, env)?, *affinity, collation, env.arena) {
                    Some(true) => {
                        result = Some(true);
                        break;
                    }
                    Some(false) => {}
                    None => result = None,
                }
            }
            if items.is_empty() {
                result = Some(false);
            }
            result.map(|t| t != *negated)
        }
        Node::InSet { negated, operand, set, affinity } => {
            let x = prepare(eval(operand, env)?, *affinity, env.arena);
            if x.is_null() {
                return Ok(None);
            }
            if let (ValueRef::Integer(i), Some(integers)) = (x, &set.integers) {
                return Ok(match integers.contains(&i) {
                    true => Some(!negated),
                    false if set.has_null => None,
                    false => Some(*negated),
                });
            }
            let mut bytes = Vec::with_capacity(16);
            let encoded = key::encode_key(x, &set.collation, false, &mut bytes);
            debug_assert!(encoded.is_ok(), "sets are made for built-in collations only");
            let found = if set.keys.contains(bytes.as_slice()) {
                Some(true)
            } else if set.has_null {
                None
            } else {
                Some(false)
            };
            found.map(|t| t != *negated)
        }
        Node::CompareRows { op, left, right, by } => {
            let mut l = bumpalo::collections::Vec::with_capacity_in(left.len(), env.arena);
            let mut r = bumpalo::collections::Vec::with_capacity_in(right.len(), env.arena);
            for x in left {
                l.push(eval(x, env)?);
            }
            for x in right {
                r.push(eval(x, env)?);
            }
            compare_rows(*op, &l, &r, by, env.arena)
        }
        Node::CompareRowQuery { op, left, query, by } => {
            let mut l = bumpalo::collections::Vec::with_capacity_in(left.len(), env.arena);
            for x in left {
                l.push(eval(x, env)?);
            }
            let mut r = bumpalo::collections::Vec::with_capacity_in(left.len(), env.arena);
            for i in 0..left.len() {
                r.push(subquery_column(env, *query, i)?);
            }
            compare_rows(*op, &l, &r, by, env.arena)
        }
        Node::Exists { negated, query } => {
            let subquery = &env.subqueries[query.0 as usize];
            let found = borrow_run(env, *query)?.exists(subquery, env)?;
            Some(found != *negated)
        }
        Node::InQuery { negated, operand, query, by } => {
            let mut left = bumpalo::collections::Vec::with_capacity_in(operand.len(), env.arena);
            for x in operand {
                left.push(eval(x, env)?);
            }
            let subquery = &env.subqueries[query.0 as usize];
            borrow_run(env, *query)?.contains(subquery, env, &left, by)?.map(|t| t != *negated)
        }
        _ => cast::truth(readable(eval(node, env)?, env)),
    })
}

/// Row values compare member by member (https://sqlite.org/rowvalue.html).
fn compare_rows<'e>(
    op: CompareOp,
    left: &[ValueRef<'e>],
    right: &[ValueRef<'e>],
    by: &[(Affinity, Collation)],
    arena: &'e Bump,
) -> Option<bool> {
    let members = || left.iter().zip(right).zip(by);
    match op {
        CompareOp::Is | CompareOp::IsNot => {
            let same =
                members().all(|((l, r), (a, c))| compare_values(CompareOp::Is, *l, *r, *a, c, arena) == Some(true));
            Some(same == (op == CompareOp::Is))
        }
        CompareOp::Equal | CompareOp::NotEqual => {
            let mut result = Some(true);
            for ((l, r), (a, c)) in members() {
                match equal(*l, *r, *a, c, arena) {
                    Some(false) => {
                        result = Some(false);
                        break;
                    }
                    Some(true) => {}
                    None => result = None,
                }
            }
            result.map(|t| t == (op == CompareOp::Equal))
        }
        _ => {
            let last = left.len() - 1;
            for (i, ((l, r), (a, c))) in members().enumerate() {
                if l.is_null() || r.is_null() {
                    return None;
                }
                let o = ordering(*l, *r, *a, c, arena);
                if i == last || o != Ordering::Equal {
                    return Some(holds(op, o));
                }
            }
            None
        }
    }
}

fn subquery_column<'e>(env: &Env<'e>, id: SubqueryId, column: usize) -> Evaluated<'e> {
    let subquery = &env.subqueries[id.0 as usize];
    let mut run = borrow_run(env, id)?;
    let (value, json) = run.scalar(subquery, env, column)?;
    let value = keep(value, env.arena);
    env.json.set(json);
    Ok(value)
}

/// A subquery that is running cannot be entered again: only a callback that steps its own statement could try.
fn borrow_run<'e>(env: &Env<'e>, id: SubqueryId) -> Result<std::cell::RefMut<'e, SubqueryRun>> {
    env.runs[id.0 as usize]
        .try_borrow_mut()
        .map_err(|_| Error::new(Code::MISUSE, "a statement cannot be stepped from within itself"))
}

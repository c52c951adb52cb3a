//! Calls: scalar functions, aggregates and who owns them, and functions that are syntax (coalesce, iif).
//!
//! Source: https://sqlite.org/lang_corefunc.html, https://sqlite.org/lang_aggfunc.html

use heliosdb_dialect::ast::{self, ExprKind as Ast};
use heliosdb_udfs::signature::{Flags, Scalar};
use heliosdb_udfs::value::Collation;

use super::super::authorize::Permission;
use super::super::binder::Binder;
use super::super::bound::{
    Aggregate, AggregateFunction, Call, Classes, Expr, ExprKind, Free, Function, SortKey, When, WindowFunction,
};
use super::super::builtin::{Callee, lookup};
use super::super::context::Lookup;
use super::super::scope::{Place, Scope};
use super::case::case_of;
use super::literal::is_hint;
use super::{collation_of, explicit, made, same, walk};
use crate::error::{Error, Result};
use heliosdb_udfs::value::{Affinity, Value};

pub fn aggregate_name(function: &AggregateFunction) -> &str {
    match function {
        AggregateFunction::Builtin(def) => def.name,
        AggregateFunction::User { name, .. } => name,
    }
}

pub fn window_name(function: &WindowFunction) -> &str {
    let kind = match function {
        WindowFunction::Aggregate(function) => return aggregate_name(function),
        WindowFunction::Positional(kind) => *kind,
    };
    let mut tables = heliosdb_udfs::window::TABLES.iter().copied().flatten();
    tables.find(|def| def.kind == kind).map_or("", |def| def.name)
}

fn flags(function: &AggregateFunction) -> Flags {
    match function {
        AggregateFunction::Builtin(def) => def.flags,
        AggregateFunction::User { .. } => Flags::NONE,
    }
}

/// The collation that a function comparing its arguments uses: that of the first argument which has one.
pub fn call_collation(args: &[Expr]) -> Collation {
    args.iter().find_map(|a| a.collation.as_ref()).map_or(Collation::Binary, |c| c.collation.clone())
}

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn call(&mut self, call: &'a ast::Call) -> Result<Expr> {
        let name = &*call.name.text;
        let max = self.space.options.limits.function_args;
        if call.args.len() > max {
            return Err(Error::sql(format!("too many arguments on function {name}")));
        }
        if call.distinct && call.over.is_some() {
            return Err(Error::sql("DISTINCT is not supported for window functions"));
        }
        let callee =
            match lookup(self.space.functions, name, call.args.len() + usize::from(call.within_group.is_some())) {
                Lookup::Found(callee) => callee,
                Lookup::WrongArguments if call.over.is_none() || !self.has_scalar(name) => {
                    return Err(Error::sql(format!("wrong number of arguments to function {name}()")));
                }
                Lookup::WrongArguments => {
                    return Err(Error::sql(format!("{name}() may not be used as a window function")));
                }
                Lookup::Missing => return Err(Error::sql(format!("no such function: {name}"))),
            };
        if self.ask_function(name)? == Permission::Ignored {
            return Ok(made(ExprKind::Literal(Value::Null), Classes::NULL, None));
        }
        match callee {
            Callee::Scalar(function) => self.scalar_call(call, function),
            Callee::Aggregate(function) => match &call.over {
                Some(over) => self.window_aggregate(call, function, over),
                None => self.aggregate_call(call, function),
            },
            Callee::Window(def) => match &call.over {
                Some(over) if self.scope().allow_windows => self.window_positional(call, def, over),
                _ => Err(Error::sql(format!("misuse of window function {name}()"))),
            },
        }
    }

    fn has_scalar(&self, name: &str) -> bool {
        (0..4).any(|n| matches!(lookup(self.space.functions, name, n), Lookup::Found(Callee::Scalar(_))))
    }

    #[inline(never)]
    fn scalar_call(&mut self, call: &'a ast::Call, function: Function) -> Result<Expr> {
        let name = &*call.name.text;
        self.check_usable(name, &function)?;
        if call.over.is_some() {
            return Err(Error::sql(format!("{name}() may not be used as a window function")));
        }
        if call.filter.is_some() {
            return Err(Error::sql(format!("FILTER may not be used with non-aggregate {name}()")));
        }
        if !call.order_by.is_empty() || call.within_group.is_some() {
            return Err(Error::sql(format!("ORDER BY may not be used with non-aggregate {name}()")));
        }
        if is_hint(name, call.args.len()) && matches!(function, Function::Builtin(_)) {
            return self.hint(call);
        }
        let args = self.exprs(&call.args)?;
        Ok(scalar_of(function, args))
    }

    /// `likely(X)` is X without its affinity.
    #[inline(never)]
    fn hint(&mut self, call: &'a ast::Call) -> Result<Expr> {
        if let Some(p) = call.args.get(1)
            && !matches!(p.kind, Ast::Literal(ast::Literal::Real(r)) if (0.0..=1.0).contains(&r))
        {
            let name = &call.name.text;
            return Err(Error::sql(format!("second argument to {name}() must be a constant between 0.0 and 1.0")));
        }
        let mut inner = self.expr(&call.args[0])?;
        inner.affinity = Affinity::None;
        inner.collation = inner.collation.filter(|c| c.explicit);
        Ok(inner)
    }

    /// A call that an operator or keyword stands for.
    pub(super) fn named_call(&mut self, name: &str, args: Vec<Expr>) -> Result<Expr> {
        let function = match lookup(self.space.functions, name, args.len()) {
            Lookup::Found(Callee::Scalar(function)) => function,
            Lookup::Found(_) => return Err(Error::sql(format!("misuse of aggregate function {name}()"))),
            Lookup::WrongArguments => {
                return Err(Error::sql(format!("wrong number of arguments to function {name}()")));
            }
            Lookup::Missing => return Err(Error::sql(format!("no such function: {name}"))),
        };
        if self.ask_function(name)? == Permission::Ignored {
            return Ok(made(ExprKind::Literal(Value::Null), Classes::NULL, None));
        }
        self.check_usable(name, &function)?;
        Ok(scalar_of(function, args))
    }

    /// Whether the place allows the function.
    fn check_usable(&mut self, name: &str, function: &Function) -> Result<()> {
        let place = self.scope().place;
        let (deterministic, direct_only) = match function {
            Function::Builtin(s) => (
                s.flags.has(Flags::DETERMINISTIC) || s.flags.has(Flags::DETERMINISTIC_UNLESS_NOW),
                s.flags.has(Flags::DIRECT_ONLY),
            ),
            Function::User { deterministic, .. } => (*deterministic, false),
        };
        if !deterministic && matches!(place, Place::Index | Place::PartialIndex | Place::Generated) {
            return Err(Error::sql(format!("non-deterministic functions prohibited in {}", place.named())));
        }
        let unsafe_here =
            direct_only || !self.space.options.trusted_schema && matches!(function, Function::User { .. });
        if unsafe_here && self.from_schema {
            return Err(Error::sql(format!("unsafe use of {name}()")));
        }
        Ok(())
    }

    #[inline(never)]
    fn aggregate_call(&mut self, call: &'a ast::Call, function: AggregateFunction) -> Result<Expr> {
        let name = &*call.name.text;
        if !self.scope().allow_aggregates {
            return Err(Error::sql(format!("misuse of aggregate function {name}()")));
        }
        let marks: Vec<usize> = self.frames.iter().map(|f| f.free.len()).collect();
        let allowed = self.allow(false, false);
        let mut args = self.exprs(&call.args)?;
        let order_by = self.sort_keys(&call.order_by)?;
        if let Some(within) = &call.within_group {
            let value = self.expr(within)?;
            args.insert(0, value);
        }
        let filter = call.filter.as_deref().map(|f| self.expr(f)).transpose()?;
        self.allow(allowed.0, allowed.1);
        if call.distinct && args.len() != 1 {
            return Err(Error::sql("DISTINCT aggregates must have exactly one argument"));
        }
        let owner = self.owner(args.iter().chain(order_by.iter().map(|k| &k.expr)).chain(filter.iter()));
        if owner + 1 != self.scopes.len() {
            // What the arguments refer to is read where the aggregate is computed.
            for (frame, mark) in self.frames.iter_mut().zip(marks) {
                if frame.base > owner {
                    frame.free.truncate(mark);
                }
            }
            if !self.scopes[owner].allow_aggregates {
                return Err(misuse(name));
            }
        }
        let collation = if flags(&function).has(Flags::COLLATION) || call.distinct {
            call_collation(&args)
        } else {
            Collation::Binary
        };
        self.check_collation(&collation)?;
        let handed_on = explicit(&args);
        let classes = aggregate_classes(&function, &args);
        let found = self.scopes[owner].aggregates.iter().find(|a| {
            a.distinct == call.distinct
                && same::same_aggregate(&a.function, &function)
                && same::same_list(&a.args, &args)
                && same::same_sort(&a.order_by, &order_by)
                && match (&a.filter, &filter) {
                    (None, None) => true,
                    (Some(a), Some(b)) => same::same(a, b),
                    _ => false,
                }
        });
        let id = match found {
            Some(a) => a.id,
            None => {
                let id = self.new_aggregate();
                let distinct = call.distinct;
                let aggregate = Aggregate { id, function, args, distinct, filter, order_by, collation };
                self.scopes[owner].aggregates.push(aggregate);
                id
            }
        };
        self.scopes[owner].aggregate_uses += 1;
        self.refer(Some(owner), Free::Aggregate(id));
        Ok(made(ExprKind::Aggregate(id), classes, handed_on))
    }

    /// Sets what calls are allowed in the innermost scope; the former setting comes back.
    pub(super) fn allow(&mut self, aggregates: bool, windows: bool) -> (bool, bool) {
        let scope = self.scope();
        let former = (scope.allow_aggregates, scope.allow_windows);
        (scope.allow_aggregates, scope.allow_windows) = (aggregates, windows);
        former
    }

    /// ORDER BY terms of a call or window.
    pub fn sort_keys(&mut self, terms: &'a [ast::OrderTerm]) -> Result<Vec<SortKey>> {
        let mut keys = Vec::with_capacity(terms.len());
        for term in terms {
            let expr = self.expr(&term.expr)?;
            let collation = collation_of(&expr);
            self.check_collation(&collation)?;
            let nulls_first = term.nulls_first.unwrap_or(!term.descending);
            keys.push(SortKey { expr, collation, descending: term.descending, nulls_first });
        }
        Ok(keys)
    }

    /// The scope that computes an aggregate: the innermost one whose columns its arguments read, or the present
    /// one when they read none.
    fn owner<'e>(&self, parts: impl Iterator<Item = &'e Expr>) -> usize {
        let innermost = self.scopes.len() - 1;
        let mut owner: Option<usize> = None;
        for part in parts {
            walk::references(part, &mut |r| {
                if let Free::Column(c) = r {
                    let holds = |s: &Scope<'_>| s.sources.iter().any(|x| x.id == c.source);
                    if let Some(scope) = self.scopes.iter().rposition(holds) {
                        owner = Some(owner.map_or(scope, |o| o.max(scope)));
                    }
                }
            });
        }
        owner.unwrap_or(innermost)
    }
}

/// `misuse of aggregate: f()`
pub fn misuse(name: &str) -> Error {
    Error::sql(format!("misuse of aggregate: {name}()"))
}

fn aggregate_classes(function: &AggregateFunction, args: &[Expr]) -> Classes {
    let AggregateFunction::Builtin(def) = function else { return Classes::ANY };
    match def.name {
        "count" => Classes::INTEGER,
        "total" => Classes::REAL,
        "sum" => Classes::NUMBER.or(Classes::NULL),
        "avg" => Classes::REAL.or(Classes::NULL),
        "min" | "max" => args.first().map_or(Classes::ANY, |a| a.classes.or(Classes::NULL)),
        "group_concat" | "string_agg" => Classes::TEXT.or(Classes::NULL),
        _ => Classes::ANY,
    }
}

/// A scalar function applied; those that are lazy become their own kind of expression.
fn scalar_of(function: Function, args: Vec<Expr>) -> Expr {
    let collation = explicit(&args);
    if let Function::Builtin(builtin) = &function {
        match lazy(builtin, args) {
            Ok(e) => return e,
            Err(args) => {
                let classes = scalar_classes(builtin.name, &args);
                let by = if builtin.flags.has(Flags::COLLATION) { call_collation(&args) } else { Collation::Binary };
                return made(ExprKind::Call(Box::new(Call { function, args, collation: by })), classes, collation);
            }
        }
    }
    let call = Call { function, args, collation: Collation::Binary };
    made(ExprKind::Call(Box::new(call)), Classes::ANY, collation)
}

/// coalesce, ifnull, iif and if do not evaluate all their arguments.
fn lazy(builtin: &Scalar, mut args: Vec<Expr>) -> Result<Expr, Vec<Expr>> {
    match builtin.name {
        "coalesce" | "ifnull" if args.len() >= 2 => {
            let collation = explicit(&args);
            let any = args.iter().fold(Classes(0), |c, a| c.or(a.classes));
            let null = args.iter().all(|a| a.classes.0 & Classes::NULL.0 != 0);
            let classes = if null { any } else { Classes(any.0 & !Classes::NULL.0) };
            Ok(made(ExprKind::Coalesce(args), classes, collation))
        }
        "iif" | "if" if args.len() >= 2 => {
            let otherwise = if args.len() % 2 == 1 { args.pop() } else { None };
            let mut whens = Vec::with_capacity(args.len() / 2);
            let mut args = args.into_iter();
            while let (Some(when), Some(then)) = (args.next(), args.next()) {
                whens.push(When { when, then, by: Default::default() });
            }
            Ok(case_of(None, whens, otherwise))
        }
        _ => Err(args),
    }
}

fn scalar_classes(name: &str, args: &[Expr]) -> Classes {
    let null = args.iter().fold(Classes(0), |c, a| c.or(a.classes)).0 & Classes::NULL.0;
    match name {
        "length" | "octet_length" | "instr" | "sign" | "unicode" => Classes::INTEGER.or(Classes::NULL),
        "lower" | "upper" | "typeof" | "hex" | "quote" => Classes::TEXT.or(Classes(null)),
        _ => Classes::ANY,
    }
}

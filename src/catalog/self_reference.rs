//! The checks of expressions that may name nothing but their own table: CHECK constraints, generated columns,
//! index terms and WHERE clauses of partial indexes.
//!
//! Nothing is bound here: `plan` does that when a statement needs the expression. What SQLite refuses when the
//! object is created is refused here, with the same words. Generated columns that refer to each other in a
//! circle are found in [`generated_loop`].

use heliosdb_dialect::ast::{BinaryOp, Expr, ExprKind, InSet, Literal, Name, Over, Quote, Window};

use super::environment::{Environment, FunctionKind};
use super::parsed_constant::is_false;
use super::table::Table;
use crate::error::{Error, Result};

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Check,
    Generated,
    IndexTerm,
    PartialIndex,
}

impl Place {
    fn describe(self) -> &'static str {
        match self {
            Place::Check => "CHECK constraints",
            Place::Generated => "generated columns",
            Place::IndexTerm => "index expressions",
            Place::PartialIndex => "partial index WHERE clauses",
        }
    }

    fn prohibits(self, what: &str) -> Error {
        Error::sql(format!("{what} prohibited in {}", self.describe()))
    }
}

/// The three names of the rowid that no column need declare.
pub fn is_rowid_name(name: &str) -> bool {
    ["rowid", "oid", "_rowid_"].iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// What a bare name in an expression of the schema stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    Column(u16),
    Rowid,
    /// TRUE, FALSE, or a double-quoted name that is no column and therefore a string.
    Constant,
}

/// Resolves a bare name, or says that there is no such column.
pub fn resolve(table: &Table, name: &Name, place: Place) -> Result<Resolved> {
    if let Some(column) = table.column(&name.text) {
        return Ok(Resolved::Column(column));
    }
    let takes_rowid = matches!(place, Place::Check | Place::PartialIndex);
    if takes_rowid && table.has_rowid() && is_rowid_name(&name.text) {
        return Ok(Resolved::Rowid);
    }
    if name.quote == Quote::Double || name.quote == Quote::None && (name.is("true") || name.is("false")) {
        return Ok(Resolved::Constant);
    }
    Err(Error::sql(format!("no such column: {}", name.text)).at(name.span.start as usize))
}

/// Checks one expression.
pub fn check(table: &Table, schema: &str, expr: &Expr, place: Place, environment: &dyn Environment) -> Result<()> {
    Checker { table, schema, place, environment, operands: true }.expr(expr)
}

/// As `check` after another expression's mistake: SQLite looks at the outermost operator only.
pub fn check_outermost(
    table: &Table,
    schema: &str,
    expr: &Expr,
    place: Place,
    environment: &dyn Environment,
) -> Result<()> {
    // NOT IN is a NOT around an IN.
    if matches!(expr.kind, ExprKind::In { negated: true, .. }) {
        return Ok(());
    }
    Checker { table, schema, place, environment, operands: false }.expr(expr)
}

struct Checker<'c> {
    table: &'c Table,
    /// The name of the database that holds the table: `main.t.a` in a CHECK names it.
    schema: &'c str,
    place: Place,
    environment: &'c dyn Environment,
    /// Whether the operands of an operator are looked at.
    operands: bool,
}

impl Checker<'_> {
    fn expr(&self, expr: &Expr) -> Result<()> {
        match &expr.kind {
            ExprKind::Name(name) => resolve(self.table, name, self.place).map(drop),
            ExprKind::Column { schema, table, column } => self.qualified(schema.as_deref(), table, column),
            ExprKind::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp)
                if self.place != Place::Check =>
            {
                Err(self.place.prohibits("non-deterministic functions"))
            }
            ExprKind::Parameter(_) if self.environment.is_loading() => Ok(()),
            ExprKind::Parameter(_) => Err(self.place.prohibits("parameters")),
            ExprKind::Exists(_)
            | ExprKind::Subquery(_)
            | ExprKind::In { set: InSet::Query(_) | InSet::Table { .. }, .. } => {
                Err(self.place.prohibits("subqueries"))
            }
            ExprKind::Call(call) => {
                self.function(&call.name.text, call.args.len(), call.over.is_some())?;
                self.children(expr)
            }
            // SQLite makes 0 of an AND with 0 before it looks at what stands beside.
            ExprKind::Binary(BinaryOp::And, ..) if is_false(expr) => Ok(()),
            _ => self.children(expr),
        }
    }

    fn children(&self, expr: &Expr) -> Result<()> {
        let mut result = Ok(());
        for_each_child(expr, &mut |child| {
            if result.is_ok() && self.operands {
                result = self.expr(child);
            }
        });
        result
    }

    fn qualified(&self, schema: Option<&Name>, table: &Name, column: &Name) -> Result<()> {
        if matches!(self.place, Place::Generated | Place::IndexTerm) && !self.environment.is_loading() {
            // SQLite goes on and reports a name that does not resolve instead.
            if table.is(&self.table.name) && self.table.column(&column.text).is_some() {
                return Err(self.place.prohibits("the \".\" operator"));
            }
        }
        let schema_fits = schema.is_none_or(|s| s.is(self.schema));
        let known = self.table.column(&column.text).is_some() || self.table.has_rowid() && is_rowid_name(&column.text);
        if schema_fits && table.is(&self.table.name) && known {
            return Ok(());
        }
        let prefix = schema.map_or(String::new(), |s| format!("{}.", s.text));
        Err(Error::sql(format!("no such column: {prefix}{}.{}", table.text, column.text)).at(table.span.start as usize))
    }

    fn function(&self, name: &str, args: usize, over: bool) -> Result<()> {
        match self.environment.function(name, args) {
            FunctionKind::Scalar { deterministic } => {
                if over {
                    return Err(Error::sql(format!("{name}() may not be used as a window function")));
                }
                if !deterministic && self.place != Place::Check {
                    return Err(self.place.prohibits("non-deterministic functions"));
                }
                Ok(())
            }
            FunctionKind::Aggregate if over => Err(Error::sql(format!("misuse of window function {name}()"))),
            FunctionKind::Aggregate => Err(Error::sql(format!("misuse of aggregate function {name}()"))),
            FunctionKind::Window => Err(Error::sql(format!("misuse of window function {name}()"))),
            FunctionKind::WrongArgumentCount => {
                Err(Error::sql(format!("wrong number of arguments to function {name}()")))
            }
            FunctionKind::Unknown => Err(Error::sql(format!("no such function: {name}"))),
        }
    }
}

/// Calls `visit` with every direct operand of an expression, subqueries excepted, in the order of the text.
pub fn for_each_child<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Name(_)
        | ExprKind::Column { .. }
        | ExprKind::Parameter(_)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_) => {}
        ExprKind::Unary(_, operand)
        | ExprKind::IsNull { operand, .. }
        | ExprKind::Collate(operand, _)
        | ExprKind::Cast { operand, .. } => visit(operand),
        ExprKind::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        ExprKind::Like { operand, pattern, escape, .. } => {
            visit(operand);
            visit(pattern);
            escape.iter().for_each(|e| visit(e));
        }
        ExprKind::Between { operand, low, high, .. } => {
            visit(operand);
            visit(low);
            visit(high);
        }
        ExprKind::In { operand, set, .. } => {
            visit(operand);
            match set {
                InSet::List(items) => items.iter().for_each(visit),
                InSet::Table { args: Some(args), .. } => args.iter().for_each(visit),
                InSet::Query(_) | InSet::Table { args: None, .. } => {}
            }
        }
        ExprKind::Case { operand, whens, otherwise } => {
            operand.iter().for_each(|e| visit(e));
            for (when, then) in whens {
                visit(when);
                visit(then);
            }
            otherwise.iter().for_each(|e| visit(e));
        }
        ExprKind::Call(call) => {
            call.args.iter().for_each(&mut *visit);
            call.order_by.iter().for_each(|t| visit(&t.expr));
            call.within_group.iter().for_each(|e| visit(e));
            call.filter.iter().for_each(|e| visit(e));
            if let Some(Over::Window(window)) = &call.over {
                for_each_of_window(window, visit);
            }
        }
        ExprKind::Raise { message, .. } => message.iter().for_each(|e| visit(e)),
        ExprKind::Row(members) => members.iter().for_each(visit),
    }
}

fn for_each_of_window<'e>(window: &'e Window, visit: &mut dyn FnMut(&'e Expr)) {
    window.partition_by.iter().for_each(&mut *visit);
    window.order_by.iter().for_each(|t| visit(&t.expr));
}

/// The column to blame if virtual generated columns refer to each other in a circle: the one SQLite names,
/// which is the last that is met again while the columns are gone through in order.
pub fn generated_loop(table: &Table) -> Option<&str> {
    let mut walk = LoopWalk { table, busy: vec![false; table.columns.len()], clean: vec![false; table.columns.len()] };
    let mut blamed = None;
    for column in 0..table.columns.len() {
        if let Some(found) = walk.column(column) {
            blamed = Some(found);
        }
    }
    blamed.map(|i| &*table.columns[i].name)
}

struct LoopWalk<'t> {
    table: &'t Table,
    /// Columns whose expression is being gone through.
    busy: Vec<bool>,
    /// Columns known to lead to no loop.
    clean: Vec<bool>,
}

impl LoopWalk<'_> {
    fn column(&mut self, i: usize) -> Option<usize> {
        let generated = self.table.columns[i].generated.as_ref().filter(|g| !g.stored)?;
        if self.clean[i] {
            return None;
        }
        if self.busy[i] {
            return Some(i);
        }
        self.busy[i] = true;
        let found = self.expr(&generated.expr.expr);
        self.busy[i] = false;
        self.clean[i] = found.is_none();
        found
    }

    fn expr(&mut self, expr: &Expr) -> Option<usize> {
        let mut found = None;
        if let ExprKind::Name(name) = &expr.kind
            && let Some(column) = self.table.column(&name.text)
        {
            found = self.column(usize::from(column));
        }
        let mut children = Vec::new();
        for_each_child(expr, &mut |child| children.push(child));
        for child in children {
            found = self.expr(child).or(found);
        }
        found
    }
}

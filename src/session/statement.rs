//! A prepared statement: its text, its program and, while it runs, its place.
//!
//! It is compiled anew when a schema it was compiled against has changed. A statement that is dropped or reset ends
//! its run first.

use std::borrow::Cow;
use std::sync::Arc;

use heliosdb_dialect::ast::{self, Explain, Parsed};
use heliosdb_udfs::value::{Value, ValueRef, number};

use super::compile::{self, Compiled, Files, Program};
use super::execution::{Execution, Held, aborted_by_rollback};
use super::inner::{Inner, Patience};
use super::status::Limit;
use super::{Connection, ddl, host, pragma, transaction};
use crate::env::stack::{is_deep, with_room_for, with_room_to_compile};
use crate::error::{Code, Error, Result};
use crate::plan::bound::RaiseAction;
use crate::row::context::{Context, Shared};
use crate::row::run::QueryRun;
use crate::row::write;
use crate::store::fault;
use crate::txn::Pin;

/// What a step came to. As wide as an error's pointer: then a result of it is passed in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Step {
    Row,
    Done,
}

enum State {
    Idle,
    Query { run: Box<QueryRun>, rollbacks: u32 },
    Rows { rows: Vec<Vec<Value>>, at: usize },
    Done,
}

/// About how many of SQLite's operations the simplest statement takes, for the progress handler.
const STATEMENT_OPERATIONS: u32 = 8;
/// How often a statement is begun anew because the schema changed while it waited for its turn, as in SQLite.
const SCHEMA_CHANGES_MAX: u32 = 50;

pub struct Statement {
    connection: Arc<Connection>,
    body: Body,
}

/// A statement without its connection, which stays locked while it runs.
struct Body {
    sql: Arc<str>,
    parsed: Arc<Parsed>,
    files: Files,
    compiled: Compiled,
    parameters: Vec<Value>,
    state: State,
    held: Box<Held>,
    shared: Box<Shared>,
    generation: u32,
    /// What of it is counted while rows are still to come.
    counted: Counted,
}

/// How a statement whose rows are still to come is counted besides.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Counted {
    #[default]
    Neither,
    /// Among those that read a database: a table cannot be dropped under them.
    Reading,
    /// Among those that have written: RETURNING.
    Written,
}

impl Statement {
    pub(super) fn new(connection: Arc<Connection>, sql: &str, parsed: Parsed) -> Result<Statement> {
        let files = Files::of(&parsed);
        let compiled = {
            let guard = connection.lock();
            let mut pins = Vec::new();
            files.pin(&guard, &mut pins)?;
            with_room_to_compile(|| compile::compile(&guard, &parsed, sql))?
        };
        let parameters = vec![Value::Null; parsed.parameters.count as usize];
        let body = Body {
            sql: sql.into(),
            parsed: Arc::new(parsed),
            files,
            compiled,
            parameters,
            state: State::Idle,
            held: Box::default(),
            shared: Box::default(),
            generation: 0,
            counted: Counted::default(),
        };
        Ok(Statement { connection, body })
    }

    /// The text it was prepared from, up to and with its semicolon.
    pub fn sql(&self) -> &str {
        self.body.text()
    }

    /// The text with parameters replaced by literals; `None` beyond SQLITE_LIMIT_LENGTH.
    pub fn expanded_sql(&self) -> String {
        self.body.expanded_text()
    }

    pub fn is_readonly(&self) -> bool {
        self.body.compiled.readonly
    }

    pub fn is_explain(&self) -> bool {
        self.body.parsed.explain != Explain::No
    }

    pub fn column_count(&self) -> usize {
        self.body.compiled.columns.len()
    }

    pub fn column_name(&self, i: usize) -> &str {
        self.body.compiled.columns.get(i).map_or("", |c| &c.name)
    }

    pub fn column_decltype(&self, i: usize) -> Option<&str> {
        self.body.compiled.columns.get(i).and_then(|c| c.declared_type.as_deref())
    }

    pub fn parameter_count(&self) -> usize {
        self.body.parameters.len()
    }

    /// The name of a parameter with its prefix; `i` counts from 1.
    pub fn parameter_name(&self, i: usize) -> Option<&str> {
        let names = &self.body.parsed.parameters.names;
        names.iter().find(|(n, _)| *n as usize == i).map(|(_, name)| &**name)
    }

    /// Grows each time the statement is compiled anew.
    pub fn generation(&self) -> u32 {
        self.body.generation
    }

    fn check_bind(&self, i: usize, len: usize) -> Result<usize> {
        if i == 0 || i > self.body.parameters.len() {
            return Err(Error::new(Code::RANGE, "column index out of range"));
        }
        if len > self.connection.status().limit(Limit::Length) {
            return Err(Error::too_big());
        }
        if self.is_busy() {
            return Err(Error::new(Code::MISUSE, "bad parameter or other API misuse"));
        }
        Ok(i - 1)
    }

    pub fn bind(&mut self, i: usize, value: Value) -> Result<()> {
        let len = match &value {
            Value::Text(b) | Value::Blob(b) => b.len(),
            _ => 0,
        };
        let at = self.check_bind(i, len)?;
        self.body.parameters[at] = match value {
            Value::Real(r) if r.is_nan() => Value::Null,
            value => value,
        };
        Ok(())
    }

    /// Binds a copy of a borrowed value.
    pub fn bind_ref(&mut self, i: usize, value: ValueRef<'_>) -> Result<()> {
        self.bind(i, value.to_owned())
    }

    pub fn clear_bindings(&mut self) {
        self.body.parameters.fill(Value::Null);
    }

    /// Stepped, and neither finished nor reset.
    pub fn is_busy(&self) -> bool {
        matches!(self.body.state, State::Query { .. } | State::Rows { .. })
    }

    /// A value of the current row.
    #[inline]
    pub fn column(&self, i: usize) -> ValueRef<'_> {
        match &self.body.state {
            State::Query { run, .. } => run.column(i),
            State::Rows { rows, at } => rows[*at - 1].get(i).map_or(ValueRef::Null, Value::as_ref),
            State::Idle | State::Done => ValueRef::Null,
        }
    }

    /// What `sqlite3_column_blob` gives: bytes of text and blobs, numbers as text, `None` for NULL and for no bytes.
    pub fn column_bytes(&self, i: usize) -> Option<Cow<'_, [u8]>> {
        let mut text = Vec::new();
        match self.column(i) {
            ValueRef::Text(b) | ValueRef::Blob(b) => return (!b.is_empty()).then_some(Cow::Borrowed(b)),
            ValueRef::Integer(n) => number::write_integer(n, &mut text),
            ValueRef::Real(r) => number::write_real(r, &mut text),
            ValueRef::Null => return None,
        }
        Some(Cow::Owned(text))
    }

    /// Ends the run; bindings stay.
    pub fn reset(&mut self) {
        if self.is_busy() {
            let Statement { connection, body } = self;
            let inner = connection.lock();
            let state = std::mem::replace(&mut body.state, State::Idle);
            let nesting = body.parsed.nesting;
            with_room_for(nesting, || body.end_run(state));
            inner.running.set(inner.running.get().saturating_sub(1));
            body.count(&inner, Counted::Neither);
        } else {
            self.body.state = State::Idle;
        }
    }

    /// Runs to the next row or to the end.
    pub fn step(&mut self) -> Result<Step> {
        let Statement { connection, body } = self;
        let inner = connection.lock();
        inner.check_open()?;
        let nesting = body.parsed.nesting;
        let mut result = with_room_for(nesting, || body.step_locked(&inner));
        // What could not be read has ended cursors early.
        if let Err(e) = fault::check()
            && result.is_ok()
        {
            result = Err(e);
        }
        if result.is_err() {
            drop(inner);
            self.reset();
        }
        result
    }
}

impl Body {
    fn text(&self) -> &str {
        &self.sql[..self.parsed.tail as usize]
    }

    fn expanded_text(&self) -> String {
        let mut out = String::new();
        let text = self.text();
        let mut at = 0;
        let mut numbers = Vec::new();
        heliosdb_dialect::parameters(text, &mut |span, number| numbers.push((span, number)));
        for (span, number) in numbers {
            out.push_str(&text[at..span.start as usize]);
            let value = self.parameters.get(number as usize - 1).unwrap_or(&Value::Null);
            out.push_str(&literal(value));
            at = span.end as usize;
        }
        out.push_str(&text[at..]);
        out
    }

    /// Ends what a run holds: cursors go before their views.
    fn end_run(&mut self, state: State) {
        if let State::Query { run, .. } = state {
            self.shared.rest(run);
        }
        self.shared.clear();
        self.held.clear();
    }

    fn step_locked(&mut self, inner: &Inner) -> Result<Step> {
        match &mut self.state {
            State::Done => {
                self.state = State::Idle;
                self.start(inner)
            }
            State::Idle => self.start(inner),
            State::Rows { rows, at } => {
                *at += 1;
                if *at <= rows.len() {
                    return Ok(Step::Row);
                }
                self.finish(inner);
                Ok(Step::Done)
            }
            State::Query { .. } => self.step_query(inner),
        }
    }

    fn step_query(&mut self, inner: &Inner) -> Result<Step> {
        let State::Query { run, rollbacks } = &mut self.state else { return Ok(Step::Done) };
        if *rollbacks != inner.rollbacks.get() && inner.rollbacks.get() != 0 {
            // SQLite ends reads only when the schema changed under them; rows already found stay readable.
            if !inner.is_current(&self.compiled.fingerprint) {
                return Err(aborted_by_rollback());
            }
        }
        let execution = Execution { inner, held: &self.held };
        let cx = Context { parameters: &self.parameters, around: &execution, shared: &self.shared, live: false };
        if run.next(&cx)? {
            return Ok(Step::Row);
        }
        self.finish(inner);
        Ok(Step::Done)
    }

    fn finish(&mut self, inner: &Inner) {
        let state = std::mem::replace(&mut self.state, State::Done);
        if inner.is_autocommit() && self.held.has_read() {
            inner.end_deferring();
        }
        self.end_run(state);
        inner.running.set(inner.running.get().saturating_sub(1));
        self.count(inner, Counted::Neither);
    }

    fn count(&mut self, inner: &Inner, counted: Counted) {
        for (what, delta) in [(self.counted, u32::MAX), (counted, 1)] {
            let number = match what {
                Counted::Neither => continue,
                Counted::Reading => &inner.reading,
                Counted::Written => &inner.returning,
            };
            number.set(number.get().wrapping_add(delta));
        }
        self.counted = counted;
    }

    fn start(&mut self, inner: &Inner) -> Result<Step> {
        if inner.running.get() == 0 {
            inner.status.interrupted.set(false);
        }
        let idle = inner.is_autocommit() || inner.is_idle();
        let restarts = idle && inner.running.get() == 0;
        let (mut schema_changes, mut patience, mut traced) = (0, Patience::default(), false);
        let mut pins = Vec::new();
        let result = loop {
            let result = match self.files.pin(inner, &mut pins) {
                Ok(()) => {
                    inner.yields.set(restarts);
                    let result = self.run(inner, &mut pins, &mut traced);
                    inner.yields.set(false);
                    result
                }
                Err(e) => Err(e),
            };
            pins.clear();
            match result {
                // Somebody changed the schema before it was our turn to write.
                Err(e) if e.code == Code::SCHEMA && schema_changes < SCHEMA_CHANGES_MAX => schema_changes += 1,
                // In WAL mode others wrote since the lease was taken, and nothing was read on it yet.
                Err(e) if e.code == Code::BUSY_SNAPSHOT && restarts && inner.gives_way() => {}
                Err(e) if e.code == Code::BUSY && restarts => match inner.gets_turn(&mut patience) {
                    Ok(true) => {}
                    Ok(false) => break Err(e),
                    Err(e) => break Err(e),
                },
                result => break result,
            }
        };
        if patience.was_needed() {
            inner.gives_up_turns();
        }
        result
    }

    fn run(&mut self, inner: &Inner, pins: &mut Vec<Pin>, traced: &mut bool) -> Result<Step> {
        self.refresh(inner)?;
        if !std::mem::replace(traced, true) {
            self.trace(inner);
        }
        let counted = Execution { inner, held: &self.held }.count_operations(STATEMENT_OPERATIONS);
        // A write that is interrupted ends the transaction, even before it has written anything.
        counted.map_err(|e| match &self.compiled.program {
            Program::Write(_) => fail_write(inner, &self.held, e, 0),
            _ => e,
        })?;
        match &self.compiled.program {
            Program::Query(program) => {
                let run = self.shared.run(program, Vec::new());
                self.held.pins.get_mut().append(pins);
                self.state = State::Query { run, rollbacks: inner.rollbacks.get() };
                inner.running.set(inner.running.get() + 1);
                let step = self.step_query(inner);
                if matches!(step, Ok(Step::Row)) && self.held.has_read() {
                    self.count(inner, Counted::Reading);
                }
                step
            }
            Program::Write(_) => self.run_write(inner),
            Program::Rows(rows) => {
                // SQLite counts the rows that EXPLAIN changes: none.
                if matches!(
                    self.parsed.statement,
                    ast::Statement::Insert(_) | ast::Statement::Update(_) | ast::Statement::Delete(_)
                ) {
                    inner.status.changes.set(0);
                }
                let rows = rows.clone();
                self.deliver(rows, inner)
            }
            Program::Other => self.run_other(inner),
        }
    }

    /// Rows that are all there, one a step.
    fn deliver(&mut self, rows: Vec<Vec<Value>>, inner: &Inner) -> Result<Step> {
        if rows.is_empty() {
            self.state = State::Done;
            return Ok(Step::Done);
        }
        self.state = State::Rows { rows, at: 1 };
        inner.running.set(inner.running.get() + 1);
        if matches!(self.compiled.program, Program::Write(_)) {
            self.count(inner, Counted::Written);
        }
        Ok(Step::Row)
    }

    /// Compiles anew if what it was compiled against has changed.
    fn refresh(&mut self, inner: &Inner) -> Result<()> {
        let current =
            self.compiled.generation == inner.generation.get() && inner.is_current(&self.compiled.fingerprint);
        if !current {
            self.compiled = with_room_to_compile(|| compile::compile(inner, &self.parsed, &self.sql))?;
            *self.shared = Shared::default();
            self.generation = self.generation.wrapping_add(1);
        }
        Ok(())
    }

    fn trace(&self, inner: &Inner) {
        let trace = inner.hooks.borrow().trace.clone();
        if let Some(trace) = trace {
            let expanded = self.expanded_text();
            let limit = inner.status.limit(Limit::Length);
            trace.statement(self.text(), (expanded.len() <= limit).then_some(&*expanded));
        }
    }

    fn run_write(&mut self, inner: &Inner) -> Result<Step> {
        let Program::Write(program) = &self.compiled.program else { return Ok(Step::Done) };
        let held = &*self.held;
        held.violations.set(inner.deferred_violations.get());
        let mut written = write::Written::default();
        let result = {
            let execution = Execution { inner, held };
            let cx = Context { parameters: &self.parameters, around: &execution, shared: &self.shared, live: false };
            inner.running.set(inner.running.get() + 1);
            inner.writing.set(inner.writing.get() + 1);
            let result = write::execute(program, &[], &mut written, &cx).and_then(|()| fault::check());
            inner.writing.set(inner.writing.get() - 1);
            inner.running.set(inner.running.get() - 1);
            result
        };
        let result = match result {
            Ok(()) => {
                inner.status.changes.set(written.changes);
                end_write(inner, held, None).inspect_err(|_| forget_changes(inner, held))
            }
            Err(e) => {
                let changes = held.changes.get();
                if e.raise != Some(RaiseAction::Fail) {
                    // What is taken back has not been changed; what triggers did stays counted.
                    forget_changes(inner, held);
                }
                Err(fail_write(inner, held, e, changes))
            }
        };
        self.end_run(State::Done);
        result?;
        if written.returned.is_empty() {
            self.state = State::Done;
            return Ok(Step::Done);
        }
        self.deliver(written.returned, inner)
    }

    /// Statements that are run from their tree.
    fn run_other(&mut self, inner: &Inner) -> Result<Step> {
        let parsed = self.parsed.clone();
        let held = Held::default();
        if !is_permitted(inner, &parsed.statement)? {
            self.state = State::Done;
            return Ok(Step::Done);
        }
        match &parsed.statement {
            ast::Statement::Begin(mode) => transaction::begin(inner, *mode)?,
            ast::Statement::Commit => transaction::commit(inner)?,
            ast::Statement::Rollback => transaction::rollback(inner)?,
            ast::Statement::Savepoint(name) => transaction::savepoint(inner, &name.text)?,
            ast::Statement::Release(name) => transaction::release(inner, &name.text)?,
            ast::Statement::RollbackTo(name) => transaction::rollback_to(inner, &name.text)?,
            ast::Statement::Pragma(p) => {
                let schema = p.schema.as_ref().map(|s| &*s.text);
                let value = p.value.as_ref().map(|ast::PragmaValue::Text(t)| &**t);
                let execution = Execution { inner, held: &held };
                let context = host::ConnectionHost::new(&execution);
                let before = inner.settings.borrow().foreign_keys;
                let deferred = inner.settings.borrow().defer_foreign_keys;
                let rows = pragma::run(&context, schema, &p.name.text, value);
                if value.is_some() || before != inner.settings.borrow().foreign_keys {
                    inner.invalidate();
                    self.compiled.generation = inner.generation.get();
                }
                if deferred && !inner.settings.borrow().defer_foreign_keys {
                    inner.deferred_violations.postponed.set(0);
                }
                let rows = match rows {
                    Ok(rows) => end_write(inner, &held, None).map(|()| rows.rows)?,
                    Err(e) => return Err(fail_write(inner, &held, e, 0)),
                };
                return self.deliver(rows, inner);
            }
            ast::Statement::Attach { file, schema, .. } => {
                let execution = Execution { inner, held: &held };
                let mut context = host::ConnectionHost::new(&execution);
                context.parameters = &self.parameters;
                super::attach::attach(&context, file, schema, &self.sql)?;
            }
            ast::Statement::Detach(schema) => {
                let execution = Execution { inner, held: &held };
                let mut context = host::ConnectionHost::new(&execution);
                context.parameters = &self.parameters;
                super::attach::detach(&context, schema, &self.sql)?;
            }
            statement if ddl::is_ddl(statement) => {
                let execution = Execution { inner, held: &held };
                let mut context = host::ConnectionHost::new(&execution);
                context.parameters = &self.parameters;
                let result = ddl::run(&ddl::DdlContext { host: &context, sql: &self.sql, parsed: &parsed });
                match result.and_then(|()| fault::check()) {
                    Ok(()) => end_write(inner, &held, None)?,
                    Err(e) => return Err(fail_write(inner, &held, e, 0)),
                }
            }
            _ => return Err(Error::internal("a statement of no kind")),
        }
        self.state = State::Done;
        Ok(Step::Done)
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        self.reset();
        let nesting = self.body.parsed.nesting;
        if !is_deep(nesting) {
            return;
        }
        let nothing = Parsed {
            statement: ast::Statement::Commit,
            explain: Explain::No,
            span: ast::Span::default(),
            tail: 0,
            nesting: 0,
            names_tables: false,
            parameters: ast::Parameters::default(),
        };
        let parsed = std::mem::replace(&mut self.body.parsed, Arc::new(nothing));
        let program = std::mem::replace(&mut self.body.compiled.program, Program::Other);
        with_room_for(nesting, || drop((parsed, program)));
    }
}

/// Ends a writing statement whose changes stay; in autocommit they are committed.
fn end_write(inner: &Inner, held: &Held, changes: Option<i64>) -> Result<()> {
    held.keep_writes(inner);
    if let Some(changes) = changes {
        inner.status.changes.set(changes);
    }
    if inner.is_autocommit()
        && inner.writing.get() == 0
        && let Err(e) = inner.commit_all()
    {
        inner.rollback_all();
        return Err(e);
    }
    Ok(())
}

/// A statement that is taken back has changed nothing.
fn forget_changes(inner: &Inner, held: &Held) {
    inner.status.changes.set(0);
    inner.status.total_changes.set(inner.status.total_changes.get() - held.changes.get());
}

/// Ends a writing statement that failed, by its conflict action.
fn fail_write(inner: &Inner, held: &Held, mut error: Error, changes: i64) -> Error {
    inner.trigger_depth.set(0);
    let action = error.raise.take();
    let interrupted = error.code.primary() == Code::INTERRUPT || error.code.primary() == Code::NOMEM;
    let roll_back = action == Some(RaiseAction::Rollback) || (interrupted && inner.status.explicit.get());
    if roll_back {
        held.forget_writes();
        inner.rollback_all();
    } else if action == Some(RaiseAction::Fail) {
        if let Err(e) = end_write(inner, held, Some(changes)) {
            forget_changes(inner, held);
            return e;
        }
    } else {
        held.undo_writes(inner);
        if inner.is_autocommit() && inner.writing.get() == 0 {
            inner.rollback_all();
        }
    }
    error
}

/// A value as an SQL literal, as `sqlite3_expanded_sql` writes it.
fn literal(value: &Value) -> String {
    let mut out = Vec::new();
    match value {
        Value::Null => out.extend_from_slice(b"NULL"),
        Value::Integer(i) => number::write_integer(*i, &mut out),
        Value::Real(r) => number::write_real(*r, &mut out),
        Value::Text(t) => {
            out.push(b'\'');
            for &b in t.iter() {
                out.push(b);
                if b == b'\'' {
                    out.push(b);
                }
            }
            out.push(b'\'');
        }
        Value::Blob(b) => {
            out.extend_from_slice(b"x'");
            for byte in b.iter() {
                out.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
            out.push(b'\'');
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Asks the authorizer about a statement of transactions; false where it is to do nothing.
fn is_permitted(inner: &Inner, statement: &ast::Statement) -> Result<bool> {
    const TRANSACTION: i32 = 22;
    const SAVEPOINT: i32 = 32;
    let (action, operation, name) = match statement {
        ast::Statement::Begin(_) => (TRANSACTION, "BEGIN", None),
        ast::Statement::Commit => (TRANSACTION, "COMMIT", None),
        ast::Statement::Rollback => (TRANSACTION, "ROLLBACK", None),
        ast::Statement::Savepoint(name) => (SAVEPOINT, "BEGIN", Some(&*name.text)),
        ast::Statement::Release(name) => (SAVEPOINT, "RELEASE", Some(&*name.text)),
        ast::Statement::RollbackTo(name) => (SAVEPOINT, "ROLLBACK", Some(&*name.text)),
        _ => return Ok(true),
    };
    inner.authorize(action, Some(operation), name, None)
}

//! What a second thread may ask of a connection without waiting for the statement that runs on it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use heliosdb::env::callback::UserScalar;
use heliosdb::error::{Code, Error};
use heliosdb::session::{Connection, OpenOptions, Statement, Step};
use heliosdb::value::{Value, ValueRef};

/// Says that it runs, and runs until it is told to end.
struct Blocked {
    runs: Mutex<Sender<()>>,
    end: Mutex<Receiver<()>>,
}

impl UserScalar for Blocked {
    fn call(&self, _: &[ValueRef<'_>]) -> Result<Value, Error> {
        // Nobody listens after the first call.
        if self.runs.lock().expect("one caller").send(()).is_ok() {
            let _ = self.end.lock().expect("one caller").recv();
        }
        Ok(Value::Integer(1))
    }
}

fn prepare(connection: &Arc<Connection>, sql: &str) -> Statement {
    connection.prepare(sql).expect("it is right").expect("it is a statement").0
}

/// If one of the calls waited, the statement would never be told to end and the test would not either.
#[test]
fn accessors_do_not_wait_for_a_running_statement() {
    let options = OpenOptions::from_filename(":memory:", false).expect("a plain name");
    let connection = Connection::open(options).expect("memory opens");
    let (runs, running) = channel();
    let (end, ended) = channel();
    let blocked = Blocked { runs: Mutex::new(runs), end: Mutex::new(ended) };
    connection.create_scalar("blocked", 0, false, false, Some(Arc::new(blocked))).expect("a new name");
    for sql in ["create table t(a)", "insert into t values(1),(2)", "begin"] {
        assert_eq!(prepare(&connection, sql).step().expect("it runs"), Step::Done);
    }
    let mut other = prepare(&connection, "select a as b from t where a = :key");
    let runner = {
        let connection = connection.clone();
        std::thread::spawn(move || {
            let endless =
                "with recursive c(i) as (select 1 union all select i + 1 from c) select sum(blocked()) from c";
            prepare(&connection, endless).step()
        })
    };
    running.recv().expect("the function runs");

    assert!(!connection.is_autocommit());
    assert_eq!((connection.changes(), connection.total_changes(), connection.last_insert_rowid()), (2, 2, 2));
    assert_eq!(connection.limit(0, 100).expect("a limit"), 1_000_000_000);
    assert_eq!((other.column_count(), other.column_name(0), other.column_decltype(0)), (1, "b", None));
    assert_eq!((other.is_readonly(), other.is_explain(), other.is_busy(), other.generation()), (true, false, false, 0));
    assert_eq!((other.parameter_count(), other.parameter_name(1)), (1, Some(":key")));
    other.bind_ref(1, ValueRef::Integer(1)).expect("there is a first parameter");
    let too_big = other.bind_ref(1, ValueRef::Text(&[b'x'; 101])).expect_err("the limit holds at once");
    assert_eq!(too_big.code, Code::TOOBIG);
    assert_eq!(other.expanded_sql(), "select a as b from t where a = 1");
    other.clear_bindings();
    other.reset();
    connection.interrupt();

    drop((running, end));
    let result = runner.join().expect("no panic");
    assert_eq!(result.expect_err("interrupted").code, Code::INTERRUPT);
}

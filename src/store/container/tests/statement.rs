//! Values, pages, settings, and what says that a file changed.

use heliosdb_udfs::value::ValueRef;

use super::*;

#[test]
fn values_keep_their_bytes() {
    let folder = Folder::new();
    let ours = open(&folder.database("delete", 0));
    let values = [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(-0.0),
        Value::Text(Box::from(&b"a\0b\xff\xc3"[..])),
        Value::Text(Box::from(&b""[..])),
        Value::Blob(Box::from(&b"\0\xff"[..])),
        Value::Blob(Box::from(&b""[..])),
    ];
    ours.begin_write(&at_once).expect("a free file");
    for value in &values {
        assert_eq!(ours.execute("INSERT INTO t VALUES(?1, NULL)", std::slice::from_ref(value)).expect("a row"), 1);
    }
    ours.commit(&at_once).expect("nobody reads");
    let mut found = Vec::new();
    ours.query("SELECT a FROM t ORDER BY rowid", &[], &mut |row| {
        found.push(match row[0] {
            ValueRef::Real(r) => format!("{r:?}"),
            other => format!("{other:?}"),
        });
        Ok(())
    })
    .expect("rows");
    let stored: Vec<String> = values
        .iter()
        .map(|v| match v {
            Value::Real(r) => format!("{r:?}"),
            other => format!("{:?}", other.as_ref()),
        })
        .collect();
    assert_eq!(found, stored);
}

#[test]
fn pages_come_as_the_transaction_sees_them() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 100);
        let ours = open(&path);
        let mut page = Vec::new();
        assert!(ours.read_page(1, &mut page).is_err(), "only in a transaction");
        ours.begin_read(&at_once).expect("a free file");
        ours.read_page(1, &mut page).expect("a page");
        assert!(page.starts_with(b"SQLite format 3\0"));
        assert_eq!(page.len(), 4096);
        let Value::Integer(pages) = ours.pragma(Pragma::PageCount).expect("a number") else { panic!("no number") };
        assert!(pages > 20);
        ours.read_page(u32::try_from(pages).expect("few"), &mut page).expect("the last page");
        assert_eq!(code(ours.read_page(u32::try_from(pages).expect("few") + 1, &mut page)), Code::NOTFOUND.0);
        ours.end_read().expect("its end");
        // A page of a transaction that is not committed, of the log or the cache, is the new one.
        ours.begin_write(&at_once).expect("a free file");
        ours.execute("PRAGMA user_version=77", &[]).expect("a change");
        ours.read_page(1, &mut page).expect("a page");
        assert_eq!(page[60..64], [0, 0, 0, 77]);
        ours.rollback().expect("its end");
    }
}

#[test]
fn settings_are_read() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    let stock = rusqlite::Connection::open(&path).expect("a new database");
    let settings = "PRAGMA page_size=1024; PRAGMA encoding='UTF-16be'; PRAGMA auto_vacuum=2; CREATE TABLE t(a);
        PRAGMA user_version=5; PRAGMA application_id=-6";
    stock.execute_batch(settings).expect("settings");
    let ours = open(&path);
    let shown: Vec<String> = [
        Pragma::PageSize,
        Pragma::PageCount,
        Pragma::FreelistCount,
        Pragma::Encoding,
        Pragma::UserVersion,
        Pragma::ApplicationId,
        Pragma::SchemaVersion,
        Pragma::JournalMode,
        Pragma::AutoVacuum,
    ]
    .map(|p| match ours.pragma(p).expect("a value") {
        Value::Integer(i) => i.to_string(),
        Value::Text(t) => String::from_utf8_lossy(&t).into_owned(),
        other => format!("{other:?}"),
    })
    .into();
    assert_eq!(shown, ["1024", "3", "0", "UTF-16be", "5", "-6", "1", "delete", "2"]);
}

#[test]
fn a_token_tells_of_others_changes() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 1);
        let ours = open(&path);
        let token = || {
            ours.begin_read(&at_once).expect("a free file");
            let token = ours.change_token().expect("in a transaction");
            ours.end_read().expect("its end");
            token
        };
        let first = token();
        assert_eq!(token(), first);
        for mut stock in Stock::both(&path) {
            let before = token();
            stock.ok("BEGIN IMMEDIATE");
            stock.ok("UPDATE t SET a=a+1");
            stock.ok("ROLLBACK");
            assert_eq!(token(), before, "{mode}");
            stock.ok("UPDATE t SET a=a+1");
            let after = token();
            assert_ne!(after.data_version, before.data_version, "{mode}");
            assert_eq!(after.schema_version, before.schema_version);
        }
        let before = token();
        ours.execute("CREATE TABLE u(a)", &[]).expect("a table");
        assert_eq!(token().data_version, before.data_version);
        assert_ne!(token().schema_version, before.schema_version);
    }
}

#[test]
fn checks_triggers_and_foreign_keys_are_off() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    let stock = rusqlite::Connection::open(&path).expect("a new database");
    let schema = "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(a CHECK(a>0), p REFERENCES p);
        CREATE TRIGGER tr AFTER INSERT ON c BEGIN INSERT INTO c VALUES(1, 1); END";
    stock.execute_batch(schema).expect("a schema");
    let ours = open(&path);
    ours.reserve().expect("a write transaction");
    ours.execute("INSERT INTO c VALUES(-1, 5)", &[]).expect("nothing is checked");
    ours.execute("COMMIT", &[]).expect("a commit");
    assert_eq!(integer(&ours, "SELECT count(*) FROM c"), 1);
}

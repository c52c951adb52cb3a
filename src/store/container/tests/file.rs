//! Files that are missing, unwritable, damaged or no databases, and what new files look like. Codes and messages are
//! compared with those of stock SQLite in our process.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;

/// What opening and then reading says: (code, message), ours and stock's.
fn both_say(path: &Path, flags: OpenFlags) -> (String, String) {
    let ours = Container::open(path, flags).and_then(|c| {
        c.begin_read(&at_once)?;
        let count = c.query_value("SELECT count(*) FROM sqlite_schema", &[]);
        let page = c.pragma(Pragma::PageCount)?;
        count.map(|c| format!("{c:?} {page:?}"))
    });
    use rusqlite::OpenFlags as Raw;
    let raw = match (flags.read_only, flags.create) {
        (true, _) => Raw::SQLITE_OPEN_READ_ONLY,
        (false, true) => Raw::SQLITE_OPEN_READ_WRITE | Raw::SQLITE_OPEN_CREATE,
        (false, false) => Raw::SQLITE_OPEN_READ_WRITE,
    };
    let stock = rusqlite::Connection::open_with_flags(path, raw).and_then(|c| {
        let number = |sql| c.query_row(sql, [], |row| row.get::<_, i64>(0));
        let count = number("SELECT count(*) FROM sqlite_schema")?;
        Ok(format!("Integer({count}) Integer({})", number("PRAGMA page_count")?))
    });
    let ours = ours.unwrap_or_else(|e| format!("{} {}", e.code.0, e.message));
    let stock = stock.unwrap_or_else(|e| {
        let e = super::super::open::refused(e);
        format!("{} {}", e.code.0, e.message.split(": /").next().unwrap_or_default())
    });
    (ours, stock)
}

fn agree(path: &Path, flags: OpenFlags, expected: &str) {
    let (ours, stock) = both_say(path, flags);
    assert_eq!(ours, stock, "{}", path.display());
    assert_eq!(ours, expected, "{}", path.display());
}

const CREATE: OpenFlags = OpenFlags { create: true, read_only: false, immutable: false, no_lock: false };
const READ: OpenFlags = OpenFlags { create: false, read_only: true, immutable: false, no_lock: false };

#[test]
fn what_cannot_be_opened() {
    let folder = Folder::new();
    agree(&folder.file("missing.db"), OpenFlags::default(), "14 unable to open database file");
    agree(&folder.file("no/such.db"), CREATE, "14 unable to open database file");
    agree(&folder.0, CREATE, "14 unable to open database file");
    agree(&folder.file("new.db"), CREATE, "Integer(0) Integer(0)");
    assert_eq!(folder.file("new.db").metadata().expect("created").len(), 0);
}

#[test]
fn damaged_files() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    std::fs::write(&path, b"").expect("written");
    agree(&path, OpenFlags::default(), "Integer(0) Integer(0)");
    std::fs::write(&path, vec![b'x'; 5000]).expect("written");
    agree(&path, OpenFlags::default(), "26 file is not a database");
    std::fs::write(&path, b"x").expect("written");
    agree(&path, OpenFlags::default(), "Integer(0) Integer(0)");
    std::fs::remove_file(&path).expect("removed");
    folder.database("delete", 100);
    let bytes = std::fs::read(&path).expect("read");
    for len in [100, 512, 4096, 8000] {
        std::fs::write(&path, &bytes[..len]).expect("written");
        let (ours, stock) = both_say(&path, OpenFlags::default());
        assert_eq!(ours, stock, "{len}");
    }
}

#[test]
fn names_are_names() {
    let folder = Folder::new();
    for name in ["file:x?mode=memory", "a b%41?#&.db", "umlaut-ä.db"] {
        let path = folder.file(name);
        let made = Container::open(&path, CREATE).expect("it opens");
        made.execute("CREATE TABLE t(a)", &[]).expect("a table");
        drop(made);
        assert!(path.exists(), "{name}");
        let immutable = Container::open(&path, OpenFlags { immutable: true, ..READ }).expect("it opens");
        assert_eq!(integer(&immutable, "SELECT count(*) FROM t"), 0);
        assert_eq!(immutable.level().expect("known"), super::super::Level::None, "no locks");
    }
}

#[test]
fn companions_look_like_the_database() {
    for mode in ["persist", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 3);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).expect("a mode");
        let _ = std::fs::remove_file(folder.file("app.db-journal"));
        let ours = open_in(&path, mode);
        ours.execute("UPDATE t SET a=1", &[]).expect("a change");
        let names: &[&str] = if mode == "wal" { &["app.db-wal", "app.db-shm"] } else { &["app.db-journal"] };
        for name in names {
            let found = folder.file(name).metadata().expect("it exists");
            assert_eq!(found.mode() & 0o777, 0o660, "{name}");
        }
    }
}

#[test]
fn a_moved_file_is_noticed() {
    let folder = Folder::new();
    let path = folder.database("delete", 3);
    let ours = open(&path);
    assert!(!ours.is_moved().expect("known"));
    std::fs::rename(&path, folder.file("away.db")).expect("moved");
    assert!(ours.is_moved().expect("known"));
    assert_eq!(code(ours.execute("UPDATE t SET a=1", &[]).map(drop)), 8 | 4 << 8, "SQLITE_READONLY_DBMOVED");
    folder.database("delete", 1);
    assert!(ours.is_moved().expect("known"));
    assert!(!Arc::ptr_eq(&ours, &open(&path)), "another file under the old name");
}

#[test]
fn reading_only() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 3);
        let ours = Container::open(&path, READ).expect("it opens");
        assert!(ours.is_read_only().expect("known"));
        ours.begin_read(&at_once).expect("a free file");
        assert_eq!(integer(&ours, "SELECT count(*) FROM t"), 3);
        assert_eq!(code(ours.begin_write(&at_once)), Code::READONLY.0);
        ours.end_read().expect("its end");
        drop(ours);
        check_integrity(&path);
    }
}

const UNPRIVILEGED: &str = "HELIOSDB_TEST_UNPRIVILEGED";

/// Permissions mean nothing to root, so this runs in a process that gives root up.
#[test]
fn files_and_folders_without_write_access() {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    if is_root && std::env::var_os(UNPRIVILEGED).is_none() {
        use std::os::unix::process::CommandExt;
        let program = std::env::temp_dir().join(format!("heliosdb-container-test-{}", std::process::id()));
        std::fs::copy(std::env::current_exe().expect("this test"), &program).expect("a copy that others may run");
        let output = Command::new(&program)
            .args(["--exact", "store::container::tests::file::files_and_folders_without_write_access"])
            .env(UNPRIVILEGED, "1")
            .current_dir("/")
            .uid(65534)
            .gid(65534)
            .output();
        std::fs::remove_file(&program).expect("it is there");
        let output = output.expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let mode = |path: &Path, bits| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).expect("our own file");
    };
    let folder = Folder::new();
    let path = folder.database("delete", 3);
    mode(&path, 0o444);
    let ours = open(&path);
    assert!(ours.is_read_only().expect("known"));
    assert_eq!(integer(&ours, "SELECT count(*) FROM t"), 3);
    assert_eq!(code(ours.begin_write(&at_once)), Code::READONLY.0);
    drop(ours);
    mode(&path, 0o000);
    agree(&path, OpenFlags::default(), "14 unable to open database file");

    // A folder that takes no journal: SQLITE_READONLY_DIRECTORY at the first change.
    mode(&path, 0o644);
    mode(&folder.0, 0o555);
    let ours = open(&path);
    assert!(!ours.is_read_only().expect("known"));
    ours.begin_write(&at_once).expect("the lock needs no journal");
    assert_eq!(code(ours.execute("UPDATE t SET a=1", &[]).map(drop)), 8 | 6 << 8);
    ours.rollback().expect("its end");
    assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 6);
    drop(ours);
    agree(&folder.file("new.db"), CREATE, "14 unable to open database file");

    // A log whose index cannot be made.
    mode(&folder.0, 0o755);
    std::fs::remove_file(&path).expect("our own file");
    folder.database("wal", 3);
    mode(&folder.0, 0o555);
    let (ours, stock) = both_say(&path, OpenFlags::default());
    assert_eq!(ours, stock);
    let (ours, stock) = both_say(&path, READ);
    assert_eq!(ours, stock);
    mode(&folder.0, 0o755);
    check_integrity(&path);

    // A hot journal in a file that cannot be written.
    std::fs::remove_file(&path).expect("our own file");
    folder.database("delete", 200);
    let mut victim = Stock::there(&path);
    super::crash::overflow(&mut victim);
    victim.kill();
    let (ours, stock) = both_say(&path, READ);
    assert_eq!(ours, stock);
    assert_eq!(ours, "776 attempt to write a readonly database");
    check_integrity(&path);
}

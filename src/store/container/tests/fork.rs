//! A forked child leaves its parent's files alone and can open them anew.

#![allow(unsafe_code)] // fork(2), _exit(2) and waitpid(2).

use super::*;

/// Runs `child` in a forked process; its number of the first failed step, 0 if there is none.
fn forked(child: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child ends in `_exit` and never returns into the test harness.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(99);
            libc::_exit(code);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
        assert!(libc::WIFEXITED(status));
        libc::WEXITSTATUS(status)
    }
}

#[cfg(target_os = "linux")]
fn descriptors_of(path: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    all.filter(|e| std::fs::read_link(e.path()).is_ok_and(|l| l.starts_with(path.parent().expect("a folder")))).count()
}

const ALONE: &str = "HELIOSDB_TEST_FORK";

/// In a process where no other test runs: a thread that held some lock of SQLite's would be missing in the child.
#[test]
#[cfg(target_os = "linux")]
fn a_child_begins_anew() {
    if std::env::var_os(ALONE).is_none() {
        let alone = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "store::container::tests::fork::a_child_begins_anew"])
            .env(ALONE, "1")
            .output()
            .expect("a process");
        assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stdout));
        return;
    }
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 3);
        let mut outside = Stock::there(&path);
        let ours = open(&path);
        ours.begin_write(&at_once).expect("a free file");
        ours.execute("UPDATE t SET a=a+1", &[]).expect("a change");
        assert!(descriptors_of(&path) > 0);
        let inherited = ours.clone();
        let failed = forked(|| {
            if descriptors_of(&path) != 0 {
                return 1;
            }
            if code(inherited.begin_read(&at_once)) != Code::MISUSE.0 {
                return 2;
            }
            let Ok(own) = Container::open(&path, OpenFlags::default()) else { return 3 };
            if code(own.begin_write(&at_once)) != BUSY {
                return 4;
            }
            if integer(&own, "SELECT sum(a) FROM t") != 6 {
                return 5;
            }
            drop(own);
            drop(inherited);
            0
        });
        assert_eq!(failed, 0, "{mode}");
        assert!(outside.is_locked("BEGIN IMMEDIATE"), "the parent's lock is still there: {mode}");
        ours.commit(&at_once).expect("nobody reads");
        assert_eq!(outside.ok("SELECT sum(a) FROM t"), "9");
        let failed = forked(|| {
            let Ok(own) = Container::open(&path, OpenFlags::default()) else { return 1 };
            code(own.execute("UPDATE t SET a=0", &[]).map(drop))
        });
        assert_eq!(failed, 0, "{mode}");
        assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 0);
        drop(ours);
        drop(outside);
        check_integrity(&path);
    }
}

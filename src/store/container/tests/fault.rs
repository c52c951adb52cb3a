//! A failing call anywhere in a commit leaves the old state or the new one.

use super::super::fault::{Calls, Effect, inject};
use super::*;

/// The sum of column a before and after.
const OLD: i64 = 820;
const NEW: i64 = OLD + 40;

/// Changes every page of the table and adds some.
fn write(ours: &Container) -> Result<()> {
    ours.begin_write(&at_once)?;
    ours.execute("UPDATE t SET a=a+1, b=randomblob(1000)", &[])?;
    ours.execute("INSERT INTO t SELECT 0, randomblob(3000) FROM t LIMIT 20", &[])?;
    ours.commit(&at_once)
}

fn sweep(mode: &str, calls: Calls, effect: Effect) {
    let stays = matches!(effect, Effect::PowerOff | Effect::PowerOffTorn);
    for at in 0.. {
        let folder = Folder::new();
        let path = folder.database(mode, 40);
        let ours = open_in(&path, mode);
        ours.begin_read(&at_once).expect("a free file");
        ours.end_read().expect("its end");
        let plan = inject(&path, calls, at, effect);
        let written = write(&ours);
        let fired = plan.has_fired();
        if stays {
            drop(ours);
            drop(plan);
        } else {
            // The connection is usable after a failure and sees one state or the other.
            let _ = ours.rollback();
            drop(plan);
            let seen = integer(&ours, "SELECT sum(a) FROM t");
            assert!(seen == NEW || seen == OLD && written.is_err(), "{mode} {effect:?} {at}: {seen} after {written:?}");
            drop(ours);
        }
        let mut judge = Stock::here(&path);
        // A child that another test forked keeps our descriptors, and so their locks, until it ends.
        judge.ok("PRAGMA busy_timeout=10000");
        assert_eq!(judge.ok("PRAGMA integrity_check"), "ok", "{mode} {effect:?} {at}");
        let found = judge.ok("SELECT sum(a) FROM t");
        let allowed = if written.is_ok() { vec![NEW] } else { vec![OLD, NEW] };
        assert!(allowed.iter().any(|a| a.to_string() == found), "{mode} {effect:?} {at}: {found} after {written:?}");
        if !fired {
            assert!(written.is_ok());
            assert!(at > 3, "{mode}: hardly any call was seen");
            return;
        }
    }
}

#[test]
fn a_single_failure() {
    for mode in ["delete", "truncate", "persist", "wal"] {
        sweep(mode, Calls::ALL, Effect::Fail);
        sweep(mode, Calls::WRITE, Effect::Short);
    }
}

#[test]
fn power_off() {
    for mode in ["delete", "truncate", "persist", "wal"] {
        sweep(mode, Calls::CHANGES, Effect::PowerOff);
        sweep(mode, Calls::CHANGES, Effect::PowerOffTorn);
    }
}

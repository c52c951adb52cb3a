//! A commit of several files at once, by SQLite's super-journal (https://sqlite.org/atomiccommit.html, section 5).
//!
//! While a file is a member of a group its journal names the super-journal, and what would end the journal or the lock waits
//! ([`File`](super::file::File) asks here). The deletion of the super-journal commits all members: a journal that names one
//! that is not there rolls nothing back. Crash argument: `docs/format/container.md`.
//!
//! Invariant: while a journal that names it may be hot, the super-journal is only deleted to commit.

use std::ffi::{CString, OsStr, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::fault::{self, Calls, Verdict};
use super::file::sync_folder;
use super::open::Container;
use super::vfs;
use crate::env;
use crate::error::{Code, Error, Result};

/// How the library wanted to end a journal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Delete,
    Truncate,
    /// `journal_mode=PERSIST`
    ZeroHeader,
}

/// A file while its commit is part of a group's.
struct Member {
    /// The main file's path, as SQLite has it.
    main: Vec<u8>,
    super_journal: Vec<u8>,
    page_size: usize,
    /// Where the journal ends as the library knows it.
    journal_end: i64,
    /// The end behind which the super-journal's name stands.
    named_at: Option<i64>,
    end: Option<End>,
}

static ANY: AtomicBool = AtomicBool::new(false);
static MEMBERS: Mutex<Vec<Member>> = Mutex::new(Vec::new());

const JOURNAL: &[u8] = b"-journal";
/// The first bytes of every journal, and the last ones of a super-journal's name in it.
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const SECTOR: i64 = 4096;
const PENDING_BYTE: usize = 0x4000_0000;
/// What SQLite writes over a journal's header to end it.
const HEADER_LEN: usize = 28;

fn with_member<T>(path: &[u8], f: impl FnOnce(&mut Member) -> T) -> Option<T> {
    if !ANY.load(Ordering::Relaxed) {
        return None;
    }
    let main = path.strip_suffix(JOURNAL).unwrap_or(path);
    MEMBERS.lock().iter_mut().find(|m| m.main == main).map(f)
}

/// Whether a main file keeps its lock although the library would give it up.
pub fn keeps_lock(path: &[u8]) -> bool {
    with_member(path, |m| m.end.is_some()).unwrap_or(false)
}

/// Before a file of a member is written: whether that has to wait. The pages of the main file come after the name.
pub fn before_write(path: &[u8], is_main: bool, bytes: &[u8], offset: i64) -> io::Result<bool> {
    with_member(path, |m| {
        if is_main {
            return m.name_super_journal().map(|()| false);
        }
        if !path.ends_with(JOURNAL) {
            return Ok(false);
        }
        if offset == 0 && bytes.len() == HEADER_LEN && bytes.iter().all(|b| *b == 0) {
            m.end.get_or_insert(End::ZeroHeader);
            return Ok(true);
        }
        m.journal_end = m.journal_end.max(offset + bytes.len() as i64);
        Ok(false)
    })
    .unwrap_or(Ok(false))
}

/// Before a file of a member is synced.
pub fn before_sync(path: &[u8]) -> io::Result<()> {
    with_member(path, |m| if path.ends_with(JOURNAL) { m.name_super_journal() } else { Ok(()) }).unwrap_or(Ok(()))
}

/// Whether a journal's end has to wait.
pub fn keeps_journal(path: &[u8], deletes: bool) -> bool {
    with_member(path, |m| {
        if !path.ends_with(JOURNAL) {
            return false;
        }
        m.end.get_or_insert(if deletes { End::Delete } else { End::Truncate });
        true
    })
    .unwrap_or(false)
}

impl Member {
    fn journal(&self) -> Vec<u8> {
        [&self.main, JOURNAL].concat()
    }

    /// Puts the name behind the journal's records, and nothing behind the name: there SQLite looks for it.
    fn name_super_journal(&mut self) -> io::Result<()> {
        if self.end.is_some() || self.journal_end == 0 || self.named_at == Some(self.journal_end) {
            return Ok(());
        }
        let path = self.journal();
        if fault::check(&path, Calls::WRITE) != Verdict::Proceed {
            return Err(io::Error::other("injected"));
        }
        let name = &self.super_journal;
        let sum = name.iter().fold(0u32, |sum, b| sum.wrapping_add(*b as c_char as i32 as u32));
        let mut record = Vec::with_capacity(name.len() + 20);
        record.extend_from_slice(&((PENDING_BYTE / self.page_size + 1) as u32).to_be_bytes());
        record.extend_from_slice(name);
        record.extend_from_slice(&(name.len() as u32).to_be_bytes());
        record.extend_from_slice(&sum.to_be_bytes());
        record.extend_from_slice(&MAGIC);
        let file = std::fs::OpenOptions::new().write(true).open(Path::new(OsStr::from_bytes(&path)))?;
        let offset = (self.journal_end + SECTOR - 1) / SECTOR * SECTOR;
        file.write_all_at(&record, offset as u64)?;
        file.set_len(offset as u64 + record.len() as u64)?;
        self.named_at = Some(self.journal_end);
        Ok(())
    }

    /// Does what the library wanted. A failure harms nobody: the journal names a super-journal that is gone.
    fn end_journal(&self) -> io::Result<()> {
        let Some(end) = self.end else { return Ok(()) };
        let bytes = self.journal();
        let path = Path::new(OsStr::from_bytes(&bytes));
        let call = if end == End::Delete { Calls::DELETE } else { Calls::TRUNCATE };
        if fault::check(&bytes, call) != Verdict::Proceed {
            return Err(io::Error::other("injected"));
        }
        if end == End::Delete {
            return std::fs::remove_file(path);
        }
        let file = std::fs::OpenOptions::new().write(true).open(path)?;
        match end {
            End::ZeroHeader => file.write_all_at(&[0; HEADER_LEN], 0)?,
            _ => file.set_len(0)?,
        }
        file.sync_data()
    }
}

/// Files that commit together. Dropped before [`Group::commit`] it takes back what any of them has committed.
pub struct Group {
    members: Vec<Arc<Container>>,
    super_journal: CString,
    is_done: bool,
}

impl Group {
    /// Makes a group of those files that have rollback journals; `None` if these are not two. All have their write transaction.
    /// SQLITE_BUSY while others read one of them.
    pub fn begin(containers: &[Arc<Container>]) -> Result<Option<Group>> {
        let (mut members, mut page_sizes) = (Vec::new(), Vec::new());
        for container in containers {
            if let Some(page_size) = container.page_size_with_journal()? {
                members.push(container.clone());
                page_sizes.push(page_size);
            }
        }
        let Some(first) = members.first().filter(|_| members.len() > 1) else { return Ok(None) };
        let name = format!("-mj{:06X}9{:02X}", env::random_u64() & 0xff_ffff, env::random_u64() & 0xff);
        let name = [first.path().as_os_str().as_bytes(), name.as_bytes()].concat();
        let super_journal = CString::new(name).map_err(|_| Error::internal("a path with a NUL"))?;
        for (i, container) in members.iter().enumerate() {
            if let Err(e) = container.control(vfs::CONTROL_EXCLUSIVE) {
                members[..=i].iter().for_each(|c| drop(c.control(vfs::CONTROL_RESERVED)));
                return Err(e);
            }
        }
        let group = Group { members, super_journal, is_done: false };
        group.write_super_journal().map_err(|_| Error::new(Code::IOERR, "disk I/O error"))?;
        let mut known = MEMBERS.lock();
        for (container, page_size) in group.members.iter().zip(page_sizes) {
            known.push(Member {
                main: container.path().as_os_str().as_bytes().to_vec(),
                super_journal: group.super_journal.as_bytes().to_vec(),
                page_size,
                journal_end: 0,
                named_at: None,
                end: None,
            });
        }
        ANY.store(true, Ordering::Relaxed);
        drop(known);
        Ok(Some(group))
    }

    pub fn has(&self, container: &Arc<Container>) -> bool {
        self.members.iter().any(|m| Arc::ptr_eq(m, container))
    }

    fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.super_journal.as_bytes()))
    }

    /// The names of all journals, durable before any of these names it.
    fn write_super_journal(&self) -> io::Result<()> {
        let mut text = Vec::new();
        for container in &self.members {
            text.extend_from_slice(container.path().as_os_str().as_bytes());
            text.extend_from_slice(JOURNAL);
            text.push(0);
        }
        self.may(Calls::OPEN)?;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(self.path())?;
        if let Ok(of_first) = std::fs::metadata(self.members[0].path()) {
            file.set_permissions(of_first.permissions())?;
        }
        self.may(Calls::WRITE)?;
        file.write_all_at(&text, 0)?;
        self.may(Calls::SYNC)?;
        file.sync_all()?;
        sync_folder(&self.super_journal);
        Ok(())
    }

    fn may(&self, call: Calls) -> io::Result<()> {
        match fault::check(self.super_journal.as_bytes(), call) {
            Verdict::Proceed => Ok(()),
            _ => Err(io::Error::other("injected")),
        }
    }

    /// Commits what all members have committed: by deleting the super-journal.
    pub fn commit(mut self) -> Result<()> {
        let deleted = self.may(Calls::DELETE).and_then(|()| std::fs::remove_file(self.path()));
        deleted.map_err(|_| Error::new(Code(Code::IOERR.0 | 10 << 8), "disk I/O error"))?;
        sync_folder(&self.super_journal);
        self.is_done = true;
        for container in &self.members {
            if let Some(member) = forget(container) {
                // Whoever finds the journal sees that it is void.
                let _ = member.end_journal();
            }
            let _ = container.control(vfs::CONTROL_SETTLE);
        }
        Ok(())
    }
}

/// The member is none any more.
fn forget(container: &Container) -> Option<Member> {
    let mut members = MEMBERS.lock();
    let at = members.iter().position(|m| m.main == container.path().as_os_str().as_bytes())?;
    let member = members.swap_remove(at);
    ANY.store(!members.is_empty(), Ordering::Relaxed);
    Some(member)
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let ended: Vec<bool> =
            self.members.iter().map(|c| forget(c).is_some_and(|member| member.end.is_some())).collect();
        // The library believes some commits to be done: their journals are hot as soon as the locks are gone.
        let mut is_undone = true;
        for (container, ended) in self.members.iter().zip(ended) {
            if !ended {
                container.abandon();
            }
            container.release();
            is_undone &= container.control(vfs::CONTROL_SETTLE).is_ok() && container.lease().is_ok();
        }
        if is_undone {
            let _ = std::fs::remove_file(self.path());
        }
    }
}

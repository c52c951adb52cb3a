//! What a file name or `file:` URI asks for (https://sqlite.org/uri.html), and the database behind it.
//!
//! In memory there are private databases and those shared by name (`cache=shared`, `vfs=memdb`).

use std::sync::Arc;

use super::database::{in_file, in_memory, shared_memory};
use crate::error::{Error, Result};
use crate::store::container::OpenFlags;
use crate::txn::Transactions;

/// A VFS that SQLite has on this system; the choice has no effect but for `memdb`.
const KNOWN_VFS: [&str; 5] = ["unix", "unix-none", "unix-dotfile", "unix-excl", "memdb"];

/// What to open and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// `:memory:`, empty (a private temporary database), or a path; percent escapes are decoded. Bytes that are not
    /// UTF-8 are shown as U+FFFD.
    pub path: String,
    /// The path's own bytes.
    path_bytes: Vec<u8>,
    pub read_only: bool,
    /// Whether a missing file is created.
    pub create: bool,
    /// `mode=memory`, or a name that means memory.
    pub memory: bool,
    /// A database in memory is shared with those who ask for the same name.
    pub shared_cache: bool,
    pub immutable: bool,
    pub busy_timeout_ms: u64,
    /// Whether ATTACH takes URIs too.
    pub uri: bool,
}

impl OpenOptions {
    /// Options of a plain path.
    pub fn from_path(path: &str) -> OpenOptions {
        OpenOptions {
            path: path.to_owned(),
            path_bytes: path.as_bytes().to_vec(),
            read_only: false,
            create: true,
            memory: path == ":memory:",
            shared_cache: false,
            immutable: false,
            busy_timeout_ms: 0,
            uri: false,
        }
    }

    /// [`OpenOptions::from_filename`] of a name that may not be UTF-8; such a one is no URI.
    pub fn from_bytes(name: &[u8], uri: bool) -> Result<OpenOptions> {
        match std::str::from_utf8(name) {
            Ok(name) => OpenOptions::from_filename(name, uri),
            Err(_) => {
                let options = OpenOptions::from_path(&String::from_utf8_lossy(name));
                Ok(OpenOptions { path_bytes: name.to_vec(), uri, ..options })
            }
        }
    }

    /// Options of a name as `sqlite3_open_v2` takes it. Raises `no such access mode: x`, `no such cache mode: x`, `no
    /// such vfs: x`, `invalid uri authority: x`.
    pub fn from_filename(name: &str, uri: bool) -> Result<OpenOptions> {
        if !uri || !name.starts_with("file:") {
            return Ok(OpenOptions { uri, ..OpenOptions::from_path(name) });
        }
        let (path_bytes, parameters) = split_uri(name)?;
        let path = String::from_utf8_lossy(&path_bytes).into_owned();
        let mut options = OpenOptions { uri, path_bytes, ..OpenOptions::from_path(&path) };
        let mut vfs = None;
        for (parameter, value) in &parameters {
            match parameter.as_str() {
                "vfs" => vfs = Some(value.as_str()),
                "cache" => {
                    options.shared_cache = match value.as_str() {
                        "shared" => true,
                        "private" => false,
                        _ => return Err(Error::sql(format!("no such cache mode: {value}"))),
                    }
                }
                "mode" => {
                    let (read_only, create, memory) = match value.as_str() {
                        "ro" => (true, false, false),
                        "rw" => (false, false, false),
                        "rwc" => (false, true, false),
                        "memory" => (false, true, true),
                        _ => return Err(Error::sql(format!("no such access mode: {value}"))),
                    };
                    options.read_only = read_only;
                    options.create = create;
                    options.memory = memory || path == ":memory:";
                }
                "immutable" => options.immutable = is_true(value),
                _ => {}
            }
        }
        match vfs {
            Some(vfs) if !KNOWN_VFS.contains(&vfs) => return Err(Error::sql(format!("no such vfs: {vfs}"))),
            // Its names that begin with a slash are shared within the process.
            Some("memdb") => {
                options.memory = true;
                options.shared_cache = path.starts_with('/');
            }
            _ => {}
        }
        Ok(options)
    }

    /// The file as `PRAGMA database_list` shows it: empty for a database in memory.
    pub fn shown_file(&self) -> String {
        if self.is_in_memory() { String::new() } else { without_links(absolute(&self.path)) }
    }

    pub fn is_in_memory(&self) -> bool {
        self.memory || self.path.is_empty()
    }

    /// The database behind the options, for a connection that calls it `name`.
    pub fn database(&self, name: &str) -> Result<Arc<Transactions>> {
        if !self.is_in_memory() {
            let flags =
                OpenFlags { create: self.create, read_only: self.read_only, immutable: self.immutable, no_lock: false };
            return in_file(&file_name(&self.path_bytes), flags, name);
        }
        // An unnamed temporary database cannot be shared.
        if self.shared_cache && !self.path.is_empty() {
            return Ok(shared_memory(&self.path));
        }
        Ok(in_memory(false))
    }
}

/// Where symbolic links lead to, once the file is there.
#[cfg(unix)]
fn without_links(path: String) -> String {
    std::fs::canonicalize(&path).map_or(path, |real| real.to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn without_links(path: String) -> String {
    path
}

#[cfg(unix)]
fn file_name(bytes: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn file_name(bytes: &[u8]) -> std::path::PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |p| p.to_string_lossy().into_owned())
}

/// Path and parameters of a URI, decoded.
fn split_uri(uri: &str) -> Result<(Vec<u8>, Vec<(String, String)>)> {
    let mut rest = &uri["file:".len()..];
    if let Some(behind) = rest.strip_prefix("//") {
        let end = behind.find('/').unwrap_or(behind.len());
        let authority = &behind[..end];
        if !authority.is_empty() && authority != "localhost" {
            return Err(Error::sql(format!("invalid uri authority: {authority}")));
        }
        rest = &behind[end..];
    }
    let rest = &rest[..rest.find('#').unwrap_or(rest.len())];
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parameters = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !name.is_empty() {
            let text = |escaped: &str| String::from_utf8_lossy(&decode(escaped)).into_owned();
            parameters.push((text(name), text(value)));
        }
    }
    Ok((decode(path), parameters))
}

/// Undoes percent escapes. An escaped NUL ends the text, an incomplete escape stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match (bytes[i], digit(i + 1), digit(i + 2)) {
            (b'%', Some(0), Some(0)) => break,
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    out
}

fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].iter().any(|t| value.eq_ignore_ascii_case(t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn refused(name: &str) -> String {
        OpenOptions::from_filename(name, true).expect_err("the name is wrong").message.clone()
    }

    fn opened(name: &str) -> OpenOptions {
        OpenOptions::from_filename(name, true).expect("the name is right")
    }

    #[test]
    fn refusals() {
        assert_eq!(refused("file:x?mode=foo"), "no such access mode: foo");
        assert_eq!(refused("file:x?mode"), "no such access mode: ");
        assert_eq!(refused("file:x?mode=RO"), "no such access mode: RO");
        assert_eq!(refused("file:x?cache=foo"), "no such cache mode: foo");
        assert_eq!(refused("file:x?vfs=foo"), "no such vfs: foo");
        assert_eq!(refused("file://host/x"), "invalid uri authority: host");
        assert_eq!(refused("file://localhos/x"), "invalid uri authority: localhos");
    }

    #[test]
    fn names() {
        assert!(opened("file::memory:").is_in_memory());
        assert!(opened("file:x?mode=memory").memory);
        assert!(!opened("file:x?mode=memory&mode=ro").memory);
        assert!(opened("file:").is_in_memory());
        assert_eq!(opened("file://localhost/tmp/x").path, "/tmp/x");
        assert_eq!(opened("file:%zz").path, "%zz");
        assert_eq!(opened("file:a%20b%00c?mode=memory").path, "a b");
        let fragment = opened("file:x?cache=shared&mode=memory#frag");
        assert!(fragment.memory && fragment.shared_cache);
        assert!(!opened("file:x#y?mode=memory").memory);
        let upper = OpenOptions::from_filename("FILE:x?mode=memory", true).expect("a plain path");
        assert_eq!((upper.path.as_str(), upper.memory), ("FILE:x?mode=memory", false));
        let plain = OpenOptions::from_filename("file:x?mode=memory", false).expect("a plain path");
        assert!(!plain.memory);
    }

    #[test]
    fn shared_by_name() {
        let options = opened("file:shared_by_name?mode=memory&cache=shared");
        let one = options.database("main").expect("memory");
        let two = options.database("main").expect("memory");
        assert!(Arc::ptr_eq(&one, &two));
        let gone = Arc::downgrade(&one);
        drop((one, two));
        assert!(gone.upgrade().is_none());
        let private = opened("file:shared_by_name?mode=memory");
        assert!(!Arc::ptr_eq(&private.database("main").expect("memory"), &private.database("main").expect("memory")));
    }

    #[test]
    fn statistics_of_files() {
        let path = std::env::temp_dir().join(format!("heliosdb-statistics-{}.db", std::process::id()));
        let open = || {
            let options = opened(path.to_str().expect("a plain name"));
            crate::session::Connection::open(options).expect("a new file")
        };
        let run = |connection: &Arc<crate::session::Connection>, sql: &str| {
            let mut rest = sql;
            while let Some((mut statement, tail)) = connection.prepare(rest).expect("plain SQL") {
                while statement.step().expect("plain SQL") == crate::session::Step::Row {}
                rest = &rest[tail..];
            }
        };
        let first = open();
        run(&first, "CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1), (1), (2); ANALYZE");
        first.close().expect("nothing is open");
        drop(first);
        let second = open();
        run(&second, "SELECT * FROM t");
        let statistics = second.lock().schema(crate::plan::bound::DatabaseIndex(0)).statistics.clone();
        std::fs::remove_file(&path).expect("it is there");
        assert_eq!(statistics.get("i").expect("it was read").numbers, [3, 2]);
    }

    #[test]
    fn files_that_cannot_be_opened() {
        let error = |name: &str| opened(name).database("main").err().map(|e| (e.code, e.message.clone()));
        let unable = Some((Code::CANTOPEN, "unable to open database file".to_owned()));
        assert_eq!(error("/"), unable);
        assert_eq!(error("/no/such/folder/x"), unable);
        assert_eq!(error("file:/no_such_file_here?mode=rw"), unable);
    }
}

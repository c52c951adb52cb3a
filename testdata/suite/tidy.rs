//! Rules of the tree that are absences: module edges, who may name which crate, file headers.

use std::path::{Path, PathBuf};

/// Modules of `src/`, low to high: a module names only modules before it.
const ORDER: &[&str] =
    &["error", "limits", "env", "crypto", "store", "history", "catalog", "txn", "vector", "plan", "row", "session"];

fn sources(root: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root).expect("a folder of the tree").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn all(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join(folder), &mut files);
    files
        .into_iter()
        .map(|p| {
            let name = p.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            (name, std::fs::read_to_string(&p).expect("readable"))
        })
        .collect()
}

fn is_test(name: &str) -> bool {
    name.contains("/tests") || name.starts_with("testdata/")
}

#[test]
fn modules_name_only_lower_ones() {
    let rank = |module: &str| ORDER.iter().position(|m| *m == module);
    let mut wrong = Vec::new();
    for (name, text) in all("src") {
        let module = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some(own) = rank(&module) else { continue };
        if is_test(&name) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for piece in code.split("crate::").skip(1) {
                let named = piece.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                if rank(named).is_some_and(|r| r > own) {
                    wrong.push(format!("{name}:{}: {module} names {named}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bundled SQLite answers questions about texts, reads and writes files and calls extensions; no statement of a user
/// runs on it.
#[test]
fn rusqlite_is_named_in_few_places() {
    let allowed = ["src/session/ddl/rewrite.rs", "src/session/extension.rs", "src/session/serialize.rs"];
    let mut wrong = Vec::new();
    for (name, text) in all("src").into_iter().chain(all("dialect/src")).chain(all("udfs/src")).chain(all("python/src"))
    {
        let code = text.lines().any(|l| l.split("//").next().unwrap_or_default().contains("rusqlite::"));
        let container = name.starts_with("src/store/container/");
        if code && !is_test(&name) && !container && !allowed.contains(&name.as_str()) && !text.contains("#[cfg(test)]")
        {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let folders = ["src", "dialect/src", "udfs/src", "python/src"];
    let wrong: Vec<String> =
        folders.iter().flat_map(|f| all(f)).filter(|(_, t)| !t.starts_with("//!")).map(|(n, _)| n).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

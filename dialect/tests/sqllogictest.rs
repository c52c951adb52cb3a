//! Every statement of a sqllogictest tree parses. The tree is named by `HELIOSDB_SLT`; without it
//! there is nothing to check.

use std::path::Path;

fn visit(path: &Path, check: &mut dyn FnMut(&Path, &str)) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a readable folder").flatten() {
            visit(&entry.path(), check);
        }
    } else if path.extension().is_some_and(|e| e == "test") {
        let text = std::fs::read_to_string(path).expect("a readable file");
        check(path, &text);
    }
}

#[test]
fn every_statement_parses() {
    let Ok(root) = std::env::var("HELIOSDB_SLT") else { return };
    let (mut parsed, mut failed) = (0u64, Vec::new());
    visit(Path::new(&root), &mut |path, text| {
        for record in text.split("\n\n") {
            let mut lines = record.lines().skip_while(|l| {
                l.starts_with('#') || l.starts_with("skipif") || l.starts_with("onlyif") || l.is_empty()
            });
            let head = lines.next().unwrap_or_default();
            if !head.starts_with("statement ok") && !head.starts_with("query") {
                continue;
            }
            if record.contains("onlyif") && !record.contains("onlyif sqlite") || record.contains("skipif sqlite") {
                continue;
            }
            let sql: Vec<&str> = lines.take_while(|l| *l != "----").collect();
            let sql = sql.join("\n");
            match heliosdb_dialect::parse(&sql) {
                Ok(_) => parsed += 1,
                Err(e) => failed.push(format!("{}: {e}: {sql}", path.display())),
            }
        }
    });
    println!("{parsed} parsed, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed[..failed.len().min(10)].join("\n"));
}

//! One line for one source: how its rows are found.

use crate::catalog::{Index, IndexTerm, Table};
use crate::row::node::Node;
use crate::row::program::{Access, Bound, Join, LevelProgram, Lookup, SeekTerm, SourceProgram};

pub fn line(level: &LevelProgram, shown: &str) -> String {
    if level.join == Join::Exists {
        // The word comes behind the name.
        return text_of(level, &format!("{shown} EXISTS"));
    }
    text_of(level, shown)
}

fn text_of(level: &LevelProgram, shown: &str) -> String {
    let suffix = suffix(level);
    let mut text = source_text(&level.source, shown);
    // The table is read to fill the filter, or to note which rows have been matched.
    let reads_table = level.bloom || matches!(level.join, Join::Right | Join::Full);
    if reads_table
        && matches!(
            level.source,
            SourceProgram::Table { access: Access::Index { .. }, .. }
                | SourceProgram::KeyTable { access: Access::Index { .. }, .. }
        )
    {
        text = text.replace(" USING COVERING INDEX ", " USING INDEX ");
    }
    text + suffix
}

/// How the rows are read that a RIGHT join has not matched: SQLite looks a key table's rows up, whatever an index holds.
pub fn unmatched(source: &SourceProgram, shown: &str) -> String {
    let text = source_text(source, shown);
    match source {
        SourceProgram::KeyTable { .. } => text.replace(" USING COVERING INDEX ", " USING INDEX "),
        _ => text,
    }
}

fn source_text(source: &SourceProgram, shown: &str) -> String {
    match source {
        SourceProgram::Table { access, table, .. } | SourceProgram::KeyTable { access, table, .. } => {
            access_text(access, table, shown)
        }
        SourceProgram::Query { lookup: Some(lookup), .. } | SourceProgram::Cte { lookup: Some(lookup), .. } => {
            format!("SEARCH {shown} USING {}", automatic(lookup))
        }
        SourceProgram::Function { function, args, .. } => {
            let json = function.name.starts_with("json");
            let given = match args.len() {
                2 if json => 3,
                n if function.pragma.is_empty() => (1 << n) - 1,
                _ => 0,
            };
            format!("SCAN {shown} VIRTUAL TABLE INDEX {given}:")
        }
        _ => format!("SCAN {shown}"),
    }
}

/// What stands behind the access of a source that an outer join extends.
pub fn suffix(level: &LevelProgram) -> &'static str {
    match level.join {
        Join::Left | Join::Full => " LEFT-JOIN",
        _ => "",
    }
}

/// `BLOOM FILTER ON t (a=?)`
pub fn bloom(level: &LevelProgram, shown: &str) -> Option<String> {
    if !level.bloom {
        return None;
    }
    let names = match &level.source {
        SourceProgram::Table { access: Access::Hash(lookup), .. }
        | SourceProgram::KeyTable { access: Access::Hash(lookup), .. } => equal_names(lookup),
        SourceProgram::Query { lookup, .. } | SourceProgram::Cte { lookup, .. } => equal_names(lookup.as_ref()?),
        SourceProgram::Table { access: Access::Rowids { .. }, table, .. } => {
            let alias = table.rowid_alias().map_or("rowid", |c| &table.columns[usize::from(c)].name);
            format!("{alias}=?")
        }
        SourceProgram::Table { access: Access::Index { index, equal, .. }, table, .. }
        | SourceProgram::KeyTable { access: Access::Index { index, equal, .. }, table, .. } => {
            (0..equal.len()).map(|i| format!("{}=?", column(table, index, i))).collect::<Vec<_>>().join(" AND ")
        }
        _ => return None,
    };
    Some(format!("BLOOM FILTER ON {shown} ({names})"))
}

fn equal_names(lookup: &Lookup) -> String {
    lookup.names.iter().map(|n| format!("{n}=?")).collect::<Vec<_>>().join(" AND ")
}

fn automatic(lookup: &Lookup) -> String {
    let partial = if lookup.partial { "PARTIAL " } else { "" };
    format!("AUTOMATIC {partial}COVERING INDEX ({})", equal_names(lookup))
}

pub fn access_text(access: &Access, table: &Table, shown: &str) -> String {
    match access {
        Access::Scan { .. } | Access::Or(_) => format!("SCAN {shown}"),
        Access::Rowids { .. } => format!("SEARCH {shown} USING INTEGER PRIMARY KEY (rowid=?)"),
        Access::RowidRange { low, high, .. } => {
            let terms = [low.as_ref().map(|_| "rowid>?"), high.as_ref().map(|_| "rowid<?")];
            let terms: Vec<&str> = terms.into_iter().flatten().collect();
            format!("SEARCH {shown} USING INTEGER PRIMARY KEY ({})", terms.join(" AND "))
        }
        Access::Hash(lookup) => format!("SEARCH {shown} USING {}", automatic(lookup)),
        Access::Index { index, equal, low, high, covering, .. } => {
            let mut terms: Vec<String> = Vec::new();
            for (i, term) in equal.iter().enumerate() {
                let name = column(table, index, i);
                terms.push(match term {
                    SeekTerm::Any => format!("ANY({name})"),
                    _ => format!("{name}=?"),
                });
            }
            terms.extend(low.as_ref().map(|b| bound(table, index, equal.len(), b, '>')));
            terms.extend(high.as_ref().map(|b| bound(table, index, equal.len(), b, '<')));
            let verb = if terms.is_empty() { "SCAN" } else { "SEARCH" };
            let by = match (index.id == table.id, covering) {
                (true, _) => "PRIMARY KEY".to_owned(),
                (false, true) => format!("COVERING INDEX {}", index.name),
                (false, false) => format!("INDEX {}", index.name),
            };
            let terms = if terms.is_empty() { String::new() } else { format!(" ({})", terms.join(" AND ")) };
            format!("{verb} {shown} USING {by}{terms}")
        }
    }
}

fn column(table: &Table, index: &Index, i: usize) -> String {
    match index.columns.get(i).map(|c| &c.term) {
        Some(IndexTerm::Column(c)) => table.columns[usize::from(*c)].name.to_string(),
        Some(IndexTerm::Expr(_)) => "<expr>".to_owned(),
        _ if table.has_rowid() => "rowid".to_owned(),
        _ => {
            let own = |c: &u16| index.columns.iter().any(|k| matches!(k.term, IndexTerm::Column(o) if o == *c));
            let rest: Vec<u16> =
                table.primary_key.iter().flat_map(|k| k.columns.iter().copied()).filter(|c| !own(c)).collect();
            let at = rest.get(i - index.columns.len()).copied().unwrap_or_default();
            table.columns[usize::from(at)].name.to_string()
        }
    }
}

fn bound(table: &Table, index: &Index, first: usize, bound: &Bound, sign: char) -> String {
    let n = bound.values.len();
    if n < 2 {
        return format!("{}{sign}?", column(table, index, first));
    }
    let names: Vec<String> = (first..first + n).map(|i| column(table, index, i)).collect();
    format!("({}){sign}({})", names.join(","), vec!["?"; n].join(","))
}

/// What an access evaluates.
pub fn nodes(access: &Access) -> Vec<&Node> {
    let mut all = Vec::new();
    match access {
        Access::Rowids { keys, .. } => all.extend(term_nodes(keys)),
        Access::RowidRange { low, high, .. } => {
            all.extend([low, high].into_iter().flatten().flat_map(|b| b.values.iter().map(|(node, _)| node)))
        }
        Access::Index { equal, low, high, .. } => {
            all.extend(equal.iter().flat_map(term_nodes));
            all.extend([low, high].into_iter().flatten().flat_map(|b| b.values.iter().map(|(node, _)| node)));
        }
        Access::Hash(lookup) => all.extend(&lookup.keys),
        Access::Scan { .. } | Access::Or(_) => {}
    }
    all
}

fn term_nodes(term: &SeekTerm) -> Vec<&Node> {
    match term {
        SeekTerm::Equal(n) | SeekTerm::Is(n) => vec![n],
        SeekTerm::In(nodes) => nodes.iter().collect(),
        SeekTerm::InQuery(..) | SeekTerm::Any => Vec::new(),
    }
}

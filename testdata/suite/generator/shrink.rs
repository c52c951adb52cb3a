//! Makes a failing list of statements smaller while its last statement still differs.

use super::{Statement, run};

/// Runs allowed for one case.
const RUNS_MAX: usize = 400;

/// What sort of difference it is: errors without what they name, or only that values or counters differ.
fn sort(how: &str) -> Vec<&str> {
    how.lines().map(|l| l.split(['[', '{', ':']).next().unwrap_or(l)).collect()
}

/// As `run`, for the same sort of difference only.
fn run_alike(statements: &[Statement], how: &str) -> Option<(usize, String)> {
    run(statements).filter(|(_, found)| sort(found) == sort(how))
}

/// The smaller list and how its last statement differs.
pub fn shrink(failing: &[Statement]) -> (Vec<Statement>, String) {
    let mut small = failing.to_vec();
    let mut how = run(&small).map_or_else(|| "  not again".to_owned(), |(_, how)| how);
    let mut runs = 0;
    let mut piece = small.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at + 1 < small.len() && runs < RUNS_MAX {
            let end = (at + piece).min(small.len() - 1);
            let mut candidate = small[..at].to_vec();
            candidate.extend_from_slice(&small[end..]);
            runs += 1;
            match run_alike(&candidate, &how) {
                Some((i, found)) => {
                    candidate.truncate(i + 1);
                    (small, how) = (candidate, found);
                }
                None => at = end,
            }
        }
        piece /= 2;
    }
    shorten_rows(&mut small, &mut how);
    simplify(&mut small, &mut how);
    (small, how)
}

/// Puts constants in the place of what stands in parentheses, and takes terms out.
fn simplify(small: &mut Vec<Statement>, how: &mut String) {
    let mut runs = 0;
    for at in (0..small.len()).rev() {
        let mut from = 0;
        while let Some(found) = small[at].sql[from..].find('(').map(|i| from + i) {
            from = found + 1;
            let Some(end) = closing(&small[at].sql, found) else { continue };
            for by in ["1", "", "NULL"] {
                let mut candidate = small.clone();
                candidate[at].sql = format!("{}{by}{}", &small[at].sql[..found], &small[at].sql[end..]);
                runs += 1;
                if runs > RUNS_MAX {
                    return;
                }
                if let Some((i, found)) = run_alike(&candidate, how)
                    && i + 1 == candidate.len()
                {
                    (*small, *how, from) = (candidate, found, 0);
                    break;
                }
            }
        }
    }
}

/// The place behind the parenthesis that closes the one at `open`.
fn closing(sql: &str, open: usize) -> Option<usize> {
    let (mut depth, mut quoted) = (0, false);
    for (i, c) in sql.bytes().enumerate().skip(open) {
        match c {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(i + 1);
        }
    }
    None
}

/// Takes rows out of `VALUES (…), (…)`.
fn shorten_rows(small: &mut Vec<Statement>, how: &mut String) {
    for at in 0..small.len() {
        let mut row = 0;
        while let Some((head, rows, tail)) = values(&small[at].sql) {
            if rows.len() < 2 || row >= rows.len() {
                break;
            }
            let mut fewer = rows;
            fewer.remove(row);
            let mut candidate = small.clone();
            candidate[at].sql = format!("{head}VALUES ({}){tail}", fewer.join("), ("));
            match run_alike(&candidate, how) {
                Some((i, found)) if i + 1 == candidate.len() => (*small, *how) = (candidate, found),
                _ => row += 1,
            }
        }
    }
}

/// The rows of an INSERT's VALUES, with what stands before and behind.
fn values(sql: &str) -> Option<(String, Vec<String>, String)> {
    let (head, rest) = sql.split_once("VALUES (")?;
    if !head.starts_with("INSERT") {
        return None;
    }
    let end = [" ON CONFLICT", " RETURNING"].iter().filter_map(|k| rest.find(k)).min().unwrap_or(rest.len());
    let (rows, tail) = rest.split_at(end);
    let rows = rows.strip_suffix(')')?.split("), (").map(str::to_owned).collect();
    Some((head.to_owned(), rows, tail.to_owned()))
}

//! Where the SELECTs of a statement end, in the order in which they end: SQLite numbers them so.

use crate::keyword::Keyword;
use crate::lexer::{TokenKind, token};

/// Offsets in the text, ascending.
pub fn select_ends(sql: &str) -> Vec<u32> {
    let mut ends = Vec::new();
    // How deep each stands, and of VALUES whether several rows have been seen.
    let mut open: Vec<(usize, Option<bool>)> = Vec::new();
    let mut after_row = false;
    let mut depth = 0usize;
    let mut last = 0;
    let mut at = 0;
    loop {
        let token = token(sql.as_bytes(), at);
        at = token.span.end as usize;
        match token.kind {
            TokenKind::End | TokenKind::Illegal => break,
            TokenKind::Keyword(Keyword::Select) => open.push((depth, None)),
            TokenKind::Keyword(Keyword::Values) => open.push((depth, Some(false))),
            TokenKind::Comma if after_row => {
                if let Some((_, Some(several))) = open.last_mut().filter(|(own, _)| *own == depth) {
                    *several = true;
                }
            }
            TokenKind::Keyword(Keyword::Union | Keyword::Except | Keyword::Intersect) if is_at(&open, depth) => {
                close(&mut open, &mut ends, last);
            }
            TokenKind::LeftParen => depth += 1,
            TokenKind::RightParen => {
                if is_at(&open, depth) {
                    close(&mut open, &mut ends, last);
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        after_row = token.kind == TokenKind::RightParen;
        last = token.span.end;
    }
    while !open.is_empty() {
        close(&mut open, &mut ends, last);
    }
    ends
}

fn is_at(open: &[(usize, Option<bool>)], depth: usize) -> bool {
    open.last().is_some_and(|(own, _)| *own == depth)
}

/// Ends the innermost: several rows of VALUES make a SELECT of their own around the first.
fn close(open: &mut Vec<(usize, Option<bool>)>, ends: &mut Vec<u32>, at: u32) {
    if let Some((_, several)) = open.pop() {
        ends.extend(std::iter::repeat_n(at, if several == Some(true) { 2 } else { 1 }));
    }
}

//! Where the SELECTs of a statement end, in the order in which they end: SQLite numbers them so.

use crate::keyword::Keyword;
use crate::lexer::{TokenKind, token};

/// Offsets in the text, ascending.
pub fn select_ends(sql: &str) -> Vec<u32> {
    let mut ends = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0usize;
    let mut last = 0;
    let mut at = 0;
    loop {
        let token = token(sql.as_bytes(), at);
        at = token.span.end as usize;
        match token.kind {
            TokenKind::End | TokenKind::Illegal => break,
            TokenKind::Keyword(Keyword::Select | Keyword::Values) => open.push(depth),
            TokenKind::Keyword(Keyword::Union | Keyword::Except | Keyword::Intersect)
                if open.last() == Some(&depth) =>
            {
                open.pop();
                ends.push(last);
            }
            TokenKind::LeftParen => depth += 1,
            TokenKind::RightParen => {
                if open.last() == Some(&depth) {
                    open.pop();
                    ends.push(last);
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        last = token.span.end;
    }
    ends.extend(open.iter().map(|_| last));
    ends
}

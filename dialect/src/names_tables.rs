//! Whether a query can name a table at all.

use crate::keyword::Keyword;
use crate::lexer::{TokenKind, token};

/// False where the text of a SELECT has neither FROM nor IN, which alone stand before tables.
pub fn names_tables(text: &str) -> bool {
    let mut at = 0;
    loop {
        let next = token(text.as_bytes(), at);
        match next.kind {
            TokenKind::End | TokenKind::Illegal => return false,
            TokenKind::Keyword(Keyword::From) => return true,
            // A list, or a query that has a FROM of its own.
            TokenKind::Keyword(Keyword::In)
                if token(text.as_bytes(), next.span.end as usize).kind != TokenKind::LeftParen =>
            {
                return true;
            }
            _ => at = next.span.end as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_keywords() {
        assert!(!names_tables("SELECT 1, 'from' /* in */ WHERE x BETWEEN 1 AND 2 OR 1 IN (2);"));
        assert!(names_tables("SELECT (SELECT a FROM t)"));
        assert!(names_tables("SELECT 1 IN t"));
    }
}

//! Another name for the columns of a `CREATE` text.

use crate::lexer::{TokenKind, token};
use crate::parse::unquote;

/// The text with `new` for every identifier `name` (in whatever case and quotes) behind the first parenthesis. `new` is a
/// plain word.
pub fn replace_name(text: &str, name: &str, new: &str) -> String {
    let (mut out, mut copied, mut inside, mut at) = (String::with_capacity(text.len() + 16), 0, false, 0);
    loop {
        let next = token(text.as_bytes(), at);
        let (start, end) = (next.span.start as usize, next.span.end as usize);
        let found = text.get(start..end).unwrap_or_default();
        let is_name = match next.kind {
            TokenKind::End | TokenKind::Illegal => break,
            TokenKind::LeftParen => {
                inside = true;
                false
            }
            TokenKind::Word => found.eq_ignore_ascii_case(name),
            TokenKind::QuotedName => {
                let quote = found.chars().next().map_or('"', |open| if open == '[' { ']' } else { open });
                unquote(found, quote).eq_ignore_ascii_case(name)
            }
            _ => false,
        };
        if inside && is_name {
            out.push_str(&text[copied..start]);
            out.push_str(new);
            copied = end;
        }
        at = end;
    }
    out.push_str(&text[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_only() {
        let text = "CREATE TABLE oid(a 'oid', \"OID\" /* oid */, [oid] CHECK (x.`oid` <> 'oid'), oid2) -- oid";
        let wanted = "CREATE TABLE oid(a 'oid', c /* oid */, c CHECK (x.c <> 'oid'), oid2) -- oid";
        assert_eq!(replace_name(text, "oid", "c"), wanted);
    }
}

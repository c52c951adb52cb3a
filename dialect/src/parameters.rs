//! The parameters of a text by place, numbered as the parser numbers them.

use crate::ast::Span;
use crate::lexer::{TokenKind, token};

/// Calls `f` with the place and the number (from 1) of every parameter.
pub fn parameters(text: &str, f: &mut dyn FnMut(Span, u32)) {
    let mut at = 0;
    let mut largest = 0;
    let mut names: Vec<(&str, u32)> = Vec::new();
    loop {
        let next = token(text.as_bytes(), at);
        at = next.span.end as usize;
        match next.kind {
            TokenKind::End => return,
            TokenKind::Parameter => {
                let name = next.span.of(text);
                let known = names.iter().find(|(n, _)| *n == name).map(|(_, number)| *number);
                let number = match (known, name.strip_prefix('?').map(str::parse::<u32>)) {
                    (Some(number), _) if name != "?" => number,
                    (_, Some(Ok(number))) => number,
                    _ => largest + 1,
                };
                largest = largest.max(number);
                if name != "?" {
                    names.push((name, number));
                }
                f(next.span, number);
            }
            _ => {}
        }
    }
}

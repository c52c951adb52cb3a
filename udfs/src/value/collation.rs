//! Collating sequences: BINARY, NOCASE, RTRIM and those that a connection registers.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::encoding::compare_utf16;

/// A user's comparison of two texts. Errors are kept by the implementor and raised after the statement.
pub trait CustomCollation: Send + Sync {
    fn name(&self) -> &str;
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering;
}

#[derive(Clone, Default)]
pub enum Collation {
    #[default]
    Binary,
    NoCase,
    Rtrim,
    /// BINARY in a database whose text is UTF-16.
    Utf16Le,
    Utf16Be,
    /// Boxed, so that all the others are small.
    Custom(Box<Arc<dyn CustomCollation>>),
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Collation {
    /// A built-in collation by name, ASCII case-insensitively.
    pub fn built_in(name: &str) -> Option<Collation> {
        match () {
            _ if name.eq_ignore_ascii_case("binary") => Some(Collation::Binary),
            _ if name.eq_ignore_ascii_case("nocase") => Some(Collation::NoCase),
            _ if name.eq_ignore_ascii_case("rtrim") => Some(Collation::Rtrim),
            _ => None,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Collation::Binary | Collation::Utf16Le | Collation::Utf16Be => "BINARY",
            Collation::NoCase => "NOCASE",
            Collation::Rtrim => "RTRIM",
            Collation::Custom(c) => c.name(),
        }
    }

    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Collation::Binary => a.cmp(b),
            Collation::NoCase => {
                let fold = |s: &u8| s.to_ascii_lowercase();
                until_nul(a).iter().map(fold).cmp(until_nul(b).iter().map(fold)).then_with(|| a.len().cmp(&b.len()))
            }
            Collation::Rtrim => trim_spaces(a).cmp(trim_spaces(b)),
            Collation::Utf16Le => compare_utf16(a, b, true),
            Collation::Utf16Be => compare_utf16(a, b, false),
            Collation::Custom(c) => c.compare(a, b),
        }
    }
}

/// What NOCASE looks at: behind a NUL only the length counts.
pub fn until_nul(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&b| b == 0).map_or(text.len(), |i| i + 1);
    &text[..end]
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| b != b' ').map_or(0, |i| i + 1);
    &text[..end]
}

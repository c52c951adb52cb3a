//! Type affinity (https://sqlite.org/datatype3.html#type_affinity).

/// What a column or cast prefers to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Affinity {
    /// No affinity at all: literals and most expressions.
    #[default]
    None,
    Blob,
    Text,
    Numeric,
    Integer,
    Real,
    /// A numeric-valued expression column of a view or subquery (SQLITE_AFF_FLEXNUM): compares as numeric, converts nothing.
    FlexNum,
}

impl Affinity {
    /// The affinity of a declared type, by SQLite's substring rules.
    pub fn of_type(declared: &str) -> Affinity {
        let t = declared.to_ascii_uppercase();
        let has = |s: &str| t.contains(s);
        match () {
            _ if has("INT") => Affinity::Integer,
            _ if has("CHAR") || has("CLOB") || has("TEXT") => Affinity::Text,
            _ if has("BLOB") || t.trim().is_empty() => Affinity::Blob,
            _ if has("REAL") || has("FLOA") || has("DOUB") => Affinity::Real,
            _ => Affinity::Numeric,
        }
    }

    pub fn is_numeric(self) -> bool {
        matches!(self, Affinity::Numeric | Affinity::Integer | Affinity::Real)
    }
}

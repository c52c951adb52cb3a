//! SQLite's values: the five storage classes, owned and borrowed.
//!
//! Text is a byte string that is meant to be UTF-8 but may hold anything, NUL included.

pub mod affinity;
pub mod arithmetic;
pub mod cast;
pub mod collation;
pub mod compare;
pub mod decimal;
pub mod encoding;
pub mod glob;
pub mod key;
pub mod like;
pub mod number;
pub mod text;

pub use affinity::Affinity;
pub use collation::Collation;
pub use encoding::Encoding;

/// A borrowed value: what expressions yield and functions take. Text and blob bytes live in a row,
/// a parameter, a constant or the arena of the running statement.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// An owned value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Integer(i64),
    Real(f64),
    Text(Box<[u8]>),
    Blob(Box<[u8]>),
}

/// The five storage classes in the order in which values of different classes sort
/// (Integer and Real sort as one class).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    Null,
    Integer,
    Real,
    Text,
    Blob,
}

impl Value {
    #[inline]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Integer(i) => ValueRef::Integer(*i),
            Value::Real(r) => ValueRef::Real(*r),
            Value::Text(t) => ValueRef::Text(t),
            Value::Blob(b) => ValueRef::Blob(b),
        }
    }

    pub fn text(s: &str) -> Value {
        Value::Text(s.as_bytes().into())
    }
}

impl<'a> ValueRef<'a> {
    #[inline]
    pub fn to_owned(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(i) => Value::Integer(i),
            ValueRef::Real(r) => Value::Real(r),
            ValueRef::Text(t) => Value::Text(t.into()),
            ValueRef::Blob(b) => Value::Blob(b.into()),
        }
    }

    /// Whether two values have the same storage class and bytes.
    pub fn is_identical(self, other: ValueRef<'_>) -> bool {
        match (self, other) {
            (ValueRef::Null, ValueRef::Null) => true,
            (ValueRef::Integer(a), ValueRef::Integer(b)) => a == b,
            (ValueRef::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
            (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => a == b,
            _ => false,
        }
    }

    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self, ValueRef::Null)
    }

    pub fn storage_class(self) -> StorageClass {
        match self {
            ValueRef::Null => StorageClass::Null,
            ValueRef::Integer(_) => StorageClass::Integer,
            ValueRef::Real(_) => StorageClass::Real,
            ValueRef::Text(_) => StorageClass::Text,
            ValueRef::Blob(_) => StorageClass::Blob,
        }
    }
}

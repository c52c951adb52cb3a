//! The numbers that name objects, branches and moments, and the view that decides what a reader sees.
//!
//! Invariant: [`View::sees`] is the only place that compares a version's stamp with a reader's horizon.

/// A table, an index or another stored object of one database. Never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

/// A line of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub u32);

impl BranchId {
    pub const MAIN: BranchId = BranchId(0);
}

/// A commit's number: one increasing sequence for a database. Below 2^40.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Csn(pub u64);

/// When a version was written: the writing transaction's CSN in 40 bits, the statement's number within the transaction in
/// the 21 below. The highest three bits are free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u64);

impl Stamp {
    const STATEMENT_BITS: u32 = 21;
    /// The last statement number that fits; a transaction that needs more takes another CSN.
    pub const STATEMENT_MAX: u32 = (1 << Stamp::STATEMENT_BITS) - 1;

    #[inline]
    pub const fn new(csn: Csn, statement: u32) -> Stamp {
        Stamp(csn.0 << Stamp::STATEMENT_BITS | statement as u64)
    }

    /// The stamp that is past every statement of a commit: the horizon of those who see all of it.
    #[inline]
    pub const fn end_of(csn: Csn) -> Stamp {
        Stamp::new(csn, Stamp::STATEMENT_MAX)
    }

    #[inline]
    pub const fn csn(self) -> Csn {
        Csn(self.0 >> Stamp::STATEMENT_BITS)
    }

    #[inline]
    pub const fn statement(self) -> u32 {
        self.0 as u32 & Stamp::STATEMENT_MAX
    }
}

/// What a reader sees: everything its branch holds that was stamped up to the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub branch: BranchId,
    pub horizon: Stamp,
}

impl View {
    #[inline]
    pub const fn main(horizon: Stamp) -> View {
        View { branch: BranchId::MAIN, horizon }
    }

    #[inline]
    pub fn sees(&self, stamp: Stamp) -> bool {
        stamp <= self.horizon
    }
}

/// A rowid as the last part of an index key: its bytes order as rowids do.
#[inline]
pub fn rowid_key(rowid: i64) -> [u8; 8] {
    (rowid as u64 ^ 1 << 63).to_be_bytes()
}

/// The rowid at the end of an index key.
#[inline]
pub fn rowid_of_key(key: &[u8]) -> i64 {
    key.last_chunk::<8>().map_or(0, |bytes| (u64::from_be_bytes(*bytes) ^ 1 << 63) as i64)
}

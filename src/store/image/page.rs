//! One b-tree page and its cells.

use std::sync::Arc;

use super::{Pages, damaged};
use crate::error::Result;

/// The deepest b-tree: SQLite's own limit.
pub const DEPTH_MAX: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InteriorIndex,
    InteriorTable,
    LeafIndex,
    LeafTable,
}

pub struct Page {
    number: u32,
    data: Arc<[u8]>,
    /// Where the b-tree header begins: behind the file header on page 1.
    head: usize,
    pub kind: Kind,
    pub cells: usize,
}

/// What a cell points to.
pub struct Payload<'p> {
    pub local: &'p [u8],
    pub len: usize,
    /// The first page of the overflow chain; 0 if everything is local.
    pub overflow: u32,
}

/// A variable-length integer and its length.
#[inline]
pub fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    match bytes.first() {
        Some(byte) if byte & 0x80 == 0 => Some((u64::from(*byte), 1)),
        _ => long_varint(bytes),
    }
}

/// One of any length.
fn long_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (i, byte) in bytes.iter().take(9).enumerate() {
        if i == 8 {
            return Some((value << 8 | u64::from(*byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

impl Page {
    pub fn read(pages: &dyn Pages, number: u32) -> Result<Page> {
        Page::of(number, pages.page(number)?)
    }

    /// A b-tree page of these bytes.
    pub fn of(number: u32, data: Arc<[u8]>) -> Result<Page> {
        let head = if number == 1 { 100 } else { 0 };
        let byte = |at: usize| data.get(head + at).copied();
        let kind = match byte(0) {
            Some(2) => Kind::InteriorIndex,
            Some(5) => Kind::InteriorTable,
            Some(10) => Kind::LeafIndex,
            Some(13) => Kind::LeafTable,
            _ => return Err(damaged(number, "not a b-tree page")),
        };
        let cells = match (byte(3), byte(4)) {
            (Some(high), Some(low)) => usize::from(u16::from_be_bytes([high, low])),
            _ => return Err(damaged(number, "the page is too short")),
        };
        // A cell has a pointer and at least four bytes.
        if cells > data.len().saturating_sub(8) / 6 {
            return Err(damaged(number, "more cells than a page has room for"));
        }
        Ok(Page { number, data, head, kind, cells })
    }

    /// Refuses an inner page of a table whose rowids do not ascend: by it a search would pass over rows.
    pub fn check_order(&self) -> Result<()> {
        let mut before = None;
        for i in 0..if self.kind == Kind::InteriorTable { self.cells } else { 0 } {
            let rowid = Some(self.rowid(i)?);
            if rowid <= before {
                return Err(damaged(self.number, "rowids are out of order"));
            }
            before = rowid;
        }
        Ok(())
    }

    pub fn number(&self) -> u32 {
        self.number
    }

    pub fn is_leaf(&self) -> bool {
        matches!(self.kind, Kind::LeafIndex | Kind::LeafTable)
    }

    /// The bytes from cell `i` on.
    fn cell(&self, i: usize) -> Result<&[u8]> {
        let pointers = self.head + if self.is_leaf() { 8 } else { 12 };
        let pointer = self.data.get(pointers + 2 * i..).and_then(|p| p.first_chunk::<2>());
        let at = pointer.map(|p| usize::from(u16::from_be_bytes(*p)));
        match at.and_then(|at| self.data.get(at..)) {
            Some(bytes) if i < self.cells => Ok(bytes),
            _ => Err(damaged(self.number, "a cell lies outside of the page")),
        }
    }

    /// The child left of cell `i`; the right-most one for `i` = the number of cells.
    pub fn child(&self, i: usize) -> Result<u32> {
        let bytes = if i == self.cells { self.data.get(self.head + 8..).unwrap_or_default() } else { self.cell(i)? };
        let child = bytes.first_chunk::<4>().map(|b| u32::from_be_bytes(*b));
        child.ok_or_else(|| damaged(self.number, "a child's number lies outside of the page"))
    }

    /// The rowid in cell `i` of a table's page.
    pub fn rowid(&self, i: usize) -> Result<i64> {
        let bytes = self.cell(i)?;
        let at = match self.kind {
            Kind::InteriorTable => Some(4),
            _ => varint(bytes).map(|(_, n)| n),
        };
        let rowid = at.and_then(|at| varint(bytes.get(at..)?));
        rowid.map(|(rowid, _)| rowid as i64).ok_or_else(|| damaged(self.number, "a cell has no rowid"))
    }

    /// The rowid and the payload of cell `i` of a table's leaf.
    #[inline]
    pub fn row(&self, i: usize, usable: usize) -> Result<(i64, Payload<'_>)> {
        let cell = self.cell(i)?;
        let row = varint(cell).and_then(|(len, n)| {
            let (rowid, m) = varint(&cell[n..])?;
            Some((rowid as i64, payload(len, &cell[n + m..], usable, true)?))
        });
        row.ok_or_else(|| damaged(self.number, "a cell is cut off"))
    }

    /// The payload of cell `i` of any page but an inner one of a table.
    pub fn payload(&self, i: usize, usable: usize) -> Result<Payload<'_>> {
        self.payload_of(self.cell(i)?, usable).ok_or_else(|| damaged(self.number, "a cell's payload is cut off"))
    }

    fn payload_of<'p>(&self, cell: &'p [u8], usable: usize) -> Option<Payload<'p>> {
        let mut rest = if self.kind == Kind::InteriorIndex { cell.get(4..)? } else { cell };
        let (len, n) = varint(rest)?;
        rest = &rest[n..];
        if self.kind == Kind::LeafTable {
            rest = &rest[varint(rest)?.1..];
        }
        payload(len, rest, usable, self.kind == Kind::LeafTable)
    }
}

/// A payload of so many bytes that begins here.
#[inline]
fn payload(len: u64, rest: &[u8], usable: usize, table_leaf: bool) -> Option<Payload<'_>> {
    let len = usize::try_from(len).ok().filter(|len| *len <= i32::MAX as usize)?;
    let local = local_len(len, usable, table_leaf);
    let overflow = match rest.get(local..)?.first_chunk::<4>() {
        _ if local == len => 0,
        Some(number) => u32::from_be_bytes(*number),
        None => return None,
    };
    Some(Payload { local: &rest[..local], len, overflow })
}

/// How many bytes of a payload lie in its cell.
#[inline]
fn local_len(len: usize, usable: usize, table_leaf: bool) -> usize {
    let most = if table_leaf { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
    if len <= most {
        return len;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fitting = least + (len - least) % (usable - 4);
    if fitting <= most { fitting } else { least }
}

impl Payload<'_> {
    /// The whole payload; `scratch` is where one with overflow pages is put together.
    pub fn whole<'a>(&'a self, pages: &dyn Pages, scratch: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        if self.overflow == 0 {
            return Ok(self.local);
        }
        scratch.clear();
        scratch.extend_from_slice(self.local);
        let (mut next, room) = (self.overflow, pages.usable_size() - 4);
        while scratch.len() < self.len {
            if next == 0 {
                return Err(damaged(self.overflow, "an overflow chain ends too early"));
            }
            let page = pages.page(next)?;
            let take = room.min(self.len - scratch.len());
            let (Some(link), Some(bytes)) = (page.first_chunk::<4>(), page.get(4..4 + take)) else {
                return Err(damaged(next, "the page is too short"));
            };
            scratch.extend_from_slice(bytes);
            next = u32::from_be_bytes(*link);
        }
        Ok(scratch)
    }
}

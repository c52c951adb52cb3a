//! The JSONB format: element kinds, element headers and the splicing of elements.
//!
//! An element is a header followed by its payload. The low nibble of the first byte is the kind; the high nibble is
//! the payload's size (0..=11) or says that the size follows in 1, 2, 4 or 8 bytes, big-endian. Headers need not be of
//! minimal length, in what is read or (after an edit in place, see [`splice`]) in what is written.
//! Nothing here trusts a blob: every size is checked against the bytes that are there.
//! Format: <https://sqlite.org/jsonb.html>

/// The kind of an element: the low nibble of its header. 13 to 15 are reserved but may occur in a damaged blob, so
/// a kind is a number with names rather than an enum.
pub type Kind = u8;

pub const NULL: Kind = 0;
pub const TRUE: Kind = 1;
pub const FALSE: Kind = 2;
/// Decimal integer as in RFC 8259.
pub const INT: Kind = 3;
/// Hexadecimal integer of JSON5.
pub const INT5: Kind = 4;
/// Floating point as in RFC 8259.
pub const FLOAT: Kind = 5;
/// Floating point of JSON5 (`.5`, `5.`).
pub const FLOAT5: Kind = 6;
/// Text without escapes.
pub const TEXT: Kind = 7;
/// Text with escapes of RFC 8259.
pub const TEXTJ: Kind = 8;
/// Text with escapes of JSON5, raw quotes or raw control characters.
pub const TEXT5: Kind = 9;
/// The bytes of an SQL text; to be escaped when it is written as JSON.
pub const TEXTRAW: Kind = 10;
pub const ARRAY: Kind = 11;
pub const OBJECT: Kind = 12;

/// The name of a kind, as `json_type` and json_each give it; empty for a reserved one.
pub fn type_name(kind: Kind) -> &'static str {
    match kind {
        NULL => "null",
        TRUE => "true",
        FALSE => "false",
        INT | INT5 => "integer",
        FLOAT | FLOAT5 => "real",
        TEXT..=TEXTRAW => "text",
        ARRAY => "array",
        OBJECT => "object",
        _ => "",
    }
}

/// How deep arrays and objects may nest (JSON_MAX_DEPTH).
pub const DEPTH_MAX: usize = 1000;

/// An element's header, read from a blob that contains the whole element.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub kind: Kind,
    /// Offset of the first payload byte.
    pub start: usize,
    /// Offset after the last payload byte; at most the blob's length.
    pub end: usize,
}

impl Header {
    /// Bytes of payload.
    pub fn size(&self) -> usize {
        self.end - self.start
    }

    pub fn payload<'b>(&self, blob: &'b [u8]) -> &'b [u8] {
        &blob[self.start..self.end]
    }

    pub fn is_text(&self) -> bool {
        is_text(self.kind)
    }
}

pub fn is_text(kind: Kind) -> bool {
    (TEXT..=TEXTRAW).contains(&kind)
}

/// The kind of the element at `at`; 0 past the end, where no header can be read either.
pub fn kind_at(blob: &[u8], at: usize) -> Kind {
    blob.get(at).map_or(NULL, |b| b & 0x0f)
}

/// Reads the header at `at`. None where the header or the payload would pass the end of the blob.
#[inline]
pub fn header(blob: &[u8], at: usize) -> Option<Header> {
    let first = *blob.get(at)?;
    let (start, size) = match first >> 4 {
        small @ 0..=11 => (at + 1, small as usize),
        12 => (at + 2, *blob.get(at + 1)? as usize),
        13 => (at + 3, u16::from_be_bytes(read(blob, at + 1)?) as usize),
        14 => (at + 5, u32::from_be_bytes(read(blob, at + 1)?) as usize),
        // Eight bytes of which the upper four must be zero.
        _ => {
            (at + 9, usize::try_from(u64::from_be_bytes(read(blob, at + 1)?)).ok().filter(|n| *n <= u32::MAX as usize)?)
        }
    };
    let end = start.checked_add(size).filter(|end| *end <= blob.len())?;
    Some(Header { kind: first & 0x0f, start, end })
}

fn read<const N: usize>(blob: &[u8], at: usize) -> Option<[u8; N]> {
    blob.get(at..at + N)?.try_into().ok()
}

/// Length of the shortest header for a payload of `size` bytes.
pub fn header_length(size: usize) -> usize {
    match size {
        0..=11 => 1,
        12..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    }
}

/// The shortest header for a payload of `size` bytes (at most `u32::MAX`, which the length limit guarantees).
pub fn encode_header(kind: Kind, size: usize) -> ([u8; 5], usize) {
    let length = header_length(size);
    let wide = (size as u32).to_be_bytes();
    let bytes = match length {
        1 => [(size as u8) << 4 | kind, 0, 0, 0, 0],
        2 => [0xc0 | kind, wide[3], 0, 0, 0],
        3 => [0xd0 | kind, wide[2], wide[3], 0, 0],
        _ => [0xe0 | kind, wide[0], wide[1], wide[2], wide[3]],
    };
    (bytes, length)
}

pub fn push_header(out: &mut Vec<u8>, kind: Kind, size: usize) {
    let (bytes, length) = encode_header(kind, size);
    out.extend_from_slice(&bytes[..length]);
}

/// Appends a whole element.
pub fn push_element(out: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    push_header(out, kind, payload.len());
    out.extend_from_slice(payload);
}

/// Appends an element whose payload is `text[start..end]`.
#[inline]
pub fn push_slice(out: &mut Vec<u8>, kind: Kind, text: &[u8], start: usize, end: usize) {
    let size = end - start;
    // Most elements are small. Copying a fixed number of bytes and dropping the surplus needs no call.
    if size <= 11
        && let Some(chunk) = text.get(start..start + 16)
    {
        out.push((size as u8) << 4 | kind);
        let length = out.len() + size;
        out.extend_from_slice(chunk);
        out.truncate(length);
        return;
    }
    push_element(out, kind, &text[start..end]);
}

/// Gives the element at `at`, whose header occupies `old_length` bytes, the shortest header for a payload of `size`
/// bytes. Returns how many bytes the header grew.
pub fn rewrite_header(blob: &mut Vec<u8>, at: usize, old_length: usize, size: usize) -> isize {
    let (bytes, length) = encode_header(blob[at] & 0x0f, size);
    if length != old_length {
        resize_room(blob, at, old_length, length);
    }
    blob[at..at + length].copy_from_slice(&bytes[..length]);
    length as isize - old_length as isize
}

/// Moves what follows the `old` bytes at `at`, so that there are `new`.
fn resize_room(blob: &mut Vec<u8>, at: usize, old: usize, new: usize) {
    let length = blob.len();
    if new > old {
        blob.resize(length + new - old, 0);
    }
    blob.copy_within(at + old..length, at + new);
    blob.truncate(length - old + new);
}

/// Length of the header at `at`, from its first byte alone.
pub fn header_length_at(blob: &[u8], at: usize) -> usize {
    match blob[at] >> 4 {
        0..=11 => 1,
        12 => 2,
        13 => 3,
        14 => 5,
        _ => 9,
    }
}

/// Replaces `removed` bytes at `at` by `inserted` (empty, or one element, or a label and its value). Returns how much
/// the blob grew. Headers of the containers around are the caller's to adjust, by [`grow_container`].
///
/// Where the new bytes are 1 to 8 fewer than the old, the first new element gets a longer header than it needs if that
/// fills the gap: nothing has to move then. SQLite does it, so blobs are equal only if we do.
pub fn splice(blob: &mut Vec<u8>, at: usize, removed: usize, inserted: &[u8]) -> isize {
    let gap = removed.wrapping_sub(inserted.len());
    if (1..=8).contains(&gap) && widen_into(&mut blob[at..at + removed], inserted, gap) {
        return 0;
    }
    resize_room(blob, at, removed, inserted.len());
    blob[at..at + inserted.len()].copy_from_slice(inserted);
    inserted.len() as isize - removed as isize
}

/// Writes `inserted` into `room`, which is `gap` bytes longer, with a header so long that the room is filled. Not
/// possible for every gap, nor for null, true and false, which have no payload to give a size for.
fn widen_into(room: &mut [u8], inserted: &[u8], gap: usize) -> bool {
    let Some(&first) = inserted.first() else {
        return false;
    };
    if first & 0x0f <= FALSE {
        return false;
    }
    let old_length = header_length_at(inserted, 0);
    let marker = match old_length + gap {
        2 => 0xc0,
        3 => 0xd0,
        5 => 0xe0,
        9 => 0xf0,
        _ => return false,
    };
    let size = match old_length {
        1 => (first >> 4) as u64,
        _ => inserted[1..old_length].iter().fold(0, |size, b| size << 8 | *b as u64),
    };
    let size_length = old_length + gap - 1;
    room[0] = marker | first & 0x0f;
    room[1..=size_length].copy_from_slice(&size.to_be_bytes()[8 - size_length..]);
    room[1 + size_length..].copy_from_slice(&inserted[old_length..]);
    true
}

/// Adds `delta` to the payload size of the container at `at`, after its payload has changed by that much. Returns
/// delta plus the growth of the header: what the next container outwards has grown by. A damaged header that the blob
/// does not hold to its end stays as it is.
pub fn grow_container(blob: &mut Vec<u8>, at: usize, delta: isize) -> isize {
    if delta == 0 {
        return 0;
    }
    let length = header_length_at(blob, at);
    if at + length > blob.len() {
        return delta;
    }
    let old_size = match length {
        1 => (blob[at] >> 4) as usize,
        _ => blob[at + 1..at + length].iter().fold(0, |size, b| size << 8 | *b as usize),
    };
    delta + rewrite_header(blob, at, length, old_size.wrapping_add_signed(delta))
}

//! Window functions: the built-in ones, and the frames that they and the aggregates are computed over.
//!
//! Everything here works on positions in a sorted partition and on values handed in; reading rows, partitioning
//! and sorting are the executor's.
//!
//! Source: https://sqlite.org/windowfunctions.html

pub mod extreme;
pub mod frame;
pub mod offset;
pub mod position;
pub mod range;
pub mod slide;

pub use extreme::SlidingExtreme;
pub use frame::{Bound, Exclude, Frame, FrameSpec, FrameUnit, Frames, Peers};
pub use offset::{Distance, FrameSide, frame_offset, nth_position, ntile_buckets, offset_row};
pub use range::RangeKey;
pub use slide::{Slide, Slider};

use crate::aggregate::LookupError;
use crate::signature::{WindowDef, WindowKind};

/// Every table of window functions.
pub static TABLES: &[&[WindowDef]] = &[TABLE];

/// The window function of this name (ASCII case-insensitive) that takes this many arguments. Aggregates are not
/// looked for.
pub fn lookup(name: &str, args: usize) -> Result<&'static WindowDef, LookupError> {
    let def = TABLES
        .iter()
        .copied()
        .flatten()
        .find(|def| def.name.eq_ignore_ascii_case(name))
        .ok_or(LookupError::NoSuchFunction)?;
    if (usize::from(def.args_min)..=usize::from(def.args_max)).contains(&args) {
        Ok(def)
    } else {
        Err(LookupError::WrongArgumentCount)
    }
}

#[rustfmt::skip]
static TABLE: &[WindowDef] = &[
    WindowDef { name: "cume_dist", args_min: 0, args_max: 0, usage: "cume_dist()",
        doc: "The share of the partition's rows up to the current row's last peer.", kind: WindowKind::CumeDist },
    WindowDef { name: "dense_rank", args_min: 0, args_max: 0, usage: "dense_rank()",
        doc: "The number of the current row's peer group, without gaps.", kind: WindowKind::DenseRank },
    WindowDef { name: "first_value", args_min: 1, args_max: 1, usage: "first_value(X)",
        doc: "X at the first row of the frame.", kind: WindowKind::FirstValue },
    WindowDef { name: "lag", args_min: 1, args_max: 3, usage: "lag(X[, OFFSET[, DEFAULT]])",
        doc: "X at the row OFFSET (1) rows before the current one in the partition, else DEFAULT.", kind: WindowKind::Lag },
    WindowDef { name: "last_value", args_min: 1, args_max: 1, usage: "last_value(X)",
        doc: "X at the last row of the frame.", kind: WindowKind::LastValue },
    WindowDef { name: "lead", args_min: 1, args_max: 3, usage: "lead(X[, OFFSET[, DEFAULT]])",
        doc: "X at the row OFFSET (1) rows after the current one in the partition, else DEFAULT.", kind: WindowKind::Lead },
    WindowDef { name: "nth_value", args_min: 2, args_max: 2, usage: "nth_value(X, N)",
        doc: "X at the Nth row of the frame, counted from 1; NULL if the frame has fewer rows.", kind: WindowKind::NthValue },
    WindowDef { name: "ntile", args_min: 1, args_max: 1, usage: "ntile(N)",
        doc: "The number of the bucket when the partition is cut into N buckets as evenly as possible.", kind: WindowKind::Ntile },
    WindowDef { name: "percent_rank", args_min: 0, args_max: 0, usage: "percent_rank()",
        doc: "(rank - 1) / (rows of the partition - 1).", kind: WindowKind::PercentRank },
    WindowDef { name: "rank", args_min: 0, args_max: 0, usage: "rank()",
        doc: "The row number of the current row's first peer.", kind: WindowKind::Rank },
    WindowDef { name: "row_number", args_min: 0, args_max: 0, usage: "row_number()",
        doc: "The number of the row in the partition.", kind: WindowKind::RowNumber },
];

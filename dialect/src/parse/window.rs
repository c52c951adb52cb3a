//! Window definitions and frames (https://sqlite.org/windowfunctions.html).

use super::{Parser, Result};
use crate::ast::{Frame, FrameBound, FrameExclude, FrameUnit, Window};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    /// What stands between the parentheses of OVER (…) and WINDOW … AS (…).
    pub(super) fn window(&mut self) -> Result<Window> {
        let starts_clause =
            matches!(self.kind(), T::Keyword(K::Partition | K::Order | K::Range | K::Rows | K::Groups) | T::RightParen);
        let base = if starts_clause { None } else { Some(self.name()?) };
        let partition_by = if self.take(K::Partition) {
            self.expect(K::By)?;
            self.expr_list()?.0
        } else {
            Vec::new()
        };
        let order_by = if self.take(K::Order) {
            self.expect(K::By)?;
            self.order_terms()?
        } else {
            Vec::new()
        };
        let frame = self.frame()?;
        Ok(Window { base, partition_by, order_by, frame })
    }

    fn frame(&mut self) -> Result<Option<Frame>> {
        let unit = match self.kind() {
            T::Keyword(K::Rows) => FrameUnit::Rows,
            T::Keyword(K::Range) => FrameUnit::Range,
            T::Keyword(K::Groups) => FrameUnit::Groups,
            _ => return Ok(None),
        };
        self.advance();
        let (start, end) = if self.take(K::Between) {
            let start = self.frame_bound()?;
            self.expect(K::And)?;
            (start, Some(self.frame_bound()?))
        } else {
            (self.frame_bound()?, None)
        };
        let short_following =
            end.is_none() && matches!(start, FrameBound::Following(_) | FrameBound::UnboundedFollowing);
        if short_following {
            return Err(self.unexpected());
        }
        let backwards = matches!(
            (&start, &end),
            (FrameBound::UnboundedFollowing, _)
                | (_, Some(FrameBound::UnboundedPreceding))
                | (FrameBound::CurrentRow, Some(FrameBound::Preceding(_)))
                | (FrameBound::Following(_), Some(FrameBound::Preceding(_) | FrameBound::CurrentRow))
        );
        if backwards {
            return Err(self.error("unsupported frame specification"));
        }
        let exclude = if self.take(K::Exclude) { self.exclude()? } else { FrameExclude::NoOthers };
        Ok(Some(Frame { unit, start, end, exclude }))
    }

    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.is(K::Unbounded) {
            self.advance();
            if self.take(K::Preceding) {
                return Ok(FrameBound::UnboundedPreceding);
            }
            self.expect(K::Following)?;
            return Ok(FrameBound::UnboundedFollowing);
        }
        if self.is(K::Current) {
            self.advance();
            self.expect(K::Row)?;
            return Ok(FrameBound::CurrentRow);
        }
        let offset = Box::new(self.expr()?);
        if self.take(K::Preceding) {
            return Ok(FrameBound::Preceding(offset));
        }
        self.expect(K::Following)?;
        Ok(FrameBound::Following(offset))
    }

    fn exclude(&mut self) -> Result<FrameExclude> {
        if self.take(K::No) {
            self.expect(K::Others)?;
            return Ok(FrameExclude::NoOthers);
        }
        if self.take(K::Current) {
            self.expect(K::Row)?;
            return Ok(FrameExclude::CurrentRow);
        }
        if self.take(K::Group) {
            return Ok(FrameExclude::Group);
        }
        self.expect(K::Ties)?;
        Ok(FrameExclude::Ties)
    }
}

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
            let start = self.frame_bound(K::Preceding)?;
            self.expect(K::And)?;
            (start, Some(self.frame_bound(K::Following)?))
        } else {
            (self.frame_bound(K::Preceding)?, None)
        };
        let exclude = if self.take(K::Exclude) { self.exclude()? } else { FrameExclude::Absent };
        let backwards = matches!(
            (&start, &end),
            (FrameBound::CurrentRow, Some(FrameBound::Preceding(_)))
                | (FrameBound::Following(_), Some(FrameBound::Preceding(_) | FrameBound::CurrentRow) | None)
        );
        if backwards {
            if !self.at(T::RightParen) {
                return Err(self.unexpected());
            }
            return Err(self.error("unsupported frame specification"));
        }
        Ok(Some(Frame { unit, start, end, exclude }))
    }

    /// `unbounded` is the direction that may be so here.
    fn frame_bound(&mut self, unbounded: K) -> Result<FrameBound> {
        if self.take(K::Unbounded) {
            self.expect(unbounded)?;
            return Ok(if unbounded == K::Preceding {
                FrameBound::UnboundedPreceding
            } else {
                FrameBound::UnboundedFollowing
            });
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

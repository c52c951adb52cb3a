//! Writing rows. (Interface only; replaced by its implementation.)
use std::sync::Arc;
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use super::context::Context;
use super::lower::Lowering;
use super::node::{Node, Subquery};
use super::program::TriggerProgram;
use crate::catalog::{Index, Table};
use crate::error::{Error, Result};
use crate::plan::bound::{self, BoundTrigger, DatabaseIndex, Expr, SourceId, Target, TriggerBody};
pub struct WriteProgram;
pub struct Written { pub changes: i64, pub returned: Vec<Vec<Value>> }
pub fn lower(_: &bound::Statement, _: &Lowering) -> Result<Arc<WriteProgram>> { Err(Error::unsupported("writes")) }
pub fn execute(_: &Arc<WriteProgram>, _: &[Value], _: &Context<'_>) -> Result<Written> { Err(Error::unsupported("writes")) }
pub fn lower_trigger(_: &TriggerBody, _: &Arc<BoundTrigger>) -> Result<Arc<TriggerProgram>> { Err(Error::unsupported("writes")) }
pub fn load_row(_: &Target, _: i64, _: &[ValueRef<'_>], _: &Context<'_>) -> Result<()> { Err(Error::unsupported("writes")) }
pub fn fill_index(_: DatabaseIndex, _: &Arc<Table>, _: &Arc<Index>, _: SourceId, _: &[Expr], _: &[Collation], _: Option<&Expr>, _: &Context<'_>) -> Result<()> { Err(Error::unsupported("writes")) }
pub fn constant(_: &Node, _: &[Subquery], _: &Context<'_>) -> Result<Value> { Err(Error::unsupported("writes")) }

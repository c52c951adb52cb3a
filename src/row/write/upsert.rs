//! ON CONFLICT … DO (https://sqlite.org/lang_upsert.html).

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::Value;

use super::Run;
use super::key::{self, Holder};
use super::lower::{InsertProgram, UpsertProgram, UpsertUpdate};
use super::row::{Row, check_types};
use crate::error::Result;
use crate::plan::bound::Conflict;
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval, truth};
use crate::row::subquery::SubqueryRun;
use crate::store::RowTree;

impl Run<'_> {
    /// The row that violates the uniqueness constraint an UPSERT clause answers.
    pub fn upsert_holder(
        &self,
        program: &InsertProgram,
        clause: Option<Option<usize>>,
        row: &Row,
        tree: Option<&Arc<RowTree>>,
    ) -> Result<Option<Holder>> {
        let target = &program.target;
        let view = self.cx.around.live_view(target.database)?;
        let by_rowid = matches!(clause, None | Some(None));
        if by_rowid
            && let Some(tree) = tree
            && tree.get(row.rowid, view).is_some()
        {
            return Ok(Some(Holder::Rowid(row.rowid)));
        }
        check_types(&target.table, row)?;
        for &i in &target.check_order {
            let index = &target.indexes[i];
            let answers = match clause {
                None => index.index.unique,
                Some(Some(wanted)) => wanted == i,
                Some(None) => false,
            };
            if !answers {
                continue;
            }
            let Some(entry) = key::entry_key(target, index, row, self.cx)? else { continue };
            let tree = self.cx.around.key_tree(target.database, index.index.id)?;
            let found = if index.primary {
                tree.get(&entry.prefix, view).map(|_| Holder::Primary(entry.prefix.clone()))
            } else {
                key::holder(&tree, index, &entry, target.table.has_rowid(), view)
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// DO UPDATE on the row in the way.
    pub fn upsert(
        &mut self,
        program: &InsertProgram,
        clause: usize,
        update: &UpsertUpdate,
        holder: Holder,
        proposed: &Row,
    ) -> Result<()> {
        let target = &program.target;
        let Some((existing, primary)) = self.read_holder(target, &holder)? else { return Ok(()) };
        let levels = [existing.level(), proposed.level()];
        let cx = Context { live: true, ..*self.cx };
        if self.upserts.is_empty() {
            let subqueries = |u: &UpsertProgram| SubqueryRun::all(u.action.as_ref().map_or(&[], |a| &a.subqueries));
            self.upserts = program.upserts.iter().map(subqueries).collect();
        }
        let (arena, json) = (Bump::new(), Cell::new(false));
        let env = Env {
            cx: &cx,
            levels: &levels,
            near: Near::of(&levels, 0),
            inputs: self.inputs,
            slots: &[],
            subqueries: &update.subqueries,
            runs: &self.upserts[clause],
            arena: &arena,
            json: &json,
        };
        if let Some(filter) = &update.filter
            && truth(filter, &env)? != Some(true)
        {
            return Ok(());
        }
        let mut set: Vec<(u16, Value)> = Vec::with_capacity(update.set.len());
        for (column, node) in &update.set {
            set.push((*column, eval(node, &env)?.to_owned()));
        }
        // An UPSERT's update fails where it meets other constraints, whatever these say.
        self.update_row(target, Some(Conflict::Abort), &existing, primary.as_deref(), set, program.returning.as_ref())
    }
}
